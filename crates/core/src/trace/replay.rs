//! Replay: the lock-step model on recorded heard-of sets.
//!
//! 1. *Admission.* All traces must be of one run of this algorithm: same name, fingerprint, cluster, size and parameters, each process
//!    once, and nobody heard a process whose trace is not there. Otherwise nothing is replayed.
//! 2. *Rounds.* Round by round, the processes that recorded the round act; [`observe`] computes what they must have heard and where
//!    they must be now. Every digest is compared. Who crashed has no further record and stays; what it sent in the round after its
//!    last record can still be computed, and heard, for a record is written before anything of the next round is sent.
//! 3. *Predicates.* The safety predicates of the specification are evaluated in every round, over the processes that recorded it: of
//!    the others one may assume that they heard what the predicate asks for.
//! 4. *Forwarded outputs* must be outputs of some process that came to them by its rounds.

use super::{End, Trace, algorithm_name};
use crate::datum::{Datum, Sort};
use crate::heard_of::{HeardOf, HeardOfData};
use crate::ir::Kind;
use crate::lockstep::{Choice, Observed, observe};
use crate::machine::{Stuck, caught};
use crate::process::Process;
use crate::spec::{Spec, SpecFn, Specified};
use crate::value::{Value, digest};
use crate::{Context, Phase, Pid, Set, System};
use std::fmt;

/// How many mismatches are described; further ones are only counted.
pub const MAX_MISMATCHES: usize = 100;

/// What a replay found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replay {
    /// How many (process, round) pairs were executed and compared.
    pub process_rounds: usize,
    /// How many rounds there are: one more than the last that somebody recorded.
    pub rounds: usize,
    /// How many of them every process that had not halted recorded.
    pub complete_rounds: usize,
    /// Where run and model differ, the first `MAX_MISMATCHES`. Empty: the run is an execution of the model.
    pub mismatches: Vec<Mismatch>,
    /// How many there are in all.
    pub mismatch_count: usize,
    /// What became of each process that has a trace.
    pub outcomes: Vec<Outcome>,
    /// The safety predicates.
    pub predicates: Vec<Predicate>,
}

/// A difference between run and model.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// The process whose record differs.
    pub process: Pid,
    /// The round.
    pub round: usize,
    /// What differs.
    pub what: What,
    /// What the model says.
    pub expected: String,
    /// What was recorded.
    pub found: String,
}

/// What can differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    /// The message heard from this process.
    Message(Pid),
    /// The state after `update`.
    State,
    /// Whether the coin was looked at.
    Coin,
    /// A forwarded value of this output field.
    Forwarded(String),
}

/// What became of a process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// The process.
    pub process: Pid,
    /// How many rounds it recorded.
    pub rounds: usize,
    /// Its output fields as its rounds left them: name, value, and the round that changed it last.
    pub outputs: Vec<(&'static str, Datum, Option<usize>)>,
    /// Outputs that others told it: name and value.
    pub forwarded: Vec<(String, Datum)>,
    /// How its trace ends; `None`: cut off.
    pub end: Option<End>,
}

/// How a safety predicate fared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Predicate {
    /// Its name.
    pub name: &'static str,
    /// In how many rounds it was evaluated. 0: it speaks of the states of all processes, and not all have a trace.
    pub checked: usize,
    /// The rounds in which it did not hold.
    pub violated: Vec<usize>,
}

