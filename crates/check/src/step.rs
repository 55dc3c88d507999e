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

use crate::hash::{FastMap, Interner};
use crate::predicate::{Rule, View, set_of};
use crate::text::Facts;
use heardof_core::heard_of::HeardOfData;
use heardof_core::machine::{Interpreted, Machine, Moment, Stuck};
use heardof_core::mailbox::{Mailbox, Outbox, Tape};
use heardof_core::system::SystemData;
use heardof_core::{Datum, Phase, Pid, Sort};
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
}

/// A way to hear, and what it leads to.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The heard-of set.
    pub mask: u64,
    /// The coin; `None` where nobody asks.
    pub coin: Option<bool>,
    /// The numbers of the possible next local states, one for each way to break ties (and to toss, if the coin is `None`).
    pub outcomes: Vec<u32>,
}

/// The distinct outcomes of a process, and the number of heard-of sets that give them.
pub struct Outcomes {
    /// Numbers of local states, sorted.
    pub locals: Vec<u32>,
    /// How many heard-of sets are covered.
    pub assignments: u128,
}

/// A stuck step: where and why.
#[derive(Clone, Debug)]
pub struct StuckAt {
    /// The process.
    pub process: Pid,
    /// Why.
    pub why: Stuck,
}

/// Runs of `update`: the next local state, and how ties were broken.
pub type Runs = Vec<(u32, Vec<usize>)>;

/// The steps of one setting, with everything remembered that comes up again.
pub struct Stepper<'m> {
    /// The setting.
    pub set: Setting<'m>,
    /// The rounds of a phase.
    pub rounds: usize,
    /// Local states.
    pub locals: Interner<Datum>,
    messages: Interner<Datum>,
    procs: Interner<(u32, u32)>,
    halted: Vec<Option<bool>>,
    sends: FastMap<(u32, u32, u32), Rc<Outbox<u32>>>,
    updates: FastMap<Vec<u32>, Rc<Vec<u32>>>,
    all_outcomes: FastMap<Vec<u32>, Rc<Outcomes>>,
    all_choices: FastMap<Vec<u32>, Rc<Vec<Choice>>>,
    admitted: FastMap<[u64; 6], bool>,
    apart: Vec<Option<u64>>,
    coordinators: FastMap<usize, Pid>,
}

/// Everything about a row that its successors depend on.
pub struct Situation {
    /// The round, from 0.
    pub round: usize,
    /// The processes that have not halted.
    pub active: u64,
    /// The kernel of earlier rounds.
    pub kernel: u64,
    /// For each process, what each other sends it: message number + 1, or 0.
    pub incoming: Vec<Rc<[u32]>>,
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
            procs: Interner::default(),
            halted: vec![],
            sends: FastMap::default(),
            updates: FastMap::default(),
            all_outcomes: FastMap::default(),
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

