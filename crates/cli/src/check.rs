//! `check`: figures as a table, violations as runs that a person can follow.

use crate::args;
use crate::list::constraint;
use crate::registry::{Entry, Registry};
use crate::show::{grouped, json, now, program, spinner, table};
use crate::{Failure, Verdict};
use heardof_check::{CheckError, Counterexample, Options, Report, Values, Violation, induction};
use heardof_core::machine::{Interpreted, Machine};
use heardof_core::{Datum, Pid, Sort};
use serde_json::{Value, json};

/// What the checker refuses, with what the user can do about it.
fn refused(entry: &Entry, args: &args::Check, error: CheckError) -> Failure {
    match error {
        CheckError::NoParameters { n } => no_parameters(entry, n, &args.parameters),
        other => Failure::usage(format!("{}: {other}", entry.name)),
    }
}

/// No parameters, or not those given, satisfy the constraint with n processes.
pub fn no_parameters(entry: &Entry, n: usize, given: &[String]) -> Failure {
    let given: Vec<String> = given.iter().map(|p| format!(" --param {p}")).collect();
    let a = entry.machine.algorithm();
    Failure::usage(format!("{} -n {n}{}: expected parameters with {}", entry.name, given.concat(), constraint(a)))
}

/// `k=v` read as a value of the parameter's sort.
pub fn parameters(machine: &dyn Machine, given: &[String]) -> Result<Vec<(String, Datum)>, Failure> {
    let a = machine.algorithm();
    let fields = match &a.parameters {
        Sort::Struct(_, fields) => fields.as_slice(),
        _ => &[],
    };
    let one = |text: &String| {
        let (name, value) = text.split_once('=').ok_or_else(|| Failure::usage(format!("--param {text}: expected NAME=VALUE")))?;
        let Some((_, sort)) = fields.iter().find(|(n, _)| *n == name) else {
            let known: Vec<String> = fields.iter().map(|(n, s)| format!("{n}: {s}")).collect();
            let known = if known.is_empty() { "it has none".into() } else { format!("it has {}", known.join(", ")) };
            return Err(Failure::usage(format!("--param {text}: {} has no parameter `{name}`; {known}", a.name)));
        };
        let value = Datum::parse(value, sort).map_err(|e| Failure::usage(format!("--param {text}: expected a {sort}: {e}")))?;
        Ok((name.to_string(), value))
    };
    given.iter().map(one).collect()
}

/// So many threads as cores, unless told otherwise.
pub fn threads(given: Option<usize>) -> usize {
    given.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
}

fn options(entry: &Entry, args: &args::Check) -> Result<Options, Failure> {
    Ok(Options {
        n: args.n.clone(),
        values: match args.values {
            args::Values::Fixed(k) => Values::Fixed(k),
            args::Values::N => Values::N,
        },
        phases: args.phases,
        parameters: parameters(&*entry.machine, &args.parameters)?,
        reduce: !args.no_reduction,
        liveness: !args.no_liveness,
        threads: threads(args.threads),
        ..Options::default()
    })
}

/// The command that shows the same again.
fn command(entry: &Entry, args: &args::Check, n: usize) -> String {
    let mut words = vec![format!("{} check {} -n {n}", program(), entry.name)];
    match args.values {
        args::Values::Fixed(2) => {}
        args::Values::Fixed(k) => words.push(format!("--values {k}")),
        args::Values::N => words.push("--values n".into()),
    }
    words.extend(args.phases.map(|p| format!("--phases {p}")));
    words.extend(args.parameters.iter().map(|p| format!("--param {p}")));
    words.extend(
        [
            (args.induction, "--induction"),
            (args.interpret, "--interpret"),
            (args.no_reduction, "--no-reduction"),
            (args.no_liveness, "--no-liveness"),
        ]
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, w)| w.to_string()),
    );
    words.join(" ")
}

