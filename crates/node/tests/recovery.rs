//! Crashes: a process comes back from what it had made durable, and nobody can tell.

use heardof::core::describe::Source;
use heardof::core::spec::{Spec, Specified};
use heardof::core::trace::{Header, Trace, replay};
use heardof::core::value::DecodeError;
use heardof::prelude::*;
use heardof_algorithms::last_voting::Leader;
use heardof_algorithms::two_phase_commit::Manager;
use heardof_algorithms::{BenOr, LastVoting, OneThirdRule, TwoPhaseCommit, UniformVoting};
use heardof_node::storage::{self, Entry, Owner};
use heardof_node::{App, Config, InstanceId, Join, NoApp, Node, Output, RecoverError, Status, Timing};
use std::collections::VecDeque;

const MS: u64 = 1_000_000;
const PRINT: u64 = 0x7e57;

fn owner(k: usize) -> Owner {
    Owner { cluster: 1, fingerprint: PRINT, process: Pid::new(k) }
}

fn config(k: usize, n: usize, incarnation: u64) -> Config {
    let timing = Timing { round_timeout: 50 * MS, grace: 0, gather: 0 };
    // Another seed each time: the coin of a round that has begun must not depend on it.
    let seed = k as u64 + 100 * incarnation;
    Config { timing, seed, record: true, park: true, ..Config::new("recovery", PRINT, Pid::new(k), n) }
}

/// What the application is told.
#[derive(Default)]
struct Told<P>(Vec<P>);

impl<P: Process> App<P> for Told<P> {
    fn join(&mut self, _: InstanceId) -> Join<P> {
        Join::No
    }
    fn decided(&mut self, _: InstanceId, outputs: &P, _: Option<Pid>) {
        self.0.push(outputs.clone());
    }
}

/// A batch under way to the disk, and who waits for it.
type Write = (Vec<u8>, Vec<(InstanceId, u64)>);

struct Machine<P: Process> {
    node: Node<P>,
    app: Told<P>,
    log: storage::Log,
    disk: Vec<u8>,
    text: String,
    writes: Option<Write>,
    waits: Vec<(InstanceId, u64)>,
    incarnation: u64,
}

struct Cluster<P: Process> {
    machines: Vec<Machine<P>>,
    frames: VecDeque<(usize, usize, Vec<u8>)>,
    parameters: P::Parameters,
    inputs: Vec<P::Input>,
    now: u64,
    bits: u64,
}

impl<P: Specified> Cluster<P> {
    fn new(inputs: &[P::Input], parameters: P::Parameters, seed: u64) -> Self {
        let n = inputs.len();
        let machine = |k: usize| {
            let (disk, log) = storage::create(&owner(k));
            let text = Header::of::<P>(PRINT, "recovery", Pid::new(k), n, &parameters, &inputs[k]).lines();
            let node = Node::new(config(k, n, 0)).expect("a node");
            Machine { node, app: Told(vec![]), log, disk, text, writes: None, waits: vec![], incarnation: 0 }
        };
        let machines = (0..n).map(machine).collect();
        let mut cluster = Cluster { machines, frames: VecDeque::new(), parameters, inputs: inputs.to_vec(), now: 0, bits: seed };
        (0..n).for_each(|k| cluster.start(k));
        cluster
    }

