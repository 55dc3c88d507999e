//! `#[spec(Consensus)] impl P { .. }`: the specification of an algorithm. Marked functions are registered with their native code and
//! their text; unmarked ones are helpers that the marked ones call as `Self::name(..)`.

use super::{parse_item, problem_marker, source, unchanged, wrong_item};
use crate::errors::Errors;
use crate::lower::{self, Item as Place, Lowered, Rules, Sibling};
use crate::parse::attrs::{NoCfg, doc, take_native};
use crate::parse::marks::{Kind, Mark, take_mark};
use crate::valid;
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use std::collections::BTreeMap;
use syn::ext::IdentExt;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Block, Ident, ImplItem, ImplItemFn, Item, ItemImpl, Path, Signature, Token};

const HELP: &str = "write it above `impl State { .. }`, with the problems solved: `#[spec(Consensus)]`";

/// The expansion.
pub fn expand(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let problems = problems(args, &mut errors);
    match parse_item(&tokens, &mut errors) {
        Some(Item::Impl(item)) if item.trait_.is_none() => expand_impl(problems, item, errors),
        Some(_) => {
            wrong_item("spec", &tokens, HELP, &mut errors);
            unchanged(tokens, errors)
        }
        None => unchanged(tokens, errors),
    }
}

fn problems(args: TokenStream, errors: &mut Errors) -> Vec<Path> {
    match Punctuated::<Path, Token![,]>::parse_terminated.parse2(args.clone()) {
        Ok(paths) => paths.into_iter().collect(),
        Err(_) => {
            errors.add(&args, "`#[spec]` takes the names of problems", "write `#[spec(Consensus)]`, or `#[spec]` for none");
            vec![]
        }
    }
}

/// A function of a block without its marks.
pub struct Part {
    /// Its signature.
    pub sig: Signature,
    /// Its mark, if that is good.
    pub mark: Option<Mark>,
    /// Whether a mark, good or bad, was on it.
    pub marked: bool,
    /// Why it is outside the subset.
    pub native: Option<String>,
    /// Its body.
    pub body: Block,
    /// Its documentation.
    pub doc: String,
}

fn part(f: &mut ImplItemFn, native: Option<&String>, errors: &mut Errors) -> Part {
    let own = take_native(&mut f.attrs, errors);
    let (mark, marked) = match take_mark(&mut f.attrs, errors) {
        Ok(mark) => {
            let marked = mark.is_some();
            (mark.filter(|m| valid::arguments(m, &f.sig, errors)), marked)
        }
        Err(()) => (None, true),
    };
    let native = own.or(native.cloned());
    Part { sig: f.sig.clone(), mark, marked, native, body: f.block.clone(), doc: doc(&f.attrs) }
}

/// Who may call whom among the functions of a block.
pub fn siblings<'a>(parts: impl IntoIterator<Item = (&'a Signature, bool)>) -> BTreeMap<String, Sibling> {
    let sibling = |(sig, marked): (&Signature, bool)| match marked {
        true => Sibling::Marked,
        false if sig.receiver().is_some() => Sibling::Method,
        false => Sibling::Function,
    };
    parts.into_iter().map(|part| (part.0.ident.unraw().to_string(), sibling(part))).collect()
}

