//! From a path of canonical states to a run that a person can follow and a machine can replay.
//!
//! The exploration keeps states up to renaming. Here the renaming is undone: starting from the inputs, each round picks heard-of sets
//! that lead to a state which is the next one of the path up to renaming, with as few messages altered and then as many heard as possible.

use crate::joint::Numbered;
use crate::options::MAX_N;
use crate::predicate::set_of;
use crate::step::{Situation, Stepper, Viewed, sort_free};
use heardof_core::machine::{Machine, Moment, Stuck};
use heardof_core::mailbox::{Mailbox, Tape};
use heardof_core::{Datum, Map, Phase, Pid, Set};
use std::cell::Cell;

/// A run that ends in a violation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counterexample {
    /// The number of processes.
    pub n: usize,
    /// The parameters.
    pub parameters: Datum,
    /// The inputs; empty when the run starts in a state that need not be reachable.
    pub inputs: Vec<Datum>,
    /// The first states.
    pub initially: Vec<Datum>,
    /// The states before the first round shown.
    pub before: Vec<Datum>,
    /// The rounds.
    pub rounds: Vec<Round>,
    /// The processes that do not follow the text: what stands for their inputs and states means nothing.
    pub byzantine: Set<Pid>,
    /// A process whose step is stuck after the last round shown, and why.
    pub stuck: Option<(Pid, Stuck)>,
}

/// A round of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Round {
    /// Its number, from 0.
    pub number: usize,
    /// The name of the round type.
    pub name: String,
    /// Whom each process hears; empty for halted ones.
    pub heard: Vec<Set<Pid>>,
    /// What each process hears instead of what was sent to it, by sender; of Byzantine processes whatever it hears.
    pub forged: Vec<Map<Pid, Datum>>,
    /// The coin of each process, where it looked at it.
    pub coins: Vec<Option<bool>>,
    /// How `pick`, `max_by_key` and `merge` chose among several candidates, in the order of the calls; 0 is the smallest process id.
    pub ties: Vec<Vec<usize>>,
    /// Whether it belongs to a good phase.
    pub good: bool,
    /// The states after the round.
    pub after: Vec<Datum>,
}

impl Counterexample {
    /// Runs it again on `machine`; an error names the first state that comes out different.
    pub fn replay(&self, machine: &dyn Machine) -> Result<(), String> {
        let rounds = machine.algorithm().rounds.len();
        let mut states = self.before.clone();
        for round in &self.rounds {
            let k = round.number % rounds;
            let phase = Phase::new(round.number / rounds);
            let coordinator = machine.coordinator(phase, self.n, &self.parameters).map_err(|e| e.to_string())?;
            let moment = |p: Pid, coin: bool| Moment {
                id: p,
                n: self.n,
                round: round.number,
                phase,
                coordinator,
                parameters: &self.parameters,
                coin,
                request: None,
                drew: Cell::new(false),
            };
            let mut after = states.clone();
            for p in Pid::all(self.n).filter(|p| !self.byzantine.contains(p)) {
                if machine.halted(&states[p.index()]).map_err(|e| e.to_string())? {
                    continue;
                }
                let mut mailbox = Mailbox::default();
                for q in round.heard[p.index()].iter() {
                    if let Some(m) = round.forged[p.index()].get(q) {
                        mailbox.deliver(*q, m.clone());
                        continue;
                    }
                    if self.byzantine.contains(q) {
                        return Err(format!("round {}: nothing is said of what {q} sends to {p}", round.number));
                    }
                    let sent = machine.send(k, &states[q.index()], &moment(*q, false)).map_err(|e| e.to_string())?;
                    if let Some(m) = sent.message_to(p) {
                        mailbox.deliver(*q, m.clone());
                    }
                }
                let mailbox = mailbox.with_ties(Tape::new(round.ties[p.index()].clone()));
                let coin = round.coins[p.index()] == Some(true);
                after[p.index()] = machine
                    .update(k, &states[p.index()], &mailbox, &moment(p, coin))
                    .map_err(|e| format!("{p} in round {}: {e}", round.number))?;
            }
            if after != round.after {
                return Err(format!("round {} leads to {after:?}, not to {:?}", round.number, round.after));
            }
            states = after;
        }
        Ok(())
    }

    /// How many messages were altered, over all rounds; what Byzantine processes say is not counted.
    pub fn altered(&self) -> usize {
        let of = |forged: &Map<Pid, Datum>| forged.iter().filter(|(q, _)| !self.byzantine.contains(q)).count();
        self.rounds.iter().flat_map(|r| &r.forged).map(of).sum()
    }

    /// How many messages of processes that still speak were not heard, over all rounds.
    pub fn dropped(&self) -> usize {
        let speak = |r: &Round| r.heard.iter().filter(|h| !h.is_empty()).count();
        self.rounds.iter().map(|r| r.heard.iter().map(|h| self.n.saturating_sub(h.len())).sum::<usize>().min(speak(r) * self.n)).sum()
    }
}

