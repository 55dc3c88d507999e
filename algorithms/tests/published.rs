//! The wrong variants are test data: each must have a text that the tools can read, be known by name, and say in a line what is wrong.

use heardof::cli::Registry;
use heardof::prelude::Set;
use heardof_algorithms::published::{self, *};
use heardof_check::{Options, check, induction};
use heardof_core::ir::Algorithm;
use heardof_core::machine::Moment;
use heardof_core::mailbox::Mailbox;
use heardof_core::{Datum, Described, Phase, Pid, Sort, describe};
use not_tested::not_tested;
use std::cell::Cell;
use std::process::Command;

#[path = "../../crates/prove/tests/support/not_tested.rs"]
mod not_tested;

fn described<P: Described>() -> Algorithm {
    describe::<P>().unwrap_or_else(|error| panic!("{error}"))
}

/// Every variant: its description, its name on the command line, the rounds of a phase.
#[test]
fn each_has_a_description() {
    let table: [(Algorithm, &str, usize); 17] = [
        (described::<AteLowThreshold<u64>>(), "ate_low_threshold", 1),
        (described::<BenOrSilentHeard>(), "ben_or_silent_heard", 2),
        (described::<BenOrTwoVotes>(), "ben_or_two_votes", 2),
        (described::<ByzantineBenOrLemma8>(), "byzantine_ben_or_lemma8", 2),
        (described::<KSetFloodMinEarly<u64>>(), "k_set_flood_min_early", 1),
        (described::<LastVotingAnyValue<u64>>(), "last_voting_any_value", 4),
        (described::<LastVotingDeafFollowers<u64>>(), "last_voting_deaf_followers", 4),
        (described::<LastVotingForgetsTimestamp<u64>>(), "last_voting_forgets_timestamp", 4),
        (described::<LastVotingNoMajority<u64>>(), "last_voting_no_majority", 4),
        (described::<LastVotingPublished<u64>>(), "last_voting_published", 4),
        (described::<LatticeAgreementHalf<Set<u64>>>(), "lattice_agreement_half", 1),
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

/// The name, how it is found (with `--induction` or without), the smallest n, and what breaks there.
const FOUND: [(&str, bool, usize, &str); 15] = [
    ("ben_or_silent_heard", false, 3, "agreement"),
    ("ben_or_two_votes", false, 3, "agreement"),
    ("k_set_flood_min_early", false, 2, "agreement"),
    ("last_voting_any_value", false, 3, "agreement"),
    ("last_voting_deaf_followers", false, 2, "termination"),
    ("last_voting_forgets_timestamp", false, 2, "agreement"),
    ("last_voting_no_majority", false, 3, "agreement"),
    ("last_voting_published", true, 1, "safety_invariant"),
    ("lattice_agreement_half", false, 2, "comparability"),
    ("otr_forgetful_stage", true, 2, "agreement"),
    ("otr_vacuous", false, 1, "good_round"),
    ("otr_weak_most_often", false, 4, "agreement"),
    ("short_last_voting_slow", false, 2, "termination"),
    ("two_phase_commit_published", true, 2, "published"),
    ("two_phase_commit_timeout", false, 1, "unanimity"),
];

/// What takes more processes than any tool reaches; a test of its own runs the counterexample.
const OUT_OF_REACH: [&str; 1] = ["ate_low_threshold"];
/// The name, the condition that the prover refutes, and the n of the counterexample: out of reach of the checker.
const REFUTED: [(&str, &str, usize); 1] = [("byzantine_ben_or_lemma8", "inductive/Report/lemma_8", 11)];
/// The same of what the checker finds, too.
const REFUTED_TOO: [(&str, &str, usize); 2] =
    [("k_set_flood_min_early", "property/Flood/agreement", 2), ("lattice_agreement_half", "inductive/Propose/ordered", 2)];

/// Every published error that the checker reaches is found, at the smallest n at which it shows.
#[test]
fn each_is_refuted() {
    let registry = published::register(Registry::new());
    for (name, by_induction, n, property) in FOUND {
        let entry = registry.find(name).unwrap_or_else(|error| panic!("{error}"));
        let options = Options { n: Some(1..=n), threads: 2, ..Options::default() };
        let violations = if by_induction {
            induction(&*entry.machine, &options, &|_, _| ()).map(|report| report.violations)
        } else {
            check(&*entry.machine, &options, &|_| ()).map(|report| report.violations)
        };
        let violations = violations.unwrap_or_else(|error| panic!("{name}: {error}"));
        let found: Vec<(usize, &str)> = violations.iter().map(|v| (v.run.n, v.property.as_str())).collect();
        assert!(found.contains(&(n, property)), "{name}: {found:?}");
    }
    let mut named: Vec<&str> = FOUND.iter().map(|(name, ..)| *name).chain(REFUTED.map(|(name, ..)| name)).chain(OUT_OF_REACH).collect();
    named.sort_unstable();
    assert_eq!(named, registry.entries().iter().map(|e| e.name.as_str()).collect::<Vec<_>>());
}

/// With Byzantine processes, a counterexample may need more of them than can be enumerated; the prover finds it.
#[test]
fn what_takes_many_processes_is_refuted_by_the_prover() {
    for (name, condition, n) in REFUTED.into_iter().chain(REFUTED_TOO) {
        let run = Command::new(env!("CARGO_BIN_EXE_heardof")).args(["prove", name, "--only", condition]).output();
        let run = run.unwrap_or_else(|error| panic!("{error}"));
        if run.status.code() == Some(2) {
            return not_tested(String::from_utf8_lossy(&run.stderr));
        }
        let said = String::from_utf8_lossy(&run.stdout);
        assert_eq!(run.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("a counterexample with n = {n}, below")), "{said}");
    }
}

/// The published invariant of LastVoting breaks in three of the four rounds.
#[test]
fn the_published_invariant_breaks_in_three_rounds() {
    let registry = published::register(Registry::new());
    let entry = registry.find("last_voting_published").unwrap_or_else(|error| panic!("{error}"));
    let report = induction(&*entry.machine, &Options { n: Some(2..=2), threads: 2, ..Options::default() }, &|_, _| ());
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    for (before, after) in [("Propose", "Acknowledge"), ("Acknowledge", "Decide"), ("Decide", "Collect")] {
        let said = format!("the invariants hold before {before}; `safety_invariant` does not hold before {after}");
        assert!(report.violations.iter().any(|v| v.explanation == said), "{said}: {:?}", report.violations);
    }
}

/// T lowered by α: with α ≤ 2 nothing breaks, and α = 3 leaves room for T = E = 11 from n = 12 on, which is out of reach of `check` and
/// takes `prove` too long. In one round p0 decides 1, thanks to three forged messages, and the others, who hear six of each, take 0, the
/// smaller one; in the next round they decide it.
#[test]
fn a_threshold_lowered_by_alpha_breaks_agreement_with_twelve_processes() {
    const N: usize = 12;
    let registry = published::register(Registry::new());
    let machine = &registry.find("ate_low_threshold").unwrap_or_else(|error| panic!("{error}")).machine;
    let parameters = parsed("Thresholds { t: 11, e: 11, alpha: 3 }", &machine.algorithm().parameters);
    let states: Vec<Datum> = (0..N).map(|p| state(machine.algorithm(), u64::from(p < 9), None)).collect();
    // What a process hears: so many ones, the rest zeros, differing from what was sent in at most α messages.
    let heard = |sent_ones: usize, ones: usize| -> Mailbox<Datum> {
        assert!(sent_ones.abs_diff(ones) <= 3);
        Pid::all(N).map(|q| (q, Datum::Nat(u64::from(q.index() < ones)))).collect()
    };
    let step = |p: usize, round: usize, before: &Datum, mailbox: Mailbox<Datum>| {
        let (id, phase, drew) = (Pid::new(p), Phase::new(round), Cell::new(false));
        let at = Moment { id, n: N, round, phase, coordinator: id, parameters: &parameters, coin: false, request: None, drew };
        machine.update(0, before, &mailbox, &at).unwrap_or_else(|stuck| panic!("{stuck}"))
    };
    let after: Vec<Datum> = (0..N).map(|p| step(p, 0, &states[p], heard(9, if p == 0 { 12 } else { 6 }))).collect();
    assert_eq!(after[0], state(machine.algorithm(), 1, Some(1)));
    assert!(after[1..].iter().all(|s| *s == state(machine.algorithm(), 0, None)));
    let end = step(1, 1, &after[1], heard(1, 0));
    assert_eq!(end, state(machine.algorithm(), 0, Some(0)));
}

fn state(algorithm: &Algorithm, x: u64, decision: Option<u64>) -> Datum {
    parsed(&format!("AteLowThreshold {{ x: {x}, decision: {decision:?} }}"), &algorithm.state)
}

fn parsed(text: &str, sort: &Sort) -> Datum {
    Datum::parse(text, sort).unwrap_or_else(|error| panic!("{text}: {error}"))
}
