//! What a process heard in a round, and everything an algorithm may ask of it.

use crate::value::JoinSemilattice;
use crate::{Map, Pid, Set};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The choices that a step leaves open, as a script: the n-th choice takes the n-th entry, 0 beyond the end.
///
/// `pick`, `max_by_key` and `merge` promise *some* qualifying message. Natively ties go to the smallest process id; the checker,
/// which must not know more than the prover, attaches a tape and walks through all of them with [`Tape::next_script`].
#[derive(Debug, Default)]
pub struct Tape {
    script: Vec<usize>,
    taken: Mutex<Vec<(usize, usize)>>,
}

impl Tape {
    /// A tape that answers with `script`.
    pub fn new(script: Vec<usize>) -> Arc<Tape> {
        Arc::new(Tape { script, taken: Mutex::default() })
    }
    /// Chooses one of `arity` possibilities, 0..arity.
    pub fn choose(&self, arity: usize) -> usize {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let choice = self.script.get(taken.len()).copied().unwrap_or(0);
        assert!(choice < arity, "choice {choice} of {arity}");
        taken.push((choice, arity));
        choice
    }
    /// What was chosen so far.
    pub fn script(&self) -> Vec<usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(choice, _)| *choice).collect()
    }
    /// The script of the next run in lexicographic order, `None` after the last.
    pub fn next_script(&self) -> Option<Vec<usize>> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let last = taken.iter().rposition(|(choice, arity)| choice + 1 < *arity)?;
        let mut script: Vec<usize> = taken[..=last].iter().map(|(choice, _)| *choice).collect();
        script[last] += 1;
        Some(script)
    }
}

/// A mailbox: the finite partial function from senders to messages that a process heard in a round. This is the one place where the
/// adversary enters. Kept in the order of process ids, so that a run on a network and its replay see the same mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox<M> {
    messages: Vec<(Pid, M)>,
    ties: Option<Arc<Tape>>,
}

impl<M> Default for Mailbox<M> {
    fn default() -> Self {
        Mailbox { messages: vec![], ties: None }
    }
}

impl<M: PartialEq> PartialEq for Mailbox<M> {
    fn eq(&self, other: &Self) -> bool {
        self.messages == other.messages
    }
}

impl<M> FromIterator<(Pid, M)> for Mailbox<M> {
    /// Of several messages of one sender the first is kept.
    fn from_iter<I: IntoIterator<Item = (Pid, M)>>(items: I) -> Self {
        let mut messages: Vec<(Pid, M)> = items.into_iter().collect();
        messages.sort_by_key(|(q, _)| *q);
        messages.dedup_by_key(|(q, _)| *q);
        Mailbox { messages, ties: None }
    }
}

/// For tools: how mailboxes are filled.
impl<M> Mailbox<M> {
    /// Adds a message; false, and no change, if this sender was heard already. O(log n), and at most n messages are moved in memory:
    /// none if they come in the order of process ids.
    #[inline]
    pub fn deliver(&mut self, from: Pid, message: M) -> bool {
        if self.messages.last().is_none_or(|(last, _)| *last < from) {
            self.messages.push((from, message));
            return true;
        }
        match self.messages.binary_search_by_key(&from, |(q, _)| *q) {
            Ok(_) => false,
            Err(place) => {
                self.messages.insert(place, (from, message));
                true
            }
        }
    }
    /// The same mailbox, whose open choices are answered by `tape`.
    pub fn with_ties(mut self, tape: Arc<Tape>) -> Self {
        self.ties = Some(tape);
        self
    }
    /// The tape that answers its open choices, if any.
    pub fn tape(&self) -> Option<&Arc<Tape>> {
        self.ties.as_ref()
    }
    /// Empties it.
    pub fn clear(&mut self) {
        self.messages.clear();
    }
    /// Senders and messages in the order of process ids.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Pid, &M)> + ExactSizeIterator {
        self.messages.iter().map(|(q, m)| (*q, m))
    }
    /// Whether a message of `from` is there.
    pub fn has_heard(&self, from: Pid) -> bool {
        self.messages.binary_search_by_key(&from, |(q, _)| *q).is_ok()
    }
    fn values(&self) -> impl DoubleEndedIterator<Item = &M> {
        self.messages.iter().map(|(_, m)| m)
    }
}

