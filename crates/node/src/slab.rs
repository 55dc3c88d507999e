//! Places for instances, used again.
//!
//! Blocks of fixed length, so that growing moves nothing and wastes at most one block; free places form a list. What was in a free place
//! stays there until the place is used again and its content overwritten field by field: an instance is too large to be moved about.

/// How many places a block has.
const BLOCK: usize = 256;

#[derive(Debug)]
pub(crate) struct Slab<T> {
    blocks: Vec<Vec<T>>,
    free: Vec<u32>,
}

impl<T> Slab<T> {
    pub(crate) fn new() -> Slab<T> {
        Slab { blocks: vec![], free: vec![] }
    }

    /// A place that was given back, with what is in it.
    #[inline]
    pub(crate) fn reuse(&mut self) -> Option<(u32, &mut T)> {
        let slot = self.free.pop()?;
        Some((slot, self.get_mut(slot)))
    }

    /// A new place.
    pub(crate) fn insert(&mut self, value: T) -> u32 {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let full = (self.blocks.len() - 1) * BLOCK;
        let block = self.blocks.last_mut().expect("there is a block with room");
        block.push(value);
        u32::try_from(full + block.len() - 1).expect("a node has fewer than 2^32 places")
    }

    /// # Panics
    /// If there is no such place.
    #[inline]
    pub(crate) fn get(&self, slot: u32) -> &T {
        &self.blocks[slot as usize / BLOCK][slot as usize % BLOCK]
    }

    /// # Panics
    /// If there is no such place.
    #[inline]
    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut T {
        &mut self.blocks[slot as usize / BLOCK][slot as usize % BLOCK]
    }

    pub(crate) fn give_back(&mut self, slot: u32) {
        self.free.push(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again() {
        let mut slab: Slab<u32> = Slab::new();
        let slots: Vec<u32> = (0..1000).map(|k| slab.insert(k)).collect();
        assert_eq!(slots, (0..1000).collect::<Vec<u32>>());
        assert!(slots.iter().all(|s| slab.get(*s) == s));
        assert_eq!(slab.reuse(), None);
        slab.give_back(7);
        *slab.reuse().expect("one is free").1 = 5000;
        assert_eq!((*slab.get(7), slab.reuse()), (5000, None));
        assert_eq!((slab.insert(1), slab.blocks.len()), (1000, 4));
    }
}
