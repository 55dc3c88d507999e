//! One-Third Rule with an invariant that is too weak: it says that decisions agree, and not why they will.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "the invariant says that decisions agree, and not that a quorum holds the value";

/// One-Third Rule; its invariant says nothing of the estimates.
#[derive(State)]
pub struct OtrNoQuorum<V> {
    /// The estimate.
    pub x: V,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for OtrNoQuorum<V> {
    type Input = V;
    type Rounds = (Exchange,);
    fn init(input: V, _ctx: &Context) -> Self {
        Self { x: input, decision: None }
    }
}

/// Everybody sends its estimate to all.
pub struct Exchange;

#[round]
impl<V: Value + Ord> Round<OtrNoQuorum<V>> for Exchange {
    type Message = V;
    fn send(p: &OtrNoQuorum<V>, _ctx: &Context) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut OtrNoQuorum<V>, mailbox: &Mailbox<V>, ctx: &Context) {
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
impl<V: Value + Ord> Consensus for OtrNoQuorum<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value + Ord> OtrNoQuorum<V> {
    /// All decisions are equal.
    #[invariant]
    pub fn agreed(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].decision.is_some() && s[j].decision.is_some(), s[i].decision == s[j].decision))
    }
    /// Estimates and decisions are inputs.
    #[invariant]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.forall(|i| {
            s.exists(|j| s[i].x == s.initially(j).x) && implies(s[i].decision.is_some(), s.exists(|j| s[i].decision.is(&s.initially(j).x)))
        })
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
