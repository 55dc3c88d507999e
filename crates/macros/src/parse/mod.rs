//! Reading attributes: [`attrs`] documentation, `#[native]` and conditional compilation; [`marks`] the marks of `#[spec]` and `#[problem]`.

pub mod attrs;
pub mod marks;
