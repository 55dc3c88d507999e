//! Parameters that are no type.

mod base;
use base::*;

#[derive(State)]
#[parameters]
#[requests(1)]
pub struct Y {
    pub a: u64,
}

fn main() {}