/// Why nothing was replayed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReplayError {
    /// No trace was given.
    Empty,
    /// A trace of something else.
    Foreign {
        /// The trace.
        source: String,
        /// What differs: algorithm, fingerprint, cluster, number of processes, parameters.
        what: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// Two traces of one process.
    Duplicate {
        /// The process.
        process: Pid,
        /// The traces.
        sources: [String; 2],
    },
    /// A process was heard, but its trace is not there.
    Missing {
        /// The process.
        process: Pid,
        /// Who heard it.
        heard_by: Pid,
        /// When.
        round: usize,
    },
    /// A text in a trace is not a value of its sort.
    NotAValue {
        /// The trace.
        source: String,
        /// Which text: parameters, input, request, output.
        what: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The algorithm is stuck where the run was not.
    Stuck {
        /// The round; `None`: `init`.
        round: Option<usize>,
        /// Why.
        why: Stuck,
    },
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Message(q) => write!(f, "the message from {q}"),
            What::State => f.write_str("the state"),
            What::Coin => f.write_str("the coin"),
            What::Forwarded(field) => write!(f, "the forwarded `{field}`"),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Mismatch { process, round, what, expected, found } = self;
        write!(f, "{process} round {round}: {what} differs: expected {expected}, found {found}")
    }
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReplayError::Empty => f.write_str("expected traces, found none"),
            ReplayError::Foreign { source, what, expected, found } => {
                write!(f, "{source}: a trace of another run: expected {what} {expected}, found {found}")
            }
            ReplayError::Duplicate { process, sources: [a, b] } => write!(f, "{b}: expected one trace of {process}, found another in {a}"),
            ReplayError::Missing { process, heard_by, round } => {
                write!(f, "expected a trace of {process}, which {heard_by} heard in round {round}; found none")
            }
            ReplayError::NotAValue { source, what, problem } => write!(f, "{source}: the {what} cannot be read: {problem}"),
            ReplayError::Stuck { round: None, why } => write!(f, "`init` is stuck: {why}"),
            ReplayError::Stuck { round: Some(round), why } => {
                write!(f, "round {round} is stuck in the model, though it was recorded: {why}")
            }
        }?;
        f.write_str("; nothing was replayed")
    }
}

impl std::error::Error for ReplayError {}

/// Runs the lock-step model on the heard-of sets of `traces`, recorded by processes that ran `P` with this
/// [`fingerprint`](super::fingerprint), and compares.
pub fn replay<P: Specified>(traces: &[Trace], fingerprint: u64) -> Result<Replay, ReplayError> {
    let mut run = Run::<P>::admit(traces, fingerprint)?;
    for round in 0..run.rounds() {
        run.round(round)?;
    }
    run.finish()
}

struct Run<'a, P: Process> {
    /// By process.
    traces: Vec<Option<&'a Trace>>,
    system: System<P>,
    specs: Vec<Spec<P>>,
    before: Option<HeardOf<P>>,
    /// Whether `init` looked at the coin of round 0, by process.
    init_drew: Vec<bool>,
    report: Replay,
}

fn value<T: Value>(source: &str, what: &'static str, text: &str) -> Result<T, ReplayError> {
    let fail = |problem: String| ReplayError::NotAValue { source: source.to_string(), what, problem };
    let datum = Datum::parse(text, &T::sort()).map_err(|e| fail(e.to_string()))?;
    T::from_datum(&datum).ok_or_else(|| fail(format!("`{text}` is not a {}", T::sort())))
}

/// Every trace belongs to one run of `P`, each process at most once. Returns them by process.
fn one_run<P: Process>(traces: &[Trace], fingerprint: u64) -> Result<Vec<Option<&Trace>>, ReplayError> {
    let first = &traces.first().ok_or(ReplayError::Empty)?.header;
    let mut by_process: Vec<Option<&Trace>> = vec![None; first.n];
    for trace in traces {
        let h = &trace.header;
        let equal = [
            ("algorithm", algorithm_name::<P>(), h.algorithm.clone()),
            ("fingerprint", format!("{fingerprint:016x}"), format!("{:016x}", h.fingerprint)),
            ("cluster", first.cluster.clone(), h.cluster.clone()),
            ("number of processes", first.n.to_string(), h.n.to_string()),
            ("parameters", first.parameters.clone(), h.parameters.clone()),
        ];
        if let Some((what, expected, found)) = equal.into_iter().find(|(_, expected, found)| expected != found) {
            return Err(ReplayError::Foreign { source: trace.source.clone(), what, expected, found });
        }
        if let Some(other) = by_process[h.id.index()].replace(trace) {
            return Err(ReplayError::Duplicate { process: h.id, sources: [other.source.clone(), trace.source.clone()] });
        }
    }
    for trace in traces {
        for record in &trace.rounds {
            if let Some((q, _)) = record.heard.iter().find(|(q, _)| by_process[q.index()].is_none()) {
                return Err(ReplayError::Missing { process: *q, heard_by: trace.header.id, round: record.round });
            }
        }
    }
    Ok(by_process)
}

