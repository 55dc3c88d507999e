//! Proofs for every n: the verification conditions of an algorithm, discharged by an SMT solver.
//!
//! * [`term`]: typed formulas with sets and cardinalities; [`condition`]: what is to be proved
//! * [`clause`]: formulas as clauses; [`ground`]: the engine that instantiates and counts; [`quantified`]: the solver's own quantifiers
//! * [`lower`]: from the text of an algorithm to its conditions
//! * [`prove`]: all conditions of a problem; [`certificate`]: proofs as text that somebody else can check
//! * [`solver`]: the process that runs an SMT solver; [`sexp`]: what it and SMT-LIB files are written in

pub mod certificate;
pub mod clause;
pub mod clock;
pub mod condition;
pub mod ground;
pub mod lower;
pub mod prove;
pub mod quantified;
#[cfg(test)]
mod scratch;
pub mod sexp;
pub mod solver;
pub mod term;
