//! Two-phase commit: the coordinator is a parameter.

use heardof::prelude::*;

#[derive(Data)]
pub struct Manager {
    pub manager: Pid,
}
#[derive(State)]
#[parameters(Manager)]
pub struct TwoPhaseCommit {
    pub vote: bool,
    #[output]
    pub decision: Option<bool>,
}
#[process]
impl Process for TwoPhaseCommit {
    type Input = bool;
    type Rounds = (Prepare, Votes, Outcome);
    fn init(vote: bool, _: &Context<Manager>) -> Self {
        Self { vote, decision: None }
    }
    fn coordinator(_: Phase, _: usize, p: &Manager) -> Pid {
        p.manager
    }
}
pub struct Prepare;
pub struct Votes;
pub struct Outcome;
#[round]
impl Round<TwoPhaseCommit> for Prepare {
    type Message = ();
    fn send(_: &TwoPhaseCommit, ctx: &Context<Manager>) -> Outbox<()> {
        if ctx.is_coordinator() { broadcast(()) } else { silent() }
    }
    fn update(_: &mut TwoPhaseCommit, _: &Mailbox<()>, _: &Context<Manager>) {}
    fn ready(_: &TwoPhaseCommit, mailbox: &Mailbox<()>, ctx: &Context<Manager>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}
#[round]
impl Round<TwoPhaseCommit> for Votes {
    type Message = bool;
    fn send(p: &TwoPhaseCommit, ctx: &Context<Manager>) -> Outbox<bool> {
        to(ctx.coordinator(), p.vote)
    }
    fn update(p: &mut TwoPhaseCommit, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) {
        if ctx.is_coordinator() && p.decision.is_none() {
            p.decision = Some(mailbox.len() == ctx.n() && mailbox.all(|yes| *yes));
        }
    }
    /// Open round: one `no` settles it; the participants have nothing to wait for.
    fn ready(_: &TwoPhaseCommit, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) -> Progress {
        if !ctx.is_coordinator() || mailbox.any(|yes| !*yes) || mailbox.len() == ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}
#[round]
impl Round<TwoPhaseCommit> for Outcome {
    type Message = bool;
    fn send(p: &TwoPhaseCommit, ctx: &Context<Manager>) -> Outbox<bool> {
        match p.decision {
            Some(d) if ctx.is_coordinator() => broadcast(d),
            _ => silent(),
        }
    }
    fn update(p: &mut TwoPhaseCommit, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) {
        if let Some(d) = mailbox.from(ctx.coordinator()) {
            p.decision = Some(*d);
        }
    }
    fn ready(_: &TwoPhaseCommit, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Block }
    }
}
#[spec]
impl TwoPhaseCommit {
    #[property]
    pub fn agreement(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].decision.is_some() && s[j].decision.is_some(), s[i].decision == s[j].decision))
    }
    #[property]
    pub fn all_voted_for_it(s: &System<Self>) -> bool {
        implies(s.exists(|i| s[i].decision == Some(true)), s.forall(|j| s[j].vote))
    }
    #[invariant(always)]
    pub fn only_unanimous(s: &System<Self>) -> bool {
        s.forall(|i| implies(s[i].decision == Some(true), s.forall(|j| s[j].vote)))
    }
    #[invariant(always)]
    pub fn from_the_manager(s: &System<Self>) -> bool {
        let c = s.coordinator();
        s.forall(|i| implies(s[i].decision.is_some(), s[i].decision == s[c].decision))
    }
    #[invariant(before(Outcome))]
    pub fn settled(s: &System<Self>) -> bool {
        s[s.coordinator()].decision.is_some()
    }
    #[liveness(rounds(Outcome))]
    pub fn manager_is_heard(ho: &HeardOf<Self>) -> bool {
        ho.kernel().contains(&ho.coordinator())
    }
    #[progress(stage = 1)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