impl<'a, P: Specified> Run<'a, P> {
    fn admit(all: &'a [Trace], fingerprint: u64) -> Result<Self, ReplayError> {
        let traces = one_run::<P>(all, fingerprint)?;
        let n = traces.len();
        let parameters: P::Parameters = value(&all[0].source, "parameters", &all[0].header.parameters)?;
        let mut first: Vec<Option<P>> = vec![None; n];
        let mut init_drew = vec![false; n];
        for trace in all {
            let input: P::Input = value(&trace.source, "input", &trace.header.input)?;
            let id = trace.header.id;
            let coin = trace.rounds.first().map_or(trace.sending.as_ref().and_then(|s| s.coin), |r| r.coin).unwrap_or(false);
            let (state, drew) = caught(|| {
                let coordinator = P::coordinator(Phase::new(0), n, &parameters);
                let ctx = Context::new(id, n, 0, Phase::new(0), coordinator, parameters.clone()).with_coin(coin);
                (P::init(input, &ctx), ctx.drew_coin())
            })
            .map_err(|why| ReplayError::Stuck { round: None, why })?;
            init_drew[id.index()] = drew;
            first[id.index()] = Some(state);
        }
        // A process without a trace was heard by nobody: any state will do for it, since nothing below looks at it.
        let any = first.iter().flatten().next().cloned().ok_or(ReplayError::Empty)?;
        let first: Vec<P> = first.into_iter().map(|state| state.unwrap_or_else(|| any.clone())).collect();
        let specs: Vec<Spec<P>> = P::specs().into_iter().filter(|s| s.kind == Kind::Safety).collect();
        let report = Replay {
            process_rounds: 0,
            rounds: all.iter().map(|t| t.rounds.len()).max().unwrap_or(0),
            complete_rounds: 0,
            mismatches: vec![],
            mismatch_count: 0,
            outcomes: all.iter().map(|t| outcome(t, &first[t.header.id.index()])).collect::<Result<_, _>>()?,
            predicates: specs.iter().map(|s| Predicate { name: s.name, checked: 0, violated: vec![] }).collect(),
        };
        Ok(Run { traces, system: System::start(first, parameters), specs, before: None, init_drew, report })
    }

    fn rounds(&self) -> usize {
        self.report.rounds
    }

    fn differ(&mut self, process: Pid, round: usize, what: What, expected: String, found: String) {
        self.report.mismatch_count += 1;
        if self.report.mismatches.len() < MAX_MISMATCHES {
            self.report.mismatches.push(Mismatch { process, round, what, expected, found });
        }
    }

    fn round(&mut self, round: usize) -> Result<(), ReplayError> {
        let stuck = |why| ReplayError::Stuck { round: Some(round), why };
        let choice = self.choice(round)?;
        let halted = self.system.set(|p| self.system[p].halted());
        let (next, observed) = caught(|| observe(&self.system, &choice)).map_err(stuck)?;
        for p in choice.acting.iter() {
            self.compare(*p, round, &next, &observed[p.index()]);
        }
        let active = choice.acting.difference(&halted);
        self.report.process_rounds += choice.acting.len();
        self.report.complete_rounds += usize::from(active.len() + halted.len() == self.system.n());
        caught(|| self.predicates(&choice, active)).map_err(stuck)?;
        self.outputs(round, &next);
        self.system = next;
        Ok(())
    }

    /// The recorded choice of the adversary.
    fn choice(&self, round: usize) -> Result<Choice<P>, ReplayError> {
        let mut choice = Choice::new(vec![Set::new(); self.traces.len()]).with_acting(Set::new());
        for trace in self.traces.iter().flatten() {
            let p = trace.header.id;
            let given = match (trace.rounds.get(round), &trace.sending) {
                (Some(record), _) => {
                    choice.acting.insert(p);
                    choice.heard[p.index()] = record.heard.iter().map(|(q, _)| *q).collect();
                    (record.coin, &record.request)
                }
                // The round it did not finish: what it sent there may have been heard.
                (None, Some(sending)) if sending.round == round => (sending.coin, &sending.request),
                (None, _) => continue,
            };
            choice.coins[p.index()] = given.0.unwrap_or(false);
            let request = given.1.as_deref().map(|text| value(&trace.source, "request", text));
            choice.requests[p.index()] = request.transpose()?;
        }
        Ok(choice)
    }

