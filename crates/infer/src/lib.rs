//! Invariants from the text of an algorithm: what `heardof prove --infer` does.
//!
//! Whatever the specification argues with is deleted first: invariants, ladder, good rounds. Then
//!
//! 1. [`templates`] are filled with the words of the text ([`vocabulary`]): the candidates, each before each round of a phase, an *item*
//! 2. the checker explores n = 1..3 with two values and drops every item that is false in a reachable state
//! 3. [`houdini`] drops every item that a finite counterexample to induction breaks, many with one counterexample
//! 4. [`select`] chooses, counterexample by counterexample, the few items that the demanded properties need
//! 5. the prover (`proof`) proves, for every n, that the chosen items are inductive and imply the properties; where it does not, the choice
//!    is made anew: with larger counterexamples if it found one, else without what it could not prove, as far as that can be avoided
//!
//! Nothing rests on steps 1 to 4: what is printed was proved in step 5, or is not called proved.
//!
//! Worked example: One-Third Rule has 10 candidates. Two are false in a reachable state, four processes refute two more, and two of the
//! others are enough: two thirds hold what anybody decided, and estimates are inputs.

pub mod arena;
mod build;
pub mod candidate;
pub mod houdini;
mod proof;
pub mod select;
pub mod surface;
pub mod templates;
pub mod vocabulary;

use arena::Arena;
use candidate::{Candidate, Item};
use heardof_check::{CheckError, Options, sift};
use heardof_core::ir::sorts::SortError;
use heardof_core::ir::{Algorithm, Kind, SpecText};
use heardof_core::machine::Interpreted;
use heardof_prove::clock::Stopwatch;
use heardof_prove::prove::Proof;
use heardof_prove::solver::{Choice, SolverError};
use proof::Outcome;
use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;
use templates::TEMPLATES;

/// The largest n whose reachable states are explored.
pub const LARGEST_EXPLORED: usize = 3;
/// States of one first configuration: with more, this n and larger ones are not explored.
pub const MOST_STATES: u64 = 100_000;
/// Phases explored where the text tells phases apart.
pub const PHASES: usize = 2;
/// The largest n of finite counterexamples to begin with; the prover may ask for one more.
pub const LARGEST_SEARCHED: u32 = 3;

/// How to infer.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which solver.
    pub solver: Choice,
    /// The solver's seed.
    pub seed: u32,
    /// How many conditions are proved at a time.
    pub threads: usize,
    /// The most that the proof of one condition may take.
    pub condition: Duration,
    /// The time after which nothing new is tried.
    pub budget: Duration,
}

/// How many candidates a template gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Drawn {
    /// The template.
    pub template: &'static str,
    /// What its instances say.
    pub says: &'static str,
    /// How many there are.
    pub candidates: usize,
}

/// How many items were left after each step.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Left {
    /// All candidates before all rounds.
    pub drawn: usize,
    /// States explored.
    pub states: u64,
    /// The largest n explored.
    pub explored: usize,
    /// True in all of them.
    pub reachable: usize,
    /// Without a finite counterexample to induction.
    pub inductive: usize,
    /// The largest n of finite counterexamples.
    pub searched: u32,
}

/// What became of a property.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// The conditions that are not proved; none: the property is proved, for every n.
    pub missing: Vec<String>,
}

/// What was inferred.
#[derive(Debug)]
pub struct Report {
    /// The names of what was deleted from the specification.
    pub deleted: Vec<String>,
    /// What each template gave.
    pub drawn: Vec<Drawn>,
    /// How many items were left.
    pub left: Left,
    /// The invariants: each is proved to be inductive together with the others.
    pub invariants: Vec<SpecText>,
    /// The proofs of their conditions and of the properties.
    pub proofs: Vec<Proof>,
    /// The verdict on each safety property.
    pub properties: Vec<Property>,
    /// How many candidates before a round the invariants are made of.
    pub needed: usize,
    /// Whether the time was up.
    pub hurried: bool,
}

impl Report {
    /// Whether every safety property is proved.
    pub fn holds(&self) -> bool {
        self.properties.iter().all(|p| p.missing.is_empty())
    }
}

/// Why nothing was inferred.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum InferError {
    /// The checker does not cover the algorithm.
    Check(CheckError),
    /// There is no solver, or it died.
    Solver(SolverError),
    /// A template does not fit the algorithm: a defect of the template.
    Sort(SortError),
}

impl fmt::Display for InferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InferError::Check(error) => error.fmt(f),
            InferError::Solver(error) => error.fmt(f),
            InferError::Sort(error) => write!(f, "a template does not fit: {error}"),
        }
    }
}

impl std::error::Error for InferError {}

impl From<SolverError> for InferError {
    fn from(error: SolverError) -> Self {
        InferError::Solver(error)
    }
}

