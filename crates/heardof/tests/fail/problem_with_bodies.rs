//! Marks and bodies of a problem.

mod base;
use base::*;

#[problem]
pub trait Y: Process {
    fn value(&self) -> usize {
        1
    }
    #[property]
    fn small(s: &System<Self>) -> bool;
}

fn main() {}
