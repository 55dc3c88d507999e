//! Typed terms and formulas with sets and cardinalities, hash-consed.
//!
//! A [`Term`] is an index into [`Terms`]; equal terms have equal indices, so that passes memoise in plain vectors. The constructors
//! of [`Terms`] simplify as they build and take set algebra apart at once: what remains of sets is membership, cardinality, set-valued
//! functions such as `HO` and comprehensions. `e ∈ A ∪ B` is built as `e ∈ A ∨ e ∈ B`, `A = B` between sets as
//! `∀e (e ∈ A ⇔ e ∈ B) ∧ |A| = |B|`.
//!
//! Worked example: `|{j ∈ HO(i) | x(j) = v}| > 2n/3` is
//!
//! ```text
//! let body = terms.and([terms.member(j, ho_i), terms.eq(x_j, v)]);
//! let set  = terms.comprehension(var_j, body);
//! let goal = terms.lt(terms.times(2, n), terms.times(3, terms.card(set)));
//! ```

mod build;
mod shape;
mod show;
#[cfg(test)]
mod tests;

pub use show::Wording;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The sorts. `Value`, `Time` and `Int` are all integers to the solver; they are kept apart because quantifiers over one are never
/// instantiated by terms of another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sort {
    /// Truth values.
    Bool,
    /// Cardinalities, counters, parameters.
    Int,
    /// Processes: a finite, non-empty universe of n elements.
    Process,
    /// Values that processes propose: totally ordered, unbounded.
    Value,
    /// Phases and time stamps.
    Time,
    /// A sort of which nothing is known but equality; the number is its declaration's.
    Opaque(u32),
    /// Finite sets of processes.
    ProcessSet,
    /// Finite sets of values.
    ValueSet,
    /// Finite sets of integers.
    IntSet,
    /// Finite sets of times.
    TimeSet,
    /// Finite sets over an opaque sort, by its number.
    OpaqueSet(u32),
}

impl Sort {
    /// The sort of a set's elements.
    pub fn element(self) -> Option<Sort> {
        match self {
            Sort::ProcessSet => Some(Sort::Process),
            Sort::ValueSet => Some(Sort::Value),
            Sort::IntSet => Some(Sort::Int),
            Sort::TimeSet => Some(Sort::Time),
            Sort::OpaqueSet(k) => Some(Sort::Opaque(k)),
            Sort::Bool | Sort::Int | Sort::Process | Sort::Value | Sort::Time | Sort::Opaque(_) => None,
        }
    }
    /// The sort of sets of it; there are none of truth values and of sets.
    pub fn set(self) -> Option<Sort> {
        match self {
            Sort::Process => Some(Sort::ProcessSet),
            Sort::Value => Some(Sort::ValueSet),
            Sort::Int => Some(Sort::IntSet),
            Sort::Time => Some(Sort::TimeSet),
            Sort::Opaque(k) => Some(Sort::OpaqueSet(k)),
            Sort::Bool | Sort::ProcessSet | Sort::ValueSet | Sort::IntSet | Sort::TimeSet | Sort::OpaqueSet(_) => None,
        }
    }
    /// Whether the solver sees integers.
    pub fn is_number(self) -> bool {
        matches!(self, Sort::Int | Sort::Value | Sort::Time)
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sort::Bool => f.write_str("Bool"),
            Sort::Int => f.write_str("Int"),
            Sort::Process => f.write_str("Process"),
            Sort::Value => f.write_str("Value"),
            Sort::Time => f.write_str("Time"),
            Sort::Opaque(k) => write!(f, "S{k}"),
            Sort::ProcessSet | Sort::ValueSet | Sort::IntSet | Sort::TimeSet | Sort::OpaqueSet(_) => {
                let element = self.element().unwrap_or(Sort::Process);
                write!(f, "(Set {element})")
            }
        }
    }
}

/// A term or formula: an index into the [`Terms`] that built it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Term(pub u32);

/// A function symbol or constant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fun(pub u32);

