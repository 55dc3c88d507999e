//! The wire format: frames of sections.
//!
//! ```text
//! frame    magic "HROF" | version u8 | cluster u64 | fingerprint u64 | sender u16 | section .. | crc32 u32
//! section  kind u8 | count u16 | length u16 | instance u64 | round u64 | payload
//! ```
//!
//! Integers are little-endian. `cluster` is the digest of the cluster's name. A frame carries sections of many instances; one without
//! sections says hello. A section stands for `count` consecutive instances that say the same in the same round: with many instances
//! under way, acknowledgements come in runs. The checksum (CRC-32 as in Ethernet, over everything before it) detects damage, not
//! forgery. Every length is checked before it is used, the counts of a frame have a limit, and [`decode`] never panics.

use crate::limits::{MAX_FRAME, MAX_MESSAGES_PER_FRAME};
use heardof_core::value::{DecodeError, Value, take};
use heardof_core::{MAX_PROCESSES, Pid};
use std::fmt;

/// The first bytes of a frame.
pub const MAGIC: [u8; 4] = *b"HROF";
/// The version of the format.
pub const VERSION: u8 = 2;
/// The length of what stands before the sections, in bytes.
pub const HEADER: usize = 4 + 1 + 8 + 8 + 2;
/// The length of the checksum, in bytes.
pub const CHECKSUM: usize = 4;
/// The length of what stands before the payload of a section, in bytes.
pub const SECTION_HEADER: usize = 1 + 2 + 2 + 8 + 8;

/// Who sends, and in what world.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The digest of the cluster's name.
    pub cluster: u64,
    /// The fingerprint of the algorithm.
    pub fingerprint: u64,
    /// The sender.
    pub sender: Pid,
}

/// What a section is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A message of a round. Payload: the encoded message.
    Message,
    /// The sender is blocked in a round and has not heard the receiver there. No payload.
    Pull,
    /// The sender left the round before at its deadline and asks whether the receiver knows the decision. No payload.
    Ask,
    /// The sender has retired. Payload: a byte, 1 if it knows that the receiver has, too; then the encoded last state, whose output
    /// fields are the decision.
    Decision,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::Message, Kind::Pull, Kind::Ask, Kind::Decision];

    fn number(self) -> u8 {
        self as u8
    }

    #[inline]
    fn of(number: u8) -> Option<Kind> {
        match number {
            0 => Some(Kind::Message),
            1 => Some(Kind::Pull),
            2 => Some(Kind::Ask),
            3 => Some(Kind::Decision),
            _ => None,
        }
    }
}

/// A part of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Section<'a> {
    /// What it is.
    pub kind: Kind,
    /// The first instance it belongs to.
    pub instance: u64,
    /// To how many consecutive instances it belongs, at least 1.
    pub count: u16,
    /// The round it belongs to.
    pub round: u64,
    /// Its content.
    pub payload: &'a [u8],
}

/// A frame, taken apart.
#[derive(Clone, Debug)]
pub struct Frame<'a> {
    /// Who sends.
    pub header: Header,
    /// What.
    pub sections: Sections<'a>,
}

/// The sections of a frame, in order; they have been checked.
#[derive(Clone, Debug)]
pub struct Sections<'a>(&'a [u8]);

impl<'a> Iterator for Sections<'a> {
    type Item = Section<'a>;
    #[inline]
    fn next(&mut self) -> Option<Section<'a>> {
        section(&mut self.0).ok()
    }
}

impl Sections<'_> {
    /// Whether there is none: the frame only says hello.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Why bytes are not a frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WireError {
    /// The length cannot be that of a frame.
    Length {
        /// How many bytes.
        found: usize,
    },
    /// The first bytes are wrong.
    Magic {
        /// What they are.
        found: [u8; 4],
    },
    /// Another version.
    Version {
        /// Which.
        found: u8,
    },
    /// The checksum does not fit.
    Checksum {
        /// What it should be.
        expected: u32,
        /// What it is.
        found: u32,
    },
    /// The sender is no process.
    Sender {
        /// Its number.
        found: u16,
    },
    /// There is no such kind of section.
    Kind {
        /// Its number.
        found: u8,
    },
    /// A section is longer than the frame.
    Section {
        /// How many bytes are missing.
        missing: usize,
    },
    /// A section belongs to no instance, to instances beyond the last number, or the frame speaks of too many.
    Count {
        /// How many the section belongs to.
        found: u16,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Length { found } => write!(f, "expected a frame of {} to {MAX_FRAME} bytes, found {found}", HEADER + CHECKSUM),
            WireError::Magic { found } => write!(f, "expected the bytes {MAGIC:?} first, found {found:?}"),
            WireError::Version { found } => write!(f, "expected version {VERSION}, found {found}"),
            WireError::Checksum { expected, found } => write!(f, "expected checksum {expected:08x}, found {found:08x}"),
            WireError::Sender { found } => write!(f, "expected a sender below {MAX_PROCESSES}, found {found}"),
            WireError::Kind { found } => write!(f, "expected a kind of section below {}, found {found}", Kind::ALL.len()),
            WireError::Count { found } => {
                write!(f, "expected at most {MAX_MESSAGES_PER_FRAME} instances in a frame and 1 or more in a section, found {found}")
            }
            WireError::Section { missing } => write!(f, "expected a whole section, found the end {missing} bytes early"),
        }
    }
}

