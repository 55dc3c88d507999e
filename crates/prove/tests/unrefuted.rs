//! No condition of the catalogue, all of which are proved, has a counterexample with few processes.
//!
//! The proofs reason about cardinalities; the search here expands every formula for n processes and knows nothing of them. Up to n = 2 in
//! the ordinary tests; `UNREFUTED=4 cargo test --release -p heardof-prove --test unrefuted -- --nocapture` looks at n = 1..4.

use heardof_prove::condition::Condition;
use heardof_prove::finite::{Outcome, Sizes, search};
use heardof_prove::lower::lower;
use heardof_prove::solver::{Choice, Options, Solver};
use not_tested::not_tested;
use std::time::Duration;

#[path = "support/not_tested.rs"]
mod not_tested;

/// The largest n, unless the environment says otherwise.
const LARGEST: u32 = 2;

#[test]
fn what_is_proved_has_no_small_counterexample() {
    let to = std::env::var("UNREFUTED").map_or(LARGEST, |text| text.parse().expect("UNREFUTED is a number"));
    let options = Options { logic: Some("ALL".into()), limit: Duration::from_secs(600), ..Options::default() };
    let mut solver = match Solver::start(&Choice::Z3, &options) {
        Ok(solver) => solver,
        Err(error) => return not_tested(error),
    };
    for entry in heardof_algorithms::registry().right() {
        let problem = lower(entry.machine.algorithm());
        assert!(!problem.conditions.is_empty(), "{}: no conditions", entry.name);
        let (mut searched, mut given_up) = (0, vec![]);
        for condition in &problem.conditions {
            // A condition over several rounds is proved step by step.
            let steps: &[Condition] = if condition.steps.is_empty() { std::slice::from_ref(condition) } else { &condition.steps };
            for step in steps {
                let mut terms = problem.terms.clone();
                let refuted = terms.not(step.goal);
                let formulas: Vec<_> = step.hypotheses.iter().map(|h| h.formula).chain([refuted]).collect();
                for n in 1..=to {
                    match search(&mut solver, &terms, &formulas, &Sizes { from: n, to: n }).expect("the solver answers") {
                        Outcome::Found(model) => panic!("{} {}, n = {n}:\n{}", entry.name, condition.name, model.show(&terms)),
                        Outcome::NotFound(obstacles) if obstacles.is_empty() => searched += 1,
                        Outcome::NotFound(obstacles) => given_up.push(format!("{} {}", condition.name, obstacles.join("; "))),
                    }
                }
            }
        }
        println!("{}: {searched} searches without a counterexample, {} not completed", entry.name, given_up.len());
        given_up.iter().for_each(|what| println!("  {what}"));
        assert!(searched > 9 * given_up.len(), "{}: most searches must come to an end: {given_up:?}", entry.name);
    }
}
