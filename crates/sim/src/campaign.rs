//! Many runs.

use crate::chance::Chance;
use crate::faults::{Fired, Kind};
use crate::oracle::{Findings, Oracle};
use crate::plan::{Plan, Swarm};
use crate::run::{Outcome, Task, run};
use heardof_core::process::{Process, State};
use heardof_core::spec::Specified;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What instances may be started with: for each number of processes the inputs and the parameters.
#[derive(Clone, Debug)]
pub struct Choices<P: Specified> {
    /// By number of processes: inputs and parameters, at least one of each. A number that is not there is not simulated.
    pub of_size: BTreeMap<usize, Possible<P>>,
}

/// Inputs and parameters.
pub type Possible<P> = (Vec<<P as Process>::Input>, Vec<<P as State>::Parameters>);

impl<P: Specified> Choices<P> {
    /// What the processes of a run propose.
    ///
    /// # Panics
    /// If there is nothing for so many processes.
    pub fn task(&self, plan: &Plan) -> Task<P> {
        let mut chance = Chance::of(plan.seed, 9000);
        let (inputs, parameters) = &self.of_size[&plan.n];
        let parameters = chance.of_these(parameters).clone();
        let inputs = (0..plan.slots).map(|_| (0..plan.n).map(|_| chance.of_these(inputs).clone()).collect()).collect();
        Task { inputs, parameters }
    }
}

/// What is wrong with a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// Which kind of thing.
    pub what: What,
    /// In words.
    pub says: String,
}

/// How a run fails.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum What {
    /// It is no execution of the model.
    Replay,
    /// A property does not hold.
    Property,
    /// A node has raised an alarm.
    Alarm,
    /// A survivor that has to decide has not.
    Undecided,
    /// A process came back with what it never wrote, or did not come back for no reason.
    Recovery,
}

impl What {
    /// All of them.
    pub const ALL: [What; 5] = [What::Replay, What::Property, What::Alarm, What::Undecided, What::Recovery];
    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            What::Replay => "replay",
            What::Property => "property",
            What::Alarm => "alarm",
            What::Undecided => "undecided",
            What::Recovery => "recovery",
        }
    }
}

/// One run, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What was run.
    pub plan: Plan,
    /// What came of it.
    pub outcome: Outcome,
    /// What is wrong.
    pub failures: Vec<Failure>,
    /// The predicates that are assumed of the network, and were not so: only the replay counts.
    pub outside: Vec<&'static str>,
    /// Why survivors need not decide, when they have not.
    pub excused: Option<String>,
}

/// Runs a plan and judges it.
pub fn judged<P: Specified>(plan: Plan, choices: &Choices<P>, oracle: &Oracle<P>) -> Judged {
    let task = choices.task(&plan);
    let outcome = run(&plan, &task, oracle);
    let mut outside: Vec<&'static str> = outcome.findings.iter().flat_map(|f| f.outside.iter().map(|(name, _)| *name)).collect();
    outside.extend(outcome.forgot.map(|_| "stable storage"));
    outside.sort_unstable();
    outside.dedup();
    let mut failures = vec![];
    for (slot, Findings { mismatch, broken, outside, .. }) in outcome.findings.iter().enumerate() {
        if let Some(mismatch) = mismatch {
            failures.push(Failure { what: What::Replay, says: format!("instance {slot}: {mismatch}") });
        }
        for (name, round) in broken.iter().filter(|_| outside.is_empty()) {
            let says = format!("instance {slot}: `{name}` does not hold after {round} rounds");
            failures.push(Failure { what: What::Property, says });
        }
    }
    for (p, slot, alarm) in &outcome.alarms {
        failures.push(Failure { what: What::Alarm, says: format!("instance {slot}, {p}: {alarm}") });
    }
    for (p, what) in &outcome.recoveries {
        failures.push(Failure { what: What::Recovery, says: format!("{p}: {what}") });
    }
    let mut excused = None;
    if !outcome.undecided.is_empty() {
        let blocked = |slot: u64| outcome.findings[slot as usize].blocked;
        let open: Vec<_> = outcome.undecided.iter().filter(|(_, slot)| !blocked(*slot)).collect();
        excused = match (&outcome.excuse, open.first()) {
            (Some(why), _) => Some(why.clone()),
            (None, None) => Some("a round waits for more processes than survive".into()),
            (None, Some(_)) if !outside.is_empty() => Some(format!("outside of {}", outside.join(", "))),
            (None, Some((p, slot))) => {
                let says = format!("instance {slot}: {p} has not decided after everything was healed ({} such)", open.len());
                failures.push(Failure { what: What::Undecided, says });
                None
            }
        };
    }
    Judged { plan, outcome, failures, outside, excused }
}

/// The sum of many runs.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many.
    pub runs: u64,
    /// Rounds of processes executed again by the oracle.
    pub process_rounds: u64,
    /// Instances, and processes that survived, multiplied.
    pub pairs: u64,
    /// How many of them have not decided, and need not.
    pub excused: u64,
    /// Runs outside the assumed predicates.
    pub outside: u64,
    /// Runs in which everybody proposed and much was lost.
    pub hostile: u64,
    /// Runs that fail, by how.
    pub failed: BTreeMap<What, u64>,
    /// Runs that fail.
    pub failed_runs: u64,
    /// How often each fault fired.
    pub fired: Fired,
    /// For each kind in how many runs it fired.
    pub with: BTreeMap<Kind, u64>,
    /// In how many runs two kinds fired both.
    pub together: BTreeMap<(Kind, Kind), u64>,
    /// The first runs that fail, by seed.
    pub first: BTreeMap<u64, (Plan, Vec<Failure>)>,
    /// A digest of the logs of all runs, whatever their order.
    pub log: u64,
}

