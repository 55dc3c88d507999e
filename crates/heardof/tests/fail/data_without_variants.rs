//! `derive(Data)` on an empty enum.

mod base;
use base::*;

#[derive(Data)]
pub enum Y {}

fn main() {}
