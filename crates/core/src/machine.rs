//! One interface to an algorithm's meaning, typed code and text alike.
//!
//! [`Native`] runs the compiled functions, [`Interpreted`] the IR. Every tool above speaks [`Machine`], so a mutant of the text can
//! be checked like the original, and native code and text can be compared on the same inputs.

use crate::datum::Datum;
use crate::describe::{DescribeError, Described, describe};
use crate::heard_of::{HeardOf, HeardOfData};
use crate::ir::Algorithm;
use crate::mailbox::{Mailbox, Outbox};
use crate::process::{Faults, Process, Progress, Round, RoundVisitor, Rounds};
use crate::spec::{Spec, SpecFn};
use crate::system::{System, SystemData};
use crate::value::Value;
use crate::{Context, Phase, Pid};
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use crate::ir::interp::Interpreted;

/// Why a step has no result. A stuck step is a defect of the algorithm (or of the caller, for `Sort`), never silently skipped.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Stuck {
    /// `a - b` with a < b.
    Underflow,
    /// Division or remainder by zero.
    DivisionByZero,
    /// A count left the range of 64 bits.
    Overflow,
    /// No arm of a `match` fits.
    NoArm,
    /// Native code panicked.
    Panic(String),
    /// A function is `#[native("reason")]`: it has no text.
    Native(String),
    /// A value has not the sort its use demands.
    Sort(String),
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stuck::Underflow => f.write_str("a subtraction went below zero"),
            Stuck::DivisionByZero => f.write_str("a division by zero"),
            Stuck::Overflow => f.write_str("a count left the range of 64 bits"),
            Stuck::NoArm => f.write_str("no arm of a match fits"),
            Stuck::Panic(what) => write!(f, "a panic: {what}"),
            Stuck::Native(reason) => write!(f, "native code without text: {reason}"),
            Stuck::Sort(what) => write!(f, "a value of the wrong sort: {what}"),
        }
    }
}

impl std::error::Error for Stuck {}

/// Where and when a process takes a step.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// The process.
    pub id: Pid,
    /// The number of processes.
    pub n: usize,
    /// The number of the round, from 0, over all phases.
    pub round: usize,
    /// The phase.
    pub phase: Phase,
    /// Its coordinator.
    pub coordinator: Pid,
    /// The parameters.
    pub parameters: &'a Datum,
    /// The coin of this process in this round.
    pub coin: bool,
    /// What the application asks for.
    pub request: Option<&'a Datum>,
    /// Set when the coin is looked at.
    pub drew: Cell<bool>,
}

