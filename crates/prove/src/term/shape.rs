//! The parts of a formula, and the same formula with other variables: binders are unique, so what is used twice gets its own.

use super::{Node, Term, Terms, Var};
use std::collections::BTreeMap;

impl Terms {
    /// The parts of a conjunction; of a negated disjunction as well.
    pub fn conjuncts(&mut self, t: Term) -> Vec<Term> {
        match self.node(t).clone() {
            Node::And(list) => list.to_vec(),
            Node::Bool(true) => vec![],
            Node::Not(inner) => match self.node(inner).clone() {
                Node::Or(list) => list.iter().map(|part| self.not(*part)).collect(),
                _ => vec![t],
            },
            _ => vec![t],
        }
    }
    /// The same formula with bound variables of its own.
    pub fn renamed(&mut self, t: Term) -> Term {
        self.rename(t, &mut BTreeMap::new())
    }
    fn rename(&mut self, t: Term, map: &mut BTreeMap<Term, Term>) -> Term {
        if let Some(done) = map.get(&t) {
            return *done;
        }
        let node = self.node(t).clone();
        let bound: &[Var] = match &node {
            Node::Forall(bound, _) | Node::Exists(bound, _) => bound,
            Node::Comprehension(bound, _) => std::slice::from_ref(bound),
            _ => &[],
        };
        let mut fresh = vec![];
        for old in bound {
            let (name, sort) = (self.variable_name(*old).to_string(), self.variable_sort(*old));
            let new = self.variable(&name, sort);
            let (old, term) = (self.var(*old), self.var(new));
            map.insert(old, term);
            fresh.push(new);
        }
        let children: Vec<Term> = self.children(t).into_iter().map(|c| self.rename(c, map)).collect();
        let result = match node {
            Node::Forall(..) => self.forall(&fresh, children[0]),
            Node::Exists(..) => self.exists(&fresh, children[0]),
            Node::Comprehension(..) => self.comprehension(fresh[0], children[0]),
            node => self.rebuild(&node, &children),
        };
        map.insert(t, result);
        result
    }
}
