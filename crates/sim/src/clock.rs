//! The clock of a process, which is not the time.

use crate::chance::Chance;
use crate::faults::{Fired, Kind, MS, Weather};

const HOUR: u64 = 3_600_000 * MS;

/// Maps virtual time to what a process reads, and back. Never below zero: at virtual time 0 a clock shows at least two hours.
#[derive(Clone, Debug)]
pub struct Clock {
    /// How many thousandths of a second it counts in a second.
    rate: u64,
    base: u64,
    /// When it jumps, and by how much, in the order of time.
    jumps: Vec<(u64, i64)>,
    /// Timers fire at multiples of this only.
    grain: u64,
}

impl Clock {
    /// The clock of process `p`; whatever happens to it happens before `end`.
    pub fn of(seed: u64, p: usize, weather: &Weather, end: u64, fired: &mut Fired) -> Clock {
        let mut clock = Clock { rate: 1000, base: 2 * HOUR, jumps: vec![], grain: 1 };
        for kind in [Kind::Skew, Kind::Drift, Kind::JumpForward, Kind::JumpBack, Kind::Coalesce] {
            let mut chance = Chance::of(seed, 2000 + 32 * p as u64 + kind as u64);
            if weather.share(kind) == 0 || !chance.permille(weather.share(kind)) {
                continue;
            }
            fired.count(kind);
            let (at, by) = (chance.below(end), chance.below(HOUR) as i64);
            match kind {
                Kind::Skew => clock.base += by as u64,
                Kind::Drift => clock.rate = chance.between(800, 1201),
                Kind::JumpForward => clock.jumps.push((at, by)),
                Kind::JumpBack => clock.jumps.push((at, -by)),
                _ => clock.grain = 20 * MS,
            }
        }
        clock.jumps.sort_unstable();
        clock
    }

    /// What it shows at this virtual time.
    pub fn shows(&self, now: u64) -> u64 {
        self.counted(now).saturating_add_signed(self.jumped(now))
    }
    fn jumped(&self, now: u64) -> i64 {
        self.jumps.iter().take_while(|(at, _)| *at <= now).map(|(_, by)| by).sum()
    }
    /// What it would show without jumps.
    fn counted(&self, now: u64) -> u64 {
        self.base + now / 1000 * self.rate + now % 1000 * self.rate / 1000
    }

    /// The first virtual time, from `now` on, at which a timer for `wanted` fires, if the clock does not jump before.
    pub fn reaches(&self, now: u64, wanted: u64) -> u64 {
        let wanted = wanted.saturating_add_signed(-self.jumped(now));
        let missing = wanted.saturating_sub(self.counted(now));
        let mut at = now.saturating_add(missing.saturating_mul(1000) / self.rate);
        // Rounded down twice: a few steps at most are missing.
        while self.counted(at) < wanted {
            at += 1;
        }
        at.div_ceil(self.grain) * self.grain
    }

    /// When it jumps.
    pub fn jumps(&self) -> impl Iterator<Item = u64> + '_ {
        self.jumps.iter().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(kind: Kind) -> (Clock, Fired) {
        let mut fired = Fired::default();
        (Clock::of(11, 2, &Weather::default().with(kind, 1000), 1000 * MS, &mut fired), fired)
    }

    #[test]
    fn each_kind_does_what_it_says_and_is_counted() {
        let calm = Clock::of(11, 2, &Weather::default(), 1000 * MS, &mut Fired::default());
        assert_eq!(calm.shows(5 * MS) - calm.shows(0), 5 * MS);
        assert_eq!(calm.reaches(3, calm.shows(77)), 77);
        let ahead = |clock: &Clock, now: u64| clock.shows(now) as i64 - calm.shows(now) as i64;
        let (skew, fired) = with(Kind::Skew);
        assert!(ahead(&skew, 0) > 0 && ahead(&skew, 0) == ahead(&skew, 500 * MS) && fired.times(Kind::Skew) == 1);
        let (drift, _) = with(Kind::Drift);
        assert!(ahead(&drift, 0) == 0 && ahead(&drift, 1000 * MS) == 2 * ahead(&drift, 500 * MS) && ahead(&drift, 1000 * MS) != 0);
        let (forward, _) = with(Kind::JumpForward);
        let (back, _) = with(Kind::JumpBack);
        assert!(ahead(&forward, 0) == 0 && ahead(&forward, 1000 * MS) > 0);
        assert!(ahead(&back, 0) == 0 && ahead(&back, 1000 * MS) < 0);
        let (coarse, _) = with(Kind::Coalesce);
        assert_eq!(coarse.reaches(0, coarse.shows(21 * MS)), 40 * MS);
    }

    #[test]
    fn a_timer_fires_as_soon_as_the_clock_shows_its_time() {
        for rate in [800, 999, 1000, 1001, 1200] {
            let clock = Clock { rate, base: 17, jumps: vec![], grain: 1 };
            for (now, wanted) in [(0, 17), (0, 18), (5, 1_000_000), (1000, 50 * MS), (777, 3)] {
                let at = clock.reaches(now, wanted);
                assert!(at >= now && clock.shows(at) >= wanted, "{rate} {now} {wanted}");
                assert!(at == now || clock.shows(at - 1) <= wanted, "{rate} {now} {wanted}: {at}");
            }
        }
    }
}
