//! The portfolio: every condition of a problem, on all cores, with the means that suit it.
//!
//! Each goes to the ground engine, with fewer hypotheses first; where the goal does not count, soon with only those that few processes
//! need; then to the solver with its quantifiers, to a finite search for a counterexample, and to the engine again in other ways, in
//! passes that take longer and longer. Each attempt begins in a fresh solver state with terms of its own, so that the outcome does not
//! depend on which condition ran before, nor on the number of threads.

use crate::certificate;
use crate::clause::Clauses;
use crate::clock::Stopwatch;
use crate::condition::{Condition, Hypothesis, Kind, Problem};
use crate::finite::{self, Model, Sizes};
use crate::ground::{Engine, Fact, Figures, Options, Outcome};
use crate::pieces;
use crate::slice::Slice;
use crate::solve::{Refutation, quantified};
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
        /// What was assumed, the negated goal last: perhaps not all hypotheses, perhaps only pieces of them.
        assumptions: Vec<Hypothesis>,
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
    /// A counterexample with many processes, when the engine has found no contradiction: what is wrong may take two faulty processes out
    /// of n > 5·f, but each question takes a second.
    Large,
    /// The ground engine, perhaps with fewer hypotheses.
    Ground(Slice, Manner),
    /// The ground engine with the pieces of hypotheses that suffice for so many processes, when there are such.
    Core(u32, Manner),
}

/// The label of the last assumption.
const NEGATED_GOAL: &str = "negated goal";

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

/// What is tried before all else where the text has lemmas.
const BY_LEMMAS: (Attempt, u32) = (Attempt::Ground(Slice::Lemmas, Manner::Plain), 4);
/// What is tried first where the goal does not count: most such conditions take a few hundredths of a second, and for the others it
/// matters most to leave out what is not needed.
const FIRST: [(Attempt, u32); 2] = [(Attempt::Ground(Slice::Universal, Manner::Plain), 1), (Attempt::Core(2, Manner::Heavy), 3)];
/// What is tried then where a number is a parameter: two or three processes tell little, as n > 4·f leaves no room for f = 1 then.
/// Elsewhere nobody asks about four, which takes a second.
const PARAMETRIC: [(Attempt, u32); 3] =
    [(Attempt::Ground(Slice::Universal, Manner::Plain), 20), (Attempt::Core(4, Manner::Heavy), 24), (Attempt::Large, 160)];
/// The sizes of [`Attempt::Large`].
const LARGE: Sizes = Sizes { from: 5, to: 12 };
/// How the engine says that it has found none.
const SATURATED: &str = "no contradiction up to level";
/// One pass of attempts, with their shares of its time. Passes follow each other, each with another seed and [`GROWTH`] times as long,
/// until the time is up: most conditions need a fraction of a second, and the random factor is large, so that a restart pays.
const PASS: [(Attempt, u32); 12] = [
    (Attempt::Ground(Slice::Universal, Manner::Plain), 20),
    (Attempt::Core(2, Manner::Plain), 4),
    (Attempt::Core(3, Manner::Plain), 4),
    (Attempt::Ground(Slice::Spoken, Manner::Heavy), 8),
    (Attempt::Quantified, 4),
    (Attempt::Finite(2), 4),
    (Attempt::Ground(Slice::All, Manner::Plain), 8),
    (Attempt::Finite(4), 8),
    (Attempt::Ground(Slice::All, Manner::Heavy), 8),
    (Attempt::Ground(Slice::Spoken, Manner::Few), 8),
    (Attempt::Ground(Slice::All, Manner::Few), 8),
    (Attempt::Ground(Slice::Spoken, Manner::Strict), 8),
];
/// The most that the steps of a condition may take together in each pass, as a share of it.
const STEPS: u32 = 40;
/// One share of the first pass.
const SHARE: Duration = Duration::from_millis(125);
const GROWTH: u32 = 3;

