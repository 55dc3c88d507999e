//! Formulas on finite models: quantifiers range over small domains, symbols are tables.

use heardof_prove::term::{Fun, Node, Sort, Term, Terms, Var};
use std::collections::{BTreeMap, BTreeSet};

/// A value: truth values are 0 and 1, processes their numbers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Val {
    One(i64),
    Set(BTreeSet<i64>),
}

/// A finite model.
#[derive(Clone, Debug)]
pub struct Model {
    pub n: usize,
    /// What values and times range over; larger than what occurs.
    pub values: Vec<i64>,
    pub times: Vec<i64>,
    pub tables: BTreeMap<Fun, BTreeMap<Vec<i64>, Val>>,
}

impl Model {
    pub fn set(&mut self, fun: Fun, at: &[i64], value: Val) {
        self.tables.entry(fun).or_default().insert(at.to_vec(), value);
    }
    /// What a variable of a sort ranges over.
    pub fn domain(&self, sort: Sort) -> Vec<Val> {
        let one = |list: &[i64]| list.iter().map(|k| Val::One(*k)).collect();
        match sort {
            Sort::Bool => one(&[0, 1]),
            Sort::Process => (0..self.n as i64).map(Val::One).collect(),
            Sort::Value => one(&self.values),
            Sort::Time => one(&self.times),
            Sort::Int => (-1..=self.n as i64 + 2).map(Val::One).collect(),
            Sort::ProcessSet => {
                let subset = |mask: usize| Val::Set((0..self.n).filter(|p| mask >> p & 1 == 1).map(|p| p as i64).collect());
                (0..1usize << self.n).map(subset).collect()
            }
            Sort::Opaque(_) | Sort::ValueSet | Sort::IntSet | Sort::TimeSet | Sort::OpaqueSet(_) => {
                unreachable!("no quantifier over {sort}")
            }
        }
    }
    pub fn holds(&self, terms: &Terms, t: Term) -> bool {
        self.number(terms, t, &mut vec![]) == 1
    }
    /// Whether a formula holds, or the instance for process `i` if it is about all processes.
    pub fn holds_for(&self, terms: &Terms, t: Term, i: usize) -> bool {
        match terms.node(t) {
            Node::Forall(variables, body) if terms.variable_sort(variables[0]) == Sort::Process => {
                let mut bound = vec![(variables[0], Val::One(i as i64))];
                self.quantified(terms, &variables[1..], *body, true, &mut bound)
            }
            _ => self.holds(terms, t),
        }
    }
    fn number(&self, terms: &Terms, t: Term, bound: &mut Vec<(Var, Val)>) -> i64 {
        match self.value(terms, t, bound) {
            Val::One(k) => k,
            Val::Set(_) => unreachable!("{} is a set", terms.show(t)),
        }
    }
    fn quantified(&self, terms: &Terms, variables: &[Var], body: Term, all: bool, bound: &mut Vec<(Var, Val)>) -> bool {
        let Some((first, rest)) = variables.split_first() else { return self.number(terms, body, bound) == 1 };
        for value in self.domain(terms.variable_sort(*first)) {
            bound.push((*first, value));
            let holds = self.quantified(terms, rest, body, all, bound);
            bound.pop();
            if holds != all {
                return !all;
            }
        }
        all
    }
    fn inside(&self, terms: &Terms, element: i64, set: Term, bound: &mut Vec<(Var, Val)>) -> bool {
        match (self.value(terms, set, bound), element) {
            (Val::Set(set), element) => set.contains(&element),
            _ => unreachable!("{} is no set", terms.show(set)),
        }
    }
    fn value(&self, terms: &Terms, t: Term, bound: &mut Vec<(Var, Val)>) -> Val {
        let truth = |holds: bool| Val::One(i64::from(holds));
        match terms.node(t) {
            Node::Bool(value) => truth(*value),
            Node::Int(k) => Val::One(*k),
            Node::Var(v) => match bound.iter().rev().find(|(w, _)| w == v) {
                Some((_, value)) => value.clone(),
                None => unreachable!("{} is free", terms.show(t)),
            },
            Node::App(fun, arguments) => {
                let at: Vec<i64> = arguments.iter().map(|a| self.number(terms, *a, bound)).collect();
                match self.tables.get(fun).and_then(|table| table.get(&at)) {
                    Some(value) => value.clone(),
                    None => unreachable!("{} at {at:?} has no value", terms.symbol(*fun).name),
                }
            }
            Node::Not(a) => truth(self.number(terms, *a, bound) == 0),
            Node::And(list) => truth(list.iter().all(|a| self.number(terms, *a, bound) == 1)),
            Node::Or(list) => truth(list.iter().any(|a| self.number(terms, *a, bound) == 1)),
            Node::Ite(c, a, b) => {
                let taken = if self.number(terms, *c, bound) == 1 { a } else { b };
                self.value(terms, *taken, bound)
            }
            Node::Eq(a, b) => truth(self.number(terms, *a, bound) == self.number(terms, *b, bound)),
            Node::Le(a, b) => truth(self.number(terms, *a, bound) <= self.number(terms, *b, bound)),
            Node::Lt(a, b) => truth(self.number(terms, *a, bound) < self.number(terms, *b, bound)),
            Node::Add(list) => Val::One(list.iter().map(|a| self.number(terms, *a, bound)).sum()),
            Node::Mul(k, a) => Val::One(k * self.number(terms, *a, bound)),
            Node::Forall(variables, body) => truth(self.quantified(terms, variables, *body, true, bound)),
            Node::Exists(variables, body) => truth(self.quantified(terms, variables, *body, false, bound)),
            Node::Member(e, set) => {
                let e = self.number(terms, *e, bound);
                truth(self.inside(terms, e, *set, bound))
            }
            Node::Card(set) => match self.value(terms, *set, bound) {
                Val::Set(set) => Val::One(set.len() as i64),
                Val::One(_) => unreachable!("{} is no set", terms.show(*set)),
            },
            Node::Comprehension(variable, body) => {
                let mut set = BTreeSet::new();
                for value in self.domain(terms.variable_sort(*variable)) {
                    bound.push((*variable, value.clone()));
                    if self.number(terms, *body, bound) == 1
                        && let Val::One(k) = value
                    {
                        set.insert(k);
                    }
                    bound.pop();
                }
                Val::Set(set)
            }
        }
    }
}
