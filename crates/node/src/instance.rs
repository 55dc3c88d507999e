//! One instance of an algorithm at one process: its round clock.
//!
//! ```text
//!          ┌────────────────────────────── next round ◄──────────────────────────────┐
//!          ▼                                                                          │
//!   enter: send, hear oneself,  ──►  wait for messages of  ──►  leave: update, record ┤
//!          take what came early      this round                                       │
//!                                                               decided or halted ────┴──►  retired: answers stragglers
//! ```
//!
//! While it waits, [`Instance::why_leave`] decides: the round's own `ready`, everybody heard, the deadline, or somebody ahead. A round
//! that says `Block` is left in none of these ways; at its deadline, and ever less often afterwards, the missing messages are asked
//! for. Peers answer from the messages of their last [`HISTORY_ROUNDS`] rounds.

mod retired;

use crate::calls::{self, Boxes, ContextOf, Encoded, Panicked, coin, decided, guarded, longest, outputs, surroundings};
use crate::clock::RoundClock;
use crate::early::Early;
use crate::limits::{HISTORY_ROUNDS, MAX_MESSAGE, MAX_REQUESTS, MAX_ROUNDS_AHEAD, ROUNDS_PER_EVENT};
use crate::node::InstanceId;
use crate::outgoing::{Alarm, Outgoing, Output};
use crate::wire::{Kind, Section};
use crate::{Config, StartError};
use heardof_core::process::{Faults, Process, Progress, Rounds};
use heardof_core::trace::{End, Record, RoundRecord, Sending};
use heardof_core::value::{Value, digest, digest_bytes};
use heardof_core::{Datum, Pid};
use std::collections::VecDeque;
use std::sync::Arc;

/// What an instance is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It takes part in rounds.
    Running,
    /// It has decided, was told the decision, or halted. It answers stragglers.
    Retired,
    /// It cannot go on: see the alarm. It answers nobody, like a crashed process.
    Stopped,
}

/// The time and the queues of the node, for the length of one event.
pub(crate) struct Turn<'a> {
    pub(crate) now: u64,
    pub(crate) out: &'a mut Outgoing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Why {
    Enough,
    Deadline,
    CatchUp,
}

pub(crate) struct Instance<P: Process> {
    pub(crate) id: InstanceId,
    pub(crate) config: Config,
    parameters: P::Parameters,
    /// How many processes may lie: a claim to be ahead needs one witness more.
    faulty: usize,
    state: P,
    round: u64,
    /// What `init` and `send` saw, `ready` and `update` will: one coin and one request a round.
    ctx: ContextOf<P>,
    boxes: Boxes<P>,
    /// Who was heard in this round, by process id, with the digest of the message.
    heard: Vec<(Pid, u64)>,
    clock: RoundClock,
    early: Early,
    /// For each process one more than the highest round it was seen in; 0: not seen.
    reached: Vec<u64>,
    /// A round that somebody trustworthy has reached.
    lead: u64,
    /// What was sent in the last rounds.
    history: VecDeque<(u64, Encoded)>,
    requests: VecDeque<P::Request>,
    outputs: Vec<(&'static str, Datum)>,
    status: Status,
    /// The encoded last state, once retired.
    pub(crate) testament: Option<Arc<[u8]>>,
    /// The processes known to have retired.
    pub(crate) finished: Vec<bool>,
    pub(crate) remind_at: u64,
    pub(crate) remind_every: u64,
    /// More rounds could be executed than one event may.
    more: bool,
}

impl<P: Process> Instance<P> {
    pub(crate) fn new(id: InstanceId, config: Config, parameters: P::Parameters, input: P::Input) -> Result<Self, StartError> {
        let start = || {
            let ctx = surroundings::<P>(id, &config, 0, &parameters)?;
            let faulty = match guarded("faults", || P::faults(&parameters))? {
                Faults::Benign => 0,
                Faults::Value { at_most } | Faults::Byzantine { at_most } => at_most,
            };
            let state = guarded("init", || P::init(input, &ctx))?;
            Ok((ctx, faulty, state))
        };
        let (ctx, faulty, state) = start().map_err(|p: Panicked| StartError::Panic { what: p.what })?;
        let (n, timeout) = (config.n, config.timing.round_timeout);
        Ok(Instance {
            id,
            parameters,
            faulty,
            outputs: outputs(&state),
            state,
            round: 0,
            ctx,
            boxes: Default::default(),
            heard: vec![],
            clock: RoundClock::new(config.timing),
            early: Early::default(),
            reached: vec![0; n],
            lead: 0,
            history: VecDeque::new(),
            requests: VecDeque::new(),
            status: Status::Running,
            testament: None,
            finished: vec![false; n],
            remind_at: u64::MAX,
            remind_every: timeout.saturating_mul(2),
            more: false,
            config,
        })
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }
    pub(crate) fn round(&self) -> u64 {
        self.round
    }
    pub(crate) fn state(&self) -> &P {
        &self.state
    }

