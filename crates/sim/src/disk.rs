//! The disk of a process: what is written, what is durable, and what a crash leaves.
//!
//! The log on it is the real one ([`heardof_node::storage`]); the disk only keeps its bytes. A batch is one write with a sync behind it, and
//! takes a while. Two kinds of fault are beyond what any single process can notice, a disk that says that it has synced and has not, and
//! one that goes back to an old image: runs with them are judged by nothing.

use crate::chance::Chance;
use crate::faults::{Fired, Kind, MS, Weather};
use heardof_node::storage::HEADER;

/// A disk writes whole sectors of so many bytes.
const SECTOR: usize = 512;

/// A disk with one log on it.
#[derive(Debug)]
pub struct Disk {
    weather: Weather,
    chance: Chance,
    /// What survives a crash.
    durable: Vec<u8>,
    /// The write under way.
    writing: Vec<u8>,
    /// Synced as the disk says, and not durable before the next sync: it lies.
    promised: Vec<u8>,
    /// What the log was some time ago.
    image: Vec<u8>,
    syncs: u64,
}

/// What comes of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Write {
    /// It is durable at this time.
    Until(u64),
    /// The disk says that it has failed: nobody knows what is on it.
    Failed,
}

impl Disk {
    /// The disk of process `p`, empty.
    pub fn of(seed: u64, p: usize, weather: &Weather) -> Disk {
        let chance = Chance::of(seed, 4000 + p as u64);
        let none = || vec![];
        Disk { weather: weather.clone(), chance, durable: none(), writing: none(), promised: none(), image: none(), syncs: 0 }
    }

    /// From now on nothing goes wrong.
    pub fn heal(&mut self) {
        self.weather = Weather::default();
    }

    fn strikes(&mut self, kind: Kind, fired: &mut Fired) -> bool {
        let share = self.weather.share(kind);
        let strikes = share > 0 && self.chance.permille(share);
        if strikes {
            fired.count(kind);
        }
        strikes
    }

    /// A write with a sync behind it begins.
    pub fn write(&mut self, now: u64, bytes: Vec<u8>, fired: &mut Fired) -> Write {
        self.writing = bytes;
        if self.strikes(Kind::DiskFull, fired) || self.strikes(Kind::SyncError, fired) {
            self.tear();
            return Write::Failed;
        }
        let slow = self.strikes(Kind::SlowDisk, fired);
        let takes = if slow { self.chance.between(5 * MS, 100 * MS) } else { self.chance.between(MS / 20, MS) };
        Write::Until(now + takes)
    }

    /// The write under way is durable: so the disk says.
    pub fn synced(&mut self, fired: &mut Fired) {
        self.syncs += 1;
        if self.syncs.is_multiple_of(5) {
            self.image = self.durable.clone();
        }
        let bytes = std::mem::take(&mut self.writing);
        self.durable.append(&mut self.promised);
        if self.strikes(Kind::LostSync, fired) {
            self.promised = bytes;
        } else {
            self.durable.extend(bytes);
        }
    }

    /// Part of the write under way may be on the disk: some of its sectors.
    fn tear(&mut self) {
        let bytes = std::mem::take(&mut self.writing);
        let end = self.durable.len();
        let kept = self.chance.below(bytes.len() as u64 + 1) as usize;
        self.durable.extend(&bytes[..kept]);
        // Sectors need not be written in their order.
        for from in (end / SECTOR * SECTOR..self.durable.len()).step_by(SECTOR) {
            if self.chance.permille(300) {
                let to = (from + SECTOR).min(self.durable.len());
                self.durable[from.max(end)..to].fill(0);
            }
        }
    }

    /// The process crashes, and the machine with it.
    pub fn crash(&mut self, fired: &mut Fired) {
        self.promised.clear();
        if self.writing.is_empty() {
            return;
        }
        if self.strikes(Kind::TornWrite, fired) {
            self.tear();
        } else if self.chance.permille(500) {
            // It had arrived, and nobody was told.
            let bytes = std::mem::take(&mut self.writing);
            self.durable.extend(bytes);
        }
        self.writing.clear();
    }

