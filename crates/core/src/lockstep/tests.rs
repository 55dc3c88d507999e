//! Lock-step execution against a deliberately dumb twin, on two algorithms written without the attributes.

use super::*;
use crate::datum::{Datum, Sort};
use crate::ir::Field;
use crate::process::{Progress, State};
use crate::value::{DecodeError, Value};
use crate::{broadcast, silent};
use std::any::Any;
use std::sync::Arc;

/// What `derive(State)` writes, for structs whose last field is the output.
macro_rules! state {
    ($name:ident { $($field:ident: $t:ty),*; $output:ident: $o:ty }) => {
        #[derive(Clone, PartialEq, Eq, Hash, Debug)]
        pub(crate) struct $name { $(pub $field: $t,)* pub $output: $o }
        impl Value for $name {
            fn sort() -> Sort {
                Sort::Struct(stringify!($name), vec![$((stringify!($field), <$t>::sort()),)* (stringify!($output), <$o>::sort())])
            }
            fn to_datum(&self) -> Datum {
                const NAMES: &[&str] = &[$(stringify!($field),)* stringify!($output)];
                Datum::Struct(stringify!($name), NAMES, Arc::new(vec![$(self.$field.to_datum(),)* self.$output.to_datum()]))
            }
            fn from_datum(d: &Datum) -> Option<Self> {
                Some($name {
                    $($field: <$t>::from_datum(d.field(stringify!($field))?)?,)*
                    $output: <$o>::from_datum(d.field(stringify!($output))?)?,
                })
            }
            fn visit(&self, f: &mut dyn FnMut(&dyn Any)) { f(self); $(self.$field.visit(f);)* self.$output.visit(f); }
            fn encode(&self, out: &mut Vec<u8>) { $(self.$field.encode(out);)* self.$output.encode(out); }
            fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
                Ok($name { $($field: <$t>::decode(input)?,)* $output: <$o>::decode(input)? })
            }
        }
        impl State for $name {
            type Parameters = ();
            type Request = u8;
            fn fields() -> Vec<Field> {
                vec![
                    $(Field { name: stringify!($field), sort: <$t>::sort(), output: false, ghost: false },)*
                    Field { name: stringify!($output), sort: <$o>::sort(), output: true, ghost: false },
                ]
            }
        }
    };
}

state!(OneThirdRule { x: u64; decision: Option<u64> });

impl Process for OneThirdRule {
    type Input = u64;
    type Rounds = (Exchange,);
    fn init(x: u64, _: &Context<(), u8>) -> Self {
        OneThirdRule { x, decision: None }
    }
}

pub(crate) struct Exchange;
impl Round<OneThirdRule> for Exchange {
    type Message = u64;
    fn send(p: &OneThirdRule, _: &Context<(), u8>) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut OneThirdRule, mailbox: &Mailbox<u64>, ctx: &Context<(), u8>) {
        if 3 * mailbox.len() > 2 * ctx.n()
            && let Some(v) = mailbox.most_often()
        {
            if 3 * mailbox.count(|m| m == v) > 2 * ctx.n() {
                p.decision = Some(*v);
            }
            p.x = *v;
        }
    }
}

// Two rounds, a coin, a request, a point-to-point message and halting: nothing sensible, everything used.
state!(Walk { steps: u64; arrived: Option<bool> });

impl Process for Walk {
    type Input = u64;
    type Rounds = (Forth, Back);
    fn init(steps: u64, _: &Context<(), u8>) -> Self {
        Walk { steps, arrived: None }
    }
    fn halted(&self) -> bool {
        self.arrived.is_some()
    }
}

pub(crate) struct Forth;
impl Round<Walk> for Forth {
    type Message = u64;
    fn send(p: &Walk, ctx: &Context<(), u8>) -> Outbox<u64> {
        if p.steps.is_multiple_of(3) { silent() } else { crate::to(ctx.id().successor(ctx.n()), p.steps) }
    }
    fn update(p: &mut Walk, mailbox: &Mailbox<u64>, ctx: &Context<(), u8>) {
        p.steps += mailbox.max().copied().unwrap_or(0) + ctx.request().copied().map_or(0, u64::from);
    }
}

