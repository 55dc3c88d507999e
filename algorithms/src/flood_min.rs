//! FloodMin: synchronous consensus with crashes.

use heardof::prelude::*;

/// How many processes may crash.
#[derive(Data)]
pub struct Crashes {
    /// At most so many processes crash.
    pub f: usize,
}

/// FloodMin [Lynch, Distributed Algorithms, ch. 6; as rounds in CBS09]: consensus in f + 1 synchronous rounds with at most f crashes.
#[derive(State)]
#[parameters(Crashes)]
pub struct FloodMin<V> {
    /// The smallest value heard of.
    pub x: V,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for FloodMin<V> {
    type Input = V;
    type Rounds = (Flood,);
    fn init(input: V, _ctx: &Context<Crashes>) -> Self {
        Self { x: input, decision: None }
    }
}

/// Everybody sends the smallest value it knows to all.
pub struct Flood;

#[round]
impl<V: Value + Ord> Round<FloodMin<V>> for Flood {
    type Message = V;
    fn send(p: &FloodMin<V>, _ctx: &Context<Crashes>) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    /// The smallest value *heard*: whom nobody hears does not hear itself, and would otherwise keep a value that is lost.
    fn update(p: &mut FloodMin<V>, mailbox: &Mailbox<V>, ctx: &Context<Crashes>) {
        if let Some(v) = mailbox.min() {
            p.x = v.clone();
        }
        if ctx.round() == ctx.parameters().f {
            p.decision = Some(p.x.clone());
        }
    }
}

#[pure]
impl<V: Value + Ord> Consensus for FloodMin<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value + Ord> FloodMin<V> {
    /// Somebody survives.
    #[resilience]
    pub fn a_survivor(n: usize, p: &Crashes) -> bool {
        n > p.f
    }
    /// Synchronous crashes [CBS09, Table 1]: whom somebody missed nobody hears again; at most f are missed.
    #[safety]
    pub fn crashes(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.of(p).is_subset(ho.kernel_before()) && ho.of(p).len() + ho.parameters().f >= ho.n())
    }
    /// As long as the estimates differ, somebody was missed in every round.
    #[invariant]
    pub fn equal_or_crashed(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].x == s[j].x) || s.kernel().len() + s.round() <= s.n()
    }
    /// Decisions come after round f, when the estimates are equal.
    #[invariant]
    pub fn decided_late(s: &System<Self>) -> bool {
        s.forall(|i| {
            implies(s[i].decision.is_some(), s.round() > s.parameters().f && s[i].decision.is(&s[i].x) && s.forall(|j| s[j].x == s[i].x))
        })
    }
    /// After round f everybody has decided.
    #[invariant]
    pub fn decided_in_time(s: &System<Self>) -> bool {
        implies(s.round() > s.parameters().f, s.forall(|i| s[i].decision.is_some()))
    }
    /// Estimates are inputs.
    #[invariant]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.forall(|i| s.exists(|j| s[i].x == s.initially(j).x))
    }
    /// Round f: every run has one, whatever the network does.
    #[liveness]
    pub fn last_round(ho: &HeardOf<Self>) -> bool {
        ho.round() == ho.parameters().f
    }
    /// Everybody has decided.
    #[progress(stage = 1)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
