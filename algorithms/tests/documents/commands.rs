//! The commands that README.md and the book show are run with the program of this build, and print what is shown.
//!
//! `main.rs` says how a document is written. To see a failure by itself, run the command it names.

use crate::markdown::{blocks, documents};
use crate::session::Session;
use std::path::PathBuf;

/// What is shown and not run here, and why. What is neither run nor in this list is a failure, and so is an entry that nothing shows.
const SKIPPED: [(&str, &str); 1] = [("cargo test", "this test is part of it")];

/// `heardof ..` and `cargo run --release -- ..` as the program and its words.
fn program(line: &str) -> Option<(PathBuf, Vec<String>)> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    let words = line.strip_prefix("heardof ").or_else(|| line.strip_prefix("cargo run --release -- "))?;
    Some((env!("CARGO_BIN_EXE_heardof").into(), words.split_whitespace().map(String::from).collect()))
}

fn is_skipped(line: &str) -> bool {
    SKIPPED.iter().any(|(command, _)| line.split(" #").next().unwrap_or_default().trim() == *command)
}

#[test]
fn documents_show_what_the_program_prints() {
    let documents = documents();
    let problems: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = documents.iter().map(|document| scope.spawn(|| run(document))).collect();
        threads.into_iter().flat_map(|t| t.join().expect("a document does not panic")).collect()
    });
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn run(document: &str) -> Vec<String> {
    let mut session = Session::new(document, &program);
    for block in blocks(document).iter().filter(|b| !b.says("token")) {
        session.run(block);
    }
    session.problems
}

#[test]
fn every_command_is_run_or_skipped_for_a_reason() {
    let mut skipped = vec![];
    for document in documents() {
        for block in blocks(&document).iter().filter(|b| b.says("console") && !b.says("token")) {
            for (line, command, _) in block.commands() {
                assert!(program(command).is_some() || is_skipped(command), "{document}:{line}: not run and not in SKIPPED: {command}");
                skipped.extend(is_skipped(command).then(|| command.to_string()));
            }
        }
    }
    for (command, why) in SKIPPED {
        assert!(skipped.iter().any(|s| s.starts_with(command)), "no document shows `{command}` (skipped because {why})");
        println!("skipped: {command}: {why}");
    }
}
