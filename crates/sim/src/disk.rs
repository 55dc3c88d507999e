//! The disk of a process: one log file, written in batches, and everything a disk can do to it.
//!
//! ```text
//!   truth    ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓│▒▒▒▒▒     every byte that the process wrote, as it wrote it
//!   promised ────────────────►          so much the disk said is durable
//!   safe     ─────────────►             so much is: less only where the disk lies
//!   writing                   ░░░       the batch under way
//! ```
//!
//! After a crash what is found must be what was promised, or that and the batch that was under way: the state before or after. Less is
//! amnesia, which only a lying disk may bring about; anything else is never right.

use crate::faults::{Fired, Kind, Luck, Weather};
use heardof_core::Pid;
use heardof_node::storage::{self, Entry, HEADER, Log, Owner, Refusal};
use std::collections::BTreeMap;

/// What may end up in another place, in bytes.
const SECTOR: usize = 512;

/// Which instances wait for which rounds to be durable.
pub type Waits = Vec<(u64, u64)>;

/// How a write ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Written {
    /// The disk says that it is durable.
    Durable(Waits),
    /// The disk says that it may not be: nothing can be said of it any more.
    Failed,
}

/// What a process finds that comes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    /// What it has to know. `forgot`: that is less than was promised.
    Entries {
        /// The last entry of each instance.
        entries: BTreeMap<u64, Entry>,
        /// Whether something that was promised is missing.
        forgot: bool,
    },
    /// It does not take part any more. `rightly`: something had happened to the file.
    Refused {
        /// What it says.
        why: Refusal,
        /// Whether something was wrong.
        rightly: bool,
    },
    /// It believes what was never written.
    Wrong,
}

/// A disk.
#[derive(Debug)]
pub struct Disk {
    owner: Owner,
    luck: Luck,
    log: Log,
    truth: Vec<u8>,
    bytes: Vec<u8>,
    promised: usize,
    safe: usize,
    /// Where batches end.
    ends: Vec<usize>,
    waits: Waits,
    writing: Option<(Vec<u8>, Waits)>,
    damaged: bool,
}

impl Disk {
    /// The disk of process `p`, with a log that has nothing in it.
    pub fn new(seed: u64, p: Pid, fingerprint: u64, weather: &Weather) -> Disk {
        let owner = Owner { cluster: 1, fingerprint, process: p };
        let (truth, log) = storage::create(&owner);
        Disk {
            owner,
            luck: Luck::of(seed, 3000 + 64 * p.index() as u64, weather),
            log,
            bytes: truth.clone(),
            truth,
            promised: HEADER,
            safe: HEADER,
            ends: vec![HEADER],
            waits: vec![],
            writing: None,
            damaged: false,
        }
    }

    /// From now on nothing goes wrong.
    pub fn heal(&mut self) {
        self.luck.heal();
    }

    /// To be written with the next batch; `waits` is the round that the instance waits to enter.
    pub fn put(&mut self, instance: u64, entry: &Entry, waits: Option<u64>) {
        self.log.put(instance, entry);
        self.waits.extend(waits.map(|round| (instance, round)));
    }

    /// Begins to write what waits; false if a write is under way, or nothing waits.
    pub fn begin(&mut self) -> bool {
        if self.writing.is_some() {
            return false;
        }
        self.writing = self.log.seal().map(|batch| (batch, std::mem::take(&mut self.waits)));
        self.writing.is_some()
    }

    /// The write that was begun ends.
    ///
    /// # Panics
    /// If none was.
    pub fn end(&mut self, fired: &mut Fired) -> Written {
        if self.luck.strikes(Kind::SyncError, fired) {
            return Written::Failed;
        }
        let (batch, waits) = self.writing.take().expect("a write is under way");
        self.truth.extend(&batch);
        self.bytes.extend(&batch);
        self.promised = self.truth.len();
        self.ends.push(self.promised);
        if !self.luck.strikes(Kind::LostSync, fired) {
            self.safe = self.promised;
        }
        Written::Durable(waits)
    }

    /// The process crashes: what was not safe is there or not, or a part of it.
    pub fn crash(&mut self, fired: &mut Fired) {
        if let Some((batch, _)) = self.writing.take() {
            self.truth.extend(&batch);
            self.bytes.extend(&batch);
            self.ends.push(self.truth.len());
        }
        self.waits.clear();
        let at_risk = self.bytes.len() - self.safe;
        let torn = at_risk > 0 && self.luck.strikes(Kind::TornWrite, fired);
        let keeps = if torn {
            self.safe + self.luck.chance(Kind::TornWrite).below(at_risk as u64 + 1) as usize
        } else if self.luck.chance(Kind::Restart).permille(500) {
            self.bytes.len()
        } else {
            self.safe
        };
        self.bytes.truncate(keeps);
    }

    /// What happens to a file that nobody looks at.
    fn rots(&mut self, fired: &mut Fired) {
        let length = self.bytes.len();
        if length > HEADER && self.luck.strikes(Kind::BitRot, fired) {
            let bit = self.luck.chance(Kind::BitRot).below(8 * length as u64) as usize;
            self.bytes[bit / 8] ^= 1 << (bit % 8);
            self.damaged = true;
        }
        if length > 2 * SECTOR && self.luck.strikes(Kind::Misdirected, fired) {
            let sectors = (length / SECTOR) as u64;
            let mut one = || self.luck.chance(Kind::Misdirected).below(sectors) as usize * SECTOR;
            let (from, to) = (one(), one());
            self.bytes.copy_within(from..from + SECTOR, to);
            self.damaged |= from != to;
        }
        if self.ends.len() > 1 && self.luck.strikes(Kind::Rollback, fired) {
            let older = self.luck.chance(Kind::Rollback).below(self.ends.len() as u64) as usize;
            self.bytes.truncate(self.ends[older]);
        }
        if self.luck.strikes(Kind::TotalLoss, fired) {
            self.bytes.clear();
        }
    }

