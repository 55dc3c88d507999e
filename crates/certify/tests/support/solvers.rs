//! The solvers that certificates are given to.

use heardof_certify::SolverProgram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// `z3` or `cvc5` with so many seconds: of the PATH; else for z3 the one that `cargo run -p xtask -- solver` fetched, and for cvc5 z3 once
/// more, which is said.
pub fn solver(name: &str, seconds: u64) -> SolverProgram {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/solver/bin/z3");
    match name {
        "cvc5" if runs(Path::new("cvc5")) => SolverProgram::cvc5("cvc5", seconds),
        "cvc5" => {
            println!("no cvc5: z3 is asked twice");
            solver("z3", seconds)
        }
        _ if runs(Path::new("z3")) || !runs(&fetched) => SolverProgram::z3(PathBuf::from("z3"), seconds),
        _ => SolverProgram::z3(fetched, seconds),
    }
}

fn runs(program: &Path) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
