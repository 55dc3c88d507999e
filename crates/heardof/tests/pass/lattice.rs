//! Lattice agreement: bounds other than `Value`.

use heardof::prelude::*;

#[derive(State)]
pub struct LatticeAgreement<V> {
    pub proposed: V,
    #[output]
    pub decision: Option<V>,
}
#[process]
impl<V: JoinSemilattice> Process for LatticeAgreement<V> {
    type Input = V;
    type Rounds = (Propose,);
    fn init(input: V, _: &Context) -> Self {
        Self { proposed: input, decision: None }
    }
}
pub struct Propose;
#[round]
impl<V: JoinSemilattice> Round<LatticeAgreement<V>> for Propose {
    type Message = V;
    fn send(p: &LatticeAgreement<V>, _: &Context) -> Outbox<V> {
        broadcast(p.proposed.clone())
    }
    fn update(p: &mut LatticeAgreement<V>, mailbox: &Mailbox<V>, ctx: &Context) {
        if p.decision.is_none() && 2 * mailbox.count(|m| *m == p.proposed) > ctx.n() {
            p.decision = Some(p.proposed.clone());
        } else if let Some(heard) = mailbox.join(|m| m.clone()) {
            p.proposed = p.proposed.join(&heard);
        }
    }
}
#[spec]
impl<V: JoinSemilattice> LatticeAgreement<V> {
    #[property]
    pub fn comparable(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| match (&s[i].decision, &s[j].decision) {
            (Some(a), Some(b)) => a.leq(b) || b.leq(a),
            _ => true,
        })
    }
    #[invariant]
    pub fn backed(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.as_ref().is_none_or(|d| 2 * s.count(|j| d.leq(&s[j].proposed)) > s.n()))
    }
}
