//! Which solver to run.

use super::{Choice, Options, Solver, SolverError};
use std::path::PathBuf;

/// `choice` where it is on the PATH and recent enough; else, for z3, the one that `xtask solver` fetched into a `target/solver` of this
/// folder or one above.
///
/// # Errors
/// When there is none; the first problem met.
pub fn locate(choice: &Choice) -> Result<Choice, SolverError> {
    let Err(first) = Solver::start(choice, &Options::default()) else { return Ok(choice.clone()) };
    if *choice != Choice::Z3 {
        return Err(first);
    }
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    here.ancestors()
        .map(|folder| Choice::At(folder.join("target").join("solver").join("bin").join("z3")))
        .find(|own| Solver::start(own, &Options::default()).is_ok())
        .ok_or(first)
}
