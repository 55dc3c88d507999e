//! `prove --infer`: invariants from the text, and the safety properties from these invariants.

use crate::args;
use crate::check::threads;
use crate::prove::{entries, means, solver, word};
use crate::registry::{Entry, Registry};
use crate::show::{json, now, spinner, table};
use crate::{Failure, Verdict};
use heardof_infer::candidate::source;
use heardof_infer::{Report, Settings};
use heardof_prove::solver::Choice;
use serde_json::{Value, json};
use std::time::Duration;

/// The most that one condition may take: most of the conditions that are proved at all are proved in a fraction of this.
const CONDITION: Duration = Duration::from_secs(5);
/// The time after which no other choice of invariants is tried; with the proofs of the last one it is about a minute.
const BUDGET: Duration = Duration::from_secs(45);

pub fn infer(registry: &Registry, args: &args::Prove) -> Result<Verdict, Failure> {
    let start = now();
    let (mut verdict, mut results) = (Verdict::Holds, vec![]);
    if args.solver == args::SolverChoice::Both {
        return Err(Failure::usage("--infer takes one solver; what it prints can be proved with both once it is pasted"));
    }
    let solver = solver(args)?;
    for entry in entries(registry, args)? {
        let (one, figures) = infer_one(entry, args, &solver)?;
        verdict = verdict.and(one);
        results.push(figures);
    }
    if args.json {
        println!("{}", json(verdict, start.elapsed().as_secs_f64(), json!({ "algorithms": results })));
    }
    Ok(verdict)
}

fn infer_one(entry: &Entry, args: &args::Prove, solver: &Choice) -> Result<(Verdict, Value), Failure> {
    let start = now();
    let settings = Settings {
        solver: solver.clone(),
        seed: args.solver_seed,
        threads: threads(args.threads),
        condition: args.timeout.min(CONDITION),
        budget: BUDGET,
    };
    let bar = spinner(args.json);
    let report = heardof_infer::infer(entry.machine.algorithm(), &settings, &|news| bar.set_message(format!("{}: {news}", entry.name)));
    bar.finish_and_clear();
    let report = report.map_err(|e| Failure::usage(e.to_string()))?;
    let seconds = start.elapsed().as_secs_f64();
    let verdict = Verdict::of(report.holds());
    if !args.json {
        print(entry, &report, seconds);
    }
    Ok((verdict, result(entry, &report, verdict, seconds)))
}

fn print(entry: &Entry, report: &Report, seconds: f64) {
    let deleted = if report.deleted.is_empty() { "nothing, there is none".into() } else { report.deleted.join(", ") };
    println!("{}\ninvariants deleted first: {deleted}\n", entry.name);
    let mut rows = vec![["template", "candidates", "says"].map(String::from).to_vec()];
    rows.extend(report.drawn.iter().map(|d| vec![d.template.to_string(), d.candidates.to_string(), d.says.to_string()]));
    print!("{}", table(&rows));
    let left = &report.left;
    println!("\n{} candidates, each formula before each round", left.drawn);
    println!("{} of them hold in all {} states reachable with n = 1..{}", left.reachable, left.states, left.explored);
    println!("{} of these are kept by every round with n = 1..{}", left.inductive, left.searched);
    let needed = if report.holds() { "needed for the safety properties, and " } else { "" };
    println!("{} are {needed}proved to be inductive, for every n:\n", report.needed);
    for invariant in &report.invariants {
        source(invariant).lines().for_each(|line| println!("    {line}"));
    }
    println!();
    let mut rows = vec![["property", "verdict"].map(String::from).to_vec()];
    rows.extend(report.properties.iter().map(|p| vec![p.name.clone(), said(&p.missing)]));
    print!("{}", table(&rows));
    if report.holds() {
        println!("\nall safety properties proved, for every n, from {} invariants ({seconds:.2} s)", report.invariants.len());
    } else {
        let why = if report.hurried { "the time was up" } else { "no other choice of candidates is left" };
        println!("\nnot all safety properties are proved: {why} ({seconds:.2} s)");
    }
    if !report.invariants.is_empty() {
        println!("to prove liveness as well, paste the invariants into the `#[spec]` block\n");
    }
}

fn said(missing: &[String]) -> String {
    if missing.is_empty() { "proved, for every n".into() } else { format!("NOT PROVED: {}", missing.join(", ")) }
}

fn result(entry: &Entry, report: &Report, verdict: Verdict, seconds: f64) -> Value {
    let left = &report.left;
    let templates: Vec<Value> =
        report.drawn.iter().map(|d| json!({ "template": d.template, "candidates": d.candidates, "says": d.says })).collect();
    let invariants: Vec<Value> = report.invariants.iter().map(|i| json!({ "name": i.name, "source": source(i) })).collect();
    let properties: Vec<Value> = report
        .properties
        .iter()
        .map(|p| json!({ "property": p.name, "verdict": if p.missing.is_empty() { "proved" } else { "unproved" }, "missing": p.missing }))
        .collect();
    let conditions: Vec<Value> = report
        .proofs
        .iter()
        .map(|p| json!({ "condition": p.name, "verdict": word(p).to_lowercase(), "seconds": p.time.as_secs_f64(), "by": means(p) }))
        .collect();
    json!({
        "algorithm": entry.name, "verdict": verdict.word(), "seconds": seconds, "deleted": report.deleted, "templates": templates,
        "candidates": left.drawn, "reachable": left.reachable, "states": left.states, "inductive": left.inductive, "needed": report.needed,
        "invariants": invariants, "properties": properties, "conditions": conditions,
    })
}
