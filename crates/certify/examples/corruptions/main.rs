//! How much a certificate has to be right: random corruptions of certificates, each of which the checker must reject.
//!
//! ```text
//! heardof prove --all --certificates proofs
//! cargo run --release -p heardof-certify --example corruptions -- --count 1000 --seed 1 proofs
//! ```
//!
//! A corruption changes one thing in one line: an atom or a word of an assumption; the clause or a term of an instance; a set, coefficient,
//! bound, element, guard, witness or the context of a lemma; or it drops a step. The kinds take turns, the rest is chance, the same from
//! the same seed. The corrupted certificate is checked against the condition of the right one. Where it is accepted with the assumptions
//! that it should have, and by cvc5, too, it is a proof of the same condition by another step: such corruptions are shown, and counted
//! apart. `--count` counts the others.
//!
//! Exit codes: 0 every corruption that counts was rejected; 1 one was accepted, and it is shown; 2 usage or environment.

mod corrupt;
#[path = "../../tests/support/solvers.rs"]
mod solvers;
#[path = "../../tests/support/mod.rs"]
mod support;

use corrupt::{Chance, KINDS, Outcome, judge};
use solvers::solvers;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;
use support::{Sexp, read, write};

const USAGE: &str = "usage: corruptions [--count K] [--seed K] FOLDER";

fn main() -> ExitCode {
    match run() {
        Ok(wrong) => ExitCode::from(u8::from(wrong)),
        Err(what) => {
            eprintln!("error: {what}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, String> {
    let (mut count, mut seed, mut folder) = (1000, 1, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().unwrap_or_default().parse::<u64>().map_err(|_| format!("{word}: expected a number"));
        match word.as_str() {
            "--count" => count = number()?,
            "--seed" => seed = number()?,
            _ => folder = Some(word),
        }
    }
    let proofs = certificates(Path::new(&folder.ok_or("which folder of certificates?")?))?;
    let [z3, cvc5] = solvers(20).ok_or("without z3 nothing can be checked")?;
    for (name, lines) in &proofs {
        heardof_certify::check(&write(lines), &z3).map_err(|why| format!("{name} is rejected before any corruption: {why}"))?;
    }
    let mut chance = Chance(seed);
    let mut tally: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    let (mut reasons, mut counted, mut wrong) = (BTreeMap::<String, u64>::new(), 0, false);
    for kind in KINDS.iter().cycle() {
        if counted == count {
            break;
        }
        let Some((name, right)) = chance.of(&proofs) else { return Err("there is no certificate".into()) };
        let Some((corrupted, line)) = kind.corrupt(right, &mut chance) else { continue };
        let outcome = judge(right, &corrupted, [&z3, &cvc5]);
        let still = u64::from(matches!(outcome, Outcome::StillAProof));
        counted += 1 - still;
        tally.entry(kind.name).or_default()[still as usize] += 1;
        let now = corrupted.get(line).filter(|_| corrupted.len() == right.len()).map_or("dropped".into(), Sexp::to_string);
        match outcome {
            Outcome::Rejected(why) => *reasons.entry(reason(&why.why)).or_default() += 1,
            Outcome::StillAProof => println!("still a proof: {name}, {}, now {now}", right[line]),
            Outcome::Wrong(why) => {
                wrong = true;
                println!("WRONGLY ACCEPTED: {name}, {}, now {now}: {why}", right[line]);
            }
        }
    }
    println!("\nrejected  still a proof  corruption");
    tally.iter().for_each(|(kind, [rejected, still])| println!("{rejected:8}  {still:13}  {kind}"));
    println!("\nrejected  because");
    reasons.iter().for_each(|(why, times)| println!("{times:8}  {why}"));
    let still: u64 = tally.values().map(|[_, still]| still).sum();
    let rejected: u64 = reasons.values().sum();
    println!(
        "\n{counted} corruptions of {} certificates, seed {seed}: {rejected} rejected, {} wrongly accepted",
        proofs.len(),
        counted - rejected
    );
    println!("{still} more are proofs of the same condition by another step, which cvc5 confirms");
    Ok(wrong)
}

/// A reason without its names and numbers.
fn reason(why: &str) -> String {
    let plain: Vec<&str> = why.split('`').enumerate().map(|(k, part)| if k % 2 == 1 { ".." } else { part }).collect();
    plain.concat().chars().filter(|c| !c.is_ascii_digit()).collect::<String>().split(" (").next().unwrap_or_default().into()
}

fn certificates(folder: &Path) -> Result<Vec<(String, Vec<Sexp>)>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|e| e == "cert") {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            found.push((name, read(&std::fs::read_to_string(&path).map_err(failed)?)));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}
