//! `#[pure]` on an inherent `impl`.

mod base;
use base::*;

#[pure]
impl X {
    pub fn value(&self) -> u64 {
        self.x
    }
}

fn main() {}
