//! How a node is set up.

use crate::InstanceId;
use heardof_core::value::DecodeError;
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
    /// Whether to tell what a replay needs: [`Output::Record`](crate::Output::Record). Without it, and without `tell`, of an instance only the
    /// application is told its decision.
    pub record: bool,
    /// Whether to tell every round that is entered, every change of an output, and the end, as text and untyped values: for people to look at.
    pub tell: bool,
    /// Whether a finished instance tells its decision to everybody who is not known to have finished, ever less often, until all are. For
    /// processes that end with their instance. A node of many instances does without: whoever misses a decision asks.
    pub farewell: bool,
    /// Whether an instance waits before it enters a round until the driver says that the state is durable: [`Output::Persist`] tells the
    /// state, [`Node::handle_durable`] says so.
    ///
    /// [`Output::Persist`]: crate::Output::Persist
    /// [`Node::handle_durable`]: crate::Node::handle_durable
    pub park: bool,
    /// How many instances may run at once. Further ones are refused.
    pub max_instances: usize,
    /// How many finished instances are remembered to answer stragglers. The oldest are forgotten first; the application is asked about
    /// a forgotten one as about any unknown one, and has to know that it has finished.
    pub max_finished: usize,
}

impl Config {
    /// A process of a cluster, with a round time-out of 50 ms, that takes part in up to 65 536 instances until they are decided,
    /// remembers as many, tells decisions only, and keeps nothing durable.
    pub fn new(cluster: &str, fingerprint: u64, me: Pid, n: usize) -> Config {
        Config {
            cluster: cluster.to_string(),
            fingerprint,
            me,
            n,
            timing: Timing::with_round_timeout(50_000_000),
            seed: 0,
            retire_when_decided: true,
            record: false,
            tell: false,
            farewell: false,
            park: false,
            max_instances: 1 << 16,
            max_finished: 1 << 16,
        }
    }
    /// For a process that runs one instance and ends: everything is told, to the driver and to the other processes.
    pub fn single(cluster: &str, fingerprint: u64, me: Pid, n: usize) -> Config {
        Config { record: true, tell: true, farewell: true, ..Config::new(cluster, fingerprint, me, n) }
    }
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
}

/// Why an instance does not start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProposeError {
    /// It runs here, or has finished.
    Known {
        /// Its number.
        instance: InstanceId,
    },
    /// So many run already.
    TooMany {
        /// The most that may run.
        limit: usize,
    },
    /// `init`, `coordinator` or `faults` panicked.
    Panic {
        /// With this message.
        what: String,
    },
}

/// Why an instance does not come back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecoverError {
    /// It runs here, or has finished.
    Known {
        /// Its number.
        instance: InstanceId,
    },
    /// Its record is no record of this algorithm.
    Malformed {
        /// Its number.
        instance: InstanceId,
        /// What is wrong with it.
        why: DecodeError,
    },
    /// `coordinator` or `faults` panicked.
    Panic {
        /// Its number.
        instance: InstanceId,
        /// With this message.
        what: String,
    },
}

impl fmt::Display for RecoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecoverError::Known { instance } => write!(f, "expected an instance that does not run, found {instance}, which does"),
            RecoverError::Malformed { instance, why } => write!(f, "instance {instance}: expected a record of this algorithm: {why}"),
            RecoverError::Panic { instance, what } => write!(f, "instance {instance}: the algorithm panicked as it came back: {what}"),
        }
    }
}

impl std::error::Error for RecoverError {}

impl fmt::Display for ProposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProposeError::Known { instance } => write!(f, "expected a new instance, found {instance}, which is known already"),
            ProposeError::TooMany { limit } => write!(f, "expected fewer than {limit} running instances, found as many"),
            ProposeError::Panic { what } => write!(f, "the algorithm panicked at its start: {what}"),
        }
    }
}

impl std::error::Error for ProposeError {}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Size { found } => write!(f, "expected 1 to {MAX_PROCESSES} processes, found {found}"),
            StartError::Outside { me, n } => write!(f, "expected a process of p0..p{}, found {me}", n - 1),
            StartError::NoTimeout => f.write_str("expected a round time-out above 0, found 0"),
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
