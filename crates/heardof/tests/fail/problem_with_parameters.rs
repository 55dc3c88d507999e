//! A problem with type parameters.

mod base;
use base::*;

#[problem]
pub trait Y<T>: Process {
    fn value(&self) -> T;
}

fn main() {}
