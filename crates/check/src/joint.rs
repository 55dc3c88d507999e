//! Successors of a state: products of outcomes, for rules on single processes and for rules that relate them.
//!
//! For a rule on single processes the outcomes are independent; interchangeable processes in the same state form a group, and a
//! successor is a multiset of outcomes for each group. For a rule on pairs or on the kernel, processes are taken one after the other; what
//! has been chosen so far is carried as (outcomes, what each later process may still choose, kernels), and equal ones are merged with
//! their number of assignments.
//!
//! Worked example: under no-split with n = 2, process 0 that heard {0} leaves process 1 the choices {0} and {0, 1}; when it heard
//! {0, 1} all non-empty ones. The two are carried apart only because they leave different choices.

use crate::hash::FastMap;
use crate::options::MAX_N;
use crate::predicate::{Rule, View};
use crate::step::{Choice, Outcomes, Situation, Stepper, StuckAt, Viewed, sort_free, subsets};
use heardof_core::Pid;
use heardof_core::machine::Stuck;
use std::rc::Rc;

/// Complete assignments that a rule of no special shape may cost for one state.
pub const WHOLE_LIMIT: u128 = 1 << 22;

/// A rule with its number, under which what it admits is remembered.
pub struct Numbered {
    /// The rule.
    pub rule: Rule,
    /// Different for every rule used with one stepper.
    pub number: u32,
    /// For rules on pairs: which choice of a later process goes with a choice of an earlier one.
    pairs: std::cell::RefCell<FastMap<[u64; 5], Rc<Vec<u128>>>>,
    /// For rules of no special shape: the complete assignments that they admit, by number.
    wholes: std::cell::RefCell<FastMap<[u64; 4], Rc<Vec<u32>>>>,
}

impl Numbered {
    /// A rule with a number of its own.
    pub fn new(rule: Rule, number: u32) -> Self {
        Numbered { rule, number, pairs: Default::default(), wholes: Default::default() }
    }
}

/// What the successors of a state cover.
#[derive(Clone, Copy, Default, Debug)]
pub struct Covered {
    /// Heard-of assignments; 0: the rule admits none.
    pub assignments: u128,
    /// Products of distinct outcomes, before interchangeable processes are taken together.
    pub products: u128,
}

/// Why the successors of a state cannot be listed.
#[derive(Debug)]
pub enum Trouble {
    /// A step is stuck.
    Stuck(StuckAt),
    /// Too many complete assignments.
    TooLarge {
        /// How many.
        assignments: u128,
    },
}

impl From<StuckAt> for Trouble {
    fn from(at: StuckAt) -> Self {
        Trouble::Stuck(at)
    }
}

fn at(p: Pid) -> impl Fn(Stuck) -> Trouble {
    move |why| Trouble::Stuck(StuckAt { process: p, why })
}

