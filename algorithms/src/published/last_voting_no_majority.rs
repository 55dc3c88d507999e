//! LastVoting in which the coordinator announces a decision after a single acknowledgement.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "one acknowledgement is taken for a majority";

/// Who leads phase 0, and whether phase 0 may skip the collection of estimates.
#[derive(Data)]
pub struct Leader {
    /// The coordinator of phase 0; phase φ is led by the φ-th process after it.
    pub first: Pid,
    /// In phase 0 nobody has voted yet, so the coordinator may propose any value, its own too, without hearing a majority.
    pub shortcut: bool,
}

/// LastVoting in which one acknowledgement is enough.
#[derive(State)]
#[parameters(Leader)]
pub struct LastVotingNoMajority<V> {
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
impl<V: Value> Process for LastVotingNoMajority<V> {
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
impl<V: Value> Round<LastVotingNoMajority<V>> for Collect {
    type Message = (V, Option<Phase>);
    fn send(p: &LastVotingNoMajority<V>, ctx: &Context<Leader>) -> Outbox<Self::Message> {
        to(ctx.coordinator(), (p.x.clone(), p.ts))
    }
    fn update(p: &mut LastVotingNoMajority<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context<Leader>) {
        if ctx.is_coordinator()
            && (2 * mailbox.len() > ctx.n() || ctx.parameters().shortcut && ctx.phase().is_first())
            && let Some((v, _)) = mailbox.max_by_key(|(_, ts)| *ts)
        {
            p.vote = Some(v.clone());
        }
    }
    fn ready(_p: &LastVotingNoMajority<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context<Leader>) -> Progress {
        if !ctx.is_coordinator() || 2 * mailbox.len() > ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl<V: Value> Round<LastVotingNoMajority<V>> for Propose {
    type Message = V;
    fn send(p: &LastVotingNoMajority<V>, _ctx: &Context<Leader>) -> Outbox<V> {
        match &p.vote {
            Some(v) => broadcast(v.clone()),
            None => silent(),
        }
    }
    fn update(p: &mut LastVotingNoMajority<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) {
        if let Some(v) = mailbox.from(ctx.coordinator()) {
            p.x = v.clone();
            p.ts = Some(ctx.phase());
        }
    }
    fn ready(_p: &LastVotingNoMajority<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl<V: Value> Round<LastVotingNoMajority<V>> for Acknowledge {
    type Message = ();
    fn send(p: &LastVotingNoMajority<V>, ctx: &Context<Leader>) -> Outbox<()> {
        if p.ts == Some(ctx.phase()) { to(ctx.coordinator(), ()) } else { silent() }
    }
    fn update(p: &mut LastVotingNoMajority<V>, mailbox: &Mailbox<()>, ctx: &Context<Leader>) {
        if ctx.is_coordinator() && !mailbox.is_empty() {
            p.ready = true;
        }
    }
    fn ready(_p: &LastVotingNoMajority<V>, mailbox: &Mailbox<()>, ctx: &Context<Leader>) -> Progress {
        if !ctx.is_coordinator() || 2 * mailbox.len() > ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl<V: Value> Round<LastVotingNoMajority<V>> for Decide {
    type Message = V;
    fn send(p: &LastVotingNoMajority<V>, _ctx: &Context<Leader>) -> Outbox<V> {
        match &p.vote {
            Some(v) if p.ready => broadcast(v.clone()),
            _ => silent(),
        }
    }
    fn update(p: &mut LastVotingNoMajority<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) {
        if let Some(v) = mailbox.from(ctx.coordinator()) {
            p.decision = Some(v.clone());
        }
        p.vote = None;
        p.ready = false;
    }
    fn ready(_p: &LastVotingNoMajority<V>, mailbox: &Mailbox<V>, ctx: &Context<Leader>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[pure]
impl<V: Value> Consensus for LastVotingNoMajority<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value> LastVotingNoMajority<V> {
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
    /// Everybody has decided.
    #[progress(stage = 1)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
