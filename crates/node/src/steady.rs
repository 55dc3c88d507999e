//! Time that never goes back, out of a clock that may.

/// Turns the readings of a clock into times that never go back: after a jump back, time goes on from where it was. A jump ahead is
/// time that has passed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steady {
    last: u64,
    ahead: u64,
    jumps: u64,
}

impl Steady {
    /// The time of a reading.
    pub fn time(&mut self, reading: u64) -> u64 {
        let time = reading.saturating_add(self.ahead);
        if time < self.last {
            self.ahead += self.last - time;
            self.jumps += 1;
        }
        self.last = self.last.max(time);
        self.last
    }
    /// What the clock will show at a time, if it does not jump before.
    pub fn reading(&self, time: u64) -> u64 {
        time.saturating_sub(self.ahead)
    }
    /// How often the clock has jumped back.
    pub fn jumps(&self) -> u64 {
        self.jumps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_where_the_clock_jumps_back() {
        let mut steady = Steady::default();
        let times = [100, 150, 20, 30, 90, 5, 6, 1000].map(|reading| steady.time(reading));
        assert_eq!(times, [100, 150, 150, 160, 220, 220, 221, 1215]);
        assert_eq!((steady.jumps(), steady.reading(1300)), (2, 1085));
    }
}
