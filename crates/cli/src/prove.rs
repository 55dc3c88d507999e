//! `prove`: every verification condition, for all n.

use crate::args;
use crate::check::threads;
use crate::html::Page;
use crate::refuted::{self, Refuted};
use crate::registry::{Entry, Registry};
use crate::second::{self, Opinion};
use crate::show::{json, now, spinner, table};
use crate::{Failure, Verdict, explain_proof};
use heardof_prove::condition::Problem;
use heardof_prove::explain;
use heardof_prove::minimal::minimise;
use heardof_prove::prove::{self, Method, Proof, Settings};
use heardof_prove::solver::{self, Choice};
use heardof_prove::vacuity::{self, Consistency};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

pub fn prove(registry: &Registry, args: &args::Prove) -> Result<Verdict, Failure> {
    if args.infer {
        return crate::infer::infer(registry, args);
    }
    if args.list || args.show {
        return list(registry, args);
    }
    let start = now();
    let solver = solver(args)?;
    let (mut verdict, mut results, mut page) = (Verdict::Holds, vec![], Page::default());
    for entry in entries(registry, args)? {
        let problem = problem(entry, args)?;
        let (one, figures) = prove_one(entry, args, &problem, &solver, &mut page)?;
        verdict = verdict.and(one);
        results.push(figures);
    }
    if let Some(path) = &args.html {
        std::fs::write(path, page.text()).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
    }
    if args.json {
        println!("{}", json(verdict, start.elapsed().as_secs_f64(), json!({ "algorithms": results })));
    }
    Ok(verdict)
}

/// Shows the conditions, which takes no solver.
fn list(registry: &Registry, args: &args::Prove) -> Result<Verdict, Failure> {
    for entry in entries(registry, args)? {
        let problem = problem(entry, args)?;
        for condition in &problem.conditions {
            println!("{}", condition.name);
            if args.show {
                condition.hypotheses.iter().for_each(|h| println!("  {}: {}", h.label, problem.terms.show(h.formula)));
                println!("  goal: {}", problem.terms.show(condition.goal));
            }
        }
        problem.uncovered.iter().for_each(|u| println!("not covered: {u}"));
    }
    Ok(Verdict::Holds)
}

/// The algorithms asked for.
pub fn entries<'a>(registry: &'a Registry, args: &args::Prove) -> Result<Vec<&'a Entry>, Failure> {
    if args.all {
        return Ok(registry.right().collect());
    }
    args.algorithms.iter().map(|name| registry.find(name)).collect()
}

/// The solver that searches. That a second one is there, if there has to be one, is seen before anything is proved.
pub fn solver(args: &args::Prove) -> Result<Choice, Failure> {
    let find = |choice| solver::locate(&choice).map_err(|e| Failure::usage(e.to_string()));
    match args.solver {
        args::SolverChoice::Z3 => find(Choice::Z3),
        args::SolverChoice::Cvc5 => find(Choice::Cvc5),
        args::SolverChoice::Both => find(Choice::Cvc5).and_then(|_| find(Choice::Z3)),
    }
}

/// The conditions of an algorithm, as far as `--only` asks for them.
fn problem(entry: &Entry, args: &args::Prove) -> Result<Problem, Failure> {
    let mut problem = heardof_prove::lower::lower(entry.machine.algorithm());
    if let Some(only) = &args.only {
        problem.conditions.retain(|c| c.name.contains(only.as_str()));
        if problem.conditions.is_empty() {
            return Err(Failure::usage(format!("--only {only}: no condition of {} has this in its name; --list shows all", entry.name)));
        }
    }
    Ok(problem)
}

