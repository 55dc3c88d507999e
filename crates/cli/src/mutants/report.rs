//! What `mutants` prints.

use super::Results;
use super::outcome::Outcome;
use super::prover::Proved;
use crate::show::table;
use heardof_check::mutants::Row;
use serde_json::{Value, json};

fn numbers(row: &Row) -> String {
    row.kills.iter().map(|k| k.n.to_string()).collect::<Vec<_>>().join(",")
}

fn by_check(row: &Row) -> String {
    match row.smallest() {
        Some(kill) => format!("{} ({})", kill.by, format!("{:?}", kill.kind).to_lowercase()),
        None if row.undecided.is_empty() => "survives".into(),
        None => format!("undecided: {}", row.undecided[0].1),
    }
}

fn by_prover(proved: &Proved) -> String {
    match proved {
        Proved::InFull => "proved".into(),
        Proved::Refuted { condition, n } => format!("refuted: {condition} (n = {n})"),
        Proved::Unknown { what } => format!("unknown: {what}"),
    }
}

/// The table, the sums, and the mutants that need a word.
pub fn print(results: &Results<'_>) {
    let range = results.matrix.as_ref().map_or(String::new(), |m| format!(", n = {}..{}", m.n.start(), m.n.end()));
    println!("{}: {} mutants{range}", results.name, results.mutants.len());
    print!("{}", table(&rows(results)));
    println!();
    let mut sums = vec![];
    if let Some(matrix) = &results.matrix {
        let undecided = matrix.rows.iter().filter(|r| r.kills.is_empty() && !r.undecided.is_empty()).count();
        sums.push(format!("{} killed, {} survive, {undecided} undecided", matrix.killed(), matrix.survivors().count()));
    }
    if let Some(prover) = &results.prover {
        let count = |wanted: &dyn Fn(&Proved) -> bool| prover.mutants.iter().filter(|p| wanted(p)).count();
        let (proved, refuted) = (count(&|p| *p == Proved::InFull), count(&|p| matches!(p, Proved::Refuted { .. })));
        let unknown = prover.mutants.len() - proved - refuted;
        let original = format!("{} of {} conditions of the original are", prover.original.0, prover.original.1);
        sums.push(format!("prover: {proved} proved, {refuted} refuted, {unknown} unknown; {original} proved ({:.2} s)", prover.seconds));
    }
    sums.iter().for_each(|line| println!("{line}"));
    outcome(&results.outcome, results.partial);
    println!();
}

fn rows(results: &Results<'_>) -> Vec<Vec<String>> {
    let mut head = vec!["mutant"];
    head.extend(results.matrix.iter().flat_map(|_| ["killed at n =", "by"]));
    head.extend(results.prover.iter().map(|_| "prover"));
    let mut rows = vec![head.into_iter().map(String::from).collect::<Vec<_>>()];
    for (k, mutant) in results.mutants.iter().enumerate() {
        let mut row = vec![mutant.id.clone()];
        row.extend(results.matrix.iter().flat_map(|m| [numbers(&m.rows[k]), by_check(&m.rows[k])]));
        row.extend(results.prover.iter().map(|p| by_prover(&p.mutants[k])));
        rows.push(row);
    }
    rows
}

fn outcome(found: &Outcome, partial: bool) {
    for (id, by) in &found.contradictions {
        println!("  KILLED AND PROVED: {id}: violates {by}, and all conditions are proved: check or prover is wrong");
    }
    for (id, reason) in &found.proved {
        println!("  meets the specification for every n: {id}{}", reason.as_ref().map_or(String::new(), |reason| format!(": {reason}")));
    }
    found.explained.iter().for_each(|(id, reason)| println!("  survives: {id}: {reason}"));
    found.unexplained.iter().for_each(|id| println!("  survives WITHOUT A REASON: {id}"));
    found.stale.iter().filter(|_| !partial).for_each(|id| println!("  reason without a survivor: {id}"));
}

/// The same for machines.
pub fn to_json(results: &Results<'_>) -> Value {
    let rows: Vec<Value> = results
        .mutants
        .iter()
        .enumerate()
        .map(|(k, mutant)| {
            let mut row = json!({ "id": mutant.id, "description": mutant.description });
            if let Some(found) = results.matrix.as_ref().map(|m| &m.rows[k]) {
                let kind = |kind| format!("{kind:?}").to_lowercase();
                row["kills"] = found.kills.iter().map(|k| json!({ "n": k.n, "by": k.by, "kind": kind(k.kind) })).collect();
                row["survived"] = json!(found.survived);
                row["undecided"] = found.undecided.iter().map(|(n, why)| json!({ "n": n, "reason": why })).collect();
            }
            if let Some(proved) = results.prover.as_ref().map(|p| &p.mutants[k]) {
                row["prover"] = match proved {
                    Proved::InFull => json!({ "verdict": "proved" }),
                    Proved::Refuted { condition, n } => json!({ "verdict": "refuted", "condition": condition, "n": n }),
                    Proved::Unknown { what } => json!({ "verdict": "unknown", "open": what }),
                };
            }
            row
        })
        .collect();
    let found = &results.outcome;
    let mut out = json!({ "algorithm": results.name, "mutants": rows.len(), "rows": rows });
    if let Some(matrix) = &results.matrix {
        let explained: Vec<Value> = found.explained.iter().map(|(id, reason)| json!({ "id": id, "reason": reason })).collect();
        out["n"] = json!([matrix.n.start(), matrix.n.end()]);
        out["killed"] = json!(matrix.killed());
        out["explained"] = json!(explained);
        out["unexplained"] = json!(found.unexplained);
        out["stale"] = json!(found.stale);
    }
    if let Some(prover) = &results.prover {
        out["prover"] = json!({ "seconds": prover.seconds, "original": { "proved": prover.original.0, "conditions": prover.original.1 } });
        out["proved"] = found.proved.iter().map(|(id, reason)| json!({ "id": id, "reason": reason })).collect();
        out["contradictions"] = found.contradictions.iter().map(|(id, by)| json!({ "id": id, "by": by })).collect();
    }
    out
}