    /// Queues what the application asks for; false if too much waits.
    pub(crate) fn request(&mut self, request: P::Request) -> bool {
        let room = self.requests.len() < MAX_REQUESTS;
        if room {
            self.requests.push_back(request);
        }
        room
    }

    pub(crate) fn start(&mut self, turn: &mut Turn<'_>) {
        self.enter(turn, false, &[]);
        self.run(turn);
    }

    /// The next time at which something may happen.
    pub(crate) fn next_timer(&self, now: u64) -> u64 {
        match self.status {
            Status::Running if self.more => now,
            Status::Running => self.clock.next(now),
            Status::Retired => self.remind_at,
            Status::Stopped => u64::MAX,
        }
    }

    pub(crate) fn timer(&mut self, turn: &mut Turn<'_>) {
        match self.status {
            Status::Running => {
                self.run(turn);
                if self.status == Status::Running && !self.more && self.clock.asks(turn.now) {
                    for q in self.unheard() {
                        turn.out.counters.pulls_out += 1;
                        turn.out.send(q, &Section { kind: Kind::Pull, instance: self.id, round: self.round, payload: &[] });
                    }
                }
            }
            Status::Retired => self.remind(turn),
            Status::Stopped => {}
        }
    }

    pub(crate) fn section(&mut self, turn: &mut Turn<'_>, from: Pid, section: &Section<'_>) {
        match (self.status, section.kind) {
            (Status::Stopped, _) => {}
            (_, Kind::Decision) => self.decision(turn, from, section.payload),
            (Status::Retired, _) => self.answer(turn, from, section),
            (Status::Running, _) if section.round > self.round + MAX_ROUNDS_AHEAD => turn.out.counters.messages_too_far_ahead += 1,
            (Status::Running, kind) => {
                match kind {
                    Kind::Message => self.message(turn, from, section.round, section.payload),
                    Kind::Pull => self.pulled(turn, from, section.round),
                    Kind::Ask | Kind::Decision => {}
                }
                self.saw(turn.now, from, section.round);
            }
        }
    }

    /// Executes the rounds that may be left, at most [`ROUNDS_PER_EVENT`] of them.
    pub(crate) fn run(&mut self, turn: &mut Turn<'_>) {
        self.more = false;
        for _ in 0..ROUNDS_PER_EVENT {
            if self.status != Status::Running {
                return;
            }
            match self.why_leave(turn.now) {
                Ok(None) => return,
                Ok(Some(why)) => self.leave(turn, why),
                Err(panicked) => self.stop_panicked(turn, panicked),
            }
        }
        self.more = self.status == Status::Running;
    }

    fn k(&self) -> usize {
        self.round as usize % P::Rounds::LEN
    }

    fn others(&self) -> impl Iterator<Item = Pid> + use<P> {
        let me = self.config.me;
        Pid::all(self.config.n).filter(move |q| *q != me)
    }

    fn unheard(&self) -> Vec<Pid> {
        self.others().filter(|q| self.heard.binary_search_by_key(q, |(p, _)| *p).is_err()).collect()
    }

    fn enter(&mut self, turn: &mut Turn<'_>, by_deadline: bool, unheard: &[Pid]) {
        if let Err(panicked) = self.try_enter(turn, by_deadline, unheard) {
            self.stop_panicked(turn, panicked);
        }
    }

    fn try_enter(&mut self, turn: &mut Turn<'_>, by_deadline: bool, unheard: &[Pid]) -> Result<(), Panicked> {
        if guarded("halted", || self.state.halted())? {
            turn.out.tell(self.id, Output::Halted { round: self.round });
            self.retire(turn, End::Halted(self.round as usize), None);
            return Ok(());
        }
        if self.round > 0 {
            self.ctx = surroundings::<P>(self.id, &self.config, self.round, &self.parameters)?.with_request(self.requests.pop_front());
        }
        self.heard.clear();
        self.clock.enter(turn.now, by_deadline);
        let outbox = calls::send::<P>(self.k(), &self.state, &self.ctx)?;
        turn.out.tell(self.id, Output::Entered { round: self.round });
        // What is sent may depend on chance or on the application: written down before, for the round may never be finished.
        let (coin, request) = (self.drawn(), self.asked());
        if coin.is_some() || request.is_some() {
            turn.out.tell(self.id, Output::Record(Record::Sending(Sending { round: self.round as usize, coin, request })));
        }
        if let Some(bytes) = longest(&outbox).filter(|bytes| *bytes > MAX_MESSAGE) {
            let alarm = Alarm::MessageTooLarge { round: self.round, bytes, limit: MAX_MESSAGE };
            self.stop(turn, alarm);
            return Ok(());
        }
        if let Some(message) = outbox.message_to(self.config.me) {
            self.hear(turn, self.config.me, message)?;
        }
        for q in self.others() {
            let section = |kind, payload| Section { kind, instance: self.id, round: self.round, payload };
            match outbox.message_to(q) {
                Some(message) => turn.out.send(q, &section(Kind::Message, message)),
                // A message of a later round asks as well; who is not sent one is asked, for it may have retired.
                None if unheard.contains(&q) => turn.out.send(q, &section(Kind::Ask, &[])),
                None => {}
            }
        }
        self.history.push_back((self.round, outbox));
        if self.history.len() > HISTORY_ROUNDS {
            self.history.pop_front();
        }
        for (from, payload) in self.early.take(self.round) {
            self.hear(turn, from, &payload)?;
        }
        if self.lead > self.round {
            self.clock.ahead(turn.now);
        }
        Ok(())
    }

