//! What stands in the parentheses of `#[spec]`.

mod base;
use base::*;

#[spec("Consensus")]
impl X {}

fn main() {}
