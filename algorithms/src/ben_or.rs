//! Ben-Or's randomised consensus.

use heardof::prelude::*;

/// Ben-Or's randomised binary consensus [Ben-Or, PODC 1983], benign faults, n > 2f, two rounds a phase; with the correction that one
/// vote is enough to adopt a value (asking for two breaks agreement from n = 3 on).
#[derive(State)]
pub struct BenOr {
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
impl Process for BenOr {
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
impl Round<BenOr> for Report {
    type Message = (bool, bool);
    fn send(p: &BenOr, _ctx: &Context) -> Outbox<(bool, bool)> {
        broadcast((p.x, p.can_decide))
    }
    fn update(p: &mut BenOr, mailbox: &Mailbox<(bool, bool)>, ctx: &Context) {
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
    fn ready(_p: &BenOr, mailbox: &Mailbox<(bool, bool)>, ctx: &Context) -> Progress {
        if 2 * mailbox.len() > ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

#[round]
impl Round<BenOr> for Vote {
    type Message = Option<bool>;
    fn send(p: &BenOr, _ctx: &Context) -> Outbox<Option<bool>> {
        broadcast(p.vote)
    }
    fn update(p: &mut BenOr, mailbox: &Mailbox<Option<bool>>, ctx: &Context) {
        let yes = mailbox.count(|vote| vote.is(&true));
        let no = mailbox.count(|vote| vote.is(&false));
        if 2 * yes > ctx.n() {
            p.x = true;
            p.can_decide = true;
        } else if 2 * no > ctx.n() {
            p.x = false;
            p.can_decide = true;
        } else if yes >= 1 {
            p.x = true;
        } else if no >= 1 {
            p.x = false;
        } else {
            p.x = ctx.coin();
        }
    }
    fn ready(_p: &BenOr, mailbox: &Mailbox<Option<bool>>, ctx: &Context) -> Progress {
        if 2 * mailbox.len() > ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

#[pure]
impl Consensus for BenOr {
    type Value = bool;
    fn proposal(&self) -> &bool {
        &self.x
    }
    fn decision(&self) -> Option<&bool> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl BenOr {
    /// Everybody hears a majority, counting only processes that have not halted.
    #[safety]
    pub fn majority(ho: &HeardOf<Self>) -> bool {
        2 * ho.min_len() > ho.n()
    }
    /// Once anybody is sure, all hold its value; who decided did so on its estimate.
    #[invariant(always)]
    pub fn anchored(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].can_decide || s[i].decision.is_some(), s[j].x == s[i].x))
            && s.forall(|i| s[i].decision.is_none_or(|d| d == s[i].x))
    }
    /// All that vote vote for the same value: it has a majority behind it.
    #[invariant(before(Vote))]
    pub fn one_vote(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| {
            s[i].decision.is_some() || s[j].decision.is_some() || s[i].vote.is_none() || s[j].vote.is_none() || s[i].vote == s[j].vote
        })
    }
    /// Once anybody is sure, all that go on vote for its value.
    #[invariant(before(Vote))]
    pub fn all_vote(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].can_decide || s[i].decision.is_some(), s[j].decision.is_some() || s[j].vote.is(&s[i].x)))
    }
    /// Who is sure was sure, or has heard somebody who was.
    #[lemma(rounds(Report))]
    pub fn heard_of_one(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| {
            implies(
                new[i].can_decide || new[i].decision.is_some(),
                old.exists(|j| (old[j].can_decide || old[j].decision.is_some()) && old[j].x == new[i].x),
            )
        })
    }
    /// Where anybody was sure, all that go on vote for its value.
    #[lemma(rounds(Report))]
    pub fn all_follow(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall_pairs(|i, j| {
            implies(old[i].can_decide || old[i].decision.is_some(), new[j].decision.is_some() || new[j].vote.is(&old[i].x))
        })
    }
    /// Estimates are inputs: unless the inputs differ, and any value is one, all hold the only one there is.
    #[invariant(always)]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.exists(|i| s.exists(|j| s.initially(i).x != s.initially(j).x)) || s.forall(|i| s[i].x == s.initially(i).x)
    }
    /// Unless the estimates differ, all vote for the one there is, and nobody needs a coin.
    #[invariant(before(Vote))]
    pub fn unanimous(s: &System<Self>) -> bool {
        s.exists(|i| s.exists(|j| s[i].x != s[j].x)) || s.forall(|i| s[i].decision.is_some() || s[i].vote.is(&s[i].x))
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
