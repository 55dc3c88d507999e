//! The portfolio: every condition of a problem, on all cores, with the means that suit it.
//!
//! A condition without cardinalities goes to the solver with its quantifiers first; any other to the ground engine, then to a finite search
//! for a counterexample, then to the engine again in other ways, in passes that take longer and longer. Each attempt begins in a fresh solver state with terms of its own,
//! so that the outcome does not depend on which condition ran before, nor on the number of threads.

use crate::certificate;
use crate::clause::Clauses;
use crate::clock::Stopwatch;
use crate::condition::{Condition, Kind, Problem};
use crate::finite::{self, Model, Sizes};
use crate::ground::{Engine, Fact, Figures, Options, Outcome};
use crate::solve::quantified::Quantified;
use crate::solve::{self, Prover, Refutation};
use crate::solver::{self, Choice, Solver, SolverError};
use crate::term::{Fun, Role, Term, Terms};
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How to prove.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Which solver.
    pub solver: Choice,
    /// The solver's seed.
    pub seed: u32,
    /// The most that one condition may take.
    pub timeout: Duration,
    /// How many conditions are worked on at a time.
    pub threads: usize,
}

/// The verdict on one condition.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Valid for every n.
    Proved(Method),
    /// A state (or a round) with few processes in which the hypotheses hold and the goal does not: a counterexample to induction, which may
    /// be unreachable.
    Refuted(Box<Model>),
    /// Neither proved nor refuted, and why.
    Unknown(String),
}

/// How a condition was proved.
#[derive(Clone, Debug)]
pub enum Method {
    /// By ground formulas; they are the certificate.
    Ground {
        /// What was assumed, the negated goal last: perhaps not all hypotheses.
        assumptions: Vec<Term>,
        /// The terms after the run.
        terms: Box<Terms>,
        /// The clauses after the run.
        clauses: Box<Clauses>,
        /// The ground formulas.
        facts: Vec<Fact>,
        /// What the run took.
        figures: Figures,
    },
    /// By the solver's own quantifiers.
    Quantified,
}

/// One condition and what became of it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The condition's name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// The verdict.
    pub verdict: Verdict,
    /// Wall-clock time.
    pub time: Duration,
}

/// Proves what can be proved; the answers in the order of the conditions. `done` hears of each as it ends.
///
/// # Errors
/// When the solver cannot be started or dies.
pub fn prove(problem: &Problem, settings: &Settings, done: &(dyn Fn(&Proof) + Sync)) -> Result<Vec<Proof>, SolverError> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Proof)>> = Mutex::new(Vec::new());
    let failure: Mutex<Option<SolverError>> = Mutex::new(None);
    let work = || -> Result<(), SolverError> {
        let options = solver_options(settings.seed, settings.timeout);
        let mut solvers = [Solver::start(&settings.solver, &options)?, Solver::start(&settings.solver, &options)?];
        loop {
            let k = next.fetch_add(1, Ordering::Relaxed);
            let Some(condition) = problem.conditions.get(k) else { return Ok(()) };
            let proof = one(problem, condition, settings, &mut solvers)?;
            done(&proof);
            results.lock().expect("no thread panics while it holds the lock").push((k, proof));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..settings.threads.clamp(1, problem.conditions.len().max(1)) {
            scope.spawn(|| {
                if let Err(error) = work() {
                    failure.lock().expect("as above").get_or_insert(error);
                }
            });
        }
    });
    if let Some(error) = failure.into_inner().expect("as above") {
        return Err(error);
    }
    let mut results = results.into_inner().expect("as above");
    results.sort_by_key(|(k, _)| *k);
    Ok(results.into_iter().map(|(_, proof)| proof).collect())
}

fn solver_options(seed: u32, limit: Duration) -> solver::Options {
    solver::Options { seed, limit, cores: true, logic: None, ..solver::Options::default() }
}

/// A way to try.
#[derive(Clone, Copy)]
enum Attempt {
    /// The solver's own quantifiers.
    Quantified,
    /// A counterexample with at most so many processes.
    Finite(u32),
    /// The ground engine, perhaps with fewer hypotheses.
    Ground { strict: bool, slim: bool },
}

