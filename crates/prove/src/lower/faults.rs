//! Fault models: which messages arrive as they were sent, and which processes a specification speaks of.
//!
//! ```text
//! value faults:  ∀i. |{ j | j ∈ HO(i) ∧ altered(j, i) }| ≤ α     SHO(i) = { j | j ∈ HO(i) ∧ ¬altered(j, i) }
//! Byzantine:     |{ j | faulty(j) }| ≤ f                          SHO(i) = { j | j ∈ HO(i) ∧ ¬faulty(j) }
//! received by i: { j ↦ if j ∈ SHO(i) then payload(j) else forged(j, i) | j ∈ HO(i) ∧ (j ∈ SHO(i) ⇒ sent(j, i)) }
//! ```
//!
//! `altered` and `forged` are the adversary's choice in a round and stand for anything, so what differs from what was sent is among
//! the altered ones, and a message may be made up where none was sent. A message that is lost is no fault of its own: its sender is
//! then not in HO(i).
//!
//! Source: M. Biely, B. Charron-Bost, A. Gaillard, M. Hutle, A. Schiper, J. Widder: Tolerating corrupted communication. PODC 2007,
//! Section 2.

use super::eval::{Eval, trouble};
use super::symbols::{Declared, Symbols};
use super::value::{Mailbox, Value};
use super::world::{Fact, Lowered, Place, World};
use crate::term::{Fun, Role, Sort, Term};
use heardof_core::ir::{Pos, Round};
use std::collections::BTreeMap;

/// Which faults there may be, and what the text calls their number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Faults {
    Benign,
    /// At most so many of the messages that a process hears are altered.
    Value(Term),
    /// At most so many processes are faulty.
    Byzantine(Term),
}

/// The symbols of faults, declared when they are first spoken of.
#[derive(Default)]
pub(super) struct Corruption {
    altered: BTreeMap<usize, Fun>,
    faulty: Option<Fun>,
    /// By the round, and the copy of the state before it.
    forged: BTreeMap<(String, usize), Symbols>,
}

/// The faults of the algorithm: one model for all n and parameters, so its text chooses by no condition.
pub(super) fn of(world: &mut World<'_>) -> Lowered<Faults> {
    let Some(function) = &world.algorithm.faults else { return Ok(Faults::Benign) };
    let parameters = world.parameters.clone().at(&mut world.terms, &[]);
    let mut eval = Eval::new(world);
    let value = eval.call(function, vec![parameters])?;
    match value {
        Value::Faults(_) if !eval.obligations.is_empty() => trouble(eval.obligations[0].at, "a number of faults that need not be defined"),
        Value::Faults(faults) => Ok(faults),
        other => trouble(Pos::default(), format!("`faults` gives {other:?}")),
    }
}

