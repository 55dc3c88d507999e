//! Other texts than the six: the published wrong variants and all mutants have conditions too, and what has none is named.

use heardof_algorithms::published::{
    BenOrSilentHeard, BenOrTwoVotes, LastVotingAnyValue, LastVotingDeafFollowers, LastVotingForgetsTimestamp, LastVotingNoMajority,
    LastVotingPublished, OtrForgetfulStage, OtrVacuous, OtrWeakMostOften, ShortLastVotingSlow, TwoPhaseCommitPublished,
    TwoPhaseCommitTimeout,
};
use heardof_algorithms::{BenOr, FloodMin, LastVoting, OneThirdRule, TwoPhaseCommit, UniformVoting};
use heardof_check::mutants::generate;
use heardof_core::describe::{DescribeError, describe};
use heardof_core::ir::Algorithm;
use heardof_prove::lower::lower;
use std::collections::BTreeSet;

fn published() -> Result<Vec<Algorithm>, DescribeError> {
    Ok(vec![
        describe::<BenOrSilentHeard>()?,
        describe::<BenOrTwoVotes>()?,
        describe::<LastVotingAnyValue<u64>>()?,
        describe::<LastVotingDeafFollowers<u64>>()?,
        describe::<LastVotingForgetsTimestamp<u64>>()?,
        describe::<LastVotingNoMajority<u64>>()?,
        describe::<LastVotingPublished<u64>>()?,
        describe::<OtrForgetfulStage<u64>>()?,
        describe::<OtrVacuous<u64>>()?,
        describe::<OtrWeakMostOften<u64>>()?,
        describe::<ShortLastVotingSlow<u64>>()?,
        describe::<TwoPhaseCommitPublished>()?,
        describe::<TwoPhaseCommitTimeout>()?,
    ])
}

#[test]
fn published_variants_are_covered() {
    for algorithm in published().expect("descriptions") {
        let problem = lower(&algorithm);
        assert_eq!(problem.uncovered, Vec::<String>::new(), "{}", algorithm.name);
        let names: BTreeSet<&str> = problem.conditions.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names.len(), problem.conditions.len(), "{}: names are unique", algorithm.name);
    }
}

#[test]
fn mutants_are_covered() {
    let six = [
        describe::<OneThirdRule<u64>>(),
        describe::<LastVoting<u64>>(),
        describe::<UniformVoting<u64>>(),
        describe::<BenOr>(),
        describe::<FloodMin<u64>>(),
        describe::<TwoPhaseCommit>(),
    ];
    let (mut count, mut gaps) = (0, BTreeSet::new());
    for algorithm in six {
        let algorithm = algorithm.expect("a description");
        for mutant in generate(&algorithm) {
            count += 1;
            gaps.extend(lower(&mutant.algorithm).uncovered.into_iter().map(|gap| format!("{}: {gap}", mutant.id)));
        }
    }
    // Where no round blocks any more, the predicates are assumptions.
    gaps.retain(|gap| !gap.contains("assumed of the network"));
    assert_eq!(gaps, BTreeSet::new());
    assert!(count > 300, "{count}");
}
