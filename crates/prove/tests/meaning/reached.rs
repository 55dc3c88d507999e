//! Conditions in runs: where the hypotheses are true the goal is, and each condition's hypotheses are true somewhere.

use crate::ground::Model;
use crate::run::{Dice, Scene, aggregates};
use crate::symbols;
use heardof_core::Machine;
use heardof_core::ir::Algorithm;
use heardof_prove::condition::{Condition, Hypothesis, Problem};
use heardof_prove::lower::lower;
use heardof_prove::term::{Fun, Terms};
use std::collections::BTreeSet;

const RUNS: usize = 60;
const PHASES: usize = 4;

/// The rounds that a condition assumes, by number; one without rounds stands before the round in its name.
fn rounds(algorithm: &Algorithm, condition: &Condition) -> (usize, usize) {
    let number = |name: &str| algorithm.rounds.iter().position(|r| r.name == name);
    let assumed = |h: &Hypothesis| number(h.label.strip_prefix("round ").or(h.label.strip_prefix("frame "))?);
    let all: BTreeSet<usize> = condition.hypotheses.iter().filter_map(assumed).collect();
    let named = condition.name.split('/').find_map(number).unwrap_or(0);
    (all.first().copied().unwrap_or(named), all.len())
}

fn mentioned(terms: &Terms, hypothesis: &Hypothesis) -> BTreeSet<Fun> {
    let (mut seen, mut out) = Default::default();
    symbols(terms, hypothesis.formula, &mut seen, &mut out);
    out
}

/// Chooses values for `open` at process `p` so that `formulas` hold for it.
pub fn settle(terms: &Terms, model: &mut Model, open: &[Fun], p: usize, formulas: &[&Hypothesis]) -> bool {
    let Some((first, rest)) = open.split_first() else {
        return formulas.iter().all(|h| model.holds_for(terms, h.formula, p));
    };
    // What is settled already is looked at as soon as it can be.
    let due = |h: &&&Hypothesis| mentioned(terms, h).is_disjoint(&rest.iter().copied().collect());
    let (now, later): (Vec<&Hypothesis>, Vec<&Hypothesis>) = formulas.iter().partition(|h| due(h));
    for value in model.domain(terms.symbol(*first).result) {
        model.set(*first, &[p as i64], value);
        if now.iter().all(|h| model.holds_for(terms, h.formula, p)) && settle(terms, model, rest, p, &later) {
            return true;
        }
    }
    false
}

/// The model of some scenes of a run in a row, with the aggregates and the values of absent options that the rounds have in mind.
fn model(problem: &Problem, condition: &Condition, scenes: &[Scene], dice: &mut Dice) -> Model {
    let terms = &problem.terms;
    let mut model = scenes[0].model(terms, dice);
    let axioms: Vec<&Hypothesis> = condition.hypotheses.iter().filter(|h| h.label.starts_with("axiom ")).collect();
    for (step, scene) in scenes.iter().enumerate().skip(1) {
        let open = scene.tell_copy(terms, &mut model, step, dice);
        let round = &scene.machine.algorithm().rounds[scenes[step - 1].k].name;
        let relation = |h: &&Hypothesis| h.label == format!("round {round}") || h.label == format!("frame {round}");
        let relation: Vec<&Hypothesis> = condition.hypotheses.iter().filter(relation).collect();
        let used: BTreeSet<Fun> = relation.iter().flat_map(|h| mentioned(terms, h)).collect();
        let own: Vec<&Hypothesis> =
            axioms.iter().copied().filter(|h| aggregates(terms, &mentioned(terms, h)).iter().any(|f| used.contains(f))).collect();
        let chosen: BTreeSet<Fun> = own.iter().flat_map(|h| aggregates(terms, &mentioned(terms, h))).collect();
        let formulas: Vec<&Hypothesis> = own.into_iter().chain(relation).collect();
        for (p, absent) in open.into_iter().enumerate() {
            let open: Vec<Fun> = chosen.iter().copied().chain(absent).collect();
            assert!(
                settle(terms, &mut model, &open, p, &formulas),
                "{}: no model of {round} for p{p} of {:?}",
                condition.name,
                scene.system
            );
        }
    }
    model
}

/// In runs from the first states, with phases good and bad, no condition is refuted and none is vacuous.
pub fn conditions_hold_in_runs(algorithm: &Algorithm) {
    let problem = lower(algorithm);
    let (mut dice, length) = (Dice(3), algorithm.rounds.len());
    let mut used = vec![0; problem.conditions.len()];
    for _ in 0..RUNS {
        let mut run = vec![Scene::start(algorithm, &mut dice)];
        let mut good = false;
        for round in 0..PHASES * length {
            if round % length == 0 {
                good = dice.below(3) > 0;
            }
            let last = run.last_mut().expect("a run has a start");
            last.choose(good, &mut dice);
            let next = last.advanced(&mut dice);
            run.push(next);
        }
        for (number, condition) in problem.conditions.iter().enumerate() {
            let (boundary, count) = rounds(algorithm, condition);
            for from in (boundary..PHASES * length).step_by(length) {
                let at_start = from == 0 || !condition.name.starts_with("initial/");
                if from + count > PHASES * length || !at_start {
                    continue;
                }
                let model = model(&problem, condition, &run[from..=from + count], &mut dice);
                let assumed = condition.hypotheses.iter().all(|h| model.holds(&problem.terms, h.formula));
                used[number] += usize::from(assumed);
                let refuted = assumed && !model.holds(&problem.terms, condition.goal);
                assert!(!refuted, "{} in round {from} of {:?}, {:?}", condition.name, run[from].system, run[from].ho);
            }
        }
    }
    let vacuous: Vec<&str> = problem.conditions.iter().zip(&used).filter(|(_, used)| **used == 0).map(|(c, _)| c.name.as_str()).collect();
    assert_eq!(vacuous, Vec::<&str>::new());
}
