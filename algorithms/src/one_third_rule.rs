//! One-Third Rule: consensus in two good rounds.

use heardof::prelude::*;

/// One-Third Rule [CBS09, Algorithm 1]: consensus with fewer than n/3 benign faults, one round a phase.
#[derive(State)]
pub struct OneThirdRule<V> {
    /// The estimate.
    pub x: V,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for OneThirdRule<V> {
    type Input = V;
    type Rounds = (Exchange,);
    fn init(input: V, _ctx: &Context) -> Self {
        Self { x: input, decision: None }
    }
}

/// Everybody sends its estimate to all.
pub struct Exchange;

#[round]
impl<V: Value + Ord> Round<OneThirdRule<V>> for Exchange {
    type Message = V;
    fn send(p: &OneThirdRule<V>, _ctx: &Context) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut OneThirdRule<V>, mailbox: &Mailbox<V>, ctx: &Context) {
        if 3 * mailbox.len() > 2 * ctx.n()
            && let Some(v) = mailbox.most_often()
        {
            if 3 * mailbox.count(|m| m == v) > 2 * ctx.n() {
                p.decision = Some(v.clone());
            }
            p.x = v.clone();
        }
    }
}

#[pure]
impl<V: Value + Ord> Consensus for OneThirdRule<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value + Ord> OneThirdRule<V> {
    /// Once anybody decided, more than 2n/3 hold the decision.
    #[invariant]
    pub fn locked(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_none())
            || s.exists_value(|v| {
                3 * s.count(|i| s[i].x == *v) > 2 * s.n() && s.forall(|i| implies(s[i].decision.is_some(), s[i].decision.is(v)))
            })
    }
    /// Estimates and decisions are inputs.
    #[invariant]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.forall(|i| {
            s.exists(|j| s[i].x == s.initially(j).x) && implies(s[i].decision.is_some(), s.exists(|j| s[i].decision.is(&s.initially(j).x)))
        })
    }
    /// Who decides decides what more than 2n/3 hold.
    #[lemma]
    pub fn decided_by_many(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| new[i].decision == old[i].decision || 3 * old.count(|j| new[i].decision.is(&old[j].x)) > 2 * old.n())
    }
    /// Who holds what more than 2n/3 hold keeps it: whoever hears enough hears it most often.
    #[lemma]
    pub fn kept(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| 3 * old.count(|j| old[j].x == old[i].x) <= 2 * old.n() || new[i].x == old[i].x)
    }
    /// A space-uniform round with more than 2n/3 processes.
    #[liveness]
    pub fn good_round(ho: &HeardOf<Self>) -> bool {
        ho.uniform() && 3 * ho.min_len() > 2 * ho.n()
    }
    /// All estimates are equal.
    #[progress(stage = 1)]
    pub fn all_equal(s: &System<Self>) -> bool {
        s.exists_value(|v: &V| s.forall(|i| s[i].x == *v))
    }
    /// All have decided what all hold.
    #[progress(stage = 2)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.exists_value(|v: &V| s.forall(|i| s[i].x == *v && s[i].decision.is(v)))
    }
}
