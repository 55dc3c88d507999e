//! The catalogue: every algorithm written once, each file with its specification and invariants.

pub mod ate;
pub mod ben_or;
pub mod byzantine_ben_or;
pub mod flood_min;
pub mod k_set_flood_min;
pub mod last_voting;
pub mod lattice_agreement;
pub mod newcomer;
pub mod one_third_rule;
pub mod published;
pub mod two_phase_commit;
pub mod uniform_voting;
pub mod ute;

pub use ate::Ate;
pub use ben_or::BenOr;
pub use byzantine_ben_or::ByzantineBenOr;
pub use flood_min::FloodMin;
pub use k_set_flood_min::KSetFloodMin;
pub use last_voting::LastVoting;
pub use lattice_agreement::LatticeAgreement;
pub use one_third_rule::OneThirdRule;
pub use two_phase_commit::TwoPhaseCommit;
pub use uniform_voting::UniformVoting;
pub use ute::Ute;

use heardof::cli::Registry;
use heardof::prelude::Set;

/// The algorithms as the program `heardof` knows them.
pub fn registry() -> Registry {
    let registry = Registry::new()
        .built_like(|zero| zero - 1)
        .with::<OneThirdRule<u64>>()
        .with::<LastVoting<u64>>()
        .with::<UniformVoting<u64>>()
        .with::<BenOr>()
        .with::<FloodMin<u64>>()
        .with::<TwoPhaseCommit>()
        .with::<Ate<u64>>()
        .with::<Ute<u64>>()
        .with::<ByzantineBenOr>()
        .with::<KSetFloodMin<u64>>()
        .with::<LatticeAgreement<Set<u64>>>()
        .with_reasons("one_third_rule", include_str!("../testdata/mutants/one_third_rule.txt"))
        .with_reasons("last_voting", include_str!("../testdata/mutants/last_voting.txt"))
        .with_reasons("uniform_voting", include_str!("../testdata/mutants/uniform_voting.txt"))
        .with_reasons("ben_or", include_str!("../testdata/mutants/ben_or.txt"))
        .with_reasons("flood_min", include_str!("../testdata/mutants/flood_min.txt"))
        .with_reasons("two_phase_commit", include_str!("../testdata/mutants/two_phase_commit.txt"))
        .with_reasons("ate", include_str!("../testdata/mutants/ate.txt"))
        .with_reasons("ute", include_str!("../testdata/mutants/ute.txt"))
        .with_reasons("byzantine_ben_or", include_str!("../testdata/mutants/byzantine_ben_or.txt"))
        .with_reasons("k_set_flood_min", include_str!("../testdata/mutants/k_set_flood_min.txt"))
        .with_reasons("lattice_agreement", include_str!("../testdata/mutants/lattice_agreement.txt"))
        .with_demo(&["check", "one_third_rule", "-n", "1..7"])
        .with_demo(&["check", "last_voting", "-n", "1..4"])
        .with_demo(&["cluster", "one_third_rule", "-n", "4", "--transport", "udp", "--loss", "0.2", "--kill", "3@50ms"])
        .with_demo(&["cluster", "last_voting", "-n", "3", "--transport", "tcp", "--kill", "0@0ms"]);
    newcomer::register(published::register(registry))
}
