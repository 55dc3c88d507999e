//! Induction by the book: every combination of local states, first states and kernels, through every round.

use super::{Twin, World, inputs};
use heardof_core::datum::{Bounds, product};
use heardof_core::ir::Algorithm;
use heardof_core::machine::Subject;
use std::collections::BTreeSet;

impl Twin<'_> {
    /// The names of invariants and properties that some state satisfying the invariants, or the step after it, violates.
    pub fn induction(&self, values: usize) -> BTreeSet<String> {
        let a: &Algorithm = self.machine.algorithm();
        let mut failed = BTreeSet::new();
        let locals = a.state.enumerate(&Bounds { n: self.n, values, phases: self.phases, nat: self.n });
        let starts: Vec<World> = inputs(a, self.n, values).iter().filter_map(|x| self.start(x)).collect();
        let kernels: Vec<Vec<bool>> = (0..1usize << self.n).map(|k| (0..self.n).map(|p| k >> p & 1 == 1).collect()).collect();
        let kernels = if self.keeps_kernel { kernels } else { vec![vec![true; self.n]] };
        for start in &starts {
            self.require(&self.due(0), &BTreeSet::from([start.clone()]), &mut failed);
        }
        let phases = if self.counts_rounds { self.phases } else { 1 };
        for round in 0..phases * self.rounds() {
            for now in product((0..self.n).map(|_| locals.clone())) {
                for (start, kernel) in starts.iter().flat_map(|s| kernels.iter().map(move |k| (s, k))) {
                    let w = World { now: now.clone(), first: start.first.clone(), round, kernel: kernel.clone() };
                    if self.due(round).iter().all(|k| self.holds(*k, &w)) {
                        self.through(&w, &mut failed);
                    }
                }
            }
        }
        failed
    }

    fn through(&self, w: &World, failed: &mut BTreeSet<String>) {
        self.require(&self.properties(1), &BTreeSet::from([w.clone()]), failed);
        let next = self.next(w, &self.predicates(w.round, None)).expect("no step is stuck").0;
        self.require(&self.due(w.round + 1), &next, failed);
        for spec in self.properties(2) {
            let old = self.system(w);
            if !next.iter().all(|new| self.machine.holds(spec, Subject::Step(&old, &self.system(new))) == Ok(true)) {
                failed.insert(self.machine.algorithm().specs[spec].name.clone());
            }
        }
    }

    fn require(&self, due: &[usize], worlds: &BTreeSet<World>, failed: &mut BTreeSet<String>) {
        for spec in due.iter().filter(|spec| !worlds.iter().all(|w| self.holds(**spec, w))) {
            failed.insert(self.machine.algorithm().specs[*spec].name.clone());
        }
    }
}
