//! The catalogue: every algorithm written once, each file with its specification and invariants.

pub mod ben_or;
pub mod flood_min;
pub mod last_voting;
pub mod one_third_rule;
pub mod two_phase_commit;
pub mod uniform_voting;

pub use ben_or::BenOr;
pub use flood_min::FloodMin;
pub use last_voting::LastVoting;
pub use one_third_rule::OneThirdRule;
pub use two_phase_commit::TwoPhaseCommit;
pub use uniform_voting::UniformVoting;
