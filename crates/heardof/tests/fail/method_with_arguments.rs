//! A method with arguments that stands in no block.

mod base;
use base::*;

impl X {
    fn below(&self, k: u64) -> bool {
        self.x < k
    }
}

#[spec]
impl X {
    #[property]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].below(3))
    }
}

fn main() {}
