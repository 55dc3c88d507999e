//! A mark that names no type.

mod base;
use base::*;

#[spec]
impl X {
    #[invariant(before(Exchang))]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 3)
    }
}

fn main() {}
