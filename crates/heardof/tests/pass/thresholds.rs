//! A_{T,E,alpha} and U_{T,E,alpha}: value faults, `pick`, nested patterns.

use heardof::prelude::*;

#[derive(Data)]
pub struct Thresholds {
    pub t: usize,
    pub e: usize,
    pub alpha: usize,
}
#[derive(State)]
#[parameters(Thresholds)]
pub struct Ate<V> {
    pub x: V,
    #[output]
    pub decision: Option<V>,
}
#[process]
impl<V: Value + Ord> Process for Ate<V> {
    type Input = V;
    type Rounds = (Exchange,);
    fn faults(q: &Thresholds) -> Faults {
        Faults::Value { at_most: q.alpha }
    }
    fn init(input: V, _: &Context<Thresholds>) -> Self {
        Self { x: input, decision: None }
    }
}
pub struct Exchange;
#[round]
impl<V: Value + Ord> Round<Ate<V>> for Exchange {
    type Message = V;
    fn send(p: &Ate<V>, _: &Context<Thresholds>) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut Ate<V>, mailbox: &Mailbox<V>, ctx: &Context<Thresholds>) {
        let Thresholds { t, e, .. } = ctx.parameters();
        if mailbox.len() > *t
            && let Some(v) = mailbox.most_often()
        {
            if mailbox.count(|m| m == v) > *e {
                p.decision = Some(v.clone());
            }
            p.x = v.clone();
        }
    }
}
#[spec]
impl<V: Value + Ord> Ate<V> {
    #[resilience]
    pub fn thresholds(n: usize, p: &Thresholds) -> bool {
        p.t + 2 * p.e >= 2 * (n + 2 * p.alpha) && p.t < n && p.e < n && 2 * p.e >= n + 2 * p.alpha
    }
    /// At most alpha of the messages that a process receives in a round are corrupted.
    #[safety]
    pub fn alpha_safe(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.of(p).difference(ho.safe(p)).len() <= ho.parameters().alpha)
    }
    #[invariant]
    pub fn locked(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_none())
            || s.exists_value(|v| {
                s.count(|i| s[i].x == *v) + s.parameters().alpha > s.parameters().e
                    && s.forall(|i| implies(s[i].decision.is_some(), s[i].decision.is(v)))
            })
    }
    #[liveness(stage = 1)]
    pub fn clean_core(ho: &HeardOf<Self>) -> bool {
        let Thresholds { t, e, alpha } = ho.parameters();
        ho.forall(|p| ho.of(p).len() > *t)
            && ho.exists(|c| ho.safe(c).len() > *t && ho.count(|p| ho.of(p) == ho.safe(c) && ho.safe(p) == ho.safe(c)) + alpha > *e)
    }
    #[liveness(stage = 2)]
    pub fn long_enough(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.of(p).len() > ho.parameters().t)
    }
    #[liveness(stage = 3)]
    pub fn safe_enough(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.of(p).len() > ho.parameters().t && ho.safe(p).len() > ho.parameters().e)
    }
}
#[derive(Data)]
pub struct UteParameters<V> {
    pub t: usize,
    pub e: usize,
    pub alpha: usize,
    pub default: V,
}
#[derive(State)]
#[parameters(UteParameters<V>)]
pub struct Ute<V> {
    pub x: V,
    pub vote: Option<V>,
    #[output]
    pub decision: Option<V>,
}
#[process]
impl<V: Value + Ord> Process for Ute<V> {
    type Input = V;
    type Rounds = (Report, Vote);
    fn faults(q: &UteParameters<V>) -> Faults {
        Faults::Value { at_most: q.alpha }
    }
    fn init(input: V, _: &Context<UteParameters<V>>) -> Self {
        Self { x: input, vote: None, decision: None }
    }
}
pub struct Report;
pub struct Vote;
#[round]
impl<V: Value + Ord> Round<Ute<V>> for Report {
    type Message = V;
    fn send(p: &Ute<V>, _: &Context<UteParameters<V>>) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut Ute<V>, mailbox: &Mailbox<V>, ctx: &Context<UteParameters<V>>) {
        p.vote = mailbox.pick(|v| mailbox.count(|m| m == v) > ctx.parameters().t).cloned();
    }
}
#[round]
impl<V: Value + Ord> Round<Ute<V>> for Vote {
    type Message = Option<V>;
    fn send(p: &Ute<V>, _: &Context<UteParameters<V>>) -> Outbox<Option<V>> {
        broadcast(p.vote.clone())
    }
    fn update(p: &mut Ute<V>, mailbox: &Mailbox<Option<V>>, ctx: &Context<UteParameters<V>>) {
        let q = ctx.parameters();
        p.x = match mailbox.pick(|v| v.is_some() && mailbox.count(|m| m == v) > q.alpha) {
            Some(Some(v)) => v.clone(),
            _ => q.default.clone(),
        };
        if let Some(Some(v)) = mailbox.pick(|v| v.is_some() && mailbox.count(|m| m == v) > q.e) {
            p.decision = Some(v.clone());
        }
    }
}
#[spec]
impl<V: Value + Ord> Ute<V> {
    #[resilience]
    pub fn thresholds(n: usize, p: &UteParameters<V>) -> bool {
        p.t < n && p.e < n
    }
}
