//! Sorts with unknowns, and unification.

use crate::datum::Sort;
use std::collections::BTreeMap;
use std::fmt;

/// A sort during inference: [`Sort`], plus unknowns, plus what only texts have (contexts, mailboxes, ..).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Ty {
    Var(usize),
    Unit,
    Bool,
    Nat,
    Word(&'static str),
    Text,
    Pid,
    Phase,
    Tuple(Vec<Ty>),
    Option(Box<Ty>),
    Set(Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    /// A struct or enum, by name.
    Named(&'static str),
    Mailbox(Box<Ty>),
    Outbox(Box<Ty>),
    Context,
    System,
    HeardOf,
    Progress,
    Faults,
}

impl Ty {
    pub(super) fn of(sort: &Sort) -> Ty {
        match sort {
            Sort::Unit => Ty::Unit,
            Sort::Bool => Ty::Bool,
            Sort::Nat => Ty::Nat,
            Sort::Word(name) => Ty::Word(name),
            Sort::Text => Ty::Text,
            Sort::Pid => Ty::Pid,
            Sort::Phase => Ty::Phase,
            Sort::Tuple(sorts) => Ty::Tuple(sorts.iter().map(Ty::of).collect()),
            Sort::Option(s) => Ty::Option(Box::new(Ty::of(s))),
            Sort::Set(s) => Ty::Set(Box::new(Ty::of(s))),
            Sort::Map(k, v) => Ty::Map(Box::new(Ty::of(k)), Box::new(Ty::of(v))),
            Sort::Struct(name, _) | Sort::Enum(name, _) => Ty::Named(name),
        }
    }

    fn children(&self) -> Vec<&Ty> {
        match self {
            Ty::Tuple(items) => items.iter().collect(),
            Ty::Option(t) | Ty::Set(t) | Ty::Mailbox(t) | Ty::Outbox(t) => vec![t],
            Ty::Map(k, v) => vec![k, v],
            _ => vec![],
        }
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Var(_) => f.write_str("?"),
            Ty::Unit => f.write_str("()"),
            Ty::Bool => f.write_str("bool"),
            Ty::Nat => f.write_str("usize"),
            Ty::Word(name) | Ty::Named(name) => f.write_str(name),
            Ty::Text => f.write_str("String"),
            Ty::Tuple(items) => {
                let items: Vec<String> = items.iter().map(Ty::to_string).collect();
                write!(f, "({})", items.join(", "))
            }
            Ty::Option(t) => write!(f, "Option<{t}>"),
            Ty::Set(t) => write!(f, "Set<{t}>"),
            Ty::Map(k, v) => write!(f, "Map<{k}, {v}>"),
            Ty::Mailbox(t) => write!(f, "Mailbox<{t}>"),
            Ty::Outbox(t) => write!(f, "Outbox<{t}>"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// What the unknowns are, as far as found out.
#[derive(Default)]
pub(super) struct Solver {
    bound: Vec<Option<Ty>>,
    /// Unknowns that are numbers: `usize` unless something says otherwise.
    numbers: Vec<bool>,
}

impl Solver {
    pub(super) fn fresh(&mut self) -> Ty {
        self.bound.push(None);
        self.numbers.push(false);
        Ty::Var(self.bound.len() - 1)
    }

    pub(super) fn number(&mut self) -> Ty {
        let ty = self.fresh();
        *self.numbers.last_mut().expect("just pushed") = true;
        ty
    }

    /// Follows unknowns at the top.
    pub(super) fn resolve(&self, ty: &Ty) -> Ty {
        let mut ty = ty;
        while let Ty::Var(k) = ty
            && let Some(bound) = &self.bound[*k]
        {
            ty = bound;
        }
        ty.clone()
    }

    fn occurs(&self, k: usize, ty: &Ty) -> bool {
        match self.resolve(ty) {
            Ty::Var(j) => j == k,
            ty => ty.children().into_iter().any(|t| self.occurs(k, t)),
        }
    }

    /// Makes two sorts equal; false if they cannot be.
    pub(super) fn unify(&mut self, a: &Ty, b: &Ty) -> bool {
        let (a, b) = (self.resolve(a), self.resolve(b));
        match (&a, &b) {
            (Ty::Var(j), Ty::Var(k)) if j == k => true,
            (Ty::Var(j), Ty::Var(k)) => {
                let number = self.numbers[*j] || self.numbers[*k];
                self.numbers[*k] = number;
                self.bound[*j] = Some(b);
                true
            }
            (Ty::Var(k), ty) | (ty, Ty::Var(k)) => {
                if self.occurs(*k, ty) || (self.numbers[*k] && !matches!(ty, Ty::Nat | Ty::Word(_))) {
                    return false;
                }
                self.bound[*k] = Some(ty.clone());
                true
            }
            _ => {
                let (xs, ys) = (a.children(), b.children());
                let same_head = std::mem::discriminant(&a) == std::mem::discriminant(&b) && xs.len() == ys.len();
                if xs.is_empty() { a == b } else { same_head && xs.into_iter().zip(ys).all(|(x, y)| self.unify(x, y)) }
            }
        }
    }

    /// The sort with everything known filled in, for messages.
    pub(super) fn settled(&self, ty: &Ty) -> Ty {
        let boxed = |t: &Ty| Box::new(self.settled(t));
        match self.resolve(ty) {
            Ty::Var(k) if self.numbers[k] => Ty::Nat,
            Ty::Tuple(items) => Ty::Tuple(items.iter().map(|t| self.settled(t)).collect()),
            Ty::Option(t) => Ty::Option(boxed(&t)),
            Ty::Set(t) => Ty::Set(boxed(&t)),
            Ty::Map(k, v) => Ty::Map(boxed(&k), boxed(&v)),
            Ty::Mailbox(t) => Ty::Mailbox(boxed(&t)),
            Ty::Outbox(t) => Ty::Outbox(boxed(&t)),
            other => other,
        }
    }

    /// The sort, if it is fully known and a sort of values.
    pub(super) fn sort(&self, ty: &Ty, structs: &BTreeMap<String, Sort>) -> Option<Sort> {
        let boxed = |t: &Ty| self.sort(t, structs).map(Box::new);
        Some(match self.resolve(ty) {
            Ty::Var(k) if self.numbers[k] => Sort::Nat,
            Ty::Unit => Sort::Unit,
            Ty::Bool => Sort::Bool,
            Ty::Nat => Sort::Nat,
            Ty::Word(name) => Sort::Word(name),
            Ty::Text => Sort::Text,
            Ty::Pid => Sort::Pid,
            Ty::Phase => Sort::Phase,
            Ty::Tuple(items) => Sort::Tuple(items.iter().map(|t| self.sort(t, structs)).collect::<Option<_>>()?),
            Ty::Option(t) => Sort::Option(boxed(&t)?),
            Ty::Set(t) => Sort::Set(boxed(&t)?),
            Ty::Map(k, v) => Sort::Map(boxed(&k)?, boxed(&v)?),
            Ty::Named(name) => structs.get(name)?.clone(),
            _ => return None,
        })
    }
}

/// The sort of a type as written on a closure parameter: `&V`, `bool`, `&Option<V>`, `(Pid, V)`; `None` if it says nothing (`_`).
pub(super) fn written(text: &str, generics: &BTreeMap<String, Sort>, structs: &BTreeMap<String, Sort>) -> Option<Ty> {
    let text = text.trim().trim_start_matches('&').trim();
    let inside = |open: &str, close: char| text.strip_prefix(open).and_then(|t| t.trim().strip_suffix(close));
    let parts = |inner: &str| split(inner).into_iter().map(|t| written(t, generics, structs)).collect::<Option<Vec<Ty>>>();
    if let Some(inner) = inside("(", ')') {
        let items = parts(inner)?;
        return Some(if items.is_empty() { Ty::Unit } else { Ty::Tuple(items) });
    }
    if let Some((name, inner)) = text.split_once('<') {
        let inner = parts(inner.trim().strip_suffix('>')?)?;
        return match (name.trim(), inner.as_slice()) {
            ("Option", [t]) => Some(Ty::Option(Box::new(t.clone()))),
            ("Set", [t]) => Some(Ty::Set(Box::new(t.clone()))),
            ("Map", [k, v]) => Some(Ty::Map(Box::new(k.clone()), Box::new(v.clone()))),
            (name, _) => structs.get(name).map(Ty::of),
        };
    }
    const WORDS: [&str; 6] = ["u8", "u16", "u32", "u64", "i32", "i64"];
    match text {
        "bool" => Some(Ty::Bool),
        "usize" => Some(Ty::Nat),
        "String" => Some(Ty::Text),
        "Pid" => Some(Ty::Pid),
        "Phase" => Some(Ty::Phase),
        _ => {
            let word = WORDS.iter().find(|w| **w == text).map(|w| Ty::Word(w));
            word.or_else(|| generics.get(text).or_else(|| structs.get(text)).map(Ty::of))
        }
    }
}

/// Splits at the commas outside all brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, vec![]);
    for (k, c) in text.char_indices() {
        match c {
            '<' | '(' => depth += 1,
            '>' | ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..k]);
                start = k + 1;
            }
            _ => {}
        }
    }
    if !text[start..].trim().is_empty() {
        parts.push(&text[start..]);
    }
    parts
}
