//! The network of a run: what becomes of a frame.

use crate::chance::Chance;
use crate::faults::{Fired, Kind, Luck, MS, Weather, Window};

/// A link that overflows holds so many frames.
const LINK_HOLDS: usize = 4;

/// What a frame is to arrive as, and when.
pub type Arrival = (u64, Vec<u8>);

/// The network between n processes.
#[derive(Debug)]
pub struct Network {
    n: usize,
    luck: Luck,
    windows: Vec<Window>,
    timeout: u64,
    latency: Chance,
    /// For each link the times at which what is under way arrives.
    under_way: Vec<Vec<u64>>,
}

impl Network {
    /// The network of a run. `timeout` is how long a round waits.
    pub fn new(seed: u64, n: usize, weather: &Weather, windows: &[Window], timeout: u64) -> Network {
        Network {
            n,
            luck: Luck::of(seed, 0, weather),
            windows: windows.iter().filter(|w| w.kind.is_of_links()).cloned().collect(),
            timeout,
            latency: Chance::of(seed, 999),
            under_way: vec![vec![]; n * n],
        }
    }

    /// From now on nothing goes wrong. What is under way still arrives.
    pub fn heal(&mut self) {
        self.luck.heal();
        self.windows.clear();
    }

    /// A frame is sent: how often, when and as what it arrives.
    pub fn send(&mut self, now: u64, from: usize, to: usize, frame: Vec<u8>, fired: &mut Fired, mut arrives: impl FnMut(Arrival)) {
        if let Some(window) = self.windows.iter().find(|window| window.cuts(now, from, to)) {
            return fired.count(window.kind);
        }
        if self.luck.strikes(Kind::Loss, fired) {
            return;
        }
        let mut at = now + self.latency.between(MS / 10, MS);
        if self.luck.strikes(Kind::Reorder, fired) {
            at += self.luck.chance(Kind::Reorder).below(5 * MS);
        }
        if self.luck.strikes(Kind::Delay, fired) {
            at += self.luck.chance(Kind::Delay).below(4 * self.timeout);
        }
        let clogs = |w: &&Window| w.kind == Kind::Clog && w.covers(now) && w.pair == [from, to];
        if let Some(window) = self.windows.iter().find(clogs) {
            fired.count(Kind::Clog);
            at = at.max(window.until);
        }
        if self.luck.share(Kind::Overflow) > 0 {
            let link = &mut self.under_way[from * self.n + to];
            link.retain(|at| *at > now);
            // A share of the links is narrow.
            let narrow = (from * 7 + to * 13) % 10 < 1 + self.luck.share(Kind::Overflow) as usize / 50;
            if narrow && link.len() >= LINK_HOLDS {
                return fired.count(Kind::Overflow);
            }
            link.push(at);
        }
        if self.luck.strikes(Kind::Duplicate, fired) {
            let again = at + self.luck.chance(Kind::Duplicate).below(3 * MS);
            arrives((again, frame.clone()));
        }
        if self.luck.strikes(Kind::Stale, fired) {
            let again = at + self.luck.chance(Kind::Stale).between(100 * MS, 2000 * MS);
            arrives((again, frame.clone()));
        }
        let mut frame = frame;
        if self.luck.strikes(Kind::Corrupt, fired) {
            let bit = self.luck.chance(Kind::Corrupt).below(8 * frame.len() as u64) as usize;
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        arrives((at, frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What arrives of a thousand frames from p0 to p1, one each millisecond.
    fn thousand(weather: Weather, windows: &[Window]) -> (Vec<Arrival>, Fired) {
        let (mut network, mut fired, mut found) = (Network::new(1, 2, &weather, windows, 50 * MS), Fired::default(), vec![]);
        for k in 0..1000_u64 {
            network.send(k * MS, 0, 1, k.to_le_bytes().to_vec(), &mut fired, |arrival| found.push(arrival));
        }
        (found, fired)
    }

    #[test]
    fn a_calm_network_delivers_everything_within_a_millisecond() {
        let (found, fired) = thousand(Weather::default(), &[]);
        assert_eq!((found.len(), fired), (1000, Fired::default()));
        assert!(found.iter().zip(0..).all(|((at, _), k)| (k * MS..(k + 1) * MS).contains(at)));
    }

    /// Each kind does what it says, and is counted as often as it did.
    #[test]
    fn each_kind_of_fault_does_what_it_says() {
        let late = |found: &[Arrival], by: u64| found.iter().filter(|(at, frame)| *at > number(frame) * MS + by).count();
        for kind in [Kind::Loss, Kind::Delay, Kind::Reorder, Kind::Duplicate, Kind::Stale, Kind::Corrupt, Kind::Overflow] {
            let (found, fired) = thousand(Weather::default().with(kind, 400), &[]);
            let times = fired.times(kind) as usize;
            let times_of_others: u64 = Kind::ALL.iter().filter(|other| **other != kind).map(|other| fired.times(*other)).sum();
            assert_eq!(times_of_others, 0, "{kind}");
            match kind {
                Kind::Overflow => assert_eq!((found.len(), times), (1000, 0), "one frame at a time overflows nothing"),
                _ => assert!((350..450).contains(&times), "{kind} {times}"),
            }
            match kind {
                Kind::Loss => assert_eq!(found.len(), 1000 - times),
                Kind::Duplicate => assert_eq!(found.len(), 1000 + times),
                Kind::Stale => assert_eq!((found.len(), late(&found, 100 * MS)), (1000 + times, times)),
                Kind::Delay => assert!((times - 20..=times).contains(&late(&found, MS)), "few are delayed by next to nothing"),
                Kind::Reorder => assert!(late(&found, 6 * MS) == 0 && (times / 2..=times).contains(&late(&found, MS))),
                Kind::Corrupt => {
                    let flipped = found.iter().zip(0_u64..).filter(|((_, frame), k)| (number(frame) ^ k).count_ones() == 1);
                    assert_eq!(flipped.count(), times);
                }
                _ => {}
            }
        }
    }

    fn number(frame: &[u8]) -> u64 {
        u64::from_le_bytes(frame.try_into().expect("eight bytes"))
    }

    #[test]
    fn a_clogged_link_floods_and_a_narrow_one_overflows() {
        let window = Window { kind: Kind::Clog, from: 100 * MS, until: 200 * MS, pair: [0, 1], part: vec![false; 2] };
        let (found, fired) = thousand(Weather::default(), std::slice::from_ref(&window));
        assert_eq!(fired.times(Kind::Clog), 100);
        let before = |t: u64| found.iter().filter(|(at, _)| *at < t).count();
        assert_eq!((found.len(), before(200 * MS) - before(101 * MS)), (1000, 0));
        let (found, fired) = thousand(Weather::default().with(Kind::Overflow, 500), &[window]);
        assert_eq!((found.len(), fired.times(Kind::Overflow)), (1000 - 96, 96), "of a hundred that wait four fit");
    }

    #[test]
    fn what_is_cut_is_counted_and_a_healed_network_is_calm() {
        let window = Window { kind: Kind::Isolate, from: 0, until: u64::MAX, pair: [1, 0], part: vec![false; 2] };
        let (found, fired) = thousand(Weather::default(), std::slice::from_ref(&window));
        assert_eq!((found.len(), fired.times(Kind::Isolate)), (0, 1000));
        let mut network = Network::new(1, 2, &Weather::default().with(Kind::Loss, 1000), &[window], 50 * MS);
        network.heal();
        let mut arrived = 0;
        network.send(0, 0, 1, vec![1], &mut Fired::default(), |_| arrived += 1);
        assert_eq!(arrived, 1);
    }
}
