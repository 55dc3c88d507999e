//! What comes out of a node: things to tell, and frames, packed.

use crate::Counters;
use crate::limits::{MAX_FRAME, MAX_LANE_BYTES};
use crate::node::InstanceId;
use crate::wire::{self, CHECKSUM, HEADER, SECTION_HEADER, Section};
use heardof_core::trace::Record;
use heardof_core::{Datum, Pid};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

/// Something a node has to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// A record of the heard-of trace. To be written before any frame is taken.
    Record(Record),
    /// A round was entered.
    Entered {
        /// Its number.
        round: u64,
    },
    /// The rounds changed an output field.
    Changed {
        /// The round that did.
        round: u64,
        /// The field.
        field: &'static str,
        /// Its new value.
        value: Datum,
    },
    /// A process that had finished told its outputs; they are outputs here, too, though no round brought them.
    Forwarded {
        /// The round this process was in.
        round: u64,
        /// Who told.
        from: Pid,
        /// The output fields.
        outputs: Vec<(&'static str, Datum)>,
    },
    /// The process halted.
    Halted {
        /// Before this round.
        round: u64,
    },
    /// The instance takes part in no further round and answers stragglers.
    Retired {
        /// Before, or in, this round.
        round: u64,
    },
    /// Something went wrong that must not go unnoticed.
    Alarm(Alarm),
}

/// Something that must not go unnoticed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Alarm {
    /// The algorithm panicked; its instance has stopped.
    Panic {
        /// In this round.
        round: u64,
        /// In this function.
        function: &'static str,
        /// With this message.
        what: String,
    },
    /// A message cannot be sent for its length; its instance has stopped.
    MessageTooLarge {
        /// In this round.
        round: u64,
        /// Its length in bytes.
        bytes: usize,
        /// The longest possible.
        limit: usize,
    },
    /// A round was left while it said `Block`: a defect of the node.
    LeftBelowReady {
        /// The round.
        round: u64,
    },
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Alarm::Panic { round, function, what } => write!(f, "round {round}: `{function}` panicked, the instance stopped: {what}"),
            Alarm::MessageTooLarge { round, bytes, limit } => {
                write!(f, "round {round}: expected a message of at most {limit} bytes, found {bytes}; the instance stopped")
            }
            Alarm::LeftBelowReady { round } => write!(f, "round {round} was left while `ready` said `Block`"),
        }
    }
}

/// Queues of a node. Instances write, the node hands out.
#[derive(Debug)]
pub(crate) struct Outgoing {
    header: wire::Header,
    /// For each destination, sections packed to at most one frame each.
    lanes: BTreeMap<Pid, VecDeque<Vec<u8>>>,
    tells: VecDeque<(InstanceId, Output)>,
    pub(crate) counters: Counters,
}

impl Outgoing {
    pub(crate) fn new(header: wire::Header) -> Self {
        Outgoing { header, lanes: BTreeMap::new(), tells: VecDeque::new(), counters: Counters::default() }
    }

    /// Queues a section for `to`.
    pub(crate) fn send(&mut self, to: Pid, section: &Section<'_>) {
        let lane = self.lanes.entry(to).or_default();
        let size = SECTION_HEADER + section.payload.len();
        if lane.iter().map(Vec::len).sum::<usize>() + size > MAX_LANE_BYTES {
            self.counters.lane_full += 1;
            return;
        }
        if lane.back().is_none_or(|sections| HEADER + sections.len() + size + CHECKSUM > MAX_FRAME) {
            lane.push_back(vec![]);
        }
        wire::put_section(lane.back_mut().expect("a lane with room was made above"), section);
    }

    /// Queues a frame without sections.
    pub(crate) fn hello(&mut self, to: Pid) {
        let lane = self.lanes.entry(to).or_default();
        if lane.is_empty() {
            lane.push_back(vec![]);
        }
    }

    pub(crate) fn tell(&mut self, instance: InstanceId, output: Output) {
        self.tells.push_back((instance, output));
    }

    pub(crate) fn next_output(&mut self) -> Option<(InstanceId, Output)> {
        self.tells.pop_front()
    }

    /// # Panics
    /// If something is left to tell: records are persisted before anything is sent that depends on them.
    pub(crate) fn next_frame(&mut self) -> Option<(Pid, Vec<u8>)> {
        assert!(self.tells.is_empty(), "persist before send: every output is taken before a frame is");
        let mut lane = self.lanes.first_entry()?;
        let (to, sections) = (*lane.key(), lane.get_mut().pop_front());
        if lane.get().is_empty() {
            lane.remove();
        }
        self.counters.frames_out += 1;
        Some((to, wire::frame(&self.header, &sections.expect("empty lanes are removed"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Kind;

    #[test]
    fn sections_are_packed_and_a_lane_is_bounded() {
        let mut out = Outgoing::new(wire::Header { cluster: 0, fingerprint: 0, sender: Pid::new(0) });
        let payload = vec![0; 20_000];
        let section = Section { kind: Kind::Message, instance: 0, round: 0, payload: &payload };
        (0..1000).for_each(|_| out.send(Pid::new(1), &section));
        out.send(Pid::new(2), &section);
        let mut sections = 0;
        while let Some((to, frame)) = out.next_frame() {
            assert!(frame.len() <= MAX_FRAME);
            let frame = wire::decode(&frame).expect("a frame");
            sections += frame.sections.len();
            assert!(frame.sections.len() <= 3 && (to == Pid::new(1) || frame.sections.len() == 1));
        }
        let fits = MAX_LANE_BYTES / (20_000 + SECTION_HEADER);
        assert_eq!((sections, out.counters.lane_full), (fits + 1, 1000 - fits as u64));
    }

    #[test]
    #[should_panic(expected = "persist before send")]
    fn a_frame_is_not_handed_out_before_the_records() {
        let mut out = Outgoing::new(wire::Header { cluster: 0, fingerprint: 0, sender: Pid::new(0) });
        out.tell(0, Output::Entered { round: 0 });
        out.next_frame();
    }
}