fn expand_impl(problems: Vec<Path>, mut item: ItemImpl, mut errors: Errors) -> TokenStream {
    let native = take_native(&mut item.attrs, &mut errors);
    NoCfg(&mut errors).visit_item_impl(&item);
    let mut parts: Vec<Part> = vec![];
    for function in &mut item.items {
        if let ImplItem::Fn(f) = function {
            parts.push(part(f, native.as_ref(), &mut errors));
        }
    }
    let rules = Rules { item: Place::Spec, siblings: siblings(parts.iter().map(|p| (&p.sig, p.marked))) };
    for part in parts.iter().filter(|p| !p.marked) {
        valid::free_name(&part.sig.ident, part.sig.receiver().is_some(), &mut errors);
    }
    let texts: Vec<Lowered> = parts.iter().map(|p| lower::function(&p.sig, &p.body, p.native.as_deref(), &rules, &mut errors)).collect();
    let calls: Vec<(Ident, Vec<String>)> =
        parts.iter().zip(&texts).filter(|(p, _)| !p.marked).map(|(p, t)| (p.sig.ident.clone(), t.calls.clone())).collect();
    valid::no_cycles(&calls, &mut errors);

    let marked = parts.iter().zip(&texts).filter_map(|(p, t)| Some((p, p.mark.as_ref()?, t)));
    let registered = marked.clone().map(|(p, m, t)| {
        let function = &p.sig.ident;
        register(&p.sig, m, None, &p.doc, &source([t], &errors), &quote_spanned!(function.span()=> Self::#function))
    });
    let rounds = marked
        .flat_map(|(_, m, _)| m.kind.rounds())
        .map(|round| quote_spanned!(round.span()=> ::heardof::__private::is_round::<Self, #round>();));
    let specs = specs_body(&problems, registered);
    let helpers: Vec<&Lowered> = parts.iter().zip(&texts).filter(|(p, _)| !p.marked).map(|(_, t)| t).collect();
    let helpers = (!helpers.is_empty()).then(|| source(helpers, &errors));
    let methods = problems.iter().map(|problem| {
        let marker = problem_marker(problem);
        quote_spanned!(problem.span()=> <Self as ::heardof::__private::MethodsOf<#marker>>::source())
    });
    let sources = methods.chain(helpers);
    let names = problems.iter().filter_map(|p| p.segments.last()).map(|s| s.ident.unraw().to_string());
    let (generics, _, bounds) = item.generics.split_for_impl();
    let ty = &item.self_ty;
    let errors_found = errors.into_tokens();
    quote! {
        #item
        #[automatically_derived]
        impl #generics ::heardof::__private::Specified for #ty #bounds {
            fn specs() -> ::heardof::__private::std::vec::Vec<::heardof::__private::Spec<Self>> { #(#rounds)* #specs }
            fn sources() -> ::heardof::__private::std::vec::Vec<::heardof::__private::Source> { ::heardof::__private::std::vec![#(#sources),*] }
            fn problems() -> ::heardof::__private::std::vec::Vec<&'static str> { ::heardof::__private::std::vec![#(#names),*] }
        }
        #errors_found
    }
}

fn specs_body(problems: &[Path], registered: impl Iterator<Item = TokenStream>) -> TokenStream {
    let inherited = problems.iter().map(|problem| quote_spanned!(problem.span()=> <Self as #problem>::__heardof_specs()));
    quote! {
        ::heardof::__private::specs(::heardof::__private::std::vec![#(#inherited),*], ::heardof::__private::std::vec![#(#registered),*])
    }
}

/// The expression `Spec { .. }` of one marked function. It has the span of the function, so that `rustc` reports a wrong signature there.
pub fn register(sig: &Signature, mark: &Mark, problem: Option<&str>, doc: &str, source: &TokenStream, path: &TokenStream) -> TokenStream {
    let (name, kind) = (sig.ident.unraw().to_string(), kind(&mark.kind));
    let problem = match problem {
        Some(problem) => quote!(::heardof::__private::std::option::Option::Some(#problem)),
        None => quote!(::heardof::__private::std::option::Option::None),
    };
    quote_spanned! {sig.ident.span()=>
        ::heardof::__private::Spec {
            name: #name,
            kind: #kind,
            problem: #problem,
            doc: #doc,
            source: #source,
            run: ::heardof::__private::IntoSpec::<Self, _>::into_spec(#path),
        }
    }
}

/// The mark as a value of the core's `Kind`.
fn kind(kind: &Kind) -> TokenStream {
    let rounds = |paths: &[Path]| {
        let names = paths.iter().filter_map(|p| p.segments.last()).map(|s| s.ident.unraw().to_string());
        quote!(::heardof::__private::std::vec![#(::heardof::__private::std::string::String::from(#names)),*])
    };
    let variant = match kind {
        Kind::Initial => quote!(Initial),
        Kind::Resilience => quote!(Resilience),
        Kind::Safety => quote!(Safety),
        Kind::Property => quote!(Property),
        Kind::Lemma(paths) => {
            let rounds = rounds(paths);
            quote!(Lemma { rounds: #rounds })
        }
        Kind::Termination => quote!(Termination),
        Kind::Invariant => quote!(Invariant(::heardof::__private::Boundary::Phase)),
        Kind::Always => quote!(Invariant(::heardof::__private::Boundary::Always)),
        Kind::Before(paths) => {
            let rounds = rounds(paths);
            quote!(Invariant(::heardof::__private::Boundary::Before(#rounds)))
        }
        Kind::Liveness(paths, stage) => {
            let rounds = rounds(paths);
            let stage = match stage {
                Some(k) => quote!(::heardof::__private::std::option::Option::Some(#k)),
                None => quote!(::heardof::__private::std::option::Option::None),
            };
            quote!(Liveness { rounds: #rounds, stage: #stage })
        }
        Kind::Progress(stage, paths) => {
            let before = rounds(paths);
            quote!(Progress { stage: #stage, before: #before })
        }
    };
    quote!(::heardof::__private::Kind::#variant)
}
