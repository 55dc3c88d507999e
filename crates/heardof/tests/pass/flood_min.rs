//! FloodMin: synchronous crashes.

use heardof::prelude::*;

#[derive(Data)]
pub struct Crashes {
    pub f: usize,
}
#[derive(State)]
#[parameters(Crashes)]
pub struct FloodMin<V> {
    pub x: V,
    #[output]
    pub decision: Option<V>,
}
#[process]
impl<V: Value + Ord> Process for FloodMin<V> {
    type Input = V;
    type Rounds = (Flood,);
    fn init(input: V, _: &Context<Crashes>) -> Self {
        Self { x: input, decision: None }
    }
}
pub struct Flood;
#[round]
impl<V: Value + Ord> Round<FloodMin<V>> for Flood {
    type Message = V;
    fn send(p: &FloodMin<V>, _: &Context<Crashes>) -> Outbox<V> {
        broadcast(p.x.clone())
    }
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
    #[resilience]
    pub fn a_survivor(n: usize, p: &Crashes) -> bool {
        n > p.f
    }
    /// Synchronous crashes [CBS09, Table 1]: whom somebody missed nobody hears again; at most f are missed.
    #[safety]
    pub fn crashes(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.of(p).is_subset(ho.kernel_before()) && ho.of(p).len() + ho.parameters().f >= ho.n())
    }
    #[invariant]
    pub fn equal_or_crashed(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].x == s[j].x) || s.kernel().len() + s.round() <= s.n()
    }
    #[invariant]
    pub fn decided_late(s: &System<Self>) -> bool {
        s.forall(|i| {
            implies(s[i].decision.is_some(), s.round() > s.parameters().f && s.forall(|j| s[j].x == s[i].x && s[i].decision.is(&s[i].x)))
        })
    }
}
