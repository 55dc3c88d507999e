//! FloodMin for k values that decides a round early: as soon as it takes all f crashes that more than k values are left. Where k divides f
//! that may still be so, with f crashes. The right version waits until it takes more than f.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "decides while f crashes may still leave more than k values: a round early where k divides f";

/// How many values may be decided, and how many processes may crash.
#[derive(Data)]
pub struct Bounds {
    /// At most so many values are decided.
    pub k: usize,
    /// At most so many processes crash.
    pub f: usize,
}

/// FloodMin for k values, a round early.
#[derive(State)]
#[parameters(Bounds)]
pub struct KSetFloodMinEarly<V> {
    /// The smallest value heard of.
    pub x: V,
    /// k for every round so far: so many crashes it takes that more than k values are left.
    pub needed: usize,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for KSetFloodMinEarly<V> {
    type Input = V;
    type Rounds = (Flood,);
    fn init(input: V, _ctx: &Context<Bounds>) -> Self {
        Self { x: input, needed: 0, decision: None }
    }
}

/// Everybody sends the smallest value it knows to all.
pub struct Flood;

#[round]
impl<V: Value + Ord> Round<KSetFloodMinEarly<V>> for Flood {
    type Message = V;
    fn send(p: &KSetFloodMinEarly<V>, _ctx: &Context<Bounds>) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    /// The smallest value *heard*, as in FloodMin. Wrong: f crashes suffice.
    fn update(p: &mut KSetFloodMinEarly<V>, mailbox: &Mailbox<V>, ctx: &Context<Bounds>) {
        if p.decision.is_none() {
            if let Some(v) = mailbox.min() {
                p.x = v.clone();
            }
            p.needed += ctx.parameters().k;
            if p.needed >= ctx.parameters().f {
                p.decision = Some(p.x.clone());
            }
        }
    }
}

#[pure]
impl<V: Value + Ord> KSetAgreement for KSetFloodMinEarly<V> {
    type Value = V;
    fn bound(parameters: &Bounds) -> usize {
        parameters.k
    }
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(KSetAgreement)]
impl<V: Value + Ord> KSetFloodMinEarly<V> {
    /// Somebody survives, and something may be decided.
    #[resilience]
    pub fn a_survivor(n: usize, b: &Bounds) -> bool {
        n > b.f && b.k > 0
    }
    /// Synchronous crashes [CBS09, Table 1]: whom somebody missed nobody hears again; at most f are missed.
    #[safety]
    pub fn crashes(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.of(p).is_subset(ho.kernel_before())) && ho.kernel().len() + ho.parameters().f >= ho.n()
    }
    /// All decide together, as soon as as many crashes are needed as there may be.
    #[invariant]
    pub fn in_step(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].needed == s[j].needed)
            && s.forall(|i| {
                s[i].decision.is_some() == (s[i].needed > 0 && s[i].needed >= s.parameters().f)
                    && implies(s[i].decision.is_some(), s[i].decision.is(&s[i].x))
            })
    }
    /// All but f have been heard by everybody in every round.
    #[invariant]
    pub fn few_crashed(s: &System<Self>) -> bool {
        s.kernel().len() + s.parameters().f >= s.n()
    }
    /// At most k values are left, or in every round so far at least k processes were missed for the first time.
    #[invariant]
    pub fn few_or_crashed(s: &System<Self>) -> bool {
        s.image(|i| Some(s[i].x.clone())).len() <= s.parameters().k || s.forall(|i| s.kernel().len() + s[i].needed <= s.n())
    }
    /// Estimates are inputs.
    #[invariant]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.forall(|i| s.exists(|j| s[i].x == s.initially(j).x))
    }
    /// Those that are missed for the first time have one value each.
    #[lemma]
    pub fn one_value_each(old: &System<Self>, new: &System<Self>) -> bool {
        old.image(|q| if old.kernel().contains(&q) && !new.kernel().contains(&q) { Some(old[q].x.clone()) } else { None }).len()
            + new.kernel().len()
            <= old.kernel().len()
    }
    /// If somebody is left with less than another, because not everybody heard a process that had it.
    #[lemma]
    pub fn not_heard_by_all(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall_pairs(|i, j| {
            implies(
                old[j].decision.is_none() && new[i].x < new[j].x,
                old.exists(|q| old.kernel().contains(&q) && !new.kernel().contains(&q) && old[q].x == new[i].x),
            )
        })
    }
    /// Of the values of others only the largest is left.
    #[lemma]
    pub fn one_value_more(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| old[i].decision.is_some())
            || new.image(|i| Some(new[i].x.clone())).len() + new.kernel().len() <= old.kernel().len() + 1
    }
    /// Nobody makes values up.
    #[lemma]
    pub fn no_new_value(old: &System<Self>, new: &System<Self>) -> bool {
        new.image(|i| Some(new[i].x.clone())).len() <= old.image(|i| Some(old[i].x.clone())).len()
    }
    /// f crashes are needed: every run has this round, whatever the network does.
    #[liveness]
    pub fn last_round(s: &System<Self>, ho: &HeardOf<Self>) -> bool {
        s.forall(|i| s[i].needed + ho.parameters().k >= ho.parameters().f)
    }
    /// Everybody has decided.
    #[progress(stage = 1)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
