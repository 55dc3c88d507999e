//! `#[round]` on a function.

mod base;
use base::*;

#[round]
pub fn y() {}

fn main() {}
