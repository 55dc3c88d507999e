//! A helper that changes what it is given.

mod base;
use base::*;

#[pure]
pub fn set(p: &mut X) {
    p.x = 1;
}

fn main() {}
