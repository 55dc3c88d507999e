//! The program `heardof`: all commands for the algorithms of the catalogue.

use std::process::ExitCode;

fn main() -> ExitCode {
    heardof::cli::main(heardof_algorithms::registry())
}
