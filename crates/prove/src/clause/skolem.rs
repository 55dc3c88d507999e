//! Skolemisation: `∀i. p(i) ∨ ∃j. q(i, j)` becomes `∀i. p(i) ∨ q(i, j_1(i))`.
//!
//! The function depends on the universal variables that occur in the existential formula, not on all in scope. Negation normal form
//! is assumed; quantifiers inside comprehensions are left to their definitions.

use crate::term::{Node, Role, Sort, Term, Terms, Var};

/// The formula without existential quantifiers outside comprehensions; satisfiable when `formula` is.
pub fn skolemise(terms: &mut Terms, formula: Term) -> Term {
    within(terms, formula, &[])
}

fn within(terms: &mut Terms, formula: Term, scope: &[Var]) -> Term {
    if !terms.facts(formula).quantified {
        return formula;
    }
    match terms.node(formula).clone() {
        Node::And(list) => {
            let parts: Vec<Term> = list.iter().map(|&p| within(terms, p, scope)).collect();
            terms.and(parts)
        }
        Node::Or(list) => {
            let parts: Vec<Term> = list.iter().map(|&p| within(terms, p, scope)).collect();
            terms.or(parts)
        }
        Node::Forall(vars, body) => {
            let scope: Vec<Var> = scope.iter().chain(vars.iter()).copied().collect();
            let body = within(terms, body, &scope);
            terms.forall(&vars, body)
        }
        Node::Exists(vars, body) => {
            let over: Vec<Var> = scope.iter().copied().filter(|v| terms.free(formula).contains(v)).collect();
            let sorts: Vec<Sort> = over.iter().map(|&v| terms.variable_sort(v)).collect();
            let arguments: Vec<Term> = over.iter().map(|&v| terms.var(v)).collect();
            let mut map = Vec::new();
            for &v in vars.iter() {
                let (name, sort) = (terms.variable_name(v).to_string(), terms.variable_sort(v));
                let fun = terms.declare(&format!("{name}_"), &sorts, sort, Role::Skolem);
                map.push((v, terms.app(fun, &arguments)));
            }
            let body = terms.substitute(body, &map);
            within(terms, body, scope)
        }
        node => unreachable!("not in negation normal form: {node:?}"),
    }
}
