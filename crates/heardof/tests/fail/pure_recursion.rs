//! A helper that calls itself.

mod base;
use base::*;

#[pure]
pub fn down(k: usize) -> usize {
    if k == 0 { 0 } else { down(k - 1) }
}

fn main() {}
