//! What a process knows of its surroundings in a round.

use crate::{Phase, Pid, Set};
use std::cell::Cell;

/// The surroundings of a process in one round: `Context`, `Context<Q>` with parameters, `Context<Q, C>` with requests.
#[derive(Clone, Debug)]
pub struct Context<Q = (), C = ()> {
    id: Pid,
    n: usize,
    round: usize,
    phase: Phase,
    coordinator: Pid,
    parameters: Q,
    request: Option<C>,
    coin: bool,
    drawn: Cell<bool>,
}

impl<Q, C> Context<Q, C> {
    /// For tools: the surroundings of `id` in `round`, which belongs to `phase`. Coin false, no request.
    pub fn new(id: Pid, n: usize, round: usize, phase: Phase, coordinator: Pid, parameters: Q) -> Self {
        Context { id, n, round, phase, coordinator, parameters, request: None, coin: false, drawn: Cell::new(false) }
    }
    /// For tools: with this coin.
    pub fn with_coin(mut self, coin: bool) -> Self {
        self.coin = coin;
        self
    }
    /// For tools: with this request.
    pub fn with_request(mut self, request: Option<C>) -> Self {
        self.request = request;
        self
    }
    /// For tools: whether `coin` was called.
    pub fn drew_coin(&self) -> bool {
        self.drawn.get()
    }
    /// This process.
    pub fn id(&self) -> Pid {
        self.id
    }
    /// The number of processes.
    pub fn n(&self) -> usize {
        self.n
    }
    /// The number of this round, from 0, counted over all phases.
    pub fn round(&self) -> usize {
        self.round
    }
    /// The phase this round belongs to.
    pub fn phase(&self) -> Phase {
        self.phase
    }
    /// The coordinator of this phase.
    pub fn coordinator(&self) -> Pid {
        self.coordinator
    }
    /// Whether this process is the coordinator of this phase.
    pub fn is_coordinator(&self) -> bool {
        self.id == self.coordinator
    }
    /// The parameters of this instance, the same at every process.
    pub fn parameters(&self) -> &Q {
        &self.parameters
    }
    /// *The* coin of this process in this round: the same however often it is asked for.
    pub fn coin(&self) -> bool {
        self.drawn.set(true);
        self.coin
    }
    /// What the application asks of this process in this round.
    pub fn request(&self) -> Option<&C> {
        self.request.as_ref()
    }
    /// All processes.
    pub fn processes(&self) -> Set<Pid> {
        Pid::all(self.n).collect()
    }
    /// The same surroundings for a component with other parameters.
    pub fn with<R>(&self, parameters: R) -> Context<R, C>
    where
        C: Clone,
    {
        Context {
            id: self.id,
            n: self.n,
            round: self.round,
            phase: self.phase,
            coordinator: self.coordinator,
            parameters,
            request: self.request.clone(),
            coin: self.coin,
            drawn: self.drawn.clone(),
        }
    }
}
