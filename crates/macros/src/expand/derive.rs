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
use syn::{Data, DeriveInput, Fields, GenericParam, Generics, Index, Member, Type, WherePredicate};

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

    /// `impl<..> #name for X<..> { #body }`, where every type parameter is a `Value`, and so are the types of fields built from them:
    /// `Set<V>` is a value only if `V` is ordered as well.
    pub fn implement(&self, name: &TokenStream, body: &TokenStream) -> TokenStream {
        self.with_bounds(name, body, vec![])
    }

    /// The same, and only where every field has the trait `name` too. The lifetime, which is nowhere used, makes rustc accept a bound
    /// on a type without parameters that does not hold.
    fn implement_where_fields(&self, name: &TokenStream, body: &TokenStream) -> TokenStream {
        let bound = |field: &Field| {
            let ty = &field.ty;
            syn::parse_quote!(for<'__field> #ty: #name)
        };
        self.with_bounds(name, body, self.variants.iter().flat_map(|v| &v.fields).map(bound).collect())
    }

    fn with_bounds(&self, name: &TokenStream, body: &TokenStream, more: Vec<WherePredicate>) -> TokenStream {
        let mut generics = self.generics.clone();
        let params: Vec<Ident> = generics.type_params().map(|p| p.ident.clone()).collect();
        let clause = generics.make_where_clause();
        for param in &params {
            clause.predicates.push(syn::parse_quote!(#param: ::heardof::__private::Value));
        }
        for field in self.variants.iter().flat_map(|v| &v.fields).filter(|f| mentions(&f.ty, &params)) {
            let ty = &field.ty;
            clause.predicates.push(syn::parse_quote!(#ty: ::heardof::__private::Value));
        }
        clause.predicates.extend(more);
        let (generics, types, bounds) = generics.split_for_impl();
        let ident = &self.ident;
        quote! {
            #[automatically_derived]
            impl #generics #name for #ident #types #bounds { #body }
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
    fn pairs(&self, f: impl Fn(&Variant, &[Ident], &[Ident]) -> TokenStream, otherwise: &TokenStream) -> TokenStream {
        let arm = |v: &Variant| {
            let (left, right) = (v.binders("left"), v.binders("right"));
            let (p, q, body) = (v.pattern(&left), v.pattern(&right), f(v, &left, &right));
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

/// `Clone`, `PartialEq`, `Eq`, `Hash`, `Debug`, and `PartialOrd`, `Ord` where the fields have it.
pub fn standard(shape: &Shape) -> TokenStream {
    let std = quote!(::heardof::__private::std);
    let clone = shape.arms(|_, v, names| {
        v.build(|k, field| {
            let (copy, name) = (part(&field.ty, "copy"), &names[k]);
            quote!(#copy(#name))
        })
    });
    let eq = shape.pairs(
        |v, a, b| {
            let same = v.fields.iter().map(|f| part(&f.ty, "same"));
            quote!(true #(&& #same(#a, #b))*)
        },
        &quote!(false),
    );
    let hash = shape.arms(|k, v, names| {
        let tag = shape.is_enum.then(|| quote!(#std::hash::Hash::hash(&#k, __state);));
        let hash = v.fields.iter().map(|f| part(&f.ty, "hash_to"));
        quote!({ #tag #(#hash(#names, __state);)* })
    });
    let debug = shape.arms(|_, v, names| debug(v, names));
    let implement = |name: TokenStream, body: TokenStream| shape.implement(&name, &body);
    let mut out: TokenStream = [
        implement(quote!(#std::clone::Clone), quote!(fn clone(&self) -> Self { #clone })),
        implement(quote!(#std::cmp::PartialEq), quote!(fn eq(&self, other: &Self) -> bool { #eq })),
        implement(quote!(#std::cmp::Eq), quote!()),
        implement(quote!(#std::hash::Hash), quote!(fn hash<__H: #std::hash::Hasher>(&self, __state: &mut __H) { #hash })),
        implement(quote!(#std::fmt::Debug), quote!(fn fmt(&self, __f: &mut #std::fmt::Formatter<'_>) -> #std::fmt::Result { #debug })),
    ]
    .into_iter()
    .collect();
    out.extend(order(shape, &std));
    out
}

/// `PartialOrd`, `Ord`: by declaration, then field by field.
fn order(shape: &Shape, std: &TokenStream) -> TokenStream {
    let (mine, theirs) = (shape.tag(&quote!(self)), shape.tag(&quote!(other)));
    let partial_cmp = shape.pairs(
        |_, a, b| {
            quote!({
                #(match #std::cmp::PartialOrd::partial_cmp(#a, #b) {
                    #std::option::Option::Some(#std::cmp::Ordering::Equal) => {}
                    unequal => return unequal,
                })*
                #std::option::Option::Some(#std::cmp::Ordering::Equal)
            })
        },
        &quote!(#std::cmp::PartialOrd::partial_cmp(&#mine, &#theirs)),
    );
    let cmp = shape.pairs(
        |_, a, b| quote!(#std::cmp::Ordering::Equal #(.then_with(|| #std::cmp::Ord::cmp(#a, #b)))*),
        &quote!(#std::cmp::Ord::cmp(&#mine, &#theirs)),
    );
    let partial = quote!(fn partial_cmp(&self, other: &Self) -> #std::option::Option<#std::cmp::Ordering> { #partial_cmp });
    let total = quote!(fn cmp(&self, other: &Self) -> #std::cmp::Ordering { #cmp });
    let partial = shape.implement_where_fields(&quote!(#std::cmp::PartialOrd), &partial);
    let total = shape.implement_where_fields(&quote!(#std::cmp::Ord), &total);
    quote!(#partial #total)
}

fn debug(v: &Variant, names: &[Ident]) -> TokenStream {
    let (name, labels) = (&v.name, v.fields.iter().map(|f| &f.name));
    let shown = v.fields.iter().map(|f| part(&f.ty, "shown"));
    match (v.named, v.fields.is_empty()) {
        (_, true) => quote!(__f.write_str(#name)),
        (true, _) => quote!(__f.debug_struct(#name)#(.field(#labels, #shown(#names)))*.finish()),
        (false, _) => quote!(__f.debug_tuple(#name)#(.field(#shown(#names)))*.finish()),
    }
}

/// `<Type as Part>::function`, at the type, so that a type that is no value is reported there; see `Part` in the facade.
pub fn part(ty: &Type, function: &str) -> TokenStream {
    let function = Ident::new(function, ty.span());
    quote_spanned!(ty.span()=> <#ty as ::heardof::__private::Part>::#function)
}
