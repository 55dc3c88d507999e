//! The prover as a judge of mutants: is a mutant right for every n?
//!
//! The conditions of a mutant are worked on one after the other, each for a short time, until one is refuted or too many are open. What
//! was found of a condition holds of the same condition of another mutant (`heardof_prove::canonical`), and most mutants share most
//! conditions with the original; so the original goes first.
//!
//! A refuted condition does not make a mutant wrong: the specification argues for one text, and another that meets the demands may need
//! other invariants. Only *proved*, all conditions of it, says something of the mutant itself.

use heardof_check::mutants::Mutant;
use heardof_core::ir::Algorithm;
use heardof_prove::canonical;
use heardof_prove::condition::{Condition, Problem};
use heardof_prove::lower::lower;
use heardof_prove::prove::{Settings, Verdict, prove};
use heardof_prove::solver::SolverError;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many conditions of a mutant may turn out open before it is given up.
const OPEN: usize = 3;
/// The part of the time that a condition gets when another is open already.
const HURRY: u32 = 5;

/// What the prover says of a mutant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Proved {
    /// Every condition is proved, and nothing is left uncovered.
    InFull,
    /// A condition has a counterexample to induction, which may be unreachable.
    Refuted {
        /// The condition.
        condition: String,
        /// The number of processes of the counterexample.
        n: u32,
    },
    /// Neither.
    Unknown {
        /// The first condition that is open, or what no condition covers.
        what: String,
    },
}

/// What became of a condition.
#[derive(Clone)]
enum Known {
    Proved,
    Refuted(u32),
    Open,
}

/// The prover with what it has found so far.
pub struct Prover<'a> {
    settings: &'a Settings,
    known: Mutex<BTreeMap<String, Known>>,
}

impl<'a> Prover<'a> {
    /// Begins with the original, as far as it is proved; also tells how many of how many conditions are.
    ///
    /// # Errors
    /// When the solver cannot be started or dies.
    pub fn new(original: &Algorithm, settings: &'a Settings) -> Result<(Prover<'a>, usize, usize), SolverError> {
        let problem = lower(original);
        let proofs = prove(&problem, settings, &|_| {})?;
        let known: BTreeMap<String, Known> =
            problem.conditions.iter().zip(&proofs).map(|(c, p)| (canonical::text(&problem.terms, c), known(&p.verdict))).collect();
        let proved = proofs.iter().filter(|p| matches!(p.verdict, Verdict::Proved(_))).count();
        Ok((Prover { settings, known: Mutex::new(known) }, proved, proofs.len()))
    }

    /// Judges mutants, one on each thread; the answers in their order. `done` hears how many are judged.
    ///
    /// # Errors
    /// When the solver cannot be started or dies.
    pub fn judge(&self, mutants: &[Mutant], done: &(dyn Fn(usize) + Sync)) -> Result<Vec<Proved>, SolverError> {
        let (next, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let results: Mutex<Vec<Option<Result<Proved, SolverError>>>> = Mutex::new(mutants.iter().map(|_| None).collect());
        let work = || {
            loop {
                let k = next.fetch_add(1, Ordering::Relaxed);
                let Some(mutant) = mutants.get(k) else { return };
                let result = self.mutant(&mutant.algorithm);
                results.lock().unwrap_or_else(PoisonError::into_inner)[k] = Some(result);
                done(finished.fetch_add(1, Ordering::Relaxed) + 1);
            }
        };
        std::thread::scope(|scope| {
            (1..self.settings.threads.max(1)).for_each(|_| {
                scope.spawn(work);
            });
            work();
        });
        results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()
    }

    fn mutant(&self, mutant: &Algorithm) -> Result<Proved, SolverError> {
        let problem = lower(mutant);
        let texts: Vec<String> = problem.conditions.iter().map(|c| canonical::text(&problem.terms, c)).collect();
        let known_open = || texts.iter().position(|text| matches!(self.find(text), Some(Known::Open)));
        let nothing = || problem.conditions.is_empty().then(|| "no condition".to_string());
        let uncovered = problem.uncovered.first().cloned().or_else(nothing);
        let mut unknown = uncovered.or_else(|| known_open().map(|k| problem.conditions[k].name.clone()));
        let mut open = 0;
        for (condition, text) in problem.conditions.iter().zip(texts) {
            let (found, is_new) = match self.find(&text) {
                Some(found) => (found, false),
                None => (self.condition(&problem, condition, text, unknown.is_some())?, true),
            };
            match found {
                Known::Proved => {}
                Known::Refuted(n) => return Ok(Proved::Refuted { condition: condition.name.clone(), n }),
                Known::Open => {
                    open += usize::from(is_new);
                    unknown = unknown.or_else(|| Some(condition.name.clone()));
                }
            }
            if open == OPEN {
                break;
            }
        }
        Ok(unknown.map_or(Proved::InFull, |what| Proved::Unknown { what }))
    }

    fn find(&self, text: &str) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned()
    }

    /// One condition. Where another is open already it can only be refuted, and that takes little time or does not happen.
    fn condition(&self, problem: &Problem, condition: &Condition, text: String, hurry: bool) -> Result<Known, SolverError> {
        let one = Problem { terms: problem.terms.clone(), conditions: vec![condition.clone()], assumed: vec![], uncovered: vec![] };
        let timeout = self.settings.timeout / if hurry { HURRY } else { 1 };
        let proofs = prove(&one, &Settings { threads: 1, timeout, ..self.settings.clone() }, &|_| {})?;
        let found = proofs.first().map_or(Known::Open, |p| known(&p.verdict));
        if !(hurry && matches!(found, Known::Open)) {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(text, found.clone());
        }
        Ok(found)
    }
}

fn known(verdict: &Verdict) -> Known {
    match verdict {
        Verdict::Proved(_) => Known::Proved,
        Verdict::Refuted(model) => Known::Refuted(model.n),
        Verdict::Unknown(_) => Known::Open,
    }
}
