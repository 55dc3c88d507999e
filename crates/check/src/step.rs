//! One round of the whole system: from a state to its successors, by the product of each process's distinct outcomes.
//!
//! A state is a row of words: one for each process (the number of the pair first state, current state), then the round, then the
//! kernel of earlier rounds as a bit mask. Interchangeable processes are kept sorted.
//!
//! The outcomes of a process depend on its state and on the messages addressed to it, not on who else hears what; so they are worked
//! out once for each such situation and remembered. Where the rule of the round relates processes to each other (`no_split`, say), the
//! product is taken step by step, carrying what each later process may still hear; see [`crate::joint`].
//!
//! Worked example: One-Third Rule, n = 4, three estimates 0 and one 1. Everybody is sent the same four messages, so all four processes
//! have the same outcomes: stay, or take 0, or take and decide 0. The 2^16 assignments become at most 3^4 products, and, the three
//! equal processes being interchangeable, 10 · 3 rows.

mod outcomes;
mod situation;

pub use outcomes::{Choice, Outcomes, distinct};
pub use situation::{Situation, Viewed};

use crate::fault::Fault;
use crate::hash::{FastMap, Interner};
use crate::options::MAX_N;
use crate::predicate::set_of;
use crate::text::Facts;
use heardof_core::machine::{Interpreted, Machine, Moment, Stuck};
use heardof_core::system::SystemData;
use heardof_core::{Datum, Phase, Pid, Sort};
use situation::Situations;
use std::cell::Cell;
use std::rc::Rc;

/// What is fixed during an exploration.
#[derive(Clone, Copy)]
pub struct Setting<'m> {
    /// The algorithm: compiled or interpreted.
    pub machine: &'m dyn Machine,
    /// Its text, for parts of formulas.
    pub text: &'m Interpreted,
    /// What the text says about the state space.
    pub facts: &'m Facts,
    /// The number of processes.
    pub n: usize,
    /// The parameters.
    pub parameters: &'m Datum,
    /// The phases explored, where the text tells them apart.
    pub phases: usize,
    /// What may be forged.
    pub fault: &'m Fault,
}

/// A stuck step: where and why.
#[derive(Clone, Debug)]
pub struct StuckAt {
    /// The process.
    pub process: Pid,
    /// Why.
    pub why: Stuck,
}

/// The steps of one setting, with everything remembered that comes up again.
pub struct Stepper<'m> {
    /// The setting.
    pub set: Setting<'m>,
    /// The rounds of a phase.
    pub rounds: usize,
    /// Local states.
    pub locals: Interner<Datum>,
    /// Messages.
    pub messages: Interner<Datum>,
    /// Forged messages as numbers + 1, for each round of the phase; empty until they are first asked for.
    pub forgeries: Vec<Vec<u32>>,
    procs: Interner<(u32, u32)>,
    halted: Vec<Option<bool>>,
    situations: Situations,
    updates: FastMap<Vec<u32>, Rc<Vec<u32>>>,
    by_messages: FastMap<Vec<u32>, Rc<Vec<u32>>>,
    by_situation: FastMap<(u64, u64), Rc<Outcomes>>,
    all_choices: FastMap<[u64; 4], Rc<Vec<Choice>>>,
    admitted: FastMap<[u64; 7], bool>,
    apart: Vec<Option<u64>>,
    coordinators: FastMap<usize, Pid>,
}

const NOBODY: u32 = u32::MAX;

impl<'m> Stepper<'m> {
    /// Nothing remembered yet.
    pub fn new(set: Setting<'m>) -> Result<Self, Stuck> {
        if set.machine.algorithm().request != Sort::Unit {
            return Err(Stuck::Sort("requests are not explored by the checker".into()));
        }
        let rounds = set.machine.algorithm().rounds.len();
        Ok(Stepper {
            set,
            rounds,
            locals: Interner::default(),
            messages: Interner::default(),
            forgeries: vec![],
            procs: Interner::default(),
            halted: vec![],
            situations: Situations::new(set.n + 2),
            updates: FastMap::default(),
            by_messages: FastMap::default(),
            by_situation: FastMap::default(),
            all_choices: FastMap::default(),
            admitted: FastMap::default(),
            apart: vec![],
            coordinators: FastMap::default(),
        })
    }

    /// The words of a row.
    pub fn width(&self) -> usize {
        self.set.n + 2
    }

    /// The number of a process with this first and current state.
    pub fn proc(&mut self, first: u32, now: u32) -> u32 {
        self.procs.number((if self.set.facts.split { NOBODY } else { first }, now))
    }

    /// The current local state of a process number.
    pub fn now(&self, proc: u32) -> u32 {
        self.procs.value(proc).1
    }

    fn first(&self, proc: u32) -> u32 {
        self.procs.value(proc).0
    }

    /// The round of a row as the text sees it: rounds that it does not tell apart have one number for each round of the phase.
    pub fn round(&self, row: &[u32]) -> usize {
        row[self.set.n] as usize
    }

    /// The kernel of a row; everybody, where nobody asks.
    pub fn kernel(&self, row: &[u32]) -> u64 {
        if self.set.facts.uses_kernel { u64::from(row[self.set.n + 1]) } else { (1 << self.set.n) - 1 }
    }

    /// The round after `round`.
    pub fn next_round(&self, round: usize) -> usize {
        if self.set.facts.uses_round { round + 1 } else { (round + 1) % self.rounds }
    }

