//! What follows from what is known on a path, syntactically.
//!
//! Worked example: after `3 * mailbox.len() > 2 * n` the mailbox is not empty, so that `most_often` is there; after
//! `is_coordinator` the destination `to(coordinator, ..)` of every message is the receiver.

use crate::term::{Node, Sort, Term, Terms};
use std::collections::BTreeMap;

/// `t` where all of `known` hold.
pub(super) fn under(terms: &mut Terms, known: &[Term], t: Term) -> Term {
    if known.is_empty() || terms.sort(t) != Sort::Bool {
        return t;
    }
    if known.contains(&t) {
        return terms.bool(true);
    }
    let not_t = terms.not(t);
    if known.contains(&not_t) {
        return terms.bool(false);
    }
    match terms.node(t).clone() {
        Node::And(list) => {
            // What comes first is known of the rest.
            let (mut known, mut parts) = (known.to_vec(), vec![]);
            for part in list.iter() {
                let part = under(terms, &known, *part);
                known.extend(terms.conjuncts(part));
                parts.push(part);
            }
            terms.and(parts)
        }
        Node::Eq(a, b) if terms.sort(a) == Sort::Bool => {
            let (a, b) = (under(terms, known, a), under(terms, known, b));
            terms.eq(a, b)
        }
        Node::Or(list) => {
            let parts: Vec<Term> = list.iter().map(|part| under(terms, known, *part)).collect();
            terms.or(parts)
        }
        Node::Not(inner) => {
            let inner = under(terms, known, inner);
            terms.not(inner)
        }
        _ => t,
    }
}

/// A sum as coefficients and a constant.
pub(super) fn linear(terms: &Terms, t: Term) -> (BTreeMap<Term, i64>, i64) {
    fn collect(terms: &Terms, t: Term, factor: i64, sum: &mut BTreeMap<Term, i64>, constant: &mut i64) {
        match terms.node(t) {
            Node::Int(k) => *constant += factor * k,
            Node::Add(list) => list.iter().for_each(|part| collect(terms, *part, factor, sum, constant)),
            Node::Mul(k, inner) => collect(terms, *inner, factor * k, sum, constant),
            _ => *sum.entry(t).or_default() += factor,
        }
    }
    let (mut sum, mut constant) = (BTreeMap::new(), 0);
    collect(terms, t, 1, &mut sum, &mut constant);
    sum.retain(|_, k| *k != 0);
    (sum, constant)
}

/// `a < b` (`strict`) or `a ≤ b` as `0 < sum` or `0 ≤ sum`.
fn difference(terms: &Terms, t: Term) -> Option<(BTreeMap<Term, i64>, i64, bool)> {
    let (a, b, strict) = match *terms.node(t) {
        Node::Lt(a, b) => (a, b, true),
        Node::Le(a, b) => (a, b, false),
        Node::Not(inner) => match *terms.node(inner) {
            Node::Lt(a, b) => (b, a, false),
            Node::Le(a, b) => (b, a, true),
            _ => return None,
        },
        _ => return None,
    };
    let ((mut sum, mut constant), (less, less_constant)) = (linear(terms, b), linear(terms, a));
    for (t, k) in less {
        *sum.entry(t).or_default() -= k;
    }
    sum.retain(|_, k| *k != 0);
    constant -= less_constant;
    Some((sum, constant, strict))
}

/// The set that has an element because of the comparison `t`: what it is compared with is not negative.
pub(super) fn non_empty(terms: &Terms, t: Term) -> Option<Term> {
    let (sum, constant, strict) = difference(terms, t)?;
    // Symbols of sort Int are sizes and natural numbers.
    let natural = |t: &Term| matches!(terms.node(*t), Node::Card(_) | Node::App(..)) && terms.sort(*t) == Sort::Int;
    let mut positive = sum.iter().filter(|(_, k)| **k > 0);
    let (only, rest) = (positive.next()?, positive.next());
    let fits = rest.is_none() && sum.keys().all(natural) && (constant < 0 || strict && constant == 0);
    match terms.node(*only.0) {
        Node::Card(set) if fits => Some(*set),
        _ => None,
    }
}

/// Whether a comparison holds because there are at least one and at most n of anything: `n < 2·n`.
pub(super) fn holds_of_sizes(terms: &mut Terms, t: Term) -> bool {
    let n = terms.n();
    let Some((sum, constant, strict)) = difference(terms, t) else { return false };
    match (sum.get(&n), sum.len()) {
        (Some(k), 1) => *k > 0 && *k + constant >= i64::from(strict),
        _ => false,
    }
}

/// How a comparison changes with the number `t`: whether more of it makes it true (`Some(true)`) or false.
pub(super) fn direction(terms: &Terms, comparison: Term, t: Term) -> Option<bool> {
    let (sum, _, _) = difference(terms, comparison)?;
    sum.get(&t).map(|k| *k > 0)
}

/// Whether `wanted` occurs in `t`, outside or inside of sets.
pub(super) fn mentions(terms: &Terms, t: Term, wanted: &dyn Fn(Term) -> bool) -> bool {
    fn search(terms: &Terms, t: Term, wanted: &dyn Fn(Term) -> bool, seen: &mut std::collections::BTreeSet<Term>) -> bool {
        seen.insert(t) && (wanted(t) || terms.children(t).into_iter().any(|c| search(terms, c, wanted, seen)))
    }
    search(terms, t, wanted, &mut std::collections::BTreeSet::new())
}
