//! Each line: a formula, and the clauses that come out of it.

use super::{Clauses, Source};
use crate::term::{Fun, Role, Sort, Term, Terms, Var};

/// A few symbols, and short names for building formulas.
struct Bench {
    t: Terms,
    p: Fun,
    r: Fun,
    x: Fun,
    heard: Fun,
    c: Term,
}

impl Bench {
    fn new() -> Bench {
        let mut t = Terms::new();
        let p = t.declare("p", &[Sort::Process], Sort::Bool, Role::Given);
        let r = t.declare("r", &[Sort::Process, Sort::Process], Sort::Bool, Role::Given);
        let x = t.declare("x", &[Sort::Process], Sort::Value, Role::State);
        let heard = t.declare("HO", &[Sort::Process], Sort::ProcessSet, Role::Given);
        let c = t.declare("c", &[], Sort::Process, Role::Given);
        let c = t.constant(c);
        Bench { t, p, r, x, heard, c }
    }
    fn process(&mut self, name: &str) -> (Var, Term) {
        let v = self.t.variable(name, Sort::Process);
        (v, self.t.var(v))
    }
    fn clauses(&mut self, formula: Term) -> (Vec<String>, Clauses) {
        let clauses = Clauses::new(&mut self.t, &[formula]);
        let shown = clauses.list.iter().map(|c| plain(&self.t.show(c.matrix))).collect();
        (shown, clauses)
    }
}

/// Without the numbers behind names, which depend on how many terms there are.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if !c.is_ascii_digit() || !out.ends_with(|last: char| last.is_alphanumeric() || last == '_') {
            out.push(c);
        }
    }
    out
}

#[test]
fn existentials_depend_on_the_universals_that_occur() {
    let mut b = Bench::new();
    let ((i, ti), (j, tj), (k, tk)) = (b.process("i"), b.process("j"), b.process("k"));
    let (p, r) = (b.t.app(b.p, &[tk]), b.t.app(b.r, &[ti, tj]));
    let inner = b.t.exists(&[j], r);
    let body = b.t.or([p, inner]);
    let formula = b.t.forall(&[i, k], body);
    let (shown, _) = b.clauses(formula);
    // k does not occur in the existential part, so its witness depends on i alone.
    assert_eq!(shown, ["p(k) ∨ r(i, j_(i))"]);
}

#[test]
fn two_quantified_disjuncts_get_names() {
    let mut b = Bench::new();
    let ((i, ti), (j, tj)) = (b.process("i"), b.process("j"));
    let (p, r) = (b.t.app(b.p, &[ti]), b.t.app(b.r, &[tj, tj]));
    let (all_p, all_r) = (b.t.forall(&[i], p), b.t.forall(&[j], r));
    let formula = b.t.or([all_p, all_r]);
    let (shown, _) = b.clauses(formula);
    assert_eq!(shown, ["¬part ∨ p(i)", "¬part_ ∨ r(j, j)", "part ∨ part_"]);
}

#[test]
fn one_universal_disjunct_is_drawn_in_front() {
    let mut b = Bench::new();
    let (i, ti) = b.process("i");
    let (p, own) = (b.t.app(b.p, &[ti]), b.t.app(b.p, &[b.c]));
    let all = b.t.forall(&[i], p);
    let formula = b.t.or([own, all]);
    assert_eq!(b.clauses(formula).0, ["p(c) ∨ p(i)"]);
}

#[test]
fn comprehensions_share_a_functor_up_to_parameters() {
    let mut b = Bench::new();
    let sets: Vec<Term> = [b.c, b.process("i").1]
        .into_iter()
        .map(|of| {
            let (j, tj) = b.process("j");
            let (mine, theirs) = (b.t.app(b.x, &[tj]), b.t.app(b.x, &[of]));
            let same = b.t.eq(mine, theirs);
            b.t.comprehension(j, same)
        })
        .collect();
    let sizes: Vec<Term> = sets.into_iter().map(|s| b.t.card(s)).collect();
    let le = b.t.le(sizes[0], sizes[1]);
    let vars = b.t.free(le).to_vec();
    let formula = b.t.forall(&vars, le);
    let (shown, clauses) = b.clauses(formula);
    assert_eq!(shown, ["|C(x(c))| ≤ |C(x(i))|"]);
    assert_eq!(clauses.definitions.len(), 1);
}

