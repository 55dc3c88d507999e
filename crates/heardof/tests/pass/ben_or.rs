//! Ben-Or with a coin.

use heardof::prelude::*;

#[derive(State)]
pub struct BenOr {
    pub x: bool,
    pub can_decide: bool,
    pub vote: Option<bool>,
    #[output]
    pub decision: Option<bool>,
}
#[process]
impl Process for BenOr {
    type Input = bool;
    type Rounds = (Report, Vote);
    fn init(input: bool, _: &Context) -> Self {
        Self { x: input, can_decide: false, vote: None, decision: None }
    }
    fn halted(&self) -> bool {
        self.decision.is_some()
    }
}
pub struct Report;
pub struct Vote;
#[round]
impl Round<BenOr> for Report {
    type Message = (bool, bool);
    fn send(p: &BenOr, _: &Context) -> Outbox<(bool, bool)> {
        broadcast((p.x, p.can_decide))
    }
    fn update(p: &mut BenOr, mailbox: &Mailbox<(bool, bool)>, ctx: &Context) {
        if p.can_decide {
            p.decision = Some(p.x);
        } else {
            let t = 2 * mailbox.count(|m| m.0) > ctx.n() || mailbox.any(|m| m.0 && m.1);
            let f = 2 * mailbox.count(|m| !m.0) > ctx.n() || mailbox.any(|m| !m.0 && m.1);
            p.vote = if t {
                Some(true)
            } else if f {
                Some(false)
            } else {
                None
            };
            p.can_decide = mailbox.any(|m| m.1);
        }
    }
    fn ready(_: &BenOr, mailbox: &Mailbox<(bool, bool)>, ctx: &Context) -> Progress {
        if 2 * mailbox.len() > ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}
#[round]
impl Round<BenOr> for Vote {
    type Message = Option<bool>;
    fn send(p: &BenOr, _: &Context) -> Outbox<Option<bool>> {
        broadcast(p.vote)
    }
    fn update(p: &mut BenOr, mailbox: &Mailbox<Option<bool>>, ctx: &Context) {
        let t = mailbox.count(|m| *m == Some(true));
        let f = mailbox.count(|m| *m == Some(false));
        if 2 * t > ctx.n() {
            p.x = true;
            p.can_decide = true;
        } else if 2 * f > ctx.n() {
            p.x = false;
            p.can_decide = true;
        } else if t >= 1 {
            p.x = true;
        } else if f >= 1 {
            p.x = false;
        } else {
            p.x = ctx.coin();
        }
    }
    fn ready(_: &BenOr, mailbox: &Mailbox<Option<bool>>, ctx: &Context) -> Progress {
        if 2 * mailbox.len() > ctx.n() { Progress::Deadline } else { Progress::Block }
    }
}
#[spec]
impl BenOr {
    #[property]
    pub fn agreement(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].decision.is_some() && s[j].decision.is_some(), s[i].decision == s[j].decision))
    }
    #[safety]
    pub fn majority(ho: &HeardOf<Self>) -> bool {
        2 * ho.min_len() > ho.n()
    }
    #[invariant]
    pub fn anchored(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_none() && !s[i].can_decide)
            || s.exists_value(|v: &bool| s.forall(|i| s[i].x == *v && implies(s[i].decision.is_some(), s[i].decision.is(v))))
    }
    #[invariant(before(Vote))]
    pub fn voted(s: &System<Self>) -> bool {
        (s.forall(|i| s[i].decision.is_none() && !s[i].can_decide)
            && s.forall(|i| s[i].vote.is_none_or(|w| 2 * s.count(|j| s[j].x == w) > s.n())))
            || s.exists_value(|v: &bool| s.forall(|i| s[i].x == *v && (s[i].decision.is(v) || s[i].decision.is_none() && s[i].vote.is(v))))
    }
    #[liveness]
    pub fn lucky(ho: &HeardOf<Self>) -> bool {
        ho.forall(|i| ho.coin(i))
    }
}
