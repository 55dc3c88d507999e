//! Problems: specifications stated once, taken over by `#[spec(Consensus)]`.
//!
//! A problem is a trait. Its methods say where the state keeps what the problem speaks of; an algorithm gives them by
//! `#[pure] impl Consensus for ..`. Its marked functions are the specification.

use crate::prelude::*;

/// Consensus: all that decide decide the same, proposed value, and in the end everybody does.
///
/// Source: B. Charron-Bost, A. Schiper: The Heard-Of model. Distributed Computing 22(1), 2009, Section 2.
#[problem]
pub trait Consensus: Process {
    /// What is proposed and decided.
    type Value: Value;
    /// What this process proposes, as long as it is in its first state.
    fn proposal(&self) -> &Self::Value;
    /// What it decided.
    fn decision(&self) -> Option<&Self::Value>;

    /// No two processes decide differently.
    #[property]
    fn agreement(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].decision().is_some() && s[j].decision().is_some(), s[i].decision() == s[j].decision()))
    }
    /// What is decided was proposed.
    #[property]
    fn validity(s: &System<Self>) -> bool {
        s.forall(|i| implies(s[i].decision().is_some(), s.exists(|j| s[i].decision() == Some(s.initially(j).proposal()))))
    }
    /// Who decided never changes its decision.
    #[property]
    fn irrevocability(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| implies(old[i].decision().is_some(), new[i].decision() == old[i].decision()))
    }
    /// Everybody decides.
    #[termination]
    fn termination(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision().is_some())
    }
}

/// Consensus with corrupted messages or Byzantine processes: all that follow the text and decide, decide the same, and what all of them
/// propose is what is decided. That every decision was proposed is too much to ask of processes that cannot tell a forged message from
/// another.
///
/// Sources: M. Pease, R. Shostak, L. Lamport: Reaching agreement in the presence of faults. JACM 27(2), 1980, for processes; M. Biely,
/// B. Charron-Bost, A. Gaillard, M. Hutle, A. Schiper, J. Widder: Tolerating corrupted communication. PODC 2007, Section 2.4, for messages,
/// where it is called integrity.
#[problem]
pub trait ByzantineConsensus: Process {
    /// What is proposed and decided.
    type Value: Value;
    /// What this process proposes, as long as it is in its first state.
    fn proposal(&self) -> &Self::Value;
    /// What it decided.
    fn decision(&self) -> Option<&Self::Value>;

    /// No two processes decide differently.
    #[property]
    fn agreement(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].decision().is_some() && s[j].decision().is_some(), s[i].decision() == s[j].decision()))
    }
    /// If all propose one value, no other is decided.
    #[property]
    fn unanimity(s: &System<Self>) -> bool {
        s.exists(|i| s.exists(|j| s.initially(i).proposal() != s.initially(j).proposal()))
            || s.forall(|i| implies(s[i].decision().is_some(), s[i].decision() == Some(s.initially(i).proposal())))
    }
    /// Who decided never changes its decision.
    #[property]
    fn irrevocability(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| implies(old[i].decision().is_some(), new[i].decision() == old[i].decision()))
    }
    /// Everybody decides.
    #[termination]
    fn termination(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision().is_some())
    }
}

/// k-set agreement: at most k values are decided, all of them proposed. For k = 1 it is consensus.
///
/// Source: S. Chaudhuri: More choices allow more faults. Information and Computation 105(1), 1993.
#[problem]
pub trait KSetAgreement: Process {
    /// What is proposed and decided.
    type Value: Value + Ord;
    /// k
    fn bound(parameters: &Self::Parameters) -> usize;
    /// What this process proposes, as long as it is in its first state.
    fn proposal(&self) -> &Self::Value;
    /// What it decided.
    fn decision(&self) -> Option<&Self::Value>;

    /// At most k values are decided.
    #[property]
    fn agreement(s: &System<Self>) -> bool {
        s.image(|i| s[i].decision().cloned()).len() <= Self::bound(s.parameters())
    }
    /// What is decided was proposed.
    #[property]
    fn validity(s: &System<Self>) -> bool {
        s.forall(|i| implies(s[i].decision().is_some(), s.exists(|j| s[i].decision() == Some(s.initially(j).proposal()))))
    }
    /// Who decided never changes its decision.
    #[property]
    fn irrevocability(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| implies(old[i].decision().is_some(), new[i].decision() == old[i].decision()))
    }
    /// Everybody decides.
    #[termination]
    fn termination(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision().is_some())
    }
}

/// Lattice agreement: whatever is decided is comparable with whatever else is, contains the own proposal, and contains nothing that
/// nobody proposed.
///
/// Source: H. Attiya, M. Herlihy, O. Rachman: Atomic snapshots using lattice agreement. Distributed Computing 8(3), 1995.
#[problem]
pub trait LatticeAgreement: Process {
    /// What is proposed and decided.
    type Value: JoinSemilattice;
    /// What this process proposes, as long as it is in its first state.
    fn proposal(&self) -> &Self::Value;
    /// What it decided.
    fn decision(&self) -> Option<&Self::Value>;

    /// Of any two decisions one is below the other.
    #[property]
    fn comparability(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].decision().is_none_or(|a| s[j].decision().is_none_or(|b| a.leq(b) || b.leq(a))))
    }
    /// Who decides, decides on no less than it proposed.
    #[property]
    fn inclusion(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision().is_none_or(|d| s.initially(i).proposal().leq(d)))
    }
    /// No decision is beyond the join of all proposals.
    #[property]
    fn validity(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision().is_none_or(|d| s.join(|j| s.initially(j).proposal().clone()).is_some_and(|all| d.leq(&all))))
    }
    /// Who decided never changes its decision.
    #[property]
    fn irrevocability(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| implies(old[i].decision().is_some(), new[i].decision() == old[i].decision()))
    }
    /// Everybody decides.
    #[termination]
    fn termination(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision().is_some())
    }
}

/// Atomic commit: all processes commit, or all abort, and they commit only if everybody voted for it.
///
/// That a unanimous vote without any failure commits is not among the properties: a round in which a message is missing may abort.
#[problem]
pub trait AtomicCommit: Process {
    /// Whether this process is ready to commit, as long as it is in its first state.
    fn vote(&self) -> bool;
    /// Whether it committed (`true`) or aborted (`false`), once that is settled.
    fn decision(&self) -> Option<bool>;

    /// No process commits if another aborts.
    #[property]
    fn agreement(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].decision().is_some() && s[j].decision().is_some(), s[i].decision() == s[j].decision()))
    }
    /// Commit only if everybody voted for it.
    #[property]
    fn unanimity(s: &System<Self>) -> bool {
        implies(s.exists(|i| s[i].decision() == Some(true)), s.forall(|j| s.initially(j).vote()))
    }
    /// Who decided never changes its decision.
    #[property]
    fn irrevocability(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| implies(old[i].decision().is_some(), new[i].decision() == old[i].decision()))
    }
    /// Everybody decides.
    #[termination]
    fn termination(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision().is_some())
    }
}
