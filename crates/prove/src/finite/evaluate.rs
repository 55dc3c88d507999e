//! Is a closed formula true in a finite model? An evaluation that shares nothing with the search, so that it can judge what that finds.
//!
//! Quantifiers over processes, truth values, opaque sorts and their sets try every element. Those over numbers mean all integers, and the
//! answer is exact: `range` tells how far one has to look. Where it cannot tell, the evaluation refuses.
//!
//! Worked example: with n = 2, x = (0, 1), `∀v. |{i | x(i) = v}| ≤ 1` is tried for v from −3 to 3 and found true.

mod range;

use super::model::{Element, Model};
use crate::term::{Node, Sort, Term, Terms, Var};
use range::Range;
use std::collections::BTreeSet;
use std::fmt;

/// How many terms may be looked at, repetitions counted.
pub const MOST_STEPS: u64 = 40_000_000;

/// Why a formula could not be evaluated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// It takes more than [`MOST_STEPS`].
    TooLong,
    /// A quantifier over numbers whose meaning cannot be found by trying finitely many.
    Range(String),
    /// A number is too large.
    Overflow,
    /// The model says nothing about a symbol.
    Missing(String),
    /// A set of numbers is infinite.
    Infinite(String),
    /// There are too many sets to try them all.
    Sets,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::TooLong => write!(f, "it takes more than {MOST_STEPS} steps"),
            Obstacle::Range(what) => write!(f, "finitely many numbers do not decide `{what}`"),
            Obstacle::Overflow => f.write_str("a number is too large"),
            Obstacle::Missing(what) => write!(f, "the model says nothing about `{what}`"),
            Obstacle::Infinite(what) => write!(f, "the set `{what}` is infinite"),
            Obstacle::Sets => f.write_str("there are too many sets to try them all"),
        }
    }
}

/// Whether `formula`, which is closed, is true in `model`.
///
/// # Errors
/// Where the formula cannot be evaluated.
pub fn holds(terms: &Terms, model: &Model, formula: Term) -> Result<bool, Obstacle> {
    Evaluation::of(terms, model, formula)?.truth(formula)
}

/// An evaluation of one formula and its parts.
pub(super) struct Evaluation<'a> {
    pub(super) terms: &'a Terms,
    model: &'a Model,
    range: Range,
    /// The values of the variables, by number.
    scope: Vec<Option<Element>>,
    /// The numbers among them, outermost first.
    pebbles: Vec<i64>,
    steps: u64,
}

