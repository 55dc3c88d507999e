//! When a round may be left by the clock.
//!
//! A round has one deadline, fixed when it is entered: a trickle of messages never stretches it. The time-out adapts to the network by
//! the one sign that it is too short: a message that comes late for a round that was left at its deadline. Then it grows by half,
//! at most once a round and at most [`MAX_BACK_OFF`] times the configured one; without such a sign it goes back a 32nd part a round, for
//! two processes that take turns in being a round ahead may give a sign only once in many rounds. Loss and crashes leave no such sign,
//! and longer rounds would not help against them. An instance starts with the time-out that the ones before it needed ([`Pace`]), for
//! most are too short to learn it themselves.
//!
//! Signs alone do not end every race, so an instance that is not decided grows more patient with its rounds: [`patience`]. That is how
//! Dwork, Lynch and Stockmeyer (Consensus in the presence of partial synchrony, J. ACM 1988) come by rounds that are long enough.

use crate::Timing;
use crate::limits::MAX_BACK_OFF;

/// The time-out that instances start with: what the last ones needed. It grows at once and recovers slowly.
#[derive(Debug)]
pub(crate) struct Pace(u64);

impl Pace {
    pub(crate) fn new(timing: &Timing) -> Pace {
        Pace(timing.round_timeout)
    }
    pub(crate) fn timeout(&self) -> u64 {
        self.0
    }
    /// An instance has finished that had come to this time-out.
    pub(crate) fn learn(&mut self, timing: &Timing, timeout: u64) {
        self.0 = (self.0 - self.0 / 64).max(timeout).max(timing.round_timeout);
    }
}

/// How many times the configured time-out a round lasts at least.
#[inline]
pub(crate) fn patience(round: u64) -> u64 {
    1 + round / 64
}

/// Nothing is to be done.
const NEVER: u64 = u64::MAX;

#[derive(Debug)]
pub(crate) struct RoundClock {
    timeout: u64,
    deadline: u64,
    /// When to ask (again) for messages that a blocked round misses.
    ask_at: u64,
    /// When to follow a process that is one round ahead.
    follow_at: u64,
    /// Bit k: the round k + 1 before this one was left at its deadline.
    hurried: u64,
    /// How often was asked in this round.
    asked: u8,
    too_short: bool,
}

impl RoundClock {
    /// A clock whose rounds take `timeout` at first.
    pub(crate) fn new(timeout: u64) -> Self {
        RoundClock { timeout, deadline: 0, ask_at: 0, follow_at: NEVER, hurried: 0, asked: 0, too_short: false }
    }

    /// A round is entered at `now`; the one before was left at its deadline or not. It lasts `patience` times the configured time-out at
    /// least.
    #[inline]
    pub(crate) fn enter(&mut self, timing: &Timing, now: u64, by_deadline: bool, patience: u64) {
        let base = timing.round_timeout.saturating_mul(patience.clamp(1, MAX_BACK_OFF));
        if self.too_short {
            self.too_short = false;
            self.timeout = (self.timeout + self.timeout / 2).min(timing.round_timeout.saturating_mul(MAX_BACK_OFF));
        } else {
            self.timeout = (self.timeout - self.timeout / 32).max(base);
        }
        self.hurried = self.hurried << 1 | u64::from(by_deadline);
        self.deadline = now.saturating_add(self.timeout);
        (self.ask_at, self.asked, self.follow_at) = (self.deadline, 0, NEVER);
    }

    /// A message came for the round `behind` (at least 1) rounds before this one.
    #[inline]
    pub(crate) fn late(&mut self, behind: u64) {
        if behind <= 64 && self.hurried >> (behind - 1) & 1 == 1 {
            self.too_short = true;
        }
    }

    /// Somebody is one round ahead.
    pub(crate) fn ahead(&mut self, timing: &Timing, now: u64) {
        if self.follow_at == NEVER {
            self.follow_at = now.saturating_add(timing.grace);
        }
    }

    pub(crate) fn expired(&self, now: u64) -> bool {
        now >= self.deadline
    }

    pub(crate) fn may_follow(&self, now: u64) -> bool {
        self.follow_at != NEVER && now >= self.follow_at
    }

