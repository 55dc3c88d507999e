//! What is printed is Rust: pasted into a `#[spec]` block it compiles, and is read back as the candidate it was printed from.

#![expect(missing_docs, reason = "invariants are pasted as they are printed")]

use heardof::prelude::*;
use heardof_core::describe::describe;
use heardof_core::ir::{Algorithm, Expr, Pos};
use heardof_infer::candidate::{Candidate, bare, candidates};
use heardof_infer::surface::line;
use heardof_infer::vocabulary::Vocabulary;

/// A process with a word for every template.
#[derive(State)]
pub struct Probe<V> {
    /// A value.
    pub x: V,
    /// An option.
    pub vote: Option<V>,
    /// A stamp.
    pub ts: Option<Phase>,
    /// A flag.
    pub ready: bool,
    /// An output.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for Probe<V> {
    type Input = V;
    type Rounds = (Ask,);
    fn init(input: V, _ctx: &Context) -> Self {
        Self { x: input, vote: None, ts: None, ready: false, decision: None }
    }
}

/// The round.
pub struct Ask;

#[round]
impl<V: Value + Ord> Round<Probe<V>> for Ask {
    type Message = V;
    fn send(p: &Probe<V>, ctx: &Context) -> Outbox<V> {
        to(ctx.coordinator(), p.x.clone())
    }
    fn update(p: &mut Probe<V>, mailbox: &Mailbox<V>, ctx: &Context) {
        if 3 * mailbox.len() > 2 * ctx.n() && 2 * mailbox.len() > ctx.n() {
            p.ready = true;
        }
    }
}

#[pure]
impl<V: Value + Ord> Consensus for Probe<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[rustfmt::skip]
#[spec(Consensus)]
impl<V: Value + Ord> Probe<V> {
    #[invariant] pub fn no_vote(s: &System<Self>) -> bool { s.forall(|i| s[i].vote.is_none()) }
    #[invariant] pub fn ts_past(s: &System<Self>) -> bool { s.forall(|i| s[i].ts < Some(s.phase())) }
    #[invariant] pub fn only_coordinator_ready(s: &System<Self>) -> bool { s.forall(|i| implies(s[i].ready, i == s.coordinator())) }
    #[invariant] pub fn ts_now_is_not_ready(s: &System<Self>) -> bool { s.forall(|i| implies(s[i].ts == Some(s.phase()), !s[i].ready)) }
    #[invariant] pub fn x_at_ready_is_coordinators_vote(s: &System<Self>) -> bool { s.forall(|i| implies(s[i].ready, s[s.coordinator()].vote.is(&s[i].x))) }
    #[invariant] pub fn vote_held_by_two_thirds(s: &System<Self>) -> bool { s.forall(|i| s[i].vote.as_ref().is_none_or(|w| 3 * s.count(|j| s[j].x == *w) > 2 * s.n())) }
    #[invariant] pub fn ready_after_majority_ts_now(s: &System<Self>) -> bool { s.forall(|i| implies(s[i].ready, 2 * s.count(|j| s[j].ts == Some(s.phase())) > s.n())) }
    #[invariant] pub fn vote_agrees_with_decision(s: &System<Self>) -> bool { s.forall_pairs(|i, j| implies(s[i].vote.is_some() && s[j].decision.is_some(), s[i].vote == s[j].decision)) }
    #[invariant] pub fn same_x_once_decision(s: &System<Self>) -> bool { implies(s.exists(|i| s[i].decision.is_some()), s.forall_pairs(|i, j| s[i].x == s[j].x)) }
    #[invariant] pub fn decision_from_inputs(s: &System<Self>) -> bool { s.forall(|i| implies(s[i].decision.is_some(), s.exists(|j| s[i].decision.is(&s.initially(j).x)))) }
    #[invariant] pub fn decision_or_ready_locks_all_or_all_vote(s: &System<Self>) -> bool { s.forall(|i| s[i].decision.is_none() && !s[i].ready) || s.exists_value(|v: &V| s.forall(|i| s[i].x == *v && (s[i].decision.is(v) || s[i].decision.is_none() && s[i].vote.is(v)))) }
    #[invariant] pub fn decision_locks_majority_since(s: &System<Self>) -> bool { s.forall(|i| s[i].decision.is_none()) || s.exists_value(|v: &V| s.exists_phase(|t| 2 * s.count(|i| s[i].ts >= Some(t)) > s.n() && s.forall(|i| implies(s[i].ts >= Some(t), s[i].x == *v) && implies(s[i].decision.is_some(), s[i].decision.is(v))))) }
}

fn of(a: &Algorithm) -> Vec<Candidate> {
    let bare = bare(a);
    candidates(&bare, &Vocabulary::of(&bare))
}

/// A formula as the templates have it: without places.
fn placeless(formula: &Expr) -> Expr {
    let mut formula = formula.clone();
    formula.walk_mut(&mut |e| e.at = Pos::default());
    formula
}

#[test]
fn what_is_pasted_is_what_was_inferred() {
    let pasted = describe::<Probe<u64>>().expect("the probe has a description");
    let filled = of(&pasted);
    let mut looked_at = 0;
    for spec in pasted.specs.iter().filter(|s| s.problem.is_none()) {
        let candidate = filled.iter().find(|c| c.name == spec.name).unwrap_or_else(|| panic!("no template gives {}", spec.name));
        let text = heardof_core::ir::text::print(&placeless(spec.function.body.as_ref().expect("it has a text")));
        assert_eq!(heardof_core::ir::text::print(&candidate.formula), text, "{}", line(&candidate.formula));
        looked_at += 1;
    }
    assert_eq!(looked_at, 12);
}
