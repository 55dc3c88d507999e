//! One run: real nodes, virtual time, one seed.
//!
//! First the storm, in which everything goes wrong that the plan says. Then everything is healed but for those that have crashed for good, and
//! each of the others proposes what it has not heard of yet: whoever can decide has to decide.

use crate::chance::Chance;
use crate::faults::{Fired, Kind, MS, Window, windows};
use crate::liveness::obliged;
use crate::machine::{Back, Doom, Life, Machine};
use crate::network::Network;
use crate::oracle::{Findings, Oracle, Recording};
use crate::plan::Plan;
use heardof_core::Pid;
use heardof_core::spec::Specified;
use heardof_node::{Alarm, InstanceId};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// How long the survivors have to decide once everything is healed: so many round time-outs. A time-out that has grown takes long to go
/// back, and a coordinator that has crashed takes a phase.
const PATIENCE: u64 = 10_000;

/// How long they have when they need not.
const SHORT: u64 = 20;

/// How long a full disk is left alone before the next try, in nanoseconds.
const FULL: u64 = 10 * MS;

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
    /// Disks that gave back what they never should: who, and what.
    pub recoveries: Vec<(Pid, String)>,
    /// Who came back and had forgotten what its disk had promised to keep; from then on nothing was recorded.
    pub forgot: Option<Pid>,
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

enum Event {
    Start,
    Frame(usize, Vec<u8>),
    Timer,
    /// The clock jumps: timers are due at another time.
    Jump,
    Propose(u64),
    /// A write ends, of a process that had crashed so often when it began.
    Written(u64),
    Crash(Doom),
    Back,
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
    /// The memory of frames that have arrived.
    spare: Vec<Vec<u8>>,
    slowness: Chance,
    disks: Chance,
    healed: bool,
    now: u64,
    outcome: Outcome,
}

