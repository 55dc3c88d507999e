//! Normal forms, without new symbols: negations on quantifier-free parts only, quantifiers as far inside as they go.
//!
//! Worked example: `¬(∀i. p(i) ⇒ q)` is `(∃i. p(i)) ∧ ¬q`. Quantifier-free parts stay as they are: the solver reads any ground formula.

use crate::sorts::Names;
use crate::term::{Term, junction, make, not, occurring, quantify, raw, word};
use std::rc::Rc;

/// The formula, or its negation when not `positive`, with negations only on quantifier-free parts.
pub(crate) fn normal(names: &Names, formula: &Term, positive: bool) -> Term {
    if !formula.quantified() {
        return if positive { formula.clone() } else { not(formula.clone()) };
    }
    let both = |[a, b, c, d]: [Term; 4]| {
        let both = make("and", vec![make("or", vec![a, b]), make("or", vec![c, d])]);
        normal(names, &both, positive)
    };
    match (&*formula.head, &formula.list[..]) {
        ("not", [a]) => normal(names, a, !positive),
        ("and" | "or", parts) => junction(formula.is("and") == positive, parts.iter().map(|p| normal(names, p, positive)).collect()),
        ("forall" | "exists", [binders @ .., body]) => quantify(formula.is("forall") == positive, binders, normal(names, body, positive)),
        ("ite", [c, a, b]) => both([not(c.clone()), a.clone(), c.clone(), b.clone()]),
        ("=", [a, b]) if names.sort(a).is("Bool") => both([not(a.clone()), b.clone(), not(b.clone()), a.clone()]),
        _ => {
            // `x = (if c then a else b)` with a quantified c is `if c then x = a else x = b`.
            let choice = find_choice(formula).expect("the reader admits quantifiers within atoms in conditions only");
            let put = |branch: usize| formula.rewrite(&|t| (*t == choice).then(|| choice.list[branch].clone()));
            normal(names, &make("ite", vec![choice.list[0].clone(), put(1), put(2)]), positive)
        }
    }
}
fn find_choice(term: &Term) -> Option<Term> {
    if !term.quantified() {
        return None;
    }
    let own = || (term.is("ite") && term.list[0].quantified()).then(|| term.clone());
    term.list.iter().find_map(find_choice).or_else(own)
}

/// Pushes quantifiers inwards: `∀i. a ∧ b(i)` is `a ∧ ∀i. b(i)`, `∀i. a ∨ b(i)` is `a ∨ ∀i. b(i)` where that splits a quantified part.
pub(crate) fn miniscope(formula: &Term) -> Term {
    match (&*formula.head, &formula.list[..]) {
        ("and" | "or", parts) if formula.quantified() => formula.over(parts.iter().map(miniscope).collect()),
        ("forall" | "exists", [binders @ .., body]) => push_inwards(binders, body, formula.is("forall")),
        _ => formula.clone(),
    }
}
fn push_inwards(binders: &[Term], body: &Term, universal: bool) -> Term {
    let body = miniscope(body);
    let used = occurring(binders, &body);
    let same = body.is(if universal { "and" } else { "or" });
    match &*body.head {
        _ if used.is_empty() => body,
        "and" | "or" if same => body.over(body.list.iter().map(|p| push_inwards(&used, p, universal)).collect()),
        "and" | "or" if body.quantified() && !body.list.iter().all(|p| p.has_any(&used)) => {
            let (inside, mut outside): (Vec<Term>, Vec<Term>) = body.list.iter().cloned().partition(|p| p.has_any(&used));
            outside.push(push_inwards(&used, &body.over(inside), universal));
            body.over(outside)
        }
        _ => quantify(universal, &used, body),
    }
}

/// The function into sets that a conjunct of an assumption says is constant: `∃S. (∀i. F(i) = S) ∧ ..`, then with S, or `∀i,j. F(i) = F(j)`.
pub(crate) fn constant_function(part: &Term) -> Option<(Rc<str>, Option<Term>)> {
    if let ("exists", [set, body]) = (&*part.head, &part.list[..])
        && set.list[0].is("Set")
    {
        let function = body.conjuncts().iter().find_map(|c| {
            let [a, b] = equal_sets(c)?;
            let (applied, other) = if at_variable(c, &a).is_some() { (a, b) } else { (b, a) };
            at_variable(c, &applied).filter(|_| other == word(&set.head))
        })?;
        return Some((function.0, Some(set.clone())));
    }
    let [a, b] = equal_sets(part)?;
    let ((f, i), (g, j)) = (at_variable(part, &a)?, at_variable(part, &b)?);
    (f == g && i != j).then_some((f, None))
}
/// Reads `∀.. (∀e. e ∈ A ⇔ e ∈ B) ∧ |A| = |B|`.
fn equal_sets(formula: &Term) -> Option<[Term; 2]> {
    let body = if formula.is("forall") { formula.list.last()? } else { formula };
    let [members, sizes] = &body.list[..] else { return None };
    let ([e, same], [size_a, size_b]) = (&members.list[..], &sizes.list[..]) else { return None };
    let [in_a, in_b] = &same.list[..] else { return None };
    let heads = [body, members, same, in_a, in_b, sizes, size_a, size_b].map(|t| &*t.head);
    if heads != ["and", "forall", "=", "in", "in", "=", "card", "card"] {
        return None;
    }
    let (a, b, element) = (&size_a.list[0], &size_b.list[0], word(&e.head));
    let pair = raw("=", vec![a.clone(), b.clone()]);
    let fits = pair == raw("=", vec![in_a.list[1].clone(), in_b.list[1].clone()]) && !pair.has(&e.head);
    (fits && in_a.list[0] == element && in_b.list[0] == element).then(|| [a.clone(), b.clone()])
}
/// `F(i)` with a process i over which the formula quantifies.
fn at_variable(formula: &Term, set: &Term) -> Option<(Rc<str>, Rc<str>)> {
    let ([i], "forall") = (&set.list[..], &*formula.head) else { return None };
    let bound = formula.list.iter().any(|b| b.head == i.head && !b.list.is_empty() && b.list[0].is("Process"));
    (bound && i.list.is_empty()).then(|| (Rc::clone(&set.head), Rc::clone(&i.head)))
}
