//! Frames that nobody sent: real ones, mutated. Most keep a good checksum, or they would get no further than that.

use crate::record::{CLUSTER, FINGERPRINT, Random, Recording};
use heardof_core::Pid;
use heardof_core::value::digest_bytes;
use heardof_node::limits::{EARLY_PER_SENDER, MAX_FRAME, MAX_MESSAGE, MAX_MESSAGES_PER_FRAME, MAX_ROUNDS_AHEAD};
use heardof_node::wire::{self, CHECKSUM, HEADER, Header, Kind, Section};

/// What is done to a frame, and how often: names are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutation {
    /// None: a frame that was sent, again, as it was.
    Replayed,
    /// Its instances become ones that are under way.
    Moved,
    /// A message that fits an instance and its round, or nearly.
    Aimed,
    /// Sections of many frames.
    Spliced,
    /// Bits flipped anywhere, the checksum repaired.
    Bits,
    /// Bits flipped in what sections contain, the checksum repaired.
    Payload,
    /// A number of a section is another one: kind, instance, count, round, length.
    Number,
    /// A round of 2^60 and the like.
    FarRound,
    /// A full frame: as many instances as it may speak of, or more.
    Flood,
    /// More messages of phases far ahead than are kept.
    Early,
    /// A message of a later phase, as long as a message may be.
    Long,
    /// The end is missing, the checksum repaired.
    Cut,
    /// The sender is another process, the receiver, or none.
    Sender,
    /// Another cluster, algorithm or version.
    World,
    /// Bits flipped, the checksum not repaired.
    Damaged,
    /// Longer than a frame may be.
    Oversized,
    /// Random bytes, alone or where sections should be.
    Noise,
}

pub const MUTATIONS: [Mutation; 17] = {
    use Mutation::*;
    [Replayed, Moved, Aimed, Spliced, Bits, Payload, Number, FarRound, Flood, Early, Long, Cut, Sender, World, Damaged, Oversized, Noise]
};

/// How often each is drawn, of 256.
const WEIGHTS: [u64; MUTATIONS.len()] = [12, 24, 84, 24, 24, 24, 24, 8, 1, 2, 2, 6, 6, 6, 5, 2, 4];

/// What to aim at.
#[derive(Clone, Copy, Debug)]
pub struct Aim {
    pub instance: u64,
    pub round: u64,
}

pub struct Mutator<'a> {
    recording: &'a Recording,
    /// All sections of the recording, by the round within the phase.
    by_round: Vec<Vec<Section<'a>>>,
    n: usize,
    pub random: Random,
}

impl<'a> Mutator<'a> {
    pub fn new(recording: &'a Recording, n: usize, seed: u64) -> Self {
        let all = recording.sections();
        let of = |k| all.iter().filter(|s| s.round % recording.phase == k).copied().collect();
        Mutator { recording, by_round: (0..recording.phase).map(of).collect(), n, random: Random(seed) }
    }

    pub fn draw(&mut self) -> Mutation {
        let mut at = self.random.below(WEIGHTS.iter().sum());
        let found = WEIGHTS.iter().position(|weight| {
            at < *weight || {
                at -= weight;
                false
            }
        });
        MUTATIONS[found.expect("below the sum")]
    }

    fn one_in(&mut self, k: u64) -> bool {
        self.random.below(k) == 0
    }

