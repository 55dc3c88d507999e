//! U(T, E, α): consensus in spite of many corrupted messages, as long as many others arrive.

use heardof::prelude::*;

/// The thresholds, how much may be corrupted, and what to fall back on.
#[derive(Data)]
pub struct Bounds<V> {
    /// Vote on more than so many equal estimates: T.
    pub t: usize,
    /// Decide on more than so many equal votes: E.
    pub e: usize,
    /// At most so many of the messages that a process hears in a round are corrupted: α.
    pub alpha: usize,
    /// The estimate of those that hear too few votes: v₀.
    pub v0: V,
}

/// U(T, E, α) [Biely, Charron-Bost, Gaillard, Hutle, Schiper, Widder: Tolerating corrupted communication. PODC 2007, Algorithm 2]:
/// consensus with less than n/2 corrupted messages per process and round, two rounds a phase.
#[derive(State)]
#[parameters(Bounds<V>)]
pub struct Ute<V> {
    /// The estimate.
    pub x: V,
    /// The vote of this phase.
    pub vote: Option<V>,
    /// The decision.
    #[output]
    pub decision: Option<V>,
}

#[process]
impl<V: Value + Ord> Process for Ute<V> {
    type Input = V;
    type Rounds = (Propose, Vote);
    fn init(input: V, _ctx: &Context<Bounds<V>>) -> Self {
        Self { x: input, vote: None, decision: None }
    }
    fn faults(p: &Bounds<V>) -> Faults {
        Faults::Value { at_most: p.alpha }
    }
}

/// Estimates go to all; whoever hears more than T equal ones votes for it.
pub struct Propose;
/// Votes go to all; more than α equal ones are adopted, more than E are decided.
pub struct Vote;

#[round]
impl<V: Value + Ord> Round<Ute<V>> for Propose {
    type Message = V;
    fn send(p: &Ute<V>, _ctx: &Context<Bounds<V>>) -> Outbox<V> {
        broadcast(p.x.clone())
    }
    fn update(p: &mut Ute<V>, mailbox: &Mailbox<V>, ctx: &Context<Bounds<V>>) {
        if let Some(v) = mailbox.most_often()
            && mailbox.count(|m| m == v) > ctx.parameters().t
        {
            p.vote = Some(v.clone());
        }
    }
    fn ready(_p: &Ute<V>, mailbox: &Mailbox<V>, ctx: &Context<Bounds<V>>) -> Progress {
        if mailbox.len() > ctx.parameters().t + ctx.parameters().alpha {
            if mailbox.len() == ctx.n() { Progress::GoAhead } else { Progress::Deadline }
        } else {
            Progress::Block
        }
    }
}

#[round]
impl<V: Value + Ord> Round<Ute<V>> for Vote {
    type Message = Option<V>;
    fn send(p: &Ute<V>, _ctx: &Context<Bounds<V>>) -> Outbox<Option<V>> {
        broadcast(p.vote.clone())
    }
    fn update(p: &mut Ute<V>, mailbox: &Mailbox<Option<V>>, ctx: &Context<Bounds<V>>) {
        let q = ctx.parameters();
        let votes = mailbox.map(|vote| vote.clone());
        if let Some(v) = votes.most_often()
            && votes.count(|w| w == v) > q.alpha
        {
            if votes.count(|w| w == v) > q.e {
                p.decision = Some(v.clone());
            }
            p.x = v.clone();
        } else {
            p.x = q.v0.clone();
        }
        p.vote = None;
    }
    fn ready(_p: &Ute<V>, mailbox: &Mailbox<Option<V>>, ctx: &Context<Bounds<V>>) -> Progress {
        if mailbox.len() > ctx.parameters().t + ctx.parameters().alpha {
            if mailbox.len() == ctx.n() { Progress::GoAhead } else { Progress::Deadline }
        } else {
            Progress::Block
        }
    }
}