    fn random(&mut self, below: usize) -> usize {
        self.bits = self.bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.bits >> 33) as usize % below
    }

    fn start(&mut self, k: usize) {
        let (now, m) = (self.now, &mut self.machines[k]);
        // Refused if it came back.
        let _ = m.node.handle_propose(now, 0, self.parameters.clone(), self.inputs[k].clone(), &mut m.app);
        m.node.handle_start(now, &mut m.app);
        self.drain(k);
    }

    fn drain(&mut self, k: usize) {
        let m = &mut self.machines[k];
        while let Some((id, output)) = m.node.poll_output() {
            match output {
                Output::Record(record) => m.text += &record.line(),
                Output::Persist { round, bytes } => {
                    m.log.put(id, &Entry::State { round, bytes });
                    m.waits.push((id, round));
                }
                Output::Over { bytes } => m.log.put(id, &Entry::Over { bytes }),
                Output::Alarm(alarm) => panic!("{alarm}"),
                _ => {}
            }
        }
        if m.writes.is_none() {
            m.writes = m.log.seal().map(|batch| (batch, std::mem::take(&mut m.waits)));
        }
        let mut frame = vec![];
        while let Some(to) = self.machines[k].node.poll_transmit(&mut frame) {
            self.frames.push_back((k, to.index(), frame.clone()));
        }
    }

    /// One thing happens; false if nothing is left but to wait.
    fn step(&mut self) -> bool {
        let writing: Vec<usize> = (0..self.machines.len()).filter(|k| self.machines[*k].writes.is_some()).collect();
        let choices = writing.len() + self.frames.len();
        if choices == 0 {
            let Some(at) = self.machines.iter().filter_map(|m| m.node.poll_timer()).min() else { return false };
            self.now = self.now.max(at);
            for k in 0..self.machines.len() {
                let m = &mut self.machines[k];
                m.node.handle_timer(self.now, &mut m.app);
                self.drain(k);
            }
            return true;
        }
        let choice = self.random(choices);
        if let Some(k) = writing.get(choice) {
            let m = &mut self.machines[*k];
            let (batch, waits) = m.writes.take().expect("it is written");
            m.disk.extend(batch);
            for (id, round) in waits {
                m.node.handle_durable(self.now, id, round, &mut m.app);
            }
            self.drain(*k);
        } else {
            let (from, to, frame) = self.frames.remove(choice - writing.len()).expect("it is there");
            let m = &mut self.machines[to];
            m.node.handle_frame(self.now, Pid::new(from), &frame, &mut m.app);
            self.drain(to);
        }
        true
    }

    /// What is under way from and to a process that crashes is lost.
    fn crash(&mut self, k: usize) {
        let n = self.machines.len();
        self.frames.retain(|(from, to, _)| *from != k && *to != k);
        let m = &mut self.machines[k];
        let found = storage::recover(&owner(k), &m.disk).expect("nothing is damaged");
        m.incarnation += 1;
        (m.node, m.app) = (Node::new(config(k, n, m.incarnation)).expect("a node"), Told(vec![]));
        (m.log, m.writes, m.waits) = (found.log, None, vec![]);
        if found.entries.is_empty() {
            // It had said nothing: this is its first start.
            m.text = Header::of::<P>(PRINT, "recovery", Pid::new(k), n, &self.parameters, &self.inputs[k]).lines();
        }
        for (id, entry) in &found.entries {
            m.node.recover(*id, entry, &mut m.app).expect("it comes back");
        }
        self.start(k);
    }

    fn is_over(&self) -> bool {
        self.machines.iter().all(|m| m.node.status(0) == Some(Status::Retired))
    }
}

/// Crashes process after process at every point of a run; each run has to be an execution of the model in which all decide.
fn crashes<P: Specified>(inputs: &[P::Input], parameters: P::Parameters) {
    let (mut crashed, mut came_back) = (0, 0);
    for at in 0..60 {
        for k in 0..inputs.len() {
            let mut cluster = Cluster::<P>::new(inputs, parameters.clone(), at * 10 + k as u64);
            for step in 0..20_000 {
                if step == at || step == at + 7 {
                    cluster.crash(k);
                    crashed += 1;
                    came_back += cluster.machines[k].node.counters().recovered;
                }
                if step > at + 7 && cluster.is_over() || !cluster.step() {
                    break;
                }
            }
            assert!(cluster.is_over(), "crash of p{k} at {at}: {:?}", cluster.machines.iter().map(|m| m.node.round(0)).collect::<Vec<_>>());
            let parsed = cluster.machines.iter().enumerate().map(|(k, m)| Trace::parse(&format!("p{k}"), &m.text).expect("a trace"));
            let replayed = replay::<P>(&parsed.collect::<Vec<_>>(), PRINT).expect("traces of one run");
            assert_eq!(replayed.mismatches, [], "crash of p{k} at {at}");
            for m in &cluster.machines {
                assert!(m.app.0.len() <= 1, "told once in a life");
            }
        }
    }
    assert!(came_back * 2 > crashed, "{came_back} of {crashed}");
}

#[test]
fn one_third_rule_comes_back() {
    crashes::<OneThirdRule<u64>>(&[3, 1, 2, 1], ());
}

#[test]
fn last_voting_comes_back() {
    crashes::<LastVoting<u64>>(&[3, 1, 2], Leader { first: Pid::new(1), shortcut: true });
}

#[test]
fn ben_or_comes_back() {
    crashes::<BenOr>(&[true, false, true], ());
}

#[test]
fn algorithms_whose_rounds_block_come_back() {
    crashes::<UniformVoting<u64>>(&[3, 1, 2], ());
    crashes::<TwoPhaseCommit>(&[true, true, true], Manager { manager: Pid::new(1) });
}

/// Tosses coins three times, and tells everybody. No round ends before everybody was heard.
#[derive(State)]
struct Tosses {
    heads: usize,
    round: u64,
    #[output]
    decision: Option<usize>,
}

struct Toss;

#[round]
impl Round<Tosses> for Toss {
    type Message = bool;
    fn send(_: &Tosses, ctx: &Context) -> Outbox<bool> {
        broadcast(ctx.coin())
    }
    fn ready(_: &Tosses, mailbox: &Mailbox<bool>, ctx: &Context) -> Progress {
        if mailbox.len() == ctx.n() { Progress::GoAhead } else { Progress::Block }
    }
    fn update(p: &mut Tosses, mailbox: &Mailbox<bool>, _: &Context) {
        p.heads += mailbox.count(|side| *side);
        p.round += 1;
        if p.round == 3 {
            p.decision = Some(p.heads);
        }
    }
}

