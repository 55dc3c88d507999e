//! Proofs for every n: the verification conditions of an algorithm, discharged by an SMT solver.
//!
//! * [`term`]: typed formulas with sets and cardinalities; [`condition`]: what is to be proved

pub mod certificate;
pub mod clause;
pub mod condition;
pub mod ground;
pub mod prove;
pub mod quantified;
#[cfg(test)]
mod scratch;
pub mod solver;
pub mod term;
