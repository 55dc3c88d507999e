//! Negation normal form where quantifiers are, and miniscoping.
//!
//! Quantifier-free parts stay as they are: the solver reads any ground formula. Worked example: `¬(∀i. p(i) ⇒ q)` is
//! `(∃i. p(i)) ∧ ¬q`.

use crate::term::{Node, Term, Terms, Var};

/// `formula`, or its negation when not `positive`, with negations only on quantifier-free parts.
pub fn negation_normal(terms: &mut Terms, formula: Term, positive: bool) -> Term {
    if !terms.facts(formula).quantified {
        return if positive { formula } else { terms.not(formula) };
    }
    match terms.node(formula).clone() {
        Node::Not(a) => negation_normal(terms, a, !positive),
        Node::And(list) | Node::Or(list) => {
            let conjunction = matches!(terms.node(formula), Node::And(_)) == positive;
            let parts: Vec<Term> = list.iter().map(|&p| negation_normal(terms, p, positive)).collect();
            if conjunction { terms.and(parts) } else { terms.or(parts) }
        }
        Node::Forall(vars, body) | Node::Exists(vars, body) => {
            let universal = matches!(terms.node(formula), Node::Forall(..)) == positive;
            let body = negation_normal(terms, body, positive);
            if universal { terms.forall(&vars, body) } else { terms.exists(&vars, body) }
        }
        Node::Ite(c, a, b) => {
            let not_c = terms.not(c);
            let (if_true, if_false) = (terms.or([not_c, a]), terms.or([c, b]));
            let both = terms.and([if_true, if_false]);
            negation_normal(terms, both, positive)
        }
        Node::Eq(a, b) if terms.sort(a) == crate::term::Sort::Bool => {
            let (not_a, not_b) = (terms.not(a), terms.not(b));
            let (there, back) = (terms.or([not_a, b]), terms.or([not_b, a]));
            let both = terms.and([there, back]);
            negation_normal(terms, both, positive)
        }
        _ => {
            let lifted = lift_choice(terms, formula);
            negation_normal(terms, lifted, positive)
        }
    }
}

/// An atom over `if c then a else b` with a quantified `c` is a choice between two atoms: `x = (if c then a else b)` is
/// `if c then x = a else x = b`.
fn lift_choice(terms: &mut Terms, atom: Term) -> Term {
    let choice = find_choice(terms, atom).expect("a quantifier inside an atom stands in the condition of a choice");
    let Node::Ite(c, a, b) = *terms.node(choice) else { unreachable!("find_choice finds choices") };
    let put = |terms: &mut Terms, branch: Term| {
        let mut memo = std::collections::BTreeMap::from([(choice, branch)]);
        terms.replace(atom, &mut memo, &|_, _| None)
    };
    let (with_a, with_b) = (put(terms, a), put(terms, b));
    terms.ite(c, with_a, with_b)
}

fn find_choice(terms: &Terms, term: Term) -> Option<Term> {
    if !terms.facts(term).quantified {
        return None;
    }
    let children = terms.children(term);
    children.into_iter().find_map(|c| find_choice(terms, c)).or_else(|| match terms.node(term) {
        Node::Ite(c, ..) if terms.facts(*c).quantified => Some(term),
        _ => None,
    })
}

/// Pushes quantifiers inwards: `∀i. a ∧ b(i)` is `a ∧ ∀i. b(i)`, `∀i. a ∨ b(i)` is `a ∨ ∀i. b(i)` where that splits a quantified part.
pub fn miniscope(terms: &mut Terms, formula: Term) -> Term {
    match terms.node(formula).clone() {
        Node::And(list) | Node::Or(list) if terms.facts(formula).quantified => {
            let conjunction = matches!(terms.node(formula), Node::And(_));
            let parts: Vec<Term> = list.iter().map(|&p| miniscope(terms, p)).collect();
            if conjunction { terms.and(parts) } else { terms.or(parts) }
        }
        Node::Forall(vars, body) => push_inwards(terms, &vars, body, true),
        Node::Exists(vars, body) => push_inwards(terms, &vars, body, false),
        _ => formula,
    }
}

fn push_inwards(terms: &mut Terms, vars: &[Var], body: Term, universal: bool) -> Term {
    let body = miniscope(terms, body);
    let used: Vec<Var> = vars.iter().copied().filter(|v| terms.free(body).contains(v)).collect();
    if used.is_empty() {
        return body;
    }
    let quantify = |terms: &mut Terms, part: Term| if universal { terms.forall(&used, part) } else { terms.exists(&used, part) };
    match terms.node(body).clone() {
        Node::And(list) if universal => {
            let parts: Vec<Term> = list.iter().map(|&p| push_inwards(terms, &used, p, true)).collect();
            terms.and(parts)
        }
        Node::Or(list) if !universal => {
            let parts: Vec<Term> = list.iter().map(|&p| push_inwards(terms, &used, p, false)).collect();
            terms.or(parts)
        }
        Node::And(list) | Node::Or(list) if terms.facts(body).quantified => {
            let (inside, outside): (Vec<Term>, Vec<Term>) =
                list.iter().copied().partition(|&p| used.iter().any(|v| terms.free(p).contains(v)));
            if outside.is_empty() {
                return quantify(terms, body);
            }
            let joined = if universal { terms.or(inside) } else { terms.and(inside) };
            let inner = push_inwards(terms, &used, joined, universal);
            let parts = outside.into_iter().chain([inner]);
            if universal { terms.or(parts) } else { terms.and(parts) }
        }
        _ => quantify(terms, body),
    }
}
