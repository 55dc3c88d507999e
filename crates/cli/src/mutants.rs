//! `mutants`: which n kill which mutation of the text.

use crate::args;
use crate::check::threads;
use crate::registry::{Entry, Registry};
use crate::show::{json, spinner, table};
use crate::{Failure, Verdict};
use heardof_check::mutants::{Judgement, KillKind, Matrix, MatrixOptions, Reasons, Row, Survivors, run_matrix};
use heardof_check::{CheckError, Options};
use heardof_core::ir::Algorithm;
use heardof_core::machine::Interpreted;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::time::Instant;

/// How a mutant fares at one n: killed by what is demanded (properties, termination), not by the invariants that argue for it.
fn judge(mutant: &Algorithm, n: usize, phases: Option<usize>) -> Judgement {
    let options = Options { n: Some(n..=n), phases, hurry: true, goals_only: true, limit_states: 2_000_000, ..Options::default() };
    match heardof_check::check(&Interpreted::new(mutant.clone()), &options, &|_| {}) {
        Ok(report) => match report.violations.first() {
            Some(v) => Judgement::Killed {
                by: v.property.clone(),
                kind: match v.kind {
                    "stuck" => KillKind::Stuck,
                    "liveness" | "vacuous" => KillKind::Liveness,
                    _ => KillKind::Safety,
                },
            },
            None => Judgement::Survived,
        },
        // A mutant whose coordinator or parameters have no value at some n says nothing at that n.
        Err(CheckError::NoParameters { .. }) => Judgement::Survived,
        Err(CheckError::Stuck { function, .. }) => Judgement::Killed { by: function, kind: KillKind::Stuck },
        Err(error) => Judgement::Undecided { reason: error.to_string() },
    }
}

/// How far to go where the user does not say: as far as the published figures of an algorithm of one round, else 4.
fn sizes(a: &Algorithm, given: Option<&RangeInclusive<usize>>) -> RangeInclusive<usize> {
    let symmetric = a.rounds.len() == 1 && a.parameters == heardof_core::Sort::Unit;
    given.cloned().unwrap_or(if symmetric { 1..=9 } else { 1..=4 })
}

pub fn mutants(registry: &Registry, args: &args::Mutants) -> Result<Verdict, Failure> {
    let start = Instant::now();
    let entries: Vec<&Entry> = if args.all {
        registry.right().collect()
    } else {
        args.algorithms.iter().map(|name| registry.find(name)).collect::<Result<_, _>>()?
    };
    let (mut verdict, mut results) = (Verdict::Holds, vec![]);
    for entry in entries {
        let a = entry.machine.algorithm();
        let reasons = reasons(registry, entry, args)?;
        let bar = spinner(args.json);
        let progress = |done: usize, total: usize| bar.set_message(format!("{}: {done} of at most {total} judgements", entry.name));
        let n = sizes(a, args.n.as_ref());
        let options = MatrixOptions { n, only: args.only.clone(), every_n: true, threads: threads(None), progress: Some(&progress) };
        let matrix = run_matrix(a, &options, &|mutant, n| judge(mutant, n, args.phases));
        bar.finish_and_clear();
        let survivors = reasons.pair(&matrix);
        // With a selection or other sizes than the shipped ones, reasons of others are no defect.
        let settled = survivors.unexplained.is_empty() && (survivors.stale.is_empty() || args.only.is_some() || args.n.is_some());
        verdict = verdict.and(Verdict::of(settled));
        if matrix.rows.iter().any(|r| !r.undecided.is_empty()) {
            verdict = verdict.and(Verdict::Undecided);
        }
        if !args.json {
            print(entry, &matrix, &survivors);
        }
        results.push(matrix_json(entry, &matrix, &survivors));
    }
    if args.json {
        println!("{}", json(verdict, start.elapsed().as_secs_f64(), json!({ "algorithms": results })));
    }
    Ok(verdict)
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

fn numbers(row: &Row) -> String {
    row.kills.iter().map(|k| k.n.to_string()).collect::<Vec<_>>().join(",")
}

fn print(entry: &Entry, matrix: &Matrix, survivors: &Survivors) {
    println!("{}: {} mutants, n = {}..{}", entry.name, matrix.rows.len(), matrix.n.start(), matrix.n.end());
    let mut rows = vec![["mutant", "killed at n =", "by"].map(String::from).to_vec()];
    for row in &matrix.rows {
        let by = match row.smallest() {
            Some(kill) => format!("{} ({})", kill.by, format!("{:?}", kill.kind).to_lowercase()),
            None if row.undecided.is_empty() => "survives".into(),
            None => format!("undecided: {}", row.undecided[0].1),
        };
        rows.push(vec![row.id.clone(), numbers(row), by]);
    }
    print!("{}", table(&rows));
    let undecided = matrix.rows.iter().filter(|r| r.kills.is_empty() && !r.undecided.is_empty()).count();
    println!("\n{} killed, {} survive, {undecided} undecided", matrix.killed(), matrix.survivors().count());
    for (id, reason) in &survivors.explained {
        println!("  survives: {id}: {reason}");
    }
    survivors.unexplained.iter().for_each(|id| println!("  survives WITHOUT A REASON: {id}"));
    survivors.stale.iter().for_each(|id| println!("  reason without a survivor: {id}"));
    println!();
}

fn matrix_json(entry: &Entry, matrix: &Matrix, survivors: &Survivors) -> Value {
    let rows: Vec<Value> = matrix
        .rows
        .iter()
        .map(|row| {
            let kills: Vec<Value> =
                row.kills.iter().map(|k| json!({ "n": k.n, "by": k.by, "kind": format!("{:?}", k.kind).to_lowercase() })).collect();
            let undecided: Vec<Value> = row.undecided.iter().map(|(n, why)| json!({ "n": n, "reason": why })).collect();
            json!({ "id": row.id, "description": row.description, "kills": kills, "survived": row.survived, "undecided": undecided })
        })
        .collect();
    let explained: Vec<Value> = survivors.explained.iter().map(|(id, reason)| json!({ "id": id, "reason": reason })).collect();
    json!({
        "algorithm": entry.name, "n": [matrix.n.start(), matrix.n.end()], "mutants": rows.len(), "killed": matrix.killed(), "rows": rows,
        "explained": explained, "unexplained": survivors.unexplained, "stale": survivors.stale,
    })
}
