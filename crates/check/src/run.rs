//! `check`: all sizes, parameters and first configurations, on as many threads as wanted.

use crate::counterexample::{Counterexample, Round};
use crate::explore::{Broken, Explored, Found, Halt, Reach, explore};
use crate::fault::{Fault, drawn_from, faults};
use crate::joint::Numbered;
use crate::judge::Judge;
use crate::live::{Failed, Failure, Liveness, Phases};
use crate::options::{CheckError, MAX_N, Options, configurations, parameters};
use crate::predicate::{Rule, Unsupported, of_round, set_of};
use crate::step::{Setting, Stepper};
use crate::text::Facts;
use heardof_core::datum::Bounds;
use heardof_core::ir::{Algorithm, Kind};
use heardof_core::machine::{Interpreted, Machine, Stuck};
use heardof_core::{Datum, Pid, Set};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The figures of one size and one value of the parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figures {
    /// The number of processes.
    pub n: usize,
    /// The parameters.
    pub parameters: Datum,
    /// First configurations, up to renaming.
    pub configurations: u64,
    /// States, up to renaming.
    pub states: u64,
    /// Successors: products of the distinct outcomes of the processes, over all states.
    pub successors: u128,
    /// Of them generated, the others being renamings of these.
    pub generated: u64,
    /// Heard-of assignments covered, over all states.
    pub assignments: u128,
    /// Rounds to the deepest state.
    pub depth: usize,
    /// Rounds explored, if the text tells them apart; `None`: all rounds.
    pub rounds: Option<usize>,
    /// Good phases in a row after which everybody has terminated, from every reachable state; `None`: not looked at.
    pub good_phases: Option<usize>,
    /// Boundary states, not terminated, in which the predicates admit nothing any more and some process has halted.
    pub blocked: u64,
    /// The same with nobody halted: runs that no admissible run continues.
    pub dead_ends: u64,
}

/// A violation with a run that shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// The name of what is violated, `validity` say, or `stuck`.
    pub property: String,
    /// How: "property", "invariant", "lemma", "liveness", "stuck", "vacuous".
    pub kind: &'static str,
    /// In words.
    pub explanation: String,
    /// The run.
    pub run: Counterexample,
}

/// What `check` found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// For each size and value of the parameters.
    pub figures: Vec<Figures>,
    /// The smallest violation of each property.
    pub violations: Vec<Violation>,
    /// How processes were told apart, what was assumed, what was not looked at.
    pub notes: Vec<String>,
}

impl Report {
    /// Whether nothing is violated.
    pub fn holds(&self) -> bool {
        self.violations.is_empty()
    }
}

/// News of a running check.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The number of processes being looked at.
    pub n: usize,
    /// First configurations done.
    pub done: usize,
    /// Of so many.
    pub total: usize,
}

/// Who begins with what, for every first configuration.
type Configurations = Vec<Vec<Datum>>;

/// A system to explore.
pub(crate) struct Size {
    pub(crate) n: usize,
    pub(crate) parameters: Datum,
    pub(crate) phases: usize,
    pub(crate) fault: Fault,
}

struct Task {
    size: usize,
    inputs: Vec<Datum>,
}

/// Every system within `options`, with its first configurations.
pub(crate) fn cases(
    machine: &dyn Machine,
    facts: &Facts,
    options: &Options,
    relating: bool,
) -> Result<Vec<(Size, Configurations)>, CheckError> {
    let a = machine.algorithm();
    let mut cases = vec![];
    let sizes = options.sizes(machine, facts, relating)?;
    let last = *sizes.end();
    for n in sizes {
        if n > MAX_N {
            let size = format!("{n} processes have 2^{} heard-of assignments a round", n * n);
            return Err(CheckError::TooLarge { what: format!("n = {n}"), size, advice: format!("lower -n to at most {MAX_N}") });
        }
        let phases = options.phases(a, n);
        let all = match parameters(machine, facts, options, n) {
            Err(CheckError::NoParameters { .. }) if options.n.is_none() => vec![],
            other => other?,
        };
        for d in all {
            let apart = facts.told_apart(machine, n, &d, 0, if facts.uses_round { phases } else { 1 });
            let apart = apart.map_err(|why| CheckError::Stuck { function: "coordinator".into(), why })?;
            let bounds = Bounds { n, values: options.values.count(n), phases, nat: n };
            for fault in faults(machine, facts, &d, &bounds, apart)? {
                let all = configurations(&a.input, &bounds, apart, fault.byzantine)?;
                cases.push((Size { n, parameters: d.clone(), phases, fault }, all));
            }
        }
    }
    if cases.is_empty() { Err(CheckError::NoParameters { n: last }) } else { Ok(cases) }
}

