//! Verification conditions: hypotheses and a goal.
//!
//! A condition is **valid** when `hypotheses ∧ ¬goal` has no model for any n ≥ 1. [`crate::term::Terms`] of the problem hold the formulas of all
//! its conditions, so that conditions of one round share their transition relation.

use crate::term::{Term, Terms};

/// What a condition establishes; the order is that of the report.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Initial states satisfy the invariant.
    Initial,
    /// A round keeps the invariant.
    Inductive,
    /// The invariant implies a property of one state, or a round has a property of two.
    Property,
    /// A good round goes one step up the ladder, or a step once reached is kept.
    Liveness,
    /// No operation is undefined.
    Defined,
    /// The `ready` of a round enforces a safety predicate.
    Enforced,
    /// A helper keeps its contract.
    Helper,
}

/// A labelled assumption.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hypothesis {
    /// What it is, for people: `invariant anchored`, `round Collect`, `safety majority`.
    pub label: String,
    /// The formula.
    pub formula: Term,
}

/// One verification condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Condition {
    /// Unique in its problem and stable: `inductive/Collect/anchored`.
    pub name: String,
    /// What it establishes.
    pub kind: Kind,
    /// What is assumed.
    pub hypotheses: Vec<Hypothesis>,
    /// What follows.
    pub goal: Term,
    /// For a condition over several rounds: conditions over one round each that together imply it, if they are all valid.
    pub steps: Vec<Condition>,
}

/// The conditions of one algorithm.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The formulas.
    pub terms: Terms,
    /// The conditions, in the order of the report.
    pub conditions: Vec<Condition>,
    /// Safety predicates that no `ready` enforces: they are assumed of the network.
    pub assumed: Vec<String>,
    /// What the specification asks for and no condition covers, each with the reason: never silently left out.
    pub uncovered: Vec<String>,
}
