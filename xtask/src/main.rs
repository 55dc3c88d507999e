//! House-keeping: `tidy` tests the invariants that ARCHITECTURE.md states and Cargo cannot enforce, `solver` sets up what the prover
//! needs, `instructions` keeps the engine as fast as it is.

mod instructions;
mod solver;
mod tidy;

use instructions::Measured;
use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
House-keeping of the project.

Usage: cargo run -p xtask -- <COMMAND>

Commands:
  tidy    Tests the architecture invariants; prints each violation as `file:line: what`, exit 1 if there is any
  solver  Makes sure that there is an SMT solver: z3 of the PATH, else one that pip fetches into target/solver
  instructions  Counts the instructions of a decided instance (needs valgrind); exit 1 above the bar, 3 without valgrind
  help    Prints this

Example: cargo run -p xtask -- tidy";

fn main() -> ExitCode {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    match std::env::args().nth(1).as_deref() {
        Some("tidy") => match tidy::run(&root) {
            Ok(findings) if findings.is_empty() => {
                println!("tidy: nothing to say");
                ExitCode::SUCCESS
            }
            Ok(findings) => {
                findings.iter().for_each(|f| println!("{f}"));
                println!("tidy: {} findings", findings.len());
                ExitCode::from(1)
            }
            Err(error) => {
                eprintln!("tidy: {error}");
                ExitCode::from(2)
            }
        },
        Some("solver") => match solver::run(&root) {
            Ok(which) => {
                println!("solver: {which}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("solver: {error}");
                ExitCode::from(2)
            }
        },
        Some("instructions") => match instructions::run(&root) {
            Ok(Measured::Kept(each)) => {
                println!("instructions: {each} a decided instance of LastVoting, three processes together, 1 000 in flight");
                ExitCode::SUCCESS
            }
            Ok(Measured::Broken(each, bar)) => {
                println!("instructions: {each} a decided instance, more than the {bar} that are to be kept");
                ExitCode::from(1)
            }
            Ok(Measured::NoValgrind) => {
                eprintln!("instructions: NOTHING WAS MEASURED: valgrind is not installed (`apt-get install valgrind`)");
                ExitCode::from(3)
            }
            Err(error) => {
                eprintln!("instructions: {error}");
                ExitCode::from(2)
            }
        },
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            ExitCode::SUCCESS
        }
        Some(other) => {
            eprintln!("unknown command `{other}`; expected `tidy`, `solver` or `instructions`\n\n{HELP}");
            ExitCode::from(2)
        }
    }
}
