//! `solve FILE.smt2`: is there an n for which all assertions of a file hold?
//!
//! Worked example: `(assert (> (set.card A) (set.card B)))` is `sat`, with a model of one process; together with
//! `(assert (set.subset A B))` it is `unsat`, for every n.
//!
//! 1. The file is read ([`crate::smtlib`]), and functions of sets that are defined by an assertion are put in place (`unfold`).
//! 2. Models with one and two processes are searched ([`crate::finite`]).
//! 3. Each [`Prover`] tries to show that there is no model for any n.
//! 4. Larger models are searched.
//!
//! `sat` comes with a model that has been judged independently of how it was found; `unsat` is a prover's word. Everything else is
//! `unknown`. When the file is a verification condition, with its negated conclusion marked, and is `unsat`, the other assertions are
//! tried alone: if they contradict each other, nothing has been proved.

pub mod ground;
pub mod quantified;
#[cfg(test)]
mod tests;
mod unfold;

use crate::clock::Stopwatch;
use crate::finite::{self, Model, Outcome, Sizes};
use crate::smtlib::{self, NEGATED_CONCLUSION, Script, Unreadable};
use crate::solver::{Choice, Options, Solver, SolverError};
use crate::term::{Node, Term, Terms};
use std::fmt;
use std::time::Duration;

/// How to solve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Which solver.
    pub solver: Choice,
    /// Its seed.
    pub seed: u32,
    /// The time for each question to it.
    pub limit: Duration,
    /// The time for everything, as far as that can be decided between two questions.
    pub total: Duration,
    /// The largest number of processes that a model is searched with.
    pub largest: u32,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { solver: Choice::Z3, seed: 0, limit: Duration::from_secs(3), total: Duration::from_secs(9), largest: 5 }
    }
}

impl Settings {
    /// A solver started accordingly.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start(&self) -> Result<Solver, SolverError> {
        Solver::start(&self.solver, &self.options(self.limit))
    }
    fn options(&self, limit: Duration) -> Options {
        Options { logic: Some("ALL".to_string()), limit: limit.min(self.limit).max(LEAST), seed: self.seed, ..Options::default() }
    }
}

/// The least time for a question: with none at all the solver would not even look at it.
const LEAST: Duration = Duration::from_millis(20);

/// Something that can show that formulas have no model for any n.
pub trait Prover {
    /// What it is called in answers.
    fn name(&self) -> String;
    /// Tries to, for so long at most. `formulas` are closed.
    ///
    /// # Errors
    /// When the solver it uses fails.
    fn refute(&mut self, terms: &mut Terms, formulas: &[Term], time: Duration) -> Result<Refutation, SolverError>;
}

/// What a [`Prover`] found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refutation {
    /// There is no model for any n.
    Unsat,
    /// It cannot tell, and why.
    GaveUp(String),
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// There is a model, this one.
    Sat(Box<Model>),
    /// There is none for any n.
    Unsat {
        /// Who says so.
        by: String,
        /// What becomes of the assertions without the negated conclusion.
        hypotheses: Hypotheses,
    },
    /// Nobody knows; what has been tried.
    Unknown(Vec<String>),
}

/// Whether a verification condition, found `unsat`, says anything.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hypotheses {
    /// No assertion is marked as the negated conclusion.
    NotMarked,
    /// They have a model: the condition is proved.
    Satisfiable,
    /// They contradict each other: nothing is proved.
    Inconsistent,
    /// Neither a small model nor a contradiction was found.
    Unclear,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Sat(_) => f.write_str("sat"),
            Verdict::Unsat { hypotheses: Hypotheses::Inconsistent, .. } => f.write_str("unsat (inconsistent hypotheses)"),
            Verdict::Unsat { hypotheses: Hypotheses::Unclear, .. } => f.write_str("unsat (hypotheses not shown satisfiable)"),
            Verdict::Unsat { .. } => f.write_str("unsat"),
            Verdict::Unknown(_) => f.write_str("unknown"),
        }
    }
}

/// Why there is no answer at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SolveError {
    /// The file is not understood.
    Unreadable(Unreadable),
    /// The solver fails.
    Solver(SolverError),
}

