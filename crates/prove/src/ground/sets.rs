//! The sets that count in a model: those of one sort of elements, one for each functor and values of its arguments.
//!
//! Worked example: where a = b in the model, `{j | x(j) = a}` and `{j | x(j) = b}` are one set, called by the older of the two; the
//! literal `2·|{j | x(j) = b}| > n` bounds it from below.

use super::model::Model;
use super::relevant::Relevant;
use super::rows::{self, Row, Unknown};
use crate::term::{Fun, Sort, Term, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// The sets, and what the literals say of how many elements they have.
pub struct Counting {
    /// The sets, older ones first.
    pub sets: Vec<Term>,
    /// The generation of each.
    pub generations: Vec<u32>,
    /// Their cardinalities in the model.
    pub cards: Vec<i64>,
    /// The literals that speak of these; sets by their numbers here.
    pub rows: Vec<Row>,
    /// Sets that the rows bound from below.
    pub low: BTreeSet<usize>,
    /// Sets that the rows bound from above.
    pub high: BTreeSet<usize>,
}

impl Counting {
    /// The sets of elements of this sort up to the level.
    pub fn read(terms: &mut Terms, model: &mut Model, relevant: &Relevant, level: u32, element: Sort) -> Counting {
        let mut young: Vec<(u32, Term)> = relevant.sets.iter().map(|(&s, &g)| (g, s)).filter(|&(g, _)| g <= level).collect();
        young.retain(|&(_, set)| terms.sort(set).element() == Some(element));
        young.sort();
        let (mut sets, mut generations, mut numbers) = (Vec::new(), Vec::new(), BTreeMap::<(Fun, Vec<i64>), usize>::new());
        for (generation, set) in young {
            numbers.entry(model.identity(terms, set)).or_insert_with(|| {
                sets.push(set);
                generations.push(generation);
                sets.len() - 1
            });
        }
        let rows = rows::rows(terms, model, &relevant.literals, &mut |terms, model, set| {
            (terms.sort(set).element() == Some(element)).then(|| numbers.get(&model.identity(terms, set)).copied()).flatten()
        });
        let side = |positive: bool| -> BTreeSet<usize> {
            let entries = rows.iter().flat_map(|row| &row.coefficients);
            entries.filter_map(|(u, &k)| if let Unknown::Card(s) = u { ((k > 0) == positive).then_some(*s) } else { None }).collect()
        };
        let (low, high) = (side(true), side(false));
        let cards: Vec<Term> = sets.iter().map(|&set| terms.card(set)).collect();
        let cards = cards.into_iter().map(|card| model.value(terms, card)).collect();
        Counting { sets, generations, cards, rows, low, high }
    }
}
