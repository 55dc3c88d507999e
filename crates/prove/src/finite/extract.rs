//! The solver's model as tables.

use super::expand::{Expander, Scope};
use super::model::{Element, Model, Table};
use super::{Answer, Obstacle};
use crate::sexp::Sexp;
use crate::smtlib::write::{Writer, declaration, integer, name};
use crate::solver::Solver;
use crate::term::{Fun, Sort, Term, Terms};
use std::collections::BTreeSet;

/// How many values are asked for at once.
const BATCH: usize = 500;

/// Asks for a model of the expanded formulas; none when there is none.
pub(super) fn ask(
    solver: &mut Solver,
    source: &Terms,
    expander: &mut Expander<'_>,
    scope: &Scope,
    expanded: &[Term],
) -> Result<Option<Model>, Obstacle> {
    let declared: Vec<String> = expander.symbols.values().filter_map(|&fun| declaration(expander.ground.symbol(fun))).collect();
    declared.iter().for_each(|command| solver.send(command));
    let formula = expander.ground.and(expanded.iter().copied());
    let commands = Writer::default().assert(&expander.ground, formula).map_err(|at| Obstacle::Strange(expander.ground.show(at.0)))?;
    commands.iter().for_each(|command| solver.send(command));
    match solver.check().map_err(Obstacle::Solver)? {
        Answer::Sat => {}
        Answer::Unsat => return Ok(None),
        Answer::Unknown(why) => return Err(Obstacle::Undecided(why)),
    }
    let mut model = scope.frame.clone();
    for (fun, ground) in expander.symbols.clone() {
        let table = table(solver, source, expander, &model, fun, ground)?;
        model.tables.insert(fun, table);
    }
    Ok(Some(model))
}

fn table(
    solver: &mut Solver,
    source: &Terms,
    expander: &mut Expander<'_>,
    frame: &Model,
    fun: Fun,
    ground: Fun,
) -> Result<Table, Obstacle> {
    let symbol = source.symbol(fun);
    let keys = frame.keys(source, fun).ok_or(Obstacle::TooLarge)?;
    // One question for each entry, and for a set one for each element that may be in it.
    let element = symbol.result.element();
    let elements: Vec<Option<Element>> = match element {
        Some(sort) if sort.is_number() => frame.numbers.iter().map(|&k| Some(Element::Number(k))).collect(),
        Some(sort) => frame.elements(sort).ok_or(Obstacle::TooLarge)?.into_iter().map(Some).collect(),
        None => vec![None],
    };
    let mut questions = Vec::new();
    for key in &keys {
        for element in &elements {
            let place: Vec<Element> = key.iter().chain(element).cloned().collect();
            questions.push(question(expander, ground, &place)?);
        }
    }
    let mut values = Vec::new();
    for batch in questions.chunks(BATCH) {
        let batch: Vec<&str> = batch.iter().map(String::as_str).collect();
        values.extend(solver.values(&batch).map_err(Obstacle::Solver)?);
    }
    let entries = keys.into_iter().zip(values.chunks(elements.len().max(1)));
    entries.map(|(key, values)| Ok((key, value(symbol.result, &elements, values)?))).collect()
}

/// `(x 0)`: one entry, as a term of the solver.
fn question(expander: &mut Expander<'_>, ground: Fun, place: &[Element]) -> Result<String, Obstacle> {
    let arguments = place.iter().map(|e| expander.literal(e)).collect::<Option<Vec<_>>>().ok_or(Obstacle::TooLarge)?;
    let shown: Vec<String> = arguments
        .iter()
        .map(|&t| match expander.ground.node(t) {
            crate::term::Node::Int(k) => integer(*k),
            _ => expander.ground.show(t),
        })
        .collect();
    let name = name(expander.ground.symbol(ground));
    Ok(if shown.is_empty() { name } else { format!("({name} {})", shown.join(" ")) })
}

fn value(sort: Sort, elements: &[Option<Element>], values: &[Sexp]) -> Result<Element, Obstacle> {
    let unreadable = || Obstacle::Rejected("its values are neither integers nor truth values".to_string());
    if sort.element().is_some() {
        let mut set = BTreeSet::new();
        for (element, value) in elements.iter().flatten().zip(values) {
            if value.truth().ok_or_else(unreadable)? {
                set.insert(element.clone());
            }
        }
        return Ok(Element::Set(set));
    }
    let value = values.first().ok_or_else(unreadable)?;
    match sort {
        Sort::Bool => value.truth().map(Element::Bool),
        Sort::Int | Sort::Value | Sort::Time => value.integer().map(Element::Number),
        _ => value.integer().and_then(|k| u32::try_from(k).ok()).map(Element::Member),
    }
    .ok_or_else(unreadable)
}
