//! Messages of later phases, kept until their phase is entered. Those of the same phase are in their mailboxes already.
//!
//! Bounded for each sender, so that nobody can fill the memory or push out what others sent. When a sender's share is full, the
//! message of its farthest round goes: the nearest ones are needed first, and what is needed later can be asked for again.

use crate::limits::{EARLY_BYTES_PER_SENDER, EARLY_PER_SENDER};
use heardof_core::Pid;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Early {
    /// Payloads by sender and round.
    shares: BTreeMap<Pid, BTreeMap<u64, Vec<u8>>>,
}

impl Early {
    /// Keeps a message; how many were dropped for it, itself included. Of two of one sender and round the first is kept.
    pub(crate) fn insert(&mut self, from: Pid, round: u64, payload: &[u8]) -> u64 {
        let share = self.shares.entry(from).or_default();
        share.entry(round).or_insert_with(|| payload.to_vec());
        let mut dropped = 0;
        while share.len() > EARLY_PER_SENDER || share.values().map(Vec::len).sum::<usize>() > EARLY_BYTES_PER_SENDER {
            share.pop_last();
            dropped += 1;
        }
        dropped
    }

    /// Takes the messages of rounds below `end`, in the order of process ids, then rounds.
    pub(crate) fn take(&mut self, end: u64) -> Vec<(Pid, u64, Vec<u8>)> {
        let mut taken = vec![];
        for (from, share) in &mut self.shares {
            let later = share.split_off(&end);
            let due = std::mem::replace(share, later);
            taken.extend(due.into_iter().map(|(round, payload)| (*from, round, payload)));
        }
        self.shares.retain(|_, share| !share.is_empty());
        taken
    }

    /// The senders and rounds of what is kept.
    pub(crate) fn senders(&self) -> impl Iterator<Item = (Pid, u64)> {
        self.shares.iter().flat_map(|(from, share)| share.keys().map(|round| (*from, *round)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_share_drops_the_farthest_round_and_nobody_elses() {
        let (p, q) = (Pid::new(1), Pid::new(2));
        let mut early = Early::default();
        assert_eq!(early.insert(q, 3, b"q"), 0);
        for round in (1..=EARLY_PER_SENDER as u64).rev() {
            assert_eq!(early.insert(p, 10 + round, &[round as u8]), 0);
        }
        assert_eq!(early.insert(p, 99, b"far"), 1, "the new one is the farthest");
        assert_eq!(early.insert(p, 9, b"near"), 1, "the farthest gives way");
        let farthest = early.take(u64::MAX).into_iter().map(|(_, round, _)| round).max();
        assert_eq!(farthest, Some(10 + EARLY_PER_SENDER as u64 - 1), "it was dropped");
        let mut early = Early::default();
        early.insert(q, 3, b"q");
        assert_eq!(early.insert(p, 3, &vec![0; EARLY_BYTES_PER_SENDER]), 0);
        assert_eq!(early.insert(p, 2, b"one byte too many"), 1);
        assert_eq!(early.take(3), [(p, 2, b"one byte too many".to_vec())]);
        assert_eq!(early.take(4), [(q, 3, b"q".to_vec())]);
    }

    #[test]
    fn the_first_message_of_a_round_stays() {
        let p = Pid::new(1);
        let mut early = Early::default();
        early.insert(p, 2, b"old");
        early.insert(p, 3, b"first");
        early.insert(p, 3, b"second");
        early.insert(p, 4, b"later");
        assert_eq!(early.take(4), [(p, 2, b"old".to_vec()), (p, 3, b"first".to_vec())]);
        assert_eq!(early.senders().collect::<Vec<_>>(), [(p, 4)]);
    }
}
