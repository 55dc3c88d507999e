//! Process ids and phases.

use std::fmt;

/// The largest number of processes a system may have.
pub const MAX_PROCESSES: usize = 1024;

/// A process id: one of n names. Algorithms that only compare ids with `==` treat all processes alike, which the checker uses to
/// reduce its work; `index`, `<` and `successor` tell processes apart and cost that reduction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(u16);

impl Pid {
    /// The process with number `index`.
    ///
    /// # Panics
    /// If `index` is not below [`MAX_PROCESSES`].
    #[inline]
    pub fn new(index: usize) -> Pid {
        assert!(index < MAX_PROCESSES, "process number {index} is not below {MAX_PROCESSES}");
        Pid(index as u16)
    }
    /// Its number in `0..n`.
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
    /// The next process on the ring of `n`.
    #[inline]
    pub fn successor(self, n: usize) -> Pid {
        Pid::new((self.index() + 1) % n)
    }
    /// All processes of a system of `n`, in order.
    pub fn all(n: usize) -> impl DoubleEndedIterator<Item = Pid> + ExactSizeIterator + Clone {
        (0..n).map(Pid::new)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A phase: one pass through the rounds of an algorithm. The first is phase 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phase(usize);

impl Phase {
    /// The phase with this number.
    #[inline]
    pub fn new(number: usize) -> Phase {
        Phase(number)
    }
    /// Its number, from 0.
    #[inline]
    pub fn number(self) -> usize {
        self.0
    }
    /// Whether it is phase 0.
    #[inline]
    pub fn is_first(self) -> bool {
        self.0 == 0
    }
    /// The rotating coordinator: phase mod n.
    #[inline]
    pub fn rotate(self, n: usize) -> Pid {
        Pid::new(self.0 % n)
    }
    /// The rotating coordinator when `first` leads phase 0.
    #[inline]
    pub fn rotate_from(self, first: Pid, n: usize) -> Pid {
        Pid::new((self.0 % n + first.index()) % n)
    }
}

impl fmt::Debug for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "φ{}", self.0)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
