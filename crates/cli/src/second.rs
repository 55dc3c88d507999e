//! `prove --solver both`: what a second solver says of the proofs that z3 led to.
//!
//! A search takes hundreds of questions, and another solver may be too slow for one of them without doubting any answer. So it is asked
//! about what was found (ADR 15): the independent checker derives every step of each proof again from the condition, and cvc5 confirms each
//! counting lemma, and that the ground formulas have no model. Where z3 had used its own quantifiers there is nothing to check; such a
//! condition cvc5 has to prove by itself.

use crate::Failure;
use crate::prove::{means, word};
use heardof_certify::{SolverProgram, check_condition};
use heardof_prove::certificate;
use heardof_prove::condition::{Condition, Problem};
use heardof_prove::prove::{self, Method, Proof, Settings, Verdict};
use heardof_prove::solver::Choice;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What it is called where it is asked.
pub const NAME: &str = "cvc5";

/// What the second solver says of one condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opinion {
    /// It confirms the proof.
    Confirmed,
    /// It does not, and why.
    Doubted(String),
    /// Nothing was proved. A counterexample is evaluated, which takes no solver.
    NotAsked,
}

/// Its opinions of the proofs, in their order. `done` hears how many conditions it has seen.
pub fn opinions(problem: &Problem, proofs: &[Proof], settings: &Settings, done: &(dyn Fn(usize) + Sync)) -> Result<Vec<Opinion>, Failure> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<Vec<(usize, Opinion)>, Failure> {
        let program = SolverProgram::cvc5(NAME, settings.timeout.as_secs().max(1));
        let mut found = vec![];
        loop {
            let k = next.fetch_add(1, Ordering::Relaxed);
            let (Some(condition), Some(proof)) = (problem.conditions.get(k), proofs.get(k)) else { return Ok(found) };
            found.push((k, opinion(problem, condition, proof, settings, &program)?));
            done(k + 1);
        }
    };
    let mut found = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..settings.threads.clamp(1, proofs.len().max(1))).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|w| w.join().expect("a panic is passed on")).collect::<Result<Vec<_>, Failure>>()
    })?
    .concat();
    found.sort_by_key(|(k, _)| *k);
    Ok(found.into_iter().map(|(_, opinion)| opinion).collect())
}

fn opinion(
    problem: &Problem,
    condition: &Condition,
    proof: &Proof,
    settings: &Settings,
    program: &SolverProgram,
) -> Result<Opinion, Failure> {
    match &proof.verdict {
        Verdict::Refuted(_) | Verdict::Unknown(_) => Ok(Opinion::NotAsked),
        Verdict::Proved(Method::Quantified) => by_itself(problem, condition, settings),
        Verdict::Proved(Method::Rounds(steps)) => {
            for (step, proof) in condition.steps.iter().zip(steps) {
                let opinion = opinion(problem, step, proof, settings, program)?;
                if opinion != Opinion::Confirmed {
                    return Ok(opinion);
                }
            }
            Ok(Opinion::Confirmed)
        }
        Verdict::Proved(Method::Ground { .. }) => {
            let expected = certificate::condition(&problem.terms, condition);
            let mut certificates = proof.certificates(condition).into_iter();
            Ok(match certificates.next().map(|(_, text)| check_condition(&text, &expected, program)) {
                Some(Ok(_)) => Opinion::Confirmed,
                Some(Err(why)) => Opinion::Doubted(why.to_string()),
                None => Opinion::Doubted("the proof has no certificate".into()),
            })
        }
    }
}

/// The second solver proves the condition.
fn by_itself(problem: &Problem, condition: &Condition, settings: &Settings) -> Result<Opinion, Failure> {
    let alone = Problem { conditions: vec![condition.clone()], ..problem.clone() };
    let settings = Settings { solver: Choice::Cvc5, threads: 1, ..settings.clone() };
    let proofs = prove::prove(&alone, &settings, &|_| ()).map_err(|e| Failure::usage(e.to_string()))?;
    Ok(match proofs.as_slice() {
        [Proof { verdict: Verdict::Proved(_), .. }] => Opinion::Confirmed,
        [proof] => Opinion::Doubted(format!("by itself {}: {}", word(proof), means(proof))),
        _ => Opinion::Doubted("no verdict".into()),
    })
}

#[cfg(test)]
#[path = "../../prove/tests/support/not_tested.rs"]
mod not_tested;

#[cfg(test)]
mod tests {
    use super::not_tested::not_tested;
    use super::*;
    use heardof_core::describe::describe;
    use heardof_prove::lower::lower;
    use std::time::Duration;

    /// A proof is confirmed as one of its condition, and of no other; by ground formulas, by rounds, and by the solver alone.
    #[test]
    fn a_proof_is_confirmed_of_its_own_condition_only() {
        let mut problem = lower(&describe::<heardof_algorithms::UniformVoting<u64>>().expect("it has a text"));
        problem.conditions.retain(|c| c.name.starts_with("inductive/"));
        let settings = Settings { solver: Choice::Z3, seed: 0, timeout: Duration::from_secs(30), threads: 2 };
        let available = SolverProgram::cvc5(NAME, 1);
        if let Err(why) = heardof_certify::Solver::run(&available, "(check-sat)\n") {
            return not_tested(why);
        }
        let Ok(proofs) = prove::prove(&problem, &settings, &|_| ()) else { return not_tested("there is no z3") };
        let found = opinions(&problem, &proofs, &settings, &|_| ()).expect("it answers");
        assert!(found.len() > 5 && found.iter().all(|opinion| *opinion == Opinion::Confirmed), "{found:?}");
        // Each proof with the condition after its own.
        problem.conditions.rotate_left(1);
        let found = opinions(&problem, &proofs, &settings, &|_| ()).expect("it answers");
        assert!(found.iter().all(|opinion| matches!(opinion, Opinion::Doubted(_))), "{found:?}");
        // What the solver has to prove by itself.
        problem.conditions.rotate_right(1);
        let mut alone = proofs[0].clone();
        alone.verdict = Verdict::Proved(Method::Quantified);
        let found = opinions(&problem, std::slice::from_ref(&alone), &settings, &|_| ()).expect("it answers");
        assert_eq!(found, [Opinion::Confirmed]);
    }
}
