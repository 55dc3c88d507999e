//! Algorithms for corrupted messages and Byzantine processes: right thresholds hold, wrong ones do not, and the runs that show it are
//! as calm as can be and are runs of the compiled algorithm.

use heardof_algorithms::{Ate, ByzantineBenOr, Ute};
use heardof_check::{CheckError, Options, Report, check};
use heardof_core::ir::sorts::infer;
use heardof_core::ir::text::parse_functions;
use heardof_core::ir::{Algorithm, Kind};
use heardof_core::machine::{Interpreted, Machine, Native};
use heardof_core::{Datum, Described, describe};
use std::ops::RangeInclusive;

/// The algorithm with another constraint on n and its parameters.
fn constrained<P: Described>(constraint: &str) -> Interpreted {
    let mut a: Algorithm = describe::<P>().expect("every algorithm of the library has a description");
    for spec in a.specs.iter_mut().filter(|s| s.kind == Kind::Resilience) {
        spec.function = parse_functions(&format!("(fn {} (n p) {constraint})", spec.name)).expect("a function").remove(0);
    }
    infer(&mut a).expect("the text has sorts");
    Interpreted::new(a)
}

fn native<P: Described>() -> Box<dyn Machine> {
    Box::new(Native::<P>::new().expect("every algorithm of the library has a description"))
}

fn options(n: RangeInclusive<usize>, liveness: bool) -> Options {
    Options { n: Some(n), liveness, goals_only: true, threads: 2, ..Options::default() }
}

fn report(machine: &dyn Machine, options: &Options) -> Report {
    check(machine, options, &|_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// More than E equal messages, 2E ≥ n + 2α, and more than T messages, T ≥ 2 (n + 2α − E): what safety needs.
const SAFE: &str = "(op && (op == (field p alpha) ALPHA) (op && (op >= (op * 2 (field p e)) (op + n (op * 2 (field p alpha)))) \
    (op >= (op + (field p t) (op * 2 (field p e))) (op * 2 (op + n (op * 2 (field p alpha)))))))";

#[test]
fn right_thresholds_are_safe() {
    for (alpha, n) in [("0", 3..=5), ("1", 4..=5)] {
        let machine = constrained::<Ate<u8>>(&SAFE.replace("ALPHA", alpha));
        let report = report(&machine, &options(n, false));
        assert!(report.holds(), "α = {alpha}: {:?}", report.violations);
    }
}

#[test]
fn the_first_fault_is_reached_unasked() {
    for (machine, sizes) in [(native::<Ate<u8>>(), 3..=7), (native::<Ute<u8>>(), 2..=6), (native::<ByzantineBenOr>(), 1..=6)] {
        let report = report(&*machine, &Options { threads: 2, ..Options::default() });
        let name = &machine.algorithm().name;
        assert!(report.holds(), "{name}: {:?}", report.violations);
        let found: Vec<usize> = report.figures.iter().map(|f| f.n).collect();
        assert!(sizes.clone().all(|n| found.contains(&n)) && found.iter().all(|n| sizes.contains(n)), "{name}: {found:?}");
        assert!(report.notes.iter().any(|note| note.starts_with("forged messages are drawn from")), "{:?}", report.notes);
    }
}

/// The constraint that lets in what is wrong, n, and the property that fails.
#[test]
fn wrong_thresholds_are_found_and_the_runs_replay() {
    let low = "(op && (op == (field p alpha) 1) (op && (op >= (op * 2 (field p e)) n) (op == (op + (field p t) 1) n)))";
    let few = "(op && (op == (field p alpha) 1) (op && (op == (field p e) 2) (op == (field p t) 2)))";
    for (constraint, n, property) in [(low, 3, "agreement"), (few, 4, "agreement")] {
        let machine = constrained::<Ate<u8>>(constraint);
        let report = report(&machine, &options(n..=n, false));
        let found = report.violations.iter().find(|v| v.property == property);
        let run = &found.unwrap_or_else(|| panic!("{constraint}: {:?}", report.violations)).run;
        assert!(run.altered() > 0, "{run:?}");
        assert_eq!(run.replay(&*native::<Ate<u8>>()), Ok(()));
        // Without what was altered it is another run.
        let mut calm = run.clone();
        calm.rounds.iter_mut().for_each(|round| round.forged.iter_mut().for_each(|forged| *forged = Default::default()));
        assert!(calm.replay(&*native::<Ate<u8>>()).is_err());
    }
}

#[test]
fn too_few_correct_processes_are_found_and_the_runs_replay() {
    let machine = constrained::<ByzantineBenOr>("(op == (field p t) 1)");
    let report = report(&machine, &options(5..=5, false));
    let found = report.violations.iter().find(|v| v.property == "unanimity").unwrap_or_else(|| panic!("{:?}", report.violations));
    assert_eq!((found.run.byzantine.len(), found.run.altered()), (1, 0));
    assert_eq!(found.run.replay(&*native::<ByzantineBenOr>()), Ok(()));
}

#[test]
fn too_many_forged_messages_are_refused() {
    let machine = native::<Ate<u64>>();
    let values = heardof_check::Values::Fixed(65);
    let one = |n: usize| Options { values, parameters: vec![("alpha".into(), Datum::Nat(1))], ..options(n..=n, false) };
    let error = check(&*machine, &one(7), &|_| {}).expect_err("65 values");
    assert!(matches!(error, CheckError::TooLarge { .. }), "{error}");
    let words =
        "forged messages of round Exchange with n = 7: 65 values of u64, and at most 64 are enumerated; lower -n, --values or --phases";
    assert_eq!(error.to_string(), words);
}