/// How many failed runs are kept.
const KEPT: usize = 10;

impl Tally {
    fn enter(&mut self, judged: Judged) {
        let Judged { plan, outcome, failures, outside, excused } = judged;
        self.runs += 1;
        self.process_rounds += outcome.findings.iter().map(|f| f.process_rounds).sum::<u64>();
        self.pairs += plan.slots * outcome.alive.iter().filter(|alive| **alive).count() as u64;
        self.excused += if excused.is_some() { outcome.undecided.len() as u64 } else { 0 };
        self.outside += u64::from(!outside.is_empty());
        self.hostile += u64::from(plan.hostile && plan.weather.share(Kind::Loss) >= 200);
        self.fired.add(&outcome.fired);
        let fired: Vec<Kind> = Kind::ALL.into_iter().filter(|kind| outcome.fired.times(*kind) > 0).collect();
        for (k, a) in fired.iter().enumerate() {
            *self.with.entry(*a).or_default() += 1;
            fired[k + 1..].iter().for_each(|b| *self.together.entry((*a, *b)).or_default() += 1);
        }
        self.log = self.log.wrapping_add(outcome.log.wrapping_mul(plan.seed | 1));
        for what in What::ALL.into_iter().filter(|what| failures.iter().any(|f| f.what == *what)) {
            *self.failed.entry(what).or_default() += 1;
        }
        if !failures.is_empty() {
            self.failed_runs += 1;
            self.first.insert(plan.seed, (plan, failures));
            if self.first.len() > KEPT {
                self.first.pop_last();
            }
        }
    }

    /// Adds those of other runs.
    fn add(&mut self, other: Tally) {
        self.runs += other.runs;
        self.process_rounds += other.process_rounds;
        self.pairs += other.pairs;
        self.excused += other.excused;
        self.outside += other.outside;
        self.hostile += other.hostile;
        self.failed_runs += other.failed_runs;
        self.fired.add(&other.fired);
        self.log = self.log.wrapping_add(other.log);
        other.failed.into_iter().for_each(|(what, count)| *self.failed.entry(what).or_default() += count);
        other.with.into_iter().for_each(|(kind, count)| *self.with.entry(kind).or_default() += count);
        other.together.into_iter().for_each(|(pair, count)| *self.together.entry(pair).or_default() += count);
        self.first.extend(other.first);
        while self.first.len() > KEPT {
            self.first.pop_last();
        }
    }

    /// How many pairs of kinds fired in one run, of how many.
    pub fn pairs_of_kinds(&self, allowed: &[Kind]) -> (usize, usize) {
        (self.together.len(), allowed.len() * allowed.len().saturating_sub(1) / 2)
    }
}

/// Runs seeds, on several threads; the sum does not depend on how many. `going` is asked before each run whether to go on, with how many
/// there were.
pub fn campaign<P: Specified>(
    swarm: &Swarm,
    choices: &Choices<P>,
    seeds: std::ops::Range<u64>,
    threads: usize,
    going: &(dyn Fn(u64) -> bool + Sync),
) -> Tally {
    let next = AtomicU64::new(seeds.start);
    let total: Mutex<Tally> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                let (oracle, mut tally) = (Oracle::<P>::default(), Tally::default());
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || !going(seed - seeds.start) {
                        break;
                    }
                    tally.enter(judged(swarm.plan(seed), choices, &oracle));
                }
                total.lock().expect("no thread panics while it holds the lock").add(tally);
            });
        }
    });
    total.into_inner().expect("as above")
}

/// The smallest plan found that still fails in the same way: fewer faults, instances, processes.
pub fn shrink<P: Specified>(plan: &Plan, what: What, choices: &Choices<P>) -> Judged {
    let oracle = Oracle::<P>::default();
    let fails = |plan: &Plan| {
        let judged = judged(plan.clone(), choices, &oracle);
        judged.failures.iter().any(|f| f.what == what).then_some(judged)
    };
    let mut best = judged(plan.clone(), choices, &oracle);
    loop {
        let now = best.plan.clone();
        let mut smaller: Vec<Plan> = vec![];
        for slots in [1, now.slots / 2, now.slots - 1] {
            smaller.extend((slots > 0 && slots < now.slots).then(|| Plan { slots, ..now.clone() }));
        }
        smaller.extend(choices.of_size.keys().filter(|n| **n < now.n).map(|n| Plan { n: *n, ..now.clone() }));
        smaller.extend(now.weather.kinds().map(|kind| Plan { weather: now.weather.clone().with(kind, 0), ..now.clone() }));
        smaller.extend(
            [2, 4]
                .map(|part| Plan { stormy: now.stormy - now.stormy / part, ..now.clone() })
                .into_iter()
                .filter(|p| p.stormy >= 10 * p.timeout),
        );
        smaller.extend(now.weather.kinds().filter(|kind| now.weather.share(*kind) > 1).map(|kind| {
            let share = now.weather.share(kind) / 2;
            Plan { weather: now.weather.clone().with(kind, share), ..now.clone() }
        }));
        match smaller.iter().find_map(fails) {
            Some(judged) => best = judged,
            None => return best,
        }
    }
}
