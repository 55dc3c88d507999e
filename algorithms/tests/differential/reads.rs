//! What the text of a specification function reads of its arguments: what it does not read need not be enumerated.
//!
//! Worked example: `s.forall(|i| s.exists(|j| s[i].x == s.initially(j).x))` reads the field `x` of the states and of the first states,
//! and neither round, parameters nor kernel. A quantifier over values of a type reads every field that holds such a value, and of the
//! first states also which values occur in them.

use heardof_core::ir::{Algorithm, Expr, Function, Node};
use heardof_core::{Datum, Sort};
use std::collections::BTreeSet;

/// What a function reads, through the methods and helpers it calls.
#[derive(Debug, Default)]
pub struct Reads {
    /// Fields of states.
    pub now: BTreeSet<String>,
    /// Fields of first states.
    pub first: BTreeSet<String>,
    /// The sorts whose occurring values are quantified over.
    pub values: Vec<Sort>,
    /// Every method called, by name.
    methods: BTreeSet<String>,
}

impl Reads {
    /// What `function` reads.
    pub fn of(algorithm: &Algorithm, function: &Function) -> Reads {
        let mut reads = Reads::default();
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![function]);
        let (mut first_states, mut projected) = (0, 0);
        while let Some(f) = waiting.pop() {
            let Ok(body) = &f.body else { continue };
            body.walk(&mut |e: &Expr| {
                let of_first = |of: &Expr| matches!(&of.node, Node::Method(m, ..) if m == "initially");
                match &e.node {
                    Node::Field(of, name) if of_first(of) => {
                        projected += 1;
                        reads.first.insert(name.clone());
                    }
                    Node::Field(_, name) => {
                        reads.now.insert(name.clone());
                    }
                    Node::Method(name, of, _) if of_first(of) && algorithm.function(name).is_some() => {
                        projected += 1;
                        let method = algorithm.function(name).map(|f| Reads::of(algorithm, f)).unwrap_or_default();
                        reads.first.extend(method.now);
                    }
                    Node::Call(name, _) | Node::Method(name, ..) => {
                        reads.values.extend(quantified(e));
                        first_states += usize::from(name == "initially");
                        if seen.insert(name.clone()) {
                            waiting.extend(algorithm.function(name));
                        }
                        reads.methods.insert(name.clone());
                    }
                    _ => {}
                }
            });
        }
        let holding = |sort: &Sort| reads.values.iter().any(|v| sort.any(&|s| s == v));
        reads.now.extend(algorithm.fields.iter().filter(|f| holding(&f.sort)).map(|f| f.name.to_string()));
        if first_states > projected {
            reads.first.extend(algorithm.fields.iter().map(|f| f.name.to_string()));
        }
        reads
    }

    /// Whether one of these methods is called.
    pub fn asks(&self, methods: &[&str]) -> bool {
        methods.iter().any(|m| self.methods.contains(*m))
    }

    /// One list of first states for each way to differ in what is read of them: the fields read, and the set of values that occur.
    pub fn first_states(&self, algorithm: &Algorithm, states: &[Datum], n: usize) -> Vec<Vec<Datum>> {
        let key = |of: &[Datum]| {
            let fields: Vec<Option<Datum>> = of.iter().flat_map(|d| self.first.iter().map(|f| d.field(f).cloned())).collect();
            (fields, self.occurring(algorithm, of))
        };
        let mut lists: Vec<Vec<Datum>> = vec![vec![]];
        for _ in 0..n {
            let mut seen = BTreeSet::new();
            let longer = lists.iter().flat_map(|list| states.iter().map(move |s| list.iter().cloned().chain([s.clone()]).collect()));
            lists = longer.filter(|list: &Vec<Datum>| seen.insert(key(list))).collect();
        }
        lists
    }

    /// The values of the sorts quantified over that occur in these states, each with the number of its sort.
    pub fn occurring(&self, algorithm: &Algorithm, states: &[Datum]) -> BTreeSet<(usize, Datum)> {
        let mut values = BTreeSet::new();
        for (k, sort) in self.values.iter().enumerate() {
            for state in states {
                state.occurrences(&algorithm.state, sort, &mut |v| {
                    values.insert((k, v.clone()));
                });
            }
        }
        values
    }

    /// The states that differ in the fields read; all other fields are as in the first of them.
    pub fn states(&self, algorithm: &Algorithm, states: &[Datum]) -> Vec<Datum> {
        let unread = algorithm.fields.iter().filter(|f| !self.now.contains(f.name));
        let same = |state: &&Datum| unread.clone().all(|f| state.field(f.name) == states[0].field(f.name));
        states.iter().filter(same).cloned().collect()
    }
}

/// The sort of the values that `e` quantifies over, if it does.
fn quantified(e: &Expr) -> Option<Sort> {
    match &e.node {
        Node::Method(name, _, args) if name == "exists_value" || name == "forall_value" => match &args.first()?.node {
            Node::Lambda(l) => l.sorts.first().cloned(),
            _ => None,
        },
        _ => None,
    }
}
