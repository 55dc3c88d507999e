//! `simulate`: the real node under every fault, replayed in lock-step.

use crate::args;
use crate::check::threads;
use crate::registry::{Entry, Registry};
use crate::run::assumed;
use crate::show::{grouped, json, now, program, spinner, table};
use crate::typed::Campaign;
use crate::{Failure, Verdict};
use heardof_core::MAX_PROCESSES;
use heardof_sim::{Failure as Wrong, Judged, Kind, Plan, Swarm, Tally, What};
use serde_json::{Value, json};

pub fn simulate(registry: &Registry, args: &args::Simulate) -> Result<Verdict, Failure> {
    let start = now();
    let entries: Vec<&Entry> = match args.all {
        true => registry.right().collect(),
        false => args.algorithms.iter().map(|name| registry.find(name)).collect::<Result<_, _>>()?,
    };
    let swarm = swarm(args)?;
    if let Some(seed) = args.seed {
        return one(&entries, args, &swarm, seed);
    }
    let (mut verdict, mut results, mut total) = (Verdict::Holds, vec![], 0);
    for (k, entry) in entries.iter().enumerate() {
        let begun = now();
        let bar = spinner(args.json);
        // What time there is, is there for all.
        let limit = args.time_limit.map(|limit| limit.saturating_sub(start.elapsed()) / (entries.len() - k) as u32);
        let going = |runs: u64| {
            if runs.is_multiple_of(256) {
                bar.set_message(format!("{}: {} of {} runs", entry.name, grouped(runs.into()), grouped(args.seeds.into())));
            }
            limit.is_none_or(|limit| begun.elapsed() < limit)
        };
        let seeds = args.from..args.from.saturating_add(args.seeds);
        let mut campaign = Campaign { swarm: of_entry(&swarm, entry), seeds, threads: threads(args.threads), going: &going };
        if args.instances.is_none() && args.seeds >= 4 * PILOTS {
            campaign.swarm.slots = enough(entry, &campaign)?;
        }
        let swarm = &campaign.swarm;
        let tally = entry.typed.simulate(&campaign)?;
        let seconds = begun.elapsed().as_secs_f64();
        bar.set_message(format!("{}: making the failure small", entry.name));
        let smallest = match tally.first.first_key_value() {
            Some((_, (plan, failures))) => Some(entry.typed.shrink(plan, failures[0].what, &campaign)?),
            None => None,
        };
        bar.finish_and_clear();
        let one = Verdict::of(tally.failed_runs == 0);
        verdict = verdict.and(one);
        total += tally.process_rounds;
        if !args.json {
            print(entry, &tally, swarm, seconds, campaign.threads);
            if let Some(smallest) = &smallest {
                print_failures(entry, args, swarm.slots, &tally, smallest);
            }
        }
        results.push(result(entry, &tally, swarm, seconds));
    }
    let seconds = start.elapsed().as_secs_f64();
    if args.json {
        println!("{}", json(verdict, seconds, json!({ "algorithms": results })));
    } else if entries.len() > 1 {
        let said = if verdict == Verdict::Holds { "no run fails" } else { "RUNS FAIL" };
        println!("{} algorithms, {} process-rounds replayed: {said} ({seconds:.2} s)", entries.len(), grouped(total.into()));
    }
    Ok(verdict)
}

fn swarm(args: &args::Simulate) -> Result<Swarm, Failure> {
    let mut swarm = Swarm { slots: args.instances.unwrap_or(Swarm::default().slots), ..Swarm::default() };
    if let Some(sizes) = &args.n {
        if *sizes.end() > MAX_PROCESSES {
            return Err(Failure::usage(format!("-n: expected at most {MAX_PROCESSES} processes, found {}", sizes.end())));
        }
        swarm.sizes = sizes.clone().collect();
    }
    swarm.allowed = match args.faults.as_deref() {
        None => swarm.allowed,
        Some("none") => vec![],
        Some(names) => names
            .split(',')
            .map(|name| {
                let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
                Kind::named(name).ok_or_else(|| Failure::usage(format!("--faults: `{name}` is none of {}", all.join(", "))))
            })
            .collect::<Result<_, _>>()?,
    };
    Ok(swarm)
}

