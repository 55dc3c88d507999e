//! Can the hypotheses of a condition all be true? If not, its proof says nothing.
//!
//! Each distinct set of hypotheses is asked for a model with few processes, the largest sets first: what satisfies a set satisfies every
//! part of it. Where none is found the hypotheses are given to the prover with the goal `false`; if it proves that, they contradict each
//! other for every n, and whatever was proved from them is vacuous.
//!
//! Worked example: a liveness predicate that asks for `|HO(p)| > n` has no model with n = 1, 2 or 3, and `false` follows from it.

use crate::condition::{Condition, Hypothesis, Problem};
use crate::finite::{self, Outcome, Sizes};
use crate::prove::{self, Settings, Verdict};
use crate::solver::{self, Solver, SolverError};
use crate::term::Term;
use std::collections::BTreeSet;
use std::time::Duration;

/// Up to how many processes a model is looked for.
const MOST_PROCESSES: u32 = 3;
/// The most that the search for a model, or for a contradiction, takes for each set of hypotheses.
const LIMIT: Duration = Duration::from_secs(10);

/// What is known of the hypotheses of a condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Consistency {
    /// A system of so many processes satisfies them.
    Satisfied(u32),
    /// They contradict each other for every n: the condition is vacuous.
    Contradictory,
    /// Neither was shown, and why.
    Unknown(String),
}

impl Consistency {
    /// How bad it is.
    fn rank(&self) -> u8 {
        match self {
            Consistency::Satisfied(_) => 0,
            Consistency::Unknown(_) => 1,
            Consistency::Contradictory => 2,
        }
    }
}

/// The hypotheses of every condition, in the order of the conditions. One that goes over several rounds is as good as the worst of its
/// steps.
///
/// # Errors
/// When the solver cannot be started or dies.
pub fn consistency(problem: &Problem, settings: &Settings) -> Result<Vec<Consistency>, SolverError> {
    let parts = |condition: &Condition| -> Vec<BTreeSet<Term>> {
        let own = if condition.steps.is_empty() { std::slice::from_ref(condition) } else { condition.steps.as_slice() };
        own.iter().map(|c| c.hypotheses.iter().map(|h| h.formula).collect()).collect()
    };
    let mut sets: Vec<BTreeSet<Term>> = problem.conditions.iter().flat_map(parts).collect();
    sets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    sets.dedup();
    let mut known: Vec<(BTreeSet<Term>, Consistency)> = vec![];
    let mut solver = Solver::start(&settings.solver, &options(settings))?;
    for set in sets {
        let part_of =
            |(larger, answer): &&(BTreeSet<Term>, Consistency)| matches!(answer, Consistency::Satisfied(_)) && set.is_subset(larger);
        let answer = match known.iter().find(part_of) {
            Some((_, answer)) => answer.clone(),
            None => ask(problem, &set, settings, &mut solver)?,
        };
        known.push((set, answer));
    }
    let of = |set: BTreeSet<Term>| known.iter().find(|(other, _)| *other == set).map(|(_, answer)| answer.clone());
    let worst = |condition: &Condition| parts(condition).into_iter().filter_map(of).max_by_key(Consistency::rank);
    Ok(problem.conditions.iter().map(|c| worst(c).unwrap_or(Consistency::Satisfied(1))).collect())
}

fn options(settings: &Settings) -> solver::Options {
    solver::Options { seed: settings.seed, limit: LIMIT.min(settings.timeout), ..solver::Options::default() }
}

fn ask(problem: &Problem, set: &BTreeSet<Term>, settings: &Settings, solver: &mut Solver) -> Result<Consistency, SolverError> {
    let formulas: Vec<Term> = set.iter().copied().collect();
    solver.reset(&options(settings));
    let failures = match finite::search(solver, &problem.terms, &formulas, &Sizes { from: 1, to: MOST_PROCESSES }) {
        Ok(Outcome::Found(model)) => return Ok(Consistency::Satisfied(model.n)),
        Ok(Outcome::NotFound(failures)) => failures,
        Err(late @ SolverError::Late { .. }) => {
            *solver = Solver::start(&settings.solver, &options(settings))?;
            vec![late.to_string()]
        }
        Err(error) => return Err(error),
    };
    let mut terms = problem.terms.clone();
    let goal = terms.bool(false);
    let hypotheses = formulas.into_iter().map(|formula| Hypothesis { label: "hypothesis".into(), formula }).collect();
    let kind = crate::condition::Kind::Defined;
    let condition = Condition { name: "vacuity".into(), kind, hypotheses, goal, steps: vec![] };
    let question = Problem { terms, conditions: vec![condition], assumed: vec![], uncovered: vec![] };
    let limited = Settings { timeout: LIMIT.min(settings.timeout), threads: 1, ..settings.clone() };
    let proofs = prove::prove(&question, &limited, &|_| ())?;
    Ok(match proofs.into_iter().next().map(|proof| proof.verdict) {
        Some(Verdict::Proved(_)) => Consistency::Contradictory,
        Some(Verdict::Refuted(model)) => Consistency::Satisfied(model.n),
        Some(Verdict::Unknown(why)) => Consistency::Unknown([failures, vec![why]].concat().join("; ")),
        None => Consistency::Unknown(failures.join("; ")),
    })
}
