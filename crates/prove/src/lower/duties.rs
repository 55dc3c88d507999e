//! What the text owes besides its specification: that every operation is defined, and that `ready` enforces what safety rests on.
//!
//! Well-definedness: on every path of `init`, `halted`, `send`, `update`, `ready` and of the specification, `a - b` has `b ≤ a`, a
//! divisor is not zero, some arm of a `match` fits. What is taken from a mailbox is an option and needs no condition; that no count
//! passes 2^64 is an assumption.
//!
//! Enforcement: the node does not leave a round while `ready` says `Block`. So if no process blocks on what it heard, each `#[safety]`
//! predicate must hold; in any state, reachable or not. Where no round of an algorithm ever blocks, its predicates are assumptions on
//! the network, and listed as such.

use super::conditions::{Assembly, Subject};
use super::eval::{Eval, Moment, Obligation};
use super::rounds::nobody_blocks;
use super::value::Value;
use super::world::{Lowered, Place, World};
use crate::condition::Kind;
use crate::term::Sort;
use heardof_core::ir::{Function, Kind as Mark, Node, Pos};

impl Assembly<'_> {
    /// No operation is undefined.
    pub(super) fn defined(&mut self) {
        for (name, function) in [("init", Some(&self.algorithm.init)), ("halted", self.algorithm.halted.as_ref())] {
            let Some(function) = function else { continue };
            let draft = self.draft(0);
            match alone(&mut self.world, function, name == "init") {
                Ok(obligations) => obligations.iter().for_each(|o| self.owe(name, name, &draft, o)),
                Err(trouble) => self.gap_at(&format!("defined/{name}"), name, &trouble),
            }
        }
        for (k, round) in self.algorithm.rounds.iter().enumerate() {
            let mut draft = self.before(k);
            let obligations = match self.relation(k, 0) {
                Ok(relation) => relation.obligations,
                // That the round has no formula is said where its relation is needed.
                Err(trouble) => {
                    self.gap_at(&format!("defined/{}", round.name), &round.name, &trouble);
                    vec![]
                }
            };
            let safety = self.of_kind(|kind| *kind == Mark::Safety);
            self.assume_specs(&mut draft, "safety", &safety, Place::HERE);
            for (function, obligation) in obligations {
                self.owe(&format!("{}/{function}", round.name), function, &draft, &obligation);
            }
            match nobody_blocks(&mut self.world, round) {
                Ok((_, obligations)) => {
                    let draft = self.before(k);
                    obligations.iter().for_each(|o| self.owe(&format!("{}/ready", round.name), "ready", &draft, o));
                }
                Err(trouble) => self.gap_at(&format!("defined/{}/ready", round.name), "ready", &trouble),
            }
        }
        let draft = self.draft(0);
        for spec in 0..self.algorithm.specs.len() {
            let subject = if self.algorithm.specs[spec].speaks == heardof_core::ir::Speaks::Step {
                Subject::Step(Place::HERE, super::conditions::after(1, false))
            } else {
                Subject::At(Place::HERE)
            };
            let name = self.name(spec);
            for obligation in self.obligations(spec, subject) {
                self.owe(name, name, &draft, &obligation);
            }
        }
    }
    fn owe(&mut self, of: &str, function: &str, draft: &super::conditions::Draft, obligation: &Obligation) {
        let at: Pos = obligation.at;
        let name = format!("defined/{of}:{}@{}", obligation.what, at.line);
        self.prove(&name, Kind::Defined, draft, Ok(obligation.formula), function);
    }

    /// `ready` enforces the safety predicates, or they are assumed.
    pub(super) fn enforced(&mut self) {
        let blocks = |e: &heardof_core::ir::Expr| matches!(&e.node, Node::Variant(name, _) if name == "Progress::Block");
        let ready = self.algorithm.rounds.iter().filter_map(|r| r.ready.as_ref());
        let some_block = ready.into_iter().any(|f| f.body.as_ref().is_ok_and(|body| body.any(&blocks)));
        for spec in self.of_kind(|kind| *kind == Mark::Safety) {
            let name = self.name(spec);
            if !some_block {
                self.assumed.push(name.to_string());
                continue;
            }
            for (k, round) in self.algorithm.rounds.iter().enumerate() {
                let mut draft = self.draft(k);
                let goal = match nobody_blocks(&mut self.world, round) {
                    Ok((formula, _)) => {
                        draft.assume(format!("nobody blocks in {}", round.name), formula);
                        self.spec(spec, Subject::At(Place::HERE))
                    }
                    Err(trouble) => Err(trouble),
                };
                self.prove(&format!("enforced/{name}/{}", round.name), Kind::Enforced, &draft, goal, name);
            }
        }
    }

    /// Functions of the specification that no condition uses because they have no formula, with the reason.
    pub(super) fn without_formula(&mut self) {
        for spec in 0..self.algorithm.specs.len() {
            let subject = if self.algorithm.specs[spec].speaks == heardof_core::ir::Speaks::Step {
                Subject::Step(Place::HERE, super::conditions::after(1, false))
            } else {
                Subject::At(Place::HERE)
            };
            if let Err(trouble) = self.spec(spec, subject) {
                let name = self.name(spec);
                self.gap_at(name, name, &trouble);
            }
        }
    }
}

/// What must hold for `init` on any input, or `halted` on any state, to be defined.
fn alone<'a>(world: &mut World<'a>, function: &'a Function, init: bool) -> Lowered<Vec<Obligation>> {
    let variable = world.terms.variable("i", Sort::Process);
    let id = world.terms.var(variable);
    let arguments = match init {
        true => vec![world.input.clone().at(&mut world.terms, &[id]), Value::Context],
        false => vec![world.state_at(0, id)?],
    };
    let mut eval = Eval::new(world);
    eval.me = Some(Moment { id, receiver: None, place: Place::START, step: None });
    eval.scope.push(variable);
    eval.call(function, arguments)?;
    Ok(eval.obligations)
}
