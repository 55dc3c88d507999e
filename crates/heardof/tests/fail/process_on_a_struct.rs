//! `#[process]` on a struct.

mod base;
use base::*;

#[process]
pub struct Y;

fn main() {}
