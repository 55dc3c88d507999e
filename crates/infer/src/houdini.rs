//! Houdini: the largest set of items that first states satisfy and every round keeps, as far as few processes can tell.
//!
//! One question for a round asks about all its items together; its answer is a step that breaks some of them, and these are dropped.
//! C. Flanagan, K. R. M. Leino: Houdini, an annotation assistant for ESC/Java. FME 2001.

use crate::arena::Arena;
use crate::candidate::Item;
use heardof_prove::solver::SolverError;
use std::collections::BTreeSet;

/// Drops items until none is refuted with 1 to `largest` processes; `go_on` is asked before every question, and told how many are left.
///
/// # Errors
/// When the solver is gone.
pub fn fixpoint(
    arena: &mut Arena,
    mut alive: BTreeSet<Item>,
    largest: u32,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<BTreeSet<Item>, SolverError> {
    for n in 1..=largest {
        while let Some(found) = arena.refute_first(&alive, n)? {
            let broken = arena.broken_after(None, &alive, &found);
            if broken.is_empty() {
                break;
            }
            alive.retain(|item| !broken.contains(item));
        }
    }
    // Few processes are cheap and refute most; what is dropped weakens the hypotheses of all sizes, so they are asked again.
    let mut n = 1;
    while n <= largest {
        let before = alive.len();
        for k in 0..arena.rounds.len() {
            while go_on(alive.len())
                && let Some(found) = arena.refute_round(k, &alive, &alive, n)?
            {
                let broken = arena.broken_after(Some(k), &alive, &found);
                if broken.is_empty() {
                    break;
                }
                alive.retain(|item| !broken.contains(item));
            }
        }
        if alive.len() == before || !go_on(alive.len()) {
            n += 1;
        }
    }
    Ok(alive)
}