/// What the text says, with renaming switched off where that is asked for.
pub(crate) fn facts(a: &Algorithm, options: &Options) -> Facts {
    let mut facts = Facts::of(a);
    if !options.reduce {
        facts.asymmetric = Some("reduction is switched off".into());
        facts.split = false;
    }
    facts
}

/// The rules of each round: any phase, and a good phase for `stage`.
pub(crate) fn rules(a: &Algorithm, stage: Option<usize>, first_number: u32) -> Result<Vec<Numbered>, CheckError> {
    let rule = |(k, round): (usize, &heardof_core::ir::Round)| {
        let unsupported = |u: Unsupported| CheckError::Unsupported { what: format!("the predicate `{}` {}", u.predicate, u.why) };
        let rule = Rule::of(of_round(&a.specs, &round.name, stage)).map_err(unsupported)?;
        Ok(Numbered::new(rule, first_number + k as u32))
    };
    a.rounds.iter().enumerate().map(rule).collect()
}

/// The rules of any phase and of the good phases of every stage.
pub(crate) fn phases(a: &Algorithm) -> Result<Phases, CheckError> {
    let live = a.specs.iter().any(|s| matches!(s.kind, Kind::Liveness { .. }));
    let stages = a.specs.iter().filter_map(|s| if let Kind::Progress { stage, .. } = s.kind { Some(stage) } else { None }).max();
    let rounds = a.rounds.len() as u32;
    let stages = if live { stages.unwrap_or(1) } else { 0 };
    let good = (1..=stages).map(|stage| rules(a, Some(stage), rounds * stage as u32)).collect::<Result<_, _>>()?;
    Ok(Phases { good, any: rules(a, None, 0)? })
}

/// Checks `machine`; `progress` is called after every first configuration.
pub fn check(machine: &dyn Machine, options: &Options, progress: &(dyn Fn(Progress) + Sync)) -> Result<Report, CheckError> {
    let a = machine.algorithm();
    let facts = facts(a, options);
    let text = Interpreted::new(a.clone());
    let relating = phases(a)?.any.iter().any(|r| !r.rule.is_local()) || facts.uses_kernel;
    let (mut sizes, mut tasks) = (vec![], vec![]);
    for (size, configurations) in cases(machine, &facts, options, relating)? {
        tasks.extend(configurations.into_iter().map(|inputs| Task { size: sizes.len(), inputs }));
        sizes.push(size);
    }
    let shared = Shared {
        machine,
        text: &text,
        facts: &facts,
        options,
        sizes: &sizes,
        tasks: &tasks,
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    };
    let outcomes = shared.run(progress)?;
    Ok(assemble(a, &facts, &sizes, outcomes))
}

struct Shared<'a> {
    machine: &'a dyn Machine,
    text: &'a Interpreted,
    facts: &'a Facts,
    options: &'a Options,
    sizes: &'a [Size],
    tasks: &'a [Task],
    next: AtomicUsize,
    stop: AtomicBool,
}

struct Outcome {
    task: usize,
    size: usize,
    figures: Figures,
    good_phases_seen: u64,
    violations: Vec<Violation>,
}

/// What one thread remembers as long as it stays with one size.
struct Worker<'a> {
    stepper: Stepper<'a>,
    judge: Judge<'a>,
    phases: Phases,
}

