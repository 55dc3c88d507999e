//! The last word: the prover on the chosen items, for every n.

use crate::candidate::{Item, merged};
use crate::templates::TEMPLATES;
use crate::{InferError, Property, Search};
use heardof_core::ir::{Kind, SpecText, sorts};
use heardof_prove::condition::{self, Problem};
use heardof_prove::prove::{Proof, Settings, Verdict, prove};
use heardof_prove::solver::SolverError;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many conditions are worth a second try, with so much more time.
const FEW: usize = 2;
const PATIENCE: u32 = 3;

/// One choice of items and what the prover says of it.
pub(crate) struct Outcome {
    /// The chosen items.
    pub(crate) items: BTreeSet<Item>,
    /// The same as functions.
    pub(crate) invariants: Vec<SpecText>,
    /// A proof for each condition.
    pub(crate) proofs: Vec<Proof>,
    /// The verdicts.
    pub(crate) properties: Vec<Property>,
    /// The items with a condition that is not proved.
    pub(crate) failed: BTreeSet<Item>,
    /// Those with one that is refuted.
    pub(crate) refuted: BTreeSet<Item>,
}

impl Outcome {
    /// Whether all properties are proved, if the items are.
    pub(crate) fn proved(&self) -> bool {
        self.properties.iter().all(|p| p.missing.is_empty())
    }
    /// The number of processes of the largest counterexample.
    pub(crate) fn largest_refutation(&self) -> Option<u32> {
        self.proofs.iter().filter_map(|p| if let Verdict::Refuted(model) = &p.verdict { Some(model.n) } else { None }).max()
    }
    /// The properties that do not follow.
    pub(crate) fn refuted_properties(&self) -> Vec<String> {
        let refuted = self.proofs.iter().filter(|p| p.name.starts_with("property/") && matches!(p.verdict, Verdict::Refuted(_)));
        refuted.filter_map(|p| p.name.rsplit('/').next()).map(|name| stem(name).to_string()).collect()
    }
}

