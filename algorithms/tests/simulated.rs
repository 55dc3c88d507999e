//! The catalogue under every fault: no run of a right algorithm fails, and runs of wrong ones do.

use heardof_algorithms::registry;
use heardof_cli::typed::Campaign;
use heardof_sim::{Kind, Swarm, Tally, What};
use std::process::Command;

fn simulated(name: &str, seeds: u64, threads: usize) -> Tally {
    with(name, Swarm::default(), seeds, threads)
}

fn with(name: &str, swarm: Swarm, seeds: u64, threads: usize) -> Tally {
    let registry = registry();
    let entry = registry.find(name).expect("it is registered");
    let campaign = Campaign { swarm, seeds: 0..seeds, threads, going: &|_| true };
    entry.typed.simulate(&campaign).unwrap_or_else(|why| panic!("{name}: {why}"))
}

#[test]
fn no_run_of_the_catalogue_fails_and_every_fault_fires() {
    let mut silent = Kind::ALL.to_vec();
    for entry in registry().right() {
        let tally = simulated(&entry.name, 60, 2);
        let failures: Vec<_> = tally.first.values().map(|(plan, failures)| (plan.seed, failures)).collect();
        assert_eq!((tally.runs, tally.failed_runs), (60, 0), "{}: {failures:?}", entry.name);
        assert!(tally.process_rounds > 60 * 80, "{}: {} process-rounds", entry.name, tally.process_rounds);
        assert!(tally.hostile >= 30, "{}: {}", entry.name, tally.hostile);
        silent.retain(|kind| tally.fired.times(*kind) == 0);
        // Most of what survives decides: a simulation in which nothing happens finds nothing.
        assert!(tally.excused * 3 < tally.pairs, "{}: {} of {} need not decide", entry.name, tally.excused, tally.pairs);
    }
    assert_eq!(silent, [], "these never fired");
}

/// Wrong variants, with how many instances, and in how many of 1000 runs at least a property is seen to break. They are played like right
/// ones, so that the replay agrees with every run.
const WRONG: [(&str, u64, u64); 9] = [
    ("ben_or_two_votes", 20, 5),
    ("k_set_flood_min_early", 20, 20),
    ("last_voting_any_value", 60, 5),
    ("last_voting_forgets_timestamp", 20, 20),
    ("last_voting_no_majority", 20, 100),
    ("lattice_agreement_half", 20, 60),
    ("otr_half", 20, 100),
    ("otr_weak_most_often", 20, 10),
    ("two_phase_commit_timeout", 20, 300),
];

#[test]
fn wrong_algorithms_are_caught() {
    for (name, slots, least) in WRONG {
        let tally = with(name, Swarm { slots, ..Swarm::default() }, 1000, 2);
        let found = tally.failed.get(&What::Property).copied().unwrap_or(0);
        assert!(found >= least, "{name}: found in {found} of 1000 runs");
        assert_eq!(tally.failed.get(&What::Replay), None, "{name}: {:?}", tally.first);
    }
}

/// What happens follows from the seeds alone.
#[test]
fn runs_are_the_same_again_whatever_the_threads() {
    for name in ["last_voting", "ben_or", "two_phase_commit_timeout"] {
        let (once, again) = (simulated(name, 100, 1), simulated(name, 100, 2));
        assert_eq!((once.log, once.process_rounds, once.failed), (again.log, again.process_rounds, again.failed), "{name}");
        assert_eq!(once.fired, again.fired, "{name}");
        assert_ne!(once.log, simulated(name, 99, 1).log, "{name}");
    }
}

/// The line that is printed to reproduce a failure does, with the options that the seed was drawn with.
#[test]
fn a_failure_is_reproduced_by_the_line_that_says_so() {
    let run = |words: &str| Command::new(env!("CARGO_BIN_EXE_heardof")).args(words.split_whitespace()).output().expect("it runs");
    let found = run("simulate otr_half --seeds 50 -n 3..4 --faults loss,split --instances 7");
    let printed = String::from_utf8_lossy(&found.stdout);
    let line = printed.lines().find_map(|line| line.strip_prefix("reproduce: heardof ")).expect("a run fails");
    assert!(line.ends_with(" -n 3..4 --instances 7 --faults loss,split"), "{line}");
    let again = run(line);
    assert_eq!(again.status.code(), Some(1), "{line}");
    assert!(String::from_utf8_lossy(&again.stdout).contains("PROPERTY: instance "), "{line}");
}
