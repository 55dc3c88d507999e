//! Garbage, for tests: what no process of the cluster would ever send, thrown at one of them.
//!
//! Random bytes, damaged and cut frames, frames of other clusters, algorithms and versions, of unknown senders, with huge round numbers
//! and with payloads that are no messages. All of it must be dropped, counted and forgotten.

use heardof_core::Pid;
use heardof_node::limits::{MAX_FRAME, MAX_ROUNDS_AHEAD};
use heardof_node::wire::{self, Header, Kind, Section};
use std::io;
use std::net::{SocketAddr, UdpSocket};

/// How many kinds of garbage there are.
pub const KINDS: u64 = 9;

/// An endless, seeded supply of garbage.
#[derive(Clone, Debug)]
pub struct Garbage {
    /// What a frame of the cluster would begin with.
    header: Header,
    bits: u64,
}

impl Garbage {
    /// Garbage that looks as much as possible like frames with this header.
    pub fn new(header: Header, seed: u64) -> Garbage {
        Garbage { header, bits: seed }
    }

    fn random(&mut self) -> u64 {
        self.bits = self.bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.bits ^ (self.bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random() % bound
    }

    fn bytes(&mut self, length: u64) -> Vec<u8> {
        (0..length).map(|_| self.random() as u8).collect()
    }

    /// A frame of the cluster, but for its round and payload, which no process would send.
    fn frame(&mut self, header: Header) -> Vec<u8> {
        let kind = [Kind::Message, Kind::Pull, Kind::Ask][self.below(3) as usize];
        let round = (MAX_ROUNDS_AHEAD << 8) + (self.random() >> 1);
        let length = self.below(40);
        let payload = self.bytes(length);
        let mut sections = vec![];
        wire::put_section(&mut sections, &Section { kind, instance: 0, count: 1, round, payload: &payload });
        wire::frame(&header, &sections)
    }

    /// The next datagram.
    pub fn datagram(&mut self) -> Vec<u8> {
        let header = self.header;
        match self.below(KINDS) {
            0 => {
                let length = self.below(200);
                self.bytes(length)
            }
            1 => {
                let mut frame = self.frame(header);
                for _ in 0..=self.below(3) {
                    let at = self.below(frame.len() as u64) as usize;
                    frame[at] ^= 1 << self.below(8);
                }
                frame
            }
            2 => {
                let mut frame = self.frame(header);
                frame.truncate(self.below(frame.len() as u64) as usize);
                frame
            }
            3 => {
                let cluster = self.random();
                self.frame(Header { cluster, ..header })
            }
            4 => {
                let fingerprint = self.random();
                self.frame(Header { fingerprint, ..header })
            }
            5 => {
                // None of a cluster of fewer than 512.
                let sender = Pid::new(512 + self.below(512) as usize);
                self.frame(Header { sender, ..header })
            }
            6 => self.frame(header),
            7 => {
                // A round that may well be the current one, a payload that is a message of no type in use.
                let mut sections = vec![];
                let (kind, payload) = if self.below(2) == 0 { (Kind::Message, [0xff; 97]) } else { (Kind::Decision, [0xff; 97]) };
                wire::put_section(&mut sections, &Section { kind, instance: self.below(2), count: 1, round: 0, payload: &payload });
                wire::frame(&header, &sections)
            }
            _ => {
                let length = if self.below(100) == 0 { MAX_FRAME as u64 + 100 } else { self.below(1500) };
                let mut frame = wire::frame(&header, &[]);
                frame.extend(self.bytes(length));
                frame.truncate(65_507);
                frame
            }
        }
    }
}

/// Throws `count` datagrams from `socket` at `to`. How many the system took.
pub fn throw(socket: &UdpSocket, to: SocketAddr, garbage: &mut Garbage, count: usize) -> io::Result<usize> {
    let mut taken = 0;
    for _ in 0..count {
        match socket.send_to(&garbage.datagram(), to) {
            Ok(_) => taken += 1,
            // Nobody listens at the moment, or buffers are full: garbage may get lost like anything else.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::WouldBlock) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(taken)
}
