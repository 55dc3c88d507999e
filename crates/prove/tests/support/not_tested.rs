//! What a test says that could not test anything.

use std::fmt::Display;
use std::io::Write;

/// Says so on the standard error of the process, which the harness does not keep to itself as it does with what is printed.
pub fn not_tested(why: impl Display) {
    let thread = std::thread::current();
    let (test, why) = (thread.name().unwrap_or("a test"), why.to_string());
    let why = why.lines().next().unwrap_or_default().trim_end_matches(':');
    // Nobody to tell is no reason to fail.
    let _ = writeln!(std::io::stderr(), "NOT TESTED: {test}: {why}; `cargo run -p xtask -- solver` fetches a z3");
}
