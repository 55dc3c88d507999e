//! Typed calls into an algorithm. Its panics are results here.

use heardof_core::process::{Process, Progress, Round, RoundVisitor, Rounds, State};
use heardof_core::value::{DecodeError, decode_all, encoded};
use heardof_core::{Context, Mailbox, Outbox, Pid};
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
