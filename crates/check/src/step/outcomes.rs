//! The distinct outcomes of one process: what it may hear, and what becomes of it.
//!
//! Three tables, from coarse to fine: by situation (a look-up for each process of each state), by the messages addressed to the process
//! (states that differ elsewhere share it), and by what is actually heard (heard-of sets that the text cannot tell apart share it).

use super::{NOBODY, Situation, Stepper, Viewed, subsets};
use crate::fault::Heard;
use crate::predicate::Rule;
use heardof_core::machine::Stuck;
use heardof_core::mailbox::{Mailbox, Tape};
use heardof_core::{Datum, Pid};
use std::rc::Rc;

/// A way to hear, and what it leads to.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The heard-of set.
    pub mask: u64,
    /// Of it the senders whose message is heard as it was sent.
    pub safe: u64,
    /// The coin; `None` where nobody asks.
    pub coin: Option<bool>,
    /// The numbers of the possible next local states, one for each way to forge, to break ties (and to toss, if the coin is `None`).
    pub outcomes: Vec<u32>,
}

/// The distinct outcomes of a process, and the number of heard-of sets that give them.
pub struct Outcomes {
    /// Process numbers, in the order of their local states.
    pub procs: Vec<u32>,
    /// How many heard-of sets are covered; with faults, pairs of these and of what is heard as sent.
    pub assignments: u128,
}

/// Runs of `update`: the next local state, and how ties were broken.
pub type Runs = Vec<(u32, Vec<usize>)>;

