//! The node of one process: frames in, frames out, many instances.

use crate::app::{App, Join};
use crate::calls::{self, Pools};
use crate::gather::Gathering;
use crate::index::Index;
use crate::instance::{Birth, Ended, Instance, Remembered, Status, Turn};
use crate::output::{Alarm, Output};
use crate::slab::Slab;
use crate::storage::Entry;
use crate::wheel::Wheel;
use crate::wire::{self, Header, Section, WireError};
use crate::world::{Doing, World};
use crate::{Config, Counters, ProposeError, RecoverError, StartError};
use heardof_core::Pid;
use heardof_core::process::Process;
use heardof_core::trace::Record;
use heardof_core::value::{DecodeError, digest_bytes};
use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The number of an instance in its cluster.
pub type InstanceId = u64;

/// A process of a cluster that runs instances of the algorithm `P`.
///
/// Times are nanoseconds of a monotonic clock with any origin. See the [crate] for the order in which a driver calls what.
///
/// ```
/// use heardof_algorithms::OneThirdRule;
/// use heardof_node::{App, Config, InstanceId, Join, Node};
/// use heardof_core::Pid;
///
/// struct Log(Vec<(InstanceId, Option<u64>)>);
/// impl App<OneThirdRule<u64>> for Log {
///     fn join(&mut self, _: InstanceId) -> Join<OneThirdRule<u64>> {
///         Join::Yes { parameters: (), input: 0 }
///     }
///     fn decided(&mut self, instance: InstanceId, outputs: &OneThirdRule<u64>, _: Option<Pid>) {
///         self.0.push((instance, outputs.decision));
///     }
/// }
///
/// let mut log = Log(vec![]);
/// let mut node = Node::new(Config::new("alone", 0, Pid::new(0), 1))?;
/// node.handle_start(0, &mut log);
/// node.handle_propose(0, 5, (), 7, &mut log)?;
/// assert_eq!(log.0, [(5, Some(7))]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Node<P: Process> {
    instances: Slab<Instance<P>>,
    index: Index,
    world: World,
    pools: Pools<P>,
    wheel: Wheel,
    fired: Vec<u32>,
    /// Retired and stopped instances, the oldest first.
    over: VecDeque<u32>,
    /// How many are not.
    live: usize,
    /// Instances that wait for peers.
    waiting: Vec<u32>,
    /// Whose code runs.
    current: u32,
    /// What the algorithm said when it panicked before there was an instance.
    stillborn: Option<String>,
    header: Header,
    gathering: Gathering,
    now: u64,
}

/// What an instance comes back as.
enum Again<P: Process> {
    Round(u64, Remembered<P>),
    Over(Ended<P>),
}

impl<P: Process> std::fmt::Debug for Node<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node {} of {}: {} instances, {} finished", self.header.sender, self.world.config.n, self.live, self.over.len())
    }
}

impl<P: Process> Node<P> {
    /// A node without instances. Nothing happens before [`handle_start`](Node::handle_start).
    pub fn new(config: Config) -> Result<Self, StartError> {
        config.validate()?;
        let header = Header { cluster: digest_bytes(config.cluster.as_bytes()), fingerprint: config.fingerprint, sender: config.me };
        Ok(Node {
            instances: Slab::new(),
            index: Index::new(),
            pools: Default::default(),
            wheel: Wheel::new(config.timing.round_timeout),
            fired: vec![],
            over: VecDeque::new(),
            live: 0,
            waiting: vec![],
            current: 0,
            stillborn: None,
            header,
            gathering: Gathering::new(config.me, config.n),
            world: World::new(config, header),
            now: 0,
        })
    }

    /// Says hello to everybody, and lets instances enter their first round when everybody has, when somebody already speaks of a round,
    /// or when [`gather`](crate::Timing::gather) has passed and somebody was heard. A process that hears nobody does not start.
    pub fn handle_start(&mut self, now: u64, app: &mut impl App<P>) {
        self.now = now;
        self.gathering.start(now, &self.world.config.timing);
        self.gather(now, false, app);
    }

