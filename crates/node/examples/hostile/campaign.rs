//! One node under attack, and what has to hold: no panic, every frame is counted in exactly one way, nothing grows without end, what was
//! decided stays decided.

use crate::mutate::{Aim, MUTATIONS, Mutation, Mutator};
use crate::record::{Recording, Subject, Value, config, record};
use heardof_core::Pid;
use heardof_node::limits::{MAX_FRAME, MAX_MESSAGES_PER_FRAME, ROUNDS_PER_EVENT};
use heardof_node::{App, Config, Counters, InstanceId, Join, Node, Output};
use std::collections::BTreeMap;

/// How many instances may run at the node, and how many finished ones it remembers.
pub const MAX_INSTANCES: usize = 1000;
pub const MAX_FINISHED: usize = 1000;
/// How many instances are open to be joined at a time: more than may run.
const WINDOW: u64 = 4000;
/// How many frames are made before they are handed over, so that making them is not measured.
const BATCH: u64 = 2048;
/// How many frames come in a millisecond.
const FRAMES_PER_MS: u64 = 64;
const MS: u64 = 1_000_000;

/// An attack.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub frames: u64,
    pub seed: u64,
    pub park: bool,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub frames: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// Processor time of the node, in nanoseconds, where the system tells it.
    pub cpu: u64,
    pub counters: Counters,
    pub mutations: [u64; MUTATIONS.len()],
    /// The most at any time.
    pub most_live: usize,
    pub most_remembered: usize,
    /// The most rounds that one frame made the node execute.
    pub most_rounds: u64,
    /// How many instances were decided, as the application was told.
    pub decided: u64,
}

/// Joins what is open, and remembers every decision as long as the node may speak of it.
#[derive(Default)]
struct Log {
    open: u64,
    decided: BTreeMap<InstanceId, (Value, bool)>,
    count: u64,
}

impl<P: Subject> App<P> for Log {
    fn join(&mut self, instance: InstanceId) -> Join<P> {
        if instance < self.open || self.decided.contains_key(&instance) {
            return Join::Finished;
        }
        match instance < self.open + WINDOW {
            true => Join::Yes { parameters: P::parameters(), input: (instance, 0) },
            false => Join::No,
        }
    }
    fn decided(&mut self, instance: InstanceId, outputs: &P, told_by: Option<Pid>) {
        let decision = (outputs.decision().expect("decided"), told_by.is_some());
        self.count += 1;
        let before = self.decided.insert(instance, decision);
        assert!(before.is_none(), "instance {instance} had decided {before:?}, and decides {decision:?}");
    }
}

/// Says where it was if the thread panics.
struct Where(&'static str, Plan, u64);

impl Drop for Where {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Where(name, Plan { frames, seed, park }, at) = self;
            let command = "cargo run --release -p heardof-node --example hostile --";
            eprintln!("{name}, park {park}, at frame {at}: {command} --frames {} --seed {seed}", 4 * *frames);
        }
    }
}

/// An attack on a node that lasts, in parts.
pub struct Attack<P: Subject> {
    plan: Plan,
    recording: Recording,
    node: Node<P>,
    app: Log,
    now: u64,
    /// Records that the disk has not yet written: it does so once in a millisecond.
    writes: Vec<(InstanceId, u64)>,
    report: Report,
}

impl<P: Subject> Attack<P> {
    pub fn new(plan: Plan) -> Self {
        let mut recording = record::<P>(plan.seed, plan.park);
        recording.frames.extend(record::<P>(plan.seed + 1, !plan.park).frames);
        let config = Config {
            max_instances: MAX_INSTANCES,
            max_finished: MAX_FINISHED,
            record: plan.park,
            tell: plan.park,
            farewell: !plan.park,
            ..config(0, P::N, plan.park)
        };
        let mut node = Node::new(config).expect("a node");
        let mut app = Log::default();
        node.handle_start(0, &mut app);
        Attack { plan, recording, node, app, now: 0, writes: vec![], report: Report::default() }
    }

