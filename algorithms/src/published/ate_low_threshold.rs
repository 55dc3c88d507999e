//! A(T, E, α) with T lowered by α: T + α ≥ 2 (n + 2α − E). Up to α = 2 the original bound has room for it, as it counts in whole
//! messages; from α = 3 on, and so n = 12, half of what is heard may be against what somebody decided.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "T is lowered by α in the condition on the thresholds: agreement breaks from α = 3 on, with n = 12 and T = E = 11";

/// The thresholds, and how much may be corrupted.
#[derive(Data)]
pub struct Thresholds {
    /// Update on more than so many messages: T.
    pub t: usize,
    /// Decide on more than so many equal messages: E.
    pub e: usize,
    /// At most so many of the messages that a process hears in a round are corrupted: α.
    pub alpha: usize,
}

/// A(T, E, α) with a T that may be too low.
#[derive(State)]
#[parameters(Thresholds)]
pub struct AteLowThreshold<V> {
    /// The estimate.
    pub x: V,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for AteLowThreshold<V> {
    type Input = V;
    type Rounds = (Exchange,);
    fn init(input: V, _ctx: &Context<Thresholds>) -> Self {
        Self { x: input, decision: None }
    }
    fn faults(p: &Thresholds) -> Faults {
        Faults::Value { at_most: p.alpha }
    }
}

/// Everybody sends its estimate to all.
pub struct Exchange;

#[round]
impl<V: Value + Ord> Round<AteLowThreshold<V>> for Exchange {
    type Message = V;
    fn send(p: &AteLowThreshold<V>, _ctx: &Context<Thresholds>) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut AteLowThreshold<V>, mailbox: &Mailbox<V>, ctx: &Context<Thresholds>) {
        if mailbox.len() > ctx.parameters().t
            && let Some(v) = mailbox.most_often()
        {
            if mailbox.count(|m| m == v) > ctx.parameters().e {
                p.decision = Some(v.clone());
            }
            p.x = v.clone();
        }
    }
}

#[pure]
impl<V: Value + Ord> ByzantineConsensus for AteLowThreshold<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(ByzantineConsensus)]
impl<V: Value + Ord> AteLowThreshold<V> {
    /// E ≥ n/2 + α and T + α ≥ 2 (n + 2α − E), both below n.
    #[resilience]
    pub fn thresholds(n: usize, p: &Thresholds) -> bool {
        2 * p.e >= n + 2 * p.alpha && p.t + p.alpha + 2 * p.e >= 2 * (n + 2 * p.alpha) && p.t < n && p.e < n
    }
    /// More than E − α hold what is decided.
    #[invariant]
    pub fn locked(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_none() || s.count(|j| s[i].decision.is(&s[j].x)) + s.parameters().alpha > s.parameters().e)
    }
    /// If all started with one value, all hold it, and nothing else is decided.
    #[invariant]
    pub fn unanimous(s: &System<Self>) -> bool {
        s.exists(|i| s.exists(|j| s.initially(i).x != s.initially(j).x))
            || s.forall(|i| s[i].x == s.initially(i).x && implies(s[i].decision.is_some(), s[i].decision.is(&s[i].x)))
    }
    /// More than T messages reach everybody, the same ones, and none of them is corrupted.
    #[liveness(stage = 1)]
    pub fn clean(ho: &HeardOf<Self>) -> bool {
        ho.uniform() && ho.min_len() > ho.parameters().t && ho.forall(|p| ho.of(p).is_subset(ho.safe(p)))
    }
    /// Everybody hears more than T messages, more than E of them as they were sent.
    #[liveness(stage = 2)]
    pub fn enough(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.of(p).len() > ho.parameters().t && ho.safe(p).len() > ho.parameters().e)
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
