//! Mutated frames: a short version of the example `hostile`, which says what it does and what has to hold.

#[path = "../examples/hostile/campaign.rs"]
mod campaign;
#[path = "../examples/hostile/mutate.rs"]
mod mutate;
#[path = "../examples/hostile/record.rs"]
mod record;

use campaign::{Attack, MAX_INSTANCES, Plan, name};
use heardof_algorithms::{LastVoting, OneThirdRule};
use record::{Subject, Value};

/// Attacks, and insists that the frames got as deep as they are meant to.
fn attack<P: Subject>(park: bool) {
    let mut attack = Attack::<P>::new(Plan { frames: 10_000, seed: 1, park });
    attack.part(0, 1);
    let report = attack.report();
    assert!(report.frames == 10_000 && report.most_live <= MAX_INSTANCES && report.decided > 100, "{report:?}");
    for (mutation, count) in mutate::MUTATIONS.iter().zip(report.mutations) {
        assert!(count > 0, "no frame was {}", name(*mutation));
    }
    let c = report.counters;
    assert!(c.frames_in > 6000, "most have a good checksum: {c:?}");
    let refused = [c.frames_malformed, c.wrong_version, c.wrong_cluster, c.wrong_fingerprint, c.unknown_sender, c.refused_instance];
    let dropped = [c.unknown_instance, c.messages_malformed, c.messages_late, c.messages_duplicate, c.messages_too_far_ahead];
    let told = [c.early_dropped, c.decisions_malformed, c.decisions_known];
    assert!(refused.iter().chain(&dropped).chain(&told).all(|count| *count > 0), "every reason to drop something occurs: {c:?}");
}

#[test]
fn last_voting_stands_mutated_frames() {
    attack::<LastVoting<Value>>(false);
    attack::<LastVoting<Value>>(true);
}

#[test]
fn one_third_rule_stands_mutated_frames() {
    attack::<OneThirdRule<Value>>(false);
    attack::<OneThirdRule<Value>>(true);
}
