//! Ben-Or in which a value is adopted only on two votes. Agreement fails from n = 3 on: a process that hears a single vote tosses a coin
//! although another has heard a majority of votes. Published in the PSync examples. The right threshold is one vote.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "two votes are needed to adopt a value";

/// Ben-Or in which two votes are needed to adopt a value.
#[derive(State)]
pub struct BenOrTwoVotes {
    /// The estimate.
    pub x: bool,
    /// A majority voted for the estimate: decide in the next phase.
    pub can_decide: bool,
    /// The vote of this phase.
    pub vote: Option<bool>,
    /// The decision.
    #[output]
    pub decision: Option<bool>,
}

#[process]
impl Process for BenOrTwoVotes {
    type Input = bool;
    type Rounds = (Report, Vote);
    fn init(input: bool, _ctx: &Context) -> Self {
        Self { x: input, can_decide: false, vote: None, decision: None }
    }
    fn halted(&self) -> bool {
        self.decision.is_some()
    }
}

/// Estimates go to all; whoever hears a majority for a value votes for it.
pub struct Report;
/// Votes go to all; whoever hears none tosses a coin.
pub struct Vote;

#[round]
impl Round<BenOrTwoVotes> for Report {
    type Message = (bool, bool);
    fn send(p: &BenOrTwoVotes, _ctx: &Context) -> Outbox<(bool, bool)> {
        broadcast((p.x, p.can_decide))
    }
    fn update(p: &mut BenOrTwoVotes, mailbox: &Mailbox<(bool, bool)>, ctx: &Context) {
        if p.can_decide {
            p.decision = Some(p.x);
        } else {
            p.vote = if 2 * mailbox.count(|(x, _)| *x) > ctx.n() || mailbox.any(|(x, sure)| *x && *sure) {
                Some(true)
            } else if 2 * mailbox.count(|(x, _)| !*x) > ctx.n() || mailbox.any(|(x, sure)| !*x && *sure) {
                Some(false)
            } else {
                None
            };
            p.can_decide = mailbox.any(|(_, sure)| *sure);
        }
    }
    fn ready(_p: &BenOrTwoVotes, mailbox: &Mailbox<(bool, bool)>, ctx: &Context) -> Progress {
        if 2 * mailbox.len() > ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

#[round]
impl Round<BenOrTwoVotes> for Vote {
    type Message = Option<bool>;
    fn send(p: &BenOrTwoVotes, _ctx: &Context) -> Outbox<Option<bool>> {
        broadcast(p.vote)
    }
    fn update(p: &mut BenOrTwoVotes, mailbox: &Mailbox<Option<bool>>, ctx: &Context) {
        let yes = mailbox.count(|vote| vote.is(&true));
        let no = mailbox.count(|vote| vote.is(&false));
        if 2 * yes > ctx.n() {
            p.x = true;
            p.can_decide = true;
        } else if 2 * no > ctx.n() {
            p.x = false;
            p.can_decide = true;
        } else if yes > 1 {
            p.x = true;
        } else if no > 1 {
            p.x = false;
        } else {
            p.x = ctx.coin();
        }
    }
    fn ready(_p: &BenOrTwoVotes, mailbox: &Mailbox<Option<bool>>, ctx: &Context) -> Progress {
        if 2 * mailbox.len() > ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

#[pure]
impl Consensus for BenOrTwoVotes {
    type Value = bool;
    fn proposal(&self) -> &bool {
        &self.x
    }
    fn decision(&self) -> Option<&bool> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl BenOrTwoVotes {
    /// Everybody hears a majority, counting only processes that have not halted.
    #[safety]
    pub fn majority(ho: &HeardOf<Self>) -> bool {
        2 * ho.min_len() > ho.n()
    }
    /// The coins agree with each other and with the votes. The votes are out before the coins are tossed, so this has probability at
    /// least 2^-n whatever the adversary does.
    #[liveness(rounds(Vote))]
    pub fn lucky(s: &System<Self>, ho: &HeardOf<Self>) -> bool {
        ho.forall_pairs(|p, q| ho.coin(p) == ho.coin(q)) && ho.forall(|p| s.forall(|q| s[q].vote.is_none_or(|w| ho.coin(p) == w)))
    }
    /// All estimates are equal.
    #[progress(stage = 1)]
    pub fn all_equal(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].x == s[j].x)
    }
    /// Everybody knows that a majority voted for the common estimate.
    #[progress(stage = 2)]
    pub fn all_sure(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].x == s[j].x) && s.forall(|i| s[i].can_decide || s[i].decision.is_some())
    }
    /// Everybody has decided.
    #[progress(stage = 3)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
