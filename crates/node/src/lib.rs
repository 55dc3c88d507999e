//! A node that runs the rounds of an algorithm in an asynchronous world, so that no process can tell it from lock-step.
//!
//! Sans-I/O: frames, expired timers and the time go in through `handle_*`; frames to send, timers to arm and things to tell come out
//! through `poll_*`. There is no socket, clock, thread or file here, so the same code runs under a driver and under a simulation.
//!
//! ```text
//!     frame ─────► handle_frame ┐                    ┌ poll_output ───► records to write, outputs, alarms   (first)
//!     timer ─────► handle_timer ├─ [`Node`] ─────────┼ poll_transmit ─► frames                              (then)
//!     start ─────► handle_start ┘    └ `Instance`    └ poll_timer ────► when to call handle_timer
//! ```
//!
//! After every `handle_*` a driver first takes all outputs and makes the records durable as far as it promises to, and only then
//! takes frames: **persist before send**. `poll_transmit` insists on it.
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
//! outputs are not `Option`s never retire that way.

mod calls;
mod clock;
mod config;
mod counters;
mod early;
mod instance;
pub mod limits;
mod node;
mod outgoing;
pub mod wire;

pub use config::{Config, StartError, Timing};
pub use counters::Counters;
pub use instance::Status;
pub use node::{InstanceId, Node};
pub use outgoing::{Alarm, Output};
