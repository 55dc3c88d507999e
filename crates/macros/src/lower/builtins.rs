//! What the subset knows by name: methods and functions with the arguments they take.
//!
//! A proc macro sees tokens, not types: the table is by name and arguments alone, whatever the receiver. `rustc` checks the native
//! copy, the core crate infers the sorts.

/// One way to call something: a letter for each argument, `e` an expression, `1` or `2` a closure with so many parameters.
type Shape = &'static str;

/// Methods, with every way to call them.
pub const METHODS: &[(&str, &[Shape])] = &[
    // Mailbox, Set and Map
    ("len", &[""]),
    ("is_empty", &[""]),
    ("count", &["1"]),
    ("all", &["1"]),
    ("any", &["1"]),
    ("filter", &["1"]),
    ("map", &["1"]),
    ("merge", &["1", "e"]),
    // Mailbox
    ("senders", &[""]),
    ("from", &["e"]),
    ("most_often", &[""]),
    ("ranked", &["e"]),
    ("max_by_key", &["1"]),
    ("pick", &["1"]),
    ("join", &["1", "e"]),
    ("leq", &["e"]),
    // of a mailbox, and of two numbers or values
    ("min", &["", "e"]),
    ("max", &["", "e"]),
    // Set and Map
    ("insert", &["e", "ee"]),
    ("remove", &["e"]),
    ("union", &["e"]),
    ("intersection", &["e"]),
    ("difference", &["e"]),
    ("is_subset", &["e"]),
    ("contains", &["e"]),
    ("first", &[""]),
    ("get", &["e"]),
    ("keys", &[""]),
    ("values", &[""]),
    ("max_key", &[""]),
    // Option
    ("is", &["e"]),
    ("is_some", &[""]),
    ("is_none", &[""]),
    ("is_some_and", &["1"]),
    ("is_none_or", &["1"]),
    ("and_then", &["1"]),
    ("unwrap_or", &["e"]),
    ("map_or", &["e1"]),
    ("or", &["e"]),
    // Context, System and HeardOf
    ("id", &[""]),
    ("n", &[""]),
    ("round", &[""]),
    ("phase", &[""]),
    ("coordinator", &[""]),
    ("is_coordinator", &[""]),
    ("parameters", &[""]),
    ("coin", &["", "e"]),
    ("request", &[""]),
    ("processes", &[""]),
    ("forall", &["1"]),
    ("exists", &["1"]),
    ("forall_pairs", &["2"]),
    ("forall_value", &["1"]),
    ("exists_value", &["1"]),
    ("forall_phase", &["1"]),
    ("exists_phase", &["1"]),
    ("set", &["1"]),
    ("image", &["1"]),
    ("initially", &["e"]),
    ("kernel", &[""]),
    ("of", &["e"]),
    ("safe", &["e"]),
    ("kernel_before", &[""]),
    ("secure_kernel", &[""]),
    ("uniform", &[""]),
    ("min_len", &[""]),
    // Phase, Pid and numbers
    ("number", &[""]),
    ("is_first", &[""]),
    ("rotate", &["e"]),
    ("rotate_from", &["ee"]),
    ("index", &[""]),
    ("successor", &["e"]),
    ("saturating_sub", &["e"]),
    ("abs_diff", &["e"]),
];

/// Functions, with the way to call them; `[..]` stands for one array literal.
pub const FUNCTIONS: &[(&str, Shape)] = &[
    ("broadcast", "e"),
    ("to", "ee"),
    ("to_all", "ee"),
    ("each", "e1"),
    ("silent", ""),
    ("implies", "ee"),
    ("Set::new", ""),
    ("Set::of", "[..]"),
    ("Map::new", ""),
    ("Map::on", "e1"),
    ("Phase::new", "e"),
];

/// Methods that are nothing in logic: values are values.
pub const ERASED: &[&str] = &["clone", "as_ref", "cloned", "copied", "borrow"];

/// Methods that change their receiver.
pub const MUTATING: &[&str] = &["insert", "remove"];

/// Methods of rounds and processes, and of surroundings for components: calling them is composition.
pub const COMPOSITION: &[&str] = &["init", "send", "update", "ready", "halted", "component", "with"];

/// Methods of the standard library that are outside the subset wherever they are called, and what to write instead.
pub const FOREIGN: &[(&str, &str)] = &[
    ("unwrap", "write `if let Some(v) = ..`, `unwrap_or(..)` or `is_some_and(..)`"),
    ("expect", "write `if let Some(v) = ..`, `unwrap_or(..)` or `is_some_and(..)`"),
    ("unwrap_or_default", "write `unwrap_or(..)` with the value"),
    ("unwrap_or_else", "write `unwrap_or(..)` with the value"),
    ("iter", "ask the collection itself: `all`, `any`, `count`, `filter`, `map`"),
    ("iter_mut", "ask the collection itself: `all`, `any`, `count`, `filter`, `map`"),
    ("into_iter", "ask the collection itself: `all`, `any`, `count`, `filter`, `map`"),
    ("collect", "`filter` and `map` on a `Set` give a `Set`"),
    ("to_string", "strings are outside the subset: keep a number or an enum"),
    ("as_str", "strings are outside the subset: keep a number or an enum"),
    ("to_owned", "write `.clone()`"),
    ("into", "write the value in the type that is asked for"),
    ("as_mut", "assign to the field: `p.field = ..`"),
    ("take", "read the field, then assign to it: `p.field = None;`"),
    ("replace", "read the field, then assign to it: `p.field = ..;`"),
];

/// The ways to call method `name`, if it is known.
pub fn method(name: &str) -> Option<&'static [Shape]> {
    METHODS.iter().find(|(n, _)| *n == name).map(|(_, shapes)| *shapes)
}

/// The way to call function `name`, if it is known.
pub fn function(name: &str) -> Option<Shape> {
    FUNCTIONS.iter().find(|(n, _)| *n == name).map(|(_, shape)| *shape)
}

/// `e1` → `(value, |x| ..)`
pub fn describe(shape: &str) -> String {
    let argument = |c| match c {
        '1' => "|x| ..",
        '2' => "|x, y| ..",
        _ => "value",
    };
    if shape == "[..]" {
        return "([a, b, ..])".to_string();
    }
    format!("({})", shape.chars().map(argument).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_one_table_only() {
        let foreign = FOREIGN.iter().map(|(n, _)| *n);
        let mut all: Vec<&str> = METHODS.iter().map(|(n, _)| *n).chain(ERASED.iter().copied()).chain(foreign).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert!(MUTATING.iter().all(|m| method(m).is_some()));
    }
}
