//! From the number of an instance to its place.
//!
//! Numbers of live instances mostly lie close together: a log counts them up. So the table is direct-mapped, number modulo size, and
//! consecutive numbers are next to each other in memory. Where two numbers meet, the second goes to an ordered map: numbers chosen to
//! collide cost a logarithm, not a chain. The table has at least twice as many places as there are instances, rounded up to a power of
//! two, and the map has no more entries than there are instances.

use std::collections::BTreeMap;

/// No instance is here.
const NONE: u32 = u32::MAX;
const SMALLEST: usize = 16;

#[derive(Debug)]
pub(crate) struct Index {
    /// (number, place)
    table: Vec<(u64, u32)>,
    met: BTreeMap<u64, u32>,
    len: usize,
}

impl Index {
    pub(crate) fn new() -> Index {
        Index { table: vec![(0, NONE); SMALLEST], met: BTreeMap::new(), len: 0 }
    }

    fn cell(&self, id: u64) -> usize {
        id as usize & (self.table.len() - 1)
    }

    #[inline]
    pub(crate) fn get(&self, id: u64) -> Option<u32> {
        let (at, slot) = self.table[self.cell(id)];
        if at == id && slot != NONE {
            return Some(slot);
        }
        if self.met.is_empty() { None } else { self.met.get(&id).copied() }
    }

    /// `id` must not be there.
    pub(crate) fn insert(&mut self, id: u64, slot: u32) {
        self.len += 1;
        if 2 * self.len > self.table.len() {
            self.grow();
        }
        self.put(id, slot);
    }

    fn put(&mut self, id: u64, slot: u32) {
        let cell = self.cell(id);
        if self.table[cell].1 == NONE {
            self.table[cell] = (id, slot);
        } else {
            self.met.insert(id, slot);
        }
    }

    fn grow(&mut self) {
        let size = 2 * self.table.len();
        let old = std::mem::replace(&mut self.table, vec![(0, NONE); size]);
        let met = std::mem::take(&mut self.met);
        old.into_iter().filter(|(_, slot)| *slot != NONE).chain(met).for_each(|(id, slot)| self.put(id, slot));
    }

    pub(crate) fn remove(&mut self, id: u64) {
        let cell = self.cell(id);
        if self.table[cell].0 == id && self.table[cell].1 != NONE {
            self.table[cell].1 = NONE;
        } else if self.met.remove(&id).is_none() {
            return;
        }
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in proptest::collection::vec((any::<bool>(), 0u64..40, 0u64..4), 0..400)) {
            let (mut index, mut twin) = (Index::new(), BTreeMap::new());
            for (k, (add, low, high)) in steps.into_iter().enumerate() {
                // Few low bits and few high ones: they meet in tables of every size.
                let id = high << 60 | high << 20 | low;
                if add && !twin.contains_key(&id) {
                    index.insert(id, k as u32);
                    twin.insert(id, k as u32);
                } else {
                    index.remove(id);
                    twin.remove(&id);
                }
                prop_assert_eq!(index.len, twin.len());
                prop_assert!(2 * index.len <= index.table.len() && index.table.len() <= (4 * 160).max(SMALLEST));
            }
            for id in (0..40).flat_map(|low| (0..4u64).map(move |high| high << 60 | high << 20 | low)) {
                prop_assert_eq!(index.get(id), twin.get(&id).copied());
            }
        }
    }
}
