//! When a round may be left by the clock.
//!
//! A round has one deadline, fixed when it is entered: a trickle of messages never stretches it. The time-out adapts to the network by
//! the one sign that it is too short: a message that comes late for a round that was left at its deadline. Then it grows by half,
//! at most once a round and at most [`MAX_BACK_OFF`] times the configured one; without such a sign it goes back an eighth a round. Loss
//! and crashes leave no such sign, and longer rounds would not help against them.

use crate::Timing;
use crate::limits::MAX_BACK_OFF;

#[derive(Debug)]
pub(crate) struct RoundClock {
    timing: Timing,
    timeout: u64,
    deadline: u64,
    /// When to ask (again) for messages that a blocked round misses.
    ask_at: u64,
    ask_every: u64,
    /// When to follow a process that is one round ahead.
    follow_at: Option<u64>,
    /// Bit k: the round k + 1 before this one was left at its deadline.
    hurried: u64,
    too_short: bool,
}

impl RoundClock {
    pub(crate) fn new(timing: Timing) -> Self {
        let timeout = timing.round_timeout;
        RoundClock { timing, timeout, deadline: 0, ask_at: 0, ask_every: timeout, follow_at: None, hurried: 0, too_short: false }
    }

    /// A round is entered at `now`; the one before was left at its deadline or not.
    pub(crate) fn enter(&mut self, now: u64, by_deadline: bool) {
        let base = self.timing.round_timeout;
        self.timeout = match std::mem::take(&mut self.too_short) {
            true => (self.timeout + self.timeout / 2).min(base.saturating_mul(MAX_BACK_OFF)),
            false => (self.timeout - self.timeout / 8).max(base),
        };
        self.hurried = self.hurried << 1 | u64::from(by_deadline);
        self.deadline = now.saturating_add(self.timeout);
        self.ask_at = self.deadline;
        self.ask_every = self.timeout;
        self.follow_at = None;
    }

    /// A message came for the round `behind` (at least 1) rounds before this one.
    pub(crate) fn late(&mut self, behind: u64) {
        if behind <= 64 && self.hurried >> (behind - 1) & 1 == 1 {
            self.too_short = true;
        }
    }

    /// Somebody is one round ahead.
    pub(crate) fn ahead(&mut self, now: u64) {
        self.follow_at.get_or_insert(now.saturating_add(self.timing.grace));
    }

    pub(crate) fn expired(&self, now: u64) -> bool {
        now >= self.deadline
    }

    pub(crate) fn may_follow(&self, now: u64) -> bool {
        self.follow_at.is_some_and(|at| now >= at)
    }

    /// Whether missing messages are due to be asked for; if so, the next time is set, ever less often.
    pub(crate) fn asks(&mut self, now: u64) -> bool {
        let due = now >= self.ask_at;
        if due {
            self.ask_every = (self.ask_every + self.ask_every / 2).min(self.timing.round_timeout.saturating_mul(MAX_BACK_OFF));
            self.ask_at = now.saturating_add(self.ask_every);
        }
        due
    }

    /// The next time at which something may change.
    pub(crate) fn next(&self, now: u64) -> u64 {
        let follow = self.follow_at.filter(|at| *at > now).unwrap_or(u64::MAX);
        let deadline = if self.deadline > now { self.deadline } else { u64::MAX };
        deadline.min(self.ask_at).min(follow)
    }

    #[cfg(test)]
    pub(crate) fn timeout(&self) -> u64 {
        self.timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> RoundClock {
        let mut clock = RoundClock::new(Timing { round_timeout: 1000, grace: 10, gather: 0 });
        clock.enter(0, false);
        clock
    }

    #[test]
    fn the_deadline_stays_where_it_is() {
        let mut c = clock();
        assert!(!c.expired(999) && c.expired(1000));
        c.late(1);
        c.ahead(5);
        c.ahead(500);
        assert!(c.expired(1000) && !c.may_follow(14) && c.may_follow(15), "neither a late message nor a second one ahead moves it");
        assert_eq!((c.next(0), c.next(15), c.next(1000)), (15, 1000, 1000));
        assert!(c.asks(1000) && !c.asks(1000));
        assert_eq!(c.next(1000), 2500, "asked again after one and a half time-outs");
    }

    #[test]
    fn time_outs_grow_while_messages_come_late_and_recover() {
        let mut c = clock();
        c.enter(0, true);
        assert_eq!(c.timeout(), 1000, "a round left at its deadline is no sign: the message may be lost");
        for _ in 0..20 {
            c.late(1);
            c.enter(0, true);
        }
        assert_eq!(c.timeout(), 1000 * MAX_BACK_OFF);
        for _ in 0..40 {
            c.enter(0, false);
        }
        assert_eq!(c.timeout(), 1000);
        c.late(1);
        c.enter(0, false);
        assert_eq!(c.timeout(), 1000, "late for a round that was left because enough was heard");
        c.late(65);
        assert!(!c.too_short);
    }
}
