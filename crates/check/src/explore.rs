//! Breadth-first exploration of everything reachable from one first configuration.

use crate::hash::States;
use crate::joint::{Numbered, Trouble};
use crate::judge::{Judge, Together};
use crate::step::{Stepper, StuckAt};
use heardof_core::ir::Kind;
use heardof_core::machine::Stuck;
use heardof_core::{Datum, Pid};

/// What was reached from one first configuration.
pub struct Explored {
    /// The inputs, one for each process.
    pub inputs: Vec<Datum>,
    /// The first local states.
    pub firsts: Vec<u32>,
    /// The states, in breadth-first order.
    pub states: States,
    /// The state each was first reached from; itself for the first.
    pub parents: Vec<u32>,
    /// Successors: products of the distinct outcomes of the processes, over all states.
    pub successors: u128,
    /// Of them generated, the others being renamings of these.
    pub generated: u64,
    /// Heard-of assignments covered, over all states.
    pub assignments: u128,
    /// The number of rounds to the deepest state.
    pub depth: usize,
    /// States in which the rule admits no assignment at all.
    pub dead_ends: Vec<usize>,
    /// The first violation of each kind.
    pub found: Vec<Found>,
}

/// A violation in an exploration.
#[derive(Clone, Debug)]
pub struct Found {
    /// What is violated.
    pub what: Broken,
    /// The state in which, or from which.
    pub state: usize,
    /// For two-state properties: the successor, its processes in the order of the state.
    pub step_to: Option<Vec<u32>>,
}

/// What is violated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Broken {
    /// The specification function of this number.
    Spec(usize),
    /// A step has no result.
    Stuck(Pid, Stuck),
}

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Rounds, where the text tells them apart.
    pub rounds: usize,
    /// States of one exploration.
    pub states: u64,
    /// Stop at the first violation.
    pub hurry: bool,
    /// Leave the invariants out.
    pub goals_only: bool,
}

/// Why an exploration did not end.
#[derive(Debug)]
pub enum Halt {
    /// More states than allowed.
    States(u64),
    /// A state with too many complete assignments.
    Assignments(u128),
    /// A specification function is stuck.
    Spec(usize, Stuck),
}

/// Explores from `inputs`, under one rule for each round of the phase; `None` if the inputs violate an `#[initial]`.
pub fn explore(
    stepper: &mut Stepper<'_>,
    judge: &mut Judge<'_>,
    rules: &[Numbered],
    inputs: &[Datum],
    reach: Reach,
) -> Result<Option<Explored>, Halt> {
    let n = stepper.set.n;
    let mut explored = Explored {
        inputs: inputs.to_vec(),
        firsts: vec![],
        states: States::new(stepper.width()),
        parents: vec![],
        successors: 0,
        generated: 0,
        assignments: 0,
        depth: 0,
        dead_ends: vec![],
        found: vec![],
    };
    let mut row = vec![0; stepper.width()];
    for (p, input) in Pid::all(n).zip(inputs) {
        let local = stepper.init(p, input).map_err(|why| Halt::Spec(usize::MAX, why))?;
        explored.firsts.push(local);
        row[p.index()] = stepper.proc(local, local);
    }
    if stepper.set.facts.uses_kernel {
        row[n + 1] = (1 << n) - 1;
    }
    stepper.canonical(&mut row).map_err(|why| Halt::Spec(usize::MAX, why))?;
    let firsts = explored.firsts.clone();
    judge.begin(stepper.set.facts, &firsts, stepper.set.fault.byzantine);
    for spec in judge.due(0, |k| *k == Kind::Initial) {
        if !judge.holds(stepper, spec, &row, &firsts).map_err(|why| Halt::Spec(spec, why))? {
            return Ok(None);
        }
    }
    explored.states.insert(&row);
    explored.parents.push(0);
    let wanted = |k: &Kind| *k == Kind::Property || (!reach.goals_only && matches!(k, Kind::Invariant(_)));
    let due: Vec<Together> = (0..stepper.rounds).map(|k| judge.together(k, judge.due(k, wanted))).collect();
    let steps: Vec<Vec<usize>> = (0..stepper.rounds).map(|k| judge.step_properties(k, !reach.goals_only)).collect();
    let (mut next, mut depths) = (0, vec![0u32]);
    while next < explored.states.len() {
        if explored.states.len() as u64 > reach.states {
            return Err(Halt::States(explored.states.len() as u64));
        }
        row.copy_from_slice(explored.states.row(next));
        let (round, depth) = (stepper.round(&row), depths[next]);
        let due = &due[round % stepper.rounds];
        let fine = judge.all_hold(stepper, due, &row, &firsts).map_err(|(spec, why)| Halt::Spec(spec, why))?;
        for spec in due.specs.iter().filter(|_| !fine) {
            let known = explored.found.iter().any(|f| f.what == Broken::Spec(*spec));
            if !known && !judge.holds(stepper, *spec, &row, &firsts).map_err(|why| Halt::Spec(*spec, why))? {
                explored.found.push(Found { what: Broken::Spec(*spec), state: next, step_to: None });
            }
        }
        if reach.hurry && !explored.found.is_empty() {
            break;
        }
        if !(stepper.set.facts.uses_round && round >= reach.rounds) {
            expand(
                stepper,
                judge,
                &rules[round % rules.len()],
                &steps[round % stepper.rounds],
                &mut explored,
                next,
                &row,
                depth,
                &mut depths,
            )?;
        }
        next += 1;
    }
    explored.depth = depths.iter().copied().max().unwrap_or(0) as usize;
    Ok(Some(explored))
}

