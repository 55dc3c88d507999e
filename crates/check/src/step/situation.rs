//! What the successors of a state depend on besides its local states: who is active, what everybody is sent, the kernel.
//!
//! Many states send the same messages. Each situation is worked out once and numbered, so that what follows from it can be looked up by
//! its number; a state finds its situation by a row of its own, one word for what each process sends.
//!
//! Worked example: in LastVoting's second round only the coordinator sends, so the thousands of states with the same vote are in one
//! situation, whatever the estimates and timestamps of the others are.

use super::{Setting, Stepper, StuckAt};
use crate::hash::{Interner, States};
use crate::predicate::{View, set_of};
use heardof_core::heard_of::HeardOfData;
use heardof_core::machine::Stuck;
use heardof_core::system::SystemData;
use heardof_core::{Datum, Pid};
use std::rc::Rc;

/// Situations remembered at a time; when there are more, all are forgotten: they are worked out again as they come up.
const REMEMBERED: usize = 1 << 18;

/// Everything about a row, but for its local states, that its successors depend on.
pub struct Situation {
    /// Its number, until [`Stepper::situation`] is called again.
    pub number: u32,
    /// The round, from 0.
    pub round: usize,
    /// The processes that follow the text and have not halted.
    pub active: u64,
    /// The kernel of earlier rounds.
    pub kernel: u64,
    /// For each process, what each other sends it: message number + 1, or 0.
    pub incoming: Vec<Rc<[u32]>>,
    /// The numbers of these lists.
    pub incoming_numbers: Vec<u32>,
}

/// The situations seen so far.
pub(super) struct Situations {
    /// What a process sends to each: message number + 1, or 0.
    sent: Interner<Rc<[u32]>>,
    /// By round and class, then by local state: what it sends, as a word; 0: not known yet.
    words: Vec<Vec<u32>>,
    incoming: Interner<Rc<[u32]>>,
    /// A row for each situation: the words of the processes, the round, the kernel.
    keys: States,
    all: Vec<Rc<Situation>>,
    key: Vec<u32>,
    limit: usize,
}

/// The word of a process that sends nothing by the text: halted or Byzantine; what others send has the words from 2 on.
const HALTED: u32 = 1;

impl Situations {
    /// None yet, for rows of `width` words.
    pub(super) fn new(width: usize) -> Self {
        let (sent, incoming) = (Interner::default(), Interner::default());
        Situations { sent, words: vec![], incoming, keys: States::new(width), all: vec![], key: vec![0; width], limit: REMEMBERED }
    }
}