    /// The processes that may not be renamed from `round` on.
    pub fn told_apart(&mut self, round: usize) -> Result<u64, Stuck> {
        if let Some(Some(mask)) = self.apart.get(round) {
            return Ok(*mask);
        }
        let phases = if self.set.facts.uses_round { self.set.phases } else { 1 };
        let mask = self.set.facts.told_apart(self.set.machine, self.set.n, self.set.parameters, round, phases)?;
        if self.apart.len() <= round {
            self.apart.resize(round + 1, None);
        }
        self.apart[round] = Some(mask);
        Ok(mask)
    }

    /// The processes that keep their places when a row is sorted: who may not be renamed, and who follows no text.
    pub fn placed(&mut self, round: usize) -> Result<u64, Stuck> {
        Ok(self.told_apart(round)? | self.set.fault.byzantine)
    }

    /// Sorts the interchangeable processes of a row.
    pub fn canonical(&mut self, row: &mut [u32]) -> Result<(), Stuck> {
        let apart = self.placed(self.round(row))?;
        sort_free(row, self.set.n, apart, self.set.facts.uses_kernel);
        Ok(())
    }

    /// Who leads the phase of `round`.
    pub fn coordinator(&mut self, round: usize) -> Result<Pid, Stuck> {
        let phase = round / self.rounds;
        if let Some(c) = self.coordinators.get(&phase) {
            return Ok(*c);
        }
        let c = self.set.machine.coordinator(Phase::new(phase), self.set.n, self.set.parameters)?;
        self.coordinators.insert(phase, c);
        Ok(c)
    }

    fn moment(&mut self, p: Pid, round: usize, coin: bool) -> Result<Moment<'m>, Stuck> {
        let coordinator = self.coordinator(round)?;
        let (n, phase) = (self.set.n, Phase::new(round / self.rounds));
        Ok(Moment { id: p, n, round, phase, coordinator, parameters: self.set.parameters, coin, request: None, drew: Cell::new(false) })
    }

    /// The first local state of `p` with this input.
    pub fn init(&mut self, p: Pid, input: &Datum) -> Result<u32, Stuck> {
        let moment = self.moment(p, 0, false)?;
        let state = self.set.machine.init(input, &moment)?;
        if moment.drew.get() {
            return Err(Stuck::Sort("`init` tosses a coin: not explored by the checker".into()));
        }
        Ok(self.locals.number(state))
    }

    /// The untyped system of a row.
    pub fn system(&self, row: &[u32], firsts: &[u32]) -> SystemData {
        let n = self.set.n;
        let first = |k: usize| if self.set.facts.split { firsts[k] } else { self.first(row[k]) };
        SystemData {
            now: row[..n].iter().map(|proc| self.locals.value(self.now(*proc)).clone()).collect(),
            first: (0..n).map(|k| self.locals.value(first(k)).clone()).collect(),
            round: self.round(row),
            parameters: self.set.parameters.clone(),
            kernel: set_of(self.kernel(row)),
            byzantine: set_of(self.set.fault.byzantine),
        }
    }

    /// The row of the processes after a step: number `k` of a row with a new local state.
    pub fn moved(&mut self, proc: u32, local: u32) -> u32 {
        let first = self.first(proc);
        self.procs.number((first, local))
    }
}

/// Every subset of a mask, the empty one first.
pub fn subsets(mask: u64) -> impl Iterator<Item = u64> {
    let mut next = Some(0u64);
    std::iter::from_fn(move || {
        let this = next?;
        next = if this == mask { None } else { Some((this.wrapping_sub(mask)) & mask) };
        Some(this)
    })
}

/// Sorts the words of the processes outside `apart`, with their kernel bits if these matter.
pub fn sort_free(row: &mut [u32], n: usize, apart: u64, with_kernel: bool) {
    let (mut free, mut count) = ([0; MAX_N], 0);
    for p in (0..n).filter(|p| apart >> p & 1 == 0) {
        free[count] = p;
        count += 1;
    }
    let bit = |row: &[u32], p: usize| if with_kernel { row[n + 1] >> p & 1 } else { 0 };
    // By insertion: there are few, and they come nearly sorted.
    for sorted in 1..count {
        for k in (1..=sorted).rev() {
            let (p, q) = (free[k - 1], free[k]);
            if (row[p], bit(row, p)) <= (row[q], bit(row, q)) {
                break;
            }
            row.swap(p, q);
            if bit(row, p) != bit(row, q) {
                row[n + 1] ^= 1 << p | 1 << q;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_are_all_subsets() {
        assert_eq!(subsets(0b101).collect::<Vec<_>>(), [0, 0b001, 0b100, 0b101]);
        assert_eq!(subsets(0).count(), 1);
        assert_eq!(subsets(0b1_0110_1001).count(), 32);
    }

    #[test]
    fn sorting_keeps_told_apart_processes_and_moves_kernel_bits_along() {
        let mut row = [9, 5, 7, 3, 0, 0b0110];
        sort_free(&mut row, 4, 0b0001, true);
        assert_eq!(row, [9, 3, 5, 7, 0, 0b1100]);
        let mut row = [9, 5, 7, 3, 0, 0];
        sort_free(&mut row, 4, 0, false);
        assert_eq!(row, [3, 5, 7, 9, 0, 0]);
        // Of equal words those outside the kernel come first.
        let mut row = [2, 1, 1, 1, 0, 0b0011];
        sort_free(&mut row, 4, 0, true);
        assert_eq!(row, [1, 1, 1, 2, 0, 0b1100]);
    }
}
