//! The clock: the only place of this crate that reads it.

use std::time::Instant;

/// Now, by the monotonic clock.
#[expect(clippy::disallowed_methods, reason = "the drivers are where time comes from")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