/// A way for one process to act in a round.
struct Act {
    process: usize,
    mask: u64,
    safe: u64,
    coin: Option<bool>,
    proc: u32,
    local: u32,
}

impl Act {
    /// How little the adversary does here: an altered message weighs more than all that can be lost.
    fn calm(&self, byzantine: u64) -> i64 {
        const ALTERED: i64 = (MAX_N * MAX_N) as i64;
        let altered = self.mask & !self.safe & !byzantine;
        i64::from(self.mask.count_ones()) - ALTERED * i64::from(altered.count_ones())
    }
}

/// A round that the search by `Stepper::concrete` found.
pub struct Concrete {
    /// The successor, processes in the order of the row.
    pub row: Vec<u32>,
    /// The round.
    pub round: Round,
}

/// How many combinations are looked through for the one with fewest messages altered and most heard.
const SEARCH_LIMIT: usize = 200_000;

impl Stepper<'_> {
    /// A round from `row` to a state that `target` is the canonical form of (or, if `exact`, to that very row).
    pub fn concrete(
        &mut self,
        row: &[u32],
        firsts: &[u32],
        rule: &Numbered,
        target: &[u32],
        exact: bool,
        good: bool,
    ) -> Result<Option<Concrete>, Stuck> {
        let s = self.situation(row).map_err(|at| at.why)?;
        let n = self.set.n;
        let system = self.system(row, firsts);
        let view = Viewed { system: Some(&system) };
        let next_round = self.next_round(s.round);
        let apart = self.placed(next_round)?;
        let byzantine = self.set.fault.byzantine;
        let active: Vec<usize> = (0..n).filter(|p| s.active >> p & 1 == 1).collect();
        let mut acts: Vec<Vec<Act>> = vec![];
        for p in &active {
            let choices = self.choices(Pid::new(*p), &s, row[*p], &rule.rule, rule.number, &view)?;
            let mut mine: Vec<Act> = vec![];
            for choice in choices.iter() {
                for local in &choice.outcomes {
                    let proc = self.moved(row[*p], *local);
                    mine.push(Act { process: *p, mask: choice.mask, safe: choice.safe, coin: choice.coin, proc, local: *local });
                }
            }
            mine.sort_by_key(|a| std::cmp::Reverse(a.calm(byzantine)));
            let independent = rule.rule.is_local() && !self.set.facts.uses_kernel;
            if independent {
                let mut seen = vec![];
                mine.retain(|a| !seen.contains(&a.proc) && (seen.push(a.proc), true).1);
            }
            acts.push(mine);
        }
        let mut search = Search {
            stepper: self,
            s: &s,
            rule,
            view: &view,
            acts: &acts,
            target,
            exact,
            apart,
            next_round,
            best: None,
            budget: SEARCH_LIMIT,
        };
        search.go(&mut vec![], row)?;
        let Some((_, chosen)) = search.best else { return Ok(None) };
        let chosen: Vec<&Act> = chosen.iter().zip(&acts).map(|(k, a)| &a[*k]).collect();
        self.show(row, &s, &chosen, good, next_round).map(Some)
    }

    fn show(&mut self, row: &[u32], s: &Situation, chosen: &[&Act], good: bool, next_round: usize) -> Result<Concrete, Stuck> {
        let n = self.set.n;
        let mut next = row.to_vec();
        next[n] = next_round as u32;
        let k = s.round % self.rounds;
        let name = self.set.machine.algorithm().rounds[k].name.clone();
        let (mut heard, mut coins, mut ties) = (vec![Set::new(); n], vec![None; n], vec![vec![]; n]);
        let mut forged = vec![Map::new(); n];
        let mut kernel = s.kernel;
        for act in chosen {
            let p = act.process;
            next[p] = act.proc;
            kernel &= act.mask;
            heard[p] = set_of(act.mask);
            let mailboxes = self.mailboxes(p, s, act.mask, act.safe);
            let ways =
                mailboxes.iter().flat_map(|m| [false, true].map(|coin| (m, coin))).filter(|(_, coin)| act.coin.is_none_or(|c| c == *coin));
            for (mailbox, coin) in ways {
                let (runs, drew) = self.runs(Pid::new(p), s, self.now(row[p]), mailbox, coin)?;
                if let Some((_, script)) = runs.into_iter().find(|(local, _)| *local == act.local) {
                    ties[p] = script;
                    coins[p] = drew.then_some(coin);
                    let instead = mailbox.iter().filter(|(q, _)| act.safe >> q & 1 == 0);
                    forged[p] = instead.map(|(q, m)| (Pid::new(*q), self.messages.value(m - 1).clone())).collect();
                    break;
                }
            }
        }
        if self.set.facts.uses_kernel {
            next[n + 1] = kernel as u32;
        }
        let after = next[..n].iter().map(|proc| self.locals.value(self.now(*proc)).clone()).collect();
        Ok(Concrete { row: next, round: Round { number: s.round, name, heard, forged, coins, ties, good, after } })
    }
}

