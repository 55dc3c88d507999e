//! Symbols, variables and their sorts; text becomes a term only when its sorts fit.
//!
//! Sorts are terms too: `Process`, `(Set Value)`. The solver sees `Int`, `Value` and `Time` as integers.

use crate::term::{Term, make, raw, word};
use std::collections::BTreeMap;
use std::rc::Rc;

/// What is known of names.
#[derive(Default)]
pub(crate) struct Names {
    /// The sorts of the arguments, and of the result.
    pub(crate) symbols: BTreeMap<Rc<str>, (Vec<Term>, Term)>,
    /// A variable has one sort in the whole certificate.
    variables: BTreeMap<Rc<str>, Term>,
}

const NUMBERS: [&str; 3] = ["Int", "Value", "Time"];
const RESERVED: [&str; 17] =
    ["true", "false", "not", "and", "or", "ite", "in", "card", "set", "forall", "exists", "Set", "Bool", "Process", "Int", "Value", "Time"];

/// The sort of a set's elements.
pub(crate) fn element(sort: &Term) -> Option<&Term> {
    if sort.is("Set") { sort.list.first() } else { None }
}
/// The text as a sort.
pub(crate) fn sort(text: &Term) -> Result<Term, String> {
    let opaque = || text.head.strip_prefix('S').is_some_and(|k| k.parse::<u32>().is_ok());
    let plain = text.list.is_empty() && (NUMBERS.contains(&&*text.head) || ["Bool", "Process"].contains(&&*text.head) || opaque());
    let set = element(text).is_some_and(|e| ["Process", "Value"].contains(&&*e.head) && e.list.is_empty()) && text.list.len() == 1;
    if plain || set { Ok(text.clone()) } else { Err(format!("`{}` is not a sort", text.head)) }
}

impl Names {
    /// A new symbol. `sk0`, `C0`, `part0`, .. are for the derivation alone.
    pub(crate) fn declare(&mut self, name: &str, arguments: Vec<Term>, result: Term) -> Result<(), String> {
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let made = ["sk", "C", "part"].iter().any(|stem| name.strip_prefix(stem).is_some_and(|k| k.parse::<usize>().is_ok()));
        if !plain || made || RESERVED.contains(&name) || self.symbols.contains_key(name) {
            return Err(format!("no new symbol may be called `{name}`"));
        }
        self.symbols.insert(name.into(), (arguments, result));
        Ok(())
    }
    /// A variable of the checker's own, the same for the same kind, position and sort, as a binder.
    pub(crate) fn canonical(&mut self, kind: &str, position: usize, sort: &Term) -> Term {
        let name = format!("?{kind}{position}:{}{}", sort.head, sort.list.first().map_or("", |e| &e.head));
        self.variables.insert(name.as_str().into(), sort.clone());
        raw(&name, vec![sort.clone()])
    }

    /// The sort of a term.
    pub(crate) fn sort(&self, term: &Term) -> Term {
        match &*term.head {
            "card" => word("Int"),
            "ite" if term.list[1].int().is_some() => self.sort(&term.list[2]),
            "ite" | "*" => self.sort(&term.list[1]),
            "+" => term.list.iter().map(|t| self.sort(t)).find(|s| !s.is("Int")).unwrap_or(word("Int")),
            "set" => raw("Set", term.list[0].list.to_vec()),
            name => match (self.symbols.get(name), self.variables.get(name)) {
                (Some((_, sort)), _) | (None, Some(sort)) => sort.clone(),
                _ => word(if term.int().is_some() { "Int" } else { "Bool" }),
            },
        }
    }
    /// Whether a term may stand where a sort is asked for: what is made of literals fits every number sort.
    pub(crate) fn fits(&self, term: &Term, sort: &Term) -> bool {
        fn literal(term: &Term) -> bool {
            let skip = usize::from(term.is("ite"));
            term.int().is_some() || (matches!(&*term.head, "ite" | "+" | "*") && term.list[skip..].iter().all(literal))
        }
        self.sort(term) == *sort || (NUMBERS.contains(&&*sort.head) && literal(term))
    }