impl Stepper<'_> {
    fn class(&self, p: Pid, apart: u64) -> u32 {
        if apart >> p.index() & 1 == 1 { p.index() as u32 } else { NOBODY }
    }

    /// The next local states of `p` when it hears `mask`, of it `safe` as sent: one for each way to forge the others, each coin (if
    /// `coin` is `None` and it asks) and each way to break ties. None at all: nothing can be heard instead of what was sent.
    fn updates(
        &mut self,
        p: Pid,
        s: &Situation,
        local: u32,
        (mask, safe): (u64, u64),
        coin: Option<bool>,
        apart: u64,
    ) -> Result<Option<Rc<Vec<u32>>>, Stuck> {
        let mailboxes = self.mailboxes(p.index(), s, mask, safe);
        if let [mailbox] = mailboxes.as_slice() {
            return self.update(p, s, local, mailbox, coin, apart).map(Some);
        }
        let mut results = vec![];
        for mailbox in &mailboxes {
            results.extend_from_slice(&self.update(p, s, local, mailbox, coin, apart)?);
        }
        Ok((!mailboxes.is_empty()).then(|| Rc::new(distinct(results))))
    }

    /// The next local states of `p` when it hears exactly these messages: one for each coin and each way to break ties.
    fn update(
        &mut self,
        p: Pid,
        s: &Situation,
        local: u32,
        heard: &[Heard],
        coin: Option<bool>,
        apart: u64,
    ) -> Result<Rc<Vec<u32>>, Stuck> {
        let key = self.mailbox_key(p, s, local, heard, coin, apart);
        if let Some(found) = self.updates.get(&key) {
            return Ok(found.clone());
        }
        let mut results = vec![];
        for toss in [false, true] {
            if coin.is_some_and(|c| c != toss) {
                continue;
            }
            let (runs, drew) = self.runs(p, s, local, heard, toss)?;
            results.extend(runs.into_iter().map(|(local, _)| local));
            if !drew && coin.is_none() {
                break;
            }
        }
        let results = Rc::new(distinct(results));
        self.updates.insert(key, results.clone());
        Ok(results)
    }

    /// Every run of `update` with these messages and this coin: the next local state and how ties were broken; and whether the coin
    /// was looked at.
    pub fn runs(&mut self, p: Pid, s: &Situation, local: u32, heard: &[Heard], coin: bool) -> Result<(Runs, bool), Stuck> {
        let mailbox: Mailbox<Datum> = heard.iter().map(|(q, m)| (Pid::new(*q), self.messages.value(m - 1).clone())).collect();
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
    fn mailbox_key(&self, p: Pid, s: &Situation, local: u32, heard: &[Heard], coin: Option<bool>, apart: u64) -> Vec<u32> {
        let toss = coin.map_or(2, u32::from);
        let mut key = vec![s.round as u32, self.class(p, apart), local, toss];
        let start = key.len();
        for (q, m) in heard {
            let known = apart >> q & 1 == 1 || (*q == p.index() && self.set.facts.knows_itself());
            key.push(if known { (*q as u32 + 1) << 24 | m } else { *m });
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
        let key = (u64::from(s.number) << 32 | u64::from(rule_number), (p.index() as u64) << 32 | u64::from(proc));
        if let Some(found) = self.by_situation.get(&key).filter(|_| !rule.reads_state) {
            return Ok(found.clone());
        }
        let (locals, assignments) = if rule.is_trivial() {
            (self.unrestricted(p, s, self.now(proc))?, self.unrestricted_pairs(p.index(), s))
        } else {
            let choices = self.choices(p, s, proc, rule, rule_number, view)?;
            let locals = distinct(choices.iter().flat_map(|c| c.outcomes.iter().copied()).collect());
            (Rc::new(locals), choices.iter().filter(|c| c.coin != Some(true)).count() as u128)
        };
        let outcomes = Rc::new(Outcomes { procs: locals.iter().map(|local| self.moved(proc, *local)).collect(), assignments });
        if !rule.reads_state {
            self.by_situation.insert(key, outcomes.clone());
        }
        Ok(outcomes)
    }

    /// The next local states of `p` under any heard-of set.
    fn unrestricted(&mut self, p: Pid, s: &Situation, local: u32) -> Result<Rc<Vec<u32>>, Stuck> {
        let apart = self.told_apart(s.round)?;
        // Who is silent counts, too, where something may be made up.
        let silent = if self.set.fault.is_benign() { 0 } else { s.incoming[p.index()].iter().filter(|m| **m == 0).count() as u32 };
        let sent: Vec<Heard> = s.incoming[p.index()].iter().copied().enumerate().filter(|(_, m)| *m > 0).collect();
        let mut key = self.mailbox_key(p, s, local, &sent, None, apart);
        key.push(silent);
        if let Some(found) = self.by_messages.get(&key) {
            return Ok(found.clone());
        }
        let mut locals = vec![];
        for mask in self.distinct_masks(p, s, apart) {
            for safe in self.safes(mask) {
                let found = self.updates(p, s, local, (mask, safe), None, apart)?;
                found.iter().for_each(|found| locals.extend_from_slice(found));
            }
        }
        let locals = Rc::new(distinct(locals));
        self.by_messages.insert(key, locals.clone());
        Ok(locals)
    }

    /// Heard-of sets that lead to every distinct mailbox: of interchangeable senders of the same message only how many are heard matters.
    fn distinct_masks(&self, p: Pid, s: &Situation, apart: u64) -> Vec<u64> {
        let mut groups: Vec<(u64, u32, Vec<usize>)> = vec![];
        let fault = self.set.fault;
        for q in (0..self.set.n).filter(|q| self.speaking(s) >> q & 1 == 1) {
            let m = s.incoming[p.index()][q];
            let own = q == p.index() && self.set.facts.knows_itself();
            let byzantine = fault.byzantine >> q & 1 == 1;
            let anonymous = if byzantine { u64::MAX } else { 0 };
            let name = if apart >> q & 1 == 1 || own { q as u64 + 1 } else { anonymous };
            match groups.iter_mut().find(|(n, msg, _)| (*n, *msg) == (name, m)) {
                Some((_, _, members)) => members.push(q),
                None if m > 0 || byzantine || fault.alter > 0 => groups.push((name, m, vec![q])),
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
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let key = [
            pair(rule_number, s.round as u32),
            pair(p.index() as u32, local),
            pair(s.active as u32, s.kernel as u32),
            u64::from(s.incoming_numbers[p.index()]),
        ];
        if let Some(found) = self.all_choices.get(&key).filter(|_| !rule.reads_state) {
            return Ok(found.clone());
        }
        let coins: &[Option<bool>] = if rule.coins { &[Some(false), Some(true)] } else { &[None] };
        let mut choices = vec![];
        for mask in subsets(self.speaking(s)) {
            for safe in self.safes(mask) {
                for coin in coins {
                    if self.admitted(p, s, (mask, safe), *coin, rule, rule_number, view)? {
                        let outcomes = self.updates(p, s, local, (mask, safe), *coin, apart)?;
                        choices.extend(outcomes.map(|found| Choice { mask, safe, coin: *coin, outcomes: found.to_vec() }));
                    }
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
        (mask, safe): (u64, u64),
        coin: Option<bool>,
        rule: &Rule,
        number: u32,
        view: &Viewed<'_>,
    ) -> Result<bool, Stuck> {
        let (round, coin_word) = ((u64::from(number) << 32) | s.round as u64, coin.map_or(2, u64::from));
        let words = [round, p.index() as u64, s.active, s.kernel, mask, safe, coin_word];
        let known = self.admitted.get(&words).copied();
        if known == Some(false) || (known == Some(true) && !rule.reads_state) {
            return Ok(known == Some(true));
        }
        let heard = view.heard(s, &|_| (mask, safe), &|_| coin == Some(true), &self.set);
        let admitted = match known {
            Some(admitted) => admitted,
            None => rule.admits_one(self.set.text, view.with(&heard), p, false)?,
        };
        self.admitted.insert(words, admitted);
        Ok(admitted && (!rule.reads_state || rule.admits_one(self.set.text, view.with(&heard), p, true)?))
    }
}

/// Sorted, without repeats.
pub fn distinct<T: Ord>(mut numbers: Vec<T>) -> Vec<T> {
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
