//! What the attributes and derives write paths to. Not for use by hand; it changes without notice.

use heardof_core::process::{Process, Round};
use std::any::Any;
use std::fmt::Debug;
use std::hash::Hasher;

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

/// What the derives ask of the type of a field, all under one name: then rustc reports a type that is no value once, at the field, and
/// not once for each trait.
pub trait Part: Value {
    /// `Clone`
    fn copy(&self) -> Self {
        self.clone()
    }
    /// `PartialEq`
    fn same(&self, other: &Self) -> bool {
        self == other
    }
    /// `Hash`
    fn hash_to<H: Hasher>(&self, state: &mut H) {
        self.hash(state);
    }
    /// `Debug`
    fn shown(&self) -> &dyn Debug {
        self
    }
    /// `Value::sort`
    fn its_sort() -> Sort {
        Self::sort()
    }
    /// `Value::to_datum`
    fn datum(&self) -> Datum {
        self.to_datum()
    }
    /// `Value::from_datum`
    fn of_datum(datum: &Datum) -> Option<Self> {
        Self::from_datum(datum)
    }
    /// `Value::visit`
    fn visit_by(&self, f: &mut dyn FnMut(&dyn Any)) {
        self.visit(f);
    }
    /// `Value::encode`
    fn encode_to(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
    /// `Value::decode`
    fn decode_from(input: &mut &[u8]) -> Result<Self, DecodeError> {
        Self::decode(input)
    }
}

impl<T: Value> Part for T {}
