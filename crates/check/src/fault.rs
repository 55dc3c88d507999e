//! What the adversary may do besides losing messages: alter what a process hears, or speak for Byzantine processes.
//!
//! With value faults, of the messages that a process hears in a round up to α are altered; with Byzantine faults every message of
//! certain processes, the same ones in every round, is whatever the adversary likes, another for each receiver. What is heard instead is
//! drawn from the *forgeries* of the round: every value of the message's type within the bounds of the check (words 0..values, as the
//! inputs; counts up to n; all process ids; the phases explored; every variant and combination of them), and whatever else the receiver
//! is sent in this round. Types that are not enumerated (strings, maps) leave only the latter. An altered message differs from what
//! was sent, and one may be made up where nothing was sent.
//!
//! Worked example: A(T, E, 1) with three processes that send 0, 0 and 1. Who hears all three has the mailboxes {0, 0, 1} as sent, and
//! {1, 0, 1}, {0, 1, 1}, {0, 0, 0} with one altered: three distinct ones, as it does not matter who said what.
//!
//! Source: M. Biely, B. Charron-Bost, A. Gaillard, M. Hutle, A. Schiper, J. Widder: Tolerating corrupted communication. PODC 2007,
//! Section 2.

use crate::options::CheckError;
use crate::step::{Situation, Stepper, subsets};
use crate::text::Facts;
use heardof_core::datum::Bounds;
use heardof_core::heard_of::HeardOfData;
use heardof_core::ir::{Algorithm, Kind, Speaks};
use heardof_core::machine::Subject;
use heardof_core::{Datum, Faults, Machine, Pid, Set, Sort};

/// The most forgeries of a round that are enumerated.
pub const FORGERIES_LIMIT: usize = 64;

/// What is fixed about faults during an exploration.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Fault {
    /// At most so many of the messages that a process hears in a round are altered: α.
    pub alter: usize,
    /// The processes that do not follow the text, as a mask.
    pub byzantine: u64,
    /// For each round of the phase: the values that forged messages are drawn from, besides what the receiver is sent.
    pub forgeries: Vec<Vec<Datum>>,
}

/// A message in a mailbox: its sender and its number.
pub type Heard = (usize, u32);

impl Fault {
    /// Whether messages only get lost.
    pub fn is_benign(&self) -> bool {
        self.alter == 0 && self.byzantine == 0
    }
}

/// Every choice of Byzantine processes, up to renaming of those outside `apart`; nobody first. One with value faults or none.
pub fn faults(machine: &dyn Machine, facts: &Facts, parameters: &Datum, bounds: &Bounds, apart: u64) -> Result<Vec<Fault>, CheckError> {
    let stuck = |why| CheckError::Stuck { function: "faults".into(), why };
    let forgeries = || forgeries(machine.algorithm(), bounds);
    let n = bounds.n;
    match machine.faults(parameters).map_err(stuck)? {
        Faults::Benign | Faults::Value { at_most: 0 } => Ok(vec![Fault::default()]),
        Faults::Value { at_most } => Ok(vec![Fault { alter: at_most, byzantine: 0, forgeries: forgeries()? }]),
        Faults::Byzantine { at_most } => {
            let told = if facts.asymmetric.is_some() { (1 << n) - 1 } else { apart };
            let free: Vec<usize> = (0..n).filter(|p| told >> p & 1 == 0).collect();
            let mut all = vec![Fault::default()];
            for named in subsets(told).filter(|set| set.count_ones() as usize <= at_most) {
                for others in 0..=free.len().min(at_most - named.count_ones() as usize) {
                    let byzantine = free[free.len() - others..].iter().fold(named, |set, p| set | 1 << p);
                    // Of a system without a process that follows the text nothing is said.
                    if byzantine != 0 && byzantine.count_ones() < n as u32 {
                        all.push(Fault { alter: 0, byzantine, forgeries: forgeries()? });
                    }
                }
            }
            all.sort_by_key(|fault| (fault.byzantine.count_ones(), fault.byzantine));
            Ok(all)
        }
    }
}

