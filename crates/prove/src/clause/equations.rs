//! A hypothesis that makes all heard-of sets equal makes them one constant.
//!
//! `∃S. 3·|S| > 2·n ∧ ∀i. HO(i) = S` and `∀i,j. HO(i) = HO(j)` both say that a function into sets is constant. A fresh set constant
//! `S` takes the place of every `HO(_)`: the hypothesis becomes `3·|S| > 2·n`. Without it every comprehension over `HO(i)` would be a
//! set for each receiver, and the engine would have to find out that they are all the same.

use crate::term::{Fun, Node, Role, Sort, Term, Terms, Var};
use std::collections::BTreeMap;

/// The assumptions after elimination; as many as before.
pub fn eliminate(terms: &mut Terms, assumptions: &[Term]) -> Vec<Term> {
    let mut current = assumptions.to_vec();
    for k in 0..current.len() {
        let parts = conjuncts(terms, current[k]);
        for part in parts {
            if let Some((fun, bound)) = constant_function(terms, part) {
                let sort = terms.symbol(fun).result;
                let name = terms.declare("S", &[], sort, Role::Skolem);
                let constant = terms.constant(name);
                if let Some((variable, body)) = bound {
                    let rest = terms.substitute(body, &[(variable, constant)]);
                    current[k] = replace_conjunct(terms, current[k], part, rest);
                }
                current = current.iter().map(|&f| replace_function(terms, f, fun, constant)).collect();
            }
        }
    }
    current
}

fn conjuncts(terms: &Terms, formula: Term) -> Vec<Term> {
    match terms.node(formula) {
        Node::And(list) => list.to_vec(),
        _ => vec![formula],
    }
}

fn replace_conjunct(terms: &mut Terms, formula: Term, old: Term, new: Term) -> Term {
    let parts: Vec<Term> = conjuncts(terms, formula).into_iter().map(|p| if p == old { new } else { p }).collect();
    terms.and(parts)
}

/// The function that `part` says is constant; with `∃S`, also S and the body.
fn constant_function(terms: &Terms, part: Term) -> Option<(Fun, Option<(Var, Term)>)> {
    if let Node::Exists(vars, body) = terms.node(part)
        && let [set] = **vars
        && terms.variable_sort(set).element().is_some()
    {
        let fun = conjuncts(terms, *body).into_iter().find_map(|c| {
            let (a, b) = equal_sets(terms, c)?;
            let (fun, _) = applied_to_variable(terms, a).or_else(|| applied_to_variable(terms, b))?;
            let other = if applied_to_variable(terms, a).is_some() { b } else { a };
            (*terms.node(other) == Node::Var(set)).then_some(fun)
        })?;
        return Some((fun, Some((set, *body))));
    }
    let (a, b) = equal_sets(terms, part)?;
    let ((f, i), (g, j)) = (applied_to_variable(terms, a)?, applied_to_variable(terms, b)?);
    (f == g && i != j).then_some((f, None))
}

/// Reads `∀.. A = B` between sets, in the form in which [`Terms::eq`] builds it: every binder quantifies over both conjuncts.
fn equal_sets(terms: &Terms, formula: Term) -> Option<(Term, Term)> {
    let body = match terms.node(formula) {
        Node::Forall(_, body) => *body,
        _ => formula,
    };
    let Node::And(list) = terms.node(body) else { return None };
    let [members, sizes] = **list else { return None };
    let Node::Eq(size_a, size_b) = *terms.node(sizes) else { return None };
    let (Node::Card(a), Node::Card(b)) = (terms.node(size_a), terms.node(size_b)) else { return None };
    let Node::Forall(vars, same) = terms.node(members) else { return None };
    let [e] = **vars else { return None };
    let Node::Eq(in_a, in_b) = *terms.node(*same) else { return None };
    let (Node::Member(e_a, m_a), Node::Member(e_b, m_b)) = (terms.node(in_a), terms.node(in_b)) else { return None };
    let pair = (*a.min(b), *a.max(b)) == (*m_a.min(m_b), *m_a.max(m_b));
    let element = *terms.node(*e_a) == Node::Var(e) && e_a == e_b;
    (pair && element).then_some((*a, *b))
}

/// `F(i)` with a variable i.
fn applied_to_variable(terms: &Terms, set: Term) -> Option<(Fun, Var)> {
    let Node::App(fun, arguments) = terms.node(set) else { return None };
    let [argument] = **arguments else { return None };
    match *terms.node(argument) {
        Node::Var(v) if terms.variable_sort(v) == Sort::Process => Some((*fun, v)),
        _ => None,
    }
}

fn replace_function(terms: &mut Terms, formula: Term, fun: Fun, constant: Term) -> Term {
    terms.replace(formula, &mut BTreeMap::new(), &|_, node| match node {
        Node::App(f, _) if *f == fun => Some(constant),
        _ => None,
    })
}