    /// Part `k` of `parts`.
    pub fn part(&mut self, k: u64, parts: u64) {
        let mut at = Where(P::NAME, self.plan, self.report.frames);
        let recording = std::mem::replace(&mut self.recording, Recording { frames: vec![], phase: 1 });
        let mut mutator = Mutator::new(&recording, P::N, self.plan.seed ^ k << 32);
        let until = self.plan.frames * (k + 1) / parts;
        let mut frames: Vec<(Pid, usize)> = vec![];
        let (mut bytes, mut frame) = (vec![], vec![]);
        while self.report.frames < until {
            frames.clear();
            bytes.clear();
            for _ in 0..BATCH.min(until - self.report.frames) {
                let how = mutator.draw();
                let aim = self.aim(&mut mutator);
                let from = mutator.mutate(how, aim, &mut frame);
                self.report.mutations[MUTATIONS.iter().position(|m| *m == how).expect("one of them")] += 1;
                bytes.extend_from_slice(&frame);
                frames.push((from, bytes.len()));
            }
            let (before, mut start) = (cpu(), 0);
            for (from, end) in &frames {
                at.2 = self.report.frames;
                self.frame(*from, &bytes[start..*end]);
                start = *end;
            }
            self.report.cpu += cpu() - before;
            self.report.bytes_in += bytes.len() as u64;
            self.look();
        }
        self.recording = recording;
    }

    /// An instance that is open or runs still, and its round. Some are aimed at so often that their limits are reached.
    fn aim(&self, mutator: &mut Mutator<'_>) -> Aim {
        let instance = match mutator.random.below(4) {
            0 => self.app.open + mutator.random.below(4),
            _ => (self.app.open + mutator.random.below(2 * WINDOW)).saturating_sub(WINDOW),
        };
        Aim { instance, round: self.node.round(instance).unwrap_or(0) }
    }

    fn frame(&mut self, from: Pid, bytes: &[u8]) {
        let before = *self.node.counters();
        self.node.handle_frame(self.now, from, bytes, &mut self.app);
        let counters = self.node.counters();
        assert_eq!(ways(counters), ways(&before) + 1, "a frame is counted in exactly one way");
        let rounds = counters.rounds - before.rounds;
        self.report.most_rounds = self.report.most_rounds.max(rounds);
        assert!(rounds <= (MAX_MESSAGES_PER_FRAME * ROUNDS_PER_EVENT) as u64, "{rounds} rounds for one frame");
        self.report.most_live = self.report.most_live.max(self.node.live());
        self.report.frames += 1;
        self.drain();
        if self.report.frames.is_multiple_of(FRAMES_PER_MS) {
            self.now += MS;
            self.node.handle_timer(self.now, &mut self.app);
            self.drain();
            for (id, round) in std::mem::take(&mut self.writes) {
                self.node.handle_durable(self.now, id, round, &mut self.app);
            }
            self.drain();
        }
    }

    fn drain(&mut self) {
        while let Some((id, output)) = self.node.poll_output() {
            match output {
                Output::Persist { round, .. } => self.writes.push((id, round)),
                Output::Alarm(alarm) => panic!("instance {id}: {alarm}"),
                _ => {}
            }
        }
        let mut frame = vec![];
        while self.node.poll_transmit(&mut frame).is_some() {
            assert!(frame.len() <= MAX_FRAME);
            self.report.bytes_out += frame.len() as u64;
        }
    }

    /// Looks whether everything is as it should be, and opens further instances.
    fn look(&mut self) {
        let (live, remembered) = (self.node.live(), self.node.remembered());
        self.report.most_remembered = self.report.most_remembered.max(remembered);
        assert!(self.report.most_live <= MAX_INSTANCES && remembered <= MAX_FINISHED, "{live} instances, {remembered} finished");
        for (id, (decision, told)) in &self.app.decided {
            if let Some(state) = self.node.state(*id).filter(|_| !told) {
                assert_eq!(state.decision(), Some(*decision), "instance {id}: a decision is for ever");
            }
        }
        self.app.open += WINDOW / 16;
        let Log { open, decided, .. } = &mut self.app;
        decided.retain(|id, _| *id >= *open || self.node.status(*id).is_some());
    }

    pub fn report(&self) -> Report {
        Report { counters: *self.node.counters(), decided: self.app.count, ..self.report.clone() }
    }
}

/// In how many ways frames were counted.
fn ways(c: &Counters) -> u64 {
    c.frames_in + c.frames_malformed + c.wrong_version + c.wrong_cluster + c.wrong_fingerprint + c.unknown_sender
}

/// The processor time that this thread has used, in nanoseconds; 0 where the system does not tell.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// The name of a mutation, as it is printed.
pub fn name(mutation: Mutation) -> String {
    format!("{mutation:?}").to_lowercase()
}
