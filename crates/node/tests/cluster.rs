//! Whole clusters under loss, delay, reordering, duplicates and kills, for hundreds of seeds: every survivor decides the same proposed
//! value, every run is an execution of the lock-step model, and no round is left while it says `Block`.

mod support;

use heardof::core::spec::Specified;
use heardof::core::{Datum, Pid, Value};
use heardof_algorithms::flood_min::Crashes;
use heardof_algorithms::last_voting::Leader;
use heardof_algorithms::two_phase_commit::Manager;
use heardof_algorithms::{BenOr, FloodMin, LastVoting, OneThirdRule, TwoPhaseCommit};
use support::{Faults, MS, Virtual};

/// One run with everything checked; the cluster, for what is particular.
fn run<P: Specified>(inputs: &[P::Input], parameters: P::Parameters, faults: &Faults, seed: u64) -> Virtual<P> {
    let case = format!("seed {seed}, {faults:?}");
    let mut cluster = Virtual::<P>::new(inputs, parameters, faults.clone(), seed);
    cluster.run(600_000 * MS);
    let decision = cluster.decision(&case);
    if inputs[0].to_datum() != Datum::Unit {
        let proposed = inputs.iter().any(|v| Datum::some(v.to_datum()) == decision);
        assert!(proposed, "{case}: {decision} was proposed");
    }
    let replay = cluster.replay();
    assert_eq!(replay.mismatches, [], "{case}");
    assert!(replay.process_rounds > 0, "{case}");
    assert_eq!(cluster.counters().map(|c| c.left_below_ready + c.panics + c.messages_malformed).sum::<u64>(), 0, "{case}");
    cluster
}

fn faults(seed: u64, kills: &[(usize, u64)]) -> Faults {
    let loss = [0, 10, 30, 40][seed as usize % 4];
    let delay = [MS, 20 * MS, 80 * MS][seed as usize % 3];
    Faults { loss, duplicates: 10, delay, grace: seed % 5 * 5 * MS, kills: kills.to_vec() }
}

#[test]
fn one_third_rule_decides_with_one_of_four_killed() {
    for seed in 0..300 {
        let kills = [(seed as usize % 4, seed % 7 * 20 * MS)];
        run::<OneThirdRule<u64>>(&[3, 1, 2, 1], (), &faults(seed, &kills), seed);
    }
}

#[test]
fn ben_or_never_leaves_a_round_below_a_majority() {
    let mut blocked = 0;
    for seed in 0..300 {
        let kills = [(seed as usize % 5, seed % 5 * 30 * MS), (seed as usize / 5 % 5, 90 * MS)];
        let kills = if seed % 3 == 0 { &kills[..] } else { &kills[..1] };
        let cluster = run::<BenOr>(&[true, false, true, false, seed % 2 == 0], (), &faults(seed, kills), seed);
        let replay = cluster.replay();
        let majority = &replay.predicates[0];
        assert_eq!((majority.name, majority.checked), ("majority", replay.rounds), "seed {seed}");
        assert!(majority.violated.is_empty(), "seed {seed}: {:?}", majority.violated);
        blocked += cluster.counters().map(|c| c.pulls_out).sum::<u64>();
    }
    assert!(blocked > 1000, "rounds were blocked and messages asked for: {blocked}");
}

#[test]
fn last_voting_decides_without_its_first_coordinator() {
    for seed in 0..200 {
        let kills = [(0, seed % 4 * 20 * MS)];
        let leader = Leader { first: Pid::new(0), shortcut: seed % 2 == 0 };
        run::<LastVoting<u64>>(&[5, 6, 7][..], leader, &faults(seed, &kills), seed);
    }
}

#[test]
fn flood_min_is_right_where_its_assumption_holds() {
    let mut rounds = 0;
    for seed in 0..100 {
        let calm = Faults { loss: 0, duplicates: 10, delay: 10 * MS, grace: 50 * MS, kills: vec![(1, seed % 40 * MS)] };
        let cluster = run::<FloodMin<u64>>(&[3, 1, 2, 4], Crashes { f: 1 }, &calm, seed);
        let crashes = &cluster.replay().predicates[0];
        assert_eq!((crashes.name, &crashes.violated[..]), ("crashes", &[][..]), "seed {seed}");
        rounds += crashes.checked;
    }
    assert!(rounds >= 200, "two rounds a run: {rounds}");
}

#[test]
fn two_phase_commit_agrees() {
    for seed in 0..200 {
        let mild = Faults { loss: seed % 20, duplicates: 5, delay: 10 * MS, grace: 5 * MS, kills: vec![] };
        let manager = Manager { manager: Pid::new(0) };
        let mut cluster = Virtual::<TwoPhaseCommit>::new(&[true, true, seed % 4 > 0], manager, mild, seed);
        cluster.run(60_000 * MS);
        let all: Vec<&Datum> = cluster.processes.iter().filter_map(|p| p.decisions.last()).collect();
        assert!(all.iter().all(|d| *d == all[0]), "seed {seed}: {all:?}");
        assert!(seed % 4 > 0 || *all[0] == Datum::some(Datum::Bool(false)), "seed {seed}: one voted no");
        assert_eq!(cluster.replay().mismatches, [], "seed {seed}");
    }
}

#[test]
fn a_run_is_determined_by_its_seed() {
    for seed in [1, 2, 3] {
        let once = || {
            let mut cluster = Virtual::<BenOr>::new(&[true, false, true, false, true], (), faults(seed, &[(0, 50 * MS)]), seed);
            cluster.run(600_000 * MS);
            (cluster.now, cluster.processes.iter().map(|p| p.text.clone()).collect::<Vec<_>>())
        };
        assert_eq!(once(), once(), "seed {seed}");
    }
}

#[test]
fn thirty_one_processes_decide() {
    let inputs: Vec<u64> = (0..31).map(|k| k % 3).collect();
    for seed in 0..5 {
        run::<OneThirdRule<u64>>(&inputs, (), &faults(seed, &[(7, 0), (9, 30 * MS)]), seed);
    }
}
