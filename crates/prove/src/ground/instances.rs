//! Instances of clauses that a model makes false.
//!
//! The variables of a clause range over the relevant ground terms of their sorts. The cost of an instance is the largest generation of its
//! terms, or the sum of the generations of those that make new sets and new terms, if that is more; only instances up to the level are
//! looked at.
//!
//! Worked example: in `j ∈ HO(i) ∧ voted(j) ⇒ pick(i) ∈ HO(i)` the new term pick(i) comes from i alone; with i of generation 1 and j of
//! generation 2 the instance costs 2.

use super::model::Model;
use super::relevant::Relevant;
use crate::clause::{Clause, Clauses};
use crate::term::{Node, Role, Sort, Term, Terms, Var};
use std::collections::{BTreeMap, BTreeSet};

/// An instance: the clause's number and the terms for its variables.
pub type Instance = (usize, Vec<Term>);

/// What the search remembers between rounds.
#[derive(Clone, Debug, Default)]
pub struct Instances {
    done: BTreeSet<Instance>,
    making: BTreeMap<usize, Vec<u32>>,
}

/// How far to look.
pub struct Bounds<'a> {
    /// The highest cost.
    pub level: u32,
    /// How many false instances of a clause are wanted.
    pub most: usize,
    /// How many times the generation of a term counts that makes a counted set.
    pub counted: u32,
    /// Whether the time is up.
    pub late: &'a dyn Fn() -> bool,
}

/// What one look at all clauses found.
pub struct Found {
    /// False instances of the lowest cost.
    pub falsified: Vec<(u32, Instance)>,
    /// True instances that speak of cardinalities: their sets matter.
    pub counting: Vec<Instance>,
}

impl Instances {
    /// Marks an instance as asserted.
    pub fn enter(&mut self, instance: Instance) {
        self.done.insert(instance);
    }

    /// Looks at every instance up to cost `level`; `None` when `late` says so.
    pub fn look(&mut self, terms: &Terms, clauses: &Clauses, model: &mut Model, relevant: &Relevant, bounds: &Bounds<'_>) -> Option<Found> {
        let pools = pools(terms, model, relevant, bounds);
        let mut found = Found { falsified: Vec::new(), counting: Vec::new() };
        let mut matched = Vec::new();
        for (k, clause) in clauses.list.iter().enumerate() {
            if clause.variables.is_empty() {
                continue;
            }
            if (bounds.late)() {
                return None;
            }
            let mut chosen = Vec::new();
            if let Some(pattern) = horn_pattern(terms, clause) {
                self.match_literals(terms, model, relevant, (k, clause), &pattern, &mut chosen, &mut found);
                matched.push((k, clause));
                continue;
            }
            let making = self.making.entry(k).or_insert_with(|| making(terms, clause, bounds.counted)).clone();
            self.extend(terms, model, &pools, bounds.level, (k, clause, &making), &mut chosen, Cost::default(), &mut found);
        }
        // The premise of a transitive relation may be a literal that nobody has asked about yet. One term for each value will do.
        if found.falsified.is_empty() && !matched.is_empty() {
            let pools: BTreeMap<_, _> = pools.into_iter().map(|(sort, pool)| (sort, one_each(pool))).collect();
            for (k, clause) in matched {
                if (bounds.late)() {
                    return None;
                }
                let making = vec![0; clause.variables.len()];
                self.extend(terms, model, &pools, bounds.level, (k, clause, &making), &mut vec![], Cost::default(), &mut found);
            }
        }
        Some(found)
    }

    #[expect(clippy::too_many_arguments, reason = "the recursion's state; a struct of them would be named after this function")]
    fn extend(
        &self,
        terms: &Terms,
        model: &mut Model,
        pools: &BTreeMap<Sort, Vec<(Term, i64, u32)>>,
        level: u32,
        clause: (usize, &Clause, &[u32]),
        chosen: &mut Vec<(Var, Term, i64)>,
        cost: Cost,
        found: &mut Found,
    ) {
        let (number, of, making) = clause;
        let Some(&variable) = of.variables.get(chosen.len()) else {
            let arguments: Vec<Term> = chosen.iter().map(|&(_, t, _)| t).collect();
            if self.done.contains(&(number, arguments.clone())) {
                return;
            }
            let bound: Vec<(Var, i64)> = chosen.iter().map(|&(v, _, value)| (v, value)).collect();
            if model.value_with(terms, of.matrix, &bound) == 0 {
                found.falsified.push((cost.total(), (number, arguments)));
            } else if terms.facts(of.matrix).counts {
                found.counting.push((number, arguments));
            }
            return;
        };
        for &(term, value, generation) in pools.get(&terms.variable_sort(variable)).map_or(&[][..], Vec::as_slice) {
            let cost = cost.with(generation, making[chosen.len()]);
            if cost.total() > level {
                continue;
            }
            chosen.push((variable, term, value));
            self.extend(terms, model, pools, level, clause, chosen, cost, found);
            chosen.pop();
        }
    }

