//! Which state functions are false in a reachable state: all of them in one exploration, without the runs that show it.
//!
//! Worked example: invariant inference asks of hundreds of candidates at once which ones two values and three processes already refute.
//! A run for each would cost more than the exploration, and nobody reads them.

use crate::explore::{Broken, Reach, explore};
use crate::judge::Judge;
use crate::options::{CheckError, Options};
use crate::run::{Size, cases, facts, rules, too_large};
use crate::step::{Setting, Stepper};
use heardof_core::machine::{Interpreted, Machine};
use std::collections::BTreeSet;

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sifted {
    /// States looked at, up to renaming.
    pub states: u64,
    /// The numbers, in [`Algorithm::specs`](heardof_core::ir::Algorithm::specs), of invariants and properties with a reachable violation.
    pub violated: BTreeSet<usize>,
}

/// Explores everything within `options` and says which invariants and properties do not hold of it.
///
/// # Errors
/// Where the algorithm is outside of what the checker covers, or too large for the limits of `options`.
pub fn sift(machine: &dyn Machine, options: &Options) -> Result<Sifted, CheckError> {
    let a = machine.algorithm();
    let facts = facts(a, options);
    let text = Interpreted::new(a.clone());
    let rules = rules(a, None, 0)?;
    let mut sifted = Sifted::default();
    for (Size { n, parameters, phases, fault }, configurations) in cases(machine, &facts, options, true)? {
        let set = Setting { machine, text: &text, facts: &facts, n, parameters: &parameters, phases, fault: &fault };
        let mut stepper = Stepper::new(set).map_err(|why| CheckError::Unsupported { what: why.to_string() })?;
        let mut judge = Judge::new(a);
        let reach = Reach { rounds: phases * a.rounds.len(), states: options.limit_states, hurry: false, goals_only: false };
        for inputs in configurations {
            let explored = explore(&mut stepper, &mut judge, &rules, &inputs, reach).map_err(|halt| too_large(a, n, halt))?;
            let Some(explored) = explored else { continue };
            sifted.states += explored.states.len() as u64;
            sifted.violated.extend(explored.found.iter().filter_map(|f| if let Broken::Spec(k) = f.what { Some(k) } else { None }));
        }
    }
    Ok(sifted)
}