    /// Reads `(v Sort)` and brings `?v` into scope.
    pub(crate) fn binder(&mut self, text: &Term, scope: &mut Vec<Rc<str>>) -> Result<Term, String> {
        let [of] = &text.list[..] else { return Err("`(variable Sort)` is missing".into()) };
        let (name, of) = (Rc::from(format!("?{}", text.head)), sort(of)?);
        if scope.contains(&name) || self.symbols.contains_key(&text.head) || text.head.contains(':') {
            return Err(format!("`{}` has a meaning already", text.head));
        }
        if *self.variables.entry(Rc::clone(&name)).or_insert(of.clone()) != of {
            return Err(format!("`{}` has another sort elsewhere", text.head));
        }
        scope.push(Rc::clone(&name));
        Ok(raw(&name, vec![of]))
    }
    /// Reads a term of this sort.
    pub(crate) fn typed(&mut self, text: &Term, scope: &mut Vec<Rc<str>>, sort: &str) -> Result<Term, String> {
        let term = self.read(text, scope)?;
        if self.fits(&term, &word(sort)) { Ok(term) } else { Err(format!("`{}` is not of sort {sort}", text.head)) }
    }
    /// Reads a term.
    pub(crate) fn read(&mut self, text: &Term, scope: &mut Vec<Rc<str>>) -> Result<Term, String> {
        let head = &*text.head;
        if let ("forall" | "exists" | "set", [binders, body]) = (head, &text.list[..]) {
            let outside = scope.len();
            let binders = if head == "set" { vec![binders.clone()] } else { binders.items() };
            let mut list = binders.iter().map(|b| self.binder(b, scope)).collect::<Result<Vec<Term>, String>>()?;
            if head == "set" {
                sort(&raw("Set", list[0].list.to_vec()))?;
            }
            list.push(self.typed(body, scope, "Bool")?);
            scope.truncate(outside);
            return Ok(make(head, list));
        }
        let variable = format!("?{head}");
        if text.list.is_empty() && scope.contains(&Rc::from(variable.as_str())) {
            return Ok(word(&variable));
        }
        let list = text.list.iter().map(|t| self.read(t, scope)).collect::<Result<Vec<Term>, String>>()?;
        if self.well_sorted(head, &list) { Ok(make(head, list)) } else { Err(format!("`{head}` is not known, or the sorts do not fit")) }
    }
    fn well_sorted(&self, head: &str, list: &[Term]) -> bool {
        let sorts: Vec<Term> = list.iter().map(|t| self.sort(t)).collect();
        let number = |k: usize| NUMBERS.contains(&&*sorts[k].head);
        let agree = |k: usize, l: usize| (self.fits(&list[k], &sorts[l]) || self.fits(&list[l], &sorts[k])) && !sorts[k].is("Set");
        match (head, list) {
            ("true" | "false", []) | ("and" | "or", [_, _, ..]) | ("not", [_]) => sorts.iter().all(|s| s.is("Bool")),
            ("ite", [_, _, _]) => sorts[0].is("Bool") && agree(1, 2),
            ("=", [_, _]) => agree(0, 1),
            ("<=" | "<", [_, _]) => agree(0, 1) && number(0),
            ("*", [k, _]) => k.int().is_some() && number(1),
            ("+", [_, _, ..]) => {
                let whole = self.sort(&raw("+", list.to_vec()));
                NUMBERS.contains(&&*whole.head) && list.iter().all(|t| self.fits(t, &whole))
            }
            ("in", [e, set]) => element(&sorts[1]).is_some_and(|s| self.fits(e, s)) && !set.is("set"),
            ("card", [_]) => sorts[0].is("Set"),
            (_, []) if head.parse::<i64>().is_ok() => true,
            // A quantifier may stand within an atom in the condition of an `ite` only.
            _ => self.symbols.get(head).is_some_and(|(wanted, _)| {
                let fits = |(t, s): (&Term, &Term)| self.fits(t, s) && !(s.is("Bool") && t.quantified());
                wanted.len() == list.len() && list.iter().zip(wanted).all(fits)
            }),
        }
    }
}