impl Stepper<'_> {
    /// Calls `emit` with every successor of `row` under the rule, first as its processes come out of `row`, then in canonical form, and
    /// returns what they cover. A successor may come more than once. None at all: the rule admits no assignment.
    pub fn successors(
        &mut self,
        row: &[u32],
        firsts: &[u32],
        rule: &Numbered,
        emit: &mut dyn FnMut(&[u32], &[u32]),
    ) -> Result<Covered, Trouble> {
        let s = self.situation(row)?;
        let n = self.set.n;
        // On the stack: this is asked for every state.
        let (mut next, mut sorted) = ([0; MAX_N + 2], [0; MAX_N + 2]);
        let (next, sorted) = (&mut next[..row.len()], &mut sorted[..row.len()]);
        next.copy_from_slice(row);
        next[n] = self.next_round(s.round) as u32;
        let apart = self.placed(next[n] as usize).map_err(at(Pid::new(0)))?;
        if s.active == 0 {
            emit(next, next);
            return Ok(Covered { assignments: 1, products: 1 });
        }
        let system = rule.rule.reads_state.then(|| self.system(row, firsts));
        let view = Viewed { system: system.as_ref() };
        let with_kernel = self.set.facts.uses_kernel;
        if rule.rule.is_local() && !with_kernel {
            let (seats, covered) = self.seats(&s, row, rule, &view)?;
            if covered.assignments > 0 {
                sorted.copy_from_slice(next);
                multisets(&seats, 0, next, &mut |row| {
                    sorted[..n].copy_from_slice(&row[..n]);
                    sort_free(sorted, n, apart, false);
                    emit(row, sorted);
                });
            }
            return Ok(covered);
        }
        let mut products = 0;
        let assignments = self.joint(&s, row, rule, &view, &mut |outcomes, kernel| {
            products += 1;
            next[..n].copy_from_slice(outcomes);
            if with_kernel {
                next[n + 1] = kernel as u32;
            }
            sorted.copy_from_slice(next);
            sort_free(sorted, n, apart, with_kernel);
            emit(next, sorted);
        })?;
        Ok(Covered { assignments, products })
    }

    /// The outcomes of every active process under a rule on single processes; interchangeable processes in the same state one after the
    /// other.
    fn seats(&mut self, s: &Situation, row: &[u32], rule: &Numbered, view: &Viewed<'_>) -> Result<(Vec<Seat>, Covered), Trouble> {
        let n = self.set.n;
        let apart = self.told_apart(s.round).map_err(at(Pid::new(0)))?;
        let free = |p: usize| apart >> p & 1 == 0;
        let mut seats: Vec<Seat> = Vec::with_capacity(n);
        let mut covered = Covered { assignments: 1, products: 1 };
        for p in (0..n).filter(|p| s.active >> p & 1 == 1) {
            let like = seats.iter().rposition(|seat| free(p) && row[seat.process] == row[p] && free(seat.process));
            let outcomes = match like {
                Some(k) => seats[k].outcomes.clone(),
                None => self.outcomes(Pid::new(p), s, row[p], &rule.rule, rule.number, view).map_err(at(Pid::new(p)))?,
            };
            covered.assignments = covered.assignments.saturating_mul(outcomes.assignments);
            covered.products = covered.products.saturating_mul(outcomes.procs.len() as u128);
            seats.insert(like.map_or(seats.len(), |k| k + 1), Seat { process: p, outcomes, follows: like.is_some() });
        }
        if covered.assignments == 0 {
            covered.products = 0;
        }
        Ok((seats, covered))
    }

    /// The outcomes of a rule that relates processes, or where the kernel counts: process numbers and kernel.
    fn joint(
        &mut self,
        s: &Situation,
        row: &[u32],
        rule: &Numbered,
        view: &Viewed<'_>,
        emit: &mut dyn FnMut(&[u32], u64),
    ) -> Result<u128, Trouble> {
        let n = self.set.n;
        let active: Vec<usize> = (0..n).filter(|p| s.active >> p & 1 == 1).collect();
        let mut choices = vec![];
        for p in &active {
            choices.push(self.choices(Pid::new(*p), s, row[*p], &rule.rule, rule.number, view).map_err(at(Pid::new(*p)))?);
        }
        if !rule.rule.uniform {
            return self.fold(s, row, &active, &choices, rule, view, emit);
        }
        let independent =
            rule.rule.two.is_empty() && rule.rule.kernel.is_empty() && rule.rule.whole.is_empty() && !self.set.facts.uses_kernel;
        let mut later: Vec<&[Choice]> = choices.iter().map(|c| c.as_slice()).collect();
        let mut assignments = 0u128;
        let mut product = Product::new(&active, &row[..n]);
        for mask in subsets(self.speaking(s)) {
            // Choices come in the order of their masks.
            let same: Vec<&[Choice]> = later.iter().map(|c| &c[..c.iter().take_while(|c| c.mask == mask).count()]).collect();
            later.iter_mut().zip(&same).for_each(|(later, same)| *later = &later[same.len()..]);
            if same.iter().any(|c| c.is_empty()) {
                continue;
            }
            assignments = assignments.saturating_add(if independent {
                product.clear();
                for (p, here) in active.iter().zip(&same) {
                    product.push(here.iter().flat_map(|c| &c.outcomes).map(|local| self.moved(row[*p], *local)));
                }
                product.each(0, &mut |row| emit(row, s.kernel));
                same.iter().map(|c| c.len() as u128).product()
            } else {
                let same: Vec<Rc<Vec<Choice>>> = same.iter().map(|c| Rc::new(c.to_vec())).collect();
                self.fold(s, row, &active, &same, rule, view, emit)?
            });
        }
        Ok(assignments)
    }

    #[expect(clippy::too_many_arguments, reason = "a situation with its choices, the rule, and where results go")]
    fn fold(
        &mut self,
        s: &Situation,
        row: &[u32],
        active: &[usize],
        choices: &[Rc<Vec<Choice>>],
        rule: &Numbered,
        view: &Viewed<'_>,
        emit: &mut dyn FnMut(&[u32], u64),
    ) -> Result<u128, Trouble> {
        if !rule.rule.whole.is_empty() {
            return self.whole(s, row, active, choices, rule, view, emit);
        }
        let n = self.set.n;
        let kernel_counts = self.set.facts.uses_kernel;
        let related = !rule.rule.two.is_empty();
        if related && choices.iter().any(|c| c.len() > 128) {
            return Err(Trouble::TooLarge { assignments: choices.iter().fold(1, |a: u128, c| a.saturating_mul(c.len() as u128)) });
        }
        let meets = !rule.rule.kernel.is_empty();
        let families = choices.iter().map(|c| if related { ones(c.len()) } else { 0 }).collect();
        let mut front: FastMap<Chosen, u128> = FastMap::default();
        front.insert(Chosen { outcomes: row[..n].to_vec(), families, kernel: s.kernel, meet: u64::MAX }, 1);
        for (k, p) in active.iter().enumerate() {
            let mut tables = vec![];
            for later in k + 1..active.len() {
                tables.push(if related { self.pairs(s, rule, view, active, choices, k, later)? } else { Rc::new(vec![]) });
            }
            let mut next: FastMap<Chosen, u128> = FastMap::default();
            for (Chosen { outcomes, families, kernel, meet }, count) in front {
                for (c, choice) in choices[k].iter().enumerate() {
                    if related && families[0] >> c & 1 == 0 {
                        continue;
                    }
                    let families: Vec<u128> =
                        if related { tables.iter().zip(&families[1..]).map(|(t, f)| f & t[c]).collect() } else { families[1..].to_vec() };
                    if related && families.contains(&0) {
                        continue;
                    }
                    let kernel = if kernel_counts { kernel & choice.mask } else { kernel };
                    let meet = if meets { meet & choice.mask } else { meet };
                    for (number, local) in choice.outcomes.iter().enumerate() {
                        let mut outcomes = outcomes.clone();
                        outcomes[*p] = self.moved(row[*p], *local);
                        let added = if number == 0 { count } else { 0 };
                        *next.entry(Chosen { outcomes, families: families.clone(), kernel, meet }).or_insert(0) += added;
                    }
                }
            }
            front = next;
        }
        let mut assignments = 0u128;
        let mut admitted: FastMap<u64, bool> = FastMap::default();
        for (Chosen { outcomes, kernel, meet, .. }, count) in front {
            let fits = match admitted.get(&meet) {
                Some(fits) => *fits,
                None => {
                    let fits = !meets || self.admits_kernel(s, rule, view, active, meet)?;
                    admitted.insert(meet, fits);
                    fits
                }
            };
            if fits {
                assignments = assignments.saturating_add(count);
                emit(&outcomes, kernel);
            }
        }
        Ok(assignments)
    }

    /// Whether a rule on the kernel admits this one: a condition that reads nothing else cannot tell how it came about.
    fn admits_kernel(&self, s: &Situation, rule: &Numbered, view: &Viewed<'_>, active: &[usize], kernel: u64) -> Result<bool, Trouble> {
        let masks = |q: usize| if active.contains(&q) { (kernel, kernel) } else { (0, 0) };
        let heard = view.heard(s, &masks, &|_| false, &self.set);
        rule.rule.admits_whole(self.set.text, view.with(&heard)).map_err(at(Pid::new(0)))
    }

    /// For each choice of process number `k`: the choices of the later process that go with it.
    #[expect(clippy::too_many_arguments, reason = "two processes, their choices, a situation and a rule")]
    fn pairs(
        &mut self,
        s: &Situation,
        rule: &Numbered,
        view: &Viewed<'_>,
        active: &[usize],
        choices: &[Rc<Vec<Choice>>],
        k: usize,
        later: usize,
    ) -> Result<Rc<Vec<u128>>, Trouble> {
        let (p, q) = (active[k], active[later]);
        let key = [(p as u64) << 32 | q as u64, (s.active << 32) | s.round as u64, s.kernel, summed(&choices[k]), summed(&choices[later])];
        if let Some(found) = rule.pairs.borrow().get(&key).filter(|_| !rule.rule.pairs_read_state) {
            return Ok(found.clone());
        }
        let mut table = vec![];
        for a in choices[k].iter() {
            let mut with = 0u128;
            for (number, b) in choices[later].iter().enumerate() {
                let masks = |r: usize| if r == p { (a.mask, a.safe) } else { (b.mask, b.safe) };
                let coin = |r: usize| if r == p { a.coin } else { b.coin } == Some(true);
                let heard = view.heard(s, &masks, &coin, &self.set);
                let view = view.with(&heard);
                if rule.rule.admits_two(self.set.text, view, Pid::new(p), Pid::new(q)).map_err(at(Pid::new(p)))? {
                    with |= 1 << number;
                }
            }
            table.push(with);
        }
        let table = Rc::new(table);
        if !rule.rule.pairs_read_state {
            rule.pairs.borrow_mut().insert(key, table.clone());
        }
        Ok(table)
    }

    /// Complete assignments, one by one.
    #[expect(clippy::too_many_arguments, reason = "a situation with its choices, the rule, and where results go")]
    fn whole(
        &mut self,
        s: &Situation,
        row: &[u32],
        active: &[usize],
        choices: &[Rc<Vec<Choice>>],
        rule: &Numbered,
        view: &Viewed<'_>,
        emit: &mut dyn FnMut(&[u32], u64),
    ) -> Result<u128, Trouble> {
        let n = self.set.n;
        let admitted = self.admitted_wholes(s, active, choices, rule, view)?;
        for number in admitted.iter() {
            let chosen = assignment(*number, n, active, choices);
            let kernel = active.iter().fold(s.kernel, |k, p| k & chosen[*p].map_or(0, |c| c.mask));
            let mut rows = vec![row[..n].to_vec()];
            for p in active {
                let locals = chosen[*p].map_or(&[][..], |c| &c.outcomes);
                let procs: Vec<u32> = locals.iter().map(|l| self.moved(row[*p], *l)).collect();
                rows = rows.into_iter().flat_map(|r| procs.iter().map(move |proc| with(&r, *p, *proc))).collect();
            }
            rows.iter().for_each(|r| emit(r, kernel));
        }
        Ok(admitted.len() as u128)
    }

    /// The numbers of the complete assignments that a rule admits. They depend on the state only where the rule reads it: else what each
    /// process may choose, too, follows from the round, who is active, the kernel and, if all hear the same, what that is.
    fn admitted_wholes(
        &mut self,
        s: &Situation,
        active: &[usize],
        choices: &[Rc<Vec<Choice>>],
        rule: &Numbered,
        view: &Viewed<'_>,
    ) -> Result<Rc<Vec<u32>>, Trouble> {
        let size = choices.iter().map(|c| c.len() as u128).product::<u128>();
        if size > WHOLE_LIMIT {
            return Err(Trouble::TooLarge { assignments: size });
        }
        let same = choices.first().and_then(|c| c.first()).map_or(0, |c| c.mask);
        let key = [s.round as u64, s.active, s.kernel, same];
        // With fewer than two values to forge it depends on the messages which of them can be altered.
        let fault = self.set.fault;
        let lasting = !rule.rule.reads_state && (fault.is_benign() || fault.forgeries[s.round % self.rounds].len() > 1);
        if let Some(found) = rule.wholes.borrow().get(&key).filter(|_| lasting) {
            return Ok(found.clone());
        }
        let mut admitted = vec![];
        for number in 0..size as u32 {
            let chosen = assignment(number, self.set.n, active, choices);
            let masks = |q: usize| chosen[q].map_or((0, 0), |c| (c.mask, c.safe));
            let heard = view.heard(s, &masks, &|q| chosen[q].is_some_and(|c| c.coin == Some(true)), &self.set);
            let seen = view.with(&heard);
            if rule.rule.admits_whole(self.set.text, seen).map_err(at(Pid::new(0)))? && self.all_pairs(rule, seen, active)? {
                admitted.push(number);
            }
        }
        let admitted = Rc::new(admitted);
        if lasting {
            rule.wholes.borrow_mut().insert(key, admitted.clone());
        }
        Ok(admitted)
    }

    fn all_pairs(&self, rule: &Numbered, view: View<'_>, active: &[usize]) -> Result<bool, Trouble> {
        if rule.rule.two.is_empty() {
            return Ok(true);
        }
        for p in active {
            for q in active {
                if !rule.rule.admits_two(self.set.text, view, Pid::new(*p), Pid::new(*q)).map_err(at(Pid::new(*p)))? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// A number that tells lists of choices apart, by what is heard and the coin [FNV].
fn summed(choices: &[Choice]) -> u64 {
    let words = choices.iter().flat_map(|c| [c.mask << 2 | c.coin.map_or(2, u64::from), c.safe]);
    words.fold(choices.len() as u64, |sum, word| sum.wrapping_mul(0x100_0000_01b3) ^ word)
}

/// Complete assignment number so much: a choice for each active process.
fn assignment<'c>(number: u32, n: usize, active: &[usize], choices: &'c [Rc<Vec<Choice>>]) -> Vec<Option<&'c Choice>> {
    let (mut chosen, mut rest) = (vec![None; n], number as usize);
    for (p, c) in active.iter().zip(choices) {
        chosen[*p] = Some(&c[rest % c.len()]);
        rest /= c.len();
    }
    chosen
}

fn with(row: &[u32], p: usize, proc: u32) -> Vec<u32> {
    let mut row = row.to_vec();
    row[p] = proc;
    row
}

fn ones(count: usize) -> u128 {
    if count >= 128 { u128::MAX } else { (1 << count) - 1 }
}

/// A process and its outcomes.
struct Seat {
    process: usize,
    outcomes: Rc<Outcomes>,
    /// The process before it is interchangeable with it and in the same state: of the two orders of their outcomes one is enough.
    follows: bool,
}

/// What has been chosen for some processes, taken one after the other.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Chosen {
    /// Process numbers.
    outcomes: Vec<u32>,
    /// What each later process may still choose.
    families: Vec<u128>,
    /// Whom everybody has heard in all rounds.
    kernel: u64,
    /// Whom everybody has heard in this round, where that counts.
    meet: u64,
}

