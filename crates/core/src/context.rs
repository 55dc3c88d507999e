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
    coin: Coin,
    drawn: Cell<bool>,
}

/// For tools: a coin, tossed when it is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coin {
    /// This side.
    Fixed(bool),
    /// SplitMix64 of these: what belongs to process and instance, and the round.
    Of(u64, u64),
}

impl Coin {
    /// A number without order for a seed.
    pub fn scramble(seed: u64) -> u64 {
        let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn toss(self) -> bool {
        match self {
            Coin::Fixed(side) => side,
            Coin::Of(who, round) => Coin::scramble(Coin::scramble(who) ^ Coin::scramble(round)) >> 63 == 1,
        }
    }
}

impl<Q, C> Context<Q, C> {
    /// For tools: the surroundings of `id` in `round`, which belongs to `phase`. Coin false, no request.
    pub fn new(id: Pid, n: usize, round: usize, phase: Phase, coordinator: Pid, parameters: Q) -> Self {
        Context { id, n, round, phase, coordinator, parameters, request: None, coin: Coin::Fixed(false), drawn: Cell::new(false) }
    }
    /// For tools: with this coin.
    pub fn with_coin(mut self, coin: bool) -> Self {
        self.coin = Coin::Fixed(coin);
        self
    }
    /// For tools: with this request.
    pub fn with_request(mut self, request: Option<C>) -> Self {
        self.request = request;
        self
    }
    /// For tools: the same process in another round, with this coin and without a request.
    #[inline]
    pub fn enter(&mut self, round: usize, phase: Phase, coordinator: Pid, coin: Coin) {
        (self.round, self.phase, self.coordinator) = (round, phase, coordinator);
        (self.request, self.coin) = (None, coin);
        self.drawn.set(false);
    }
    /// For tools: what the application asks for from now on.
    pub fn ask(&mut self, request: Option<C>) {
        self.request = request;
    }
    /// For tools: whether `coin` was called.
    pub fn drew_coin(&self) -> bool {
        self.drawn.get()
    }
    /// For tools: the coin, without looking at it.
    pub fn peek(&self) -> bool {
        self.coin.toss()
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
        self.coin.toss()
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
