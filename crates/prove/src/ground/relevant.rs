//! Which atoms and terms matter in a model.
//!
//! From every asserted formula a set of literals is collected that suffices to make it true: of a true disjunction one disjunct, of a
//! choice the branch taken. Terms of other atoms must not become instances: without this rule the witness of a lemma whose condition
//! does not apply leads to new sets, new lemmas, new witnesses, and the search does not end.

use super::model::Model;
use crate::term::{Fun, Node, Role, Sort, Term, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// The relevant part of a model.
#[derive(Clone, Debug, Default)]
pub struct Relevant {
    /// Literals: atoms with their truth value, in the order in which they were met.
    pub literals: Vec<(Term, bool)>,
    /// Ground terms by sort, with their generation: what quantified variables are instantiated with.
    pub terms: BTreeMap<Sort, BTreeMap<Term, u32>>,
    /// The sets whose cardinalities occur, with their generation.
    pub sets: BTreeMap<Term, u32>,
    seen: BTreeSet<(Term, bool)>,
}

/// How old terms are: constants 0, Skolem functions one more than their arguments, a witness one more than its sets.
#[derive(Clone, Debug, Default)]
pub struct Generations {
    witnesses: BTreeMap<Fun, u32>,
    holders: BTreeSet<Fun>,
    memo: BTreeMap<Term, u32>,
}

impl Generations {
    /// Enters a witness.
    pub fn witness(&mut self, fun: Fun, generation: u32) {
        self.witnesses.insert(fun, generation);
    }
    /// Enters Skolem functions that give who holds a value: of a constant they are as old, which says nothing without its holder.
    pub fn holders(&mut self, holders: &BTreeSet<Fun>) {
        if self.holders.len() != holders.len() {
            self.holders.clone_from(holders);
            self.memo.clear();
        }
    }
    fn holds_constant(&self, terms: &Terms, fun: Fun, arguments: &[Term]) -> bool {
        self.holders.contains(&fun) && arguments.iter().all(|&a| terms.children(a).is_empty())
    }
    /// The generation of a ground term.
    pub fn of(&mut self, terms: &Terms, term: Term) -> u32 {
        if let Some(&known) = self.memo.get(&term) {
            return known;
        }
        let below = terms.children(term).into_iter().map(|c| self.of(terms, c)).max().unwrap_or(0);
        let generation = match terms.node(term) {
            Node::App(fun, list) if list.is_empty() => self.witnesses.get(fun).copied().unwrap_or(0),
            Node::App(fun, list) if terms.symbol(*fun).role == Role::Skolem && !self.holds_constant(terms, *fun, list) => below + 1,
            _ => below,
        };
        self.memo.insert(term, generation);
        generation
    }
    /// The generation as an instance: values held by processes count one more, so that quantifiers over values prefer constants, and
    /// what one process has from another two more: a message that may be made up says little.
    fn as_instance(&mut self, terms: &Terms, term: Term) -> u32 {
        let more = match terms.node(term) {
            Node::App(fun, list) if terms.sort(term) == Sort::Value => match (list.len(), terms.symbol(*fun).role) {
                (1.., Role::State | Role::Primed) => 1,
                (2.., Role::Given) => 2,
                _ => 0,
            },
            _ => 0,
        };
        self.of(terms, term) + more
    }
}

/// What the walk reads and updates.
pub struct Walk<'a> {
    /// The terms.
    pub terms: &'a Terms,
    /// The model.
    pub model: &'a mut Model,
    /// The generations.
    pub generations: &'a mut Generations,
}

impl Relevant {
    /// Collects what makes `formula`, whose truth value is `positive`, have it; with `instances`, also its terms.
    pub fn walk(&mut self, on: &mut Walk<'_>, formula: Term, positive: bool, instances: bool) {
        if !self.seen.insert((formula, positive)) {
            return;
        }
        match on.terms.node(formula).clone() {
            Node::Bool(_) => {}
            Node::Not(a) => self.walk(on, a, !positive, instances),
            Node::And(list) | Node::Or(list) => {
                let conjunction = matches!(on.terms.node(formula), Node::And(_));
                if conjunction == positive {
                    list.iter().for_each(|&part| self.walk(on, part, positive, instances));
                } else {
                    self.walk_one(on, &list, positive, instances);
                }
            }
            Node::Ite(c, a, b) => {
                let taken = on.model.holds(on.terms, c);
                self.walk(on, c, taken, instances);
                self.walk(on, if taken { a } else { b }, positive, instances);
            }
            Node::Eq(a, b) if on.terms.sort(a) == Sort::Bool => {
                for side in [a, b] {
                    let value = on.model.holds(on.terms, side);
                    self.walk(on, side, value, instances);
                }
            }
            _ => {
                self.literals.push((formula, positive));
                self.collect(on, formula, instances);
            }
        }
    }

    /// One part with the truth value suffices: one visited before, else without cardinalities, else of the lowest generation.
    fn walk_one(&mut self, on: &mut Walk<'_>, list: &[Term], positive: bool, instances: bool) {
        let suited: Vec<Term> = list.iter().copied().filter(|&part| on.model.holds(on.terms, part) == positive).collect();
        let visited = |part: Term| match *on.terms.node(part) {
            Node::Not(inner) => self.seen.contains(&(inner, !positive)),
            _ => self.seen.contains(&(part, positive)),
        };
        if suited.iter().any(|&part| visited(part)) {
            return;
        }
        let best = suited.into_iter().min_by_key(|&part| (on.terms.facts(part).counts, on.generations.of(on.terms, part), part));
        self.walk(on, best.expect("a part has the value of the whole"), positive, instances);
    }

    fn collect(&mut self, on: &mut Walk<'_>, term: Term, instances: bool) {
        match on.terms.node(term).clone() {
            Node::Ite(c, a, b) => {
                let taken = on.model.holds(on.terms, c);
                self.walk(on, c, taken, instances);
                self.collect(on, if taken { a } else { b }, instances);
            }
            Node::Card(set) => {
                let generation = on.generations.of(on.terms, set);
                self.sets.entry(set).or_insert(generation);
                on.terms.children(set).into_iter().for_each(|c| self.collect(on, c, instances));
            }
            Node::Member(e, set) => {
                self.collect(on, e, instances);
                on.terms.children(set).into_iter().for_each(|c| self.collect(on, c, instances));
            }
            node => {
                if let Node::App(fun, _) = &node
                    && instances
                {
                    self.offer(on, term, *fun);
                }
                on.terms.children(term).into_iter().for_each(|c| self.collect(on, c, instances));
            }
        }
    }

    /// Every term but truth values, sets and n may stand for a variable.
    fn offer(&mut self, on: &mut Walk<'_>, term: Term, fun: Fun) {
        let sort = on.terms.sort(term);
        if sort != Sort::Bool && sort.element().is_none() && on.terms.symbol(fun).name != "n" {
            let generation = on.generations.as_instance(on.terms, term);
            self.terms.entry(sort).or_default().entry(term).or_insert(generation);
        }
    }
}
