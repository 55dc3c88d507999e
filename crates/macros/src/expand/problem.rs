//! `#[problem] pub trait Consensus: Process { .. }`: a specification stated once. Marked functions have bodies and are taken over by
//! `#[spec(Consensus)]`; the others are methods that each algorithm gives by `#[pure] impl Consensus for ..`.

use super::spec::{register, siblings};
use super::{parse_item, problem_marker, source, unchanged, wrong_item};
use crate::errors::Errors;
use crate::lower::{self, Item as Place, Lowered, Rules};
use crate::parse::attrs::{NoCfg, doc, take_native};
use crate::parse::marks::{Mark, take_mark};
use crate::valid;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::visit::Visit;
use syn::{Item, ItemTrait, TraitItem, TraitItemFn, parse_quote};

const HELP: &str = "write it above `pub trait Name: Process { .. }`";

/// The expansion.
pub fn expand(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    valid::no_arguments("problem", &args, &mut errors);
    match parse_item(&tokens, &mut errors) {
        Some(Item::Trait(item)) => expand_trait(item, errors),
        Some(_) => {
            wrong_item("problem", &tokens, HELP, &mut errors);
            unchanged(tokens, errors)
        }
        None => unchanged(tokens, errors),
    }
}

/// A function of the trait: its place in the list, its mark, the reason why it is native.
struct Part {
    function: TraitItemFn,
    mark: Option<Mark>,
    marked: bool,
    native: Option<String>,
}

fn part(f: &mut TraitItemFn, errors: &mut Errors) -> Part {
    let native = take_native(&mut f.attrs, errors);
    let (mark, marked) = match take_mark(&mut f.attrs, errors) {
        Ok(mark) => {
            let marked = mark.is_some();
            (mark.filter(|m| check_mark(m, f, errors)), marked)
        }
        Err(()) => (None, true),
    };
    if !marked && f.default.is_some() {
        let help = "mark it, delete its body, or write a free `#[pure] fn`";
        errors.add(&f.sig.ident, "an unmarked function of a problem has a body", help);
    }
    if !marked {
        valid::free_name(&f.sig.ident, f.sig.receiver().is_some(), errors);
    }
    Part { function: f.clone(), mark, marked, native }
}

fn check_mark(mark: &Mark, f: &TraitItemFn, errors: &mut Errors) -> bool {
    if let Some(round) = mark.kind.rounds().first() {
        errors.add(round, "a problem knows no rounds", "say it in the `#[spec]` block of an algorithm");
        return false;
    }
    if f.default.is_none() {
        errors.add(&f.sig.ident, "a marked function of a problem has no body", "write the formula");
        return false;
    }
    valid::arguments(mark, &f.sig, errors)
}

fn expand_trait(mut item: ItemTrait, mut errors: Errors) -> TokenStream {
    NoCfg(&mut errors).visit_item_trait(&item);
    if take_native(&mut item.attrs, &mut errors).is_some() {
        errors.add(&item.ident, "a problem is never native", "write `#[native(\"why\")]` on single functions of it");
    }
    if !item.generics.params.is_empty() {
        errors.add(&item.generics, "a problem has no parameters", "use associated types");
    }
    let mut parts: Vec<Part> = vec![];
    for function in &mut item.items {
        if let TraitItem::Fn(f) = function {
            parts.push(part(f, &mut errors));
        }
    }
    let rules = Rules { item: Place::Problem, siblings: siblings(parts.iter().map(|p| (&p.function.sig, p.marked))) };
    let mut texts: Vec<Lowered> = vec![];
    for p in &parts {
        let body = p.function.default.as_ref().filter(|_| p.marked);
        texts.push(body.map(|b| lower::function(&p.function.sig, b, p.native.as_deref(), &rules, &mut errors)).unwrap_or_default());
    }
    let (ident, name) = (item.ident.clone(), item.ident.unraw().to_string());
    let registered: Vec<TokenStream> = parts
        .iter()
        .zip(&texts)
        .filter_map(|(p, text)| {
            let (sig, function) = (&p.function.sig, &p.function.sig.ident);
            let path = quote_spanned!(function.span()=> <Self as #ident>::#function);
            Some(register(sig, p.mark.as_ref()?, Some(&name), &doc(&p.function.attrs), &source([text], &errors), &path))
        })
        .collect();
    item.items.push(parse_quote! {
        #[doc(hidden)]
        fn __heardof_specs() -> ::heardof::__private::std::vec::Vec<::heardof::__private::Spec<Self>>
        where
            Self: ::heardof::__private::std::marker::Sized,
        {
            ::heardof::__private::std::vec![#(#registered),*]
        }
    });
    let marker = problem_marker(&ident.into()).to_token_stream();
    let (visibility, about) = (&item.vis, format!("Stands for the problem `{name}` in `MethodsOf`."));
    let errors = errors.into_tokens();
    quote! {
        #item
        #[doc = #about]
        #[doc(hidden)]
        #visibility struct #marker;
        #errors
    }
}
