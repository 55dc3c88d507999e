//! Processes of a real cluster: the node of `heardof-node` with sockets, a clock and a file for its trace.
//!
//! ```text
//!   cluster.toml ──► [`Cluster`] ──┐                 ┌── transport: UDP or TCP, threads that feed one bounded queue
//!   options, input ────────────────┴──► [`run`] ─────┼── monotonic clock, deadlines
//!                                        one loop    └── trace file: one write a record, before anything is sent
//! ```
//!
//! Plain `std::net` and threads: a process has a handful of peers, and one loop does all the work, so an event library would buy
//! nothing yet.

mod clock;
pub mod cluster;
mod driver;
mod error;
pub mod garbage;
mod local;
mod tcp;
mod transport;
mod udp;

pub use cluster::Cluster;
pub use driver::{Ending, Options, Outcome, frame_header, run};
pub use error::NetError;
pub use local::free_addresses;
pub use transport::TransportKind;
