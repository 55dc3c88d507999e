//! The clock: limits of proof attempts are in real time, and this is the only module of the prover that reads it.

use std::time::{Duration, Instant};

/// Measures from its start.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a proof attempt ends after a time")]
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }
    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