    /// Whether missing messages are due to be asked for; if so, the next time is set, ever less often.
    pub(crate) fn asks(&mut self, timing: &Timing, now: u64) -> bool {
        let due = now >= self.ask_at;
        if due {
            self.asked = self.asked.saturating_add(1);
            let longest = timing.round_timeout.saturating_mul(MAX_BACK_OFF);
            let every = (0..self.asked).fold(self.timeout, |every, _| if every < longest { every + every / 2 } else { every });
            self.ask_at = now.saturating_add(every.min(longest));
        }
        due
    }

    /// The next time at which something may change.
    #[inline]
    pub(crate) fn next(&self, now: u64) -> u64 {
        if self.follow_at == NEVER && self.deadline > now {
            return self.deadline;
        }
        let follow = if self.follow_at > now { self.follow_at } else { NEVER };
        let deadline = if self.deadline > now { self.deadline } else { NEVER };
        deadline.min(self.ask_at).min(follow)
    }

    pub(crate) fn timeout(&self) -> u64 {
        self.timeout
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMING: Timing = Timing { round_timeout: 1000, grace: 10, gather: 0 };

    fn clock() -> RoundClock {
        let mut clock = RoundClock::new(1000);
        clock.enter(&TIMING, 0, false, 1);
        clock
    }

    #[test]
    fn the_deadline_stays_where_it_is() {
        let mut c = clock();
        assert!(!c.expired(999) && c.expired(1000));
        c.late(1);
        c.ahead(&TIMING, 5);
        c.ahead(&TIMING, 500);
        assert!(c.expired(1000) && !c.may_follow(14) && c.may_follow(15), "neither a late message nor a second one ahead moves it");
        assert_eq!((c.next(0), c.next(15), c.next(1000)), (15, 1000, 1000));
        assert!(c.asks(&TIMING, 1000) && !c.asks(&TIMING, 1000));
        assert_eq!(c.next(1000), 2500, "asked again after one and a half time-outs");
    }

    #[test]
    fn the_next_instance_starts_where_the_last_ones_ended() {
        let mut pace = Pace::new(&TIMING);
        pace.learn(&TIMING, 4000);
        assert_eq!(pace.timeout(), 4000);
        (0..20).for_each(|_| pace.learn(&TIMING, 1000));
        assert!((2000..4000).contains(&pace.timeout()), "one short instance is no sign yet: {}", pace.timeout());
        (0..200).for_each(|_| pace.learn(&TIMING, 1000));
        assert_eq!(pace.timeout(), 1000);
    }

    #[test]
    fn time_outs_grow_while_messages_come_late_and_recover() {
        let mut c = clock();
        c.enter(&TIMING, 0, true, 1);
        assert_eq!(c.timeout(), 1000, "a round left at its deadline is no sign: the message may be lost");
        for _ in 0..20 {
            c.late(1);
            c.enter(&TIMING, 0, true, 1);
        }
        assert_eq!(c.timeout(), 1000 * MAX_BACK_OFF);
        for _ in 0..150 {
            c.enter(&TIMING, 0, false, 1);
        }
        assert_eq!(c.timeout(), 1000);
        c.late(1);
        c.enter(&TIMING, 0, false, 1);
        assert_eq!(c.timeout(), 1000, "late for a round that was left because enough was heard");
        c.late(65);
        assert!(!c.too_short);
    }

    #[test]
    fn whoever_does_not_decide_grows_patient() {
        let mut c = clock();
        assert_eq!([0, 63, 64, 6400].map(patience), [1, 1, 2, 101]);
        c.enter(&TIMING, 0, false, 3);
        assert!(c.timeout() == 3000 && !c.expired(2999) && c.expired(3000));
        c.enter(&TIMING, 0, false, u64::MAX);
        assert_eq!(c.timeout(), 1000 * MAX_BACK_OFF);
    }

    /// Two processes can step on each other's toes in one round of eight only, and hear each other in none: a simulation found them.
    #[test]
    fn a_sign_in_every_eighth_round_is_enough_to_grow() {
        let mut c = clock();
        for round in 0..400 {
            if round % 8 == 0 {
                c.late(1);
            }
            c.enter(&TIMING, 0, true, 1);
        }
        assert!(c.timeout() > 1000 * MAX_BACK_OFF / 2, "{}", c.timeout());
    }
}