    fn compare(&mut self, p: Pid, round: usize, next: &System<P>, observed: &Observed) {
        let Some(record) = self.traces[p.index()].and_then(|t| t.rounds.get(round)) else { return };
        for (q, found) in &record.heard {
            let rounds = self.traces[q.index()].map_or(0, |t| t.rounds.len());
            let found = format!("{found:016x}");
            let expected = match observed.messages.iter().find(|(sender, _)| sender == q) {
                Some(_) if rounds < round => format!("nothing, for the trace of {q} ends before round {rounds}"),
                Some((_, digest)) => format!("{digest:016x}"),
                None if self.system[*q].halted() => format!("nothing, for {q} has halted"),
                None => format!("nothing, for {q} sends {p} nothing"),
            };
            if expected != found {
                self.differ(p, round, What::Message(*q), expected, found);
            }
        }
        let expected = digest(&next[p]);
        if expected != record.state {
            self.differ(p, round, What::State, format!("{expected:016x}"), format!("{:016x}", record.state));
        }
        let drew = observed.drew_coin || (round == 0 && self.init_drew[p.index()]);
        if drew && record.coin.is_none() {
            self.differ(p, round, What::Coin, "a coin, for it is looked at".into(), "none".into());
        }
    }

    fn predicates(&mut self, choice: &Choice<P>, active: Set<Pid>) {
        let system = &self.system;
        let silent = |p: Pid| system[p].halted();
        let heard: Vec<Set<Pid>> = choice.heard.iter().map(|ho| ho.filter(|q| !silent(*q))).collect();
        let data = HeardOfData {
            safe: heard.clone(),
            heard,
            coins: choice.coins.clone(),
            active,
            byzantine: Set::new(),
            round: system.round(),
            kernel_before: system.kernel().clone(),
            parameters: system.parameters().to_datum(),
        };
        let now = HeardOf::<P>::from_data(data).expect("parameters written by `to_datum` are read by `from_datum`");
        let all_known = self.traces.iter().all(Option::is_some);
        for (spec, report) in self.specs.iter().zip(&mut self.report.predicates) {
            let holds = match (&spec.run, &self.before) {
                (SpecFn::Heard(f), _) => Some(f(&now)),
                (SpecFn::StateHeard(f), _) if all_known => Some(f(system, &now)),
                (SpecFn::HeardTwice(f), Some(before)) => Some(f(before, &now)),
                _ => None,
            };
            report.checked += usize::from(holds.is_some());
            if holds == Some(false) {
                report.violated.push(system.round());
            }
        }
        self.before = Some(now);
    }

    fn outputs(&mut self, round: usize, next: &System<P>) {
        for outcome in &mut self.report.outcomes {
            if round < outcome.rounds {
                let state = next[outcome.process].to_datum();
                for (name, value, changed) in &mut outcome.outputs {
                    if let Some(now) = state.field(name).filter(|now| *now != value) {
                        *value = now.clone();
                        *changed = Some(round);
                    }
                }
            }
        }
    }

    /// Forwarded outputs must be somebody's own.
    fn finish(mut self) -> Result<Replay, ReplayError> {
        let known: Vec<(&'static str, Datum)> =
            self.report.outcomes.iter().flat_map(|o| o.outputs.iter().map(|(name, value, _)| (*name, value.clone()))).collect();
        for outcome in self.report.outcomes.clone() {
            for (field, value) in &outcome.forwarded {
                if !known.iter().any(|(name, own)| name == field && own == value) {
                    let expected = "an output of a process that came to it by its rounds".into();
                    self.differ(outcome.process, outcome.rounds, What::Forwarded(field.clone()), expected, value.to_string());
                }
            }
        }
        Ok(self.report)
    }
}

/// What became of a process before its first round.
fn outcome<P: Process>(trace: &Trace, first: &P) -> Result<Outcome, ReplayError> {
    let state = first.to_datum();
    let outputs: Vec<(&'static str, Sort)> = P::fields().into_iter().filter(|f| f.output).map(|f| (f.name, f.sort)).collect();
    let fail = |problem| ReplayError::NotAValue { source: trace.source.clone(), what: "output", problem };
    let forwarded = trace.forwarded.iter().map(|(field, text)| {
        let sort = outputs.iter().find(|(name, _)| name == field).map(|(_, sort)| sort);
        let sort = sort.ok_or_else(|| fail(format!("expected an output field, found `{field}`")))?;
        Ok((field.clone(), Datum::parse(text, sort).map_err(|e| fail(e.to_string()))?))
    });
    Ok(Outcome {
        process: trace.header.id,
        rounds: trace.rounds.len(),
        forwarded: forwarded.collect::<Result<_, ReplayError>>()?,
        outputs: outputs.into_iter().filter_map(|(name, _)| Some((name, state.field(name)?.clone(), None))).collect(),
        end: trace.end.clone(),
    })
}
