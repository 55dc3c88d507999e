use super::*;
use proptest::prelude::*;

const DECLARATIONS: &str = "
(declare-sort Pid 0)
(declare-sort V 0)
(declare-datatypes ((Option 1)) ((par (T) ((none) (some (get T))))))
(declare-datatypes ((Pair 2)) ((par (A B) ((pair (fst A) (snd B))))))
(define-fun n () Int (set.card (as set.universe (Set Pid))))
(declare-fun A () (Set Pid))
(declare-fun B () (Set Pid))
(declare-fun HO (Pid) (Set Pid))
(declare-fun M () (Set Int))
(declare-fun p () Pid)
(declare-fun k () Int)
(declare-fun x (Pid) Int)
(declare-fun o () (Option V))
(declare-fun w () V)
(declare-fun pr () (Pair Pid Int))
(declare-fun g ((Option V)) Int)
(define-fun big ((S (Set Pid))) Bool (> (set.card S) (div n 2)))";

/// The formulas read, the given one first and then definitions of quotients, or what is wrong with them.
fn shown(formula: &str) -> String {
    match read_one(DECLARATIONS, formula) {
        Ok(script) => script.assertions.iter().map(|a| script.terms.show(a.formula)).collect::<Vec<_>>().join("; "),
        Err(error) => error.what,
    }
}

#[test]
fn formulas_are_read() {
    for (formula, expected) in [
        ("(=> (= k 1) (< k 2) (not (> k (- 3))))", "k ≠ 1 ∨ 2 ≤ k ∨ k ≤ -3"),
        ("(< 1 k 5)", "1 < k ∧ k < 5"),
        ("(distinct k 1 2)", "k ≠ 1 ∧ 2 ≠ k"),
        ("(set.member p (set.minus A (set.singleton p)))", "false"),
        ("(set.subset A B)", "∀e2. e2 ∉ A ∨ e2 ∈ B"),
        ("(big (HO p))", "n < 2·|HO(p)|"),
        ("(>= (set.card A) (div n 2))", "n < 2·(|A| + 1)"),
        ("(= (set.card A) (div n 2))", "2·|A| ≤ n ∧ n < 2·|A| + 2"),
        ("(< (div n 2) (set.card (set.comprehension ((i Pid)) (big (HO i)) i)))", "n < 2·|{i2 | n < 2·|HO(i2)|}|"),
        ("(> (* 3 (set.card A)) (* 2 (div n 2)))", "2·quotient(2, n) < 3·|A|; 2·quotient(2, n) ≤ n ∧ n < 2·quotient(2, n) + 2"),
        ("(= 1 (mod 7 2))", "true"),
        ("(= (mod (- 7) 2) (div (- 7) 2))", "false"),
        ("(forall ((b Bool) (i Pid)) (=> b (set.member i A)))", "∀b2,i3. ¬b2 ∨ i3 ∈ A"),
        ("(let ((k 1) (j k)) (= k j))", "1 = k"),
        ("((_ is some) o)", "¬o"),
        ("(= o (some w))", "¬o ∧ o_2 = w"),
        ("(= (get o) w)", "(if o then get_of_none else o_2) = w"),
        ("(= (g (as none (Option V))) 0)", "g(true, nothing) = 0"),
        ("(= pr (pair p 3))", "pr = p ∧ pr_2 = 3"),
        ("(= (snd (ite (= k 1) pr (pair p 3))) 4)", "(if k = 1 then pr_2 else 3) = 4"),
        ("(exists ((q (Pair Pid Bool))) (snd q))", "∃q3. q3"),
        ("(set.member (+ k 1) (set.union M (set.singleton 0)))", "k + 1 ∈ M ∨ k + 1 = 0"),
    ] {
        assert_eq!(shown(formula), expected, "{formula}");
    }
}

#[test]
fn what_is_not_understood_is_named() {
    for (formula, expected) in [
        ("k", "expected a term of sort Bool, found one of sort Int"),
        ("(= k p)", "expected a term of sort Int, found one of sort Process"),
        ("(= o (some k))", "expected a term of sort (Option S0), found one of sort (Option Int)"),
        ("(q 1)", "nothing is called `q` here"),
        ("(big)", "`big` takes 1 arguments, not 0"),
        ("(< k (* k k))", "expected a product of a literal up to 16777216 and a term: the arithmetic is linear"),
        ("(< k (div 5 k))", "`div` is understood with a positive literal as second argument only"),
        ("(set.member p (set.complement A))", "the operator `set.complement` is not supported"),
        ("(= A (as set.universe (Set Int)))", "only the processes have a universe: it is known to be finite"),
        ("(= 0 (set.card (set.comprehension ((i Pid)) true p)))", "expected the bound variable, `i`, of a sort that there are sets of"),
        ("(exists ((b (Set Bool))) true)", "expected `(Set S)`, where S is a declared sort or Int"),
        ("(< k 99999999999)", "`99999999999` is no integer up to 16777216"),
        ("(< k (* 5000 5000))", "the number is larger than 16777216"),
        ("(< k (* 5000 (* 5000 k)))", "expected a product of a literal up to 16777216 and a term: the arithmetic is linear"),
        ("none", "the sort cannot be told: expected `(as none sort)`"),
    ] {
        assert_eq!(shown(formula).replace("(Option V)", "(Option S0)"), expected, "{formula}");
    }
}

