//! `derive(Data)` on a union.

mod base;
use base::*;

#[derive(Data)]
pub union Y {
    a: u32,
    b: u32,
}

fn main() {}
