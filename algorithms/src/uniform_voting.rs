//! UniformVoting: consensus without coordinator, as long as any two processes hear a common one.

use heardof::prelude::*;

/// UniformVoting [CBS09, Algorithm 3]: consensus in which any two processes hear a common one, two rounds a phase.
#[derive(State)]
pub struct UniformVoting<V> {
    /// The estimate.
    pub x: V,
    /// The vote of this phase: a value that all messages heard in the first round agreed on.
    pub vote: Option<V>,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for UniformVoting<V> {
    type Input = V;
    type Rounds = (Agree, Vote);
    fn init(input: V, _ctx: &Context) -> Self {
        Self { x: input, vote: None, decision: None }
    }
}

/// Estimates go to all; whoever hears only one value votes for it.
pub struct Agree;
/// Estimates and votes go to all; whoever hears only votes decides.
pub struct Vote;

#[round]
impl<V: Value + Ord> Round<UniformVoting<V>> for Agree {
    type Message = V;
    fn send(p: &UniformVoting<V>, _ctx: &Context) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut UniformVoting<V>, mailbox: &Mailbox<V>, _ctx: &Context) {
        if let Some(v) = mailbox.min() {
            p.x = v.clone();
            if mailbox.all(|m| m == v) {
                p.vote = Some(v.clone());
            }
        }
    }
    /// Majorities meet: waiting for one enforces that no two processes are split.
    fn ready(_p: &UniformVoting<V>, mailbox: &Mailbox<V>, ctx: &Context) -> Progress {
        if mailbox.len() == ctx.n() {
            Progress::GoAhead
        } else if 2 * mailbox.len() > ctx.n() {
            Progress::Deadline
        } else {
            Progress::Block
        }
    }
}

#[round]
impl<V: Value + Ord> Round<UniformVoting<V>> for Vote {
    type Message = (V, Option<V>);
    fn send(p: &UniformVoting<V>, _ctx: &Context) -> Outbox<Self::Message> {
        broadcast((p.x.clone(), p.vote.clone()))
    }
    fn update(p: &mut UniformVoting<V>, mailbox: &Mailbox<Self::Message>, _ctx: &Context) {
        if let Some((_, Some(v))) = mailbox.pick(|(_, vote)| vote.is_some()) {
            p.x = v.clone();
            if mailbox.all(|(_, vote)| vote.is(v)) {
                p.decision = Some(v.clone());
            }
        } else if let Some((v, _)) = mailbox.min() {
            p.x = v.clone();
        }
        p.vote = None;
    }
    fn ready(_p: &UniformVoting<V>, mailbox: &Mailbox<Self::Message>, ctx: &Context) -> Progress {
        if mailbox.len() == ctx.n() {
            Progress::GoAhead
        } else if 2 * mailbox.len() > ctx.n() {
            Progress::Deadline
        } else {
            Progress::Block
        }
    }
}

#[pure]
impl<V: Value + Ord> Consensus for UniformVoting<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(Consensus)]
impl<V: Value + Ord> UniformVoting<V> {
    /// No split: any two processes hear a common one (and so everybody hears somebody).
    #[safety]
    pub fn no_split(ho: &HeardOf<Self>) -> bool {
        ho.forall_pairs(|p, q| !ho.of(p).intersection(ho.of(q)).is_empty())
    }
    /// Once anybody decided, all hold the decision.
    #[invariant(always)]
    pub fn locked(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].decision.is_none() || s[i].decision.is(&s[j].x))
    }
    /// Estimates, votes and decisions are inputs.
    #[invariant(always)]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.forall(|i| {
            s.exists(|j| s[i].x == s.initially(j).x)
                && implies(s[i].vote.is_some(), s.exists(|j| s[i].vote.is(&s.initially(j).x)))
                && implies(s[i].decision.is_some(), s.exists(|j| s[i].decision.is(&s.initially(j).x)))
        })
    }
    /// Votes last for one phase.
    #[invariant(before(Agree))]
    pub fn no_vote(s: &System<Self>) -> bool {
        s.forall(|i| s[i].vote.is_none())
    }
    /// All votes of a phase are equal, and each is the voter's estimate.
    #[invariant(before(Vote))]
    pub fn one_vote(s: &System<Self>) -> bool {
        s.forall(|i| implies(s[i].vote.is_some(), s[i].vote.is(&s[i].x)))
            && s.forall_pairs(|i, j| implies(s[i].vote.is_some() && s[j].vote.is_some(), s[i].vote == s[j].vote))
    }
    /// Once anybody decided, everybody votes for the decision.
    #[invariant(before(Vote))]
    pub fn all_vote(s: &System<Self>) -> bool {
        implies(s.exists(|i| s[i].decision.is_some()), s.forall(|i| s[i].vote.is_some()))
    }
    /// A space-uniform first round.
    #[liveness(rounds(Agree))]
    pub fn uniform(ho: &HeardOf<Self>) -> bool {
        ho.uniform()
    }
    /// In a uniform round all get the same estimate, and all or nobody votes for it.
    #[progress(stage = 1, before(Vote))]
    pub fn same_estimate(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].x == s[j].x)
    }
    /// All estimates are equal.
    #[progress(stage = 1)]
    pub fn all_equal(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].x == s[j].x)
    }
    /// Everybody votes for the common estimate.
    #[progress(stage = 2, before(Vote))]
    pub fn all_voted(s: &System<Self>) -> bool {
        s.exists_value(|v: &V| s.forall(|i| s[i].x == *v && s[i].vote.is(v)))
    }
    /// All have decided what all hold.
    #[progress(stage = 2)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.exists_value(|v: &V| s.forall(|i| s[i].x == *v && s[i].decision.is(v)))
    }
}
