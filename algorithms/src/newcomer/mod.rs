//! Wrong by mistakes that newcomers make, each one change away from the right text: what `prove` answers must tell what to change. The
//! book's chapter "When a proof fails" shows them.

pub mod otr_forgets_decision;
pub mod otr_half;
pub mod otr_no_quorum;

pub use otr_forgets_decision::OtrForgetsDecision;
pub use otr_half::OtrHalf;
pub use otr_no_quorum::OtrNoQuorum;

use heardof::cli::Registry;

/// Adds all of them.
pub fn register(registry: Registry) -> Registry {
    registry
        .with_wrong::<OtrForgetsDecision<u64>>(otr_forgets_decision::WHY)
        .with_wrong::<OtrHalf<u64>>(otr_half::WHY)
        .with_wrong::<OtrNoQuorum<u64>>(otr_no_quorum::WHY)
}
