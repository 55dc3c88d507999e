//! The Rust examples of the book and of the README, as doc tests: `cargo test --doc -p heardof-cli` compiles and runs each.
//!
//! The chapters stand here because this is the crate whose commands they show; it exists for doc tests only.

/// One empty item a chapter, with the chapter as its documentation.
macro_rules! chapters {
    ($($name:ident = $file:literal;)+) => {
        $(#[doc = include_str!($file)] pub struct $name;)+
    };
}

chapters! {
    Readme = "../../../README.md";
    Introduction = "../../../docs/book/src/introduction.md";
    ARound = "../../../docs/book/src/a-round.md";
    OneThirdRule = "../../../docs/book/src/one-third-rule.md";
    Check = "../../../docs/book/src/check.md";
    Counterexample = "../../../docs/book/src/counterexample.md";
    Mutants = "../../../docs/book/src/mutants.md";
    Prove = "../../../docs/book/src/prove.md";
    WhenAProofFails = "../../../docs/book/src/when-a-proof-fails.md";
    Simulate = "../../../docs/book/src/simulate.md";
    Run = "../../../docs/book/src/run.md";
    RustSubset = "../../../docs/book/src/rust-subset.md";
    YourOwnCrate = "../../../docs/book/src/your-own-crate.md";
    Glossary = "../../../docs/book/src/glossary.md";
}
