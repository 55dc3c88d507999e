//! `#[pure]` on a struct.

mod base;
use base::*;

#[pure]
pub struct Y;

fn main() {}
