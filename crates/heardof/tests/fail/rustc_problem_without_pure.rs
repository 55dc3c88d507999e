//! The implementation of a problem without `#[pure]`.

mod base;
use base::*;

impl Consensus for X {
    type Value = u64;
    fn proposal(&self) -> &u64 {
        &self.x
    }
    fn decision(&self) -> Option<&u64> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl X {
    #[property]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 3)
    }
}

fn main() {}
