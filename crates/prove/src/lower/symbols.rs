//! Families of symbols: a field, an input, a parameter or an aggregate of any sort is a few symbols of scalar sorts.
//!
//! Worked example: the field `decision: Option<V>` is `has_decision : Process → Bool` and `decision : Process → Value`; the field
//! `ts: Option<Phase>` is `ts : Process → Time`, −1 for `None`.

use super::value::{Fit, Value};
use crate::term::{Fun, Role, Sort, Term, Terms};
use heardof_core::Sort as Data;

/// The symbols of one thing, in the shape of its sort.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Symbols {
    Unit,
    Scalar(Fun),
    Option(Fun, Box<Symbols>),
    Optional(Fun),
    /// A literal `None`.
    Nothing,
    Tuple(Vec<Symbols>),
    Struct(&'static str, Vec<(&'static str, Symbols)>),
    Enum(&'static str, Fun, Vec<Vec<Symbols>>),
    Set(Fun),
}

/// Where symbols are declared: their arguments and what they are.
#[derive(Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) arguments: &'a [Sort],
    pub(super) role: Role,
}

/// The data sort of elements of semilattices, of which nothing else is known: see `lattice`.
pub(super) const ELEMENT: Data = Data::Word("element");
/// The first sort that the lowering declares.
pub(super) const LATTICE: Sort = Sort::Opaque(0);

/// The sort of scalars of a data sort.
pub(super) fn scalar(data: &Data) -> Option<Sort> {
    Some(match data {
        data if *data == ELEMENT => LATTICE,
        Data::Bool => Sort::Bool,
        Data::Nat => Sort::Int,
        Data::Word(_) | Data::Text => Sort::Value,
        Data::Pid => Sort::Process,
        Data::Phase => Sort::Time,
        _ => return None,
    })
}

impl Symbols {
    /// Declares what a thing of sort `data` called `name` needs. `prime` goes behind every name.
    pub(super) fn declare(terms: &mut Terms, (name, prime): (&str, &str), data: &Data, of: Declared<'_>) -> Fit<Symbols> {
        let mut symbol = |stem: &str, sort| terms.declare(&format!("{stem}{prime}"), of.arguments, sort, of.role);
        if let Some(sort) = scalar(data) {
            return Ok(Symbols::Scalar(symbol(name, sort)));
        }
        Ok(match data {
            Data::Unit => Symbols::Unit,
            Data::Option(inner) => match **inner {
                Data::Nat => Symbols::Optional(symbol(name, Sort::Int)),
                Data::Phase => Symbols::Optional(symbol(name, Sort::Time)),
                _ => {
                    let some = symbol(&format!("has_{name}"), Sort::Bool);
                    Symbols::Option(some, Box::new(Symbols::declare(terms, (name, prime), inner, of)?))
                }
            },
            Data::Set(element) => match scalar(element) {
                Some(sort @ (Sort::Process | Sort::Value)) => Symbols::Set(symbol(name, sort.set().ok_or("no sets of these")?)),
                _ => return Err(format!("sets of {element} have no logic yet")),
            },
            Data::Tuple(sorts) => {
                let part = |(k, sort)| Symbols::declare(terms, (&format!("{name}_{k}"), prime), sort, of);
                Symbols::Tuple(sorts.iter().enumerate().map(part).collect::<Fit<_>>()?)
            }
            Data::Struct(type_name, fields) => {
                let part = |(field, sort): &(&'static str, Data)| {
                    let stem = if name.is_empty() { field.to_string() } else { format!("{name}_{field}") };
                    Ok((*field, Symbols::declare(terms, (&stem, prime), sort, of)?))
                };
                Symbols::Struct(type_name, fields.iter().map(part).collect::<Fit<_>>()?)
            }
            Data::Enum(type_name, variants) => {
                let tag = symbol(name, Sort::Int);
                let mut families = vec![];
                for (variant, fields) in variants {
                    let part = |(field, sort): &(&'static str, Data)| {
                        Symbols::declare(terms, (&format!("{name}_{variant}_{field}"), prime), sort, of)
                    };
                    families.push(fields.iter().map(part).collect::<Fit<_>>()?);
                }
                Symbols::Enum(type_name, tag, families)
            }
            _ => return Err(format!("{data} has no logic yet")),
        })
    }

