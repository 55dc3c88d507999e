//! The text means what the code does: random runs of every algorithm of `pass`, each step and each specification function by compiled
//! code and by the interpreter of the text.

use heardof::core::datum::Datum;
use heardof::core::describe::Described;
use heardof::core::heard_of::HeardOfData;
use heardof::core::machine::{Interpreted, Machine, Moment, Native, Stuck, Subject};
use heardof::core::spec::SpecFn;
use heardof::core::system::SystemData;
use heardof::prelude::*;
use std::cell::Cell;
use std::fmt::Debug;

#[path = "pass/ben_or.rs"]
mod ben_or;
#[path = "pass/flood_min.rs"]
mod flood_min;
#[path = "pass/k_set.rs"]
mod k_set;
#[path = "pass/last_voting.rs"]
mod last_voting;
#[path = "pass/lattice.rs"]
mod lattice;
#[path = "pass/one_third_rule.rs"]
mod one_third_rule;
#[path = "pass/surface.rs"]
mod surface;
#[path = "pass/thresholds.rs"]
mod thresholds;
#[path = "pass/two_phase_commit.rs"]
mod two_phase_commit;

/// Numbers without order; equal seeds, equal numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, k: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % k
    }
    /// Each process with probability 3/4.
    fn set(&mut self, n: usize) -> Set<Pid> {
        Pid::all(n).filter(|_| self.below(4) > 0).collect()
    }
}

/// Both machines, and how often both had a result.
struct Twins {
    native: Box<dyn Machine>,
    text: Interpreted,
    agreed: Cell<usize>,
}

impl Twins {
    /// The result of compiled code, after comparison with the text's; what is native has no text.
    fn both<T: PartialEq + Debug>(&self, of: &str, f: impl Fn(&dyn Machine) -> Result<T, Stuck>) -> T {
        let native = f(&*self.native).unwrap_or_else(|e| panic!("{of}: {e}"));
        match f(&self.text) {
            Err(Stuck::Native(_)) => {}
            text => {
                assert_eq!(text.as_ref(), Ok(&native), "{of}: the text, then the code");
                self.agreed.set(self.agreed.get() + 1);
            }
        }
        native
    }

    /// The surroundings of `id` without coin and request.
    fn moment<'a>(&self, id: Pid, n: usize, round: usize, parameters: &'a Datum) -> Moment<'a> {
        let phase = Phase::new(round / self.text.algorithm().rounds.len());
        let coordinator = self.both("coordinator", |m| m.coordinator(phase, n, parameters));
        Moment { id, n, round, phase, coordinator, parameters, coin: false, request: None, drew: Cell::new(false) }
    }
}

/// A run of a few phases under random heard-of sets.
fn run<P: Described>(twins: &Twins, inputs: &[P::Input], parameters: &P::Parameters, requests: &[P::Request], random: &mut Random) {
    let (n, parameters, name) = (inputs.len(), parameters.to_datum(), &twins.text.algorithm().name);
    let rounds = twins.text.algorithm().rounds.len();
    let first: Vec<Datum> = Pid::all(n)
        .map(|p| (twins.moment(p, n, 0, &parameters), inputs[p.index()].to_datum()))
        .map(|(at, input)| twins.both(name, |m| m.init(&input, &at)))
        .collect();
    let all: Set<Pid> = Pid::all(n).collect();
    let mut system = SystemData { now: first.clone(), first, round: 0, parameters: parameters.clone(), kernel: all, byzantine: Set::new() };
    let mut before: Option<HeardOfData> = None;
    for round in 0..4 * rounds {
        let k = round % rounds;
        let coins: Vec<bool> = (0..n).map(|_| random.below(2) == 0).collect();
        let asked: Vec<Option<Datum>> = (0..n).map(|_| requests.get(random.below(requests.len() + 1)).map(Value::to_datum)).collect();
        let moment =
            |p: Pid| Moment { coin: coins[p.index()], request: asked[p.index()].as_ref(), ..twins.moment(p, n, round, &parameters) };
        let moments: Vec<Moment> = Pid::all(n).map(moment).collect();
        let active: Set<Pid> = Pid::all(n).filter(|p| !twins.both(name, |m| m.halted(&system.now[p.index()]))).collect();
        let sent: Vec<_> = (0..n).map(|p| twins.both(name, |m| m.send(k, &system.now[p], &moments[p]))).collect();
        let mut ho = HeardOfData::benign((0..n).map(|_| random.set(n).intersection(&active)).collect(), round, parameters.clone());
        (ho.coins, ho.active, ho.kernel_before) = (coins.clone(), active.clone(), system.kernel.clone());
        let mut next = system.clone();
        for p in active.iter() {
            let from = ho.heard[p.index()].iter().filter_map(|q| Some((*q, sent[q.index()].message_to(*p)?.clone())));
            let (mailbox, state, at): (Mailbox<Datum>, _, _) = (from.collect(), &system.now[p.index()], &moments[p.index()]);
            next.now[p.index()] = twins.both(name, |m| m.update(k, state, &mailbox, at));
            twins.both(name, |m| m.ready(k, state, &mailbox, at));
        }
        next.round += 1;
        next.kernel = system.kernel.intersection(&ho.kernel());
        specification::<P>(twins, &system, &next, before.as_ref(), &ho);
        (system, before) = (next, Some(ho));
    }
}

