//! One node, driven by hand: when it leaves a round, what it refuses, and every limit.

use heardof::core::Datum;
use heardof::core::process::Faults;
use heardof::core::trace::{End, Record};
use heardof::core::value::{digest_bytes, encoded};
use heardof::prelude::*;
use heardof_node::limits::*;
use heardof_node::wire::{self, Header, Kind, Section};
use heardof_node::{Alarm, Config, InstanceId, NoApp, Node, Output, ProposeError, Status, Timing};

const MS: u64 = 1_000_000;
const N: usize = 4;
/// The instance that is looked at.
const ONE: InstanceId = 7;

// An algorithm that does what its mode says. Without attributes: it is for the node only, nobody checks or proves it.
#[derive(State)]
#[parameters(usize)]
#[requests(u64)]
struct Probe {
    mode: String,
    heard: usize,
    sum: u64,
    #[output]
    done: Option<u64>,
}

impl Process for Probe {
    type Input = String;
    type Rounds = (First, Second);
    fn init(mode: String, _: &Context<usize, u64>) -> Self {
        assert!(mode != "init panics", "as asked");
        Probe { mode, heard: 0, sum: 0, done: None }
    }
    fn halted(&self) -> bool {
        self.mode == "halts" && self.heard > 0
    }
    fn faults(f: &usize) -> Faults {
        if *f == 0 { Faults::Benign } else { Faults::Byzantine { at_most: *f } }
    }
}

struct First;
impl Round<Probe> for First {
    type Message = String;
    fn send(p: &Probe, _: &Context<usize, u64>) -> Outbox<String> {
        match p.mode.as_str() {
            "send panics" => panic!("as asked"),
            "large" => broadcast("x".repeat(MAX_MESSAGE + 1)),
            "silent" => silent(),
            _ => broadcast("hello".to_string()),
        }
    }
    fn update(p: &mut Probe, mailbox: &Mailbox<String>, ctx: &Context<usize, u64>) {
        assert!(p.mode != "update panics", "as asked");
        p.heard = mailbox.len();
        p.sum += ctx.request().copied().unwrap_or(0);
        if p.mode == "decides" {
            p.done = Some(1);
        }
    }
    fn ready(p: &Probe, mailbox: &Mailbox<String>, ctx: &Context<usize, u64>) -> Progress {
        match p.mode.as_str() {
            "ready panics" => panic!("as asked"),
            "blocks" if 2 * mailbox.len() <= ctx.n() => Progress::Block,
            "blocks always" => Progress::Block,
            "syncs" => Progress::Sync(3),
            "goes" => Progress::GoAhead,
            _ => Progress::Deadline,
        }
    }
}

struct Second;
impl Round<Probe> for Second {
    type Message = u64;
    fn send(_: &Probe, _: &Context<usize, u64>) -> Outbox<u64> {
        broadcast(7)
    }
    fn update(p: &mut Probe, mailbox: &Mailbox<u64>, _: &Context<usize, u64>) {
        p.heard = mailbox.len();
    }
}

/// Process p0 of four, and all that came out of it.
struct Bench {
    node: Node<Probe>,
    now: u64,
    outputs: Vec<Output>,
    sent: Vec<(Pid, Kind, u64, Vec<u8>)>,
}

fn header(sender: usize) -> Header {
    Header { cluster: digest_bytes(b"bench"), fingerprint: 9, sender: Pid::new(sender) }
}

fn config() -> Config {
    let timing = Timing { round_timeout: 100 * MS, grace: 10 * MS, gather: 0 };
    Config { timing, ..Config::single("bench", 9, Pid::new(0), N) }
}

