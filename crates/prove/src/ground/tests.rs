//! What must be proved, and what must not.

use super::needed::{contradiction, needed};
use super::{Engine, Options, Outcome, Why};
use crate::clause::Clauses;
use crate::not_tested::not_tested;
use crate::smtlib;
use crate::solver::{self, Choice, Solver};
use crate::term::{Term, Terms};
use std::time::Duration;

/// The outcome of the engine on SMT-LIB assertions about processes `Pid`; `None` on a machine without a solver.
fn proved(assertions: &str) -> Option<bool> {
    Some(matches!(run(assertions)?.outcome, Outcome::Proved(_)))
}

/// A run that has ended.
struct Run {
    terms: Terms,
    clauses: Clauses,
    outcome: Outcome,
    solver: Solver,
}

fn run(assertions: &str) -> Option<Run> {
    let options = solver::Options { cores: true, ..solver::Options::default() };
    let mut solvers = (Solver::start(&Choice::Z3, &options).ok()?, Solver::start(&Choice::Z3, &options).ok()?);
    let text = format!(
        "(declare-sort Pid 0)\n(define-fun n () Int (set.card (as set.universe (Set Pid))))\n(declare-fun A (Pid) (Set Pid))\n\
         (declare-fun P () (Set Pid))\n(declare-fun Q () (Set Pid))\n(declare-fun R () (Set Pid))\n{assertions}\n(check-sat)"
    );
    let mut script = smtlib::read(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let formulas: Vec<_> = script.assertions.iter().map(|a| a.formula).collect();
    let mut clauses = Clauses::new(&mut script.terms, &formulas);
    let limits = Options { budget: Duration::from_secs(10), ..Options::default() };
    let engine = Engine::new(&mut script.terms, &mut clauses, (&mut solvers.0, &mut solvers.1), limits);
    let outcome = engine.and_then(|mut engine| engine.run()).unwrap_or_else(|error| panic!("{error}: {assertions}"));
    solvers.0.reset(&options);
    Some(Run { terms: script.terms, clauses, outcome, solver: solvers.0 })
}

#[test]
fn what_a_refutation_needs_contradicts_itself_and_nothing_less_does() {
    let half = |set: &str| format!("(assert (> (* 2 (set.card {set})) n))");
    // Of this the last case only needs something: a third is not all.
    let beside = "(assert (forall ((i Pid)) (=> (set.member i R) (set.member i P))))(assert (exists ((i Pid)) (set.member i R)))\
                  (assert (exists ((i Pid)) (= (* 3 (set.card (A i))) n)))";
    let none_in_all = "(assert (forall ((i Pid)) (not (and (set.member i P) (set.member i Q)))))";
    let cases = [
        (format!("{beside}{}{}{none_in_all}", half("P"), half("Q")), 3),
        (format!("{beside}(assert (forall ((i Pid)) (> (set.card (A i)) n)))"), 2),
        (format!("{beside}(assert (forall ((i Pid)) (= (set.card (A i)) n)))(assert (exists ((i Pid)) (not (set.member i (A i)))))"), 2),
    ];
    for (assertions, expected) in cases {
        let Some(Run { mut terms, clauses, outcome, mut solver }) = run(&assertions) else {
            not_tested("there is no z3");
            return;
        };
        let Outcome::Proved(facts) = outcome else { panic!("{assertions}: {outcome:?}") };
        let found = needed(&mut solver, &mut terms, &clauses, &facts, Duration::from_secs(10)).expect("the solver lives");
        assert!(found.len() == expected && found.len() < facts.len(), "{assertions}: {found:?}, of {}", facts.len());
        let mut contradicts = |formulas: &[Term]| {
            let core = contradiction(&mut solver, &mut terms, &[], formulas, &|| false);
            core.expect("the solver lives").is_some()
        };
        let formulas: Vec<Term> = found.iter().map(|fact| fact.formula).collect();
        assert!(contradicts(&formulas), "{assertions}");
        for k in 0..formulas.len() {
            assert!(!contradicts(&[&formulas[..k], &formulas[k + 1..]].concat()), "{assertions}: {:?} can be spared", found[k]);
        }
        for lemma in found.iter().filter_map(|fact| if let Why::Counting(lemma) = &fact.why { Some(lemma) } else { None }) {
            assert!(lemma.context.len() <= 1, "{lemma:?}");
        }
    }
}

#[test]
fn counting_arguments_are_found_and_no_others() {
    let no_common = "(assert (forall ((i Pid)) (not (and (set.member i P) (set.member i Q)))))";
    let third = |set: &str| format!("(assert (> (* 3 (set.card {set})) (* 2 n)))");
    let thirds = ["P", "Q", "R"].map(third).concat();
    let none_in_all = "(assert (forall ((i Pid)) (not (and (set.member i P) (set.member i Q) (set.member i R)))))";
    let cases = [
        (format!("(assert (> (* 2 (set.card P)) n))(assert (> (* 2 (set.card Q)) n)){no_common}"), true),
        (format!("(assert (>= (* 2 (set.card P)) n))(assert (>= (* 2 (set.card Q)) n)){no_common}"), false),
        (format!("{thirds}{none_in_all}"), true),
        ("(assert (set.subset P Q))(assert (> (set.card P) (set.card Q)))".to_string(), true),
        ("(assert (set.subset P Q))(assert (>= (set.card P) (set.card Q)))".to_string(), false),
        ("(assert (< n 1))".to_string(), true),
        // An arbitrary element of a lemma must not be one that the lemma's sets speak of.
        ("(assert (forall ((i Pid)) (not (set.member i (A i)))))(assert (forall ((i Pid)) (<= 1 (set.card (A i)))))".to_string(), false),
        ("(assert (forall ((i Pid)) (= (set.card (A i)) n)))(assert (exists ((i Pid)) (not (set.member i (A i)))))".to_string(), true),
    ];
    let image = "(set.card (set.comprehension ((v Int)) (exists ((i Pid)) (= (x i) v)) v))";
    let sets = "(declare-fun x (Pid) Int)(declare-fun U () (Set Int))(declare-fun W () (Set Int))";
    let alike = "(assert (forall ((u Int) (v Int)) (=> (and (set.member u U) (not (set.member u W)) (set.member v U) (not (set.member v W)))\
                 (= u v))))";
    let of_values = [
        (format!("(assert (> {image} n))"), true),
        (format!("(assert (>= {image} n))"), false),
        (format!("(assert (> {image} 0))(assert (forall ((i Pid)) (> (x i) 3)))(assert (forall ((i Pid)) (< (x i) 4)))"), true),
        ("(assert (set.subset U W))(assert (> (set.card U) (set.card W)))".to_string(), true),
        ("(assert (set.subset U W))(assert (>= (set.card U) (set.card W)))".to_string(), false),
        (format!("{alike}(assert (> (set.card U) (+ 1 (set.card W))))"), true),
        (format!("{alike}(assert (> (set.card U) (set.card W)))"), false),
        // Of values there may be more than processes.
        ("(assert (> (set.card U) n))".to_string(), false),
    ];
    let of_values = of_values.into_iter().map(|(assertions, expected)| (format!("{sets}{assertions}"), expected));
    for (assertions, expected) in cases.into_iter().chain(of_values) {
        match proved(&assertions) {
            Some(found) => assert_eq!(found, expected, "{assertions}"),
            None => return not_tested("there is no z3"),
        }
    }
}
