//! `cluster`: a local cluster of OS processes, with faults on purpose, judged and replayed.

use crate::args;
use crate::check::{no_parameters, parameters};
use crate::registry::{Entry, Registry};
use crate::replay::replay_files;
use crate::run::assumed;
use crate::show::{dash, json, now, table};
use crate::typed::default_input;
use crate::{Failure, Verdict};
use heardof_core::datum::Bounds;
use heardof_core::ir::Kind;
use heardof_core::machine::Subject;
use heardof_core::trace::Replay;
use heardof_core::{Datum, Sort};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Everything that a run of the cluster is made of.
struct Plan<'a> {
    entry: &'a Entry,
    args: &'a args::Cluster,
    inputs: Vec<Datum>,
    parameters: Datum,
    seed: u64,
    folder: PathBuf,
}

/// What became of one process.
#[derive(Default)]
struct Process {
    outputs: Vec<(String, String)>,
    told: bool,
    killed: bool,
    code: Option<i32>,
    end: Option<Value>,
    errors: Vec<String>,
    decided_in: Option<u64>,
}

/// What became of one run.
struct Ran {
    processes: Vec<Process>,
    replay: Replay,
    problems: Vec<String>,
    seconds: f64,
}

pub fn cluster(registry: &Registry, args: &args::Cluster) -> Result<Verdict, Failure> {
    let start = now();
    let entry = registry.find(&args.algorithm)?;
    if entry.wrong.is_some() {
        return Err(Failure::usage(format!("{} is a wrong variant, kept as test data for `check`: it is not run", entry.name)));
    }
    if args.n > 64 {
        return Err(Failure::usage(format!("-n {}: expected 1 to 64 processes in a local cluster", args.n)));
    }
    if let Some((id, at)) = args.kills.iter().find(|(id, _)| *id >= args.n) {
        return Err(Failure::usage(format!("--kill {id}@{at:?}: expected a process of this cluster, 0 to {}", args.n - 1)));
    }
    let first_seed = args.seed.unwrap_or_else(|| u64::from(std::process::id()) << 16);
    let (mut verdict, mut runs, mut below) = (Verdict::Holds, vec![], 0u64);
    for number in 0..args.repeat {
        let seed = first_seed + number as u64;
        let base = args.keep.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("heardof-{}-{seed}", std::process::id())));
        let folder = if args.repeat > 1 { base.join(format!("run-{number}")) } else { base.clone() };
        std::fs::create_dir_all(&folder).map_err(|e| Failure::usage(format!("{}: {e}", folder.display())))?;
        let plan = Plan { entry, args, inputs: inputs(entry, args)?, parameters: instance(entry, args)?, seed, folder };
        let ran = plan.run(registry)?;
        let holds = ran.problems.is_empty();
        verdict = verdict.and(Verdict::of(holds));
        below += ran.processes.iter().filter_map(|p| p.end.as_ref()?["counters"]["left_below_ready"].as_u64()).sum::<u64>();
        if !args.json && (args.repeat == 1 || !holds) {
            plan.print(&ran);
        } else if !args.json {
            println!("run {number}: {} in {:.2} s", plan.decision(&ran).unwrap_or_else(|| "no decision".into()), ran.seconds);
        }
        if holds && args.keep.is_none() {
            // Only a courtesy: a folder that stays is no failure of the run.
            let _ = std::fs::remove_dir_all(&base);
        } else if !args.json {
            println!("traces and cluster file: {}", plan.folder.display());
        }
        runs.push(plan.json(&ran));
    }
    if args.json {
        println!(
            "{}",
            json(verdict, start.elapsed().as_secs_f64(), json!({ "algorithm": entry.name, "left_below_ready": below, "runs": runs }))
        );
    } else if args.repeat > 1 {
        let bad = runs.iter().filter(|r| r["problems"].as_array().is_some_and(|p| !p.is_empty())).count();
        println!("{} runs, {bad} with problems, {below} rounds left below what `ready` asks", args.repeat);
    }
    Ok(verdict)
}