impl Shared<'_> {
    fn run(&self, progress: &(dyn Fn(Progress) + Sync)) -> Result<Vec<Outcome>, CheckError> {
        let results: Mutex<(Vec<Outcome>, Option<CheckError>)> = Mutex::new((vec![], None));
        std::thread::scope(|scope| {
            for _ in 0..self.options.threads.max(1) {
                scope.spawn(|| {
                    let error = self.work(&results, progress).err();
                    if let Some(error) = error {
                        self.stop.store(true, Ordering::Relaxed);
                        results.lock().unwrap_or_else(PoisonError::into_inner).1.get_or_insert(error);
                    }
                });
            }
        });
        let (mut outcomes, error) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcomes.sort_by_key(|o| o.task);
        error.map_or(Ok(outcomes), Err)
    }

    fn work(&self, results: &Mutex<(Vec<Outcome>, Option<CheckError>)>, progress: &(dyn Fn(Progress) + Sync)) -> Result<(), CheckError> {
        let mut current: Option<(usize, Worker<'_>)> = None;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = self.tasks.get(number).filter(|_| !self.stop.load(Ordering::Relaxed)) else { return Ok(()) };
            let size = &self.sizes[task.size];
            let fresh = current.as_ref().is_none_or(|(of, _)| *of != task.size);
            if fresh {
                current = Some((task.size, self.worker(size)?));
            }
            let Some((_, worker)) = &mut current else { return Ok(()) };
            let outcome = self.one(number, task, worker, fresh)?;
            if let Some(outcome) = outcome {
                if self.options.hurry && !outcome.violations.is_empty() {
                    self.stop.store(true, Ordering::Relaxed);
                }
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                results.0.push(outcome);
                progress(Progress { n: size.n, done: results.0.len(), total: self.tasks.len() });
            }
        }
    }

    fn worker<'b>(&'b self, size: &'b Size) -> Result<Worker<'b>, CheckError> {
        let Size { n, parameters, phases: explored, fault } = size;
        let (machine, a) = (self.machine, self.machine.algorithm());
        let set = Setting { machine, text: self.text, facts: self.facts, n: *n, parameters, phases: *explored, fault };
        let stepper = Stepper::new(set).map_err(|why| CheckError::Unsupported { what: why.to_string() })?;
        Ok(Worker { stepper, judge: Judge::new(a), phases: phases(a)? })
    }

    /// One first configuration. States are visited in an order that depends on what the worker saw before; which run is shown must not:
    /// one that is not `fresh` leaves what is violated to one that is.
    fn one(&self, number: usize, task: &Task, worker: &mut Worker<'_>, fresh: bool) -> Result<Option<Outcome>, CheckError> {
        let Worker { stepper, judge, phases } = worker;
        let a = self.machine.algorithm();
        let size = &self.sizes[task.size];
        let again = || self.one(number, task, &mut self.worker(size)?, true);
        let rounds = size.phases * a.rounds.len();
        let reach = Reach { rounds, states: self.options.limit_states, hurry: self.options.hurry, goals_only: self.options.goals_only };
        let halted = |halt: Halt| too_large(a, size.n, halt);
        let Some(explored) = explore(stepper, judge, &phases.any, &task.inputs, reach).map_err(halted)? else { return Ok(None) };
        if !fresh && !explored.found.is_empty() {
            return again();
        }
        let mut violations = vec![];
        for found in &explored.found {
            violations.push(show_found(a, stepper, phases, &explored, found)?);
        }
        let mut figures = Figures {
            n: size.n,
            parameters: size.parameters.clone(),
            configurations: 1,
            states: explored.states.len() as u64,
            successors: explored.successors,
            generated: explored.generated,
            assignments: explored.assignments,
            depth: explored.depth,
            rounds: self.facts.uses_round.then_some(rounds),
            good_phases: None,
            blocked: 0,
            dead_ends: 0,
        };
        let mut good_phases_seen = 0;
        if self.options.liveness && !phases.good.is_empty() && violations.is_empty() {
            let live = Liveness::of(stepper, judge, phases, &explored, rounds, !self.options.goals_only).map_err(halted)?;
            if !fresh && !live.failures.is_empty() {
                return again();
            }
            (figures.good_phases, good_phases_seen) = (Some(live.bound), live.good_phases);
            [figures.blocked, figures.dead_ends] = live.blocked;
            for failure in &live.failures {
                violations.push(show_failure(a, stepper, phases, &explored, failure)?);
            }
        }
        Ok(Some(Outcome { task: number, size: task.size, figures, good_phases_seen, violations }))
    }
}

pub(crate) fn too_large(a: &Algorithm, n: usize, halt: Halt) -> CheckError {
    let what = format!("{} with n = {n}", a.name);
    match halt {
        Halt::States(count) => CheckError::TooLarge {
            what,
            size: format!("more than {count} states from one first configuration"),
            advice: "lower -n, --values or --phases".into(),
        },
        Halt::Assignments(count) => {
            let advice = "lower -n, or write the predicate over one or two processes".into();
            CheckError::TooLarge { what, size: format!("{count} heard-of assignments for a single state"), advice }
        }
        Halt::Spec(spec, why) => CheckError::Stuck { function: a.specs.get(spec).map_or("init".into(), |s| s.name.clone()), why },
    }
}

fn stuck(why: Stuck) -> CheckError {
    CheckError::Stuck { function: "a step of a counterexample".into(), why }
}

