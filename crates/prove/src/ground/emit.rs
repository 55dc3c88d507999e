//! Ground terms as SMT-LIB, long subterms written once.
//!
//! A term whose text is long becomes a macro, `(define-fun t17 () Bool (and ..))`, so that a formula has about the size of its graph;
//! short ones are repeated, as a solver spends more on a macro than on reading a short term again. `|S(a)|` is the application
//! `card_S(a)`, `e ∈ S(a)` is `in_S(e, a)`. Symbols and macros belong to the solver's current scope; [`Emitter::mark`] and
//! [`Emitter::rewind`] follow its push and pop.

use super::model::{Key, application};
use crate::term::{Node, Sort, Term, Terms};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Longer texts become macros, in bytes. Between 100 and 1 000 it makes little difference.
const LONGEST: usize = 200;

/// What was written to a solver so far.
#[derive(Clone, Debug, Default)]
pub struct Emitter {
    /// What stands for each term that was written.
    written: BTreeMap<Term, String>,
    declared: BTreeSet<String>,
    trail: Vec<Step>,
    /// The applications that the solver knows, arguments before what is applied to them.
    applications: Vec<Term>,
}

#[derive(Clone, Debug)]
enum Step {
    Written(Term),
    Declared(String),
    Application,
}

/// The sort as the solver sees it.
pub fn sort_name(sort: Sort) -> String {
    match sort {
        Sort::Bool => "Bool".into(),
        Sort::Int | Sort::Value | Sort::Time => "Int".into(),
        Sort::Process => "Process".into(),
        other => other.to_string(),
    }
}

impl Emitter {
    /// What stands for `term`; whatever has to be declared before it is appended to `out`.
    pub fn name(&mut self, terms: &Terms, term: Term, out: &mut String) -> String {
        if let Some(text) = self.written.get(&term) {
            return text.clone();
        }
        let mut text = self.body(terms, term, out);
        if text.len() > LONGEST {
            let name = format!("t{}", term.0);
            let _ = writeln!(out, "(define-fun {name} () {} {text})", sort_name(terms.sort(term)));
            text = name;
        }
        self.written.insert(term, text.clone());
        self.trail.push(Step::Written(term));
        if application(terms, term).is_some() {
            self.applications.push(term);
            self.trail.push(Step::Application);
        }
        text
    }

    fn body(&mut self, terms: &Terms, term: Term, out: &mut String) -> String {
        if let Some((key, arguments)) = application(terms, term) {
            let symbol = self.symbol(terms, key, &arguments, out);
            if arguments.is_empty() {
                return symbol;
            }
            return self.list(terms, &symbol, &arguments, out);
        }
        let head = match terms.node(term) {
            Node::Bool(value) => return value.to_string(),
            Node::Int(value) => return integer(*value),
            Node::Not(_) => "not",
            Node::And(_) => "and",
            Node::Or(_) => "or",
            Node::Ite(..) => "ite",
            Node::Eq(..) => "=",
            Node::Le(..) => "<=",
            Node::Lt(..) => "<",
            Node::Add(_) => "+",
            Node::Mul(k, a) => {
                let name = self.name(terms, *a, out);
                return format!("(* {} {name})", integer(*k));
            }
            node => unreachable!("not ground: {node:?}"),
        };
        let children = terms.children(term);
        self.list(terms, head, &children, out)
    }

    fn list(&mut self, terms: &Terms, head: &str, children: &[Term], out: &mut String) -> String {
        let mut text = format!("({head}");
        for &child in children {
            text.push(' ');
            text.push_str(&self.name(terms, child, out));
        }
        text.push(')');
        text
    }

    /// The solver's symbol, declared when new. Two prefixes that no symbol of a problem has keep the three kinds apart.
    fn symbol(&mut self, terms: &Terms, key: Key, arguments: &[Term], out: &mut String) -> String {
        let (Key::Function(fun) | Key::Card(fun) | Key::Member(fun)) = key;
        let symbol = terms.symbol(fun);
        let (name, sorts, result) = match key {
            Key::Function(_) => (format!("f_{}", symbol.name), symbol.arguments.clone(), symbol.result),
            Key::Card(_) => (format!("card_{}", symbol.name), symbol.arguments.clone(), Sort::Int),
            Key::Member(_) => {
                let element = symbol.result.element().expect("a set");
                let sorts = std::iter::once(element).chain(symbol.arguments.iter().copied()).collect();
                (format!("in_{}", symbol.name), sorts, Sort::Bool)
            }
        };
        debug_assert!(arguments.is_empty() || arguments.len() == sorts.len(), "as declared");
        for &sort in sorts.iter().chain([&result]) {
            if matches!(sort, Sort::Process | Sort::Opaque(_)) && self.declare(format!("sort {}", sort_name(sort))) {
                let _ = writeln!(out, "(declare-sort {} 0)", sort_name(sort));
            }
        }
        if self.declare(name.clone()) {
            let sorts: Vec<String> = sorts.into_iter().map(sort_name).collect();
            let _ = writeln!(out, "(declare-fun {name} ({}) {})", sorts.join(" "), sort_name(result));
        }
        name
    }
    fn declare(&mut self, what: String) -> bool {
        let new = self.declared.insert(what.clone());
        if new {
            self.trail.push(Step::Declared(what));
        }
        new
    }

    /// The applications that the solver knows, arguments first.
    pub fn applications(&self) -> &[Term] {
        &self.applications
    }
    /// Where the solver's scope begins.
    pub fn mark(&self) -> usize {
        self.trail.len()
    }
    /// Forgets what was written since `mark`: the solver has popped it.
    pub fn rewind(&mut self, mark: usize) {
        for step in self.trail.drain(mark..).rev() {
            match step {
                Step::Written(term) => {
                    self.written.remove(&term);
                }
                Step::Declared(what) => {
                    self.declared.remove(&what);
                }
                Step::Application => {
                    self.applications.pop();
                }
            }
        }
    }
}

/// An SMT-LIB integer: negative ones are applications.
pub fn integer(value: i64) -> String {
    if value < 0 { format!("(- {})", value.unsigned_abs()) } else { value.to_string() }
}