fn inputs(entry: &Entry, args: &args::Cluster) -> Result<Vec<Datum>, Failure> {
    let sort = &entry.machine.algorithm().input;
    if !args.inputs.is_empty() && args.inputs.len() != args.n {
        return Err(Failure::usage(format!(
            "--inputs {}: expected {} values, one a process, found {}",
            args.inputs.join(","),
            args.n,
            args.inputs.len()
        )));
    }
    let one = |k: usize| match args.inputs.get(k) {
        Some(text) => Datum::parse(text, sort).map_err(|e| Failure::usage(format!("--inputs {text}: expected a {sort}: {e}"))),
        None => default_input(sort, k, args.n).ok_or_else(|| Failure::usage(format!("--inputs are needed: values of {sort}"))),
    };
    (0..args.n).map(one).collect()
}

/// The parameters: those given, the others the first admissible ones.
fn instance(entry: &Entry, args: &args::Cluster) -> Result<Datum, Failure> {
    let a = entry.machine.algorithm();
    let given = parameters(&*entry.machine, &args.parameters)?;
    let all = a.parameters.enumerate(&Bounds { n: args.n, values: args.n, phases: 1, nat: args.n });
    let with_given = |d: Datum| given.iter().try_fold(d, |d, (name, value)| d.with_field(name, value.clone()));
    let admissible = |d: &Datum| {
        let resilience = a.specs.iter().enumerate().filter(|(_, s)| s.kind == Kind::Resilience);
        resilience.into_iter().all(|(k, _)| entry.machine.holds(k, Subject::Size(args.n, d)) == Ok(true))
    };
    let found = all.into_iter().filter_map(with_given).find(admissible);
    found.ok_or_else(|| no_parameters(entry, args.n, &args.parameters))
}

enum News {
    Line(usize, String),
    Error(usize, String),
    Closed,
}

