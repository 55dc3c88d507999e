//! What waits to be sent: one lane for what goes to everybody, encoded once, and one for each peer.
//!
//! ```text
//!   broadcast ─► shared  ▓▓▓▓▓▓▓▓│▓▓▓        a frame to p: the header, then shared, then p's own, then the checksum;
//!   to p1     ─► own[1]  ▒▒▒                 cut where it would be too long
//!   to p2     ─► own[2]  ░
//! ```
//!
//! There are two sets of lanes: one is filled while the other is handed out, so frames may be taken one by one. Consecutive instances
//! that say the same share a section: acknowledgements of a thousand instances are one.

use crate::limits::{MAX_FRAME, MAX_LANE_BYTES, MAX_MESSAGE, MAX_MESSAGES_PER_FRAME};
use crate::wire::{self, CHECKSUM, HEADER, Kind, SECTION_HEADER};
use heardof_core::Pid;

/// How long the sections of a frame may be together, in bytes.
const ROOM: usize = MAX_FRAME - HEADER - CHECKSUM;

/// A payload is longer than a frame can carry: so many bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TooLarge(pub(crate) usize);

/// The section that may go on, if the next one says the same.
#[derive(Clone, Copy, Debug)]
struct Open {
    at: usize,
    kind: Kind,
    round: u64,
    /// The instance that would go on.
    next: u64,
    count: u16,
}

/// Sections, cut into parts that fit into a frame.
#[derive(Debug, Default)]
struct Lane {
    bytes: Vec<u8>,
    /// Where the parts that are full end.
    cuts: Vec<Part>,
    /// Where the last part begins, and how many instances are in it.
    start: usize,
    messages: usize,
    /// Where the last whole section ends.
    end: usize,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Part {
    end: usize,
    messages: usize,
}

impl Lane {
    fn clear(&mut self) {
        self.bytes.clear();
        self.cuts.clear();
        (self.start, self.messages, self.end, self.open) = (0, 0, 0, None);
    }

    fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Appends a section of one instance, whose payload `write` writes; false if it does not fit. It is written where it stays: what a
    /// panic of `write` leaves behind the end is cut off the next time.
    #[inline]
    fn put(&mut self, kind: Kind, instance: u64, round: u64, write: impl FnOnce(&mut Vec<u8>)) -> Result<bool, TooLarge> {
        let at = self.end;
        self.bytes.truncate(at);
        self.bytes.extend_from_slice(&[0; SECTION_HEADER]);
        write(&mut self.bytes);
        let length = self.bytes.len() - at - SECTION_HEADER;
        if length > MAX_MESSAGE {
            return Err(TooLarge(length));
        }
        if let Some(open) = &mut self.open
            && open.next == instance
            && (open.round, open.kind) == (round, kind)
            && at - open.at == SECTION_HEADER + length
            && open.count < u16::MAX
            && self.messages < MAX_MESSAGES_PER_FRAME
            && self.bytes[open.at + SECTION_HEADER..at] == self.bytes[at + SECTION_HEADER..]
        {
            open.next = open.next.wrapping_add(1);
            open.count += 1;
            let (at, count) = (open.at, open.count);
            wire::set_count(&mut self.bytes, at, count);
            self.messages += 1;
            return Ok(true);
        }
        Ok(self.close(kind, instance, round, length))
    }

    /// Writes the header of the section that was written last; false if it does not fit.
    fn close(&mut self, kind: Kind, instance: u64, round: u64, length: usize) -> bool {
        let (at, end) = (self.end, self.bytes.len());
        if end > MAX_LANE_BYTES {
            return false;
        }
        if end - self.start > ROOM || self.messages == MAX_MESSAGES_PER_FRAME {
            self.cuts.push(Part { end: at, messages: self.messages });
            (self.start, self.messages) = (at, 0);
        }
        self.open = Some(Open { at, kind, round, next: instance.wrapping_add(1), count: 1 });
        wire::set_header(&mut self.bytes, at, kind, length as u16, instance, round);
        self.messages += 1;
        self.end = end;
        true
    }

    /// The bytes of part `k` and how many instances are in it; parts beyond the last are empty.
    fn part(&self, k: usize) -> (&[u8], usize) {
        let start = if k == 0 { 0 } else { self.cuts.get(k - 1).map_or(self.end, |part| part.end) };
        let last = Part { end: self.end, messages: if k > self.cuts.len() { 0 } else { self.messages } };
        let part = self.cuts.get(k).copied().unwrap_or(last);
        (&self.bytes[start..part.end], part.messages)
    }
}

#[derive(Debug)]
struct Batch {
    shared: Lane,
    /// By process.
    own: Vec<Lane>,
    /// Whom something is for besides what is for everybody.
    direct: Vec<Pid>,
    is_direct: Vec<bool>,
}

impl Batch {
    fn new(n: usize) -> Batch {
        Batch { shared: Lane::default(), own: (0..n).map(|_| Lane::default()).collect(), direct: vec![], is_direct: vec![false; n] }
    }

