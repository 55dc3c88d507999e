//! Finite models: is there one with few processes?
//!
//! A model found is a counterexample when the formulas are the negation of a condition. [`search`] asks the solver once for each number of
//! processes n = 1, 2, …; the formulas are expanded for it (`expand`), what it answers is read into a [`Model`] (`extract`) and then
//! judged by [`evaluate`], which knows nothing of the expansion. **Only a model so judged is ever reported.**
//!
//! Elements of opaque sorts are interchangeable, so of models that differ by a permutation of them only one is searched (`expand`).
//!
//! What a model means. Processes and opaque sorts are finite, and quantifiers over them try everything. Numbers (`Int`, `Value`, `Time`)
//! are all integers, in the model as in the formula: `∀v` is about all of them. The *search* guesses that few matter: it tries −1 … n + 1
//! and what lies next to the numerals of the text. The *judge* does not guess; when it cannot decide a quantifier over all integers from
//! finitely many, there is no model. So `sat` is right for unbounded numbers, and nothing at all follows from not finding a model.
//!
//! Worked example: for `|A| > 2·|B|`, `B ≠ ∅` there is none with n = 1 and n = 2, and one with n = 3: A = {p0, p1, p2}, B = {p0}.

pub mod broken;
pub mod core;
pub mod evaluate;
mod expand;
mod extract;
mod model;
mod show;
#[cfg(test)]
mod tests;

pub use model::{Element, Model, Table};

use crate::solver::{Answer, Solver, SolverError};
use crate::term::{Fun, Node, Sort, Term, Terms};
use expand::{Expander, Scope};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many subterms, counted once for each choice of their variables, an expansion may have.
pub const MOST_TERMS: usize = 400_000;
/// How many entries a table may have.
pub const MOST_ENTRIES: usize = 20_000;
/// How many members a sort may have whose subsets are enumerated.
pub const MOST_MEMBERS_FOR_SUBSETS: u32 = 6;
/// How many different numbers are tried.
pub const MOST_NUMBERS: usize = 64;

/// What to look for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// The smallest number of processes.
    pub from: u32,
    /// The largest.
    pub to: u32,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A model, found right.
    Found(Box<Model>),
    /// None was found; for each size and attempt that could not be searched or whose model was not accepted, why.
    NotFound(Vec<String>),
}

/// Why a size could not be searched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Obstacle {
    /// The expansion has too many terms, or a table too many entries.
    TooLarge,
    /// A term that stands where it cannot be expanded.
    Strange(String),
    /// The solver failed.
    Solver(SolverError),
    /// The solver did not say.
    Undecided(String),
    /// The model found is none, or cannot be judged.
    Rejected(String),
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Obstacle::TooLarge => f.write_str("the expansion is too large"),
            Obstacle::Strange(what) => write!(f, "`{what}` cannot be expanded"),
            Obstacle::Solver(error) => error.fmt(f),
            Obstacle::Undecided(why) => write!(f, "the solver does not know: {why}"),
            Obstacle::Rejected(why) => write!(f, "the model found is not accepted: {why}"),
        }
    }
}

/// Looks for a model of all formulas, which are closed, size by size.
///
/// `solver` is used in scopes of its own and must have been started without a logic or with one that includes `QF_UFLIA`.
///
/// # Errors
/// When the solver is gone.
pub fn search(solver: &mut Solver, terms: &Terms, formulas: &[Term], sizes: &Sizes) -> Result<Outcome, SolverError> {
    let mut failures = Vec::new();
    for n in sizes.from.max(1)..=sizes.to {
        for scope in scopes(terms, formulas, n) {
            match attempt(solver, terms, formulas, &scope) {
                Ok(Some(model)) => return Ok(Outcome::Found(Box::new(model))),
                Ok(None) => {}
                Err(Obstacle::Solver(error)) if !matches!(error, SolverError::Refused { .. }) => return Err(error),
                Err(obstacle) => failures.push(format!("n = {n}: {obstacle}")),
            }
        }
    }
    Ok(Outcome::NotFound(failures))
}

/// One question: a model of this size, judged.
fn attempt(solver: &mut Solver, terms: &Terms, formulas: &[Term], scope: &Scope) -> Result<Option<Model>, Obstacle> {
    let mut expander = Expander::new(terms, scope);
    let mut expanded = Vec::new();
    for &formula in formulas {
        let ground = expander.expand(formula)?;
        if *expander.ground.node(ground) == Node::Bool(false) {
            return Ok(None);
        }
        expanded.push(ground);
    }
    expanded.extend(expander.well_sorted()?);
    expanded.extend(expander.canonical()?);
    solver.push();
    let model = extract::ask(solver, terms, &mut expander, scope, &expanded);
    solver.pop();
    let Some(model) = model? else { return Ok(None) };
    for &formula in formulas {
        match evaluate::holds(terms, &model, formula) {
            Ok(true) => {}
            Ok(false) => return Err(Obstacle::Rejected(format!("`{}` is false in it", shorten(&terms.show(formula))))),
            Err(why) => return Err(Obstacle::Rejected(why.to_string())),
        }
    }
    Ok(Some(model))
}