impl World<'_> {
    /// Whether a process follows the text; `None` where all do.
    pub(super) fn correct(&mut self, process: Term) -> Option<Term> {
        let Faults::Byzantine(at_most) = self.faults else { return None };
        let faulty = match self.corruption.faulty {
            Some(faulty) => faulty,
            None => {
                let terms = &mut self.terms;
                let about = terms.declare("faulty", &[Sort::Process], Sort::Bool, Role::Given);
                let q = terms.variable("q", Sort::Process);
                let is = terms.var(q);
                let is = terms.app(about, &[is]);
                let them = terms.comprehension(q, is);
                let number = terms.card(them);
                let formula = terms.le(number, at_most);
                self.facts.push(Fact { about, label: "faults".into(), formula });
                self.corruption.faulty = Some(about);
                about
            }
        };
        let terms = &mut self.terms;
        let faulty = terms.app(faulty, &[process]);
        Some(terms.not(faulty))
    }

    /// Whether what `receiver` hears of `sender` in the round after copy `step` is what was sent; `None` where it always is.
    pub(super) fn as_sent(&mut self, step: usize, sender: Term, receiver: Term) -> Lowered<Option<Term>> {
        let Faults::Value(at_most) = self.faults else { return Ok(self.correct(sender)) };
        let altered = match self.corruption.altered.get(&step) {
            Some(altered) => *altered,
            None => {
                let name = format!("altered{}", "'".repeat(step));
                let about = self.terms.declare(&name, &[Sort::Process, Sort::Process], Sort::Bool, Role::Given);
                let (i, j) = (self.terms.variable("i", Sort::Process), self.terms.variable("j", Sort::Process));
                let (to, from) = (self.terms.var(i), self.terms.var(j));
                let heard = self.heard(step, to)?;
                let terms = &mut self.terms;
                let (heard, is) = (terms.member(from, heard), terms.app(about, &[from, to]));
                let body = terms.and([heard, is]);
                let them = terms.comprehension(j, body);
                let number = terms.card(them);
                let few = terms.le(number, at_most);
                let formula = terms.forall(&[i], few);
                self.facts.push(Fact { about, label: "faults".into(), formula });
                self.corruption.altered.insert(step, about);
                about
            }
        };
        let terms = &mut self.terms;
        let altered = terms.app(altered, &[sender, receiver]);
        Ok(Some(terms.not(altered)))
    }

    /// SHO(p) in the round after a copy of the state.
    pub(super) fn safe(&mut self, step: usize, process: Term) -> Lowered<Term> {
        let heard = self.heard(step, process)?;
        let variable = self.terms.variable("j", Sort::Process);
        let j = self.terms.var(variable);
        let Some(as_sent) = self.as_sent(step, j, process)? else { return Ok(heard) };
        let terms = &mut self.terms;
        let inside = terms.member(j, heard);
        let body = terms.and([inside, as_sent]);
        Ok(terms.comprehension(variable, body))
    }

    /// What a round's mailbox is under the faults there may be.
    pub(super) fn received(&mut self, round: &Round, step: usize, receiver: Term, m: Mailbox, heard: Term) -> Lowered<Mailbox> {
        let j = self.terms.var(m.sender);
        let Some(as_sent) = self.as_sent(step, j, receiver)? else {
            let guard = self.terms.and([heard, m.guard]);
            return Ok(Mailbox { guard, ..m });
        };
        let place = |what| super::world::Trouble { at: Pos::default(), what };
        let key = (round.name.clone(), step);
        if !self.corruption.forged.contains_key(&key) {
            let arguments = [Sort::Process, Sort::Process];
            let of = Declared { arguments: &arguments, role: Role::Given };
            let prime = "'".repeat(step);
            let name = format!("{}_forged", round.name);
            let symbols = Symbols::declare(&mut self.terms, (&name, &prime), &round.message, of).map_err(place)?;
            self.ranges(&symbols, &arguments);
            self.corruption.forged.insert(key.clone(), symbols);
        }
        let forged = self.corruption.forged[&key].at(&mut self.terms, &[j, receiver]);
        let terms = &mut self.terms;
        let sent = terms.implies(as_sent, m.guard);
        let guard = terms.and([heard, sent]);
        let payload = super::value::merge(terms, as_sent, *m.payload, forged).map_err(place)?;
        Ok(Mailbox { sender: m.sender, guard, payload: Box::new(payload) })
    }
}

impl Eval<'_, '_> {
    /// Whether a specification speaks of a process: it follows the text and has not halted.
    pub(super) fn counts(&mut self, place: Place, process: Term) -> Lowered<Term> {
        let active = self.active(place, process)?;
        Ok(match self.world.correct(process) {
            Some(correct) => self.terms().and([correct, active]),
            None => active,
        })
    }
    /// Whether a process may be heard: it has not halted, or does not follow the text.
    pub(super) fn may_send(&mut self, place: Place, process: Term) -> Lowered<Term> {
        let active = self.active(place, process)?;
        Ok(match self.world.correct(process) {
            Some(correct) => self.terms().implies(correct, active),
            None => active,
        })
    }
    /// Whether a process follows the text.
    pub(super) fn follows(&mut self, process: Term) -> Term {
        let correct = self.world.correct(process);
        correct.unwrap_or_else(|| self.terms().bool(true))
    }
}