impl Stepper<'_> {
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

    /// The processes of a row that follow the text and have not halted.
    pub fn active(&mut self, row: &[u32]) -> Result<u64, Stuck> {
        let mut mask = 0;
        let follow = |p: &usize| self.set.fault.byzantine >> p & 1 == 0;
        for (p, proc) in row[..self.set.n].iter().enumerate().filter(|(p, _)| follow(p)) {
            if !self.is_halted(self.now(*proc))? {
                mask |= 1 << p;
            }
        }
        Ok(mask)
    }

    /// What `p` sends in this local state, as a word: [`HALTED`], or 2 + the number of what it sends to each.
    fn word(&mut self, p: Pid, round: usize, local: u32, apart: u64) -> Result<u32, Stuck> {
        // What is sent may be addressed to `ctx.id()`, so nobody sends in another's name once the text asks for it.
        let named = self.set.facts.knows_itself() || apart >> p.index() & 1 == 1;
        let (table, local) = (round * (self.set.n + 1) + if named { p.index() } else { self.set.n }, local as usize);
        if let Some(word) = self.situations.words.get(table).and_then(|t| t.get(local)).filter(|word| **word > 0) {
            return Ok(*word);
        }
        let word = if self.is_halted(local as u32)? { HALTED } else { 2 + self.send(p, round, local as u32)? };
        let words = &mut self.situations.words;
        if words.len() <= table {
            words.resize(table + 1, vec![]);
        }
        if words[table].len() <= local {
            words[table].resize(local + 1, 0);
        }
        words[table][local] = word;
        Ok(word)
    }

    /// The number of what `p` sends to each process.
    fn send(&mut self, p: Pid, round: usize, local: u32) -> Result<u32, Stuck> {
        let moment = self.moment(p, round, false)?;
        let out = self.set.machine.send(round % self.rounds, self.locals.value(local), &moment)?;
        if moment.drew.get() {
            return Err(Stuck::Sort("`send` tosses a coin: not explored by the checker".into()));
        }
        let mut number = |m: &Datum| self.messages.number(m.clone()) + 1;
        let sent: Vec<u32> = Pid::all(self.set.n).map(|q| out.message_to(q).map_or(0, &mut number)).collect();
        Ok(self.situations.sent.number(sent.into()))
    }

    /// What the successors of `row` depend on.
    pub fn situation(&mut self, row: &[u32]) -> Result<Rc<Situation>, StuckAt> {
        let (round, n) = (self.round(row), self.set.n);
        let apart = self.told_apart(round).map_err(|why| StuckAt { process: Pid::new(0), why })?;
        for (p, proc) in Pid::all(n).zip(row) {
            let byzantine = self.set.fault.byzantine >> p.index() & 1 == 1;
            let word = if byzantine { Ok(HALTED) } else { self.word(p, round, self.now(*proc), apart) };
            self.situations.key[p.index()] = word.map_err(|why| StuckAt { process: p, why })?;
        }
        let kernel = self.kernel(row);
        self.situations.key[n..].copy_from_slice(&[round as u32, kernel as u32]);
        if self.situations.all.len() >= self.situations.limit {
            self.forget_situations();
        }
        let known = &mut self.situations;
        let (number, new) = known.keys.insert(&known.key);
        if new {
            let situation = self.work_out(number as u32, round, kernel);
            self.situations.all.push(Rc::new(situation));
        }
        Ok(self.situations.all[number].clone())
    }

    fn work_out(&mut self, number: u32, round: usize, kernel: u64) -> Situation {
        let n = self.set.n;
        let Situations { sent, incoming: lists, key, .. } = &mut self.situations;
        let active = (0..n).filter(|p| key[*p] != HALTED).map(|p| 1 << p).sum();
        let (mut incoming, mut incoming_numbers) = (vec![], vec![]);
        for p in 0..n {
            let to_p: Vec<u32> = key[..n].iter().map(|word| if *word == HALTED { 0 } else { sent.value(word - 2)[p] }).collect();
            let number = lists.number(to_p.into());
            incoming.push(lists.value(number).clone());
            incoming_numbers.push(number);
        }
        Situation { number, round, active, kernel, incoming, incoming_numbers }
    }

    /// Forgets the situations and all that is remembered by their numbers.
    fn forget_situations(&mut self) {
        self.situations.keys = States::new(self.width());
        self.situations.all.clear();
        self.by_situation.clear();
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

    /// Heard-of sets in a situation, as untyped data; `masks` gives HO(q) and SHO(q).
    pub fn heard(
        &self,
        s: &Situation,
        masks: &dyn Fn(usize) -> (u64, u64),
        coin: &dyn Fn(usize) -> bool,
        set: &Setting<'_>,
    ) -> HeardOfData {
        let speaking = s.active | set.fault.byzantine;
        let of = |q: usize| if s.active >> q & 1 == 1 { masks(q) } else { (0, 0) };
        HeardOfData {
            heard: (0..set.n).map(|q| set_of(of(q).0 & speaking)).collect(),
            safe: (0..set.n).map(|q| set_of(of(q).1 & s.active)).collect(),
            coins: (0..set.n).map(coin).collect(),
            active: set_of(s.active),
            byzantine: set_of(set.fault.byzantine),
            round: s.round,
            kernel_before: set_of(s.kernel),
            parameters: set.parameters.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::explore::{Explored, Reach, explore};
    use crate::fault::Fault;
    use crate::judge::Judge;
    use crate::run::phases;
    use crate::step::{Setting, Stepper};
    use crate::text::Facts;
    use heardof_algorithms::LastVoting;
    use heardof_core::machine::{Interpreted, Machine};
    use heardof_core::{Datum, Pid, describe};

    /// LastVoting with two processes and two phases, remembering so many situations.
    fn explored(machine: &Interpreted, limit: Option<usize>) -> Explored {
        let a = machine.algorithm();
        let parameters = Datum::Struct("Leader", &["first", "shortcut"], vec![Datum::Pid(Pid::new(0)), Datum::Bool(false)].into());
        let facts = Facts::of(a);
        let fault = Fault::default();
        let set = Setting { machine, text: machine, facts: &facts, n: 2, parameters: &parameters, phases: 2, fault: &fault };
        let mut stepper = Stepper::new(set).expect("LastVoting asks for nothing");
        stepper.situations.limit = limit.unwrap_or(stepper.situations.limit);
        let reach = Reach { rounds: 2 * a.rounds.len(), states: 10_000, hurry: false, goals_only: false };
        let rules = phases(a).expect("its predicates are over one round").any;
        let explored = explore(&mut stepper, &mut Judge::new(a), &rules, &[Datum::Nat(0), Datum::Nat(1)], reach);
        explored.expect("it ends").expect("the inputs are allowed")
    }

    #[test]
    fn forgetting_situations_changes_nothing() {
        let machine = Interpreted::new(describe::<LastVoting<u64>>().expect("it has a description"));
        let (all, few) = (explored(&machine, None), explored(&machine, Some(1)));
        assert!(all.found.is_empty() && few.found.is_empty());
        let figures = |e: &Explored| (e.states.len(), e.successors, e.generated, e.assignments);
        assert_eq!(figures(&all), figures(&few));
        assert!((0..all.states.len()).all(|k| all.states.row(k) == few.states.row(k)));
    }
}