/// The same model with all values shifted so that the least is 0, where that is one: programs seldom have values below zero.
pub fn from_zero(terms: &Terms, model: &Model, formulas: &[Term]) -> Option<Model> {
    let least = |fun: &crate::term::Fun, table: &Table| {
        let values = table.values().filter_map(|e| if let Element::Number(k) = e { Some(*k) } else { None });
        if terms.symbol(*fun).result == Sort::Value { values.min() } else { None }
    };
    let least = model.tables.iter().filter_map(|(fun, table)| least(fun, table)).min()?;
    let mut shifted = model.clone();
    for (fun, table) in &mut shifted.tables {
        if terms.symbol(*fun).result == Sort::Value {
            table.values_mut().for_each(|e| {
                if let Element::Number(k) = e {
                    *k -= least
                }
            });
        }
    }
    formulas.iter().all(|f| evaluate::holds(terms, &shifted, *f) == Ok(true)).then_some(shifted)
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{} ..", &text[..end]),
        None => text.to_string(),
    }
}

/// The universes to try for n processes, the most promising first.
fn scopes(terms: &Terms, formulas: &[Term], n: u32) -> Vec<Scope> {
    let mentioned = mentioned(terms, formulas);
    // An element for everyone who can have one of his own, for every constant, and one that nobody has.
    let roomy: Vec<u32> = (0..terms.opaque_sorts())
        .map(|k| {
            let constants = mentioned.constants.get(&Sort::Opaque(k)).copied().unwrap_or(0);
            if mentioned.sorts.contains(&Sort::Process) { n.max(constants).min(5) + 1 } else { constants.clamp(1, 5) + 1 }
        })
        .collect();
    let mut numbers: BTreeSet<i64> = (-1..=i64::from(n) + 1).collect();
    numbers.extend(mentioned.numerals.iter().flat_map(|&k| [k - 1, k, k + 1]));
    let numbers: BTreeSet<i64> = numbers.into_iter().take(MOST_NUMBERS).collect();
    let scope = |opaque: Vec<u32>, bounded: bool| {
        // Of numbers, values of the system only: what is counted follows from them.
        let symbol = |fun: &&Fun| terms.symbol(**fun);
        let tells = |fun: &&Fun| symbol(fun).result.is_number() && symbol(fun).arguments.iter().all(|sort| *sort == Sort::Process);
        let witnesses = if bounded { vec![] } else { mentioned.functions.iter().filter(tells).copied().collect() };
        Scope { frame: Model { n, opaque, numbers: numbers.clone(), tables: BTreeMap::new() }, bounded, witnesses }
    };
    let mut scopes = vec![scope(roomy.clone(), true)];
    if mentioned.sorts.iter().any(|s| matches!(s, Sort::Opaque(_))) {
        scopes.extend([1, 2].map(|size| scope(vec![size; roomy.len()], true)));
    }
    if n <= 2 && mentioned.sorts.iter().any(|s| s.is_number()) {
        scopes.push(scope(roomy, false));
    }
    scopes
}

/// What formulas speak of.
#[derive(Default)]
struct Mentioned {
    numerals: BTreeSet<i64>,
    /// The sorts of symbols and variables.
    sorts: BTreeSet<Sort>,
    /// How many constants of a sort there are.
    constants: BTreeMap<Sort, u32>,
    functions: BTreeSet<Fun>,
}

fn mentioned(terms: &Terms, formulas: &[Term]) -> Mentioned {
    let mut mentioned = Mentioned::default();
    let mut seen = BTreeSet::new();
    let mut pending = formulas.to_vec();
    while let Some(term) = pending.pop() {
        if !seen.insert(term) {
            continue;
        }
        match terms.node(term) {
            Node::Int(value) if value.unsigned_abs() < 1 << 40 => {
                mentioned.numerals.insert(*value);
            }
            Node::Var(var) => {
                mentioned.sorts.insert(terms.variable_sort(*var));
            }
            Node::App(fun, list) if Some(*fun) != terms.find("n") => {
                let symbol = terms.symbol(*fun);
                mentioned.functions.insert(*fun);
                mentioned.sorts.extend(symbol.arguments.iter().copied().chain([symbol.result]));
                if list.is_empty() {
                    *mentioned.constants.entry(symbol.result).or_insert(0) += 1;
                }
            }
            _ => {}
        }
        pending.extend(terms.children(term));
    }
    let elements: Vec<Sort> = mentioned.sorts.iter().filter_map(|s| s.element()).collect();
    mentioned.sorts.extend(elements);
    mentioned
}
