//! From a function of the Rust subset to its text. Fail closed: what is not known to mean the same in logic is an error.
//!
//! Worked example. The body of
//!
//! ```text
//! fn update(p: &mut LastVoting<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) {
//!     if let Some(v) = mailbox.from(ctx.coordinator()) { p.x = v.clone(); }
//! }
//! ```
//!
//! becomes, positions left out,
//!
//! ```text
//! (fn update (p mailbox ctx)
//!   (if (letc (pv Some ((0 v))) (method from mailbox (method coordinator ctx))) (set (field p x) v) (unit)))
//! ```
//!
//! References, dereferences, `clone`, `as_ref`, `cloned`, `copied`, `borrow` and parentheses are erased: values are values. That is
//! sound only if nothing changes behind a reference, so an assignment needs a root that is known to be a place of its own: the
//! `&mut` parameter of `update`, or a `let mut`. Where a value is computed (a condition, an argument, the body of a closure), only
//! variables of that very expression may change; see [`Lower::value`].
//!
//! The place of a node is its operator or its method name, so that the nodes of `a && b && c` have different places.
//!
//! Files: [`expr`] the kinds of expression, [`block`] statements and places, [`call`] functions and methods, [`pattern`] patterns,
//! [`names`] what a path stands for, [`reject`] what is outside and how to say it, [`builtins`] the names that are known.

mod block;
pub mod builtins;
mod call;
mod expr;
mod names;
mod pattern;
mod reject;
#[cfg(test)]
mod tests;

pub use call::hidden_name;

use crate::errors::Errors;
use crate::sexp;
use std::collections::BTreeMap;
use syn::ext::IdentExt;
use syn::{Block, FnArg, Ident, Pat, Path, Signature, Type};

/// Where a function stands: what its body may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// `#[process] impl Process`
    Process,
    /// `#[round] impl Round`
    Round,
    /// `#[spec] impl`
    Spec,
    /// `#[problem] trait`
    Problem,
    /// `#[pure] impl Problem`
    Methods,
    /// `#[pure] fn`
    Helper,
}

impl Item {
    /// Whether a whole system may occur: `s[i]`, `s[i].decision()`.
    fn speaks_of_systems(self) -> bool {
        !matches!(self, Item::Process | Item::Round)
    }
    /// Whether `Self { .. }` is the state.
    fn self_is_state(self) -> bool {
        !matches!(self, Item::Round | Item::Helper)
    }
}

/// A function of the same block that others may call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sibling {
    /// `Self::f(..)`
    Function,
    /// `x.f(..)`
    Method,
    /// A marked function: a formula of its own, nobody calls it.
    Marked,
}

/// What a function may use.
pub struct Rules {
    /// Where it stands.
    pub item: Item,
    /// The other functions of its block.
    pub siblings: BTreeMap<String, Sibling>,
}

impl Rules {
    /// For an item without siblings.
    pub fn of(item: Item) -> Rules {
        Rules { item, siblings: BTreeMap::new() }
    }
}

/// A function in the form of the text.
#[derive(Default)]
pub struct Lowered {
    /// `(fn name (params) body)` or `(native name (params) "reason")`
    pub text: String,
    /// Paths of the hidden functions that know the texts of the `#[pure]` helpers it calls.
    pub helpers: Vec<Path>,
    /// The functions of the language that it calls: the path as written, without arguments, and the name.
    pub builtins: Vec<(Path, String)>,
    /// The functions and methods of its own block that it calls.
    pub calls: Vec<String>,
}

/// Lowers one function. Errors go to `errors`; the text is of use only if there are none.
pub fn function(sig: &Signature, body: &Block, native: Option<&str>, rules: &Rules, errors: &mut Errors) -> Lowered {
    let name = sig.ident.unraw().to_string();
    let mut lower = Lower::new(rules, name.clone(), errors);
    let params = lower.parameters(sig);
    let text = match native {
        Some(reason) => format!("(native {name} {} {})", sexp::names(&params), sexp::quoted(reason)),
        None => format!("(fn {name} {} {})", sexp::names(&params), lower.block(body)),
    };
    Lowered { text, helpers: lower.helpers, builtins: lower.builtins, calls: lower.calls }
}