impl Plan<'_> {
    fn run(&self, registry: &Registry) -> Result<Ran, Failure> {
        let start = now();
        let file = self.folder.join("cluster.toml");
        std::fs::write(&file, self.cluster_file()?).map_err(|e| Failure::usage(format!("{}: {e}", file.display())))?;
        let (send, news) = channel();
        let mut children = vec![];
        for id in 0..self.args.n {
            let mut child = self.spawn(&file, id)?;
            for (stream, is_error) in [
                (child.stdout.take().map(|s| Box::new(s) as Box<dyn std::io::Read + Send>), false),
                (child.stderr.take().map(|s| Box::new(s) as _), true),
            ] {
                let (send, Some(stream)) = (send.clone(), stream) else { continue };
                std::thread::spawn(move || {
                    for line in BufReader::new(stream).lines().map_while(Result::ok) {
                        // The receiver is gone only when the run is over.
                        let _ = send.send(if is_error { News::Error(id, line) } else { News::Line(id, line) });
                    }
                    let _ = send.send(News::Closed);
                });
            }
            children.push(child);
        }
        let mut processes: Vec<Process> = (0..self.args.n).map(|_| Process::default()).collect();
        let timed_out = self.follow(&news, &mut children, &mut processes, start);
        for (child, process) in children.iter_mut().zip(&mut processes) {
            process.code = child.wait().ok().and_then(|s| s.code());
        }
        // A process killed before it wrote its first line took no step: nobody heard it either.
        let traces: Vec<PathBuf> =
            (0..self.args.n).map(|id| self.trace(id)).filter(|p| std::fs::metadata(p).is_ok_and(|m| m.len() > 0)).collect();
        if traces.is_empty() {
            let why = processes.iter().find_map(|p| p.errors.last());
            return Err(Failure::usage(format!(
                "no process of {} took a step{}",
                file.display(),
                why.map_or(String::new(), |w| format!(": {w}"))
            )));
        }
        let replay = replay_files(registry, &traces)?;
        let problems = self.problems(&processes, &replay, timed_out);
        Ok(Ran { processes, replay, problems, seconds: start.elapsed().as_secs_f64() })
    }

    fn trace(&self, id: usize) -> PathBuf {
        self.folder.join(format!("p{id}.trace"))
    }

    fn spawn(&self, file: &Path, id: usize) -> Result<Child, Failure> {
        let program = std::env::current_exe().map_err(|e| Failure::usage(format!("own program: {e}")))?;
        let mut command = Command::new(program);
        command.args(["run", &self.entry.name, "--json", "--cluster"]).arg(file).arg("--trace").arg(self.trace(id));
        command.args([
            "--id",
            &id.to_string(),
            "--input",
            &self.inputs[id].to_string(),
            "--seed",
            &self.seed.to_string(),
            "--linger",
            "500ms",
        ]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|e| Failure::usage(format!("p{id} does not start: {e}")))
    }

    /// Collects what the processes say and kills whom the plan kills; true if time ran out.
    fn follow(&self, news: &Receiver<News>, children: &mut [Child], processes: &mut [Process], start: Instant) -> bool {
        let mut kills = self.args.kills.clone();
        kills.sort_by_key(|(_, at)| *at);
        let mut open = 2 * children.len();
        while open > 0 {
            let due = kills.first().map_or(self.args.timeout, |(_, at)| *at);
            match news.recv_timeout(due.saturating_sub(start.elapsed()).max(Duration::from_micros(1))) {
                Ok(News::Line(id, line)) => processes[id].hear(&line),
                Ok(News::Error(id, line)) => processes[id].errors.push(line),
                Ok(News::Closed) => open -= 1,
                Err(RecvTimeoutError::Timeout) if kills.is_empty() => {
                    // Whatever still runs has missed its time.
                    children.iter_mut().for_each(|c| drop(c.kill()));
                    return true;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while kills.first().is_some_and(|(_, at)| *at <= start.elapsed()) {
                let (id, _) = kills.remove(0);
                // One that has ended by itself cannot be killed any more, and need not.
                let _ = children[id].kill();
                processes[id].killed = true;
            }
        }
        false
    }

    fn cluster_file(&self) -> Result<String, Failure> {
        // Bound and given back: the system does not hand the same ports out again at once.
        let mut out = format!(
            "cluster = \"local-{}\"\nalgorithm = \"{}\"\ntransport = \"{}\"\nround_timeout = \"{}ms\"\nassume = {:?}\nloss = {:?}\n",
            self.seed,
            self.entry.name,
            self.args.transport,
            self.args.round_timeout.as_millis(),
            assumed(self.entry),
            self.args.loss,
        );
        if let (Datum::Struct(_, names, values), Sort::Struct(..)) = (&self.parameters, &self.entry.machine.algorithm().parameters) {
            out += "\n[parameters]\n";
            for (name, value) in names.iter().zip(values.iter()) {
                let _ = writeln!(out, "{name} = \"{value}\"");
            }
        }
        let addresses = heardof_net::free_addresses(self.args.n).map_err(|e| Failure::usage(format!("no free port: {e}")))?;
        for (id, address) in addresses.iter().enumerate() {
            let _ = write!(out, "\n[[process]]\nid = {id}\naddress = \"{address}\"\n");
        }
        Ok(out)
    }

    /// What is wrong with a run: a survivor without decision, decisions that differ or were not proposed, a replay that differs.
    fn problems(&self, processes: &[Process], replay: &Replay, timed_out: bool) -> Vec<String> {
        let mut problems = vec![];
        if timed_out {
            problems.push(format!("not all processes had ended after {:?}", self.args.timeout));
        }
        for (id, p) in processes.iter().enumerate().filter(|(_, p)| !p.killed) {
            if p.outputs.is_empty() {
                problems.push(format!("p{id} survived and has no output{}", p.errors.last().map_or(String::new(), |e| format!(": {e}"))));
            } else if p.code != Some(0) {
                problems.push(format!("p{id} ended with {:?}", p.code));
            }
        }
        let a = self.entry.machine.algorithm();
        let agrees = a.specs.iter().any(|s| s.name == "agreement") && !a.problems.contains(&"KSetAgreement".to_string());
        let decided: Vec<&(String, String)> = processes.iter().filter_map(|p| p.outputs.last()).collect();
        if agrees && decided.windows(2).any(|w| w[0].1 != w[1].1) {
            problems.push("decisions differ".into());
        }
        if a.problems.contains(&"Consensus".to_string()) {
            let proposed = |value: &str| self.inputs.iter().any(|i| value == i.to_string() || value == format!("Some({i})"));
            if let Some((_, value)) = decided.iter().find(|(_, value)| !proposed(value)) {
                problems.push(format!("{value} was decided and not proposed"));
            }
        }
        if replay.mismatch_count > 0 {
            problems.push(format!("{} mismatches between the run and its replay in lock-step", replay.mismatch_count));
        }
        for p in replay.predicates.iter().filter(|p| !p.violated.is_empty()) {
            let assumed = assumed(self.entry).contains(&p.name.to_string());
            if !assumed {
                problems.push(format!("the enforced predicate {} was violated in rounds {:?}", p.name, p.violated));
            }
        }
        let below: u64 = processes.iter().filter_map(|p| p.end.as_ref()?["counters"]["left_below_ready"].as_u64()).sum();
        if below > 0 {
            problems.push(format!("{below} rounds were left while `ready` said `Block`"));
        }
        problems
    }

    fn decision(&self, ran: &Ran) -> Option<String> {
        ran.processes.iter().find_map(|p| p.outputs.last()).map(|(field, value)| format!("{field} = {value}"))
    }

    fn print(&self, ran: &Ran) {
        let parameters = if self.parameters == Datum::Unit { String::new() } else { format!(", {}", self.parameters) };
        let loss = if self.args.loss > 0.0 { format!(", {} % loss", self.args.loss * 100.0) } else { String::new() };
        println!("{}: {} processes over {}{loss}{parameters}", self.entry.name, self.args.n, self.args.transport);
        let mut rows = vec![["process", "input", "output", "after", "rounds", "fate"].map(String::from).to_vec()];
        for (id, p) in ran.processes.iter().enumerate() {
            let outputs: Vec<String> = p.outputs.iter().map(|(f, v)| format!("{f} = {v}")).collect();
            let after = p.end.as_ref().and_then(|e| e["milliseconds"].as_u64()).map_or("–".into(), |ms| format!("{ms} ms"));
            let rounds = ran.replay.outcomes.iter().find(|o| o.process.index() == id).map_or("–".into(), |o| o.rounds.to_string());
            let fate = match (p.killed, p.told, p.decided_in) {
                (true, ..) => "killed".to_string(),
                (_, true, _) => "told by another".into(),
                (_, _, Some(round)) => format!("decided in round {round}"),
                _ => "–".into(),
            };
            rows.push(vec![format!("p{id}"), self.inputs[id].to_string(), dash(outputs.join(", ")), after, rounds, fate]);
        }
        print!("{}", table(&rows));
        println!("replayed in lock-step: {} process-rounds, {} mismatches", ran.replay.process_rounds, ran.replay.mismatch_count);
        for p in ran.replay.predicates.iter() {
            println!("predicate {}: held in {} of {} rounds", p.name, p.checked - p.violated.len(), p.checked);
        }
        ran.problems.iter().for_each(|p| println!("PROBLEM: {p}"));
        let said = if ran.problems.is_empty() { "all survivors decided; the run is an execution of the model" } else { "NOT all right" };
        println!("{said} (seed {}, {:.2} s)", self.seed, ran.seconds);
    }

    fn json(&self, ran: &Ran) -> Value {
        let one = |(id, p): (usize, &Process)| {
            let outputs: Vec<Value> = p.outputs.iter().map(|(f, v)| json!({ "field": f, "value": v })).collect();
            json!({ "id": id, "input": self.inputs[id].to_string(), "outputs": outputs, "killed": p.killed, "forwarded": p.told, "exit": p.code, "end": p.end })
        };
        let processes: Vec<Value> = ran.processes.iter().enumerate().map(one).collect();
        let predicates: Vec<Value> =
            ran.replay.predicates.iter().map(|p| json!({ "name": p.name, "checked": p.checked, "violated": p.violated })).collect();
        json!({
            "seed": self.seed, "seconds": ran.seconds, "decision": self.decision(ran), "processes": processes, "predicates": predicates,
            "process_rounds": ran.replay.process_rounds, "mismatches": ran.replay.mismatch_count, "problems": ran.problems,
        })
    }
}

impl Process {
    /// A line that `run --json` prints.
    fn hear(&mut self, line: &str) {
        let Ok(event) = serde_json::from_str::<Value>(line) else {
            self.errors.push(format!("not JSON: {line}"));
            return;
        };
        let text = |v: &Value| v.as_str().unwrap_or_default().to_string();
        match event["event"].as_str() {
            Some("output") => {
                self.set(text(&event["field"]), text(&event["value"]));
                self.decided_in = event["round"].as_u64();
            }
            Some("forwarded") => {
                self.told = true;
                for o in event["outputs"].as_array().into_iter().flatten() {
                    self.set(text(&o["field"]), text(&o["value"]));
                }
            }
            Some("end") => self.end = Some(event),
            _ => self.errors.push(format!("unknown event: {line}")),
        }
    }

    fn set(&mut self, field: String, value: String) {
        self.outputs.retain(|(f, _)| *f != field);
        self.outputs.push((field, value));
    }
}
