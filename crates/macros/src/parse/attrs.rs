//! Documentation, `#[native("reason")]`, and what must not be on a function whose text is read.
//!
//! `#[native("why")]` below (or, moved there by the macro `native`, above) another attribute takes an item or one of its functions out
//! of the subset: its text is `(native send (p ctx) "why")`.

use crate::errors::Errors;
use proc_macro2::TokenStream;
use syn::visit::Visit;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta};

/// The documentation: lines trimmed, joined by line breaks.
pub fn doc(attrs: &[Attribute]) -> String {
    let line = |attr: &Attribute| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_string()),
            _ => None,
        },
        _ => None,
    };
    attrs.iter().filter_map(line).collect::<Vec<_>>().join("\n").trim().to_string()
}

/// Whether the last segment of the attribute's path is `name`.
pub fn is(attr: &Attribute, name: &str) -> bool {
    attr.path().segments.last().is_some_and(|s| s.ident == name)
}

/// Takes `#[native("reason")]` off and returns the reason. A wrong one counts as native, so that nothing else is reported.
pub fn take_native(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Option<String> {
    let mut found = None;
    attrs.retain(|attr| {
        if !is(attr, "native") {
            return true;
        }
        let reason = match &attr.meta {
            Meta::List(list) => native_reason(list.tokens.clone()),
            other => Err(missing_reason(other)),
        };
        if found.is_some() {
            errors.add(attr, "a second `#[native]` on one item", "one reason is enough");
        }
        found = Some(reason.unwrap_or_else(|error| {
            errors.push(error);
            String::new()
        }));
        false
    });
    found
}

/// The reason between the parentheses of `#[native(..)]`.
pub fn native_reason(args: TokenStream) -> syn::Result<String> {
    if args.is_empty() {
        return Err(missing_reason(&args));
    }
    match syn::parse2::<LitStr>(args.clone()) {
        Ok(reason) if !reason.value().trim().is_empty() => Ok(reason.value()),
        Ok(reason) => Err(missing_reason(&reason)),
        Err(_) => {
            Err(syn::Error::new_spanned(args, "`#[native]` takes one string\nhelp: write `#[native(\"why this is outside the subset\")]`"))
        }
    }
}

fn missing_reason(tokens: &impl quote::ToTokens) -> syn::Error {
    let message =
        "`#[native]` without a reason\nhelp: write `#[native(\"why this is outside the subset\")]`: the reason is shown by every tool";
    syn::Error::new_spanned(tokens, message)
}

/// Reports conditional compilation inside an item: the text would not know which branch was compiled.
pub struct NoCfg<'a>(pub &'a mut Errors);

impl<'ast> Visit<'ast> for NoCfg<'_> {
    fn visit_attribute(&mut self, attr: &'ast Attribute) {
        if attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr") {
            let help = "put it on the whole item, above the attributes of the language";
            self.0.add(attr, "conditional compilation inside an item is outside the subset", help);
        }
    }
}
