//! A progress mark without a stage, and with stage 0.

mod base;
use base::*;

#[spec]
impl X {
    #[progress]
    pub fn small(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 3)
    }
    #[progress(stage = 0)]
    pub fn smaller(s: &System<Self>) -> bool {
        s.forall(|i| s[i].x < 2)
    }
}

fn main() {}
