//! What a path stands for, by its spelling: the conventions of Rust's names are the only types a proc macro has.
//!
//! | path | is |
//! |---|---|
//! | `Some`, `None`, `Option::None` | the variants of `Option` |
//! | `Progress::Block`, `a::Progress::Block` | a variant |
//! | `Leader`, `a::Leader` | a struct |
//! | `broadcast`, `Set::new` | of the language |
//! | `majority`, `quorum::majority` | a `#[pure]` helper |
//! | `LIMIT`, `usize::MAX` | a constant |

use super::builtins;
use syn::ext::IdentExt;
use syn::{ExprPath, Path};

/// What a path stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Name {
    /// `Some`
    Some,
    /// `None`
    None,
    /// `Enum::Variant`
    Variant(String),
    /// A struct.
    Struct(String),
    /// A function of the language.
    Builtin(String),
    /// `Self::f`
    Own(String),
    /// `Type::f`: the type, the function
    Associated(String, String),
    /// A lower-case path.
    Helper(String),
    /// A constant or static.
    Constant(String),
    /// A function of the standard library.
    Standard(String),
    /// `Ok`, `Err`
    Result(String),
    /// `<T as Trait>::f`
    Qualified,
}

const PRIMITIVE: &[&str] = &[
    "std", "core", "alloc", "bool", "usize", "u8", "u16", "u32", "u64", "u128", "isize", "i8", "i16", "i32", "i64", "i128", "f32", "f64",
    "str", "char",
];

/// Whether `name` is written like a type or a variant.
pub fn camel(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && (name.chars().count() == 1 || name.contains(char::is_lowercase))
}

/// Whether `name` is written like a constant.
fn constant(name: &str) -> bool {
    name.contains(char::is_uppercase) && !name.contains(char::is_lowercase)
}

/// The segments of a path without arguments.
pub fn segments(path: &Path) -> Vec<String> {
    path.segments.iter().map(|s| s.ident.unraw().to_string()).collect()
}

/// What an expression path stands for. Variables are not considered here.
pub fn classify(e: &ExprPath) -> Name {
    if e.qself.is_some() {
        return Name::Qualified;
    }
    let names = segments(&e.path);
    let language = names.first().is_some_and(|first| first == "heardof");
    match names.as_slice() {
        [name] => single(name),
        [.., owner, name] if owner == "Option" && name == "Some" => Name::Some,
        [.., owner, name] if owner == "Option" && name == "None" => Name::None,
        [.., owner, name] if builtins::function(&format!("{owner}::{name}")).is_some() => Name::Builtin(format!("{owner}::{name}")),
        [.., name] if language && builtins::function(name).is_some() => Name::Builtin(name.clone()),
        [owner, name] if owner == "Self" => Name::Own(name.clone()),
        [.., owner, name] if camel(owner) && camel(name) => Name::Variant(format!("{owner}::{name}")),
        [.., name] if constant(name) => Name::Constant(names.join("::")),
        [first, ..] if PRIMITIVE.contains(&first.as_str()) => Name::Standard(names.join("::")),
        [.., owner, name] if owner.starts_with(char::is_uppercase) => Name::Associated(owner.clone(), name.clone()),
        [.., name] if camel(name) => Name::Struct(name.clone()),
        _ => Name::Helper(names.last().cloned().unwrap_or_default()),
    }
}

fn single(name: &str) -> Name {
    match name {
        "Some" => Name::Some,
        "None" => Name::None,
        "Ok" | "Err" => Name::Result(name.to_string()),
        _ if builtins::function(name).is_some() => Name::Builtin(name.to_string()),
        _ if constant(name) => Name::Constant(name.to_string()),
        _ if camel(name) => Name::Struct(name.to_string()),
        _ => Name::Helper(name.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart_by_spelling() {
        let check = |text: &str, want: Name| assert_eq!(classify(&syn::parse_str(text).expect("a path")), want, "{text}");
        check("Some", Name::Some);
        check("Option::None", Name::None);
        check("Reply::None", Name::Variant("Reply::None".into()));
        check("a::Progress::Block", Name::Variant("Progress::Block".into()));
        check("Kind::A", Name::Variant("Kind::A".into()));
        check("Leader", Name::Struct("Leader".into()));
        check("a::Leader", Name::Struct("Leader".into()));
        check("Set::<Pid>::new", Name::Builtin("Set::new".into()));
        check("heardof::prelude::to", Name::Builtin("to".into()));
        check("majority", Name::Helper("majority".into()));
        check("quorum::to", Name::Helper("to".into()));
        check("Self::token", Name::Own("token".into()));
        check("Heartbeat::update", Name::Associated("Heartbeat".into(), "update".into()));
        check("N", Name::Constant("N".into()));
        check("limits::MOST", Name::Constant("limits::MOST".into()));
        check("usize::MAX", Name::Constant("usize::MAX".into()));
        check("Limits::MOST", Name::Constant("Limits::MOST".into()));
        check("std::mem::swap", Name::Standard("std::mem::swap".into()));
        check("usize::max", Name::Standard("usize::max".into()));
        check("<V as Ord>::max", Name::Qualified);
    }
}
