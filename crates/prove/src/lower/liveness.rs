//! The ladder of stages: what good phases lead to, and what stays.
//!
//! The checker takes a good phase from a boundary at stage k − 1 and looks at the waypoints of stage k on the way and at the progress
//! predicates of stage k at its end; and any phase from a boundary at stage k to its end. The conditions say the same with copies of
//! the state, one for each round, from one waypoint to the next: what was known at the last waypoint, the relations of the rounds
//! since then with their predicates, and the invariants at the boundaries between them. A stage is kept over a whole phase; in the
//! middle of it the progress predicate need not hold. Where it does, the condition follows from one of each round
//! ([`Condition::steps`]), which are easier to prove.
//!
//! Worked example: two-phase commit has a waypoint before Outcome, so stage 1 is Prepare and Votes in one condition
//! (`liveness/1/Votes/manager_decided`) and Outcome in another (`liveness/1/Outcome/all_decided`).

use super::conditions::{Assembly, Draft, Subject, after};
use super::world::{Lowered, Place};
use crate::condition::{Condition, Kind};
use heardof_core::ir::Kind as Mark;

impl Assembly<'_> {
    /// The progress predicates of a stage at the end of a phase.
    fn at_end(&self, stage: usize) -> Vec<usize> {
        self.of_kind(|kind| matches!(kind, Mark::Progress { stage: s, before } if *s == stage && before.is_empty()))
    }
    /// Its waypoints before round `k`.
    fn waypoints(&self, stage: usize, k: usize) -> Vec<usize> {
        let name = &self.algorithm.rounds[k].name;
        self.of_kind(|kind| matches!(kind, Mark::Progress { stage: s, before } if *s == stage && before.contains(name)))
    }
    /// The predicates of a good phase of a stage that speak of round `k`.
    fn good(&self, stage: usize, k: usize) -> Vec<usize> {
        let name = &self.algorithm.rounds[k].name;
        self.of_kind(|kind| match kind {
            Mark::Liveness { rounds, stage: s } => (rounds.is_empty() || rounds.contains(name)) && s.is_none_or(|s| s == stage),
            _ => false,
        })
    }

    /// All conditions of the ladder.
    pub(super) fn liveness(&mut self) {
        let stages = self.algorithm.specs.iter().filter_map(|s| match s.kind {
            Mark::Progress { stage, .. } => Some(stage),
            _ => None,
        });
        let last = stages.max().unwrap_or(0);
        for stage in 1..=last {
            self.climb(stage);
            self.stays(stage);
        }
        for spec in self.of_kind(|kind| *kind == Mark::Termination) {
            let name = self.name(spec);
            if last == 0 {
                self.gap(&format!("liveness/termination/{name}"), "there is no stage of progress that could imply it");
                continue;
            }
            let mut draft = self.before(0);
            self.assume_specs(&mut draft, "progress", &self.at_end(last), Place::HERE);
            let goal = self.spec(spec, Subject::At(Place::HERE));
            self.prove(&format!("liveness/termination/{name}"), Kind::Liveness, &draft, goal, name);
        }
    }

    /// Assumes rounds `from..=to`, the first from copy 0 of the state, and the invariants between them.
    fn assume_rounds(&mut self, draft: &mut Draft, from: usize, to: usize, stage: Option<usize>) -> Lowered<()> {
        for k in from..=to {
            let good = stage.map_or_else(Vec::new, |stage| self.good(stage, k));
            self.assume_round(draft, k, k - from, &good)?;
            self.assume_lemmas(draft, k, k - from);
            if k < to {
                let invariants = self.invariants(k + 1);
                self.assume_specs(draft, "invariant", &invariants, after(k + 1 - from, false));
            }
        }
        Ok(())
    }

    /// A good phase leads from one stage to the next, from waypoint to waypoint.
    fn climb(&mut self, stage: usize) {
        let rounds = &self.algorithm.rounds;
        let (mut from, mut reached) = (0, self.at_end(stage - 1));
        for (k, round) in rounds.iter().enumerate() {
            let ends = k + 1 == rounds.len();
            let goals = if ends { self.at_end(stage) } else { self.waypoints(stage, k + 1) };
            if goals.is_empty() {
                continue;
            }
            let mut draft = self.before(from);
            self.assume_specs(&mut draft, "progress", &reached, Place::HERE);
            let trouble = self.assume_rounds(&mut draft, from, k, Some(stage)).err();
            for spec in &goals {
                let name = self.name(*spec);
                let there = after(k + 1 - from, ends);
                let goal = trouble.clone().map_or_else(|| self.spec(*spec, Subject::At(there)), Err);
                self.prove(&format!("liveness/{stage}/{}/{name}", round.name), Kind::Liveness, &draft, goal, name);
            }
            (from, reached) = (k + 1, goals);
        }
    }

    /// A stage, once reached at the end of a phase, is there at the end of the next, whatever the network does.
    fn stays(&mut self, stage: usize) {
        let rounds = self.algorithm.rounds.len();
        let reached = self.at_end(stage);
        let mut draft = self.before(0);
        self.assume_specs(&mut draft, "progress", &reached, Place::HERE);
        let trouble = self.assume_rounds(&mut draft, 0, rounds - 1, None).err();
        let through = match trouble {
            None => (0..rounds - 1).flat_map(|k| self.stays_for_a_round(stage, k, &reached, &reached)).collect(),
            Some(_) => vec![],
        };
        for &spec in &reached {
            let name = self.name(spec);
            let goal = trouble.clone().map_or_else(|| self.spec(spec, Subject::At(after(rounds, true))), Err);
            let made = self.conditions.len();
            self.prove(&format!("liveness/{stage}/stays/{name}"), Kind::Liveness, &draft, goal, name);
            if trouble.is_none() && rounds > 1 {
                let last = self.stays_for_a_round(stage, rounds - 1, &reached, &[spec]);
                let parts = &mut self.conditions[made..];
                // The goal has the same conjuncts after a round as after a phase.
                let fits = parts.len() == last.len();
                for (condition, last) in parts.iter_mut().zip(last).filter(|_| fits) {
                    condition.steps = through.iter().cloned().chain([last]).collect();
                }
            }
        }
    }
    /// A stage that was reached is there after round `k` of the phase: more than is asked for, and easier to prove where it is so.
    fn stays_for_a_round(&mut self, stage: usize, k: usize, reached: &[usize], goals: &[usize]) -> Vec<Condition> {
        let (round, ends) = (&self.algorithm.rounds[k].name, k + 1 == self.algorithm.rounds.len());
        let mut draft = self.before(k);
        self.assume_specs(&mut draft, "progress", reached, Place::HERE);
        let trouble = self.assume_round(&mut draft, k, 0, &[]).err();
        self.assume_lemmas(&mut draft, k, 0);
        let made = self.conditions.len();
        for &spec in goals {
            let name = self.name(spec);
            let goal = trouble.clone().map_or_else(|| self.spec(spec, Subject::At(after(1, ends))), Err);
            self.prove(&format!("liveness/{stage}/stays/{name}/{round}"), Kind::Liveness, &draft, goal, name);
        }
        self.conditions.split_off(made)
    }
}
