//! Untyped values and their sorts: what the IR interpreter computes with, and how tools read and write any user type.

use crate::{Phase, Pid};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The sort of a value: a Rust type as the logic sees it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sort {
    /// `()`
    Unit,
    /// `bool`
    Bool,
    /// `usize`: counts, rounds, indices
    Nat,
    /// A machine word other than `usize`, by its Rust name: `u8`, `u64`, `i64`, ..
    Word(&'static str),
    /// `String`
    Text,
    /// A process id
    Pid,
    /// A phase
    Phase,
    /// A tuple of two or more
    Tuple(Vec<Sort>),
    /// `Option`
    Option(Box<Sort>),
    /// `Set`
    Set(Box<Sort>),
    /// `Map`
    Map(Box<Sort>, Box<Sort>),
    /// A struct: name and fields
    Struct(&'static str, Vec<(&'static str, Sort)>),
    /// An enum: name, variants, their fields (`0`, `1`, .. for tuple-like variants)
    Enum(&'static str, Vec<Variant>),
}

/// A variant of an enum sort: its name and fields.
pub type Variant = (&'static str, Vec<(&'static str, Sort)>);

/// An untyped value. The order of two values of one sort is the derived order of the Rust type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Datum {
    /// `()`
    Unit,
    /// `bool`
    Bool(bool),
    /// `usize` and unsigned words
    Nat(u64),
    /// signed words
    Int(i64),
    /// `String`
    Text(Arc<str>),
    /// A process id
    Pid(Pid),
    /// A phase
    Phase(Phase),
    /// A tuple
    Tuple(Arc<Vec<Datum>>),
    /// `Option`
    Option(Option<Arc<Datum>>),
    /// A struct: its fields in declaration order
    Struct(&'static str, &'static [&'static str], Arc<Vec<Datum>>),
    /// An enum value: the variant's number and name, the names and values of its fields
    Variant(u32, &'static str, &'static [&'static str], Arc<Vec<Datum>>),
    /// `Set`
    Set(Arc<BTreeSet<Datum>>),
    /// `Map`
    Map(Arc<BTreeMap<Datum, Datum>>),
}

impl Datum {
    /// `None`
    pub const NONE: Datum = Datum::Option(None);
    /// `Some(d)`
    pub fn some(d: Datum) -> Datum {
        Datum::Option(Some(Arc::new(d)))
    }
    /// A tuple.
    pub fn tuple(items: Vec<Datum>) -> Datum {
        Datum::Tuple(Arc::new(items))
    }
    /// A set.
    pub fn set(items: impl IntoIterator<Item = Datum>) -> Datum {
        Datum::Set(Arc::new(items.into_iter().collect()))
    }
    /// A count.
    pub fn nat(k: usize) -> Datum {
        Datum::Nat(k as u64)
    }
    /// The field called `name` of a struct, or of that number of a tuple.
    pub fn field(&self, name: &str) -> Option<&Datum> {
        match self {
            Datum::Struct(_, names, values) => names.iter().position(|n| *n == name).map(|k| &values[k]),
            Datum::Tuple(values) => name.parse::<usize>().ok().and_then(|k| values.get(k)),
            _ => None,
        }
    }
    /// The same value with another value in one field.
    pub fn with_field(mut self, name: &str, value: Datum) -> Option<Datum> {
        match &mut self {
            Datum::Struct(_, names, values) => {
                let k = names.iter().position(|n| *n == name)?;
                Arc::make_mut(values)[k] = value;
            }
            Datum::Tuple(values) => *Arc::make_mut(values).get_mut(name.parse::<usize>().ok()?)? = value,
            _ => return None,
        }
        Some(self)
    }
    /// Calls `f` on this value and every value inside it that has sort `wanted`, where `sort` is the sort of this value.
    pub fn occurrences(&self, sort: &Sort, wanted: &Sort, f: &mut dyn FnMut(&Datum)) {
        if sort == wanted {
            f(self);
        }
        match (self, sort) {
            (Datum::Tuple(values), Sort::Tuple(sorts)) => values.iter().zip(sorts).for_each(|(v, s)| v.occurrences(s, wanted, f)),
            (Datum::Option(Some(value)), Sort::Option(sort)) => value.occurrences(sort, wanted, f),
            (Datum::Struct(_, _, values), Sort::Struct(_, fields)) => {
                values.iter().zip(fields).for_each(|(v, (_, s))| v.occurrences(s, wanted, f));
            }
            (Datum::Variant(k, _, _, values), Sort::Enum(_, variants)) => {
                values.iter().zip(&variants[*k as usize].1).for_each(|(v, (_, s))| v.occurrences(s, wanted, f));
            }
            (Datum::Set(values), Sort::Set(sort)) => values.iter().for_each(|v| v.occurrences(sort, wanted, f)),
            (Datum::Map(values), Sort::Map(key, value)) => values.iter().for_each(|(k, v)| {
                k.occurrences(key, wanted, f);
                v.occurrences(value, wanted, f);
            }),
            _ => {}
        }
    }
    /// The value with every process id renamed.
    pub fn rename(&self, to: &dyn Fn(Pid) -> Pid) -> Datum {
        let many = |values: &Arc<Vec<Datum>>| Arc::new(values.iter().map(|v| v.rename(to)).collect::<Vec<_>>());
        match self {
            Datum::Pid(p) => Datum::Pid(to(*p)),
            Datum::Tuple(values) => Datum::Tuple(many(values)),
            Datum::Option(Some(value)) => Datum::some(value.rename(to)),
            Datum::Struct(name, fields, values) => Datum::Struct(name, fields, many(values)),
            Datum::Variant(k, name, fields, values) => Datum::Variant(*k, name, fields, many(values)),
            Datum::Set(values) => Datum::set(values.iter().map(|v| v.rename(to))),
            Datum::Map(values) => Datum::Map(Arc::new(values.iter().map(|(k, v)| (k.rename(to), v.rename(to))).collect())),
            other => other.clone(),
        }
    }
}

impl fmt::Display for Datum {
    /// As Rust would write it, with `p2` for process ids and `φ1` for phases; `Datum::parse` reads it back.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list(f: &mut fmt::Formatter<'_>, open: &str, items: &[Datum], close: &str) -> fmt::Result {
            f.write_str(open)?;
            for (k, item) in items.iter().enumerate() {
                write!(f, "{}{item}", if k == 0 { "" } else { ", " })?;
            }
            f.write_str(close)
        }
        fn fields(f: &mut fmt::Formatter<'_>, name: &str, names: &[&str], values: &[Datum]) -> fmt::Result {
            write!(f, "{name} {{ ")?;
            for (k, (name, value)) in names.iter().zip(values).enumerate() {
                write!(f, "{}{name}: {value}", if k == 0 { "" } else { ", " })?;
            }
            f.write_str(" }")
        }
        match self {
            Datum::Unit => f.write_str("()"),
            Datum::Bool(b) => write!(f, "{b}"),
            Datum::Nat(k) => write!(f, "{k}"),
            Datum::Int(k) => write!(f, "{k}"),
            Datum::Text(t) => write!(f, "{t:?}"),
            Datum::Pid(p) => write!(f, "{p}"),
            Datum::Phase(p) => write!(f, "{p}"),
            Datum::Tuple(items) => list(f, "(", items, ")"),
            Datum::Option(None) => f.write_str("None"),
            Datum::Option(Some(d)) => write!(f, "Some({d})"),
            Datum::Struct(name, names, values) => fields(f, name, names, values),
            Datum::Variant(_, name, [], _) => f.write_str(name),
            Datum::Variant(_, name, ["0", ..], values) => {
                f.write_str(name)?;
                list(f, "(", values, ")")
            }
            Datum::Variant(_, name, names, values) => fields(f, name, names, values),
            Datum::Set(items) => list(f, "{", &items.iter().cloned().collect::<Vec<_>>(), "}"),
            Datum::Map(items) => {
                f.write_str("{")?;
                for (k, (key, value)) in items.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if k == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

impl fmt::Display for Sort {
    /// As Rust would write the type.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sort::Unit => f.write_str("()"),
            Sort::Bool => f.write_str("bool"),
            Sort::Nat => f.write_str("usize"),
            Sort::Word(name) | Sort::Struct(name, _) | Sort::Enum(name, _) => f.write_str(name),
            Sort::Text => f.write_str("String"),
            Sort::Pid => f.write_str("Pid"),
            Sort::Phase => f.write_str("Phase"),
            Sort::Tuple(sorts) => {
                let sorts: Vec<String> = sorts.iter().map(Sort::to_string).collect();
                write!(f, "({})", sorts.join(", "))
            }
            Sort::Option(s) => write!(f, "Option<{s}>"),
            Sort::Set(s) => write!(f, "Set<{s}>"),
            Sort::Map(k, v) => write!(f, "Map<{k}, {v}>"),
        }
    }
}

impl Sort {
    /// Whether a value of this sort may hold a value that satisfies `test`.
    pub fn any(&self, test: &dyn Fn(&Sort) -> bool) -> bool {
        test(self)
            || match self {
                Sort::Tuple(sorts) => sorts.iter().any(|s| s.any(test)),
                Sort::Option(s) | Sort::Set(s) => s.any(test),
                Sort::Map(k, v) => k.any(test) || v.any(test),
                Sort::Struct(_, fields) => fields.iter().any(|(_, s)| s.any(test)),
                Sort::Enum(_, variants) => variants.iter().any(|(_, fields)| fields.iter().any(|(_, s)| s.any(test))),
                _ => false,
            }
    }
    /// Every value of this sort within `bounds`, in order. Strings, maps and sets of more than [`LARGEST_POWER_SET`] things are not
    /// enumerated: an empty list.
    pub fn enumerate(&self, bounds: &Bounds) -> Vec<Datum> {
        match self {
            Sort::Unit => vec![Datum::Unit],
            Sort::Bool => vec![Datum::Bool(false), Datum::Bool(true)],
            Sort::Nat => (0..=bounds.nat).map(|k| Datum::Nat(k as u64)).collect(),
            Sort::Word(name) if name.starts_with('i') => (0..bounds.values).map(|k| Datum::Int(k as i64)).collect(),
            Sort::Word(_) => (0..bounds.values).map(|k| Datum::Nat(k as u64)).collect(),
            Sort::Pid => Pid::all(bounds.n).map(Datum::Pid).collect(),
            Sort::Phase => (0..bounds.phases).map(|k| Datum::Phase(Phase::new(k))).collect(),
            Sort::Tuple(sorts) => product(sorts.iter().map(|s| s.enumerate(bounds))).into_iter().map(Datum::tuple).collect(),
            Sort::Option(s) => std::iter::once(Datum::NONE).chain(s.enumerate(bounds).into_iter().map(Datum::some)).collect(),
            Sort::Struct(name, fields) => {
                let names = leak_names(fields);
                product(fields.iter().map(|(_, s)| s.enumerate(bounds)))
                    .into_iter()
                    .map(|values| Datum::Struct(name, names, Arc::new(values)))
                    .collect()
            }
            Sort::Enum(_, variants) => {
                let one = |(k, (name, fields)): (usize, &Variant)| {
                    let names = leak_names(fields);
                    product(fields.iter().map(|(_, s)| s.enumerate(bounds)))
                        .into_iter()
                        .map(|values| Datum::Variant(k as u32, name, names, Arc::new(values)))
                        .collect::<Vec<_>>()
                };
                variants.iter().enumerate().flat_map(one).collect()
            }
            Sort::Set(s) => {
                let elements = s.enumerate(bounds);
                let subset =
                    |mask: u32| Datum::set(elements.iter().enumerate().filter(|(k, _)| mask >> k & 1 == 1).map(|(_, d)| d.clone()));
                let mut sets: Vec<Datum> = match elements.len() {
                    1..=LARGEST_POWER_SET => (0..1u32 << elements.len()).map(subset).collect(),
                    _ => vec![],
                };
                sets.sort();
                sets
            }
            Sort::Text | Sort::Map(..) => vec![],
        }
    }
}

/// Of how many elements all subsets are enumerated.
pub const LARGEST_POWER_SET: usize = 6;

/// How far [`Sort::enumerate`] goes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Bounds {
    /// The number of processes: process ids are 0..n.
    pub n: usize,
    /// How many values a word takes: 0..values.
    pub values: usize,
    /// How many phases: 0..phases.
    pub phases: usize,
    /// The largest count.
    pub nat: usize,
}

/// All ways to choose one element of each list.
pub fn product(lists: impl IntoIterator<Item = Vec<Datum>>) -> Vec<Vec<Datum>> {
    lists.into_iter().fold(vec![vec![]], |prefixes, list| {
        prefixes.iter().flat_map(|p| list.iter().map(move |d| p.iter().cloned().chain([d.clone()]).collect())).collect()
    })
}

/// The names of fields as a slice that lives as long as the program. Sorts come from types, so there are few of them; equal lists
/// share one slice.
pub(crate) fn leak_names(fields: &[(&'static str, Sort)]) -> &'static [&'static str] {
    use std::sync::Mutex;
    static NAMES: Mutex<BTreeSet<&'static [&'static str]>> = Mutex::new(BTreeSet::new());
    let names: Vec<&'static str> = fields.iter().map(|(name, _)| *name).collect();
    let mut known = NAMES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match known.get(names.as_slice()) {
        Some(found) => found,
        None => {
            let leaked: &'static [&'static str] = Box::leak(names.into_boxed_slice());
            known.insert(leaked);
            leaked
        }
    }
}
