//! What needs the types of an algorithm: running it on a network, and replaying what ran.

use crate::Failure;
use heardof_core::describe::Described;
use heardof_core::spec::SpecFn;
use heardof_core::trace::{Replay, ReplayError, Trace, replay};
use heardof_core::{Datum, State, Value};
use heardof_net::{Cluster, NetError, Options, Outcome};
use heardof_node::Output;
use heardof_sim::oracle::Oracle;
use heardof_sim::{Choices, Judged, Plan, Swarm, Tally, What};
use std::collections::BTreeMap;
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
    /// Simulates seeds.
    fn simulate(&self, campaign: &Campaign<'_>) -> Result<Tally, Failure>;
    /// The smallest run found that fails like this one.
    fn shrink(&self, plan: &Plan, what: What, campaign: &Campaign<'_>) -> Result<Judged, Failure>;
    /// Simulates one run.
    fn simulate_one(&self, seed: u64, campaign: &Campaign<'_>) -> Result<Judged, Failure>;
    /// Replays recorded runs in lock-step.
    fn replay(&self, traces: &[Trace], fingerprint: u64) -> Result<Replay, ReplayError>;
}

/// What to simulate.
pub struct Campaign<'a> {
    /// What plans are drawn from.
    pub swarm: Swarm,
    /// The seeds.
    pub seeds: std::ops::Range<u64>,
    /// How many threads.
    pub threads: usize,
    /// Whether to go on, after so many runs.
    pub going: &'a (dyn Fn(u64) -> bool + Sync),
}

/// How many values a word has of which inputs and parameters are drawn.
const VALUES: usize = 3;

impl<P: Described> Of<P> {
    /// The inputs and parameters that there are for the sizes of the swarm. Sizes for which no parameter is admissible are left out.
    fn choices(campaign: &Campaign<'_>) -> Result<(Swarm, Choices<P>), Failure> {
        let resilience: Vec<_> = P::specs().into_iter().filter(|spec| spec.kind == heardof_core::ir::Kind::Resilience).collect();
        let mut of_size = BTreeMap::new();
        for n in campaign.swarm.sizes.iter().copied() {
            let bounds = heardof_core::Bounds { n, values: VALUES, phases: 1, nat: n };
            let inputs: Vec<P::Input> = P::Input::sort().enumerate(&bounds).iter().filter_map(P::Input::from_datum).collect();
            let parameters = <P as State>::Parameters::sort().enumerate(&bounds);
            let mut parameters: Vec<P::Parameters> = parameters.iter().filter_map(<P as State>::Parameters::from_datum).collect();
            parameters.retain(|q| resilience.iter().all(|spec| !matches!(&spec.run, SpecFn::Size(holds) if !holds(n, q))));
            if !inputs.is_empty() && !parameters.is_empty() {
                of_size.insert(n, (inputs, parameters));
            }
        }
        let mut swarm = campaign.swarm.clone();
        swarm.sizes.retain(|n| of_size.contains_key(n));
        if swarm.sizes.is_empty() {
            return Err(Failure::usage(format!("no parameters are admissible for n in {:?}", campaign.swarm.sizes)));
        }
        Ok((swarm, Choices { of_size }))
    }
}

/// The algorithm `P`. A wrong variant is checked and simulated, never run.
pub struct Of<P> {
    is_wrong: bool,
    algorithm: PhantomData<fn() -> P>,
}

impl<P> Of<P> {
    /// The algorithm, or wrong variant.
    pub fn new(is_wrong: bool) -> Self {
        Of { is_wrong, algorithm: PhantomData }
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
        if self.is_wrong {
            return Err(Failure::usage("this is a wrong variant, kept as test data for `check`: it is not run"));
        }
        let me = cluster.process(id)?;
        cluster.parameters::<<P as State>::Parameters>()?;
        let sort = <P::Input as Value>::sort();
        let datum = Datum::parse(input, &sort).map_err(|e| Failure::usage(format!("--input {input}: expected a {sort}: {e}")))?;
        let input = <P::Input as Value>::from_datum(&datum).ok_or_else(|| Failure::usage(format!("--input {datum}: not a {sort}")))?;
        Ok(heardof_net::run::<P>(cluster, me, input, options, on_output)?)
    }
    fn simulate(&self, campaign: &Campaign<'_>) -> Result<Tally, Failure> {
        let (swarm, choices) = Self::choices(campaign)?;
        Ok(heardof_sim::campaign(&swarm, &choices, campaign.seeds.clone(), campaign.threads, campaign.going))
    }
    fn shrink(&self, plan: &Plan, what: What, campaign: &Campaign<'_>) -> Result<Judged, Failure> {
        Ok(heardof_sim::shrink(plan, what, &Self::choices(campaign)?.1))
    }
    fn simulate_one(&self, seed: u64, campaign: &Campaign<'_>) -> Result<Judged, Failure> {
        let (swarm, choices) = Self::choices(campaign)?;
        Ok(heardof_sim::judged(swarm.plan(seed), &choices, &Oracle::default()))
    }
    fn replay(&self, traces: &[Trace], fingerprint: u64) -> Result<Replay, ReplayError> {
        replay::<P>(traces, fingerprint)
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