/// Every way to give each process an outcome, where processes that follow another do not get one before the other's.
fn multisets(seats: &[Seat], from: usize, row: &mut [u32], emit: &mut dyn FnMut(&[u32])) {
    let Some((seat, later)) = seats.split_first() else { return emit(row) };
    for (k, proc) in seat.outcomes.procs.iter().enumerate().skip(if seat.follows { from } else { 0 }) {
        row[seat.process] = *proc;
        multisets(later, k, row, emit);
    }
}

/// Every way to give each of some processes one of its outcomes; the buffers are used again and again.
struct Product<'a> {
    active: &'a [usize],
    row: Vec<u32>,
    procs: Vec<u32>,
    /// Where the outcomes of each process end in `procs`.
    ends: Vec<usize>,
}

impl<'a> Product<'a> {
    fn new(active: &'a [usize], row: &[u32]) -> Self {
        Product { active, row: row.to_vec(), procs: vec![], ends: vec![] }
    }
    fn clear(&mut self) {
        self.procs.clear();
        self.ends.clear();
    }
    /// The outcomes of the next process; repeated ones count once.
    fn push(&mut self, outcomes: impl Iterator<Item = u32>) {
        let start = self.procs.len();
        for proc in outcomes {
            if !self.procs[start..].contains(&proc) {
                self.procs.push(proc);
            }
        }
        self.ends.push(self.procs.len());
    }
    fn each(&mut self, k: usize, emit: &mut dyn FnMut(&[u32])) {
        let Some(p) = self.active.get(k) else { return emit(&self.row) };
        for at in k.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[k] {
            self.row[*p] = self.procs[at];
            self.each(k + 1, emit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_three_with_three_outcomes_has_ten_multisets() {
        let outcomes = |procs: &[u32]| Rc::new(Outcomes { procs: procs.to_vec(), assignments: 1 });
        let (three, two) = (outcomes(&[7, 8, 9]), outcomes(&[5, 6]));
        let seats = [(0, &three, false), (1, &three, true), (2, &three, true), (3, &two, false)];
        let seats = seats.map(|(process, outcomes, follows)| Seat { process, outcomes: outcomes.clone(), follows });
        let mut rows = vec![];
        multisets(&seats, 0, &mut [0; 4], &mut |row| rows.push(row.to_vec()));
        assert_eq!(rows.len(), 20);
        assert!(rows.iter().all(|r| r[..3].is_sorted()));
    }

    #[test]
    fn a_product_takes_each_outcome_once_and_leaves_the_others_alone() {
        let mut product = Product::new(&[0, 2], &[9, 9, 9]);
        for _ in 0..2 {
            product.clear();
            product.push([1, 2, 1].into_iter());
            product.push([5, 6].into_iter());
            let mut rows = vec![];
            product.each(0, &mut |row| rows.push(row.to_vec()));
            assert_eq!(rows, [[1, 9, 5], [1, 9, 6], [2, 9, 5], [2, 9, 6]]);
        }
    }
}
