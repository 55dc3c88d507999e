//! One run: real nodes, virtual time, one seed.
//!
//! First the storm, in which everything goes wrong that the plan says. Then everything is healed but for those that have crashed, and each
//! of the others proposes what it has not heard of yet: whoever can decide has to decide.

use crate::chance::Chance;
use crate::clock::Clock;
use crate::faults::{Fired, Kind, MS, Window, windows};
use crate::liveness::obliged;
use crate::network::Network;
use crate::oracle::{Findings, Oracle, Recording};
use crate::plan::Plan;
use heardof_core::Pid;
use heardof_core::spec::Specified;
use heardof_node::{Alarm, App, Config, InstanceId, Join, Node, Output, Steady, Timing};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// How long the survivors have to decide once everything is healed: so many round time-outs. A time-out that has grown takes long to go
/// back, and a coordinator that has crashed takes a phase.
const PATIENCE: u64 = 2000;

/// How long they have when they need not.
const SHORT: u64 = 20;

/// The fingerprint that all nodes of a run have.
const FINGERPRINT: u64 = 0x51;

/// What the processes propose, and the parameters of the instances.
#[derive(Clone, Debug)]
pub struct Task<P: Specified> {
    /// For each instance the input of each process.
    pub inputs: Vec<Vec<P::Input>>,
    /// The parameters of all instances.
    pub parameters: P::Parameters,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// For each instance what the oracle says of it.
    pub findings: Vec<Findings>,
    /// Alarms of nodes: who, and which instance.
    pub alarms: Vec<(Pid, InstanceId, Alarm)>,
    /// Who survived.
    pub alive: Vec<bool>,
    /// Why the survivors need not decide, if so.
    pub excuse: Option<String>,
    /// What survivors have not decided.
    pub undecided: Vec<(Pid, InstanceId)>,
    /// How often each fault fired.
    pub fired: Fired,
    /// A digest of everything that happened, in its order.
    pub log: u64,
    /// Events of nodes.
    pub events: u64,
}

/// The application of one process: it joins what others have started, and knows what has been decided.
struct Member<'a, P: Specified> {
    me: usize,
    task: &'a Task<P>,
    decided: Vec<bool>,
}

impl<P: Specified> App<P> for Member<'_, P> {
    fn join(&mut self, instance: InstanceId) -> Join<P> {
        match self.decided.get(instance as usize) {
            None => Join::No,
            Some(true) => Join::Finished,
            Some(false) => {
                Join::Yes { parameters: self.task.parameters.clone(), input: self.task.inputs[instance as usize][self.me].clone() }
            }
        }
    }
    fn decided(&mut self, instance: InstanceId, _: &P, _: Option<Pid>) {
        self.decided[instance as usize] = true;
    }
}

struct Machine<'a, P: Specified> {
    node: Node<P>,
    app: Member<'a, P>,
    clock: Clock,
    steady: Steady,
    alive: bool,
    /// Slow: it does nothing before.
    busy: u64,
    /// The virtual time of the next timer event under way.
    armed: u64,
    recordings: Vec<Recording>,
}

enum Event {
    Start,
    Frame(usize, Vec<u8>),
    Timer,
    /// The clock jumps: timers are due at another time.
    Jump,
    Propose(u64),
    Crash,
}

/// Something that will happen to a process.
struct Due {
    at: u64,
    order: u64,
    to: usize,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// Runs a plan.
pub fn run<P: Specified>(plan: &Plan, task: &Task<P>, oracle: &Oracle<P>) -> Outcome {
    let mut world = World::new(plan, task);
    world.storm();
    world.calm();
    world.judge(oracle)
}

struct World<'a, P: Specified> {
    plan: &'a Plan,
    task: &'a Task<P>,
    machines: Vec<Machine<'a, P>>,
    network: Network,
    windows: Vec<Window>,
    due: BinaryHeap<Reverse<Due>>,
    /// How many were put there: what is due at the same time happens in this order.
    pushed: u64,
    slowness: Chance,
    now: u64,
    outcome: Outcome,
}

