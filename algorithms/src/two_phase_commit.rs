//! Two-phase commit.

use heardof::prelude::*;

/// Who manages the transaction.
#[derive(Data)]
pub struct Manager {
    /// The transaction manager.
    pub manager: Pid,
}

/// Two-phase commit [Gray 1978] with a fixed manager: prepare, votes, outcome. A participant that misses the outcome hears it in a
/// later phase; while the manager is down it stays undecided, as two-phase commit must.
#[derive(State)]
#[parameters(Manager)]
pub struct TwoPhaseCommit {
    /// Whether this process can commit.
    pub vote: bool,
    /// `Some(true)`: committed, `Some(false)`: aborted.
    #[output]
    pub decision: Option<bool>,
}

#[process]
impl Process for TwoPhaseCommit {
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
impl Round<TwoPhaseCommit> for Prepare {
    type Message = ();
    fn send(_p: &TwoPhaseCommit, ctx: &Context<Manager>) -> Outbox<()> {
        if ctx.is_coordinator() { broadcast(()) } else { silent() }
    }
    fn update(_p: &mut TwoPhaseCommit, _mailbox: &Mailbox<()>, _ctx: &Context<Manager>) {}
    fn ready(_p: &TwoPhaseCommit, mailbox: &Mailbox<()>, ctx: &Context<Manager>) -> Progress {
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
    /// One `no` settles it; the participants have nothing to wait for.
    fn ready(_p: &TwoPhaseCommit, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) -> Progress {
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
    /// Not `Block`: a participant would wait for ever on a crashed manager inside one round instead of asking again in the next phase.
    fn ready(_p: &TwoPhaseCommit, mailbox: &Mailbox<bool>, ctx: &Context<Manager>) -> Progress {
        if mailbox.from(ctx.coordinator()).is_some() { Progress::GoAhead } else { Progress::Deadline }
    }
}

#[pure]
impl AtomicCommit for TwoPhaseCommit {
    fn vote(&self) -> bool {
        self.vote
    }
    fn decision(&self) -> Option<bool> {
        self.decision
    }
}

#[spec(AtomicCommit)]
impl TwoPhaseCommit {
    /// A commit is unanimous.
    #[invariant(always)]
    pub fn only_unanimous(s: &System<Self>) -> bool {
        s.forall(|i| implies(s[i].decision.is(&true), s.forall(|j| s[j].vote)))
    }
    /// Every decision is the manager's.
    #[invariant(always)]
    pub fn from_the_manager(s: &System<Self>) -> bool {
        s.forall(|i| implies(s[i].decision.is_some(), s[i].decision == s[s.coordinator()].decision))
    }
    /// Votes do not change.
    #[invariant(always)]
    pub fn same_vote(s: &System<Self>) -> bool {
        s.forall(|i| s[i].vote == s.initially(i).vote)
    }
    /// The manager has decided before it announces.
    #[invariant(before(Outcome))]
    pub fn settled(s: &System<Self>) -> bool {
        s[s.coordinator()].decision.is_some()
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
