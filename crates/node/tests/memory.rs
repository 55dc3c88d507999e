//! What an instance costs in memory, counted by the allocator: bytes while it lives, allocations from start to decision.

use allocation_counter::measure;
use heardof_algorithms::LastVoting;
use heardof_algorithms::last_voting::Leader;
use heardof_core::Pid;
use heardof_node::{Config, NoApp, Node};

type Paxos = LastVoting<(u64, u64)>;

/// The state holds three values of 16 bytes: estimate, vote, decision.
const VALUES: i64 = 3 * 16;
/// How many instances live at once.
const LIVE: u64 = 10_000;

fn nodes() -> Vec<Node<Paxos>> {
    let config = |k| Config { max_finished: 1000, ..Config::new("memory", 1, Pid::new(k), 3) };
    let mut nodes: Vec<Node<Paxos>> = (0..3).map(|k| Node::new(config(k)).expect("a node")).collect();
    nodes.iter_mut().for_each(|node| node.handle_start(0, &mut NoApp));
    deliver(&mut nodes, &mut vec![], &[0, 1, 2]);
    nodes
}

/// Hands frames over until there are none; only those of the processes that `speak`.
fn deliver(nodes: &mut [Node<Paxos>], frame: &mut Vec<u8>, speak: &[usize]) {
    while let Some((from, to)) = (0..3).find_map(|from| Some((from, nodes[from].poll_transmit(frame)?.index()))) {
        if speak.contains(&from) {
            nodes[to].handle_frame(1, Pid::new(from), frame, &mut NoApp);
        }
    }
}

fn propose(node: &mut Node<Paxos>, ids: std::ops::Range<u64>) {
    for id in ids {
        let leader = Leader { first: Pid::new(0), shortcut: true };
        node.handle_propose(1, id, leader, (id, 7), &mut NoApp).expect("new");
    }
}

#[test]
fn a_live_instance_takes_at_most_600_bytes_besides_its_value() {
    let of = |what: &str, bytes: i64| {
        let each = bytes / LIVE as i64 - VALUES;
        println!("{what}: {each} bytes an instance besides values");
        assert!(each <= 600, "{what}: {each} bytes");
    };
    // The coordinator of the phase, waiting for a majority of estimates: it holds its own.
    let mut all = nodes();
    let mut frame = vec![0; 1 << 17];
    let leader = measure(|| propose(&mut all[0], 0..LIVE));
    of("a coordinator that collects", leader.bytes_current);
    // A follower that waits for the proposal; what it sent has been taken.
    let follower = measure(|| propose(&mut all[1], 0..LIVE));
    deliver(&mut all, &mut frame, &[]);
    of("a follower that waits for a proposal", follower.bytes_current);
    // The coordinator, waiting for acknowledgements that do not come; lanes have been emptied but keep their memory.
    let mut all = nodes();
    let leader = measure(|| {
        propose(&mut all[0], 0..LIVE);
        propose(&mut all[1], 0..LIVE);
        deliver(&mut all, &mut frame, &[1]);
    });
    assert_eq!((all[0].round(17), all[1].round(17)), (Some(2), Some(1)));
    of("coordinator and follower with their lanes, both", (leader.bytes_current - VALUES * LIVE as i64) / 2);
}

#[test]
fn a_node_that_has_seen_as_many_instances_allocates_nothing_for_more() {
    const IN_FLIGHT: u64 = 1000;
    let mut all = nodes();
    let mut frame = vec![];
    let mut run = |from: u64, count: u64| {
        for first in (from..from + count).step_by(IN_FLIGHT as usize) {
            (0..3).for_each(|k| propose(&mut all[k], first..first + IN_FLIGHT));
            deliver(&mut all, &mut frame, &[0, 1, 2]);
            assert!(all.iter().all(|node| node.live() == 0));
        }
    };
    run(0, 10_000);
    let steady = measure(|| run(10_000, 20_000));
    let each = steady.count_total as f64 / 20_000.0;
    println!("{each:.4} allocations an instance, {} bytes more", steady.bytes_current);
    assert!(each < 0.05, "{each} allocations an instance");
    assert!(steady.bytes_current.abs() < 100_000, "{} bytes more than before", steady.bytes_current);
}
