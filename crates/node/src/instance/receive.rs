//! What comes in for an instance: messages of its round, of later rounds, of rounds it has left; questions of blocked peers.

use super::{Instance, Stage, Turn};
use crate::App;
use crate::calls::{Hear, Heard, Senders};
use crate::limits::MAX_ROUNDS_AHEAD;
use crate::wire::{Kind, Section};
use heardof_core::Pid;
use heardof_core::process::{Process, Rounds};

impl<P: Process> Instance<P> {
    /// A section that belongs to this instance.
    #[inline(always)]
    pub(crate) fn section<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, section: &Section<'_>) {
        if self.stage == Stage::Running && section.kind == Kind::Message && section.round == self.round {
            return self.message(turn, from, section.payload);
        }
        match (self.stage, section.kind) {
            (Stage::Stopped, _) => {}
            (_, Kind::Decision) => self.decision(turn, from, section.payload),
            (Stage::Retired, kind) => self.answer(turn, from, kind, section.round),
            (_, Kind::Message) if section.round == self.round => self.message(turn, from, section.payload),
            (_, kind) => {
                if section.round > self.round && section.round - self.round > MAX_ROUNDS_AHEAD {
                    turn.world.counters.messages_too_far_ahead += 1;
                } else {
                    self.other(turn, from, kind, section);
                }
            }
        }
    }

    /// A message of the current round.
    #[inline(always)]
    fn message<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, payload: &[u8]) {
        if self.cold.is_some() || self.faulty > 0 {
            self.note(turn, from, self.round);
        }
        let (running, k) = (self.stage == Stage::Running, usize::from(self.k));
        let hear = Hear { from, payload, state: &self.state, ctx: &self.ctx, world: turn.world, asks: running };
        match P::Rounds::visit_pooled(k, &mut self.boxes, turn.pools, hear) {
            Heard::Asked(asked) => self.run(turn, Some(asked)),
            Heard::Yes => {}
            Heard::Duplicate => turn.world.counters.messages_duplicate += 1,
            Heard::Malformed => turn.world.counters.messages_malformed += 1,
        }
    }

    /// A message of another round, or a question.
    fn other<A: App<P>>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, kind: Kind, section: &Section<'_>) {
        let round = section.round;
        match kind {
            Kind::Message if round < self.round => {
                turn.world.counters.messages_late += 1;
                self.clock.late(self.round - round);
            }
            Kind::Message => self.keep(turn, from, round, section.payload),
            Kind::Pull => self.pulled(turn, from, round),
            Kind::Ask | Kind::Decision => {}
        }
        let news = self.note(turn, from, round);
        if news && self.stage == Stage::Running {
            let asked = self.ask(turn);
            self.run(turn, Some(asked));
        }
    }

    /// A message of a later round: into its mailbox if that is of this phase, else to the side.
    fn keep<A>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, round: u64, payload: &[u8]) {
        let k = u64::from(self.k) + (round - self.round);
        if k >= P::Rounds::LEN as u64 {
            turn.world.counters.early_dropped += self.cold.get_or_insert_default().early.insert(from, round, payload);
            return;
        }
        let hear = Hear { from, payload, state: &self.state, ctx: &self.ctx, world: turn.world, asks: false };
        match P::Rounds::visit_pooled(k as usize, &mut self.boxes, turn.pools, hear) {
            Heard::Asked(_) | Heard::Yes => {}
            Heard::Duplicate => turn.world.counters.messages_duplicate += 1,
            Heard::Malformed => turn.world.counters.messages_malformed += 1,
        }
    }

    /// A phase begins: what came early for its rounds goes into their mailboxes.
    #[cold]
    #[inline(never)]
    pub(super) fn take_early<A>(&mut self, turn: &mut Turn<'_, P, A>) {
        let Some(cold) = &mut self.cold else { return };
        for (from, round, payload) in cold.early.take(self.round + P::Rounds::LEN as u64) {
            if round >= self.round {
                self.keep(turn, from, round, &payload);
            }
        }
    }

    /// `from` is in `round` at least; whether that may let this process leave its round.
    #[inline]
    fn note<A>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, round: u64) -> bool {
        let tracked = self.cold.as_ref().is_some_and(|cold| !cold.reached.is_empty());
        if self.faulty == 0 && !tracked {
            // One witness is enough, and nobody counts who is where.
            if round <= self.lead || round <= self.round {
                return round > self.round;
            }
            self.lead = round;
        } else if !self.track(turn, from, round) {
            return false;
        }
        if self.lead > self.round {
            self.clock.ahead(&turn.world.config.timing, turn.now);
        }
        true
    }

    fn track<A>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, round: u64) -> bool {
        let reached = &mut self.cold.get_or_insert_default().reached;
        reached.resize(turn.world.config.n, 0);
        if round < reached[from.index()] {
            return false;
        }
        reached[from.index()] = round + 1;
        if round > self.round {
            let mut claims = reached.clone();
            let witnesses = usize::from(self.faulty);
            // The (f+1)-th highest claim: at least one of those who made it, or a higher one, does not lie.
            if witnesses < claims.len() {
                let (_, claim, _) = claims.select_nth_unstable_by(witnesses, |a, b| b.cmp(a));
                self.lead = claim.saturating_sub(1);
            }
        }
        true
    }

    /// How many processes are known to be at this round or later, this one included. From the first question on, everybody who is
    /// heard of is noted; until then, mailboxes know it.
    #[cold]
    #[inline(never)]
    pub(super) fn here<A>(&mut self, turn: &mut Turn<'_, P, A>) -> usize {
        let round = self.round;
        if self.cold.as_ref().is_none_or(|cold| cold.reached.is_empty()) {
            let mut reached = vec![0; turn.world.config.n];
            for k in usize::from(self.k)..P::Rounds::LEN {
                let at = round + (k - usize::from(self.k)) as u64;
                P::Rounds::visit_pooled(k, &mut self.boxes, turn.pools, Senders(|q: Pid| reached[q.index()] = at + 1));
            }
            let cold = self.cold.get_or_insert_default();
            cold.early.senders().for_each(|(q, at)| reached[q.index()] = at + 1);
            cold.reached = reached;
        }
        let me = turn.world.config.me.index();
        let reached = self.cold.iter().flat_map(|cold| cold.reached.iter().enumerate());
        1 + reached.filter(|(q, reached)| *q != me && **reached > round).count()
    }

    /// A blocked peer asks for the message of a round.
    fn pulled<A>(&mut self, turn: &mut Turn<'_, P, A>, from: Pid, round: u64) {
        let kept = self.cold.as_ref().and_then(|cold| cold.history.iter().find(|(r, _)| *r == round));
        match kept {
            Some((_, outbox)) => {
                if let Some(message) = outbox.message_to(from) {
                    turn.world.counters.pulls_answered += 1;
                    turn.world.send(from, Kind::Message, self.id, round, message);
                }
            }
            None if round < self.round => turn.world.counters.pulls_too_old += 1,
            // It is ahead of us: it will be sent the message when we get there.
            None => {}
        }
    }
}
