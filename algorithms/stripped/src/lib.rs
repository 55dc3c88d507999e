//! The algorithms of the catalogue with every attribute deleted except the derives: plain Rust that compiles and runs.
//!
//! Attributes add texts for the tools and change nothing. `algorithms/tests/stripped.rs` runs these beside the originals.

#[cfg(test)]
mod strip;

include!(concat!(env!("OUT_DIR"), "/stripped.rs"));
