//! What to check, and what is refused.

use crate::fault::possible;
use crate::hash::FastMap;
use crate::text::{Facts, named};
use heardof_core::datum::Bounds;
use heardof_core::ir::{Algorithm, Kind};
use heardof_core::machine::{Machine, Stuck, Subject};
use heardof_core::{Datum, Phase, Pid, Sort};
use std::fmt;
use std::ops::RangeInclusive;

/// The largest n that is enumerated: heard-of sets are bit masks, and 2^12 of them a process are enough.
pub const MAX_N: usize = 12;

/// The largest n that is checked unasked because the first fault needs so many processes.
const FIRST_FAULTY: usize = 7;

/// How many values an input takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// So many.
    Fixed(usize),
    /// As many as processes.
    N,
}

impl Values {
    /// For n processes.
    pub fn count(self, n: usize) -> usize {
        match self {
            Values::Fixed(count) => count,
            Values::N => n,
        }
    }
}

/// What to check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Numbers of processes; `None`: 1..5, or 1..4 where predicates relate processes to each other, and up to the first n with room for a
    /// fault that is not benign; of these, those that the constraint on parameters admits.
    pub n: Option<RangeInclusive<usize>>,
    /// Values of inputs.
    pub values: Values,
    /// Phases, where the text tells them apart; `None`: 2, and n + 1 where a phase is one round.
    pub phases: Option<usize>,
    /// Parameters with a fixed value.
    pub parameters: Vec<(String, Datum)>,
    /// Rename interchangeable processes.
    pub reduce: bool,
    /// Look at liveness.
    pub liveness: bool,
    /// Only at what is demanded: properties and termination, not at the invariants and the ladder that argue for them.
    pub goals_only: bool,
    /// Worker threads.
    pub threads: usize,
    /// States of one first configuration before it is given up.
    pub limit_states: u64,
    /// Stop at the first violation.
    pub hurry: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            n: None,
            values: Values::Fixed(2),
            phases: None,
            parameters: vec![],
            reduce: true,
            liveness: true,
            goals_only: false,
            threads: 1,
            limit_states: 20_000_000,
            hurry: false,
        }
    }
}

impl Options {
    /// The sizes to check.
    pub fn sizes(&self, machine: &dyn Machine, facts: &Facts, relating: bool) -> Result<RangeInclusive<usize>, CheckError> {
        if let Some(n) = &self.n {
            return Ok(n.clone());
        }
        let end = if relating { 4 } else { 5 };
        Ok(1..=self.first_faulty(machine, facts)?.map_or(end, |n| n.max(end)))
    }
    /// The smallest n at which the constraint on parameters and the predicates of every round admit a fault that is not benign, if it is
    /// small enough to be looked at unasked: below, nothing can go wrong that could not go wrong without it.
    pub fn first_faulty(&self, machine: &dyn Machine, facts: &Facts) -> Result<Option<usize>, CheckError> {
        if machine.algorithm().faults.is_none() {
            return Ok(None);
        }
        for n in 1..=FIRST_FAULTY {
            let all = match parameters(machine, facts, self, n) {
                Err(CheckError::NoParameters { .. }) => vec![],
                other => other?,
            };
            for d in &all {
                if possible(machine, d, n)? {
                    return Ok(Some(n));
                }
            }
        }
        Ok(None)
    }
    /// The phases to explore with n processes.
    pub fn phases(&self, a: &Algorithm, n: usize) -> usize {
        self.phases.unwrap_or(if a.rounds.len() == 1 { n + 1 } else { 2 })
    }
}

/// Why something is not checked. Nothing is skipped silently.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CheckError {
    /// There is no such parameter.
    UnknownParameter {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// No value of the parameters satisfies the algorithm's constraint at this n.
    NoParameters {
        /// The number of processes.
        n: usize,
    },
    /// Inputs of this sort are not enumerated.
    Inputs {
        /// The sort.
        sort: String,
    },
    /// Too large to enumerate.
    TooLarge {
        /// What.
        what: String,
        /// How large it would be.
        size: String,
        /// What to lower.
        advice: String,
    },
    /// A predicate or an algorithm outside what the checker covers.
    Unsupported {
        /// What, and why.
        what: String,
    },
    /// A function of the specification, or `init`, `coordinator`, `halted`, is stuck.
    Stuck {
        /// The function.
        function: String,
        /// Why.
        why: Stuck,
    },
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::UnknownParameter { name, known } if known.is_empty() => write!(f, "no parameter `{name}`: there are none"),
            CheckError::UnknownParameter { name, known } => write!(f, "no parameter `{name}`: there are {}", known.join(", ")),
            CheckError::NoParameters { n } => write!(f, "n = {n}: no admissible parameters"),
            CheckError::Inputs { sort } => {
                write!(f, "inputs of sort {sort} are not enumerated; give the algorithm a word or an enum as its type parameter")
            }
            CheckError::TooLarge { what, size, advice } => write!(f, "{what}: {size}; {advice}"),
            CheckError::Unsupported { what } => write!(f, "not checked: {what}"),
            CheckError::Stuck { function, why } => write!(f, "`{function}` has no result: {why}"),
        }
    }
}

impl std::error::Error for CheckError {}

