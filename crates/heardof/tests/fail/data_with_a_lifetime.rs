//! `derive(Data)` on a type that borrows.

mod base;
use base::*;

#[derive(Data)]
pub struct Y<'a> {
    pub a: &'a u64,
}

fn main() {}
