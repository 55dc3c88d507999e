//! The relevant literals as linear constraints over cardinalities.
//!
//! Worked example: with `3·|A| > 2·n` true and `|A| ≤ |B|` false in the model, the rows are `3·|A| − 2·n ≥ 1` and `|A| − |B| ≥ 1`.

use super::model::Model;
use crate::term::{Node, Sort, Term, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// `Σ coefficient·unknown ≥ at_least`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Row {
    /// Coefficients that are not zero.
    pub coefficients: BTreeMap<Unknown, i64>,
    /// The bound.
    pub at_least: i64,
}

/// What a row speaks of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unknown {
    /// The number of processes.
    Size,
    /// The cardinality of the set with this number.
    Card(usize),
    /// Any other integer term.
    Other(Term),
}

/// A linear form: coefficients by term, and a constant.
type Form = (BTreeMap<Term, i64>, i64);

/// The rows of the literals. `number` gives the number of a set (equal sets of the model have one number), if it is looked at.
pub fn rows(
    terms: &mut Terms,
    model: &mut Model,
    literals: &[(Term, bool)],
    number: &mut dyn FnMut(&Terms, &mut Model, Term) -> Option<usize>,
) -> Vec<Row> {
    let n = terms.n();
    let mut found = BTreeSet::new();
    for &(atom, positive) in literals {
        for (form, at_least) in bounds(terms, model, atom, positive) {
            let mut coefficients = BTreeMap::new();
            for (term, k) in form.0 {
                let unknown = match *terms.node(term) {
                    Node::Card(set) => number(terms, model, set).map_or(Unknown::Other(term), Unknown::Card),
                    _ if term == n => Unknown::Size,
                    _ => Unknown::Other(term),
                };
                *coefficients.entry(unknown).or_insert(0) += k;
            }
            coefficients.retain(|_, k| *k != 0);
            if !coefficients.is_empty() {
                found.insert(Row { coefficients, at_least: at_least - form.1 });
            }
        }
    }
    found.insert(Row { coefficients: BTreeMap::from([(Unknown::Size, 1)]), at_least: 1 });
    found.into_iter().collect()
}

/// The rows that are connected to a cardinality by shared unknowns (other than n).
pub fn connected(rows: &[Row]) -> Vec<Row> {
    let mut active: BTreeSet<Unknown> =
        rows.iter().flat_map(|r| r.coefficients.keys().copied()).filter(|u| matches!(u, Unknown::Card(_))).collect();
    loop {
        let before = active.len();
        for row in rows {
            if row.coefficients.keys().any(|u| active.contains(u)) {
                active.extend(row.coefficients.keys().copied().filter(|u| *u != Unknown::Size));
            }
        }
        if active.len() == before {
            break;
        }
    }
    let only_size = |row: &Row| row.coefficients.keys().all(|u| *u == Unknown::Size);
    rows.iter().filter(|r| only_size(r) || r.coefficients.keys().any(|u| active.contains(u))).cloned().collect()
}

/// The literal as `form ≥ bound`s: equality is two, a disequality the side that is true in the model.
fn bounds(terms: &mut Terms, model: &mut Model, atom: Term, positive: bool) -> Vec<(Form, i64)> {
    let (a, b) = match *terms.node(atom) {
        Node::Eq(a, b) | Node::Le(a, b) | Node::Lt(a, b) => (a, b),
        _ => return Vec::new(),
    };
    let number = |t: Term| terms.sort(t).is_number();
    if !number(a) || !number(b) {
        return Vec::new();
    }
    // b − a and a − b.
    let mut up = (BTreeMap::new(), 0);
    linear(terms, model, b, 1, &mut up);
    linear(terms, model, a, -1, &mut up);
    let down = (up.0.iter().map(|(&t, &k)| (t, -k)).collect(), -up.1);
    match (terms.node(atom), positive) {
        (Node::Le(..), true) => vec![(up, 0)],
        (Node::Le(..), false) => vec![(down, 1)],
        (Node::Lt(..), true) => vec![(up, 1)],
        (Node::Lt(..), false) => vec![(down, 0)],
        (_, true) => vec![(up, 0), (down, 0)],
        (_, false) => {
            let (x, y) = (model.value(terms, a), model.value(terms, b));
            vec![(if y > x { up } else { down }, 1)]
        }
    }
}

/// Adds `factor · term` to the form; choices are resolved by the model.
fn linear(terms: &Terms, model: &mut Model, term: Term, factor: i64, form: &mut Form) {
    match terms.node(term) {
        Node::Int(k) => form.1 += factor * k,
        Node::Add(list) => list.iter().for_each(|&t| linear(terms, model, t, factor, form)),
        Node::Mul(k, a) => linear(terms, model, *a, factor * k, form),
        Node::Ite(c, a, b) => {
            let taken = if model.holds(terms, *c) { *a } else { *b };
            linear(terms, model, taken, factor, form);
        }
        _ => {
            debug_assert!(terms.sort(term) != Sort::Bool, "numbers");
            *form.0.entry(term).or_insert(0) += factor;
        }
    }
}