impl<'a> Evaluation<'a> {
    pub(super) fn of(terms: &'a Terms, model: &'a Model, formula: Term) -> Result<Evaluation<'a>, Obstacle> {
        let range = Range::of(terms, model, formula)?;
        Ok(Evaluation { terms, model, range, scope: Vec::new(), pebbles: Vec::new(), steps: 0 })
    }
    pub(super) fn truth(&mut self, term: Term) -> Result<bool, Obstacle> {
        self.step()?;
        let terms = self.terms;
        Ok(match terms.node(term) {
            Node::Bool(value) => *value,
            Node::Not(a) => !self.truth(*a)?,
            Node::And(list) => self.find(list, false)?.is_none(),
            Node::Or(list) => self.find(list, true)?.is_some(),
            Node::Eq(a, b) if terms.sort(*a).is_number() => self.number(*a)? == self.number(*b)?,
            Node::Eq(a, b) => self.element(*a)? == self.element(*b)?,
            Node::Le(a, b) => self.number(*a)? <= self.number(*b)?,
            Node::Lt(a, b) => self.number(*a)? < self.number(*b)?,
            Node::Forall(vars, body) => self.try_all(vars, *body, false)?,
            Node::Exists(vars, body) => !self.try_all(vars, *body, true)?,
            Node::Member(e, set) => {
                let e = self.element(*e)?;
                self.set(*set)?.contains(&e)
            }
            _ => match self.reference(term)? {
                Element::Bool(value) => value,
                _ => return Err(self.missing(term)),
            },
        })
    }
    fn number(&mut self, term: Term) -> Result<i64, Obstacle> {
        self.step()?;
        let terms = self.terms;
        Ok(match terms.node(term) {
            Node::Int(value) => *value,
            Node::Add(list) => {
                let mut sum = 0i64;
                for &t in list.iter() {
                    sum = sum.checked_add(self.number(t)?).ok_or(Obstacle::Overflow)?;
                }
                sum
            }
            Node::Mul(k, a) => k.checked_mul(self.number(*a)?).ok_or(Obstacle::Overflow)?,
            Node::Card(set) => i64::try_from(self.set(*set)?.len()).map_err(|_| Obstacle::Overflow)?,
            _ => match self.reference(term)? {
                Element::Number(value) => value,
                _ => return Err(self.missing(term)),
            },
        })
    }
    pub(super) fn element(&mut self, term: Term) -> Result<Element, Obstacle> {
        match self.terms.sort(term) {
            Sort::Bool => Ok(Element::Bool(self.truth(term)?)),
            Sort::Int | Sort::Value | Sort::Time => Ok(Element::Number(self.number(term)?)),
            sort if sort.element().is_some() => Ok(Element::Set(self.set(term)?)),
            _ => self.reference(term),
        }
    }
    /// A variable, a function applied, or an `ite`: terms of any sort.
    fn reference(&mut self, term: Term) -> Result<Element, Obstacle> {
        let terms = self.terms;
        match terms.node(term) {
            Node::Var(var) => self.scope.get(var.0 as usize).cloned().flatten().ok_or_else(|| self.missing(term)),
            Node::App(fun, list) if list.is_empty() && Some(*fun) == terms.find("n") => Ok(Element::Number(self.model.n.into())),
            Node::App(fun, list) => {
                let arguments = list.iter().map(|&t| self.element(t)).collect::<Result<Vec<_>, _>>()?;
                self.model.apply(*fun, &arguments).cloned().ok_or_else(|| self.missing(term))
            }
            Node::Ite(c, a, b) => {
                let taken = if self.truth(*c)? { *a } else { *b };
                self.element(taken)
            }
            _ => Err(self.missing(term)),
        }
    }
    fn missing(&self, term: Term) -> Obstacle {
        Obstacle::Missing(self.terms.show(term))
    }
    fn step(&mut self) -> Result<(), Obstacle> {
        self.steps += 1;
        if self.steps > MOST_STEPS { Err(Obstacle::TooLong) } else { Ok(()) }
    }
    /// The first of the formulas whose truth value is `wanted`.
    fn find(&mut self, list: &[Term], wanted: bool) -> Result<Option<Term>, Obstacle> {
        for &t in list {
            if self.truth(t)? == wanted {
                return Ok(Some(t));
            }
        }
        Ok(None)
    }

    fn set(&mut self, term: Term) -> Result<BTreeSet<Element>, Obstacle> {
        let Node::Comprehension(var, body) = self.terms.node(term) else {
            return match self.reference(term)? {
                Element::Set(set) => Ok(set),
                _ => Err(self.missing(term)),
            };
        };
        let candidates = self.candidates(*var, self.range.rank(*body))?;
        let ends = if self.terms.variable_sort(*var).is_number() {
            [candidates.first().cloned(), candidates.last().cloned()]
        } else {
            [None, None]
        };
        let mut set = BTreeSet::new();
        for candidate in candidates {
            if self.with(*var, &candidate, |evaluation| evaluation.truth(*body))? {
                if ends.contains(&Some(candidate.clone())) {
                    // What holds of the outermost number holds of all beyond.
                    return Err(Obstacle::Infinite(self.terms.show(term)));
                }
                set.insert(candidate);
            }
        }
        Ok(set)
    }
    /// Whether no choice of the variables gives the body the truth value `breaks`.
    fn try_all(&mut self, vars: &[Var], body: Term, breaks: bool) -> Result<bool, Obstacle> {
        let Some((&var, rest)) = vars.split_first() else { return Ok(self.truth(body)? != breaks) };
        for candidate in self.choices(var, rest, body)? {
            if !self.with(var, &candidate, |evaluation| evaluation.try_all(rest, body, breaks))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
    /// The values that a variable is tried with, the variables `rest` and `body` standing below it.
    pub(super) fn choices(&self, var: Var, rest: &[Var], body: Term) -> Result<Vec<Element>, Obstacle> {
        let below = rest.iter().filter(|&&v| self.terms.variable_sort(v).is_number()).count() as u32;
        self.candidates(var, below + self.range.rank(body))
    }
    /// Does something while a variable has a value.
    fn with<T>(&mut self, var: Var, value: &Element, work: impl FnOnce(&mut Self) -> T) -> T {
        self.enter(var, value);
        let result = work(self);
        self.leave(var);
        result
    }
    /// Gives a variable a value, until [`Evaluation::leave`]; variables are left in the opposite order.
    pub(super) fn enter(&mut self, var: Var, value: &Element) {
        let place = var.0 as usize;
        if self.scope.len() <= place {
            self.scope.resize(place + 1, None);
        }
        self.scope[place] = Some(value.clone());
        if let Element::Number(k) = value {
            self.pebbles.push(*k);
        }
    }
    /// Takes the value away.
    pub(super) fn leave(&mut self, var: Var) {
        if let Some(Element::Number(_)) = self.scope[var.0 as usize].take() {
            self.pebbles.pop();
        }
    }
    /// The elements to try, in order; `inside` is how deep binders of numbers are nested below.
    fn candidates(&self, var: Var, inside: u32) -> Result<Vec<Element>, Obstacle> {
        let sort = self.terms.variable_sort(var);
        if !sort.is_number() {
            return self.model.elements(sort).ok_or(Obstacle::Sets);
        }
        let (low, high) = self.range.interval(self.pebbles.iter().copied(), inside)?;
        Ok((low..=high).map(Element::Number).collect())
    }
}
