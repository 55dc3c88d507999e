//! What a node has to tell.

use heardof_core::trace::Record;
use heardof_core::{Datum, Pid};
use std::fmt;

/// Something a node has to tell. [`Record`](Output::Record) only with [`Config::record`](crate::Config::record), [`Persist`](Output::Persist)
/// and [`Over`](Output::Over) only with [`Config::park`](crate::Config::park), [`Alarm`](Output::Alarm) always, and everything else only with
/// [`Config::tell`](crate::Config::tell).
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
    /// The instance waits until this record is durable, and [`handle_durable`](crate::Node::handle_durable) says so.
    Persist {
        /// The round that it will enter then.
        round: u64,
        /// Everything that [`Node::recover`](crate::Node::recover) needs: [`storage::Entry::State`](crate::storage::Entry::State).
        bytes: Vec<u8>,
    },
    /// With [`Config::park`](crate::Config::park): the instance is over, and of its records only this one is needed any more. Nothing waits
    /// for it.
    Over {
        /// What stragglers will be told: [`storage::Entry::Over`](crate::storage::Entry::Over).
        bytes: Vec<u8>,
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
