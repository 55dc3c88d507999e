//! Which solver to run.

use super::{Choice, Options, Solver, SolverError, version_of};
use std::path::PathBuf;

/// `choice` where it is on the PATH and recent enough; else, for z3, the one that `xtask solver` fetched into a `target/solver` of this
/// folder or one above.
///
/// # Errors
/// When there is none; the first problem met.
pub fn locate(choice: &Choice) -> Result<Choice, SolverError> {
    let options = Options::default();
    if *choice == Choice::Z3 && version_of("z3", "z3", options.grace).is_err() {
        let own = fetched().map(Choice::At);
        return own.map_or_else(|| Solver::start(choice, &options).map(|_| choice.clone()), Ok);
    }
    Solver::start(choice, &options).map(|_| choice.clone())
}

/// The z3 that `xtask solver` fetched into a `target/solver` of this folder or one above.
pub(super) fn fetched() -> Option<PathBuf> {
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let own = here.ancestors().map(|folder| folder.join("target").join("solver").join("bin").join("z3"));
    own.into_iter().find(|own| own.is_file())
}
