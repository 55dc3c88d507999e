//! How much a proof depends on chance: every condition with many seeds of the solver, and with its symbols and hypotheses in many orders.
//!
//! ```text
//! cargo run --release -p heardof-prove --example seeds -- --seeds 20 --shuffles 20 --limit 300s one_third_rule
//! ```
//!
//! The first run of each condition is the one that ships: seed 0, the order of the text. What it does not prove is reported and left out.
//! Then all conditions with a seed or an order more, again and again until all are done or the limit is over. Reported are the conditions that
//! some run did not prove and those that take longest, with their smallest, median and largest time.
//!
//! Exit codes: 0 every run proved; 1 one refuted what another proved, so the prover is wrong; 2 usage or environment; 3 a run did not
//! prove what the first did.

mod shuffle;

use heardof_prove::clock::Stopwatch;
use heardof_prove::condition::Problem;
use heardof_prove::lower::lower;
use heardof_prove::prove::{Proof, Settings, Verdict, prove};
use heardof_prove::solver::{self, Choice};
use shuffle::{Chance, shuffled};
use std::fmt;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const USAGE: &str = "usage: seeds [--seeds K] [--shuffles K] [--limit TIMEs] [--timeout TIMEs] [--threads K] [--all] [ALGORITHM..]";

/// What to run.
struct Campaign {
    seeds: u32,
    shuffles: u32,
    /// Of all runs but the first ones; a run that has begun by then goes on.
    limit: Duration,
    /// Of one run of one condition.
    timeout: Duration,
    threads: usize,
    /// Shows every condition.
    all: bool,
    algorithms: Vec<String>,
}

/// A condition by itself, and what the runs said.
struct Row {
    name: String,
    problem: Problem,
    proved: Vec<Duration>,
    unknown: Vec<String>,
    refuted: Vec<String>,
}

/// What is varied in one run.
#[derive(Clone, Copy)]
enum Variant {
    Seed(u32),
    Order(u32),
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Variant::Seed(k) => write!(f, "seed {k}"),
            Variant::Order(k) => write!(f, "order {k}"),
        }
    }
}

