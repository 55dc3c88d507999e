//! Helpers that call each other.

mod base;
use base::*;

#[spec]
impl X {
    #[property]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| Self::even(s, i))
    }
    fn even(s: &System<Self>, i: Pid) -> bool {
        s[i].x == 0 || Self::odd(s, i)
    }
    fn odd(s: &System<Self>, i: Pid) -> bool {
        s[i].x == 1 || Self::even(s, i)
    }
}

fn main() {}
