//! `replay`: recorded runs against the lock-step model.

use crate::args;
use crate::registry::Registry;
use crate::show::{dash, json, now, table};
use crate::{Failure, Verdict};
use heardof_core::trace::{End, Replay, Trace};
use serde_json::json;
use std::path::PathBuf;

/// Reads and replays the traces of one run.
pub fn replay_files(registry: &Registry, files: &[PathBuf]) -> Result<Replay, Failure> {
    let mut traces = vec![];
    for file in files {
        let name = file.display().to_string();
        let bytes = std::fs::read(file).map_err(|e| Failure::usage(format!("{name}: {e}; nothing was replayed")))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::usage(format!("{name}: expected a trace, found no text; nothing was replayed")))?;
        traces.push(Trace::parse(&name, &text).map_err(|e| Failure::usage(e.to_string()))?);
    }
    let first = traces.first().ok_or_else(|| Failure::usage("no trace"))?;
    let entry = registry.find(&first.header.algorithm)?;
    entry.typed.replay(&traces, entry.fingerprint).map_err(|e| Failure::usage(e.to_string()))
}

pub fn replay(registry: &Registry, args: &args::Replay) -> Result<Verdict, Failure> {
    let start = now();
    let replay = replay_files(registry, &args.traces)?;
    let verdict = Verdict::of(replay.mismatch_count == 0);
    if args.json {
        let mismatches: Vec<_> = replay
            .mismatches
            .iter()
            .map(|m| json!({ "process": m.process.index(), "round": m.round, "what": format!("{:?}", m.what), "expected": m.expected, "found": m.found }))
            .collect();
        let predicates: Vec<_> =
            replay.predicates.iter().map(|p| json!({ "name": p.name, "checked": p.checked, "violated": p.violated })).collect();
        let figures = json!({
            "process_rounds": replay.process_rounds, "rounds": replay.rounds, "mismatch_count": replay.mismatch_count, "mismatches": mismatches,
            "predicates": predicates,
        });
        println!("{}", json(verdict, start.elapsed().as_secs_f64(), figures));
        return Ok(verdict);
    }
    let mut rows = vec![["process", "rounds", "outputs", "told by others", "end"].map(String::from).to_vec()];
    for o in &replay.outcomes {
        let outputs = o
            .outputs
            .iter()
            .map(|(f, v, r)| format!("{f} = {v}{}", r.map_or(String::new(), |r| format!(" (round {r})"))))
            .collect::<Vec<_>>();
        let forwarded = o.forwarded.iter().map(|(f, v)| format!("{f} = {v}")).collect::<Vec<_>>();
        let end = match &o.end {
            Some(End::Halted(round)) => format!("halted before round {round}"),
            Some(End::Retired(round)) => format!("retired in round {round}"),
            Some(End::Stopped(round)) => format!("stopped in round {round}"),
            None => "cut off".into(),
        };
        rows.push(vec![o.process.to_string(), o.rounds.to_string(), dash(outputs.join(", ")), dash(forwarded.join(", ")), end]);
    }
    print!("{}", table(&rows));
    for m in &replay.mismatches {
        println!("MISMATCH {} round {}: {:?}: the model says {}, the run {}", m.process, m.round, m.what, m.expected, m.found);
    }
    for p in &replay.predicates {
        println!("predicate {}: checked in {} rounds, violated in {:?}", p.name, p.checked, p.violated);
    }
    println!("{} process-rounds replayed in lock-step, {} mismatches", replay.process_rounds, replay.mismatch_count);
    Ok(verdict)
}
