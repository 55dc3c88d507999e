//! A safety predicate that `ready` enforces: whatever the network does, as long as nobody leaves a round while `ready` says `Block`.
//!
//! For n ≤ 5 and both rounds of UniformVoting and Ben-Or: of all assignments of heard-of sets, those with which no process blocks
//! satisfy the predicate. Halted processes hear nobody and nobody hears them.

use heardof_core::heard_of::HeardOfData;
use heardof_core::ir::{Algorithm, Kind, Node, Speaks};
use heardof_core::machine::{Interpreted, Machine, Moment, Native, Subject};
use heardof_core::system::SystemData;
use heardof_core::{Datum, Mailbox, Outbox, Phase, Pid, Progress, Set};
use std::cell::Cell;
use std::collections::BTreeSet;

/// An algorithm without parameters, and states that its processes may be in.
struct Enforced<'a> {
    machine: &'a dyn Machine,
    active: &'a [&'a str],
    halted: Option<&'a str>,
}

const UNIFORM_VOTING: [&str; 3] = [
    "UniformVoting { x: 0, vote: None, decision: None }",
    "UniformVoting { x: 1, vote: Some(1), decision: None }",
    "UniformVoting { x: 1, vote: None, decision: Some(1) }",
];
const BEN_OR: [&str; 3] = [
    "BenOr { x: false, can_decide: false, vote: None, decision: None }",
    "BenOr { x: true, can_decide: false, vote: Some(true), decision: None }",
    "BenOr { x: true, can_decide: true, vote: None, decision: None }",
];
const BEN_OR_HALTED: &str = "BenOr { x: true, can_decide: true, vote: None, decision: Some(true) }";

impl Enforced<'_> {
    /// Systems of n processes: the first few have halted, the others go through the active states.
    fn systems(&self, n: usize, round: usize) -> Vec<SystemData> {
        let datum = |text: &str| Datum::parse(text, &self.machine.algorithm().state).expect("a state of the algorithm");
        let gone = if self.halted.is_some() { n } else { 0 };
        let all = (0..=gone).flat_map(|gone| (0..self.active.len()).map(move |shift| (gone, shift)));
        let state = |k: usize, (gone, shift): (usize, usize)| match self.halted {
            Some(halted) if k < gone => datum(halted),
            _ => datum(self.active[(k + shift) % self.active.len()]),
        };
        let system = |of| {
            let now: Vec<Datum> = (0..n).map(|k| state(k, of)).collect();
            SystemData { first: now.clone(), now, round, parameters: Datum::Unit, kernel: Pid::all(n).collect(), byzantine: Set::new() }
        };
        all.map(system).collect()
    }

    fn moment<'m>(&self, s: &'m SystemData, id: Pid) -> Moment<'m> {
        let phase = Phase::new(s.round / self.machine.algorithm().rounds.len());
        let (n, round, parameters) = (s.now.len(), s.round, &s.parameters);
        Moment { id, n, round, phase, coordinator: phase.rotate(n), parameters, coin: false, request: None, drew: Cell::new(false) }
    }

    /// The heard-of sets with which a process that has not halted may leave the round; the empty set for one that has.
    fn open(&self, s: &SystemData, active: &Set<Pid>, p: Pid) -> Vec<Set<Pid>> {
        let (n, k) = (s.now.len(), s.round % self.machine.algorithm().rounds.len());
        let send = |q: Pid| match active.contains(&q) {
            true => self.machine.send(k, &s.now[q.index()], &self.moment(s, q)).expect("`send` has a result"),
            false => Outbox::Silent,
        };
        let sent: Vec<Outbox<Datum>> = Pid::all(n).map(send).collect();
        if !active.contains(&p) {
            return vec![Set::new()];
        }
        let sets = (0..1usize << n).map(|mask| Pid::all(n).filter(|q| mask >> q.index() & 1 == 1).collect::<Set<Pid>>());
        let leaves = |heard: &Set<Pid>| {
            let message = |q: &Pid| Some((*q, sent[q.index()].message_to(p)?.clone()));
            let mailbox: Mailbox<Datum> = heard.iter().filter_map(message).collect();
            let ready = self.machine.ready(k, &s.now[p.index()], &mailbox, &self.moment(s, p)).expect("`ready` has a result");
            ready != Progress::Block
        };
        sets.filter(|heard| heard.is_subset(active) && leaves(heard)).collect()
    }

    /// How many assignments nobody blocks, all of which satisfy the predicate; or one that does not.
    fn check(&self, s: &SystemData, active: &Set<Pid>, open: &[Vec<Set<Pid>>]) -> Result<usize, String> {
        let n = s.now.len();
        let assignments: usize = open.iter().map(Vec::len).product();
        let mut ho = HeardOfData { active: active.clone(), ..HeardOfData::benign(vec![Set::new(); n], s.round, s.parameters.clone()) };
        for index in 0..assignments {
            let mut rest = index;
            for (p, sets) in open.iter().enumerate() {
                ho.heard[p].clone_from(&sets[rest % sets.len()]);
                rest /= sets.len();
            }
            ho.safe.clone_from(&ho.heard);
            for (k, name) in self.predicates() {
                if self.machine.holds(k, Subject::Heard(&ho)) != Ok(true) {
                    return Err(format!("{name} does not hold of {:?} in round {} of {:?}", ho.heard, s.round, s.now));
                }
            }
        }
        Ok(assignments)
    }

    /// The safety predicates; all of them over heard-of sets alone.
    fn predicates(&self) -> impl Iterator<Item = (usize, &str)> {
        let specs = self.machine.algorithm().specs.iter().enumerate();
        specs.filter(|(_, spec)| spec.kind == Kind::Safety).map(|(k, spec)| {
            assert_eq!(spec.speaks, Speaks::Heard, "{}", spec.name);
            (k, spec.name.as_str())
        })
    }

    fn all(&self) -> Result<usize, String> {
        let rounds = self.machine.algorithm().rounds.len();
        assert!(self.predicates().count() > 0, "nothing is claimed");
        let cases = (1..=5).flat_map(|n| (0..rounds).map(move |round| (n, round)));
        let (mut assignments, mut seen) = (0, BTreeSet::new());
        for s in cases.flat_map(|(n, round)| self.systems(n, round)) {
            let halted = |p: &Pid| self.machine.halted(&s.now[p.index()]).expect("`halted` has a result");
            let active: Set<Pid> = Pid::all(s.now.len()).filter(|p| !halted(p)).collect();
            let open: Vec<Vec<Set<Pid>>> = Pid::all(s.now.len()).map(|p| self.open(&s, &active, p)).collect();
            // The states matter only by what they let through.
            if seen.insert((s.round, active.clone(), open.clone())) {
                assignments += self.check(&s, &active, &open)?;
            }
        }
        Ok(assignments)
    }
}

