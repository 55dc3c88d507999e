//! Algorithms in the whole surface: they compile, and their texts parse and have sorts.

use heardof::core::datum::{Bounds, Datum, Sort};
use heardof::core::describe::{Described, describe};
use heardof::core::ir::{Algorithm, Kind, text};
use heardof::core::value::{DecodeError, decode_all, encoded};
use heardof::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Debug;

#[path = "pass/ben_or.rs"]
mod ben_or;
#[path = "pass/flood_min.rs"]
mod flood_min;
#[path = "pass/k_set.rs"]
mod k_set;
#[path = "pass/last_voting.rs"]
mod last_voting;
#[path = "pass/lattice.rs"]
mod lattice;
#[path = "pass/one_third_rule.rs"]
mod one_third_rule;
#[path = "pass/surface.rs"]
mod surface;
#[path = "pass/thresholds.rs"]
mod thresholds;
#[path = "pass/two_phase_commit.rs"]
mod two_phase_commit;

use surface::{Limits, Marker, Mode, Packet, Pair, Surface};

fn described<P: Described>() -> Algorithm {
    let algorithm = describe::<P>().unwrap_or_else(|e| panic!("{}: {e}", std::any::type_name::<P>()));
    for f in algorithm.all_functions() {
        let printed = text::print_function(f);
        let parsed = text::parse_functions(&printed).unwrap_or_else(|e| panic!("{printed}: {e}"));
        assert_eq!(parsed.iter().map(text::print_function).collect::<Vec<_>>(), [printed]);
    }
    algorithm
}

#[test]
fn every_algorithm_has_a_description() {
    let names = |a: Algorithm| (a.name.clone(), a.rounds.len(), a.specs.len());
    let list = [
        names(described::<one_third_rule::OneThirdRule<u64>>()),
        names(described::<last_voting::LastVoting<u64>>()),
        names(described::<ben_or::BenOr>()),
        names(described::<flood_min::FloodMin<u64>>()),
        names(described::<two_phase_commit::TwoPhaseCommit>()),
        names(described::<k_set::KSet<u64>>()),
        names(described::<thresholds::Ate<u64>>()),
        names(described::<thresholds::Ute<u64>>()),
        names(described::<lattice::LatticeAgreement<Set<u64>>>()),
        names(described::<Surface<u64>>()),
    ];
    let want = [
        ("one_third_rule", 1, 9),
        ("last_voting", 4, 18),
        ("ben_or", 2, 5),
        ("flood_min", 1, 8),
        ("two_phase_commit", 3, 7),
        ("k_set", 1, 6),
        ("ate", 1, 6),
        ("ute", 2, 1),
        ("lattice_agreement", 1, 2),
        ("surface", 2, 11),
    ];
    assert_eq!(list, want.map(|(name, rounds, specs)| (name.to_string(), rounds, specs)));
}

#[test]
fn a_description_has_everything_that_is_written() {
    let a = described::<Surface<u64>>();
    assert_eq!(a.doc, "Shows the whole surface.\n\nIn two paragraphs.");
    assert_eq!(a.generics, [("V".to_string(), "Value + Ord".to_string(), Sort::Word("u64"))]);
    let fields: Vec<_> = a.fields.iter().map(|f| (f.name, f.output, f.ghost)).collect();
    let want = [("mode", false, false), ("seen", false, false), ("pair", false, false), ("type", false, false), ("steps", false, true)];
    assert_eq!(fields, [&want[..], &[("decision", true, false)]].concat());
    assert_eq!(a.problems, ["Bounded"]);
    assert_eq!(a.rounds[0].doc, "Sends what it is asked for.");
    assert_eq!(a.rounds[0].ready.as_ref().map(|f| f.body.is_err()), Some(true));
    assert_eq!(a.rounds[1].update.body, Err("loops".to_string()));
    let functions: BTreeSet<&str> = a.functions.iter().map(|f| f.name.as_str()).collect();
    assert_eq!(functions, BTreeSet::from(["few_at", "heard_majority", "idle", "majority", "most", "size"]));
    let bounded = a.spec("bounded").expect("the problem's property");
    assert_eq!((&bounded.kind, bounded.problem.as_deref(), bounded.doc.as_str()), (&Kind::Property, Some("Bounded"), "At most so many."));
    let native = a.spec("bounded_natively").expect("the native property");
    assert_eq!(native.function.body, Err("shows a native property".to_string()));
    let kinds: Vec<String> = a.specs.iter().map(|s| format!("{:?}", s.kind)).collect();
    let want = [
        "Property",
        "Property",
        "Property",
        "Resilience",
        "Initial",
        "Invariant(Before([\"Talk\", \"Compute\"]))",
        "Safety",
        "Liveness { rounds: [\"Talk\"], stage: Some(2) }",
        "Progress { stage: 1, before: [\"Compute\"] }",
        "Lemma { rounds: [] }",
        "Termination",
    ];
    assert_eq!(kinds, want);
}

