//! Which formulas contradict each other when there are few processes: a guess at which do for every n.
//!
//! Worked example: of `∀i. x(i) = v`, `∀i. decided(i)` and `∃i. x(i) ≠ v` the first and the third, for n = 1 already.

use super::expand::Expander;
use super::{Obstacle, scopes};
use crate::smtlib::write::{Writer, declaration};
use crate::solver::{Answer, Solver, SolverError};
use crate::term::{Node, Term, Terms};
use std::collections::BTreeSet;

/// How often the solver is asked for a part of what it named before.
const MOST_QUESTIONS: usize = 3;

/// The numbers of some formulas that have no common model of `n` processes in the universe tried first, few but perhaps not the fewest;
/// none if there is such a model, or if nobody can tell.
///
/// # Errors
/// When the solver is gone.
pub fn core(solver: &mut Solver, terms: &Terms, formulas: &[Term], n: u32) -> Result<Option<Vec<usize>>, SolverError> {
    solver.push();
    let found = ask(solver, terms, formulas, n);
    solver.pop();
    match found {
        Ok(found) => Ok(found),
        Err(Obstacle::Solver(error)) if !matches!(error, SolverError::Refused { .. }) => Err(error),
        Err(_) => Ok(None),
    }
}

fn ask(solver: &mut Solver, terms: &Terms, formulas: &[Term], n: u32) -> Result<Option<Vec<usize>>, Obstacle> {
    let Some(scope) = scopes(terms, formulas, n).into_iter().next() else { return Ok(None) };
    let mut expander = Expander::new(terms, &scope);
    let mut expanded = Vec::new();
    for (k, &formula) in formulas.iter().enumerate() {
        let ground = expander.expand(formula)?;
        if *expander.ground.node(ground) == Node::Bool(false) {
            return Ok(Some(vec![k]));
        }
        expanded.push(ground);
    }
    let sorted = expander.well_sorted()?;
    let declared: Vec<String> = expander.symbols.values().filter_map(|&fun| declaration(expander.ground.symbol(fun))).collect();
    declared.iter().for_each(|command| solver.send(command));
    let (ground, mut writer) = (&expander.ground, Writer::default());
    let mut define =
        |solver: &mut Solver, formula| writer.define(ground, formula, solver).map_err(|at| Obstacle::Strange(ground.show(at.0)));
    let mut names = Vec::new();
    for (k, &formula) in expanded.iter().enumerate() {
        let name = format!("part_{k}");
        solver.send(&format!("(declare-fun {name} () Bool)"));
        let text = define(solver, formula)?;
        solver.send(&format!("(assert (=> {name} {text}))"));
        names.push(name);
    }
    for formula in sorted {
        let text = define(solver, formula)?;
        solver.send(&format!("(assert {text})"));
    }
    let mut wanted: Vec<usize> = (0..formulas.len()).collect();
    for question in 0..MOST_QUESTIONS {
        let literals: Vec<&str> = wanted.iter().map(|&k| names[k].as_str()).collect();
        match solver.check_assuming(&literals).map_err(Obstacle::Solver)? {
            Answer::Unsat => {}
            _ if question == 0 => return Ok(None),
            _ => break,
        }
        let core: BTreeSet<String> = solver.core().map_err(Obstacle::Solver)?.into_iter().collect();
        let before = wanted.len();
        wanted.retain(|&k| core.contains(&names[k]));
        if wanted.len() == before {
            break;
        }
    }
    Ok(Some(wanted))
}
