//! Proofs of SMT-LIB assertions about processes, in words.

use super::*;
use crate::condition::{Condition, Kind, Problem};
use crate::minimal::minimise;
use crate::not_tested::not_tested;
use crate::prove::prove;
use crate::smtlib;
use crate::solver::Choice;

/// The explanation of the last assertion's negation from the others; none on a machine without a solver.
fn explained(assertions: &str) -> Option<Explanation> {
    let text = format!(
        "(declare-sort Pid 0)\n(define-fun n () Int (set.card (as set.universe (Set Pid))))\n(declare-fun P () (Set Pid))\n\
         (declare-fun Q () (Set Pid))\n(declare-fun R () (Set Pid))\n(declare-fun x (Pid) Int)\n{assertions}\n(check-sat)"
    );
    let mut script = smtlib::read(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let mut formulas: Vec<Term> = script.assertions.iter().map(|a| a.formula).collect();
    let goal = script.terms.not(formulas.pop().expect("there is an assertion"));
    let hypotheses = (1..).zip(formulas).map(|(k, formula)| Hypothesis { label: format!("assertion {k}"), formula }).collect();
    let condition = Condition { name: "test".into(), kind: Kind::Property, hypotheses, goal, steps: vec![] };
    let problem = Problem { terms: script.terms, conditions: vec![condition], assumed: vec![], uncovered: vec![] };
    let settings = Settings { solver: Choice::Z3, seed: 0, timeout: Duration::from_secs(20), threads: 1 };
    let mut proofs = prove(&problem, &settings, &|_| {}).ok()?;
    minimise(&mut proofs, &settings).expect("the solver lives");
    let found = explain(&proofs, &settings).expect("the solver lives");
    let [explanation] = &found[0][..] else { panic!("{assertions}: {:?}", proofs[0].verdict) };
    Some(explanation.clone())
}

#[test]
fn lemmas_become_sentences() {
    let half = |set: &str| format!("(assert (> (* 2 (set.card {set})) n))");
    let disjoint = "(assert (forall ((i Pid)) (not (and (set.member i P) (set.member i Q)))))";
    let same = "(set.comprehension ((j Pid)) (= (x j) 1) j)";
    for (assertions, wanted) in [
        (
            format!("{}{}{disjoint}", half("P"), half("Q")),
            &["no process is in both P and Q (by negated goal), so |P| + |Q| ≤ n", "n < 2·|P|", "n < 2·|Q|"][..],
        ),
        (
            "(assert (set.subset P Q))(assert (> (set.card P) (set.card Q)))".into(),
            &["whoever is in P is in Q (by assertion 1), so |P| ≤ |Q|", "|Q| < |P|"],
        ),
        (format!("{}(assert (forall ((j Pid)) (= (x j) 1)))(assert (= (set.card {same}) 0))", half("P")), &["0 = |A|"]),
    ] {
        let Some(explanation) = explained(&assertions) else {
            not_tested("there is no z3");
            return;
        };
        assert!(explanation.names.iter().all(|name| name == "A = {j | 1 = x(j)}"), "{explanation:#?}");
        for says in wanted {
            assert!(explanation.steps.iter().any(|step| step.says == *says), "{says}: {explanation:#?}");
        }
    }
}

#[test]
fn sizes_are_compared_without_negative_coefficients() {
    let sets = |list: &[(i64, &str)]| list.iter().map(|&(a, set)| (a, set.to_string())).collect::<Vec<(i64, String)>>();
    for (list, bound, expected) in [
        (&[(1, "A"), (1, "B")][..], 1, "|A| + |B| ≤ n"),
        (&[(2, "A"), (1, "B"), (-1, "C")], 2, "2·|A| + |B| ≤ |C| + 2·n"),
        (&[(1, "A")], 0, "|A| ≤ 0"),
        (&[(-1, "A")], -1, "n ≤ |A|"),
    ] {
        assert_eq!(linear(&sets(list), bound), expected);
    }
    assert_eq!(sum([(2, "a".to_string()), (-1, "b".to_string()), (1, "c".to_string())].into_iter()), "2·a − b + c");
    assert_eq!(sum([(-3, "a".to_string())].into_iter()), "−3·a");
    assert_eq!(is_in(&["A", "B"], &["C"]), "is in both A and B and not in C");
    assert_eq!(is_in(&["A", "B", "C"], &[]), "is in A and B and C");
}

#[test]
fn what_follows_is_told_as_what_remains() {
    let mut terms = Terms::new();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| {
        let fun = terms.declare(name, &[], Sort::Bool, Role::Given);
        terms.constant(fun)
    });
    let (not_a, not_b, not_c) = (terms.not(a), terms.not(b), terms.not(c));
    let (a_b, b_cd, a_c, same) = (terms.or([not_a, b]), terms.or([not_b, c, d]), terms.or([not_a, not_c]), terms.eq(b, d));
    for (parts, wanted) in [
        (vec![a_b, a, b_cd], vec![(1, a), (0, b), (2, terms.or([c, d]))]),
        (vec![a_b, not_b, a], vec![(1, not_b), (0, not_a), (2, a)]),
        (vec![same, a_b, a, a_c, b_cd], vec![(2, a), (1, b), (0, d), (3, not_c), (4, terms.bool(true))]),
        // The last is kept as it is.
        (vec![a_b, a, b_cd, a_b], vec![(1, a), (0, b), (2, terms.or([c, d])), (3, a_b)]),
    ] {
        let parts: Vec<Part> = (0..).zip(parts).collect();
        assert_eq!(order::told(&mut terms, parts, &|k| k == 3 && wanted.last() == Some(&(3, a_b))), wanted);
    }
}
