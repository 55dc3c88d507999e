//! Division by a positive literal disappears: `⌊t/k⌋` is the q with `k·q ≤ t < k·q + k`.
//!
//! While a file is read, `⌊t/k⌋` is a function symbol applied to t. Afterwards every comparison that is linear in just one such term with
//! factor 1 or −1 becomes one without it, for integers a:
//!
//! ```text
//! a > ⌊t/k⌋  is  k·a > t          a ≤ ⌊t/k⌋  is  k·a ≤ t
//! a ≥ ⌊t/k⌋  is  k·a + k > t      a < ⌊t/k⌋  is  k·a + k ≤ t       a = ⌊t/k⌋  is  k·a ≤ t < k·a + k
//! ```
//!
//! So `|A| > ⌊n/2⌋` becomes `2·|A| > n`. Where a quotient stands elsewhere, it remains, and its definition is added to the assertions,
//! quantified over the variables that are free in it.

use super::{Assertion, LARGEST_NUMBER, MOST_SUMMANDS};
use crate::term::{Node, Role, Sort, Term, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// The name of the function symbol that stands for quotients while a file is read, with the literal as its first argument.
const QUOTIENT: &str = "quotient";

/// The largest factor that a comparison may have to be rewritten.
const LARGEST_FACTOR: i64 = 1 << 8;

/// Declares the symbol, before any name of the file can be in the way.
pub(super) fn declare(terms: &mut Terms) {
    terms.declare(QUOTIENT, &[Sort::Int, Sort::Int], Sort::Int, Role::Given);
}

/// `⌊a/k⌋`, or `a - k·⌊a/k⌋`, for a positive `k`.
pub(super) fn quotient(terms: &mut Terms, remainder: bool, a: Term, k: i64) -> Term {
    let quotient = match (terms.node(a), terms.find(QUOTIENT)) {
        (&Node::Int(value), _) => terms.int(value.div_euclid(k)),
        (_, Some(fun)) if k > 1 => {
            let literal = terms.int(k);
            terms.app(fun, &[literal, a])
        }
        _ => a,
    };
    match remainder {
        true => {
            let whole = terms.times(k, quotient);
            terms.minus(a, whole)
        }
        false => quotient,
    }
}

/// Rewrites the comparisons, and adds the definitions of what remains.
pub(super) fn eliminate(terms: &mut Terms, assertions: &mut Vec<Assertion>) {
    let mut memo = BTreeMap::new();
    for assertion in assertions.iter_mut() {
        assertion.formula = rewrite(terms, assertion.formula, &mut memo);
    }
    let mut seen = BTreeSet::new();
    let mut pending: Vec<Term> = assertions.iter().map(|a| a.formula).collect();
    while let Some(term) = pending.pop() {
        if !seen.insert(term) {
            continue;
        }
        pending.extend(terms.children(term));
        if let Some((inner, k)) = as_quotient(terms, term) {
            let definition = exactly(terms, term, inner, k);
            let variables = terms.free(definition).to_vec();
            let formula = terms.forall(&variables, definition);
            assertions.push(Assertion { name: format!("quotient {}", terms.show(term)), formula });
        }
    }
}

fn rewrite(terms: &mut Terms, term: Term, memo: &mut BTreeMap<Term, Term>) -> Term {
    if let Some(&done) = memo.get(&term) {
        return done;
    }
    let node = terms.node(term).clone();
    let children: Vec<Term> = terms.children(term).into_iter().map(|c| rewrite(terms, c, memo)).collect();
    let rebuilt = terms.rebuild(&node, &children);
    let comparison = terms.node(rebuilt).clone();
    let result = compare(terms, &comparison).unwrap_or(rebuilt);
    memo.insert(term, result);
    result
}

/// `t` and `k`, if the term is `⌊t/k⌋`.
fn as_quotient(terms: &Terms, term: Term) -> Option<(Term, i64)> {
    match (terms.node(term), terms.find(QUOTIENT)) {
        (Node::App(fun, arguments), Some(quotient)) if *fun == quotient => match terms.node(arguments[0]) {
            Node::Int(k) => Some((arguments[1], *k)),
            _ => None,
        },
        _ => None,
    }
}

/// `k·a ≤ t < k·a + k`.
fn exactly(terms: &mut Terms, a: Term, t: Term, k: i64) -> Term {
    let (low, step) = (terms.times(k, a), terms.int(k));
    let high = terms.add([low, step]);
    let (below, above) = (terms.le(low, t), terms.lt(t, high));
    terms.and([below, above])
}

fn compare(terms: &mut Terms, node: &Node) -> Option<Term> {
    let (&(Node::Lt(a, b) | Node::Le(a, b) | Node::Eq(a, b)), strict) = (node, matches!(node, Node::Lt(..))) else { return None };
    if !terms.sort(a).is_number() {
        return None;
    }
    // b - a = sign·⌊t/k⌋ + rest
    let mut found = None;
    let mut rest = Vec::new();
    let mut all = Vec::new();
    summands(terms, 1, b, &mut all)?;
    summands(terms, -1, a, &mut all)?;
    for (factor, summand) in all {
        match as_quotient(terms, summand) {
            Some(quotient) if factor.abs() == 1 && found.is_none() => found = Some((factor, quotient)),
            Some(_) => return None,
            None => rest.push(terms.times(factor, summand)),
        }
    }
    let (sign, (t, k)) = found?;
    let nested = |terms: &Terms, all: &[Term]| all.iter().any(|&r| contains_quotient(terms, r));
    if nested(terms, &rest) || nested(terms, &[t]) {
        return None;
    }
    let rest = terms.add(rest);
    // The other side: for the sign 1, `0 ≤ q + rest` is `other ≤ q` with other = -rest; for the sign -1, `q ≤ rest`.
    let other = terms.times(-sign, rest);
    let one = terms.int(1);
    Some(match (node, sign) {
        (Node::Eq(..), _) => exactly(terms, other, t, k),
        (_, 1) => {
            let other = if strict { terms.add([other, one]) } else { other };
            let scaled = terms.times(k, other);
            terms.le(scaled, t)
        }
        (_, _) => {
            let other = if strict { other } else { terms.add([other, one]) };
            let scaled = terms.times(k, other);
            terms.lt(t, scaled)
        }
    })
}

/// Adds a sum's factors and summands; none where the numbers are so large that their product with a divisor might be too large.
fn summands(terms: &Terms, factor: i64, term: Term, all: &mut Vec<(i64, Term)>) -> Option<()> {
    match terms.node(term) {
        Node::Add(list) => list.iter().try_for_each(|&t| summands(terms, factor, t, all)),
        Node::Mul(k, inner) => summands(terms, factor.checked_mul(*k)?, *inner, all),
        Node::Int(value) if value.abs() > LARGEST_NUMBER => None,
        _ if factor.abs() > LARGEST_FACTOR || all.len() > MOST_SUMMANDS => None,
        _ => {
            all.push((factor, term));
            Some(())
        }
    }
}

fn contains_quotient(terms: &Terms, term: Term) -> bool {
    let mut seen = BTreeSet::new();
    let mut pending = vec![term];
    while let Some(term) = pending.pop() {
        if as_quotient(terms, term).is_some() {
            return true;
        }
        if seen.insert(term) {
            pending.extend(terms.children(term));
        }
    }
    false
}