impl std::error::Error for WireError {}

/// Appends a section.
///
/// # Panics
/// If the payload is longer than a frame.
pub fn put_section(out: &mut Vec<u8>, section: &Section<'_>) {
    let length = u16::try_from(section.payload.len()).expect("payloads are bounded by the length of a frame");
    let at = out.len();
    out.extend_from_slice(&[0; SECTION_HEADER]);
    out.extend_from_slice(section.payload);
    set_header(out, at, section.kind, length, section.instance, section.round);
    set_count(out, at, section.count);
}

/// Writes the header, for one instance, of the section that begins at `at`.
#[inline]
pub(crate) fn set_header(out: &mut [u8], at: usize, kind: Kind, length: u16, instance: u64, round: u64) {
    let header = &mut out[at..at + SECTION_HEADER];
    header[0] = kind.number();
    header[1..3].copy_from_slice(&1u16.to_le_bytes());
    header[3..5].copy_from_slice(&length.to_le_bytes());
    header[5..13].copy_from_slice(&instance.to_le_bytes());
    header[13..21].copy_from_slice(&round.to_le_bytes());
}

/// Changes the count of the section that begins at `at`.
#[inline]
pub(crate) fn set_count(out: &mut [u8], at: usize, count: u16) {
    out[at + 1..at + 3].copy_from_slice(&count.to_le_bytes());
}

/// The bytes before the sections.
pub(crate) fn prefix(header: &Header) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER);
    out.extend(MAGIC);
    out.push(VERSION);
    header.cluster.encode(&mut out);
    header.fingerprint.encode(&mut out);
    header.sender.encode(&mut out);
    out
}

/// Appends the checksum to what stands before it.
pub(crate) fn seal(out: &mut Vec<u8>) {
    let sum = crc32(out);
    out.extend_from_slice(&sum.to_le_bytes());
}

/// The frame of these encoded sections.
pub fn frame(header: &Header, sections: &[u8]) -> Vec<u8> {
    let mut out = prefix(header);
    out.extend_from_slice(sections);
    seal(&mut out);
    out
}

/// Takes a frame apart.
pub fn decode(bytes: &[u8]) -> Result<Frame<'_>, WireError> {
    let length = WireError::Length { found: bytes.len() };
    if bytes.len() > MAX_FRAME {
        return Err(length);
    }
    let Some((mut rest, mut sum)) = bytes.len().checked_sub(CHECKSUM).and_then(|at| bytes.split_at_checked(at)) else {
        return Err(length);
    };
    let checked = rest;
    let short = |_: DecodeError| length.clone();
    let magic = take(&mut rest, MAGIC.len()).map_err(short)?;
    if magic != MAGIC {
        return Err(WireError::Magic { found: magic.try_into().expect("four bytes were taken") });
    }
    let version = u8::decode(&mut rest).map_err(short)?;
    if version != VERSION {
        return Err(WireError::Version { found: version });
    }
    let (cluster, fingerprint) = (u64::decode(&mut rest).map_err(short)?, u64::decode(&mut rest).map_err(short)?);
    let sender = u16::decode(&mut rest).map_err(short)?;
    let (expected, found) = (crc32(checked), u32::decode(&mut sum).map_err(short)?);
    if expected != found {
        return Err(WireError::Checksum { expected, found });
    }
    if usize::from(sender) >= MAX_PROCESSES {
        return Err(WireError::Sender { found: sender });
    }
    let (sections, mut messages) = (Sections(rest), 0);
    while !rest.is_empty() {
        let Section { count, instance, .. } = section(&mut rest)?;
        messages += usize::from(count);
        if count == 0 || messages > MAX_MESSAGES_PER_FRAME || instance.checked_add(u64::from(count) - 1).is_none() {
            return Err(WireError::Count { found: count });
        }
    }
    Ok(Frame { header: Header { cluster, fingerprint, sender: Pid::new(sender.into()) }, sections })
}