    /// A recorded section, made fit for `aim`.
    fn aimed(&mut self, aim: Aim) -> Section<'a> {
        let ahead = [0, 0, 0, 0, 1, 1, 2, self.recording.phase, 7, 40][self.random.below(10) as usize];
        let round = aim.round + ahead;
        let mut section = *self.random.pick(&self.by_round[(round % self.recording.phase) as usize]);
        (section.instance, section.round) = (aim.instance, round);
        if self.one_in(8) {
            section.count = 1 + self.random.below(30) as u16;
        }
        section
    }

    /// The sections of a recorded frame, and its sender.
    fn recorded(&mut self) -> (Pid, Vec<Section<'a>>) {
        let (from, bytes) = self.random.pick(&self.recording.frames);
        (*from, wire::decode(bytes).expect("it was recorded").sections.collect())
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        for _ in 0..1 + self.random.below(4) {
            if !bytes.is_empty() {
                let bit = self.random.below(8 * bytes.len() as u64);
                bytes[bit as usize / 8] ^= 1 << (bit % 8);
            }
        }
    }

    fn number(&mut self, near: u64) -> u64 {
        let far = [0, 1, 1 << 60, u64::MAX, u64::MAX - 1, near.wrapping_neg(), near ^ (1 << self.random.below(64))];
        let close = [near.wrapping_add(self.random.below(5)), near.wrapping_sub(self.random.below(5))];
        if self.one_in(2) { *self.random.pick(&close) } else { *self.random.pick(&far) }
    }

    /// Writes a frame, and says whom the transport says it is from.
    pub fn mutate(&mut self, how: Mutation, aim: Aim, out: &mut Vec<u8>) -> Pid {
        let (from, mut sections) = self.recorded();
        let mut header = Header { cluster: digest_bytes(CLUSTER.as_bytes()), fingerprint: FINGERPRINT, sender: from };
        let mut transport = from;
        match how {
            Mutation::Replayed | Mutation::Damaged | Mutation::Oversized | Mutation::Cut | Mutation::Bits | Mutation::Noise => {}
            Mutation::Aimed => sections = (0..1 + self.random.below(3)).map(|_| self.aimed(aim)).collect(),
            Mutation::Spliced => {
                for _ in 0..self.random.below(4) {
                    sections.extend(self.recorded().1);
                }
                let keep = self.random.below(1 + sections.len().min(64) as u64) as usize;
                sections.rotate_left(keep);
                sections.truncate(64);
            }
            Mutation::FarRound => {
                let rounds = [1 << 60, u64::MAX, 1 << 63, aim.round + MAX_ROUNDS_AHEAD, aim.round + MAX_ROUNDS_AHEAD + 1];
                let round = *self.random.pick(&rounds);
                sections = vec![Section { round, ..self.aimed(aim) }];
            }
            Mutation::Early => {
                let section = self.aimed(aim);
                let round = |k| section.round + self.recording.phase * (2000 + k);
                sections = (0..2 * EARLY_PER_SENDER as u64).map(|k| Section { count: 1, round: round(k), ..section }).collect();
            }
            Mutation::Sender => match self.random.below(3) {
                0 => header.sender = Pid::new(0),
                1 => header.sender = Pid::new(self.n + self.random.below(100) as usize),
                _ => transport = Pid::new(self.random.below(self.n as u64 + 2) as usize),
            },
            Mutation::World if self.one_in(2) => header.cluster ^= 1 << self.random.below(64),
            Mutation::World => header.fingerprint ^= 1 << self.random.below(64),
            Mutation::Moved | Mutation::Payload | Mutation::Number | Mutation::Flood | Mutation::Long => {}
        }
        let moves = !matches!(how, Mutation::Replayed | Mutation::Aimed | Mutation::FarRound | Mutation::Damaged);
        if moves && let Some(first) = sections.first().map(|section| section.instance) {
            sections.iter_mut().for_each(|section| section.instance = section.instance.wrapping_sub(first).wrapping_add(aim.instance));
        }
        out.clear();
        self.encode(how, aim, &mut sections, out);
        *out = wire::frame(&header, out);
        self.afterwards(how, out);
        transport
    }

    /// Writes the sections.
    fn encode(&mut self, how: Mutation, aim: Aim, sections: &mut Vec<Section<'a>>, out: &mut Vec<u8>) {
        match how {
            Mutation::Number => {
                let k = self.random.below(sections.len().max(1) as u64) as usize;
                let Some(section) = sections.get_mut(k) else { return };
                match self.random.below(4) {
                    0 => section.kind = *self.random.pick(&[Kind::Message, Kind::Pull, Kind::Ask, Kind::Decision]),
                    1 => section.instance = self.number(aim.instance),
                    2 => {
                        let near = 1 << self.random.below(15);
                        section.count = self.number(near) as u16;
                    }
                    _ => section.round = self.number(aim.round),
                }
            }
            Mutation::Flood => {
                let section = self.aimed(aim);
                let each = 1 + self.random.below(MAX_MESSAGES_PER_FRAME as u64);
                let room = (MAX_FRAME - HEADER - CHECKSUM) / (wire::SECTION_HEADER + section.payload.len());
                let limit = MAX_MESSAGES_PER_FRAME as u64 + self.random.below(2) * each;
                let fit = (limit / each).min(room as u64);
                *sections = (0..fit).map(|k| Section { count: each as u16, instance: aim.instance.saturating_add(k), ..section }).collect();
            }
            Mutation::Long => {
                let payload = vec![self.random.below(256) as u8; MAX_MESSAGE - self.random.below(50) as usize];
                let round = aim.round + self.random.below(64);
                wire::put_section(out, &Section { kind: Kind::Message, instance: aim.instance, count: 1, round, payload: &payload });
                return;
            }
            Mutation::Noise => {
                out.extend(
                    (0..self.random.below(200)).map(|_| [0, 0, 0, 1, 2, 3, self.random.below(256) as u8][self.random.below(7) as usize]),
                );
                return;
            }
            _ => {}
        }
        for section in sections {
            let at = out.len();
            wire::put_section(out, section);
            if how == Mutation::Payload {
                self.flip(&mut out[at + wire::SECTION_HEADER..]);
            }
        }
    }

    /// What happens to the bytes of a frame.
    fn afterwards(&mut self, how: Mutation, out: &mut Vec<u8>) {
        match how {
            Mutation::Bits => {
                // The first bytes are what everybody looks at first: they are left alone most of the time.
                let start = if self.one_in(8) { 0 } else { HEADER };
                let end = out.len() - CHECKSUM;
                self.flip(&mut out[start..end]);
                repair(out);
            }
            Mutation::Number if self.one_in(4) && out.len() > HEADER + CHECKSUM + 5 => {
                // A length, which nothing that writes sections would get wrong.
                self.flip(&mut out[HEADER + 3..HEADER + 5]);
                repair(out);
            }
            Mutation::Cut => {
                let at = HEADER + self.random.below((out.len() - HEADER) as u64) as usize;
                out.truncate(if self.one_in(4) { at / 2 } else { at });
                if out.len() > CHECKSUM {
                    repair(out);
                }
            }
            Mutation::World if self.one_in(3) => {
                out[4] = self.random.below(256) as u8;
                repair(out);
            }
            Mutation::Damaged => self.flip(out),
            Mutation::Oversized => {
                out.resize(MAX_FRAME + 1 + self.random.below(10_000) as usize, 0);
                repair(out);
            }
            Mutation::Noise if self.one_in(2) => {
                out.clear();
                out.extend((0..self.random.below(100)).map(|_| self.random.below(256) as u8));
            }
            _ => {}
        }
    }
}

/// Makes the checksum fit.
fn repair(frame: &mut [u8]) {
    let at = frame.len() - CHECKSUM;
    let sum = wire::crc32(&frame[..at]);
    frame[at..].copy_from_slice(&sum.to_le_bytes());
}
