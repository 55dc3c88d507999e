//! `check --induction`: every state that satisfies the invariants, reachable or not, through one round.
//!
//! For each round of a phase: whatever satisfies the invariants due before it and takes any admitted step must satisfy the invariants due
//! before the next round and every two-state property; and whatever satisfies the invariants must satisfy the state properties. The
//! states are all combinations of local states within the bounds, put together process by process, so that a conjunct that reads one or
//! two processes cuts off everything below it.
//!
//! Worked example: before LastVoting's first round `no_vote`, `not_ready` and `in_the_past` leave 18 of 144 local states at φ = 2; four
//! interchangeable processes give 5 985 states to look at instead of 144^4.

use crate::counterexample::Counterexample;
use crate::fault::{Fault, faults};
use crate::hash::States;
use crate::joint::{Numbered, Trouble};
use crate::judge::Judge;
use crate::options::{CheckError, MAX_N, Options, configurations, parameters};
use crate::run::{Violation, facts, rules};
use crate::step::{Setting, Stepper, StuckAt};
use crate::text::Facts;
use heardof_core::datum::Bounds;
use heardof_core::ir::{Algorithm, Kind, Node};
use heardof_core::machine::{Interpreted, Machine, Stuck};
use heardof_core::{Datum, Pid};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Combinations looked at for one round before it is refused.
pub const LIMIT: u128 = 400_000_000;

/// The figures of one size.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InductionFigures {
    /// The number of processes.
    pub n: usize,
    /// States that satisfy the invariants, up to renaming, over all rounds, phases, parameters and first states.
    pub states: u64,
    /// Successors: products of distinct outcomes.
    pub successors: u128,
    /// Heard-of assignments covered.
    pub assignments: u128,
}

/// What induction by enumeration found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InductionReport {
    /// For each size.
    pub figures: Vec<InductionFigures>,
    /// The smallest counterexample for each function and round.
    pub violations: Vec<Violation>,
    /// What was not looked at.
    pub notes: Vec<String>,
}

/// One round at one phase, for one value of the parameters and one set of first states.
struct Task {
    n: usize,
    parameters: Datum,
    fault: Fault,
    phase: usize,
    k: usize,
    inputs: Vec<Datum>,
    values: usize,
    phases: usize,
}

/// Looks at every state within the bounds; `phases` defaults to 3 here (phases 0, 1 and 2).
pub fn induction(
    machine: &dyn Machine,
    options: &Options,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<InductionReport, CheckError> {
    let a = machine.algorithm();
    let facts = facts(a, options);
    let text = Interpreted::new(a.clone());
    let options = Options { phases: Some(options.phases.unwrap_or(3)), ..options.clone() };
    let tasks = tasks(machine, &facts, &options)?;
    let (next, shared) = (AtomicUsize::new(0), Mutex::new((vec![], None::<CheckError>)));
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(number) else { return };
                    let result = one(machine, &text, &facts, task);
                    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                    match result {
                        Ok(outcome) => shared.0.push((number, outcome)),
                        Err(error) => {
                            shared.1.get_or_insert(error);
                            next.store(tasks.len(), Ordering::Relaxed);
                        }
                    }
                    progress(shared.0.len(), tasks.len());
                }
            });
        }
    });
    let (mut outcomes, error) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(error) = error {
        return Err(error);
    }
    outcomes.sort_by_key(|(number, _)| *number);
    let mut report = InductionReport::default();
    for (number, (figures, violations)) in outcomes {
        let n = tasks[number].n;
        if report.figures.last().is_none_or(|f: &InductionFigures| f.n != n) {
            report.figures.push(InductionFigures { n, ..Default::default() });
        }
        if let Some(sum) = report.figures.last_mut() {
            sum.states += figures.states;
            sum.successors = sum.successors.saturating_add(figures.successors);
            sum.assignments = sum.assignments.saturating_add(figures.assignments);
        }
        for violation in violations {
            if !report.violations.iter().any(|v: &Violation| v.property == violation.property && v.explanation == violation.explanation) {
                report.violations.push(violation);
            }
        }
    }
    if a.rounds.len() > 1 && a.specs.iter().any(|s| matches!(s.kind, Kind::Progress { .. })) {
        report.notes.push("stages of progress are looked at from reachable states only (see `check` without --induction)".into());
    }
    Ok(report)
}