    /// What the process reads when it starts again.
    pub fn read(&mut self, fired: &mut Fired) -> &[u8] {
        if self.durable.len() > HEADER {
            if self.strikes(Kind::BitRot, fired) {
                let bit = self.chance.below(8 * self.durable.len() as u64) as usize;
                self.durable[bit / 8] ^= 1 << (bit % 8);
            }
            if self.strikes(Kind::Misdirected, fired) {
                let at = self.chance.between(HEADER as u64, self.durable.len() as u64) as usize / SECTOR * SECTOR;
                let to = (at + SECTOR).min(self.durable.len());
                self.durable[at..to].fill(0x5a);
            }
            if self.strikes(Kind::Rollback, fired) {
                self.durable = self.image.clone();
            }
            if self.strikes(Kind::TotalLoss, fired) {
                self.durable.clear();
            }
        }
        &self.durable
    }

    /// Cuts off what is behind the whole part of the log.
    pub fn truncate(&mut self, whole: usize) {
        self.durable.truncate(whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(kind: Kind) -> (Disk, Fired) {
        let mut disk = Disk::of(5, 0, &Weather::default().with(kind, 1000));
        disk.durable = vec![1; 3000];
        (disk, Fired::default())
    }

    #[test]
    fn a_calm_disk_keeps_what_is_synced() {
        let (mut disk, mut fired) = (Disk::of(5, 0, &Weather::default()), Fired::default());
        assert!(matches!(disk.write(7, vec![1, 2, 3], &mut fired), Write::Until(at) if at > 7));
        disk.synced(&mut fired);
        disk.crash(&mut fired);
        assert_eq!((disk.read(&mut fired), &fired), (&[1_u8, 2, 3][..], &Fired::default()));
    }

    /// Each kind does what it says, and is counted.
    #[test]
    fn each_kind_of_fault_does_what_it_says() {
        for kind in [Kind::BitRot, Kind::Misdirected, Kind::Rollback, Kind::TotalLoss] {
            let (mut disk, mut fired) = disk(kind);
            let found = disk.read(&mut fired).to_vec();
            let differs = found.iter().filter(|byte| **byte != 1).count();
            match kind {
                Kind::BitRot => assert_eq!((found.len(), differs), (3000, 1)),
                Kind::Misdirected => assert!(found.len() == 3000 && (1..=SECTOR).contains(&differs)),
                _ => assert!(found.is_empty(), "there is no older image"),
            }
            assert_eq!(fired.times(kind), 1, "{kind}");
        }
        for kind in [Kind::DiskFull, Kind::SyncError] {
            let (mut disk, mut fired) = disk(kind);
            assert_eq!((disk.write(0, vec![2; 900], &mut fired), fired.times(kind)), (Write::Failed, 1));
            assert!((3000..=3900).contains(&disk.durable.len()));
        }
        let (mut lying, mut fired) = disk(Kind::LostSync);
        lying.write(0, vec![2; 900], &mut fired);
        lying.synced(&mut fired);
        lying.crash(&mut fired);
        assert_eq!((lying.durable.len(), fired.times(Kind::LostSync)), (3000, 1));
        let (mut slow, mut fired) = disk(Kind::SlowDisk);
        assert!(matches!(slow.write(0, vec![2], &mut fired), Write::Until(at) if at >= 5 * MS));
        let (mut torn, mut fired) = disk(Kind::TornWrite);
        torn.write(0, vec![2; 5000], &mut fired);
        torn.crash(&mut fired);
        let kept = torn.durable[3000..].iter().filter(|byte| **byte == 2).count();
        assert!(kept < 5000 && fired.times(Kind::TornWrite) == 1);
    }
}
