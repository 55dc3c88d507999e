//! Native code and text mean the same: every function of every algorithm, compiled and interpreted, on the same arguments. The wrong
//! variants are wrong in both.
//!
//! * For n ≤ 3, with values 0..3, phases 0 and 1, and parameters up to n: `init`, `halted`, `coordinator` and `faults` on all arguments;
//!   `send`, `update` and `ready` on all states, contexts and mailboxes; specification functions on all arguments that differ in what
//!   their text reads (see [`reads`]), and on random ones for what native code alone might read. A function of more than [`BUDGET`]
//!   arguments is given that many random ones.
//! * The same with `HEARDOF_EXHAUSTIVE=1`, where every function of every algorithm (not of the wrong variants) is given all of them.
//! * For n = 4, 5 and 7, a million random cases.
//!
//! All of it: `HEARDOF_EXHAUSTIVE=1 cargo test --release -p heardof-algorithms --test differential -- --nocapture`, 55 million
//! comparisons in some three minutes on two cores.

mod cases;
mod reads;
mod space;

use cases::{Limits, Pair};
use heardof_core::ir::{Algorithm, Node};
use heardof_core::machine::{Interpreted, Machine};
use space::{Report, run};

/// Cases of one function at one size before random ones are taken.
const BUDGET: u64 = 20_000;
/// The same when told to be exhaustive: more than any function has.
const EXHAUSTIVE: u64 = 100_000_000;
/// Random arguments for a specification function, beside those that differ in what it reads.
const BESIDE: u64 = 2_000;

fn twin(native: &dyn Machine) -> Interpreted {
    Interpreted::new(native.algorithm().clone())
}

/// Compares, or fails with the mismatch; the same command finds it again.
fn compare(machines: &[&dyn Machine], sizes: &[usize], limits: Limits) -> Report {
    let pairs: Vec<Pair<'_>> = sizes.iter().flat_map(|n| machines.iter().map(|m| Pair::new(*m, twin(*m), *n))).collect();
    let cases: Vec<_> = pairs.iter().flat_map(|p| p.cases(limits)).collect();
    run(&cases).unwrap_or_else(|mismatch| panic!("{mismatch}\ncargo test -p heardof-algorithms --test differential"))
}

#[test]
fn small_systems() {
    let registry = heardof_algorithms::registry();
    let machines = |wrong: bool| -> Vec<&dyn Machine> {
        registry.entries().iter().filter(|e| e.wrong.is_some() == wrong).map(|e| &*e.machine).collect()
    };
    let exhaustive = std::env::var_os("HEARDOF_EXHAUSTIVE").is_some();
    let right = if exhaustive { EXHAUSTIVE } else { BUDGET };
    let mut sampled = vec![];
    for n in 1..=3 {
        for (kind, machines, limit) in [("algorithms", machines(false), right), ("wrong variants", machines(true), BUDGET)] {
            let read = compare(&machines, &[n], Limits { rounds: limit, read: limit, any: 0 });
            let any = compare(&machines, &[n], Limits { rounds: 1, read: 0, any: BESIDE });
            let (cases, beside, some) = (read.cases, any.cases, read.sampled.len());
            println!(
                "{kind}, n = {n}: {cases} cases and {beside} random ones beside them, no mismatch; {some} functions with random ones only"
            );
            assert!(cases > 1000);
            if limit == right {
                sampled.extend(read.sampled);
            }
        }
    }
    assert!(!exhaustive || sampled.is_empty(), "more arguments than are enumerated: {sampled:?}");
}

#[test]
fn a_million_random_cases() {
    let registry = heardof_algorithms::registry();
    let machines: Vec<&dyn Machine> = registry.right().map(|e| &*e.machine).collect();
    let functions: usize = machines.iter().map(|m| 2 * m.algorithm().rounds.len() + m.algorithm().specs.len()).sum();
    // Some functions have few arguments: a little more for each of the others.
    let each = 1_100_000 / (3 * functions as u64);
    let report = compare(&machines, &[4, 5, 7], Limits { rounds: each, read: 0, any: each });
    println!("{} random cases, no mismatch", report.cases);
    assert!(report.cases >= 1_000_000, "only {}", report.cases);
}

/// The mismatch that is found when the text of an algorithm is changed.
fn mismatch(name: &str, change: impl FnOnce(&mut Algorithm)) -> String {
    let registry = heardof_algorithms::registry();
    let native = registry.right().find(|e| e.name == name).map(|e| &*e.machine).expect("the algorithm is in the registry");
    let mut text = native.algorithm().clone();
    change(&mut text);
    let pair = Pair::new(native, Interpreted::new(text), 2);
    run(&pair.cases(Limits { rounds: BUDGET, read: BUDGET, any: 0 })).expect_err("a changed text passed as the original")
}

#[test]
fn planted_differences_are_found() {
    fn rename(from: &str, to: &str, f: &mut heardof_core::ir::Function) {
        if let Ok(body) = &mut f.body {
            body.walk_mut(&mut |e| {
                if let Node::Method(name, ..) = &mut e.node
                    && name == from
                {
                    *name = to.into();
                }
            });
        }
    }
    let largest = mismatch("one_third_rule", |a| rename("most_often", "max", &mut a.rounds[0].update));
    assert!(largest.starts_with("one_third_rule n=2 Exchange::update and ready: native Ok("), "{largest}");
    let uniform = mismatch("uniform_voting", |a| {
        let spec = a.specs.iter_mut().find(|s| s.name == "no_split").expect("the predicate");
        rename("intersection", "union", &mut spec.function);
    });
    assert!(uniform.starts_with("uniform_voting n=2 no_split: native Ok(false), text Ok(true)"), "{uniform}");
    let coin = mismatch("ben_or", |a| rename("coin", "is_coordinator", &mut a.rounds[1].update));
    assert!(coin.starts_with("ben_or n=2 Vote::update and ready: native "), "{coin}");
}
