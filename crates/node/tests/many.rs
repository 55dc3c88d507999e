//! Many instances of one node: what they cost, that they do not mix, and what happens to those that are over.

#[path = "support/many.rs"]
mod support;

use heardof::core::value::{digest_bytes, encoded};
use heardof::prelude::*;
use heardof_algorithms::last_voting::Leader;
use heardof_algorithms::{BenOr, LastVoting, OneThirdRule};
use heardof_node::limits::*;
use heardof_node::wire::{self, Header, Kind, Section};
use heardof_node::{App, Config, InstanceId, Join, NoApp, Node, Output, ProposeError, Status, Timing};
use std::collections::BTreeMap;
use support::{MS, Network, Plan};

type Paxos = LastVoting<(u64, u64)>;

fn leader() -> Leader {
    Leader { first: Pid::new(0), shortcut: true }
}

/// An application that joins with its own value what has not finished, and remembers decisions.
#[derive(Default)]
struct Log {
    joins: bool,
    asked: u64,
    decided: BTreeMap<InstanceId, ((u64, u64), bool)>,
}

impl App<Paxos> for Log {
    fn join(&mut self, instance: InstanceId) -> Join<Paxos> {
        self.asked += 1;
        match self.decided.contains_key(&instance) {
            true => Join::Finished,
            false if self.joins => Join::Yes { parameters: leader(), input: (instance, 99) },
            false => Join::No,
        }
    }
    fn decided(&mut self, instance: InstanceId, outputs: &Paxos, told_by: Option<Pid>) {
        let decision = outputs.decision.expect("decided");
        assert!(self.decided.insert(instance, (decision, told_by.is_some())).is_none(), "told once");
    }
}

struct Trio {
    nodes: Vec<Node<Paxos>>,
    apps: Vec<Log>,
    now: u64,
}

impl Trio {
    fn new(change: impl Fn(&mut Config)) -> Trio {
        let node = |k| {
            let mut config =
                Config { timing: Timing { round_timeout: 50 * MS, grace: 0, gather: 0 }, ..Config::new("trio", 1, Pid::new(k), 3) };
            change(&mut config);
            Node::new(config).expect("a node")
        };
        let mut trio = Trio { nodes: (0..3).map(node).collect(), apps: (0..3).map(|_| Log::default()).collect(), now: 0 };
        for k in 0..3 {
            trio.nodes[k].handle_start(0, &mut trio.apps[k]);
        }
        trio.turn(&[0, 1, 2]);
        trio
    }
    fn propose(&mut self, k: usize, instance: InstanceId) {
        let value = (instance, k as u64);
        self.nodes[k].handle_propose(self.now, instance, leader(), value, &mut self.apps[k]).expect("new");
    }
    /// Hands frames over until there are none; those of processes that are not `up` are lost, and so is what is for them.
    fn turn(&mut self, up: &[usize]) {
        let mut frame = vec![];
        while let Some((from, to)) = (0..3).find_map(|from| Some((from, self.nodes[from].poll_transmit(&mut frame)?.index()))) {
            if up.contains(&from) && up.contains(&to) {
                self.nodes[to].handle_frame(self.now, Pid::new(from), &frame, &mut self.apps[to]);
            }
        }
    }
    fn pass(&mut self, time: u64, up: &[usize]) {
        let until = self.now + time;
        while let Some(at) = up.iter().filter_map(|k| self.nodes[*k].poll_timer()).min().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            for k in up {
                self.nodes[*k].handle_timer(self.now, &mut self.apps[*k]);
            }
            self.turn(up);
        }
        self.now = until;
    }
}

fn header(sender: usize) -> Header {
    Header { cluster: digest_bytes(b"trio"), fingerprint: 1, sender: Pid::new(sender) }
}

