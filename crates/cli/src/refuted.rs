//! What `prove` says of a refuted condition: the counterexample, which part of the goal it breaks, whether the program takes that step,
//! whether runs of few processes break the same, and what follows for whoever wrote the invariant.
//!
//! A counterexample to induction is a state that satisfies the invariants; whether a run reaches it, the prover does not know. The checker
//! knows for small n, and its answer tells an algorithm that is wrong from an invariant that says too little.

use crate::registry::Entry;
use crate::show::{program, table};
use heardof_check::{Options, check};
use heardof_core::machine::Machine;
use heardof_prove::condition::{Condition, Kind, Problem};
use heardof_prove::finite::Model;
use heardof_prove::finite::broken::Broken;
use heardof_prove::prove::{Proof, Verdict};
use heardof_prove::refutation::{self, Explanation, Replay};
use serde_json::{Value, json};

/// A refuted condition, explained.
pub struct Refuted {
    name: String,
    /// The function of the specification that it is about, and what its author wrote above it.
    about: String,
    doc: String,
    explanation: Explanation,
    replay: Replay,
    /// What runs show; none where the counterexample is a first state already.
    runs: Option<Runs>,
    advice: String,
}

/// What the checker found.
#[derive(Clone, Default)]
struct Runs {
    /// Up to how many processes.
    upto: usize,
    /// The kind, the name and the smallest n of what is violated.
    violated: Vec<(&'static str, String, usize)>,
    /// Why it did not look, or not further.
    obstacle: Option<String>,
}

/// Explains every refuted condition.
pub fn refuted(entry: &Entry, problem: &Problem, proofs: &[Proof]) -> Vec<Refuted> {
    let pairs = || {
        problem.conditions.iter().zip(proofs).filter_map(|(condition, proof)| match &proof.verdict {
            Verdict::Refuted(model) => Some((condition, &**model)),
            _ => None,
        })
    };
    let later: Vec<(&Condition, &Model)> = pairs().filter(|(c, _)| c.kind != Kind::Initial).collect();
    let largest = later.iter().map(|(_, model)| model.n as usize).max();
    let live = later.iter().any(|(c, _)| c.kind == Kind::Liveness);
    let runs = largest.map(|largest| runs(&*entry.machine, largest, live));
    pairs().map(|(condition, model)| one(entry, problem, condition, model, runs.as_ref())).collect()
}

fn one(entry: &Entry, problem: &Problem, condition: &Condition, model: &Model, runs: Option<&Runs>) -> Refuted {
    let algorithm = entry.machine.algorithm();
    let about = about(&condition.name);
    let explanation = refutation::explain(problem, algorithm, condition, model);
    let runs = runs.filter(|_| condition.kind != Kind::Initial).cloned();
    Refuted {
        name: condition.name.clone(),
        doc: algorithm.spec(&about).map_or(String::new(), |spec| spec.doc.replace('\n', " ")),
        replay: refutation::replay(problem, &*entry.machine, condition, model),
        advice: advice(entry, condition, &about, &explanation, runs.as_ref()),
        about,
        explanation,
        runs,
    }
}

/// `locked`, for `inductive/Exchange/locked.2`.
fn about(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    let last = last.split('#').next().unwrap_or(last);
    match last.rsplit_once('.') {
        Some((stem, number)) if number.bytes().all(|b| b.is_ascii_digit()) => stem.to_string(),
        _ => last.to_string(),
    }
}

/// The most successors at one size for which a larger one is still looked at, as large as the counterexample and beyond: some tenths of a
/// second. Figures, not a clock, so that the same is said everywhere.
const ENOUGH: (u64, u64) = (100_000, 5_000);
/// States of one first configuration before a size is given up.
const MOST_STATES: u64 = 200_000;
/// The most processes.
const MOST_PROCESSES: usize = 7;

/// Runs with more and more processes.
fn runs(machine: &dyn Machine, largest: usize, liveness: bool) -> Runs {
    let mut runs = Runs::default();
    for n in 1..=MOST_PROCESSES {
        let options = Options { n: Some(n..=n), liveness, limit_states: MOST_STATES, ..Options::default() };
        let report = match check(machine, &options, &|_| ()) {
            Ok(report) => report,
            // With so few processes the specification demands nothing.
            Err(heardof_check::CheckError::NoParameters { .. }) => continue,
            Err(error) => {
                runs.obstacle = Some(error.to_string());
                break;
            }
        };
        runs.upto = n;
        for violation in report.violations {
            if !runs.violated.iter().any(|(kind, name, _)| *kind == violation.kind && *name == violation.property) {
                runs.violated.push((violation.kind, violation.property, n));
            }
        }
        let generated: u64 = report.figures.iter().map(|f| f.generated).sum();
        if generated > if n < largest { ENOUGH.0 } else { ENOUGH.1 } {
            break;
        }
    }
    runs
}

impl Runs {
    /// The smallest n at which one of these is violated.
    fn find(&self, wanted: impl Fn(&str, &str) -> bool) -> Option<(&str, usize)> {
        self.violated.iter().find(|(kind, name, _)| wanted(kind, name)).map(|(_, name, n)| (name.as_str(), *n))
    }
    fn text(&self) -> String {
        let sizes = match self.upto {
            0 => "nothing".into(),
            1 => "n = 1".into(),
            upto => format!("n = 1..{upto}"),
        };
        let obstacle = self.obstacle.as_ref().map_or(String::new(), |why| format!(" ({why})"));
        let violated: Vec<String> = self.violated.iter().map(|(kind, name, n)| format!("the {kind} `{name}` from n = {n} on")).collect();
        match (self.upto, violated.is_empty()) {
            (0, _) => self.obstacle.clone().unwrap_or_else(|| "not checked".into()),
            (_, true) => format!("no run with {sizes} and two input values breaks a property or an invariant{obstacle}"),
            (_, false) => format!("runs with {sizes} and two input values break {}{obstacle}", violated.join(", ")),
        }
    }
}

/// What to do about it.
fn advice(entry: &Entry, condition: &Condition, about: &str, explanation: &Explanation, runs: Option<&Runs>) -> String {
    let command = |n: usize| format!("`{} check {} -n {n}` shows the run", program(), entry.name);
    let found = |wanted: &dyn Fn(&str, &str) -> bool| runs.and_then(|runs| runs.find(wanted));
    if condition.kind == Kind::Initial {
        return format!("`{about}` does not hold at the start: weaken it so that first states satisfy it, or change `init`");
    }
    let itself = found(&|kind, name| kind == "property" && name == about);
    if let Some((name, n)) = itself.or_else(|| found(&|kind, _| kind == "property" || kind == "stuck")) {
        let what = if name == "stuck" { "gets stuck".into() } else { format!("breaks the property `{name}`") };
        return format!("the algorithm is wrong, or what is asked of it: no invariant helps where a run {what}; {}", command(n));
    }
    if let Some((_, n)) = found(&|kind, name| kind == "invariant" && name == about) {
        return format!(
            "`{about}` is not true of the algorithm: weaken it to what all runs satisfy, or mend the algorithm; {}",
            command(n)
        );
    }
    if condition.kind == Kind::Liveness
        && let Some((name, n)) = found(&|kind, _| kind == "liveness" || kind == "vacuous")
    {
        return format!(
            "good phases do not lead to `{name}` in all runs: change the stage, the predicate or the algorithm; {}",
            command(n)
        );
    }
    let stronger = stronger(explanation);
    match condition.kind {
        Kind::Property => {
            format!("the invariants do not imply `{about}`: strengthen them so that they exclude the state above. {stronger}")
        }
        Kind::Enforced => format!("`ready` lets go on too early for `{about}`: let it block longer, or assume less"),
        Kind::Helper => format!("`{about}` breaks its contract: change its body or the contract"),
        Kind::Defined => format!(
            "strengthen the invariants so that they exclude the state above, or guard the operation so that it is always defined. {stronger}"
        ),
        Kind::Liveness => {
            format!("the stage before, the invariants and the predicate do not suffice for `{about}`: strengthen one. {stronger}")
        }
        Kind::Inductive | Kind::Initial => format!(
            "a state that satisfies the invariants and that no run is known to reach: strengthen the invariants so that they exclude it. {stronger}"
        ),
    }
}

/// In which direction the invariants are too weak.
fn stronger(explanation: &Explanation) -> String {
    let quoted = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match (&explanation.invariants[..], &explanation.unmentioned[..], &explanation.unrelated[..]) {
        ([], ..) => "No invariant is assumed here: state one that all runs satisfy; `--infer` looks for some".into(),
        (_, [], [(a, b), ..]) => format!("No invariant assumed here relates `{a}` and `{b}`: say which values of them go together"),
        (invariants, [], []) => {
            format!("The invariants assumed ({}) admit it: which of its values never occur together?", quoted(invariants))
        }
        (_, fields, _) => format!("No invariant assumed here mentions {}, on which it depends: say what is true of it", quoted(fields)),
    }
}

impl Refuted {
    /// For people.
    pub fn text(&self) -> String {
        let mut lines = vec![format!("{} is refuted: its hypotheses hold here, its goal does not", self.name)];
        let (plain, tables): (Vec<_>, Vec<_>) = self.explanation.constants.iter().partition(|(_, value)| !value.contains("else "));
        lines.push(format!("  {}", plain.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ")));
        lines.extend(tables.iter().map(|(name, value)| format!("  {name}: {value}")));
        lines.extend(table(&self.explanation.table).lines().map(|line| format!("    {line}")));
        match &self.explanation.broken {
            Ok(broken) => {
                let doc = if self.doc.is_empty() { String::new() } else { format!(", “{}”", self.doc) };
                lines.push(format!("  broken: of `{}`{doc}", self.about));
                lines.extend(broken.lines().iter().map(|line| format!("    {line}")));
            }
            Err(why) => lines.push(format!("  broken: `{}`; the part is not known: {why}", self.about)),
        }
        lines.push(match &self.replay {
            Replay::Same => "  replayed: the program takes the same step".into(),
            Replay::Different(why) => format!("  replayed: THE PROGRAM TAKES ANOTHER STEP, which is an error of the prover: {why}"),
            Replay::Not(why) => format!("  not replayed: {why}"),
        });
        lines.extend(self.runs.iter().map(|runs| format!("  checked: {}", runs.text())));
        lines.push(format!("  what to do: {}", self.advice));
        lines.join("\n") + "\n"
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let [head, rows @ ..] = self.explanation.table.as_slice() else { return Value::Null };
        let row = |row: &Vec<String>| Value::Object(head.iter().cloned().zip(row.iter().map(|cell| json!(cell))).collect());
        let constants = self.explanation.constants.iter().map(|(name, value)| (name.clone(), json!(value)));
        let replay = match &self.replay {
            Replay::Same => json!({ "same": true }),
            Replay::Different(why) => json!({ "same": false, "why": why }),
            Replay::Not(why) => json!({ "same": null, "why": why }),
        };
        let runs = self.runs.as_ref().map(|runs| {
            let violated: Vec<Value> = runs.violated.iter().map(|(kind, name, n)| json!({ "kind": kind, "name": name, "n": n })).collect();
            json!({ "n": runs.upto, "violated": violated, "obstacle": runs.obstacle })
        });
        json!({
            "about": self.about, "constants": Value::Object(constants.collect()), "processes": rows.iter().map(row).collect::<Vec<_>>(),
            "broken": self.explanation.broken.as_ref().map_or_else(|why| json!({ "unknown": why }), broken_json), "replay": replay,
            "checked": runs, "unmentioned": self.explanation.unmentioned, "unrelated": self.explanation.unrelated, "advice": self.advice,
        })
    }
    /// The condition's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn broken_json(broken: &Broken) -> Value {
    let with = broken.with.iter().map(|(name, value)| (name.clone(), json!(value)));
    json!({
        "with": Value::Object(with.collect()), "premises": broken.premises, "part": broken.part, "figures": broken.figures,
        "because": broken.because.iter().map(broken_json).collect::<Vec<_>>(), "other_choices": broken.others,
    })
}
