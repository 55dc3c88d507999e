//! One instance of an algorithm at one process: its round clock.
//!
//! ```text
//!          ┌────────────────────────────── next round ◄──────────────────────────────┐
//!          ▼                                                                          │
//!   enter: send, hear oneself   ──►  wait for messages of  ──►  leave: update, record ┤
//!   (first parked, if states         this round                                       │
//!    are made durable)                                          decided or halted ────┴──►  retired: answers stragglers
//! ```
//!
//! While it waits, [`Instance::why_leave`] decides: the round's own `ready`, everybody heard, the deadline, or somebody ahead. A round
//! that says `Block` is left in none of these ways; at its deadline, and ever less often afterwards, the missing messages are asked
//! for. Peers answer from the messages of their last [`HISTORY_ROUNDS`] rounds that may block.
//!
//! There may be tens of thousands. What most of them need is in [`Instance`]; what few do, or only large or faulty systems, is in
//! [`Cold`], which is there from its first use. Messages of this phase are decoded once, into the mailbox of their round, and wait
//! there for their round; the memory of mailboxes comes from the pools of the node and goes back after `update`.
//!
//! [`HISTORY_ROUNDS`]: crate::limits::HISTORY_ROUNDS

mod receive;
mod recovered;
mod retired;

pub(crate) use recovered::{Ended, Remembered};

use crate::calls::{self, Asked, Boxes, ContextOf, Encoded, Enter, GiveBack, Leave, Pools, outputs};
use crate::clock::{RoundClock, patience};
use crate::early::Early;
use crate::lanes::TooLarge;
use crate::limits::{MAX_MESSAGE, MAX_REQUESTS, ROUNDS_PER_EVENT};
use crate::node::InstanceId;
use crate::output::{Alarm, Output};
use crate::wire::Kind;
use crate::world::{Doing, World};
use crate::{App, Config};
use heardof_core::process::{Faults, Process, Rounds};
use heardof_core::trace::{End, Record, RoundRecord, Sending};
use heardof_core::value::{Value, digest};
use heardof_core::{Context, Phase, Pid};
use std::collections::VecDeque;

/// What an instance is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It takes part in rounds, or is about to.
    Running,
    /// It has decided, was told the decision, or halted. It answers stragglers.
    Retired,
    /// It cannot go on: see the alarm. It answers nobody, like a crashed process.
    Stopped,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// The node gathers peers.
    Waiting,
    /// It waits until its state is durable.
    Parked,
    Running,
    Retired,
    Stopped,
}

/// The time and what is shared, for the length of one event.
pub(crate) struct Turn<'a, P: Process, A> {
    pub(crate) now: u64,
    pub(crate) world: &'a mut World,
    pub(crate) pools: &'a mut Pools<P>,
    pub(crate) app: &'a mut A,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Why {
    Enough,
    Deadline,
    CatchUp,
}

/// What few instances need.
pub(crate) struct Cold<P: Process> {
    early: Early,
    /// For each process one more than the highest round it was seen in; 0: not seen. Empty: nobody asked.
    reached: Vec<u64>,
    /// What was sent in the last rounds that may block.
    pub(crate) history: VecDeque<(u64, Encoded)>,
    requests: VecDeque<P::Request>,
    /// What is told when the round that follows is entered: nobody is told what may yet be forgotten.
    changed: Vec<Output>,
    /// A state that another process had decided in.
    told: Option<P>,
    /// Who was not heard in the round that was left at its deadline before the instance was parked.
    unheard: Vec<Pid>,
    /// The processes known to have retired; empty: none, or nobody wants to know.
    finished: Vec<bool>,
    remind_at: u64,
    remind_every: u64,
}

impl<P: Process> Default for Cold<P> {
    fn default() -> Self {
        Cold {
            early: Early::default(),
            reached: vec![],
            history: VecDeque::new(),
            requests: VecDeque::new(),
            changed: vec![],
            told: None,
            unheard: vec![],
            finished: vec![],
            remind_at: u64::MAX,
            remind_every: 0,
        }
    }
}

