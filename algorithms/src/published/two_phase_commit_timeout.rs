//! Two-phase commit whose manager does not ask for n votes: when time is up it commits on the votes it has. Published as the event-driven
//! version of the PSync examples. The right one commits on n votes only.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "the manager commits without n votes";

/// Who manages the transaction.
#[derive(Data)]
pub struct Manager {
    /// The transaction manager.
    pub manager: Pid,
}

/// Two-phase commit that commits when time is up.
#[derive(State)]
#[parameters(Manager)]
pub struct TwoPhaseCommitTimeout {
    /// Whether this process can commit.
    pub vote: bool,
    /// `Some(true)`: committed, `Some(false)`: aborted.
    #[output]
    pub decision: Option<bool>,
}

#[process]
impl Process for TwoPhaseCommitTimeout {
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
impl Round<TwoPhaseCommitTimeout> for Prepare {
    type Message = ();
    fn send(_p: &TwoPhaseCommitTimeout, ctx: &Context<Manager>) -> Outbox<()> {
        if ctx.is_coordinator() { broadcast(()) } else { silent() }
    }
    fn update(_p: &mut TwoPhaseCommitTimeout, _mailbox: &Mailbox<()>, _ctx: &Context<Manager>) {}
    fn ready(_p: &TwoPhaseCommitTimeout, mailbox: &Mailbox<()>, ctx: &Context<Manager>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl Round<TwoPhaseCommitTimeout> for Votes {
    type Message = bool;
    fn send(p: &TwoPhaseCommitTimeout, ctx: &Context<Manager>) -> Outbox<bool> {
        to(ctx.coordinator(), p.vote)
    }
    fn update(p: &mut TwoPhaseCommitTimeout, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) {
        if ctx.is_coordinator() && p.decision.is_none() {
            p.decision = Some(mailbox.all(|yes| *yes));
        }
    }
    /// One `no` settles it; the participants have nothing to wait for.
    fn ready(_p: &TwoPhaseCommitTimeout, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) -> Progress {
        if !ctx.is_coordinator() || mailbox.any(|yes| !*yes) || mailbox.len() == ctx.n() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[round]
impl Round<TwoPhaseCommitTimeout> for Outcome {
    type Message = bool;
    fn send(p: &TwoPhaseCommitTimeout, ctx: &Context<Manager>) -> Outbox<bool> {
        match p.decision {
            Some(d) if ctx.is_coordinator() => broadcast(d),
            _ => silent(),
        }
    }
    fn update(p: &mut TwoPhaseCommitTimeout, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) {
        if let Some(d) = mailbox.from(ctx.coordinator()) {
            p.decision = Some(*d);
        }
    }
    /// Not `Block`: a participant would wait for ever on a crashed manager inside one round instead of asking again in the next phase.
    fn ready(_p: &TwoPhaseCommitTimeout, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[pure]
impl AtomicCommit for TwoPhaseCommitTimeout {
    fn vote(&self) -> bool {
        self.vote
    }
    fn decision(&self) -> Option<bool> {
        self.decision
    }
}

#[spec(AtomicCommit)]
impl TwoPhaseCommitTimeout {
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
