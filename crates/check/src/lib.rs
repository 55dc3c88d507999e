//! Explicit-state checking of Heard-Of algorithms for small n.
//!
//! * [`run`]: `check`, all sizes, parameters and first configurations; [`options`]: what to check, and what is refused
//! * `text`, `formula`, `predicate`: what the text says about symmetry, about formulas and about predicates
//! * `step`, `joint`: one round of the whole system, as a product of the distinct outcomes of its processes
//! * [`induct`]: every state that satisfies the invariants, reachable or not, through one round
//! * [`fault`]: what may be heard instead of what was sent
//! * `explore`, `live`: everything reachable; leads-to under good phases
//! * [`sift()`]: which of many invariants reachable states violate
//! * [`counterexample`]: runs that a person can follow and a machine can replay
//! * [`mutants`]: mutations of the text, and the matrix of what kills them
//!
//! A check speaks of the sizes it names and of no other: it is not a proof.

pub mod counterexample;
mod explore;
pub mod fault;
mod formula;
mod hash;
pub mod induct;
mod joint;
mod judge;
mod live;
pub mod mutants;
pub mod options;
mod predicate;
pub mod run;
pub mod sift;
mod step;
mod text;

pub use counterexample::{Counterexample, Round};
pub use induct::{InductionFigures, InductionReport, induction};
pub use options::{CheckError, Options, Values};
pub use run::{Figures, Progress, Report, Violation, check};
pub use sift::{Sifted, sift};