/// The meaning of an algorithm on untyped values.
pub trait Machine: Send + Sync {
    /// Its text.
    fn algorithm(&self) -> &Algorithm;
    /// The first state.
    fn init(&self, input: &Datum, at: &Moment<'_>) -> Result<Datum, Stuck>;
    /// Whether the process has stopped.
    fn halted(&self, state: &Datum) -> Result<bool, Stuck>;
    /// The coordinator of a phase.
    fn coordinator(&self, phase: Phase, n: usize, parameters: &Datum) -> Result<Pid, Stuck>;
    /// The faults it is made for.
    fn faults(&self, parameters: &Datum) -> Result<Faults, Stuck>;
    /// What is sent in round `k` of the phase.
    fn send(&self, k: usize, state: &Datum, at: &Moment<'_>) -> Result<Outbox<Datum>, Stuck>;
    /// The state after round `k` of the phase.
    fn update(&self, k: usize, state: &Datum, mailbox: &Mailbox<Datum>, at: &Moment<'_>) -> Result<Datum, Stuck>;
    /// When round `k` of the phase may be left.
    fn ready(&self, k: usize, state: &Datum, mailbox: &Mailbox<Datum>, at: &Moment<'_>) -> Result<Progress, Stuck>;
    /// The specification function number `spec` of [`Algorithm::specs`], given what it speaks of.
    fn holds(&self, spec: usize, of: Subject<'_>) -> Result<bool, Stuck>;
}

/// What a specification function speaks of.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// One state.
    State(&'a SystemData),
    /// A state and the state one round later.
    Step(&'a SystemData, &'a SystemData),
    /// The heard-of sets of a round.
    Heard(&'a HeardOfData),
    /// The state before a round and its heard-of sets.
    StateHeard(&'a SystemData, &'a HeardOfData),
    /// The heard-of sets of a round and of the next.
    HeardTwice(&'a HeardOfData, &'a HeardOfData),
    /// The number of processes and the parameters.
    Size(usize, &'a Datum),
}

/// The compiled algorithm `P`.
#[derive(Debug)]
pub struct Native<P: Process> {
    algorithm: Algorithm,
    specs: Vec<Spec<P>>,
}

impl<P: Described> Native<P> {
    /// The machine of `P`.
    pub fn new() -> Result<Self, DescribeError> {
        Ok(Native { algorithm: describe::<P>()?, specs: P::specs() })
    }
}

fn typed<T: Value>(datum: &Datum) -> Result<T, Stuck> {
    T::from_datum(datum).ok_or_else(|| Stuck::Sort(format!("{datum} is not a {}", T::sort())))
}

/// Runs native code; a panic of the algorithm (an underflow, say) is a result like any other.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, Stuck> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned().or_else(|| payload.downcast_ref::<&str>().map(|s| s.to_string()));
        match text.unwrap_or_default() {
            text if text.contains("subtract with overflow") => Stuck::Underflow,
            text if text.contains("divide by zero") || text.contains("divisor of zero") => Stuck::DivisionByZero,
            text if text.contains("with overflow") => Stuck::Overflow,
            text => Stuck::Panic(text),
        }
    })
}

fn context<P: Process>(at: &Moment<'_>) -> Result<Context<P::Parameters, P::Request>, Stuck> {
    let request = at.request.map(typed::<P::Request>).transpose()?;
    let context = Context::new(at.id, at.n, at.round, at.phase, at.coordinator, typed(at.parameters)?);
    Ok(context.with_coin(at.coin).with_request(request))
}

struct Sending<'a, P: Process>(&'a P, &'a Context<P::Parameters, P::Request>);
impl<P: Process> RoundVisitor<P> for Sending<'_, P> {
    type Output = Outbox<Datum>;
    fn visit<R: Round<P>>(self, _: &mut Mailbox<R::Message>) -> Outbox<Datum> {
        R::send(self.0, self.1).map(R::Message::to_datum)
    }
}

fn typed_mailbox<M: Value>(mailbox: &Mailbox<Datum>) -> Result<Mailbox<M>, Stuck> {
    let messages = mailbox.iter().map(|(q, m)| Ok((q, typed::<M>(m)?))).collect::<Result<Vec<_>, Stuck>>()?;
    let typed: Mailbox<M> = messages.into_iter().collect();
    Ok(match mailbox.tape() {
        Some(tape) => typed.with_ties(tape.clone()),
        None => typed,
    })
}

struct Updating<'a, P: Process>(&'a mut P, &'a Mailbox<Datum>, &'a Context<P::Parameters, P::Request>);
impl<P: Process> RoundVisitor<P> for Updating<'_, P> {
    type Output = Result<(), Stuck>;
    fn visit<R: Round<P>>(self, _: &mut Mailbox<R::Message>) -> Self::Output {
        R::update(self.0, &typed_mailbox(self.1)?, self.2);
        Ok(())
    }
}

struct Asking<'a, P: Process>(&'a P, &'a Mailbox<Datum>, &'a Context<P::Parameters, P::Request>);
impl<P: Process> RoundVisitor<P> for Asking<'_, P> {
    type Output = Result<Progress, Stuck>;
    fn visit<R: Round<P>>(self, _: &mut Mailbox<R::Message>) -> Self::Output {
        Ok(R::ready(self.0, &typed_mailbox(self.1)?, self.2))
    }
}

