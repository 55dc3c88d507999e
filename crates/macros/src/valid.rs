//! Checks on the shape of an item, apart from the bodies: the right kind of item, the right arguments for each mark, names that are
//! free, no cycles among the functions of a block.

use crate::errors::Errors;
use crate::lower::builtins;
use crate::parse::marks::{Kind, Mark};
use proc_macro2::TokenStream;
use quote::ToTokens;
use std::collections::BTreeMap;
use syn::ext::IdentExt;
use syn::{FnArg, Ident, ItemImpl, Path, Signature, Type};

/// The trait of `impl Trait for ..` if its last segment is `name`; otherwise an error that says where the attribute belongs.
pub fn implements<'a>(item: &'a ItemImpl, name: &str, help: &str, errors: &mut Errors) -> Option<&'a Path> {
    match &item.trait_ {
        Some((None, path, _)) if path.segments.last().is_some_and(|s| s.ident == name) => Some(path),
        Some((_, path, _)) => {
            errors.add(path, format!("this is not an implementation of `{name}`"), help);
            None
        }
        None => {
            errors.add(&item.self_ty, format!("this is not an implementation of `{name}`"), help);
            None
        }
    }
}

/// An attribute that takes nothing was given nothing.
pub fn no_arguments(name: &str, args: &TokenStream, errors: &mut Errors) {
    if !args.is_empty() {
        errors.add(args, format!("`#[{name}]` takes no arguments"), format!("write `#[{name}]`"));
    }
}

/// What an argument of a specification function speaks of, by the last segment of its type.
fn speaks_of(input: &FnArg) -> String {
    let FnArg::Typed(typed) = input else { return "self".to_string() };
    let (by_reference, mut ty) = (matches!(*typed.ty, Type::Reference(_)), &*typed.ty);
    loop {
        ty = match ty {
            Type::Reference(inner) => &inner.elem,
            Type::Paren(inner) => &inner.elem,
            Type::Group(inner) => &inner.elem,
            _ => break,
        };
    }
    match ty {
        Type::Path(path) => match path.path.segments.last().map(|s| s.ident.to_string()).as_deref() {
            Some(known @ ("System" | "HeardOf")) => known.to_string(),
            Some("usize") if !by_reference => "usize".to_string(),
            _ if by_reference => "&".to_string(),
            _ => "?".to_string(),
        },
        _ if by_reference => "&".to_string(),
        _ => "?".to_string(),
    }
}

/// Checks the arguments of a marked function; false if they do not fit the mark.
pub fn arguments(mark: &Mark, sig: &Signature, errors: &mut Errors) -> bool {
    let found: Vec<String> = sig.inputs.iter().map(speaks_of).collect();
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    let (fits, wanted) = match mark.kind {
        Kind::Property => (
            matches!(found.as_slice(), ["System"] | ["System", "System"]),
            "`(s: &System<Self>)` or `(old: &System<Self>, new: &System<Self>)`",
        ),
        Kind::Lemma(_) => (matches!(found.as_slice(), ["System", "System"]), "`(old: &System<Self>, new: &System<Self>)`"),
        Kind::Safety | Kind::Liveness(..) => (
            matches!(found.as_slice(), ["HeardOf"] | ["System", "HeardOf"] | ["HeardOf", "HeardOf"]),
            "`(ho: &HeardOf<Self>)`, `(s: &System<Self>, ho: &HeardOf<Self>)` or `(before: &HeardOf<Self>, now: &HeardOf<Self>)`",
        ),
        Kind::Resilience => (matches!(found.as_slice(), ["usize", "&"]), "`(n: usize, q: &Parameters)`"),
        _ => (matches!(found.as_slice(), ["System"]), "`(s: &System<Self>)`"),
    };
    if !fits {
        let place = if sig.inputs.is_empty() { sig.ident.to_token_stream() } else { sig.inputs.to_token_stream() };
        errors.add(place, format!("these are not the arguments of `#[{}]`", mark.name), format!("write {wanted}"));
    }
    fits
}

/// A function of the user must not be called like one of the language: the text could not tell them apart.
pub fn free_name(ident: &Ident, method: bool, errors: &mut Errors) {
    let name = ident.unraw().to_string();
    let taken = match method {
        true => builtins::method(&name).is_some() || builtins::ERASED.contains(&name.as_str()),
        false => builtins::function(&name).is_some(),
    };
    if taken {
        errors.add(ident, format!("`{name}` is a name of the language"), "choose another name");
    }
}

/// Reports the functions of a block that call themselves, directly or through others.
pub fn no_cycles(functions: &[(Ident, Vec<String>)], errors: &mut Errors) {
    let calls: BTreeMap<String, &Vec<String>> = functions.iter().map(|(name, calls)| (name.unraw().to_string(), calls)).collect();
    for (name, _) in functions {
        let own = name.unraw().to_string();
        let (mut seen, mut next) = (vec![], vec![own.clone()]);
        while let Some(function) = next.pop() {
            for callee in calls.get(&function).into_iter().flat_map(|c| c.iter()) {
                if !seen.contains(callee) {
                    seen.push(callee.clone());
                    next.push(callee.clone());
                }
            }
        }
        if seen.contains(&own) {
            errors.add(name, "recursion is outside the subset", "say it with `all`, `any`, `count`, `map` or a quantifier");
        }
    }
}
