//! Refutations are explained: the part of the goal that is broken, the step of the program, the fields that no invariant mentions.

use heardof_algorithms::newcomer::{OtrForgetsDecision, OtrHalf, OtrNoQuorum};
use heardof_algorithms::published::{LastVotingPublished, OtrForgetfulStage, OtrWeakMostOften};
use heardof_algorithms::{Ate, ByzantineBenOr};
use heardof_core::{Described, Machine, Native};
use heardof_prove::condition::{Condition, Problem};
use heardof_prove::finite::{Element, Model};
use heardof_prove::lower::lower;
use heardof_prove::prove::{Settings, Verdict, prove};
use heardof_prove::refutation::{Replay, explain, replay};
use heardof_prove::solver::{Choice, locate};
use not_tested::not_tested;
use std::time::Duration;

#[path = "support/not_tested.rs"]
mod not_tested;

/// A condition that is refuted.
struct Case {
    machine: Box<dyn Machine>,
    problem: Problem,
    condition: Condition,
    model: Model,
}

fn case<P: Described>(name: &str) -> Case {
    case_without::<P>(name, "nothing")
}

/// The same without the hypotheses that are called so.
fn case_without<P: Described>(name: &str, label: &str) -> Case {
    let machine = Native::<P>::new().expect("the variants have a text");
    let mut problem = lower(machine.algorithm());
    problem.conditions.retain(|c| c.name == name);
    problem.conditions.iter_mut().for_each(|c| c.hypotheses.retain(|h| !h.label.starts_with(label)));
    let settings = Settings { solver: Choice::Z3, seed: 0, timeout: Duration::from_secs(60), threads: 1 };
    let proofs = prove(&problem, &settings, &|_| ()).expect("the solver answers");
    let [proof] = proofs.as_slice() else { panic!("{name}: {} conditions", proofs.len()) };
    let Verdict::Refuted(model) = &proof.verdict else { panic!("{name}: {:?}", proof.verdict) };
    let (condition, model) = (problem.conditions[0].clone(), (**model).clone());
    Case { machine: Box::new(machine), problem, condition, model }
}

/// The algorithm, the condition, what its explanation says of the broken part, the fields that no invariant mentions, and the pairs that
/// none mentions together.
#[test]
fn the_broken_part_is_named_and_the_program_takes_the_step() {
    if let Err(error) = locate(&Choice::Z3) {
        return not_tested(error);
    }
    type Row<'a> = (Case, &'a [&'a str], &'a [&'a str], &'a [(&'a str, &'a str)]);
    let cases: [Row<'_>; 6] = [
        (
            case::<OtrForgetfulStage<u64>>("property/Exchange/irrevocability.2"),
            &["for i = p0, where has_decision(p0): decision(p0) = decision′(p0)"],
            &["x", "decision"],
            &[("decision", "x")],
        ),
        (
            case::<LastVotingPublished<u64>>("inductive/Propose/safety_invariant.1"),
            &["for i = p0: ∃j. x′(p0) = input(j)", "not for j = p0"],
            &[],
            &[],
        ),
        (case::<OtrNoQuorum<u64>>("inductive/Exchange/agreed"), &["where has_decision′(p", "decision′(p1)"], &[], &[("decision", "x")]),
        (
            case::<OtrHalf<u64>>("inductive/Exchange/locked"),
            &["none of these holds", "¬has_decision′(", "∃v. n < 2·", "is false)"],
            &[],
            &[],
        ),
        (case::<OtrForgetsDecision<u64>>("initial/held_by_most"), &["∃v. 2·n < 3·|"], &["x", "decision"], &[("decision", "x")]),
        (case::<OtrWeakMostOften<u64>>("inductive/Exchange/locked"), &["2·n < 3·|", "not for v = "], &[], &[]),
    ];
    for (case, parts, fields, unrelated) in &cases {
        let name = format!("{} {}", case.machine.algorithm().name, case.condition.name);
        let explanation = explain(&case.problem, case.machine.algorithm(), &case.condition, &case.model);
        let lines = explanation.broken.as_ref().expect("the broken part is found").lines().join("\n");
        for part in *parts {
            assert!(lines.contains(part), "{name}: expected {part} in\n{lines}");
        }
        assert_eq!(explanation.unmentioned, *fields, "{name}");
        let pairs: Vec<(&str, &str)> = explanation.unrelated.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(pairs, *unrelated, "{name}");
        assert_eq!(explanation.table.len(), case.model.n as usize + 1, "{name}: a heading and a row for each process");
        let replayed = replay(&case.problem, &*case.machine, &case.condition, &case.model);
        match case.condition.name.starts_with("initial/") {
            true => assert_eq!(replayed, Replay::Not("it shows no round".into()), "{name}"),
            false => assert_eq!(replayed, Replay::Same, "{name}"),
        }
    }
}

/// What is received instead of what was sent is replayed, too; who does not follow the text has no step to replay.
#[test]
fn forged_messages_are_replayed() {
    if let Err(error) = locate(&Choice::Z3) {
        return not_tested(error);
    }
    for case in [
        case_without::<Ate<u64>>("inductive/Exchange/locked", "resilience"),
        case_without::<ByzantineBenOr>("inductive/Vote/locked", "resilience"),
    ] {
        let replayed = replay(&case.problem, &*case.machine, &case.condition, &case.model);
        assert_eq!(replayed, Replay::Same, "{}", case.model.show(&case.problem.terms));
    }
}

/// A model that says of the state after the round something else is noticed, whichever entry is changed.
#[test]
fn another_step_is_noticed() {
    if let Err(error) = locate(&Choice::Z3) {
        return not_tested(error);
    }
    let case = case::<OtrForgetfulStage<u64>>("property/Exchange/irrevocability.2");
    for (symbol, expected) in [("x_", "p0 has x: 0, not 7"), ("decision_", "p0 has decision: Some(0), not Some(7)")] {
        let mut wrong = case.model.clone();
        let fun = case.problem.terms.find(symbol).expect("the state after the round");
        wrong.tables.get_mut(&fun).expect("the model speaks of it").insert(vec![Element::Member(0)], Element::Number(7));
        let replayed = replay(&case.problem, &*case.machine, &case.condition, &wrong);
        assert_eq!(replayed, Replay::Different(expected.into()), "{symbol}");
    }
}
