//! Formulas over n processes without quantifiers and sets: what the solver gets.
//!
//! Worked example: with n = 2, `∀i. x(i) ∈ S ∨ |HO(i)| ≤ 1` becomes
//! `(S(x(0)) ∨ ite(HO(0,0),1,0) + ite(HO(0,1),1,0) ≤ 1) ∧ (S(x(1)) ∨ ..)`.
//!
//! Processes and elements of opaque sorts become the integers from 0. A set becomes a predicate, a set as an argument the number whose
//! binary digits say who is in it. Quantifiers over numbers try the numbers of a [`Scope`] only, and a function of numbers is given one
//! value for all others: this is a guess, so that a model counts only when `evaluate` has found it right.

use super::Obstacle;
use super::model::{Element, Model};
use crate::term::{Fun, Node, Role, Sort, Term, Terms, Var};
use std::collections::{BTreeMap, BTreeSet};

/// How large the universes are: a [`Model`] without tables.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) frame: Model,
    /// Whether functions that have numbers as values stay within those that tables tell apart.
    pub(super) bounded: bool,
    /// If they do not: the functions whose values quantifiers over numbers try as well. Without them `∃v. v = x(p)` would be false wherever
    /// x(p) is another number than those tried.
    pub(super) witnesses: Vec<Fun>,
}

/// What a variable stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Bound {
    Element(Element),
    /// A number that only the solver knows.
    Ground(Term),
}

impl Scope {
    /// The numbers that a quantifier tries: those that tables tell apart, and `margin` times two more on both sides.
    fn tried(&self, margin: i64) -> impl Iterator<Item = i64> {
        let numbers = &self.frame.numbers;
        let (low, high) = (numbers.first().copied().unwrap_or(0), numbers.last().copied().unwrap_or(0));
        (low - 2 * margin..low).chain(numbers.iter().copied()).chain(high + 1..=high + 2 * margin)
    }
}

/// The expansion of some formulas.
pub(super) struct Expander<'a> {
    source: &'a Terms,
    scope: &'a Scope,
    /// The expanded formulas; all symbols take integers and truth values.
    pub(super) ground: Terms,
    /// The symbols that occur, and what they are called in `ground`.
    pub(super) symbols: BTreeMap<Fun, Fun>,
    environment: BTreeMap<Var, Bound>,
    memo: BTreeMap<(Term, Vec<Bound>), Term>,
}

