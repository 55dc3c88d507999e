//! Liveness: the ladder of stages, and exact leads-to under good phases.
//!
//! A good phase is one whose rounds satisfy every `#[safety]` and the `#[liveness]` predicates that speak of them. From every reachable
//! state at a phase boundary: a good phase leads from stage k − 1 to stage k (and through the waypoints of stage k); a stage, once
//! reached, stays under any phase; the last stage implies `#[termination]`. Independently of the ladder, good phases are run one after
//! the other from *all* reachable states until none is left that has not terminated; their number is the bound reported.
//!
//! Worked example: One-Third Rule has two stages, and the measured bound is 2: a good round makes all estimates equal, another decides.

mod cycle;

use crate::explore::{Explored, Halt};
use crate::hash::States;
use crate::joint::{Numbered, Trouble};
use crate::judge::Judge;
use crate::step::Stepper;
use cycle::recurring;
use heardof_core::ir::Kind;

/// The rules of a good phase, one for each stage, round by round; and of any phase.
pub struct Phases {
    /// Good phases: `good[stage - 1][k]`.
    pub good: Vec<Vec<Numbered>>,
    /// Any phase.
    pub any: Vec<Numbered>,
}

/// What was found about liveness, over all reachable states of one exploration.
#[derive(Default)]
pub struct Liveness {
    /// The largest number of good phases in a row after which some run had not terminated, plus one.
    pub bound: usize,
    /// Good phases that some state admits.
    pub good_phases: u64,
    /// States at a phase boundary, not terminated, from which the predicates admit no phase at all: with and without a decision.
    pub blocked: [u64; 2],
    /// What failed.
    pub failures: Vec<Failure>,
}

/// A failure of liveness.
pub struct Failure {
    /// What failed.
    pub what: Failed,
    /// The state from which.
    pub state: usize,
    /// The phases after it, as rows after each round.
    pub rounds: Vec<Vec<u32>>,
    /// The stage whose good phase it was; `None` for an arbitrary phase.
    pub stage: Option<usize>,
}

/// What failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failed {
    /// A good phase did not lead to this progress predicate.
    Step(usize),
    /// This progress predicate, once reached, was lost in a phase that need not be good.
    Stable(usize),
    /// The last stage does not imply this `#[termination]`.
    Termination(usize),
    /// However many good phases, this `#[termination]` does not come.
    Never(usize),
}

/// A set of rows after some rounds, each with the row before it.
struct Layer {
    rows: States,
    parents: Vec<u32>,
}

impl Liveness {
    /// Looks at all reachable states of `explored`; `rounds` is how far it went where the text tells rounds apart; `ladder`: at the
    /// stages as well.
    pub fn of(
        stepper: &mut Stepper<'_>,
        judge: &mut Judge<'_>,
        phases: &Phases,
        explored: &Explored,
        rounds: usize,
        ladder: bool,
    ) -> Result<Liveness, Halt> {
        let mut live = Liveness::default();
        let a = stepper.set.machine.algorithm();
        let stages = phases.good.len();
        let at_end = |stage: usize| {
            let spec = move |k: &Kind| matches!(k, Kind::Progress { stage: s, before } if *s == stage && before.is_empty());
            a.specs.iter().enumerate().filter(move |(_, s)| spec(&s.kind)).map(|(k, _)| k).collect::<Vec<_>>()
        };
        let terminations: Vec<usize> = a.specs.iter().enumerate().filter(|(_, s)| s.kind == Kind::Termination).map(|(k, _)| k).collect();
        let boundary: Vec<usize> =
            (0..explored.states.len()).filter(|k| stepper.round(explored.states.row(*k)).is_multiple_of(stepper.rounds)).collect();
        let room = |stepper: &Stepper<'_>, row: &[u32]| !stepper.set.facts.uses_round || stepper.round(row) + stepper.rounds <= rounds;
        let laddered = ladder && (1..=stages).any(|stage| !at_end(stage).is_empty());
        for stage in 1..=stages {
            if !laddered {
                break;
            }
            let from = live.at_stage(stepper, judge, explored, &boundary, stage - 1, &at_end(stage - 1))?;
            let here: Vec<usize> = from.into_iter().filter(|k| room(stepper, explored.states.row(*k))).collect();
            live.climb(stepper, judge, &phases.good[stage - 1], explored, &here, Some(stage), &at_end(stage))?;
            let reached = live.at_stage(stepper, judge, explored, &boundary, stage, &at_end(stage))?;
            let here: Vec<usize> = reached.iter().copied().filter(|k| room(stepper, explored.states.row(*k))).collect();
            live.climb(stepper, judge, &phases.any, explored, &here, None, &at_end(stage))?;
            if stage == stages {
                live.last_stage(stepper, judge, explored, &reached, &terminations)?;
            }
        }
        live.leads_to(stepper, judge, phases, explored, &boundary, &terminations, &room)?;
        if !laddered && !stepper.set.facts.uses_round && live.failures.is_empty() && !phases.good.is_empty() {
            live.goes_round(stepper, judge, phases, explored, &boundary, &terminations)?;
        }
        Ok(live)
    }

