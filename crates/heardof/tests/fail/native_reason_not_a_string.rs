//! A reason that is no string.

mod base;
use base::*;

#[native(slow)]
#[pure]
pub fn sum(s: &Set<u64>) -> u64 {
    s.iter().sum()
}

fn main() {}
