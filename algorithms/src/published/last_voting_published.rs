//! LastVoting with the published safety invariant. It says nothing of votes as long as nobody has decided, and so it is not inductive in
//! Propose, Acknowledge and Decide. Published in the PSync examples. The right ones are in `last_voting`.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "the safety invariant is not inductive in Propose, Acknowledge and Decide";

/// Who leads phase 0, and whether phase 0 may skip the collection of estimates.
#[derive(Data)]
pub struct Leader {
    /// The coordinator of phase 0; phase φ is led by the φ-th process after it.
    pub first: Pid,
    /// In phase 0 nobody has voted yet, so the coordinator may propose any value, its own too, without hearing a majority.
    pub shortcut: bool,
}

/// LastVoting with its published safety invariant.
#[derive(State)]
#[parameters(Leader)]
pub struct LastVotingPublished<V> {
    /// The estimate.
    pub x: V,
    /// The phase of the last vote; `None` before the first.
    pub ts: Option<Phase>,
    /// What the coordinator proposes in this phase.
    pub vote: Option<V>,
    /// The coordinator knows that a majority adopted its vote.
    pub ready: bool,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value> Process for LastVotingPublished<V> {
    type Input = V;
    type Rounds = (Collect, Propose, Acknowledge, Decide);
    fn init(input: V, _ctx: &Context<Leader>) -> Self {
        Self { x: input, ts: None, vote: None, ready: false, decision: None }
    }
    fn coordinator(phase: Phase, n: usize, p: &Leader) -> Pid {
        phase.rotate_from(p.first, n)
    }
}

/// Estimates and timestamps go to the coordinator.
pub struct Collect;
/// The coordinator proposes an estimate with the largest timestamp.
pub struct Propose;
/// Who adopted the proposal says so.
pub struct Acknowledge;
/// The coordinator announces the decision.
pub struct Decide;

#[round]
impl<V: Value> Round<LastVotingPublished<V>> for Collect {
    type Message = (V, Option<Phase>);
    fn send(p: &LastVotingPublished<V>, ctx: &Context<Leader>) -> Outbox<Self::Message> {
        to(ctx.coordinator(), (p.x.clone(), p.ts))
    }
    fn update(p: &mut LastVotingPublished<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context<Leader>) {
        if ctx.is_coordinator()
            && (2 * mailbox.len() > ctx.n() || ctx.parameters().shortcut && ctx.phase().is_first())
            && let Some((v, _)) = mailbox.max_by_key(|(_, ts)| *ts)
        {
            p.vote = Some(v.clone());
        }
    }
    fn ready(_p: &LastVotingPublished<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context<Leader>) -> Progress {
        if !ctx.is_coordinator() || 2 * mailbox.len() > ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl<V: Value> Round<LastVotingPublished<V>> for Propose {
    type Message = V;
    fn send(p: &LastVotingPublished<V>, _ctx: &Context<Leader>) -> Outbox<V> {
        match &p.vote {
            Some(v) => broadcast(v.clone()),
            None => silent(),
        }
    }
    fn update(p: &mut LastVotingPublished<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) {
        if let Some(v) = mailbox.from(ctx.coordinator()) {
            p.x = v.clone();
            p.ts = Some(ctx.phase());
        }
    }
    fn ready(_p: &LastVotingPublished<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl<V: Value> Round<LastVotingPublished<V>> for Acknowledge {
    type Message = ();
    fn send(p: &LastVotingPublished<V>, ctx: &Context<Leader>) -> Outbox<()> {
        if p.ts == Some(ctx.phase()) { to(ctx.coordinator(), ()) } else { silent() }
    }
    fn update(p: &mut LastVotingPublished<V>, mailbox: &Mailbox<()>, ctx: &Context<Leader>) {
        if ctx.is_coordinator() && 2 * mailbox.len() > ctx.n() {
            p.ready = true;
        }
    }
    fn ready(_p: &LastVotingPublished<V>, mailbox: &Mailbox<()>, ctx: &Context<Leader>) -> Progress {
        if !ctx.is_coordinator() || 2 * mailbox.len() > ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl<V: Value> Round<LastVotingPublished<V>> for Decide {
    type Message = V;
    fn send(p: &LastVotingPublished<V>, _ctx: &Context<Leader>) -> Outbox<V> {
        match &p.vote {
            Some(v) if p.ready => broadcast(v.clone()),
            _ => silent(),
        }
    }
    fn update(p: &mut LastVotingPublished<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) {
        if let Some(v) = mailbox.from(ctx.coordinator()) {
            p.decision = Some(v.clone());
        }
        p.vote = None;
        p.ready = false;
    }
    fn ready(_p: &LastVotingPublished<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[pure]
impl<V: Value> Consensus for LastVotingPublished<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value> LastVotingPublished<V> {
    /// The published safety invariant: nobody is ready or has decided, or a majority holds the decision since some phase.
    #[invariant(always)]
    pub fn safety_invariant(s: &System<Self>) -> bool {
        s.forall(|i| s.exists(|j| s[i].x == s.initially(j).x))
            && (s.forall(|i| s[i].decision.is_none() && !s[i].ready)
                || s.exists_value(|v| {
                    s.exists_phase(|t| {
                        s.round() > 0
                            && 2 * s.count(|i| s[i].ts >= Some(t)) > s.n()
                            && s.forall(|i| {
                                implies(s[i].ts >= Some(t), s[i].x == *v)
                                    && implies(s[i].decision.is_some(), s[i].decision.is(v))
                                    && implies(s[i].vote.is_some(), s[i].vote.is(v))
                                    && implies(s[i].ready, s[i].vote.is(v))
                                    && implies(s[i].ts == Some(s.phase()), s[s.coordinator()].vote.is_some())
                            })
                    })
                }))
    }
    /// The coordinator hears a majority.
    #[liveness(rounds(Collect, Acknowledge))]
    pub fn coordinator_hears_majority(ho: &HeardOf<Self>) -> bool {
        2 * ho.of(ho.coordinator()).len() > ho.n()
    }
    /// Everybody hears the coordinator.
    #[liveness(rounds(Propose, Decide))]
    pub fn coordinator_is_heard(ho: &HeardOf<Self>) -> bool {
        ho.kernel().contains(&ho.coordinator())
    }
    /// The coordinator has a proposal.
    #[progress(stage = 1, before(Propose))]
    pub fn proposed(s: &System<Self>) -> bool {
        s[s.coordinator()].vote.is_some()
    }
    /// Everybody has adopted it.
    #[progress(stage = 1, before(Acknowledge))]
    pub fn all_adopted(s: &System<Self>) -> bool {
        s[s.coordinator()].vote.is_some() && s.forall(|i| s[i].ts == Some(s.phase()))
    }
    /// The coordinator knows.
    #[progress(stage = 1, before(Decide))]
    pub fn is_ready(s: &System<Self>) -> bool {
        s[s.coordinator()].vote.is_some() && s[s.coordinator()].ready
    }
    /// Everybody has decided.
    #[progress(stage = 1)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
