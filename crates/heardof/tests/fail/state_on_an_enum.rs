//! `derive(State)` on an enum.

mod base;
use base::*;

#[derive(State)]
pub enum Y {
    A,
    B,
}

fn main() {}
