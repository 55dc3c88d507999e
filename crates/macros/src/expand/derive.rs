//! What `derive(Data)` and `derive(State)` share: the shape of a type, and the standard traits on it.
//!
//! A struct is a type with one variant, so one piece of code serves structs and enums:
//!
//! ```text
//! match self { Self { x: field_0, ts: field_1 } => .. }                  a struct
//! match self { Self::A { 0: field_0 } => .., Self::B {} => .. }          an enum; tuple-like and unit variants too
//! ```

use crate::errors::Errors;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Data, DeriveInput, Fields, GenericParam, Generics, Index, Member, Type};

/// A field.
pub struct Field {
    /// Its name, or its number.
    pub member: Member,
    /// The same as text.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

/// A variant of an enum, or the whole of a struct.
pub struct Variant {
    /// The name as text.
    pub name: String,
    /// `Self` or `Self::A`
    pub path: TokenStream,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Whether they have names.
    pub named: bool,
}

/// A type to be derived for.
pub struct Shape {
    /// Its name.
    pub ident: Ident,
    /// Its generics.
    pub generics: Generics,
    /// Whether it is an enum.
    pub is_enum: bool,
    /// Its variants; one for a struct.
    pub variants: Vec<Variant>,
}

fn fields(fields: &Fields) -> Vec<Field> {
    let field = |(k, f): (usize, &syn::Field)| {
        let member = f.ident.clone().map_or_else(|| Member::Unnamed(Index::from(k)), Member::Named);
        Field { member, name: f.ident.as_ref().map_or_else(|| k.to_string(), |i| i.unraw().to_string()), ty: f.ty.clone() }
    };
    fields.iter().enumerate().map(field).collect()
}

impl Shape {
    /// The shape of `input`, if it is one of a value; otherwise there is an error.
    pub fn new(input: &DeriveInput, errors: &mut Errors) -> Option<Shape> {
        let name = input.ident.unraw().to_string();
        let (is_enum, variants) = match &input.data {
            Data::Struct(data) => {
                let named = matches!(data.fields, Fields::Named(_));
                (false, vec![Variant { name, path: quote!(Self), fields: fields(&data.fields), named }])
            }
            Data::Enum(data) => {
                let variant = |v: &syn::Variant| {
                    let ident = &v.ident;
                    let named = matches!(v.fields, Fields::Named(_));
                    Variant { name: ident.unraw().to_string(), path: quote!(Self::#ident), fields: fields(&v.fields), named }
                };
                (true, data.variants.iter().map(variant).collect::<Vec<_>>())
            }
            Data::Union(_) => {
                errors.add(&input.ident, "a union is not a value of the language", "write a struct or an enum");
                return None;
            }
        };
        if is_enum && !(1..=256).contains(&variants.len()) {
            errors.add(&input.ident, "an enum of the language has 1 to 256 variants", "its tag is one byte on the wire");
            return None;
        }
        for param in &input.generics.params {
            if let GenericParam::Lifetime(lifetime) = param {
                errors.add(lifetime, "a value of the language borrows nothing", "own the data: `String`, `Set<T>`, `Map<K, V>`");
                return None;
            }
        }
        Some(Shape { ident: input.ident.clone(), generics: input.generics.clone(), is_enum, variants })
    }

    /// `impl<..> #bound for X<..> where V: #bound { #body }`
    pub fn implement(&self, bound: TokenStream, on_fields: bool, body: TokenStream) -> TokenStream {
        let mut generics = self.generics.clone();
        let params: Vec<Ident> = generics.type_params().map(|p| p.ident.clone()).collect();
        let clause = generics.make_where_clause();
        for param in &params {
            clause.predicates.push(syn::parse_quote!(#param: #bound));
        }
        // `Set<V>` is a value only if `V` is ordered as well: the bound must be on the type of the field.
        if on_fields {
            for field in self.variants.iter().flat_map(|v| &v.fields).filter(|f| mentions(&f.ty, &params)) {
                let ty = &field.ty;
                clause.predicates.push(syn::parse_quote!(#ty: #bound));
            }
        }
        let (generics, types, bounds) = generics.split_for_impl();
        let ident = &self.ident;
        quote! {
            #[automatically_derived]
            impl #generics #bound for #ident #types #bounds { #body }
        }
    }

    /// One arm for each variant, over `self`: the pattern binds the fields to `prefix_0`, `prefix_1`, ..
    pub fn arms(&self, f: impl Fn(usize, &Variant, &[Ident]) -> TokenStream) -> TokenStream {
        let arm = |(k, v): (usize, &Variant)| {
            let names = v.binders("field");
            let (pattern, body) = (v.pattern(&names), f(k, v, &names));
            quote!(#pattern => #body)
        };
        let arms = self.variants.iter().enumerate().map(arm);
        quote!(match self { #(#arms),* })
    }

    /// One arm for each variant, over `(self, other)` of that same variant, then `otherwise`.
    fn pairs(&self, f: impl Fn(&[Ident], &[Ident]) -> TokenStream, otherwise: TokenStream) -> TokenStream {
        let arm = |v: &Variant| {
            let (left, right) = (v.binders("left"), v.binders("right"));
            let (p, q, body) = (v.pattern(&left), v.pattern(&right), f(&left, &right));
            quote!((#p, #q) => #body)
        };
        let arms = self.variants.iter().map(arm);
        let rest = (self.variants.len() > 1).then(|| quote!(_ => #otherwise));
        quote!(match (self, other) { #(#arms,)* #rest })
    }

    /// The number of the variant that `value` is.
    fn tag(&self, value: &TokenStream) -> TokenStream {
        let arms = self.variants.iter().enumerate().map(|(k, v)| {
            let path = &v.path;
            quote!(#path { .. } => #k)
        });
        quote!(match #value { #(#arms),* })
    }
}

impl Variant {
    /// `prefix_0`, `prefix_1`, ..
    pub fn binders(&self, prefix: &str) -> Vec<Ident> {
        (0..self.fields.len()).map(|k| format_ident!("{prefix}_{k}")).collect()
    }
    /// `Self::A { x: field_0 }`
    pub fn pattern(&self, names: &[Ident]) -> TokenStream {
        let (path, members) = (&self.path, self.fields.iter().map(|f| &f.member));
        quote!(#path { #(#members: #names),* })
    }
    /// `Self::A { x: value }`, with the value of each field from `f`.
    pub fn build(&self, f: impl Fn(usize, &Field) -> TokenStream) -> TokenStream {
        let path = &self.path;
        let fields = self.fields.iter().enumerate().map(|(k, field)| {
            let (member, value) = (&field.member, f(k, field));
            quote!(#member: #value)
        });
        quote!(#path { #(#fields),* })
    }
}

/// Whether a type names one of these type parameters and is more than just it.
fn mentions(ty: &Type, params: &[Ident]) -> bool {
    struct Finder<'a>(&'a [Ident], bool);
    impl<'ast> Visit<'ast> for Finder<'_> {
        fn visit_path(&mut self, path: &'ast syn::Path) {
            self.1 |= path.segments.first().is_some_and(|s| self.0.contains(&s.ident));
            visit::visit_path(self, path);
        }
    }
    if matches!(ty, Type::Path(path) if path.path.get_ident().is_some_and(|i| params.contains(i))) {
        return false;
    }
    let mut finder = Finder(params, false);
    finder.visit_type(ty);
    finder.1
}

/// `Clone`, `PartialEq`, `Eq`, `Hash`, `Debug`, `PartialOrd`, `Ord`, each where the type parameters have it.
pub fn standard(shape: &Shape) -> TokenStream {
    let std = quote!(::heardof::__private::std);
    let clone = shape.arms(|_, v, names| {
        v.build(|k, _| {
            let name = &names[k];
            quote!(#std::clone::Clone::clone(#name))
        })
    });
    let eq = shape.pairs(|a, b| quote!(true #(&& *#a == *#b)*), quote!(false));
    let hash = shape.arms(|k, _, names| {
        let tag = shape.is_enum.then(|| quote!(#std::hash::Hash::hash(&#k, __state);));
        quote!({ #tag #(#std::hash::Hash::hash(#names, __state);)* })
    });
    let (mine, theirs) = (shape.tag(&quote!(self)), shape.tag(&quote!(other)));
    let partial_cmp = shape.pairs(
        |a, b| {
            quote!({
                #(match #std::cmp::PartialOrd::partial_cmp(#a, #b) {
                    #std::option::Option::Some(#std::cmp::Ordering::Equal) => {}
                    unequal => return unequal,
                })*
                #std::option::Option::Some(#std::cmp::Ordering::Equal)
            })
        },
        quote!(#std::cmp::PartialOrd::partial_cmp(&#mine, &#theirs)),
    );
    let cmp = shape.pairs(
        |a, b| quote!(#std::cmp::Ordering::Equal #(.then_with(|| #std::cmp::Ord::cmp(#a, #b)))*),
        quote!(#std::cmp::Ord::cmp(&#mine, &#theirs)),
    );
    let debug = shape.arms(|_, v, names| debug(v, names));
    [
        shape.implement(quote!(#std::clone::Clone), false, quote!(fn clone(&self) -> Self { #clone })),
        shape.implement(quote!(#std::cmp::PartialEq), false, quote!(fn eq(&self, other: &Self) -> bool { #eq })),
        shape.implement(quote!(#std::cmp::Eq), false, quote!()),
        shape.implement(quote!(#std::hash::Hash), false, quote!(fn hash<__H: #std::hash::Hasher>(&self, __state: &mut __H) { #hash })),
        shape.implement(
            quote!(#std::fmt::Debug),
            false,
            quote!(fn fmt(&self, __f: &mut #std::fmt::Formatter<'_>) -> #std::fmt::Result { #debug }),
        ),
        shape.implement(
            quote!(#std::cmp::PartialOrd),
            false,
            quote!(fn partial_cmp(&self, other: &Self) -> #std::option::Option<#std::cmp::Ordering> { #partial_cmp }),
        ),
        shape.implement(quote!(#std::cmp::Ord), false, quote!(fn cmp(&self, other: &Self) -> #std::cmp::Ordering { #cmp })),
    ]
    .into_iter()
    .collect()
}

fn debug(v: &Variant, names: &[Ident]) -> TokenStream {
    let (name, labels) = (&v.name, v.fields.iter().map(|f| &f.name));
    match (v.named, v.fields.is_empty()) {
        (_, true) => quote!(__f.write_str(#name)),
        (true, _) => quote!(__f.debug_struct(#name)#(.field(#labels, #names))*.finish()),
        (false, _) => quote!(__f.debug_tuple(#name)#(.field(#names))*.finish()),
    }
}

/// `<Type as Value>::sort()`, at the type, so that a type that is no value is reported there.
pub fn sort_of(ty: &Type) -> TokenStream {
    quote_spanned!(ty.span()=> <#ty as ::heardof::__private::Value>::sort())
}
