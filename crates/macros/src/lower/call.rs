//! Calls: functions of the language, `#[pure]` helpers, constructors, methods, and the closures they take.

use super::expr::strip;
use super::names::{Name, classify};
use super::{HOLE, Item, Lower, Sibling, Variable, builtins, reject};
use crate::errors::NATIVE;
use crate::sexp::{list, named, names, plain, quoted, tidy};
use quote::{ToTokens, format_ident};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, ExprCall, ExprClosure, ExprMethodCall, ExprPath, Pat, Path, PathArguments, Token};

/// The hidden function that knows the text of the helper `name`.
pub fn hidden_name(name: &syn::Ident) -> syn::Ident {
    format_ident!("__heardof_pure_{}", name.unraw(), span = name.span())
}

fn without_arguments(path: &Path) -> Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.arguments = PathArguments::None;
    }
    path
}

type Arguments = Punctuated<Expr, Token![,]>;

impl Lower<'_> {
    /// `f(a, b)`
    pub(super) fn call(&mut self, e: &ExprCall) -> String {
        let at = e.func.span();
        let Expr::Path(path) = strip(&e.func) else {
            self.errors.add(&e.func, "a call of a computed function is outside the subset", "call a `#[pure] fn` by its name");
            return HOLE.to_string();
        };
        if let Some(variable) = path.path.get_ident().map(|i| self.name(i)).filter(|n| self.variable(n).is_some()) {
            if self.is_unknown(&e.func) {
                return HOLE.to_string();
            }
            self.errors.add(path, format!("a call of the variable `{variable}` is outside the subset"), "make it a `#[pure] fn`");
            return HOLE.to_string();
        }
        match classify(path) {
            Name::Some => list("variant", at, ["Some".to_string(), self.positional(&e.args)]),
            Name::Variant(name) => list("variant", at, [name, self.positional(&e.args)]),
            Name::Struct(name) => list("struct", at, [name, self.positional(&e.args)]),
            Name::Builtin(name) => self.builtin_call(e, path, &name),
            Name::Own(name) => self.own_call(e, &name),
            Name::Helper(name) => self.helper_call(e, path, &name),
            other => {
                let (message, help) = reject::callee(&other);
                self.errors.add(&e.func, message, help);
                self.values(&e.args);
                HOLE.to_string()
            }
        }
    }

    fn values(&mut self, args: &Arguments) -> Vec<String> {
        args.iter().map(|e| self.read(e)).collect()
    }

    fn positional(&mut self, args: &Arguments) -> String {
        named(args.iter().enumerate().map(|(k, e)| (k.to_string(), self.value(e))).collect::<Vec<_>>())
    }

    fn builtin_call(&mut self, e: &ExprCall, path: &ExprPath, name: &str) -> String {
        let written = without_arguments(&path.path);
        if self.builtins.iter().all(|(known, _)| *known != written) {
            self.builtins.push((written, name.to_string()));
        }
        let shape = builtins::function(name).unwrap_or_default();
        let parts = match (shape, e.args.first().map(strip)) {
            ("[..]", Some(Expr::Array(array))) if e.args.len() == 1 => array.elems.iter().map(|e| self.value(e)).collect(),
            ("[..]", _) => {
                self.errors.add(e, format!("`{name}` takes one array literal"), format!("write `{name}([a, b])`"));
                vec![]
            }
            _ => self.shaped(name, &[shape], &e.args, e),
        };
        list("call", e.func.span(), [name.to_string()].into_iter().chain(parts))
    }

    /// `Self::f(..)`: an unmarked function of the same block.
    fn own_call(&mut self, e: &ExprCall, name: &str) -> String {
        match self.rules.siblings.get(name) {
            Some(Sibling::Function) => self.calls.push(name.to_string()),
            Some(Sibling::Method) => {
                self.errors.add(&e.func, format!("`{name}` is a method"), format!("write `x.{name}()`"));
            }
            Some(Sibling::Marked) => {
                let help = "move the formula into an unmarked function of the block and call that from both";
                self.errors.add(&e.func, format!("`{name}` is marked: it is a formula of its own"), help);
            }
            None if builtins::COMPOSITION.contains(&name) => {
                let (message, help) = reject::composition();
                self.errors.add(&e.func, message, help);
            }
            None => {
                let help = match self.rules.item {
                    Item::Spec => format!("write it into this `#[spec]` block without a mark, or as a `#[pure] fn {name}(..)`"),
                    _ => format!("write a `#[pure] fn {name}(..)` and call it without `Self::`"),
                };
                self.errors.add(&e.func, format!("`Self::{name}` is not known here"), help);
            }
        }
        let parts = self.values(&e.args);
        list("call", e.func.span(), [name.to_string()].into_iter().chain(parts))
    }

    /// `f(..)`, `module::f(..)`: a `#[pure]` helper, whose text its hidden twin knows.
    fn helper_call(&mut self, e: &ExprCall, path: &ExprPath, name: &str) -> String {
        if self.rules.item == Item::Helper && name == self.own && path.path.segments.len() == 1 {
            let help = format!("say it with `all`, `any`, `count`, `map` or a quantifier, or {NATIVE}");
            self.errors.add(&e.func, "recursion is outside the subset", help);
        }
        let mut hidden = without_arguments(&path.path);
        if let Some(last) = hidden.segments.last_mut() {
            last.ident = hidden_name(&last.ident);
        }
        if !self.helpers.contains(&hidden) {
            self.helpers.push(hidden);
        }
        let parts = self.values(&e.args);
        list("call", e.func.span(), [name.to_string()].into_iter().chain(parts))
    }

    /// `x.m(a, b)`
    pub(super) fn method_call(&mut self, e: &ExprMethodCall) -> String {
        let name = self.name(&e.method);
        if builtins::ERASED.contains(&name.as_str()) && e.args.is_empty() {
            return self.read(&e.receiver);
        }
        let changes = builtins::MUTATING.contains(&name.as_str());
        let receiver = if changes { self.place(&e.receiver) } else { self.read(&e.receiver) };
        if let Some(turbofish) = &e.turbofish {
            let help = "write the type on the parameter of the closure: `|v: &V| ..`";
            self.errors.add(turbofish, "type arguments of a method are outside the subset", help);
        }
        let parts = match builtins::method(&name) {
            Some(shapes) => self.shaped(&name, shapes, &e.args, &e.method),
            None => {
                let count = self.errors.len();
                self.own_method(e, &name);
                if self.errors.len() == count { self.values(&e.args) } else { vec![] }
            }
        };
        list("method", e.method.span(), [name, receiver].into_iter().chain(parts))
    }

    /// A method that the language does not know: a problem's (`decision()`), or one of the same block.
    fn own_method(&mut self, e: &ExprMethodCall, name: &str) {
        if let Some((_, help)) = builtins::FOREIGN.iter().find(|(n, _)| *n == name) {
            self.errors.add(&e.method, format!("`{name}` is outside the subset"), format!("{help}, or {NATIVE}"));
        } else if builtins::COMPOSITION.contains(&name) {
            let (message, help) = reject::composition();
            self.errors.add(&e.method, message, help);
        } else if self.rules.siblings.get(name) == Some(&Sibling::Method) {
            self.calls.push(name.to_string());
        } else if !self.rules.item.speaks_of_systems() {
            let help = format!("write a `#[pure] fn {name}(..)` and call that, or {NATIVE}");
            self.errors.add(&e.method, format!("the method `{name}` is not in the subset"), help);
        } else if !e.args.is_empty() {
            let help = format!("write a `#[pure] fn {name}(..)` and call that; a problem's methods take `&self` alone");
            self.errors.add(&e.method, format!("the method `{name}` with arguments is not in the subset"), help);
        }
    }

    /// Arguments that must fit one of `shapes`.
    fn shaped(&mut self, name: &str, shapes: &[&str], args: &Arguments, place: &dyn ToTokens) -> Vec<String> {
        let fits = |shape: &&&str| {
            let closure = |(c, e): (char, &Expr)| matches!(strip(e), Expr::Closure(_)) == (c != 'e');
            shape.len() == args.len() && shape.chars().zip(args).all(closure)
        };
        let same_length = shapes.iter().find(|shape| shape.len() == args.len());
        if let Some(shape) = shapes.iter().find(fits) {
            return shape.chars().zip(args).map(|(c, e)| self.argument(c, e)).collect();
        }
        let ways: Vec<String> = shapes.iter().map(|shape| format!("`{name}{}`", builtins::describe(shape))).collect();
        let help = format!("write {}", ways.join(" or "));
        match same_length.and_then(|shape| shape.chars().zip(args).find(|(c, e)| *c != 'e' && !matches!(strip(e), Expr::Closure(_)))) {
            Some((_, e)) if self.is_unknown(e) => {}
            Some((_, e)) => self.errors.add(e, format!("`{name}` takes a closure here"), help),
            None => self.errors.add(place.to_token_stream(), format!("`{name}` of the language does not take these arguments"), help),
        }
        vec![]
    }

    fn is_unknown(&self, e: &Expr) -> bool {
        let Expr::Path(path) = strip(e) else { return false };
        let variable = path.path.get_ident().and_then(|i| self.variable(&self.name(i)));
        variable.is_some_and(|k| self.scope[k].1 == Variable::Unknown)
    }

    fn argument(&mut self, kind: char, e: &Expr) -> String {
        match (kind.to_digit(10), strip(e)) {
            (Some(arity), Expr::Closure(closure)) => self.closure(closure, arity as usize),
            _ => self.read(e),
        }
    }

    /// `|x, (a, _)| body`
    fn closure(&mut self, e: &ExprClosure, arity: usize) -> String {
        if let Some(word) = e.capture.as_ref().map(ToTokens::to_token_stream) {
            self.errors.add(word, "`move` is outside the subset", "delete it: values are values");
        }
        if let Some(word) = e.asyncness.as_ref().map(ToTokens::to_token_stream) {
            self.errors.add(word, "`async` and `await` are outside the subset", "delete it");
        }
        if e.inputs.len() != arity {
            let help = if arity == 1 { "write `|x| ..`" } else { "write `|x, y| ..`" };
            self.errors.add(e, format!("a closure with {arity} parameter{} is expected here", if arity == 1 { "" } else { "s" }), help);
        }
        let floor = std::mem::replace(&mut self.floor, self.scope.len());
        let parts = self.scoped(|lower| {
            let params: Vec<String> = e.inputs.iter().map(|p| lower.closure_parameter(p)).collect();
            [names(params), lower.expr(&e.body)]
        });
        self.floor = floor;
        list("lam", e.span(), parts)
    }

    fn closure_parameter(&mut self, pat: &Pat) -> String {
        match pat {
            Pat::Type(typed) => plain("typed", [self.pattern(&typed.pat), quoted(&tidy(typed.ty.to_token_stream()))]),
            Pat::Ident(ident) if ident.mutability.is_some() => {
                self.errors.add(pat, "a parameter that changes is outside the subset", "delete `mut` and compute a new value");
                let name = self.name(&ident.ident);
                self.scope.push((name.clone(), Variable::Unknown));
                name
            }
            other => self.pattern(other),
        }
    }
}
