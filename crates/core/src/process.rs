//! The traits that algorithms implement: the state, the process, its rounds.

use crate::datum::{Datum, Sort};
use crate::ir::Field;
use crate::mailbox::{Mailbox, Outbox, Pool};
use crate::value::Value;
use crate::{Context, Phase, Pid};

/// The state of a process; `#[derive(State)]` implements it.
#[diagnostic::on_unimplemented(message = "`{Self}` is not the state of a process", note = "write `#[derive(State)]` on it")]
pub trait State: Value {
    /// The parameters of an instance, from `#[parameters(Q)]`.
    type Parameters: Value;
    /// What the application may ask for while it runs, from `#[requests(C)]`.
    type Request: Value;
    /// The documentation of the type.
    fn doc() -> &'static str {
        ""
    }
    /// The fields with their marks.
    fn fields() -> Vec<Field>;
    /// Whether there are outputs and all of them are there: each is an `Option` and `Some`. The derive writes the same without going
    /// through [`Datum`].
    fn settled(&self) -> bool {
        let (state, outputs) = (self.to_datum(), Self::fields().into_iter().filter(|f| f.output));
        let mut there = outputs.map(|f| matches!(state.field(f.name), Some(Datum::Option(Some(_))))).peekable();
        there.peek().is_some() && there.all(|there| there)
    }
}

/// An algorithm: how a process starts and which rounds it repeats.
pub trait Process: State {
    /// What the application starts an instance with.
    type Input: Value;
    /// The rounds of a phase, in order: a tuple of types that implement [`Round`].
    type Rounds: Rounds<Self>;
    /// The first state.
    fn init(input: Self::Input, ctx: &Context<Self::Parameters, Self::Request>) -> Self;
    /// Whether the process has stopped: it is in no heard-of set any more and its state stays.
    fn halted(&self) -> bool {
        false
    }
    /// The coordinator of a phase.
    fn coordinator(phase: Phase, n: usize, _parameters: &Self::Parameters) -> Pid {
        phase.rotate(n)
    }
    /// The faults this algorithm is made for.
    fn faults(_parameters: &Self::Parameters) -> Faults {
        Faults::Benign
    }
}

/// What faulty processes may do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Faults {
    /// Messages may be missing, nothing else.
    Benign,
    /// In each round at most so many of the messages that a process hears are arbitrary.
    Value {
        /// α
        at_most: usize,
    },
    /// So many processes may send anything.
    Byzantine {
        /// f
        at_most: usize,
    },
}

/// When a process may leave a round, asked at entry and after each message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Progress {
    /// Leave now.
    GoAhead,
    /// Leave at the round's deadline, or to catch up.
    Deadline,
    /// As `Deadline`, but not before so many processes are known to be at this round.
    Sync(usize),
    /// Do not leave, whatever the clock says and however far the others are.
    Block,
}

/// A communication-closed round of the algorithm `P`.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a round of `{P}`", note = "write `#[round] impl Round<{P}> for {Self}`")]
pub trait Round<P: Process>: 'static {
    /// What is sent.
    type Message: Value;
    /// Whether `ready` may answer `Block` or `Sync`. If not, nobody waits for a lost message of this round without limit, and a node does
    /// not keep what it sent to send it again. `#[round]` says false where it can read that off the text; true is always safe.
    const MAY_BLOCK: bool = true;
    /// What `p` sends. Pure.
    fn send(p: &P, ctx: &Context<P::Parameters, P::Request>) -> Outbox<Self::Message>;
    /// How `p` changes by what it heard. Pure but for `p`.
    fn update(p: &mut P, mailbox: &Mailbox<Self::Message>, ctx: &Context<P::Parameters, P::Request>);
    /// When the process may leave the round. The default: when everybody was heard, else at the deadline.
    fn ready(_p: &P, mailbox: &Mailbox<Self::Message>, ctx: &Context<P::Parameters, P::Request>) -> Progress {
        if mailbox.len() == ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}

