//! Typed calls into an algorithm. Its panics are results here.

use crate::Config;
use crate::node::InstanceId;
use heardof_core::process::{Process, Progress, Round, RoundVisitor, Rounds, State};
use heardof_core::value::{DecodeError, decode_all, encoded};
use heardof_core::{Context, Datum, Mailbox, Outbox, Phase, Pid};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a process of `P` sees.
pub(crate) type ContextOf<P> = Context<<P as State>::Parameters, <P as State>::Request>;
/// The mailboxes of a phase of `P`.
pub(crate) type Boxes<P> = <<P as Process>::Rounds as Rounds<P>>::Boxes;
/// What is sent, encoded; shared between destinations and with the history.
pub(crate) type Encoded = Outbox<Arc<[u8]>>;

/// A function of the algorithm panicked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Panicked {
    pub(crate) function: &'static str,
    pub(crate) what: String,
}

pub(crate) fn guarded<T>(function: &'static str, run: impl FnOnce() -> T) -> Result<T, Panicked> {
    // What the closure leaves half-done is not looked at again: the instance stops.
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned().or_else(|| payload.downcast_ref::<&str>().map(|s| s.to_string()));
        Panicked { function, what: text.unwrap_or_else(|| "no message".to_string()) }
    })
}

struct Send<'a, P: Process>(&'a P, &'a ContextOf<P>);
impl<P: Process> RoundVisitor<P> for Send<'_, P> {
    type Output = Encoded;
    fn visit<R: Round<P>>(self, _: &mut Mailbox<R::Message>) -> Encoded {
        R::send(self.0, self.1).map(|message| encoded(message).into())
    }
}

/// What `state` sends in round `k` of the phase.
pub(crate) fn send<P: Process>(k: usize, state: &P, ctx: &ContextOf<P>) -> Result<Encoded, Panicked> {
    guarded("send", || P::Rounds::visit(k, &mut Default::default(), Send(state, ctx)))
}

struct Deliver<'a>(Pid, &'a [u8]);
impl<P: Process> RoundVisitor<P> for Deliver<'_> {
    type Output = Result<bool, DecodeError>;
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>) -> Self::Output {
        Ok(mailbox.deliver(self.0, decode_all(self.1)?))
    }
}

/// Puts a message into the mailbox of round `k`; `Ok(false)` if this sender was heard already.
pub(crate) fn deliver<P: Process>(
    k: usize,
    boxes: &mut Boxes<P>,
    from: Pid,
    payload: &[u8],
) -> Result<Result<bool, DecodeError>, Panicked> {
    guarded("decode", || P::Rounds::visit(k, boxes, Deliver(from, payload)))
}

struct Ready<'a, P: Process>(&'a P, &'a ContextOf<P>);
impl<P: Process> RoundVisitor<P> for Ready<'_, P> {
    type Output = Progress;
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>) -> Progress {
        R::ready(self.0, mailbox, self.1)
    }
}

/// Whether round `k` may be left.
pub(crate) fn ready<P: Process>(k: usize, boxes: &mut Boxes<P>, state: &P, ctx: &ContextOf<P>) -> Result<Progress, Panicked> {
    guarded("ready", || P::Rounds::visit(k, boxes, Ready(state, ctx)))
}

struct Update<'a, P: Process>(&'a mut P, &'a ContextOf<P>);
impl<P: Process> RoundVisitor<P> for Update<'_, P> {
    type Output = ();
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>) {
        R::update(self.0, mailbox, self.1);
        mailbox.clear();
    }
}

/// Round `k` ends; its mailbox is empty afterwards.
pub(crate) fn update<P: Process>(k: usize, boxes: &mut Boxes<P>, state: &mut P, ctx: &ContextOf<P>) -> Result<(), Panicked> {
    guarded("update", || P::Rounds::visit(k, boxes, Update(state, ctx)))
}

/// The coin of a process in a round: SplitMix64 of seed, instance and round.
pub(crate) fn coin(seed: u64, instance: InstanceId, round: u64) -> bool {
    let mix = |z: u64| {
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let gamma = 0x9e37_79b9_7f4a_7c15_u64;
    mix(mix(seed.wrapping_add(gamma)).wrapping_add(instance.wrapping_mul(gamma)) ^ mix(round.wrapping_add(gamma))) >> 63 == 1
}

/// What a process sees in a round, without a request.
pub(crate) fn surroundings<P: Process>(
    id: InstanceId,
    config: &Config,
    round: u64,
    parameters: &P::Parameters,
) -> Result<ContextOf<P>, Panicked> {
    let phase = Phase::new(round as usize / P::Rounds::LEN);
    let coordinator = guarded("coordinator", || P::coordinator(phase, config.n, parameters))?;
    let ctx = Context::new(config.me, config.n, round as usize, phase, coordinator, parameters.clone());
    Ok(ctx.with_coin(coin(config.seed, id, round)))
}

/// The output fields of a state.
pub(crate) fn outputs<P: Process>(state: &P) -> Vec<(&'static str, Datum)> {
    let datum = state.to_datum();
    P::fields().into_iter().filter(|f| f.output).filter_map(|f| Some((f.name, datum.field(f.name)?.clone()))).collect()
}

/// Whether there are outputs and all of them are there.
pub(crate) fn decided(outputs: &[(&'static str, Datum)]) -> bool {
    !outputs.is_empty() && outputs.iter().all(|(_, value)| matches!(value, Datum::Option(Some(_))))
}

/// The length of the longest message.
pub(crate) fn longest(outbox: &Encoded) -> Option<usize> {
    match outbox {
        Outbox::Silent => None,
        Outbox::Broadcast(m) | Outbox::To(_, m) => Some(m.len()),
        Outbox::Each(messages) => messages.iter().map(|(_, m)| m.len()).max(),
    }
}
