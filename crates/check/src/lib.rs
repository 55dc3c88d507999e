//! To be written.

pub mod mutants;