fn tasks(machine: &dyn Machine, facts: &Facts, options: &Options) -> Result<Vec<Task>, CheckError> {
    let a = machine.algorithm();
    let mut tasks = vec![];
    for n in options.n.clone().unwrap_or(2..=4) {
        if n > MAX_N {
            return Err(CheckError::TooLarge {
                what: format!("n = {n}"),
                size: "too many states".into(),
                advice: format!("lower -n to at most {MAX_N}"),
            });
        }
        let values = options.values.count(n);
        let phases = options.phases.unwrap_or(3);
        for phase in 0..if facts.uses_round { phases } else { 1 } {
            for k in 0..a.rounds.len() {
                let mut leaders = vec![];
                for d in parameters(machine, facts, options, n)? {
                    let stuck = |why| CheckError::Stuck { function: "coordinator".into(), why };
                    let apart = facts.told_apart(machine, n, &d, phase * a.rounds.len(), phase + 1).map_err(stuck)?;
                    // Parameters that nothing here reads matter only through the coordinator, up to renaming.
                    if facts.asymmetric.is_none() && a.faults.is_none() && !reads_parameters(a, k) && leaders.contains(&apart) {
                        continue;
                    }
                    leaders.push(apart);
                    let bounds = Bounds { n, values, phases, nat: n };
                    for fault in faults(machine, facts, &d, &bounds, apart)? {
                        for inputs in first_states(a, facts, &bounds, apart, fault.byzantine)? {
                            tasks.push(Task { n, parameters: d.clone(), fault: fault.clone(), phase, k, inputs, values, phases });
                        }
                    }
                }
            }
        }
    }
    Ok(tasks)
}

fn reads_parameters(a: &Algorithm, k: usize) -> bool {
    let round = [&a.rounds[k].send, &a.rounds[k].update];
    let specs = a.specs.iter().filter(|s| s.kind != Kind::Resilience).map(|s| &s.function);
    let functions = round.into_iter().chain(&a.functions).chain(&a.halted).chain(specs);
    functions.into_iter().any(|f| f.body.as_ref().is_ok_and(|b| b.any(&|e| matches!(&e.node, Node::Method(m, ..) if m == "parameters"))))
}

/// The input vectors whose first states are to be told apart.
fn first_states(a: &Algorithm, facts: &Facts, bounds: &Bounds, apart: u64, byzantine: u64) -> Result<Vec<Vec<Datum>>, CheckError> {
    let all = configurations(&a.input, bounds, if facts.split { 0 } else { apart }, byzantine)?;
    if !facts.split {
        // First states belong to their processes and are enumerated with them.
        return Ok(all.into_iter().take(1).collect());
    }
    if !facts.first_as_set {
        return Ok(all);
    }
    let mut seen: Vec<Vec<Datum>> = vec![];
    let set = |inputs: &Vec<Datum>| {
        let mut set = inputs.clone();
        set.sort();
        set.dedup();
        set
    };
    Ok(all.into_iter().filter(|inputs| !seen.contains(&set(inputs)) && (seen.push(set(inputs)), true).1).collect())
}

struct Search<'a, 'm> {
    stepper: Stepper<'m>,
    judge: Judge<'m>,
    rule: Numbered,
    firsts: Vec<u32>,
    round: usize,
    /// The functions due before this round and before the next.
    now: Vec<usize>,
    next: Vec<usize>,
    /// State properties, to follow from the invariants; stages, to be stable over a phase of one round.
    properties: Vec<usize>,
    stages: Vec<Vec<usize>>,
    steps: Vec<usize>,
    /// For each process: the words it may have, and its kernel bit.
    words: Vec<Vec<(u32, u32)>>,
    order: Vec<usize>,
    apart: u64,
    /// Successors known to satisfy the invariants.
    good: States,
    figures: InductionFigures,
    violations: Vec<Violation>,
    a: &'a Algorithm,
}

