//! Two-phase commit with the published invariant, at every round boundary. It is not inductive: before Votes somebody may already have
//! decided otherwise than the manager is about to. Published in the PSync examples. The right ones are in `two_phase_commit`.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "the invariant is not inductive in Votes";

/// Who manages the transaction.
#[derive(Data)]
pub struct Manager {
    /// The transaction manager.
    pub manager: Pid,
}

/// Two-phase commit with its published invariant.
#[derive(State)]
#[parameters(Manager)]
pub struct TwoPhaseCommitPublished {
    /// Whether this process can commit.
    pub vote: bool,
    /// `Some(true)`: committed, `Some(false)`: aborted.
    #[output]
    pub decision: Option<bool>,
}

#[process]
impl Process for TwoPhaseCommitPublished {
    type Input = bool;
    type Rounds = (Prepare, Votes, Outcome);
    fn init(vote: bool, _ctx: &Context<Manager>) -> Self {
        Self { vote, decision: None }
    }
    fn coordinator(_phase: Phase, _n: usize, p: &Manager) -> Pid {
        p.manager
    }
}

/// The manager asks for votes.
pub struct Prepare;
/// Everybody votes.
pub struct Votes;
/// The manager announces the outcome.
pub struct Outcome;

#[round]
impl Round<TwoPhaseCommitPublished> for Prepare {
    type Message = ();
    fn send(_p: &TwoPhaseCommitPublished, ctx: &Context<Manager>) -> Outbox<()> {
        if ctx.is_coordinator() { broadcast(()) } else { silent() }
    }
    fn update(_p: &mut TwoPhaseCommitPublished, _mailbox: &Mailbox<()>, _ctx: &Context<Manager>) {}
    fn ready(_p: &TwoPhaseCommitPublished, mailbox: &Mailbox<()>, ctx: &Context<Manager>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl Round<TwoPhaseCommitPublished> for Votes {
    type Message = bool;
    fn send(p: &TwoPhaseCommitPublished, ctx: &Context<Manager>) -> Outbox<bool> {
        to(ctx.coordinator(), p.vote)
    }
    fn update(p: &mut TwoPhaseCommitPublished, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) {
        if ctx.is_coordinator() && p.decision.is_none() {
            p.decision = Some(mailbox.len() == ctx.n() && mailbox.all(|yes| *yes));
        }
    }
    /// One `no` settles it; the participants have nothing to wait for.
    fn ready(_p: &TwoPhaseCommitPublished, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) -> Progress {
        if !ctx.is_coordinator() || mailbox.any(|yes| !*yes) || mailbox.len() == ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl Round<TwoPhaseCommitPublished> for Outcome {
    type Message = bool;
    fn send(p: &TwoPhaseCommitPublished, ctx: &Context<Manager>) -> Outbox<bool> {
        match p.decision {
            Some(d) if ctx.is_coordinator() => broadcast(d),
            _ => silent(),
        }
    }
    fn update(p: &mut TwoPhaseCommitPublished, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) {
        if let Some(d) = mailbox.from(ctx.coordinator()) {
            p.decision = Some(*d);
        }
    }
    /// Not `Block`: a participant would wait for ever on a crashed manager inside one round instead of asking again in the next phase.
    fn ready(_p: &TwoPhaseCommitPublished, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[pure]
impl AtomicCommit for TwoPhaseCommitPublished {
    fn vote(&self) -> bool {
        self.vote
    }
    fn decision(&self) -> Option<bool> {
        self.decision
    }
}

#[spec(AtomicCommit)]
impl TwoPhaseCommitPublished {
    /// The published invariant: a commit is unanimous, and decisions are equal.
    #[invariant(always)]
    pub fn published(s: &System<Self>) -> bool {
        s.forall(|p| implies(s[p].decision.is(&true), s.forall(|q| s[q].vote)))
            && s.forall_pairs(|p, q| implies(s[p].decision.is_some() && s[q].decision.is_some(), s[p].decision == s[q].decision))
    }
    /// Everybody hears the manager.
    #[liveness(rounds(Outcome))]
    pub fn manager_is_heard(ho: &HeardOf<Self>) -> bool {
        ho.kernel().contains(&ho.coordinator())
    }
    /// The manager has decided.
    #[progress(stage = 1, before(Outcome))]
    pub fn manager_decided(s: &System<Self>) -> bool {
        s[s.coordinator()].decision.is_some()
    }
    /// Everybody has decided.
    #[progress(stage = 1)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