fn frame_of(sender: usize, sections: &[Section<'_>]) -> Vec<u8> {
    let mut out = vec![];
    sections.iter().for_each(|s| wire::put_section(&mut out, s));
    wire::frame(&header(sender), &out)
}

#[test]
fn ten_thousand_instances_decide() {
    let mut t = Trio::new(|_| ());
    for id in 0..10_000 {
        (0..3).for_each(|k| t.propose(k, 3 * id));
    }
    assert_eq!(t.nodes[0].live(), 10_000);
    t.turn(&[0, 1, 2]);
    for k in 0..3 {
        assert_eq!((t.apps[k].decided.len(), t.nodes[k].live(), t.nodes[k].remembered()), (10_000, 0, 10_000));
        assert!(t.apps[k].decided.iter().all(|(id, (value, told))| (*value, *told) == ((*id, 0), false)), "the leader's value, by rounds");
        assert_eq!(t.nodes[k].counters().rounds, 40_000);
    }
}

#[test]
fn whoever_was_away_joins_and_is_told() {
    let mut t = Trio::new(|c| c.max_finished = 50);
    for id in 0..200 {
        (0..2).for_each(|k| t.propose(k, id));
        t.turn(&[0, 1]);
    }
    assert_eq!((t.apps[0].decided.len(), t.apps[2].decided.len()), (200, 0));
    // p2 proposes in all of them; the others have finished, and remember the last fifty.
    (0..200).for_each(|id| t.propose(2, id));
    t.pass(1000 * MS, &[0, 1, 2]);
    assert_eq!(t.apps[2].decided.len(), 50);
    assert!(t.apps[2].decided.iter().all(|(id, (value, told))| *id >= 150 && *value == (*id, 0) && *told));
    assert_eq!((t.nodes[0].live(), t.nodes[0].remembered(), t.nodes[0].status(0)), (0, 50, None), "nothing was started again");
    assert!(t.nodes[0].counters().forgotten_instance > 0 && t.nodes[0].counters().decisions_out > 0);
    assert_eq!(t.nodes[2].state(160).map(|s| s.decision), Some(None), "what was told is not in the state");
}

#[test]
fn a_straggler_asks_everybody() {
    let mut t = Trio::new(|_| ());
    (0..3).for_each(|k| t.propose(k, 1));
    // p2 hears the proposal and nothing after it; p0, to which it speaks in this phase, is gone afterwards.
    t.turn(&[0, 1]);
    assert_eq!((t.apps[0].decided.len(), t.apps[1].decided.len()), (1, 1));
    t.pass(2000 * MS, &[1, 2]);
    assert_eq!(t.apps[2].decided.get(&1), Some(&((1, 0), true)), "p1 knows as well");
}

#[test]
fn late_acknowledgements_start_nothing_and_are_not_answered() {
    for max_finished in [0, 100] {
        let mut t = Trio::new(|c| c.max_finished = max_finished);
        t.apps.iter_mut().for_each(|app| app.joins = true);
        (0..20).for_each(|id| (0..3).for_each(|k| t.propose(k, id)));
        t.turn(&[0, 1, 2]);
        assert!((0..3).all(|k| (t.apps[k].decided.len(), t.nodes[k].live()) == (20, 0)));
        let ack = Section { kind: Kind::Message, instance: 0, count: 20, round: 2, payload: &[] };
        t.nodes[0].handle_frame(t.now, Pid::new(2), &frame_of(2, &[ack]), &mut t.apps[0]);
        assert_eq!((t.nodes[0].live(), t.nodes[0].counters().started, t.nodes[0].counters().decisions_out), (0, 20, 0));
        assert!(t.nodes[0].poll_transmit(&mut vec![]).is_none());
        let later = Section { round: 4, payload: &encoded(&((9u64, 9u64), None::<Phase>)), ..ack };
        t.nodes[0].handle_frame(t.now, Pid::new(2), &frame_of(2, &[later]), &mut t.apps[0]);
        assert_eq!(t.nodes[0].counters().decisions_out, max_finished.min(20) as u64, "one of a later phase straggles");
    }
}

#[test]
fn the_application_says_who_joins() {
    let mut t = Trio::new(|c| c.max_instances = 3);
    // No: dropped and asked again.
    (0..2).for_each(|k| t.propose(k, 5));
    t.turn(&[0, 1, 2]);
    assert_eq!((t.apps[2].asked, t.nodes[2].counters().unknown_instance, t.nodes[2].live()), (2, 2, 0), "a proposal and a decision");
    // Yes: it takes part, with the value of its application.
    t.apps[2].joins = true;
    (0..2).for_each(|k| t.propose(k, 6));
    t.turn(&[0, 1, 2]);
    assert_eq!((t.apps[2].decided.get(&6), t.nodes[2].counters().started), (Some(&((6, 0), false)), 1));
    // So many and no more.
    let run = Section { kind: Kind::Message, instance: 100, count: 10, round: 1, payload: &encoded(&(1u64, 1u64)) };
    t.nodes[2].handle_frame(t.now, Pid::new(1), &frame_of(1, &[run]), &mut t.apps[2]);
    assert_eq!((t.nodes[2].live(), t.nodes[2].counters().refused_instance), (3, 7));
    let error = t.nodes[2].handle_propose(t.now, 500, leader(), (0, 0), &mut t.apps[2]).expect_err("too many");
    assert_eq!(error, ProposeError::TooMany { limit: 3 });
    let error = t.nodes[2].handle_propose(t.now, 6, leader(), (0, 0), &mut t.apps[2]);
    assert_eq!(error.expect_err("finished").to_string(), "expected a new instance, found 6, which is known already");
}

#[test]
fn floods_and_huge_claims_are_bounded() {
    let mut t = Trio::new(|c| (c.max_instances, c.max_finished) = (1000, 1000));
    t.apps[1].joins = true;
    let payload = encoded(&(1u64, 1u64));
    for k in 0..40u64 {
        let section = |instance, count, round| Section { kind: Kind::Message, instance, count, round, payload: &payload };
        let flood = [section(k << 40, 16_000, 1), section(k, 1, 1 << 60), section(k << 40 | 1, 1, u64::MAX), section(u64::MAX, 1, 1 << 16)];
        t.nodes[1].handle_frame(t.now, Pid::new(2), &frame_of(2, &flood), &mut t.apps[1]);
        assert!(t.nodes[1].live() <= 1000);
        let c = t.nodes[1].counters();
        assert!(c.rounds <= (k + 1) * (16_003 * ROUNDS_PER_EVENT as u64), "{c:?}");
    }
    let c = *t.nodes[1].counters();
    assert!(c.refused_instance > 500_000 && c.messages_too_far_ahead > 0 && c.started == 1000, "{c:?}");
    // One section more than a frame may speak of: nothing of it counts.
    let section = Section { kind: Kind::Message, instance: 0, count: 16_384, round: 0, payload: &payload };
    t.nodes[1].handle_frame(t.now, Pid::new(2), &frame_of(2, &[section, Section { count: 1, ..section }]), &mut t.apps[1]);
    assert_eq!((t.nodes[1].counters().frames_malformed, t.nodes[1].counters().refused_instance), (1, c.refused_instance));
}

#[test]
fn interleaved_instances_replay_each() {
    for seed in 0..30 {
        let plan = |n| Plan {
            n,
            instances: 12,
            loss: [0, 10, 30][seed as usize % 3],
            duplicates: 10,
            delay: [MS, 30 * MS, 90 * MS][seed as usize / 3 % 3],
            seed,
        };
        Network::<LastVoting<u64>>::run(&plan(3), leader(), |id, k| id * 10 + k as u64);
        Network::<OneThirdRule<u64>>::run(&plan(4), (), |id, k| (id + k as u64) % 3);
        Network::<BenOr>::run(&plan(5), (), |id, k| (id + k as u64).is_multiple_of(2));
    }
}

/// No round: the instance is over.
const OVER: u64 = u64::MAX;

#[test]
fn a_parked_instance_sends_nothing_until_its_state_is_durable() {
    let mut t = Trio::new(|c| c.park = true);
    t.propose(0, 4);
    let parked = |t: &mut Trio| -> Vec<(InstanceId, u64)> {
        let outputs = std::iter::from_fn(|| t.nodes[0].poll_output()).collect::<Vec<_>>();
        let number = |o: &Output| match o {
            Output::Persist { round, .. } => *round,
            Output::Over { .. } => OVER,
            o => panic!("{o:?}"),
        };
        outputs.iter().map(|(id, o)| (*id, number(o))).collect()
    };
    assert_eq!(parked(&mut t), [(4, 0)]);
    assert!(t.nodes[0].poll_transmit(&mut vec![]).is_none());
    // Estimates of p1 come before it is durable: they wait.
    let collect = Section { kind: Kind::Message, instance: 4, count: 1, round: 0, payload: &encoded(&((7u64, 7u64), None::<Phase>)) };
    t.nodes[0].handle_frame(t.now, Pid::new(1), &frame_of(1, &[collect]), &mut t.apps[0]);
    assert_eq!((parked(&mut t), t.nodes[0].round(4)), (vec![], Some(0)));
    assert!(!t.nodes[0].handle_durable(t.now, 4, 1, &mut t.apps[0]), "not that round");
    assert!(t.nodes[0].handle_durable(t.now, 4, 0, &mut t.apps[0]));
    assert_eq!((parked(&mut t), t.nodes[0].round(4)), (vec![(4, 1)], Some(1)), "a majority: it left round 0, and is parked before 1");
    assert!(t.nodes[0].poll_transmit(&mut vec![]).is_none(), "it said nothing in round 0 but to itself");
    assert!(t.nodes[0].handle_durable(t.now, 4, 1, &mut t.apps[0]));
    assert!(!t.nodes[0].handle_durable(t.now, 4, 1, &mut t.apps[0]), "once");
    assert_eq!(parked(&mut t), [(4, 2)], "it heard its own proposal");
    let mut sent = vec![];
    let mut frame = vec![];
    while let Some(to) = t.nodes[0].poll_transmit(&mut frame) {
        sent.extend(wire::decode(&frame).expect("a frame").sections.map(|s| (to.index(), s.round)));
    }
    assert_eq!(sent, [(1, 1), (2, 1)], "the proposal");
    // Its own acknowledgement waits for the disk as that of anybody.
    let ack = Section { round: 2, payload: &[], ..collect };
    t.nodes[0].handle_frame(t.now, Pid::new(1), &frame_of(1, &[ack]), &mut t.apps[0]);
    for (round, then) in [(2, 3), (3, 4), (4, OVER)] {
        assert!(t.apps[0].decided.is_empty() && t.nodes[0].round(4) == Some(round));
        assert!(t.nodes[0].handle_durable(t.now, 4, round, &mut t.apps[0]));
        assert_eq!(parked(&mut t), [(4, then)]);
    }
    assert_eq!((t.apps[0].decided.len(), t.nodes[0].status(4)), (1, Some(Status::Retired)));
}

#[test]
fn the_next_instance_in_a_place_finds_no_messages_of_the_last() {
    let estimate = encoded(&((9u64, 9u64), None::<Phase>));
    let message = |instance, round, payload| Section { kind: Kind::Message, instance, count: 1, round, payload };
    let decided = Paxos { x: (1, 0), ts: None, vote: None, ready: false, decision: Some((1, 0)) };
    let told = [&[1], &encoded(&decided)[..]].concat();
    for (park, goes_on) in [(true, false), (false, true)] {
        let mut t = Trio::new(|c| (c.park, c.max_finished, c.retire_when_decided) = (park, 0, !goes_on));
        t.propose(0, 1);
        let hear =
            |t: &mut Trio, from, section| t.nodes[0].handle_frame(t.now, Pid::new(from), &frame_of(from, &[section]), &mut t.apps[0]);
        let durable = |t: &mut Trio, id, round| {
            while t.nodes[0].poll_output().is_some() {}
            assert_eq!(t.nodes[0].handle_durable(t.now, id, round, &mut t.apps[0]), park);
            while t.nodes[0].poll_output().is_some() {}
        };
        hear(&mut t, 1, message(1, 0, &estimate));
        hear(&mut t, 1, message(1, 2, &[]));
        (0..4).for_each(|round| durable(&mut t, 1, round));
        // It is at the end of a phase, or in the next one, and messages of the next one come before it retires.
        assert_eq!((t.nodes[0].round(1), t.nodes[0].live()), (Some(if park { 4 } else { 5 }), 1));
        hear(&mut t, 2, message(1, 4, &estimate));
        hear(&mut t, 2, message(1, 6, &[]));
        if park {
            durable(&mut t, 1, 4);
        } else {
            hear(&mut t, 1, Section { kind: Kind::Decision, ..message(1, 4, &told) });
        }
        assert_eq!((t.nodes[0].live(), t.nodes[0].remembered()), (0, 0));
        t.propose(0, 2);
        durable(&mut t, 2, 0);
        assert_eq!(t.nodes[0].round(2), Some(0), "it has heard itself only");
        hear(&mut t, 2, message(2, 0, &estimate));
        assert_eq!(t.nodes[0].counters().messages_duplicate, 0);
        assert_eq!(t.nodes[0].round(2), Some(if park { 1 } else { 2 }), "and now a majority, but no acknowledgement besides its own");
    }
}

#[test]
fn bytes_of_any_kind_do_nothing() {
    let mut t = Trio::new(|_| ());
    t.apps[0].joins = true;
    (0..3).for_each(|k| t.propose(k, 1));
    let mut bits = 1u64;
    let mut random = move |below: u64| {
        bits = bits.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (bits >> 33) % below
    };
    for _ in 0..20_000 {
        // Sections that are no sections, under a good header and a good checksum.
        let bytes: Vec<u8> = (0..random(80)).map(|_| [0, 0, 0, 1, 2, 3, random(256) as u8][random(7) as usize]).collect();
        t.nodes[0].handle_frame(t.now, Pid::new(1), &wire::frame(&header(1), &bytes), &mut t.apps[0]);
        t.nodes[0].handle_frame(t.now, Pid::new(1), &bytes, &mut t.apps[0]);
    }
    let c = t.nodes[0].counters();
    assert!(c.frames_malformed > 20_000 && c.frames_in > 100 && c.panics == 0 && c.stopped == 0, "{c:?}");
    t.turn(&[0, 1, 2]);
    assert!(t.apps.iter().all(|app| app.decided.contains_key(&1)));
}

#[test]
fn a_panic_in_one_instance_leaves_the_others_of_the_frame_alone() {
    #[derive(State)]
    struct Touchy {
        #[output]
        heard: Option<u64>,
    }
    impl Process for Touchy {
        type Input = ();
        type Rounds = (Only,);
        fn init((): (), _: &Context) -> Self {
            Touchy { heard: None }
        }
    }
    struct Only;
    impl Round<Touchy> for Only {
        type Message = u64;
        fn send(_: &Touchy, _: &Context) -> Outbox<u64> {
            silent()
        }
        fn update(p: &mut Touchy, mailbox: &Mailbox<u64>, _: &Context) {
            p.heard = mailbox.max().copied();
            assert!(p.heard != Some(13), "as asked");
        }
        fn ready(_: &Touchy, mailbox: &Mailbox<u64>, _: &Context) -> Progress {
            if mailbox.is_empty() { Progress::Deadline } else { Progress::GoAhead }
        }
    }
    let mut node = Node::<Touchy>::new(Config { record: false, tell: false, ..Config::single("trio", 1, Pid::new(0), 3) }).expect("a node");
    node.handle_start(0, &mut NoApp);
    (0..6).for_each(|id| node.handle_propose(0, id, (), (), &mut NoApp).expect("new"));
    let (bad, good) = (encoded(&13u64), encoded(&1u64));
    let of = |instance, count, payload| Section { kind: Kind::Message, instance, count, round: 0, payload };
    node.handle_frame(0, Pid::new(1), &frame_of(1, &[of(0, 1, &good), of(1, 2, &bad), of(3, 2, &good), of(5, 1, &bad)]), &mut NoApp);
    let alarms: Vec<InstanceId> = std::iter::from_fn(|| node.poll_output()).map(|(id, _)| id).collect();
    assert_eq!((alarms, node.counters().panics, node.counters().stopped), (vec![1, 2, 5], 3, 3));
    let expected = [Status::Retired, Status::Stopped, Status::Stopped, Status::Retired, Status::Retired, Status::Stopped];
    assert!((0..6).all(|id| node.status(id) == Some(expected[id as usize])));
}

#[test]
fn history_is_kept_where_rounds_may_block_and_nowhere_else() {
    use heardof_algorithms::{ben_or, last_voting, one_third_rule};
    fn may_block<P: Process, R: Round<P>>() -> bool {
        R::MAY_BLOCK
    }
    assert!(may_block::<BenOr, ben_or::Report>() && may_block::<BenOr, ben_or::Vote>());
    assert!(!may_block::<OneThirdRule<u64>, one_third_rule::Exchange>(), "it has no `ready`");
    assert!(!may_block::<Paxos, last_voting::Collect>() && !may_block::<Paxos, last_voting::Decide>());
    let mut t = Trio::new(|_| ());
    (0..2).for_each(|k| t.propose(k, 1));
    t.turn(&[1]);
    assert_eq!(t.nodes[1].round(1), Some(1));
    let pull = Section { kind: Kind::Pull, instance: 1, count: 1, round: 0, payload: &[] };
    t.nodes[1].handle_frame(t.now, Pid::new(0), &frame_of(0, &[pull]), &mut t.apps[1]);
    assert_eq!((t.nodes[1].counters().pulls_too_old, t.nodes[1].counters().pulls_answered), (1, 0));
}

#[test]
fn settled_is_what_the_fields_say() {
    #[derive(State)]
    struct Two {
        seen: Option<u64>,
        #[output]
        first: Option<u64>,
        #[output]
        second: Option<bool>,
    }
    #[derive(State)]
    struct Silent {
        seen: Option<u64>,
    }
    #[derive(State)]
    struct Plain {
        #[output]
        count: u64,
    }
    // The twin goes through untyped values, as `State::settled` does where nothing is derived.
    fn twin<S: State>(state: &S) -> bool {
        let datum = state.to_datum();
        let outputs: Vec<String> =
            S::fields().iter().filter(|f| f.output).map(|f| datum.field(f.name).expect("a field").to_string()).collect();
        !outputs.is_empty() && outputs.iter().all(|value| value.starts_with("Some("))
    }
    for (first, second) in [(None, None), (Some(1), None), (None, Some(true)), (Some(0), Some(false))] {
        let state = Two { seen: None, first, second };
        assert_eq!((state.settled(), twin(&state)), (first.is_some() && second.is_some(), state.settled()));
    }
    assert!(!Silent { seen: Some(1) }.settled() && !twin(&Silent { seen: Some(1) }));
    assert!(!Plain { count: 1 }.settled() && !twin(&Plain { count: 1 }), "an output that is no `Option` is never finished");
}
