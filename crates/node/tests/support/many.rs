//! A network of nodes with many interleaved instances each: frames are lost, delayed, reordered and duplicated; every instance has to be
//! decided alike everywhere, and to replay in lock-step.

use heardof::core::spec::Specified;
use heardof::core::trace::{Header, Trace, replay};
use heardof::core::{Datum, Pid};
use heardof_node::{App, Config, InstanceId, Join, Node, Output, Timing};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

pub const MS: u64 = 1_000_000;
const PRINT: u64 = 0xabcd;
const CLUSTER: &str = "many";

/// What is run, and what goes wrong. Probabilities in percent.
#[derive(Clone, Debug)]
pub struct Plan {
    pub n: usize,
    pub instances: u64,
    pub loss: u64,
    pub duplicates: u64,
    /// Delivery takes up to this long, in nanoseconds.
    pub delay: u64,
    pub seed: u64,
}

/// Joins everything, with the input of this process, and writes down who joined.
struct Member<'a, P: Specified> {
    me: usize,
    parameters: P::Parameters,
    input: &'a dyn Fn(InstanceId, usize) -> P::Input,
    traces: BTreeMap<InstanceId, String>,
    decided: BTreeMap<InstanceId, Datum>,
}

impl<P: Specified> Member<'_, P> {
    fn begin(&mut self, instance: InstanceId, n: usize) -> P::Input {
        let input = (self.input)(instance, self.me);
        let header = Header::of::<P>(PRINT, CLUSTER, Pid::new(self.me), n, &self.parameters, &input);
        self.traces.insert(instance, header.lines());
        input
    }
}

struct Joining<'m, 'a, P: Specified>(&'m mut Member<'a, P>, usize);

impl<P: Specified> App<P> for Joining<'_, '_, P> {
    fn join(&mut self, instance: InstanceId) -> Join<P> {
        let input = self.0.begin(instance, self.1);
        Join::Yes { parameters: self.0.parameters.clone(), input }
    }
    fn decided(&mut self, instance: InstanceId, outputs: &P, _: Option<Pid>) {
        let output = P::fields().into_iter().find(|f| f.output).expect("an output");
        self.0.decided.insert(instance, outputs.to_datum().field(output.name).expect("a field").clone());
    }
}

/// Arrival, order, sender, receiver, and the frame.
type Flight = (u64, u64, usize, usize, Vec<u8>);

pub struct Network<'a, P: Specified> {
    plan: Plan,
    nodes: Vec<Node<P>>,
    members: Vec<Member<'a, P>>,
    now: u64,
    bits: u64,
    flights: BinaryHeap<Reverse<Flight>>,
    sent: u64,
}

