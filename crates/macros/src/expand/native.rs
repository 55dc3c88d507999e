//! `#[native("reason")]` where it is not already taken off by the attribute it stands below.
//!
//! Above another attribute of the language it moves below it: `#[native("why")] #[round] impl ..` becomes
//! `#[round] #[native("why")] impl ..`. Alone it only checks its reason.

use super::unchanged;
use crate::errors::Errors;
use crate::parse::attrs::{is, native_reason};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Item, parse_quote};

/// The expansion.
pub fn expand(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    // A wrong reason still counts as native: nothing but the reason is reported.
    let reason = native_reason(args).unwrap_or_else(|error| {
        errors.push(error);
        "no reason given".to_string()
    });
    let Ok(mut item) = syn::parse2::<Item>(tokens.clone()) else { return unchanged(tokens, errors) };
    let Some(attrs) = attributes(&mut item) else { return unchanged(tokens, errors) };
    let readers = ["round", "process", "pure", "spec", "problem"];
    if attrs.iter().any(|attr| readers.iter().any(|reader| is(attr, reader))) {
        let attr: Attribute = parse_quote!(#[::heardof::__private::native(#reason)]);
        attrs.push(attr);
    }
    let item = item.to_token_stream();
    unchanged(quote!(#item), errors)
}

fn attributes(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    match item {
        Item::Impl(item) => Some(&mut item.attrs),
        Item::Fn(item) => Some(&mut item.attrs),
        Item::Trait(item) => Some(&mut item.attrs),
        _ => None,
    }
}