/// Where synchrony is assumed nobody runs ahead of the clock.
fn of_entry(swarm: &Swarm, entry: &Entry) -> Swarm {
    Swarm { synchronous: !assumed(entry).is_empty(), ..swarm.clone() }
}

/// How many process-rounds a run has at least, on average.
const PROCESS_ROUNDS: u64 = 500;

/// As many runs tell how many instances that takes. A campaign that is not much longer does without.
const PILOTS: u64 = 256;

/// How many instances make the runs of a campaign worth their setting up.
fn enough(entry: &Entry, campaign: &Campaign<'_>) -> Result<u64, Failure> {
    let pilots = Campaign { swarm: campaign.swarm.clone(), seeds: 0..PILOTS, ..*campaign };
    let (slots, tally) = (campaign.swarm.slots, entry.typed.simulate(&pilots)?);
    // A seventh more, for a few runs are not all, and do not grow quite as their instances.
    let wanted = (slots * tally.runs * PROCESS_ROUNDS * 8).div_ceil(tally.process_rounds.max(1) * 7);
    Ok(wanted.clamp(slots, 50 * slots))
}

/// What is to be said again, so that a seed means the same run.
fn options(args: &args::Simulate, slots: u64) -> String {
    let n = args.n.as_ref().map_or(String::new(), |n| format!(" -n {}..{}", n.start(), n.end()));
    let instances = if slots == Swarm::default().slots { String::new() } else { format!(" --instances {slots}") };
    let faults = args.faults.as_ref().map_or(String::new(), |faults| format!(" --faults {faults}"));
    n + &instances + &faults
}

/// One run of each algorithm, told.
fn one(entries: &[&Entry], args: &args::Simulate, swarm: &Swarm, seed: u64) -> Result<Verdict, Failure> {
    let (mut verdict, mut results, start) = (Verdict::Holds, vec![], now());
    for entry in entries {
        let begun = now();
        let campaign = Campaign { swarm: of_entry(swarm, entry), seeds: seed..seed + 1, threads: 1, going: &|_| true };
        let judged = entry.typed.simulate_one(seed, &campaign)?;
        let seconds = begun.elapsed().as_secs_f64();
        let one = Verdict::of(judged.failures.is_empty());
        verdict = verdict.and(one);
        let rounds: u64 = judged.outcome.findings.iter().map(|f| f.process_rounds).sum();
        if args.json {
            results.push(
                json!({ "algorithm": entry.name, "seed": seed, "process_rounds": rounds, "log": format!("{:016x}", judged.outcome.log),
                "failures": said(&judged.failures), "excused": judged.excused, "outside": judged.outside }),
            );
            continue;
        }
        println!("{}, seed {seed}: {}", entry.name, judged.plan);
        let fired: Vec<String> = Kind::ALL
            .iter()
            .filter(|kind| judged.outcome.fired.times(**kind) > 0)
            .map(|kind| format!("{kind} {}", judged.outcome.fired.times(*kind)))
            .collect();
        println!("fired: {}", if fired.is_empty() { "nothing".into() } else { fired.join(", ") });
        println!("{} events, {} process-rounds replayed, log {:016x}", judged.outcome.events, rounds, judged.outcome.log);
        judged.outside.iter().for_each(|name| println!("outside of the assumed `{name}`: only the replay counts"));
        if let Some(why) = &judged.excused {
            println!("{} have not decided, and need not: {why}", judged.outcome.undecided.len());
        }
        judged.failures.iter().for_each(|failure| println!("{}: {}", failure.what.name().to_uppercase(), failure.says));
        println!("{} ({seconds:.2} s)", if judged.failures.is_empty() { "an execution of the model" } else { "FAILS" });
    }
    if args.json {
        println!("{}", json(verdict, start.elapsed().as_secs_f64(), json!({ "algorithms": results })));
    }
    Ok(verdict)
}

