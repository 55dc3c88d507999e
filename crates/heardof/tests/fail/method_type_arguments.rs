//! Type arguments of a quantifier.

mod base;
use base::*;

#[spec]
impl X {
    #[property]
    pub fn small(s: &System<Self>) -> bool {
        s.exists_value::<u64>(|v| *v < 3)
    }
}

fn main() {}
