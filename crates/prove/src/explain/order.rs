//! The order in which a proof is told: what is so comes first, then what follows from it, then the cases that are left.
//!
//! Worked example: `a ⇒ b`, `a`, `b ⇒ c ∨ d` are told as `a`, `b`, `c ∨ d`: each formula as what remains of it after those before.

use crate::term::{Node, Sort, Term, Terms};
use std::collections::BTreeMap;

/// A formula with the number of the fact that it is a part of.
pub(super) type Part = (usize, Term);

/// The parts in their order, each without what those before it decide. Those for which `kept` holds stay as they are, and
/// are not told among the first.
pub(super) fn told(terms: &mut Terms, mut pending: Vec<Part>, kept: &dyn Fn(usize) -> bool) -> Vec<Part> {
    let mut known: BTreeMap<Node, bool> = BTreeMap::new();
    let mut told = Vec::new();
    loop {
        let mut next = None;
        for (k, &(fact, part)) in pending.iter().enumerate().filter(|(_, (fact, _))| !kept(*fact)) {
            let left = simplified(terms, part, &known);
            if *terms.node(left) == Node::Bool(false) {
                // It contradicts what is told, as it is.
                next = Some((k, (fact, part)));
                break;
            }
            if enter(terms, left, true, &mut known) {
                next = Some((k, (fact, left)));
                break;
            }
        }
        let Some((k, part)) = next else { break };
        pending.remove(k);
        told.push(part);
    }
    for (fact, part) in pending {
        told.push((fact, if kept(fact) { part } else { simplified(terms, part, &known) }));
    }
    told
}

fn simplified(terms: &mut Terms, formula: Term, known: &BTreeMap<Node, bool>) -> Term {
    terms.replace(formula, &mut BTreeMap::new(), &|terms, node| known.get(node).map(|&value| terms.bool(value)))
}

/// Whether the formula is a conjunction of literals, which are then known.
fn enter(terms: &Terms, formula: Term, positive: bool, known: &mut BTreeMap<Node, bool>) -> bool {
    let node = terms.node(formula);
    match node {
        Node::Not(inner) => enter(terms, *inner, !positive, known),
        Node::And(list) if positive => is_literals(terms, list) && list.iter().all(|&part| enter(terms, part, true, known)),
        Node::Or(_) | Node::And(_) | Node::Ite(..) => false,
        Node::Eq(a, _) if terms.sort(*a) == Sort::Bool => false,
        _ => {
            known.insert(node.clone(), positive);
            true
        }
    }
}
fn is_literals(terms: &Terms, list: &[Term]) -> bool {
    list.iter().all(|&part| enter(terms, part, true, &mut BTreeMap::new()))
}
