//! A report is a function of the algorithm and the options: not of the threads that found it, nor of what a thread looked at before.

use heardof_algorithms::registry;
use heardof_check::{Options, Report, check};

fn report(name: &str, threads: usize) -> Report {
    let registry = registry();
    let entry = registry.entries().iter().find(|e| e.name == name).unwrap_or_else(|| panic!("no {name}"));
    let options = Options { n: Some(1..=4), threads, ..Options::default() };
    check(&*entry.machine, &options, &|_| {}).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn reports_do_not_depend_on_threads() {
    for name in ["last_voting_forgets_timestamp", "ben_or_silent_heard", "otr_weak_most_often"] {
        let alone = report(name, 1);
        assert!(!alone.holds(), "{name} is wrong");
        for threads in [2, 5] {
            assert_eq!(report(name, threads), alone, "{name} with {threads} threads");
        }
    }
}
