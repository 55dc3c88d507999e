//! SMT-LIB files with finite sets and cardinalities, in the concrete syntax of cvc5, read into [`Terms`].
//!
//! Worked example: from
//!
//! ```text
//! (declare-sort Pid 0)
//! (define-fun n () Int (set.card (as set.universe (Set Pid))))
//! (declare-fun d (Pid) Int)
//! (assert (! (> (set.card (set.comprehension ((i Pid)) (= (d i) 1) i)) (div n 2)) :named most))
//! ```
//!
//! one assertion called `most` is read: `n < 2·|{i | d(i) = 1}|`. The sort `Pid`, or else the one whose universe the text mentions, is the
//! processes: finite, not empty. Other declared sorts are opaque. Passes:
//!
//! 1. `types`: sorts and data types; every value becomes a list of plain terms. An `(Option Int)` is a truth value and an integer, a
//!    pair its components. Data types must not be recursive.
//! 2. `elaborate` and `operators`: terms; definitions are put in place, each time with variables of their own.
//! 3. `divide`: `(div t k)` disappears into the inequality around it.
//!
//! What is not understood is an error with its line and column; nothing is skipped.

mod divide;
mod elaborate;
mod operators;
#[cfg(test)]
mod tests;
mod types;
pub mod write;

use crate::sexp::{self, Place, Sexp};
use crate::term::{Term, Terms};
use std::fmt;

/// How many terms a file may have once its definitions are put in place.
pub const MOST_TERMS: usize = 1 << 18;

/// The largest numeral and factor, so that no sum of theirs can overflow.
pub const LARGEST_NUMBER: i64 = 1 << 24;
/// How many summands a sum may have.
const MOST_SUMMANDS: usize = 1 << 12;

/// What a file says.
#[derive(Clone, Debug)]
pub struct Script {
    /// The formulas.
    pub terms: Terms,
    /// What is asserted, in the order of the text.
    pub assertions: Vec<Assertion>,
    /// Whether the file declares processes.
    pub has_processes: bool,
    /// The answer that the file claims.
    pub status: Option<Status>,
    /// The size of the smallest model that the file claims.
    pub smallest_n: Option<u32>,
    /// Whether the file claims that the assertions but [`NEGATED_CONCLUSION`] contradict each other.
    pub vacuous: bool,
}

/// The name of the assertion that is the negated conclusion of a verification condition.
pub const NEGATED_CONCLUSION: &str = "neg_concl";

/// An assertion.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Assertion {
    /// Its `:named`; else its number, from 1: `assertion 3`.
    pub name: String,
    /// What it says.
    pub formula: Term,
}

/// The claimed answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Some n has a model.
    Sat,
    /// None has.
    Unsat,
}

/// What could not be read, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// Where.
    pub at: Place,
    /// What is wrong, and what was expected.
    pub what: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

impl std::error::Error for Unreadable {}

type Result<T> = std::result::Result<T, Unreadable>;

fn wrong<T>(at: Place, what: impl Into<String>) -> Result<T> {
    Err(Unreadable { at, what: what.into() })
}

/// Reads a file.
///
/// # Errors
/// Where something is not understood.
pub fn read(text: &str) -> Result<Script> {
    let commands = sexp::read(text).map_err(|error| Unreadable { at: error.at, what: error.what.to_string() })?;
    let mut reader = elaborate::Reader::new(process_sort(&commands));
    for command in &commands {
        reader.command(command)?;
    }
    reader.finish()
}

/// Reads one formula in the scope of `declarations`: for tests and for short questions.
///
/// # Errors
/// Where something is not understood.
pub fn read_one(declarations: &str, formula: &str) -> Result<Script> {
    read(&format!("{declarations}\n(assert {formula})"))
}

/// The name of the sort that is the processes: `Pid`, or whose universe is mentioned.
fn process_sort(commands: &[Sexp]) -> String {
    fn universe(sexp: &Sexp) -> Option<String> {
        let list = sexp.list()?;
        match list {
            [word, what, sort] if word.atom() == Some("as") && what.atom() == Some("set.universe") => {
                sort.headed("Set").and_then(|set| set.get(1)?.atom().map(str::to_string))
            }
            _ => list.iter().find_map(universe),
        }
    }
    let declared = |name: &str| {
        commands.iter().filter_map(|command| command.headed("declare-sort")).any(|c| c.get(1).and_then(Sexp::atom) == Some(name))
    };
    if declared("Pid") { "Pid".to_string() } else { commands.iter().find_map(universe).unwrap_or_else(|| "Pid".to_string()) }
}
