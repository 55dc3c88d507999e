//! Quantifiers over values that name what everybody holds.
//!
//! `∃v. ∀i. v = x(i) ∧ φ(i, v)` says that all hold the same: `(∀i, j. x(i) = x(j)) ∧ ∀i. φ(i, x(i))`, because there is a process. As a
//! hypothesis this spares the engine a constant, as a goal an alternation of quantifiers: `∀v. ∃i. ..` makes a new process for every
//! value, and these hold values again. `∃v. v = t ∧ φ(v)` is `φ(t)`.
//!
//! Worked example: "all estimates are equal, and who decided did so on them", `∃v. ∀i. v = x(i) ∧ (decided(i) ⇒ v = d(i))`, becomes
//! `(∀i, j. x(i) = x(j)) ∧ ∀i. decided(i) ⇒ x(i) = d(i)`.

use super::simplify::{conjuncts, renamed};
use crate::term::{Node, Term, Terms, Var};

/// The same formula without such quantifiers.
pub(super) fn eliminate(terms: &mut Terms, formula: Term) -> Term {
    let node = terms.node(formula).clone();
    match &node {
        Node::Not(_) | Node::And(_) | Node::Or(_) | Node::Ite(..) | Node::Forall(..) | Node::Exists(..) => {}
        _ => return formula,
    }
    let children: Vec<Term> = terms.children(formula).into_iter().map(|c| eliminate(terms, c)).collect();
    match node {
        Node::Forall(variables, _) => terms.forall(&variables, children[0]),
        Node::Exists(variables, _) => without(terms, &variables, children[0]),
        node => terms.rebuild(&node, &children),
    }
}

/// `∃ variables. body`, one variable after the other.
fn without(terms: &mut Terms, variables: &[Var], body: Term) -> Term {
    for (k, &variable) in variables.iter().enumerate() {
        let parts = conjuncts(terms, body);
        if let Some(body) = at_a_point(terms, variable, &parts).or_else(|| shared(terms, variable, &parts)) {
            let rest: Vec<Var> = variables.iter().enumerate().filter(|(other, _)| *other != k).map(|(_, v)| *v).collect();
            return without(terms, &rest, body);
        }
    }
    terms.exists(variables, body)
}

/// `∃v. v = t ∧ φ(v)` as `φ(t)`.
fn at_a_point(terms: &mut Terms, variable: Var, parts: &[Term]) -> Option<Term> {
    let value = parts.iter().find_map(|&part| equal_to(terms, variable, part))?;
    let all = terms.and(parts.iter().copied());
    Some(terms.substitute(all, &[(variable, value)]))
}

/// `∃v. (∀i. v = t(i) ∧ φ(i, v)) ∧ ψ(v)` as `(∀i, j. t(i) = t(j)) ∧ ∀i. φ(i, t(i)) ∧ ψ(t(i))`.
fn shared(terms: &mut Terms, variable: Var, parts: &[Term]) -> Option<Term> {
    let (place, bound, body, value) = parts.iter().enumerate().find_map(|(place, &part)| {
        let Node::Forall(bound, body) = terms.node(part).clone() else { return None };
        let value = conjuncts(terms, body).into_iter().find_map(|inner| equal_to(terms, variable, inner))?;
        // A value that is the same for all processes is a point.
        terms.free(value).iter().any(|v| bound.contains(v)).then_some((place, bound, body, value))
    })?;
    let mut each: Vec<Term> = parts.iter().enumerate().filter(|(k, _)| *k != place).map(|(_, part)| *part).collect();
    for part in &mut each {
        *part = renamed(terms, *part);
    }
    each.push(body);
    let each = terms.and(each);
    let each = terms.substitute(each, &[(variable, value)]);
    let each = terms.forall(&bound, each);
    let others: Vec<Var> = bound
        .iter()
        .map(|&v| {
            let (name, sort) = (terms.variable_name(v).to_string(), terms.variable_sort(v));
            terms.variable(&name, sort)
        })
        .collect();
    let map: Vec<(Var, Term)> = bound.iter().copied().zip(others.iter().map(|&v| terms.var(v)).collect::<Vec<_>>()).collect();
    let other = terms.substitute(value, &map);
    let same = terms.eq(value, other);
    let pairs: Vec<Var> = bound.iter().copied().chain(others).collect();
    let same = terms.forall(&pairs, same);
    let same = renamed(terms, same);
    Some(terms.and([same, each]))
}

/// What the part `v = t` says the variable is.
fn equal_to(terms: &mut Terms, variable: Var, part: Term) -> Option<Term> {
    let name = terms.var(variable);
    let Node::Eq(a, b) = *terms.node(part) else { return None };
    let value = if a == name {
        b
    } else if b == name {
        a
    } else {
        return None;
    };
    (!terms.free(value).contains(&variable)).then_some(value)
}