#[test]
fn a_quantified_body_is_described_by_clauses() {
    let mut b = Bench::new();
    let ((j, tj), (k, tk)) = (b.process("j"), b.process("k"));
    let heard = b.t.app(b.heard, &[tk]);
    let member = b.t.member(tj, heard);
    let body = b.t.forall(&[k], member);
    let kernel = b.t.comprehension(j, body);
    let size = b.t.card(kernel);
    let zero = b.t.int(0);
    let formula = b.t.lt(zero, size);
    let (shown, clauses) = b.clauses(formula);
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert_eq!(clauses.list.iter().filter(|c| matches!(c.source, Source::Definition(_))).count(), 2);
}

#[test]
fn equal_heard_of_sets_become_one_constant() {
    let mut b = Bench::new();
    let ((i, ti), (j, tj)) = (b.process("i"), b.process("j"));
    let (hi, hj) = (b.t.app(b.heard, &[ti]), b.t.app(b.heard, &[tj]));
    let same = b.t.eq(hi, hj);
    let uniform = b.t.forall(&[i, j], same);
    let member = b.t.member(b.c, hi);
    let heard_by_all = b.t.forall(&[i], member);
    let clauses = Clauses::new(&mut b.t, &[uniform, heard_by_all]);
    let shown: Vec<String> = clauses.list.iter().map(|c| b.t.show(c.matrix)).collect();
    assert_eq!(shown, ["c ∈ S"]);
}

#[test]
fn a_choice_on_a_quantified_condition_is_lifted() {
    let mut b = Bench::new();
    let (j, tj) = b.process("j");
    let p = b.t.app(b.p, &[tj]);
    let some = b.t.exists(&[j], p);
    let (one, two) = (b.t.int(1), b.t.int(2));
    let choice = b.t.ite(some, one, two);
    let own = b.t.app(b.x, &[b.c]);
    let formula = b.t.eq(own, choice);
    assert_eq!(b.clauses(formula).0, ["¬p(j) ∨ 1 = x(c)", "p(j_) ∨ 2 = x(c)"]);
}

/// The image of the processes with p under x, and what is none: a set of pairs' values, and one with v on both sides.
#[test]
fn an_image_is_described_by_whose_values_it_has_and_bounded_by_how_many_they_are() {
    let mut b = Bench::new();
    let ((i, ti), (j, tj)) = (b.process("i"), b.process("j"));
    let v = b.t.variable("v", Sort::Value);
    let tv = b.t.var(v);
    let (p, x) = (b.t.app(b.p, &[ti]), b.t.app(b.x, &[ti]));
    let (same, more) = (b.t.eq(x, tv), b.t.lt(x, tv));
    let r = b.t.app(b.r, &[ti, tj]);
    let image = b.t.and([p, same]);
    let with_v = b.t.and([more, same]);
    let pairs = b.t.and([r, same]);
    let described = ["d ∉ C ∨ p(e_(d)) ∧ d = x(e_(d))", "¬p(b) ∨ x(b) ∈ C", "|C| ≤ |C|", "|C| ≤ n"];
    for (bound, body, expected) in [(vec![i], image, Some(described)), (vec![i], with_v, None), (vec![i, j], pairs, None)] {
        let body = b.t.exists(&bound, body);
        let set = b.t.comprehension(v, body);
        let (card, n) = (b.t.card(set), b.t.n());
        let goal = b.t.le(card, n);
        let (shown, _) = b.clauses(goal);
        match expected {
            Some(expected) => assert_eq!(shown, expected),
            None => assert!(!shown.iter().any(|clause| clause == "|C| ≤ |C|"), "{shown:?}"),
        }
    }
}
