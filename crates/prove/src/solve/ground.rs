//! The ground engine as a prover of whole formulas.

use super::{Prover, Refutation, Settings};
use crate::clause::Clauses;
use crate::ground::{Engine, Options, Outcome};
use crate::solver::{self, Solver, SolverError};
use crate::term::{Term, Terms};

/// Tries the engine, then once more with strict witnesses.
pub struct Ground {
    settings: Settings,
}

impl Ground {
    /// A prover that starts its solvers for each question.
    pub fn new(settings: &Settings) -> Ground {
        Ground { settings: settings.clone() }
    }
    fn start(&self) -> Result<Solver, SolverError> {
        let options = solver::Options { limit: self.settings.limit, seed: self.settings.seed, cores: true, ..solver::Options::default() };
        Solver::start(&self.settings.solver, &options)
    }
}

impl Prover for Ground {
    fn name(&self) -> String {
        "instances and counting".to_string()
    }
    fn refute(&mut self, terms: &mut Terms, formulas: &[Term]) -> Result<Refutation, SolverError> {
        let mut gave_up = String::new();
        for strict_witnesses in [false, true] {
            let mut own = terms.clone();
            let mut clauses = Clauses::new(&mut own, formulas);
            let (mut first, mut second) = (self.start()?, self.start()?);
            let options = Options { budget: self.settings.limit, strict_witnesses, ..Options::default() };
            gave_up = match Engine::new(&mut own, &mut clauses, (&mut first, &mut second), options)?.run()? {
                Outcome::Proved(_) => return Ok(Refutation::Unsat),
                Outcome::Saturated => "no contradiction up to the highest level".to_string(),
                Outcome::OutOfTime => format!("none found in {} s", self.settings.limit.as_secs()),
                Outcome::SolverUnknown(why) => why,
            };
        }
        Ok(Refutation::GaveUp(gave_up))
    }
}
