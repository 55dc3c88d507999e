//! `#[problem]` on a struct.

mod base;
use base::*;

#[problem]
pub struct Y;

fn main() {}
