//! A problem that names rounds.

mod base;
use base::*;

#[problem]
pub trait Y: Process {
    #[liveness(rounds(Exchange))]
    fn heard(ho: &HeardOf<Self>) -> bool {
        ho.uniform()
    }
}

fn main() {}