fn prove_one(entry: &Entry, args: &args::Prove, problem: &Problem, solver: &Choice, page: &mut Page) -> Result<(Verdict, Value), Failure> {
    let start = now();
    let settings = Settings { solver: solver.clone(), seed: args.solver_seed, timeout: args.timeout, threads: threads(args.threads) };
    let bar = spinner(args.json);
    let (done, total) = (AtomicUsize::new(0), problem.conditions.len());
    let proofs = prove::prove(problem, &settings, &|proof| {
        let k = done.fetch_add(1, Ordering::Relaxed) + 1;
        bar.set_message(format!("{}: {k} of {total}, {}", entry.name, proof.name));
    });
    bar.finish_and_clear();
    let mut proofs = proofs.map_err(|e| Failure::usage(e.to_string()))?;
    let both = args.solver == args::SolverChoice::Both;
    if args.certificates.is_some() || args.explain || args.html.is_some() || both {
        minimise(&mut proofs, &settings).map_err(|e| Failure::usage(e.to_string()))?;
    }
    if let Some(folder) = &args.certificates {
        crate::certify::write(&entry.name, folder, problem, &proofs)?;
    }
    let doubts = if args.vacuity { doubts(problem, &proofs, &settings)? } else { Doubts::new() };
    let opinions = if both { Some(opinions(entry, args, problem, &proofs, &settings)?) } else { None };
    let seconds = start.elapsed().as_secs_f64();
    let refuted = refuted::refuted(entry, problem, &proofs);
    let mut judged: Vec<Judged<'_>> = proofs.iter().map(|proof| Judged::new(proof, &doubts, &refuted)).collect();
    judged.iter_mut().zip(opinions.into_iter().flatten()).for_each(|(judged, opinion)| judged.hear(opinion));
    let verdict = judged.iter().fold(of_uncovered(problem), |v, j| v.and(j.verdict));
    if !args.json {
        print(entry, problem, &judged, seconds);
    }
    if args.explain || args.html.is_some() {
        let explanations = explain::explain(&proofs, &settings).map_err(|e| Failure::usage(e.to_string()))?;
        page.algorithm(&entry.name, problem, &judged, &explanations, seconds);
        if args.explain {
            explain_proof::print(&judged, &explanations);
        }
    }
    Ok((verdict, result(entry, problem, &judged, verdict, seconds)))
}

fn opinions(entry: &Entry, args: &args::Prove, problem: &Problem, proofs: &[Proof], settings: &Settings) -> Result<Vec<Opinion>, Failure> {
    let bar = spinner(args.json);
    let total = proofs.len();
    let found = second::opinions(problem, proofs, settings, &|k| {
        bar.set_message(format!("{}: {} looks at {k} of {total} proofs", entry.name, second::NAME));
    });
    bar.finish_and_clear();
    found
}

fn of_uncovered(problem: &Problem) -> Verdict {
    if problem.uncovered.is_empty() { Verdict::Holds } else { Verdict::Undecided }
}

/// Conditions whose hypotheses were not shown to be satisfiable, by name.
type Doubts = BTreeMap<String, Consistency>;

fn doubts(problem: &Problem, proofs: &[Proof], settings: &Settings) -> Result<Doubts, Failure> {
    let found = vacuity::consistency(problem, settings).map_err(|e| Failure::usage(e.to_string()))?;
    let doubtful = |(proof, answer): (&Proof, Consistency)| match (&proof.verdict, &answer) {
        // A counterexample satisfies the hypotheses.
        (prove::Verdict::Refuted(_), _) | (_, Consistency::Satisfied(_)) => None,
        _ => Some((proof.name.clone(), answer)),
    };
    Ok(proofs.iter().zip(found).filter_map(doubtful).collect())
}

/// A proof, and what it is worth.
pub struct Judged<'a> {
    pub proof: &'a Proof,
    pub verdict: Verdict,
    pub word: &'static str,
    /// By what means, or what is in the way.
    pub means: String,
    /// The counterexample.
    pub refuted: Option<&'a Refuted>,
    /// What a second solver says of the proof, when one was asked.
    pub second: Option<Opinion>,
}

impl<'a> Judged<'a> {
    /// With the doubts about the hypotheses.
    fn new(proof: &'a Proof, doubts: &Doubts, refuted: &'a [Refuted]) -> Judged<'a> {
        let own = match proof.verdict {
            prove::Verdict::Proved(_) => Verdict::Holds,
            prove::Verdict::Refuted(_) => Verdict::Violated,
            prove::Verdict::Unknown(_) => Verdict::Undecided,
        };
        let (verdict, word, means) = match doubts.get(&proof.name) {
            Some(Consistency::Contradictory) => (Verdict::Violated, VACUOUS, "its hypotheses contradict each other, for every n".into()),
            Some(Consistency::Unknown(why)) => {
                (own.and(Verdict::Undecided), word(proof), format!("{}; hypotheses not shown satisfiable: {why}", means(proof)))
            }
            _ => (own, word(proof), means(proof)),
        };
        Judged { proof, verdict, word, means, refuted: refuted.iter().find(|r| r.name() == proof.name), second: None }
    }
    /// A second solver's opinion. What it does not confirm is not known.
    fn hear(&mut self, opinion: Opinion) {
        if let Opinion::Doubted(why) = &opinion {
            self.verdict = self.verdict.and(Verdict::Undecided);
            self.word = if self.is_vacuous() { VACUOUS } else { UNCONFIRMED };
            self.means = format!("{}; {} does not confirm it: {why}", self.means, second::NAME);
        }
        self.second = Some(opinion);
    }
    /// Whether it was proved, and from hypotheses that are not known to contradict each other.
    pub fn is_proved(&self) -> bool {
        matches!(self.proof.verdict, prove::Verdict::Proved(_)) && !self.is_vacuous() && self.word != UNCONFIRMED
    }
    pub fn is_vacuous(&self) -> bool {
        self.word == VACUOUS
    }
}

