//! The Heard-Of model (CBS09), executable.
//!
//! Processes run in lock-step through communication-closed rounds: `send`, then `update` on what was heard. An adversary chooses
//! whom each process hears. This crate is the semantics and nothing else: no dependency, no clock, no thread, no socket.
//!
//! * [`process`]: the traits an algorithm implements; [`mailbox`], [`context`]: what its functions see
//! * [`system`], [`heard_of`]: what its specification sees; [`spec`]: how it is registered
//! * [`machine`]: one interface to compiled code and to the text; [`lockstep`]: execution; [`trace`]: recordings and their replay
//! * [`ir`]: the text as data
//!
//! CBS09: B. Charron-Bost, A. Schiper: The Heard-Of model. Distributed Computing 22(1), 2009.

pub mod context;
pub mod datum;
pub mod describe;
pub mod heard_of;
pub mod ir;
pub mod lockstep;
pub mod machine;
pub mod mailbox;
mod parse;
mod pid;
pub mod process;
mod set;
pub mod spec;
pub mod system;
pub mod trace;
pub mod value;

pub use context::Context;
pub use datum::{Bounds, Datum, Sort};
pub use describe::{Described, describe};
pub use heard_of::HeardOf;
pub use machine::{Interpreted, Machine, Native};
pub use mailbox::{Mailbox, Outbox, Pool, broadcast, each, silent, to, to_all};
pub use pid::{MAX_PROCESSES, Phase, Pid};
pub use process::{Faults, PooledVisitor, Process, Progress, Round, RoundVisitor, Rounds, State, Then};
pub use set::{Map, Set};
pub use system::System;
pub use value::{JoinSemilattice, OptionExt, Value, implies};