fn stuck(function: &str) -> impl Fn(Stuck) -> CheckError {
    let function = function.to_string();
    move |why| CheckError::Stuck { function: function.clone(), why }
}

fn one(machine: &dyn Machine, text: &Interpreted, facts: &Facts, task: &Task) -> Result<(InductionFigures, Vec<Violation>), CheckError> {
    let a = machine.algorithm();
    let set = Setting { machine, text, facts, n: task.n, parameters: &task.parameters, phases: task.phase + 1, fault: &task.fault };
    let mut stepper = Stepper::new(set).map_err(|why| CheckError::Unsupported { what: why.to_string() })?;
    let mut judge = Judge::new(a);
    judge.rows_are_new();
    if !facts.split {
        judge.firsts_vary();
    }
    let round = if facts.uses_round { task.phase * a.rounds.len() + task.k } else { task.k };
    let invariant = |k: &Kind| matches!(k, Kind::Invariant(_));
    let at_end = |stage: usize| {
        let specs = a.specs.iter().enumerate();
        specs
            .filter(|(_, s)| matches!(&s.kind, Kind::Progress { stage: st, before } if *st == stage && before.is_empty()))
            .map(|(k, _)| k)
            .collect::<Vec<_>>()
    };
    let last = a.specs.iter().filter_map(|s| if let Kind::Progress { stage, .. } = s.kind { Some(stage) } else { None }).max().unwrap_or(0);
    let mut firsts = vec![];
    for (p, input) in Pid::all(task.n).zip(&task.inputs) {
        firsts.push(stepper.init(p, input).map_err(stuck("init"))?);
    }
    judge.begin(facts, &firsts, task.fault.byzantine);
    let leader = if facts.uses_coordinator { Some(stepper.coordinator(round).map_err(stuck("coordinator"))?.index()) } else { None };
    let apart = stepper.placed(round).map_err(stuck("coordinator"))?;
    let mut order: Vec<usize> = (0..task.n).collect();
    order.sort_by_key(|p| (Some(*p) != leader, apart >> p & 1 == 0, *p));
    let mut search = Search {
        now: judge.due(task.k, invariant),
        next: judge.due((task.k + 1) % a.rounds.len(), invariant),
        properties: judge.due(task.k, |k| *k == Kind::Property),
        stages: if a.rounds.len() == 1 { (1..=last).map(at_end).collect() } else { vec![] },
        steps: judge.step_properties(task.k, true),
        words: vec![vec![]; task.n],
        good: States::new(stepper.width()),
        rule: rules(a, None, 0)?.swap_remove(task.k),
        stepper,
        judge,
        firsts,
        round,
        order,
        apart,
        figures: InductionFigures { n: task.n, ..Default::default() },
        violations: vec![],
        a,
    };
    search.local_states(task)?;
    let mut row = vec![0; search.stepper.width()];
    row[task.n] = round as u32;
    if task.k == 0 && task.phase == 0 {
        search.initial(task)?;
    }
    search.place(0, 0, &mut row)?;
    Ok((search.figures, search.violations))
}

