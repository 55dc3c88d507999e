//! One timer for all instances of a node: a wheel with at most one entry for each place of the slab.
//!
//! It is lazy. An instance that needs its timer later than it is set leaves it alone; when the entry fires, the node looks when the
//! instance really needs it and sets it again. So an instance that decides long before its deadline costs nothing, and places that are
//! used again find a timer that is set already. Setting it earlier moves the entry; there are no stale ones.
//!
//! ```text
//! buckets   0 ───── 1 ───── 2 ───── 3 ───── ..   each is a list of the entries of one tick, modulo the number of buckets
//!           │               │
//!           p7 ⇄ p2         p9 (two turns later: it stays when the wheel passes)
//! ```
//!
//! [`Wheel::next`] is exact while few entries share a bucket; when many do, it is rounded up, to the end of the tick at most.

/// No place.
const NONE: u32 = u32::MAX;
/// Not set.
const NEVER: u64 = u64::MAX;
/// A power of two.
const BUCKETS: usize = 256;
/// How many entries of a bucket are looked at to find the exact next time.
const LOOKED_AT: usize = 16;
/// How many ticks a round time-out has.
const TICKS: u64 = 64;

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u64,
    before: u32,
    after: u32,
}

#[derive(Debug)]
pub(crate) struct Wheel {
    tick: u64,
    first: [u32; BUCKETS],
    /// By place.
    entries: Vec<Entry>,
    /// All earlier ticks have been swept.
    swept: u64,
    next: u64,
}

impl Wheel {
    pub(crate) fn new(round_timeout: u64) -> Wheel {
        Wheel { tick: (round_timeout / TICKS).max(1), first: [NONE; BUCKETS], entries: vec![], swept: 0, next: NEVER }
    }

    /// When to call [`fire`](Wheel::fire).
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    fn bucket(&self, at: u64) -> usize {
        ((at / self.tick).max(self.swept) % BUCKETS as u64) as usize
    }

    /// The entry of `slot` fires at `at`, or earlier if it is set already.
    #[inline]
    pub(crate) fn arm(&mut self, slot: u32, at: u64) {
        if self.entries.get(slot as usize).is_none_or(|entry| at < entry.at) {
            self.set(slot, at);
        }
    }

    fn set(&mut self, slot: u32, at: u64) {
        let k = slot as usize;
        if k >= self.entries.len() {
            self.entries.resize(k + 1, Entry { at: NEVER, before: NONE, after: NONE });
        }
        self.unlink(slot);
        let bucket = self.bucket(at);
        let after = std::mem::replace(&mut self.first[bucket], slot);
        self.entries[k] = Entry { at, before: NONE, after };
        if after != NONE {
            self.entries[after as usize].before = slot;
        }
        self.next = self.next.min(at);
    }

    fn unlink(&mut self, slot: u32) {
        let Entry { at, before, after } = self.entries[slot as usize];
        if at == NEVER {
            return;
        }
        match before {
            // Where it was put: sweeping goes past a tick only after everything in it that is due has fired.
            NONE => {
                let bucket = self.bucket(at);
                self.first[bucket] = after;
            }
            before => self.entries[before as usize].after = after,
        }
        if after != NONE {
            self.entries[after as usize].before = before;
        }
        self.entries[slot as usize].at = NEVER;
    }

    /// Appends the places whose time has come to `fired`; they are no longer set.
    pub(crate) fn fire(&mut self, now: u64, fired: &mut Vec<u32>) {
        if now < self.next {
            return;
        }
        let last = now / self.tick;
        // After a turn every bucket has been looked at.
        for tick in self.swept..=last.min(self.swept.saturating_add(BUCKETS as u64 - 1)) {
            let mut slot = self.first[(tick % BUCKETS as u64) as usize];
            while slot != NONE {
                let Entry { at, after, .. } = self.entries[slot as usize];
                if at <= now {
                    fired.push(slot);
                    self.unlink(slot);
                }
                slot = after;
            }
        }
        self.swept = self.swept.max(last);
        self.next = self.look();
    }

    fn look(&self) -> u64 {
        let mut soonest = NEVER;
        for tick in self.swept..self.swept.saturating_add(BUCKETS as u64) {
            let end = (tick + 1).saturating_mul(self.tick);
            let (mut slot, mut looked) = (self.first[(tick % BUCKETS as u64) as usize], 0);
            while slot != NONE && looked < LOOKED_AT {
                let Entry { at, after, .. } = self.entries[slot as usize];
                soonest = soonest.min(at);
                (slot, looked) = (after, looked + 1);
            }
            if slot != NONE {
                // Rounded up to the end of the tick, unless something earlier is known that lies further back.
                return if soonest < tick.saturating_mul(self.tick) { soonest } else { end };
            }
            if soonest < end {
                return soonest;
            }
        }
        soonest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Step {
        Arm(u32, u64),
        Fire(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        // Ticks are 10 long and a turn of the wheel 2560.
        prop_oneof![
            4 => (0u32..60, prop_oneof![3 => 0u64..50, 1 => 0u64..9000]).prop_map(|(slot, after)| Step::Arm(slot, after)),
            1 => prop_oneof![8 => 0u64..20, 1 => 0u64..4000].prop_map(Step::Fire),
        ]
    }

    proptest! {
        /// Against a map from places to times: nothing fires early or twice, and what is due fires at [`Wheel::next`], which is at most
        /// a tick late.
        #[test]
        fn it_fires_what_is_due(steps in proptest::collection::vec(step(), 0..300)) {
            let mut wheel = Wheel::new(10 * TICKS);
            let (mut twin, mut now) = (BTreeMap::<u32, u64>::new(), 0);
            for step in steps {
                match step {
                    Step::Arm(slot, after) => {
                        let at = now + after;
                        wheel.arm(slot, at);
                        let entry = twin.entry(slot).or_insert(at);
                        *entry = at.min(*entry);
                    }
                    Step::Fire(after) => {
                        now += after;
                        let mut fired = vec![];
                        wheel.fire(now, &mut fired);
                        for slot in fired {
                            prop_assert!(twin.remove(&slot).is_some_and(|at| at <= now), "{} fired at {}", slot, now);
                        }
                        prop_assert!(wheel.next() <= now || twin.values().all(|at| *at > now || at / 10 == now / 10));
                    }
                }
                let soonest = twin.values().min().copied().unwrap_or(NEVER);
                prop_assert!(wheel.next() <= soonest.max(now).saturating_add(10), "{} {}", wheel.next(), soonest);
                if twin.len() <= LOOKED_AT {
                    prop_assert!(wheel.next() <= soonest.max(now));
                }
            }
            let mut fired = vec![];
            while let Some(soonest) = twin.values().min() {
                prop_assert!(wheel.next() != NEVER, "{:?}", soonest);
                now = now.max(wheel.next());
                fired.clear();
                wheel.fire(now, &mut fired);
                fired.iter().for_each(|slot| assert!(twin.remove(slot).is_some_and(|at| at <= now)));
            }
            prop_assert_eq!(wheel.next(), NEVER);
        }
    }

    #[test]
    fn a_timer_that_is_needed_later_is_left_alone() {
        let mut wheel = Wheel::new(1000);
        let mut fired = vec![];
        wheel.arm(3, 500);
        wheel.arm(3, 900);
        assert_eq!(wheel.next(), 500);
        wheel.arm(3, 100);
        wheel.fire(99, &mut fired);
        assert_eq!((wheel.next(), fired.len()), (100, 0));
        wheel.fire(100, &mut fired);
        assert_eq!((wheel.next(), fired), (NEVER, vec![3]));
    }
}