impl Bench {
    fn new(mode: &str, f: usize) -> Bench {
        Bench::with(config(), mode, f)
    }
    fn with(config: Config, mode: &str, f: usize) -> Bench {
        let node = Node::new(config).expect("starts");
        let mut bench = Bench { node, now: 0, outputs: vec![], sent: vec![] };
        bench.node.handle_start(0, &mut NoApp);
        bench.node.handle_propose(0, ONE, f, mode.to_string(), &mut NoApp).expect("starts");
        bench.drain();
        bench
    }
    fn drain(&mut self) {
        self.outputs.extend(std::iter::from_fn(|| self.node.poll_output()).map(|(_, output)| output));
        let mut bytes = vec![];
        while let Some(to) = self.node.poll_transmit(&mut bytes) {
            let frame = wire::decode(&bytes).expect("what a node sends is a frame");
            self.sent.extend(frame.sections.map(|s| (to, s.kind, s.round, s.payload.to_vec())));
        }
    }
    fn frame(&mut self, from: usize, bytes: &[u8]) {
        self.node.handle_frame(self.now, Pid::new(from), bytes, &mut NoApp);
        self.drain();
    }
    fn section(&mut self, from: usize, kind: Kind, round: u64, payload: &[u8]) {
        let mut sections = vec![];
        wire::put_section(&mut sections, &Section { kind, instance: ONE, count: 1, round, payload });
        self.frame(from, &wire::frame(&header(from), &sections));
    }
    /// The message that belongs into a round.
    fn message(&mut self, from: usize, round: u64) {
        let payload = if round.is_multiple_of(2) { encoded(&"hi".to_string()) } else { encoded(&1u64) };
        self.section(from, Kind::Message, round, &payload);
    }
    fn at(&mut self, now: u64) {
        self.now = now;
        self.node.handle_timer(now, &mut NoApp);
        self.drain();
    }
    fn round(&self) -> u64 {
        self.node.round(ONE).expect("it is known")
    }
    fn status(&self) -> Status {
        self.node.status(ONE).expect("it is known")
    }
    fn state(&self) -> &Probe {
        self.node.state(ONE).expect("it is known")
    }
    /// How many were heard, by round.
    fn heard(&self) -> Vec<usize> {
        let heard = |output: &Output| match output {
            Output::Record(Record::Round(record)) => Some(record.heard.len()),
            _ => None,
        };
        self.outputs.iter().filter_map(heard).collect()
    }
    fn take_sent(&mut self, kind: Kind) -> Vec<(usize, u64)> {
        self.sent.drain(..).filter(|s| s.1 == kind).map(|(to, _, round, _)| (to.index(), round)).collect()
    }
}

#[test]
fn a_round_ends_when_everybody_was_heard() {
    let mut b = Bench::new("", 0);
    (1..N).for_each(|q| b.message(q, 0));
    assert_eq!((b.heard(), b.round()), (vec![N], 1));
    assert_eq!(b.node.counters().rounds_by_deadline, 0);
}

#[test]
fn a_trickle_does_not_stretch_a_round() {
    let mut b = Bench::new("", 0);
    for (k, q) in [(60, 1), (90, 2)] {
        b.now = k * MS;
        b.message(q, 0);
        assert_eq!(b.node.poll_timer(), Some(100 * MS));
    }
    b.at(99 * MS);
    assert_eq!(b.round(), 0);
    b.at(100 * MS);
    assert_eq!((b.heard(), b.round(), b.node.counters().rounds_by_deadline), (vec![3], 1, 1));
    b.message(3, 0);
    assert_eq!((b.node.counters().messages_late, b.state().heard), (1, 3), "late for its round, dropped");
    b.message(2, 1);
    b.message(2, 1);
    assert_eq!(b.node.counters().messages_duplicate, 1);
}

#[test]
fn one_round_ahead_is_followed_after_a_grace_two_at_once() {
    let mut b = Bench::new("", 0);
    b.now = 20 * MS;
    b.message(1, 1);
    assert_eq!((b.round(), b.node.poll_timer()), (0, Some(30 * MS)));
    b.message(2, 0);
    b.at(30 * MS);
    assert_eq!((b.round(), b.heard(), b.node.counters().rounds_by_catching_up), (1, vec![2], 1));
    b.message(3, 5);
    assert_eq!(b.round(), 4, "up to one round behind at once, then grace");
    assert_eq!(b.heard(), [2, 2, 1, 1], "the early message of p1 was heard in its round");
    b.at(40 * MS);
    assert_eq!((b.round(), b.node.poll_timer()), (5, Some(140 * MS)));
}

#[test]
fn with_byzantine_processes_one_claim_is_not_enough() {
    let mut b = Bench::new("", 1);
    b.message(1, 8);
    b.at(MS);
    assert_eq!(b.round(), 0);
    b.message(2, 6);
    assert_eq!(b.round(), 5, "two claim round 6 or more: one of them does not lie");
}