impl Expander<'_> {
    pub(super) fn new<'a>(source: &'a Terms, scope: &'a Scope) -> Expander<'a> {
        Expander { source, scope, ground: Terms::new(), symbols: BTreeMap::new(), environment: BTreeMap::new(), memo: BTreeMap::new() }
    }

    /// A formula or a term that is no set.
    pub(super) fn expand(&mut self, term: Term) -> Result<Term, Obstacle> {
        let bound: Vec<Bound> = self.source.free(term).iter().filter_map(|v| self.environment.get(v).cloned()).collect();
        let key = (term, bound);
        if let Some(&done) = self.memo.get(&key) {
            return Ok(done);
        }
        if self.memo.len() > super::MOST_TERMS {
            return Err(Obstacle::TooLarge);
        }
        let expanded = self.node(term)?;
        self.memo.insert(key, expanded);
        Ok(expanded)
    }
    fn all(&mut self, list: &[Term]) -> Result<Vec<Term>, Obstacle> {
        list.iter().map(|&t| self.expand(t)).collect()
    }
    fn node(&mut self, term: Term) -> Result<Term, Obstacle> {
        let source = self.source;
        Ok(match source.node(term) {
            Node::Bool(value) => self.ground.bool(*value),
            Node::Int(value) => self.ground.int(*value),
            Node::Var(var) => match self.environment.get(var).cloned().ok_or_else(|| self.strange(term))? {
                Bound::Element(element) => self.literal(&element).ok_or_else(|| self.strange(term))?,
                Bound::Ground(number) => number,
            },
            Node::App(fun, list) if list.is_empty() && Some(*fun) == source.find("n") => self.ground.int(self.scope.frame.n.into()),
            Node::App(fun, list) => {
                let arguments = list.iter().map(|&t| self.argument(t)).collect::<Result<Vec<_>, _>>()?;
                self.apply(*fun, &arguments)
            }
            Node::Not(a) => {
                let a = self.expand(*a)?;
                self.ground.not(a)
            }
            Node::And(list) => self.junction(list, false)?,
            Node::Or(list) => self.junction(list, true)?,
            Node::Ite(c, a, b) => {
                let c = self.expand(*c)?;
                match self.ground.node(c) {
                    Node::Bool(true) => self.expand(*a)?,
                    Node::Bool(false) => self.expand(*b)?,
                    _ => {
                        let (a, b) = (self.expand(*a)?, self.expand(*b)?);
                        self.ground.ite(c, a, b)
                    }
                }
            }
            Node::Eq(a, b) => {
                let (a, b) = (self.expand(*a)?, self.expand(*b)?);
                self.ground.eq(a, b)
            }
            Node::Le(a, b) => {
                let (a, b) = (self.expand(*a)?, self.expand(*b)?);
                self.ground.le(a, b)
            }
            Node::Lt(a, b) => {
                let (a, b) = (self.expand(*a)?, self.expand(*b)?);
                self.ground.lt(a, b)
            }
            Node::Add(list) => {
                let parts = self.all(list)?;
                self.ground.add(parts)
            }
            Node::Mul(k, a) => {
                let a = self.expand(*a)?;
                self.ground.times(*k, a)
            }
            Node::Forall(vars, body) => self.quantifier(vars, *body, true)?,
            Node::Exists(vars, body) => self.quantifier(vars, *body, false)?,
            Node::Member(e, set) => {
                let e = self.expand(*e)?;
                self.member(e, *set)?
            }
            Node::Card(set) => {
                let members = self.members(*set)?;
                let (zero, one) = (self.ground.int(0), self.ground.int(1));
                let parts: Vec<Term> = members.into_iter().map(|(_, inside)| self.ground.ite(inside, one, zero)).collect();
                self.ground.add(parts)
            }
            Node::Comprehension(..) => return Err(self.strange(term)),
        })
    }
    fn strange(&self, term: Term) -> Obstacle {
        Obstacle::Strange(self.source.show(term))
    }
    /// A conjunction or disjunction, up to the first part that decides it.
    fn junction(&mut self, list: &[Term], decided_by: bool) -> Result<Term, Obstacle> {
        let mut parts = Vec::new();
        for &t in list {
            let part = self.expand(t)?;
            if *self.ground.node(part) == Node::Bool(decided_by) {
                return Ok(part);
            }
            parts.push(part);
        }
        Ok(if decided_by { self.ground.or(parts) } else { self.ground.and(parts) })
    }
    fn quantifier(&mut self, vars: &[Var], body: Term, universal: bool) -> Result<Term, Obstacle> {
        let Some((&var, rest)) = vars.split_first() else { return self.expand(body) };
        let mut parts = Vec::new();
        let sort = self.source.variable_sort(var);
        let elements: Vec<Bound> = self.elements(sort)?.into_iter().map(Bound::Element).collect();
        for tried in elements.into_iter().chain(self.witnesses(sort)?) {
            self.environment.insert(var, tried);
            let part = self.quantifier(rest, body, universal)?;
            if *self.ground.node(part) == Node::Bool(!universal) {
                parts = vec![part];
                break;
            }
            parts.push(part);
        }
        self.environment.remove(&var);
        Ok(if universal { self.ground.and(parts) } else { self.ground.or(parts) })
    }
    fn elements(&self, sort: Sort) -> Result<Vec<Element>, Obstacle> {
        match sort.is_number() {
            true => {
                // Inside other quantifiers a bit more, so that `∀v ∃w. v < w` does not fail at the largest number.
                let is_number = |b: &&Bound| matches!(b, Bound::Element(Element::Number(_)) | Bound::Ground(_));
                let around = self.environment.values().filter(is_number).count() as i64;
                Ok(self.scope.tried(around + 1).map(Element::Number).collect())
            }
            false => self.scope.frame.elements(sort).ok_or(Obstacle::TooLarge),
        }
    }
    /// What the functions say that have values of this sort.
    fn witnesses(&mut self, sort: Sort) -> Result<Vec<Bound>, Obstacle> {
        let mut found = vec![];
        for &fun in self.scope.witnesses.iter().filter(|fun| self.source.symbol(**fun).result == sort) {
            for key in self.scope.frame.keys(self.source, fun).ok_or(Obstacle::TooLarge)? {
                found.push(Bound::Ground(self.entry(fun, &key)?));
            }
        }
        Ok(found)
    }
    /// An element as a literal; sets as the number that stands for them as arguments.
    pub(super) fn literal(&mut self, element: &Element) -> Option<Term> {
        Some(match element {
            Element::Bool(value) => self.ground.bool(*value),
            Element::Number(value) => self.ground.int(*value),
            Element::Member(k) => self.ground.int((*k).into()),
            Element::Set(set) => {
                let digit = |e: &Element| if let Element::Member(k) = e { 1i64.checked_shl(*k) } else { None };
                let mask = set.iter().map(digit).sum::<Option<i64>>()?;
                self.ground.int(mask)
            }
            Element::Elsewhere => {
                let elsewhere = self.elsewhere();
                self.ground.int(elsewhere)
            }
        })
    }
    /// The number that stands for all that tables do not tell apart.
    fn elsewhere(&self) -> i64 {
        self.scope.frame.numbers.last().map_or(0, |last| last + 1)
    }

    /// A function's argument: numbers that tables do not tell apart are one, sets are numbers.
    fn argument(&mut self, term: Term) -> Result<Term, Obstacle> {
        let sort = self.source.sort(term);
        if sort.element().is_some() {
            let members = self.members(term)?;
            let zero = self.ground.int(0);
            let mut digits = Vec::new();
            for (element, inside) in members {
                let digit = self.literal(&Element::Set(BTreeSet::from([element]))).ok_or_else(|| self.strange(term))?;
                digits.push(self.ground.ite(inside, digit, zero));
            }
            return Ok(self.ground.add(digits));
        }
        let expanded = self.expand(term)?;
        if !sort.is_number() {
            return Ok(expanded);
        }
        let known = self.known(expanded);
        let elsewhere = self.elsewhere();
        let elsewhere = self.ground.int(elsewhere);
        Ok(self.ground.ite(known, expanded, elsewhere))
    }
    /// Is this number among those that tables tell apart?
    fn known(&mut self, number: Term) -> Term {
        let cases: Vec<Term> = self
            .scope
            .frame
            .numbers
            .iter()
            .map(|&k| {
                let literal = self.ground.int(k);
                self.ground.eq(number, literal)
            })
            .collect();
        self.ground.or(cases)
    }
    /// The function in `ground`; what has a set as its value is a predicate with one argument more.
    pub(super) fn apply(&mut self, fun: Fun, arguments: &[Term]) -> Term {
        let symbol = self.source.symbol(fun);
        let plain = |sort: Sort| if sort == Sort::Bool { Sort::Bool } else { Sort::Int };
        let known = match self.symbols.get(&fun) {
            Some(&known) => known,
            None => {
                let mut sorts: Vec<Sort> = symbol.arguments.iter().map(|&s| plain(s)).collect();
                sorts.extend(symbol.result.element().map(plain));
                let result = if symbol.result.element().is_some() { Sort::Bool } else { plain(symbol.result) };
                let declared = self.ground.declare(&symbol.name, &sorts, result, Role::Given);
                self.symbols.insert(fun, declared);
                declared
            }
        };
        self.ground.app(known, arguments)
    }

    /// Is an expanded element in a set?
    fn member(&mut self, element: Term, set: Term) -> Result<Term, Obstacle> {
        let source = self.source;
        match source.node(set) {
            Node::App(fun, list) => {
                let mut arguments = list.iter().map(|&t| self.argument(t)).collect::<Result<Vec<_>, _>>()?;
                arguments.push(element);
                let inside = self.apply(*fun, &arguments);
                match source.symbol(*fun).result.element().is_some_and(Sort::is_number) {
                    true => {
                        let known = self.known(element);
                        Ok(self.ground.and([known, inside]))
                    }
                    false => Ok(inside),
                }
            }
            Node::Var(var) => {
                let Some(Bound::Element(Element::Set(set))) = self.environment.get(var).cloned() else { return Err(self.strange(set)) };
                let mut cases = Vec::new();
                for one in &set {
                    let literal = self.literal(one).ok_or(Obstacle::TooLarge)?;
                    cases.push(self.ground.eq(element, literal));
                }
                Ok(self.ground.or(cases))
            }
            _ => Err(self.strange(set)),
        }
    }
    /// Who may be in a set, and when.
    fn members(&mut self, set: Term) -> Result<Vec<(Element, Term)>, Obstacle> {
        let sort = self.source.sort(set).element().ok_or_else(|| self.strange(set))?;
        let mut members = Vec::new();
        for element in self.elements(sort)? {
            let inside = match self.source.node(set) {
                Node::Comprehension(var, body) => {
                    self.environment.insert(*var, Bound::Element(element.clone()));
                    let inside = self.expand(*body)?;
                    self.environment.remove(var);
                    inside
                }
                _ => {
                    let literal = self.literal(&element).ok_or_else(|| self.strange(set))?;
                    self.member(literal, set)?
                }
            };
            members.push((element, inside));
        }
        Ok(members)
    }

    /// That the functions which occur have values in their sorts.
    pub(super) fn well_sorted(&mut self) -> Result<Vec<Term>, Obstacle> {
        let mut conditions = Vec::new();
        for (fun, _) in self.symbols.clone() {
            let result = self.source.symbol(fun).result;
            let (low, high) = match self.scope.frame.size(result) {
                Some(size) => (0, i64::from(size) - 1),
                None if result.is_number() && self.scope.bounded => {
                    match (self.scope.frame.numbers.first(), self.scope.frame.numbers.last()) {
                        (Some(&low), Some(&high)) => (low, high),
                        _ => continue,
                    }
                }
                None => continue,
            };
            for key in self.scope.frame.keys(self.source, fun).ok_or(Obstacle::TooLarge)? {
                let value = self.entry(fun, &key)?;
                let (low, high) = (self.ground.int(low), self.ground.int(high));
                conditions.extend([self.ground.le(low, value), self.ground.le(value, high)]);
            }
        }
        Ok(conditions)
    }
    /// Elements of opaque sorts are interchangeable, and of all models that differ by a permutation one is enough: along the tables of
    /// functions of processes, an element occurs only after all that are smaller have. (No formula names an element: where `expand`
    /// writes one, a quantifier writes all.)
    pub(super) fn canonical(&mut self) -> Result<Vec<Term>, Obstacle> {
        let mut conditions = Vec::new();
        let mut before: BTreeMap<Sort, Vec<Term>> = BTreeMap::new();
        for (fun, _) in self.symbols.clone() {
            let symbol = self.source.symbol(fun);
            let (Sort::Opaque(_), Some(size)) = (symbol.result, self.scope.frame.size(symbol.result)) else { continue };
            if symbol.arguments.iter().any(|sort| *sort != Sort::Process) {
                continue;
            }
            for key in self.scope.frame.keys(self.source, fun).ok_or(Obstacle::TooLarge)? {
                let value = self.entry(fun, &key)?;
                let earlier = before.entry(symbol.result).or_default();
                for k in 1..i64::from(size) {
                    let (smaller, this) = (self.ground.int(k - 1), self.ground.int(k));
                    let occurs = earlier.iter().map(|one| self.ground.eq(*one, smaller)).collect::<Vec<_>>();
                    let (occurs, is_this) = (self.ground.or(occurs), self.ground.eq(value, this));
                    conditions.push(self.ground.implies(is_this, occurs));
                }
                earlier.push(value);
            }
        }
        Ok(conditions)
    }
    /// The value at one place of a function's table.
    pub(super) fn entry(&mut self, fun: Fun, key: &[Element]) -> Result<Term, Obstacle> {
        let arguments = key.iter().map(|e| self.literal(e)).collect::<Option<Vec<_>>>().ok_or(Obstacle::TooLarge)?;
        Ok(self.apply(fun, &arguments))
    }
}
