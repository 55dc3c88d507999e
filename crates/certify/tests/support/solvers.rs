//! The solvers that certificates are given to.

use heardof_certify::SolverProgram;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[path = "../../../prove/tests/support/not_tested.rs"]
mod not_tested;

/// z3 and cvc5, with so many seconds: of the PATH, z3 else as `cargo run -p xtask -- solver` fetched it. Where there is no cvc5 z3 is asked
/// twice; without z3 the test is over. Both are said.
pub fn solvers(seconds: u64) -> Option<[SolverProgram; 2]> {
    let fetched = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/solver/bin/z3");
    let Some(z3) = [PathBuf::from("z3"), fetched].into_iter().find(|program| runs(program)) else {
        not_tested::not_tested("there is no z3");
        return None;
    };
    let z3 = || SolverProgram::z3(z3.clone(), seconds);
    let cvc5 = runs("cvc5").then(|| SolverProgram::cvc5("cvc5", seconds));
    Some([
        z3(),
        cvc5.unwrap_or_else(|| {
            not_tested::not_tested("there is no cvc5: z3 is asked twice");
            z3()
        }),
    ])
}

fn runs(program: impl AsRef<Path>) -> bool {
    Command::new(program.as_ref())
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
