//! `demo`: one minute that shows all of it.

use crate::args::{Args, Command, Demo};
use crate::registry::Registry;
use crate::show::now;
use crate::{Failure, Verdict};
use clap::Parser;

pub fn demo(registry: &Registry, _: &Demo) -> Result<Verdict, Failure> {
    let start = now();
    let mut verdict = Verdict::Holds;
    for words in registry.demos() {
        println!("$ heardof {}", words.join(" "));
        let parsed = Args::try_parse_from(std::iter::once("heardof".to_string()).chain(words.iter().cloned()));
        let command = parsed.map_err(|e| Failure::usage(e.to_string()))?.command;
        if matches!(command, Command::Demo(_)) {
            return Err(Failure::usage("a demo does not run itself"));
        }
        verdict = verdict.and(crate::dispatch(registry, command)?);
        println!();
    }
    println!("demo: {} ({:.1} s)", verdict.word(), start.elapsed().as_secs_f64());
    Ok(verdict)
}
