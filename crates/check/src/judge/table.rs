//! Verdicts that were reached before, by what they depend on.
//!
//! A verdict on a part of a formula depends on the first states, the round, the part, and the words of at most two processes. The first
//! two change rarely, so they choose a page; the rest is a key of two numbers within it. Formulas that stay whole have a table of their
//! own, by the words of all processes.

use crate::hash::{FastMap, Interner};

/// Verdicts kept from one exploration to the next, and verdicts on whole formulas kept at all.
const KEPT: usize = 1 << 20;

/// A part of a formula, for certain processes, and their words.
pub type Key = (u64, u64);

/// The class of a process that is interchangeable with others.
pub const EVERYBODY: u32 = 0xffff;
/// The class of the second process of a pair when it is the first.
pub const SAME: u32 = 0xfffe;

/// The key of a verdict of `table` on processes of these classes with these words.
pub fn key(table: usize, classes: (u32, u32), words: (u32, u32)) -> Key {
    ((table as u64) << 32 | u64::from(classes.0) << 16 | u64::from(classes.1), u64::from(words.0) << 32 | u64::from(words.1))
}

/// All verdicts.
#[derive(Default)]
pub struct Verdicts {
    firsts: Interner<Vec<u32>>,
    /// The number of the present first states.
    first: u32,
    numbers: FastMap<(u32, usize), usize>,
    pages: Vec<FastMap<Key, bool>>,
    wholes: FastMap<Box<[u32]>, bool>,
    words: Vec<u32>,
}

impl Verdicts {
    /// From now on these are the first states: equal ones, equal verdicts.
    pub fn begin(&mut self, firsts: Vec<u32>) {
        if self.pages.iter().map(FastMap::len).sum::<usize>() > KEPT {
            *self = Verdicts::default();
        }
        self.first = self.firsts.number(firsts);
    }

    /// The page of a round.
    pub fn page(&mut self, round: usize) -> usize {
        let pages = &mut self.pages;
        *self.numbers.entry((self.first, round)).or_insert_with(|| {
            pages.push(FastMap::default());
            pages.len() - 1
        })
    }

    /// The verdict under `key`, if known.
    pub fn get(&self, page: usize, key: Key) -> Option<bool> {
        self.pages[page].get(&key).copied()
    }

    /// Keeps a verdict.
    pub fn keep(&mut self, page: usize, key: Key, verdict: bool) {
        self.pages[page].insert(key, verdict);
    }

    /// The verdict on a whole formula for processes with these words, whoever has which; to be followed by [`Verdicts::keep_whole`] if
    /// it is not known.
    pub fn whole(&mut self, spec: usize, phase: usize, words: &[u32]) -> Option<bool> {
        self.words.clear();
        self.words.extend_from_slice(words);
        self.words.sort_unstable();
        self.words.extend_from_slice(&[spec as u32, phase as u32, self.first]);
        self.wholes.get(self.words.as_slice()).copied()
    }

    /// Keeps the verdict that was asked for last.
    pub fn keep_whole(&mut self, verdict: bool) {
        if self.wholes.len() >= KEPT {
            self.wholes.clear();
        }
        self.wholes.insert(self.words.as_slice().into(), verdict);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_told_apart_by_all_that_they_depend_on() {
        let mut verdicts = Verdicts::default();
        let base = key(3, (EVERYBODY, 0), (5, 7));
        let others = [key(4, (EVERYBODY, 0), (5, 7)), key(3, (0, EVERYBODY), (5, 7)), key(3, (EVERYBODY, 0), (7, 5))];
        verdicts.begin(vec![1, 2]);
        let page = verdicts.page(0);
        verdicts.keep(page, base, true);
        assert_eq!(verdicts.get(page, base), Some(true));
        assert!(others.iter().all(|other| verdicts.get(page, *other).is_none()));
        let later = verdicts.page(1);
        assert_eq!(verdicts.get(later, base), None);
        verdicts.begin(vec![1, 3]);
        let other = verdicts.page(0);
        assert_eq!(verdicts.get(other, base), None);
        verdicts.begin(vec![1, 2]);
        assert_eq!(verdicts.page(0), page);
    }

    #[test]
    fn whole_formulas_do_not_ask_who_has_which_word() {
        let mut verdicts = Verdicts::default();
        verdicts.begin(vec![]);
        assert_eq!(verdicts.whole(0, 0, &[3, 1, 2]), None);
        verdicts.keep_whole(false);
        assert_eq!(verdicts.whole(0, 0, &[1, 2, 3]), Some(false));
        assert_eq!(verdicts.whole(0, 0, &[1, 2, 2]), None);
        assert_eq!(verdicts.whole(1, 0, &[1, 2, 3]), None);
        assert_eq!(verdicts.whole(0, 1, &[1, 2, 3]), None);
        verdicts.begin(vec![9]);
        assert_eq!(verdicts.whole(0, 0, &[1, 2, 3]), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut verdicts = Verdicts::default();
        verdicts.begin(vec![]);
        let page = verdicts.page(0);
        for k in 0..=KEPT as u32 {
            assert_eq!(verdicts.whole(0, 0, &[k]), None);
            verdicts.keep_whole(true);
            verdicts.keep(page, key(0, (0, 0), (k, 0)), true);
        }
        assert_eq!((verdicts.whole(0, 0, &[0]), verdicts.whole(0, 0, &[KEPT as u32])), (None, Some(true)));
        verdicts.begin(vec![]);
        let page = verdicts.page(0);
        assert_eq!(verdicts.get(page, key(0, (0, 0), (0, 0))), None);
    }
}