impl Search<'_, '_> {
    /// The local states of each process that satisfy the conjuncts on one process.
    fn local_states(&mut self, task: &Task) -> Result<(), CheckError> {
        let n = task.n;
        let bounds = Bounds { n, values: task.values, phases: task.phases, nat: n };
        let all = self.a.state.enumerate(&bounds);
        if all.is_empty() {
            return Err(CheckError::Inputs { sort: self.a.state.to_string() });
        }
        let locals: Vec<u32> = all.into_iter().map(|d| self.stepper.locals.number(d)).collect();
        let split = self.stepper.set.facts.split;
        let mut pairs = vec![];
        if split {
            pairs.extend(locals.iter().map(|now| self.stepper.proc(0, *now)));
        } else {
            let mut firsts = vec![];
            for input in self.a.input.enumerate(&bounds) {
                firsts.push(self.stepper.init(Pid::new(0), &input).map_err(stuck("init"))?);
            }
            for first in firsts {
                pairs.extend(locals.iter().map(|now| self.stepper.proc(first, *now)));
            }
        }
        let bits: &[u32] = if self.stepper.set.facts.uses_kernel { &[0, 1] } else { &[0] };
        let mut of_free: Option<Vec<(u32, u32)>> = None;
        for p in 0..n {
            let free = self.apart >> p & 1 == 0;
            if self.is_byzantine(p) {
                let proc = self.stepper.proc(self.firsts[p], self.firsts[p]);
                self.words[p] = bits.iter().map(|bit| (proc, *bit)).collect();
                continue;
            }
            if let Some(words) = of_free.as_ref().filter(|_| free) {
                self.words[p] = words.clone();
                continue;
            }
            let mut row = vec![0; self.stepper.width()];
            row[n] = self.round as u32;
            let mut words = vec![];
            for proc in &pairs {
                row[..n].fill(*proc);
                if self.fits_alone(&row, p)? {
                    words.extend(bits.iter().map(|bit| (*proc, *bit)));
                }
            }
            if free {
                of_free = Some(words.clone());
            }
            self.words[p] = words;
        }
        let free = (0..n).filter(|p| self.apart >> p & 1 == 0).count();
        let told: u128 = (0..n).filter(|p| self.apart >> p & 1 == 1).map(|p| self.words[p].len() as u128).product();
        let count = of_free.map_or(1, |w| w.len() as u128);
        let size = (0..free as u128).fold(told, |product, k| product.saturating_mul(count + k) / (k + 1));
        if size > LIMIT {
            let what = format!("{} before round {} with n = {n}", self.a.name, self.round);
            return Err(CheckError::TooLarge {
                what,
                size: format!("{size} combinations of local states"),
                advice: "lower -n, --values or --phases".into(),
            });
        }
        Ok(())
    }

    fn is_byzantine(&self, p: usize) -> bool {
        self.stepper.set.fault.byzantine >> p & 1 == 1
    }

    fn parts(&self, spec: usize) -> std::ops::Range<usize> {
        0..self.judge.parts[spec].len()
    }