    /// The application starts an instance. What it sends is there to be taken at once, unless the node still gathers peers.
    pub fn handle_propose(
        &mut self,
        now: u64,
        instance: InstanceId,
        parameters: P::Parameters,
        input: P::Input,
        app: &mut impl App<P>,
    ) -> Result<(), ProposeError> {
        self.now = now;
        if self.index.get(instance).is_some() {
            return Err(ProposeError::Known { instance });
        }
        if self.live >= self.world.config.max_instances {
            return Err(ProposeError::TooMany { limit: self.world.config.max_instances });
        }
        let mut todo = Some((parameters, input));
        self.guarded(now, app, |node, app| {
            let Some((parameters, input)) = todo.take() else { return false };
            let slot = node.create(instance, parameters, input);
            node.start(now, slot, app)
        });
        match self.stillborn.take() {
            Some(what) => Err(ProposeError::Panic { what }),
            None => Ok(()),
        }
    }

    /// A frame came in. `from` is whom the transport says it is from. Never panics on any bytes, and does at most
    /// [`MAX_MESSAGES_PER_FRAME`](crate::limits::MAX_MESSAGES_PER_FRAME) times what one message can make an instance do.
    pub fn handle_frame(&mut self, now: u64, from: Pid, bytes: &[u8], app: &mut impl App<P>) {
        self.now = now;
        let counters = &mut self.world.counters;
        let frame = match wire::decode(bytes) {
            Ok(frame) => frame,
            Err(WireError::Version { .. }) => return counters.wrong_version += 1,
            Err(_) => return counters.frames_malformed += 1,
        };
        let Header { cluster, fingerprint, sender } = frame.header;
        if cluster != self.header.cluster {
            return counters.wrong_cluster += 1;
        }
        if fingerprint != self.header.fingerprint {
            return counters.wrong_fingerprint += 1;
        }
        if sender != from || sender == self.header.sender || sender.index() >= self.world.config.n {
            return counters.unknown_sender += 1;
        }
        counters.frames_in += 1;
        self.gathering.heard(sender);
        let mut sections = frame.sections;
        if self.gathering.lasts() {
            self.gather(now, !sections.is_empty(), app);
        }
        // What is left of a section that speaks of many instances.
        let mut run: Option<(Section<'_>, u16)> = None;
        self.guarded(now, app, |node, app| {
            if let Some((section, done)) = &mut run {
                // Counted before: a panic must not bring the same message again.
                while *done < section.count {
                    *done += 1;
                    node.section(now, sender, section.instance + u64::from(*done - 1), section, app);
                }
            }
            for section in &mut sections {
                if section.count > 1 {
                    run = Some((section, 0));
                    return true;
                }
                node.section(now, sender, section.instance, &section, app);
            }
            false
        });
    }

    /// The time that [`poll_timer`](Node::poll_timer) named has come. Calling it early does no harm.
    pub fn handle_timer(&mut self, now: u64, app: &mut impl App<P>) {
        self.now = now;
        if self.gathering.lasts() {
            self.gather(now, false, app);
        } else {
            let mut fired = std::mem::take(&mut self.fired);
            self.wheel.fire(now, &mut fired);
            let mut next = 0;
            self.guarded(now, app, |node, app| {
                let Some(slot) = fired.get(next) else { return false };
                next += 1;
                // It may be early: the timer of a place is not set back. Then nothing happens, and it is set again.
                node.event(now, *slot, app, |instance, turn| instance.timer(turn));
                true
            });
            fired.clear();
            self.fired = fired;
        }
    }

    /// The application asks an instance for something; it is offered to the algorithm in a round to come. False: too much waits
    /// already, or the instance does not run.
    pub fn handle_request(&mut self, instance: InstanceId, request: P::Request) -> bool {
        let found = self.index.get(instance).map(|slot| self.instances.get_mut(slot));
        found.filter(|instance| instance.status() == Status::Running).is_some_and(|instance| instance.request(request))
    }

    /// An instance comes back as it was when `entry` became durable: into its round, where it says once more what it had said in it, or
    /// among the finished, and then the application is told its outputs again. To be called for every entry that
    /// [`storage::recover`](crate::storage::recover) found, before [`handle_start`](Node::handle_start).
    ///
    /// # Errors
    /// If it cannot come back. The process must not take part without it: it may have said what it does not know any more.
    pub fn recover(&mut self, instance: InstanceId, entry: &Entry, app: &mut impl App<P>) -> Result<(), RecoverError> {
        if self.index.get(instance).is_some() {
            return Err(RecoverError::Known { instance });
        }
        let malformed = |why: DecodeError| RecoverError::Malformed { instance, why };
        let mut todo = Some(match entry {
            Entry::State { round, bytes } => Again::Round(*round, Remembered::read(bytes).map_err(malformed)?),
            Entry::Over { bytes } => Again::Over(Ended::read(bytes).map_err(malformed)?),
        });
        self.guarded(self.now, app, |node, app| {
            match todo.take() {
                None => {}
                Some(Again::Round(round, remembered)) => {
                    let (birth, history) = Birth::again(&mut node.world, round, remembered);
                    let slot = node.place(instance, birth);
                    node.instances.get_mut(slot).come_back(round, history);
                    if node.world.config.record {
                        node.world.tell(instance, Output::Record(Record::Recovered(round as usize)));
                    }
                    node.waiting.push(slot);
                }
                Some(Again::Over(ended)) => {
                    let birth = Birth::over(&mut node.world, ended);
                    let slot = node.place(instance, birth);
                    node.instances.get_mut(slot).come_back_over(app);
                    node.bury(slot);
                }
            }
            false
        });
        self.world.counters.recovered += 1;
        self.stillborn.take().map_or(Ok(()), |what| Err(RecoverError::Panic { instance, what }))
    }

    /// The record of [`Output::Persist`] is durable: the instance enters that round. False: it does not wait for this.
    pub fn handle_durable(&mut self, now: u64, instance: InstanceId, round: u64, app: &mut impl App<P>) -> bool {
        self.now = now;
        let (mut todo, mut waited) = (self.index.get(instance), false);
        self.guarded(now, app, |node, app| {
            let Some(slot) = todo.take() else { return false };
            node.event(now, slot, app, |instance, turn| waited = instance.durable(turn, round));
            true
        });
        waited
    }

    /// What the node has to tell, and the instance it speaks of. To be taken until `None` after every `handle_*`, or after a batch of
    /// them.
    pub fn poll_output(&mut self) -> Option<(InstanceId, Output)> {
        self.world.tells.pop_front()
    }

    /// Writes the next frame to send into `frame`, whatever was in it, and says to whom.
    ///
    /// # Panics
    /// If [`poll_output`](Node::poll_output) has something left: persist before send.
    pub fn poll_transmit(&mut self, frame: &mut Vec<u8>) -> Option<Pid> {
        assert!(self.world.tells.is_empty(), "persist before send: every output is taken before a frame is");
        let to = self.world.lanes.next_frame(frame)?;
        self.world.counters.frames_out += 1;
        Some(to)
    }

    /// When [`handle_timer`](Node::handle_timer) is to be called. A time that has passed means: now.
    pub fn poll_timer(&self) -> Option<u64> {
        let at = if self.gathering.lasts() { self.gathering.next(self.now) } else { self.wheel.next() };
        (at != u64::MAX).then_some(at)
    }

    /// Sends hellos that are due; starts what waits when it is time.
    fn gather(&mut self, now: u64, others_have_started: bool, app: &mut impl App<P>) {
        if self.gathering.says_hello(now) {
            self.world.others().for_each(|q| self.world.lanes.hello(q));
        }
        if self.gathering.ends(now, others_have_started, self.world.config.timing.gather == 0) {
            let mut waiting = std::mem::take(&mut self.waiting).into_iter();
            self.guarded(now, app, |node, app| waiting.next().is_some_and(|slot| node.start(now, slot, app)));
        }
    }

    /// Makes an instance.
    #[inline]
    fn create(&mut self, id: InstanceId, parameters: P::Parameters, input: P::Input) -> u32 {
        let birth = Birth::of(id, &mut self.world, parameters, input);
        self.world.counters.started += 1;
        self.place(id, birth)
    }

    #[inline]
    fn place(&mut self, id: InstanceId, birth: Birth<P>) -> u32 {
        let slot = match self.instances.reuse() {
            Some((slot, instance)) => {
                instance.renew(id, &self.world, birth);
                slot
            }
            None => self.instances.insert(Instance::new(id, &self.world, birth)),
        };
        self.index.insert(id, slot);
        self.live += 1;
        slot
    }

    /// It enters its first round, now or when the node has gathered peers.
    fn start(&mut self, now: u64, slot: u32, app: &mut impl App<P>) -> bool {
        if self.gathering.lasts() {
            self.waiting.push(slot);
        } else {
            self.event(now, slot, app, |instance, turn| instance.start(turn));
        }
        true
    }

    /// A section of `instance`, which may be one of many that it speaks of.
    #[inline(always)]
    fn section(&mut self, now: u64, from: Pid, instance: InstanceId, section: &Section<'_>, app: &mut impl App<P>) {
        let slot = match self.index.get(instance) {
            Some(slot) => slot,
            None => match self.join(now, instance, app) {
                Some(slot) => slot,
                None => return,
            },
        };
        let instance = self.instances.get_mut(slot);
        self.current = slot;
        instance.section(&mut Turn { now, world: &mut self.world, pools: &mut self.pools, app }, from, section);
        if is_over(instance, now, slot, &mut self.wheel) {
            self.bury(slot);
        }
    }

    /// Asks the application about an unknown instance; its place, if it takes part.
    fn join(&mut self, now: u64, instance: InstanceId, app: &mut impl App<P>) -> Option<u32> {
        let (parameters, input) = match app.join(instance) {
            Join::Yes { parameters, input } => (parameters, input),
            Join::No => {
                self.world.counters.unknown_instance += 1;
                return None;
            }
            Join::Finished => {
                self.world.counters.forgotten_instance += 1;
                return None;
            }
        };
        if self.live >= self.world.config.max_instances {
            self.world.counters.refused_instance += 1;
            return None;
        }
        let mut made = Some((parameters, input));
        // Guarded apart from the event, so that the alarm names the instance.
        self.guarded(now, app, |node, app| {
            let Some((parameters, input)) = made.take() else { return false };
            let slot = node.create(instance, parameters, input);
            node.start(now, slot, app)
        });
        if let Some(what) = self.stillborn.take() {
            self.world.tell(instance, Output::Alarm(Alarm::Panic { round: 0, function: "init", what }));
        }
        self.index.get(instance)
    }

    /// Something happens to the instance at `slot`, or was, and nothing more can. Afterwards its timer is set, or it is among the finished.
    #[inline(always)]
    fn event<A: App<P>>(&mut self, now: u64, slot: u32, app: &mut A, happens: impl FnOnce(&mut Instance<P>, &mut Turn<'_, P, A>)) {
        let instance = self.instances.get_mut(slot);
        self.current = slot;
        happens(instance, &mut Turn { now, world: &mut self.world, pools: &mut self.pools, app });
        if is_over(instance, now, slot, &mut self.wheel) {
            self.bury(slot);
        }
    }

    /// An instance is over: it is remembered for a while.
    fn bury(&mut self, slot: u32) {
        let instance = self.instances.get_mut(slot);
        instance.buried = true;
        self.live -= 1;
        self.world.pace.learn(&self.world.config.timing, instance.timeout());
        self.over.push_back(slot);
        while self.over.len() > self.world.config.max_finished {
            self.forget();
        }
    }

    /// Forgets the instance that finished first.
    fn forget(&mut self) {
        if let Some(slot) = self.over.pop_front() {
            let instance = self.instances.get_mut(slot);
            self.index.remove(instance.id());
            instance.free();
            self.instances.give_back(slot);
        }
    }

    /// Takes steps until there is none left. A panic of the algorithm stops the instance it belongs to, and the next step follows;
    /// any other goes on.
    fn guarded<A: App<P>>(&mut self, now: u64, app: &mut A, mut step: impl FnMut(&mut Self, &mut A) -> bool) {
        // An instance whose code panicked is stopped, not looked at again; what instances share is whole whenever their code runs.
        while let Err(panic) = catch_unwind(AssertUnwindSafe(|| while step(self, app) {})) {
            self.panicked(now, app, panic);
        }
    }

    #[cold]
    fn panicked<A: App<P>>(&mut self, now: u64, app: &mut A, panic: Box<dyn Any + Send>) {
        let Some(function) = self.world.doing.function() else { resume_unwind(panic) };
        let (what, doing) = (calls::message(&*panic), std::mem::replace(&mut self.world.doing, Doing::Node));
        if doing == Doing::Init {
            self.world.counters.panics += 1;
            self.stillborn = Some(what);
            return;
        }
        self.event(now, self.current, app, |instance, turn| instance.panicked(turn, function, what));
    }

    fn find(&self, instance: InstanceId) -> Option<&Instance<P>> {
        self.index.get(instance).map(|slot| self.instances.get(slot))
    }

    /// What an instance is doing; `None`: it is not known here, or forgotten.
    pub fn status(&self, instance: InstanceId) -> Option<Status> {
        self.find(instance).map(Instance::status)
    }
    /// The round an instance is in, or was when it ended.
    pub fn round(&self, instance: InstanceId) -> Option<u64> {
        self.find(instance).map(Instance::round)
    }
    /// The local state of an instance. A forwarded decision is not in it.
    pub fn state(&self, instance: InstanceId) -> Option<&P> {
        self.find(instance).map(Instance::state)
    }
    /// How many instances run.
    pub fn live(&self) -> usize {
        self.live
    }
    /// How many finished instances are remembered.
    pub fn remembered(&self) -> usize {
        self.over.len()
    }
    /// Whether it waits for peers before the first round of its first instances.
    pub fn is_gathering(&self) -> bool {
        self.gathering.lasts()
    }
    /// Whether a valid frame of another process has come in.
    pub fn heard_anybody(&self) -> bool {
        self.gathering.heard_anybody()
    }
    /// Whether this process has retired from an instance and all others are known to have, by their farewells.
    pub fn all_finished(&self, instance: InstanceId) -> bool {
        self.find(instance).is_some_and(|instance| instance.status() == Status::Retired && instance.unfinished().next().is_none())
    }
    /// The other processes not known to have finished an instance. Known is what farewells said: see
    /// [`Config::farewell`](crate::Config::farewell).
    pub fn unfinished(&self, instance: InstanceId) -> Vec<Pid> {
        self.find(instance).map(|instance| instance.unfinished().collect()).unwrap_or_default()
    }
    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.world.counters
    }
}

/// After an event: sets the timer of an instance; whether it has just ended.
#[inline(always)]
fn is_over<P: Process>(instance: &Instance<P>, now: u64, slot: u32, wheel: &mut Wheel) -> bool {
    let due = instance.due(now);
    if due != u64::MAX {
        wheel.arm(slot, due);
    }
    instance.status() != Status::Running && !instance.buried
}
