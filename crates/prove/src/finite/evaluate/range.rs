//! How far one must look to decide a quantifier over the integers in a finite model.
//!
//! Let all numbers that a formula can compare a quantified number with lie between −B and B, and let every comparison of two quantified
//! numbers be of the form `v - w ≤ d` with |d| ≤ B. Then a comparison cannot tell apart distances above B: with K = B + 1, an
//! Ehrenfeucht–Fraïssé game of r rounds on the integers, with −B..B named, is won by the duplicator as long as distances are equal or both
//! at least 2^r·K. So a number that lies 2^r·K or more outside everything named or chosen before satisfies the same formulas with r nested
//! quantifiers as any other beyond: trying the numbers up to there decides the quantifier. A function or set of numbers compares its
//! argument with the numbers that its table tells apart, and is the same for all others.
//!
//! What has another form, such as `2·v ≤ t`, `v + w ≤ t`, or a cardinality that depends on a set of numbers, is refused.

use super::super::model::{Element, Model};
use super::Obstacle;
use crate::term::{Node, Term, Terms};
use std::collections::BTreeMap;

/// The widest interval that is tried.
const WIDEST: i64 = 1 << 20;

pub(super) struct Range {
    /// B.
    bound: i64,
    /// How deep binders of numbers are nested in a term; terms without are left out.
    ranks: BTreeMap<Term, u32>,
}

impl Range {
    pub(super) fn of(terms: &Terms, model: &Model, formula: Term) -> Result<Range, Obstacle> {
        let mut scan = Scan { terms, model, bound: 1, ranks: BTreeMap::new() };
        let rank = scan.rank(formula);
        if rank > 0 {
            let mut seen = BTreeMap::new();
            scan.visit(formula, &mut seen)?;
        }
        Ok(Range { bound: scan.bound, ranks: scan.ranks })
    }
    pub(super) fn rank(&self, term: Term) -> u32 {
        self.ranks.get(&term).copied().unwrap_or(0)
    }
    /// The numbers to try for a variable when `pebbles` have been chosen and binders are nested `inside` deep below.
    pub(super) fn interval(&self, pebbles: impl Iterator<Item = i64>, inside: u32) -> Result<(i64, i64), Obstacle> {
        let reach = 1i64.checked_shl(inside).and_then(|power| power.checked_mul(self.bound + 1)).filter(|&reach| reach <= WIDEST);
        let reach = reach.ok_or(Obstacle::Overflow)?;
        let (low, high) = pebbles.fold((-self.bound, self.bound), |(low, high), p| (low.min(p), high.max(p)));
        match high - low <= WIDEST {
            true => Ok((low - reach, high + reach)),
            false => Err(Obstacle::Overflow),
        }
    }
}

struct Scan<'a> {
    terms: &'a Terms,
    model: &'a Model,
    bound: i64,
    ranks: BTreeMap<Term, u32>,
}

