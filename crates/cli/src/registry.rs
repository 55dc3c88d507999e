//! The algorithms that a command line knows, each with its types erased.

use crate::Failure;
use heardof_core::describe::DescribeError;
use heardof_core::value::digest_bytes;
use heardof_core::{Described, Machine, Native};
use std::fmt;

/// An algorithm of the registry.
pub struct Entry {
    /// Its name on the command line.
    pub name: String,
    /// `Some(why)`: a wrong variant, kept as test data, with what is wrong with it and where it was published.
    pub wrong: Option<&'static str>,
    /// The compiled algorithm.
    pub machine: Box<dyn Machine>,
    /// A digest of its text: processes and traces of another text refuse each other.
    pub fingerprint: u64,
    /// Everything that needs its types.
    pub typed: Box<dyn crate::typed::Typed>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Entry({})", self.name)
    }
}

/// The algorithms of a command line, in the order they were added, and what `demo` shows of them.
#[derive(Debug, Default)]
pub struct Registry {
    entries: Vec<Entry>,
    demos: Vec<&'static [&'static str]>,
    reasons: Vec<(&'static str, &'static str)>,
    errors: Vec<DescribeError>,
    wraps: bool,
}

impl Registry {
    /// No algorithm.
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells how the algorithms were compiled: `probe` is `|zero| zero - 1`, written in the crate that has them. Where that does not panic
    /// the build has no overflow checks, and `check` refuses to run compiled functions that might wrap unnoticed.
    #[must_use]
    pub fn built_like(mut self, probe: fn(u64) -> u64) -> Self {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        self.wraps = std::panic::catch_unwind(|| probe(std::hint::black_box(0))).is_ok();
        std::panic::set_hook(hook);
        self
    }

    /// Whether arithmetic of the compiled functions wraps.
    pub fn wraps(&self) -> bool {
        self.wraps
    }

    /// Adds an algorithm under the name of its type in snake case.
    #[must_use]
    pub fn with<P: Described>(self) -> Self {
        self.add::<P>(None, Box::new(crate::typed::Of::<P>::new(false)))
    }

    /// Adds a wrong variant of an algorithm, and says what is wrong with it. `list` shows it apart, `--all` leaves it out, and no cluster
    /// runs it.
    #[must_use]
    pub fn with_wrong<P: Described>(self, why: &'static str) -> Self {
        self.add::<P>(Some(why), Box::new(crate::typed::Of::<P>::new(true)))
    }

    /// Adds a command line to what `demo` runs, such as `&["check", "one_third_rule"]`.
    #[must_use]
    pub fn with_demo(mut self, command: &'static [&'static str]) -> Self {
        self.demos.push(command);
        self
    }

    /// Adds the written reasons of the mutants of an algorithm that survive: lines `<mutant id> = <reason>`.
    #[must_use]
    pub fn with_reasons(mut self, algorithm: &'static str, text: &'static str) -> Self {
        self.reasons.push((algorithm, text));
        self
    }

    /// The reasons of an algorithm; empty if none were added.
    pub fn reasons(&self, algorithm: &str) -> &'static str {
        self.reasons.iter().find(|(name, _)| *name == algorithm).map_or("", |(_, text)| text)
    }

    fn add<P: Described>(mut self, wrong: Option<&'static str>, typed: Box<dyn crate::typed::Typed>) -> Self {
        match Native::<P>::new() {
            Ok(native) => {
                let algorithm = native.algorithm();
                let fingerprint = digest_bytes(format!("{algorithm:?}").as_bytes());
                let name = algorithm.name.clone();
                self.entries.push(Entry { name, wrong, machine: Box::new(native), fingerprint, typed });
            }
            Err(error) => self.errors.push(error),
        }
        self
    }

    /// The algorithms.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The algorithms that are not wrong variants.
    pub fn right(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|e| e.wrong.is_none())
    }

    /// What `demo` runs: what was registered for it, else a check and a cluster of each algorithm.
    pub fn demos(&self) -> Vec<Vec<String>> {
        let owned = |words: &[&str]| words.iter().map(|w| w.to_string()).collect::<Vec<_>>();
        if !self.demos.is_empty() {
            return self.demos.iter().map(|d| owned(d)).collect();
        }
        self.right().flat_map(|e| [owned(&["check", &e.name]), owned(&["cluster", &e.name])]).collect()
    }

    /// An error of the registry itself: a text that could not be read.
    pub fn error(&self) -> Option<Failure> {
        self.errors.first().map(|e| Failure::usage(format!("an algorithm has no description: {e}")))
    }

    /// The algorithm called `name`, or the nearest names.
    pub fn find(&self, name: &str) -> Result<&Entry, Failure> {
        if let Some(entry) = self.entries.iter().find(|e| e.name == name) {
            return Ok(entry);
        }
        let mut near: Vec<(f64, &str)> = self.entries.iter().map(|e| (strsim::jaro_winkler(name, &e.name), e.name.as_str())).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        let near: Vec<&str> = near.iter().take(3).filter(|(score, _)| *score > 0.6).map(|(_, name)| *name).collect();
        let hint = if near.is_empty() {
            format!("`{} list` shows all", crate::show::program())
        } else {
            format!("did you mean {}?", near.join(", "))
        };
        Err(Failure::usage(format!("unknown algorithm `{name}`: {hint}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_wraps_is_noticed() {
        assert!(Registry::new().built_like(|zero| zero.wrapping_sub(1)).wraps());
        assert!(!Registry::new().built_like(|zero| zero.checked_sub(1).expect("overflow")).wraps());
    }
}
