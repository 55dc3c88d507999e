//! What the instances of a node share.

use crate::clock::Pace;
use crate::lanes::Lanes;
use crate::node::InstanceId;
use crate::wire::{Header, Kind};
use crate::{Config, Counters, Output};
use heardof_core::context::Coin;
use heardof_core::{Datum, Pid};
use std::collections::VecDeque;

/// Which code runs: a panic is of this function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Doing {
    /// The node's own code or the application's: the panic goes on.
    Node,
    /// Before there is an instance.
    Init,
    Coordinator,
    Halted,
    Send,
    Decode,
    Ready,
    Update,
}

impl Doing {
    /// The function of the algorithm, if it is one.
    pub(crate) fn function(self) -> Option<&'static str> {
        match self {
            Doing::Node => None,
            Doing::Init => Some("init"),
            Doing::Coordinator => Some("coordinator"),
            Doing::Halted => Some("halted"),
            Doing::Send => Some("send"),
            Doing::Decode => Some("decode"),
            Doing::Ready => Some("ready"),
            Doing::Update => Some("update"),
        }
    }
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) lanes: Lanes,
    pub(crate) tells: VecDeque<(InstanceId, Output)>,
    pub(crate) counters: Counters,
    pub(crate) pace: Pace,
    pub(crate) doing: Doing,
    /// Where decisions are encoded.
    pub(crate) scratch: Vec<u8>,
    /// Who was not heard in the round that was just left at its deadline.
    pub(crate) unheard: Vec<Pid>,
    /// Who was heard in the round that is being recorded, with digests of the messages.
    pub(crate) heard: Vec<(Pid, u64)>,
    /// What the outputs were before it.
    pub(crate) before: Vec<(&'static str, Datum)>,
    /// The part of coins that is the same for all instances.
    coins: u64,
}

impl World {
    pub(crate) fn new(config: Config, header: Header) -> World {
        World {
            lanes: Lanes::new(header, config.n),
            tells: VecDeque::new(),
            counters: Counters::default(),
            pace: Pace::new(&config.timing),
            doing: Doing::Node,
            scratch: vec![],
            unheard: vec![],
            heard: vec![],
            before: vec![],
            coins: Coin::scramble(config.seed),
            config,
        }
    }

    /// Runs code of the algorithm.
    #[inline]
    pub(crate) fn run<T>(&mut self, function: Doing, code: impl FnOnce() -> T) -> T {
        self.doing = function;
        let result = code();
        self.doing = Doing::Node;
        result
    }

    pub(crate) fn tell(&mut self, instance: InstanceId, output: Output) {
        self.tells.push_back((instance, output));
    }

    /// Queues a section for `to`.
    pub(crate) fn send(&mut self, to: Pid, kind: Kind, instance: InstanceId, round: u64, payload: &[u8]) {
        let sent = self.lanes.send(to, kind, instance, round, |out| out.extend_from_slice(payload));
        self.counters.lane_full += u64::from(sent != Ok(true));
    }

    /// The other processes.
    pub(crate) fn others(&self) -> impl Iterator<Item = Pid> + use<> {
        let me = self.config.me;
        Pid::all(self.config.n).filter(move |q| *q != me)
    }

    /// What the coin of this process in a round is made of: seed, instance and round.
    #[inline]
    pub(crate) fn coin(&self, instance: InstanceId, round: u64) -> Coin {
        Coin::Of(self.coins.wrapping_add(instance.wrapping_mul(0x9e37_79b9_7f4a_7c15)), round)
    }
}
