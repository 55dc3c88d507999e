//! The wrong variants are test data: each must have a text that the tools can read, be known by name, and say in a line what is wrong.

use heardof::cli::Registry;
use heardof_algorithms::published::{self, *};
use heardof_core::ir::Algorithm;
use heardof_core::{Described, describe};

fn described<P: Described>() -> Algorithm {
    describe::<P>().unwrap_or_else(|error| panic!("{error}"))
}

/// Every variant: its description, its name on the command line, the rounds of a phase.
#[test]
fn each_has_a_description() {
    let table: [(Algorithm, &str, usize); 13] = [
        (described::<BenOrSilentHeard>(), "ben_or_silent_heard", 2),
        (described::<BenOrTwoVotes>(), "ben_or_two_votes", 2),
        (described::<LastVotingAnyValue<u64>>(), "last_voting_any_value", 4),
        (described::<LastVotingDeafFollowers<u64>>(), "last_voting_deaf_followers", 4),
        (described::<LastVotingForgetsTimestamp<u64>>(), "last_voting_forgets_timestamp", 4),
        (described::<LastVotingNoMajority<u64>>(), "last_voting_no_majority", 4),
        (described::<LastVotingPublished<u64>>(), "last_voting_published", 4),
        (described::<OtrForgetfulStage<u64>>(), "otr_forgetful_stage", 1),
        (described::<OtrVacuous<u64>>(), "otr_vacuous", 1),
        (described::<OtrWeakMostOften<u64>>(), "otr_weak_most_often", 1),
        (described::<ShortLastVotingSlow<u64>>(), "short_last_voting_slow", 3),
        (described::<TwoPhaseCommitPublished>(), "two_phase_commit_published", 3),
        (described::<TwoPhaseCommitTimeout>(), "two_phase_commit_timeout", 3),
    ];
    for (algorithm, name, rounds) in &table {
        assert_eq!(algorithm.name, *name);
        assert_eq!(algorithm.rounds.len(), *rounds, "{name}");
        for function in algorithm.all_functions() {
            assert!(function.body.is_ok(), "{name}: `{}` has no text", function.name);
        }
    }
    let registry = published::register(Registry::new());
    let registered: Vec<&str> = registry.entries().iter().map(|e| e.name.as_str()).collect();
    assert_eq!(registered, table.iter().map(|(_, name, ..)| *name).collect::<Vec<_>>());
}

#[test]
fn each_says_in_a_line_what_is_wrong() {
    let registry = published::register(Registry::new());
    assert!(registry.error().is_none());
    assert_eq!(registry.right().count(), 0);
    for entry in registry.entries() {
        let why = entry.wrong.unwrap_or_default();
        assert!(!why.is_empty() && !why.contains('\n') && why.chars().count() <= 140, "{}: {why}", entry.name);
    }
}
