//! Deterministic simulation: the real node and wire format, virtual time, one seed.
//!
//! ```text
//!     seed ──► Plan ──► World: nodes, network, clocks, processes, each with its faults ──► recordings ──► Oracle ──► verdict
//! ```
//!
//! * `plan`: how large the cluster is, what goes wrong and how long, drawn by a swarm: each seed has some kinds of faults and not others;
//! * `faults`, `network`, `clock`, `disk`: every kind of fault, with a knob and a unit test;
//! * `machine`: one process: node, application, clock and disk, from its start through crashes;
//! * `run`: the storm, and then the calm in which whoever can has to decide;
//! * `oracle`: every run is executed again in lock-step, and has to be an execution of the model whose properties hold;
//! * `liveness`: who has to decide;
//! * `campaign`: many seeds, and the smallest run that fails.
//!
//! What a run does follows from its [`Plan`] alone: a seed that fails today fails tomorrow.

pub mod campaign;
mod chance;
mod clock;
mod disk;
pub mod faults;
mod liveness;
mod machine;
mod network;
pub mod oracle;
pub mod plan;
pub mod run;

pub use campaign::{Choices, Failure, Judged, Tally, What, campaign, judged, shrink};
pub use faults::{Kind, Weather};
pub use plan::{Plan, Swarm};
