//! Specification functions as values: what `#[spec]` and `#[problem]` register.

use crate::describe::Source;
use crate::heard_of::HeardOf;
use crate::ir::{Kind, Speaks};
use crate::process::Process;
use crate::system::System;
use std::fmt;

/// A registered specification function: what it is, its text and its native code.
pub struct Spec<P: Process> {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The problem it comes from, if not the algorithm's own.
    pub problem: Option<&'static str>,
    /// Its documentation.
    pub doc: &'static str,
    /// Its text: one function.
    pub source: Source,
    /// Its native code.
    pub run: SpecFn<P>,
}

impl<P: Process> fmt::Debug for Spec<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?})", self.name, self.kind)
    }
}

/// A condition on one thing.
pub type One<A> = Box<dyn Fn(&A) -> bool + Send + Sync>;
/// A condition on two things.
pub type Two<A, B> = Box<dyn Fn(&A, &B) -> bool + Send + Sync>;
/// A condition on the number of processes and the parameters.
pub type OfSize<Q> = Box<dyn Fn(usize, &Q) -> bool + Send + Sync>;

/// Native code of a specification function, by what it speaks of.
pub enum SpecFn<P: Process> {
    /// One state.
    State(One<System<P>>),
    /// A state and the state one round later.
    Step(Two<System<P>, System<P>>),
    /// The heard-of sets of a round.
    Heard(One<HeardOf<P>>),
    /// The state before a round and its heard-of sets.
    StateHeard(Two<System<P>, HeardOf<P>>),
    /// The heard-of sets of a round and of the next.
    HeardTwice(Two<HeardOf<P>, HeardOf<P>>),
    /// The number of processes and the parameters.
    Size(OfSize<P::Parameters>),
}

impl<P: Process> SpecFn<P> {
    /// What the function speaks of.
    pub fn speaks(&self) -> Speaks {
        match self {
            SpecFn::State(_) => Speaks::State,
            SpecFn::Step(_) => Speaks::Step,
            SpecFn::Heard(_) => Speaks::Heard,
            SpecFn::StateHeard(_) => Speaks::StateHeard,
            SpecFn::HeardTwice(_) => Speaks::HeardTwice,
            SpecFn::Size(_) => Speaks::Size,
        }
    }
}

/// Turns a function into a [`SpecFn`] by its signature; `Mark` only tells the signatures apart.
#[diagnostic::on_unimplemented(
    message = "this is not a specification function of `{P}`",
    note = "the signatures are: (&System<Self>), (&System<Self>, &System<Self>), (&HeardOf<Self>), (&System<Self>, &HeardOf<Self>), (&HeardOf<Self>, &HeardOf<Self>) and (usize, &Parameters), each with result bool"
)]
pub trait IntoSpec<P: Process, Mark> {
    /// The function as a value.
    fn into_spec(self) -> SpecFn<P>;
}

/// Marks of the six signatures.
#[derive(Debug)]
pub struct Signature<const K: usize>;

macro_rules! signatures {
    ($($k:literal $variant:ident ($($arg:ty),*);)*) => {$(
        impl<P: Process, F: Fn($($arg),*) -> bool + Send + Sync + 'static> IntoSpec<P, Signature<$k>> for F {
            fn into_spec(self) -> SpecFn<P> { SpecFn::$variant(Box::new(self)) }
        }
    )*};
}
signatures! {
    0 State(&System<P>);
    1 Step(&System<P>, &System<P>);
    2 Heard(&HeardOf<P>);
    3 StateHeard(&System<P>, &HeardOf<P>);
    4 HeardTwice(&HeardOf<P>, &HeardOf<P>);
    5 Size(usize, &P::Parameters);
}

/// A process with a specification; `#[spec]` implements it.
#[diagnostic::on_unimplemented(message = "`{Self}` has no specification", note = "write `#[spec(Consensus)] impl {Self} {{ .. }}`")]
pub trait Specified: Process {
    /// The marked functions, those of the problems first.
    fn specs() -> Vec<Spec<Self>>;
    /// Texts of the methods that the problems ask for, and of unmarked functions in the `#[spec]` block.
    fn sources() -> Vec<Source>;
    /// The names of the problems.
    fn problems() -> Vec<&'static str>;
}
