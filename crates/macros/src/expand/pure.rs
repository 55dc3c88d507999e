//! `#[pure]`: on a free function, a helper that every body may call; on `impl Problem for P`, the methods that the problem asks for.

use super::{lower_impl, parse_item, problem_marker, source, unchanged, wrong_item};
use crate::errors::Errors;
use crate::lower::{self, Item as Place, Rules, Sibling, hidden_name};
use crate::parse::attrs::{NoCfg, take_native};
use crate::valid;
use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeMap;
use syn::ext::IdentExt;
use syn::visit::Visit;
use syn::{FnArg, Ident, ImplItem, Item, ItemFn, ItemImpl};

const HELP: &str = "write it above a function, or above `impl Problem for State { .. }`";

/// The expansion.
pub fn expand(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    valid::no_arguments("pure", &args, &mut errors);
    match parse_item(&tokens, &mut errors) {
        Some(Item::Impl(item)) => expand_impl(item, errors),
        Some(Item::Fn(item)) => expand_fn(item, errors),
        Some(_) => {
            wrong_item("pure", &tokens, HELP, &mut errors);
            unchanged(tokens, errors)
        }
        None => unchanged(tokens, errors),
    }
}

fn expand_fn(mut item: ItemFn, mut errors: Errors) -> TokenStream {
    let native = take_native(&mut item.attrs, &mut errors);
    NoCfg(&mut errors).visit_item_fn(&item);
    if let Some(FnArg::Receiver(receiver)) = item.sig.inputs.first() {
        let help = "write a free function, or put the method without a mark into the `#[spec]` block";
        errors.add(receiver, "`#[pure]` is for free functions", help);
    }
    valid::free_name(&item.sig.ident, false, &mut errors);
    let function = lower::function(&item.sig, &item.block, native.as_deref(), &Rules::of(Place::Helper), &mut errors);
    let source = source([&function], &errors);
    let (hidden, name) = (hidden_name(&item.sig.ident), item.sig.ident.unraw().to_string());
    let doc = format!("The text of `{name}`.");
    let errors = errors.into_tokens();
    quote! {
        #item
        #[doc = #doc]
        #[doc(hidden)]
        pub fn #hidden() -> ::heardof::__private::Source { #source }
        #errors
    }
}

fn expand_impl(mut item: ItemImpl, mut errors: Errors) -> TokenStream {
    let native = take_native(&mut item.attrs, &mut errors);
    NoCfg(&mut errors).visit_item_impl(&item);
    let Some((_, path, _)) = item.trait_.clone() else {
        errors.add(&item.self_ty, "`#[pure]` does not belong on an inherent `impl`", "write `#[spec]`; its unmarked functions are pure");
        return unchanged(quote!(#item), errors);
    };
    // A chain is not part of the text: both of its algorithms are.
    if path.segments.last().is_some_and(|s| s.ident == "Then") {
        return unchanged(quote!(#item), errors);
    }
    let mut rules = Rules { item: Place::Methods, siblings: BTreeMap::new() };
    let mut idents: Vec<Ident> = vec![];
    for part in &item.items {
        let ImplItem::Fn(f) = part else { continue };
        let method = f.sig.receiver().is_some();
        valid::free_name(&f.sig.ident, method, &mut errors);
        rules.siblings.insert(f.sig.ident.unraw().to_string(), if method { Sibling::Method } else { Sibling::Function });
        idents.push(f.sig.ident.clone());
    }
    let functions = lower_impl(&mut item, &[], native.as_deref(), &rules, &mut errors);
    let calls: Vec<(Ident, Vec<String>)> = idents.into_iter().zip(functions.iter().map(|f| f.calls.clone())).collect();
    valid::no_cycles(&calls, &mut errors);
    let marker = problem_marker(&path);
    let (generics, _, bounds) = item.generics.split_for_impl();
    let ty = &item.self_ty;
    let source = source(&functions, &errors);
    let errors = errors.into_tokens();
    quote! {
        #item
        #[automatically_derived]
        impl #generics ::heardof::__private::MethodsOf<#marker> for #ty #bounds {
            fn source() -> ::heardof::__private::Source { #source }
        }
        #errors
    }
}
