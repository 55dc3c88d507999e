//! Everything that can go wrong, each kind with a knob.

use crate::chance::Chance;
use std::fmt;

/// A millisecond, in nanoseconds.
pub const MS: u64 = 1_000_000;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])* $kind:ident $name:literal $most:literal,)*) => {
        /// A kind of fault.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Kind { $($(#[doc = $doc])* $kind,)* }
        impl Kind {
            /// All of them.
            pub const ALL: [Kind; [$($most),*].len()] = [$(Kind::$kind),*];
            /// What it is called on the command line.
            pub fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name),* }
            }
            /// What it does.
            pub fn says(self) -> &'static str {
                match self { $(Kind::$kind => concat!($($doc),*).trim_ascii_start(),)* }
            }
            /// The largest share, in thousandths, that the swarm draws.
            fn most(self) -> u32 {
                match self { $(Kind::$kind => $most),* }
            }
        }
    };
}

kinds! {
    /// A frame is lost.
    Loss "loss" 700,
    /// A frame takes up to four round time-outs.
    Delay "delay" 300,
    /// A frame is overtaken by those sent up to 5 ms after it.
    Reorder "reorder" 500,
    /// A frame arrives twice.
    Duplicate "duplicate" 300,
    /// A frame arrives again, up to two seconds later.
    Stale "stale" 100,
    /// One bit of a frame is flipped.
    Corrupt "corrupt" 100,
    /// All frames of a link wait, and then arrive at once.
    Clog "clog" 400,
    /// A link holds few frames; more are dropped.
    Overflow "overflow" 300,
    /// The processes are in two parts that do not hear each other.
    Split "split" 400,
    /// One process hears nobody, and nobody hears it.
    Isolate "isolate" 400,
    /// Two parts, and one process that both hear.
    Bridge "bridge" 300,
    /// One process hears another, but not the other way round.
    OneWay "one-way" 400,
    /// A link comes and goes every few milliseconds.
    Flap "flap" 300,
    /// A process crashes and stays away.
    Crash "crash" 300,
    /// A process crashes and comes back from its disk.
    Restart "restart" 600,
    /// A process crashes again and again.
    RestartStorm "restart-storm" 300,
    /// All processes crash at once, and come back one after the other.
    Blackout "blackout" 300,
    /// A process stops for a while, and goes on with all that waits for it.
    Pause "pause" 400,
    /// A process takes its time for every event.
    Slow "slow" 300,
    /// A clock is off by up to an hour.
    Skew "skew" 500,
    /// A clock goes up to a fifth too fast or too slow.
    Drift "drift" 500,
    /// A clock jumps ahead by up to an hour.
    JumpForward "jump-forward" 200,
    /// A clock jumps back by up to an hour.
    JumpBack "jump-back" 200,
    /// Timers fire only every 20 ms.
    Coalesce "coalesce" 300,
    /// A crash leaves part of what was being written.
    TornWrite "torn-write" 1000,
    /// A disk takes its time, up to ten round time-outs.
    SlowDisk "slow-disk" 300,
    /// A disk is full for a while.
    DiskFull "disk-full" 300,
    /// A disk says that it could not make something durable: the process stops itself, and is started again.
    SyncError "sync-error" 10,
    /// A disk says that something is durable which is not.
    LostSync "lost-sync" 20,
    /// One bit of a file is flipped while its process is down.
    BitRot "bit-rot" 100,
    /// A sector of a file is where another one should be.
    Misdirected "misdirected" 100,
    /// A process that comes back finds an older state of its disk.
    Rollback "rollback" 50,
    /// A process that comes back finds an empty disk.
    TotalLoss "total-loss" 50,
}