#[expect(clippy::too_many_arguments, reason = "one state of an exploration with all that it touches")]
fn expand(
    stepper: &mut Stepper<'_>,
    judge: &mut Judge<'_>,
    rule: &Numbered,
    steps: &[usize],
    explored: &mut Explored,
    number: usize,
    row: &[u32],
    depth: u32,
    depths: &mut Vec<u32>,
) -> Result<(), Halt> {
    let Explored { states, parents, generated, firsts, found, .. } = explored;
    // The steps that two-state properties are still to be looked at for.
    let mut edges: Vec<u32> = vec![];
    let first_step = steps.first().copied().unwrap_or(usize::MAX);
    let page = judge.page(stepper, stepper.round(row)).map_err(|why| Halt::Spec(first_step, why))?;
    let n = stepper.set.n;
    let (check_steps, local) = (!steps.is_empty(), judge.steps_are_local());
    let mut seen: Vec<(usize, u32)> = vec![];
    let covered = stepper.successors(row, firsts, rule, &mut |aligned, canonical| {
        *generated += 1;
        let (_, new) = states.insert(canonical);
        if new {
            parents.push(number as u32);
            depths.push(depth + 1);
        }
        if !check_steps || (local && judge.steps_known(page, row, aligned)) {
            return;
        }
        let mut fresh = !local;
        for step in aligned[..if local { n } else { 0 }].iter().copied().enumerate() {
            if !seen.contains(&step) {
                seen.push(step);
                fresh = true;
            }
        }
        if fresh {
            edges.extend_from_slice(aligned);
        }
    });
    match covered {
        Ok(covered) if covered.assignments == 0 => explored.dead_ends.push(number),
        Ok(covered) => {
            explored.assignments = explored.assignments.saturating_add(covered.assignments);
            explored.successors = explored.successors.saturating_add(covered.products);
        }
        Err(Trouble::TooLarge { assignments }) => return Err(Halt::Assignments(assignments)),
        Err(Trouble::Stuck(StuckAt { process, why })) => {
            let what = Broken::Stuck(process, why);
            if !found.iter().any(|f| matches!(f.what, Broken::Stuck(..))) {
                found.push(Found { what, state: number, step_to: None });
            }
        }
    }
    for new in edges.chunks(row.len()) {
        let mut fine = true;
        for spec in steps {
            if found.iter().any(|f| f.what == Broken::Spec(*spec)) {
                fine = false;
            } else if !judge.step_holds(stepper, *spec, row, new, firsts).map_err(|why| Halt::Spec(*spec, why))? {
                fine = false;
                found.push(Found { what: Broken::Spec(*spec), state: number, step_to: Some(new.to_vec()) });
            }
        }
        if fine && local {
            judge.steps_hold(page, row, new);
        }
    }
    Ok(())
}

impl Explored {
    /// The states from the first to `state`.
    pub fn path(&self, state: usize) -> Vec<Vec<u32>> {
        let mut path = vec![self.states.row(state).to_vec()];
        let mut at = state;
        while self.parents[at] as usize != at {
            at = self.parents[at] as usize;
            path.push(self.states.row(at).to_vec());
        }
        path.reverse();
        path
    }
}
