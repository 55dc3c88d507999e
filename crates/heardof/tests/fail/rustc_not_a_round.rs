//! A mark that names a type that is no round.

mod base;
use base::*;

#[spec]
impl X {
    #[liveness(rounds(Limits))]
    pub fn heard(ho: &HeardOf<Self>) -> bool {
        ho.uniform()
    }
}

fn main() {}
