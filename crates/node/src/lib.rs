//! A node that runs the rounds of an algorithm in an asynchronous world, so that no process can tell it from lock-step.
//!
//! Sans-I/O: frames, expired timers and the time go in through `handle_*`; frames to send, timers to arm and things to tell come out
//! through `poll_*`. There is no socket, clock, thread or file here, so the same code runs under a driver and under a simulation.
//!
//! ```text
//!     frame ─────► handle_frame   ┐                    ┌ App::join, App::decided    (at once)
//!     timer ─────► handle_timer   ├─ [`Node`] ─────────┼ poll_output ───► records to write, outputs, alarms   (first)
//!     proposal ──► handle_propose │   └ `Instance` ×   ├ poll_transmit ─► frames                              (then)
//!     synced ────► handle_durable ┘     many thousands └ poll_timer ────► when to call handle_timer
//! ```
//!
//! After every `handle_*`, or after a batch of them, a driver first takes all outputs and makes the records durable as far as it
//! promises to, and only then takes frames: **persist before send**. `poll_transmit` insists on it. Where states are to be durable
//! before anything depends on them leaves the process, [`Config::park`] makes each instance wait for [`Node::handle_durable`]; after a crash
//! [`storage::recover`] and [`Node::recover`] bring the instances back.
//!
//! A node runs many instances at once. Each has a number that the cluster agrees on; somebody proposes it, the others join when they
//! hear of it: [`App`]. An instance costs a few hundred bytes, no thread and no timer of the system, and no allocation of memory once
//! as many have finished as run at once.
//!
//! What a process goes through is an execution of the lock-step model whatever the network does:
//!
//! * a message counts only in its round: late ones are dropped, early ones wait ([`limits`] says how many);
//! * a round is left when it says so, when everybody was heard, at its deadline, or to catch up; never while it says `Block`. Skipped
//!   rounds are executed with what was heard;
//! * mailboxes are ordered by process id, so a replay sees the same one.
//!
//! What is outside the rounds: an instance that is decided or halted **retires** and answers stragglers with its decision, which they
//! report as forwarded. It is never written into a state. This needs agreement and irrevocability of the outputs; processes whose
//! outputs are not `Option`s never retire that way. The last [`Config::max_finished`] finished instances are remembered.

mod app;
mod calls;
mod clock;
mod config;
mod counters;
mod early;
mod gather;
mod index;
mod instance;
mod lanes;
pub mod limits;
mod node;
mod output;
mod slab;
mod steady;
pub mod storage;
mod wheel;
pub mod wire;
mod world;

pub use app::{App, Join, NoApp};
pub use config::{Config, ProposeError, RecoverError, StartError, Timing};
pub use counters::Counters;
pub use instance::Status;
pub use node::{InstanceId, Node};
pub use output::{Alarm, Output};
pub use steady::Steady;
