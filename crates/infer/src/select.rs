//! From everything inductive to the few items that the demands need.
//!
//! Beginning with nothing, a counterexample to what was chosen so far (a demand that does not follow, a chosen item that is not kept) asks
//! for an item that is false in it: the shortest, and rather one that was chosen before another round already. As long as all items
//! together are inductive there is one. What turned out not to be needed in the end is taken out again.

use crate::arena::Arena;
use crate::candidate::{Candidate, Item, size};
use heardof_prove::solver::SolverError;
use std::collections::BTreeSet;

/// What to choose from, and how far to look.
pub struct Choice<'a> {
    /// All candidates.
    pub candidates: &'a [Candidate],
    /// The items to choose from.
    pub alive: &'a BTreeSet<Item>,
    /// The largest number of processes of a counterexample.
    pub largest: u32,
}

/// Chooses items; `go_on` is asked before every question, and told how many are chosen.
///
/// # Errors
/// When the solver is gone.
pub fn select(arena: &mut Arena, choice: &Choice<'_>, go_on: &mut dyn FnMut(usize) -> bool) -> Result<BTreeSet<Item>, SolverError> {
    let mut chosen = BTreeSet::new();
    let mut n = 1;
    while n <= choice.largest {
        let before = chosen.len();
        for k in 0..arena.rounds.len() {
            while go_on(chosen.len())
                && let Some(found) = arena.refute_chosen(k, &chosen, choice.alive, n)?
            {
                let broken = arena.broken_before(k, choice.alive, &found);
                let Some(next) = broken.into_iter().min_by_key(|item| choice.cost(*item, &chosen)) else { break };
                chosen.insert(next);
            }
        }
        // What was chosen for n processes must be kept with fewer as well.
        n = if chosen.len() == before || !go_on(chosen.len()) { n + 1 } else { 1 };
    }
    reduce(arena, choice, chosen, go_on)
}

impl Choice<'_> {
    /// The lower the better.
    fn cost(&self, (candidate, round): Item, chosen: &BTreeSet<Item>) -> (usize, Item) {
        let known = chosen.iter().any(|(c, _)| *c == candidate);
        (if known { 0 } else { size(&self.candidates[candidate].formula) }, (candidate, round))
    }
}

/// Takes out whole functions, the longest first, as long as the rest does.
fn reduce(
    arena: &mut Arena,
    choice: &Choice<'_>,
    mut chosen: BTreeSet<Item>,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<BTreeSet<Item>, SolverError> {
    let mut functions: Vec<usize> = chosen.iter().map(|(c, _)| *c).collect();
    functions.dedup();
    functions.sort_by_key(|c| std::cmp::Reverse(size(&choice.candidates[*c].formula)));
    for function in functions {
        if !go_on(chosen.len()) {
            break;
        }
        let fewer: BTreeSet<Item> = chosen.iter().copied().filter(|(c, _)| *c != function).collect();
        let touched: BTreeSet<usize> = chosen.iter().filter(|(c, _)| *c == function).map(|(_, k)| *k).collect();
        if does(arena, choice, &fewer, &touched)? {
            chosen = fewer;
        }
    }
    Ok(chosen)
}

/// Whether these items do in these rounds.
fn does(arena: &mut Arena, choice: &Choice<'_>, items: &BTreeSet<Item>, rounds: &BTreeSet<usize>) -> Result<bool, SolverError> {
    for n in 1..=choice.largest {
        for k in rounds {
            if arena.refute_chosen(*k, items, choice.alive, n)?.is_some() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
