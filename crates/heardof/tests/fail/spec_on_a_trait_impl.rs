//! `#[spec]` on the implementation of a trait.

mod base;
use base::*;

#[spec]
impl Iterator for X {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {
        None
    }
}

fn main() {}
