//! Typed calls into an algorithm: what happens in one round with its message type known.

use crate::instance::Cold;
use crate::lanes::TooLarge;
use crate::limits::HISTORY_ROUNDS;
use crate::node::InstanceId;
use crate::wire::Kind;
use crate::world::{Doing, World};
use heardof_core::process::{PooledVisitor, Process, Progress, Round, Rounds, State};
use heardof_core::value::{Value, decode_all, digest, encoded};
use heardof_core::{Context, Datum, Mailbox, Map, Outbox, Pid, Pool};
use std::sync::Arc;

/// What a process of `P` sees.
pub(crate) type ContextOf<P> = Context<<P as State>::Parameters, <P as State>::Request>;
/// The mailboxes of a phase of `P`.
pub(crate) type Boxes<P> = <<P as Process>::Rounds as Rounds<P>>::Boxes;
/// Their spare memory.
pub(crate) type Pools<P> = <<P as Process>::Rounds as Rounds<P>>::Pools;
/// What was sent, encoded.
pub(crate) type Encoded = Outbox<Arc<[u8]>>;

/// What a panic says.
pub(crate) fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned().or_else(|| payload.downcast_ref::<&str>().map(|s| s.to_string()));
    text.unwrap_or_else(|| "no message".to_string())
}

/// What `ready` said, given whether everybody was heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    /// Leave now: the round says so, or lets the clock decide and there is nobody left to wait for.
    Go,
    /// Leave at the deadline or to catch up.
    Wait,
    /// The same, if so many are known to be here.
    Sync(u32),
    /// Do not leave.
    Block,
}

impl Asked {
    #[inline]
    fn of<P: Process, R: Round<P>>(state: &P, mailbox: &Mailbox<R::Message>, ctx: &ContextOf<P>, world: &mut World) -> Asked {
        match world.run(Doing::Ready, || R::ready(state, mailbox, ctx)) {
            Progress::GoAhead => Asked::Go,
            Progress::Block => Asked::Block,
            Progress::Deadline | Progress::Sync(_) if mailbox.len() == ctx.n() => Asked::Go,
            Progress::Deadline => Asked::Wait,
            // More than there can be is more than there are.
            Progress::Sync(k) => Asked::Sync(u32::try_from(k).unwrap_or(u32::MAX)),
        }
    }
}

/// Sends, hears oneself, asks `ready`.
pub(crate) struct Enter<'a, P: Process> {
    pub(crate) id: InstanceId,
    pub(crate) round: u64,
    pub(crate) state: &'a P,
    pub(crate) ctx: &'a ContextOf<P>,
    pub(crate) cold: &'a mut Option<Box<Cold<P>>>,
    pub(crate) world: &'a mut World,
    /// Whether those not heard in the last round, and sent nothing in this one, are asked for the decision.
    pub(crate) asks: bool,
}

impl<P: Process> Enter<'_, P> {
    /// To another process, or to oneself; nobody else is there.
    #[inline]
    fn direct<M: Value>(&mut self, to: Pid, message: M, mailbox: &mut Mailbox<M>, pool: &mut Pool<M>) -> Result<(), TooLarge> {
        if to == self.ctx.id() {
            self.hear_oneself(message, mailbox, pool);
        } else if to.index() < self.ctx.n() {
            let World { lanes, doing, counters, .. } = &mut *self.world;
            *doing = Doing::Send;
            let sent = lanes.send(to, Kind::Message, self.id, self.round, |out| message.encode(out))?;
            *doing = Doing::Node;
            counters.lane_full += u64::from(!sent);
        }
        Ok(())
    }

    #[inline(never)]
    fn each<M: Value>(&mut self, messages: &Map<Pid, M>, mailbox: &mut Mailbox<M>, pool: &mut Pool<M>) -> Result<(), TooLarge> {
        messages.iter().try_for_each(|(to, message)| self.direct(*to, message.clone(), mailbox, pool))
    }

    #[inline(always)]
    fn hear_oneself<M>(&mut self, message: M, mailbox: &mut Mailbox<M>, pool: &mut Pool<M>) {
        pool.lend(mailbox);
        mailbox.deliver(self.ctx.id(), message);
    }

    #[cold]
    #[inline(never)]
    fn ask<M: Clone>(&mut self, outbox: &Outbox<M>) {
        let unheard = std::mem::take(&mut self.world.unheard);
        // A message of a later round asks as well; who is not sent one is asked, for it may have retired.
        for q in unheard.iter().filter(|q| outbox.message_to(**q).is_none()) {
            self.world.send(*q, Kind::Ask, self.id, self.round, &[]);
        }
        self.world.unheard = unheard;
    }
}