impl<P: Process> Machine for Native<P> {
    fn algorithm(&self) -> &Algorithm {
        &self.algorithm
    }
    fn init(&self, input: &Datum, at: &Moment<'_>) -> Result<Datum, Stuck> {
        let (input, context) = (typed(input)?, context::<P>(at)?);
        let state = caught(|| P::init(input, &context))?;
        at.drew.set(at.drew.get() || context.drew_coin());
        Ok(state.to_datum())
    }
    fn halted(&self, state: &Datum) -> Result<bool, Stuck> {
        let state: P = typed(state)?;
        caught(|| state.halted())
    }
    fn coordinator(&self, phase: Phase, n: usize, parameters: &Datum) -> Result<Pid, Stuck> {
        let parameters = typed(parameters)?;
        caught(|| P::coordinator(phase, n, &parameters))
    }
    fn faults(&self, parameters: &Datum) -> Result<Faults, Stuck> {
        let parameters = typed(parameters)?;
        caught(|| P::faults(&parameters))
    }
    fn send(&self, k: usize, state: &Datum, at: &Moment<'_>) -> Result<Outbox<Datum>, Stuck> {
        let (state, context) = (typed::<P>(state)?, context::<P>(at)?);
        let outbox = caught(|| P::Rounds::visit(k, &mut Default::default(), Sending(&state, &context)))?;
        at.drew.set(at.drew.get() || context.drew_coin());
        Ok(outbox)
    }
    fn update(&self, k: usize, state: &Datum, mailbox: &Mailbox<Datum>, at: &Moment<'_>) -> Result<Datum, Stuck> {
        let (mut state, context) = (typed::<P>(state)?, context::<P>(at)?);
        caught(|| P::Rounds::visit(k, &mut Default::default(), Updating(&mut state, mailbox, &context)))??;
        at.drew.set(at.drew.get() || context.drew_coin());
        Ok(state.to_datum())
    }
    fn ready(&self, k: usize, state: &Datum, mailbox: &Mailbox<Datum>, at: &Moment<'_>) -> Result<Progress, Stuck> {
        let (state, context) = (typed::<P>(state)?, context::<P>(at)?);
        caught(|| P::Rounds::visit(k, &mut Default::default(), Asking(&state, mailbox, &context)))?
    }
    fn holds(&self, spec: usize, of: Subject<'_>) -> Result<bool, Stuck> {
        let system = |data| System::<P>::from_data(data).ok_or_else(|| Stuck::Sort("a system of another algorithm".into()));
        let heard = |data: &HeardOfData| {
            HeardOf::<P>::from_data(data.clone()).ok_or_else(|| Stuck::Sort("heard-of sets of another algorithm".into()))
        };
        match (&self.specs[spec].run, of) {
            (SpecFn::State(f), Subject::State(s)) => system(s).and_then(|s| caught(|| f(&s))),
            (SpecFn::Step(f), Subject::Step(old, new)) => {
                let (old, new) = (system(old)?, system(new)?);
                caught(|| f(&old, &new))
            }
            (SpecFn::Heard(f), Subject::Heard(ho)) => heard(ho).and_then(|ho| caught(|| f(&ho))),
            (SpecFn::StateHeard(f), Subject::StateHeard(s, ho)) => {
                let (s, ho) = (system(s)?, heard(ho)?);
                caught(|| f(&s, &ho))
            }
            (SpecFn::HeardTwice(f), Subject::HeardTwice(before, now)) => {
                let (before, now) = (heard(before)?, heard(now)?);
                caught(|| f(&before, &now))
            }
            (SpecFn::Size(f), Subject::Size(n, parameters)) => {
                let parameters = typed(parameters)?;
                caught(|| f(n, &parameters))
            }
            (_, of) => Err(Stuck::Sort(format!("`{}` does not speak of {of:?}", self.specs[spec].name))),
        }
    }
}
