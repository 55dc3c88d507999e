//! The last word: the prover on the chosen items, for every n.

use crate::candidate::{Item, merged};
use crate::{InferError, Property, Search};
use heardof_core::ir::{Kind, SpecText, sorts};
use heardof_prove::condition::Problem;
use heardof_prove::prove::{Proof, Settings, Verdict, prove};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much more time a condition gets when it is the last that is missing.
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
        let (total, done) = (problem.conditions.len(), AtomicUsize::new(0));
        let Self { settings, progress, .. } = self;
        let settings =
            Settings { solver: settings.solver.clone(), seed: settings.seed, timeout: settings.condition, threads: settings.threads };
        let mut proofs = prove(&problem, &settings, &|proof| {
            let k = done.fetch_add(1, Ordering::Relaxed) + 1;
            progress(format!("proving for every n: {k} of {total}, {}", proof.name));
        })?;
        if !self.late() {
            self.again(problem.clone(), &settings, &mut proofs)?;
        }
        let failed = proofs.iter().filter(|p| !is_proved(p)).filter_map(|p| self.item(&p.name)).collect();
        let properties = self.properties(&proofs, &problem.uncovered);
        Ok(Outcome { items: items.clone(), invariants, proofs, properties, failed })
    }

    /// Gives more time to the conditions that are unknown so far, if that is all that is missing.
    fn again(&self, mut problem: Problem, settings: &Settings, proofs: &mut [Proof]) -> Result<(), InferError> {
        let unknown = |p: &Proof| matches!(p.verdict, Verdict::Unknown(_));
        if proofs.iter().any(|p| matches!(p.verdict, Verdict::Refuted(_))) {
            return Ok(());
        }
        problem.conditions.retain(|c| proofs.iter().any(|p| p.name == c.name && unknown(p)));
        let settings = Settings { seed: settings.seed.wrapping_add(1), timeout: settings.timeout * PATIENCE, ..settings.clone() };
        let second = prove(&problem, &settings, &|proof| (self.progress)(format!("proving once more: {}", proof.name)))?;
        for proof in second {
            if let Some(first) = proofs.iter_mut().find(|p| p.name == proof.name) {
                *first = proof;
            }
        }
        Ok(())
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
