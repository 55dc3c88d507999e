//! Laws of sets, maps, mailboxes and bytes, against deliberately dumb twins.

use heardof_core::mailbox::Tape;
use heardof_core::value::{DecodeError, decode_all, encoded};
use heardof_core::{Mailbox, Map, Phase, Pid, Pool, Set, Value};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn mailbox() -> impl Strategy<Value = Vec<(Pid, u8)>> {
    prop::collection::btree_map(0usize..12, 0u8..4, 0..10).prop_map(|m| m.into_iter().map(|(q, v)| (Pid::new(q), v)).collect())
}

fn occurrences(messages: &[(Pid, u8)], v: u8) -> usize {
    messages.iter().filter(|(_, m)| *m == v).count()
}

proptest! {
    #[test]
    fn most_often_satisfies_its_axiom(messages in mailbox()) {
        let heard: Mailbox<u8> = messages.iter().copied().collect();
        match heard.most_often() {
            None => prop_assert!(messages.is_empty()),
            Some(r) => for w in 0..4 {
                let (r_count, w_count) = (occurrences(&messages, *r), occurrences(&messages, w));
                prop_assert!(r_count > 0 && (w_count < r_count || (w_count == r_count && *r <= w)));
            }
        }
    }

    #[test]
    fn ranked_satisfies_its_axiom(messages in mailbox(), k in 0usize..12) {
        let heard: Mailbox<u8> = messages.iter().copied().collect();
        match heard.ranked(k) {
            None => prop_assert!(k >= messages.len()),
            Some(r) => {
                prop_assert!(heard.count(|m| m < r) <= k && k < heard.count(|m| m <= r));
            }
        }
        prop_assert_eq!(heard.ranked(0), heard.min());
    }

    #[test]
    fn the_tape_walks_through_exactly_the_qualifying_values(messages in mailbox()) {
        let heard: Mailbox<u8> = messages.iter().copied().collect();
        let wanted: BTreeSet<u8> = messages.iter().map(|(_, m)| *m).filter(|m| m % 2 == 1).collect();
        let mut seen = BTreeSet::new();
        let mut script = Some(vec![]);
        while let Some(s) = script {
            let tape = Tape::new(s);
            let picked = heard.clone().with_ties(tape.clone()).pick(|m| m % 2 == 1).copied();
            prop_assert!(picked.is_none_or(|m| seen.insert(m)), "a value is offered twice");
            script = tape.next_script();
        }
        prop_assert_eq!(seen, wanted);
        // Natively the smallest process id decides, whatever the order of arrival.
        let mut arrived = Mailbox::default();
        for (q, m) in messages.iter().rev() {
            prop_assert!(arrived.deliver(*q, *m));
        }
        prop_assert!(messages.iter().all(|(q, m)| !arrived.deliver(*q, *m)));
        let first = messages.iter().find(|(_, m)| m % 2 == 1).map(|(_, m)| m);
        prop_assert_eq!(arrived.pick(|m| m % 2 == 1), first);
    }

    #[test]
    fn max_by_key_takes_the_smallest_pid_of_the_largest_key(messages in mailbox()) {
        let heard: Mailbox<u8> = messages.iter().copied().collect();
        let dumb = messages.iter().map(|(_, m)| m).fold(None, |best: Option<&u8>, m| match best {
            Some(b) if b / 2 >= m / 2 => Some(b),
            _ => Some(m),
        });
        prop_assert_eq!(heard.max_by_key(|m| m / 2), dumb);
    }

    #[test]
    fn sets_are_sets(a in prop::collection::vec(0u8..8, 0..8), b in prop::collection::vec(0u8..8, 0..8), x in 0u8..8) {
        let (mut set, other): (Set<u8>, Set<u8>) = (a.iter().copied().collect(), b.iter().copied().collect());
        let (mut twin, twin_other): (BTreeSet<u8>, BTreeSet<u8>) = (a.into_iter().collect(), b.into_iter().collect());
        let same = |s: Set<u8>, t: BTreeSet<u8>| s.iter().copied().eq(t);
        prop_assert!(same(set.union(&other), &twin | &twin_other));
        prop_assert!(same(set.intersection(&other), &twin & &twin_other));
        prop_assert!(same(set.difference(&other), &twin - &twin_other));
        prop_assert_eq!(set.is_subset(&other), twin.is_subset(&twin_other));
        prop_assert_eq!(set.contains(&x), twin.contains(&x));
        set.insert(x);
        twin.insert(x);
        prop_assert!(same(set.clone(), twin.clone()));
        set.remove(&x);
        twin.remove(&x);
        prop_assert!(same(set, twin));
    }

    #[test]
    fn maps_are_partial_functions(pairs in prop::collection::vec((0u8..6, 0u8..6), 0..8), other in prop::collection::vec((0u8..6, 0u8..6), 0..8)) {
        let (mut map, mut twin) = (Map::new(), BTreeMap::new());
        for (k, v) in &pairs {
            map.insert(*k, *v);
            twin.insert(*k, *v);
        }
        let second: Map<u8, u8> = other.iter().copied().collect();
        prop_assert!((0..6).all(|k| map.get(&k) == twin.get(&k)));
        prop_assert!((0..6).all(|k| map.merge(&second).get(&k) == map.get(&k).or(second.get(&k))));
        prop_assert_eq!(map.keys().len(), twin.len());
        prop_assert!(map.values().iter().copied().eq(twin.values().copied().collect::<BTreeSet<_>>()));
    }

    #[test]
    fn bytes_come_back_as_the_value(
        a in any::<(u8, u32, i64, bool)>(), text in ".{0,12}", pids in prop::collection::vec(0usize..1024, 0..5), phase in any::<u32>(), last in any::<Option<u16>>()
    ) {
        let set: Set<Pid> = pids.iter().map(|q| Pid::new(*q)).collect();
        let map: Map<Pid, String> = pids.iter().map(|q| (Pid::new(*q), text.clone())).collect();
        let value = ((a, text), (set, map), Phase::new(phase as usize), last);
        prop_assert_eq!(Value::from_datum(&value.to_datum()), Some(value.clone()));
        let bytes = encoded(&value);
        prop_assert_eq!(decode_all(&bytes), Ok(value));
        for cut in 0..bytes.len() {
            let shorter = decode_all::<(((u8, u32, i64, bool), String), (Set<Pid>, Map<Pid, String>), Phase, Option<u16>)>(&bytes[..cut]);
            let truncated = matches!(shorter, Err(DecodeError::Truncated { .. }));
            prop_assert!(truncated);
        }
    }

    #[test]
    fn garbage_is_refused_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        type Message = (Option<(Set<u16>, Map<Pid, String>)>, bool, Phase);
        if let Ok(value) = decode_all::<Message>(&bytes) {
            prop_assert_eq!(encoded(&value), bytes, "two byte strings for one value");
        }
    }
}