    fn fits_alone(&mut self, row: &[u32], p: usize) -> Result<bool, CheckError> {
        use crate::formula::Reads;
        for spec in self.now.clone() {
            for part in self.parts(spec) {
                let name = &self.a.specs[spec].name;
                let fits = match self.judge.parts[spec][part].reads {
                    Reads::One(_) => self.judge.one(&mut self.stepper, spec, part, row, &self.firsts, p).map_err(stuck(name))?,
                    Reads::Two(..) => self.judge.two(&mut self.stepper, spec, part, row, &self.firsts, p, p).map_err(stuck(name))?,
                    _ => true,
                };
                if !fits {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether the process at `order[depth]` fits to those placed before it.
    fn fits(&mut self, row: &[u32], depth: usize) -> Result<bool, CheckError> {
        use crate::formula::Reads;
        let p = self.order[depth];
        if self.is_byzantine(p) {
            return Ok(true);
        }
        for at in 0..self.now.len() {
            let spec = self.now[at];
            for part in self.parts(spec) {
                let fits = match self.judge.parts[spec][part].reads {
                    Reads::Leader(_) => {
                        self.judge.one(&mut self.stepper, spec, part, row, &self.firsts, p).map_err(stuck(&self.a.specs[spec].name))?
                    }
                    Reads::Two(..) => {
                        let them = self.stepper.set.fault.byzantine;
                        let byzantine = |q: &usize| them >> q & 1 == 1;
                        let mut all = true;
                        for q in self.order[..depth].iter().copied().filter(|q| !byzantine(q)) {
                            for (i, j) in [(p, q), (q, p)] {
                                all = all
                                    && self
                                        .judge
                                        .two(&mut self.stepper, spec, part, row, &self.firsts, i, j)
                                        .map_err(stuck(&self.a.specs[spec].name))?;
                            }
                        }
                        all
                    }
                    _ => true,
                };
                if !fits {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn place(&mut self, depth: usize, from: usize, row: &mut Vec<u32>) -> Result<(), CheckError> {
        let Some(p) = self.order.get(depth).copied() else { return self.complete(row) };
        let free = self.apart >> p & 1 == 0;
        let follows = free && depth > 0 && self.apart >> self.order[depth - 1] & 1 == 0;
        let kernel = self.stepper.set.n + 1;
        for k in if follows { from } else { 0 }..self.words[p].len() {
            let (word, bit) = self.words[p][k];
            row[p] = word;
            row[kernel] = (row[kernel] & !(1 << p)) | bit << p;
            if self.fits(row, depth)? {
                self.place(depth + 1, k, row)?;
            }
        }
        row[kernel] &= !(1 << p);
        Ok(())
    }

    fn whole(&mut self, specs: &[usize], row: &[u32]) -> Result<bool, CheckError> {
        use crate::formula::Reads;
        for spec in specs {
            let counts = self.judge.parts[*spec].iter().any(|c| c.reads == Reads::Whole);
            if counts
                && !self.judge.spared(&mut self.stepper, *spec, row, &self.firsts).map_err(stuck(&self.a.specs[*spec].name))?
                && !self.judge.holds(&mut self.stepper, *spec, row, &self.firsts).map_err(stuck(&self.a.specs[*spec].name))?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// A state all of whose processes fit: if the rest of the invariants holds too, it takes every step.
    fn complete(&mut self, row: &[u32]) -> Result<(), CheckError> {
        let now = self.now.clone();
        if !self.whole(&now, row)? {
            return Ok(());
        }
        self.figures.states += 1;
        for spec in self.properties.clone() {
            let name = self.a.specs[spec].name.clone();
            if !self.judge.holds(&mut self.stepper, spec, row, &self.firsts).map_err(stuck(&name))? {
                let place = &self.a.rounds[self.round % self.a.rounds.len()].name;
                self.report(row, None, name.clone(), format!("the invariants before {place} do not imply `{name}`"))?;
            }
        }
        let mut fresh: Vec<Vec<u32>> = vec![];
        let (good, check_steps) = (&self.good, !self.steps.is_empty() || !self.stages.is_empty());
        let result = self.stepper.successors(row, &self.firsts, &self.rule, &mut |aligned, canonical| {
            if check_steps || good.get(canonical).is_none() {
                fresh.push(aligned.to_vec());
            }
        });
        match result {
            Ok(covered) => {
                self.figures.successors = self.figures.successors.saturating_add(covered.products);
                self.figures.assignments = self.figures.assignments.saturating_add(covered.assignments);
            }
            Err(Trouble::TooLarge { assignments }) => {
                let size = format!("{assignments} heard-of assignments for a single state");
                return Err(CheckError::TooLarge { what: self.a.name.clone(), size, advice: "lower -n".into() });
            }
            Err(Trouble::Stuck(StuckAt { process, why })) => {
                return self.report(row, None, "stuck".into(), format!("{process} has no next state: {why}"));
            }
        }
        for new in fresh {
            self.successor(row, &new)?;
        }
        Ok(())
    }

    fn successor(&mut self, row: &[u32], new: &[u32]) -> Result<(), CheckError> {
        for spec in self.steps.clone() {
            let name = self.a.specs[spec].name.clone();
            if !self.judge.step_holds(&mut self.stepper, spec, row, new, &self.firsts).map_err(stuck(&name))? {
                self.report(row, Some(new), name.clone(), format!("`{name}` does not hold of the step"))?;
            }
        }
        for stage in 0..self.stages.len() {
            let specs = self.stages[stage].clone();
            for (number, spec) in specs.iter().enumerate() {
                let name = self.a.specs[*spec].name.clone();
                let before = number == 0 && self.all(&specs, row)?;
                if before && !self.all(&specs, new)? {
                    self.report(row, Some(new), name.clone(), format!("stage {} (`{name}`) does not stay", stage + 1))?;
                }
            }
        }
        let mut canonical = new.to_vec();
        self.stepper.canonical(&mut canonical).map_err(stuck("coordinator"))?;
        if self.good.get(&canonical).is_some() {
            return Ok(());
        }
        let mut holds = true;
        for spec in self.next.clone() {
            let name = self.a.specs[spec].name.clone();
            if !self.judge.holds(&mut self.stepper, spec, &canonical, &self.firsts).map_err(stuck(&name))? {
                holds = false;
                let rounds = &self.a.rounds;
                let (before, after) = (&rounds[self.round % rounds.len()].name, &rounds[(self.round + 1) % rounds.len()].name);
                self.report(
                    row,
                    Some(new),
                    name.clone(),
                    format!("the invariants hold before {before}; `{name}` does not hold before {after}"),
                )?;
            }
        }
        if holds {
            self.good.insert(&canonical);
        }
        Ok(())
    }

    fn all(&mut self, specs: &[usize], row: &[u32]) -> Result<bool, CheckError> {
        for spec in specs {
            if !self.judge.holds(&mut self.stepper, *spec, row, &self.firsts).map_err(stuck(&self.a.specs[*spec].name))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The first states satisfy the invariants due before the first round.
    fn initial(&mut self, task: &Task) -> Result<(), CheckError> {
        let n = task.n;
        let bounds = Bounds { n, values: task.values, phases: 1, nat: n };
        for inputs in configurations(&self.a.input, &bounds, self.apart, task.fault.byzantine)? {
            let mut row = vec![0; self.stepper.width()];
            row[n] = self.round as u32;
            row[n + 1] = if self.stepper.set.facts.uses_kernel { (1 << n) - 1 } else { 0 };
            let mut firsts = vec![];
            for (p, input) in Pid::all(n).zip(&inputs) {
                let local = self.stepper.init(p, input).map_err(stuck("init"))?;
                row[p.index()] = self.stepper.proc(local, local);
                firsts.push(local);
            }
            let kept = std::mem::replace(&mut self.firsts, firsts);
            self.judge.begin(self.stepper.set.facts, &self.firsts, task.fault.byzantine);
            let mut admitted = true;
            for spec in self.judge.due(0, |k| *k == Kind::Initial) {
                admitted = admitted && self.all(&[spec], &row)?;
            }
            for spec in self.now.clone() {
                let name = self.a.specs[spec].name.clone();
                if admitted && !self.all(&[spec], &row)? {
                    self.report(&row, None, name.clone(), format!("`{name}` does not hold at the start"))?;
                }
            }
            self.firsts = kept;
            self.judge.begin(self.stepper.set.facts, &self.firsts, task.fault.byzantine);
        }
        Ok(())
    }

    fn report(&mut self, row: &[u32], new: Option<&[u32]>, property: String, explanation: String) -> Result<(), CheckError> {
        if self.violations.iter().any(|v| v.explanation == explanation) {
            return Ok(());
        }
        let system = self.stepper.system(row, &self.firsts);
        let mut run = Counterexample {
            n: system.now.len(),
            parameters: system.parameters,
            inputs: vec![],
            initially: system.first,
            before: system.now,
            rounds: vec![],
            byzantine: system.byzantine,
            stuck: None,
        };
        if let Some(new) = new {
            let found = self.stepper.concrete(row, &self.firsts, &self.rule, new, true, false).map_err(stuck("a step"))?;
            run.rounds.extend(found.map(|c| c.round));
        }
        self.violations.push(Violation { property, kind: "induction", explanation, run });
        Ok(())
    }
}
