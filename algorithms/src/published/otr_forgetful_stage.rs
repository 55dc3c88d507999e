//! One-Third Rule with the published third invariant: all have decided an input. It is not inductive, because nothing is said of the
//! estimates. Published in the PSync examples. The right one also says that the estimates equal the decision.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "the third invariant forgets the estimates and is not inductive";

/// One-Third Rule with its published progress invariants.
#[derive(State)]
pub struct OtrForgetfulStage<V> {
    /// The estimate.
    pub x: V,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for OtrForgetfulStage<V> {
    type Input = V;
    type Rounds = (Exchange,);
    fn init(input: V, _ctx: &Context) -> Self {
        Self { x: input, decision: None }
    }
}

/// Everybody sends its estimate to all.
pub struct Exchange;

#[round]
impl<V: Value + Ord> Round<OtrForgetfulStage<V>> for Exchange {
    type Message = V;
    fn send(p: &OtrForgetfulStage<V>, _ctx: &Context) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut OtrForgetfulStage<V>, mailbox: &Mailbox<V>, ctx: &Context) {
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
impl<V: Value + Ord> Consensus for OtrForgetfulStage<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value + Ord> OtrForgetfulStage<V> {
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
    /// The published third invariant: it forgets the estimates, so a later round may overwrite the decisions.
    #[progress(stage = 2)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.exists(|j| s.forall(|i| s[i].decision.is(&s.initially(j).x)))
    }
}