impl<'a, P: Specified> World<'a, P> {
    fn new(plan: &'a Plan, task: &'a Task<P>) -> World<'a, P> {
        let mut outcome = Outcome::default();
        let machines = (0..plan.n).map(|k| Machine::new(plan, task, k, &mut outcome.fired)).collect();
        let windows = windows(&plan.weather, plan.seed, plan.n, plan.stormy);
        let network = Network::new(plan.seed, plan.n, &plan.weather, &windows, plan.timeout);
        let (slowness, disks, due) = (Chance::of(plan.seed, 6000), Chance::of(plan.seed, 6001), BinaryHeap::new());
        let mut world = World {
            plan,
            task,
            machines,
            network,
            windows,
            due,
            pushed: 0,
            spare: vec![],
            slowness,
            disks,
            healed: false,
            now: 0,
            outcome,
        };
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
                let (at, frames) = (chance.below(plan.stormy), how_far(&mut chance));
                self.push(at, p, Event::Crash(Doom { frames, back: None }));
            }
        }
        if plan.durable {
            self.schedule_restarts();
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

    /// Crashes of which processes come back.
    fn schedule_restarts(&mut self) {
        let plan = self.plan;
        let crash = |world: &mut Self, kind: Kind, chance: &mut Chance, p: usize, at: u64, away: u64| {
            world.outcome.fired.count(kind);
            let (frames, back) = (how_far(chance), Some(1 + chance.below(away)));
            world.push(at, p, Event::Crash(Doom { frames, back }));
        };
        for p in 0..plan.n {
            let mut chance = Chance::of(plan.seed, 7500 + p as u64);
            while chance.permille(plan.weather.share(Kind::Restart)) {
                let at = chance.below(plan.stormy);
                crash(self, Kind::Restart, &mut chance, p, at, 10 * plan.timeout);
            }
        }
        let mut chance = Chance::of(plan.seed, 7900);
        if chance.permille(plan.weather.share(Kind::Blackout)) {
            let at = chance.below(plan.stormy);
            (0..plan.n).for_each(|p| crash(self, Kind::Blackout, &mut chance, p, at, 4 * plan.timeout));
        }
        let storms: Vec<Window> = self.windows.iter().filter(|w| w.kind == Kind::RestartStorm).cloned().collect();
        for storm in storms {
            let mut at = storm.from;
            while at < storm.until {
                crash(self, Kind::RestartStorm, &mut chance, storm.pair[0], at, plan.timeout);
                at += chance.between(plan.timeout, 4 * plan.timeout);
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
            let machine = &mut self.machines[p];
            (machine.busy, machine.doom) = (0, None);
            machine.disk.iter_mut().for_each(|disk| disk.heal());
            for slot in 0..self.plan.slots {
                self.push(self.now, p, Event::Propose(slot));
            }
        }
        self.healed = true;
        let alive: Vec<bool> = self.machines.iter().map(|m| m.life != Life::Gone).collect();
        self.outcome.excuse = obliged::<P>(&alive, &self.task.parameters).err();
        let patience = if self.outcome.excuse.is_none() { PATIENCE } else { SHORT };
        let end = self.now + patience * self.plan.timeout;
        self.until(end, &|world| world.machines.iter().all(|m| m.life == Life::Gone || m.app.decided.iter().all(|d| *d)));
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
        let machine = &mut self.machines[to];
        // The node wanted another time since, or the process has crashed.
        if matches!(event, Event::Timer) && at != machine.armed || matches!(event, Event::Written(life) if life != machine.crashes) {
            return;
        }
        self.outcome.events += 1;
        match (machine.life, &event) {
            (Life::Up, Event::Back) | (Life::Gone, _) => return,
            (Life::Down, Event::Back) => return self.come_back(to),
            (Life::Down, Event::Propose(_)) if self.healed => {
                // Those who wait for it propose again.
                return self.push(at + self.plan.timeout, to, event);
            }
            (Life::Down, _) => return,
            (Life::Up, _) => {}
        }
        if let Some(until) = self.waits(to, &event) {
            if matches!(event, Event::Timer) {
                self.machines[to].armed = until;
            }
            return self.push(until, to, event);
        }
        let machine = &mut self.machines[to];
        let now = machine.time(self.now);
        let what = match event {
            Event::Start => {
                machine.node.handle_start(now, &mut machine.app);
                1
            }
            Event::Frame(from, bytes) => {
                machine.node.handle_frame(now, Pid::new(from), &bytes, &mut machine.app);
                let what = 2 + (from as u64) + (bytes.len() as u64) * 64;
                self.spare.push(bytes);
                what
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
            Event::Written(_) => {
                if !machine.written(self.now, &mut self.outcome.fired) {
                    // Nothing can be said of this file any more: the process stops itself, and is started again.
                    return self.crash(to, Some(self.plan.timeout));
                }
                5
            }
            Event::Crash(doom) => {
                machine.doom = Some(doom);
                return;
            }
            Event::Back => unreachable!("it is up"),
        };
        self.log(what + (to as u64) * (1 << 40));
        self.log(self.now);
        self.drain(to);
    }

    fn crash(&mut self, p: usize, back: Option<u64>) {
        self.machines[p].crash(back.is_some(), &mut self.outcome.fired);
        self.log(6 + (p as u64) * (1 << 40));
        match back {
            None => self.outcome.fired.count(Kind::Crash),
            Some(after) => self.push(self.now + after, p, Event::Back),
        }
    }

    fn come_back(&mut self, p: usize) {
        self.log(7 + (p as u64) * (1 << 40));
        let keeps = self.outcome.forgot.is_none();
        match self.machines[p].come_back(self.plan, p, keeps, &mut self.outcome.fired) {
            Back::Here => {}
            Back::Forgetful => {
                self.outcome.forgot.get_or_insert(Pid::new(p));
            }
            Back::Refuses => return,
            Back::Wrong(what) => {
                self.machines[p].life = Life::Gone;
                return self.outcome.recoveries.push((Pid::new(p), what));
            }
        }
        let machine = &mut self.machines[p];
        let now = machine.time(self.now);
        machine.node.handle_start(now, &mut machine.app);
        self.drain(p);
    }

    /// Until when a process that is paused or busy leaves an event. A crash does not wait.
    fn waits(&mut self, to: usize, event: &Event) -> Option<u64> {
        if matches!(event, Event::Crash(_)) {
            return None;
        }
        let here = |kind: Kind, w: &&Window| w.kind == kind && w.covers(self.now) && w.pair[0] == to;
        if let Some(window) = self.windows.iter().find(|w| here(Kind::Pause, w)) {
            self.outcome.fired.count(Kind::Pause);
            return Some(window.until);
        }
        if matches!(event, Event::Written(_)) && self.windows.iter().any(|w| here(Kind::DiskFull, &w)) {
            self.outcome.fired.count(Kind::DiskFull);
            return Some(self.now + FULL);
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

    /// Takes what a node has to tell, what it sends, and when it wants to be woken. Whoever is doomed gets no further than that.
    fn drain(&mut self, p: usize) {
        let doom = self.machines[p].doom.take();
        if let Some(Doom { frames: None, back }) = doom {
            return self.crash(p, back);
        }
        let (mut digest, keeps) = (self.outcome.log, self.outcome.forgot.is_none());
        let alarms = &mut self.outcome.alarms;
        self.machines[p].outputs(keeps, &mut |what| digest = mixed(digest, what), |slot, alarm| alarms.push((Pid::new(p), slot, alarm)));
        self.outcome.log = digest;
        if self.machines[p].disk.as_mut().is_some_and(|disk| disk.begin()) {
            let at = self.now + self.latency(p);
            self.push(at, p, Event::Written(self.machines[p].crashes));
        }
        let mut left = doom.and_then(|doom| doom.frames).unwrap_or(u64::MAX);
        let mut arrivals = VecDeque::new();
        let mut frame = self.spare.pop().unwrap_or_default();
        while left > 0
            && let Some(to) = self.machines[p].node.poll_transmit(&mut frame)
        {
            left -= 1;
            let next = self.spare.pop().unwrap_or_default();
            let (to, now, sent) = (to.index(), self.now, std::mem::replace(&mut frame, next));
            self.network.send(now, p, to, sent, &mut self.outcome.fired, |(at, frame)| arrivals.push_back((at, to, frame)));
        }
        self.spare.push(frame);
        for (at, to, frame) in arrivals {
            self.push(at, to, Event::Frame(p, frame));
        }
        if let Some(Doom { back, .. }) = doom {
            return self.crash(p, back);
        }
        let machine = &mut self.machines[p];
        if let Some(at) = machine.wakes(self.now)
            && at < machine.armed
        {
            machine.armed = at;
            self.push(at, p, Event::Timer);
        }
    }

    /// How long a write takes.
    fn latency(&mut self, p: usize) -> u64 {
        let slow = self.windows.iter().any(|w| w.kind == Kind::SlowDisk && w.covers(self.now) && w.pair[0] == p);
        if slow {
            self.outcome.fired.count(Kind::SlowDisk);
        }
        self.disks.between(MS / 20, if slow { 10 * self.plan.timeout } else { MS })
    }

    fn log(&mut self, what: u64) {
        self.outcome.log = mixed(self.outcome.log, what);
    }

    fn judge(mut self, oracle: &Oracle<P>) -> Outcome {
        if let Some(p) = self.outcome.forgot {
            self.outcome.excuse = Some(format!("the disk of {p} forgot what it had promised to keep"));
        }
        self.outcome.alive = self.machines.iter().map(|m| m.life != Life::Gone).collect();
        for slot in 0..self.plan.slots as usize {
            let recordings: Vec<Recording> = self.machines.iter_mut().map(|m| std::mem::take(&mut m.recordings[slot])).collect();
            self.outcome.findings.push(oracle.judge(&self.task.inputs[slot], &self.task.parameters, &recordings, &self.outcome.alive));
        }
        for (p, machine) in self.machines.iter().enumerate() {
            let open = machine.app.decided.iter().enumerate().filter(|(_, decided)| machine.life != Life::Gone && !**decided);
            self.outcome.undecided.extend(open.map(|(slot, _)| (Pid::new(p), slot as u64)));
        }
        self.outcome
    }
}

/// How far a process gets in the event in which it crashes.
fn how_far(chance: &mut Chance) -> Option<u64> {
    if chance.permille(300) { None } else { Some(chance.below(4)) }
}

/// A digest with one thing more.
fn mixed(digest: u64, what: u64) -> u64 {
    (digest ^ what).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23)
}