impl<P: Specified> Network<'_, P> {
    /// Runs until everybody has decided every instance; then checks all of them.
    pub fn run(plan: &Plan, parameters: P::Parameters, input: impl Fn(InstanceId, usize) -> P::Input) {
        let n = plan.n;
        let timing = Timing { round_timeout: 50 * MS, grace: 5 * MS, gather: 0 };
        let config = |k| Config { timing, record: true, seed: plan.seed ^ (k as u64) << 32, ..Config::new(CLUSTER, PRINT, Pid::new(k), n) };
        let member = |me| Member::<P> {
            me,
            parameters: parameters.clone(),
            input: &input as &dyn Fn(InstanceId, usize) -> P::Input,
            traces: BTreeMap::new(),
            decided: BTreeMap::new(),
        };
        let mut network = Network {
            plan: plan.clone(),
            nodes: (0..n).map(|k| Node::new(config(k)).expect("a node")).collect(),
            members: (0..n).map(member).collect(),
            now: 0,
            bits: plan.seed,
            flights: BinaryHeap::new(),
            sent: 0,
        };
        network.start();
        network.go();
        network.check();
    }

    fn random(&mut self, below: u64) -> u64 {
        self.bits = self.bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.bits >> 33) % below
    }

    /// Every instance is proposed by somebody at some time; numbers are far apart and meet in the index.
    fn start(&mut self) {
        for k in 0..self.plan.n {
            self.nodes[k].handle_start(0, &mut Joining(&mut self.members[k], self.plan.n));
        }
        for id in self.ids() {
            let proposers = 1 + self.random(self.plan.n as u64) as usize;
            (0..proposers).for_each(|k| self.propose(k, id));
        }
        (0..self.plan.n).for_each(|k| self.drain(k));
    }

    fn ids(&self) -> impl Iterator<Item = InstanceId> + use<P> {
        (0..self.plan.instances).map(|k| k % 5 + (k << 44))
    }

    fn propose(&mut self, k: usize, id: InstanceId) {
        let input = self.members[k].begin(id, self.plan.n);
        let parameters = self.members[k].parameters.clone();
        let app = &mut Joining(&mut self.members[k], self.plan.n);
        self.nodes[k].handle_propose(self.now, id, parameters, input, app).expect("new");
    }

    /// All that was said of an instance may have been lost on the way to one process, and the others have finished: its application
    /// finds the gap, and asks by taking part.
    fn fill_gaps(&mut self) {
        let gaps: Vec<_> = (0..self.plan.n).flat_map(|k| self.ids().map(move |id| (k, id))).collect();
        for (k, id) in gaps.into_iter().filter(|(k, id)| self.nodes[*k].status(*id).is_none()).collect::<Vec<_>>() {
            self.propose(k, id);
            self.drain(k);
        }
    }

    fn drain(&mut self, k: usize) {
        while let Some((id, output)) = self.nodes[k].poll_output() {
            match output {
                Output::Record(record) => *self.members[k].traces.get_mut(&id).expect("it was begun") += &record.line(),
                Output::Alarm(alarm) => panic!("{:?}: instance {id} at p{k}: {alarm}", self.plan),
                _ => {}
            }
        }
        let mut frame = vec![];
        while let Some(to) = self.nodes[k].poll_transmit(&mut frame) {
            let copies = 1 + u64::from(self.random(100) < self.plan.duplicates);
            for _ in 0..copies {
                let at = self.now + 1 + self.random(self.plan.delay);
                if self.random(100) >= self.plan.loss {
                    self.sent += 1;
                    self.flights.push(Reverse((at, self.sent, k, to.index(), frame.clone())));
                }
            }
        }
    }

    fn go(&mut self) {
        let all = self.plan.instances as usize;
        while self.members.iter().any(|m| m.decided.len() < all) {
            assert!(self.now < 1_000_000 * MS, "{:?}: everybody decides", self.plan);
            let flight = self.flights.peek().map(|Reverse((at, ..))| *at);
            let timer = self.nodes.iter().filter_map(Node::poll_timer).min();
            let Some(next) = flight.into_iter().chain(timer).min() else {
                self.fill_gaps();
                assert!(self.nodes.iter().any(|node| node.poll_timer().is_some()), "{:?}: undecided instances have timers", self.plan);
                continue;
            };
            self.now = self.now.max(next);
            if flight.is_some_and(|at| at <= self.now) {
                let Reverse((_, _, from, to, frame)) = self.flights.pop().expect("peeked");
                let app = &mut Joining(&mut self.members[to], self.plan.n);
                self.nodes[to].handle_frame(self.now, Pid::new(from), &frame, app);
                self.drain(to);
            }
            for k in 0..self.plan.n {
                if self.nodes[k].poll_timer().is_some_and(|at| at <= self.now) {
                    self.nodes[k].handle_timer(self.now, &mut Joining(&mut self.members[k], self.plan.n));
                    self.drain(k);
                }
            }
        }
    }

    fn check(&self) {
        for (id, decision) in &self.members[0].decided {
            let case = format!("instance {id}, {:?}", self.plan);
            assert!(self.members.iter().all(|m| m.decided.get(id) == Some(decision)), "{case}: agreement");
            let parse = |m: &Member<'_, P>| Trace::parse(&format!("p{}", m.me), &m.traces[id]).expect("an undamaged trace");
            let traces: Vec<Trace> = self.members.iter().map(parse).collect();
            let replay = replay::<P>(&traces, PRINT).expect("one run");
            assert_eq!(replay.mismatches, [], "{case}");
            assert!(replay.process_rounds > 0 && replay.predicates.iter().all(|p| p.violated.is_empty()), "{case}");
        }
        let counters = self.nodes.iter().map(|node| *node.counters());
        assert_eq!(counters.map(|c| c.left_below_ready + c.panics + c.messages_malformed).sum::<u64>(), 0, "{:?}", self.plan);
    }
}
