//! A mark that does not exist.

mod base;
use base::*;

#[spec]
impl X {
    #[invariants]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 3)
    }
}

fn main() {}
