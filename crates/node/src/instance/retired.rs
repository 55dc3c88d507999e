//! After the rounds: a retired instance answers stragglers, and says farewell if it is to.

use super::{Instance, Stage, Turn};
use crate::App;
use crate::calls::outputs;
use crate::limits::MAX_BACK_OFF;
use crate::output::Output;
use crate::wire::Kind;
use crate::world::Doing;
use heardof_core::Pid;
use heardof_core::process::{Process, Rounds};
use heardof_core::trace::{End, Record};
use heardof_core::value::{Value, decode_all};

impl<P: Process> Instance<P> {
    /// The instance ends; stragglers are told what it was told, or its own state.
    pub(super) fn retire<A>(&mut self, turn: &mut Turn<'_, P, A>, end: End) {
        self.give_back(turn);
        self.retire_empty(turn, end);
    }

    /// The same where all mailboxes are empty: the next instance in this place must not find messages of this one.
    pub(super) fn retire_empty<A>(&mut self, turn: &mut Turn<'_, P, A>, end: End) {
        self.stage = Stage::Retired;
        let told = self.cold.take().map(|cold| (cold.told, cold.finished));
        if turn.world.config.park {
            let outputs = told.as_ref().and_then(|(told, _)| told.as_ref()).unwrap_or(&self.state);
            let mut bytes = vec![];
            self.ctx.parameters().encode(&mut bytes);
            outputs.encode(&mut bytes);
            turn.world.tell(self.id, Output::Over { bytes });
        }
        let config = &turn.world.config;
        if config.farewell || told.as_ref().is_some_and(|(told, _)| told.is_some()) {
            let cold = self.cold.get_or_insert_default();
            (cold.told, cold.finished) = told.unwrap_or_default();
            if config.farewell {
                cold.remind_every = config.timing.round_timeout.saturating_mul(2);
                cold.remind_at = turn.now.saturating_add(cold.remind_every);
            }
        }
        if config.record {
            turn.world.tell(self.id, Output::Record(Record::End(end)));
        }
        if turn.world.config.tell {
            turn.world.tell(self.id, Output::Retired { round: self.round });
        }
    }

    /// A process that still takes part in rounds speaks. One that is merely slow with the messages of the last phase needs nothing:
    /// the last acknowledgement of every phase is late. One that asks, that is in a later round, or still in an earlier phase, is told
    /// the decision.
    pub(super) fn answer<A>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, kind: Kind, round: u64) {
        let phase = |round: u64| round / P::Rounds::LEN as u64;
        let straggles = round >= self.round || phase(round) < phase(self.round.saturating_sub(1));
        if kind != Kind::Message || straggles {
            self.tell_decision(turn, from);
        } else {
            turn.world.counters.messages_late += 1;
        }
    }

    fn tell_decision<A>(&mut self, turn: &mut Turn<'_, P, A>, to: Pid) {
        let told = self.cold.as_ref().and_then(|cold| cold.told.as_ref());
        // Without farewells nobody wants to know who else has finished.
        let knows = !turn.world.config.farewell || self.has_finished(to);
        let mut payload = std::mem::take(&mut turn.world.scratch);
        payload.clear();
        payload.push(u8::from(knows));
        told.unwrap_or(&self.state).encode(&mut payload);
        turn.world.counters.decisions_out += 1;
        turn.world.send(to, Kind::Decision, self.id, self.round, &payload);
        turn.world.scratch = payload;
    }

    fn has_finished(&self, q: Pid) -> bool {
        self.cold.as_ref().is_some_and(|cold| cold.finished.get(q.index()) == Some(&true))
    }

    /// Tells everybody who is not known to have finished, ever less often.
    pub(super) fn remind<A>(&mut self, turn: &mut Turn<'_, P, A>) {
        if self.due(turn.now) > turn.now {
            return;
        }
        let unfinished: Vec<Pid> = turn.world.others().filter(|q| !self.has_finished(*q)).collect();
        for q in &unfinished {
            self.tell_decision(turn, *q);
        }
        let longest = turn.world.config.timing.round_timeout.saturating_mul(MAX_BACK_OFF);
        if let Some(cold) = &mut self.cold {
            cold.remind_every = (cold.remind_every + cold.remind_every / 2).min(longest);
            cold.remind_at = if unfinished.is_empty() { u64::MAX } else { turn.now.saturating_add(cold.remind_every) };
        }
    }

    /// The other processes that are not known to have finished. Known is only what farewells said.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = Pid> {
        let me = self.ctx.id();
        Pid::all(self.ctx.n()).filter(move |q| *q != me && !self.has_finished(*q))
    }

    /// A process that has finished tells its decision. It is reported, never written into the state.
    pub(super) fn decision<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, payload: &[u8]) {
        let Some((heard_ours, bytes)) = payload.split_first() else {
            turn.world.counters.decisions_malformed += 1;
            return;
        };
        let Ok(theirs) = turn.world.run(Doing::Decode, || decode_all::<P>(bytes)) else {
            turn.world.counters.decisions_malformed += 1;
            return;
        };
        if turn.world.config.farewell {
            let finished = &mut self.cold.get_or_insert_default().finished;
            finished.resize(turn.world.config.n, false);
            finished[from.index()] = true;
        }
        if self.stage == Stage::Retired || !theirs.settled() {
            turn.world.counters.decisions_known += 1;
        } else if self.decided {
            // Only the rest of the phase was left to do, and whom it was for has finished or is told.
            self.retire(turn, End::Retired(self.round as usize));
        } else {
            self.adopt(turn, from, theirs);
        }
        if self.stage == Stage::Retired && *heard_ours == 0 {
            self.tell_decision(turn, from);
        }
    }

    fn adopt<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, theirs: P) {
        let round = self.round;
        let (records, tells) = (turn.world.config.record, turn.world.config.tell);
        if records || tells {
            let outputs = outputs(&theirs);
            for (field, value) in outputs.iter().filter(|_| records) {
                let (field, value) = (field.to_string(), value.to_string());
                turn.world.tell(self.id, Output::Record(Record::Forwarded { round: round as usize, field, value }));
            }
            if tells {
                turn.world.tell(self.id, Output::Forwarded { round, from, outputs });
            }
        }
        self.decided = true;
        turn.world.counters.decided += 1;
        turn.app.decided(self.id, &theirs, Some(from));
        self.cold.get_or_insert_default().told = Some(theirs);
        self.retire(turn, End::Retired(round as usize));
    }
}
