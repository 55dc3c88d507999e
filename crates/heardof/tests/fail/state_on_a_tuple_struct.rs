//! `derive(State)` on a tuple struct.

mod base;
use base::*;

#[derive(State)]
pub struct Y(u64);

fn main() {}
