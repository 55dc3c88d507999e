//! Corrupted messages and Byzantine processes: the checker against its twin, which tries every way to forge every message.

use super::twin::parameters;
use super::{Case, compare, function, options, run};
use heardof_algorithms::{Ate, ByzantineBenOr, FloodMin, LastVoting, TwoPhaseCommit, Ute};
use heardof_check::induction;
use heardof_core::ir::sorts::infer;
use heardof_core::ir::{Algorithm, Kind};
use heardof_core::machine::Interpreted;
use heardof_core::{Described, describe};
use std::collections::BTreeSet;

/// An algorithm under these faults, where the constraint on parameters is another one: few processes have no room for a fault otherwise.
fn with<P: Described>(faults: &str, constraint: &str, counts_rounds: bool, keeps_kernel: bool) -> Case {
    let mut a: Algorithm = describe::<P>().expect("every algorithm of the library has a description");
    if !faults.is_empty() {
        a.faults = Some(function(&format!("(fn faults (p) (variant Faults::{faults}))")));
    }
    for spec in a.specs.iter_mut().filter(|s| s.kind == Kind::Resilience && !constraint.is_empty()) {
        spec.function = function(&format!("(fn {} (n p) {constraint})", spec.name));
    }
    infer(&mut a).expect("the text has sorts");
    Case { machine: Box::new(Interpreted::new(a)), counts_rounds, keeps_kernel, first_belongs: true, phases: 1 }
}

const ONE_ALTERED: &str = "Value ((at_most 1))";
const ONE_BYZANTINE: &str = "Byzantine ((at_most 1))";

/// The case, the largest n, and whether liveness is looked at.
fn cases() -> Vec<(Case, usize, bool)> {
    let alpha = "(op == (field p alpha) 1)";
    let tight = "(op && (op == (field p alpha) 1) (op && (op == (field p e) 2) (op == (field p t) 1)))";
    let two = "(op && (op == (field p alpha) 2) (op == (field p e) (field p t)))";
    vec![
        (with::<Ate<u8>>("", alpha, false, false), 2, true),
        (with::<Ate<u8>>("", two, false, false), 2, true),
        (with::<Ate<u8>>("", tight, false, false), 3, false),
        (with::<Ute<u8>>("", alpha, false, false), 2, true),
        (with::<ByzantineBenOr>("", "(op == (field p t) 1)", false, false), 3, false),
        // Who is silent may be heard to say something.
        (with::<TwoPhaseCommit>(ONE_ALTERED, "", false, false), 2, true),
        (with::<LastVoting<u8>>(ONE_ALTERED, "", true, false), 2, false),
        (with::<FloodMin<u8>>(ONE_ALTERED, "", true, true), 2, false),
        (with::<FloodMin<u8>>(ONE_BYZANTINE, "", true, true), 2, false),
    ]
}

#[test]
fn verdicts_under_faults_are_those_of_brute_force() {
    let mut all = vec![];
    for (case, last, liveness) in cases() {
        for n in 1..=last {
            let name = &case.machine.algorithm().name;
            if !parameters(&*case.machine, n, 2, case.phases).is_empty() {
                all.extend(compare(&case, &*case.machine, n, liveness).into_iter().map(|d| format!("{name} n={n}: {d}")));
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn states_and_assignments_under_faults_are_those_of_brute_force() {
    let mut violated = BTreeSet::new();
    for (case, last, _) in cases() {
        let name = case.machine.algorithm().name.clone();
        for n in 1..=last {
            let all = parameters(&*case.machine, n, 2, case.phases);
            if all.is_empty() {
                continue;
            }
            let plain = run(&*case.machine, &options(n, case.phases, false, false)).expect(&name);
            for d in all {
                let starts = case.starts(&*case.machine, n, &d);
                let each = starts.iter().flat_map(|(twin, worlds)| worlds.iter().map(|w| twin.reach(w.clone())));
                let mut sums = (0, 0);
                for reached in each {
                    sums = (sums.0 + reached.worlds.len() as u64, sums.1 + reached.assignments);
                    violated.extend(reached.violated.into_iter().map(|property| format!("{name}: {property}")));
                }
                let found = plain.figures.iter().find(|f| f.parameters == d).map(|f| (f.states, f.assignments));
                assert_eq!(found, Some(sums), "{name} n={n} {d}");
            }
        }
    }
    // Else nothing was forged.
    for wanted in ["ate: agreement", "ute: agreement", "byzantine_ben_or: unanimity", "two_phase_commit: unanimity"] {
        assert!(violated.contains(wanted), "{wanted} is not among {violated:?}");
    }
}

#[test]
fn induction_under_faults_is_that_of_brute_force() {
    for (case, ..) in cases().into_iter().take(2).chain(cases().into_iter().skip(3).take(2)) {
        let a = case.machine.algorithm();
        let all = parameters(&*case.machine, 2, 2, case.phases);
        let each = all.iter().flat_map(|d| case.starts(&*case.machine, 2, d)).map(|(twin, _)| twin.induction(2));
        let expected: BTreeSet<String> = each.fold(BTreeSet::new(), |x, y| &x | &y);
        for reduce in [false, true] {
            let found = induction(&*case.machine, &options(2, case.phases, reduce, false), &|_, _| {}).expect(&a.name);
            let about_safety = |property: &String| a.spec(property).is_some_and(|s| matches!(s.kind, Kind::Invariant(_) | Kind::Property));
            let found: BTreeSet<String> = found.violations.into_iter().map(|v| v.property).filter(about_safety).collect();
            assert_eq!(found, expected, "{} reduce={reduce}", a.name);
        }
    }
}
