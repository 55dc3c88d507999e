//! One-Third Rule [CBS09, Algorithm 1].

use heardof::prelude::*;

#[derive(State)]
pub struct OneThirdRule<V> {
    pub x: V,
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
    #[invariant]
    pub fn locked(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_none())
            || s.exists_value(|v| {
                3 * s.count(|i| s[i].x == *v) > 2 * s.n() && s.forall(|i| implies(s[i].decision.is_some(), s[i].decision.is(v)))
            })
    }
    #[invariant]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.forall(|i| {
            s.exists(|j| s[i].x == s.initially(j).x) && implies(s[i].decision.is_some(), s.exists(|j| s[i].decision.is(&s.initially(j).x)))
        })
    }
    #[liveness]
    pub fn good_round(ho: &HeardOf<Self>) -> bool {
        ho.uniform() && 3 * ho.min_len() > 2 * ho.n()
    }
    #[progress(stage = 1)]
    pub fn all_equal(s: &System<Self>) -> bool {
        s.exists_value(|v: &V| s.forall(|i| s[i].x == *v))
    }
    #[progress(stage = 2)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.exists_value(|v: &V| s.forall(|i| s[i].x == *v && s[i].decision.is(v)))
    }
}
