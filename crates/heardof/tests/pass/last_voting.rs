//! LastVoting [CBS09, Algorithm 5]: phases of four rounds, coordinators.

use heardof::prelude::*;

#[derive(Data)]
pub struct Leader {
    pub first: Pid,
}
#[derive(State)]
#[parameters(Leader)]
pub struct LastVoting<V> {
    pub x: V,
    pub ts: Option<Phase>,
    pub vote: Option<V>,
    pub ready: bool,
    #[output]
    pub decision: Option<V>,
}
#[process]
impl<V: Value> Process for LastVoting<V> {
    type Input = V;
    type Rounds = (Collect, Propose, Acknowledge, Decide);
    fn init(input: V, _ctx: &Context<Leader>) -> Self {
        Self { x: input, ts: None, vote: None, ready: false, decision: None }
    }
    fn coordinator(phase: Phase, n: usize, p: &Leader) -> Pid {
        phase.rotate_from(p.first, n)
    }
}
pub struct Collect;
pub struct Propose;
pub struct Acknowledge;
pub struct Decide;
#[round]
impl<V: Value> Round<LastVoting<V>> for Collect {
    type Message = (V, Option<Phase>);
    fn send(p: &LastVoting<V>, ctx: &Context<Leader>) -> Outbox<Self::Message> {
        to(ctx.coordinator(), (p.x.clone(), p.ts))
    }
    fn update(p: &mut LastVoting<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context<Leader>) {
        if ctx.is_coordinator()
            && (2 * mailbox.len() > ctx.n() || ctx.phase().is_first())
            && let Some((v, _)) = mailbox.max_by_key(|(_, ts)| *ts)
        {
            p.vote = Some(v.clone());
        }
    }
    fn ready(_p: &LastVoting<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context<Leader>) -> Progress {
        if !ctx.is_coordinator() || 2 * mailbox.len() > ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}
#[round]
impl<V: Value> Round<LastVoting<V>> for Propose {
    type Message = V;
    fn send(p: &LastVoting<V>, _ctx: &Context<Leader>) -> Outbox<V> {
        match &p.vote {
            Some(v) => broadcast(v.clone()),
            None => silent(),
        }
    }
    fn update(p: &mut LastVoting<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) {
        if let Some(v) = mailbox.from(ctx.coordinator()) {
            p.x = v.clone();
            p.ts = Some(ctx.phase());
        }
    }
}
#[round]
impl<V: Value> Round<LastVoting<V>> for Acknowledge {
    type Message = ();
    fn send(p: &LastVoting<V>, ctx: &Context<Leader>) -> Outbox<()> {
        if p.ts == Some(ctx.phase()) { to(ctx.coordinator(), ()) } else { silent() }
    }
    fn update(p: &mut LastVoting<V>, mailbox: &Mailbox<()>, ctx: &Context<Leader>) {
        if ctx.is_coordinator() && 2 * mailbox.len() > ctx.n() {
            p.ready = true;
        }
    }
}
#[round]
impl<V: Value> Round<LastVoting<V>> for Decide {
    type Message = V;
    fn send(p: &LastVoting<V>, _ctx: &Context<Leader>) -> Outbox<V> {
        match &p.vote {
            Some(v) if p.ready => broadcast(v.clone()),
            _ => silent(),
        }
    }
    fn update(p: &mut LastVoting<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) {
        if let Some(v) = mailbox.from(ctx.coordinator()) {
            p.decision = Some(v.clone());
        }
        p.vote = None;
        p.ready = false;
    }
}
#[pure]
impl<V: Value> Consensus for LastVoting<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}
#[spec(Consensus)]
impl<V: Value> LastVoting<V> {
    /// A decided value is held, with a timestamp at least t, by a majority; nobody later than t holds or proposes another.
    #[invariant(always)]
    pub fn anchored(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_none())
            || s.exists_value(|v| {
                s.exists_phase(|t| {
                    2 * s.count(|i| s[i].ts >= Some(t)) > s.n()
                        && s.forall(|i| {
                            implies(s[i].ts >= Some(t), s[i].x == *v)
                                && implies(s[i].decision.is_some(), s[i].decision.is(v))
                                && implies(s[i].vote.is_some(), s[i].vote.is(v))
                        })
                })
            })
    }
    #[invariant(always)]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.forall(|i| {
            s.exists(|j| s[i].x == s.initially(j).x)
                && implies(s[i].vote.is_some(), s.exists(|j| s[i].vote.is(&s.initially(j).x)))
                && implies(s[i].decision.is_some(), s.exists(|j| s[i].decision.is(&s.initially(j).x)))
        })
    }
    #[invariant(before(Collect))]
    pub fn clear(s: &System<Self>) -> bool {
        s.forall(|i| s[i].vote.is_none())
    }
    #[invariant(before(Collect, Propose))]
    pub fn in_the_past(s: &System<Self>) -> bool {
        s.forall(|i| s[i].ts < Some(s.phase()))
    }
    #[invariant(before(Propose, Acknowledge, Decide))]
    pub fn only_the_coordinator_votes(s: &System<Self>) -> bool {
        s.forall(|i| implies(s[i].vote.is_some(), i == s.coordinator()))
    }
    #[invariant(before(Acknowledge, Decide))]
    pub fn adopted(s: &System<Self>) -> bool {
        let c = s.coordinator();
        s.forall(|i| s[i].ts <= Some(s.phase()) && implies(s[i].ts == Some(s.phase()), s[c].vote.is(&s[i].x)))
    }
    #[invariant(before(Collect, Propose, Acknowledge))]
    pub fn not_ready(s: &System<Self>) -> bool {
        s.forall(|i| !s[i].ready)
    }
    #[invariant(before(Decide))]
    pub fn acknowledged(s: &System<Self>) -> bool {
        s.forall(|i| {
            implies(s[i].ready, i == s.coordinator() && s[i].vote.is_some() && 2 * s.count(|j| s[j].ts == Some(s.phase())) > s.n())
        })
    }
    #[liveness(rounds(Collect, Acknowledge))]
    pub fn coordinator_hears_majority(ho: &HeardOf<Self>) -> bool {
        2 * ho.of(ho.coordinator()).len() > ho.n()
    }
    #[liveness(rounds(Propose, Decide))]
    pub fn coordinator_is_heard(ho: &HeardOf<Self>) -> bool {
        ho.kernel().contains(&ho.coordinator())
    }
    #[progress(stage = 1, before(Propose))]
    pub fn picked(s: &System<Self>) -> bool {
        s[s.coordinator()].vote.is_some()
    }
    #[progress(stage = 1, before(Acknowledge))]
    pub fn all_adopted(s: &System<Self>) -> bool {
        s[s.coordinator()].vote.is_some() && s.forall(|i| s[i].ts == Some(s.phase()))
    }
    #[progress(stage = 1, before(Decide))]
    pub fn is_ready(s: &System<Self>) -> bool {
        s[s.coordinator()].vote.is_some() && s[s.coordinator()].ready
    }
    #[progress(stage = 1)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