pub(crate) struct Instance<P: Process> {
    id: InstanceId,
    round: u64,
    /// A round that somebody trustworthy has reached.
    lead: u64,
    state: P,
    /// What `init` and `send` saw, `ready` and `update` will: one coin and one request a round.
    ctx: ContextOf<P>,
    boxes: Boxes<P>,
    clock: RoundClock,
    cold: Option<Box<Cold<P>>>,
    /// How many processes may lie: a claim to be ahead needs one witness more.
    faulty: u16,
    /// The round within its phase.
    k: u8,
    stage: Stage,
    /// Its outputs are there and the application knows.
    decided: bool,
    /// More rounds could be executed than one event may.
    more: bool,
    /// The node counts it among the finished.
    pub(crate) buried: bool,
}

/// What an instance begins with.
pub(crate) struct Birth<P: Process> {
    state: P,
    ctx: ContextOf<P>,
    faulty: u16,
}

/// How many of n processes may lie.
fn witnesses<P: Process>(parameters: &P::Parameters, n: usize) -> u16 {
    match P::faults(parameters) {
        Faults::Benign => 0,
        // More than all is all.
        Faults::Value { at_most } | Faults::Byzantine { at_most } => at_most.min(n) as u16,
    }
}

impl<P: Process> Birth<P> {
    /// What the algorithm makes of parameters and input.
    #[inline]
    pub(crate) fn of(id: InstanceId, world: &mut World, parameters: P::Parameters, input: P::Input) -> Self {
        let Config { me, n, .. } = world.config;
        let (phase, coin) = (Phase::new(0), world.coin(id, 0));
        world.run(Doing::Init, || {
            let coordinator = P::coordinator(phase, n, &parameters);
            let faulty = witnesses::<P>(&parameters, n);
            let mut ctx = Context::new(me, n, 0, phase, coordinator, parameters);
            ctx.enter(0, phase, coordinator, coin);
            Birth { state: P::init(input, &ctx), ctx, faulty }
        })
    }
}

impl<P: Process> Instance<P> {
    /// An instance that has not entered its first round.
    pub(crate) fn new(id: InstanceId, world: &World, Birth { state, ctx, faulty }: Birth<P>) -> Self {
        Instance {
            id,
            round: 0,
            lead: 0,
            state,
            ctx,
            boxes: Default::default(),
            clock: RoundClock::new(world.pace.timeout()),
            cold: None,
            faulty,
            k: 0,
            stage: Stage::Waiting,
            decided: false,
            more: false,
            buried: false,
        }
    }

    /// The same in the place of one that is over.
    #[inline]
    pub(crate) fn renew(&mut self, id: InstanceId, world: &World, Birth { state, ctx, faulty }: Birth<P>) {
        (self.id, self.round, self.lead) = (id, 0, 0);
        (self.state, self.ctx, self.faulty) = (state, ctx, faulty);
        (self.clock, self.cold) = (RoundClock::new(world.pace.timeout()), None);
        (self.k, self.stage) = (0, Stage::Waiting);
        (self.decided, self.more, self.buried) = (false, false, false);
    }

    /// Its place is free: nobody looks at it any more.
    pub(crate) fn free(&mut self) {
        self.stage = Stage::Stopped;
        self.cold = None;
    }

    pub(crate) fn id(&self) -> InstanceId {
        self.id
    }
    pub(crate) fn status(&self) -> Status {
        match self.stage {
            Stage::Waiting | Stage::Parked | Stage::Running => Status::Running,
            Stage::Retired => Status::Retired,
            Stage::Stopped => Status::Stopped,
        }
    }
    pub(crate) fn round(&self) -> u64 {
        self.round
    }
    pub(crate) fn state(&self) -> &P {
        &self.state
    }
    pub(crate) fn timeout(&self) -> u64 {
        self.clock.timeout()
    }

