//! Proofs cut down to what they need, for whoever reads or checks them.
//!
//! That takes about as long as finding a proof, so it is a step of its own: who only wants the verdict does without.

use crate::ground;
use crate::prove::{Method, Proof, Settings, Verdict};
use crate::solver::{self, Solver, SolverError};
use std::sync::Mutex;
use std::time::Duration;

/// The most that one proof may take, as far as that can be decided between two questions.
const BUDGET: Duration = Duration::from_secs(5);

/// Leaves, in every proof by ground formulas, those that it needs: see [`ground::needed`].
///
/// # Errors
/// When the solver cannot be started or dies.
pub fn minimise(proofs: &mut [Proof], settings: &Settings) -> Result<(), SolverError> {
    let mut all = Vec::new();
    proofs.iter_mut().for_each(|proof| collect(proof, &mut all));
    let threads = settings.threads.clamp(1, all.len().max(1));
    let jobs = Mutex::new(all);
    let worker = || -> Result<(), SolverError> {
        let options = solver::Options { seed: settings.seed, limit: BUDGET, cores: true, ..solver::Options::default() };
        let mut solver = Solver::start(&settings.solver, &options)?;
        loop {
            let next = jobs.lock().expect("no thread panics while it holds the lock").pop();
            let Some(method) = next else { return Ok(()) };
            let Method::Ground { terms, clauses, facts, .. } = method else { continue };
            solver.reset(&options);
            match ground::needed(&mut solver, terms, clauses, facts, BUDGET) {
                Ok(fewer) => *facts = fewer,
                // It has been killed. The proof stays as it is.
                Err(SolverError::Late { .. }) => solver = Solver::start(&settings.solver, &options)?,
                Err(error) => return Err(error),
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|w| w.join().expect("a panic is passed on"))
    })
}

/// The proofs by ground formulas, those of rounds among them.
fn collect<'a>(proof: &'a mut Proof, found: &mut Vec<&'a mut Method>) {
    match &mut proof.verdict {
        Verdict::Proved(Method::Rounds(steps)) => steps.iter_mut().for_each(|step| collect(step, found)),
        Verdict::Proved(method @ Method::Ground { .. }) => found.push(method),
        _ => {}
    }
}