/// One pass of attempts, with their shares of its time. Passes follow each other, each with another seed and [`GROWTH`] times as long,
/// until the time is up: most conditions need a fraction of a second, and the random factor is large, so that a restart pays.
const PASS: [(Attempt, u32); 7] = [
    (Attempt::Ground { strict: false, slim: true }, 2),
    (Attempt::Quantified, 1),
    (Attempt::Finite(2), 1),
    (Attempt::Ground { strict: false, slim: false }, 2),
    (Attempt::Finite(4), 1),
    (Attempt::Ground { strict: true, slim: true }, 2),
    (Attempt::Ground { strict: true, slim: false }, 2),
];
/// One share of the first pass.
const SHARE: Duration = Duration::from_millis(500);
const GROWTH: u32 = 3;

/// The assumptions without those that cannot matter by themselves: with a symbol that nothing else speaks of.
///
/// Worked example: that estimates are inputs speaks of the inputs; a goal about locked values does not, and no other hypothesis does.
/// Leaving a hypothesis out is sound, and spares the engine its witnesses.
fn slim(terms: &Terms, assumptions: &[Term]) -> Vec<Term> {
    let symbols: Vec<BTreeSet<Fun>> = assumptions.iter().map(|&f| terms.occurring(&[f])).collect();
    let mut kept: Vec<usize> = (0..assumptions.len()).collect();
    loop {
        let lonely = |k: usize, kept: &[usize]| {
            k + 1 < assumptions.len()
                && symbols[k].iter().any(|fun| {
                    terms.symbol(*fun).role == Role::Given
                        && !terms.symbol(*fun).arguments.is_empty()
                        && kept.iter().all(|&other| other == k || !symbols[other].contains(fun))
                })
        };
        let fewer: Vec<usize> = kept.iter().copied().filter(|&k| !lonely(k, &kept)).collect();
        if fewer.len() == kept.len() {
            return kept.into_iter().map(|k| assumptions[k]).collect();
        }
        kept = fewer;
    }
}

/// Everything that the attempts at one condition share.
struct Task<'a> {
    terms: Terms,
    /// The hypotheses and, last, the negated goal.
    assumptions: Vec<Term>,
    /// The same without those that cannot matter by themselves; `None` when these are all.
    slimmer: Option<Vec<Term>>,
    settings: &'a Settings,
}

fn one(problem: &Problem, condition: &Condition, settings: &Settings, solvers: &mut [Solver; 2]) -> Result<Proof, SolverError> {
    let started = Stopwatch::start();
    let mut terms = problem.terms.clone();
    let mut assumptions: Vec<Term> = condition.hypotheses.iter().map(|h| h.formula).collect();
    assumptions.push(terms.not(condition.goal));
    // Without cardinalities the solver's quantifiers come first.
    let first = if assumptions.iter().any(|&f| counts(&terms, f)) { None } else { Some((Attempt::Quantified, 4)) };
    let slimmer = Some(slim(&terms, &assumptions)).filter(|fewer| fewer.len() < assumptions.len());
    let task = Task { terms, assumptions, slimmer, settings };
    let mut reasons: Vec<String> = Vec::new();
    let mut verdict = None;
    let passes = (0u32..).map(|pass| (pass, SHARE * GROWTH.saturating_pow(pass)));
    'passes: for (pass, share) in passes {
        for (attempt, shares) in first.into_iter().filter(|_| pass == 0).chain(PASS) {
            if task.slimmer.is_none() && matches!(attempt, Attempt::Ground { slim: true, .. }) {
                continue;
            }
            let left = settings.timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                break 'passes;
            }
            match task.attempt(attempt, pass, (share * shares).min(left), solvers)? {
                Ok(found) => {
                    verdict = Some(found);
                    break 'passes;
                }
                Err(reason) if reasons.contains(&reason) => {}
                Err(reason) => reasons.push(reason),
            }
        }
    }
    let verdict = verdict.unwrap_or_else(|| Verdict::Unknown(reasons.join("; ")));
    Ok(Proof { name: condition.name.clone(), kind: condition.kind, verdict, time: started.elapsed() })
}