/// Infers invariants of `a`; `progress` hears in words what is being done.
///
/// # Errors
/// When the algorithm is outside of what checker and prover cover, or there is no solver. That nothing was found is no error.
pub fn infer(a: &Algorithm, settings: &Settings, progress: &(dyn Fn(String) + Sync)) -> Result<Report, InferError> {
    let bare = candidate::bare(a);
    let candidates = candidate::candidates(&bare, &vocabulary::Vocabulary::of(&bare));
    let deleted = a.specs.iter().filter(|s| matches!(s.kind, Kind::Invariant(_))).map(|s| s.name.clone()).collect();
    let mut search = Search { bare: &bare, candidates: &candidates, settings, progress, clock: Stopwatch::start(), left: Left::default() };
    let alive = search.explored()?;
    let outcome = search.attempts(alive)?;
    let drawn = TEMPLATES.iter().enumerate().map(|(k, t)| {
        let count = candidates.iter().filter(|c| c.template == k).count();
        Drawn { template: t.name, says: t.says, candidates: count }
    });
    Ok(Report {
        deleted,
        drawn: drawn.collect(),
        left: search.left,
        needed: outcome.items.len(),
        invariants: outcome.invariants,
        proofs: outcome.proofs,
        properties: outcome.properties,
        hurried: search.late(),
    })
}

/// Everything that the steps share.
struct Search<'a> {
    bare: &'a Algorithm,
    candidates: &'a [Candidate],
    settings: &'a Settings,
    progress: &'a (dyn Fn(String) + Sync),
    clock: Stopwatch,
    left: Left,
}

impl Search<'_> {
    fn late(&self) -> bool {
        self.clock.elapsed() > self.settings.budget
    }

    /// The items that no reachable state refutes.
    fn explored(&mut self) -> Result<BTreeSet<Item>, InferError> {
        let rounds = self.bare.rounds.len();
        let mut alive: BTreeSet<Item> = (0..self.candidates.len()).flat_map(|c| (0..rounds).map(move |k| (c, k))).collect();
        self.left.drawn = alive.len();
        let algorithm = self.with(&alive, false)?;
        let machine = Interpreted::new(algorithm.clone());
        for n in 1..=LARGEST_EXPLORED {
            (self.progress)(format!("exploring n = {n}: {} candidates", alive.len()));
            let phases = (rounds > 1).then_some(PHASES);
            let options = Options { n: Some(n..=n), phases, limit_states: MOST_STATES, ..Options::default() };
            match sift(&machine, &options) {
                Ok(sifted) => {
                    (self.left.states, self.left.explored) = (self.left.states + sifted.states, n);
                    let violated: BTreeSet<Item> =
                        sifted.violated.iter().filter_map(|k| candidate::item_of(&algorithm.specs[*k].name)).collect();
                    alive.retain(|item| !violated.contains(item));
                }
                // The smaller sizes have been looked at; a filter need not be complete.
                Err(CheckError::TooLarge { .. } | CheckError::NoParameters { .. }) => {}
                Err(error) => return Err(InferError::Check(error)),
            }
        }
        self.left.reachable = alive.len();
        Ok(alive)
    }

    fn with(&self, items: &BTreeSet<Item>, properties: bool) -> Result<Algorithm, InferError> {
        candidate::with_items(self.bare, self.candidates, items.iter().copied(), properties).map_err(InferError::Sort)
    }

    /// Chooses and proves until all is proved, the same choice comes again, or the time is up; then settles for the best attempt.
    fn attempts(&mut self, explored: BTreeSet<Item>) -> Result<Outcome, InferError> {
        (self.progress)(format!("lowering {} candidates", explored.len()));
        let mut arena = Arena::new(&self.with(&explored, true)?, &self.settings.solver, self.settings.seed)?;
        let (mut alive, mut largest) = (arena.items(), LARGEST_SEARCHED);
        let mut attempts: Vec<Outcome> = vec![];
        loop {
            alive = self.inductive(&mut arena, alive, largest)?;
            let chosen = self.chosen(&mut arena, &alive, largest, &attempts)?;
            let again = attempts.iter().any(|a| a.items == chosen);
            if again || !attempts.is_empty() && self.late() {
                let best = attempts.into_iter().min_by_key(|a| a.failed.len()).expect("a choice that comes again was made before");
                return self.settle(best);
            }
            let attempt = self.prove(&chosen)?;
            if attempt.failed.is_empty() && attempt.proved() {
                return Ok(attempt);
            }
            // More processes than were searched refute more; else the candidates are too few for what is refuted.
            match attempt.largest_refutation() {
                Some(n) if n > largest => largest = n,
                _ => {
                    alive.retain(|item| !attempt.refuted.contains(item));
                    arena.abandon(&attempt.refuted_properties());
                    attempts.push(attempt);
                }
            }
        }
    }

    fn inductive(&mut self, arena: &mut Arena, alive: BTreeSet<Item>, largest: u32) -> Result<BTreeSet<Item>, InferError> {
        let alive = houdini::fixpoint(arena, alive, largest, &mut |left| {
            (self.progress)(format!("counterexamples to induction, n = 1..{largest}: {left} candidates left"));
            !self.late()
        })?;
        (self.left.inductive, self.left.searched) = (alive.len(), largest);
        Ok(alive)
    }

    /// A choice that avoids, where it can, what earlier attempts could not prove.
    fn chosen(&self, arena: &mut Arena, alive: &BTreeSet<Item>, largest: u32, attempts: &[Outcome]) -> Result<BTreeSet<Item>, InferError> {
        let failures = attempts.iter().flat_map(|a| a.failed.iter().copied()).collect();
        let choice = select::Choice { candidates: self.candidates, alive, failures, largest };
        let go_on = &mut |chosen: usize| {
            (self.progress)(format!("choosing what the properties need: {chosen} of {}", alive.len()));
            !self.late()
        };
        Ok(select::select(arena, &choice, go_on)?)
    }
}