impl fmt::Display for SolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SolveError::Unreadable(error) => error.fmt(f),
            SolveError::Solver(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SolveError {}

impl From<SolverError> for SolveError {
    fn from(error: SolverError) -> SolveError {
        SolveError::Solver(error)
    }
}

/// A file and its answer.
#[derive(Clone, Debug)]
pub struct Solved {
    /// What the file says, once definitions are put in place.
    pub script: Script,
    /// The answer.
    pub verdict: Verdict,
}

impl Solved {
    /// The model of a `sat`, as a table.
    pub fn model(&self) -> Option<String> {
        match &self.verdict {
            Verdict::Sat(model) => Some(model.show(&self.script.terms)),
            _ => None,
        }
    }
}

/// Solves a file, with the provers that this crate has for whole formulas.
///
/// # Errors
/// When the file is not understood, or the solver fails.
pub fn solve(text: &str, settings: &Settings) -> Result<Solved, SolveError> {
    let mut ground = ground::Ground::new(settings);
    let mut quantified = quantified::Quantified::new(settings);
    solve_with(text, settings, &mut [&mut ground, &mut quantified])
}

/// Solves a file with provers of the caller's.
///
/// # Errors
/// When the file is not understood, or the solver fails.
pub fn solve_with(text: &str, settings: &Settings, provers: &mut [&mut dyn Prover]) -> Result<Solved, SolveError> {
    let mut script = smtlib::read(text).map_err(SolveError::Unreadable)?;
    unfold::definitions(&mut script);
    let verdict = verdict(&mut script, settings, provers)?;
    Ok(Solved { script, verdict })
}

fn verdict(script: &mut Script, settings: &Settings, provers: &mut [&mut dyn Prover]) -> Result<Verdict, SolverError> {
    let formulas: Vec<Term> = script.assertions.iter().map(|a| a.formula).collect();
    let mut run = Run { settings, solver: settings.start()?, clock: Stopwatch::start() };
    if contradiction(&script.terms, &formulas) {
        let hypotheses = run.hypotheses(script, provers)?;
        return Ok(Verdict::Unsat { by: "simplification".to_string(), hypotheses });
    }
    // Without processes, a larger n is the same question again.
    let largest = if script.has_processes { settings.largest } else { 1 };
    let middle = largest.min(2);
    let mut tried = Vec::new();
    match run.search(&script.terms, &formulas, &Sizes { from: 1, to: middle })? {
        Outcome::Found(model) => return Ok(Verdict::Sat(model)),
        Outcome::NotFound(failures) => tried.extend(failures),
    }
    // What comes after a prover shall have as much time as it.
    let mut after = provers.len() as u32 + 1;
    for prover in provers.iter_mut() {
        match prover.refute(&mut script.terms, &formulas, run.left() / after)? {
            Refutation::Unsat => {
                let by = prover.name();
                return Ok(Verdict::Unsat { by, hypotheses: run.hypotheses(script, provers)? });
            }
            Refutation::GaveUp(why) => tried.push(format!("{}: {why}", prover.name())),
        }
        after -= 1;
    }
    match run.search(&script.terms, &formulas, &Sizes { from: middle + 1, to: largest })? {
        Outcome::Found(model) => Ok(Verdict::Sat(model)),
        Outcome::NotFound(failures) => {
            tried.extend(failures);
            Ok(Verdict::Unknown(tried))
        }
    }
}

/// The time that is left, and the solver of the searches.
struct Run<'a> {
    settings: &'a Settings,
    solver: Solver,
    clock: Stopwatch,
}

impl Run<'_> {
    fn left(&self) -> Duration {
        self.settings.total.saturating_sub(self.clock.elapsed())
    }

    /// Models of these sizes. A question takes a quarter of the time left at most, as there are several.
    fn search(&mut self, terms: &Terms, formulas: &[Term], sizes: &Sizes) -> Result<Outcome, SolverError> {
        self.solver.reset(&self.settings.options(self.left() / 4));
        finite::search(&mut self.solver, terms, formulas, sizes)
    }

    /// What becomes of the assertions without the negated conclusion.
    fn hypotheses(&mut self, script: &mut Script, provers: &mut [&mut dyn Prover]) -> Result<Hypotheses, SolverError> {
        let hypotheses: Vec<Term> = script.assertions.iter().filter(|a| a.name != NEGATED_CONCLUSION).map(|a| a.formula).collect();
        if hypotheses.len() == script.assertions.len() {
            return Ok(Hypotheses::NotMarked);
        }
        if contradiction(&script.terms, &hypotheses) {
            return Ok(Hypotheses::Inconsistent);
        }
        if let Outcome::Found(_) = self.search(&script.terms, &hypotheses, &Sizes { from: 1, to: self.settings.largest })? {
            return Ok(Hypotheses::Satisfiable);
        }
        for prover in provers {
            if prover.refute(&mut script.terms, &hypotheses, self.left() / 2)? == Refutation::Unsat {
                return Ok(Hypotheses::Inconsistent);
            }
        }
        Ok(Hypotheses::Unclear)
    }
}

/// Whether an assertion is false by itself.
fn contradiction(terms: &Terms, formulas: &[Term]) -> bool {
    formulas.iter().any(|&f| *terms.node(f) == Node::Bool(false))
}