/// Code that runs for one round of a phase with its types known: how tools call `send`, `update` and `ready` without boxing.
pub trait RoundVisitor<P: Process> {
    /// The result.
    type Output;
    /// Called with the round `R` and its mailbox.
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>) -> Self::Output;
}

/// The same for tools that run many mailboxes and use their memory again.
pub trait PooledVisitor<P: Process> {
    /// The result.
    type Output;
    /// Called with the round `R`, its mailbox, and the pool of such mailboxes.
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>, pool: &mut Pool<R::Message>) -> Self::Output;
}

/// The rounds of a phase; implemented for tuples of one to eight rounds.
pub trait Rounds<P: Process>: 'static {
    /// How many.
    const LEN: usize;
    /// A mailbox for each round of the phase.
    type Boxes: Default + Send;
    /// For each of them, the memory of others that are empty.
    type Pools: Default + Send;
    /// The names of the round types.
    fn names() -> Vec<&'static str>;
    /// The sorts of their messages.
    fn messages() -> Vec<Sort>;
    /// Runs `visitor` for round `k` of the phase.
    ///
    /// # Panics
    /// If `k` is not below `LEN`.
    fn visit<W: RoundVisitor<P>>(k: usize, boxes: &mut Self::Boxes, visitor: W) -> W::Output;
    /// The same with the pool of the round.
    ///
    /// # Panics
    /// If `k` is not below `LEN`.
    fn visit_pooled<W: PooledVisitor<P>>(k: usize, boxes: &mut Self::Boxes, pools: &mut Self::Pools, visitor: W) -> W::Output;
}

/// `a::b::Exchange<u64>` → `Exchange`
pub(crate) fn short_name(path: &'static str) -> &'static str {
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}

macro_rules! rounds {
    ($(($len:literal: $($r:ident $k:tt),*))*) => {$(
        impl<P: Process, $($r: Round<P>),*> Rounds<P> for ($($r,)*) {
            const LEN: usize = $len;
            type Boxes = ($(Mailbox<$r::Message>,)*);
            type Pools = ($(Pool<$r::Message>,)*);
            fn names() -> Vec<&'static str> { vec![$(short_name(std::any::type_name::<$r>())),*] }
            fn messages() -> Vec<Sort> { vec![$(<$r::Message as Value>::sort()),*] }
            fn visit<W: RoundVisitor<P>>(k: usize, boxes: &mut Self::Boxes, visitor: W) -> W::Output {
                match k {
                    $($k => visitor.visit::<$r>(&mut boxes.$k),)*
                    _ => panic!("round {k} of a phase of {}", $len),
                }
            }
            #[inline(always)]
            fn visit_pooled<W: PooledVisitor<P>>(k: usize, boxes: &mut Self::Boxes, pools: &mut Self::Pools, visitor: W) -> W::Output {
                match k {
                    $($k => visitor.visit::<$r>(&mut boxes.$k, &mut pools.$k),)*
                    _ => panic!("round {k} of a phase of {}", $len),
                }
            }
        }
        impl<P: Process, $($r: Round<P> + crate::describe::RoundText<P>),*> crate::describe::RoundTexts<P> for ($($r,)*) {
            fn texts() -> Vec<crate::describe::RoundSource> { vec![$(crate::describe::RoundSource::of::<P, $r>()),*] }
        }
    )*};
}
rounds! {
    (1: A 0)
    (2: A 0, B 1)
    (3: A 0, B 1, C 2)
    (4: A 0, B 1, C 2, D 3)
    (5: A 0, B 1, C 2, D 3, E 4)
    (6: A 0, B 1, C 2, D 3, E 4, F 5)
    (7: A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

/// Sequential composition: an instance of `Self` that has an outcome starts an instance of `Next`.
pub trait Then<Next: Process>: Process {
    /// The input of the next instance, once there is one.
    fn next(&self) -> Option<Next::Input>;
}