fn said(failures: &[Wrong]) -> Vec<String> {
    failures.iter().map(|failure| format!("{}: {}", failure.what.name(), failure.says)).collect()
}

/// The kinds of fault in columns of the table.
fn print(entry: &Entry, tally: &Tally, swarm: &Swarm, seconds: f64, threads: usize) {
    println!("{}", entry.name);
    let mut rows = vec![["fault", "runs with it", "times"].map(String::from).to_vec()];
    for kind in &swarm.allowed {
        let runs = tally.with.get(kind).copied().unwrap_or(0);
        rows.push(vec![kind.to_string(), grouped(runs.into()), grouped(tally.fired.times(*kind).into())]);
    }
    if rows.len() > 1 {
        print!("{}", table(&rows));
    }
    let (together, pairs) = tally.pairs_of_kinds(&swarm.allowed);
    let a_core = tally.process_rounds as f64 / seconds.max(0.001) / threads as f64;
    println!(
        "{} runs of {} instances, in {} everybody proposes and much is lost; {together} of {pairs} pairs of faults together",
        grouped(tally.runs.into()),
        swarm.slots,
        grouped(tally.hostile.into())
    );
    println!("{} process-rounds replayed, {} per second and core", grouped(tally.process_rounds.into()), grouped(a_core as u128));
    println!(
        "{} decisions to make by those who survive, {} not made that need not be; {} runs outside of what is assumed",
        grouped(tally.pairs.into()),
        grouped(tally.excused.into()),
        grouped(tally.outside.into())
    );
    let failed: Vec<String> = tally.failed.iter().map(|(what, runs)| format!("{} in {}", what.name(), grouped((*runs).into()))).collect();
    let failed = if failed.is_empty() { "no run fails".into() } else { format!("{} RUNS FAIL: {}", tally.failed_runs, failed.join(", ")) };
    println!("{failed} ({seconds:.2} s)\n");
}

/// The first run that fails, as small as it was made.
fn print_failures(entry: &Entry, args: &args::Simulate, slots: u64, tally: &Tally, smallest: &Judged) {
    let Some((seed, (plan, failures))) = tally.first.first_key_value() else { return };
    println!("seed {seed}: {plan}");
    failures.iter().take(3).for_each(|failure| println!("  {}: {}", failure.what.name().to_uppercase(), failure.says));
    println!("still, with {}", smallest.plan);
    smallest.failures.iter().take(3).for_each(|failure| println!("  {}: {}", failure.what.name().to_uppercase(), failure.says));
    println!("reproduce: {} simulate {} --seed {seed}{}\n", program(), entry.name, options(args, slots));
}

fn result(entry: &Entry, tally: &Tally, swarm: &Swarm, seconds: f64) -> Value {
    let kinds: Vec<Value> = swarm
        .allowed
        .iter()
        .map(|kind| json!({ "fault": kind.name(), "runs": tally.with.get(kind), "times": tally.fired.times(*kind) }))
        .collect();
    let failed: Vec<Value> =
        What::ALL.into_iter().filter_map(|what| tally.failed.get(&what).map(|runs| json!({ "what": what.name(), "runs": runs }))).collect();
    let first: Vec<Value> = tally
        .first
        .iter()
        .map(|(seed, (plan, failures)): (&u64, &(Plan, Vec<Wrong>))| json!({ "seed": seed, "n": plan.n, "failures": said(failures) }))
        .collect();
    let (together, pairs) = tally.pairs_of_kinds(&swarm.allowed);
    json!({
        "algorithm": entry.name, "seconds": seconds, "runs": tally.runs, "process_rounds": tally.process_rounds, "hostile": tally.hostile,
        "faults": kinds, "pairs_together": together, "pairs_of_faults": pairs, "decisions": tally.pairs, "excused": tally.excused,
        "outside": tally.outside, "failed_runs": tally.failed_runs, "failed": failed, "first": first, "log": format!("{:016x}", tally.log),
    })
}
