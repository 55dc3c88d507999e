//! A trait is derived twice.

mod base;
use base::*;

#[derive(Data, Clone)]
pub struct Y {
    pub a: u64,
}

fn main() {}