/// A bound variable, unique over its [`Terms`]: no two binders share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Var(pub u32);

/// What a function symbol is, which decides how eagerly its terms are used for instantiation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// A field of the processes' state before the round.
    State,
    /// The same field after it.
    Primed,
    /// What a round computes from a mailbox: `most_often`, the value of the largest time stamp.
    Aggregate,
    /// Anything else the condition speaks of: heard-of sets, parameters, inputs, the coordinator.
    Given,
    /// Introduced for an existential quantifier.
    Skolem,
    /// The name of a comprehension.
    Comprehension,
    /// The name of a quantified part of a clause.
    Part,
    /// A fresh element that a counting lemma gives.
    Witness,
}

/// A declared symbol.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    /// Unique; letters, digits and `_` only, so that every solver reads it.
    pub name: String,
    /// The sorts of the arguments.
    pub arguments: Vec<Sort>,
    /// The sort of the result.
    pub result: Sort,
    /// What it is.
    pub role: Role,
}

/// The kinds of term.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Node {
    /// A truth value.
    Bool(bool),
    /// An integer; fits every number sort.
    Int(i64),
    /// A bound variable.
    Var(Var),
    /// A function applied; a constant has no arguments.
    App(Fun, Box<[Term]>),
    /// Negation.
    Not(Term),
    /// Conjunction of at least two, none of them a conjunction.
    And(Box<[Term]>),
    /// Disjunction of at least two, none of them a disjunction.
    Or(Box<[Term]>),
    /// If-then-else, of any sort.
    Ite(Term, Term, Term),
    /// Equality; `⇔` between formulas; never between sets.
    Eq(Term, Term),
    /// `a ≤ b` between numbers.
    Le(Term, Term),
    /// `a < b` between numbers.
    Lt(Term, Term),
    /// A sum of at least two.
    Add(Box<[Term]>),
    /// A multiple.
    Mul(i64, Term),
    /// For all.
    Forall(Box<[Var]>, Term),
    /// There are.
    Exists(Box<[Var]>, Term),
    /// `e ∈ S`, where `S` is a set variable or a set-valued function.
    Member(Term, Term),
    /// `|S|`.
    Card(Term),
    /// `{v | body}`.
    Comprehension(Var, Term),
}

/// What is known of a term without looking at it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Facts {
    /// Its sort.
    pub sort: Sort,
    /// A quantifier occurs outside comprehensions.
    pub quantified: bool,
    /// A cardinality occurs.
    pub counts: bool,
    /// A variable occurs free.
    pub open: bool,
}

/// The terms of one problem, and its symbols and variables.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    nodes: Vec<Node>,
    facts: Vec<Facts>,
    index: Index,
    symbols: Vec<Symbol>,
    names: BTreeMap<String, Fun>,
    variables: Vec<(String, Sort)>,
    sorts: Vec<String>,
    free: Vec<Box<[Var]>>,
}

#[expect(clippy::disallowed_types, reason = "the default hasher is random; this one has fixed keys")]
type Index = std::collections::HashMap<Node, Term, std::hash::BuildHasherDefault<std::hash::DefaultHasher>>;

impl Terms {
    /// No terms yet but the symbol `n`, the number of processes.
    pub fn new() -> Terms {
        let mut terms = Terms::default();
        terms.declare("n", &[], Sort::Int, Role::Given);
        terms
    }

    // Symbols and variables.