/// Walks concretely along canonical rows, from the inputs.
fn walk(
    stepper: &mut Stepper<'_>,
    explored: &Explored,
    path: &[Vec<u32>],
    rules: &dyn Fn(usize) -> (usize, bool),
    phases: &Phases,
) -> Result<(Counterexample, Vec<u32>), CheckError> {
    let n = stepper.set.n;
    let mut row = vec![0; stepper.width()];
    for (p, input) in Pid::all(n).zip(&explored.inputs) {
        let local = stepper.init(p, input).map_err(stuck)?;
        row[p.index()] = stepper.proc(local, local);
    }
    if stepper.set.facts.uses_kernel {
        row[n + 1] = (1 << n) - 1;
    }
    let states =
        |stepper: &Stepper<'_>, row: &[u32]| row[..n].iter().map(|p| stepper.locals.value(stepper.now(*p)).clone()).collect::<Vec<_>>();
    let before = states(stepper, &row);
    let mut run = Counterexample {
        n,
        parameters: stepper.set.parameters.clone(),
        inputs: explored.inputs.clone(),
        initially: before.clone(),
        before,
        rounds: vec![],
        byzantine: set_of(stepper.set.fault.byzantine),
        stuck: None,
    };
    for (k, target) in path.iter().enumerate().skip(1) {
        let (stage, good) = rules(k);
        let of_stage = if good { &phases.good[stage.max(1) - 1] } else { &phases.any };
        let rule = &of_stage[stepper.round(&row) % stepper.rounds];
        let found = stepper.concrete(&row, &explored.firsts, rule, target, false, good).map_err(stuck)?;
        let Some(concrete) = found else {
            return Err(CheckError::Unsupported {
                what: format!("round {k} of a counterexample could not be made concrete; this is a defect of the checker"),
            });
        };
        // Rounds that the text does not tell apart are numbered on.
        let round = Round { number: k - 1, ..concrete.round };
        run.rounds.push(round);
        row = concrete.row;
    }
    Ok((run, row))
}

fn show_found(
    a: &Algorithm,
    stepper: &mut Stepper<'_>,
    phases: &Phases,
    explored: &Explored,
    found: &Found,
) -> Result<Violation, CheckError> {
    let mut path = explored.path(found.state);
    if let Some(to) = &found.step_to {
        let mut to = to.clone();
        stepper.canonical(&mut to).map_err(stuck)?;
        path.push(to);
    }
    let (mut run, row) = walk(stepper, explored, &path, &|_| (0, false), phases)?;
    let (property, kind, explanation) = match &found.what {
        Broken::Spec(spec) => {
            let spec = &a.specs[*spec];
            let kind = match spec.kind {
                Kind::Invariant(_) => "invariant",
                Kind::Lemma { .. } => "lemma",
                _ => "property",
            };
            (
                spec.name.clone(),
                kind,
                format!("`{}` does not hold{}", spec.name, if found.step_to.is_some() { " of the last step" } else { "" }),
            )
        }
        Broken::Stuck(_, _) => {
            let (process, why) =
                match stepper.successors(&row, &explored.firsts, &phases.any[stepper.round(&row) % stepper.rounds], &mut |_, _| {}) {
                    Err(crate::joint::Trouble::Stuck(at)) => (at.process, at.why),
                    _ => (Pid::new(0), Stuck::Sort("the step could not be repeated".into())),
                };
            let explanation = format!("{process} has no next state in round {}: {why}", run.rounds.len());
            run.stuck = Some((process, why));
            ("stuck".into(), "stuck", explanation)
        }
    };
    Ok(Violation { property, kind, explanation, run })
}

fn show_failure(
    a: &Algorithm,
    stepper: &mut Stepper<'_>,
    phases: &Phases,
    explored: &Explored,
    failure: &Failure,
) -> Result<Violation, CheckError> {
    let mut path = explored.path(failure.state);
    let start = path.len();
    path.extend(failure.rounds.iter().cloned());
    let stage = failure.stage;
    let (run, _) = walk(stepper, explored, &path, &|k| (stage.unwrap_or(1), stage.is_some() && k >= start), phases)?;
    let name = |spec: usize| a.specs[spec].name.clone();
    let (property, explanation) = match &failure.what {
        Failed::Step(spec) => (name(*spec), format!("a good phase does not lead to `{}` (stage {})", name(*spec), stage.unwrap_or(0))),
        Failed::Stable(spec) => (name(*spec), format!("`{}` was reached and is lost in a phase that need not be good", name(*spec))),
        Failed::Termination(spec) => (name(*spec), format!("the last stage of the ladder does not imply `{}`", name(*spec))),
        Failed::Never(spec) => (name(*spec), format!("after any number of good phases, `{}` need not hold", name(*spec))),
    };
    Ok(Violation { property, kind: "liveness", explanation, run })
}