    /// A clause `p(u, v) ∧ q(v, w) ⇒ ..` over values is matched on the relevant literals: enumerating all triples of values to find
    /// the few that a transitive relation speaks of would be most of the work.
    #[expect(clippy::too_many_arguments, reason = "as above")]
    fn match_literals(
        &self,
        terms: &Terms,
        model: &mut Model,
        relevant: &Relevant,
        clause: (usize, &Clause),
        pattern: &[Term],
        chosen: &mut Vec<(Var, Term, i64)>,
        found: &mut Found,
    ) {
        let (number, of) = clause;
        let Some((&first, rest)) = pattern.split_first() else {
            let arguments: Vec<Term> =
                of.variables.iter().map(|v| chosen.iter().find(|c| c.0 == *v).expect("the pattern has every variable").1).collect();
            let bound: Vec<(Var, i64)> = chosen.iter().map(|&(v, _, value)| (v, value)).collect();
            let fresh = !self.done.contains(&(number, arguments.clone()));
            if fresh && model.value_with(terms, of.matrix, &bound) == 0 {
                found.falsified.push((0, (number, arguments)));
            }
            return;
        };
        let Node::App(fun, variables) = terms.node(first) else { unreachable!("patterns are applications") };
        for &(literal, positive) in &relevant.literals {
            let Node::App(other, arguments) = terms.node(literal) else { continue };
            if !positive || other != fun {
                continue;
            }
            let before = chosen.len();
            let fits = variables.iter().zip(arguments.iter()).all(|(&variable, &argument)| {
                let Node::Var(v) = *terms.node(variable) else { unreachable!("patterns are over variables") };
                let value = model.value(terms, argument);
                match chosen.iter().find(|c| c.0 == v) {
                    Some(&(_, _, known)) => known == value,
                    None => {
                        chosen.push((v, argument, value));
                        true
                    }
                }
            });
            if fits {
                self.match_literals(terms, model, relevant, clause, rest, chosen, found);
            }
            chosen.truncate(before);
        }
    }
}

/// What the terms chosen so far cost.
#[derive(Clone, Copy, Default)]
struct Cost {
    largest: u32,
    making: u32,
}

impl Cost {
    fn with(self, generation: u32, makes: u32) -> Cost {
        Cost { largest: self.largest.max(generation), making: self.making + makes * generation }
    }
    fn total(self) -> u32 {
        self.largest.max(self.making)
    }
}

/// How much each variable of a clause counts: not at all unless it occurs in sets that are counted or under Skolem functions, whose
/// instances make new sets and new terms.
fn making(terms: &Terms, clause: &Clause, counted: u32) -> Vec<u32> {
    let mut made = BTreeMap::new();
    made_from(terms, clause.matrix, counted, &mut made);
    clause.variables.iter().map(|v| made.get(v).copied().unwrap_or(0)).collect()
}

fn made_from(terms: &Terms, term: Term, counted: u32, found: &mut BTreeMap<Var, u32>) {
    let mut enter = |weight: u32| {
        terms.free(term).iter().for_each(|v| {
            let known = found.entry(*v).or_insert(0);
            *known = weight.max(*known);
        });
    };
    match terms.node(term) {
        Node::Card(_) => enter(counted),
        Node::App(fun, _) if terms.symbol(*fun).role == Role::Skolem => enter(1),
        _ => terms.children(term).into_iter().for_each(|c| made_from(terms, c, counted, found)),
    }
}

/// The premises of a clause over at least two values, when they are predicates of variables and name all of them.
fn horn_pattern(terms: &Terms, clause: &Clause) -> Option<Vec<Term>> {
    let values = |v: &Var| matches!(terms.variable_sort(*v), Sort::Value | Sort::Opaque(_));
    if clause.variables.len() < 2 || !clause.variables.iter().all(values) {
        return None;
    }
    let Node::Or(list) = terms.node(clause.matrix) else { return None };
    let mut pattern = Vec::new();
    for &part in list {
        if let Node::Not(premise) = *terms.node(part) {
            let conjuncts = if let Node::And(list) = terms.node(premise) { list.to_vec() } else { vec![premise] };
            pattern.extend(conjuncts.into_iter().filter(|&p| match terms.node(p) {
                Node::App(_, arguments) => arguments.iter().all(|&a| matches!(terms.node(a), Node::Var(_))),
                _ => false,
            }));
        }
    }
    let named: BTreeSet<Var> = pattern.iter().flat_map(|&p| terms.free(p).iter().copied()).collect();
    (!pattern.is_empty() && named.len() == clause.variables.len()).then_some(pattern)
}

/// The terms of each sort with their value and generation.
fn pools(terms: &Terms, model: &mut Model, relevant: &Relevant, bounds: &Bounds<'_>) -> BTreeMap<Sort, Vec<(Term, i64, u32)>> {
    let mut pools: BTreeMap<Sort, Vec<(Term, i64, u32)>> = BTreeMap::new();
    for (&sort, list) in &relevant.terms {
        let pool = pools.entry(sort).or_default();
        for (&term, &generation) in list {
            if generation <= bounds.level {
                pool.push((term, model.value(terms, term), generation));
            }
        }
        pool.sort_by_key(|&(term, _, generation)| (generation, term));
        if bounds.most < usize::MAX {
            *pool = one_each(std::mem::take(pool));
        }
    }
    pools
}

/// The first term of each value.
fn one_each(mut pool: Vec<(Term, i64, u32)>) -> Vec<(Term, i64, u32)> {
    let mut seen = BTreeSet::new();
    pool.retain(|&(_, value, _)| seen.insert(value));
    pool
}

/// The instance as a formula.
pub fn formula(terms: &mut Terms, clauses: &Clauses, instance: &Instance) -> Term {
    let clause = &clauses.list[instance.0];
    let map: Vec<(Var, Term)> = clause.variables.iter().copied().zip(instance.1.iter().copied()).collect();
    let formula = terms.substitute(clause.matrix, &map);
    // A variable may stand for a set whose members are defined.
    clauses.expand(terms, formula)
}
