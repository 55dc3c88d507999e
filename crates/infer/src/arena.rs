//! The conditions of all items at once, taken apart so that any choice of items can be put together again.
//!
//! Lowering is done once, with every item as an invariant. What a round must establish for an item (`goal`) and what an item says before
//! its round (`here`) are then formulas to combine: dropping an item costs nothing.

use crate::candidate::{Item, item_of};
use heardof_core::ir::Algorithm;
use heardof_prove::condition::{Condition, Problem};
use heardof_prove::finite::evaluate::holds;
use heardof_prove::finite::{Model, Outcome, Sizes, search};
use heardof_prove::solver::{Choice, Options, Solver, SolverError};
use heardof_prove::term::{Term, Terms};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The most that one search for a counterexample may take.
const SEARCH: Duration = Duration::from_secs(3);

/// Conditions with the same hypotheses: what follows from a state, from a round, or from being a first state.
#[derive(Clone, Default, Debug)]
pub struct Stage {
    /// What is assumed besides the items.
    common: Vec<Term>,
    /// What each item after it must satisfy.
    goals: BTreeMap<Item, Vec<Term>>,
    /// What is demanded, by name.
    demands: BTreeMap<String, Vec<Term>>,
}

/// All conditions.
pub struct Arena {
    terms: Terms,
    /// What an item says before its round.
    here: BTreeMap<Item, Term>,
    /// First states.
    first: Stage,
    /// For each round of the phase: the states before it, and the round.
    pub rounds: Vec<[Stage; 2]>,
    solver: Solver,
}

/// A state, and perhaps a round from it, that satisfies what was assumed and not what was to follow.
pub struct Counterexample {
    model: Box<Model>,
}

impl Arena {
    /// Takes apart the conditions of an algorithm whose invariants are items.
    ///
    /// # Errors
    /// When there is no solver.
    pub fn new(a: &Algorithm, solver: &Choice, seed: u32) -> Result<Arena, SolverError> {
        let Problem { terms, conditions, .. } = heardof_prove::lower::lower(a);
        let solver = Solver::start(solver, &Options { seed, limit: SEARCH, ..Options::default() })?;
        let (here, first) = Default::default();
        let mut arena = Arena { terms, here, first, rounds: vec![Default::default(); a.rounds.len()], solver };
        conditions.into_iter().for_each(|c| arena.take(a, c));
        arena.only_known();
        Ok(arena)
    }

    fn take(&mut self, a: &Algorithm, condition: Condition) {
        let parts: Vec<&str> = condition.name.split('/').collect();
        let round = |name: &str| a.rounds.iter().position(|r| r.name == name);
        // A goal that is a conjunction has a condition for each part: `name.2`, `name#2`.
        let stem = |name: &str| name.split(['.', '#']).next().unwrap_or_default().to_string();
        let stage = match parts.as_slice() {
            ["initial", item] => item_of(&stem(item)).map(|item| (&mut self.first, Ok(item))),
            ["inductive", name, item] => round(name).zip(item_of(&stem(item))).map(|(k, item)| (&mut self.rounds[k][1], Ok(item))),
            ["property", name, property] => {
                let step = condition.hypotheses.iter().any(|h| h.label.starts_with("round "));
                round(name).map(|k| (&mut self.rounds[k][usize::from(step)], Err(stem(property))))
            }
            _ => None,
        };
        let Some((stage, what)) = stage else { return };
        for h in &condition.hypotheses {
            match h.label.strip_prefix("invariant ").and_then(item_of) {
                Some(item) => drop(self.here.insert(item, h.formula)),
                None if !stage.common.contains(&h.formula) => stage.common.push(h.formula),
                None => {}
            }
        }
        match what {
            Ok(item) => stage.goals.entry(item).or_default().push(condition.goal),
            Err(property) => stage.demands.entry(property).or_default().push(condition.goal),
        }
    }

    /// An item without a formula is true, or says what another says: nothing is lost with it.
    fn only_known(&mut self) {
        let here = &self.here;
        let stages = self.rounds.iter_mut().flatten().chain([&mut self.first]);
        stages.for_each(|stage| stage.goals.retain(|item, _| here.contains_key(item)));
    }

    /// The items that have a formula.
    pub fn items(&self) -> BTreeSet<Item> {
        self.here.keys().copied().collect()
    }

