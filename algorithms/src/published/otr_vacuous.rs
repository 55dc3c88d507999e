//! One-Third Rule with a liveness predicate that no heard-of set satisfies: termination "holds" vacuously, which is an error of its own.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "the liveness predicate is satisfied by no heard-of set";

/// One-Third Rule with a liveness predicate that nothing satisfies.
#[derive(State)]
pub struct OtrVacuous<V> {
    /// The estimate.
    pub x: V,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for OtrVacuous<V> {
    type Input = V;
    type Rounds = (Exchange,);
    fn init(input: V, _ctx: &Context) -> Self {
        Self { x: input, decision: None }
    }
}

/// Everybody sends its estimate to all.
pub struct Exchange;

#[round]
impl<V: Value + Ord> Round<OtrVacuous<V>> for Exchange {
    type Message = V;
    fn send(p: &OtrVacuous<V>, _ctx: &Context) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut OtrVacuous<V>, mailbox: &Mailbox<V>, ctx: &Context) {
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
impl<V: Value + Ord> Consensus for OtrVacuous<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value + Ord> OtrVacuous<V> {
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
    /// No heard-of set has more than n processes.
    #[liveness]
    pub fn good_round(ho: &HeardOf<Self>) -> bool {
        ho.uniform() && ho.min_len() > ho.n()
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