pub(crate) struct Back;
impl Round<Walk> for Back {
    type Message = (u64, bool);
    fn send(p: &Walk, ctx: &Context<(), u8>) -> Outbox<(u64, bool)> {
        broadcast((p.steps, ctx.coin()))
    }
    fn update(p: &mut Walk, mailbox: &Mailbox<(u64, bool)>, ctx: &Context<(), u8>) {
        p.steps += mailbox.count(|(_, coin)| *coin) as u64;
        if p.steps % 5 == 4 {
            p.arrived = Some(ctx.is_coordinator());
        }
    }
    fn ready(_: &Walk, mailbox: &Mailbox<(u64, bool)>, ctx: &Context<(), u8>) -> Progress {
        if 2 * mailbox.len() > ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

/// The dumb twin: a matrix of what everybody sends everybody, erased where it is not heard.
fn dumb_step<P: Process>(system: &System<P>, choice: &Choice<P>) -> Vec<P> {
    struct Dumb<'a, P: Process>(&'a System<P>, &'a Choice<P>);
    impl<P: Process> RoundVisitor<P> for Dumb<'_, P> {
        type Output = Vec<P>;
        fn visit<R: Round<P>>(self, _: &mut Mailbox<R::Message>) -> Vec<P> {
            let Dumb(system, choice) = self;
            let mut after = vec![];
            for to in 0..system.n() {
                let mut mailbox = Mailbox::default();
                for from in (0..system.n()).rev() {
                    let heard = choice.heard[to].iter().any(|q| q.index() == from);
                    let state = &system.states()[from];
                    if heard && !state.halted() {
                        let outbox = R::send(state, &context(system, choice, Pid::new(from)));
                        if let Some(m) = outbox.message_to(Pid::new(to)) {
                            mailbox.deliver(Pid::new(from), m.clone());
                        }
                    }
                }
                let mut state = system.states()[to].clone();
                if !state.halted() && choice.acting.iter().any(|p| p.index() == to) {
                    R::update(&mut state, &mailbox, &context(system, choice, Pid::new(to)));
                }
                after.push(state);
            }
            after
        }
    }
    P::Rounds::visit(system.round() % P::Rounds::LEN, &mut Default::default(), Dumb(system, choice))
}

/// A pseudo-random sequence (SplitMix64).
pub(crate) fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn subset(n: usize, bits: u64) -> Set<Pid> {
    Pid::all(n).filter(|p| bits >> p.index() & 1 == 1).collect()
}

fn agrees_with_the_twin<P: Process<Input = u64> + State<Parameters = (), Request = u8>>(seed: u64) {
    let mut bits = seed;
    let n = 1 + random(&mut bits) as usize % 5;
    let first = Pid::all(n).map(|p| P::init(random(&mut bits) % 4, &Context::new(p, n, 0, crate::Phase::new(0), Pid::new(0), ())));
    let mut system: System<P> = System::start(first.collect(), ());
    for round in 0..8 {
        let heard: Vec<Set<Pid>> = (0..n).map(|_| subset(n, random(&mut bits) | random(&mut bits))).collect();
        let choice = Choice::new(heard.clone())
            .with_coins((0..n).map(|_| random(&mut bits) & 1 == 1).collect())
            .with_requests((0..n).map(|_| (random(&mut bits) & 1 == 1).then_some(2)).collect())
            .with_acting(subset(n, random(&mut bits) | random(&mut bits)));
        let (next, observed) = observe(&system, &choice);
        assert_eq!(next.states(), dumb_step(&system, &choice), "seed {seed}, round {round}");
        assert_eq!(next, step(&system, &choice), "seed {seed}: observing changes nothing");
        assert_eq!((next.round(), next.first_states()), (round + 1, system.first_states()));
        for p in Pid::all(n) {
            let active = !system[p].halted() && choice.acting.contains(&p);
            assert!(active || observed[p.index()] == Observed::default(), "seed {seed}: who does not act observes nothing");
            let heard_all = Pid::all(n).filter(|q| {
                Pid::all(n)
                    .all(|r| system[r].halted() || !choice.acting.contains(&r) || !system[*q].halted() && heard[r.index()].contains(q))
            });
            assert_eq!(*next.kernel(), heard_all.filter(|q| system.kernel().contains(q)).collect(), "seed {seed}: kernel");
        }
        system = next;
    }
}

#[test]
fn a_step_is_what_the_dumb_twin_says() {
    for seed in 0..500 {
        agrees_with_the_twin::<OneThirdRule>(seed);
        agrees_with_the_twin::<Walk>(seed);
    }
}

#[test]
fn one_third_rule_decides_in_a_uniform_round_of_all() {
    let first = [0, 1, 1].map(|x| OneThirdRule { x, decision: None }).to_vec();
    let all: Set<Pid> = Pid::all(3).collect();
    let once = step(&System::start(first, ()), &Choice::new(vec![all.clone(), all.clone(), Set::new()]));
    assert_eq!(once.states().iter().map(|p| (p.x, p.decision)).collect::<Vec<_>>(), [(1, None), (1, None), (1, None)]);
    assert!(once.kernel().is_empty(), "the third heard nobody");
    let twice = step(&once, &Choice::new(vec![all.clone(), all.clone(), all]));
    assert!(twice.forall(|p| twice[p].decision == Some(1)));
}
