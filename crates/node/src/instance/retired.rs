//! After the rounds: a retired instance answers stragglers until everybody is known to have finished.

use super::{Instance, Status, Turn};
use crate::limits::MAX_BACK_OFF;
use crate::wire::{Kind, Section};
use heardof_core::Pid;
use heardof_core::process::{Process, Rounds};

impl<P: Process> Instance<P> {
    /// A process that still takes part in rounds speaks. One that is merely slow with the messages of the last phase needs nothing:
    /// the last acknowledgement of every phase is late. One that asks, that is in a later round, or still in an earlier phase, is told
    /// the decision.
    pub(super) fn answer(&mut self, turn: &mut Turn<'_>, from: Pid, section: &Section<'_>) {
        let phase = |round: u64| round / P::Rounds::LEN as u64;
        let straggles = section.round >= self.round() || phase(section.round) < phase(self.round().saturating_sub(1));
        if section.kind != Kind::Message || straggles {
            self.tell_decision(turn, from);
        }
    }

    pub(super) fn tell_decision(&mut self, turn: &mut Turn<'_>, to: Pid) {
        let Some(testament) = &self.testament else { return };
        let mut payload = Vec::with_capacity(1 + testament.len());
        payload.push(u8::from(self.finished[to.index()]));
        payload.extend_from_slice(testament);
        turn.out.counters.decisions_out += 1;
        turn.out.send(to, &Section { kind: Kind::Decision, instance: self.id, round: self.round(), payload: &payload });
    }

    /// Tells everybody who is not known to have finished, ever less often.
    pub(super) fn remind(&mut self, turn: &mut Turn<'_>) {
        if turn.now < self.remind_at {
            return;
        }
        let unfinished: Vec<Pid> = self.unfinished().collect();
        for q in &unfinished {
            self.tell_decision(turn, *q);
        }
        let longest = self.config.timing.round_timeout.saturating_mul(MAX_BACK_OFF);
        self.remind_every = (self.remind_every + self.remind_every / 2).min(longest);
        self.remind_at = if unfinished.is_empty() { u64::MAX } else { turn.now.saturating_add(self.remind_every) };
    }

    /// The other processes that are not known to have finished.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = Pid> {
        let me = self.config.me;
        Pid::all(self.config.n).filter(move |q| *q != me && !self.finished[q.index()])
    }

    /// Whether this process and all others are known to have finished.
    pub(crate) fn all_finished(&self) -> bool {
        self.status() == Status::Retired && self.unfinished().next().is_none()
    }
}