    /// The process comes back and reads its log.
    pub fn restart(&mut self, fired: &mut Fired) -> Found {
        self.rots(fired);
        let found = match storage::recover(&self.owner, &self.bytes) {
            Ok(found) => found,
            Err(why) => return Found::Refused { why, rightly: self.damaged },
        };
        let whole = found.whole.max(HEADER);
        if found.whole > 0 && self.truth.get(..whole) != Some(&self.bytes[..whole]) {
            return Found::Wrong;
        }
        let forgot = whole < self.promised;
        self.log = found.log;
        self.truth.truncate(whole);
        self.bytes = self.truth.clone();
        self.ends.retain(|end| *end <= whole);
        (self.promised, self.safe, self.damaged) = (whole, whole, false);
        Found::Entries { entries: found.entries, forgot }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(k: u64) -> Entry {
        Entry::State { round: k, bytes: vec![k as u8; 100] }
    }

    /// A disk on which `promised` batches are durable, and one is under way.
    fn disk(seed: u64, weather: &Weather, promised: u64, fired: &mut Fired) -> Disk {
        let mut disk = Disk::new(seed, Pid::new(1), 9, weather);
        for k in 0..=promised {
            disk.put(k % 3, &entry(k), Some(k));
            assert!(disk.begin() && !disk.begin());
            if k < promised {
                assert_eq!(disk.end(fired), Written::Durable(vec![(k % 3, k)]));
            }
        }
        disk
    }

    /// The last rounds that are found, after a crash; `None`: refused.
    fn found(weather: &Weather, seed: u64, fired: &mut Fired) -> Option<(Vec<u64>, bool)> {
        let mut disk = disk(seed, weather, 10, fired);
        disk.crash(fired);
        match disk.restart(fired) {
            Found::Entries { entries, forgot } => {
                let round = |entry: &Entry| if let Entry::State { round, .. } = entry { *round } else { u64::MAX };
                Some((entries.values().map(round).collect(), forgot))
            }
            Found::Refused { rightly, .. } => {
                assert!(rightly, "seed {seed}");
                None
            }
            Found::Wrong => panic!("seed {seed}: something else is believed"),
        }
    }

    const BEFORE: [u64; 3] = [9, 7, 8];
    const AFTER: [u64; 3] = [9, 10, 8];

    #[test]
    fn an_honest_disk_gives_the_state_before_or_after() {
        for weather in [Weather::default(), Weather::default().with(Kind::TornWrite, 1000)] {
            let all: Vec<_> = (0..200).map(|seed| found(&weather, seed, &mut Fired::default()).expect("nothing is damaged")).collect();
            assert!(all.iter().all(|(rounds, forgot)| !forgot && (rounds == &BEFORE || rounds == &AFTER)), "{all:?}");
            assert!(all.iter().any(|(rounds, _)| rounds == &BEFORE) && all.iter().any(|(rounds, _)| rounds == &AFTER));
        }
    }

    #[test]
    fn a_damaged_file_gives_one_of_them_or_is_refused() {
        for kind in [Kind::BitRot, Kind::Misdirected] {
            let (mut refused, mut fired) = (0, Fired::default());
            for seed in 0..300 {
                match found(&Weather::default().with(kind, 1000), seed, &mut fired) {
                    None => refused += 1,
                    Some((rounds, forgot)) => assert!(!forgot && (rounds == BEFORE || rounds == AFTER), "{kind} {seed}: {rounds:?}"),
                }
            }
            assert!(refused > 100 && fired.times(kind) == 300, "{kind}: {refused}");
        }
    }

    #[test]
    fn a_lying_disk_forgets_and_that_is_noticed() {
        for kind in [Kind::LostSync, Kind::Rollback, Kind::TotalLoss] {
            let (mut forgetful, mut fired) = (0, Fired::default());
            for seed in 0..300 {
                let share = if kind == Kind::LostSync { 500 } else { 1000 };
                let (rounds, forgot) = found(&Weather::default().with(kind, share), seed, &mut fired).expect("nothing is damaged");
                assert_eq!(forgot, rounds != BEFORE && rounds != AFTER, "{kind} {seed}: {rounds:?}");
                forgetful += usize::from(forgot);
            }
            assert!(forgetful > 50 && fired.times(kind) > 100, "{kind}: {forgetful}");
        }
    }

    #[test]
    fn a_failed_sync_leaves_the_batch_under_way() {
        let (mut fired, weather) = (Fired::default(), Weather::default().with(Kind::SyncError, 1000));
        let mut disk = disk(1, &weather, 0, &mut fired);
        assert_eq!((disk.end(&mut fired), fired.times(Kind::SyncError)), (Written::Failed, 1));
        disk.heal();
        assert_eq!(disk.end(&mut fired), Written::Durable(vec![(0, 0)]));
    }
}
