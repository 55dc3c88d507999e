//! Hypotheses that contradict each other are found, whatever was proved from them; those of the catalogue never do.

use heardof_algorithms::published::OtrVacuous;
use heardof_core::describe::describe;
use heardof_prove::condition::{Condition, Hypothesis, Kind, Problem};
use heardof_prove::lower::lower;
use heardof_prove::prove::Settings;
use heardof_prove::smtlib::read;
use heardof_prove::solver::{Choice, locate};
use heardof_prove::vacuity::{Consistency, consistency};
use not_tested::not_tested;
use std::time::Duration;

#[path = "support/not_tested.rs"]
mod not_tested;

fn settings() -> Settings {
    Settings { solver: Choice::Z3, seed: 0, timeout: Duration::from_secs(60), threads: 1 }
}

/// A problem with one condition whose hypotheses are the assertions of a text.
fn problem(text: &str) -> Problem {
    let script = read(text).expect("the text is read");
    let (mut terms, assertions) = (script.terms, script.assertions);
    let hypotheses = assertions.iter().map(|a| Hypothesis { label: "invariant".into(), formula: a.formula }).collect();
    let goal = terms.bool(false);
    let condition = Condition { name: "inductive/R/i".into(), kind: Kind::Inductive, hypotheses, goal, steps: vec![] };
    Problem { terms, conditions: vec![condition], assumed: vec![], uncovered: vec![] }
}

const SYMBOLS: &str = "(declare-sort Pid 0)(define-fun n () Int (set.card (as set.universe (Set Pid))))(declare-fun HO (Pid) (Set Pid))\
    (declare-fun mailbox (Pid) (Set Pid))(declare-fun x (Pid) Int)(declare-fun pair (Pid) Int)(declare-fun first (Int) Int)";

#[test]
fn contradictions_are_found() {
    if let Err(error) = locate(&Choice::Z3) {
        return not_tested(error);
    }
    for (what, text, expected) in [
        ("a link of mailbox and heard-of sets", "(assert (forall ((p Pid)) (= (mailbox p) (HO p))))", Consistency::Satisfied(1)),
        (
            "a link that implies perfect delivery, where something is lost",
            "(assert (forall ((p Pid) (q Pid)) (set.member q (mailbox p))))
             (assert (forall ((p Pid)) (= (mailbox p) (HO p))))
             (assert (exists ((p Pid)) (< (set.card (HO p)) n)))",
            Consistency::Contradictory,
        ),
        ("axioms of a tuple", "(assert (forall ((p Pid)) (= (first (pair p)) (x p))))", Consistency::Satisfied(1)),
        (
            "axioms of a tuple that give its first part two values",
            "(assert (forall ((p Pid)) (= (first (pair p)) (x p))))
             (assert (forall ((p Pid)) (= (first (pair p)) (+ (x p) 1))))",
            Consistency::Contradictory,
        ),
        (
            "two disjoint majorities",
            "(assert (exists ((p Pid) (q Pid)) (and (< n (* 2 (set.card (HO p)))) (< n (* 2 (set.card (HO q)))) \
             (= (set.inter (HO p) (HO q)) (as set.empty (Set Pid))))))",
            Consistency::Contradictory,
        ),
        // A model needs more processes than are tried at first.
        ("four processes", "(assert (exists ((p Pid)) (< 3 (set.card (HO p)))))", Consistency::Satisfied(4)),
    ] {
        let found = consistency(&problem(&format!("{SYMBOLS}{text}")), &settings()).expect("the solver answers");
        assert_eq!(found, [expected], "{what}");
    }
}

/// The third known case: a liveness predicate that nothing satisfies. Only what is proved from it is vacuous.
#[test]
fn a_liveness_predicate_that_nothing_satisfies_is_vacuous() {
    if let Err(error) = locate(&Choice::Z3) {
        return not_tested(error);
    }
    let problem = lower(&describe::<OtrVacuous<u64>>().expect("it has a text"));
    let found = consistency(&problem, &settings()).expect("the solver answers");
    let vacuous: Vec<&str> = problem
        .conditions
        .iter()
        .zip(&found)
        .filter(|(_, answer)| !matches!(answer, Consistency::Satisfied(_)))
        .map(|(condition, answer)| {
            assert_eq!(*answer, Consistency::Contradictory, "{}", condition.name);
            condition.name.as_str()
        })
        .collect();
    let stages = ["liveness/1/Exchange/all_equal", "liveness/2/Exchange/all_decided.1"];
    assert!(stages.iter().all(|stage| vacuous.contains(stage)), "{vacuous:?}");
    assert!(vacuous.iter().all(|name| name.contains("/Exchange/") && name.starts_with("liveness/")), "{vacuous:?}");
}

/// No condition of the catalogue is proved from hypotheses that nothing satisfies.
#[test]
fn nothing_in_the_catalogue_is_vacuous() {
    if let Err(error) = locate(&Choice::Z3) {
        return not_tested(error);
    }
    let registry = heardof_algorithms::registry();
    for entry in registry.right() {
        let problem = lower(entry.machine.algorithm());
        let found = consistency(&problem, &settings()).expect("the solver answers");
        for (condition, answer) in problem.conditions.iter().zip(&found) {
            assert!(matches!(answer, Consistency::Satisfied(_)), "{} {}: {answer:?}", entry.name, condition.name);
        }
    }
}