#[test]
fn a_huge_length_is_not_believed() {
    let bytes = [255, 255, 255, 255, 1, 2, 3];
    assert!(matches!(decode_all::<Set<u8>>(&bytes), Err(DecodeError::Truncated { .. })));
    assert!(matches!(decode_all::<String>(&bytes), Err(DecodeError::Truncated { .. })));
}

/// A value that counts how often two of them are compared.
#[derive(Clone, Copy, Debug)]
struct Counted(u64);

thread_local! {
    static COMPARED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        self.0 == other.0
    }
}
impl Eq for Counted {}
impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Counted {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

#[test]
fn no_mailbox_function_takes_the_square_of_n() {
    const N: usize = 1024;
    // All different, all equal, few different: each is the worst case of something.
    for distinct in [1, 7, N as u64] {
        let message = |q: Pid| Counted(q.index() as u64 * 617 % distinct);
        let heard: Mailbox<Counted> = Pid::all(N).map(|q| (q, message(q))).collect();
        let within = |what: &str, run: &dyn Fn()| {
            COMPARED.set(0);
            run();
            let limit = 4 * N * N.ilog2() as usize;
            assert!(COMPARED.get() <= limit, "{what}, {distinct} values: {} comparisons, at most {limit}", COMPARED.get());
        };
        within("most_often", &|| assert!(heard.most_often().is_some()));
        within("ranked", &|| assert!(heard.ranked(N / 2).is_some()));
        within("min, max", &|| assert!(heard.min() <= heard.max()));
        within("max_by_key", &|| assert!(heard.max_by_key(|m| *m).is_some()));
        within("pick", &|| assert!(heard.pick(|m| m.0 == distinct).is_none()));
        within("merge", &|| assert_eq!(heard.merge(|m| Map::on(&Set::of([7u8]), |_| *m)).len(), 1));
    }
}

proptest! {
    #[test]
    fn merge_takes_the_value_of_the_smallest_process(messages in mailbox()) {
        let heard: Mailbox<u8> = messages.iter().copied().collect();
        let map = |m: &u8| Map::on(&Set::of([m % 2, m % 3]), |k| (*k, *m));
        let mut twin = BTreeMap::new();
        for (_, m) in &messages {
            map(m).iter().for_each(|(k, v)| { twin.entry(*k).or_insert(*v); });
        }
        let merged = heard.merge(map);
        prop_assert_eq!(merged.iter().map(|(k, v)| (*k, *v)).collect::<BTreeMap<_, _>>(), twin);
    }

    #[test]
    fn a_mailbox_in_used_memory_is_like_a_new_one(rounds in prop::collection::vec(mailbox(), 0..5)) {
        let (mut pool, mut used) = (Pool::default(), Mailbox::default());
        for messages in rounds {
            pool.lend(&mut used);
            let mut fresh = Mailbox::default();
            for (q, m) in messages.iter().rev() {
                prop_assert_eq!(used.deliver(*q, *m), fresh.deliver(*q, *m));
            }
            prop_assert_eq!(&used, &fresh);
            pool.take_back(&mut used);
            prop_assert_eq!(&used, &Mailbox::default());
        }
    }
}
