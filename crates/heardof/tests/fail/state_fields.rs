//! Marks of fields that contradict each other or are malformed.

mod base;
use base::*;

#[derive(State)]
pub struct Y {
    #[output]
    #[ghost]
    pub a: u64,
    #[output(fast)]
    pub b: u64,
    #[ghost]
    #[ghost]
    pub c: u64,
}

fn main() {}
