//! The attributes and derives of Heardof. They read an item of Rust and write, next to the untouched item, the same item as data.
//!
//! | attribute | on | writes |
//! |---|---|---|
//! | [`macro@process`] | `impl Process for P` | the text of `init`, `coordinator`, `halted`, `faults` |
//! | [`macro@round`] | `impl Round<P> for R` | the text of `send`, `update`, `ready` |
//! | [`macro@spec`] | `impl P` | the specification, native and as text |
//! | [`macro@problem`] | `trait Problem: Process` | a specification that many algorithms take over |
//! | [`macro@pure`] | `fn`, `impl Problem for P` | the text of helpers and methods |
//! | [`macro@native`] | any of these | takes it out of the subset, with a reason |
//! | [`derive@State`], [`derive@Data`] | types | everything the tools need of a value |
//!
//! The passes, each in a module of its own: `parse` (attributes and marks), `valid` (the shape of an item), `lower` (from Rust to the
//! text of the IR, fail closed), `expand` (what is emitted). Errors are collected in all passes and reported at once.
//!
//! Worked example:
//!
//! ```text
//! #[round]
//! impl<V: Value> Round<Flood<V>> for Exchange {
//!     type Message = V;
//!     fn send(p: &Flood<V>, _ctx: &Context) -> Outbox<V> { broadcast(p.x.clone()) }
//!     fn update(p: &mut Flood<V>, mailbox: &Mailbox<V>, _ctx: &Context) { if let Some(v) = mailbox.min() { p.x = v.clone(); } }
//! }
//! ```
//!
//! is kept, and beside it `impl RoundText<Flood<V>> for Exchange` returns the text (without the positions that every list carries)
//!
//! ```text
//! (fn send (p _ctx) (call broadcast (field p x)))
//! (fn update (p mailbox _ctx) (if (letc (pv Some ((0 v))) (method min mailbox)) (set (field p x) v) (unit)))
//! ```

#![forbid(unsafe_code)]

mod errors;
mod expand;
mod lower;
mod parse;
mod sexp;
mod valid;

use proc_macro::TokenStream;

/// On `impl Process for P`: the text of `init`, `coordinator`, `halted` and `faults`, as far as they are written.
#[proc_macro_attribute]
pub fn process(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::process::expand(args.into(), item.into()).into()
}

/// On `impl Round<P> for R`: the text of `send`, `update` and, if written, `ready`.
///
/// A body outside the subset is an error at the offending expression; `#[native("why")]` on the `impl` or on one of its functions
/// takes it out of the subset instead.
#[proc_macro_attribute]
pub fn round(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::round::expand(args.into(), item.into()).into()
}

/// On `impl P`, with the problems solved: `#[spec(Consensus)]`. The functions are marked:
///
/// | mark | arguments | is |
/// |---|---|---|
/// | `#[property]` | `(s)`, `(old, new)` | what the algorithm is for |
/// | `#[invariant]`, `#[invariant(always)]`, `#[invariant(before(A, B))]` | `(s)` | a conjunct of the inductive invariant |
/// | `#[progress(stage = 1)]`, `#[progress(stage = 1, before(A))]` | `(s)` | a step of the ladder to termination, a waypoint |
/// | `#[safety]` | `(ho)`, `(s, ho)`, `(before, now)` | a communication predicate of every round |
/// | `#[liveness]`, `#[liveness(rounds(A, B), stage = 1)]` | as `safety` | a communication predicate of the good phase |
/// | `#[initial]` | `(s)` | a constraint on all inputs together |
/// | `#[resilience]` | `(n, q)` | a constraint on the parameters |
/// | `#[termination]` | `(s)` | what the last stage must imply |
///
/// Functions without a mark are helpers, called as `Self::name(..)`. A problem's path brings two names into play, the trait and a
/// hidden type beside it: import a problem by a glob (`use heardof::prelude::*`), or write its path.
#[proc_macro_attribute]
pub fn spec(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::spec::expand(args.into(), item.into()).into()
}

/// On `trait Problem: Process`: marked functions (see [`macro@spec`]) have bodies and are taken over by `#[spec(Problem)]`; the others
/// are methods that an algorithm gives by `#[pure] impl Problem for P`.
#[proc_macro_attribute]
pub fn problem(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::problem::expand(args.into(), item.into()).into()
}

/// On a free function: a helper that rounds and specifications may call. On `impl Problem for P`: the methods that the problem asks for.
///
/// A helper is inlined in logic, so it must not call itself. Call it where its module is in scope by glob, or as `module::helper(..)`:
/// its text is known to a hidden function beside it.
#[proc_macro_attribute]
pub fn pure(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::pure::expand(args.into(), item.into()).into()
}

/// `#[native("reason")]` with one of the other attributes, on the whole item or on one function: ordinary Rust outside the subset. It
/// runs, but it has no text: what needs the text is *unknown*, with the reason.
#[proc_macro_attribute]
pub fn native(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::native::expand(args.into(), item.into()).into()
}

/// A message, input, parameter or field: `Value`, `Clone`, `PartialEq`, `Eq`, `Hash`, `Debug`, `PartialOrd`, `Ord`, where the type
/// parameters have them; ordered by declaration, then field by field. On structs and enums of up to 256 variants.
///
/// Do not derive any of these yourself: `rustc` reports two implementations. `#[derive(Data, Copy)]` is fine.
#[proc_macro_derive(Data)]
pub fn data(item: TokenStream) -> TokenStream {
    expand::data::expand(item.into()).into()
}

/// The state of a process: all of [`derive@Data`], and `State`. On structs with named fields.
///
/// `#[parameters(Q)]` and `#[requests(C)]` on the struct name what an instance is started with and what the application may ask for;
/// `#[output]` on a field makes the node report its changes, `#[ghost]` keeps it for specifications only.
#[proc_macro_derive(State, attributes(parameters, requests, output, ghost))]
pub fn state(item: TokenStream) -> TokenStream {
    expand::state::expand(item.into()).into()
}
