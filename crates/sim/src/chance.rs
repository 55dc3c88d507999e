//! Chance: one seed, as many independent sequences as are asked for.

/// A pseudo-random sequence (SplitMix64). The same seed and name give the same sequence, whatever the others were asked for: to switch one
/// fault off changes no other.
#[derive(Clone, Debug)]
pub struct Chance(u64);

const GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Chance {
    /// The sequence with this name.
    pub fn of(seed: u64, name: u64) -> Chance {
        Chance(mix(mix(seed.wrapping_add(GAMMA)) ^ name.wrapping_mul(GAMMA)))
    }
    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GAMMA);
        mix(self.0)
    }
    /// One of `0..bound`; 0 if there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product: what is lost in evenness is far below what a simulation could notice.
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }
    /// One of `low..high`.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low))
    }
    /// True so many times out of a thousand.
    pub fn permille(&mut self, share: u32) -> bool {
        self.below(1000) < u64::from(share)
    }
    /// One of them.
    ///
    /// # Panics
    /// If there are none.
    pub fn of_these<'a, T>(&mut self, these: &'a [T]) -> &'a T {
        &these[self.below(these.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_repeat_and_do_not_depend_on_each_other() {
        let take = |seed, name| -> Vec<u64> {
            let mut chance = Chance::of(seed, name);
            (0..50).map(|_| chance.below(1000)).collect()
        };
        assert_eq!(take(7, 1), take(7, 1));
        assert_ne!(take(7, 1), take(7, 2));
        assert_ne!(take(7, 1), take(8, 1));
        assert!(take(7, 1).iter().all(|k| *k < 1000));
    }

    #[test]
    fn shares_are_as_asked_for() {
        let mut chance = Chance::of(1, 1);
        let hits = (0..100_000).filter(|_| chance.permille(250)).count();
        assert!((24_000..26_000).contains(&hits), "{hits}");
        assert_eq!(chance.below(0), 0);
        assert!((0..1000).all(|_| (5..8).contains(&chance.between(5, 8))));
    }
}
