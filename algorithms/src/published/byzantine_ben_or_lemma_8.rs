//! Byzantine Ben-Or with a published lemma that holds for one faulty process only.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "Byzantine Ben-Or, who voted leaves at most n/2 reporters of the other value (Lemma 8): (n + t)/2 if t > 1";

/// How many may be faulty.
#[derive(Data)]
pub struct Faulty {
    /// At most so many processes do not follow the text: t.
    pub t: usize,
}

/// Byzantine Ben-Or, and how many processes its Lemma 8 says may report the other value than a vote's. Source of the error: I. Konnov's
/// proof of it in TLA+ (2024), where T = 1 was checked.
#[derive(State)]
#[parameters(Faulty)]
pub struct ByzantineBenOrLemma8 {
    /// The estimate.
    pub x: bool,
    /// The vote of this phase.
    pub vote: Option<bool>,
    /// The decision.
    #[output]
    pub decision: Option<bool>,
}

#[process]
impl Process for ByzantineBenOrLemma8 {
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
impl Round<ByzantineBenOrLemma8> for Report {
    type Message = bool;
    fn send(p: &ByzantineBenOrLemma8, _ctx: &Context<Faulty>) -> Outbox<bool> {
        broadcast(p.x)
    }
    fn update(p: &mut ByzantineBenOrLemma8, mailbox: &Mailbox<bool>, ctx: &Context<Faulty>) {
        p.vote = if 2 * mailbox.count(|x| *x) > ctx.n() + ctx.parameters().t {
            Some(true)
        } else if 2 * mailbox.count(|x| !*x) > ctx.n() + ctx.parameters().t {
            Some(false)
        } else {
            None
        };
    }
    fn ready(_p: &ByzantineBenOrLemma8, mailbox: &Mailbox<bool>, ctx: &Context<Faulty>) -> Progress {
        if mailbox.len() + ctx.parameters().t >= ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

#[round]
impl Round<ByzantineBenOrLemma8> for Vote {
    type Message = Option<bool>;
    fn send(p: &ByzantineBenOrLemma8, _ctx: &Context<Faulty>) -> Outbox<Option<bool>> {
        broadcast(p.vote)
    }
    fn update(p: &mut ByzantineBenOrLemma8, mailbox: &Mailbox<Option<bool>>, ctx: &Context<Faulty>) {
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
    fn ready(_p: &ByzantineBenOrLemma8, mailbox: &Mailbox<Option<bool>>, ctx: &Context<Faulty>) -> Progress {
        if mailbox.len() + ctx.parameters().t >= ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}

#[spec]
impl ByzantineBenOrLemma8 {
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
    /// Votes last for one phase.
    #[invariant(before(Report))]
    pub fn no_vote(s: &System<Self>) -> bool {
        s.forall(|i| s[i].vote.is_none())
    }
    /// Lemma 8: beside a vote, at most half of the processes have reported the other value, each Byzantine one among them. It is (n + t)/2.
    #[invariant(before(Vote))]
    pub fn lemma_8(s: &System<Self>) -> bool {
        s.forall(|i| s[i].vote.is_none_or(|w| 2 * (s.count(|j| s[j].x != w) + s.n()) <= s.n() + 2 * s.count(|_| true)))
    }
}
