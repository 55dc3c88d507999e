//! The mutation matrix: which mutant is killed by what, at which numbers of processes.
//!
//! The judge is a function from a mutant and a number of processes to a [`Judgement`], so that any backend can sit there. Mutants
//! are judged on several threads; the result does not depend on how many.

use super::{Mutant, generate};
use heardof_core::ir::Algorithm;
use std::ops::RangeInclusive;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How a mutant is found out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KillKind {
    /// A property or an invariant is violated.
    Safety,
    /// A good phase does not lead on.
    Liveness,
    /// A step has no result: an underflow, a missing arm.
    Stuck,
}

/// What the judge says about a mutant at one number of processes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// It is found out.
    Killed {
        /// The property or stage that fails.
        by: String,
        /// How.
        kind: KillKind,
    },
    /// Everything holds.
    Survived,
    /// No verdict: too large, or outside what the judge can do. Never counted as survival.
    Undecided {
        /// Why.
        reason: String,
    },
}

/// A number of processes at which a mutant is killed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kill {
    /// The number of processes.
    pub n: usize,
    /// The property or stage that fails.
    pub by: String,
    /// How.
    pub kind: KillKind,
}

/// What became of a mutant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// What changes.
    pub description: String,
    /// Where it is killed, by n, ascending.
    pub kills: Vec<Kill>,
    /// The numbers of processes at which everything holds.
    pub survived: Vec<usize>,
    /// The numbers of processes without a verdict, with the reason.
    pub undecided: Vec<(usize, String)>,
}

impl Row {
    /// The smallest number of processes that kills it.
    pub fn smallest(&self) -> Option<&Kill> {
        self.kills.first()
    }
    /// Judged everywhere, killed nowhere.
    pub fn is_survivor(&self) -> bool {
        self.kills.is_empty() && self.undecided.is_empty()
    }
}

/// The whole matrix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matrix {
    /// The algorithm's name.
    pub algorithm: String,
    /// The numbers of processes asked for.
    pub n: RangeInclusive<usize>,
    /// A row for each mutant, in the order of the text.
    pub rows: Vec<Row>,
}

impl Matrix {
    /// The rows of mutants that nothing kills.
    pub fn survivors(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|r| r.is_survivor())
    }
    /// How many are killed.
    pub fn killed(&self) -> usize {
        self.rows.iter().filter(|r| !r.kills.is_empty()).count()
    }
}

/// What to judge, and how.
pub struct MatrixOptions<'a> {
    /// The numbers of processes.
    pub n: RangeInclusive<usize>,
    /// Only mutants whose id contains this.
    pub only: Option<String>,
    /// Go on to larger n after the first kill: needed for "fails at 7, survives 8 and 9".
    pub every_n: bool,
    /// Worker threads, at least one.
    pub threads: usize,
    /// Called after each judgement with how many are done, and of how many at most.
    pub progress: Option<&'a (dyn Fn(usize, usize) + Sync)>,
}

impl std::fmt::Debug for MatrixOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let MatrixOptions { n, only, every_n, threads, .. } = self;
        write!(f, "MatrixOptions {{ n: {n:?}, only: {only:?}, every_n: {every_n}, threads: {threads} }}")
    }
}

impl Default for MatrixOptions<'_> {
    fn default() -> Self {
        MatrixOptions { n: 1..=4, only: None, every_n: true, threads: 1, progress: None }
    }
}

/// Judges every mutant of `algorithm` at every n asked for.
pub fn run_matrix(algorithm: &Algorithm, options: &MatrixOptions<'_>, judge: &(dyn Fn(&Algorithm, usize) -> Judgement + Sync)) -> Matrix {
    let wanted = |m: &Mutant| options.only.as_ref().is_none_or(|part| m.id.contains(part.as_str()));
    let mutants: Vec<Mutant> = generate(algorithm).into_iter().filter(wanted).collect();
    let total = mutants.len() * options.n.clone().count();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let rows: Mutex<Vec<Option<Row>>> = Mutex::new(vec![None; mutants.len()]);
    let work = || {
        loop {
            let k = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(k) else { return };
            let row = judged(mutant, options, judge, &|judgements| {
                let done = done.fetch_add(judgements, Ordering::Relaxed) + judgements;
                options.progress.iter().for_each(|report| report(done, total));
            });
            // A panic of the judge ends the run anyway: what another thread left is whole rows.
            rows.lock().unwrap_or_else(PoisonError::into_inner)[k] = Some(row);
        }
    };
    std::thread::scope(|scope| {
        (1..options.threads).for_each(|_| {
            scope.spawn(work);
        });
        work();
    });
    let rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect();
    Matrix { algorithm: algorithm.name.clone(), n: options.n.clone(), rows }
}

fn judged(
    mutant: &Mutant,
    options: &MatrixOptions<'_>,
    judge: &(dyn Fn(&Algorithm, usize) -> Judgement + Sync),
    report: &dyn Fn(usize),
) -> Row {
    let (id, description) = (mutant.id.clone(), mutant.description.clone());
    let mut row = Row { id, description, kills: vec![], survived: vec![], undecided: vec![] };
    let last = *options.n.end();
    for n in options.n.clone() {
        match judge(&mutant.algorithm, n) {
            Judgement::Killed { by, kind } => row.kills.push(Kill { n, by, kind }),
            Judgement::Survived => row.survived.push(n),
            Judgement::Undecided { reason } => row.undecided.push((n, reason)),
        }
        if !options.every_n && !row.kills.is_empty() {
            report(1 + last - n);
            break;
        }
        report(1);
    }
    row
}