#[test]
fn a_huge_claim_is_refused_and_a_large_one_is_worked_off_in_parts() {
    let mut b = Bench::new("", 0);
    for round in [1 << 60, u64::MAX, MAX_ROUNDS_AHEAD + 1] {
        b.message(1, round);
    }
    assert_eq!((b.round(), b.node.counters().messages_too_far_ahead), (0, 3));
    b.message(1, MAX_ROUNDS_AHEAD);
    assert_eq!(b.round() as usize, ROUNDS_PER_EVENT);
    assert_eq!(b.node.poll_timer(), Some(0), "the rest is due at once");
    b.at(0);
    assert_eq!(b.round() as usize, 2 * ROUNDS_PER_EVENT);
}

#[test]
fn a_blocked_round_is_left_by_neither_clock_nor_catching_up() {
    let mut b = Bench::new("blocks", 0);
    b.message(1, 0);
    b.message(2, 50);
    b.take_sent(Kind::Message);
    for (time, asked) in [(99, 0), (100, 2), (200, 0), (250, 2), (400, 0), (475, 2)] {
        b.at(time * MS);
        let pulls = b.take_sent(Kind::Pull);
        assert_eq!(pulls, [(2, 0), (3, 0)][..asked], "asked less and less often, at {time} ms");
    }
    assert_eq!(b.round(), 0);
    b.message(3, 0);
    assert_eq!((b.heard()[0], b.node.counters().left_below_ready), (3, 0), "a majority: now it may go");
    let mut b = Bench::new("blocks always", 0);
    (1..N).for_each(|q| b.message(q, 0));
    assert_eq!(b.round(), 0, "not even when everybody was heard");
}

#[test]
fn sync_waits_until_so_many_are_there() {
    let mut b = Bench::new("syncs", 0);
    b.message(1, 0);
    b.at(500 * MS);
    assert_eq!(b.round(), 0, "two are here");
    b.section(2, Kind::Pull, 0, &[]);
    assert_eq!((b.round(), b.heard()), (1, vec![2]), "asking in a round is being there");
}

#[test]
fn messages_are_sent_again_as_long_as_they_are_kept() {
    let mut b = Bench::new("", 0);
    let last = HISTORY_ROUNDS as u64 + 3;
    b.message(1, last + 1);
    while b.round() < last {
        b.at(b.now);
    }
    b.sent.clear();
    for (round, answered) in [(last, 1), (last + 1 - HISTORY_ROUNDS as u64, 1), (last - HISTORY_ROUNDS as u64, 0)] {
        b.section(2, Kind::Pull, round, &[]);
        assert_eq!(b.take_sent(Kind::Message).len(), answered, "round {round}");
    }
    assert_eq!((b.node.counters().pulls_answered, b.node.counters().pulls_too_old), (2, 1));
}

#[test]
fn a_decided_process_finishes_the_phase_retires_and_answers_stragglers() {
    let mut b = Bench::new("decides", 0);
    (1..N).for_each(|q| b.message(q, 0));
    assert_eq!((b.round(), b.status()), (1, Status::Running), "what it says in this phase is still needed");
    (1..N).for_each(|q| b.message(q, 1));
    assert_eq!(b.status(), Status::Retired);
    assert_eq!(b.outputs.last(), Some(&Output::Retired { round: 2 }));
    b.sent.clear();
    b.message(1, 1);
    assert_eq!(b.take_sent(Kind::Decision), [], "late in the last phase: no straggler");
    b.message(1, 2);
    b.section(2, Kind::Ask, 0, &[]);
    b.section(3, Kind::Pull, 1, &[]);
    assert_eq!(b.take_sent(Kind::Decision), [(1, 2), (2, 2), (3, 2)]);
    b.at(200 * MS);
    assert_eq!(b.take_sent(Kind::Decision), [(1, 2), (2, 2), (3, 2)], "and reminds who is not known to have finished");
    let state = encoded(b.state());
    let told = |knows: u8| [&[knows][..], &state].concat();
    b.section(1, Kind::Decision, 2, &told(1));
    b.section(2, Kind::Decision, 2, &told(0));
    assert_eq!(b.take_sent(Kind::Decision), [(2, 2)], "who does not know yet is told at once");
    assert_eq!(b.node.unfinished(ONE), [Pid::new(3)]);
    b.section(3, Kind::Decision, 2, &told(1));
    assert!(b.node.all_finished(ONE));
    b.at(10_000 * MS);
    assert_eq!((b.take_sent(Kind::Decision).len(), b.node.poll_timer()), (0, None));
}

