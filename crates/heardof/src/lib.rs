//! Heardof: fault-tolerant distributed algorithms as rounds in plain Rust.
//!
//! One text is compiled for the network, explored by the checker, proved by the prover and printed in the papers' notation.
//!
//! # What a round is
//!
//! A system has n processes. It runs in rounds, numbered from 0; the rounds named in [`Process::Rounds`](prelude::Process) repeat, and
//! one pass through them is a *phase*. In each round
//!
//! 1. every process computes from its state what it sends: [`send`](prelude::Round::send);
//! 2. the network decides whom each process hears: its *heard-of set*, which may be any set of processes that have not halted;
//! 3. every process changes its state by what it heard: [`update`](prelude::Round::update).
//!
//! Nothing else ever happens. Lost messages, late messages, crashes and slow processes are all the same thing: somebody is not in a
//! heard-of set. A *communication predicate* says what an algorithm needs of these sets, for safety in every round and for progress in
//! a good one.
//!
//! # An algorithm, in full
//!
//! One-Third Rule (Charron-Bost and Schiper, The Heard-Of model, Distributed Computing 2009, Algorithm 1) solves consensus when fewer
//! than a third of the processes fail. Each round everybody broadcasts its value; who hears more than 2n/3 processes takes the value
//! received most often, the smallest of these, and decides a value that it received more than 2n/3 times.
//!
//! ```
//! use heardof::prelude::*;
//!
//! #[derive(State)]
//! pub struct OneThirdRule<V> {
//!     pub x: V,
//!     #[output]
//!     pub decision: Option<V>,
//! }
//!
//! #[process]
//! impl<V: Value + Ord> Process for OneThirdRule<V> {
//!     type Input = V;
//!     type Rounds = (Exchange,);
//!     fn init(input: V, _ctx: &Context) -> Self {
//!         Self { x: input, decision: None }
//!     }
//! }
//!
//! pub struct Exchange;
//!
//! #[round]
//! impl<V: Value + Ord> Round<OneThirdRule<V>> for Exchange {
//!     type Message = V;
//!     fn send(p: &OneThirdRule<V>, _ctx: &Context) -> Outbox<V> {
//!         broadcast(p.x.clone())
//!     }
//!     fn update(p: &mut OneThirdRule<V>, mailbox: &Mailbox<V>, ctx: &Context) {
//!         if 3 * mailbox.len() > 2 * ctx.n() && let Some(v) = mailbox.most_often() {
//!             if 3 * mailbox.count(|m| m == v) > 2 * ctx.n() {
//!                 p.decision = Some(v.clone());
//!             }
//!             p.x = v.clone();
//!         }
//!     }
//! }
//!
//! #[pure]
//! impl<V: Value + Ord> Consensus for OneThirdRule<V> {
//!     type Value = V;
//!     fn proposal(&self) -> &V {
//!         &self.x
//!     }
//!     fn decision(&self) -> Option<&V> {
//!         self.decision.as_ref()
//!     }
//! }
//!
//! #[spec(Consensus)]
//! impl<V: Value + Ord> OneThirdRule<V> {
//!     /// Once anybody decided, more than 2n/3 hold the decision.
//!     #[invariant]
//!     pub fn locked(s: &System<Self>) -> bool {
//!         s.forall(|i| s[i].decision.is_none())
//!             || s.exists_value(|v| {
//!                 3 * s.count(|i| s[i].x == *v) > 2 * s.n()
//!                     && s.forall(|i| implies(s[i].decision.is_some(), s[i].decision.is(v)))
//!             })
//!     }
//!     /// What it needs to decide: one round in which all hear the same processes, more than 2n/3 of them.
//!     #[liveness]
//!     pub fn good_round(ho: &HeardOf<Self>) -> bool {
//!         ho.uniform() && 3 * ho.min_len() > 2 * ho.n()
//!     }
//!     #[progress(stage = 1)]
//!     pub fn all_equal(s: &System<Self>) -> bool {
//!         s.exists_value(|v: &V| s.forall(|i| s[i].x == *v))
//!     }
//!     #[progress(stage = 2)]
//!     pub fn all_decided(s: &System<Self>) -> bool {
//!         s.exists_value(|v: &V| s.forall(|i| s[i].x == *v && s[i].decision.is(v)))
//!     }
//! }
//!
//! // The functions are ordinary Rust: three processes start with 1, 2, 2; the first hears everybody.
//! let ctx = Context::new(Pid::new(0), 3, 0, Phase::new(0), Pid::new(0), ());
//! let mut p = OneThirdRule::init(1, &ctx);
//! let mailbox: Mailbox<u64> = [(0, 1), (1, 2), (2, 2)].into_iter().map(|(q, v)| (Pid::new(q), v)).collect();
//! Exchange::update(&mut p, &mailbox, &ctx);
//! assert_eq!((p.x, p.decision), (2, None));
//! ```
//!
//! The attributes leave the items as they are and write beside them the same items as data. Delete every attribute except the derives
//! and the file still compiles and runs.
//!
//! # Where to go on
//!
//! * [`prelude`]: everything that an algorithm imports
//! * [`problems`]: specifications to take over by `#[spec(Consensus)]`
//! * [`core`]: the semantics, for those who write tools

#![forbid(unsafe_code)]

// The attributes write paths that start with `::heardof`; this makes them work here too.
extern crate self as heardof;

pub mod prelude;
pub mod problems;

#[doc(hidden)]
pub mod __private;

pub use heardof_core as core;

#[cfg(feature = "cli")]
pub use heardof_cli as cli;

/// A whole program for your own algorithms: `heardof::cli!(MyAlgorithm<u64>);` is a `main.rs` with the commands `list`, `explain`,
/// `check`, `mutants`, `run`, `cluster`, `replay` and `demo`.
#[cfg(feature = "cli")]
#[macro_export]
macro_rules! cli {
    ($($algorithm:ty),+ $(,)?) => {
        fn main() -> ::std::process::ExitCode {
            ::heardof::cli::main(::heardof::cli::Registry::new().built_like(|zero| zero - 1)$(.with::<$algorithm>())+)
        }
    };
}