#[inline(always)]
fn section<'a>(rest: &mut &'a [u8]) -> Result<Section<'a>, WireError> {
    let Some((header, body)) = rest.split_first_chunk::<SECTION_HEADER>() else {
        return Err(WireError::Section { missing: SECTION_HEADER - rest.len() });
    };
    let [kind, c0, c1, l0, l1, numbers @ ..] = *header;
    let [i0, i1, i2, i3, i4, i5, i6, i7, r0, r1, r2, r3, r4, r5, r6, r7] = numbers;
    let kind = Kind::of(kind).ok_or(WireError::Kind { found: kind })?;
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    let Some((payload, after)) = body.split_at_checked(length) else {
        return Err(WireError::Section { missing: length - body.len() });
    };
    *rest = after;
    let instance = u64::from_le_bytes([i0, i1, i2, i3, i4, i5, i6, i7]);
    let round = u64::from_le_bytes([r0, r1, r2, r3, r4, r5, r6, r7]);
    Ok(Section { kind, instance, count: u16::from_le_bytes([c0, c1]), round, payload })
}

/// CRC-32 with the polynomial of Ethernet, reflected.
pub fn crc32(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn me() -> Header {
        Header { cluster: 1, fingerprint: 2, sender: Pid::new(3) }
    }

    fn two_sections() -> Vec<u8> {
        let mut sections = vec![];
        put_section(&mut sections, &Section { kind: Kind::Message, instance: 7, count: 1, round: 9, payload: b"hello" });
        put_section(&mut sections, &Section { kind: Kind::Decision, instance: 8, count: 300, round: u64::MAX, payload: b"" });
        sections
    }

    #[test]
    fn what_is_framed_is_taken_apart_again() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of CRC-32");
        let bytes = frame(&me(), &two_sections());
        let parts = decode(&bytes).expect("a frame");
        let sections: Vec<Section<'_>> = parts.sections.collect();
        assert_eq!((parts.header, sections.len()), (me(), 2));
        assert_eq!(sections[0], Section { kind: Kind::Message, instance: 7, count: 1, round: 9, payload: b"hello" });
        assert_eq!((sections[1].round, sections[1].count), (u64::MAX, 300));
        assert!(decode(&frame(&me(), &[])).expect("a hello").sections.is_empty());
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        let good = frame(&me(), &two_sections());
        let refused = |bytes: &[u8]| decode(bytes).expect_err("refused");
        let sealed = |mut bytes: Vec<u8>| {
            let sum = crc32(&bytes);
            sum.encode(&mut bytes);
            bytes
        };
        let body = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good[..good.len() - CHECKSUM].to_vec();
            change(&mut bytes);
            sealed(bytes)
        };
        assert_eq!(refused(&[]), WireError::Length { found: 0 });
        assert_eq!(refused(&vec![0; MAX_FRAME + 1]), WireError::Length { found: MAX_FRAME + 1 });
        assert_eq!(refused(&good[..HEADER]), WireError::Length { found: HEADER });
        assert_eq!(refused(&body(&|b| b[0] = b'X')), WireError::Magic { found: *b"XROF" });
        assert_eq!(refused(&body(&|b| b[4] = 1)), WireError::Version { found: 1 });
        assert_eq!(refused(&body(&|b| b[HEADER - 1] = 9)), WireError::Sender { found: 9 << 8 | 3 });
        assert_eq!(refused(&body(&|b| b[HEADER] = 4)), WireError::Kind { found: 4 });
        assert_eq!(refused(&body(&|b| b[HEADER + 3] = 255)), WireError::Section { missing: 255 - 5 - SECTION_HEADER });
        assert_eq!(refused(&body(&|b| b.push(0))), WireError::Section { missing: SECTION_HEADER - 1 });
    }

    #[test]
    fn counts_are_believed_within_limits_only() {
        let of = |sections: &[(u64, u16)]| {
            let mut out = vec![];
            for (instance, count) in sections {
                put_section(&mut out, &Section { kind: Kind::Message, instance: *instance, count: *count, round: 0, payload: b"" });
            }
            decode(&frame(&me(), &out)).map(|f| f.sections.map(|s| s.count).collect::<Vec<_>>())
        };
        let half = (MAX_MESSAGES_PER_FRAME / 2) as u16;
        assert_eq!(of(&[(0, half), (7, half)]), Ok(vec![half, half]));
        assert_eq!(of(&[(0, half), (7, half), (0, 1)]), Err(WireError::Count { found: 1 }));
        assert_eq!(of(&[(0, 1), (0, 0)]), Err(WireError::Count { found: 0 }));
        assert_eq!(of(&[(u64::MAX - 1, 2)]), Ok(vec![2]));
        assert_eq!(of(&[(u64::MAX - 1, 3)]), Err(WireError::Count { found: 3 }));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode(&bytes).is_err());
            prop_assert!(decode(&frame(&me(), &bytes)).is_ok_and(|f| f.sections.count() <= bytes.len() / SECTION_HEADER) || decode(&frame(&me(), &bytes)).is_err());
        }

        #[test]
        fn every_changed_byte_is_noticed(at in 0usize..74, by in 1u8..) {
            let mut bytes = frame(&me(), &two_sections());
            prop_assert_eq!(bytes.len(), 74);
            bytes[at] ^= by;
            prop_assert!(decode(&bytes).is_err());
        }
    }
}
