//! A model of the ground formulas, and what it says of other terms.
//!
//! The solver gives the value of every application that it was told of; what it was not told of has the most frequent value of its
//! function. Any completion is a model of the ground formulas; this one keeps new terms inconspicuous. All values are integers:
//! truth values 0 and 1, elements of uninterpreted sorts numbered as they appear.

use crate::term::{Fun, Node, Term, Terms, Var};
use std::collections::BTreeMap;

/// What a table is of: a function, or the cardinality of or membership in the sets of a set-valued function.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Key {
    /// The values of a function.
    Function(Fun),
    /// `|S(..)|`
    Card(Fun),
    /// `e ∈ S(..)`, e first.
    Member(Fun),
}

/// The application that a term is, if it is one: its key and arguments.
pub fn application(terms: &Terms, term: Term) -> Option<(Key, Vec<Term>)> {
    let set = |set: Term| match terms.node(set) {
        Node::App(fun, arguments) => Some((*fun, arguments.to_vec())),
        _ => None,
    };
    match terms.node(term) {
        Node::App(fun, arguments) if terms.sort(term).element().is_none() => Some((Key::Function(*fun), arguments.to_vec())),
        Node::Card(of) => set(*of).map(|(fun, arguments)| (Key::Card(fun), arguments)),
        Node::Member(e, of) => set(*of).map(|(fun, arguments)| (Key::Member(fun), std::iter::once(*e).chain(arguments).collect())),
        _ => None,
    }
}

#[derive(Clone, Debug, Default)]
struct Table {
    entries: BTreeMap<Vec<i64>, i64>,
    default: i64,
}

/// Values of ground terms.
#[derive(Clone, Debug, Default)]
pub struct Model {
    tables: BTreeMap<Key, Table>,
    memo: Vec<Option<i64>>,
}

impl Model {
    /// The model in which the application terms of `values` have these values. Arguments must come before what is applied to them.
    pub fn new(terms: &Terms, values: &[(Term, i64)]) -> Model {
        let mut model = Model { tables: BTreeMap::new(), memo: vec![None; terms.len()] };
        for &(term, value) in values {
            model.memo[term.0 as usize] = Some(value);
        }
        for &(term, value) in values {
            if let Some((key, arguments)) = application(terms, term) {
                let arguments = arguments.into_iter().map(|a| model.value(terms, a)).collect();
                model.tables.entry(key).or_default().entries.insert(arguments, value);
            }
        }
        for table in model.tables.values_mut() {
            let mut counts = BTreeMap::new();
            for &value in table.entries.values() {
                *counts.entry(value).or_insert(0usize) += 1;
            }
            // The most frequent; of equally frequent ones the smallest.
            table.default = counts.iter().max_by_key(|&(&value, &count)| (count, std::cmp::Reverse(value))).map_or(0, |(&v, _)| v);
        }
        // What was computed before the tables were complete may rest on defaults.
        model.memo = vec![None; terms.len()];
        model
    }

    /// The value of a closed term.
    pub fn value(&mut self, terms: &Terms, term: Term) -> i64 {
        let k = term.0 as usize;
        if self.memo.len() <= k {
            self.memo.resize(terms.len(), None);
        }
        if let Some(value) = self.memo[k] {
            return value;
        }
        let value = self.compute(terms, term, &[]);
        self.memo[k] = Some(value);
        value
    }
    /// Whether a closed formula is true.
    pub fn holds(&mut self, terms: &Terms, formula: Term) -> bool {
        self.value(terms, formula) != 0
    }
    /// The value of a term whose free variables have the values of `bound`.
    pub fn value_with(&mut self, terms: &Terms, term: Term, bound: &[(Var, i64)]) -> i64 {
        if terms.facts(term).open { self.compute(terms, term, bound) } else { self.value(terms, term) }
    }

    fn compute(&mut self, terms: &Terms, term: Term, bound: &[(Var, i64)]) -> i64 {
        let of = |model: &mut Model, t: Term| model.value_with(terms, t, bound);
        match terms.node(term) {
            Node::Bool(value) => i64::from(*value),
            Node::Int(value) => *value,
            Node::Var(v) => bound.iter().find(|(b, _)| b == v).expect("every free variable has a value").1,
            Node::Not(a) => 1 - of(self, *a),
            Node::And(list) => i64::from(list.iter().all(|&t| of(self, t) != 0)),
            Node::Or(list) => i64::from(list.iter().any(|&t| of(self, t) != 0)),
            Node::Ite(c, a, b) => {
                if of(self, *c) != 0 {
                    of(self, *a)
                } else {
                    of(self, *b)
                }
            }
            Node::Eq(a, b) => i64::from(of(self, *a) == of(self, *b)),
            Node::Le(a, b) => i64::from(of(self, *a) <= of(self, *b)),
            Node::Lt(a, b) => i64::from(of(self, *a) < of(self, *b)),
            Node::Add(list) => list.iter().map(|&t| of(self, t)).sum(),
            Node::Mul(k, a) => k * of(self, *a),
            Node::App(..) | Node::Card(_) | Node::Member(..) => {
                let (key, arguments) = application(terms, term).expect("sets are named and not values");
                let arguments: Vec<i64> = arguments.into_iter().map(|a| of(self, a)).collect();
                self.look_up(key, &arguments)
            }
            Node::Forall(..) | Node::Exists(..) | Node::Comprehension(..) => unreachable!("clauses are quantifier-free"),
        }
    }
    fn look_up(&self, key: Key, arguments: &[i64]) -> i64 {
        self.tables.get(&key).map_or(0, |table| table.entries.get(arguments).copied().unwrap_or(table.default))
    }
    /// What identifies a set in this model: its functor and the values of its arguments.
    pub fn identity(&mut self, terms: &Terms, set: Term) -> (Fun, Vec<i64>) {
        let Node::App(fun, arguments) = terms.node(set) else { unreachable!("ground sets are functors applied") };
        (*fun, arguments.iter().map(|&a| self.value(terms, a)).collect())
    }
}
