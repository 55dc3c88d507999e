//! Liveness by the book: the ladder on sets of worlds, and runs that never terminate as cycles of a graph.

use super::{Reached, Twin, World, specs};
use heardof_core::ir::Kind;
use std::collections::{BTreeMap, BTreeSet};

type Worlds = BTreeSet<World>;

impl Twin<'_> {
    /// The worlds after each round of one phase from `from`; good for `stage`, or any.
    fn phase(&self, from: &Worlds, stage: Option<usize>) -> Vec<Worlds> {
        let mut layers: Vec<Worlds> = vec![];
        for k in 0..self.rounds() {
            let before = layers.last().unwrap_or(from);
            let predicates = self.predicates(k, stage);
            let step = |w| self.next(w, &predicates).expect("no step is stuck").0;
            layers.push(before.iter().flat_map(step).collect());
        }
        layers
    }

    fn all_hold(&self, specs: &[usize], w: &World) -> bool {
        specs.iter().all(|k| self.holds(*k, w))
    }

    /// The progress predicates of `stage` that are due at the end of the phase, or before a round.
    fn progress(&self, stage: usize, round: Option<&str>) -> Vec<usize> {
        specs(self.machine.algorithm(), |k| match k {
            Kind::Progress { stage: s, before } => *s == stage && round.map_or(before.is_empty(), |r| before.iter().any(|b| b == r)),
            _ => false,
        })
    }

    /// The names of progress predicates and terminations that fail, and whether some world admits a good phase.
    pub fn liveness(&self, reached: &Reached) -> (BTreeSet<String>, bool) {
        let a = self.machine.algorithm();
        let stages = a.specs.iter().filter_map(|s| if let Kind::Progress { stage, .. } = s.kind { Some(stage) } else { None }).max();
        let stages = stages.unwrap_or(1);
        let boundary: Worlds = reached.worlds.iter().filter(|w| w.round % self.rounds() == 0).cloned().collect();
        let at = |stage: usize| -> Worlds {
            let end = if stage == 0 { vec![] } else { self.progress(stage, None) };
            boundary.iter().filter(|w| self.all_hold(&end, w)).cloned().collect()
        };
        let with_room = |worlds: Worlds| -> Worlds { worlds.into_iter().filter(|w| self.within(w)).collect() };
        let (mut failed, mut possible) = (BTreeSet::new(), false);
        for stage in 1..=stages {
            let good = self.phase(&with_room(at(stage - 1)), Some(stage));
            possible |= good.last().is_some_and(|end| !end.is_empty());
            for (k, worlds) in good.iter().enumerate() {
                let name = a.rounds.get(k + 1).map(|r| r.name.as_str());
                self.collect(&self.progress(stage, name), worlds, &mut failed);
            }
            let any = self.phase(&with_room(at(stage)), None);
            self.collect(&self.progress(stage, None), any.last().expect("a phase has rounds"), &mut failed);
        }
        let terminations = specs(a, |k| *k == Kind::Termination);
        self.collect(&terminations, &at(stages), &mut failed);
        if self.never(&boundary, &terminations, stages) {
            failed.extend(terminations.iter().map(|k| a.specs[*k].name.clone()));
        }
        (failed, possible)
    }

    fn collect(&self, due: &[usize], worlds: &Worlds, failed: &mut BTreeSet<String>) {
        for spec in due.iter().filter(|spec| !worlds.iter().all(|w| self.holds(**spec, w))) {
            failed.insert(self.machine.algorithm().specs[*spec].name.clone());
        }
    }

    /// Whether some run has infinitely many good phases, or all that fit in, and does not terminate.
    fn never(&self, boundary: &Worlds, terminations: &[usize], stages: usize) -> bool {
        let open = |w: &World| !self.all_hold(terminations, w);
        if self.counts_rounds {
            let room = |w: &&World| w.round + stages * self.rounds() <= self.phases * self.rounds();
            let start: Worlds = boundary.iter().filter(room).cloned().collect();
            let end = (1..=stages).fold(start, |from, stage| self.phase(&from, Some(stage)).pop().unwrap_or_default());
            return end.iter().any(open);
        }
        // A cycle of worlds that have not terminated, with a good phase on it.
        let nodes: Vec<&World> = boundary.iter().filter(|w| open(w)).collect();
        let after = |w: &World, stage| self.phase(&BTreeSet::from([w.clone()]), stage).pop().unwrap_or_default();
        let any: BTreeMap<&World, Worlds> = nodes.iter().map(|w| (*w, after(w, None))).collect();
        let leads = |from: &World, to: &World| {
            let (mut seen, mut queue) = (Worlds::new(), vec![from.clone()]);
            while let Some(w) = queue.pop() {
                if w == *to {
                    return true;
                }
                if let Some(next) = any.get(&w).filter(|_| seen.insert(w.clone())) {
                    queue.extend(next.iter().cloned());
                }
            }
            false
        };
        nodes.iter().any(|w| after(w, Some(1)).iter().any(|v| open(v) && leads(v, w)))
    }
}