/// What is known of a variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Variable {
    /// It never changes.
    Value,
    /// `let mut`: a place of its own.
    Place,
    /// A parameter of type `&mut`: a place, whose name alone is a reference to it.
    Reference,
    /// Bound by something outside the subset: reported there, so nothing more is said of it.
    Unknown,
}

/// The state of the pass over one function.
struct Lower<'a> {
    rules: &'a Rules,
    /// The function's own name.
    own: String,
    errors: &'a mut Errors,
    /// The variables in scope, innermost last.
    scope: Vec<(String, Variable)>,
    /// Variables of the scope below this index may not change here.
    floor: usize,
    helpers: Vec<Path>,
    builtins: Vec<(Path, String)>,
    calls: Vec<String>,
}

/// Stands where an error was found, so that the pass can go on.
const HOLE: &str = "(unit)";

impl<'a> Lower<'a> {
    fn new(rules: &'a Rules, own: String, errors: &'a mut Errors) -> Self {
        Lower { rules, own, errors, scope: vec![], floor: 0, helpers: vec![], builtins: vec![], calls: vec![] }
    }

    /// The names of the parameters; they enter the scope.
    fn parameters(&mut self, sig: &Signature) -> Vec<String> {
        let mut names = vec![];
        if let Some(word) = &sig.asyncness {
            self.errors.add(word, "`async` and `await` are outside the subset", "delete it: there is nothing to wait for");
        }
        for input in &sig.inputs {
            let (name, variable) = match input {
                FnArg::Receiver(receiver) => {
                    if receiver.mutability.is_some() {
                        self.errors.add(receiver, "a method that changes `self` is not pure", "write `&self`");
                    }
                    ("self".to_string(), Variable::Value)
                }
                FnArg::Typed(typed) => (self.parameter_name(&typed.pat), self.parameter_kind(&typed.pat, &typed.ty)),
            };
            self.scope.push((name.clone(), variable));
            names.push(name);
        }
        names
    }

    fn parameter_name(&mut self, pat: &Pat) -> String {
        match pat {
            Pat::Wild(_) => "_".to_string(),
            Pat::Ident(ident) if ident.subpat.is_none() && ident.by_ref.is_none() => self.name(&ident.ident),
            other => {
                let help = "give it a name and write `let (a, b) = name;` in the body";
                self.errors.add(other, "a pattern as a parameter is outside the subset", help);
                "_".to_string()
            }
        }
    }

    fn parameter_kind(&mut self, pat: &Pat, ty: &Type) -> Variable {
        let mutable = matches!(pat, Pat::Ident(ident) if ident.mutability.is_some());
        match ty {
            Type::Reference(reference) if reference.mutability.is_some() => {
                if self.rules.item != Item::Round {
                    self.errors.add(ty, "a function that changes what it is given is not pure", "take `&T` and return the new value");
                }
                if self.rules.item == Item::Round { Variable::Reference } else { Variable::Unknown }
            }
            _ if mutable => Variable::Place,
            _ => Variable::Value,
        }
    }

    /// The text of a name.
    fn name(&self, ident: &Ident) -> String {
        ident.unraw().to_string()
    }

    /// Runs `f`; if it reports an error, the variables that it brought into scope are unknown.
    fn suspect<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let (mark, count) = (self.scope.len(), self.errors.len());
        let result = f(self);
        if self.errors.len() > count {
            self.scope[mark..].iter_mut().for_each(|(_, variable)| *variable = Variable::Unknown);
        }
        result
    }

    fn variable(&self, name: &str) -> Option<usize> {
        self.scope.iter().rposition(|(n, _)| n == name)
    }

    /// Runs `f` and forgets the variables that it brought into scope.
    fn scoped<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.scope.len();
        let result = f(self);
        self.scope.truncate(mark);
        result
    }
}
