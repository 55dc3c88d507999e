//! A round as a relation between the states before and after it.
//!
//! For every process: if it has not halted, `update` on its mailbox gives the new state, else the state stays. The relation is a tree
//! of choices over equations, one choice for each condition of the text:
//!
//! ```text
//! ∀i. if 3·|HO(i)| > 2·n then x'(i) = most_often(i) ∧ (if 3·|{j ∈ HO(i) | x(j) = most_often(i)}| > 2·n then .. else ..)
//!     else x'(i) = x(i) ∧ ..
//! ```
//!
//! What no path of `update` changes is said apart, as the frame: `∀i. vote'(i) = vote(i)`.

use super::eval::{Eval, Moment, Obligation};
use super::simplify::under;
use super::value::Value;
use super::world::{Lowered, Place, World};
use crate::term::{Node, Sort, Term, Terms};
use heardof_core::ir::Round;

/// A round as formulas.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    /// What changes.
    pub(super) round: Term,
    /// What does not.
    pub(super) frame: Term,
    /// What must hold for `send` and `update` to be defined.
    pub(super) obligations: Vec<(&'static str, Obligation)>,
}

/// An evaluation by a process that has not halted, at the start of a round; with the process.
fn acting<'w, 'a>(world: &'w mut World<'a>, step: usize) -> Lowered<(Eval<'w, 'a>, Term)> {
    let place = Place { copy: step, start: false, phases: 0 };
    let variable = world.terms.variable("i", Sort::Process);
    let id = world.terms.var(variable);
    let mut eval = Eval::new(world);
    eval.me = Some(Moment { id, receiver: None, place, step: Some(step) });
    eval.scope.push(variable);
    let active = eval.active(place, id)?;
    eval.assume(active);
    Ok((eval, active))
}

/// The relation of a round from one copy of the state to the next.
pub(super) fn relation<'a>(world: &mut World<'a>, round: &'a Round, step: usize) -> Lowered<Relation> {
    let (before, after) = (world.state(step)?, world.state(step + 1)?);
    let (mut eval, active) = acting(world, step)?;
    let (me, scope) = (eval.me.map(|me| me.id), eval.scope.clone());
    let i = me.ok_or_else(|| super::world::Trouble { at: Default::default(), what: "nobody acts".into() })?;
    let state = before.at(eval.terms(), &[i]);
    let mailbox = eval.mailbox(round)?;
    let (_, parameters) = eval.run(&round.update, vec![state.clone(), Value::Mailbox(mailbox), Value::Context])?;
    let of_update = std::mem::take(&mut eval.obligations);
    let of_send = sending(world, round, step)?.into_iter().map(|o| ("send", o));
    let obligations = of_send.chain(of_update.into_iter().map(|o| ("update", o))).collect();
    let Some(new) = parameters.into_iter().next() else { return super::eval::trouble(Default::default(), "`update` has no parameters") };

    let terms = &mut world.terms;
    let at = |what| super::world::Trouble { at: Default::default(), what };
    let (mut values, mut kept) = (vec![], vec![]);
    after.equations(terms, &[i], &new, &mut values).map_err(at)?;
    after.equations(terms, &[i], &state, &mut kept).map_err(at)?;
    let (mut changes, mut stays, mut frame) = (vec![], vec![], vec![]);
    for (new, old) in kept {
        let same = terms.eq(new, old);
        match values.iter().find(|(symbol, _)| *symbol == new) {
            Some((_, value)) if *value == old => frame.push(same),
            // Without an equation: the value of an option that is none.
            found => {
                changes.extend(found.copied());
                stays.push(same);
            }
        }
    }
    let changed = tree(terms, changes);
    let stays = terms.and(stays);
    let body = super::value::either(terms, active, changed, stays);
    let frame = terms.and(frame);
    let frame = terms.forall(&scope, frame);
    Ok(Relation { round: terms.forall(&scope, body), frame: terms.renamed(frame), obligations })
}

