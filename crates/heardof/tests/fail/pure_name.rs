//! A helper with a name of the language.

mod base;
use base::*;

#[pure]
pub fn implies(a: bool, b: bool) -> bool {
    !a || b
}

fn main() {}
