//! `certify`: proofs checked by somebody who did not make them.

use crate::args;
use crate::show::{json, now};
use crate::{Failure, Verdict};
use heardof_certify::{SolverProgram, check};
use heardof_prove::solver::{self, Choice};
use serde_json::json;
use std::path::PathBuf;

pub fn certify(args: &args::Certify) -> Result<Verdict, Failure> {
    let start = now();
    let program = match solver::locate(&Choice::Z3).map_err(|e| Failure::usage(e.to_string()))? {
        Choice::At(path) => path,
        _ => PathBuf::from("z3"),
    };
    let solver = SolverProgram::z3(program, 60);
    let failed = |e: std::io::Error| Failure::usage(format!("{}: {e}", args.folder.display()));
    let entries = std::fs::read_dir(&args.folder).map_err(failed)?;
    let mut files = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<PathBuf>, _>>().map_err(failed)?;
    files.retain(|path| path.extension().is_some_and(|e| e == "cert"));
    files.sort();
    if files.is_empty() {
        return Err(Failure::usage(format!("{}: no certificate (*.cert); `prove --certificates` writes them", args.folder.display())));
    }
    let mut rejected = Vec::new();
    for path in &files {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
        if let Err(why) = check(&text, &solver) {
            rejected.push(format!("{}: {why}", path.display()));
        }
    }
    let verdict = Verdict::of(rejected.is_empty());
    let seconds = start.elapsed().as_secs_f64();
    if args.json {
        println!("{}", json(verdict, seconds, json!({ "certificates": files.len(), "rejected": rejected })));
        return Ok(verdict);
    }
    rejected.iter().for_each(|line| println!("REJECTED {line}"));
    println!("{} certificates: {} accepted, {} rejected ({seconds:.2} s)", files.len(), files.len() - rejected.len(), rejected.len());
    Ok(verdict)
}
