//! Terms as SMT-LIB text without any theory of sets: a set-valued function is a predicate with one argument more.
//!
//! Worked example: `j ∈ HO(i)` is `(HO i j)`. Closed terms that occur more than once are defined once (`define-fun`). Cardinalities,
//! comprehensions, set variables and sets as arguments have no such text: they must have been translated before.

use crate::solver::Solver;
use crate::term::{Node, Sort, Symbol, Term, Terms, Var};
use std::collections::BTreeMap;

/// What has no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Untranslated(pub Term);

/// Writes terms of one [`Terms`]; remembers what has been defined.
#[derive(Default)]
pub struct Writer {
    names: BTreeMap<Term, String>,
    uses: BTreeMap<Term, u32>,
}

/// A sort; sets have none.
pub fn sort(sort: Sort) -> Option<String> {
    match sort {
        Sort::Bool => Some("Bool".to_string()),
        Sort::Int | Sort::Value | Sort::Time => Some("Int".to_string()),
        Sort::Process => Some("Process".to_string()),
        Sort::Opaque(k) => Some(format!("Opaque{k}")),
        _ => None,
    }
}

/// The declaration of a symbol; none if it takes sets.
pub fn declaration(symbol: &Symbol) -> Option<String> {
    let mut arguments = symbol.arguments.iter().map(|&s| sort(s)).collect::<Option<Vec<String>>>()?;
    let result = match symbol.result.element() {
        Some(element) => {
            arguments.push(sort(element)?);
            "Bool".to_string()
        }
        None => sort(symbol.result)?,
    };
    Some(format!("(declare-fun {} ({}) {result})", name(symbol), arguments.join(" ")))
}

/// A symbol's name, which cannot be a word of SMT-LIB.
pub fn name(symbol: &Symbol) -> String {
    format!("f_{}", symbol.name)
}

fn variable(var: Var) -> String {
    format!("v{}", var.0)
}

/// An integer: negative ones are sums without a left side.
pub fn integer(value: i64) -> String {
    if value < 0 { format!("(- {})", value.unsigned_abs()) } else { value.to_string() }
}

impl Writer {
    /// The commands that assert `formula`.
    ///
    /// # Errors
    /// The first subterm that has no text.
    pub fn assert(&mut self, terms: &Terms, formula: Term) -> Result<Vec<String>, Untranslated> {
        let mut commands = Vec::new();
        self.uses.clear();
        self.count(terms, formula);
        let text = self.text(terms, formula, &mut commands)?;
        commands.push(format!("(assert {text})"));
        Ok(commands)
    }
    /// The text of `formula`; what it needs is defined first, in `solver`'s present scope.
    ///
    /// # Errors
    /// As [`Writer::assert`].
    pub fn define(&mut self, terms: &Terms, formula: Term, solver: &mut Solver) -> Result<String, Untranslated> {
        let mut commands = Vec::new();
        self.uses.clear();
        self.count(terms, formula);
        let text = self.text(terms, formula, &mut commands)?;
        commands.iter().for_each(|command| solver.send(command));
        Ok(text)
    }
    fn count(&mut self, terms: &Terms, term: Term) {
        let uses = self.uses.entry(term).or_insert(0);
        *uses += 1;
        if *uses == 1 {
            terms.children(term).into_iter().for_each(|child| self.count(terms, child));
        }
    }

    fn text(&mut self, terms: &Terms, term: Term, commands: &mut Vec<String>) -> Result<String, Untranslated> {
        if let Some(name) = self.names.get(&term) {
            return Ok(name.clone());
        }
        let text = self.node(terms, term, commands)?;
        let shared = self.uses.get(&term).is_some_and(|&uses| uses > 1);
        match sort(terms.sort(term)) {
            Some(sort) if shared && !terms.facts(term).open && !terms.children(term).is_empty() => {
                let name = format!("t{}", term.0);
                commands.push(format!("(define-fun {name} () {sort} {text})"));
                self.names.insert(term, name.clone());
                Ok(name)
            }
            _ => Ok(text),
        }
    }
    fn node(&mut self, terms: &Terms, term: Term, commands: &mut Vec<String>) -> Result<String, Untranslated> {
        let mut all = |word: &str, list: &[Term]| -> Result<String, Untranslated> {
            let parts = list.iter().map(|&t| self.text(terms, t, commands)).collect::<Result<Vec<_>, _>>()?;
            Ok(if parts.is_empty() { word.to_string() } else { format!("({word} {})", parts.join(" ")) })
        };
        match terms.node(term) {
            Node::Bool(value) => Ok(value.to_string()),
            Node::Int(value) => Ok(integer(*value)),
            Node::Var(var) if sort(terms.variable_sort(*var)).is_some() => Ok(variable(*var)),
            Node::App(fun, list) if sort(terms.symbol(*fun).result).is_some() => all(&name(terms.symbol(*fun)), list),
            Node::Not(a) => all("not", &[*a]),
            Node::And(list) => all("and", list),
            Node::Or(list) => all("or", list),
            Node::Add(list) => all("+", list),
            Node::Ite(c, a, b) => all("ite", &[*c, *a, *b]),
            Node::Eq(a, b) => all("=", &[*a, *b]),
            Node::Le(a, b) => all("<=", &[*a, *b]),
            Node::Lt(a, b) => all("<", &[*a, *b]),
            Node::Mul(k, a) => all(&format!("* {}", integer(*k)), &[*a]),
            Node::Forall(vars, body) => all(&format!("forall ({})", bindings(terms, vars).ok_or(Untranslated(term))?), &[*body]),
            Node::Exists(vars, body) => all(&format!("exists ({})", bindings(terms, vars).ok_or(Untranslated(term))?), &[*body]),
            Node::Member(element, set) => match terms.node(*set) {
                Node::App(fun, list) => {
                    let arguments: Vec<Term> = list.iter().copied().chain([*element]).collect();
                    all(&name(terms.symbol(*fun)), &arguments)
                }
                _ => Err(Untranslated(term)),
            },
            Node::Var(_) | Node::App(..) | Node::Card(_) | Node::Comprehension(..) => Err(Untranslated(term)),
        }
    }
}

fn bindings(terms: &Terms, vars: &[Var]) -> Option<String> {
    let all = vars.iter().map(|&v| Some(format!("({} {})", variable(v), sort(terms.variable_sort(v))?)));
    all.collect::<Option<Vec<String>>>().map(|list| list.join(" "))
}
