//! Proofs for every n: the verification conditions of an algorithm, discharged by an SMT solver.
//!
//! * [`term`]: typed formulas with sets and cardinalities; [`condition`]: what is to be proved

pub mod condition;
pub mod term;