impl Scan<'_> {
    fn rank(&mut self, term: Term) -> u32 {
        if let Some(&rank) = self.ranks.get(&term) {
            return rank;
        }
        let below = self.terms.children(term).into_iter().map(|c| self.rank(c)).max().unwrap_or(0);
        let own = match self.terms.node(term) {
            Node::Forall(vars, _) | Node::Exists(vars, _) => {
                vars.iter().filter(|&&v| self.terms.variable_sort(v).is_number()).count() as u32
            }
            Node::Comprehension(var, _) => u32::from(self.terms.variable_sort(*var).is_number()),
            _ => 0,
        };
        self.ranks.insert(term, own + below);
        own + below
    }

    /// Makes the bound large enough for every comparison with a quantified number in `term`.
    fn visit(&mut self, term: Term, seen: &mut BTreeMap<Term, ()>) -> Result<(), Obstacle> {
        if seen.insert(term, ()).is_some() {
            return Ok(());
        }
        let terms = self.terms;
        match terms.node(term) {
            Node::Eq(a, b) | Node::Le(a, b) | Node::Lt(a, b) if terms.sort(*a).is_number() => {
                self.comparison(term, &[(1, *a), (-1, *b)], 0)?
            }
            Node::Member(e, _) if terms.sort(*e).is_number() => self.comparison(term, &[(1, *e)], self.numbers())?,
            Node::App(_, list) => {
                for &argument in list.iter().filter(|&&a| terms.sort(a).is_number()) {
                    self.comparison(term, &[(1, argument)], self.numbers())?;
                }
            }
            _ => {}
        }
        for child in terms.children(term) {
            self.visit(child, seen)?;
        }
        Ok(())
    }
    /// The largest number, ignoring signs, that tables and sets tell apart.
    fn numbers(&self) -> i64 {
        self.model.numbers.iter().map(|k| k.saturating_abs()).max().unwrap_or(0).saturating_add(1)
    }
    /// A sum is compared with numbers up to `with`.
    fn comparison(&mut self, whole: Term, sum: &[(i64, Term)], with: i64) -> Result<(), Obstacle> {
        let refuse = || Obstacle::Range(self.terms.show(whole));
        let mut chosen: BTreeMap<Term, i64> = BTreeMap::new();
        let mut rest = Vec::new();
        for &(factor, term) in sum {
            self.summands(factor, term, &mut chosen, &mut rest);
        }
        chosen.retain(|_, factor| *factor != 0);
        let factors: Vec<i64> = chosen.values().copied().collect();
        match factors.as_slice() {
            [] => return Ok(()),
            [1] | [-1] | [1, -1] | [-1, 1] => {}
            _ => return Err(refuse()),
        }
        let mut bound = with;
        for (factor, term) in rest {
            let size = self.size(term).ok_or_else(refuse)?;
            bound = factor.checked_abs().and_then(|f| f.checked_mul(size)).and_then(|b| bound.checked_add(b)).ok_or(Obstacle::Overflow)?;
        }
        self.bound = self.bound.max(bound);
        if self.bound > WIDEST { Err(Obstacle::Overflow) } else { Ok(()) }
    }
    fn summands(&self, factor: i64, term: Term, chosen: &mut BTreeMap<Term, i64>, rest: &mut Vec<(i64, Term)>) {
        match self.terms.node(term) {
            Node::Add(list) => list.iter().for_each(|&t| self.summands(factor, t, chosen, rest)),
            // A factor that does not fit is one that no comparison may have: it ends up among those refused.
            Node::Mul(k, inner) => self.summands(factor.saturating_mul(*k), *inner, chosen, rest),
            Node::Var(_) => {
                let sum = chosen.entry(term).or_insert(0);
                *sum = sum.saturating_add(factor);
            }
            _ => rest.push((factor, term)),
        }
    }
    /// How large a number can be, ignoring its sign, whatever the variables are; none if that cannot be told.
    fn size(&self, term: Term) -> Option<i64> {
        match self.terms.node(term) {
            Node::Int(value) => value.checked_abs(),
            Node::App(fun, list) if list.is_empty() && Some(*fun) == self.terms.find("n") => Some(self.model.n.into()),
            Node::App(fun, _) => {
                let sizes = self.model.tables.get(fun)?.values().map(|e| if let Element::Number(k) = e { k.checked_abs() } else { None });
                sizes.collect::<Option<Vec<i64>>>()?.into_iter().max()
            }
            Node::Ite(_, a, b) => Some(self.size(*a)?.max(self.size(*b)?)),
            Node::Add(list) => list.iter().try_fold(0i64, |sum, &t| sum.checked_add(self.size(t)?)),
            Node::Mul(k, a) => k.checked_abs()?.checked_mul(self.size(*a)?),
            Node::Card(set) => match self.model.size(self.terms.sort(*set).element()?) {
                Some(size) => Some(size.into()),
                // A table's set of numbers is among those it tells apart; any other may have as many elements as it likes.
                None => matches!(self.terms.node(*set), Node::App(..)).then(|| i64::try_from(self.model.numbers.len()).ok()).flatten(),
            },
            _ => None,
        }
    }
}