fn uniform_voting() -> Native<heardof_algorithms::UniformVoting<u64>> {
    Native::new().expect("it has a description")
}

fn ben_or() -> Native<heardof_algorithms::BenOr> {
    Native::new().expect("it has a description")
}

#[test]
fn no_split_is_enforced() {
    let checked = Enforced { machine: &uniform_voting(), active: &UNIFORM_VOTING, halted: None }.all();
    // Each process leaves with a majority, in both rounds: (number of majorities)ⁿ.
    let majorities: usize = (1..=5).map(|n: u32| [1usize, 1, 4, 5, 16][n as usize - 1].pow(n)).sum();
    assert_eq!(checked, Ok(2 * majorities));
}

#[test]
fn majority_is_enforced() {
    let checked = Enforced { machine: &ben_or(), active: &BEN_OR, halted: Some(BEN_OR_HALTED) }.all();
    assert!(checked.clone().is_ok_and(|assignments| assignments > 1_000_000), "{checked:?}");
}

/// The text with every `Block` changed to `Deadline`.
fn unblocked(machine: &dyn Machine) -> Interpreted {
    let mut text: Algorithm = machine.algorithm().clone();
    for body in text.rounds.iter_mut().filter_map(|r| r.ready.as_mut()?.body.as_mut().ok()) {
        body.walk_mut(&mut |e| {
            if let Node::Variant(name, _) = &mut e.node
                && name == "Progress::Block"
            {
                *name = "Progress::Deadline".into();
            }
        });
    }
    Interpreted::new(text)
}

#[test]
fn a_round_that_does_not_block_enforces_nothing() {
    let split = Enforced { machine: &unblocked(&uniform_voting()), active: &UNIFORM_VOTING, halted: None }.all();
    assert!(split.clone().is_err_and(|found| found.starts_with("no_split does not hold of [{}] in round 0")), "{split:?}");
    let few = Enforced { machine: &unblocked(&ben_or()), active: &BEN_OR, halted: Some(BEN_OR_HALTED) }.all();
    assert!(few.clone().is_err_and(|found| found.starts_with("majority does not hold of [{}] in round 0")), "{few:?}");
}