    /// Sorts the interchangeable processes of a row.
    pub fn canonical(&mut self, row: &mut [u32]) -> Result<(), Stuck> {
        let apart = self.told_apart(self.round(row))?;
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

    fn is_halted(&mut self, local: u32) -> Result<bool, Stuck> {
        let k = local as usize;
        if self.halted.len() <= k {
            self.halted.resize(k + 1, None);
        }
        if let Some(halted) = self.halted[k] {
            return Ok(halted);
        }
        let halted = self.set.machine.halted(self.locals.value(local))?;
        self.halted[k] = Some(halted);
        Ok(halted)
    }

    /// The processes of a row that have not halted.
    pub fn active(&mut self, row: &[u32]) -> Result<u64, Stuck> {
        let mut mask = 0;
        for (p, proc) in row[..self.set.n].iter().enumerate() {
            if !self.is_halted(self.now(*proc))? {
                mask |= 1 << p;
            }
        }
        Ok(mask)
    }

    fn class(&self, p: Pid, apart: u64) -> u32 {
        if apart >> p.index() & 1 == 1 { p.index() as u32 } else { NOBODY }
    }

    fn send(&mut self, p: Pid, round: usize, local: u32, apart: u64) -> Result<Rc<Outbox<u32>>, Stuck> {
        // What is sent may be addressed to `ctx.id()`, so nobody sends in another's name once the text asks for it.
        let class = if self.set.facts.knows_itself() { p.index() as u32 } else { self.class(p, apart) };
        let key = (round as u32, class, local);
        if let Some(out) = self.sends.get(&key) {
            return Ok(out.clone());
        }
        let moment = self.moment(p, round, false)?;
        let sent = self.set.machine.send(round % self.rounds, self.locals.value(local), &moment)?;
        if moment.drew.get() {
            return Err(Stuck::Sort("`send` tosses a coin: not explored by the checker".into()));
        }
        let numbered = match sent {
            Outbox::Silent => Outbox::Silent,
            Outbox::Broadcast(m) => Outbox::Broadcast(self.messages.number(m)),
            Outbox::To(q, m) => Outbox::To(q, self.messages.number(m)),
            Outbox::Each(all) => Outbox::Each(all.iter().map(|(q, m)| (*q, self.messages.number(m.clone()))).collect()),
        };
        let out = Rc::new(numbered);
        self.sends.insert(key, out.clone());
        Ok(out)
    }

    /// What the successors of `row` depend on.
    pub fn situation(&mut self, row: &[u32]) -> Result<Situation, StuckAt> {
        let (round, n) = (self.round(row), self.set.n);
        let here = |why| StuckAt { process: Pid::new(0), why };
        let apart = self.told_apart(round).map_err(here)?;
        let active = self.active(row).map_err(here)?;
        let mut outs = Vec::with_capacity(n);
        for (p, proc) in Pid::all(n).zip(row) {
            let out = if active >> p.index() & 1 == 1 {
                self.send(p, round, self.now(*proc), apart).map_err(|why| StuckAt { process: p, why })?
            } else {
                Rc::new(Outbox::Silent)
            };
            outs.push(out);
        }
        let mut incoming: Vec<Rc<[u32]>> = vec![];
        for p in Pid::all(n) {
            let to_p: Vec<u32> = outs.iter().map(|out| out.message_to(p).map_or(0, |m| m + 1)).collect();
            match incoming.last() {
                Some(last) if **last == *to_p => incoming.push(last.clone()),
                _ => incoming.push(to_p.into()),
            }
        }
        Ok(Situation { round, active, kernel: self.kernel(row), incoming })
    }

    /// The next local states of `p` when it hears exactly the messages of `mask`: one for each coin (if `coin` is `None` and it asks)
    /// and each way to break ties; with whether the coin was looked at.
    fn update(&mut self, p: Pid, s: &Situation, local: u32, mask: u64, coin: Option<bool>, apart: u64) -> Result<Rc<Vec<u32>>, Stuck> {
        let key = self.mailbox_key(p, s, local, mask, coin, apart);
        if let Some(found) = self.updates.get(&key) {
            return Ok(found.clone());
        }
        let mut results = vec![];
        for toss in [false, true] {
            if coin.is_some_and(|c| c != toss) {
                continue;
            }
            let (runs, drew) = self.runs(p, s, local, mask, toss)?;
            results.extend(runs.into_iter().map(|(local, _)| local));
            if !drew && coin.is_none() {
                break;
            }
        }
        results.sort_unstable();
        results.dedup();
        let results = Rc::new(results);
        self.updates.insert(key, results.clone());
        Ok(results)
    }

    /// Every run of `update` with these messages and this coin: the next local state and how ties were broken; and whether the coin
    /// was looked at.
    pub fn runs(&mut self, p: Pid, s: &Situation, local: u32, mask: u64, coin: bool) -> Result<(Runs, bool), Stuck> {
        let heard = (0..self.set.n).filter(|q| mask >> q & 1 == 1 && s.incoming[p.index()][*q] > 0);
        let mailbox: Mailbox<Datum> = heard.map(|q| (Pid::new(q), self.messages.value(s.incoming[p.index()][q] - 1).clone())).collect();
        let (mut results, mut drew, mut script) = (vec![], false, Some(vec![]));
        while let Some(next) = script {
            let tape = Tape::new(next);
            let moment = self.moment(p, s.round, coin)?;
            let mailbox = mailbox.clone().with_ties(tape.clone());
            let state = self.set.machine.update(s.round % self.rounds, self.locals.value(local), &mailbox, &moment)?;
            drew |= moment.drew.get();
            results.push((self.locals.number(state), tape.script()));
            script = tape.next_script();
        }
        Ok((results, drew))
    }

    /// Mailboxes that the text cannot tell apart have the same key.
    fn mailbox_key(&self, p: Pid, s: &Situation, local: u32, mask: u64, coin: Option<bool>, apart: u64) -> Vec<u32> {
        let toss = coin.map_or(2, u32::from);
        let mut key = vec![s.round as u32, self.class(p, apart), local, toss];
        let start = key.len();
        for q in (0..self.set.n).filter(|q| mask >> q & 1 == 1) {
            let m = s.incoming[p.index()][q];
            if m > 0 {
                let known = apart >> q & 1 == 1 || (q == p.index() && self.set.facts.knows_itself());
                key.push(if known { (q as u32 + 1) << 24 | m } else { m });
            }
        }
        key[start..].sort_unstable();
        key
    }

    /// The distinct outcomes of `p` under every heard-of set that a rule on single processes admits.
    pub fn outcomes(
        &mut self,
        p: Pid,
        s: &Situation,
        proc: u32,
        rule: &Rule,
        rule_number: u32,
        view: &Viewed<'_>,
    ) -> Result<Rc<Outcomes>, Stuck> {
        let (local, apart) = (self.now(proc), self.told_apart(s.round)?);
        if !rule.is_trivial() {
            let choices = self.choices(p, s, proc, rule, rule_number, view)?;
            let mut locals: Vec<u32> = choices.iter().flat_map(|c| c.outcomes.iter().copied()).collect();
            locals.sort_unstable();
            locals.dedup();
            let assignments = choices.iter().filter(|c| c.coin != Some(true)).count() as u128;
            return Ok(Rc::new(Outcomes { locals, assignments }));
        }
        let key = self.mailbox_key(p, s, local, s.active, None, apart);
        if let Some(found) = self.all_outcomes.get(&key) {
            return Ok(found.clone());
        }
        let mut locals = vec![];
        for mask in self.distinct_masks(p, s, apart) {
            locals.extend_from_slice(&self.update(p, s, local, mask, None, apart)?);
        }
        locals.sort_unstable();
        locals.dedup();
        let outcomes = Rc::new(Outcomes { locals, assignments: 1 << s.active.count_ones() });
        self.all_outcomes.insert(key, outcomes.clone());
        Ok(outcomes)
    }

    /// Heard-of sets that lead to every distinct mailbox: of interchangeable senders of the same message only how many are heard matters.
    fn distinct_masks(&self, p: Pid, s: &Situation, apart: u64) -> Vec<u64> {
        let mut groups: Vec<(u64, u32, Vec<usize>)> = vec![];
        for q in (0..self.set.n).filter(|q| s.active >> q & 1 == 1) {
            let m = s.incoming[p.index()][q];
            let own = q == p.index() && self.set.facts.knows_itself();
            let name = if apart >> q & 1 == 1 || own { q as u64 + 1 } else { 0 };
            match groups.iter_mut().find(|(n, msg, _)| (*n, *msg) == (name, m)) {
                Some((_, _, members)) => members.push(q),
                None if m > 0 => groups.push((name, m, vec![q])),
                None => {}
            }
        }
        let mut masks = vec![0];
        for (_, _, members) in groups {
            let prefixes: Vec<u64> = (0..=members.len()).map(|k| members[..k].iter().map(|q| 1 << q).sum()).collect();
            masks = masks.iter().flat_map(|m| prefixes.iter().map(move |p| m | p)).collect();
        }
        masks
    }

    /// Every admitted way for `p` to hear, and what it leads to.
    pub fn choices(
        &mut self,
        p: Pid,
        s: &Situation,
        proc: u32,
        rule: &Rule,
        rule_number: u32,
        view: &Viewed<'_>,
    ) -> Result<Rc<Vec<Choice>>, Stuck> {
        let (local, apart) = (self.now(proc), self.told_apart(s.round)?);
        let mut key = vec![rule_number, s.round as u32, p.index() as u32, local, s.active as u32, s.kernel as u32];
        key.extend_from_slice(&s.incoming[p.index()]);
        if let Some(found) = self.all_choices.get(&key).filter(|_| !rule.reads_state) {
            return Ok(found.clone());
        }
        let coins: &[Option<bool>] = if rule.coins { &[Some(false), Some(true)] } else { &[None] };
        let mut choices = vec![];
        for mask in subsets(s.active) {
            for coin in coins {
                if self.admitted(p, s, mask, *coin, rule, rule_number, view)? {
                    let outcomes = self.update(p, s, local, mask, *coin, apart)?.to_vec();
                    choices.push(Choice { mask, coin: *coin, outcomes });
                }
            }
        }
        let choices = Rc::new(choices);
        self.all_choices.insert(key, choices.clone());
        Ok(choices)
    }

    #[expect(clippy::too_many_arguments, reason = "a condition on a process, what it hears and its coin, in a situation")]
    fn admitted(
        &mut self,
        p: Pid,
        s: &Situation,
        mask: u64,
        coin: Option<bool>,
        rule: &Rule,
        number: u32,
        view: &Viewed<'_>,
    ) -> Result<bool, Stuck> {
        let words = [(u64::from(number) << 32) | s.round as u64, p.index() as u64, s.active, s.kernel, mask, coin.map_or(2, u64::from)];
        if let Some(found) = self.admitted.get(&words).filter(|_| !rule.reads_state) {
            return Ok(*found);
        }
        let heard = view.heard(s, &|_| mask, &|_| coin == Some(true), self.set.n, self.set.parameters);
        let admitted = rule.admits_one(self.set.text, view.with(&heard), p)?;
        self.admitted.insert(words, admitted);
        Ok(admitted)
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
        }
    }