    /// Queues what the application asks for; false if too much waits.
    pub(crate) fn request(&mut self, request: P::Request) -> bool {
        let requests = &mut self.cold.get_or_insert_default().requests;
        let room = requests.len() < MAX_REQUESTS;
        if room {
            requests.push_back(request);
        }
        room
    }

    pub(crate) fn start<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>) {
        // One that has come back is durable already.
        let asked = if self.stage == Stage::Parked { self.resume(turn, false) } else { self.next(turn, false) };
        self.run(turn, asked);
    }

    /// The state with which it enters `round` is durable; false if it does not wait for that.
    pub(crate) fn durable<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, round: u64) -> bool {
        let waited = self.stage == Stage::Parked && self.round == round;
        if waited {
            let unheard = self.cold.as_mut().map(|cold| std::mem::take(&mut cold.unheard)).unwrap_or_default();
            let by_deadline = !unheard.is_empty();
            turn.world.unheard = unheard;
            let asked = self.resume(turn, by_deadline);
            self.run(turn, asked);
        }
        waited
    }

    /// The next time at which something may happen.
    pub(crate) fn due(&self, now: u64) -> u64 {
        match self.stage {
            Stage::Running if self.more => now,
            Stage::Running => self.clock.next(now),
            Stage::Retired => self.cold.as_ref().map_or(u64::MAX, |cold| cold.remind_at),
            Stage::Waiting | Stage::Parked | Stage::Stopped => u64::MAX,
        }
    }

    pub(crate) fn timer<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>) {
        match self.stage {
            Stage::Running => {
                let asked = self.ask(turn);
                self.run(turn, Some(asked));
                if self.stage == Stage::Running && !self.more && self.clock.asks(&turn.world.config.timing, turn.now) {
                    self.pull(turn);
                }
            }
            Stage::Retired => self.remind(turn),
            Stage::Waiting | Stage::Parked | Stage::Stopped => {}
        }
    }

    /// Asks for the messages that this round misses.
    fn pull<A>(&mut self, turn: &mut Turn<'_, P, A>) {
        let mut heard = vec![false; turn.world.config.n];
        P::Rounds::visit_pooled(self.k.into(), &mut self.boxes, turn.pools, calls::Senders(|q: Pid| heard[q.index()] = true));
        for q in turn.world.others().filter(|q| !heard[q.index()]) {
            turn.world.counters.pulls_out += 1;
            turn.world.send(q, Kind::Pull, self.id, self.round, &[]);
        }
    }

    /// Executes the rounds that may be left, at most [`ROUNDS_PER_EVENT`] of them; `asked` is what the current one says.
    #[inline]
    fn run<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, mut asked: Option<Asked>) {
        self.more = false;
        for _ in 0..ROUNDS_PER_EVENT {
            let Some(says) = asked else { return };
            let Some(why) = self.why_leave(turn, says) else { return };
            let by_deadline = why == Why::Deadline;
            if why != Why::Enough {
                let counters = &mut turn.world.counters;
                counters.rounds_by_deadline += u64::from(by_deadline);
                counters.rounds_by_catching_up += u64::from(!by_deadline);
            }
            asked = self.leave(turn, by_deadline);
        }
        self.more = self.stage == Stage::Running;
    }

    fn ask<A>(&mut self, turn: &mut Turn<'_, P, A>) -> Asked {
        P::Rounds::visit_pooled(self.k.into(), &mut self.boxes, turn.pools, calls::Ask(&self.state, &self.ctx, turn.world))
    }

    /// Why the round may be left now.
    #[inline]
    fn why_leave<A>(&mut self, turn: &mut Turn<'_, P, A>, asked: Asked) -> Option<Why> {
        if asked == Asked::Go {
            return Some(Why::Enough);
        }
        if asked == Asked::Block {
            return None;
        }
        if let Asked::Sync(k) = asked
            && self.here(turn) < k as usize
        {
            return None;
        }
        if self.clock.expired(turn.now) {
            return Some(Why::Deadline);
        }
        // Two rounds ahead is too late for grace.
        let follows = self.lead > self.round + 1 || self.lead > self.round && self.clock.may_follow(turn.now);
        follows.then_some(Why::CatchUp)
    }

    /// The round ends; what the next one says, if it was entered. Not inlined: most events take one step, and in a loop the compiler
    /// would prepare for many.
    #[inline(never)]
    fn leave<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, by_deadline: bool) -> Option<Asked> {
        let leave = Leave { state: &mut self.state, ctx: &self.ctx, world: turn.world, by_deadline };
        if !P::Rounds::visit_pooled(self.k.into(), &mut self.boxes, turn.pools, leave) {
            turn.world.counters.left_below_ready += 1;
            self.stop(turn, Alarm::LeftBelowReady { round: self.round });
            return None;
        }
        turn.world.counters.rounds += 1;
        if turn.world.config.record {
            self.record(turn.world);
        }
        if turn.world.config.tell {
            self.changes(turn.world);
        }
        self.round += 1;
        // There are at most eight rounds in a phase.
        self.k = if usize::from(self.k) == P::Rounds::LEN - 1 { 0 } else { self.k.wrapping_add(1) };
        self.next(turn, by_deadline)
    }

    /// Writes down what the round that ends was.
    #[cold]
    #[inline(never)]
    fn record(&mut self, world: &mut World) {
        let heard = std::mem::take(&mut world.heard);
        let (coin, request) = (self.drawn(), self.asked());
        let record = RoundRecord { round: self.round as usize, state: digest(&self.state), coin, heard, request };
        world.tell(self.id, Output::Record(Record::Round(record)));
    }

    /// Tells how outputs changed in the round that ends.
    #[cold]
    #[inline(never)]
    fn changes(&mut self, world: &mut World) {
        let before = std::mem::take(&mut world.before);
        for ((field, old), (_, value)) in before.into_iter().zip(outputs(&self.state)) {
            if old != value {
                let changed = Output::Changed { round: self.round, field, value };
                if world.config.park {
                    self.cold.get_or_insert_default().changed.push(changed);
                } else {
                    world.tell(self.id, changed);
                }
            }
        }
    }

    /// Between two rounds: the state is made durable before anything is sent that depends on it.
    #[inline(always)]
    fn next<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, by_deadline: bool) -> Option<Asked> {
        if !turn.world.config.park {
            return self.resume(turn, by_deadline);
        }
        self.stage = Stage::Parked;
        if by_deadline {
            self.cold.get_or_insert_default().unheard = turn.world.unheard.clone();
        }
        self.look_around(turn);
        turn.world.tell(self.id, Output::Persist { round: self.round, bytes: self.remember() });
        None
    }

    #[inline(always)]
    fn resume<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, by_deadline: bool) -> Option<Asked> {
        self.stage = Stage::Running;
        if turn.world.config.park
            && let Some(cold) = &mut self.cold
        {
            cold.changed.drain(..).for_each(|changed| turn.world.tell(self.id, changed));
        }
        if !self.decided && self.state.settled() {
            self.decided = true;
            turn.world.counters.decided += 1;
            turn.app.decided(self.id, &self.state, None);
        }
        // Not in the middle of a phase: the others may yet need what this process says in it.
        if self.decided && self.k == 0 && self.round > 0 && turn.world.config.retire_when_decided {
            let end = End::Retired(self.round as usize);
            // At the end of a phase mailboxes are empty: what is early for the next phase waits elsewhere. A parked instance has let
            // some in since.
            if turn.world.config.park {
                self.retire(turn, end)
            } else {
                self.retire_empty(turn, end)
            }
            return None;
        }
        self.enter(turn, by_deadline)
    }

    #[inline(always)]
    fn enter<A>(&mut self, turn: &mut Turn<'_, P, A>, by_deadline: bool) -> Option<Asked> {
        // Persist before send, seen from here: a parked instance has no business with the network.
        assert!(self.stage == Stage::Running, "an instance enters a round when its state is durable");
        if turn.world.run(Doing::Halted, || self.state.halted()) {
            if turn.world.config.tell {
                turn.world.tell(self.id, Output::Halted { round: self.round });
            }
            self.retire(turn, End::Halted(self.round as usize));
            return None;
        }
        if !turn.world.config.park {
            self.look_around(turn);
        }
        // Who goes on for ever has all the time there is.
        let patience = if turn.world.config.retire_when_decided { patience(self.round) } else { 1 };
        self.clock.enter(&turn.world.config.timing, turn.now, by_deadline, patience);
        if self.cold.is_some() && self.k == 0 {
            self.take_early(turn);
        }
        let Instance { id, round, state, ctx, cold, .. } = self;
        let enter = Enter { id: *id, round: *round, state, ctx, cold, world: turn.world, asks: by_deadline };
        let asked = P::Rounds::visit_pooled(self.k.into(), &mut self.boxes, turn.pools, enter);
        if turn.world.config.tell {
            turn.world.tell(self.id, Output::Entered { round: self.round });
        }
        if turn.world.config.record {
            self.record_entry(turn.world);
        }
        if self.lead > self.round {
            self.clock.ahead(&turn.world.config.timing, turn.now);
        }
        match asked {
            Ok(asked) => Some(asked),
            Err(TooLarge(bytes)) => {
                self.stop(turn, Alarm::MessageTooLarge { round: self.round, bytes, limit: MAX_MESSAGE });
                None
            }
        }
    }

    /// What the process sees in a round after the first.
    #[inline(always)]
    fn look_around<A>(&mut self, turn: &mut Turn<'_, P, A>) {
        if self.round == 0 {
            return;
        }
        let (mut phase, mut coordinator) = (self.ctx.phase(), self.ctx.coordinator());
        if self.k == 0 {
            phase = Phase::new(self.round as usize / P::Rounds::LEN);
            coordinator = turn.world.run(Doing::Coordinator, || P::coordinator(phase, self.ctx.n(), self.ctx.parameters()));
        }
        let coin = turn.world.coin(self.id, self.round);
        self.ctx.enter(self.round as usize, phase, coordinator, coin);
        if let Some(cold) = &mut self.cold {
            self.ctx.ask(cold.requests.pop_front());
        }
    }

    /// What is sent may depend on chance or on the application: written down before, for the round may never be finished.
    #[cold]
    #[inline(never)]
    fn record_entry(&mut self, world: &mut World) {
        let (coin, request) = (self.drawn(), self.asked());
        if coin.is_some() || request.is_some() {
            world.tell(self.id, Output::Record(Record::Sending(Sending { round: self.round as usize, coin, request })));
        }
    }

    fn drawn(&self) -> Option<bool> {
        self.ctx.drew_coin().then(|| self.ctx.coin())
    }

    fn asked(&self) -> Option<String> {
        self.ctx.request().map(|request| request.to_datum().to_string())
    }

    /// Mailboxes of rounds to come have content if the instance ends in the middle of a phase.
    #[cold]
    #[inline(never)]
    fn give_back<A>(&mut self, turn: &mut Turn<'_, P, A>) {
        (0..P::Rounds::LEN).for_each(|k| P::Rounds::visit_pooled(k, &mut self.boxes, turn.pools, GiveBack));
    }

    /// A function of the algorithm panicked.
    pub(crate) fn panicked<A>(&mut self, turn: &mut Turn<'_, P, A>, function: &'static str, what: String) {
        turn.world.counters.panics += 1;
        self.stop(turn, Alarm::Panic { round: self.round, function, what });
    }

    #[cold]
    #[inline(never)]
    fn stop<A>(&mut self, turn: &mut Turn<'_, P, A>, alarm: Alarm) {
        self.stage = Stage::Stopped;
        self.give_back(turn);
        self.cold = None;
        turn.world.counters.stopped += 1;
        if turn.world.config.record {
            turn.world.tell(self.id, Output::Record(Record::End(End::Stopped(self.round as usize))));
        }
        turn.world.tell(self.id, Output::Alarm(alarm));
    }
}