    fn is_empty(&self) -> bool {
        self.shared.is_empty() && self.direct.is_empty()
    }

    fn clear(&mut self) {
        self.shared.clear();
        for q in self.direct.drain(..) {
            self.own[q.index()].clear();
            self.is_direct[q.index()] = false;
        }
    }

    fn mark(&mut self, to: Pid) {
        if !std::mem::replace(&mut self.is_direct[to.index()], true) {
            self.direct.push(to);
        }
    }
}

#[derive(Debug)]
pub(crate) struct Lanes {
    me: Pid,
    n: usize,
    prefix: Vec<u8>,
    filling: Batch,
    leaving: Batch,
    /// How far `leaving` has been handed out: a destination and the next parts of the shared lane and of its own.
    destination: usize,
    parts: (usize, usize),
}

impl Lanes {
    pub(crate) fn new(header: wire::Header, n: usize) -> Lanes {
        let (filling, leaving) = (Batch::new(n), Batch::new(n));
        Lanes { me: header.sender, n, prefix: wire::prefix(&header), filling, leaving, destination: 0, parts: (0, 0) }
    }

    /// A message to every other process, written by `write`; false if it does not fit.
    #[inline]
    pub(crate) fn broadcast(&mut self, instance: u64, round: u64, write: impl FnOnce(&mut Vec<u8>)) -> Result<bool, TooLarge> {
        if self.n == 1 {
            return Ok(true);
        }
        self.filling.shared.put(Kind::Message, instance, round, write)
    }