impl Task<'_> {
    /// One attempt; the error says why it led nowhere.
    fn attempt(
        &self,
        attempt: Attempt,
        pass: u32,
        budget: Duration,
        solvers: &mut [Solver; 2],
    ) -> Result<Result<Verdict, String>, SolverError> {
        let seed = self.settings.seed.wrapping_add(pass);
        Ok(match attempt {
            Attempt::Finite(largest) => {
                solvers[0].reset(&solver_options(seed, budget));
                match finite::search(&mut solvers[0], &self.terms, &self.assumptions, &Sizes { from: 1, to: largest })? {
                    finite::Outcome::Found(model) => Ok(Verdict::Refuted(model)),
                    finite::Outcome::NotFound(_) => Err(format!("no counterexample found with n = 1..{largest}")),
                }
            }
            Attempt::Quantified => by_quantifiers(&self.terms, &self.assumptions, self.settings, budget)?.map(Verdict::Proved),
            Attempt::Ground { strict, slim } => {
                let assumptions = self.slimmer.as_ref().filter(|_| slim).unwrap_or(&self.assumptions);
                let options = Options { budget, strict_witnesses: strict, ..Options::default() };
                by_instances(&self.terms, assumptions, seed, options, solvers)?.map(Verdict::Proved)
            }
        })
    }
}

/// What does not count goes to the solver with its quantifiers, if the goal does not. Leaving hypotheses out is sound.
fn by_quantifiers(
    terms: &Terms,
    assumptions: &[Term],
    settings: &Settings,
    budget: Duration,
) -> Result<Result<Method, String>, SolverError> {
    let plain: Vec<Term> = assumptions.iter().copied().filter(|&f| !counts(terms, f)).collect();
    if plain.last() != assumptions.last() {
        return Ok(Err("the goal counts".into()));
    }
    let own = solve::Settings { solver: settings.solver.clone(), seed: settings.seed, limit: budget, ..solve::Settings::default() };
    Ok(match Quantified::new(&own).refute(&mut terms.clone(), &plain)? {
        Refutation::Unsat => Ok(Method::Quantified),
        Refutation::GaveUp(why) => Err(format!("with quantifiers: {why}")),
    })
}

/// Whether a cardinality or n occurs.
fn counts(terms: &Terms, formula: Term) -> bool {
    let n = terms.find("n");
    terms.facts(formula).counts || terms.occurring(&[formula]).iter().any(|&fun| Some(fun) == n)
}

fn by_instances(
    terms: &Terms,
    assumptions: &[Term],
    seed: u32,
    options: Options,
    solvers: &mut [Solver; 2],
) -> Result<Result<Method, String>, SolverError> {
    let mut terms = terms.clone();
    let mut clauses = Clauses::new(&mut terms, assumptions);
    for solver in solvers.iter_mut() {
        solver.reset(&solver_options(seed, options.budget));
    }
    let [first, second] = solvers;
    let mut engine = Engine::new(&mut terms, &mut clauses, (first, second), options)?;
    let outcome = engine.run()?;
    let figures = engine.figures;
    Ok(match outcome {
        Outcome::Proved(facts) => {
            Ok(Method::Ground { assumptions: assumptions.to_vec(), terms: Box::new(terms), clauses: Box::new(clauses), facts, figures })
        }
        Outcome::Saturated => Err(format!("no contradiction up to level {}", figures.level)),
        Outcome::OutOfTime => Err("out of time".into()),
        Outcome::SolverUnknown(why) => Err(format!("the solver says: {why}")),
    })
}

impl Proof {
    /// The certificate of a proof by ground formulas; the solver's own quantifiers leave none.
    pub fn certificate(&self, condition: &Condition) -> Option<String> {
        let Verdict::Proved(Method::Ground { assumptions, terms, clauses, facts, .. }) = &self.verdict else { return None };
        let label = |formula: &Term| {
            let hypothesis = condition.hypotheses.iter().find(|h| h.formula == *formula);
            hypothesis.map_or_else(|| "negated goal".to_string(), |h| h.label.clone())
        };
        let assumptions: Vec<(String, Term)> = assumptions.iter().map(|f| (label(f), *f)).collect();
        Some(certificate::write(&certificate::Proof { terms, clauses, name: &self.name, assumptions: &assumptions, facts }))
    }
}