impl Process for Tosses {
    type Input = ();
    type Rounds = (Toss,);
    fn init(_: (), _: &Context) -> Tosses {
        Tosses { heads: 0, round: 0, decision: None }
    }
}

impl Specified for Tosses {
    fn specs() -> Vec<Spec<Self>> {
        vec![]
    }
    fn sources() -> Vec<Source> {
        vec![]
    }
    fn problems() -> Vec<&'static str> {
        vec![]
    }
}

/// Says what it is asked to.
#[derive(State)]
#[requests(u64)]
struct Parrot {
    heard: usize,
    #[output]
    decision: Option<u64>,
}

struct Repeat;

#[round]
impl Round<Parrot> for Repeat {
    type Message = Option<u64>;
    fn send(_: &Parrot, ctx: &Context<(), u64>) -> Outbox<Option<u64>> {
        broadcast(ctx.request().cloned())
    }
    fn update(p: &mut Parrot, mailbox: &Mailbox<Option<u64>>, _: &Context<(), u64>) {
        p.heard = mailbox.len();
    }
}

impl Process for Parrot {
    type Input = ();
    type Rounds = (Repeat,);
    fn init(_: (), _: &Context<(), u64>) -> Parrot {
        Parrot { heard: 0, decision: None }
    }
}

/// A process that comes back into a round says again what the application had asked it to say there.
#[test]
fn requests_survive() {
    let mut node = Node::<Parrot>::new(config(0, 2, 0)).expect("a node");
    node.handle_propose(0, 0, (), (), &mut NoApp).expect("new");
    node.handle_start(0, &mut NoApp);
    assert!(node.handle_request(0, 77));
    let record = |node: &mut Node<Parrot>| {
        let outputs = std::iter::from_fn(|| node.poll_output()).collect::<Vec<_>>();
        outputs.into_iter().find_map(|(_, output)| if let Output::Persist { round, bytes } = output { Some((round, bytes)) } else { None })
    };
    let said = |node: &mut Node<Parrot>| {
        let mut frame = vec![];
        while record(node).is_some() {}
        node.poll_transmit(&mut frame).map(|_| frame)
    };
    let (round, _) = record(&mut node).expect("before the first round");
    assert!(node.handle_durable(0, 0, round, &mut NoApp) && said(&mut node).is_some());
    node.handle_timer(1000 * MS, &mut NoApp);
    let (round, bytes) = record(&mut node).expect("before the second round, in which it is asked");
    assert!(node.handle_durable(1000 * MS, 0, round, &mut NoApp));
    let before = said(&mut node).expect("it speaks");
    let mut again = Node::<Parrot>::new(config(0, 2, 1)).expect("a node");
    again.recover(0, &Entry::State { round, bytes }, &mut NoApp).expect("it comes back");
    again.handle_start(0, &mut NoApp);
    // Hello comes first, on both sides or on neither.
    let sections = |frame: &[u8]| {
        let found = heardof_node::wire::decode(frame).expect("a frame");
        found.sections.map(|s| (s.round, s.payload.to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(sections(&said(&mut again).expect("it speaks")), sections(&before));
    assert!(sections(&before).iter().any(|(at, payload)| *at == round && payload.contains(&77)));
}

/// A process that comes back has the coin it had, whatever its new seed, and owes those who wait what it sent in earlier rounds.
#[test]
fn coins_and_debts_survive() {
    crashes::<Tosses>(&[(), (), ()], ());
}

#[test]
fn what_is_over_answers_stragglers_after_a_crash() {
    let parameters = Leader { first: Pid::new(0), shortcut: true };
    let mut cluster = Cluster::<LastVoting<u64>>::new(&[3, 1, 2], parameters, 1);
    while !cluster.is_over() {
        assert!(cluster.step());
    }
    while cluster.machines[1].writes.is_some() {
        cluster.step();
    }
    cluster.crash(1);
    let m = &mut cluster.machines[1];
    assert_eq!((m.node.status(0), m.app.0.len()), (Some(Status::Retired), 1));
    assert_eq!(m.app.0[0].decision, Some(3));
    let again = m.node.recover(0, &Entry::Over { bytes: vec![] }, &mut m.app);
    assert_eq!(again, Err(RecoverError::Known { instance: 0 }));
}

#[test]
fn what_is_no_record_is_refused() {
    let mut node = Node::<OneThirdRule<u64>>::new(config(0, 3, 0)).expect("a node");
    for entry in [Entry::State { round: 0, bytes: vec![7] }, Entry::Over { bytes: vec![] }, Entry::State { round: 3, bytes: vec![0; 99] }] {
        let found = node.recover(5, &entry, &mut NoApp);
        assert!(matches!(found, Err(RecoverError::Malformed { instance: 5, .. })), "{found:?}");
    }
    let long = Entry::Over { bytes: vec![0; 4096] };
    assert!(matches!(node.recover(5, &long, &mut NoApp), Err(RecoverError::Malformed { why: DecodeError::Trailing { .. }, .. })));
    assert_eq!((node.live(), node.remembered(), node.counters().recovered), (0, 0, 0));
}