fn main() -> ExitCode {
    let campaign = match arguments(std::env::args().skip(1)) {
        Ok(campaign) => campaign,
        Err(what) => {
            eprintln!("error: {what}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&campaign) {
        Ok(code) => ExitCode::from(code),
        Err(what) => {
            eprintln!("error: {what}");
            ExitCode::from(2)
        }
    }
}

fn arguments(mut words: impl Iterator<Item = String>) -> Result<Campaign, String> {
    let second = Duration::from_secs(1);
    let mut campaign =
        Campaign { seeds: 20, shuffles: 20, limit: 300 * second, timeout: 20 * second, threads: 2, all: false, algorithms: vec![] };
    while let Some(word) = words.next() {
        let mut number = || -> Result<u32, String> {
            let text = words.next().unwrap_or_default();
            text.trim_end_matches('s').parse().map_err(|_| format!("{word} {text}: expected a number"))
        };
        match word.as_str() {
            "--seeds" => campaign.seeds = number()?,
            "--shuffles" => campaign.shuffles = number()?,
            "--limit" => campaign.limit = number()? * second,
            "--timeout" => campaign.timeout = number()? * second,
            "--threads" => campaign.threads = number()?.max(1) as usize,
            "--all" => campaign.all = true,
            other if other.starts_with('-') => return Err(format!("unknown argument `{other}`")),
            _ => campaign.algorithms.push(word),
        }
    }
    Ok(campaign)
}

fn run(campaign: &Campaign) -> Result<u8, String> {
    let started = Stopwatch::start();
    let solver = solver::locate(&Choice::Z3).map_err(|e| e.to_string())?;
    let settings = Settings { solver, seed: 0, timeout: campaign.timeout, threads: campaign.threads };
    let mut rows = rows(campaign, &settings)?;
    let conditions = rows.len();
    rows.retain(|row| !row.proved.is_empty());
    let seconds = started.elapsed().as_secs_f64();
    println!("{conditions} conditions, {} proved with seed 0 in the order of the text ({seconds:.0} s)", rows.len());
    let variants = variants(campaign);
    let jobs: Vec<(usize, Variant)> = variants.iter().flat_map(|v| (0..rows.len()).map(|k| (k, *v))).collect();
    let varied = Stopwatch::start();
    let found = work(&rows, &jobs, &settings, &|| varied.elapsed() < campaign.limit)?;
    let done = found.len();
    for (k, variant, time, verdict) in found {
        match verdict {
            Verdict::Proved(_) => rows[k].proved.push(time),
            Verdict::Refuted(_) => rows[k].refuted.push(variant.to_string()),
            Verdict::Unknown(_) => rows[k].unknown.push(variant.to_string()),
        }
    }
    println!("{done} of {} runs in {:.0} s", jobs.len(), varied.elapsed().as_secs_f64());
    Ok(report(campaign, &rows))
}

type Found = (usize, Variant, Duration, Verdict);

/// The jobs that can be begun as long as there is time, on as many threads as asked for.
fn work(rows: &[Row], jobs: &[(usize, Variant)], settings: &Settings, time: &(dyn Fn() -> bool + Sync)) -> Result<Vec<Found>, String> {
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Found>> = Mutex::new(vec![]);
    let worker = || -> Result<(), String> {
        while time() {
            let Some((k, variant)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
            for proof in one(&rows[*k], *variant, settings)? {
                found.lock().expect("no thread panics while it holds the lock").push((*k, *variant, proof.time, proof.verdict));
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..settings.threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|w| w.join().map_err(|_| "a thread panicked".to_string())?)
    })?;
    Ok(found.into_inner().expect("as above"))
}

/// Seeds and orders in turn, so that a campaign that runs out of time has seen both.
fn variants(campaign: &Campaign) -> Vec<Variant> {
    let seeds = (1..=campaign.seeds).map(|k| (k, Variant::Seed(k)));
    let shuffles = (1..=campaign.shuffles).map(|k| (k, Variant::Order(k)));
    let mut all: Vec<(u32, Variant)> = seeds.chain(shuffles).collect();
    all.sort_by_key(|(k, _)| *k);
    all.into_iter().map(|(_, variant)| variant).collect()
}

/// All conditions, each after its first run.
fn rows(campaign: &Campaign, settings: &Settings) -> Result<Vec<Row>, String> {
    let registry = heardof_algorithms::registry();
    let wanted = |name: &str| campaign.algorithms.is_empty() || campaign.algorithms.iter().any(|a| a == name);
    let mut rows = vec![];
    for entry in registry.right().filter(|e| wanted(&e.name)) {
        let problem = lower(entry.machine.algorithm());
        let proofs = prove(&problem, settings, &|_| {}).map_err(|e| e.to_string())?;
        for (condition, proof) in problem.conditions.iter().zip(proofs) {
            let name = format!("{} {}", entry.name, condition.name);
            let alone = Problem { terms: problem.terms.clone(), conditions: vec![condition.clone()], assumed: vec![], uncovered: vec![] };
            let mut row = Row { name, problem: alone, proved: vec![], unknown: vec![], refuted: vec![] };
            match proof.verdict {
                Verdict::Proved(_) => row.proved.push(proof.time),
                Verdict::Refuted(_) => println!("not proved: {}: refuted", row.name),
                Verdict::Unknown(why) => println!("not proved: {}: {why}", row.name),
            }
            rows.push(row);
        }
    }
    if rows.is_empty() { Err("no algorithm has one of these names".into()) } else { Ok(rows) }
}

/// One run of a condition.
fn one(row: &Row, variant: Variant, settings: &Settings) -> Result<Vec<Proof>, String> {
    let (problem, seed) = match variant {
        Variant::Seed(seed) => (row.problem.clone(), seed),
        Variant::Order(k) => (shuffled(&row.problem, &row.problem.conditions[0], &mut Chance(u64::from(k))), 0),
    };
    let settings = Settings { seed, threads: 1, ..settings.clone() };
    prove(&problem, &settings, &|_| {}).map_err(|e| e.to_string())
}

/// Rows shown unless all are asked for.
const SHOWN: usize = 12;

/// Prints what is not always proved, and what takes longest; the exit code.
fn report(campaign: &Campaign, rows: &[Row]) -> u8 {
    let mut order: Vec<&Row> = rows.iter().collect();
    let longest = |row: &Row| row.proved.iter().max().copied().unwrap_or_default();
    order.sort_by_key(|row| std::cmp::Reverse((row.refuted.len() + row.unknown.len(), longest(row))));
    let shown = if campaign.all { order.len() } else { SHOWN.max(order.iter().filter(|r| r.proved.len() < r.runs()).count()) };
    println!("\nruns  unknown  refuted  min s  median s  max s  max/min  condition");
    for row in order.iter().take(shown) {
        println!("{}", row.line());
        let others: Vec<&str> = row.unknown.iter().chain(&row.refuted).map(String::as_str).collect();
        if !others.is_empty() {
            println!("      not proved with {}", others.join(", "));
        }
    }
    let sum = |of: &dyn Fn(&Row) -> usize| rows.iter().map(of).sum::<usize>();
    let (runs, unknown, refuted) = (sum(&|r| r.runs()), sum(&|r| r.unknown.len()), sum(&|r| r.refuted.len()));
    println!("\n{runs} runs of {} conditions: {} proved, {unknown} unknown, {refuted} refuted", rows.len(), runs - unknown - refuted);
    match (refuted, unknown) {
        (0, 0) => 0,
        (0, _) => 3,
        _ => 1,
    }
}

impl Row {
    fn runs(&self) -> usize {
        self.proved.len() + self.unknown.len() + self.refuted.len()
    }

    fn line(&self) -> String {
        let mut times: Vec<f64> = self.proved.iter().map(Duration::as_secs_f64).collect();
        times.sort_by(f64::total_cmp);
        let (min, median, max) = (times[0], times[times.len() / 2], times[times.len() - 1]);
        let (runs, unknown, refuted) = (self.runs(), self.unknown.len(), self.refuted.len());
        let spread = max / min.max(0.001);
        format!("{runs:4}  {unknown:7}  {refuted:7}  {min:5.2}  {median:8.2}  {max:5.2}  {spread:7.1}  {}", self.name)
    }
}
