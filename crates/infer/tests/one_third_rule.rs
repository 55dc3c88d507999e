//! One-Third Rule from its text alone, end to end: the invariants that the properties need, proved for every n.
//!
//! Needs z3; without it nothing is tested, which is said.

use heardof_algorithms::OneThirdRule;
use heardof_core::describe::describe;
use heardof_core::ir::{Algorithm, Node};
use heardof_infer::candidate::source;
use heardof_infer::{InferError, Report, Settings, infer};
use heardof_prove::solver::Choice;
use not_tested::not_tested;
use std::time::Duration;

#[path = "../../prove/tests/support/not_tested.rs"]
mod not_tested;

fn report(algorithm: &Algorithm, budget: u64) -> Option<Report> {
    let settings =
        Settings { solver: Choice::Z3, seed: 0, threads: 2, condition: Duration::from_secs(10), budget: Duration::from_secs(budget) };
    match infer(algorithm, &settings, &|_| {}) {
        Ok(report) => Some(report),
        Err(InferError::Solver(error)) => {
            not_tested(error);
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn agreement_rests_on_a_quorum_and_validity_on_inputs() {
    let algorithm = describe::<OneThirdRule<u64>>().expect("it has a description");
    let Some(report) = report(&algorithm, 120) else { return };
    assert_eq!(report.deleted, ["locked", "from_inputs"]);
    assert!(report.holds(), "{:?}", report.properties);
    let properties: Vec<&str> = report.properties.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(properties, ["agreement", "validity", "irrevocability"]);
    let text = report.invariants.iter().map(source).collect::<Vec<_>>().join("\n");
    assert!(text.contains("> 2 * s.n()"), "no agreement without a quorum:\n{text}");
    assert!(text.contains("s.exists(|j| s[i].x == s.initially(j).x)"), "no validity without inputs:\n{text}");
    assert!(report.invariants.len() <= 5, "a person reads a few lines:\n{text}");
}

#[test]
fn what_does_not_hold_is_not_proved() {
    let mut algorithm = describe::<OneThirdRule<u64>>().expect("it has a description");
    // A third of the messages instead of two thirds: two values can both have so many.
    algorithm.rounds[0].update.body.as_mut().expect("it has a text").walk_mut(&mut |e| {
        if e.node == Node::Nat(3) {
            e.node = Node::Nat(6);
        }
    });
    let Some(report) = report(&algorithm, 10) else { return };
    assert!(!report.holds());
    let open: Vec<&str> = report.properties.iter().filter(|p| !p.missing.is_empty()).map(|p| p.name.as_str()).collect();
    assert!(open.contains(&"agreement"), "{:?}", report.properties);
    assert!(!open.contains(&"validity"), "{:?}", report.properties);
}
