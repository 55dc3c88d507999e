//! Words that a mark does not take.

mod base;
use base::*;

#[spec]
impl X {
    #[property(always)]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 3)
    }
    #[invariant(sometimes)]
    pub fn smaller(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 2)
    }
    #[invariant(before)]
    pub fn smallest(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 1)
    }
}

fn main() {}
