//! Real frames to start from: what a live cluster sends to its process 0, over links that lose a third.

use heardof_algorithms::last_voting::Leader;
use heardof_algorithms::{LastVoting, OneThirdRule};
use heardof_core::process::{Process, Rounds};
use heardof_core::{Phase, Pid};
use heardof_node::wire::{self, Kind, Section};
use heardof_node::{App, Config, InstanceId, Join, Node, Output, Timing};

/// A value of 16 bytes.
pub type Value = (u64, u64);

/// The name of the cluster, and the fingerprint of the algorithm.
pub const CLUSTER: &str = "hostile";
pub const FINGERPRINT: u64 = 0x0600_dbad;

const MS: u64 = 1_000_000;
/// How many instances are recorded, and for how long at most, in steps of 5 ms.
const INSTANCES: u64 = 300;
const STEPS: u64 = 400;

/// Chance: SplitMix64, from a seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// An algorithm that is attacked.
pub trait Subject: Process<Input = Value> {
    const NAME: &'static str;
    /// How many processes run it.
    const N: usize;
    fn parameters() -> Self::Parameters;
    fn decision(&self) -> Option<Value>;
}

impl Subject for LastVoting<Value> {
    const NAME: &'static str = "last_voting";
    const N: usize = 3;
    fn parameters() -> Leader {
        Leader { first: Phase::new(0).rotate(3), shortcut: true }
    }
    fn decision(&self) -> Option<Value> {
        self.decision
    }
}

impl Subject for OneThirdRule<Value> {
    const NAME: &'static str = "one_third_rule";
    const N: usize = 4;
    fn parameters() {}
    fn decision(&self) -> Option<Value> {
        self.decision
    }
}

pub fn config(me: usize, n: usize, park: bool) -> Config {
    let timing = Timing { round_timeout: 50 * MS, grace: 5 * MS, gather: 0 };
    Config { timing, seed: me as u64, park, ..Config::new(CLUSTER, FINGERPRINT, Pid::new(me), n) }
}

/// Frames to process 0 with their senders, and the sections in them.
pub struct Recording {
    pub frames: Vec<(Pid, Vec<u8>)>,
    /// How many rounds a phase has.
    pub phase: u64,
}

impl Recording {
    /// All sections, as often as they were sent.
    pub fn sections(&self) -> Vec<Section<'_>> {
        self.frames.iter().flat_map(|(_, bytes)| wire::decode(bytes).expect("what a node sends is a frame").sections).collect()
    }
}

/// Joins with its own value.
struct Joins(u64);

impl<P: Subject> App<P> for Joins {
    fn join(&mut self, instance: InstanceId) -> Join<P> {
        Join::Yes { parameters: P::parameters(), input: (instance, self.0) }
    }
    fn decided(&mut self, _: InstanceId, _: &P, _: Option<Pid>) {}
}

struct Cluster<P: Subject> {
    nodes: Vec<Node<P>>,
    now: u64,
    random: Random,
    frames: Vec<(Pid, Vec<u8>)>,
}

impl<P: Subject> Cluster<P> {
    /// Takes what process `k` has to tell, as a disk does that is never late, and hands over what it sends.
    fn drain(&mut self, k: usize) {
        let mut durable = vec![];
        loop {
            while let Some((id, output)) = self.nodes[k].poll_output() {
                if let Output::Persist { round, .. } = output {
                    durable.push((id, round));
                }
            }
            let Some((id, round)) = durable.pop() else { break };
            self.nodes[k].handle_durable(self.now, id, round, &mut Joins(k as u64));
        }
        let (mut frame, mut sent) = (vec![], vec![]);
        while let Some(to) = self.nodes[k].poll_transmit(&mut frame) {
            sent.push((to.index(), frame.clone()));
        }
        for (to, frame) in sent {
            if to == 0 {
                self.frames.push((Pid::new(k), frame.clone()));
            }
            if self.random.below(3) > 0 {
                self.nodes[to].handle_frame(self.now, Pid::new(k), &frame, &mut Joins(to as u64));
            }
        }
    }
}

/// Records `INSTANCES` instances, proposed a few at a time by some of the processes.
pub fn record<P: Subject>(seed: u64, park: bool) -> Recording {
    let node = |k| Node::new(config(k, P::N, park)).expect("a node");
    let mut cluster = Cluster::<P> { nodes: (0..P::N).map(node).collect(), now: 0, random: Random(seed), frames: vec![] };
    for k in 0..P::N {
        cluster.nodes[k].handle_start(0, &mut Joins(k as u64));
    }
    let mut proposed = 0;
    for step in 0..STEPS {
        cluster.now = step * 5 * MS;
        let until = (proposed + cluster.random.below(20)).min(INSTANCES);
        for id in proposed..until {
            for k in 0..=cluster.random.below(P::N as u64) as usize {
                // Who has joined already is refused.
                let _ = cluster.nodes[k].handle_propose(cluster.now, id, P::parameters(), (id, k as u64), &mut Joins(k as u64));
            }
        }
        proposed = until;
        for k in 0..P::N {
            cluster.nodes[k].handle_timer(cluster.now, &mut Joins(k as u64));
            cluster.drain(k);
        }
    }
    let recording = Recording { frames: cluster.frames, phase: P::Rounds::LEN as u64 };
    let sections = recording.sections();
    for kind in [Kind::Message, Kind::Decision] {
        assert!(sections.iter().any(|section| section.kind == kind), "a recording without {kind:?}");
    }
    recording
}