struct Search<'a, 'b> {
    stepper: &'a mut Stepper<'b>,
    s: &'a Situation,
    rule: &'a Numbered,
    view: &'a Viewed<'a>,
    acts: &'a [Vec<Act>],
    target: &'a [u32],
    exact: bool,
    apart: u64,
    next_round: usize,
    best: Option<(i64, Vec<usize>)>,
    budget: usize,
}

impl Search<'_, '_> {
    fn go(&mut self, chosen: &mut Vec<usize>, row: &[u32]) -> Result<(), Stuck> {
        if self.budget == 0 && self.best.is_some() {
            return Ok(());
        }
        let k = chosen.len();
        if k == self.acts.len() {
            return self.leaf(chosen, row);
        }
        let byzantine = self.stepper.set.fault.byzantine;
        let calm: i64 = chosen.iter().zip(self.acts).map(|(c, a)| a[*c].calm(byzantine)).sum();
        for number in 0..self.acts[k].len() {
            let act = &self.acts[k][number];
            let later = self.acts[k + 1..].iter().map(|a| a.first().map_or(0, |a| a.calm(byzantine)));
            let most = calm + act.calm(byzantine) + later.sum::<i64>();
            if self.best.as_ref().is_some_and(|(best, _)| most <= *best) {
                continue;
            }
            let possible = if self.exact || self.apart >> act.process & 1 == 1 {
                self.target[act.process] == act.proc
            } else {
                self.wanted(chosen, act)
            };
            let uniform = !self.rule.rule.uniform || k == 0 || self.acts[0][chosen[0]].mask == act.mask;
            if possible && uniform && self.related(chosen, number)? {
                self.budget = self.budget.saturating_sub(1);
                chosen.push(number);
                self.go(chosen, row)?;
                chosen.pop();
            }
        }
        Ok(())
    }

    /// Whether the target has one more free process in this state than were chosen already.
    fn wanted(&self, chosen: &[usize], act: &Act) -> bool {
        let n = self.stepper.set.n;
        let taken = chosen.iter().zip(self.acts).filter(|(c, a)| a[**c].proc == act.proc && self.apart >> a[**c].process & 1 == 0).count();
        let offered = (0..n).filter(|p| self.apart >> p & 1 == 0 && self.target[*p] == act.proc).count();
        taken < offered
    }

    fn related(&mut self, chosen: &[usize], number: usize) -> Result<bool, Stuck> {
        if self.rule.rule.two.is_empty() {
            return Ok(true);
        }
        let act = &self.acts[chosen.len()][number];
        for (c, acts) in chosen.iter().zip(self.acts) {
            let other = &acts[*c];
            let of = |r: usize| if r == act.process { act } else { other };
            let heard = self.view.heard(self.s, &|r| (of(r).mask, of(r).safe), &|r| of(r).coin == Some(true), &self.stepper.set);
            let view = self.view.with(&heard);
            if !self.rule.rule.admits_two(self.stepper.set.text, view, Pid::new(other.process), Pid::new(act.process))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn leaf(&mut self, chosen: &[usize], row: &[u32]) -> Result<(), Stuck> {
        let n = self.stepper.set.n;
        let acts: Vec<&Act> = chosen.iter().zip(self.acts).map(|(c, a)| &a[*c]).collect();
        let mut next = row.to_vec();
        next[n] = self.next_round as u32;
        acts.iter().for_each(|a| next[a.process] = a.proc);
        let with_kernel = self.stepper.set.facts.uses_kernel;
        if with_kernel {
            next[n + 1] = acts.iter().fold(self.s.kernel, |k, a| k & a.mask) as u32;
        }
        if !self.exact {
            sort_free(&mut next, n, self.apart, with_kernel);
        }
        if next != self.target {
            return Ok(());
        }
        if !self.rule.rule.whole.is_empty() {
            let find = |r: usize| acts.iter().find(|a| a.process == r);
            let masks = |r: usize| find(r).map_or((0, 0), |a| (a.mask, a.safe));
            let heard = self.view.heard(self.s, &masks, &|r| find(r).is_some_and(|a| a.coin == Some(true)), &self.stepper.set);
            if !self.rule.rule.admits_whole(self.stepper.set.text, self.view.with(&heard))? {
                return Ok(());
            }
        }
        let byzantine = self.stepper.set.fault.byzantine;
        let calm = acts.iter().map(|a| a.calm(byzantine)).sum();
        if self.best.as_ref().is_none_or(|(best, _)| calm > *best) {
            self.best = Some((calm, chosen.to_vec()));
        }
        Ok(())
    }
}