/// For tools: the memory of empty mailboxes, to be used again.
#[derive(Debug)]
pub struct Pool<M> {
    spare: Vec<Vec<(Pid, M)>>,
}

/// For how many messages a pool of mailboxes keeps memory, if the mailboxes have the same size; more goes back to the system.
pub const POOLED_MESSAGES: usize = 1 << 16;

impl<M> Default for Pool<M> {
    fn default() -> Self {
        Pool { spare: vec![] }
    }
}

impl<M> Pool<M> {
    /// Gives memory to a mailbox that has none.
    #[inline]
    pub fn lend(&mut self, mailbox: &mut Mailbox<M>) {
        if mailbox.messages.capacity() == 0
            && let Some(messages) = self.spare.pop()
        {
            mailbox.messages = messages;
        }
    }
    /// Empties a mailbox and takes its memory.
    #[inline]
    pub fn take_back(&mut self, mailbox: &mut Mailbox<M>) {
        let capacity = mailbox.messages.capacity();
        if capacity == 0 {
            return;
        }
        let mut messages = std::mem::take(&mut mailbox.messages);
        messages.clear();
        if self.spare.len().saturating_mul(capacity) < POOLED_MESSAGES {
            self.spare.push(messages);
        }
    }
}

impl<M: Clone + Eq> Mailbox<M> {
    /// The number of messages heard.
    pub fn len(&self) -> usize {
        self.messages.len()
    }
    /// Whether nothing was heard.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
    /// Whom messages were heard from.
    pub fn senders(&self) -> Set<Pid> {
        self.messages.iter().map(|(q, _)| *q).collect()
    }
    /// The message of `q`, if heard.
    pub fn from(&self, q: Pid) -> Option<&M> {
        self.messages.binary_search_by_key(&q, |(q, _)| *q).ok().map(|place| &self.messages[place].1)
    }
    /// How many messages satisfy `test`.
    pub fn count(&self, test: impl Fn(&M) -> bool) -> usize {
        self.values().filter(|m| test(m)).count()
    }
    /// Whether some message satisfies `test`.
    pub fn any(&self, test: impl Fn(&M) -> bool) -> bool {
        self.values().any(test)
    }
    /// Whether every message satisfies `test`.
    pub fn all(&self, test: impl Fn(&M) -> bool) -> bool {
        self.values().all(test)
    }
    /// Some message that satisfies `test`; natively that of the smallest process id.
    pub fn pick(&self, test: impl Fn(&M) -> bool) -> Option<&M> {
        self.some_of(self.values().filter(|m| test(m)))
    }
    /// The smallest message.
    pub fn min(&self) -> Option<&M>
    where
        M: Ord,
    {
        self.values().min()
    }
    /// The largest message.
    pub fn max(&self) -> Option<&M>
    where
        M: Ord,
    {
        self.values().max()
    }
    /// Some message with the largest key; natively that of the smallest process id.
    pub fn max_by_key<K: Ord>(&self, key: impl Fn(&M) -> K) -> Option<&M> {
        let largest = self.values().map(&key).max()?;
        self.some_of(self.values().filter(|m| key(m) == largest))
    }
    /// The smallest among the most often received. O(n log n).
    pub fn most_often(&self) -> Option<&M>
    where
        M: Ord,
    {
        let mut sorted: Vec<&M> = self.values().collect();
        sorted.sort();
        let mut best: Option<(usize, &M)> = None;
        for group in sorted.chunk_by(|a, b| a == b) {
            if best.is_none_or(|(count, _)| group.len() > count) {
                best = Some((group.len(), group[0]));
            }
        }
        best.map(|(_, m)| m)
    }
    /// The k-th smallest, from 0: #{< r} ≤ k < #{≤ r}.
    pub fn ranked(&self, k: usize) -> Option<&M>
    where
        M: Ord,
    {
        let mut sorted: Vec<&M> = self.values().collect();
        sorted.sort();
        sorted.get(k).copied()
    }
    /// The join of `f` over all messages.
    pub fn join<L: JoinSemilattice>(&self, f: impl Fn(&M) -> L) -> Option<L> {
        self.values().map(f).reduce(|a, b| a.join(&b))
    }
    /// The union of maps; where several define a key, some of the values; natively that of the smallest process id.
    pub fn merge<K: Ord + Clone, V: Clone + Eq>(&self, f: impl Fn(&M) -> Map<K, V>) -> Map<K, V> {
        let mut candidates: BTreeMap<K, Vec<V>> = BTreeMap::new();
        for m in self.values() {
            for (k, v) in f(m).iter() {
                let values = candidates.entry(k.clone()).or_default();
                // Without a tape the first one is taken: the others need not be told apart, which would cost the square of n.
                if values.is_empty() || self.ties.is_some() && !values.contains(v) {
                    values.push(v.clone());
                }
            }
        }
        let one = |values: &Vec<V>| match &self.ties {
            Some(tape) if values.len() > 1 => values[tape.choose(values.len())].clone(),
            _ => values[0].clone(),
        };
        candidates.iter().map(|(k, values)| (k.clone(), one(values))).collect()
    }
    /// The mailbox of `f(m)` where it is defined.
    pub fn map<N>(&self, f: impl Fn(&M) -> Option<N>) -> Mailbox<N> {
        let messages = self.messages.iter().filter_map(|(q, m)| f(m).map(|x| (*q, x))).collect();
        Mailbox { messages, ties: self.ties.clone() }
    }

