//! `#[process]` on another trait.

mod base;
use base::*;

pub struct Y;

#[process]
impl Clone for Y {
    fn clone(&self) -> Self {
        Y
    }
}

fn main() {}
