//! A node under attack: millions of mutated frames, and what they cost.
//!
//! ```console
//! cargo run --release -p heardof-node --example hostile -- --frames 10000000 --seed 1
//! ```
//!
//! Frames of live clusters of LastVoting (n = 3) and OneThirdRule (n = 4) are recorded, mutated, and handed to a node, with and without
//! durable states: four attacks, each with a quarter of the frames, all on one node that goes on. Most mutations repair the checksum. It
//! fails where the node panics, does not count a frame in exactly one way, keeps more instances than it may, executes more rounds
//! than a frame may cause, or changes a decision; and where its memory goes on growing after half of the frames.

mod campaign;
mod mutate;
mod record;

use allocation_counter::{AllocationInfo, measure};
use campaign::{Attack, MAX_INSTANCES, Plan, Report};
use heardof_algorithms::{LastVoting, OneThirdRule};
use record::{Subject, Value};
use std::process::ExitCode;

const PARTS: u64 = 4;
/// How many bytes a node may keep more at the end than after half of the frames: room for tables and buffers that double.
const GROWTH: i64 = 16 << 20;

fn main() -> ExitCode {
    let usage = "expected: [--frames N] [--seed S]";
    let (mut frames, mut seed) = (1_000_000u64, 1u64);
    let words: Vec<String> = std::env::args().skip(1).collect();
    for pair in words.chunks(2) {
        let number = pair.get(1).and_then(|word| word.parse().ok()).expect(usage);
        match pair[0].as_str() {
            "--frames" => frames = number,
            "--seed" => seed = number,
            _ => panic!("{usage}"),
        }
    }
    let each = frames / 4;
    let mut whole = true;
    for park in [false, true] {
        let plan = Plan { frames: each, seed, park };
        whole &= attack::<LastVoting<Value>>(plan);
        whole &= attack::<OneThirdRule<Value>>(plan);
    }
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn attack<P: Subject>(plan: Plan) -> bool {
    let mut attack = Attack::<P>::new(plan);
    let parts: Vec<AllocationInfo> = (0..PARTS).map(|k| measure(|| attack.part(k, PARTS))).collect();
    let report = attack.report();
    println!("{}, n = {}, {}, seed {}:", P::NAME, P::N, if plan.park { "durable states" } else { "no durable states" }, plan.seed);
    show(&report);
    let kept: Vec<i64> = parts.iter().map(|part| part.bytes_current).collect();
    let most = parts.iter().map(|part| part.bytes_max).max().unwrap_or(0);
    println!("  memory: bytes more after each quarter {kept:?}, at most {most} more within one; resident {} KiB", resident());
    let grown = kept[PARTS as usize / 2..].iter().sum::<i64>();
    if grown > GROWTH {
        println!("  FAILED: {grown} bytes more in the second half, expected at most {GROWTH}");
    }
    grown <= GROWTH
}

fn show(report: &Report) {
    let Report { frames, cpu, .. } = *report;
    let (each, rate) = (cpu / frames.max(1), frames.saturating_mul(1_000_000_000) / cpu.max(1));
    println!("  {frames} frames, {} bytes each: {each} ns of processor time each, {rate} frames a second", report.bytes_in / frames.max(1));
    println!(
        "  at most {} of {MAX_INSTANCES} instances live, {} remembered, {} rounds for one frame; {} decided; {:.2} bytes out for each in",
        report.most_live,
        report.most_remembered,
        report.most_rounds,
        report.decided,
        report.bytes_out as f64 / report.bytes_in.max(1) as f64
    );
    let mutations = mutate::MUTATIONS.iter().zip(report.mutations).map(|(m, count)| format!("{} {count}", campaign::name(*m)));
    println!("  mutations: {}", mutations.collect::<Vec<_>>().join(", "));
    let counters = report.counters.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} {count}"));
    println!("  counters: {}", counters.collect::<Vec<_>>().join(", "));
}

/// Resident memory in KiB, 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
