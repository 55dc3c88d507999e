//! An algorithm that makes no sense and uses what the six do not: enums, sets, division and subtraction, messages to some, `map`,
//! `max`, tuples received most often, quantifiers over values that nothing pins down.

use heardof::prelude::*;

#[derive(Data, Copy)]
pub enum Mode {
    Idle,
    Since(usize),
    Voted { yes: bool },
}

#[derive(State)]
pub struct Sampler<V> {
    pub x: V,
    pub mode: Mode,
    pub met: Set<Pid>,
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for Sampler<V> {
    type Input = (V, bool);
    type Rounds = (Mixed, Second);
    fn init(input: (V, bool), ctx: &Context) -> Self {
        let (x, early) = input;
        let mut met = Set::new();
        if early {
            met.insert(ctx.id());
        }
        Self { x, mode: if early { Mode::Since(ctx.n() - 1) } else { Mode::Idle }, met, decision: None }
    }
}

pub struct Mixed;
pub struct Second;

#[round]
impl<V: Value + Ord> Round<Sampler<V>> for Mixed {
    type Message = (V, usize);
    fn send(p: &Sampler<V>, ctx: &Context) -> Outbox<(V, usize)> {
        match p.mode {
            Mode::Idle => broadcast((p.x.clone(), 0)),
            Mode::Since(k) => to_all(&p.met, (p.x.clone(), k)),
            Mode::Voted { yes: true } => each(&ctx.processes(), |q| if q == ctx.id() { None } else { Some((p.x.clone(), 1)) }),
            Mode::Voted { .. } => silent(),
        }
    }
    fn update(p: &mut Sampler<V>, mailbox: &Mailbox<(V, usize)>, ctx: &Context) {
        let half = mailbox.len() / 2;
        let missing = ctx.n() - mailbox.len();
        if let Some((v, k)) = mailbox.most_often() {
            p.x = v.clone();
            p.mode = if missing > half { Mode::Since((*k).min(half)) } else { Mode::Voted { yes: ctx.coin() } };
        }
        p.met = p.met.union(&mailbox.senders());
        p.met.remove(&ctx.coordinator());
    }
}

#[round]
impl<V: Value + Ord> Round<Sampler<V>> for Second {
    type Message = Option<V>;
    fn send(p: &Sampler<V>, ctx: &Context) -> Outbox<Option<V>> {
        if ctx.is_coordinator() || p.decision.is_some() { broadcast(p.decision.clone()) } else { silent() }
    }
    fn update(p: &mut Sampler<V>, mailbox: &Mailbox<Option<V>>, ctx: &Context) {
        match mailbox.max() {
            Some(Some(v)) => p.x = v.clone(),
            Some(None) if ctx.phase().is_first() => p.met = Set::of([ctx.id(), ctx.coordinator()]),
            _ => p.mode = Mode::Idle,
        }
        let named = mailbox.map(|m| m.clone());
        if p.met.contains(&ctx.id()) {
            p.decision = named.min().cloned().filter(|v| *v != p.x).or(p.decision.clone());
        }
    }
}

#[spec]
impl<V: Value + Ord> Sampler<V> {
    #[property]
    pub fn irrevocability(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| implies(old[i].decision.is_some(), new[i].decision == old[i].decision))
    }
    #[property]
    pub fn few_decisions(s: &System<Self>) -> bool {
        s.image(|i| s[i].decision.clone()).len() <= 1
    }
    #[invariant(always)]
    pub fn nothing_pins_it(s: &System<Self>) -> bool {
        s.exists_value(|v: &V| s.forall(|i| s[i].x != *v))
    }
    #[invariant(always)]
    pub fn every_value(s: &System<Self>) -> bool {
        s.forall_value(|v: &V| 2 * s.count(|i| s[i].decision.is(v)) <= s.n())
    }
    #[invariant(always)]
    pub fn both_truths(s: &System<Self>) -> bool {
        s.exists_value(|b: &bool| s.exists(|i| s[i].mode == Mode::Voted { yes: *b }) == *b)
    }
    #[invariant(before(Second))]
    pub fn thresholds(s: &System<Self>) -> bool {
        s.count(|i| s[i].mode == Mode::Idle) >= s.n() / 2 && s.n() - s.count(|i| s[i].decision.is_some()) > s.n() % 2
    }
    #[invariant]
    pub fn sets(s: &System<Self>) -> bool {
        s.set(|i| s[i].mode != Mode::Idle).is_subset(s.kernel()) || s.exists(|i| s[i].met.difference(s.kernel()).any(|p| *p != i))
    }
    #[invariant(always)]
    pub fn phases(s: &System<Self>) -> bool {
        s.exists_phase(|t| s.phase() == t) && s.forall_phase(|t| t.number() <= s.round()) && s.forall(|i| s[i].mode < Mode::Since(2))
    }
    #[safety]
    pub fn odd_predicates(ho: &HeardOf<Self>) -> bool {
        ho.min_len() == ho.n() || ho.min_len() <= 1 || ho.uniform() && ho.count(|p| ho.of(p).contains(&p)) < ho.n().saturating_sub(1)
    }
}