#[pure]
impl<V: Value + Ord> ByzantineConsensus for Ute<V> {
    type Value = V;
    fn proposal(&self) -> &V {
        &self.x
    }
    fn decision(&self) -> Option<&V> {
        self.decision.as_ref()
    }
}

#[spec(ByzantineConsensus)]
impl<V: Value + Ord> Ute<V> {
    /// E ≥ n/2 + α and T ≥ n/2 + α, both below n.
    #[resilience]
    pub fn thresholds(n: usize, p: &Bounds<V>) -> bool {
        2 * p.e >= n + 2 * p.alpha && 2 * p.t >= n + 2 * p.alpha && p.t < n && p.e < n
    }
    /// Enough arrives as it was sent: |SHO| > T, and so, by the thresholds, more than n + 2α − E − 1 and more than α.
    #[safety]
    pub fn enough(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.safe(p).len() > ho.parameters().t)
    }
    /// Once anybody decided, all hold the decision.
    #[invariant(always)]
    pub fn locked(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].decision.is_none() || s[i].decision.is(&s[j].x))
    }
    /// Votes last for one phase.
    #[invariant(before(Propose))]
    pub fn no_vote(s: &System<Self>) -> bool {
        s.forall(|i| s[i].vote.is_none())
    }
    /// More than T − α hold what is voted for.
    #[invariant(before(Vote))]
    pub fn voted(s: &System<Self>) -> bool {
        s.forall(|i| s[i].vote.is_none() || s.count(|j| s[i].vote.is(&s[j].x)) + s.parameters().alpha > s.parameters().t)
    }
    /// All votes are equal.
    #[invariant(before(Vote))]
    pub fn one_vote(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].vote.is_none() || s[j].vote.is_none() || s[i].vote == s[j].vote)
    }
    /// Once anybody decided, all vote for what they hold.
    #[invariant(before(Vote))]
    pub fn all_vote(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].decision.is_none() || s[j].vote.is(&s[j].x))
    }
    /// If all started with one value, all hold it.
    #[invariant(always)]
    pub fn unanimous(s: &System<Self>) -> bool {
        s.exists(|i| s.exists(|j| s.initially(i).x != s.initially(j).x)) || s.forall(|i| s[i].x == s.initially(i).x)
    }
    /// Unless the estimates differ, all vote for the one there is.
    #[invariant(before(Vote))]
    pub fn same_vote(s: &System<Self>) -> bool {
        s.exists(|i| s.exists(|j| s[i].x != s[j].x)) || s.forall(|i| s[i].vote.is(&s[i].x))
    }
    /// Who decides has more than E − α votes for it: at most α of those it counted were not sent.
    #[lemma(rounds(Vote))]
    pub fn decided_by_many(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| {
            new[i].decision == old[i].decision
                || old.count(|j| old[j].vote == new[i].decision) + old.parameters().alpha > old.parameters().e
        })
    }
    /// What more than E − α vote for all adopt: more than α of them are heard, and anything else at most α times.
    #[lemma(rounds(Vote))]
    pub fn adopted(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall_pairs(|i, j| {
            old[j].vote.is_none()
                || old.count(|k| old[k].vote == old[j].vote) + old.parameters().alpha <= old.parameters().e
                || old[j].vote.is(&new[i].x)
        })
    }
    /// All hear the same votes, and none of them is corrupted.
    #[liveness(rounds(Vote), stage = 1)]
    pub fn clean(ho: &HeardOf<Self>) -> bool {
        ho.uniform() && ho.forall(|p| ho.of(p).is_subset(ho.safe(p)))
    }
    /// Everybody hears more than E votes as they were sent.
    #[liveness(rounds(Vote), stage = 2)]
    pub fn many(ho: &HeardOf<Self>) -> bool {
        ho.forall(|p| ho.safe(p).len() > ho.parameters().e)
    }
    /// All estimates are equal.
    #[progress(stage = 1)]
    pub fn all_equal(s: &System<Self>) -> bool {
        s.exists_value(|v: &V| s.forall(|i| s[i].x == *v))
    }
    /// All vote for the common estimate.
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