    /// Demands these properties no longer.
    pub fn abandon(&mut self, properties: &[String]) {
        self.rounds.iter_mut().flatten().for_each(|stage| stage.demands.retain(|name, _| !properties.contains(name)));
    }

    /// A counterexample with n processes in first states to one of the items.
    pub fn refute_first(&mut self, items: &BTreeSet<Item>, n: u32) -> Result<Option<Counterexample>, SolverError> {
        let goals: Vec<Term> = items.iter().filter_map(|i| self.first.goals.get(i)).flatten().copied().collect();
        self.refute(self.first.common.clone(), goals, n)
    }

    /// A counterexample with n processes in round k: all `assumed` items due before it hold, and not all `wanted` ones after it.
    pub fn refute_round(
        &mut self,
        k: usize,
        assumed: &BTreeSet<Item>,
        wanted: &BTreeSet<Item>,
        n: u32,
    ) -> Result<Option<Counterexample>, SolverError> {
        let goals: Vec<Term> = wanted.iter().filter_map(|i| self.rounds[k][1].goals.get(i)).flatten().copied().collect();
        let hypotheses = self.hypotheses(k, 1, assumed);
        self.refute(hypotheses, goals, n)
    }

    /// A counterexample with n processes to what follows from the `chosen` items due before round k: that the `wanted` ones are kept, and
    /// with `demands`, what is demanded there. It breaks one of the `others` due before the round, if there are any: one can then be added.
    pub fn refute_chosen(
        &mut self,
        k: usize,
        (chosen, wanted, others): (&BTreeSet<Item>, &BTreeSet<Item>, &BTreeSet<Item>),
        demands: bool,
        n: u32,
    ) -> Result<Option<Counterexample>, SolverError> {
        let due: Vec<Term> = others.iter().filter(|(_, round)| *round == k).filter_map(|item| self.here.get(item)).copied().collect();
        let all = self.terms.and(due.iter().copied());
        let broken = (!due.is_empty()).then(|| self.terms.not(all));
        for stage in 0..2 {
            let kept = wanted.iter().filter_map(|i| self.rounds[k][stage].goals.get(i)).flatten();
            let demanded = self.rounds[k][stage].demands.values().flatten().filter(|_| demands);
            let goals: Vec<Term> = kept.chain(demanded).copied().collect();
            let mut hypotheses = self.hypotheses(k, stage, chosen);
            hypotheses.extend(broken);
            if let Some(found) = self.refute(hypotheses, goals, n)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn hypotheses(&self, k: usize, stage: usize, assumed: &BTreeSet<Item>) -> Vec<Term> {
        let due = assumed.iter().filter(|(_, round)| *round == k).filter_map(|item| self.here.get(item));
        self.rounds[k][stage].common.iter().chain(due).copied().collect()
    }

    fn refute(&mut self, mut formulas: Vec<Term>, goals: Vec<Term>, n: u32) -> Result<Option<Counterexample>, SolverError> {
        if goals.is_empty() {
            return Ok(None);
        }
        let all = self.terms.and(goals);
        formulas.push(self.terms.not(all));
        match search(&mut self.solver, &self.terms, &formulas, &Sizes { from: n, to: n })? {
            Outcome::Found(model) => Ok(Some(Counterexample { model })),
            Outcome::NotFound(_) => Ok(None),
        }
    }

    /// Which of these items do not hold after the round (or, without a round, in the first state) of a counterexample.
    pub fn broken_after(&self, k: Option<usize>, items: &BTreeSet<Item>, found: &Counterexample) -> BTreeSet<Item> {
        let stage = k.map_or(&self.first, |k| &self.rounds[k][1]);
        let breaks = |goals: &Vec<Term>| goals.iter().any(|goal| holds(&self.terms, &found.model, *goal) == Ok(false));
        items.iter().copied().filter(|item| stage.goals.get(item).is_some_and(breaks)).collect()
    }

    /// Which of these items do not hold before round k in a counterexample.
    pub fn broken_before(&self, k: usize, items: &BTreeSet<Item>, found: &Counterexample) -> BTreeSet<Item> {
        let breaks = |item: &Item| self.here.get(item).is_some_and(|f| holds(&self.terms, &found.model, *f) == Ok(false));
        items.iter().copied().filter(|item| item.1 == k && breaks(item)).collect()
    }
}
