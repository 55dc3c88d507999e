//! Published wrong variants, kept as test data: what our tools must find. Each file says what is wrong and what the right version is.

pub mod ate_low_threshold;
pub mod ben_or_silent_heard;
pub mod ben_or_two_votes;
pub mod byzantine_ben_or_lemma_8;
pub mod k_set_flood_min_early;
pub mod last_voting_any_value;
pub mod last_voting_deaf_followers;
pub mod last_voting_forgets_timestamp;
pub mod last_voting_no_majority;
pub mod last_voting_published;
pub mod lattice_agreement_half;
pub mod otr_forgetful_stage;
pub mod otr_vacuous;
pub mod otr_weak_most_often;
pub mod short_last_voting_slow;
pub mod two_phase_commit_published;
pub mod two_phase_commit_timeout;

pub use ate_low_threshold::AteLowThreshold;
pub use ben_or_silent_heard::BenOrSilentHeard;
pub use ben_or_two_votes::BenOrTwoVotes;
pub use byzantine_ben_or_lemma_8::ByzantineBenOrLemma8;
pub use k_set_flood_min_early::KSetFloodMinEarly;
pub use last_voting_any_value::LastVotingAnyValue;
pub use last_voting_deaf_followers::LastVotingDeafFollowers;
pub use last_voting_forgets_timestamp::LastVotingForgetsTimestamp;
pub use last_voting_no_majority::LastVotingNoMajority;
pub use last_voting_published::LastVotingPublished;
pub use lattice_agreement_half::LatticeAgreementHalf;
pub use otr_forgetful_stage::OtrForgetfulStage;
pub use otr_vacuous::OtrVacuous;
pub use otr_weak_most_often::OtrWeakMostOften;
pub use short_last_voting_slow::ShortLastVotingSlow;
pub use two_phase_commit_published::TwoPhaseCommitPublished;
pub use two_phase_commit_timeout::TwoPhaseCommitTimeout;

use heardof::cli::Registry;
use heardof::prelude::Set;

/// Adds all of them.
pub fn register(registry: Registry) -> Registry {
    registry
        .with_wrong::<AteLowThreshold<u64>>(ate_low_threshold::WHY)
        .with_wrong::<BenOrSilentHeard>(ben_or_silent_heard::WHY)
        .with_wrong::<BenOrTwoVotes>(ben_or_two_votes::WHY)
        .with_wrong::<ByzantineBenOrLemma8>(byzantine_ben_or_lemma_8::WHY)
        .with_wrong::<KSetFloodMinEarly<u64>>(k_set_flood_min_early::WHY)
        .with_wrong::<LastVotingAnyValue<u64>>(last_voting_any_value::WHY)
        .with_wrong::<LastVotingDeafFollowers<u64>>(last_voting_deaf_followers::WHY)
        .with_wrong::<LastVotingForgetsTimestamp<u64>>(last_voting_forgets_timestamp::WHY)
        .with_wrong::<LastVotingNoMajority<u64>>(last_voting_no_majority::WHY)
        .with_wrong::<LastVotingPublished<u64>>(last_voting_published::WHY)
        .with_wrong::<LatticeAgreementHalf<Set<u64>>>(lattice_agreement_half::WHY)
        .with_wrong::<OtrForgetfulStage<u64>>(otr_forgetful_stage::WHY)
        .with_wrong::<OtrVacuous<u64>>(otr_vacuous::WHY)
        .with_wrong::<OtrWeakMostOften<u64>>(otr_weak_most_often::WHY)
        .with_wrong::<ShortLastVotingSlow<u64>>(short_last_voting_slow::WHY)
        .with_wrong::<TwoPhaseCommitPublished>(two_phase_commit_published::WHY)
        .with_wrong::<TwoPhaseCommitTimeout>(two_phase_commit_timeout::WHY)
}
