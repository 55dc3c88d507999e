//! `derive(Data)`: the standard traits, and `Value`: sort, untyped form, canonical bytes.
//!
//! The bytes of a struct are those of its fields in order; an enum starts with one byte, the number of the variant.

use super::derive::{Shape, Variant, part, standard};
use crate::errors::Errors;
use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;
use syn::ext::IdentExt;

/// The expansion.
pub fn expand(tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input = match syn::parse2::<DeriveInput>(tokens) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let data = Shape::new(&input, &mut errors).map(|shape| implement(&shape));
    let errors = errors.into_tokens();
    quote!(#data #errors)
}

/// Everything that `derive(Data)` implements.
pub fn implement(shape: &Shape) -> TokenStream {
    let (sort, to_datum, from_datum) = (sort(shape), to_datum(shape), from_datum(shape));
    let (visit, encode, decode) = (visit(shape), encode(shape), decode(shape));
    let value = shape.implement(
        &quote!(::heardof::__private::Value),
        &quote! {
            fn sort() -> ::heardof::__private::Sort { #sort }
            fn to_datum(&self) -> ::heardof::__private::Datum { #to_datum }
            fn from_datum(__datum: &::heardof::__private::Datum) -> ::heardof::__private::std::option::Option<Self> { #from_datum }
            fn visit(&self, __f: &mut dyn ::heardof::__private::std::ops::FnMut(&dyn ::heardof::__private::std::any::Any)) { #visit }
            fn encode(&self, __out: &mut ::heardof::__private::std::vec::Vec<u8>) { #encode }
            fn decode(
                __input: &mut &[u8],
            ) -> ::heardof::__private::std::result::Result<Self, ::heardof::__private::DecodeError> { #decode }
        },
    );
    let standard = standard(shape);
    quote!(#standard #value)
}

fn field_sorts(v: &Variant) -> TokenStream {
    let (names, sorts) = (v.fields.iter().map(|f| &f.name), v.fields.iter().map(|f| part(&f.ty, "its_sort")));
    quote!(::heardof::__private::std::vec![#((#names, #sorts())),*])
}

fn sort(shape: &Shape) -> TokenStream {
    let name = shape.ident.unraw().to_string();
    if shape.is_enum {
        let variants = shape.variants.iter().map(|v| {
            let (name, fields) = (&v.name, field_sorts(v));
            quote!((#name, #fields))
        });
        quote!(::heardof::__private::Sort::Enum(#name, ::heardof::__private::std::vec![#(#variants),*]))
    } else {
        let fields = shape.variants.iter().map(field_sorts);
        quote!(::heardof::__private::Sort::Struct(#name, #(#fields)*))
    }
}

fn to_datum(shape: &Shape) -> TokenStream {
    shape.arms(|k, v, names| {
        let (name, labels) = (&v.name, v.fields.iter().map(|f| &f.name));
        let number = u32::try_from(k).unwrap_or(u32::MAX);
        let datum = v.fields.iter().map(|f| part(&f.ty, "datum"));
        let values = quote!(::heardof::__private::std::sync::Arc::new(::heardof::__private::std::vec![#(#datum(#names)),*]));
        if shape.is_enum {
            quote!(::heardof::__private::Datum::Variant(#number, #name, &[#(#labels),*], #values))
        } else {
            quote!(::heardof::__private::Datum::Struct(#name, &[#(#labels),*], #values))
        }
    })
}

fn from_datum(shape: &Shape) -> TokenStream {
    let arms = shape.variants.iter().enumerate().map(|(k, v)| {
        let (name, len) = (&v.name, v.fields.len());
        let number = u32::try_from(k).unwrap_or(u32::MAX);
        let value = v.build(|k, field| {
            let of_datum = part(&field.ty, "of_datum");
            quote!(#of_datum(&__values[#k])?)
        });
        let pattern = if shape.is_enum {
            quote!(::heardof::__private::Datum::Variant(#number, #name, _, __values))
        } else {
            quote!(::heardof::__private::Datum::Struct(#name, _, __values))
        };
        quote!(#pattern if __values.len() == #len => ::heardof::__private::std::option::Option::Some(#value),)
    });
    quote!(match __datum { #(#arms)* _ => ::heardof::__private::std::option::Option::None })
}

fn visit(shape: &Shape) -> TokenStream {
    let parts = shape.arms(|_, v, names| {
        let visit = v.fields.iter().map(|f| part(&f.ty, "visit_by"));
        quote!({ #(#visit(#names, __f);)* })
    });
    quote!(__f(self); #parts)
}

fn encode(shape: &Shape) -> TokenStream {
    shape.arms(|k, v, names| {
        let encode = v.fields.iter().map(|f| part(&f.ty, "encode_to"));
        let tag = u8::try_from(k).unwrap_or(u8::MAX);
        let tag = shape.is_enum.then(|| quote!(__out.push(#tag);));
        quote!({ #tag #(#encode(#names, __out);)* })
    })
}

fn decode(shape: &Shape) -> TokenStream {
    let built = |v: &Variant| {
        let value = v.build(|_, field| {
            let decode = part(&field.ty, "decode_from");
            quote!(#decode(__input)?)
        });
        quote!(::heardof::__private::std::result::Result::Ok(#value))
    };
    if !shape.is_enum {
        let values = shape.variants.iter().map(built);
        return quote!(#(#values)*);
    }
    let arms = shape.variants.iter().enumerate().map(|(k, v)| {
        let (tag, value) = (u8::try_from(k).unwrap_or(u8::MAX), built(v));
        quote!(#tag => #value,)
    });
    let name = shape.ident.unraw().to_string();
    // 256 variants leave no byte over.
    let unknown = (shape.variants.len() < 256).then(|| {
        quote!(__found => ::heardof::__private::std::result::Result::Err(
            ::heardof::__private::DecodeError::BadTag { of: #name, found: __found }
        ))
    });
    quote!(match <u8 as ::heardof::__private::Value>::decode(__input)? { #(#arms)* #unknown })
}