#[test]
fn a_straggler_asks_and_reports_what_it_is_told_without_touching_its_state() {
    let mut b = Bench::new("silent", 0);
    b.at(100 * MS);
    b.at(200 * MS);
    assert_eq!(b.take_sent(Kind::Ask), [(1, 2), (2, 2), (3, 2)], "it has nothing to send in round 2, so it asks");
    let decided = Probe { mode: "x".into(), heard: 3, sum: 9, done: Some(5) };
    let before = b.state().clone();
    b.section(2, Kind::Decision, 4, &[&[0], &encoded(&before)[..]].concat());
    assert_eq!(b.status(), Status::Running, "a finished process without a decision is no help");
    for wrong in [vec![], vec![0], [&[0], &encoded(&decided)[1..]].concat()] {
        b.section(2, Kind::Decision, 4, &wrong);
    }
    assert_eq!(b.node.counters().decisions_malformed, 3);
    b.section(3, Kind::Decision, 4, &[&[0], &encoded(&decided)[..]].concat());
    let value = Datum::some(Datum::Nat(5));
    assert!(b.outputs.contains(&Output::Forwarded { round: 2, from: Pid::new(3), outputs: vec![("done", value)] }));
    let record = Record::Forwarded { round: 2, field: "done".into(), value: "Some(5)".into() };
    assert!(b.outputs.contains(&Output::Record(record)));
    assert_eq!((b.status(), b.state()), (Status::Retired, &before));
    b.sent.clear();
    b.section(1, Kind::Ask, 2, &[]);
    let payload = &b.sent.iter().find(|s| s.1 == Kind::Decision).expect("it passes on").3;
    assert_eq!(payload[1..], encoded(&decided)[..]);
}

#[test]
fn a_halted_process_retires() {
    let mut b = Bench::new("halts", 0);
    b.at(100 * MS);
    assert_eq!(b.status(), Status::Retired);
    assert!(b.outputs.contains(&Output::Halted { round: 1 }));
    assert!(b.outputs.contains(&Output::Record(Record::End(End::Halted(1)))));
}

#[test]
fn a_panic_stops_the_instance_and_not_the_node() {
    let mut b = Bench::new("", 0);
    let error = b.node.handle_propose(0, 8, 0, "init panics".into(), &mut NoApp).expect_err("refused");
    assert_eq!((error, b.node.live()), (ProposeError::Panic { what: "as asked".into() }, 1));
    for function in ["send", "update", "ready"] {
        let mut b = Bench::new(&format!("{function} panics"), 0);
        b.at(100 * MS);
        let panic = Alarm::Panic { round: 0, function, what: "as asked".into() };
        assert!(b.outputs.contains(&Output::Alarm(panic)), "{function}");
        assert_eq!((b.status(), b.node.counters().panics), (Status::Stopped, 1));
        assert!(b.outputs.contains(&Output::Record(Record::End(End::Stopped(0)))));
        b.message(1, 0);
        b.at(1000 * MS);
        assert_eq!((b.node.counters().frames_in, b.node.poll_timer()), (1, None), "the node goes on");
    }
}

#[test]
fn a_message_too_large_is_an_alarm() {
    let b = Bench::new("large", 0);
    let bytes = MAX_MESSAGE + 5;
    assert!(b.outputs.contains(&Output::Alarm(Alarm::MessageTooLarge { round: 0, bytes, limit: MAX_MESSAGE })));
    assert_eq!((b.status(), b.sent.len()), (Status::Stopped, 0));
}

