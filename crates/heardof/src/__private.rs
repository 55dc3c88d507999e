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
pub use heardof_core::{Datum, Map, Phase, Set, Sort, broadcast, implies, silent, to, to_all};
pub use heardof_macros::native;

/// The specification functions of problems, then an algorithm's own.
pub fn specs<P: Process>(problems: Vec<Vec<Spec<P>>>, own: Vec<Spec<P>>) -> Vec<Spec<P>> {
    problems.into_iter().flatten().chain(own).collect()
}

/// Accepts the name of a round of `P`: a mark that names another type is an error of rustc at that name.
pub fn is_round<P: Process, R: Round<P>>() {}

/// Accepts one function twice, and no two functions: a call of a user's function that is named like one of the language is an error of
/// rustc at the call.
pub fn same<F>(_ours: F, _written: F) {}

/// What the derives ask of the type of a field, all under one name: then rustc reports a type that is no value once, at the field, and
/// not once for each trait. (`Value` is a bound of the `impl` and not of the trait: then the reports are equal, and shown once.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of the language",
    note = "write `#[derive(Data)]` on it; the built-in values are bool, integers, String, Pid, Phase, (), tuples, Option, Set and Map"
)]
pub trait Part: Sized {
    /// `Clone`
    fn copy(&self) -> Self;
    /// `PartialEq`
    fn same(&self, other: &Self) -> bool;
    /// `Hash`
    fn hash_to<H: Hasher>(&self, state: &mut H);
    /// `Debug`
    fn shown(&self) -> &dyn Debug;
    /// `Value::sort`
    fn its_sort() -> Sort;
    /// `Value::to_datum`
    fn datum(&self) -> Datum;
    /// `Value::from_datum`
    fn of_datum(datum: &Datum) -> Option<Self>;
    /// `Value::visit`
    fn visit_by(&self, f: &mut dyn FnMut(&dyn Any));
    /// `Value::encode`
    fn encode_to(&self, out: &mut Vec<u8>);
    /// `Value::decode`
    fn decode_from(input: &mut &[u8]) -> Result<Self, DecodeError>;
    /// `Value::is_there`
    fn there(&self) -> bool;
}

impl<T: Value> Part for T {
    fn copy(&self) -> Self {
        self.clone()
    }
    fn same(&self, other: &Self) -> bool {
        self == other
    }
    fn hash_to<H: Hasher>(&self, state: &mut H) {
        self.hash(state);
    }
    fn shown(&self) -> &dyn Debug {
        self
    }
    fn its_sort() -> Sort {
        Self::sort()
    }
    fn datum(&self) -> Datum {
        self.to_datum()
    }
    fn of_datum(datum: &Datum) -> Option<Self> {
        Self::from_datum(datum)
    }
    fn visit_by(&self, f: &mut dyn FnMut(&dyn Any)) {
        self.visit(f);
    }
    fn encode_to(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }
    fn decode_from(input: &mut &[u8]) -> Result<Self, DecodeError> {
        Self::decode(input)
    }
    fn there(&self) -> bool {
        self.is_there()
    }
}
