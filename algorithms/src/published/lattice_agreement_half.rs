//! Lattice agreement that decides on half of the processes: two halves need not meet, so two decisions need not be comparable.

use heardof::prelude::*;

/// What is wrong.
pub const WHY: &str = "decides on a proposal that half of the processes have: a majority is needed, for two halves need not meet";

/// Lattice agreement by halves.
#[derive(State)]
pub struct LatticeAgreementHalf<L> {
    /// The join of all that this process has heard of.
    pub proposed: L,
    /// The decision.
    #[output]
    pub decision: Option<L>,
}

#[process]
impl<L: JoinSemilattice> Process for LatticeAgreementHalf<L> {
    type Input = L;
    type Rounds = (Propose,);
    fn init(input: L, _ctx: &Context) -> Self {
        Self { proposed: input, decision: None }
    }
}

/// Everybody sends its proposal to all.
pub struct Propose;

#[round]
impl<L: JoinSemilattice> Round<LatticeAgreementHalf<L>> for Propose {
    type Message = L;
    fn send(p: &LatticeAgreementHalf<L>, _ctx: &Context) -> Outbox<L> {
        broadcast(p.proposed.clone())
    }
    fn update(p: &mut LatticeAgreementHalf<L>, mailbox: &Mailbox<L>, ctx: &Context) {
        if p.decision.is_none() && 2 * mailbox.count(|m| *m == p.proposed) >= ctx.n() {
            p.decision = Some(p.proposed.clone());
        } else if let Some(heard) = mailbox.join(|m| m.clone()) {
            p.proposed = p.proposed.join(&heard);
        }
    }
}

#[pure]
impl<L: JoinSemilattice> heardof::problems::LatticeAgreement for LatticeAgreementHalf<L> {
    type Value = L;
    fn proposal(&self) -> &L {
        &self.proposed
    }
    fn decision(&self) -> Option<&L> {
        self.decision.as_ref()
    }
}

#[spec(heardof::problems::LatticeAgreement)]
impl<L: JoinSemilattice> LatticeAgreementHalf<L> {
    /// Half of all propose no less than what anybody decided.
    #[invariant]
    pub fn backed(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.as_ref().is_none_or(|d| 2 * s.count(|j| d.leq(&s[j].proposed)) >= s.n()))
    }
    /// Of any two decisions one is below the other.
    #[invariant]
    pub fn ordered(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].decision.as_ref().is_none_or(|a| s[j].decision.as_ref().is_none_or(|b| a.leq(b) || b.leq(a))))
    }
    /// Proposals and decisions contain the process's own input.
    #[invariant]
    pub fn own_input(s: &System<Self>) -> bool {
        s.forall(|i| s.initially(i).proposed.leq(&s[i].proposed) && s[i].decision.as_ref().is_none_or(|d| s.initially(i).proposed.leq(d)))
    }
    /// Proposals and decisions contain nothing but inputs.
    #[invariant]
    pub fn from_inputs(s: &System<Self>) -> bool {
        s.join(|j| s.initially(j).proposed.clone())
            .is_some_and(|all| s.forall(|i| s[i].proposed.leq(&all) && s[i].decision.as_ref().is_none_or(|d| d.leq(&all))))
    }
    /// Proposals grow.
    #[lemma]
    pub fn grows(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| old[i].proposed.leq(&new[i].proposed))
    }
    /// What is above all proposals remains above all.
    #[lemma]
    pub fn nothing_new(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall_pairs(|i, k| old.exists(|j| !old[j].proposed.leq(&new[k].proposed)) || new[i].proposed.leq(&new[k].proposed))
    }
    /// Who decides decides what half of all propose.
    #[lemma]
    pub fn decided_by_half(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| new[i].decision == old[i].decision || 2 * old.count(|j| new[i].decision.is(&old[j].proposed)) >= old.n())
    }
    /// Everybody hears everybody.
    #[liveness]
    pub fn all_heard(ho: &HeardOf<Self>) -> bool {
        ho.forall_pairs(|p, q| ho.of(p).contains(&q))
    }
    /// Who has not decided proposes no less than anybody. Who decides does not join what it hears, and may be left behind.
    #[progress(stage = 1)]
    pub fn undecided_lead(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].decision.is_some() || s[j].proposed.leq(&s[i].proposed))
    }
    /// All proposals are equal.
    #[progress(stage = 2)]
    pub fn all_equal(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].proposed == s[j].proposed)
    }
    /// Everybody has decided.
    #[progress(stage = 3)]
    pub fn all_decided(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
}
