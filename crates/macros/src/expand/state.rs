//! `derive(State)`: all of `Data`, and the trait `State`: the fields with their marks, parameters, requests, documentation.

use super::data;
use super::derive::{Shape, part};
use crate::errors::Errors;
use crate::parse::attrs::doc;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Fields, Meta, Type, parse_quote};

/// The expansion.
pub fn expand(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input = match syn::parse2::<DeriveInput>(tokens) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let Some(shape) = Shape::new(&input, &mut errors) else { return errors.into_tokens() };
    let parameters = associated(&input.attrs, "parameters", "Thresholds", &mut errors);
    let request = associated(&input.attrs, "requests", "Command", &mut errors);
    let (fields, outputs) = fields(&input, &mut errors);
    let there = outputs.iter().map(|(member, ty)| {
        let there = part(ty, "there");
        quote!(#there(&self.#member))
    });
    let there = if outputs.is_empty() { quote!(false) } else { quote!(#(#there)&&*) };
    let doc = doc(&input.attrs);
    let data = data::implement(&shape);
    let errors = errors.into_tokens();
    let state = implement(
        &shape,
        quote! {
            type Parameters = #parameters;
            type Request = #request;
            fn doc() -> &'static str { #doc }
            fn fields() -> ::heardof::__private::std::vec::Vec<::heardof::__private::Field> {
                ::heardof::__private::std::vec![#(#fields),*]
            }
            fn settled(&self) -> bool { #there }
        },
    );
    quote!(#data #state #errors)
}

/// `impl State`, with the bounds under which the type is a `Value`.
fn implement(shape: &Shape, body: TokenStream) -> TokenStream {
    let mut generics = shape.generics.clone();
    let (ident, types) = (&shape.ident, shape.generics.split_for_impl().1.to_token_stream());
    let params: Vec<_> = generics.type_params().map(|p| p.ident.clone()).collect();
    if !params.is_empty() {
        let clause = generics.make_where_clause();
        for param in &params {
            clause.predicates.push(parse_quote!(#param: ::heardof::__private::Value));
        }
        clause.predicates.push(parse_quote!(#ident #types: ::heardof::__private::Value));
    }
    let (generics, types, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #generics ::heardof::__private::State for #ident #types #bounds { #body }
    }
}

/// The type in `#[parameters(Q)]` or `#[requests(C)]`; `()` without.
fn associated(attrs: &[Attribute], name: &str, example: &str, errors: &mut Errors) -> Type {
    let mut found: Option<Type> = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        if found.is_some() {
            errors.add(attr, format!("a second `#[{name}]`"), "put all of them into one struct with `#[derive(Data)]`");
        }
        match attr.parse_args::<Type>() {
            Ok(ty) => found = Some(ty),
            Err(_) => errors.add(attr, format!("`#[{name}]` takes one type"), format!("write `#[{name}({example})]`")),
        }
    }
    found.unwrap_or_else(|| parse_quote!(()))
}

/// The expressions `Field { name, sort, output, ghost }`, and names and types of the output fields.
fn fields(input: &DeriveInput, errors: &mut Errors) -> (Vec<TokenStream>, Vec<(Ident, Type)>) {
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => &fields.named,
            _ => {
                errors.add(
                    &input.ident,
                    "the state of a process is a struct with named fields",
                    "write `pub struct Name { pub x: V, .. }`",
                );
                return (vec![], vec![]);
            }
        },
        _ => {
            errors.add(
                &input.ident,
                "the state of a process is a struct",
                "put the enum into a field: `pub struct Name { pub mode: Mode, .. }`",
            );
            return (vec![], vec![]);
        }
    };
    let (mut out, mut outputs) = (vec![], vec![]);
    for field in fields {
        let output = marked(&field.attrs, "output", errors);
        let ghost = marked(&field.attrs, "ghost", errors);
        if output && ghost {
            let help = "an output is reported by the node, a ghost is not there: delete one of the two";
            errors.add(&field.ident, "a field is `#[output]` and `#[ghost]`", help);
        }
        let (name, sort) = (field.ident.as_ref().map(|i| i.unraw().to_string()), part(&field.ty, "its_sort"));
        out.push(quote!(::heardof::__private::Field { name: #name, sort: #sort(), output: #output, ghost: #ghost }));
        outputs.extend(field.ident.clone().filter(|_| output).map(|ident| (ident, field.ty.clone())));
    }
    (out, outputs)
}

fn marked(attrs: &[Attribute], name: &str, errors: &mut Errors) -> bool {
    let mut found = attrs.iter().filter(|attr| attr.path().is_ident(name));
    let Some(first) = found.next() else { return false };
    if !matches!(first.meta, Meta::Path(_)) {
        errors.add(first, format!("`#[{name}]` takes no arguments"), format!("write `#[{name}]`"));
    }
    for second in found {
        errors.add(second, format!("a second `#[{name}]`"), "one is enough");
    }
    true
}
