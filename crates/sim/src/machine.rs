//! One process of a run: node, application, clock, disk.

use crate::clock::Clock;
use crate::disk::{Disk, Found, Written};
use crate::faults::Fired;
use crate::oracle::Recording;
use crate::plan::Plan;
use crate::run::Task;
use heardof_core::Pid;
use heardof_core::spec::Specified;
use heardof_node::storage::Entry;
use heardof_node::{Alarm, App, Config, InstanceId, Join, Node, Output, Steady, Timing};

/// The fingerprint that all nodes of a run have.
pub const FINGERPRINT: u64 = 0x51;

/// The application of one process: it joins what others have started, and knows what has been decided.
#[derive(Debug)]
pub struct Member<'a, P: Specified> {
    me: usize,
    task: &'a Task<P>,
    /// For each instance whether it is decided here. A crash forgets it: what is durable is told again.
    pub decided: Vec<bool>,
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

/// What a process is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Life {
    /// It runs.
    Up,
    /// It has crashed and will come back.
    Down,
    /// It does not come back.
    Gone,
}

/// How far a process gets in the event in which it crashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Doom {
    /// How many frames it still sends; `None`: it does not even tell what is to be written.
    pub frames: Option<u64>,
    /// When it comes back; `None`: never.
    pub back: Option<u64>,
}

/// One process.
#[derive(Debug)]
pub struct Machine<'a, P: Specified> {
    /// Its node.
    pub node: Node<P>,
    /// Its application.
    pub app: Member<'a, P>,
    /// Its clock.
    pub clock: Clock,
    steady: Steady,
    /// Its disk, if it has one.
    pub disk: Option<Disk>,
    /// Whether it runs.
    pub life: Life,
    /// How often it has crashed.
    pub crashes: u64,
    /// It crashes in its next event.
    pub doom: Option<Doom>,
    /// Slow: it does nothing before.
    pub busy: u64,
    /// The virtual time of the next timer event under way.
    pub armed: u64,
    /// What it recorded, by instance.
    pub recordings: Vec<Recording>,
}

/// What came of coming back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Back {
    /// It takes part.
    Here,
    /// It takes part and has forgotten something that the disk had promised to keep.
    Forgetful,
    /// It rightly refuses to.
    Refuses,
    /// Something that must not be.
    Wrong(String),
}

impl<'a, P: Specified> Machine<'a, P> {
    /// Process `k` of a run.
    pub fn new(plan: &Plan, task: &'a Task<P>, k: usize, fired: &mut Fired) -> Machine<'a, P> {
        Machine {
            node: Node::new(config(plan, k, 0)).expect("a plan has processes and a time-out"),
            app: Member { me: k, task, decided: vec![false; plan.slots as usize] },
            clock: Clock::of(plan.seed, k, &plan.weather, plan.stormy, fired),
            steady: Steady::default(),
            disk: plan.durable.then(|| Disk::new(plan.seed, Pid::new(k), FINGERPRINT, &plan.weather)),
            life: Life::Up,
            crashes: 0,
            doom: None,
            busy: 0,
            armed: u64::MAX,
            recordings: vec![Recording::default(); plan.slots as usize],
        }
    }

    /// What the node takes for the time.
    pub fn time(&mut self, now: u64) -> u64 {
        self.steady.time(self.clock.shows(now))
    }

    /// When the node is to be woken, if it wants to be: at least a microsecond from now, for what is due now has been done, up to a bound for
    /// each event.
    pub fn wakes(&self, now: u64) -> Option<u64> {
        let wanted = self.node.poll_timer()?;
        Some(self.clock.reaches(now, self.steady.reading(wanted)).max(now + 1000))
    }

    /// Takes what the node has to tell: records are kept while `keeps`, what is to be durable goes to the disk, alarms come back.
    pub fn outputs(&mut self, keeps: bool, log: &mut impl FnMut(u64), mut alarm: impl FnMut(InstanceId, Alarm)) {
        while let Some((instance, output)) = self.node.poll_output() {
            match output {
                Output::Record(record) => {
                    if let heardof_core::trace::Record::Round(round) = &record {
                        log(round.state);
                    }
                    if keeps {
                        self.recordings[instance as usize].push(record);
                    }
                }
                Output::Persist { round, bytes } => {
                    let disk = self.disk.as_mut().expect("a node that persists has a disk");
                    disk.put(instance, &Entry::State { round, bytes }, Some(round));
                }
                Output::Over { bytes } => {
                    let disk = self.disk.as_mut().expect("a node that persists has a disk");
                    disk.put(instance, &Entry::Over { bytes }, None);
                }
                Output::Alarm(what) => alarm(instance, what),
                _ => {}
            }
        }
    }

    /// The write under way ends; false: the disk failed, and the process has to stop.
    pub fn written(&mut self, now: u64, fired: &mut Fired) -> bool {
        let now = self.time(now);
        match self.disk.as_mut().expect("something was written").end(fired) {
            Written::Failed => false,
            Written::Durable(waits) => {
                for (instance, round) in waits {
                    self.node.handle_durable(now, instance, round, &mut self.app);
                }
                true
            }
        }
    }

    /// It crashes.
    pub fn crash(&mut self, comes_back: bool, fired: &mut Fired) {
        self.life = if comes_back { Life::Down } else { Life::Gone };
        self.crashes += 1;
        self.armed = u64::MAX;
        if let Some(disk) = &mut self.disk {
            disk.crash(fired);
        }
    }

    /// It comes back, with what its disk has kept. `keeps`: whether anything is still recorded.
    pub fn come_back(&mut self, plan: &Plan, k: usize, keeps: bool, fired: &mut Fired) -> Back {
        let disk = self.disk.as_mut().expect("who comes back has a disk");
        let (entries, forgot) = match disk.restart(fired) {
            Found::Entries { entries, forgot } => (entries, forgot),
            Found::Refused { rightly: true, .. } => {
                self.life = Life::Gone;
                return Back::Refuses;
            }
            Found::Refused { why, rightly: false } => return Back::Wrong(format!("nothing was wrong with the log: {why}")),
            Found::Wrong => return Back::Wrong("it believes what was never written".into()),
        };
        self.life = Life::Up;
        self.node = Node::new(config(plan, k, self.crashes)).expect("as before");
        self.steady = Steady::default();
        self.app.decided.fill(false);
        // What it recorded before it ever was durable is void.
        for (slot, recording) in self.recordings.iter_mut().enumerate().filter(|_| keeps && !forgot) {
            if !entries.contains_key(&(slot as u64)) {
                *recording = Recording::default();
            }
        }
        for (instance, entry) in &entries {
            if let Err(error) = self.node.recover(*instance, entry, &mut self.app) {
                return Back::Wrong(error.to_string());
            }
        }
        if forgot { Back::Forgetful } else { Back::Here }
    }
}

fn config(plan: &Plan, k: usize, crashes: u64) -> Config {
    let timing = Timing { round_timeout: plan.timeout, grace: plan.grace, gather: 0 };
    Config {
        timing,
        seed: plan.seed ^ (k as u64) << 40 ^ crashes << 52,
        record: true,
        park: plan.durable,
        ..Config::new("simulated", FINGERPRINT, Pid::new(k), plan.n)
    }
}