    /// A section to `to`, another process, written by `write`; false if it does not fit.
    #[inline]
    pub(crate) fn send(
        &mut self,
        to: Pid,
        kind: Kind,
        instance: u64,
        round: u64,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<bool, TooLarge> {
        self.filling.mark(to);
        self.filling.own[to.index()].put(kind, instance, round, write)
    }

    /// A frame, even if there is nothing to say.
    pub(crate) fn hello(&mut self, to: Pid) {
        self.filling.mark(to);
    }

    /// Writes the next frame into `frame`, and says for whom it is.
    pub(crate) fn next_frame(&mut self, frame: &mut Vec<u8>) -> Option<Pid> {
        if self.leaving.is_empty() {
            if self.filling.is_empty() {
                return None;
            }
            std::mem::swap(&mut self.filling, &mut self.leaving);
            (self.destination, self.parts) = (0, (0, 0));
        }
        loop {
            let to = if self.leaving.shared.is_empty() {
                self.leaving.direct.get(self.destination).copied()
            } else {
                (self.destination < self.n).then(|| Pid::new(self.destination))
            };
            let Some(to) = to else {
                self.leaving.clear();
                return if self.filling.is_empty() { None } else { self.next_frame(frame) };
            };
            if to != self.me && self.fill(to, frame) {
                return Some(to);
            }
            self.destination += 1;
            self.parts = (0, 0);
        }
    }

    /// The next frame for `to`; false after the last.
    fn fill(&mut self, to: Pid, frame: &mut Vec<u8>) -> bool {
        let (shared, own) = (&self.leaving.shared, &self.leaving.own[to.index()]);
        let (mut room, mut messages) = (ROOM, MAX_MESSAGES_PER_FRAME);
        let first = self.parts == (0, 0);
        frame.clear();
        frame.extend_from_slice(&self.prefix);
        let (lanes, parts) = ([shared, own], [&mut self.parts.0, &mut self.parts.1]);
        for (lane, next) in lanes.into_iter().zip(parts) {
            loop {
                let (bytes, count) = lane.part(*next);
                if bytes.is_empty() || bytes.len() > room || count > messages {
                    break;
                }
                frame.extend_from_slice(bytes);
                (room, messages) = (room - bytes.len(), messages - count);
                *next += 1;
            }
            if !lane.part(*next).0.is_empty() {
                break;
            }
        }
        let hello = first && self.leaving.is_direct[to.index()];
        if frame.len() == HEADER && !hello {
            return false;
        }
        if frame.len() == HEADER {
            // Said once.
            self.leaving.is_direct[to.index()] = false;
        }
        wire::seal(frame);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Section;
    use proptest::prelude::*;

    fn lanes(n: usize) -> Lanes {
        Lanes::new(wire::Header { cluster: 0, fingerprint: 0, sender: Pid::new(0) }, n)
    }

    fn send(lanes: &mut Lanes, to: usize, instance: u64, round: u64, payload: &[u8]) -> bool {
        let write = |out: &mut Vec<u8>| out.extend(payload);
        match to {
            0 => lanes.broadcast(instance, round, write),
            to => lanes.send(Pid::new(to), Kind::Message, instance, round, write),
        }
        .expect("short enough")
    }

    /// Instance, round and payload of each message of a frame.
    fn messages(frame: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
        let sections = wire::decode(frame).expect("a frame").sections;
        let one = |s: &Section<'_>, k: u16| (s.instance + u64::from(k), s.round, s.payload.to_vec());
        sections.flat_map(|s| (0..s.count).map(|k| one(&s, k)).collect::<Vec<_>>()).collect()
    }

    /// All that is sent, by destination: instance, round and payload of each message.
    fn drain(lanes: &mut Lanes, n: usize) -> Vec<Vec<(u64, u64, Vec<u8>)>> {
        let (mut sent, mut frame) = (vec![vec![]; n], vec![]);
        while let Some(to) = lanes.next_frame(&mut frame) {
            assert!(frame.len() <= MAX_FRAME);
            sent[to.index()].extend(messages(&frame));
        }
        sent
    }

    #[test]
    fn sections_are_packed_and_a_lane_is_bounded() {
        let mut lanes = lanes(3);
        let payload = vec![0; 20_000];
        let fit = (0..1000).filter(|k| send(&mut lanes, 1, 2 * k, 0, &payload)).count();
        assert_eq!(fit, MAX_LANE_BYTES / (20_000 + SECTION_HEADER));
        assert!(send(&mut lanes, 2, 0, 0, &payload));
        let long = lanes.send(Pid::new(2), Kind::Decision, 1, 0, |out| out.extend([0; MAX_MESSAGE + 1]));
        assert_eq!(long, Err(TooLarge(MAX_MESSAGE + 1)));
        let panics = || lanes.send(Pid::new(2), Kind::Message, 1, 0, |_| panic!("as asked"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
        assert!(send(&mut lanes, 2, 1, 0, b"whole"), "what was left half-written is gone");
        let sent = drain(&mut lanes, 3);
        assert_eq!((sent[0].len(), sent[1].len(), sent[2].len()), (0, fit, 2));
        assert_eq!(lanes.next_frame(&mut vec![]), None);
    }

    #[test]
    fn ten_thousand_equal_messages_are_one_section() {
        let mut lanes = lanes(2);
        (0..10_000).for_each(|k| assert!(send(&mut lanes, 1, k, 2, b"")));
        let mut frame = vec![];
        lanes.next_frame(&mut frame).expect("a frame");
        assert_eq!(frame.len(), HEADER + SECTION_HEADER + CHECKSUM);
        (0..20_000).for_each(|k| assert!(send(&mut lanes, 1, k, 2, b"")));
        assert_eq!(drain(&mut lanes, 2)[1].len(), 20_000, "more than a frame may speak of");
    }

    #[test]
    fn hello_is_said_once_and_not_beside_anything_else() {
        let mut lanes = lanes(3);
        lanes.hello(Pid::new(2));
        let mut frame = vec![];
        assert_eq!((lanes.next_frame(&mut frame), lanes.next_frame(&mut vec![])), (Some(Pid::new(2)), None));
        assert!(wire::decode(&frame).expect("a frame").sections.is_empty());
        lanes.hello(Pid::new(2));
        send(&mut lanes, 0, 0, 0, b"x");
        assert_eq!(drain(&mut lanes, 3), [vec![], vec![(0, 0, b"x".to_vec())], vec![(0, 0, b"x".to_vec())]]);
    }

    proptest! {
        /// What is put in comes out at everybody it is for, each lane in its order, whenever frames are taken.
        #[test]
        fn run_lengths_and_parts_lose_nothing(
            steps in proptest::collection::vec((0usize..4, 0u64..3, 0u64..2, 0usize..3, 0usize..6), 0..200)
        ) {
            let mut lanes = lanes(4);
            let (mut shared, mut own, mut sent) = (vec![], vec![vec![]; 4], vec![vec![]; 4]);
            let (mut instance, mut frame) = (0, vec![]);
            for (to, skip, round, long, take) in steps {
                instance += skip;
                let payload = vec![long as u8; [0, 3, 30_000][long]];
                let message = (instance, round, payload.clone());
                prop_assert!(send(&mut lanes, to, instance, round, &payload));
                if to == 0 {
                    shared.push(message);
                } else {
                    own[to].push(message);
                }
                if take == 0 && let Some(to) = lanes.next_frame(&mut frame) {
                    sent[to.index()].extend(messages(&frame));
                }
            }
            let rest = drain(&mut lanes, 4);
            for to in 1..4 {
                let mut sent: Vec<_> = sent[to].iter().chain(&rest[to]).cloned().collect();
                let mut expected: Vec<_> = shared.iter().chain(&own[to]).cloned().collect();
                sent.sort();
                expected.sort();
                prop_assert_eq!(sent, expected);
            }
        }
    }
}