    /// Looks for runs in which good phases come again and again, with others between them, and a termination never does.
    fn goes_round(
        &mut self,
        stepper: &mut Stepper<'_>,
        judge: &mut Judge<'_>,
        phases: &Phases,
        explored: &Explored,
        boundary: &[usize],
        terminations: &[usize],
    ) -> Result<(), Halt> {
        for spec in terminations {
            let mut open = vec![];
            for state in boundary {
                if !all_hold(stepper, judge, &[*spec], explored.states.row(*state), &explored.firsts)? {
                    open.push(*state);
                }
            }
            if let Some(found) = recurring(stepper, phases, explored, &open)? {
                self.fail(Failure { what: Failed::Never(*spec), state: found.state, rounds: found.rounds, stage: Some(1) });
            }
        }
        Ok(())
    }

    fn fail(&mut self, failure: Failure) {
        if !self.failures.iter().any(|f| f.what == failure.what) {
            self.failures.push(failure);
        }
    }

    fn at_stage(
        &self,
        stepper: &mut Stepper<'_>,
        judge: &mut Judge<'_>,
        explored: &Explored,
        boundary: &[usize],
        stage: usize,
        specs: &[usize],
    ) -> Result<Vec<usize>, Halt> {
        if stage == 0 {
            return Ok(boundary.to_vec());
        }
        let mut there = vec![];
        for k in boundary {
            if all_hold(stepper, judge, specs, explored.states.row(*k), &explored.firsts)? {
                there.push(*k);
            }
        }
        Ok(there)
    }

    fn last_stage(
        &mut self,
        stepper: &mut Stepper<'_>,
        judge: &mut Judge<'_>,
        explored: &Explored,
        reached: &[usize],
        terminations: &[usize],
    ) -> Result<(), Halt> {
        for k in reached {
            for spec in terminations {
                if !all_hold(stepper, judge, &[*spec], explored.states.row(*k), &explored.firsts)? {
                    self.fail(Failure { what: Failed::Termination(*spec), state: *k, rounds: vec![], stage: None });
                }
            }
        }
        Ok(())
    }

    /// Runs one phase from `from`, checking waypoints on the way if it is a good one, and `end` at its end.
    #[expect(clippy::too_many_arguments, reason = "a phase, where it starts and what must hold at its end")]
    fn climb(
        &mut self,
        stepper: &mut Stepper<'_>,
        judge: &mut Judge<'_>,
        rules: &[Numbered],
        explored: &Explored,
        from: &[usize],
        stage: Option<usize>,
        end: &[usize],
    ) -> Result<(), Halt> {
        let a = stepper.set.machine.algorithm();
        let mut layers = vec![];
        let mut first = States::new(stepper.width());
        from.iter().for_each(|k| {
            first.insert(explored.states.row(*k));
        });
        layers.push(Layer { rows: first, parents: vec![] });
        for (k, rule) in rules.iter().enumerate() {
            let layer = layers.last().expect("the first layer was pushed");
            let next = advance(stepper, &layer.rows, &explored.firsts, rule)?;
            let last = k + 1 == rules.len();
            let waypoint = |kind: &Kind| match kind {
                Kind::Progress { stage: s, before } => stage == Some(*s) && !last && before.contains(&a.rounds[k + 1].name),
                _ => false,
            };
            let due: Vec<usize> =
                if last { end.to_vec() } else { a.specs.iter().enumerate().filter(|(_, s)| waypoint(&s.kind)).map(|(k, _)| k).collect() };
            layers.push(next);
            let rows = layers.last().map_or(0, |l| l.rows.len());
            if last && stage.is_some() {
                self.good_phases += rows as u64;
            }
            for row in 0..rows {
                for spec in &due {
                    let words = layers[k + 1].rows.row(row).to_vec();
                    if !all_hold(stepper, judge, &[*spec], &words, &explored.firsts)? {
                        let what = if stage.is_some() { Failed::Step(*spec) } else { Failed::Stable(*spec) };
                        let (start, rounds) = trace(&layers, row);
                        let state = explored.states.get(&start).unwrap_or(0);
                        self.fail(Failure { what, state, rounds, stage });
                    }
                }
            }
        }
        Ok(())
    }

