//! Two marks on one function.

mod base;
use base::*;

#[spec]
impl X {
    #[invariant]
    #[property]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 3)
    }
}

fn main() {}
