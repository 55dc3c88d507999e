//! `derive(Data)` is forgotten.

mod base;
use base::*;

pub struct Z;
#[derive(State)]
pub struct Y {
    pub z: Z,
}

fn main() {}
