//! `#[round] impl Round<P> for R`: the text of `send`, `update` and `ready`; and `MAY_BLOCK`, where the text shows that no node ever has
//! to wait in this round without limit. Without the attribute it is true, which costs memory and changes nothing else.

use super::{lower_impl, parse_item, source, unchanged, wrong_item};
use crate::errors::Errors;
use crate::lower::{Item as Place, Lowered, Rules};
use crate::parse::attrs::{NoCfg, doc, take_native};
use crate::valid;
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit::Visit;
use syn::{ImplItem, Item, ItemImpl, parse_quote};

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
    let (path, doc) = (path.clone(), doc(&item.attrs));
    let source = source(&functions, &errors);
    if native.is_none() && errors.is_empty() && !may_block(&item, &functions) {
        item.items.push(parse_quote!(
            const MAY_BLOCK: bool = false;
        ));
    }
    let (generics, _, bounds) = item.generics.split_for_impl();
    let (ty, process) = (&item.self_ty, path.segments.last().map(|s| &s.arguments));
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

/// Whether `ready` could answer `Block` or `Sync`: it names one of them, calls a helper that might, or has no text. Also if the user
/// says it himself.
fn may_block(item: &ItemImpl, functions: &[Lowered]) -> bool {
    let said = item.items.iter().any(|part| matches!(part, ImplItem::Const(_)));
    let ready = item.items.iter().find_map(|part| match part {
        ImplItem::Fn(f) if f.sig.ident == "ready" => Some(&f.block),
        _ => None,
    });
    let Some(ready) = ready else { return said };
    let unread = |f: &Lowered| f.text.starts_with("(native ready") || f.text.starts_with("(fn ready") && !f.helpers.is_empty();
    said || names_waiting(ready.to_token_stream()) || functions.iter().any(unread)
}

fn names_waiting(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "Block" || ident == "Sync",
        TokenTree::Group(group) => names_waiting(group.stream()),
        _ => false,
    })
}