/// The kinds that only a process with a disk can survive, or that happen to disks.
pub const OF_DISKS: [Kind; 12] = [
    Kind::Restart,
    Kind::RestartStorm,
    Kind::Blackout,
    Kind::TornWrite,
    Kind::SlowDisk,
    Kind::DiskFull,
    Kind::SyncError,
    Kind::LostSync,
    Kind::BitRot,
    Kind::Misdirected,
    Kind::Rollback,
    Kind::TotalLoss,
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Kind {
    /// Whether it is something of links that lasts.
    pub(crate) fn is_of_links(self) -> bool {
        matches!(self, Kind::Clog | Kind::Split | Kind::Isolate | Kind::Bridge | Kind::OneWay | Kind::Flap)
    }
    /// The kind with this name.
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// Which faults there are in a run, and how many: for each kind a share in thousandths, 0 where there are none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weather([u32; Kind::ALL.len()]);

impl Default for Weather {
    /// Nothing goes wrong.
    fn default() -> Weather {
        Weather([0; Kind::ALL.len()])
    }
}

impl Weather {
    /// A random part of the kinds that are allowed, each with a random share.
    pub fn swarm(chance: &mut Chance, allowed: &[Kind]) -> Weather {
        let mut weather = Weather::default();
        // Some runs have few faults, some nearly all of them.
        let density = 100 + chance.below(600) as u32;
        for kind in Kind::ALL {
            let (is_on, share) = (chance.permille(density), 1 + chance.below(u64::from(kind.most())) as u32);
            if is_on && allowed.contains(&kind) {
                weather.0[kind as usize] = share;
            }
        }
        weather
    }
    /// The share of a kind.
    pub fn share(&self, kind: Kind) -> u32 {
        self.0[kind as usize]
    }
    /// The same with this share of a kind.
    #[must_use]
    pub fn with(mut self, kind: Kind, share: u32) -> Weather {
        self.0[kind as usize] = share.min(1000);
        self
    }
    /// The kinds that there are.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        Kind::ALL.into_iter().filter(|kind| self.share(*kind) > 0)
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.kinds().map(|kind| format!("{kind} {}‰", self.share(kind))).collect();
        f.write_str(if parts.is_empty() { "none".into() } else { parts.join(", ") }.as_str())
    }
}

/// What strikes one thing, a network or a disk: for each kind of fault a sequence of chance of its own, so that a run without one of them has
/// the others as before.
#[derive(Debug)]
pub(crate) struct Luck {
    weather: Weather,
    chances: Vec<Chance>,
}

impl Luck {
    /// `name` and the numbers after it, one for each kind, name the sequences.
    pub(crate) fn of(seed: u64, name: u64, weather: &Weather) -> Luck {
        let chances = Kind::ALL.iter().map(|kind| Chance::of(seed, name + *kind as u64)).collect();
        Luck { weather: weather.clone(), chances }
    }
    /// From now on nothing strikes.
    pub(crate) fn heal(&mut self) {
        self.weather = Weather::default();
    }
    /// The share of a kind.
    pub(crate) fn share(&self, kind: Kind) -> u32 {
        self.weather.share(kind)
    }
    /// The sequence of a kind.
    pub(crate) fn chance(&mut self, kind: Kind) -> &mut Chance {
        &mut self.chances[kind as usize]
    }
    /// Whether it strikes now, which is counted.
    pub(crate) fn strikes(&mut self, kind: Kind, fired: &mut Fired) -> bool {
        let share = self.share(kind);
        let strikes = share > 0 && self.chance(kind).permille(share);
        if strikes {
            fired.count(kind);
        }
        strikes
    }
}

/// How often each kind of fault fired.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fired([u64; Kind::ALL.len()]);

impl Default for Fired {
    fn default() -> Fired {
        Fired([0; Kind::ALL.len()])
    }
}

impl Fired {
    /// It has fired once more.
    pub fn count(&mut self, kind: Kind) {
        self.0[kind as usize] += 1;
    }
    /// How often.
    pub fn times(&self, kind: Kind) -> u64 {
        self.0[kind as usize]
    }
    /// Adds those of another run.
    pub fn add(&mut self, other: &Fired) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
    }
}

/// A time in which something is wrong with some processes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Window {
    /// What.
    pub kind: Kind,
    /// From when, in nanoseconds of virtual time.
    pub from: u64,
    /// Until when.
    pub until: u64,
    /// Two processes, or the first one only, or the one on the bridge.
    pub pair: [usize; 2],
    /// The members of the first part, by process.
    pub part: Vec<bool>,
}

impl Window {
    /// Whether a frame sent now from one process to another does not arrive.
    pub fn cuts(&self, now: u64, from: usize, to: usize) -> bool {
        if !self.covers(now) {
            return false;
        }
        let [a, b] = self.pair;
        let apart = self.part[from] != self.part[to];
        match self.kind {
            Kind::Split => apart,
            Kind::Bridge => apart && from != a && to != a,
            Kind::Isolate => from == a || to == a,
            Kind::OneWay => (from, to) == (a, b),
            Kind::Flap => (from, to) == (a, b) && (now / (3 * MS)).is_multiple_of(2),
            _ => false,
        }
    }
    /// Whether it is now.
    pub fn covers(&self, now: u64) -> bool {
        (self.from..self.until).contains(&now)
    }
}