#[test]
fn requests_are_offered_one_a_round_and_recorded() {
    let mut b = Bench::new("", 0);
    for k in 0..MAX_REQUESTS {
        assert!(b.node.handle_request(ONE, k as u64), "{k} fit");
    }
    assert!(!b.node.handle_request(ONE, 0), "the queue is full");
    b.message(1, 5);
    let requests = b.outputs.iter().filter_map(|output| match output {
        Output::Record(Record::Round(record)) => Some(record.request.clone()),
        _ => None,
    });
    assert_eq!(requests.collect::<Vec<_>>(), [None, Some("0".into()), Some("1".into()), Some("2".into())]);
    assert!(b.outputs.iter().any(|o| matches!(o, Output::Record(Record::Sending(s)) if s.request.is_some())));
    assert_eq!(b.state().sum, 1, "round 0 had none, round 2 had 1, the others do not look");
}

#[test]
fn foreign_frames_are_counted_by_name_and_dropped() {
    let mut b = Bench::new("", 0);
    let frame = |header: Header| wire::frame(&header, &[]);
    b.frame(1, b"nonsense");
    b.frame(1, &frame(Header { cluster: 1, ..header(1) }));
    b.frame(1, &frame(Header { fingerprint: 1, ..header(1) }));
    b.frame(1, &frame(header(2)));
    b.frame(0, &frame(header(0)));
    b.frame(N, &frame(header(N)));
    let mut other_version = frame(header(1));
    other_version[4] = wire::VERSION + 1;
    b.frame(1, &other_version);
    let mut sections = vec![];
    wire::put_section(&mut sections, &Section { kind: Kind::Message, instance: 3, count: 1, round: 0, payload: &[] });
    b.frame(1, &wire::frame(&header(1), &sections));
    b.section(1, Kind::Message, 0, &[1, 2, 3]);
    let c = b.node.counters();
    assert_eq!((c.frames_malformed, c.wrong_cluster, c.wrong_fingerprint, c.wrong_version), (1, 1, 1, 1));
    assert_eq!((c.unknown_sender, c.unknown_instance, c.messages_malformed), (3, 1, 1));
    assert_eq!((c.frames_in, b.round()), (2, 0));
    assert!(c.iter().any(|(name, value)| name == "unknown_sender" && value == 3));
}

#[test]
fn nodes_that_cannot_work_do_not_start() {
    let refused = |change: &dyn Fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        Node::<Probe>::new(config).expect_err("refused").to_string()
    };
    assert_eq!(refused(&|c| c.n = 0), "expected 1 to 1024 processes, found 0");
    assert_eq!(refused(&|c| c.n = 1025), "expected 1 to 1024 processes, found 1025");
    assert_eq!(refused(&|c| c.me = Pid::new(4)), "expected a process of p0..p3, found p4");
    assert_eq!(refused(&|c| c.timing.round_timeout = 0), "expected a round time-out above 0, found 0");
}

#[test]
fn early_messages_are_bounded() {
    let mut b = Bench::new("blocks always", 0);
    (1..100).for_each(|round| b.message(1, round));
    assert_eq!(b.node.counters().early_dropped, 98 - EARLY_PER_SENDER as u64, "round 1 is of this phase: there is a place for it");
}

#[test]
fn frames_of_any_content_leave_the_node_running() {
    for seed in 0..20u64 {
        let mut bits = seed;
        let mut random = move |below: u64| {
            bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (bits >> 33) % below
        };
        let mut b = Bench::new(["", "blocks", "syncs", "silent"][seed as usize % 4], 0);
        for _ in 0..2000 {
            b.now += random(3 * MS);
            let kind = [Kind::Message, Kind::Pull, Kind::Ask, Kind::Decision][random(4) as usize];
            let near = (b.round() + random(6)).saturating_sub(3);
            let round = if random(50) == 0 { random(1 << 31) << random(33) } else { near };
            let payload: Vec<u8> = (0..random(40)).map(|_| random(4) as u8).collect();
            b.section(random(5) as usize, kind, round, &payload);
            if b.node.poll_timer().is_some_and(|at| at <= b.now) {
                b.at(b.now);
            }
            b.outputs.clear();
            b.sent.clear();
        }
        let c = b.node.counters();
        assert_eq!((c.left_below_ready, c.panics), (0, 0), "seed {seed}");
        assert_ne!(b.status(), Status::Stopped, "seed {seed}");
        assert!(c.messages_malformed > 0 && c.unknown_sender > 0 && c.decisions_malformed > 0, "seed {seed}: {c:?}");
    }
}