    fn drawn(&self) -> Option<bool> {
        self.ctx.drew_coin().then(|| coin(self.config.seed, self.id, self.round))
    }

    fn asked(&self) -> Option<String> {
        self.ctx.request().map(|request| request.to_datum().to_string())
    }

    /// A message of the current round.
    fn hear(&mut self, turn: &mut Turn<'_>, from: Pid, payload: &[u8]) -> Result<(), Panicked> {
        match calls::deliver::<P>(self.k(), &mut self.boxes, from, payload)? {
            Ok(true) => {
                let place = self.heard.partition_point(|(q, _)| *q < from);
                self.heard.insert(place, (from, digest_bytes(payload)));
            }
            Ok(false) => turn.out.counters.messages_duplicate += 1,
            Err(_) => turn.out.counters.messages_malformed += 1,
        }
        Ok(())
    }

    fn message(&mut self, turn: &mut Turn<'_>, from: Pid, round: u64, payload: &[u8]) {
        if round > self.round {
            turn.out.counters.early_dropped += self.early.insert(from, round, payload);
        } else if round < self.round {
            turn.out.counters.messages_late += 1;
            self.clock.late(self.round - round);
        } else if let Err(panicked) = self.hear(turn, from, payload) {
            self.stop_panicked(turn, panicked);
        }
    }

    /// `from` is in `round` at least.
    fn saw(&mut self, now: u64, from: Pid, round: u64) {
        let reached = &mut self.reached[from.index()];
        if round < *reached {
            return;
        }
        *reached = round + 1;
        if round > self.round {
            let mut claims = self.reached.clone();
            claims.sort_unstable_by(|a, b| b.cmp(a));
            // The (f+1)-th highest claim: at least one of those who made it, or a higher one, does not lie.
            self.lead = claims.get(self.faulty).map_or(0, |reached| reached.saturating_sub(1));
            if self.lead > self.round {
                self.clock.ahead(now);
            }
        }
    }

    /// A blocked peer asks for the message of a round.
    fn pulled(&mut self, turn: &mut Turn<'_>, from: Pid, round: u64) {
        match self.history.iter().find(|(r, _)| *r == round) {
            Some((_, outbox)) => {
                if let Some(message) = outbox.message_to(from) {
                    turn.out.counters.pulls_answered += 1;
                    turn.out.send(from, &Section { kind: Kind::Message, instance: self.id, round, payload: message });
                }
            }
            None if round < self.round => turn.out.counters.pulls_too_old += 1,
            // It is ahead of us: it will be sent the message when we get there.
            None => {}
        }
    }

    /// Why the round may be left now.
    fn why_leave(&mut self, now: u64) -> Result<Option<Why>, Panicked> {
        let progress = calls::ready::<P>(self.k(), &mut self.boxes, &self.state, &self.ctx)?;
        let everybody = self.heard.len() == self.config.n;
        Ok(match progress {
            Progress::GoAhead => Some(Why::Enough),
            Progress::Block => None,
            Progress::Deadline | Progress::Sync(_) if everybody => Some(Why::Enough),
            Progress::Sync(k) if 1 + self.reached.iter().filter(|reached| **reached > self.round).count() < k => None,
            Progress::Deadline | Progress::Sync(_) if self.clock.expired(now) => Some(Why::Deadline),
            // Two rounds ahead is too late for grace.
            Progress::Deadline | Progress::Sync(_) if self.lead > self.round + 1 => Some(Why::CatchUp),
            Progress::Deadline | Progress::Sync(_) => (self.lead > self.round && self.clock.may_follow(now)).then_some(Why::CatchUp),
        })
    }

