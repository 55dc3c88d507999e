//! The wire format: frames of sections.
//!
//! ```text
//! frame    magic "HROF" | version u8 | cluster u64 | fingerprint u64 | sender u16 | section .. | crc32 u32
//! section  kind u8 | instance u64 | round u64 | length u32 | payload
//! ```
//!
//! Integers are little-endian. `cluster` is the digest of the cluster's name. A frame carries sections of many instances; one without
//! sections says hello. The checksum (CRC-32 as in Ethernet, over everything before it) detects damage, not forgery. Every length is
//! checked before it is used, and [`decode`] never panics.
//!
//! The checksum is fifteen lines of our own: the node depends on the core only, and speed here is far below a system call.

use crate::limits::MAX_FRAME;
use heardof_core::value::{DecodeError, Value, take};
use heardof_core::{MAX_PROCESSES, Pid};
use std::fmt;

/// The first bytes of a frame.
pub const MAGIC: [u8; 4] = *b"HROF";
/// The version of the format.
pub const VERSION: u8 = 1;
/// The length of what stands before the sections, in bytes.
pub const HEADER: usize = 4 + 1 + 8 + 8 + 2;
/// The length of the checksum, in bytes.
pub const CHECKSUM: usize = 4;
/// The length of what stands before the payload of a section, in bytes.
pub const SECTION_HEADER: usize = 1 + 8 + 8 + 4;

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
}

/// A part of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Section<'a> {
    /// What it is.
    pub kind: Kind,
    /// The instance it belongs to.
    pub instance: u64,
    /// The round it belongs to.
    pub round: u64,
    /// Its content.
    pub payload: &'a [u8],
}

/// A frame, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame<'a> {
    /// Who sends.
    pub header: Header,
    /// What.
    pub sections: Vec<Section<'a>>,
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
            WireError::Section { missing } => write!(f, "expected a whole section, found the end {missing} bytes early"),
        }
    }
}

impl std::error::Error for WireError {}

/// Appends a section.
pub fn put_section(out: &mut Vec<u8>, section: &Section<'_>) {
    out.push(Kind::ALL.iter().position(|k| *k == section.kind).expect("every kind is in ALL") as u8);
    section.instance.encode(out);
    section.round.encode(out);
    let length = u32::try_from(section.payload.len()).expect("payloads are bounded far below 2^32 bytes");
    length.encode(out);
    out.extend(section.payload);
}

/// The frame of these encoded sections.
pub fn frame(header: &Header, sections: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + sections.len() + CHECKSUM);
    out.extend(MAGIC);
    out.push(VERSION);
    header.cluster.encode(&mut out);
    header.fingerprint.encode(&mut out);
    header.sender.encode(&mut out);
    out.extend(sections);
    crc32(&out).encode(&mut out);
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
    let mut sections = vec![];
    while !rest.is_empty() {
        sections.push(section(&mut rest)?);
    }
    Ok(Frame { header: Header { cluster, fingerprint, sender: Pid::new(sender.into()) }, sections })
}

fn section<'a>(rest: &mut &'a [u8]) -> Result<Section<'a>, WireError> {
    let short = |error: DecodeError| match error {
        DecodeError::Truncated { missing } => WireError::Section { missing },
        other => unreachable!("words of fixed length can only be truncated, found: {other}"),
    };
    let kind = u8::decode(rest).map_err(short)?;
    let kind = *Kind::ALL.get(usize::from(kind)).ok_or(WireError::Kind { found: kind })?;
    let (instance, round) = (u64::decode(rest).map_err(short)?, u64::decode(rest).map_err(short)?);
    let length = u32::decode(rest).map_err(short)? as usize;
    let payload = take(rest, length).map_err(short)?;
    Ok(Section { kind, instance, round, payload })
}

/// CRC-32 with the polynomial of Ethernet, reflected.
pub fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut k = 0;
        while k < 256 {
            let mut bit = 0;
            let mut c = k as u32;
            while bit < 8 {
                c = if c & 1 == 1 { c >> 1 ^ 0xedb8_8320 } else { c >> 1 };
                bit += 1;
            }
            table[k] = c;
            k += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |crc: u32, b| crc >> 8 ^ TABLE[((crc ^ u32::from(*b)) & 0xff) as usize])
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
        put_section(&mut sections, &Section { kind: Kind::Message, instance: 7, round: 9, payload: b"hello" });
        put_section(&mut sections, &Section { kind: Kind::Decision, instance: 8, round: u64::MAX, payload: b"" });
        sections
    }

    #[test]
    fn what_is_framed_is_taken_apart_again() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of CRC-32");
        let bytes = frame(&me(), &two_sections());
        let parts = decode(&bytes).expect("a frame");
        assert_eq!((parts.header, parts.sections.len()), (me(), 2));
        assert_eq!(parts.sections[0], Section { kind: Kind::Message, instance: 7, round: 9, payload: b"hello" });
        assert_eq!(parts.sections[1].round, u64::MAX);
        assert_eq!(decode(&frame(&me(), &[])).expect("a hello").sections, []);
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        let good = frame(&me(), &two_sections());
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
        assert_eq!(decode(&[]), Err(WireError::Length { found: 0 }));
        assert_eq!(decode(&vec![0; MAX_FRAME + 1]), Err(WireError::Length { found: MAX_FRAME + 1 }));
        assert_eq!(decode(&good[..HEADER]), Err(WireError::Length { found: HEADER }));
        assert_eq!(decode(&body(&|b| b[0] = b'X')), Err(WireError::Magic { found: *b"XROF" }));
        assert_eq!(decode(&body(&|b| b[4] = 2)), Err(WireError::Version { found: 2 }));
        assert_eq!(decode(&body(&|b| b[HEADER - 1] = 9)), Err(WireError::Sender { found: 9 << 8 | 3 }));
        assert_eq!(decode(&body(&|b| b[HEADER] = 4)), Err(WireError::Kind { found: 4 }));
        assert_eq!(decode(&body(&|b| b[HEADER + 17] = 255)), Err(WireError::Section { missing: 255 - 5 - SECTION_HEADER }));
        assert_eq!(decode(&body(&|b| b.push(0))), Err(WireError::Section { missing: 8 }));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode(&bytes).is_err());
            prop_assert!(decode(&frame(&me(), &bytes)).is_ok_and(|f| f.sections.len() <= bytes.len() / SECTION_HEADER) || decode(&frame(&me(), &bytes)).is_err());
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
