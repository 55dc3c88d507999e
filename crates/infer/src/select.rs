//! From everything inductive to the few items that the demands need.
//!
//! Beginning with nothing, a counterexample to what was chosen so far (a demand that does not follow, a chosen item that is not kept) asks
//! for an item that is false in it: the cheapest, and rather one that was chosen before another round already, or never failed to be proved. As long as all items
//! together are inductive there is one. What turned out not to be needed in the end is taken out again.

use crate::arena::Arena;
use crate::candidate::{Candidate, Item, cost};
use heardof_prove::solver::SolverError;
use std::collections::BTreeSet;

/// What to choose from, and how far to look.
pub struct Choice<'a> {
    /// All candidates.
    pub candidates: &'a [Candidate],
    /// The items to choose from.
    pub alive: &'a BTreeSet<Item>,
    /// Items that could not be proved, once for each time: they are the last to be taken.
    pub failures: Vec<Item>,
    /// The largest number of processes of a counterexample.
    pub largest: u32,
}

/// Chooses items; `go_on` is asked before every question, and told how many are chosen.
///
/// # Errors
/// When the solver is gone.
pub fn select(arena: &mut Arena, choice: &Choice<'_>, go_on: &mut dyn FnMut(usize) -> bool) -> Result<BTreeSet<Item>, SolverError> {
    let rounds = arena.rounds.len();
    let mut chosen = BTreeSet::new();
    // For each size and round, what is known to follow there: hypotheses are only added, so it goes on to follow.
    let mut known: Vec<Option<BTreeSet<Item>>> = vec![None; choice.largest as usize * rounds];
    // Few processes first: their counterexamples are the cheapest.
    while let Some(open) = (0..known.len()).find(|at| known[*at].as_ref().is_none_or(|k| !due(&chosen, at % rounds, rounds).is_subset(k)))
        && go_on(chosen.len())
    {
        let (k, n) = (open % rounds, (open / rounds) as u32 + 1);
        let wanted = due(&chosen, k, rounds);
        let fresh = wanted.iter().filter(|item| known[open].as_ref().is_none_or(|k| !k.contains(item))).copied().collect();
        let found = arena.refute_chosen(k, (&chosen, &fresh, choice.alive), known[open].is_none(), n)?;
        let broken = found.map(|found| arena.broken_before(k, choice.alive, &found)).unwrap_or_default();
        match broken.into_iter().min_by_key(|item| choice.cost(*item, &chosen)) {
            Some(next) => drop(chosen.insert(next)),
            None => known[open] = Some(wanted),
        }
    }
    reduce(arena, choice, chosen, go_on)
}

/// The chosen items due after round k.
fn due(chosen: &BTreeSet<Item>, k: usize, rounds: usize) -> BTreeSet<Item> {
    chosen.iter().filter(|(_, round)| *round == (k + 1) % rounds).copied().collect()
}

impl Choice<'_> {
    /// The lower the better.
    fn cost(&self, item: Item, chosen: &BTreeSet<Item>) -> (usize, usize, Item) {
        let failed = self.failures.iter().filter(|f| **f == item).count();
        let known = chosen.iter().any(|(c, _)| *c == item.0);
        (failed, if known { 0 } else { cost(&self.candidates[item.0].formula) }, item)
    }
}

/// Takes out whole functions, the most expensive first, as long as the rest does.
fn reduce(
    arena: &mut Arena,
    choice: &Choice<'_>,
    mut chosen: BTreeSet<Item>,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<BTreeSet<Item>, SolverError> {
    let mut functions: Vec<usize> = chosen.iter().map(|(c, _)| *c).collect();
    functions.dedup();
    functions.sort_by_key(|c| std::cmp::Reverse(cost(&choice.candidates[*c].formula)));
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
            if arena.refute_chosen(*k, (items, items, &BTreeSet::new()), true, n)?.is_some() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
