//! `mutants`: which n kill which mutation of the text.

use crate::args;
use crate::check::threads;
use crate::registry::{Entry, Registry};
use crate::show::{json, now, spinner, table};
use crate::{Failure, Verdict};
use heardof_check::mutants::{Matrix, MatrixOptions, Reasons, Row, Survivors, default_every_n, default_sizes, judge_goals, run_matrix};
use serde_json::{Value, json};

pub fn mutants(registry: &Registry, args: &args::Mutants) -> Result<Verdict, Failure> {
    let start = now();
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
        let options = MatrixOptions {
            n: args.n.clone().unwrap_or_else(|| default_sizes(a)),
            only: args.only.clone(),
            // Whoever names the sizes wants to see all of them.
            every_n: args.n.is_some() || default_every_n(a),
            threads: threads(None),
            progress: Some(&progress),
        };
        let matrix = run_matrix(a, &options, &|mutant, n| judge_goals(mutant, n, args.phases));
        bar.finish_and_clear();
        if let Some(only) = args.only.as_ref().filter(|_| matrix.rows.is_empty()) {
            let message = format!("--only {only}: no mutant of {} has this in its name; without --only all are shown", entry.name);
            return Err(Failure::usage(message));
        }
        let survivors = reasons.pair(&matrix);
        // The reasons that ship are about all mutants at the default sizes; others of them are no defect.
        let other = args.only.is_some() || args.n.is_some() || args.phases.is_some();
        let settled = survivors.unexplained.is_empty() && (survivors.stale.is_empty() || other);
        verdict = verdict.and(Verdict::of(settled));
        if matrix.rows.iter().any(|r| !r.undecided.is_empty()) {
            verdict = verdict.and(Verdict::Undecided);
        }
        if !args.json {
            print(entry, &matrix, &survivors, other);
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

fn print(entry: &Entry, matrix: &Matrix, survivors: &Survivors, other: bool) {
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
    survivors.stale.iter().filter(|_| !other).for_each(|id| println!("  reason without a survivor: {id}"));
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
