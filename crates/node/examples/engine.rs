//! What the engine costs: nodes in one thread, frames passed by hand, no sockets.
//!
//! ```console
//! cargo run --release -p heardof-node --example engine -- last_voting 3 1000 100000
//! ```
//!
//! The algorithm (`last_voting` or `one_third_rule`), how many processes, how many instances in flight, how many altogether. Every process
//! proposes a value of its own, of 16 bytes, in every instance, and all of them have to decide. Under
//! `valgrind --tool=callgrind` it counts instructions; `cargo run -p xtask -- instructions` does, and says whether there are too many.

use heardof_algorithms::last_voting::Leader;
use heardof_algorithms::{LastVoting, OneThirdRule};
use heardof_core::process::Process;
use heardof_core::{Phase, Pid};
use heardof_node::{App, Config, InstanceId, Join, Node};

/// A value of 16 bytes.
type Value = (u64, u64);

trait Decision {
    fn decision(&self) -> Option<Value>;
}

impl Decision for LastVoting<Value> {
    fn decision(&self) -> Option<Value> {
        self.decision
    }
}

impl Decision for OneThirdRule<Value> {
    fn decision(&self) -> Option<Value> {
        self.decision
    }
}

/// Counts decisions, and mixes them into a sum that is the same wherever the same was decided.
#[derive(Default)]
struct Tally {
    decided: u64,
    sum: u64,
}

impl<P: Process + Decision> App<P> for Tally {
    fn join(&mut self, _: InstanceId) -> Join<P> {
        // Everything is proposed everywhere, so what is unknown has finished.
        Join::Finished
    }
    fn decided(&mut self, instance: InstanceId, outputs: &P, _: Option<Pid>) {
        let (a, b) = outputs.decision().expect("decided");
        self.decided += 1;
        self.sum ^= (a ^ b.rotate_left(32) ^ instance).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

fn run<P>(n: usize, in_flight: u64, instances: u64, parameters: P::Parameters)
where
    P: Process<Input = Value> + Decision,
{
    let mut apps: Vec<Tally> = (0..n).map(|_| Tally::default()).collect();
    let config = |p| Config { max_finished: 4096, ..Config::new("engine", 1, p, n) };
    let mut nodes: Vec<Node<P>> = Pid::all(n).map(|p| Node::new(config(p)).expect("a node")).collect();
    let (mut proposed, mut now, mut frame, mut turns, mut frames, mut bytes) = (0, 0, vec![], 0u64, 0u64, 0u64);
    for (node, app) in nodes.iter_mut().zip(&mut apps) {
        node.handle_start(now, app);
    }
    let done = |apps: &[Tally]| apps.iter().map(|app| app.decided).min().unwrap_or(0);
    while done(&apps) < instances {
        turns += 1;
        now += 1000;
        let until = (done(&apps) + in_flight).min(instances);
        for id in proposed..until {
            for (k, (node, app)) in nodes.iter_mut().zip(&mut apps).enumerate() {
                let value = (id.wrapping_mul(0x2545_f491_4f6c_dd1d), k as u64);
                node.handle_propose(now, id, parameters.clone(), value, app).expect("a new instance");
            }
        }
        proposed = until;
        for from in 0..n {
            while let Some(to) = nodes[from].poll_transmit(&mut frame) {
                frames += 1;
                bytes += frame.len() as u64;
                nodes[to.index()].handle_frame(now, Pid::new(from), &frame, &mut apps[to.index()]);
            }
        }
        for (node, app) in nodes.iter_mut().zip(&mut apps) {
            if node.poll_timer().is_some_and(|at| at <= now) {
                node.handle_timer(now, app);
            }
        }
    }
    assert!(apps.iter().all(|app| app.sum == apps[0].sum), "all decide the same");
    let rounds = nodes.iter().map(|node| node.counters().rounds).sum::<u64>() as f64 / (n as u64 * instances) as f64;
    let per = |total: u64| total as f64 / instances as f64;
    println!(
        "{instances} instances, {in_flight} in flight, n = {n}: {rounds:.2} rounds each, {:.1} bytes and {:.3} frames an instance, {turns} turns",
        per(bytes),
        per(frames)
    );
}

fn main() {
    let usage = "expected: last_voting|one_third_rule PROCESSES IN_FLIGHT INSTANCES";
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |k: usize| words.get(k).and_then(|word| word.parse::<u64>().ok()).expect(usage);
    let (n, in_flight, instances) = (number(1) as usize, number(2), number(3));
    let first = Phase::new(0).rotate(n);
    match words[0].as_str() {
        "last_voting" => run::<LastVoting<Value>>(n, in_flight, instances, Leader { first, shortcut: true }),
        "one_third_rule" => run::<OneThirdRule<Value>>(n, in_flight, instances, ()),
        _ => panic!("{usage}"),
    }
}