    fn leave(&mut self, turn: &mut Turn<'_>, why: Why) {
        if let Err(panicked) = self.try_leave(turn, why) {
            self.stop_panicked(turn, panicked);
        }
    }

    fn try_leave(&mut self, turn: &mut Turn<'_>, why: Why) -> Result<(), Panicked> {
        // Asked a second time, apart from the decision to leave: what must not happen is watched, not believed.
        if calls::ready::<P>(self.k(), &mut self.boxes, &self.state, &self.ctx)? == Progress::Block {
            turn.out.counters.left_below_ready += 1;
            self.stop(turn, Alarm::LeftBelowReady { round: self.round });
            return Ok(());
        }
        turn.out.counters.rounds += 1;
        turn.out.counters.rounds_by_deadline += u64::from(why == Why::Deadline);
        turn.out.counters.rounds_by_catching_up += u64::from(why == Why::CatchUp);
        calls::update::<P>(self.k(), &mut self.boxes, &mut self.state, &self.ctx)?;
        let record = RoundRecord {
            round: self.round as usize,
            state: digest(&self.state),
            coin: self.drawn(),
            heard: self.heard.clone(),
            request: self.asked(),
        };
        turn.out.tell(self.id, Output::Record(Record::Round(record)));
        self.report_outputs(turn);
        let unheard = if why == Why::Deadline { self.unheard() } else { vec![] };
        self.round += 1;
        // Not in the middle of a phase: the others may yet need what this process says in it.
        if self.k() == 0 && decided(&self.outputs) && self.config.retire_when_decided {
            self.retire(turn, End::Retired(self.round as usize), None);
        } else {
            self.enter(turn, why == Why::Deadline, &unheard);
        }
        Ok(())
    }

    fn report_outputs(&mut self, turn: &mut Turn<'_>) {
        if self.outputs.is_empty() {
            return;
        }
        for ((field, old), (_, value)) in self.outputs.iter_mut().zip(outputs(&self.state)) {
            if *old != value {
                *old = value.clone();
                turn.out.tell(self.id, Output::Changed { round: self.round, field, value });
            }
        }
    }

    /// The instance ends; stragglers are told `testament`, by default the own state.
    fn retire(&mut self, turn: &mut Turn<'_>, end: End, testament: Option<Arc<[u8]>>) {
        self.status = Status::Retired;
        self.testament = Some(testament.unwrap_or_else(|| heardof_core::value::encoded(&self.state).into()));
        self.history.clear();
        self.early = Early::default();
        turn.out.tell(self.id, Output::Record(Record::End(end)));
        turn.out.tell(self.id, Output::Retired { round: self.round });
        self.remind_at = turn.now.saturating_add(self.remind_every);
    }

    /// A process that has finished tells its decision. It is reported, never written into the state.
    fn decision(&mut self, turn: &mut Turn<'_>, from: Pid, payload: &[u8]) {
        let Some((heard_ours, bytes)) = payload.split_first() else {
            turn.out.counters.decisions_malformed += 1;
            return;
        };
        let Ok(Ok(theirs)) = guarded("decode", || heardof_core::value::decode_all::<P>(bytes)) else {
            turn.out.counters.decisions_malformed += 1;
            return;
        };
        self.finished[from.index()] = true;
        if self.status == Status::Running && decided(&outputs(&theirs)) {
            if decided(&self.outputs) {
                // Only the rest of the phase was left to do, and whom it was for has finished or is told.
                self.retire(turn, End::Retired(self.round as usize), None);
            } else {
                self.adopt(turn, from, outputs(&theirs), bytes.into());
            }
        }
        if self.status == Status::Retired && *heard_ours == 0 {
            self.tell_decision(turn, from);
        }
    }

    fn adopt(&mut self, turn: &mut Turn<'_>, from: Pid, outputs: Vec<(&'static str, Datum)>, testament: Arc<[u8]>) {
        let round = self.round;
        for (field, value) in &outputs {
            let (field, value) = (field.to_string(), value.to_string());
            turn.out.tell(self.id, Output::Record(Record::Forwarded { round: round as usize, field, value }));
        }
        turn.out.tell(self.id, Output::Forwarded { round, from, outputs });
        self.retire(turn, End::Retired(round as usize), Some(testament));
    }

    fn stop_panicked(&mut self, turn: &mut Turn<'_>, Panicked { function, what }: Panicked) {
        turn.out.counters.panics += 1;
        self.stop(turn, Alarm::Panic { round: self.round, function, what });
    }

    fn stop(&mut self, turn: &mut Turn<'_>, alarm: Alarm) {
        self.status = Status::Stopped;
        turn.out.tell(self.id, Output::Record(Record::End(End::Stopped(self.round as usize))));
        turn.out.tell(self.id, Output::Alarm(alarm));
    }
}