pub fn check(registry: &Registry, args: &args::Check) -> Result<Verdict, Failure> {
    let start = now();
    let entries: Vec<&Entry> = if args.all {
        registry.right().collect()
    } else {
        args.algorithms.iter().map(|name| registry.find(name)).collect::<Result<_, _>>()?
    };
    if registry.wraps() && !args.interpret {
        return Err(Failure::usage(
            "this program was built without overflow checks, so that a subtraction below zero would go unnoticed: \
             set `overflow-checks = true` in [profile.release] of Cargo.toml, or give --interpret",
        ));
    }
    let (mut verdict, mut results) = (Verdict::Holds, vec![]);
    for entry in entries {
        let (one, figures) = if args.induction { check_induction(entry, args)? } else { check_one(entry, args)? };
        verdict = verdict.and(one);
        results.push(figures);
    }
    if args.json {
        println!("{}", json(verdict, start.elapsed().as_secs_f64(), json!({ "algorithms": results })));
    }
    Ok(verdict)
}

fn check_one(entry: &Entry, args: &args::Check) -> Result<(Verdict, Value), Failure> {
    let options = options(entry, args)?;
    let bar = spinner(args.json);
    let progress = |p: heardof_check::Progress| {
        bar.set_message(format!("{}: n = {}, {} of {} first configurations", entry.name, p.n, p.done, p.total))
    };
    let (start, cpu) = (now(), cpu_seconds());
    let text;
    let machine: &dyn Machine = if args.interpret {
        text = Interpreted::new(entry.machine.algorithm().clone());
        &text
    } else {
        &*entry.machine
    };
    let report = heardof_check::check(machine, &options, &progress).map_err(|e| refused(entry, args, e))?;
    bar.finish_and_clear();
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds().zip(cpu).map(|(now, then)| now - then));
    let verdict = Verdict::of(report.holds());
    if !args.json {
        print_report(entry, args, &report, seconds, cpu);
    }
    let violations: Vec<Value> = report.violations.iter().map(|v| violation_json(entry, v, &command(entry, args, v.run.n))).collect();
    Ok((verdict, report_json(entry, &report, verdict, seconds, cpu, violations)))
}

fn report_json(entry: &Entry, report: &Report, verdict: Verdict, seconds: f64, cpu: Option<f64>, violations: Vec<Value>) -> Value {
    let figures: Vec<Value> = report
        .figures
        .iter()
        .map(|f| {
            json!({
                "n": f.n, "parameters": f.parameters.to_string(), "first_configurations": f.configurations, "states": f.states,
                "successors": f.successors.to_string(), "generated": f.generated, "assignments": f.assignments.to_string(),
                "depth": f.depth, "rounds": f.rounds, "good_phases": f.good_phases, "blocked": f.blocked, "dead_ends": f.dead_ends,
            })
        })
        .collect();
    json!({
        "algorithm": entry.name, "verdict": verdict.word(), "seconds": seconds, "cpu_seconds": cpu, "figures": figures,
        "violations": violations, "notes": report.notes,
    })
}

