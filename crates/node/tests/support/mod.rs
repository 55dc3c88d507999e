//! A virtual cluster: real nodes, virtual time, one seed. The network loses, delays, reorders and duplicates; processes are killed.

use heardof::core::trace::{Header, Replay, Trace, replay};
use heardof::core::{Datum, Pid, spec::Specified};
use heardof_node::{Alarm, Config, Counters, NoApp, Node, Output, Status, Timing};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub const MS: u64 = 1_000_000;
pub const PRINT: u64 = 0xabcd;
pub const CLUSTER: &str = "virtual";

/// What goes wrong. Probabilities in percent.
#[derive(Clone, Debug)]
pub struct Faults {
    pub loss: u64,
    pub duplicates: u64,
    /// Delivery takes up to this long; more than a round time-out makes messages late.
    pub delay: u64,
    /// How long a process waits that sees somebody ahead.
    pub grace: u64,
    /// Who is killed, and when.
    pub kills: Vec<(usize, u64)>,
}

pub struct Process<P: Specified> {
    pub node: Node<P>,
    pub alive: bool,
    pub text: String,
    /// Its outputs, by its rounds or forwarded; the last one counts.
    pub decisions: Vec<Datum>,
    pub forwarded: bool,
    pub alarms: Vec<Alarm>,
}

/// A frame under way. Ordered by arrival, then by sending.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Flight {
    at: u64,
    order: u64,
    from: usize,
    to: usize,
    frame: Vec<u8>,
}

pub struct Virtual<P: Specified> {
    pub processes: Vec<Process<P>>,
    pub now: u64,
    faults: Faults,
    bits: u64,
    network: BinaryHeap<Reverse<Flight>>,
    sent: u64,
}

pub fn config(me: usize, n: usize, seed: u64, grace: u64) -> Config {
    let timing = Timing { round_timeout: 50 * MS, grace, gather: 200 * MS };
    Config { timing, seed: seed ^ (me as u64) << 32, ..Config::single(CLUSTER, PRINT, Pid::new(me), n) }
}

impl<P: Specified> Virtual<P> {
    pub fn new(inputs: &[P::Input], parameters: P::Parameters, faults: Faults, seed: u64) -> Self {
        let n = inputs.len();
        let process = |(k, input): (usize, &P::Input)| Process {
            node: {
                let mut node = Node::new(config(k, n, seed, faults.grace)).expect("starts");
                node.handle_propose(0, 0, parameters.clone(), input.clone(), &mut NoApp).expect("starts");
                node
            },
            alive: true,
            text: Header::of::<P>(PRINT, CLUSTER, Pid::new(k), n, &parameters, input).lines(),
            decisions: vec![],
            forwarded: false,
            alarms: vec![],
        };
        let processes = inputs.iter().enumerate().map(process).collect();
        Virtual { processes, now: 0, faults, bits: seed, network: BinaryHeap::new(), sent: 0 }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.bits = self.bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.bits >> 33) % below
    }

    /// Takes what a node has to tell, then what it sends.
    fn drain(&mut self, k: usize) {
        let process = &mut self.processes[k];
        while let Some((_, output)) = process.node.poll_output() {
            match output {
                Output::Record(record) => process.text += &record.line(),
                Output::Changed { value, .. } => process.decisions.push(value),
                Output::Forwarded { outputs, .. } => {
                    process.forwarded = true;
                    process.decisions.extend(outputs.into_iter().map(|(_, value)| value));
                }
                Output::Alarm(alarm) => process.alarms.push(alarm),
                Output::Entered { .. } | Output::Halted { .. } | Output::Retired { .. } | Output::Persist { .. } | Output::Over { .. } => {}
            }
        }
        let mut frame = vec![];
        while let Some(to) = self.processes[k].node.poll_transmit(&mut frame) {
            let copies = 1 + u64::from(self.random(100) < self.faults.duplicates);
            for _ in 0..copies {
                let at = self.now + 1 + self.random(self.faults.delay);
                if self.random(100) >= self.faults.loss {
                    self.sent += 1;
                    self.network.push(Reverse(Flight { at, order: self.sent, from: k, to: to.index(), frame: frame.clone() }));
                }
            }
        }
    }

    /// Runs until every survivor has retired and knows it of all other survivors, or until `limit`.
    pub fn run(&mut self, limit: u64) {
        for k in 0..self.processes.len() {
            self.processes[k].node.handle_start(0, &mut NoApp);
            self.drain(k);
        }
        while self.now < limit && !self.over() {
            let frame = self.network.peek().map(|Reverse(flight)| flight.at);
            let timer = self.processes.iter().filter(|p| p.alive).filter_map(|p| p.node.poll_timer()).min();
            let kill = self.faults.kills.iter().filter(|(k, _)| self.processes[*k].alive).map(|(_, at)| *at).min();
            let Some(next) = [frame, timer, kill].into_iter().flatten().min() else { return };
            self.now = self.now.max(next);
            for (k, at) in self.faults.kills.clone() {
                self.processes[k].alive &= at > self.now;
            }
            if frame.is_some_and(|at| at <= self.now) {
                let Reverse(Flight { from, to, frame, .. }) = self.network.pop().expect("peeked");
                if self.processes[to].alive {
                    self.processes[to].node.handle_frame(self.now, Pid::new(from), &frame, &mut NoApp);
                    self.drain(to);
                }
            }
            for k in 0..self.processes.len() {
                if self.processes[k].alive && self.processes[k].node.poll_timer().is_some_and(|at| at <= self.now) {
                    self.processes[k].node.handle_timer(self.now, &mut NoApp);
                    self.drain(k);
                }
            }
        }
    }

    fn over(&self) -> bool {
        self.survivors().all(|p| p.node.status(0) == Some(Status::Retired))
    }

    pub fn survivors(&self) -> impl Iterator<Item = &Process<P>> {
        self.processes.iter().filter(|p| p.alive)
    }

    pub fn replay(&self) -> Replay {
        let parse = |(k, p): (usize, &Process<P>)| Trace::parse(&format!("p{k}"), &p.text).expect("an undamaged trace");
        let traces: Vec<Trace> = self.processes.iter().enumerate().map(parse).collect();
        replay::<P>(&traces, PRINT).expect("one run")
    }

    /// The decision all survivors agree on.
    pub fn decision(&self, case: &str) -> Datum {
        let decisions: Vec<&Datum> = self.survivors().map(|p| p.decisions.last().unwrap_or(&Datum::NONE)).collect();
        let all: Vec<&Datum> = self.processes.iter().filter_map(|p| p.decisions.last()).collect();
        assert!(all.iter().all(|d| *d == all[0]), "{case}: agreement, of those killed too: {all:?}");
        assert!(decisions.iter().all(|d| **d != Datum::NONE), "{case}: every survivor decides: {decisions:?} at {} ms", self.now / MS);
        all[0].clone()
    }

    pub fn counters(&self) -> impl Iterator<Item = &Counters> {
        self.processes.iter().map(|p| p.node.counters())
    }
}
