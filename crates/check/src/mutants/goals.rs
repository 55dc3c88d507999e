//! The judge that ships: what is demanded of an algorithm, at the sizes at which mistakes show.
//!
//! A mutant is killed by a property or by termination, never by an invariant or a stage of the ladder: those argue for one text, and
//! another that meets the demands may need other arguments. Neither is it killed because no reachable state admits a good phase any
//! more: then it has met the demands before.
//!
//! Worked example: One-Third Rule that receives from more than n/2 processes violates the invariant `locked` at n = 4 and agreement at
//! n = 7. It dies at 7.

use super::{Judgement, KillKind};
use crate::text::Facts;
use crate::{CheckError, Options, check};
use heardof_core::Sort;
use heardof_core::ir::Algorithm;
use heardof_core::machine::Interpreted;
use std::ops::RangeInclusive;

/// States of one first configuration before a mutant is given up.
const LIMIT: u64 = 2_000_000;

/// Whether the state space stays small up to 9 processes: one round, nobody special, few inputs.
fn is_small(a: &Algorithm) -> bool {
    a.rounds.len() == 1 && a.parameters == Sort::Unit && !a.input.any(&|sort| matches!(sort, Sort::Set(_)))
}

/// The numbers of processes at which the mutants of `a` are judged: up to 9 where thresholds such as 2n/3 and n/2 are told apart only
/// there and the state space is small enough, else up to 5, the first n at which a third and a half of n do not meet; and one beyond the first n
/// with room for a fault that is not benign, as (n + f)/2 is a number for every other n only.
pub fn default_sizes(a: &Algorithm) -> RangeInclusive<usize> {
    let end = if is_small(a) { 9 } else { 5 };
    let faulty = Options::default().first_faulty(&Interpreted::new(a.clone()), &Facts::of(a));
    // What cannot be said of the original is said of each mutant.
    1..=faulty.ok().flatten().map_or(end, |n| end.max(n + 1))
}

/// Whether to go on to larger n after the first kill: where it is cheap, and tells "fails at 7 and survives 8" apart.
pub fn default_every_n(a: &Algorithm) -> bool {
    is_small(a)
}

/// The phases explored where the text tells them apart. What is left over from an earlier phase needs a third phase to do harm, but
/// few processes; what is wrong with a quorum needs many processes, but two phases.
fn default_phases(a: &Algorithm, n: usize) -> Option<usize> {
    (a.rounds.len() > 1).then_some(if n <= 3 { 3 } else { 2 })
}

/// How a mutant fares at one n, with two values; `phases` as in [`Options`], by default three for n up to 3 and two beyond.
pub fn judge_goals(mutant: &Algorithm, n: usize, phases: Option<usize>) -> Judgement {
    let options = Options {
        n: Some(n..=n),
        phases: phases.or_else(|| default_phases(mutant, n)),
        hurry: true,
        goals_only: true,
        limit_states: LIMIT,
        ..Options::default()
    };
    match check(&Interpreted::new(mutant.clone()), &options, &|_| {}) {
        Ok(report) => match report.violations.iter().find(|v| v.kind != "vacuous") {
            Some(v) => {
                let kind = match v.kind {
                    "stuck" => KillKind::Stuck,
                    "liveness" => KillKind::Liveness,
                    _ => KillKind::Safety,
                };
                Judgement::Killed { by: v.property.clone(), kind }
            }
            None => Judgement::Survived,
        },
        // The constraint on parameters is part of the specification: at such an n nothing is demanded.
        Err(CheckError::NoParameters { .. }) => Judgement::Survived,
        Err(CheckError::Stuck { function, .. }) => Judgement::Killed { by: function, kind: KillKind::Stuck },
        Err(error) => Judgement::Undecided { reason: error.to_string() },
    }
}
