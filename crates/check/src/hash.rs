//! Hash tables with a fixed, fast hasher, so that every run visits states in the same order.

use std::hash::{BuildHasherDefault, Hasher};

/// The multiply-and-rotate hash of short integer keys. Not for keys an enemy chooses.
#[derive(Clone, Copy, Default)]
pub struct Fast(u64);

const MIX: u64 = 0x517c_c1b7_2722_0a95;

impl Hasher for Fast {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u8(&mut self, v: u8) {
        self.write_u64(u64::from(v));
    }
    fn write_u16(&mut self, v: u16) {
        self.write_u64(u64::from(v));
    }
    fn write_u32(&mut self, v: u32) {
        self.write_u64(u64::from(v));
    }
    fn write_u64(&mut self, v: u64) {
        self.0 = (self.0.rotate_left(5) ^ v).wrapping_mul(MIX);
    }
    fn write_usize(&mut self, v: usize) {
        self.write_u64(v as u64);
    }
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
}

/// A map with the fixed hasher.
#[expect(clippy::disallowed_types, reason = "only the default hasher is random")]
pub type FastMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Fast>>;

/// Numbers for values: equal values, equal numbers, in the order of first sight.
pub struct Interner<T> {
    numbers: FastMap<T, u32>,
    values: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Interner { numbers: FastMap::default(), values: vec![] }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Interner<T> {
    /// The number of `value`.
    pub fn number(&mut self, value: T) -> u32 {
        if let Some(k) = self.numbers.get(&value) {
            return *k;
        }
        let k = u32::try_from(self.values.len()).expect("fewer than 2^32 values fit into memory");
        self.values.push(value.clone());
        self.numbers.insert(value, k);
        k
    }
    /// The value of a number.
    pub fn value(&self, k: u32) -> &T {
        &self.values[k as usize]
    }
}

/// A set of states, each a row of `width` words, numbered in the order of insertion; open addressing over one arena.
pub struct States {
    width: usize,
    words: Vec<u32>,
    slots: Vec<u32>,
}

impl States {
    /// No state yet.
    pub fn new(width: usize) -> Self {
        States { width, words: vec![], slots: vec![0; 1024] }
    }
    /// How many.
    pub fn len(&self) -> usize {
        self.words.len() / self.width
    }
    /// State number `k`.
    pub fn row(&self, k: usize) -> &[u32] {
        &self.words[k * self.width..(k + 1) * self.width]
    }
    /// The number of `row`, and whether it is new.
    pub fn insert(&mut self, row: &[u32]) -> (usize, bool) {
        debug_assert_eq!(row.len(), self.width);
        if 2 * (self.len() + 1) > self.slots.len() {
            self.grow();
        }
        let place = self.find(row);
        match self.slots[place] {
            0 => {
                self.words.extend_from_slice(row);
                self.slots[place] = u32::try_from(self.len()).expect("fewer than 2^32 states fit into memory");
                (self.len() - 1, true)
            }
            k => (k as usize - 1, false),
        }
    }
    /// The number of `row`, if it is there.
    pub fn get(&self, row: &[u32]) -> Option<usize> {
        match self.slots[self.find(row)] {
            0 => None,
            k => Some(k as usize - 1),
        }
    }
    fn find(&self, row: &[u32]) -> usize {
        let mask = self.slots.len() - 1;
        let hash = row.iter().fold(0u64, |h, w| (h.rotate_left(5) ^ u64::from(*w)).wrapping_mul(MIX));
        let mut place = (hash ^ (hash >> 32)) as usize & mask;
        // Rows are short: comparing word by word is cheaper than the call that `!=` on slices makes.
        let differs = |k: u32| self.row(k as usize - 1).iter().zip(row).any(|(a, b)| a != b);
        while self.slots[place] != 0 && differs(self.slots[place]) {
            place = (place + 1) & mask;
        }
        place
    }
    fn grow(&mut self) {
        self.slots = vec![0; 2 * self.slots.len()];
        for k in 0..self.len() {
            let place = self.find(&self.words[k * self.width..(k + 1) * self.width]);
            self.slots[place] = k as u32 + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn states_are_a_set_with_numbers() {
        let (mut states, mut twin) = (States::new(2), BTreeMap::new());
        for k in 0..20_000u32 {
            let row = [k * 7919 % 1009, k % 13];
            let next = twin.len();
            let expected = *twin.entry(row).or_insert(next);
            assert_eq!(states.insert(&row), (expected, expected == next));
        }
        assert_eq!(states.len(), twin.len());
        assert!(twin.iter().all(|(row, k)| states.row(*k) == row && states.get(row) == Some(*k)));
        assert_eq!(states.get(&[5000, 0]), None);
    }
}
