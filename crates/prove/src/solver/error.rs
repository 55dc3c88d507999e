//! What goes wrong with a solver, and what to do about it.

use std::fmt;
use std::time::Duration;

/// Why a solver gave no answer. After [`SolverError::Refused`] the solver can be used further, after the others it is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SolverError {
    /// The program is not there.
    NotFound {
        /// The program looked for.
        program: String,
        /// The package it is in.
        package: &'static str,
    },
    /// The program could not be started.
    NotStarted {
        /// The program.
        program: String,
        /// What the system says.
        reason: String,
    },
    /// The program does not say what version it is.
    NoVersion {
        /// The program.
        program: String,
        /// What it says instead.
        said: String,
    },
    /// The version is too old.
    TooOld {
        /// The program.
        program: String,
        /// Its version.
        found: String,
        /// The oldest that will do.
        wanted: String,
    },
    /// It took longer than its limit and did not stop by itself, and has been killed.
    Late {
        /// How long it was waited for.
        after: Duration,
    },
    /// The process ended.
    Died {
        /// How, and what it said.
        how: String,
    },
    /// It does not accept a command (z3; cvc5 then ends, which is [`SolverError::Died`]).
    Refused {
        /// What it said.
        said: String,
    },
    /// It answered what is no answer to the question.
    Nonsense {
        /// The question.
        question: String,
        /// The answer.
        said: String,
    },
    /// The transcript could not be written.
    Transcript {
        /// What the system says.
        reason: String,
    },
}

impl fmt::Display for SolverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SolverError::NotFound { program, package } => {
                write!(f, "the solver `{program}` is not on the PATH; two lines install and check it:\n    ")?;
                write!(f, "sudo apt-get install {package}\n    {program} --version")
            }
            SolverError::NotStarted { program, reason } => write!(f, "the solver `{program}` does not start: {reason}"),
            SolverError::NoVersion { program, said } => {
                write!(f, "`{program} --version` names no version of z3 or cvc5, but says: {said}")
            }
            SolverError::TooOld { program, found, wanted } => {
                write!(f, "`{program}` has version {found}, which is too old: {wanted} or later is needed")
            }
            SolverError::Late { after } => write!(f, "the solver took longer than {after:?} and has been killed"),
            SolverError::Died { how } => write!(f, "the solver has ended: {how}"),
            SolverError::Refused { said } => write!(f, "the solver refuses a command: {said}"),
            SolverError::Nonsense { question, said } => write!(f, "the solver's answer to `{question}` makes no sense: {said}"),
            SolverError::Transcript { reason } => write!(f, "the transcript cannot be written: {reason}"),
        }
    }
}

impl std::error::Error for SolverError {}
