//! Hypotheses cut into pieces, so that a proof may use one field of a round and leave the rest; goals cut into conjuncts.
//!
//! Worked example: `∀i. (if c(i) then x_(i) = v else x_(i) = x(i)) ∧ y_(i) = y(i)` is three pieces: `∀i. ¬c(i) ∨ x_(i) = v`,
//! `∀i. c(i) ∨ x_(i) = x(i)` and `∀i. y_(i) = y(i)`. Their conjunction is equivalent to the whole.

use crate::condition::Hypothesis;
use crate::term::{Node, Term, Terms};

/// The pieces of some hypotheses, each with the label of what it is a piece of.
pub fn pieces(terms: &mut Terms, hypotheses: &[Hypothesis]) -> Vec<Hypothesis> {
    let mut all = Vec::new();
    for hypothesis in hypotheses {
        let parts = cut(terms, hypothesis.formula);
        all.extend(parts.into_iter().map(|formula| Hypothesis { label: hypothesis.label.clone(), formula }));
    }
    all
}

/// Formulas whose conjunction is equivalent to the formula.
pub fn cut(terms: &mut Terms, formula: Term) -> Vec<Term> {
    match terms.node(formula).clone() {
        Node::And(list) => list.iter().flat_map(|&part| cut(terms, part)).collect(),
        Node::Forall(vars, body) => {
            let parts = cut(terms, body);
            parts.into_iter().map(|part| terms.forall(&vars, part)).collect()
        }
        Node::Ite(condition, a, b) => {
            let not = terms.not(condition);
            let mut parts: Vec<Term> = cut(terms, a).into_iter().map(|part| terms.or([not, part])).collect();
            parts.extend(cut(terms, b).into_iter().map(|part| terms.or([condition, part])));
            parts
        }
        _ => vec![formula],
    }
}

/// The conjuncts of a goal, each a question of its own, also under quantifiers and beside one disjunct.
pub fn goals(terms: &mut Terms, goal: Term) -> Vec<Term> {
    match terms.node(goal).clone() {
        Node::And(list) => list.iter().flat_map(|part| goals(terms, *part)).collect(),
        Node::Forall(variables, body) => {
            let parts = goals(terms, body);
            let many = parts.len() > 1;
            let close = |part| {
                let whole = terms.forall(&variables, part);
                if many { terms.renamed(whole) } else { whole }
            };
            parts.into_iter().map(close).collect()
        }
        // `a ∨ b ∧ c`: each of `a ∨ b` and `a ∨ c` is a smaller question. Of several conjunctions none is distributed.
        Node::Or(list) => {
            let parts: Vec<Vec<Term>> = list.iter().map(|part| goals(terms, *part)).collect();
            let mut several = parts.iter().enumerate().filter(|(_, parts)| parts.len() > 1);
            let (Some((k, found)), None) = (several.next(), several.next()) else { return vec![goal] };
            let beside = |part: Term| list.iter().enumerate().map(move |(j, other)| if j == k { part } else { *other });
            found.iter().map(|part| terms.or(beside(*part))).collect()
        }
        _ => vec![goal],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term::{Role, Sort};

    #[test]
    fn a_round_is_cut_into_its_fields_and_cases() {
        let mut terms = Terms::new();
        let [c, p, q, frame] = ["c", "p", "q", "frame"].map(|name| terms.declare(name, &[Sort::Process], Sort::Bool, Role::State));
        let v = terms.variable("i", Sort::Process);
        let i = terms.var(v);
        let [c, p, q, frame] = [c, p, q, frame].map(|fun| terms.app(fun, &[i]));
        let choice = terms.ite(c, p, q);
        let body = terms.and([choice, frame]);
        let round = terms.forall(&[v], body);
        let found = pieces(&mut terms, &[Hypothesis { label: "round R".into(), formula: round }]);
        assert!(found.iter().all(|piece| piece.label == "round R"));
        let formulas: Vec<Term> = found.iter().map(|piece| piece.formula).collect();
        let not = terms.not(c);
        let mut wanted = [terms.or([not, p]), terms.or([c, q]), frame];
        wanted.iter_mut().for_each(|part| *part = terms.forall(&[v], *part));
        assert_eq!(formulas.iter().collect::<std::collections::BTreeSet<_>>(), wanted.iter().collect());
        // Nothing to cut stays as it is.
        let some = terms.exists(&[v], body);
        assert_eq!(cut(&mut terms, some), [some]);
    }
}