    fn some_of<'a>(&self, mut qualifying: impl Iterator<Item = &'a M>) -> Option<&'a M> {
        let Some(tape) = &self.ties else { return qualifying.next() };
        let mut distinct: Vec<&M> = vec![];
        for m in qualifying {
            if !distinct.contains(&m) {
                distinct.push(m);
            }
        }
        match distinct.len() {
            0 => None,
            1 => Some(distinct[0]),
            k => Some(distinct[tape.choose(k)]),
        }
    }
}

/// What a process sends in a round.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outbox<M> {
    /// Nothing to anybody.
    Silent,
    /// The same message to everybody, the sender included.
    Broadcast(M),
    /// One message to one process.
    To(Pid, M),
    /// A message for each of these processes.
    Each(Map<Pid, M>),
}

impl<M: Clone> Outbox<M> {
    /// What `q` is sent.
    pub fn message_to(&self, q: Pid) -> Option<&M> {
        match self {
            Outbox::Silent => None,
            Outbox::Broadcast(m) => Some(m),
            Outbox::To(p, m) => (*p == q).then_some(m),
            Outbox::Each(messages) => messages.get(&q),
        }
    }
    /// The same with every message changed.
    pub fn map<N>(&self, f: impl Fn(&M) -> N) -> Outbox<N> {
        match self {
            Outbox::Silent => Outbox::Silent,
            Outbox::Broadcast(m) => Outbox::Broadcast(f(m)),
            Outbox::To(p, m) => Outbox::To(*p, f(m)),
            Outbox::Each(messages) => Outbox::Each(messages.iter().map(|(q, m)| (*q, f(m))).collect()),
        }
    }
}

/// Sends `m` to everybody, the sender included.
pub fn broadcast<M>(m: M) -> Outbox<M> {
    Outbox::Broadcast(m)
}

/// Sends `m` to `q` only.
pub fn to<M>(q: Pid, m: M) -> Outbox<M> {
    Outbox::To(q, m)
}

/// Sends `m` to every process of `set`.
pub fn to_all<M: Clone>(set: &Set<Pid>, m: M) -> Outbox<M> {
    Outbox::Each(Map::on(set, |_| m.clone()))
}

/// Sends `f(q)` to every process q of `set` for which it is defined.
pub fn each<M>(set: &Set<Pid>, f: impl Fn(Pid) -> Option<M>) -> Outbox<M> {
    Outbox::Each(set.iter().filter_map(|q| f(*q).map(|m| (*q, m))).collect())
}

/// Sends nothing.
pub fn silent<M>() -> Outbox<M> {
    Outbox::Silent
}
