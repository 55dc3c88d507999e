//! The ground engine as a prover of whole formulas.

use super::{Prover, Refutation, Settings};
use crate::clause::Clauses;
use crate::finite;
use crate::ground::{Engine, Options, Outcome};
use crate::pieces;
use crate::solver::{self, Solver, SolverError};
use crate::term::{Term, Terms};

/// Tries the engine in several ways, each for a part of the time limit.
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
    fn refute(&mut self, terms: &mut Terms, formulas: &[Term]) -> Result<Refutation, SolverError> {
        let mut cut = terms.clone();
        let parts: Vec<Term> = formulas.iter().flat_map(|&formula| pieces::cut(&mut cut, formula)).collect();
        let mut gave_up = String::new();
        let settings = solver::Options { limit: self.settings.limit, seed: self.settings.seed, cores: true, ..solver::Options::default() };
        let start = || Solver::start(&self.settings.solver, &settings);
        let mut solvers = [start()?, start()?];
        let plain = Options { budget: self.settings.limit / 3, ..Options::default() };
        let heavy = plain.clone().heavy();
        let strict = Options { strict_witnesses: true, ..plain.clone() };
        for (few, options) in [(None, &plain), (Some(2), &heavy), (Some(3), &plain), (None, &heavy), (None, &strict)] {
            for solver in &mut solvers {
                solver.reset(&settings);
            }
            let [first, second] = &mut solvers;
            let chosen: Vec<Term> = match few {
                None => formulas.to_vec(),
                Some(n) => match finite::core::core(second, &cut, &parts, n)? {
                    Some(core) => core.into_iter().map(|k| parts[k]).collect(),
                    None => continue,
                },
            };
            let mut own = cut.clone();
            let mut clauses = Clauses::new(&mut own, &chosen);
            gave_up = match Engine::new(&mut own, &mut clauses, (first, second), options.clone())?.run()? {
                Outcome::Proved(_) => return Ok(Refutation::Unsat),
                Outcome::Saturated => "no contradiction up to the highest level".to_string(),
                Outcome::OutOfTime => "none found in time".to_string(),
                Outcome::SolverUnknown(why) => why,
            };
        }
        Ok(Refutation::GaveUp(gave_up))
    }
}
