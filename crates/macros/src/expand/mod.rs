//! From a parsed item to what stands beside it. One file for each attribute; every expansion re-emits its item, with the marks taken
//! off, and implements the traits of the core crate, with an empty text if there are errors, so that one mistake shows once.
//!
//! Worked example: `#[round] impl<V: Value> Round<X<V>> for Propose { .. }` is re-emitted, and beside it
//!
//! ```text
//! impl<V: Value> ::heardof::__private::RoundText<X<V>> for Propose {
//!     fn source() -> ::heardof::__private::Source {
//!         ::heardof::__private::Source { text: "(fn send (p _ctx) ..)\n(fn update ..)", helpers: vec![] }
//!     }
//!     fn doc() -> &'static str { ".." }
//! }
//! ```
//!
//! Everything is named through `::heardof::__private`, so that a user's own names cannot come in between.

pub mod data;
pub mod derive;
pub mod native;
pub mod problem;
pub mod process;
pub mod pure;
pub mod round;
pub mod spec;
pub mod state;

use crate::errors::Errors;
use crate::lower::{self, Lowered, Rules};
use crate::parse::attrs::take_native;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{ImplItem, Item, ItemImpl, Path, PathArguments};

/// Parses the item of an attribute. Tokens that are no item are given back unchanged, with the error.
fn parse_item(tokens: &TokenStream, errors: &mut Errors) -> Option<Item> {
    match syn::parse2::<Item>(tokens.clone()) {
        Ok(item) => Some(item),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

/// Reports that an attribute stands on the wrong kind of item. `place` is the item's first token.
fn wrong_item(name: &str, tokens: &TokenStream, help: &str, errors: &mut Errors) {
    let place = match syn::parse2::<Item>(tokens.clone()) {
        Ok(Item::Struct(item)) => item.ident.to_token_stream(),
        Ok(Item::Enum(item)) => item.ident.to_token_stream(),
        Ok(Item::Fn(item)) => item.sig.ident.to_token_stream(),
        Ok(Item::Trait(item)) => item.ident.to_token_stream(),
        Ok(Item::Impl(item)) => item.self_ty.to_token_stream(),
        _ => tokens.clone(),
    };
    errors.add(place, format!("`#[{name}]` does not belong here"), help);
}

/// The item as it was, and the errors.
fn unchanged(tokens: TokenStream, errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    quote!(#tokens #errors)
}

/// Lowers the functions of an `impl` that `wanted` names, all of them if it is empty, and takes `#[native]` off them.
fn lower_impl(item: &mut ItemImpl, wanted: &[&str], native: Option<&str>, rules: &Rules, errors: &mut Errors) -> Vec<Lowered> {
    let mut lowered = vec![];
    for part in &mut item.items {
        let ImplItem::Fn(f) = part else { continue };
        let own = take_native(&mut f.attrs, errors);
        if wanted.is_empty() || wanted.iter().any(|w| f.sig.ident == w) {
            lowered.push(lower::function(&f.sig, &f.block, own.as_deref().or(native), rules, errors));
        }
    }
    lowered
}

/// The expression `Source { text, helpers }`; empty if there are errors.
fn source<'a>(functions: impl IntoIterator<Item = &'a Lowered>, errors: &Errors) -> TokenStream {
    let functions: Vec<&Lowered> = if errors.is_empty() { functions.into_iter().collect() } else { vec![] };
    let text = functions.iter().map(|f| f.text.as_str()).collect::<Vec<_>>().join("\n");
    let mut helpers: Vec<&Path> = vec![];
    for path in functions.iter().flat_map(|f| &f.helpers) {
        if !helpers.contains(&path) {
            helpers.push(path);
        }
    }
    // The span of the call: a helper without `#[pure]` is reported there.
    let helpers = helpers.into_iter().map(|path| {
        let span = path.segments.last().map_or_else(Span::call_site, |s| s.ident.span());
        quote_spanned!(span=> #path as fn() -> ::heardof::__private::Source)
    });
    let source = quote!(::heardof::__private::Source { text: #text, helpers: ::heardof::__private::std::vec![#(#helpers),*] });
    let mut builtins: Vec<&(Path, String)> = functions.iter().flat_map(|f| &f.builtins).collect();
    builtins.dedup();
    let checks: Vec<TokenStream> = builtins.into_iter().filter_map(|(path, name)| is_ours(path, name)).collect();
    if checks.is_empty() { source } else { quote!({ #(#checks)* #source }) }
}

/// A statement that has no effect and is an error of rustc, at the call, if `path` is a function of the user with the same name as one
/// of the language: the text would say something else than the code. `each` is generic in a way that cannot be spelled out.
fn is_ours(path: &Path, name: &str) -> Option<TokenStream> {
    let span = path.segments.last()?.ident.span();
    let owner: TokenStream = path.segments.pairs().take(path.segments.len() - 1).map(|pair| pair.to_token_stream()).collect();
    let start = path.leading_colon;
    let (written, ours) = match name {
        "each" => return None,
        "implies" | "Phase::new" => (quote!(#path), name.parse::<TokenStream>().ok()?),
        "Set::new" | "Set::of" => (quote_spanned!(span=> #start #owner<()>::new), quote!(Set::<()>::new)),
        "Map::new" | "Map::on" => (quote_spanned!(span=> #start #owner<(), ()>::new), quote!(Map::<(), ()>::new)),
        function => {
            let function = Ident::new(function, span);
            (quote_spanned!(span=> #path::<()>), quote!(#function::<()>))
        }
    };
    Some(quote_spanned!(span=> ::heardof::__private::same(::heardof::__private::#ours, #written);))
}

/// `a::Consensus` → `a::__HeardofProblemConsensus`
fn problem_marker(problem: &Path) -> Path {
    let mut marker = problem.clone();
    if let Some(last) = marker.segments.last_mut() {
        last.ident = format_ident!("__HeardofProblem{}", last.ident, span = last.ident.span());
        last.arguments = PathArguments::None;
    }
    marker
}