/// Whether something can be forged with these parameters: one message to everybody, all else arrives, and the predicates of every round
/// admit it. (Those over a state are taken to.)
pub fn possible(machine: &dyn Machine, parameters: &Datum, n: usize) -> Result<bool, CheckError> {
    let all: Set<Pid> = Pid::all(n).collect();
    let others: Set<Pid> = Pid::all(n.saturating_sub(1)).collect();
    let last = all.filter(|p| !others.contains(p));
    let (active, byzantine) = match machine.faults(parameters) {
        Ok(Faults::Value { at_most: 1.. }) => (all.clone(), Set::new()),
        Ok(Faults::Byzantine { at_most: 1.. }) => (others.clone(), last),
        Ok(_) => return Ok(false),
        Err(why) => return Err(CheckError::Stuck { function: "faults".into(), why }),
    };
    let heard = HeardOfData { safe: vec![others; n], active, byzantine, ..HeardOfData::benign(vec![all; n], 0, parameters.clone()) };
    for (k, spec) in machine.algorithm().specs.iter().enumerate() {
        let stuck = |why| CheckError::Stuck { function: spec.name.clone(), why };
        if spec.kind == Kind::Safety && spec.speaks == Speaks::Heard && !machine.holds(k, Subject::Heard(&heard)).map_err(stuck)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn forgeries(a: &Algorithm, bounds: &Bounds) -> Result<Vec<Vec<Datum>>, CheckError> {
    let of = |round: &heardof_core::ir::Round| {
        let values = size(&round.message, bounds);
        if values > FORGERIES_LIMIT as u128 {
            let what = format!("forged messages of round {} with n = {}", round.name, bounds.n);
            let size = format!("{values} values of {}, and at most {FORGERIES_LIMIT} are enumerated", round.message);
            return Err(CheckError::TooLarge { what, size, advice: "lower -n, --values or --phases".into() });
        }
        Ok(round.message.enumerate(bounds))
    };
    a.rounds.iter().map(of).collect()
}

/// How many values [`Sort::enumerate`] gives, without making them.
fn size(sort: &Sort, bounds: &Bounds) -> u128 {
    let all = |sorts: &mut dyn Iterator<Item = &Sort>| sorts.fold(1u128, |product, s| product.saturating_mul(size(s, bounds)));
    match sort {
        Sort::Tuple(sorts) => all(&mut sorts.iter()),
        Sort::Option(s) => size(s, bounds).saturating_add(1),
        Sort::Struct(_, fields) => all(&mut fields.iter().map(|(_, s)| s)),
        Sort::Enum(_, variants) => variants.iter().fold(0, |sum, (_, fields)| sum.saturating_add(all(&mut fields.iter().map(|(_, s)| s)))),
        flat => flat.enumerate(bounds).len() as u128,
    }
}

/// What forged messages are drawn from, in words; `None` where there are none.
pub fn drawn_from(a: &Algorithm, fault: &Fault) -> Option<String> {
    const SHOWN: usize = 8;
    if fault.is_benign() {
        return None;
    }
    let of = |(round, values): (&heardof_core::ir::Round, &Vec<Datum>)| {
        let mut names: Vec<String> = values.iter().take(SHOWN).map(Datum::to_string).collect();
        if values.len() > SHOWN {
            names.push(format!(".. ({} values)", values.len()));
        }
        let names = if names.is_empty() { format!("no {} of its own", round.message) } else { names.join(", ") };
        format!("in {} {names}", round.name)
    };
    let rounds: Vec<String> = a.rounds.iter().zip(&fault.forgeries).map(of).collect();
    Some(format!("forged messages are drawn from these values and from what the receiver is sent: {}", rounds.join("; ")))
}

impl Stepper<'_> {
    /// The processes that may be heard: those that have not halted, and those that follow no text.
    pub fn speaking(&self, s: &Situation) -> u64 {
        s.active | self.set.fault.byzantine
    }

    /// The sets SHO(p) that go with a set HO(p): everything as it was sent first.
    pub fn safes(&self, mask: u64) -> Vec<u64> {
        let fault = self.set.fault;
        let followers = mask & !fault.byzantine;
        if fault.alter == 0 {
            return vec![followers];
        }
        let mut altered: Vec<u64> = subsets(followers).filter(|set| set.count_ones() as usize <= fault.alter).collect();
        altered.sort_by_key(|set| (set.count_ones(), *set));
        altered.into_iter().map(|set| followers & !set).collect()
    }

    /// What `p` may find in its mailbox when it hears `mask`, of it `safe` as sent: one mailbox, or, where messages are forged, one for
    /// each way to do so. None where something is forged and nothing differs from what was sent.
    pub fn mailboxes(&mut self, p: usize, s: &Situation, mask: u64, safe: u64) -> Vec<Vec<Heard>> {
        let incoming = s.incoming[p].clone();
        let mut all: Vec<Vec<Heard>> = vec![Vec::with_capacity(self.set.n)];
        for q in (0..self.set.n).filter(|q| mask >> q & 1 == 1) {
            if safe >> q & 1 == 1 {
                all.iter_mut().filter(|_| incoming[q] > 0).for_each(|mailbox| mailbox.push((q, incoming[q])));
                continue;
            }
            let forged = self.forged(s, &incoming, incoming[q]);
            let with = |mailbox: &Vec<Heard>, m: &u32| mailbox.iter().copied().chain([(q, *m)]).collect();
            all = all.iter().flat_map(|mailbox| forged.iter().map(move |m| with(mailbox, m))).collect();
        }
        all
    }

    /// The numbers of the messages that may be heard instead of `sent`.
    fn forged(&mut self, s: &Situation, incoming: &[u32], sent: u32) -> Vec<u32> {
        let k = s.round % self.rounds;
        if self.forgeries.is_empty() {
            let messages = &mut self.messages;
            let number = |values: &Vec<Datum>| values.iter().map(|m| messages.number(m.clone()) + 1).collect();
            self.forgeries = self.set.fault.forgeries.iter().map(number).collect();
        }
        let mut all = self.forgeries[k].clone();
        for m in incoming {
            if *m > 0 && !all.contains(m) {
                all.push(*m);
            }
        }
        all.retain(|m| *m != sent);
        all
    }

    /// How many pairs of HO(p) and SHO(p) there are for a process in a situation, if nothing restricts them.
    pub fn unrestricted_pairs(&mut self, p: usize, s: &Situation) -> u128 {
        let fault = self.set.fault;
        let incoming = s.incoming[p].clone();
        // For each number of altered messages.
        let mut pairs = vec![0u128; fault.alter + 1];
        pairs[0] = 1;
        let speaking = self.speaking(s);
        for q in (0..self.set.n).filter(|q| speaking >> q & 1 == 1) {
            let forgeable = !fault.is_benign() && !self.forged(s, &incoming, incoming[q]).is_empty();
            let byzantine = fault.byzantine >> q & 1 == 1;
            for k in (0..pairs.len()).rev() {
                let altered = if k > 0 && forgeable && !byzantine { pairs[k - 1] } else { 0 };
                pairs[k] = pairs[k] * if byzantine && !forgeable { 1 } else { 2 } + altered;
            }
        }
        pairs.iter().sum()
    }
}
