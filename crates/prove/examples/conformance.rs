//! Solves every SMT-LIB file of a folder and compares with the answers that the files claim:
//! `cargo run --release -p heardof-prove --example conformance -- FOLDER [cvc5]`.

use heardof_prove::smtlib::Status;
use heardof_prove::solve::{Hypotheses, Settings, Solved, Verdict, solve};
use heardof_prove::solver::Choice;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(folder) = arguments.next() else {
        eprintln!("usage: conformance FOLDER [cvc5]");
        return ExitCode::from(2);
    };
    let solver = if arguments.next().as_deref() == Some("cvc5") { Choice::Cvc5 } else { Choice::Z3 };
    match run(&folder, &Settings { solver, ..Settings::default() }) {
        Ok(wrong) => ExitCode::from(u8::from(wrong)),
        Err(error) => {
            eprintln!("{folder}: {error}");
            ExitCode::from(2)
        }
    }
}

/// Prints a line for each file; whether an answer is wrong.
#[expect(clippy::disallowed_methods, reason = "the table says how long each file takes")]
fn run(folder: &str, settings: &Settings) -> std::io::Result<bool> {
    let files = std::fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    let mut files: Vec<PathBuf> = files.into_iter().filter(|f| f.extension().is_some_and(|e| e == "smt2")).collect();
    files.sort();
    let (mut decided, mut wrong) = (0, 0);
    println!("{:40} {:18} {:40} seconds", "file", "claimed", "answer");
    for file in &files {
        let text = std::fs::read_to_string(file)?;
        let start = Instant::now();
        let answer = solve(&text, settings);
        let seconds = start.elapsed().as_secs_f64();
        let (claimed, found, verdict) = match &answer {
            Ok(solved) => judge(solved),
            Err(error) => (String::new(), error.to_string(), Judgement::Wrong),
        };
        decided += usize::from(verdict == Judgement::Right);
        wrong += usize::from(verdict == Judgement::Wrong);
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        let mark = if verdict == Judgement::Wrong { " WRONG" } else { "" };
        println!("{name:40} {claimed:18} {found:40} {seconds:.2}{mark}");
    }
    println!("{} files, {decided} decided as claimed, {wrong} wrong", files.len());
    Ok(wrong > 0)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Judgement {
    Right,
    Open,
    Wrong,
}

/// What the file claims, what was found, and how they agree.
fn judge(solved: &Solved) -> (String, String, Judgement) {
    let script = &solved.script;
    let claimed = match (script.status, script.smallest_n) {
        (Some(Status::Sat), Some(n)) => format!("sat, n = {n}"),
        (Some(Status::Sat), None) => "sat".to_string(),
        (Some(Status::Unsat), _) if script.vacuous => "unsat, vacuous".to_string(),
        (Some(Status::Unsat), _) => "unsat".to_string(),
        (None, _) => String::new(),
    };
    let (found, right) = match &solved.verdict {
        Verdict::Sat(model) => {
            let smallest = script.smallest_n.is_none_or(|n| n <= model.n);
            (format!("sat, n = {}", model.n), script.status == Some(Status::Sat) && smallest)
        }
        // That the hypotheses are inconsistent may be missed, but not be said wrongly.
        Verdict::Unsat { hypotheses: Hypotheses::Unclear, .. } if script.vacuous => {
            return (claimed, solved.verdict.to_string(), Judgement::Open);
        }
        Verdict::Unsat { hypotheses, .. } => {
            let vacuous = *hypotheses == Hypotheses::Inconsistent;
            (solved.verdict.to_string(), script.status == Some(Status::Unsat) && vacuous == script.vacuous)
        }
        Verdict::Unknown(_) => return (claimed, "unknown".to_string(), Judgement::Open),
    };
    (claimed, found, if right || script.status.is_none() { Judgement::Right } else { Judgement::Wrong })
}
