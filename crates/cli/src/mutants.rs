//! `mutants`: which mutations of the text the check notices, from which n on, and which the prover proves to be none for any n.

mod outcome;
mod prover;
mod report;

use crate::args::{self, Judges};
use crate::check::threads;
use crate::registry::{Entry, Registry};
use crate::show::{json, now, spinner};
use crate::{Failure, Verdict};
use heardof_check::mutants::{Matrix, MatrixOptions, Mutant, Reasons, default_every_n, default_sizes, generate, judge_goals, run_matrix};
use heardof_core::ir::Algorithm;
use heardof_prove::prove::Settings;
use heardof_prove::solver::{self, Choice, SolverError};
use outcome::Outcome;
use prover::{Proved, Prover};
use serde_json::json;

/// What became of the mutants of one algorithm.
struct Results<'a> {
    name: &'a str,
    mutants: Vec<Mutant>,
    /// What the check says, a row for each mutant.
    matrix: Option<Matrix>,
    prover: Option<ByProver>,
    outcome: Outcome,
    /// Not all mutants, or not at the sizes that the reasons are about: a reason without a survivor is no defect.
    partial: bool,
}

/// What the prover says.
struct ByProver {
    /// Of each mutant.
    mutants: Vec<Proved>,
    /// How many of how many conditions of the original it proves in the same time each.
    original: (usize, usize),
    seconds: f64,
}

pub fn mutants(registry: &Registry, args: &args::Mutants) -> Result<Verdict, Failure> {
    let start = now();
    let entries: Vec<&Entry> = if args.all {
        registry.right().collect()
    } else {
        args.algorithms.iter().map(|name| registry.find(name)).collect::<Result<_, _>>()?
    };
    let settings = match args.with {
        Judges::Check => None,
        Judges::Prove | Judges::Both => Some(settings(args)?),
    };
    let (mut verdict, mut shown, mut contradictions) = (Verdict::Holds, vec![], 0);
    for entry in entries {
        let results = judge(registry, entry, args, settings.as_ref())?;
        verdict = verdict.and(of(&results));
        contradictions += results.outcome.contradictions.len();
        if !args.json {
            report::print(&results);
        }
        shown.push(report::to_json(&results));
    }
    if args.json {
        println!("{}", json(verdict, start.elapsed().as_secs_f64(), json!({ "algorithms": shown })));
    }
    if contradictions > 0 {
        return Err(Failure::usage(format!("{contradictions} mutants are killed and proved: check or prover is wrong; please report it")));
    }
    Ok(verdict)
}

fn settings(args: &args::Mutants) -> Result<Settings, Failure> {
    let solver = solver::locate(&Choice::Z3).map_err(failed)?;
    Ok(Settings { solver, seed: 0, timeout: args.timeout, threads: threads(args.threads) })
}

fn failed(error: SolverError) -> Failure {
    Failure::usage(error.to_string())
}

fn judge<'a>(registry: &Registry, entry: &'a Entry, args: &args::Mutants, settings: Option<&Settings>) -> Result<Results<'a>, Failure> {
    let a = entry.machine.algorithm();
    let reasons = reasons(registry, entry, args)?;
    let mut mutants = generate(a);
    mutants.retain(|m| args.only.as_ref().is_none_or(|part| m.id.contains(part.as_str())));
    if let Some(only) = args.only.as_ref().filter(|_| mutants.is_empty()) {
        let message = format!("--only {only}: no mutant of {} has this in its name; without --only all are shown", entry.name);
        return Err(Failure::usage(message));
    }
    let matrix = (args.with != Judges::Prove).then(|| check(entry, args));
    let prover = settings.map(|settings| prove(entry, a, &mutants, settings, args.json)).transpose().map_err(failed)?;
    let outcome = match &matrix {
        Some(matrix) => Outcome::new(matrix, prover.as_ref().map(|p| p.mutants.as_slice()), &reasons),
        None => Outcome::default(),
    };
    let partial = args.only.is_some() || args.n.is_some() || args.phases.is_some();
    Ok(Results { name: &entry.name, mutants, matrix, prover, outcome, partial })
}

fn check(entry: &Entry, args: &args::Mutants) -> Matrix {
    let a = entry.machine.algorithm();
    let bar = spinner(args.json);
    let progress = |done: usize, total: usize| bar.set_message(format!("{}: {done} of at most {total} judgements", entry.name));
    let options = MatrixOptions {
        n: args.n.clone().unwrap_or_else(|| default_sizes(a)),
        only: args.only.clone(),
        // Whoever names the sizes wants to see all of them.
        every_n: args.n.is_some() || default_every_n(a),
        threads: threads(args.threads),
        progress: Some(&progress),
    };
    let matrix = run_matrix(a, &options, &|mutant, n| judge_goals(mutant, n, args.phases));
    bar.finish_and_clear();
    matrix
}

fn prove(entry: &Entry, original: &Algorithm, mutants: &[Mutant], settings: &Settings, quiet: bool) -> Result<ByProver, SolverError> {
    let start = now();
    let bar = spinner(quiet);
    bar.set_message(format!("{}: proving the original", entry.name));
    let (prover, proved, conditions) = Prover::new(original, settings)?;
    let done = |k: usize| bar.set_message(format!("{}: {k} of {} mutants put to the prover", entry.name, mutants.len()));
    let found = prover.judge(mutants, &done);
    bar.finish_and_clear();
    Ok(ByProver { mutants: found?, original: (proved, conditions), seconds: start.elapsed().as_secs_f64() })
}

fn of(results: &Results<'_>) -> Verdict {
    let found = &results.outcome;
    let settled = found.unexplained.is_empty() && (found.stale.is_empty() || results.partial);
    let decided = if found.undecided.is_empty() { Verdict::Holds } else { Verdict::Undecided };
    Verdict::of(settled).and(decided)
}

fn reasons(registry: &Registry, entry: &Entry, args: &args::Mutants) -> Result<Reasons, Failure> {
    let (name, text) = match &args.reasons {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
            (path.display().to_string(), text)
        }
        None => (format!("reasons of {}", entry.name), registry.reasons(&entry.name).to_string()),
    };
    Reasons::parse(&text).map_err(|e| Failure::usage(format!("{name}: {e}")))
}
