//! The mutants of the algorithms: which n kill those of One-Third Rule, and that every survivor of any has a written reason.

use heardof_algorithms::registry;
use heardof_check::mutants::{Judgement, Matrix, MatrixOptions, Reasons, generate, judge_goals, run_matrix};
use heardof_core::ir::Algorithm;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// How far each algorithm is judged here; `heardof mutants` goes further.
const SIZES: [(&str, RangeInclusive<usize>); 8] = [
    ("one_third_rule", 1..=5),
    ("last_voting", 1..=3),
    ("uniform_voting", 1..=3),
    ("ben_or", 1..=3),
    ("flood_min", 1..=4),
    ("two_phase_commit", 1..=4),
    ("ate", 1..=7),
    ("ute", 1..=6),
];

/// Mutants that die only beyond these sizes, and where first.
const LATER: [(&str, &str, usize); 9] = [
    ("one_third_rule", "Exchange.update/threshold#1: 2/3 to 1/2", 7),
    ("last_voting", "Collect.update/constant#1: 2 to 3", 5),
    ("last_voting", "Acknowledge.update/constant#1: 2 to 3", 5),
    ("ben_or", "Report.update/constant#1: 2 to 3", 5),
    ("ben_or", "Report.update/constant#2: 2 to 3", 5),
    ("ben_or", "Report.update/compare#1+#2: > to >=", 4),
    ("ben_or", "Vote.update/constant#1: 2 to 3", 5),
    ("ben_or", "Vote.update/constant#2: 2 to 3", 5),
    ("byzantine_ben_or", "Report.update/compare#1+#2: > to >=", 7),
];

/// The n in 1..9 that kill these mutants of One-Third Rule.
const ONE_THIRD_RULE: [(&str, &[usize]); 8] = [
    ("Exchange.update/threshold#1: 2/3 to 1/2", &[7]),
    ("Exchange.update/threshold#2: 2/3 to 1/2", &[5, 7, 8, 9]),
    ("Exchange.update/threshold#1+#2: 2/3 to 1/2", &[3, 5, 6, 7, 8, 9]),
    ("Exchange.update/compare#1: > to >=", &[]),
    ("Exchange.update/compare#2: > to >=", &[]),
    ("Exchange.update/compare#1+#2: > to >=", &[3, 6, 9]),
    ("Exchange.update/assignment#2: drop", &[2, 3, 4, 5, 6, 7, 8, 9]),
    ("Exchange.update/mailbox#1: most_often to largest", &[]),
];

fn algorithm(name: &str) -> Algorithm {
    let registry = registry();
    let entry = registry.entries().iter().find(|e| e.name == name).unwrap_or_else(|| panic!("no {name}"));
    entry.machine.algorithm().clone()
}

fn matrix(name: &str, n: RangeInclusive<usize>, only: Option<&str>, every_n: bool) -> Matrix {
    let options = MatrixOptions { n, only: only.map(String::from), every_n, threads: 2, progress: None };
    run_matrix(&algorithm(name), &options, &|mutant, n| judge_goals(mutant, n, None))
}

#[test]
fn one_third_rule_dies_where_it_is_known_to() {
    for (id, expected) in ONE_THIRD_RULE {
        let matrix = matrix("one_third_rule", 1..=9, Some(id), true);
        let [row] = matrix.rows.as_slice() else { panic!("{id}: {} mutants", matrix.rows.len()) };
        assert!(row.undecided.is_empty(), "{id}: {:?}", row.undecided);
        assert_eq!(row.kills.iter().map(|k| k.n).collect::<Vec<_>>(), expected, "{id}");
    }
}

#[test]
fn never_updating_is_safe_but_not_live() {
    let matrix = matrix("one_third_rule", 1..=6, Some("Exchange.update/assignment#2: drop"), true);
    assert!(matrix.rows[0].kills.iter().all(|k| k.by == "termination"), "{:?}", matrix.rows[0].kills);
}

#[test]
fn every_algorithm_has_25_mutants() {
    for (name, _) in SIZES {
        let mutants = generate(&algorithm(name)).len();
        assert!(mutants >= 25, "{name}: {mutants}");
    }
}

#[test]
fn survivors_have_reasons_and_reasons_survivors() {
    for (name, n) in SIZES {
        let reasons = Reasons::parse(registry().reasons(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let matrix = matrix(name, n, None, false);
        let survivors = reasons.pair(&matrix);
        let undecided: Vec<&str> = matrix.rows.iter().filter(|r| !r.undecided.is_empty()).map(|r| r.id.as_str()).collect();
        assert!(undecided.is_empty(), "{name}: undecided: {undecided:?}");
        assert!(survivors.stale.is_empty(), "{name}: reasons without a survivor: {:?}", survivors.stale);
        let unexplained: BTreeSet<&str> = survivors.unexplained.iter().map(String::as_str).collect();
        let later: BTreeSet<&str> = LATER.iter().filter(|(of, ..)| *of == name).map(|(_, id, _)| *id).collect();
        assert_eq!(unexplained, later, "{name}: survivors without a reason, and those that die later");
    }
}

#[test]
fn some_die_later() {
    for (name, id, n) in LATER {
        let mutants = generate(&algorithm(name));
        let mutant = mutants.iter().find(|m| m.id == id).unwrap_or_else(|| panic!("{name}: no {id}"));
        let judgement = judge_goals(&mutant.algorithm, n, None);
        assert!(matches!(judgement, Judgement::Killed { .. }), "{name}: {id} at n = {n}: {judgement:?}");
    }
}
