//! From the text of an algorithm to its verification conditions.

mod conditions;
mod duties;
mod eval;
mod liveness;
mod mailbox;
mod methods;
mod occurs;
mod operators;
mod rounds;
mod simplify;
mod symbols;
mod system;
mod value;
mod world;

use crate::condition::Problem;
use crate::term::Terms;
use conditions::Assembly;
use heardof_core::ir::Algorithm;
use world::World;

/// The verification conditions of an algorithm.
pub fn lower(algorithm: &Algorithm) -> Problem {
    let world = match World::new(algorithm) {
        Ok(world) => world,
        Err(what) => return Problem { terms: Terms::new(), conditions: vec![], uncovered: vec![format!("everything: {what}")] },
    };
    let mut assembly = Assembly::new(world);
    assembly.initial();
    assembly.inductive();
    assembly.properties();
    assembly.liveness();
    assembly.defined();
    assembly.enforced();
    assembly.without_formula();
    assembly.finish()
}