fn assemble(a: &Algorithm, facts: &Facts, sizes: &[Size], outcomes: Vec<Outcome>) -> Report {
    let mut report = Report::default();
    // The systems of one row follow each other and differ in who is Byzantine.
    let mut next = 0;
    while let Some(size) = sizes.get(next) {
        let start = next;
        let alike = |other: &Size| other.n == size.n && other.parameters == size.parameters;
        next += sizes[start..].iter().take_while(|other| alike(other)).count();
        let of_size: Vec<&Outcome> = outcomes.iter().filter(|o| (start..next).contains(&o.size)).collect();
        let sum = |f: &dyn Fn(&Figures) -> u64| of_size.iter().map(|o| f(&o.figures)).sum::<u64>();
        let looked = of_size.iter().any(|o| o.figures.good_phases.is_some());
        report.figures.push(Figures {
            n: size.n,
            parameters: size.parameters.clone(),
            configurations: of_size.len() as u64,
            states: sum(&|f| f.states),
            successors: of_size.iter().fold(0, |sum, o| o.figures.successors.saturating_add(sum)),
            generated: sum(&|f| f.generated),
            assignments: of_size.iter().fold(0, |sum, o| o.figures.assignments.saturating_add(sum)),
            depth: of_size.iter().map(|o| o.figures.depth).max().unwrap_or(0),
            rounds: facts.uses_round.then_some(size.phases * a.rounds.len()),
            good_phases: of_size.iter().filter_map(|o| o.figures.good_phases).max(),
            blocked: sum(&|f| f.blocked),
            dead_ends: sum(&|f| f.dead_ends),
        });
        let vacuous = looked && of_size.iter().all(|o| o.good_phases_seen == 0);
        if vacuous && let Some(outcome) = of_size.first() {
            report.violations.push(vacuous_violation(a, size, outcome));
        }
    }
    for outcome in outcomes {
        report.violations.extend(outcome.violations);
    }
    let size = |v: &Violation| (v.run.n, v.run.rounds.len(), v.run.byzantine.len(), v.run.altered(), v.run.dropped());
    report.violations.sort_by(|x, y| x.property.cmp(&y.property).then(x.kind.cmp(y.kind)).then(size(x).cmp(&size(y))));
    report.violations.dedup_by(|later, earlier| later.property == earlier.property && later.kind == earlier.kind);
    report.violations.sort_by_key(size);
    report.notes.push(match &facts.asymmetric {
        Some(why) => format!("no renaming of processes: {why}"),
        None if facts.uses_coordinator => "processes are renamed, but for the coordinators of the phases to come".into(),
        None => "processes are renamed".into(),
    });
    report.notes.extend(sizes.iter().rev().find_map(|size| drawn_from(a, &size.fault)));
    if report.figures.iter().any(|f| f.blocked > 0) {
        report.notes.push(
            "some processes terminate only because finished ones pass on their decision: too few are left to satisfy the predicates".into(),
        );
    }
    if report.figures.iter().any(|f| f.dead_ends > 0) {
        report.notes.push("the predicates admit prefixes that no admissible run continues; they do not count against termination".into());
    }
    report
}

fn vacuous_violation(a: &Algorithm, size: &Size, outcome: &Outcome) -> Violation {
    let names: Vec<String> = a.specs.iter().filter(|s| matches!(s.kind, Kind::Liveness { .. })).map(|s| s.name.clone()).collect();
    let explanation = format!("no reachable state admits a good phase ({}) with n = {}: liveness says nothing", names.join(", "), size.n);
    let run = Counterexample {
        n: size.n,
        parameters: outcome.figures.parameters.clone(),
        inputs: vec![],
        initially: vec![],
        before: vec![],
        rounds: vec![],
        byzantine: Set::new(),
        stuck: None,
    };
    Violation { property: names.join(", "), kind: "vacuous", explanation, run }
}

/// A set of process ids from a list of numbers: for tests and printed runs.
pub fn pids(numbers: &[usize]) -> Set<Pid> {
    numbers.iter().map(|k| Pid::new(*k)).collect()
}