/// What must hold for `send` to be defined, for any receiver.
fn sending<'a>(world: &mut World<'a>, round: &'a Round, step: usize) -> Lowered<Vec<Obligation>> {
    let (mut eval, _) = acting(world, step)?;
    let Some(me) = eval.me else { return Ok(vec![]) };
    let receiver = eval.terms().variable("to", Sort::Process);
    eval.scope.push(receiver);
    eval.me = Some(Moment { receiver: Some(eval.terms().var(receiver)), ..me });
    let state = eval.world.state_at(step, me.id)?;
    eval.call(&round.send, vec![state, Value::Context])?;
    Ok(eval.obligations)
}

/// That no process that has not halted waits in `round` for ever: `ready` does not block on what it heard.
pub(super) fn nobody_blocks<'a>(world: &mut World<'a>, round: &'a Round) -> Lowered<(Term, Vec<Obligation>)> {
    let (mut eval, _) = acting(world, 0)?;
    let Some(ready) = &round.ready else { return Ok((eval.terms().bool(true), vec![])) };
    let scope = eval.scope.clone();
    let state = match eval.me {
        Some(me) => eval.world.state_at(0, me.id)?,
        None => Value::Unit,
    };
    let mailbox = eval.mailbox(round)?;
    let blocks = match eval.call(ready, vec![state, Value::Mailbox(mailbox), Value::Context])? {
        Value::Progress { blocks } => blocks,
        other => return super::eval::trouble(Default::default(), format!("`ready` gives {other:?}")),
    };
    let obligations = std::mem::take(&mut eval.obligations);
    // What does not follow the text leaves a round when it likes.
    let counts = match eval.me {
        Some(me) => eval.counts(me.place, me.id)?,
        None => eval.terms().bool(true),
    };
    let terms = &mut world.terms;
    let leaves = terms.not(blocks);
    let body = terms.implies(counts, leaves);
    Ok((terms.forall(&scope, body), obligations))
}

/// Equations as a tree of the choices in their values.
fn tree(terms: &mut Terms, equations: Vec<(Term, Term)>) -> Term {
    let (mut parts, mut rest) = (vec![], equations);
    while let Some(c) = rest.iter().find_map(|(_, value)| choice(terms, *value)) {
        let (with, without): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, value)| turns_on(terms, *value, c));
        rest = without;
        let mut branch = |truth: bool| {
            let taken = with.iter().map(|(symbol, value)| (*symbol, restrict(terms, *value, c, truth))).collect();
            tree(terms, taken)
        };
        let (yes, no) = (branch(true), branch(false));
        parts.push(terms.ite(c, yes, no));
    }
    parts.extend(rest.into_iter().map(|(symbol, value)| terms.eq(symbol, value)));
    terms.and(parts)
}

/// The condition of the outermost choice in a value.
fn choice(terms: &Terms, value: Term) -> Option<Term> {
    match *terms.node(value) {
        Node::Ite(c, _, _) => Some(c),
        _ => None,
    }
}

/// Whether a value depends on the choice `c` itself, rather than on parts of it.
fn turns_on(terms: &Terms, value: Term, c: Term) -> bool {
    match *terms.node(value) {
        Node::Ite(d, a, b) => d == c || turns_on(terms, a, c) || turns_on(terms, b, c),
        Node::Not(inner) => turns_on(terms, inner, c),
        _ => value == c,
    }
}

/// The value where `c` is known.
fn restrict(terms: &mut Terms, value: Term, c: Term, truth: bool) -> Term {
    match *terms.node(value) {
        Node::Ite(d, a, b) if d == c => restrict(terms, if truth { a } else { b }, c, truth),
        Node::Ite(d, a, b) => {
            let (a, b) = (restrict(terms, a, c, truth), restrict(terms, b, c, truth));
            terms.ite(d, a, b)
        }
        _ => {
            let known = if truth { c } else { terms.not(c) };
            under(terms, &[known], value)
        }
    }
}
