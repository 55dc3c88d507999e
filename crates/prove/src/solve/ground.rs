//! The ground engine as a prover of whole formulas.

use super::{Prover, Refutation, Settings};
use crate::clause::Clauses;
use crate::clock::Stopwatch;
use crate::eliminate::eliminate;
use crate::finite;
use crate::ground::{Engine, Options, Outcome};
use crate::pieces::{self, goals};
use crate::solver::{self, Solver, SolverError};
use crate::term::{Node, Term, Terms};
use std::time::Duration;

/// Tries the engine in several ways, each for a part of the time limit; a negated conjunction case by case.
pub struct Ground {
    settings: Settings,
}

impl Ground {
    /// A prover that starts its solvers for each question.
    pub fn new(settings: &Settings) -> Ground {
        Ground { settings: settings.clone() }
    }
}

impl Prover for Ground {
    fn name(&self) -> String {
        "instances and counting".to_string()
    }
    fn refute(&mut self, terms: &mut Terms, formulas: &[Term], time: Duration) -> Result<Refutation, SolverError> {
        let mut terms = terms.clone();
        let formulas: Vec<Term> = formulas.iter().map(|&formula| eliminate(&mut terms, formula)).collect();
        let settings = solver::Options { limit: self.settings.limit, seed: self.settings.seed, cores: true, ..solver::Options::default() };
        let start = || Solver::start(&self.settings.solver, &settings);
        let mut run = Run { solvers: [start()?, start()?], settings, time, clock: Stopwatch::start() };
        let cases = cases(&mut terms, &formulas);
        if cases.len() == 1 {
            return run.refute(&terms, &formulas, &WAYS);
        }
        if run.refute(&terms, &formulas, &WAYS[..1])? == Refutation::Unsat {
            return Ok(Refutation::Unsat);
        }
        for case in cases {
            let gave_up = run.refute(&terms, &case, &WAYS)?;
            if gave_up != Refutation::Unsat {
                return Ok(gave_up);
            }
        }
        Ok(Refutation::Unsat)
    }
}

/// The formulas, once for each way in which the negated conjunction among them can be true; if there are several, the last.
fn cases(terms: &mut Terms, formulas: &[Term]) -> Vec<Vec<Term>> {
    let several = formulas.iter().enumerate().rev().find_map(|(k, &formula)| {
        let Node::Not(goal) = *terms.node(formula) else { return None };
        let goals = goals(terms, goal);
        (goals.len() > 1).then_some((k, goals))
    });
    let Some((k, goals)) = several else { return vec![formulas.to_vec()] };
    let case = |goal| {
        let mut case = formulas.to_vec();
        case[k] = terms.not(goal);
        case
    };
    goals.into_iter().map(case).collect()
}

/// A way to run the engine: on the pieces that suffice for so many processes, or on everything; with which options.
type Way = (Option<u32>, fn(Options) -> Options);

const WAYS: [Way; 5] = [
    (None, |plain| plain),
    (Some(2), Options::heavy),
    (Some(3), |plain| plain),
    (None, Options::heavy),
    (None, |plain| Options { strict_witnesses: true, ..plain }),
];

/// The solvers of a refutation, and how they were started.
struct Run {
    solvers: [Solver; 2],
    settings: solver::Options,
    /// How long it may take, and has taken.
    time: Duration,
    clock: Stopwatch,
}

impl Run {
    fn refute(&mut self, terms: &Terms, formulas: &[Term], ways: &[Way]) -> Result<Refutation, SolverError> {
        let mut cut = terms.clone();
        let parts: Vec<Term> = formulas.iter().flat_map(|&formula| pieces::cut(&mut cut, formula)).collect();
        let mut gave_up = String::new();
        for &(few, options) in ways {
            let left = self.time.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return Ok(Refutation::GaveUp("none found in time".to_string()));
            }
            for solver in &mut self.solvers {
                solver.reset(&self.settings);
            }
            let [first, second] = &mut self.solvers;
            let chosen: Vec<Term> = match few {
                None => formulas.to_vec(),
                Some(n) => match finite::core::core(second, &cut, &parts, n)? {
                    Some(core) => core.into_iter().map(|k| parts[k]).collect(),
                    None => continue,
                },
            };
            let mut own = cut.clone();
            let mut clauses = Clauses::new(&mut own, &chosen);
            let options = options(Options { budget: left.min(self.settings.limit / 3), ..Options::default() });
            gave_up = match Engine::new(&mut own, &mut clauses, (first, second), options)?.run()? {
                Outcome::Proved(_) => return Ok(Refutation::Unsat),
                Outcome::Saturated => "no contradiction up to the highest level".to_string(),
                Outcome::OutOfTime => "none found in time".to_string(),
                Outcome::SolverUnknown(why) => why,
            };
        }
        Ok(Refutation::GaveUp(gave_up))
    }
}