const VACUOUS: &str = "VACUOUS";
const UNCONFIRMED: &str = "UNCONFIRMED";

pub fn word(proof: &Proof) -> &'static str {
    match proof.verdict {
        prove::Verdict::Proved(_) => "proved",
        prove::Verdict::Refuted(_) => "REFUTED",
        prove::Verdict::Unknown(_) => "UNKNOWN",
    }
}

pub fn means(proof: &Proof) -> String {
    match &proof.verdict {
        prove::Verdict::Proved(Method::Quantified) => "the solver's quantifiers".into(),
        prove::Verdict::Proved(Method::Rounds(proofs)) => format!("round by round, {} conditions", proofs.len()),
        prove::Verdict::Proved(Method::Ground { figures: f, .. }) => {
            let part = |count: usize, what: &str| match count {
                0 => None,
                1 => Some(format!("1 {what}")),
                k => Some(format!("{k} {what}s")),
            };
            let parts = [part(f.instances, "instance"), part(f.cuts, "counting lemma"), part(f.witnesses, "witness")];
            let parts: Vec<String> = parts.into_iter().flatten().collect();
            if parts.is_empty() { "propositional".into() } else { parts.join(", ").replace("witnesss", "witnesses") }
        }
        prove::Verdict::Refuted(model) => format!("a counterexample with n = {}, below", model.n),
        prove::Verdict::Unknown(why) => why.clone(),
    }
}

fn print(entry: &Entry, problem: &Problem, judged: &[Judged<'_>], seconds: f64) {
    println!("{}", entry.name);
    let mut rows = vec![["condition", "verdict", "seconds", "by"].map(String::from).to_vec()];
    for j in judged {
        rows.push(vec![j.proof.name.clone(), j.word.into(), format!("{:.2}", j.proof.time.as_secs_f64()), j.means.clone()]);
    }
    print!("{}", table(&rows));
    problem.assumed.iter().for_each(|p| println!("assumed of the network: {p} (no `ready` blocks)"));
    problem.uncovered.iter().for_each(|u| println!("not covered: {u}"));
    judged.iter().filter_map(|j| j.refuted).for_each(|refuted| print!("\n{}", refuted.text()));
    if judged.iter().any(|j| j.refuted.is_some()) {
        println!();
    }
    let vacuous = judged.iter().filter(|j| j.is_vacuous()).count();
    let count = |wanted: Verdict| judged.iter().filter(|j| j.verdict == wanted).count();
    let (wrong, unknown) = (count(Verdict::Violated) - vacuous, count(Verdict::Undecided));
    let said = if wrong + unknown + vacuous + problem.uncovered.len() == 0 {
        "all proved, for every n".into()
    } else {
        let vacuous = if vacuous > 0 { format!("{vacuous} vacuous, ") } else { String::new() };
        let (proved, uncovered) = (count(Verdict::Holds), problem.uncovered.len());
        format!("{proved} proved, {wrong} refuted, {vacuous}{unknown} unknown, {uncovered} not covered")
    };
    let confirmed = judged.iter().filter(|j| j.second == Some(Opinion::Confirmed)).count();
    let second = match judged.iter().any(|j| j.second.is_some()) {
        true if confirmed == judged.len() => format!(", all confirmed by {}", second::NAME),
        true => format!(", {confirmed} confirmed by {}", second::NAME),
        false => String::new(),
    };
    println!("{} conditions: {said}{second} ({seconds:.2} s)\n", judged.len());
}

fn result(entry: &Entry, problem: &Problem, judged: &[Judged<'_>], verdict: Verdict, seconds: f64) -> Value {
    let one = |j: &Judged<'_>| {
        let (kind, verdict) = (format!("{:?}", j.proof.kind).to_lowercase(), j.word.to_lowercase());
        let time = j.proof.time.as_secs_f64();
        let mut out = json!({ "condition": j.proof.name, "kind": kind, "verdict": verdict, "seconds": time, "by": j.means });
        if let Some(opinion) = &j.second {
            out[second::NAME] = match opinion {
                Opinion::Confirmed => json!("confirmed"),
                Opinion::Doubted(why) => json!(why),
                Opinion::NotAsked => json!(null),
            };
        }
        if let Some(refuted) = j.refuted {
            out["counterexample"] = refuted.json();
        }
        out
    };
    let conditions: Vec<Value> = judged.iter().map(one).collect();
    json!({ "algorithm": entry.name, "verdict": verdict.word(), "seconds": seconds, "conditions": conditions, "assumed": problem.assumed, "uncovered": problem.uncovered })
}