fn specification<P: Described>(twins: &Twins, old: &SystemData, new: &SystemData, before: Option<&HeardOfData>, ho: &HeardOfData) {
    for (k, spec) in P::specs().iter().enumerate() {
        let subject = match (&spec.run, before) {
            (SpecFn::State(_), _) => Subject::State(new),
            (SpecFn::Step(_), _) => Subject::Step(old, new),
            (SpecFn::Heard(_), _) => Subject::Heard(ho),
            (SpecFn::StateHeard(_), _) => Subject::StateHeard(old, ho),
            (SpecFn::HeardTwice(_), Some(before)) => Subject::HeardTwice(before, ho),
            (SpecFn::HeardTwice(_), None) => continue,
            (SpecFn::Size(_), _) => Subject::Size(new.now.len(), &new.parameters),
        };
        twins.both(spec.name, |m| m.holds(k, subject));
    }
}

fn agree<P: Described>(values: &[P::Input], parameters: P::Parameters, requests: &[P::Request]) {
    let native = Native::<P>::new().unwrap_or_else(|e| panic!("{e}"));
    let text = Interpreted::new(native.algorithm().clone());
    let twins = Twins { native: Box::new(native), text, agreed: Cell::new(0) };
    for seed in 0..60 {
        let mut random = Random(seed);
        let n = 1 + random.below(4);
        let inputs: Vec<P::Input> = (0..n).map(|_| values[random.below(values.len())].clone()).collect();
        run::<P>(&twins, &inputs, &parameters, requests, &mut random);
    }
    assert!(twins.agreed.get() > 1000, "only {} comparisons", twins.agreed.get());
}

#[test]
fn consensus() {
    agree::<one_third_rule::OneThirdRule<u64>>(&[1, 2], (), &[]);
    agree::<last_voting::LastVoting<u64>>(&[1, 2, 3], last_voting::Leader { first: Pid::new(0) }, &[]);
    agree::<ben_or::BenOr>(&[true, false], (), &[]);
    agree::<flood_min::FloodMin<u64>>(&[1, 2, 3], flood_min::Crashes { f: 1 }, &[]);
}

#[test]
fn other_problems() {
    agree::<two_phase_commit::TwoPhaseCommit>(&[true, true, true, false], two_phase_commit::Manager { manager: Pid::new(0) }, &[]);
    agree::<k_set::KSet<u64>>(&[1, 2, 3], k_set::Bound { k: 2 }, &[]);
    agree::<lattice::LatticeAgreement<Set<u64>>>(&[Set::of([1]), Set::of([2, 3])], (), &[]);
}

#[test]
fn value_faults() {
    agree::<thresholds::Ate<u64>>(&[1, 2], thresholds::Thresholds { t: 1, e: 1, alpha: 0 }, &[]);
    agree::<thresholds::Ute<u64>>(&[1, 2], thresholds::UteParameters { t: 1, e: 1, alpha: 1, default: 7 }, &[]);
}

#[test]
fn the_whole_surface() {
    agree::<surface::Surface<u64>>(&[1, 2], surface::Limits { limit: 1, default: 2 }, &[5, 6]);
}
