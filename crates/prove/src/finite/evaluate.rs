//! Is a closed formula true in a finite model? An evaluation that shares nothing with the search, so that it can judge what that finds.
//!
//! Quantifiers over processes, truth values, opaque sorts and their sets try every element. Those over numbers mean all integers, and the
//! answer is exact: [`range`] tells how far one has to look. Where it cannot tell, the evaluation refuses.
//!
//! Worked example: with n = 2, x = (0, 1), `∀v. |{i | x(i) = v}| ≤ 1` is tried for v from −3 to 3 and found true.

mod range;

use super::model::{Element, Model};
use crate::term::{Node, Term, Terms, Var};
use range::Range;
use std::collections::{BTreeMap, BTreeSet};
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
    let range = Range::of(terms, model, formula)?;
    let mut evaluation = Evaluation { terms, model, range, scope: BTreeMap::new(), steps: 0 };
    evaluation.truth(formula)
}

struct Evaluation<'a> {
    terms: &'a Terms,
    model: &'a Model,
    range: Range,
    scope: BTreeMap<Var, Element>,
    steps: u64,
}

impl Evaluation<'_> {
    fn truth(&mut self, term: Term) -> Result<bool, Obstacle> {
        match self.element(term)? {
            Element::Bool(value) => Ok(value),
            _ => Err(self.missing(term)),
        }
    }
    fn number(&mut self, term: Term) -> Result<i64, Obstacle> {
        match self.element(term)? {
            Element::Number(value) => Ok(value),
            _ => Err(self.missing(term)),
        }
    }
    fn missing(&self, term: Term) -> Obstacle {
        Obstacle::Missing(self.terms.show(term))
    }

    fn element(&mut self, term: Term) -> Result<Element, Obstacle> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(Obstacle::TooLong);
        }
        let terms = self.terms;
        Ok(match terms.node(term) {
            Node::Bool(value) => Element::Bool(*value),
            Node::Int(value) => Element::Number(*value),
            Node::Var(var) => self.scope.get(var).cloned().ok_or_else(|| self.missing(term))?,
            Node::App(fun, list) if list.is_empty() && Some(*fun) == terms.find("n") => Element::Number(self.model.n.into()),
            Node::App(fun, list) => {
                let arguments = list.iter().map(|&t| self.element(t)).collect::<Result<Vec<_>, _>>()?;
                self.model.apply(*fun, &arguments).cloned().ok_or_else(|| self.missing(term))?
            }
            Node::Not(a) => Element::Bool(!self.truth(*a)?),
            Node::And(list) => Element::Bool(self.find(list, false)?.is_none()),
            Node::Or(list) => Element::Bool(self.find(list, true)?.is_some()),
            Node::Ite(c, a, b) => {
                let taken = if self.truth(*c)? { *a } else { *b };
                self.element(taken)?
            }
            Node::Eq(a, b) => Element::Bool(self.element(*a)? == self.element(*b)?),
            Node::Le(a, b) => Element::Bool(self.number(*a)? <= self.number(*b)?),
            Node::Lt(a, b) => Element::Bool(self.number(*a)? < self.number(*b)?),
            Node::Add(list) => {
                let mut sum = 0i64;
                for &t in list.iter() {
                    sum = sum.checked_add(self.number(t)?).ok_or(Obstacle::Overflow)?;
                }
                Element::Number(sum)
            }
            Node::Mul(k, a) => Element::Number(k.checked_mul(self.number(*a)?).ok_or(Obstacle::Overflow)?),
            Node::Forall(vars, body) => Element::Bool(self.try_all(vars, *body, false)?),
            Node::Exists(vars, body) => Element::Bool(!self.try_all(vars, *body, true)?),
            Node::Member(e, set) => {
                let e = self.element(*e)?;
                Element::Bool(self.set(*set)?.contains(&e))
            }
            Node::Card(set) => Element::Number(i64::try_from(self.set(*set)?.len()).map_err(|_| Obstacle::Overflow)?),
            Node::Comprehension(..) => Element::Set(self.set(term)?),
        })
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
            return match self.element(term)? {
                Element::Set(set) => Ok(set),
                _ => Err(self.missing(term)),
            };
        };
        let (candidates, ends) = self.candidates(*var, *body)?;
        let mut set = BTreeSet::new();
        for candidate in candidates {
            self.scope.insert(*var, candidate.clone());
            let inside = self.truth(*body)?;
            if inside && ends.contains(&candidate) {
                // What holds of the outermost number holds of all beyond.
                return Err(Obstacle::Infinite(self.terms.show(term)));
            }
            if inside {
                set.insert(candidate);
            }
        }
        self.scope.remove(var);
        Ok(set)
    }
    /// Whether no choice of the variables gives the body the truth value `breaks`.
    fn try_all(&mut self, vars: &[Var], body: Term, breaks: bool) -> Result<bool, Obstacle> {
        let Some((&var, rest)) = vars.split_first() else { return Ok(self.truth(body)? != breaks) };
        let depth = rest.iter().filter(|&&v| self.terms.variable_sort(v).is_number()).count() as u32;
        let (candidates, _) = self.candidates_at(var, depth + self.range.rank(body))?;
        let mut all = true;
        for candidate in candidates {
            self.scope.insert(var, candidate);
            all = self.try_all(rest, body, breaks)?;
            if !all {
                break;
            }
        }
        self.scope.remove(&var);
        Ok(all)
    }
    fn candidates(&self, var: Var, body: Term) -> Result<(Vec<Element>, Vec<Element>), Obstacle> {
        self.candidates_at(var, self.range.rank(body))
    }
    /// The elements to try, and for numbers the outermost two; `inside` is how deep binders of numbers are nested below.
    fn candidates_at(&self, var: Var, inside: u32) -> Result<(Vec<Element>, Vec<Element>), Obstacle> {
        let sort = self.terms.variable_sort(var);
        if !sort.is_number() {
            return Ok((self.model.elements(sort).ok_or(Obstacle::Sets)?, Vec::new()));
        }
        let pebbles = self.scope.iter().filter(|(v, _)| self.terms.variable_sort(**v).is_number() && **v != var);
        let pebbles = pebbles.filter_map(|(_, e)| if let Element::Number(k) = e { Some(*k) } else { None });
        let (low, high) = self.range.interval(pebbles, inside)?;
        Ok(((low..=high).map(Element::Number).collect(), vec![Element::Number(low), Element::Number(high)]))
    }
}
