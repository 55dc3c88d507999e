//! Proofs for every n: the verification conditions of an algorithm, discharged by an SMT solver.
//!
//! * [`term`]: typed formulas with sets and cardinalities; [`condition`]: what is to be proved
//! * [`solver`]: the process that runs an SMT solver; [`sexp`]: what it and SMT-LIB files are written in
//! * [`solve`]: the answer to an SMT-LIB file
//! * [`finite`]: models with few processes
//! * [`smtlib`]: SMT-LIB files read and written

pub mod condition;
pub mod finite;
pub mod sexp;
pub mod smtlib;
pub mod solve;
pub mod solver;
pub mod term;
