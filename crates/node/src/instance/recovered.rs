//! What an instance must not forget when its process crashes, and how it comes back.
//!
//! ```text
//! record   parameters | coin u8 | request | state | messages u8 | message ..    (canonical bytes; the rounds that may block only)
//! message  round u64 | kind u8 (0 silent, 1 to all, 2 to one, 3 to each) | content
//! ```
//!
//! The state alone is not enough: what a round sends may depend on the coin and on the application's request, and a process that comes
//! back must say the same again, or two processes hear different things of it. A blocked peer may still miss what was sent in the last
//! rounds; nobody else can send it.

use super::{Birth, Instance, Stage, witnesses};
use crate::app::App;
use crate::calls::Encoded;
use crate::limits::HISTORY_ROUNDS;
use crate::world::{Doing, World};
use heardof_core::process::{Process, Rounds};
use heardof_core::value::{DecodeError, Value, decode_all, take};
use heardof_core::{Context, Map, Outbox, Phase, Pid};
use std::collections::VecDeque;

/// What a record says.
pub(crate) struct Remembered<P: Process> {
    parameters: P::Parameters,
    coin: bool,
    request: Option<P::Request>,
    state: P,
    history: History,
}

/// What was sent in rounds that may block.
pub(crate) type History = VecDeque<(u64, Encoded)>;

impl<P: Process> Remembered<P> {
    /// Reads a record.
    pub(crate) fn read(mut bytes: &[u8]) -> Result<Self, DecodeError> {
        let input = &mut bytes;
        let (parameters, coin, request) = (P::Parameters::decode(input)?, bool::decode(input)?, Option::decode(input)?);
        let state = P::decode(input)?;
        let count = u8::decode(input)?;
        let history = (0..count).map(|_| Ok((u64::decode(input)?, outbox(input)?))).collect::<Result<_, DecodeError>>()?;
        decode_all::<()>(bytes)?;
        Ok(Remembered { parameters, coin, request, state, history })
    }
}

/// What is remembered of an instance that is over: enough to answer stragglers.
pub(crate) struct Ended<P: Process> {
    parameters: P::Parameters,
    outputs: P,
}

impl<P: Process> Ended<P> {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (parameters, outputs) = decode_all(bytes)?;
        Ok(Ended { parameters, outputs })
    }
}

fn write_outbox(outbox: &Encoded, out: &mut Vec<u8>) {
    let bytes = |message: &[u8], out: &mut Vec<u8>| {
        (message.len() as u64).encode(out);
        out.extend_from_slice(message);
    };
    match outbox {
        Outbox::Silent => out.push(0),
        Outbox::Broadcast(message) => {
            out.push(1);
            bytes(message, out);
        }
        Outbox::To(to, message) => {
            out.push(2);
            to.encode(out);
            bytes(message, out);
        }
        Outbox::Each(messages) => {
            out.push(3);
            (messages.len() as u64).encode(out);
            for (to, message) in messages.iter() {
                to.encode(out);
                bytes(message, out);
            }
        }
    }
}

fn outbox(input: &mut &[u8]) -> Result<Encoded, DecodeError> {
    let bytes = |input: &mut &[u8]| {
        // A length beyond memory is one beyond the input.
        let length = usize::try_from(u64::decode(input)?).unwrap_or(usize::MAX);
        Ok(take(input, length)?.into())
    };
    Ok(match u8::decode(input)? {
        0 => Outbox::Silent,
        1 => Outbox::Broadcast(bytes(input)?),
        2 => Outbox::To(Pid::decode(input)?, bytes(input)?),
        3 => {
            let mut messages = Map::new();
            for _ in 0..u64::decode(input)? {
                messages.insert(Pid::decode(input)?, bytes(input)?);
            }
            Outbox::Each(messages)
        }
        found => return Err(DecodeError::BadTag { of: "an outbox", found }),
    })
}

impl<P: Process> Birth<P> {
    /// An instance that comes back into `round`, and the messages of the last rounds that may block.
    pub(crate) fn again(world: &mut World, round: u64, remembered: Remembered<P>) -> (Self, History) {
        let Remembered { parameters, coin, request, state, history } = remembered;
        let mut birth = Birth::with(world, round, parameters, state);
        birth.ctx = birth.ctx.with_coin(coin).with_request(request);
        (birth, history)
    }

    /// An instance that is over.
    pub(crate) fn over(world: &mut World, Ended { parameters, outputs }: Ended<P>) -> Self {
        Birth::with(world, 0, parameters, outputs)
    }

    fn with(world: &mut World, round: u64, parameters: P::Parameters, state: P) -> Self {
        let (me, n, phase) = (world.config.me, world.config.n, Phase::new((round / P::Rounds::LEN as u64) as usize));
        // A panic here is one before there is an instance.
        let (coordinator, faulty) = world.run(Doing::Init, || (P::coordinator(phase, n, &parameters), witnesses::<P>(&parameters, n)));
        Birth { state, ctx: Context::new(me, n, round as usize, phase, coordinator, parameters), faulty }
    }
}

impl<P: Process> Instance<P> {
    /// Everything that [`Remembered::read`] wants to know, before this round is entered.
    pub(super) fn remember(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        self.ctx.parameters().encode(&mut out);
        self.ctx.peek().encode(&mut out);
        self.ctx.request().cloned().encode(&mut out);
        self.state.encode(&mut out);
        let history = self.cold.iter().flat_map(|cold| &cold.history);
        const { assert!(HISTORY_ROUNDS <= u8::MAX as usize) };
        out.push(history.clone().count() as u8);
        for (round, outbox) in history {
            round.encode(&mut out);
            write_outbox(outbox, &mut out);
        }
        out
    }

    /// It waits before `round`, as it did when its record became durable.
    pub(crate) fn come_back(&mut self, round: u64, history: History) {
        (self.round, self.k) = (round, (round % P::Rounds::LEN as u64) as u8);
        self.stage = Stage::Parked;
        if !history.is_empty() {
            self.cold.get_or_insert_default().history = history;
        }
    }

    /// It is over, as it was: it answers stragglers, and the application is told what was decided.
    pub(crate) fn come_back_over<A: App<P>>(&mut self, app: &mut A) {
        self.stage = Stage::Retired;
        if self.state.settled() {
            self.decided = true;
            app.decided(self.id, &self.state, None);
        }
    }
}