impl<P: Process> PooledVisitor<P> for Enter<'_, P> {
    type Output = Result<Asked, TooLarge>;

    #[inline]
    fn visit<R: Round<P>>(mut self, mailbox: &mut Mailbox<R::Message>, pool: &mut Pool<R::Message>) -> Self::Output {
        let outbox = self.world.run(Doing::Send, || R::send(self.state, self.ctx));
        if self.asks {
            self.ask(&outbox);
        }
        if R::MAY_BLOCK {
            let history = &mut self.cold.get_or_insert_default().history;
            history.push_back((self.round, outbox.map(|message| encoded(message).into())));
            if history.len() > HISTORY_ROUNDS {
                history.pop_front();
            }
        }
        match outbox {
            Outbox::Silent => {}
            Outbox::Broadcast(message) => {
                let World { lanes, doing, counters, .. } = &mut *self.world;
                *doing = Doing::Send;
                let sent = lanes.broadcast(self.id, self.round, |out| message.encode(out))?;
                *doing = Doing::Node;
                counters.lane_full += u64::from(!sent);
                self.hear_oneself(message, mailbox, pool);
            }
            Outbox::To(to, message) => self.direct(to, message, mailbox, pool)?,
            Outbox::Each(messages) => self.each(&messages, mailbox, pool)?,
        }
        Ok(Asked::of::<P, R>(self.state, mailbox, self.ctx, self.world))
    }
}

/// What becomes of a message.
pub(crate) enum Heard {
    /// It is in its mailbox.
    Yes,
    /// It is, and `ready` was asked.
    Asked(Asked),
    /// Its sender was heard already.
    Duplicate,
    /// It is no value of the round's message type.
    Malformed,
}

/// Decodes a message and puts it into its mailbox.
pub(crate) struct Hear<'a, P: Process> {
    pub(crate) from: Pid,
    pub(crate) payload: &'a [u8],
    pub(crate) state: &'a P,
    pub(crate) ctx: &'a ContextOf<P>,
    pub(crate) world: &'a mut World,
    /// Whether it is a message of the current round, and `ready` is to be asked.
    pub(crate) asks: bool,
}

impl<P: Process> PooledVisitor<P> for Hear<'_, P> {
    type Output = Heard;

    #[inline(always)]
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>, pool: &mut Pool<R::Message>) -> Heard {
        let Ok(message) = self.world.run(Doing::Decode, || decode_all(self.payload)) else { return Heard::Malformed };
        pool.lend(mailbox);
        match mailbox.deliver(self.from, message) {
            false => Heard::Duplicate,
            true if self.asks => Heard::Asked(Asked::of::<P, R>(self.state, mailbox, self.ctx, self.world)),
            true => Heard::Yes,
        }
    }
}

/// Asks `ready` again.
pub(crate) struct Ask<'a, P: Process>(pub(crate) &'a P, pub(crate) &'a ContextOf<P>, pub(crate) &'a mut World);

impl<P: Process> PooledVisitor<P> for Ask<'_, P> {
    type Output = Asked;
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>, _: &mut Pool<R::Message>) -> Asked {
        Asked::of::<P, R>(self.0, mailbox, self.1, self.2)
    }
}

/// Executes `update` and gives the mailbox back; false, and nothing is done, if `ready` says `Block`.
pub(crate) struct Leave<'a, P: Process> {
    pub(crate) state: &'a mut P,
    pub(crate) ctx: &'a ContextOf<P>,
    pub(crate) world: &'a mut World,
    pub(crate) by_deadline: bool,
}

impl<P: Process> PooledVisitor<P> for Leave<'_, P> {
    type Output = bool;

    #[inline]
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>, pool: &mut Pool<R::Message>) -> bool {
        let Leave { state, ctx, world, by_deadline } = self;
        // Asked a second time, apart from the decision to leave: what must not happen is watched, not believed.
        if R::MAY_BLOCK && Asked::of::<P, R>(state, mailbox, ctx, world) == Asked::Block {
            return false;
        }
        if by_deadline || world.config.record || world.config.tell {
            write_down(state, mailbox, world, by_deadline);
        }
        world.run(Doing::Update, || R::update(state, mailbox, ctx));
        pool.take_back(mailbox);
        true
    }
}

/// What is wanted of a round after its deadline, or for a recording.
#[cold]
#[inline(never)]
fn write_down<P: Process, M: Value>(state: &P, mailbox: &Mailbox<M>, world: &mut World, by_deadline: bool) {
    if by_deadline {
        let others = world.others();
        world.unheard.clear();
        world.unheard.extend(others.filter(|q| !mailbox.has_heard(*q)));
    }
    if world.config.tell {
        world.before = outputs(state);
    }
    if world.config.record {
        world.heard = mailbox.iter().map(|(q, message)| (q, digest(message))).collect();
    }
}

/// Calls a function with each sender of a mailbox.
pub(crate) struct Senders<F>(pub(crate) F);

impl<P: Process, F: FnMut(Pid)> PooledVisitor<P> for Senders<F> {
    type Output = ();
    fn visit<R: Round<P>>(mut self, mailbox: &mut Mailbox<R::Message>, _: &mut Pool<R::Message>) {
        mailbox.iter().for_each(|(q, _)| (self.0)(q));
    }
}

/// Gives a mailbox back.
pub(crate) struct GiveBack;

impl<P: Process> PooledVisitor<P> for GiveBack {
    type Output = ();
    #[inline]
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>, pool: &mut Pool<R::Message>) {
        pool.take_back(mailbox);
    }
}

/// The output fields of a state, for those who are told them as untyped values.
pub(crate) fn outputs<P: Process>(state: &P) -> Vec<(&'static str, Datum)> {
    let datum = state.to_datum();
    P::fields().into_iter().filter(|f| f.output).filter_map(|f| Some((f.name, datum.field(f.name)?.clone()))).collect()
}
