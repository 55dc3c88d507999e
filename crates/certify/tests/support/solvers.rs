//! The solvers that certificates are given to.
#![allow(dead_code, reason = "not every test needs all of them")]

use heardof_certify::SolverProgram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

fn runs(program: &Path) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// z3 of the PATH, else the one that `cargo run -p xtask -- solver` fetched.
pub fn z3_program() -> PathBuf {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    let find = || {
        let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/solver/bin/z3");
        if !runs(Path::new("z3")) && runs(&fetched) { fetched } else { "z3".into() }
    };
    FOUND.get_or_init(find).clone()
}

/// z3 with 20 seconds.
pub fn z3() -> SolverProgram {
    SolverProgram::z3(z3_program(), 20)
}

/// A second opinion: of cvc5 if it is on the PATH, else of z3 once more, and that is said.
pub fn second() -> SolverProgram {
    if runs(Path::new("cvc5")) {
        return SolverProgram::cvc5("cvc5", 20);
    }
    println!("no cvc5: z3 is asked twice");
    z3()
}
