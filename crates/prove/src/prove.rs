//! The portfolio: every condition of a problem, on all cores, with the means that suit it.
//!
//! A condition without cardinalities goes to the solver with its quantifiers first; any other to the ground engine, then to a finite
//! search for a counterexample, then to the engine again in other ways, in passes that take longer and longer. Each attempt begins in a
//! fresh solver state with terms of its own, so that the outcome does not depend on which condition ran before, nor on the number of
//! threads.

use crate::certificate;
use crate::clause::Clauses;
use crate::clock::Stopwatch;
use crate::condition::{Condition, Kind, Problem};
use crate::finite::{self, Model, Sizes};
use crate::ground::{Engine, Fact, Figures, Options, Outcome};
use crate::slice::Slice;
use crate::solve::quantified::Quantified;
use crate::solve::{self, Prover, Refutation};
use crate::solver::{self, Choice, Solver, SolverError};
use crate::term::{Term, Terms};
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
    /// Round by round: by proofs of its [`Condition::steps`].
    Rounds(Vec<Proof>),
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
        let mut solvers = start(settings)?;
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

/// Two solvers: the engine keeps its ground formulas in one and asks the other about single elements.
fn start(settings: &Settings) -> Result<[Solver; 2], SolverError> {
    let options = solver_options(settings.seed, settings.timeout);
    Ok([Solver::start(&settings.solver, &options)?, Solver::start(&settings.solver, &options)?])
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
    Ground(Slice, Manner),
}

/// How the ground engine searches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As it is.
    Plain,
    /// With counted sets of old terms first: see [`Options::counted`].
    Heavy,
    /// With few instances for each model: see [`Options::most`].
    Few,
    /// With more witnesses: see [`Options::strict_witnesses`].
    Strict,
}

/// One pass of attempts, with their shares of its time. Passes follow each other, each with another seed and [`GROWTH`] times as long,
/// until the time is up: most conditions need a fraction of a second, and the random factor is large, so that a restart pays.
const PASS: [(Attempt, u32); 10] = [
    (Attempt::Ground(Slice::Universal, Manner::Plain), 6),
    (Attempt::Ground(Slice::Spoken, Manner::Heavy), 4),
    (Attempt::Quantified, 2),
    (Attempt::Finite(2), 2),
    (Attempt::Ground(Slice::All, Manner::Plain), 4),
    (Attempt::Finite(4), 4),
    (Attempt::Ground(Slice::All, Manner::Heavy), 4),
    (Attempt::Ground(Slice::Spoken, Manner::Few), 4),
    (Attempt::Ground(Slice::All, Manner::Few), 4),
    (Attempt::Ground(Slice::Spoken, Manner::Strict), 4),
];
/// The most that the steps of a condition may take together in each pass, as a share of it.
const STEPS: u32 = 8;
/// One share of the first pass.
const SHARE: Duration = Duration::from_millis(250);
const GROWTH: u32 = 3;

impl Manner {
    fn options(self, budget: Duration) -> Options {
        let plain = Options { budget, ..Options::default() };
        match self {
            Manner::Plain => plain,
            Manner::Heavy => Options { counted: 3, levels: plain.levels + 1, ..plain },
            Manner::Few => Options { most: 8, ..plain },
            Manner::Strict => Options { strict_witnesses: true, ..plain },
        }
    }
}

/// Everything that the attempts at one condition share.
struct Task<'a> {
    terms: Terms,
    /// The hypotheses and, last, the negated goal.
    assumptions: Vec<Term>,
    /// The condition itself.
    condition: &'a Condition,
    settings: &'a Settings,
}

