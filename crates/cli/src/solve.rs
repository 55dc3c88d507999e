//! `solve`: formulas with sets and cardinalities, for any number of processes.

use crate::args;
use crate::show::{json, now, spinner};
use crate::{Failure, Verdict};
use heardof_prove::solve::{self, Settings};
use heardof_prove::solver::{self, Choice};
use serde_json::{Value, json};

pub fn solve(args: &args::Solve) -> Result<Verdict, Failure> {
    let start = now();
    let solver = solver::locate(&Choice::Z3).map_err(|e| Failure::usage(e.to_string()))?;
    let settings = Settings { solver, total: args.timeout, ..Settings::default() };
    let (mut verdict, mut results) = (Verdict::Holds, vec![]);
    for path in &args.files {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
        let begun = now();
        let bar = spinner(args.json);
        bar.set_message(path.display().to_string());
        let solved = solve::solve(&text, &settings);
        bar.finish_and_clear();
        let solved = solved.map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?;
        if let solve::Verdict::Unknown(_) = solved.verdict {
            verdict = verdict.and(Verdict::Undecided);
        }
        if args.json {
            let figures = json!({ "file": path.display().to_string(), "answer": solved.verdict.to_string(), "seconds": begun.elapsed().as_secs_f64() });
            results.push(figures);
            continue;
        }
        let name = if args.files.len() > 1 { format!("{}: ", path.display()) } else { String::new() };
        println!("{name}{}", solved.verdict);
        solved.model().iter().for_each(|model| print!("{model}"));
        if let solve::Verdict::Unknown(tried) = &solved.verdict {
            tried.iter().for_each(|what| println!("  {what}"));
        }
    }
    if args.json {
        println!("{}", json(verdict, start.elapsed().as_secs_f64(), json!({ "files": Value::Array(results) })));
    }
    Ok(verdict)
}
