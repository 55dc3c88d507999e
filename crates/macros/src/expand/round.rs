//! `#[round] impl Round<P> for R`: the text of `send`, `update` and `ready`.

use super::{lower_impl, parse_item, source, unchanged, wrong_item};
use crate::errors::Errors;
use crate::lower::{Item as Place, Rules};
use crate::parse::attrs::{NoCfg, doc, take_native};
use crate::valid;
use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::Visit;
use syn::{Item, ItemImpl};

const HELP: &str = "write it above `impl Round<State> for Name { .. }`";

/// The expansion.
pub fn expand(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    valid::no_arguments("round", &args, &mut errors);
    match parse_item(&tokens, &mut errors) {
        Some(Item::Impl(item)) => expand_impl(item, errors),
        Some(_) => {
            wrong_item("round", &tokens, HELP, &mut errors);
            unchanged(tokens, errors)
        }
        None => unchanged(tokens, errors),
    }
}

fn expand_impl(mut item: ItemImpl, mut errors: Errors) -> TokenStream {
    let native = take_native(&mut item.attrs, &mut errors);
    NoCfg(&mut errors).visit_item_impl(&item);
    let functions = lower_impl(&mut item, &["send", "update", "ready"], native.as_deref(), &Rules::of(Place::Round), &mut errors);
    let Some(path) = valid::implements(&item, "Round", HELP, &mut errors) else { return unchanged(quote!(#item), errors) };
    let process = path.segments.last().map(|s| &s.arguments);
    let (generics, _, bounds) = item.generics.split_for_impl();
    let (ty, doc) = (&item.self_ty, doc(&item.attrs));
    let source = source(&functions, &errors);
    let errors = errors.into_tokens();
    quote! {
        #item
        #[automatically_derived]
        impl #generics ::heardof::__private::RoundText #process for #ty #bounds {
            fn source() -> ::heardof::__private::Source { #source }
            fn doc() -> &'static str { #doc }
        }
        #errors
    }
}