#[test]
fn commands_that_are_not_understood_are_named() {
    for (text, expected) in [
        ("(assert true) (get-model)", "1:15: `(get-model ..)` is not understood"),
        ("(declare-sort Pid 0)(declare-sort Pid 0)", "1:35: the sort `Pid` is declared twice"),
        ("(declare-fun x () Int)\n(declare-const x Int)", "2:16: `x` is declared twice"),
        ("(declare-datatypes ((List 0)) (((nil) (cons (head Int) (tail List)))))", "1:62: recursive data types are not supported"),
        ("(declare-fun x () Colour)", "1:19: no sort is called `Colour`"),
        ("(define-fun f ((a Int)) Bool (< a b))", "1:35: nothing is called `b` here"),
        ("(set-info :status maybe)", "1:19: expected sat, unsat or unknown"),
        ("(assert (! true :weight 3))", "1:9: expected `(! formula :named name)`"),
        ("(assert true", "1:1: this `(` is never closed"),
    ] {
        let error = read(text).expect_err(text).to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn definitions_cannot_explode() {
    let mut text = "(declare-fun a (Int) Int)(define-fun f0 ((x Int)) Bool (< x (a x)))".to_string();
    for k in 1..40 {
        text += &format!("(define-fun f{k} ((x Int)) Bool (= (f{} (a x)) (f{} (+ x 1))))", k - 1, k - 1);
    }
    let error = read(&text).expect_err("doubles forty times");
    assert!(error.what.starts_with("too large"), "{error}");
}

#[test]
fn the_processes_are_pid_or_the_sort_whose_universe_is_mentioned() {
    for (text, expected) in [
        ("(declare-sort Node 0)(declare-fun S () (Set Node))(assert (= S (as set.universe (Set Node))))", (true, "∀e1. e1 ∈ S) ∧ |S| = n")),
        ("(declare-sort Pid 0)(declare-fun S () (Set Pid))(assert (= 0 (set.card S)))", (true, "0 = |S|")),
        ("(declare-sort Node 0)(declare-fun S () (Set Node))(assert (= 0 (set.card S)))", (false, "0 = |S|")),
    ] {
        let script = read(text).unwrap();
        let shown = script.terms.show(script.assertions[0].formula);
        assert!(script.has_processes == expected.0 && shown.ends_with(expected.1), "{text}: {shown}");
    }
}

#[test]
fn claims_are_read() {
    let script =
        read("(set-info :status sat)(set-info :smallest-n 3)(set-info :vacuous true)(assert (! true :named hyp))(assert false)").unwrap();
    assert_eq!((script.status, script.smallest_n, script.vacuous, script.has_processes), (Some(Status::Sat), Some(3), true, false));
    let names: Vec<&str> = script.assertions.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["hyp", "assertion 2"]);
}

#[test]
fn sums_cannot_explode() {
    let doubled: String = (1..60).map(|k| format!("(define-fun s{k} () Int (+ s{} s{}))", k - 1, k - 1)).collect();
    let error = read(&format!("(declare-fun s0 () Int){doubled}")).expect_err("doubles sixty times");
    assert!(error.what.starts_with("a sum of more than"), "{error}");
}

proptest! {
    /// Words of the language in any order are read or refused, wherever parentheses are.
    #[test]
    fn any_words_are_read_or_refused(
        words in prop::collection::vec(prop::sample::select(vec![
            "(", "(", "(", ")", ")", "assert", "A", "B", "HO", "p", "k", "x", "o", "w", "pr", "g", "big", "n", "0", "7", "=", "<", "+", "-",
            "*", "div", "mod", "ite", "and", "not", "forall", "exists", "((i Pid))", "((i Int))", "i", "let", "((i k))", "as", "_", "is",
            "some", "none", "get", "fst", "pair", "set.card", "set.member", "set.union", "set.empty", "(Set Pid)", "(Set Int)", "Pid",
            "set.comprehension", "set.singleton", "!", ":named", "(Option Int)", "define-fun", "declare-fun", "()", "Bool",
        ]), 0..40),
    ) {
        // As it is, and as one assertion whose lists are all closed.
        let text = words.join(" ");
        let _ = read(&format!("{DECLARATIONS} {text}"));
        let count = |paren: char| text.chars().filter(|&c| c == paren).count();
        let end = ")".repeat(count('(').saturating_sub(count(')')) + 1);
        if let Ok(script) = read(&format!("{DECLARATIONS} (assert {text}{end}")) {
            prop_assert!(script.assertions.iter().all(|a| script.terms.free(a.formula).is_empty()));
        }
    }
}