/// The admissible parameters at `n`, one of each class of equivalent ones.
///
/// Two are equivalent if a renaming of the processes maps one to the other together with the coordinators of all phases explored: so
/// `Leader { first: p0 }` stands for every choice of `first`.
pub fn parameters(machine: &dyn Machine, facts: &Facts, options: &Options, n: usize) -> Result<Vec<Datum>, CheckError> {
    let a = machine.algorithm();
    let phases = options.phases(a, n);
    for (name, _) in &options.parameters {
        let known: Vec<String> = match &a.parameters {
            Sort::Struct(_, fields) => fields.iter().map(|(f, _)| f.to_string()).collect(),
            _ => vec![],
        };
        if !known.contains(name) {
            return Err(CheckError::UnknownParameter { name: name.clone(), known });
        }
    }
    let bounds = Bounds { n, values: options.values.count(n), phases, nat: n };
    let mut all = a.parameters.enumerate(&bounds);
    for (name, value) in &options.parameters {
        // A fixed value may lie outside the bounds: put it in.
        all = all.into_iter().filter_map(|d| d.with_field(name, value.clone())).collect();
        all.sort();
        all.dedup();
    }
    let mut kept = vec![];
    let mut classes: FastMap<(Vec<usize>, Datum), ()> = FastMap::default();
    for d in all {
        let mut admissible = true;
        for (k, spec) in a.specs.iter().enumerate().filter(|(_, s)| s.kind == Kind::Resilience) {
            let holds = machine.holds(k, Subject::Size(n, &d)).map_err(|why| CheckError::Stuck { function: spec.name.clone(), why })?;
            admissible &= holds;
        }
        if !admissible {
            continue;
        }
        let class = class(machine, facts, &d, n, phases).map_err(|why| CheckError::Stuck { function: "coordinator".into(), why })?;
        if classes.insert(class, ()).is_none() {
            kept.push(d);
        }
    }
    if kept.is_empty() { Err(CheckError::NoParameters { n }) } else { Ok(kept) }
}

fn class(machine: &dyn Machine, facts: &Facts, d: &Datum, n: usize, phases: usize) -> Result<(Vec<usize>, Datum), Stuck> {
    if facts.asymmetric.is_some() {
        return Ok((vec![], d.clone()));
    }
    // Names in the order of first occurrence, first as coordinators, then in the parameters.
    let mut names: Vec<Pid> = vec![];
    let mut leaders = vec![];
    let number = |p: Pid, names: &mut Vec<Pid>| {
        names.iter().position(|q| *q == p).unwrap_or_else(|| {
            names.push(p);
            names.len() - 1
        })
    };
    if facts.uses_coordinator {
        for phase in 0..=phases {
            let p = machine.coordinator(Phase::new(phase), n, d)?;
            leaders.push(number(p, &mut names));
        }
    }
    named(d, &mut |p| {
        number(p, &mut names);
    });
    let renamed = d.rename(&|p| Pid::new(names.iter().position(|q| *q == p).unwrap_or(p.index())));
    Ok((leaders, renamed))
}

/// Every input vector, up to renaming of the processes outside `apart`. Byzantine processes have no input: the first value stands for it.
pub fn configurations(sort: &Sort, bounds: &Bounds, apart: u64, byzantine: u64) -> Result<Vec<Vec<Datum>>, CheckError> {
    let values = sort.enumerate(bounds);
    if values.is_empty() {
        return Err(CheckError::Inputs { sort: sort.to_string() });
    }
    let free: Vec<usize> = (0..bounds.n).filter(|p| (apart | byzantine) >> p & 1 == 0).collect();
    let mut all = vec![];
    let mut current = vec![0; bounds.n];
    vectors(&values, (&free, byzantine), 0, &mut current, &mut all);
    Ok(all)
}

fn vectors(values: &[Datum], (free, byzantine): (&[usize], u64), p: usize, current: &mut Vec<usize>, all: &mut Vec<Vec<Datum>>) {
    if p == current.len() {
        all.push(current.iter().map(|k| values[*k].clone()).collect());
        return;
    }
    let before = free.iter().position(|q| *q == p).filter(|k| *k > 0).map(|k| current[free[k - 1]]);
    let end = if byzantine >> p & 1 == 1 { 1 } else { values.len() };
    for k in before.unwrap_or(0)..end {
        current[p] = k;
        vectors(values, (free, byzantine), p + 1, current, all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interchangeable_inputs_are_sorted() {
        let bounds = Bounds { n: 4, values: 2, phases: 1, nat: 4 };
        assert_eq!(configurations(&Sort::Bool, &bounds, 0, 0).unwrap().len(), 5);
        assert_eq!(configurations(&Sort::Bool, &bounds, 0b1111, 0).unwrap().len(), 16);
        assert_eq!(configurations(&Sort::Bool, &bounds, 0, 0b1000).unwrap().len(), 4);
        assert_eq!(configurations(&Sort::Bool, &bounds, 0b0110, 0b1010).unwrap().len(), 2 * 2);
        assert_eq!(configurations(&Sort::Word("u64"), &bounds, 0b0010, 0).unwrap().len(), 2 * 4);
        assert!(configurations(&Sort::Text, &bounds, 0, 0).is_err());
    }
}
