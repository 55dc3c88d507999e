//! A marked function is nobody's helper.

mod base;
use base::*;

#[spec]
impl X {
    #[property]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 3)
    }
    #[invariant]
    pub fn both(s: &System<Self>) -> bool {
        Self::small(s) && s.n() > 1
    }
}

fn main() {}
