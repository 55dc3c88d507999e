//! Proofs for every n: the verification conditions of an algorithm, discharged by an SMT solver.
//!
//! * [`term`]: typed formulas with sets and cardinalities; [`condition`]: what is to be proved; [`canonical`]: as text to compare
//! * [`clause`]: formulas as clauses; [`ground`]: the engine that instantiates and counts
//! * [`lower`]: from the text of an algorithm to its conditions
//! * [`prove`]: all conditions of a problem; [`vacuity`]: whether their hypotheses can be true
//! * [`minimal`]: proofs cut down; [`explain`]: proofs in words; [`certificate`]: proofs as text that somebody else can check
//! * [`solver`]: the process that runs an SMT solver; [`sexp`]: what it and SMT-LIB files are written in
//! * [`solve`]: the answer to an SMT-LIB file
//! * [`finite`]: models with few processes; [`refutation`]: what such a model of a refuted condition says to a person
//! * [`smtlib`]: SMT-LIB files read and written

pub mod canonical;
pub mod certificate;
pub mod clause;
pub mod clock;
pub mod condition;
mod eliminate;
pub mod explain;
pub mod finite;
pub mod ground;
pub mod lower;
pub mod minimal;
#[cfg(test)]
#[path = "../tests/support/not_tested.rs"]
mod not_tested;
mod pieces;
pub mod prove;
pub mod refutation;
pub mod sexp;
pub mod slice;
pub mod smtlib;
pub mod solve;
pub mod solver;
pub mod term;
pub mod vacuity;
