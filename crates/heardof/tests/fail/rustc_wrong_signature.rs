//! A specification function with another result.

mod base;
use base::*;

#[spec]
impl X {
    #[property]
    pub fn small(s: &System<Self>) -> usize {
        s.n()
    }
}

fn main() {}