fn round_trip<T: Value>(values: &[T]) {
    for value in values {
        assert_eq!(decode_all::<T>(&encoded(value)).as_ref(), Ok(value));
        assert_eq!(T::from_datum(&value.to_datum()).as_ref(), Some(value));
        for len in 0..encoded(value).len() {
            assert!(decode_all::<T>(&encoded(value)[..len]).is_err());
        }
    }
}

/// Derived order, order of data and order in the list are the same.
fn in_order<T: Value + Ord>(values: &[T]) {
    for (i, a) in values.iter().enumerate() {
        for (j, b) in values.iter().enumerate() {
            assert_eq!(
                (a.cmp(b), a.to_datum().cmp(&b.to_datum()), a.partial_cmp(b)),
                (i.cmp(&j), i.cmp(&j), Some(i.cmp(&j))),
                "{a:?} {b:?}"
            );
            assert_eq!(a == b, i == j);
        }
    }
}

#[test]
fn derived_values_keep_their_order_and_their_bytes() {
    let modes = [Mode::Idle, Mode::Waiting { since: 1 }, Mode::Waiting { since: 2 }, Mode::Done(false), Mode::Done(true)];
    let packets = [Packet::Ask, Packet::Tell(1, 9), Packet::Tell(2, 0), Packet::Set { members: Set::of([3u64]) }];
    let pairs = [Pair(1u64, 9usize), Pair(2, 0), Pair(2, 1)];
    let limits = [Limits { limit: 1, default: 9u64 }, Limits { limit: 2, default: 0 }];
    round_trip(&modes);
    round_trip(&packets);
    round_trip(&pairs);
    round_trip(&limits);
    round_trip(&[Marker]);
    in_order(&modes);
    in_order(&packets);
    in_order(&pairs);
    in_order(&limits);
    in_order(&[Marker]);
    assert_eq!(decode_all::<Mode>(&[7]), Err(DecodeError::BadTag { of: "Mode", found: 7 }));
    assert_eq!(encoded(&Mode::Done(true)), [2, 1]);
}

#[test]
fn derived_sorts_enumerate_the_values() {
    let bounds = Bounds { n: 2, values: 2, phases: 1, nat: 1 };
    let all: Vec<Option<Mode>> = Mode::sort().enumerate(&bounds).iter().map(Mode::from_datum).collect();
    let want = [Mode::Idle, Mode::Waiting { since: 0 }, Mode::Waiting { since: 1 }, Mode::Done(false), Mode::Done(true)];
    assert_eq!(all, want.map(Some));
    assert_eq!(Pair::<u64, usize>::sort(), Sort::Struct("Pair", vec![("0", Sort::Word("u64")), ("1", Sort::Nat)]));
    assert_eq!(Marker::sort(), Sort::Struct("Marker", vec![]));
    assert_eq!(Mode::from_datum(&Datum::nat(1)), None);
    assert_eq!(Marker::from_datum(&Pair(1u64, 2usize).to_datum()), None);
}

#[test]
fn derived_values_print_as_rust_does() {
    let shown = |value: &dyn Debug| format!("{value:?}");
    assert_eq!(shown(&Mode::Idle), "Idle");
    assert_eq!(shown(&Mode::Waiting { since: 1 }), "Waiting { since: 1 }");
    assert_eq!(shown(&Pair(1u64, 2usize)), "Pair(1, 2)");
    assert_eq!(shown(&Marker), "Marker");
}

#[test]
fn values_inside_values_are_visited() {
    let mut words = vec![];
    let packet = Packet::Set { members: Set::of([3u64, 5]) };
    packet.visit(&mut |any| words.extend(any.downcast_ref::<u64>().copied()));
    assert_eq!(words, [3, 5]);
}
