//! ShortLastVoting with the phase taken as round / 4 although a phase has three rounds. Safe, but most phases have no coordinator that
//! stays the same through their rounds, and some processes never lead. Published in the PSync examples. The right phase is round / 3.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "the phase is round / 4 although a phase has three rounds: safe, but good phases need not decide";

/// LastVoting in three rounds, with the published phase numbers.
#[derive(State)]
pub struct ShortLastVotingSlow<V> {
    /// The estimate.
    pub x: V,
    /// The phase of the last vote, as published.
    pub ts: Option<Phase>,
    /// What the coordinator proposes.
    pub vote: Option<V>,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value> Process for ShortLastVotingSlow<V> {
    type Input = V;
    type Rounds = (Collect, Propose, Spread);
    fn init(input: V, _ctx: &Context) -> Self {
        Self { x: input, ts: None, vote: None, decision: None }
    }
}

/// Estimates and timestamps go to the coordinator.
pub struct Collect;
/// The coordinator proposes.
pub struct Propose;
/// Who voted in this phase tells everybody.
pub struct Spread;

#[round]
impl<V: Value> Round<ShortLastVotingSlow<V>> for Collect {
    type Message = (V, Option<Phase>);
    fn send(p: &ShortLastVotingSlow<V>, ctx: &Context) -> Outbox<Self::Message> {
        to(Phase::new(ctx.round() / 4).rotate(ctx.n()), (p.x.clone(), p.ts))
    }
    fn update(p: &mut ShortLastVotingSlow<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context) {
        if ctx.id() == Phase::new(ctx.round() / 4).rotate(ctx.n())
            && 2 * mailbox.len() > ctx.n()
            && let Some((v, _)) = mailbox.max_by_key(|(_, ts)| *ts)
        {
            p.vote = Some(v.clone());
        }
    }
}

#[round]
impl<V: Value> Round<ShortLastVotingSlow<V>> for Propose {
    type Message = V;
    fn send(p: &ShortLastVotingSlow<V>, _ctx: &Context) -> Outbox<V> {
        match &p.vote {
            Some(v) => broadcast(v.clone()),
            None => silent(),
        }
    }
    fn update(p: &mut ShortLastVotingSlow<V>, mailbox: &Mailbox<V>, ctx: &Context) {
        if let Some(v) = mailbox.from(Phase::new(ctx.round() / 4).rotate(ctx.n())) {
            p.x = v.clone();
            p.ts = Some(Phase::new(ctx.round() / 4));
        }
    }
}

#[round]
impl<V: Value> Round<ShortLastVotingSlow<V>> for Spread {
    type Message = V;
    fn send(p: &ShortLastVotingSlow<V>, ctx: &Context) -> Outbox<V> {
        if p.ts == Some(Phase::new(ctx.round() / 4)) { broadcast(p.x.clone()) } else { silent() }
    }
    fn update(p: &mut ShortLastVotingSlow<V>, mailbox: &Mailbox<V>, ctx: &Context) {
        if 2 * mailbox.len() > ctx.n()
            && let Some(v) = mailbox.pick(|_| true)
        {
            p.decision = Some(v.clone());
        }
        p.vote = None;
    }
}

#[pure]
impl<V: Value> Consensus for ShortLastVotingSlow<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value> ShortLastVotingSlow<V> {
    /// Everybody hears everybody: nothing better can be asked for.
    #[liveness]
    pub fn all_heard(ho: &HeardOf<Self>) -> bool {
        ho.min_len() == ho.n()
    }
    /// Everybody has decided.
    #[progress(stage = 1)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
