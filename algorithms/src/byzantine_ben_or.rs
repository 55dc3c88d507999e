//! Ben-Or's randomised consensus among Byzantine processes.

use heardof::prelude::*;

/// How many may be faulty.
#[derive(Data)]
pub struct Faulty {
    /// At most so many processes do not follow the text: t.
    pub t: usize,
}

/// Ben-Or's randomised binary consensus [Ben-Or: Another advantage of free choice. PODC 1983, Protocol B], at most t Byzantine processes,
/// n > 5t, two rounds a phase.
#[derive(State)]
#[parameters(Faulty)]
pub struct ByzantineBenOr {
    /// The estimate.
    pub x: bool,
    /// The vote of this phase.
    pub vote: Option<bool>,
    /// The decision.
    #[output]
    pub decision: Option<bool>,
}

#[process]
impl Process for ByzantineBenOr {
    type Input = bool;
    type Rounds = (Report, Vote);
    fn init(input: bool, _ctx: &Context<Faulty>) -> Self {
        Self { x: input, vote: None, decision: None }
    }
    fn faults(p: &Faulty) -> Faults {
        Faults::Byzantine { at_most: p.t }
    }
}

/// Estimates go to all; whoever hears more than (n + t)/2 for a value votes for it.
pub struct Report;
/// Votes go to all; more than t for a value are believed, more than (n + t)/2 decide, and whoever believes none tosses a coin.
pub struct Vote;

#[round]
impl Round<ByzantineBenOr> for Report {
    type Message = bool;
    fn send(p: &ByzantineBenOr, _ctx: &Context<Faulty>) -> Outbox<bool> {
        broadcast(p.x)
    }
    fn update(p: &mut ByzantineBenOr, mailbox: &Mailbox<bool>, ctx: &Context<Faulty>) {
        p.vote = if 2 * mailbox.count(|x| *x) > ctx.n() + ctx.parameters().t {
            Some(true)
        } else if 2 * mailbox.count(|x| !*x) > ctx.n() + ctx.parameters().t {
            Some(false)
        } else {
            None
        };
    }
    fn ready(_p: &ByzantineBenOr, mailbox: &Mailbox<bool>, ctx: &Context<Faulty>) -> Progress {
        if mailbox.len() + ctx.parameters().t >= ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

#[round]
impl Round<ByzantineBenOr> for Vote {
    type Message = Option<bool>;
    fn send(p: &ByzantineBenOr, _ctx: &Context<Faulty>) -> Outbox<Option<bool>> {
        broadcast(p.vote)
    }
    fn update(p: &mut ByzantineBenOr, mailbox: &Mailbox<Option<bool>>, ctx: &Context<Faulty>) {
        let yes = mailbox.count(|vote| vote.is(&true));
        let no = mailbox.count(|vote| vote.is(&false));
        if yes > ctx.parameters().t {
            p.x = true;
            if 2 * yes > ctx.n() + ctx.parameters().t {
                p.decision = Some(true);
            }
        } else if no > ctx.parameters().t {
            p.x = false;
            if 2 * no > ctx.n() + ctx.parameters().t {
                p.decision = Some(false);
            }
        } else {
            p.x = ctx.coin();
        }
        p.vote = None;
    }
    fn ready(_p: &ByzantineBenOr, mailbox: &Mailbox<Option<bool>>, ctx: &Context<Faulty>) -> Progress {
        if mailbox.len() + ctx.parameters().t >= ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

#[pure]
impl ByzantineConsensus for ByzantineBenOr {
    type Value = bool;
    fn proposal(&self) -> &bool {
        &self.x
    }
    fn decision(&self) -> Option<&bool> {
        self.decision.as_ref()
    }
}

#[spec(ByzantineConsensus)]
impl ByzantineBenOr {
    /// More than five times as many processes as may be faulty.
    #[resilience]
    pub fn enough(n: usize, p: &Faulty) -> bool {
        n > 5 * p.t
    }
    /// Everybody hears all but t.
    #[safety]
    pub fn all_but_t(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.of(p).len() + ho.parameters().t >= ho.n())
    }
    /// Once anybody decided, all hold the decision.
    #[invariant(always)]
    pub fn locked(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].decision.is_none_or(|d| s[j].x == d))
    }
    /// Votes last for one phase.
    #[invariant(before(Report))]
    pub fn no_vote(s: &System<Self>) -> bool {
        s.forall(|i| s[i].vote.is_none())
    }
    /// All votes are equal.
    #[invariant(before(Vote))]
    pub fn one_vote(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].vote.is_none() || s[j].vote.is_none() || s[i].vote == s[j].vote)
    }
    /// Unless the estimates differ, all vote for the one there is, and nobody needs a coin.
    #[invariant(before(Vote))]
    pub fn unanimous(s: &System<Self>) -> bool {
        s.exists(|i| s.exists(|j| s[i].x != s[j].x)) || s.forall(|i| s[i].vote.is(&s[i].x))
    }
    /// Estimates are inputs: unless the inputs differ, and any value is one, all hold the only one there is.
    #[invariant(always)]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.exists(|i| s.exists(|j| s.initially(i).x != s.initially(j).x)) || s.forall(|i| s[i].x == s.initially(i).x)
    }
    /// Where all vote for one value, all adopt it: all but 2t of these votes are heard, and at most t of anything else.
    #[lemma(rounds(Vote))]
    pub fn adopted(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall_pairs(|i, j| old[j].vote.is_none() || old.exists(|k| old[k].vote != old[j].vote) || old[j].vote.is(&new[i].x))
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
    /// Everybody has decided.
    #[progress(stage = 2)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].x == s[j].x) && s.forall(|i| s[i].decision.is_some())
    }
}
