//! One-Third Rule with the weak post-condition of "most often received": for every value w, the chosen v is received more often than w
//! or is at most w. The smallest value received satisfies it whatever its count. Published in the PSync examples. The right one: a value
//! received most often, and the smallest of these.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "the value only has to satisfy the declared post-condition of most-often: the smallest received will do";

/// One-Third Rule with a value that satisfies only the declared post-condition: no value is both more frequent and smaller.
#[derive(State)]
pub struct OtrWeakMostOften<V> {
    /// The estimate.
    pub x: V,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for OtrWeakMostOften<V> {
    type Input = V;
    type Rounds = (Exchange,);
    fn init(input: V, _ctx: &Context) -> Self {
        Self { x: input, decision: None }
    }
}

/// Everybody sends its estimate to all.
pub struct Exchange;

#[round]
impl<V: Value + Ord> Round<OtrWeakMostOften<V>> for Exchange {
    type Message = V;
    fn send(p: &OtrWeakMostOften<V>, _ctx: &Context) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut OtrWeakMostOften<V>, mailbox: &Mailbox<V>, ctx: &Context) {
        if 3 * mailbox.len() > 2 * ctx.n()
            && let Some(v) = mailbox.min()
        {
            if 3 * mailbox.count(|m| m == v) > 2 * ctx.n() {
                p.decision = Some(v.clone());
            }
            p.x = v.clone();
        }
    }
}

#[pure]
impl<V: Value + Ord> Consensus for OtrWeakMostOften<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value + Ord> OtrWeakMostOften<V> {
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
