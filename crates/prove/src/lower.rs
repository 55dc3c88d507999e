//! From the text of an algorithm to its verification conditions.
//!
//! [`lower`] reads an [`Algorithm`] and writes a [`Problem`]: a condition for every claim of the specification, over symbols named as
//! the text names its fields. Passes: `symbols` turns sorts into symbols, `eval` (with `operators`, `methods`, `mailbox`, `system`,
//! `faults`) turns text into terms, `rounds` makes the relation of a round, `conditions`, `liveness` and `duties` put hypotheses and goals
//! together.
//!
//! Worked example: One-Third Rule's `inductive/Exchange/locked` assumes the invariants over `x`, `has_decision`, `decision`, the
//! relation
//!
//! ```text
//! ∀i. if 2·n < 3·|HO(i)| then (if 2·n < 3·|{j | j ∈ HO(i) ∧ most_often(i) = x(j)}| then has_decision'(i) ∧ decision'(i) = most_often(i)
//!     else ..) ∧ x'(i) = most_often(i) else x'(i) = x(i) ∧ ..
//! ```
//!
//! and the axiom of `most_often`, and concludes the invariant `locked` over the primed symbols. (A prime is written `_` in names.)
//!
//! # Conditions
//!
//! * `initial/INVARIANT`: first states satisfy the invariants due before the first round
//! * `inductive/ROUND/INVARIANT`: a round leads from the invariants before it to those before the next, under `#[safety]`
//! * `lemma/ROUND/LEMMA`: a round has the two-state lemma; the conditions of the two lines around this one assume those proved above them
//! * `property/ROUND/PROPERTY`: the invariants before a round imply the properties of one state; the round has those of two
//! * `liveness/STAGE/ROUND/PROGRESS`, `liveness/STAGE/stays/PROGRESS`, `liveness/termination/NAME`: the ladder (`liveness`)
//! * `defined/FUNCTION:WHAT@LINE`: no subtraction below zero, no division by zero, no `match` without an arm
//! * `enforced/SAFETY/ROUND`: if nobody blocks in `ready`, the predicate holds
//!
//! A goal that is a conjunction becomes a condition for each conjunct, numbered from 1.
//!
//! # What is abstracted, and why it is sound
//!
//! * A coordinator that rotates is *some* function `coord` of the phase: what is proved holds for every function, so for the text's.
//! * Values are integers; only their order and equality is used, so whatever holds of all integers holds of what the program has.
//! * An element of a type parameter that is a join-semilattice is a value with an order of its own: see `lattice`.
//! * Where an option is none, the symbol of its value stands for anything.
//! * `exists_value` ranges over the values that occur in a state, in hypotheses and goals alike; see `system`.
//! * Ties of `pick` and `max_by_key` are resolved by the adversary.
//! * Counters are unbounded: that no count passes 2^64 is an assumption.
//!
//! # Fail closed
//!
//! What has no formula is an error with its place. An error in a goal or in a round puts the conditions that need it into
//! [`Problem::uncovered`]. A hypothesis without formula is left out, which only makes the condition harder, and is listed there as well.

mod conditions;
mod duties;

mod eval;
mod faults;
mod lattice;
mod liveness;
mod mailbox;
mod methods;
mod occurs;
mod operators;
mod rounds;
mod simplify;
mod symbols;
mod system;
mod value;
mod world;

use crate::condition::Problem;
use crate::term::Terms;
use conditions::Assembly;
use heardof_core::ir::Algorithm;
use world::World;

/// The verification conditions of an algorithm whose sorts are inferred, as [`describe`](heardof_core::describe()) gives it.
pub fn lower(algorithm: &Algorithm) -> Problem {
    let over_lattice = lattice::abstracted(algorithm);
    let world = match World::new(over_lattice.as_ref().unwrap_or(algorithm)) {
        Ok(world) => world,
        Err(what) => {
            return Problem { terms: Terms::new(), conditions: vec![], assumed: vec![], uncovered: vec![format!("everything: {what}")] };
        }
    };
    let mut assembly = Assembly::new(world);
    if over_lattice.is_some() {
        // `symbols::LATTICE`
        assembly.world.terms.declare_sort("element");
    }
    match faults::of(&mut assembly.world) {
        Ok(faults) => assembly.world.faults = faults,
        Err(trouble) => {
            assembly.gap_at("everything", "faults", &trouble);
            return assembly.finish();
        }
    }
    assembly.initial();
    assembly.inductive();
    assembly.properties();
    assembly.liveness();
    assembly.defined();
    assembly.enforced();
    assembly.without_formula();
    assembly.finish()
}
