//! Whole certificates: each of testdata is accepted by both solvers, each corruption in the table below is rejected for its reason.

use heardof_certify::{Accepted, Rejected, Solver, SolverProgram, check, check_condition, check_directory};
use solvers::solvers;
use std::cell::Cell;
use std::path::Path;

#[path = "support/solvers.rs"]
mod solvers;

fn testdata(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_certificate_is_accepted_by_both_solvers() {
    let Some([z3, cvc5]) = solvers(20) else { return };
    for solver in [z3, cvc5] {
        let results = check_directory(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata"), &solver).expect("testdata can be read");
        assert_eq!(results.len(), 14);
        for (path, result) in results {
            assert!(result.is_ok(), "{}: {result:?}", path.display());
        }
    }
}

/// Counts the scripts that a solver gets.
struct Counting(SolverProgram, Cell<usize>);
impl Solver for Counting {
    fn run(&self, script: &str) -> Result<String, String> {
        self.1.set(self.1.get() + 1);
        self.0.run(script)
    }
}

#[test]
fn a_certificate_takes_one_run_of_the_solver() {
    let Some([z3, _]) = solvers(20) else { return };
    let solver = Counting(z3, Cell::new(0));
    let accepted = check(&testdata("majorities.cert"), &solver);
    let expected = Accepted { condition: "two majorities".into(), assumptions: 2, clauses: 3, steps: 3, lemmas: 1 };
    assert_eq!(accepted, Ok(expected));
    assert_eq!(solver.1.get(), 1);
}

/// A solver with a fixed answer.
struct Says(&'static str);
impl Solver for Says {
    fn run(&self, _: &str) -> Result<String, String> {
        Ok(self.0.into())
    }
}

#[test]
fn only_the_expected_answers_are_believed() {
    let text = testdata("majorities.cert");
    assert!(check(&text, &Says("unsat\nunsat\n")).is_ok());
    for (answers, line) in [
        ("", 10),
        ("unsat", 0),
        ("sat unsat", 10),
        ("unsat unknown", 0),
        ("unsat sat", 0),
        ("unsat unsat unsat", 0),
        ("(error unsat unsat", 10),
    ] {
        let rejected = check(&text, &Says(answers)).expect_err(answers);
        assert_eq!(rejected.line, line, "{answers}: {rejected}");
    }
}

#[test]
fn a_solver_that_is_not_there_is_an_error() {
    let rejected = check(&testdata("majorities.cert"), &SolverProgram::z3("no-such-solver", 1)).expect_err("there is none");
    assert_eq!(rejected.line, 0);
    assert!(rejected.why.starts_with("no-such-solver"), "{rejected}");
}

#[test]
fn a_solver_that_is_late_or_ends_is_an_error_and_is_not_asked_again() {
    let Some([late, _]) = solvers(0) else { return };
    for (solver, why) in [(late, "took longer than 0 s"), (SolverProgram::z3("true", 20), "true ended after ``")] {
        for _ in 0..2 {
            let rejected = check(&testdata("majorities.cert"), &solver).expect_err(why);
            assert!(rejected.why.contains(why), "{rejected}");
        }
    }
}

#[test]
fn what_one_script_says_is_forgotten_before_the_next() {
    let Some([z3, _]) = solvers(20) else { return };
    let alone = testdata("majorities.cert").replace("(instance 0 ())\n", "");
    for _ in 0..2 {
        assert!(check(&testdata("majorities.cert"), &z3).is_ok());
        assert!(check(&alone, &z3).is_err(), "the instance of the script before is still there");
    }
}

/// `∀i. if c(i) then y(i) = x(i) else y(i) ≠ x(i)`, and other things.
const CONDITION: &str = "(certificate 1) (condition \"choice\") (declare c (Process) Bool) (declare x (Process) Value)
    (declare y (Process) Value) (declare k () Process)
    (assume \"if\" (forall ((v0 Process)) (ite (c v0) (and (= (x v0) (y v0)) (= (x v0) 1)) (not (= (x v0) (y v0))))))
    (assume \"so\" (c k))
    (assume \"negated goal\" (not (= (x k) 1)))";

#[test]
fn a_certificate_assumes_what_its_condition_does_or_pieces_of_it() {
    let Some([z3, _]) = solvers(20) else { return };
    let piece = "(assume \"if\" (forall ((v0 Process)) (or (not (c v0)) (= (x v0) 1))))";
    let goal = "(assume \"negated goal\" (not (= (x k) 1)))";
    let steps = "(instance 0 (k)) (instance 1 ()) (instance 2 ())";
    let head = CONDITION.split("(assume").next().expect("it declares something first");
    let so = "(assume \"so\" (c k))";
    let right = format!("{head}{piece}{so}{goal}{steps}");
    for (text, why) in [
        (format!("{CONDITION} {steps}"), ""),
        (right.clone(), ""),
        (right.replace("(assume \"so\"", "(declare more () Bool) (assume \"so\""), "does not belong here"),
        (right.replace("(declare k", "(declare more () Bool) (declare k"), ""),
        (right.replace("\"choice\"", "\"chance\""), "a certificate of `chance`, not of `choice`"),
        (right.replace("x (Process) Value", "x (Process) Int"), "`x` has other sorts in the condition"),
        (right.replace("(not (c v0))", "(c v0)"), "does not assume this"),
        (right.replace("(not (= (x k) 1))", "(not (= (x k) 2))"), "does not assume this"),
        (right.replace("(c k)", "false"), "does not assume this"),
        // Each is assumed under its own name: a proof says what it uses.
        (right.replace("\"so\"", "\"if\""), "does not assume this"),
    ] {
        match check_condition(&text, CONDITION, &z3) {
            Ok(_) => assert!(why.is_empty(), "accepted: {text}"),
            Err(rejected) => assert!(!why.is_empty() && rejected.why.contains(why), "{rejected}: {text}"),
        }
    }
}

/// Rejected with `from` replaced by `to`, at this line, for this reason.
#[track_caller]
fn rejects(z3: &SolverProgram, name: &str, from: &str, to: &str, line: usize, why: &str) {
    let text = testdata(name);
    assert!(text.contains(from), "{name} has no {from}");
    match check(&text.replacen(from, to, 1), z3) {
        Err(Rejected { line: at, why: reason }) => {
            assert!(at == line && reason.contains(why), "{name}, {from} → {to}: line {at}: {reason}")
        }
        Ok(_) => panic!("{name}, {from} → {to}: accepted"),
    }
}

#[test]
fn what_is_malformed_is_rejected() {
    let Some([z3, _]) = solvers(20) else { return };
    for (from, to, line, why) in [
        ("(certificate 1)\n", "(certificate 2)\n", 2, "other parts"),
        ("(certificate 1)\n", "\n", 3, "does not belong here"),
        ("(condition \"two majorities\")", "", 4, "does not belong here"),
        ("(instance 0 ())", "(declare D () Bool)", 8, "does not belong here"),
        ("(instance 1 ())", "(assume \"more\" false)", 9, "does not belong here"),
        ("(instance 1 ())", "(axiom false)", 9, "is not known"),
        ("(instance 1 ())", "(instance 1)", 9, "other parts"),
        ("(instance 1 ())", "(instance one ())", 9, "a clause has a number"),
        ("(instance 1 ())", "(instance 3 ())", 9, "there is no clause 3"),
        ("(instance 1 ())", "(instance -1 ())", 9, "a clause has a number"),
        ("(instance 1 ())", "(instance 1 (n))", 9, "clause 1 takes ()"),
        ("(instance 1 ())", "(instance 2 (n))", 9, "clause 2 takes (Process)"),
        ("(instance 1 ())", "(instance 1 ()", 9, "parentheses do not match"),
        ("(instance 1 ())", "instance 1 ()", 9, "parentheses do not match"),
        ("(instance 1 ())", "(instance 1 ()))", 9, "parentheses do not match"),
        ("(declare B () (Set Process))", "(declare A () (Set Process))", 5, "may be called `A`"),
        ("(declare B () (Set Process))", "(declare sk0 () (Set Process))", 5, "may be called `sk0`"),
        ("(declare B () (Set Process))", "(declare and () (Set Process))", 5, "may be called `and`"),
        ("(declare B () (Set Process))", "(declare B () (Set Bool))", 5, "not a sort"),
        ("(declare B () (Set Process))", "(declare B () Bool)", 6, "sorts do not fit"),
        ("(in v0 B)", "(in v1 B)", 7, "`v1` is not known"),
        ("(in v0 B)", "(in n B)", 7, "sorts do not fit"),
        ("(in v0 B)", "(forall ((v0 Process)) (in v0 B))", 7, "has a meaning already"),
        ("(in v0 B)", "(exists ((v9 Process) (v9 Value)) (in v9 B))", 7, "has a meaning already"),
        ("(card B)", "(card (set (v9 Bool) v9))", 6, "not a sort"),
        ("\"large\" (and", "\"large\" (xor", 6, "`xor` is not known"),
        ("\"large\"", "\"large", 6, "a text without end"),
    ] {
        rejects(&z3, "majorities.cert", from, to, line, why);
    }
}

#[test]
fn nesting_has_a_limit() {
    let Some([z3, _]) = solvers(20) else { return };
    let deep = |depth: usize| format!("{}(in v0 B){}", "(not ".repeat(depth), ")".repeat(depth));
    rejects(&z3, "majorities.cert", "(in v0 B)", &deep(200), 7, "nested too deeply");
    let even = testdata("majorities.cert").replacen("(in v0 B)", &deep(150), 1);
    assert!(check(&even, &z3).is_ok());
}

#[test]
fn a_wrong_lemma_is_rejected() {
    let Some([z3, _]) = solvers(20) else { return };
    for (name, from, to, line, why) in [
        ("majorities.cert", "(context (2 (any)))", "(context)", 10, "an element may exceed the bound"),
        ("majorities.cert", "((1 A) (1 B)) 1", "((1 A) (2 B)) 1", 10, "an element may exceed the bound"),
        ("majorities.cert", "((1 A) (1 B)) 1", "((1 A) (1 B)) 2", 0, "the steps do not suffice"),
        ("majorities.cert", "((1 A) (1 B)) 1", "((1 A) (1 B)) one", 10, "not an integer"),
        ("majorities.cert", "(exact)", "(exact any)", 10, "known in contexts only"),
        ("majorities.cert", "(guards)", "(guards (in any A))", 10, "known in contexts only"),
        ("majorities.cert", "(witness)", "(witness w)", 10, "or one witness"),
        ("majorities.cert", "(exact)", "(near)", 10, "other parts"),
        ("congruence.cert", "(guards (not (= (d sk0) (d sk1))))", "(guards)", 11, "an element may exceed the bound"),
        ("exact.cert", "(exact c)", "(exact)", 0, "the steps do not suffice"),
        ("witness.cert", "(instance 0 ())\n", "(instance 2 (w))\n", 8, "`w` is not known"),
        ("values.cert", "(exact w)", "(exact)", 0, "the steps do not suffice"),
        ("values.cert", "(-1 B)) 0 (exact)", "(-1 B)) 1 (exact)", 9, "the bound is 0"),
        ("values.cert", "(witness w)", "(witness)", 9, "there is a witness"),
        ("values.cert", "(declare B () (Set Value))", "(declare B () (Set Process))", 7, "sorts do not fit"),
        ("image.cert", "(= (x v1) v0)", "(< (x v1) v0)", 8, "there is no clause 3"),
        ("image.cert", "(= (x v1) v0)", "(= (+ (x v1) v0) v0)", 8, "there is no clause 3"),
        ("witness.cert", "(witness w)", "(witness any)", 10, "may be called `any`"),
        ("witness.cert", "(witness w)", "(witness A)", 10, "may be called `A`"),
        ("witness.cert", "(instance 2 (w))", "(counting ((1 A)) 1 (exact) (guards) (witness w) (context))", 11, "may be called `w`"),
    ] {
        rejects(&z3, name, from, to, line, why);
    }
}

/// Each process's set is without itself, and not empty: two processes are a model. An arbitrary element that is also the one of which a
/// lemma speaks would make it a contradiction.
#[test]
fn the_arbitrary_element_is_no_known_element() {
    let Some([z3, _]) = solvers(20) else { return };
    let head = "(certificate 1)\n(condition \"\")\n(declare A (Process) (Set Process))\n(declare someone () Process)\n\
                (assume \"\" (forall ((v0 Process)) (not (in v0 (A v0)))))\n(assume \"\" (forall ((v1 Process)) (<= 1 (card (A v1)))))\n";
    let steps = |e: &str| format!("(instance 1 ({e}))\n(counting ((1 (A {e}))) 0 (exact) (guards) (witness) (context (0 (any))))\n");
    let rejected = check(&format!("{head}{}", steps("any")), &z3).expect_err("any is instantiated");
    assert_eq!((rejected.line, rejected.why.as_str()), (7, "`any` is known in contexts only"));
    let rejected = check(&format!("{head}{}", steps("someone")), &z3).expect_err("another element may be in someone's set");
    assert_eq!(rejected.line, 8, "{rejected}");
}

/// A set that is quantified over cannot be the parameter of a functor.
#[test]
fn a_comprehension_over_a_quantified_set_is_refused() {
    let Some([z3, _]) = solvers(20) else { return };
    let text = "(certificate 1)\n(condition \"\")\n(declare p (Process) Bool)\n(assume \"\" (forall ((v0 (Set Process)))\n\
                (<= (card (set (v1 Process) (and (in v1 v0) (p v1)))) (card v0))))\n(assume \"\" false)\n(instance 1 ())\n";
    let rejected = check(text, &z3).expect_err("it has no functor");
    assert!(rejected.why.contains("universally quantified set"), "{rejected}");
}

/// Assumptions that have a model, with steps that would refute them if a rule were applied without one of its conditions.
#[test]
fn no_rule_does_without_its_conditions() {
    let Some([z3, _]) = solvers(20) else { return };
    for (what, text) in [
        (
            "elements counted exactly may be one",
            "(declare A () (Set Process)) (declare c () Process) (declare d () Process)
             (assume \"\" (and (not (in c A)) (not (in d A)) (= n (+ (card A) 1))))
             (instance 0 ()) (instance 1 ()) (instance 2 ())
             (counting ((1 A)) 1 (exact c d) (guards) (witness) (context))",
        ),
        (
            "a function that is constant, but not the set that exists",
            "(declare HO (Process) (Set Process)) (declare B () (Set Process))
             (assume \"\" (exists ((v0 (Set Process))) (and (< n (* 2 (card v0)))
                (forall ((v1 Process)) (and (forall ((v2 Process)) (= (in v2 (HO v1)) (in v2 B))) (= (card (HO v1)) (card B)))))))
             (assume \"\" (<= (* 2 (card B)) n))
             (instance 0 ()) (instance 2 ()) (instance 3 ())",
        ),
        (
            "sets of one size that are not equal",
            "(declare HO (Process) (Set Process)) (declare B () (Set Process)) (declare c () Process) (declare d () Process)
             (assume \"\" (forall ((v0 Process) (v1 Process))
                (and (forall ((v2 Process)) (= (in v2 B) (in v2 B))) (= (card (HO v0)) (card (HO v1))))))
             (assume \"\" (in c (HO c))) (assume \"\" (not (in c (HO d))))
             (instance 0 ()) (instance 1 ()) (instance 2 ())",
        ),
        (
            "the same, with the members of other sets",
            "(declare HO (Process) (Set Process)) (declare A () (Set Process)) (declare B () (Set Process)) (declare c () Process)
             (declare d () Process)
             (assume \"\" (forall ((v0 Process) (v1 Process))
                (and (forall ((v2 Process)) (= (in v2 A) (in v2 B))) (= (card (HO v0)) (card (HO v1))))))
             (assume \"\" (in c (HO c))) (assume \"\" (not (in c (HO d))))
             (instance 1 ()) (instance 2 ())",
        ),
        (
            "more values than processes",
            "(declare V () (Set Value)) (assume \"\" (and (= n 1) (= (card V) 2))) (instance 0 ()) (instance 1 ()) (trivial V)",
        ),
        (
            "sets of values, of which there is no number",
            "(declare V () (Set Value)) (assume \"\" (and (= n 1) (= (card V) 2))) (instance 0 ()) (instance 1 ())
             (counting ((1 V)) 1 (exact) (guards) (witness) (context))",
        ),
        (
            "as many values as pairs of processes",
            "(declare f (Process Process) Value)
             (assume \"\" (< n (card (set (v0 Value) (exists ((v1 Process) (v2 Process)) (= (f v1 v2) v0))))))
             (instance 2 ())",
        ),
        (
            "processes and values counted together",
            "(declare A () (Set Process)) (declare V () (Set Value)) (assume \"\" (and (< 0 (card A)) (< 0 (card V))))
             (instance 0 ()) (counting ((1 A) (1 V)) 0 (exact) (guards) (witness w) (context))",
        ),
        (
            "a witness that a guard excuses",
            "(declare A () (Set Process)) (assume \"\" (and (< 0 (card A)) (forall ((v0 Process)) (= n 1)))) (instance 0 ())
             (counting ((1 A)) 0 (exact) (guards (= n 2)) (witness w) (context))",
        ),
    ] {
        let result = check(&format!("(certificate 1) (condition \"\")\n{text}\n"), &z3);
        assert!(result.is_err(), "{what}: {result:?}");
    }
}
