//! Functions of sets that an assertion defines are put in place.
//!
//! Worked example: from `∀X. maj(X) ⇔ |X| > n/2` and `maj(A)` remains `|A| > n/2`. The definition goes: whatever the rest says, `maj` can
//! be chosen so that it holds. A function is defined when both sides of the equation have the same variables, each an argument of its
//! own, and it does not occur on the other side. Only functions that take sets are put in place; others are small enough as tables, and
//! their definitions help an instantiation to find what matters.

use crate::smtlib::Script;
use crate::term::{Fun, Node, Term, Terms, Var};
use std::collections::BTreeMap;

/// Puts all such definitions in place.
pub(super) fn definitions(script: &mut Script) {
    while let Some((k, definition)) =
        script.assertions.iter().enumerate().find_map(|(k, a)| Some((k, definition(&script.terms, a.formula)?)))
    {
        script.assertions.remove(k);
        let mut memo = BTreeMap::new();
        for assertion in &mut script.assertions {
            assertion.formula = put(&mut script.terms, assertion.formula, &definition, &mut memo);
        }
    }
}

struct Definition {
    fun: Fun,
    variables: Vec<Var>,
    body: Term,
}

fn definition(terms: &Terms, formula: Term) -> Option<Definition> {
    let Node::Forall(vars, equation) = terms.node(formula) else { return None };
    let Node::Eq(a, b) = *terms.node(*equation) else { return None };
    [(a, b), (b, a)].into_iter().find_map(|(head, body)| {
        let Node::App(fun, arguments) = terms.node(head) else { return None };
        let of_sets = terms.symbol(*fun).arguments.iter().any(|s| s.element().is_some());
        let variables: Vec<Var> =
            arguments.iter().map(|&a| if let Node::Var(v) = terms.node(a) { Some(*v) } else { None }).collect::<Option<_>>()?;
        let distinct = variables.iter().enumerate().all(|(k, v)| !variables[..k].contains(v));
        let closed = terms.free(body).iter().all(|v| variables.contains(v)) && vars.iter().all(|v| variables.contains(v));
        let fits = of_sets && distinct && closed && !occurs(terms, *fun, body);
        fits.then_some(Definition { fun: *fun, variables, body })
    })
}

fn occurs(terms: &Terms, fun: Fun, term: Term) -> bool {
    matches!(terms.node(term), Node::App(f, _) if *f == fun) || terms.children(term).into_iter().any(|c| occurs(terms, fun, c))
}

fn put(terms: &mut Terms, term: Term, definition: &Definition, memo: &mut BTreeMap<Term, Term>) -> Term {
    if let Some(&done) = memo.get(&term) {
        return done;
    }
    let node = terms.node(term).clone();
    let children: Vec<Term> = terms.children(term).into_iter().map(|c| put(terms, c, definition, memo)).collect();
    let result = match &node {
        Node::App(fun, _) if *fun == definition.fun => {
            let map: Vec<(Var, Term)> = definition.variables.iter().copied().zip(children).collect();
            terms.substitute(definition.body, &map)
        }
        _ => terms.rebuild(&node, &children),
    };
    memo.insert(term, result);
    result
}