impl Manner {
    fn options(self, budget: Duration) -> Options {
        let plain = Options { budget, ..Options::default() };
        match self {
            Manner::Plain => plain,
            Manner::Heavy => plain.heavy(),
            Manner::Few => Options { most: 8, ..plain },
            Manner::Strict => Options { strict_witnesses: true, ..plain },
        }
    }
}

/// Everything that the attempts at one condition share.
struct Task<'a> {
    terms: Terms,
    /// The hypotheses and, last, the negated goal.
    assumptions: Vec<Hypothesis>,
    /// The same with the hypotheses in pieces.
    pieces: Vec<Hypothesis>,
    /// The condition itself.
    condition: &'a Condition,
    settings: &'a Settings,
}

fn one(problem: &Problem, condition: &Condition, settings: &Settings, solvers: &mut [Solver; 2]) -> Result<Proof, SolverError> {
    let started = Stopwatch::start();
    let mut terms = problem.terms.clone();
    let refuted = Hypothesis { label: NEGATED_GOAL.into(), formula: terms.not(condition.goal) };
    let mut assumptions = condition.hypotheses.clone();
    assumptions.push(refuted.clone());
    let mut pieces = pieces::pieces(&mut terms, &condition.hypotheses);
    pieces.push(refuted);
    let mut first = if counts(&terms, condition.goal) { vec![] } else { FIRST.to_vec() };
    if assumptions.iter().any(|h| h.label.starts_with("lemma ")) {
        first.insert(0, BY_LEMMAS);
    }
    let parametric = assumptions.iter().any(|h| h.label.starts_with("resilience "));
    let parametric: &[(Attempt, u32)] = if parametric { &PARAMETRIC } else { &[] };
    first.extend_from_slice(parametric);
    let task = Task { terms, assumptions, pieces, condition, settings };
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
        for (attempt, shares) in first.iter().filter(|_| pass == 0).chain(parametric.iter().filter(|_| pass > 0)).chain(&PASS).copied() {
            if matches!(attempt, Attempt::Large) && !reasons.iter().any(|why| why.starts_with(SATURATED)) {
                continue;
            }
            if let Attempt::Ground(slice, manner) = attempt {
                // Of two slices of one size one is the other.
                let size = task.slice(slice).len();
                if tried.contains(&(pass, shares, size, manner)) {
                    continue;
                }
                tried.push((pass, shares, size, manner));
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
    fn slice(&self, slice: Slice) -> Vec<Hypothesis> {
        let (refuted, _) = self.assumptions.split_last().expect("the negated goal is there");
        slice.of(&self.terms, self.condition, refuted)
    }
    fn formulas(&self) -> Vec<Term> {
        self.assumptions.iter().map(|h| h.formula).collect()
    }
    /// One attempt; the error says why it led nowhere.
    fn attempt(
        &self,
        attempt: Attempt,
        pass: u32,
        budget: Duration,
        solvers: &mut [Solver; 2],
    ) -> Result<Result<Verdict, String>, SolverError> {
        let started = Stopwatch::start();
        let seed = self.settings.seed.wrapping_add(pass);
        Ok(match attempt {
            Attempt::Finite(largest) => {
                solvers[0].reset(&solver_options(seed, budget));
                match finite::search(&mut solvers[0], &self.terms, &self.formulas(), &Sizes { from: 1, to: largest })? {
                    finite::Outcome::Found(model) => Ok(self.refuted(model)),
                    finite::Outcome::NotFound(_) => Err(format!("no counterexample found with n = 1..{largest}")),
                }
            }
            Attempt::Large => self.large(seed, budget, &mut solvers[0])?,
            Attempt::Quantified => {
                solvers[0].reset(&solver_options(seed, budget));
                by_quantifiers(&self.terms, &self.formulas(), &mut solvers[0])?.map(Verdict::Proved)
            }
            Attempt::Ground(slice, manner) => {
                by_instances(&self.terms, &self.slice(slice), seed, manner.options(budget), solvers)?.map(Verdict::Proved)
            }
            Attempt::Core(n, manner) => match self.core(n, seed, budget, solvers)? {
                Some(pieces) => {
                    let left = budget.saturating_sub(started.elapsed());
                    by_instances(&self.terms, &pieces, seed, manner.options(left), solvers)?.map(Verdict::Proved)
                }
                // Perhaps it does not hold.
                None => self.attempt(Attempt::Finite(n), pass, budget, solvers)?,
            },
        })
    }

    /// The largest size comes first and each gets a part of the time: that a large one has no model takes long to show, and a model, if
    /// there is one, does not. From the first on that is found smaller ones follow, as long as there are.
    fn large(&self, seed: u32, budget: Duration, solver: &mut Solver) -> Result<Result<Verdict, String>, SolverError> {
        let Sizes { from, to } = LARGE;
        solver.reset(&solver_options(seed, budget / (1 + to - from)));
        let mut smallest = None;
        for n in (from..=to).rev() {
            match finite::search(solver, &self.terms, &self.formulas(), &Sizes { from: n, to: n })? {
                finite::Outcome::Found(model) => smallest = Some(model),
                finite::Outcome::NotFound(_) if smallest.is_some() => break,
                finite::Outcome::NotFound(_) => {}
            }
        }
        Ok(smallest.map(|model| self.refuted(model)).ok_or_else(|| format!("no counterexample found with n = {from}..{to}")))
    }
    fn refuted(&self, model: Box<Model>) -> Verdict {
        Verdict::Refuted(finite::from_zero(&self.terms, &model, &self.formulas()).map_or(model, Box::new))
    }

    /// The pieces of hypotheses that refute the negated goal in each system of `n` processes, and the negated goal.
    fn core(&self, n: u32, seed: u32, budget: Duration, solvers: &mut [Solver; 2]) -> Result<Option<Vec<Hypothesis>>, SolverError> {
        let formulas: Vec<Term> = self.pieces.iter().map(|h| h.formula).collect();
        let refuted = formulas.len() - 1;
        solvers[1].reset(&solver_options(seed, budget));
        let Some(mut core) = finite::core::core(&mut solvers[1], &self.terms, &formulas, n)? else { return Ok(None) };
        core.retain(|&k| k != refuted);
        core.push(refuted);
        Ok(Some(core.into_iter().map(|k| self.pieces[k].clone()).collect()))
    }
}

/// What does not count goes to the solver with its quantifiers, if the goal does not. Leaving hypotheses out is sound.
fn by_quantifiers(terms: &Terms, assumptions: &[Term], solver: &mut Solver) -> Result<Result<Method, String>, SolverError> {
    let plain: Vec<Term> = assumptions.iter().copied().filter(|&f| !counts(terms, f)).collect();
    if plain.last() != assumptions.last() {
        return Ok(Err("the goal counts".into()));
    }
    Ok(match quantified::refute(solver, &mut terms.clone(), &plain)? {
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
    assumptions: &[Hypothesis],
    seed: u32,
    options: Options,
    solvers: &mut [Solver; 2],
) -> Result<Result<Method, String>, SolverError> {
    let mut terms = terms.clone();
    let formulas: Vec<Term> = assumptions.iter().map(|h| h.formula).collect();
    let goal = *formulas.last().expect("the negated goal");
    let mut clauses = Clauses::new(&mut terms, &formulas);
    for solver in solvers.iter_mut() {
        solver.reset(&solver_options(seed, options.budget));
        if !counts(&terms, goal) {
            // Within a scope z3 is in its incremental mode from the first question on, and does not set up the other one.
            solver.push();
        }
    }
    let [first, second] = solvers;
    let mut engine = Engine::new(&mut terms, &mut clauses, (first, second), options)?;
    let outcome = engine.run()?;
    let figures = engine.figures;
    Ok(match outcome {
        Outcome::Proved(facts) => {
            Ok(Method::Ground { assumptions: assumptions.to_vec(), terms: Box::new(terms), clauses: Box::new(clauses), facts, figures })
        }
        Outcome::Saturated => Err(format!("{SATURATED} {}", figures.level)),
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
                let assumptions: Vec<(String, Term)> = assumptions.iter().map(|h| (h.label.clone(), h.formula)).collect();
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