impl Search<'_> {
    /// Proves what can be proved of these items and of the properties.
    pub(crate) fn prove(&self, items: &BTreeSet<Item>) -> Result<Outcome, InferError> {
        let invariants = merged(self.bare, self.candidates, items);
        let mut algorithm = self.bare.clone();
        algorithm.specs.extend(invariants.iter().cloned());
        sorts::infer(&mut algorithm).map_err(InferError::Sort)?;
        let mut problem = heardof_prove::lower::lower(&algorithm);
        problem.conditions.retain(|c| ["initial/", "inductive/", "property/"].iter().any(|kind| c.name.starts_with(kind)));
        let settings = Settings {
            solver: self.settings.solver.clone(),
            seed: self.settings.seed,
            timeout: self.settings.condition,
            threads: self.settings.threads,
        };
        let mut proofs = self.run(&self.without_inputs(&problem), &settings)?;
        proofs.retain(is_proved);
        let mut rest = problem.clone();
        rest.conditions.retain(|c| proofs.iter().all(|p| p.name != c.name));
        proofs.extend(self.run(&rest, &settings)?);
        let place = |p: &Proof| problem.conditions.iter().position(|c| c.name == p.name);
        proofs.sort_by_key(place);
        if !self.late() {
            self.again(problem.clone(), &settings, &mut proofs)?;
        }
        Ok(self.outcome(items.clone(), invariants, proofs, &problem.uncovered))
    }

    fn run(&self, problem: &Problem, settings: &Settings) -> Result<Vec<Proof>, SolverError> {
        let (total, done) = (problem.conditions.len(), AtomicUsize::new(0));
        prove(problem, settings, &|proof| {
            let k = done.fetch_add(1, Ordering::Relaxed) + 1;
            (self.progress)(format!("proving for every n: {k} of {total}, {}", proof.name));
        })
    }

    /// What items that do not speak of inputs must satisfy, without assuming what the others say. Fewer hypotheses prove less, but faster,
    /// and where values come from matters for nothing but validity.
    fn without_inputs(&self, problem: &Problem) -> Problem {
        let inputs = |name: &str| {
            let candidate = self.candidates.iter().find(|c| c.name == name);
            candidate.is_some_and(|c| TEMPLATES[c.template].name == "inputs")
        };
        let speaks = |label: &str| label.strip_prefix("invariant ").is_some_and(inputs);
        let mut light = problem.clone();
        light.conditions.retain(|c| {
            let goal = c.name.rsplit('/').next().map_or("", stem);
            c.kind == condition::Kind::Inductive && !inputs(goal) && c.hypotheses.iter().any(|h| speaks(&h.label))
        });
        light.conditions.iter_mut().for_each(|c| c.hypotheses.retain(|h| !speaks(&h.label)));
        light
    }

    /// Where only a few conditions are unknown and none is refuted, these get more time and another seed: cheaper than another choice.
    fn again(&self, mut problem: Problem, settings: &Settings, proofs: &mut [Proof]) -> Result<(), SolverError> {
        let open = proofs.iter().filter(|p| !is_proved(p)).count();
        if open > FEW || proofs.iter().any(|p| matches!(p.verdict, Verdict::Refuted(_))) {
            return Ok(());
        }
        problem.conditions.retain(|c| proofs.iter().any(|p| p.name == c.name && !is_proved(p)));
        let settings = Settings { seed: settings.seed.wrapping_add(1), timeout: settings.timeout * PATIENCE, ..settings.clone() };
        for proof in self.run(&problem, &settings)? {
            if let Some(first) = proofs.iter_mut().find(|p| p.name == proof.name) {
                *first = proof;
            }
        }
        Ok(())
    }

    fn outcome(&self, items: BTreeSet<Item>, invariants: Vec<SpecText>, proofs: Vec<Proof>, uncovered: &[String]) -> Outcome {
        let items_of = |wanted: &dyn Fn(&Proof) -> bool| proofs.iter().filter(|p| wanted(p)).filter_map(|p| self.item(&p.name)).collect();
        let failed = items_of(&|p| !is_proved(p));
        let refuted = items_of(&|p| matches!(p.verdict, Verdict::Refuted(_)));
        let properties = self.properties(&proofs, uncovered);
        Outcome { items, invariants, proofs, properties, failed, refuted }
    }

    /// The item that a condition establishes.
    fn item(&self, condition: &str) -> Option<Item> {
        let parts: Vec<&str> = condition.split('/').collect();
        let rounds = &self.bare.rounds;
        let (round, name) = match parts.as_slice() {
            ["initial", name] => (0, stem(name)),
            ["inductive", round, name] => ((rounds.iter().position(|r| r.name == *round)? + 1) % rounds.len(), stem(name)),
            _ => return None,
        };
        Some((self.candidates.iter().position(|c| c.name == name)?, round))
    }

    fn properties(&self, proofs: &[Proof], uncovered: &[String]) -> Vec<Property> {
        let demanded = self.bare.specs.iter().filter(|s| s.kind == Kind::Property);
        let of = |name: &str| {
            let about = |condition: &str| condition.starts_with("property/") && condition.rsplit('/').next().map(stem) == Some(name);
            let open = proofs.iter().filter(|p| about(&p.name) && !is_proved(p)).map(|p| p.name.clone());
            let gaps = uncovered.iter().filter(|u| u.starts_with("everything") || u.split(':').next().is_some_and(about)).cloned();
            open.chain(gaps).collect()
        };
        demanded.map(|s| Property { name: s.name.clone(), missing: of(&s.name) }).collect()
    }

    /// Drops what is not proved, and what rested on it, until all that is left is proved: only then does a property count.
    pub(crate) fn settle(&self, mut outcome: Outcome) -> Result<Outcome, InferError> {
        while !outcome.failed.is_empty() {
            outcome.items.retain(|item| !outcome.failed.contains(item));
            outcome = self.prove(&outcome.items)?;
        }
        Ok(outcome)
    }
}

/// A goal that is a conjunction has a condition for each part: `name.2`, `name#2`.
fn stem(name: &str) -> &str {
    name.split(['.', '#']).next().unwrap_or_default()
}

fn is_proved(proof: &Proof) -> bool {
    matches!(proof.verdict, Verdict::Proved(_))
}