fn one(problem: &Problem, condition: &Condition, settings: &Settings, solvers: &mut [Solver; 2]) -> Result<Proof, SolverError> {
    let started = Stopwatch::start();
    let mut terms = problem.terms.clone();
    let mut assumptions: Vec<Term> = condition.hypotheses.iter().map(|h| h.formula).collect();
    assumptions.push(terms.not(condition.goal));
    // Without cardinalities the solver's quantifiers come first.
    let first = if assumptions.iter().any(|&f| counts(&terms, f)) { None } else { Some((Attempt::Quantified, 1)) };
    let task = Task { terms, assumptions, condition, settings };
    let mut reasons: Vec<String> = Vec::new();
    let (mut verdict, mut tried) = (None, vec![]);
    let passes = (0u32..).map(|pass| (pass, SHARE * GROWTH.saturating_pow(pass)));
    'passes: for (pass, share) in passes {
        if let Some(proofs) =
            by_rounds(problem, condition, settings, (share * STEPS).min(settings.timeout.saturating_sub(started.elapsed())), solvers)?
        {
            verdict = Some(Verdict::Proved(Method::Rounds(proofs)));
            break;
        }
        for (attempt, shares) in first.into_iter().filter(|_| pass == 0).chain(PASS) {
            if let Attempt::Ground(slice, manner) = attempt {
                // Of two slices of one size one is the other.
                let size = task.slice(slice).len();
                if tried.contains(&(pass, size, manner)) {
                    continue;
                }
                tried.push((pass, size, manner));
            }
            let left = settings.timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                break 'passes;
            }
            let outcome = match task.attempt(attempt, pass, (share * shares).min(left), solvers) {
                // Some questions a solver does not stop thinking about when its time is up. It has been killed; others may do.
                Err(late @ SolverError::Late { .. }) => {
                    *solvers = start(settings)?;
                    Err(late.to_string())
                }
                outcome => outcome?,
            };
            match outcome {
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

/// Proofs of all steps, if there are steps and each has one.
fn by_rounds(
    problem: &Problem,
    condition: &Condition,
    settings: &Settings,
    budget: Duration,
    solvers: &mut [Solver; 2],
) -> Result<Option<Vec<Proof>>, SolverError> {
    let settings = Settings { timeout: budget / (condition.steps.len().max(1) as u32), ..settings.clone() };
    let mut proofs = vec![];
    for step in &condition.steps {
        let proof = one(problem, step, &settings, solvers)?;
        if !matches!(proof.verdict, Verdict::Proved(_)) {
            return Ok(None);
        }
        proofs.push(proof);
    }
    Ok(Some(proofs).filter(|proofs| !proofs.is_empty()))
}

impl Task<'_> {
    fn slice(&self, slice: Slice) -> Vec<Term> {
        let refuted = *self.assumptions.last().expect("the negated goal is there");
        slice.of(&self.terms, self.condition, refuted)
    }
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
            Attempt::Ground(slice, manner) => {
                by_instances(&self.terms, &self.slice(slice), seed, manner.options(budget), solvers)?.map(Verdict::Proved)
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
    /// The certificates of a proof by ground formulas, under the name of what they prove: the condition, or each of its steps. The
    /// solver's own quantifiers leave none.
    pub fn certificates(&self, condition: &Condition) -> Vec<(String, String)> {
        match &self.verdict {
            Verdict::Proved(Method::Ground { assumptions, terms, clauses, facts, .. }) => {
                let label = |formula: &Term| {
                    let hypothesis = condition.hypotheses.iter().find(|h| h.formula == *formula);
                    hypothesis.map_or_else(|| "negated goal".to_string(), |h| h.label.clone())
                };
                let assumptions: Vec<(String, Term)> = assumptions.iter().map(|f| (label(f), *f)).collect();
                let proof = certificate::Proof { terms, clauses, name: &self.name, assumptions: &assumptions, facts };
                vec![(self.name.clone(), certificate::write(&proof))]
            }
            Verdict::Proved(Method::Rounds(proofs)) => {
                proofs.iter().zip(&condition.steps).flat_map(|(proof, step)| proof.certificates(step)).collect()
            }
            _ => vec![],
        }
    }
}
