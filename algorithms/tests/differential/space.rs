//! Cases by number: every combination of choices, or as many pseudo-random ones, on all processors.
//!
//! Worked example: a function of a state (12 of them) and a coin has the space `[12, 2]`; its case 17 is `[5, 1]`.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Cases that one thread takes at a time.
const CHUNK: u64 = 20_000;

/// SplitMix64: a fixed sequence, so that a failure can be run again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

/// Choice k has `radices[k]` possibilities.
#[derive(Clone, Debug)]
pub struct Space(pub Vec<usize>);

impl Space {
    /// The number of points, as far as it can be counted.
    pub fn size(&self) -> u128 {
        self.0.iter().fold(1, |product: u128, radix| product.saturating_mul(*radix as u128))
    }

    fn point(&self, mut index: u128, point: &mut Vec<usize>) {
        point.clear();
        point.extend(self.0.iter().map(|radix| {
            let digit = (index % *radix as u128) as usize;
            index /= *radix as u128;
            digit
        }));
    }
}

/// The choices of a point, taken one after the other.
pub struct Digits<'a>(std::slice::Iter<'a, usize>);

impl<'a> Digits<'a> {
    /// All of `point`.
    pub fn of(point: &'a [usize]) -> Self {
        Digits(point.iter())
    }
    /// The next choice.
    pub fn next(&mut self) -> usize {
        *self.0.next().expect("a space has as many choices as its check takes")
    }
    /// The next choice, one of `items`.
    pub fn of_these<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.next()]
    }
}

/// Compares native code and text at one point, and says how many comparisons that were (none where the point repeats another); an error
/// says how they differ.
pub type Check<'a> = Box<dyn Fn(&[usize]) -> Result<u64, String> + Sync + 'a>;

/// A function, its arguments by number, and what is asserted of each.
pub struct Cases<'a> {
    /// What it is, for messages.
    pub of: String,
    /// The arguments.
    pub space: Space,
    /// Enumerate up to so many points; take so many at random of a larger space.
    pub limit: u64,
    /// The mismatch, if there is one.
    pub check: Check<'a>,
}

impl Cases<'_> {
    fn sampled(&self) -> bool {
        self.space.size() > u128::from(self.limit)
    }

    fn count(&self) -> u64 {
        if self.sampled() { self.limit } else { self.space.size() as u64 }
    }

    /// The number of comparisons.
    fn chunk(&self, chunk: u64) -> Result<u64, String> {
        let (start, end) = (chunk * CHUNK, ((chunk + 1) * CHUNK).min(self.count()));
        let (mut random, mut point, mut made) = (Random(chunk.wrapping_add(self.limit)), vec![], 0);
        for index in start..end {
            if self.sampled() {
                point.clear();
                point.extend(self.space.0.iter().map(|radix| random.below(*radix)));
            } else {
                self.space.point(u128::from(index), &mut point);
            }
            made += (self.check)(&point).map_err(|mismatch| format!("{}: {mismatch}", self.of))?;
        }
        Ok(made)
    }
}

/// What was compared.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// How many comparisons.
    pub cases: u64,
    /// The functions that had more than was enumerated.
    pub sampled: Vec<String>,
}

/// Runs all cases; the first mismatch found ends it.
pub fn run(all: &[Cases<'_>]) -> Result<Report, String> {
    let chunks: Vec<(usize, u64)> =
        all.iter().enumerate().flat_map(|(k, cases)| (0..cases.count().div_ceil(CHUNK)).map(move |chunk| (k, chunk))).collect();
    let (next, made, mismatch) = (AtomicUsize::new(0), AtomicU64::new(0), Mutex::new(None));
    let work = || {
        while let Some((k, chunk)) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
            match all[*k].chunk(*chunk) {
                Ok(count) => {
                    made.fetch_add(count, Ordering::Relaxed);
                }
                Err(found) => {
                    mismatch.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(found);
                    next.store(chunks.len(), Ordering::Relaxed);
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    match mismatch.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(found) => Err(found),
        None => {
            let sampled = all.iter().filter(|c| c.sampled()).map(|c| c.of.clone()).collect();
            Ok(Report { cases: made.into_inner(), sampled })
        }
    }
}