    /// Counts the dead ends that have not terminated, by whether some process has halted.
    fn count_blocked(
        &mut self,
        stepper: &mut Stepper<'_>,
        judge: &mut Judge<'_>,
        explored: &Explored,
        terminations: &[usize],
    ) -> Result<(), Halt> {
        for dead in &explored.dead_ends {
            let row = explored.states.row(*dead).to_vec();
            if !all_hold(stepper, judge, terminations, &row, &explored.firsts)? {
                let active = stepper.active(&row).map_err(|why| Halt::Spec(terminations[0], why))?;
                let following = stepper.set.n as u32 - stepper.set.fault.byzantine.count_ones();
                self.blocked[usize::from(active.count_ones() == following)] += 1;
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "all reachable states, the phases, and what is to come about")]
    fn leads_to(
        &mut self,
        stepper: &mut Stepper<'_>,
        judge: &mut Judge<'_>,
        phases: &Phases,
        explored: &Explored,
        boundary: &[usize],
        terminations: &[usize],
        room: &dyn Fn(&Stepper<'_>, &[u32]) -> bool,
    ) -> Result<(), Halt> {
        if terminations.is_empty() || phases.good.is_empty() {
            return Ok(());
        }
        let mut left = States::new(stepper.width());
        for k in boundary {
            let row = explored.states.row(*k);
            if room(stepper, row) && !all_hold(stepper, judge, terminations, row, &explored.firsts)? {
                left.insert(row);
            }
        }
        self.count_blocked(stepper, judge, explored, terminations)?;
        // Without stages only the shrinking of the set bounds the number of phases.
        let stages = phases.good.len();
        while left.len() > 0 {
            let rules = &phases.good[self.bound.min(stages - 1)];
            let mut layers = vec![Layer { rows: left, parents: vec![] }];
            for rule in rules {
                let next = advance(stepper, &layers.last().expect("never empty").rows, &explored.firsts, rule)?;
                layers.push(next);
            }
            self.bound += 1;
            let end = &layers.last().expect("never empty").rows;
            self.good_phases += end.len() as u64;
            let mut after = States::new(stepper.width());
            let mut witness = None;
            for k in 0..end.len() {
                let row = end.row(k).to_vec();
                if !all_hold(stepper, judge, terminations, &row, &explored.firsts)? {
                    witness = Some(k);
                    if room(stepper, &row) {
                        after.insert(&row);
                    }
                }
            }
            // A phase that is good for an early stage need not change anything where that stage is reached.
            let settled = (self.bound >= stages && after.len() == layers[0].rows.len()) || self.bound >= stages.max(64);
            let failed = match witness {
                Some(_) if stepper.set.facts.uses_round => self.bound >= stages,
                Some(_) => settled,
                None => false,
            };
            if let (true, Some(k)) = (failed, witness) {
                let (start, rounds) = trace(&layers, k);
                let row = layers.last().expect("never empty").rows.row(k).to_vec();
                for spec in terminations {
                    if !all_hold(stepper, judge, &[*spec], &row, &explored.firsts)? {
                        let state = explored.states.get(&start).unwrap_or(0);
                        self.fail(Failure {
                            what: Failed::Never(*spec),
                            state,
                            rounds: rounds.clone(),
                            stage: Some(self.bound.min(stages)),
                        });
                    }
                }
                return Ok(());
            }
            left = after;
        }
        Ok(())
    }
}

/// The rows one round after those of `rows`.
fn advance(stepper: &mut Stepper<'_>, rows: &States, firsts: &[u32], rule: &Numbered) -> Result<Layer, Halt> {
    let mut next = Layer { rows: States::new(stepper.width()), parents: vec![] };
    for k in 0..rows.len() {
        after(stepper, rows.row(k), firsts, rule, &mut |canonical| {
            if next.rows.insert(canonical).1 {
                next.parents.push(k as u32);
            }
        })?;
    }
    Ok(next)
}

/// Calls `emit` with the rows one round after `row`; a row may come more than once.
fn after(stepper: &mut Stepper<'_>, row: &[u32], firsts: &[u32], rule: &Numbered, emit: &mut dyn FnMut(&[u32])) -> Result<(), Halt> {
    match stepper.successors(row, firsts, rule, &mut |_, canonical| emit(canonical)) {
        Err(Trouble::TooLarge { assignments }) => Err(Halt::Assignments(assignments)),
        // A stuck step is found, and reported, by the exploration.
        Ok(_) | Err(Trouble::Stuck(_)) => Ok(()),
    }
}

fn all_hold(stepper: &mut Stepper<'_>, judge: &mut Judge<'_>, specs: &[usize], row: &[u32], firsts: &[u32]) -> Result<bool, Halt> {
    for spec in specs {
        if !judge.holds(stepper, *spec, row, firsts).map_err(|why| Halt::Spec(*spec, why))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The row of the first layer and the rows after it up to number `row` of the last.
fn trace(layers: &[Layer], row: usize) -> (Vec<u32>, Vec<Vec<u32>>) {
    let (mut rows, mut at) = (vec![], row);
    for layer in layers.iter().rev() {
        rows.push(layer.rows.row(at).to_vec());
        at = layer.parents.get(at).map_or(at, |p| *p as usize);
    }
    rows.reverse();
    (rows.remove(0), rows)
}