/// The kinds that last for a while.
const LASTING: [Kind; 11] = [
    Kind::Clog,
    Kind::Split,
    Kind::Isolate,
    Kind::Bridge,
    Kind::OneWay,
    Kind::Flap,
    Kind::Pause,
    Kind::Slow,
    Kind::RestartStorm,
    Kind::SlowDisk,
    Kind::DiskFull,
];

/// When what lasts happens in a run of n processes, up to the time `end`: the larger the share, the larger the part of the time.
pub fn windows(weather: &Weather, seed: u64, n: usize, end: u64) -> Vec<Window> {
    let mut windows = vec![];
    for kind in LASTING.into_iter().filter(|kind| weather.share(*kind) > 0) {
        let mut chance = Chance::of(seed, 1000 + kind as u64);
        let share = u64::from(weather.share(kind));
        let mut now = 0;
        loop {
            let lasts = chance.between(5 * MS, 400 * MS);
            now += chance.below(2 * lasts * (1000 - share) / share.max(1) + 1);
            if now >= end {
                break;
            }
            let a = chance.below(n as u64) as usize;
            let b = (a + 1 + chance.below(n.saturating_sub(1).max(1) as u64) as usize) % n;
            let part = (0..n).map(|_| chance.permille(500)).collect();
            windows.push(Window { kind, from: now, until: (now + lasts).min(end), pair: [a, b], part });
            now += lasts;
        }
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_and_an_explanation() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.name()), Some(kind));
            assert!(kind.says().ends_with('.'), "{kind}");
        }
        assert_eq!(Kind::named("rain"), None);
    }

    #[test]
    fn the_swarm_draws_every_kind_alone_and_together() {
        let weathers: Vec<Weather> = (0..2000).map(|seed| Weather::swarm(&mut Chance::of(seed, 0), &Kind::ALL)).collect();
        for a in Kind::ALL {
            for b in Kind::ALL {
                assert!(weathers.iter().any(|w| w.share(a) > 0 && w.share(b) > 0), "{a} and {b}");
                assert!(a == b || weathers.iter().any(|w| w.share(a) > 0 && w.share(b) == 0), "{a} without {b}");
            }
        }
        let few = Weather::swarm(&mut Chance::of(3, 0), &[Kind::Loss]);
        assert!(few.kinds().all(|kind| kind == Kind::Loss));
    }

    #[test]
    fn windows_cut_what_they_say() {
        let window = |kind| Window { kind, from: 10, until: 20, pair: [0, 2], part: vec![true, false, true] };
        let cut = |kind, now| -> Vec<(usize, usize)> {
            let pairs = (0..3).flat_map(|a| (0..3).map(move |b| (a, b))).filter(|(a, b)| a != b);
            pairs.filter(|(a, b)| window(kind).cuts(now, *a, *b)).collect()
        };
        assert_eq!(cut(Kind::Split, 10), [(0, 1), (1, 0), (1, 2), (2, 1)]);
        assert_eq!(cut(Kind::Bridge, 10), [(1, 2), (2, 1)]);
        assert_eq!(cut(Kind::Isolate, 19), [(0, 1), (0, 2), (1, 0), (2, 0)]);
        assert_eq!(cut(Kind::OneWay, 10), [(0, 2)]);
        assert_eq!((cut(Kind::Split, 9), cut(Kind::Split, 20)), (vec![], vec![]));
    }

    #[test]
    fn windows_last_as_long_as_their_share_says() {
        let end = 1_000_000 * MS;
        for share in [100, 500] {
            let found = windows(&Weather::default().with(Kind::Split, share), 5, 3, end);
            let lasts: u64 = found.iter().map(|w| w.until - w.from).sum();
            let found = lasts * 1000 / end;
            assert!((u64::from(share) * 8 / 10..u64::from(share) * 12 / 10).contains(&found), "{share}: {found}");
        }
        assert_eq!(windows(&Weather::default(), 5, 3, end), []);
    }
}
