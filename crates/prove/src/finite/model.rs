//! A finite model: a table for every symbol.

use crate::term::{Fun, Sort, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// An element of a sort in a model.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Element {
    /// A truth value.
    Bool(bool),
    /// An integer, of any number sort.
    Number(i64),
    /// A process, or an element of an opaque sort, from 0.
    Member(u32),
    /// A set.
    Set(BTreeSet<Element>),
    /// As an argument in a table: every number outside [`Model::numbers`].
    Elsewhere,
}

/// Values by arguments. Every combination of arguments has one.
pub type Table = BTreeMap<Vec<Element>, Element>;

/// A structure with `n` processes. The number sorts are all integers; a function of numbers has the same value for all numbers that are
/// not in `numbers`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Model {
    /// How many processes there are.
    pub n: u32,
    /// How many elements each opaque sort has, by its number.
    pub opaque: Vec<u32>,
    /// The numbers that tables tell apart.
    pub numbers: BTreeSet<i64>,
    /// What the symbols mean. Those that the formulas do not mention are left out.
    pub tables: BTreeMap<Fun, Table>,
}

impl Model {
    /// How many elements a finite sort has.
    pub fn size(&self, sort: Sort) -> Option<u32> {
        match sort {
            Sort::Process => Some(self.n),
            Sort::Opaque(k) => Some(self.opaque.get(k as usize).copied().unwrap_or(1)),
            _ => None,
        }
    }
    /// The value of a function; none where its table has none.
    pub fn apply(&self, fun: Fun, arguments: &[Element]) -> Option<&Element> {
        let key: Vec<Element> = arguments
            .iter()
            .map(|argument| match argument {
                Element::Number(k) if !self.numbers.contains(k) => Element::Elsewhere,
                _ => argument.clone(),
            })
            .collect();
        self.tables.get(&fun)?.get(&key)
    }
    /// All subsets of a finite sort; none where there are too many.
    pub(super) fn subsets(&self, element: Sort) -> Option<Vec<Element>> {
        let size = self.size(element).filter(|&size| size <= super::MOST_MEMBERS_FOR_SUBSETS)?;
        Some((0..1u32 << size).map(|mask| Element::Set((0..size).filter(|k| mask >> k & 1 == 1).map(Element::Member).collect())).collect())
    }
    /// All elements of a sort that has few.
    pub(super) fn elements(&self, sort: Sort) -> Option<Vec<Element>> {
        match (sort, self.size(sort), sort.element()) {
            (Sort::Bool, ..) => Some(vec![Element::Bool(false), Element::Bool(true)]),
            (_, Some(size), _) => Some((0..size).map(Element::Member).collect()),
            (_, _, Some(element)) => self.subsets(element),
            _ => None,
        }
    }
    /// All arguments of a function's table.
    pub(super) fn keys(&self, terms: &Terms, fun: Fun) -> Option<Vec<Vec<Element>>> {
        let mut keys = vec![Vec::new()];
        for &sort in &terms.symbol(fun).arguments {
            let elements = match sort.is_number() {
                true => self.numbers.iter().map(|&k| Element::Number(k)).chain([Element::Elsewhere]).collect(),
                false => self.elements(sort)?,
            };
            keys = keys.iter().flat_map(|key| elements.iter().map(|e| key.iter().cloned().chain([e.clone()]).collect())).collect();
            if keys.len() > super::MOST_ENTRIES {
                return None;
            }
        }
        Some(keys)
    }
}
