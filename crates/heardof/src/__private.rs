//! What the attributes and derives write paths to. Not for use by hand; it changes without notice.

use heardof_core::process::{Process, Round};

pub use ::std;
pub use heardof_core::describe::{MethodsOf, ProcessText, RoundText, Source};
pub use heardof_core::ir::{Boundary, Field, Kind};
pub use heardof_core::process::State;
pub use heardof_core::spec::{IntoSpec, Spec, Specified};
pub use heardof_core::value::{DecodeError, Value};
pub use heardof_core::{Datum, Sort};
pub use heardof_macros::native;

/// The specification functions of problems, then an algorithm's own.
pub fn specs<P: Process>(problems: Vec<Vec<Spec<P>>>, own: Vec<Spec<P>>) -> Vec<Spec<P>> {
    problems.into_iter().flatten().chain(own).collect()
}

/// Accepts the name of a round of `P`: a mark that names another type is an error of rustc at that name.
pub fn is_round<P: Process, R: Round<P>>() {}
