//! What needs the types of an algorithm: running it on a network, and replaying what ran.

use crate::Failure;
use heardof_core::describe::Described;
use heardof_core::trace::{Replay, ReplayError, Trace, replay};
use heardof_core::{Datum, State, Value};
use heardof_net::{Cluster, NetError, Options, Outcome};
use heardof_node::Output;
use std::marker::PhantomData;

/// An algorithm with its types erased.
pub trait Typed: Send + Sync {
    /// Runs process `id` of `cluster` to its end; `input` is text.
    fn run(
        &self,
        cluster: &Cluster,
        id: usize,
        input: &str,
        options: &Options,
        on_output: &mut dyn FnMut(&Output),
    ) -> Result<Outcome, Failure>;
    /// Replays recorded runs in lock-step.
    fn replay(&self, traces: &[Trace], fingerprint: u64) -> Result<Replay, ReplayError>;
}

/// The algorithm `P`.
pub struct Of<P>(PhantomData<fn() -> P>);

impl<P> Default for Of<P> {
    fn default() -> Self {
        Of(PhantomData)
    }
}

impl From<NetError> for Failure {
    fn from(error: NetError) -> Self {
        Failure::usage(error.to_string())
    }
}

impl<P: Described> Typed for Of<P> {
    fn run(
        &self,
        cluster: &Cluster,
        id: usize,
        input: &str,
        options: &Options,
        on_output: &mut dyn FnMut(&Output),
    ) -> Result<Outcome, Failure> {
        let me = cluster.process(id)?;
        cluster.parameters::<<P as State>::Parameters>()?;
        let sort = <P::Input as Value>::sort();
        let datum = Datum::parse(input, &sort).map_err(|e| Failure::usage(format!("--input {input}: expected a {sort}: {e}")))?;
        let input = <P::Input as Value>::from_datum(&datum).ok_or_else(|| Failure::usage(format!("--input {datum}: not a {sort}")))?;
        Ok(heardof_net::run::<P>(cluster, me, input, options, on_output)?)
    }
    fn replay(&self, traces: &[Trace], fingerprint: u64) -> Result<Replay, ReplayError> {
        replay::<P>(traces, fingerprint)
    }
}

/// A wrong variant: it is checked, never run.
pub struct NotRun;

impl Typed for NotRun {
    fn run(&self, _: &Cluster, _: usize, _: &str, _: &Options, _: &mut dyn FnMut(&Output)) -> Result<Outcome, Failure> {
        Err(Failure::usage("this is a wrong variant, kept as test data for `check`: it is not run"))
    }
    fn replay(&self, _: &[Trace], _: u64) -> Result<Replay, ReplayError> {
        Err(ReplayError::Empty)
    }
}

/// The input of process `index` where the user names none: values that differ as far as the type has them.
pub fn default_input(sort: &heardof_core::Sort, index: usize, n: usize) -> Option<Datum> {
    let bounds = heardof_core::Bounds { n, values: n, phases: 1, nat: n };
    match sort {
        heardof_core::Sort::Text => Some(Datum::Text(format!("value-{index}").into())),
        _ => {
            let all = sort.enumerate(&bounds);
            all.get(index % all.len().max(1)).cloned()
        }
    }
}
