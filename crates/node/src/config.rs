//! How a node is set up.

use heardof_core::{MAX_PROCESSES, Pid};
use std::fmt;

/// Durations, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timing {
    /// How long a round waits for messages at first. Grows while messages come late (at most [`MAX_BACK_OFF`] times) and recovers.
    ///
    /// [`MAX_BACK_OFF`]: crate::limits::MAX_BACK_OFF
    pub round_timeout: u64,
    /// How long a process that sees somebody in the next round still waits for messages of its own. Over unordered links, leaving at
    /// once would cut the heard-of sets of rounds in which everybody speaks to everybody. 0: leave at once. As long as the round
    /// time-out: leave at the deadline only, as algorithms need that assume synchrony.
    pub grace: u64,
    /// How long to wait at the start until every peer has said hello. 0: start at once.
    pub gather: u64,
}

impl Timing {
    /// A grace of a quarter of the time-out, and a second to gather.
    pub fn with_round_timeout(round_timeout: u64) -> Timing {
        Timing { round_timeout, grace: round_timeout / 4, gather: 1_000_000_000 }
    }
}

/// What a node is told at its start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The name of the cluster. Nodes of other clusters are ignored.
    pub cluster: String,
    /// The fingerprint of the algorithm (`heardof_core::trace::fingerprint`) and of whatever else must be equal everywhere.
    pub fingerprint: u64,
    /// This process.
    pub me: Pid,
    /// The number of processes.
    pub n: usize,
    /// Durations.
    pub timing: Timing,
    /// What coins are derived from. Different at each process, or the coins are not independent.
    pub seed: u64,
    /// Whether an instance whose outputs are all decided retires at the end of the phase. If not, it goes on until it halts.
    pub retire_when_decided: bool,
}

/// Why a node does not start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StartError {
    /// The number of processes is 0 or too large.
    Size {
        /// What was asked for.
        found: usize,
    },
    /// The own id is not one of the processes.
    Outside {
        /// The own id.
        me: Pid,
        /// The number of processes.
        n: usize,
    },
    /// A round would never wait.
    NoTimeout,
    /// `init`, `coordinator` or `faults` panicked.
    Panic {
        /// With this message.
        what: String,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Size { found } => write!(f, "expected 1 to {MAX_PROCESSES} processes, found {found}"),
            StartError::Outside { me, n } => write!(f, "expected a process of p0..p{}, found {me}", n - 1),
            StartError::NoTimeout => f.write_str("expected a round time-out above 0, found 0"),
            StartError::Panic { what } => write!(f, "the algorithm panicked at its start: {what}"),
        }
    }
}

impl std::error::Error for StartError {}

impl Config {
    /// Whether the parts fit.
    pub(crate) fn validate(&self) -> Result<(), StartError> {
        if self.n == 0 || self.n > MAX_PROCESSES {
            return Err(StartError::Size { found: self.n });
        }
        if self.me.index() >= self.n {
            return Err(StartError::Outside { me: self.me, n: self.n });
        }
        if self.timing.round_timeout == 0 { Err(StartError::NoTimeout) } else { Ok(()) }
    }
}