    /// The row of the processes after a step: number `k` of a row with a new local state.
    pub fn moved(&mut self, proc: u32, local: u32) -> u32 {
        let first = self.first(proc);
        self.procs.number((first, local))
    }
}

/// The state before the round, for predicates that read it.
#[derive(Clone, Copy)]
pub struct Viewed<'a> {
    /// The untyped system, where some predicate reads it.
    pub system: Option<&'a SystemData>,
}

impl<'a> Viewed<'a> {
    /// What a predicate is evaluated on.
    pub fn with<'b>(&self, heard: &'b HeardOfData) -> View<'b>
    where
        'a: 'b,
    {
        View { system: self.system, heard }
    }

    /// Heard-of sets in a situation, as untyped data.
    pub fn heard(
        &self,
        s: &Situation,
        mask: &dyn Fn(usize) -> u64,
        coin: &dyn Fn(usize) -> bool,
        n: usize,
        parameters: &Datum,
    ) -> HeardOfData {
        let set = |q: usize| set_of(if s.active >> q & 1 == 1 { mask(q) & s.active } else { 0 });
        let heard: Vec<_> = (0..n).map(set).collect();
        HeardOfData {
            safe: heard.clone(),
            heard,
            coins: (0..n).map(coin).collect(),
            active: set_of(s.active),
            round: s.round,
            kernel_before: set_of(s.kernel),
            parameters: parameters.clone(),
        }
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
    let free: Vec<usize> = (0..n).filter(|p| apart >> p & 1 == 0).collect();
    if !with_kernel {
        let mut words: Vec<u32> = free.iter().map(|p| row[*p]).collect();
        words.sort_unstable();
        free.iter().zip(words).for_each(|(p, w)| row[*p] = w);
        return;
    }
    let kernel = row[n + 1];
    let mut words: Vec<(u32, u32)> = free.iter().map(|p| (row[*p], kernel >> p & 1)).collect();
    words.sort_unstable();
    let mut sorted = kernel & apart as u32;
    for (p, (w, bit)) in free.iter().zip(words) {
        row[*p] = w;
        sorted |= bit << p;
    }
    row[n + 1] = sorted;
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
    }
}
