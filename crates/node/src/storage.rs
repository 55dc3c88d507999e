//! Stable storage: what a process must not forget when it crashes.
//!
//! A log of batches; a batch is what is written and synced at once. After a crash [`recover`] gives for each instance the last state that is
//! durable, or refuses: it never guesses.
//!
//! ```text
//! log      magic "HRLG" | version u8 | cluster u64 | fingerprint u64 | process u16 | crc32 u32 | batch ..
//! batch    magic "BTCH" | length u32 | number u64 | entry .. | crc32 u32            (crc32 over all before it)
//! entry    kind u8 | instance u64 | round u64 | length u32 | bytes
//! ```
//!
//! Integers are little-endian; `length` of a batch is that of its entries. Batches are numbered 0, 1, 2, .. What can be wrong at the end of
//! a log, and what that means:
//!
//! * **The last batch was not written completely.** It was never synced, so nothing that depends on it was sent: it is dropped.
//! * **A bit of it has changed.** It may have been synced, and to forget it would be amnesia. A checksum tells the two apart: where one
//!   flipped bit would make the batch whole, that is what has happened, and the process refuses to vote.
//! * **Anything else is damaged**: a whole batch follows the damage, or a number is missing. The process refuses.
//!
//! A disk that gives back an older state of the whole log, whole batches missing at its end, cannot be noticed by one process alone.

use crate::wire::crc32;
use heardof_core::Pid;
use heardof_core::value::take;
use std::collections::BTreeMap;
use std::fmt;

const MAGIC: [u8; 4] = *b"HRLG";
const VERSION: u8 = 1;
/// The length of what stands before the batches, in bytes.
pub const HEADER: usize = 4 + 1 + 8 + 8 + 2 + 4;
const BATCH: [u8; 4] = *b"BTCH";
/// What a batch takes besides its entries, in bytes.
const AROUND: usize = 4 + 4 + 8 + 4;
/// What an entry takes besides its bytes.
const ENTRY: usize = 1 + 8 + 8 + 4;

/// Whose log it is. A process refuses the log of another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The digest of the cluster's name.
    pub cluster: u64,
    /// The fingerprint of the algorithm.
    pub fingerprint: u64,
    /// The process.
    pub process: Pid,
}

/// What is remembered of an instance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// It is about to enter `round` with this state: bytes that the owner makes and reads.
    State {
        /// The round.
        round: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// It is over: nothing needs to be remembered but that, and these bytes, which answer stragglers.
    Over {
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// The writing end of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    next: u64,
    batch: Vec<u8>,
}

/// The first bytes of a new log, and its writing end.
pub fn create(owner: &Owner) -> (Vec<u8>, Log) {
    let mut out = MAGIC.to_vec();
    out.push(VERSION);
    out.extend(owner.cluster.to_le_bytes());
    out.extend(owner.fingerprint.to_le_bytes());
    out.extend((owner.process.index() as u16).to_le_bytes());
    out.extend(crc32(&out).to_le_bytes());
    (out, Log { next: 0, batch: vec![] })
}

impl Log {
    /// Adds an entry to the batch.
    ///
    /// # Panics
    /// If the bytes are 4 GiB or more.
    pub fn put(&mut self, instance: u64, entry: &Entry) {
        if self.batch.is_empty() {
            self.batch.extend(BATCH);
            self.batch.extend([0; 4]);
            self.batch.extend(self.next.to_le_bytes());
        }
        let (kind, round, bytes) = match entry {
            Entry::State { round, bytes } => (0, *round, bytes),
            Entry::Over { bytes } => (1, 0, bytes),
        };
        self.batch.push(kind);
        self.batch.extend(instance.to_le_bytes());
        self.batch.extend(round.to_le_bytes());
        self.batch.extend(u32::try_from(bytes.len()).expect("a state takes less than 4 GiB").to_le_bytes());
        self.batch.extend(bytes);
    }

    /// The batch, to be appended in one write and synced before anything is sent that depends on it. `None` if there is nothing in it.
    ///
    /// # Panics
    /// If the batch takes 4 GiB or more.
    pub fn seal(&mut self) -> Option<Vec<u8>> {
        if self.batch.is_empty() {
            return None;
        }
        let mut batch = std::mem::take(&mut self.batch);
        let length = u32::try_from(batch.len() + 4 - AROUND).expect("a batch takes less than 4 GiB");
        batch[4..8].copy_from_slice(&length.to_le_bytes());
        batch.extend(crc32(&batch).to_le_bytes());
        self.next += 1;
        Some(batch)
    }
}

/// What a log has kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recovered {
    /// The writing end.
    pub log: Log,
    /// The last entry of each instance.
    pub entries: BTreeMap<u64, Entry>,
    /// How many bytes of the log are whole: what follows is a batch that was never synced, to be cut off before the next is appended. 0: not
    /// even the header was written; the log is to be made anew.
    pub whole: usize,
}