    /// Declares symbols in the shape of `value`.
    pub(super) fn like(terms: &mut Terms, name: &str, value: &Value, of: Declared<'_>) -> Fit<Symbols> {
        let mut symbol = |stem: &str, sort| terms.declare(stem, of.arguments, sort, of.role);
        Ok(match value {
            Value::Unit => Symbols::Unit,
            Value::Scalar(t) => {
                let sort = terms.sort(*t);
                Symbols::Scalar(terms.declare(name, of.arguments, sort, of.role))
            }
            Value::Optional(t) => {
                let sort = terms.sort(*t);
                Symbols::Optional(terms.declare(name, of.arguments, sort, of.role))
            }
            Value::Option { value: None, .. } => Symbols::Nothing,
            Value::Option { value: Some(value), .. } => {
                let some = symbol(&format!("has_{name}"), Sort::Bool);
                Symbols::Option(some, Box::new(Symbols::like(terms, name, value, of)?))
            }
            Value::Tuple(items) => {
                let part = |(k, value)| Symbols::like(terms, &format!("{name}_{k}"), value, of);
                Symbols::Tuple(items.iter().enumerate().map(part).collect::<Fit<_>>()?)
            }
            Value::Struct(type_name, fields) => {
                let part =
                    |(field, value): &(&'static str, Value)| Ok((*field, Symbols::like(terms, &format!("{name}_{field}"), value, of)?));
                Symbols::Struct(type_name, fields.iter().map(part).collect::<Fit<_>>()?)
            }
            Value::Enum(type_name, tag, variants) => {
                let sort = terms.sort(*tag);
                let tag = terms.declare(name, of.arguments, sort, of.role);
                let mut families = vec![];
                for (k, fields) in variants.iter().enumerate() {
                    let part = |(field, value)| Symbols::like(terms, &format!("{name}_{k}_{field}"), value, of);
                    families.push(fields.iter().flatten().enumerate().map(part).collect::<Fit<_>>()?);
                }
                Symbols::Enum(type_name, tag, families)
            }
            Value::Set(Some(t)) => {
                let sort = terms.sort(*t);
                Symbols::Set(terms.declare(name, of.arguments, sort, of.role))
            }
            _ => return Err(format!("no symbols for {value:?}")),
        })
    }

    /// The value at some arguments.
    pub(super) fn at(&self, terms: &mut Terms, arguments: &[Term]) -> Value {
        match self {
            Symbols::Unit => Value::Unit,
            Symbols::Nothing => Value::none(terms),
            Symbols::Scalar(fun) => Value::Scalar(terms.app(*fun, arguments)),
            Symbols::Optional(fun) => Value::Optional(terms.app(*fun, arguments)),
            Symbols::Option(some, value) => {
                Value::Option { some: terms.app(*some, arguments), value: Some(Box::new(value.at(terms, arguments))) }
            }
            Symbols::Tuple(items) => Value::Tuple(items.iter().map(|s| s.at(terms, arguments)).collect()),
            Symbols::Struct(name, fields) => {
                Value::Struct(name, fields.iter().map(|(field, s)| (*field, s.at(terms, arguments))).collect())
            }
            Symbols::Enum(name, tag, variants) => {
                let tag = terms.app(*tag, arguments);
                let variants = variants.iter().map(|fields| Some(fields.iter().map(|s| s.at(terms, arguments)).collect()));
                Value::Enum(name, tag, variants.collect())
            }
            Symbols::Set(fun) => Value::Set(Some(terms.app(*fun, arguments))),
        }
    }

    /// All symbols.
    pub(super) fn leaves(&self, out: &mut Vec<Fun>) {
        match self {
            Symbols::Unit | Symbols::Nothing => {}
            Symbols::Scalar(fun) | Symbols::Optional(fun) | Symbols::Set(fun) => out.push(*fun),
            Symbols::Option(some, value) => {
                out.push(*some);
                value.leaves(out);
            }
            Symbols::Tuple(items) => items.iter().for_each(|s| s.leaves(out)),
            Symbols::Struct(_, fields) => fields.iter().for_each(|(_, s)| s.leaves(out)),
            Symbols::Enum(_, tag, variants) => {
                out.push(*tag);
                variants.iter().flatten().for_each(|s| s.leaves(out));
            }
        }
    }

    /// In which range numbers are: for each symbol what is true of it at `arguments`, where `given` holds. What stands in the place of
    /// an absent value is in no range.
    pub(super) fn ranges(&self, terms: &mut Terms, arguments: &[Term], given: Term, out: &mut Vec<(Fun, Term)>) {
        let mut within = |terms: &mut Terms, fun: Fun, least: i64, most: Option<i64>| {
            let (value, least) = (terms.app(fun, arguments), terms.int(least));
            let mut bounds = vec![terms.le(least, value)];
            if let Some(most) = most {
                let most = terms.int(most);
                bounds.push(terms.le(value, most));
            }
            let bounds = terms.and(bounds);
            out.push((fun, terms.implies(given, bounds)));
        };
        match self {
            Symbols::Scalar(fun) if matches!(terms.symbol(*fun).result, Sort::Int | Sort::Time) => within(terms, *fun, 0, None),
            Symbols::Unit | Symbols::Nothing | Symbols::Scalar(_) | Symbols::Set(_) => {}
            Symbols::Optional(fun) => within(terms, *fun, -1, None),
            Symbols::Option(some, value) => {
                let some = terms.app(*some, arguments);
                let given = terms.and([given, some]);
                value.ranges(terms, arguments, given, out);
            }
            Symbols::Tuple(items) => items.iter().for_each(|s| s.ranges(terms, arguments, given, out)),
            Symbols::Struct(_, fields) => fields.iter().for_each(|(_, s)| s.ranges(terms, arguments, given, out)),
            Symbols::Enum(_, tag, variants) => {
                within(terms, *tag, 0, Some(variants.len() as i64 - 1));
                for (k, fields) in variants.iter().enumerate() {
                    let (tag, number) = (terms.app(*tag, arguments), terms.int(k as i64));
                    let this = terms.eq(tag, number);
                    let given = terms.and([given, this]);
                    fields.iter().for_each(|s| s.ranges(terms, arguments, given, out));
                }
            }
        }
    }

    /// What it says that the symbols at `arguments` are `value`: one pair for each symbol of which something is known.
    pub(super) fn equations(&self, terms: &mut Terms, arguments: &[Term], value: &Value, out: &mut Vec<(Term, Term)>) -> Fit<()> {
        match (self, value) {
            (Symbols::Unit | Symbols::Nothing, _) => {}
            (Symbols::Scalar(fun), Value::Scalar(t))
            | (Symbols::Optional(fun), Value::Optional(t))
            | (Symbols::Set(fun), Value::Set(Some(t))) => {
                out.push((terms.app(*fun, arguments), *t));
            }
            (Symbols::Set(fun), Value::Set(None)) => {
                let set = terms.app(*fun, arguments);
                let element = terms.sort(set).element().ok_or("not a set")?;
                out.push((set, terms.empty_set(element)));
            }
            (Symbols::Optional(fun), Value::Option { value: None, .. }) => out.push((terms.app(*fun, arguments), terms.int(-1))),
            (Symbols::Optional(fun), Value::Option { some, value: Some(value) }) => {
                let Value::Scalar(t) = **value else { return Err(format!("{value:?} is not a number")) };
                let none = terms.int(-1);
                out.push((terms.app(*fun, arguments), terms.ite(*some, t, none)));
            }
            (Symbols::Option(fun, inner), Value::Option { .. } | Value::Optional(_)) => {
                let (some, value) = value.parts(terms).ok_or("not an option")?;
                out.push((terms.app(*fun, arguments), some));
                if let Some(value) = value {
                    inner.equations(terms, arguments, &value, out)?;
                }
            }
            (Symbols::Tuple(items), Value::Tuple(values)) => {
                items.iter().zip(values).try_for_each(|(s, v)| s.equations(terms, arguments, v, out))?;
            }
            (Symbols::Struct(_, fields), Value::Struct(_, values)) => {
                fields.iter().zip(values).try_for_each(|((_, s), (_, v))| s.equations(terms, arguments, v, out))?;
            }
            (Symbols::Enum(_, tag, families), Value::Enum(_, number, variants)) => {
                out.push((terms.app(*tag, arguments), *number));
                for (family, values) in families.iter().zip(variants) {
                    let Some(values) = values else { continue };
                    family.iter().zip(values).try_for_each(|(s, v)| s.equations(terms, arguments, v, out))?;
                }
            }
            _ => return Err(format!("{value:?} does not have the shape of its field")),
        }
        Ok(())
    }
}