fn print_report(entry: &Entry, args: &args::Check, report: &Report, seconds: f64, cpu: Option<f64>) {
    println!("{}", entry.name);
    let head = ["n", "parameters", "states", "successors", "assignments", "depth", "good phases"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for f in &report.figures {
        let parameters = if f.parameters == Datum::Unit { "–".into() } else { f.parameters.to_string() };
        let depth = f.rounds.map_or(format!("{} (all rounds)", f.depth), |r| format!("{r} rounds"));
        let good = f.good_phases.map_or("–".into(), |g| g.to_string());
        rows.push(vec![f.n.to_string(), parameters, grouped(f.states.into()), grouped(f.successors), grouped(f.assignments), depth, good]);
    }
    print!("{}", table(&rows));
    report.notes.iter().for_each(|note| println!("note: {note}"));
    let successors: u128 = report.figures.iter().fold(0, |sum, f| sum.saturating_add(f.successors));
    let rate = cpu.filter(|c| *c > 0.0).map(|c| format!(", {} successors per second and core", grouped((successors as f64 / c) as u128)));
    for violation in &report.violations {
        print_violation(entry, violation, &command(entry, args, violation.run.n));
    }
    let sizes: Vec<usize> = report.figures.iter().map(|f| f.n).collect();
    let (low, high) = (sizes.iter().min().copied().unwrap_or(0), sizes.iter().max().copied().unwrap_or(0));
    let said = if report.holds() { "holds" } else { "VIOLATED" };
    println!("{said}, checked for n = {low}..{high} ({seconds:.2} s{})\n", rate.unwrap_or_default());
}

fn check_induction(entry: &Entry, args: &args::Check) -> Result<(Verdict, Value), Failure> {
    let options = options(entry, args)?;
    let bar = spinner(args.json);
    let start = now();
    let progress = |done, total| bar.set_message(format!("{}: {done} of {total} parts", entry.name));
    let report = induction(&*entry.machine, &options, &progress).map_err(|e| refused(entry, args, e))?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    let verdict = Verdict::of(report.violations.is_empty());
    let figures: Vec<Value> = report
        .figures
        .iter()
        .map(|f| json!({ "n": f.n, "states": f.states, "successors": f.successors.to_string(), "assignments": f.assignments.to_string() }))
        .collect();
    if !args.json {
        println!("{}: every state that satisfies the invariants, reachable or not, through each round", entry.name);
        let mut rows = vec![["n", "states", "successors", "assignments"].map(String::from).to_vec()];
        rows.extend(
            report.figures.iter().map(|f| vec![f.n.to_string(), grouped(f.states.into()), grouped(f.successors), grouped(f.assignments)]),
        );
        print!("{}", table(&rows));
        report.notes.iter().for_each(|note| println!("note: {note}"));
        for violation in &report.violations {
            print_violation(entry, violation, &command(entry, args, violation.run.n));
        }
        println!("{} ({seconds:.2} s)\n", if verdict == Verdict::Holds { "inductive within these bounds" } else { "NOT INDUCTIVE" });
    }
    let violations: Vec<Value> = report.violations.iter().map(|v| violation_json(entry, v, &command(entry, args, v.run.n))).collect();
    let result = json!({
        "algorithm": entry.name, "verdict": verdict.word(), "seconds": seconds, "figures": figures, "violations": violations, "notes": report.notes,
    });
    Ok((verdict, result))
}

fn violation_json(entry: &Entry, v: &Violation, command: &str) -> Value {
    let rounds: Vec<Value> = v
        .run
        .rounds
        .iter()
        .map(|r| {
            let heard: Vec<Vec<usize>> = r.heard.iter().map(|h| h.iter().map(|p| p.index()).collect()).collect();
            let after: Vec<String> = r.after.iter().map(Datum::to_string).collect();
            let forged = r.forged.iter().enumerate().flat_map(|(to, of)| {
                of.iter().map(move |(from, m)| json!({ "from": from.index(), "to": to, "message": m.to_string() }))
            });
            let forged: Vec<Value> = forged.collect();
            json!({ "round": r.number, "name": r.name, "heard": heard, "forged": forged, "coins": r.coins, "ties": r.ties, "good": r.good, "after": after })
        })
        .collect();
    json!({
        "algorithm": entry.name, "property": v.property, "kind": v.kind, "explanation": v.explanation, "n": v.run.n,
        "parameters": v.run.parameters.to_string(), "byzantine": v.run.byzantine.iter().map(|p| p.index()).collect::<Vec<_>>(), "inputs": v.run.inputs.iter().map(Datum::to_string).collect::<Vec<_>>(),
        "before": v.run.before.iter().map(Datum::to_string).collect::<Vec<_>>(), "rounds": rounds, "command": command,
    })
}

/// A violation as a person reads it: what is broken, then a table for each round.
fn print_violation(entry: &Entry, v: &Violation, command: &str) {
    println!("\n{} `{}`: {}", v.kind.to_uppercase(), v.property, v.explanation);
    let meant = entry.machine.algorithm().specs.iter().find(|s| s.name == v.property && !s.doc.is_empty());
    meant.into_iter().for_each(|s| println!("  “{}”", s.doc.replace('\n', " ")));
    print!("{}", run_text(entry.machine.algorithm(), &v.run));
    println!("reproduce: {command}\n");
}

/// A run: the states at the start, and a table for each round with heard-of sets and states after it.
pub fn run_text(a: &heardof_core::ir::Algorithm, run: &Counterexample) -> String {
    if run.before.is_empty() {
        return String::new();
    }
    let mut out = format!("  n = {}", run.n);
    if run.parameters != Datum::Unit {
        out += &format!(", {}", run.parameters);
    }
    out.push('\n');
    let mut states = run.before.clone();
    let mut rows = vec![vec!["process".to_string(), if run.inputs.is_empty() { "before".into() } else { "at the start".into() }]];
    let byzantine = |p: Pid| run.byzantine.contains(&p);
    let at_start = |(p, s): (Pid, &Datum)| vec![p.to_string(), if byzantine(p) { "follows no text".into() } else { state_text(s, None) }];
    rows.extend(Pid::all(run.n).zip(&states).map(at_start));
    if run.inputs.is_empty() && run.initially != run.before {
        rows[0].push("initially".into());
        rows[1..].iter_mut().zip(&run.initially).for_each(|(row, s)| row.push(state_text(s, None)));
    }
    out += &indented(&table(&rows));
    for round in &run.rounds {
        let k = round.number % a.rounds.len();
        let phase = round.number / a.rounds.len();
        let good = if round.good { ", good" } else { "" };
        out += &format!("  round {} ({}, phase {phase}{good})\n", round.number, a.rounds[k].name);
        let mut rows = vec![vec!["process".to_string(), "hears".into(), "afterwards".into()]];
        for p in Pid::all(run.n).filter(|p| !byzantine(*p)) {
            let i = p.index();
            let heard: Vec<String> = round.heard[i].iter().map(|q| heard_text(*q, round.forged[i].get(q), byzantine(*q))).collect();
            let coin = round.coins[i].map_or(String::new(), |c| format!("  coin {c}"));
            let ties = if round.ties[i].iter().any(|t| *t > 0) { format!("  ties {:?}", round.ties[i]) } else { String::new() };
            rows.push(vec![p.to_string(), format!("{{{}}}{coin}{ties}", heard.join(", ")), state_text(&round.after[i], Some(&states[i]))]);
        }
        out += &indented(&table(&rows));
        states.clone_from(&round.after);
    }
    out
}

/// `p1`, `p1 (altered to 3)`, `p1 (says 3)`
fn heard_text(q: Pid, instead: Option<&Datum>, byzantine: bool) -> String {
    match instead {
        None => q.to_string(),
        Some(m) if byzantine => format!("{q} (says {m})"),
        Some(m) => format!("{q} (altered to {m})"),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// `x: 1, vote: Some(1)*`: fields that changed carry a star.
fn state_text(state: &Datum, before: Option<&Datum>) -> String {
    let Datum::Struct(_, names, values) = state else { return state.to_string() };
    let field = |(name, value): (&&str, &Datum)| {
        let changed = before.is_some_and(|b| b.field(name) != Some(value));
        format!("{name}: {value}{}", if changed { "*" } else { "" })
    };
    names.iter().zip(values.iter()).map(field).collect::<Vec<_>>().join(", ")
}

/// User and system time of this process so far, where the system tells.
fn cpu_seconds() -> Option<f64> {
    // Linux: fields 14 and 15 of /proc/self/stat, in ticks of 1/100 s.
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after = stat.rsplit_once(')')?.1;
    let mut fields = after.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / 100.0)
}
