//! A(T, E, α): consensus in spite of corrupted messages.

use heardof::prelude::*;

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

/// A(T, E, α) [Biely, Charron-Bost, Gaillard, Hutle, Schiper, Widder: Tolerating corrupted communication. PODC 2007, Algorithm 1]:
/// consensus with less than n/4 corrupted messages per process and round, one round a phase.
#[derive(State)]
#[parameters(Thresholds)]
pub struct Ate<V> {
    /// The estimate.
    pub x: V,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for Ate<V> {
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
impl<V: Value + Ord> Round<Ate<V>> for Exchange {
    type Message = V;
    fn send(p: &Ate<V>, _ctx: &Context<Thresholds>) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut Ate<V>, mailbox: &Mailbox<V>, ctx: &Context<Thresholds>) {
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
impl<V: Value + Ord> ByzantineConsensus for Ate<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(ByzantineConsensus)]
impl<V: Value + Ord> Ate<V> {
    /// E ≥ n/2 + α and T ≥ 2 (n + 2α − E), both below n.
    #[resilience]
    pub fn thresholds(n: usize, p: &Thresholds) -> bool {
        2 * p.e >= n + 2 * p.alpha && p.t + 2 * p.e >= 2 * (n + 2 * p.alpha) && p.t < n && p.e < n
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