/// Why a process must not vote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// It is no log, or one of another version.
    NoLog,
    /// It is the log of somebody else.
    Foreign {
        /// What differs.
        what: &'static str,
    },
    /// Something that may have been durable cannot be read.
    Damaged {
        /// Where, in bytes from the beginning.
        at: usize,
        /// In words.
        why: &'static str,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoLog => f.write_str("expected a log of this version, found something else"),
            Refusal::Foreign { what } => write!(f, "a log of another {what}"),
            Refusal::Damaged { at, why } => write!(f, "damaged at byte {at}: {why}"),
        }?;
        f.write_str("; this process does not vote until somebody has looked at it")
    }
}

impl std::error::Error for Refusal {}

/// Reads a log.
///
/// # Errors
/// Why the process must not take part.
pub fn recover(owner: &Owner, bytes: &[u8]) -> Result<Recovered, Refusal> {
    let (header, log) = create(owner);
    if bytes.len() < HEADER && header.starts_with(bytes) {
        return Ok(Recovered { log, entries: BTreeMap::new(), whole: 0 });
    }
    owned(owner, bytes)?;
    let mut found = Recovered { log, entries: BTreeMap::new(), whole: HEADER };
    while found.whole < bytes.len() {
        let rest = &bytes[found.whole..];
        match batch(rest) {
            Some((number, entries)) if number == found.log.next => {
                let length = AROUND + entries.len();
                apply(entries, &mut found.entries).ok_or(Refusal::Damaged { at: found.whole, why: "an entry makes no sense" })?;
                found.whole += length;
                found.log.next += 1;
            }
            Some(_) => return Err(Refusal::Damaged { at: found.whole, why: "a batch is missing before it" }),
            None if (1..rest.len()).any(|k| rest[k..].starts_with(&BATCH) && batch(&rest[k..]).is_some()) => {
                return Err(Refusal::Damaged { at: found.whole, why: "a whole batch follows" });
            }
            None if is_one_flip(rest) => {
                return Err(Refusal::Damaged {
                    at: found.whole,
                    why: "one bit of the last batch has changed, which may have been durable",
                });
            }
            None => break,
        }
    }
    Ok(found)
}

/// Whether it is the log of its owner.
fn owned(owner: &Owner, bytes: &[u8]) -> Result<(), Refusal> {
    let (expected, _) = create(owner);
    let header = bytes.get(..HEADER).ok_or(Refusal::Damaged { at: 0, why: "the header" })?;
    if header[..5] != expected[..5] {
        return Err(Refusal::NoLog);
    }
    if crc32(&header[..HEADER - 4]).to_le_bytes() != header[HEADER - 4..] {
        return Err(Refusal::Damaged { at: 0, why: "the header" });
    }
    for (what, part) in [("cluster", 5..13), ("algorithm", 13..21), ("process", 21..23)] {
        if header[part.clone()] != expected[part] {
            return Err(Refusal::Foreign { what });
        }
    }
    Ok(())
}

/// The whole batch that stands first: its number and its entries.
fn batch(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?) as usize;
    let whole = bytes.get(..length.checked_add(AROUND)?)?;
    let (checked, sum) = whole.split_at(whole.len() - 4);
    let is_whole = whole.starts_with(&BATCH) && crc32(checked).to_le_bytes() == sum;
    is_whole.then(|| (u64::from_le_bytes(whole[8..16].try_into().expect("eight bytes")), &whole[16..16 + length]))
}

fn apply(mut entries: &[u8], found: &mut BTreeMap<u64, Entry>) -> Option<()> {
    while !entries.is_empty() {
        let head = take(&mut entries, ENTRY).ok()?;
        let number = |part: std::ops::Range<usize>| Some(u64::from_le_bytes(head[part].try_into().ok()?));
        let (instance, round) = (number(1..9)?, number(9..17)?);
        let length = u32::from_le_bytes(head[17..21].try_into().ok()?) as usize;
        let bytes = take(&mut entries, length).ok()?.to_vec();
        let entry = match head[0] {
            0 => Entry::State { round, bytes },
            1 => Entry::Over { bytes },
            _ => return None,
        };
        found.insert(instance, entry);
    }
    Some(())
}

/// Whether one flipped bit makes these bytes a whole batch. The checksum is linear: a flip changes it by what depends on the distance from the
/// end only.
fn is_one_flip(bytes: &[u8]) -> bool {
    if bytes.len() < AROUND {
        return false;
    }
    // A flip in the length makes the batch look shorter or longer than it is: it goes up to the end.
    let length = (bytes.len() - AROUND) as u32;
    let found = u32::from_le_bytes(bytes[4..8].try_into().expect("four bytes"));
    let (checked, sum) = bytes.split_at(bytes.len() - 4);
    let differs = crc32(checked) ^ u32::from_le_bytes(sum.try_into().expect("four bytes"));
    if length != found {
        let mut mended = checked.to_vec();
        mended[4..8].copy_from_slice(&length.to_le_bytes());
        return (length ^ found).count_ones() == 1 && crc32(&mended).to_le_bytes() == sum;
    }
    // The checksum itself.
    if differs.count_ones() <= 1 {
        return differs.count_ones() == 1;
    }
    // From the last bit to the first: what a flip there does to the checksum.
    let mut change = 1_u32;
    let step = |change: u32| (change >> 1) ^ if change & 1 == 1 { 0xedb8_8320 } else { 0 };
    for _ in 0..8 * checked.len() {
        change = step(change);
        if change == differs {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
