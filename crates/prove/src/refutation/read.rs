//! The state of a process in a finite model, as Rust would write it.
//!
//! Worked example: `has_decision_(p1)` is true and `decision_(p1)` is 0, so p1's field `decision` is `Some(0)` after the round.
//! [`Datum::parse`](heardof_core::Datum::parse) reads what is written here. The names are those that the lowering gives.

use crate::finite::{Element, Model};
use crate::term::{Fun, Terms};
use heardof_core::{Pid, Sort};

/// A reader of one model.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) terms: &'a Terms,
    pub(super) model: &'a Model,
}

impl Reader<'_> {
    /// The symbol of this name, if the model says something of it.
    pub(super) fn symbol(&self, name: &str) -> Option<Fun> {
        self.terms.find(name).filter(|fun| self.model.tables.contains_key(fun))
    }
    /// What the model says of a symbol; none where no formula mentions it.
    pub(super) fn element(&self, name: &str, at: &[Element]) -> Option<&Element> {
        let fun = self.terms.find(name).filter(|fun| self.terms.symbol(*fun).arguments.len() == at.len())?;
        self.model.apply(fun, at)
    }

    /// An element a of a semilattice as a set: {b : a ⋢ b}. Then a ⊑ c is inclusion, and the join is the union.
    fn beyond(&self, a: u32) -> Vec<String> {
        let elements = 0..self.model.opaque.first().copied().unwrap_or(0);
        let below = |b: &u32| self.element("below", &[Element::Member(a), Element::Member(*b)]) == Some(&Element::Bool(true));
        elements.filter(|b| !below(b)).map(|b| b.to_string()).collect()
    }

    /// Whether a process does not follow the text.
    pub(super) fn is_faulty(&self, p: Pid) -> bool {
        self.element("faulty", &[Element::Member(p.index() as u32)]) == Some(&Element::Bool(true))
    }

    /// The symbols that a thing of a sort consists of, without primes.
    pub(super) fn symbols(name: &str, sort: &Sort) -> Vec<String> {
        match sort {
            Sort::Unit => vec![],
            Sort::Option(inner) if matches!(**inner, Sort::Phase | Sort::Nat) => vec![name.to_string()],
            Sort::Option(inner) => std::iter::once(format!("has_{name}")).chain(Self::symbols(name, inner)).collect(),
            Sort::Tuple(sorts) => sorts.iter().enumerate().flat_map(|(k, sort)| Self::symbols(&format!("{name}_{k}"), sort)).collect(),
            Sort::Struct(_, fields) => fields.iter().flat_map(|(field, sort)| Self::symbols(&member(name, field), sort)).collect(),
            Sort::Enum(_, variants) => {
                let of = |(variant, fields): &heardof_core::datum::Variant| -> Vec<String> {
                    fields.iter().flat_map(|(field, sort)| Self::symbols(&format!("{name}_{variant}_{field}"), sort)).collect()
                };
                std::iter::once(name.to_string()).chain(variants.iter().flat_map(of)).collect()
            }
            _ => vec![name.to_string()],
        }
    }

    /// A thing of a sort, `prime` behind the names of its symbols. What no formula mentions can be anything, and is the least there is.
    pub(super) fn text(&self, name: &str, prime: &str, sort: &Sort, at: &[Element]) -> String {
        let element = |name: &str| self.element(&format!("{name}{prime}"), at);
        let number = |name: &str, otherwise: i64| if let Some(Element::Number(k)) = element(name) { *k } else { otherwise };
        match sort {
            Sort::Unit => "()".into(),
            Sort::Bool => (element(name) == Some(&Element::Bool(true))).to_string(),
            Sort::Option(inner) if matches!(**inner, Sort::Phase | Sort::Nat) => match number(name, -1) {
                -1 => "None".into(),
                _ => format!("Some({})", self.text(name, prime, inner, at)),
            },
            Sort::Option(inner) => match element(&format!("has_{name}")) {
                Some(Element::Bool(true)) => format!("Some({})", self.text(name, prime, inner, at)),
                _ => "None".into(),
            },
            Sort::Tuple(sorts) => {
                let parts = sorts.iter().enumerate().map(|(k, sort)| self.text(&format!("{name}_{k}"), prime, sort, at));
                format!("({})", parts.collect::<Vec<_>>().join(", "))
            }
            Sort::Struct(type_name, fields) => {
                let parts = fields.iter().map(|(field, sort)| format!("{field}: {}", self.text(&member(name, field), prime, sort, at)));
                format!("{type_name} {{ {} }}", parts.collect::<Vec<_>>().join(", "))
            }
            Sort::Enum(_, variants) => {
                let Some((variant, fields)) = usize::try_from(number(name, 0)).ok().and_then(|k| variants.get(k)) else {
                    return "?".into();
                };
                let tuple = fields.first().is_some_and(|(field, _)| *field == "0");
                let part = |(field, sort): &(&'static str, Sort)| {
                    let text = self.text(&format!("{name}_{variant}_{field}"), prime, sort, at);
                    if tuple { text } else { format!("{field}: {text}") }
                };
                let parts = fields.iter().map(part).collect::<Vec<_>>().join(", ");
                match (fields.is_empty(), tuple) {
                    (true, _) => variant.to_string(),
                    (_, true) => format!("{variant}({parts})"),
                    _ => format!("{variant} {{ {parts} }}"),
                }
            }
            Sort::Set(inner) => {
                let of = match element(name) {
                    Some(Element::Set(set)) => set.iter().map(|e| scalar(inner, e)).collect(),
                    Some(Element::Member(k)) => self.beyond(*k),
                    _ => vec![],
                };
                format!("{{{}}}", of.join(", "))
            }
            _ => scalar(sort, element(name).unwrap_or(&Element::Number(0))),
        }
    }
}

fn member(name: &str, field: &str) -> String {
    if name.is_empty() { field.to_string() } else { format!("{name}_{field}") }
}

fn scalar(sort: &Sort, element: &Element) -> String {
    match (sort, element) {
        (Sort::Pid, Element::Member(k)) => format!("p{k}"),
        (Sort::Pid, _) => "p0".into(),
        (Sort::Phase, Element::Number(k)) => format!("φ{k}"),
        (Sort::Text, Element::Number(k)) => format!("\"{k}\""),
        (_, Element::Number(k)) => k.to_string(),
        _ => "0".into(),
    }
}
