//! Other texts than the six: the published wrong variants and all mutants have conditions too, and what has none is named.

use heardof_check::mutants::generate;
use heardof_core::ir::Algorithm;
use heardof_prove::lower::lower;
use std::collections::BTreeSet;

#[test]
fn published_variants_are_covered() {
    let registry = heardof_algorithms::registry();
    let wrong: Vec<&Algorithm> = registry.entries().iter().filter(|e| e.wrong.is_some()).map(|e| e.machine.algorithm()).collect();
    assert_eq!(wrong.len(), 20);
    for algorithm in wrong {
        let problem = lower(algorithm);
        assert_eq!(problem.uncovered, Vec::<String>::new(), "{}", algorithm.name);
        let names: BTreeSet<&str> = problem.conditions.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names.len(), problem.conditions.len(), "{}: names are unique", algorithm.name);
    }
}

#[test]
fn mutants_are_covered() {
    let (mut count, mut gaps) = (0, BTreeSet::new());
    for entry in heardof_algorithms::registry().right() {
        for mutant in generate(entry.machine.algorithm()) {
            count += 1;
            gaps.extend(lower(&mutant.algorithm).uncovered.into_iter().map(|gap| format!("{}: {gap}", mutant.id)));
        }
    }
    assert_eq!(gaps, BTreeSet::new());
    assert!(count > 300, "{count}");
}
