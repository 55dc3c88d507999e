//! k-set agreement: maps, `merge`, `image`, a problem with an associated function.

use heardof::prelude::*;

#[derive(Data)]
pub struct Bound {
    pub k: usize,
}
#[derive(State)]
#[parameters(Bound)]
pub struct KSet<V> {
    pub x: V,
    pub known: Map<Pid, V>,
    pub decider: bool,
    #[output]
    pub decision: Option<V>,
}
#[process]
impl<V: Value + Ord> Process for KSet<V> {
    type Input = V;
    type Rounds = (Gossip,);
    fn init(input: V, ctx: &Context<Bound>) -> Self {
        let mut known = Map::new();
        known.insert(ctx.id(), input.clone());
        Self { x: input, known, decider: false, decision: None }
    }
}
pub struct Gossip;
#[round]
impl<V: Value + Ord> Round<KSet<V>> for Gossip {
    type Message = (bool, Map<Pid, V>);
    fn send(p: &KSet<V>, _: &Context<Bound>) -> Outbox<Self::Message> {
        broadcast((p.decider, p.known.clone()))
    }
    fn update(p: &mut KSet<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context<Bound>) {
        if p.decider {
            p.decision = p.known.values().first().cloned();
        } else if let Some((_, known)) = mailbox.pick(|m| m.0) {
            p.decider = true;
            p.known = known.clone();
        } else if mailbox.count(|m| m.1 == p.known) + ctx.parameters().k > ctx.n() {
            p.decider = true;
        } else {
            p.known = p.known.merge(&mailbox.merge(|m| m.1.clone()));
        }
    }
}
#[pure]
impl<V: Value + Ord> KSetAgreement for KSet<V> {
    type Value = V;
    fn bound(q: &Bound) -> usize {
        q.k
    }
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}
#[spec(KSetAgreement)]
impl<V: Value + Ord> KSet<V> {
    #[property]
    pub fn at_most_k(s: &System<Self>) -> bool {
        s.image(|i| s[i].decision.clone()).len() <= s.parameters().k
    }
    #[invariant]
    pub fn own(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].known.get(&j).is_none_or(|v| s.initially(j).known.get(&j).is_some_and(|w| v == w)))
    }
}