impl<'a, P: Specified> World<'a, P> {
    fn new(plan: &'a Plan, task: &'a Task<P>) -> World<'a, P> {
        let mut outcome = Outcome::default();
        let machine = |k: usize| {
            let timing = Timing { round_timeout: plan.timeout, grace: plan.grace, gather: 0 };
            let config = Config {
                timing,
                seed: plan.seed ^ (k as u64) << 40,
                record: true,
                ..Config::new("simulated", FINGERPRINT, Pid::new(k), plan.n)
            };
            Machine {
                node: Node::new(config).expect("a plan has processes and a time-out"),
                app: Member { me: k, task, decided: vec![false; plan.slots as usize] },
                clock: Clock::of(plan.seed, k, &plan.weather, plan.stormy, &mut outcome.fired),
                steady: Steady::default(),
                alive: true,
                busy: 0,
                armed: u64::MAX,
                recordings: vec![Recording::default(); plan.slots as usize],
            }
        };
        let machines: Vec<Machine<'a, P>> = (0..plan.n).map(machine).collect();
        let windows = windows(&plan.weather, plan.seed, plan.n, plan.stormy);
        let network = Network::new(plan.seed, plan.n, &plan.weather, &windows, plan.timeout);
        let slowness = Chance::of(plan.seed, 6000);
        let mut world = World { plan, task, machines, network, windows, due: BinaryHeap::new(), pushed: 0, slowness, now: 0, outcome };
        world.schedule();
        world
    }

    /// Everything that will happen whatever the nodes do.
    fn schedule(&mut self) {
        let plan = self.plan;
        for p in 0..plan.n {
            self.push(0, p, Event::Start);
            let jumps: Vec<u64> = self.machines[p].clock.jumps().collect();
            jumps.into_iter().for_each(|at| self.push(at, p, Event::Jump));
            let mut chance = Chance::of(plan.seed, 7000 + p as u64);
            if chance.permille(plan.weather.share(Kind::Crash)) {
                let at = chance.below(plan.stormy);
                self.push(at, p, Event::Crash);
            }
        }
        let mut chance = Chance::of(plan.seed, 8000);
        for slot in 0..plan.slots {
            let at = chance.below(plan.stormy);
            let one = chance.below(plan.n as u64) as usize;
            for p in (0..plan.n).filter(|p| plan.hostile || *p == one) {
                let at = at + chance.below(2 * plan.timeout);
                self.push(at, p, Event::Propose(slot));
            }
        }
    }

    fn push(&mut self, at: u64, to: usize, event: Event) {
        self.pushed += 1;
        self.due.push(Reverse(Due { at, order: self.pushed, to, event }));
    }

    fn storm(&mut self) {
        self.until(self.plan.stormy, &|_| false);
    }

    /// Everything is healed. Who has not heard of an instance proposes it now, as a log would that waits for it.
    fn calm(&mut self) {
        self.network.heal();
        self.windows.clear();
        for p in 0..self.plan.n {
            self.machines[p].busy = 0;
            for slot in 0..self.plan.slots {
                self.push(self.now, p, Event::Propose(slot));
            }
        }
        let alive: Vec<bool> = self.machines.iter().map(|m| m.alive).collect();
        self.outcome.excuse = obliged::<P>(&alive, &self.task.parameters).err();
        let patience = if self.outcome.excuse.is_none() { PATIENCE } else { SHORT };
        let end = self.now + patience * self.plan.timeout;
        self.until(end, &|world| world.machines.iter().all(|m| !m.alive || m.app.decided.iter().all(|d| *d)));
    }

    /// Lets things happen, up to this time or until it is over.
    fn until(&mut self, end: u64, over: &dyn Fn(&Self) -> bool) {
        while let Some(Reverse(due)) = self.due.peek() {
            if due.at >= end || (self.outcome.events.is_multiple_of(16) && over(self)) {
                break;
            }
            let Reverse(due) = self.due.pop().expect("peeked");
            self.now = self.now.max(due.at);
            self.happen(due);
        }
        self.now = if over(self) { self.now } else { end };
    }

    fn happen(&mut self, Due { at, to, event, .. }: Due) {
        // The node wanted another time since.
        if matches!(event, Event::Timer) && at != self.machines[to].armed {
            return;
        }
        self.outcome.events += 1;
        if !self.machines[to].alive {
            return;
        }
        let waits = self.waits(to, &event);
        let machine = &mut self.machines[to];
        if let Some(until) = waits {
            if matches!(event, Event::Timer) {
                machine.armed = until;
            }
            return self.push(until, to, event);
        }
        let now = machine.steady.time(machine.clock.shows(self.now));
        let what = match event {
            Event::Start => {
                machine.node.handle_start(now, &mut machine.app);
                1
            }
            Event::Frame(from, bytes) => {
                machine.node.handle_frame(now, Pid::new(from), &bytes, &mut machine.app);
                2 + (from as u64) + (bytes.len() as u64) * 64
            }
            Event::Timer | Event::Jump => {
                machine.armed = u64::MAX;
                machine.node.handle_timer(now, &mut machine.app);
                3
            }
            Event::Propose(slot) => {
                if !machine.app.decided[slot as usize] {
                    let input = self.task.inputs[slot as usize][to].clone();
                    // That it runs already is what one expects of an instance that was joined.
                    let _ = machine.node.handle_propose(now, slot, self.task.parameters.clone(), input, &mut machine.app);
                }
                4
            }
            Event::Crash => {
                machine.alive = false;
                self.outcome.fired.count(Kind::Crash);
                return;
            }
        };
        self.log(what + (to as u64) * (1 << 40));
        self.log(self.now);
        self.drain(to);
    }

    /// Until when a process that is paused or busy leaves an event. A crash does not wait.
    fn waits(&mut self, to: usize, event: &Event) -> Option<u64> {
        if matches!(event, Event::Crash) {
            return None;
        }
        let here = |kind: Kind, w: &&Window| w.kind == kind && w.covers(self.now) && w.pair[0] == to;
        if let Some(window) = self.windows.iter().find(|w| here(Kind::Pause, w)) {
            self.outcome.fired.count(Kind::Pause);
            return Some(window.until);
        }
        let machine = &mut self.machines[to];
        if machine.busy > self.now {
            return Some(machine.busy);
        }
        if self.windows.iter().any(|w| here(Kind::Slow, &w)) {
            self.outcome.fired.count(Kind::Slow);
            machine.busy = self.now + self.slowness.below(3 * MS);
        }
        None
    }

    /// Takes what a node has to tell, what it sends, and when it wants to be woken.
    fn drain(&mut self, p: usize) {
        while let Some((instance, output)) = self.machines[p].node.poll_output() {
            match output {
                Output::Record(record) => {
                    if let heardof_core::trace::Record::Round(round) = &record {
                        self.log(round.state);
                    }
                    self.machines[p].recordings[instance as usize].push(record);
                }
                Output::Alarm(alarm) => self.outcome.alarms.push((Pid::new(p), instance, alarm)),
                _ => {}
            }
        }
        let mut arrivals = VecDeque::new();
        let mut frame = vec![];
        while let Some(to) = self.machines[p].node.poll_transmit(&mut frame) {
            let (to, now, frame) = (to.index(), self.now, std::mem::take(&mut frame));
            self.network.send(now, p, to, frame, &mut self.outcome.fired, |(at, frame)| arrivals.push_back((at, to, frame)));
        }
        for (at, to, frame) in arrivals {
            self.push(at, to, Event::Frame(p, frame));
        }
        let machine = &mut self.machines[p];
        if let Some(wanted) = machine.node.poll_timer() {
            // At least a microsecond later: what is due now has been done, up to a bound for each event.
            let at = machine.clock.reaches(self.now, machine.steady.reading(wanted)).max(self.now + 1000);
            if at < machine.armed {
                machine.armed = at;
                self.push(at, p, Event::Timer);
            }
        }
    }

    fn log(&mut self, what: u64) {
        self.outcome.log = (self.outcome.log ^ what).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    }

    fn judge(mut self, oracle: &Oracle<P>) -> Outcome {
        self.outcome.alive = self.machines.iter().map(|m| m.alive).collect();
        for slot in 0..self.plan.slots as usize {
            let recordings: Vec<Recording> = self.machines.iter_mut().map(|m| std::mem::take(&mut m.recordings[slot])).collect();
            self.outcome.findings.push(oracle.judge(&self.task.inputs[slot], &self.task.parameters, &recordings, &self.outcome.alive));
        }
        for (p, machine) in self.machines.iter().enumerate() {
            let open = machine.app.decided.iter().enumerate().filter(|(_, decided)| machine.alive && !**decided);
            self.outcome.undecided.extend(open.map(|(slot, _)| (Pid::new(p), slot as u64)));
        }
        self.outcome
    }
}