    /// Declares a symbol. A name that is taken or has other characters gets a number behind it: the symbol's name is then another.
    pub fn declare(&mut self, name: &str, arguments: &[Sort], result: Sort, role: Role) -> Fun {
        let stem: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
        let stem = if stem.starts_with(|c: char| c.is_ascii_alphabetic()) { stem } else { format!("s{stem}") };
        let mut unique = stem.clone();
        let mut k = 1;
        while self.names.contains_key(&unique) {
            k += 1;
            unique = format!("{stem}_{k}");
        }
        let fun = Fun(self.symbols.len() as u32);
        self.names.insert(unique.clone(), fun);
        self.symbols.push(Symbol { name: unique, arguments: arguments.to_vec(), result, role });
        fun
    }
    /// The symbol of `fun`.
    pub fn symbol(&self, fun: Fun) -> &Symbol {
        &self.symbols[fun.0 as usize]
    }
    /// The symbol called `name`.
    pub fn find(&self, name: &str) -> Option<Fun> {
        self.names.get(name).copied()
    }
    /// All symbols, in the order of their declaration.
    pub fn symbols(&self) -> impl Iterator<Item = (Fun, &Symbol)> {
        self.symbols.iter().enumerate().map(|(k, s)| (Fun(k as u32), s))
    }
    /// Declares an opaque sort; `name` is for people.
    pub fn declare_sort(&mut self, name: &str) -> Sort {
        self.sorts.push(name.to_string());
        Sort::Opaque(self.sorts.len() as u32 - 1)
    }
    /// What people call a sort: an opaque one by the name of its declaration.
    pub fn sort_name(&self, sort: Sort) -> String {
        match (sort, sort.element()) {
            (Sort::Opaque(k), _) => self.sorts.get(k as usize).cloned().unwrap_or_else(|| sort.to_string()),
            (_, Some(element)) => format!("(Set {})", self.sort_name(element)),
            _ => sort.to_string(),
        }
    }
    /// How many opaque sorts have been declared.
    pub fn opaque_sorts(&self) -> u32 {
        self.sorts.len() as u32
    }
    /// A new variable; `name` is for people.
    pub fn variable(&mut self, name: &str, sort: Sort) -> Var {
        self.variables.push((name.to_string(), sort));
        Var(self.variables.len() as u32 - 1)
    }
    /// The name of a variable.
    pub fn variable_name(&self, var: Var) -> &str {
        &self.variables[var.0 as usize].0
    }
    /// The sort of a variable.
    pub fn variable_sort(&self, var: Var) -> Sort {
        self.variables[var.0 as usize].1
    }

    // Reading.

    /// What `term` is.
    pub fn node(&self, term: Term) -> &Node {
        &self.nodes[term.0 as usize]
    }
    /// What is known of it.
    pub fn facts(&self, term: Term) -> Facts {
        self.facts[term.0 as usize]
    }
    /// Its sort.
    pub fn sort(&self, term: Term) -> Sort {
        self.facts(term).sort
    }
    /// Its free variables, ascending.
    pub fn free(&self, term: Term) -> &[Var] {
        &self.free[term.0 as usize]
    }
    /// How many terms there are; memo tables have this size.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
    /// The symbols that occur in the formulas.
    pub fn occurring(&self, formulas: &[Term]) -> BTreeSet<Fun> {
        let mut seen = BTreeSet::new();
        let mut found = BTreeSet::new();
        let mut pending = formulas.to_vec();
        while let Some(term) = pending.pop() {
            if seen.insert(term) {
                if let Node::App(fun, _) = self.node(term) {
                    found.insert(*fun);
                }
                pending.extend(self.children(term));
            }
        }
        found
    }
    /// The direct subterms.
    pub fn children(&self, term: Term) -> Vec<Term> {
        Terms::children_of(self.node(term))
    }
    fn children_of(node: &Node) -> Vec<Term> {
        match node {
            Node::Bool(_) | Node::Int(_) | Node::Var(_) => Vec::new(),
            Node::App(_, list) | Node::And(list) | Node::Or(list) | Node::Add(list) => list.to_vec(),
            Node::Not(a) | Node::Mul(_, a) | Node::Forall(_, a) | Node::Exists(_, a) | Node::Card(a) | Node::Comprehension(_, a) => {
                vec![*a]
            }
            Node::Eq(a, b) | Node::Le(a, b) | Node::Lt(a, b) | Node::Member(a, b) => vec![*a, *b],
            Node::Ite(a, b, c) => vec![*a, *b, *c],
        }
    }
}
