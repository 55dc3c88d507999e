//! Arguments that do not fit the mark.

mod base;
use base::*;

#[spec]
impl X {
    #[liveness]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 3)
    }
    #[invariant]
    pub fn two(old: &System<Self>, new: &System<Self>) -> bool {
        old.n() == new.n()
    }
    #[resilience]
    pub fn many(n: usize) -> bool {
        n > 3
    }
    #[property]
    pub fn nothing() -> bool {
        true
    }
}

fn main() {}
