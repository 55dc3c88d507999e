//! Which hypotheses to use: an attempt with fewer is faster where they suffice, and sound in any case.
//!
//! Worked example: that estimates are inputs, `∀i. ∃j. x(i) = input(j)`, speaks of the inputs; a goal about locked values does not, nor
//! does the round. [`Slice::Spoken`] leaves it out. "The estimates differ, or all vote alike", `(∃i, j. x(i) ≠ x(j)) ∨ ..`, brings two
//! processes along, with all their heard-of sets; [`Slice::Universal`] does without.

use crate::condition::{Condition, Hypothesis};
use crate::term::{Fun, Node, Role, Sort, Term, Terms};
use std::collections::BTreeSet;

/// A choice of hypotheses; each contains the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slice {
    /// Of those of [`Slice::Universal`] the invariants, the lemmas and what is true of sorts and parameters: what follows from lemmas
    /// needs no look at the round.
    Lemmas,
    /// Of those of [`Slice::Spoken`] the ones that do not claim that something exists, and the invariant that the goal is about.
    Universal,
    /// All but the invariants with a symbol that neither the goal nor anything but invariants speaks of.
    Spoken,
    /// All.
    All,
}

impl Slice {
    /// The hypotheses and, last, `refuted`, the negated goal.
    pub fn of(self, terms: &Terms, condition: &Condition, refuted: &Hypothesis) -> Vec<Hypothesis> {
        let hypotheses = &condition.hypotheses;
        let others = hypotheses.iter().filter(|h| !is_invariant(h)).map(|h| h.formula);
        let spoken: BTreeSet<Fun> = others.chain([refuted.formula]).flat_map(|f| given(terms, f)).collect();
        let fits = |h: &&Hypothesis| {
            let name = h.label.strip_prefix("invariant ").unwrap_or_default();
            let own = condition.name.split(['/', '.']).any(|part| part == name);
            match self {
                Slice::All => true,
                Slice::Lemmas if !is_invariant(h) => {
                    ["lemma ", "sort ", "order ", "resilience "].iter().any(|kind| h.label.starts_with(kind))
                }
                _ if !is_invariant(h) => true,
                Slice::Spoken => given(terms, h.formula).is_subset(&spoken),
                Slice::Universal | Slice::Lemmas => given(terms, h.formula).is_subset(&spoken) && (own || !claims(terms, h.formula, true)),
            }
        };
        hypotheses.iter().filter(fits).chain([refuted]).cloned().collect()
    }
}

/// Something the programmer claims, not what the text does.
fn is_invariant(hypothesis: &Hypothesis) -> bool {
    hypothesis.label.starts_with("invariant ")
}

/// The functions that do not change from round to round: inputs, heard-of sets.
fn given(terms: &Terms, formula: Term) -> BTreeSet<Fun> {
    let wanted = |fun: &Fun| terms.symbol(*fun).role == Role::Given && !terms.symbol(*fun).arguments.is_empty();
    terms.occurring(&[formula]).into_iter().filter(wanted).collect()
}

/// Whether the formula, true or false as `positive` says, claims that something exists.
fn claims(terms: &Terms, formula: Term, positive: bool) -> bool {
    match *terms.node(formula) {
        Node::Exists(_, body) => positive || claims(terms, body, positive),
        Node::Forall(_, body) => !positive || claims(terms, body, positive),
        Node::Not(inner) => claims(terms, inner, !positive),
        Node::And(ref list) | Node::Or(ref list) => list.iter().any(|&part| claims(terms, part, positive)),
        Node::Ite(c, a, b) => claims(terms, c, true) || claims(terms, c, false) || claims(terms, a, positive) || claims(terms, b, positive),
        Node::Eq(a, b) if terms.sort(a) == Sort::Bool => [a, b].iter().any(|&s| claims(terms, s, true) || claims(terms, s, false)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Kind;

    #[test]
    fn invariants_are_left_out_by_what_they_speak_of_and_by_what_they_claim() {
        let mut terms = Terms::new();
        let unary = |terms: &mut Terms, name: &str, role| terms.declare(name, &[Sort::Process], Sort::Bool, role);
        let [x, voted] = ["x", "voted"].map(|name| unary(&mut terms, name, Role::State));
        let input = unary(&mut terms, "input", Role::Given);
        let v = terms.variable("i", Sort::Process);
        let i = terms.var(v);
        let atom = |terms: &mut Terms, fun| terms.app(fun, &[i]);
        let [x, voted, input] = [x, voted, input].map(|fun| atom(&mut terms, fun));
        let all = terms.forall(&[v], x);
        let some = terms.exists(&[v], voted);
        let inputs = terms.forall(&[v], input);
        let hypothesis = |label: &str, formula| Hypothesis { label: label.into(), formula };
        let hypotheses = vec![
            hypothesis("invariant all", all),
            hypothesis("invariant some", some),
            hypothesis("invariant inputs", inputs),
            hypothesis("round R", some),
            hypothesis("lemma some", some),
        ];
        let refuted = hypothesis("negated goal", terms.not(all));
        let mut condition = Condition { name: "inductive/R/all.1".into(), kind: Kind::Inductive, hypotheses, goal: all, steps: vec![] };
        let left = |condition: &Condition, slice: Slice| slice.of(&terms, condition, &refuted).len();
        assert_eq!([Slice::Lemmas, Slice::Universal, Slice::Spoken, Slice::All].map(|s| left(&condition, s)), [3, 4, 5, 6]);
        // What the goal is about stays.
        condition.name = "inductive/R/some".into();
        assert_eq!(left(&condition, Slice::Universal), 5);
    }
}
