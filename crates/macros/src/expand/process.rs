//! `#[process] impl Process for P`: the text of `init`, `coordinator`, `halted` and `faults`, and the generic parameters.

use super::{lower_impl, parse_item, source, unchanged, wrong_item};
use crate::errors::Errors;
use crate::lower::{Item as Place, Rules};
use crate::parse::attrs::{NoCfg, take_native};
use crate::sexp::tidy;
use crate::valid;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::visit::Visit;
use syn::{Generics, Item, ItemImpl, Type, TypeParamBound, WherePredicate};

const HELP: &str = "write it above `impl Process for State { .. }`";

/// The expansion.
pub fn expand(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    valid::no_arguments("process", &args, &mut errors);
    match parse_item(&tokens, &mut errors) {
        Some(Item::Impl(item)) => expand_impl(item, errors),
        Some(_) => {
            wrong_item("process", &tokens, HELP, &mut errors);
            unchanged(tokens, errors)
        }
        None => unchanged(tokens, errors),
    }
}

fn expand_impl(mut item: ItemImpl, mut errors: Errors) -> TokenStream {
    let native = take_native(&mut item.attrs, &mut errors);
    NoCfg(&mut errors).visit_item_impl(&item);
    let wanted = ["init", "coordinator", "halted", "faults"];
    let functions = lower_impl(&mut item, &wanted, native.as_deref(), &Rules::of(Place::Process), &mut errors);
    if valid::implements(&item, "Process", HELP, &mut errors).is_none() {
        return unchanged(quote!(#item), errors);
    }
    let parameters = type_parameters(&item.generics);
    let (generics, _, bounds) = item.generics.split_for_impl();
    let ty = &item.self_ty;
    let source = source(&functions, &errors);
    let errors = errors.into_tokens();
    quote! {
        #item
        #[automatically_derived]
        impl #generics ::heardof::__private::ProcessText for #ty #bounds {
            fn source() -> ::heardof::__private::Source { #source }
            fn generics() -> ::heardof::__private::std::vec::Vec<(&'static str, &'static str, ::heardof::__private::Sort)> {
                ::heardof::__private::std::vec![#(#parameters),*]
            }
        }
        #errors
    }
}

/// `("V", "Value + Ord", <V as Value>::sort())` for each type parameter that stands for values; a parameter that stands for a round
/// (`R: Round<A>`) is none.
fn type_parameters(generics: &Generics) -> Vec<TokenStream> {
    let mut out = vec![];
    for param in generics.type_params() {
        let mut bounds: Vec<&TypeParamBound> = param.bounds.iter().collect();
        for predicate in generics.where_clause.iter().flat_map(|w| &w.predicates) {
            if let WherePredicate::Type(predicate) = predicate
                && matches!(&predicate.bounded_ty, Type::Path(path) if path.path.is_ident(&param.ident))
            {
                bounds.extend(&predicate.bounds);
            }
        }
        let is_round =
            |b: &&TypeParamBound| matches!(b, TypeParamBound::Trait(t) if t.path.segments.last().is_some_and(|s| s.ident == "Round"));
        if bounds.iter().any(is_round) {
            continue;
        }
        let (ident, name) = (&param.ident, param.ident.unraw().to_string());
        let written: Vec<String> = bounds.iter().map(|b| tidy(b.to_token_stream())).collect();
        let written = written.join(" + ");
        out.push(quote!((#name, #written, <#ident as ::heardof::__private::Value>::sort())));
    }
    out
}
