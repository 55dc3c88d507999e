//! Specification functions on rows, with what a table can answer looked up.

use crate::formula::{Conjunct, Reads, conjuncts};
use crate::hash::FastMap;
use crate::step::Stepper;
use heardof_core::ir::interp::evaluate;
use heardof_core::ir::{Algorithm, Boundary, Expr, Kind, Node, Pat};
use heardof_core::machine::{Stuck, Subject};
use heardof_core::{Datum, Pid};

/// All specification functions of an algorithm, prepared.
pub struct Judge<'a> {
    algorithm: &'a Algorithm,
    /// For each specification function: its conjuncts, if it speaks of one state.
    pub parts: Vec<Vec<Conjunct<'a>>>,
    steps: Vec<Option<(&'a str, &'a Expr)>>,
    memo: FastMap<[u32; 7], bool>,
}

const EVERYBODY: u32 = u32::MAX;
/// Marks of the keys of combined tables.
const ALL: u32 = 1 << 29;
const PAIR: u32 = 1 << 28;
const UNLESS: u32 = 1 << 27;

impl<'a> Judge<'a> {
    /// Prepares the specification of `a`.
    pub fn new(a: &'a Algorithm) -> Self {
        let parts = a.specs.iter().map(|s| if is_state(&s.kind, &s.function.params) { conjuncts(s) } else { vec![] });
        let steps = a.specs.iter().map(|s| if is_step(&s.kind, &s.function.params) { each_process(s) } else { None });
        Judge { algorithm: a, parts: parts.collect(), steps: steps.collect(), memo: FastMap::default() }
    }

    /// Forgets what depends on the first states: to be called when these change.
    pub fn forget(&mut self) {
        self.memo.clear();
    }

    /// From now on the first states differ from state to state: a conjunct that reads the first state of another process than those it
    /// quantifies over is no table over local states any more.
    pub fn firsts_vary(&mut self) {
        for part in self.parts.iter_mut().flatten() {
            if part.reads_other_firsts() {
                part.reads = Reads::Whole;
            }
        }
    }

    /// The functions over one state that are due before round `k` of the phase, with what makes them due.
    pub fn due(&self, k: usize, wanted: impl Fn(&Kind) -> bool) -> Vec<usize> {
        let name = &self.algorithm.rounds[k].name;
        let here = |kind: &Kind| match kind {
            Kind::Invariant(Boundary::Phase) => k == 0,
            Kind::Invariant(Boundary::Before(rounds)) => rounds.contains(name),
            _ => true,
        };
        let specs = self.algorithm.specs.iter().enumerate();
        specs.filter(|(_, s)| wanted(&s.kind) && is_state(&s.kind, &s.function.params) && here(&s.kind)).map(|(k, _)| k).collect()
    }

    /// The properties over a state and its successor.
    pub fn step_properties(&self) -> Vec<usize> {
        let specs = self.algorithm.specs.iter().enumerate();
        specs.filter(|(_, s)| is_step(&s.kind, &s.function.params)).map(|(k, _)| k).collect()
    }

    /// Whether a function over one state holds in `row`.
    pub fn holds(&mut self, stepper: &mut Stepper<'_>, spec: usize, row: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        if self.parts[spec].iter().any(|c| c.reads == Reads::Whole) {
            let system = stepper.system(row, firsts);
            return stepper.set.machine.holds(spec, Subject::State(&system));
        }
        for part in 0..self.parts[spec].len() {
            if !self.part_holds(stepper, spec, part, row, firsts)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether all of `specs`, the functions due before round `k`, hold in `row`: the tables of all their conjuncts on one process and
    /// on two are one table each.
    pub fn all_hold(
        &mut self,
        stepper: &mut Stepper<'_>,
        k: usize,
        specs: &[usize],
        row: &[u32],
        firsts: &[u32],
    ) -> Result<bool, (usize, Stuck)> {
        let (n, round) = (stepper.set.n, stepper.round(row));
        let apart = stepper.told_apart(round).map_err(|why| (0, why))?;
        let class = |p: usize| if apart >> p & 1 == 1 { p as u32 } else { EVERYBODY };
        let leader = if stepper.set.facts.uses_coordinator { row[stepper.coordinator(round).map_err(|why| (0, why))?.index()] } else { 0 };
        let related = specs.iter().any(|spec| self.parts[*spec].iter().any(|c| matches!(c.reads, Reads::Two(..))));
        for p in 0..n {
            let key = [ALL | k as u32, row[p], class(p), leader, round as u32, 0, 0];
            let known = self.memo.get(&key).copied();
            if !known.map_or_else(|| self.every_one(stepper, specs, row, firsts, p, key), Ok)? {
                return Ok(false);
            }
            for q in if related { 0..n } else { 0..0 } {
                let key = [ALL | PAIR | u32::from(p == q) | (k as u32) << 1, row[p], row[q], class(p), class(q), round as u32, 0];
                let known = self.memo.get(&key).copied();
                if !known.map_or_else(|| self.every_two(stepper, specs, row, firsts, (p, q), key), Ok)? {
                    return Ok(false);
                }
            }
        }
        for spec in specs {
            if self.parts[*spec].iter().any(|c| c.reads == Reads::Whole)
                && !self.spared(stepper, *spec, row, firsts).map_err(|why| (*spec, why))?
                && !self.holds(stepper, *spec, row, firsts).map_err(|why| (*spec, why))?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether every conjunct of `spec` that would have to be evaluated as a whole holds by its first alternative, by table.
    pub fn spared(&mut self, stepper: &mut Stepper<'_>, spec: usize, row: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        let round = stepper.round(row);
        for part in 0..self.parts[spec].len() {
            if self.parts[spec][part].reads != Reads::Whole {
                continue;
            }
            let Some((i, body)) = self.parts[spec][part].unless else { return Ok(false) };
            for p in 0..stepper.set.n {
                let key = [spec as u32, UNLESS | part as u32, row[p], class(stepper, round, p)?, round as u32, 0, 0];
                let holds = match self.memo.get(&key) {
                    Some(found) => *found,
                    None => {
                        let system = stepper.system(row, firsts);
                        let values = [(i, Datum::Pid(Pid::new(p)))];
                        let names = [self.parts[spec][part].system];
                        let holds = truth(evaluate(stepper.set.text, body, Subject::State(&system), &names, &values)?)?;
                        self.memo.insert(key, holds);
                        holds
                    }
                };
                if !holds {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    fn every_one(
        &mut self,
        stepper: &mut Stepper<'_>,
        specs: &[usize],
        row: &[u32],
        firsts: &[u32],
        p: usize,
        key: [u32; 7],
    ) -> Result<bool, (usize, Stuck)> {
        let mut all = true;
        for spec in specs {
            for part in 0..self.parts[*spec].len() {
                if matches!(self.parts[*spec][part].reads, Reads::One(_) | Reads::Leader(_)) {
                    all = all && self.one(stepper, *spec, part, row, firsts, p).map_err(|why| (*spec, why))?;
                }
            }
        }
        self.memo.insert(key, all);
        Ok(all)
    }

    fn every_two(
        &mut self,
        stepper: &mut Stepper<'_>,
        specs: &[usize],
        row: &[u32],
        firsts: &[u32],
        pair: (usize, usize),
        key: [u32; 7],
    ) -> Result<bool, (usize, Stuck)> {
        let mut all = true;
        for spec in specs {
            for part in 0..self.parts[*spec].len() {
                if matches!(self.parts[*spec][part].reads, Reads::Two(..)) {
                    all = all && self.two(stepper, *spec, part, row, firsts, pair.0, pair.1).map_err(|why| (*spec, why))?;
                }
            }
        }
        self.memo.insert(key, all);
        Ok(all)
    }

    /// Whether one conjunct holds in `row`.
    pub fn part_holds(&mut self, stepper: &mut Stepper<'_>, spec: usize, part: usize, row: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        let n = stepper.set.n;
        match self.parts[spec][part].reads {
            Reads::One(_) | Reads::Leader(_) => {
                for p in 0..n {
                    if !self.one(stepper, spec, part, row, firsts, p)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Reads::Two(..) => {
                for p in 0..n {
                    for q in 0..n {
                        if !self.two(stepper, spec, part, row, firsts, p, q)? {
                            return Ok(false);
                        }
                    }
                }
                Ok(true)
            }
            Reads::Whole => {
                let conjunct = &self.parts[spec][part];
                let system = stepper.system(row, firsts);
                truth(evaluate(stepper.set.text, conjunct.body, Subject::State(&system), &[conjunct.system], &[])?)
            }
        }
    }

    /// Whether a conjunct on one process, and perhaps the coordinator, holds for process `p`.
    pub fn one(
        &mut self,
        stepper: &mut Stepper<'_>,
        spec: usize,
        part: usize,
        row: &[u32],
        firsts: &[u32],
        p: usize,
    ) -> Result<bool, Stuck> {
        let round = stepper.round(row);
        let leader = match self.parts[spec][part].reads {
            Reads::Leader(_) => row[stepper.coordinator(round)?.index()],
            _ => 0,
        };
        let key = [spec as u32, part as u32, row[p], class(stepper, round, p)?, leader, round as u32, 0];
        if let Some(found) = self.memo.get(&key) {
            return Ok(*found);
        }
        let conjunct = &self.parts[spec][part];
        let (Reads::One(i) | Reads::Leader(i)) = conjunct.reads else { return Err(Stuck::Sort("not a conjunct on one process".into())) };
        let system = stepper.system(row, firsts);
        let values = [(i, Datum::Pid(Pid::new(p)))];
        let holds = truth(evaluate(stepper.set.text, conjunct.body, Subject::State(&system), &[conjunct.system], &values)?)?;
        self.memo.insert(key, holds);
        Ok(holds)
    }

    /// Whether a conjunct on two processes holds for `p` and `q`, in this order.
    #[expect(clippy::too_many_arguments, reason = "a conjunct, a state and two processes")]
    pub fn two(
        &mut self,
        stepper: &mut Stepper<'_>,
        spec: usize,
        part: usize,
        row: &[u32],
        firsts: &[u32],
        p: usize,
        q: usize,
    ) -> Result<bool, Stuck> {
        let round = stepper.round(row);
        let classes = (class(stepper, round, p)?, class(stepper, round, q)?);
        let same = u32::from(p == q) << 31;
        let key = [spec as u32 | same, part as u32, row[p], row[q], classes.0, classes.1, round as u32];
        if let Some(found) = self.memo.get(&key) {
            return Ok(*found);
        }
        let conjunct = &self.parts[spec][part];
        let Reads::Two(i, j) = conjunct.reads else { return Err(Stuck::Sort("not a conjunct on two processes".into())) };
        let system = stepper.system(row, firsts);
        let values = [(i, Datum::Pid(Pid::new(p))), (j, Datum::Pid(Pid::new(q)))];
        let holds = truth(evaluate(stepper.set.text, conjunct.body, Subject::State(&system), &[conjunct.system], &values)?)?;
        self.memo.insert(key, holds);
        Ok(holds)
    }

    /// Whether all two-state properties speak of each process by itself: then a step needs a look only if some process does something
    /// that was not seen before.
    pub fn steps_are_local(&self) -> bool {
        self.step_properties().iter().all(|spec| self.steps[*spec].is_some())
    }

    /// Whether a two-state property holds of a step; `new` has its processes in the order of `old`.
    pub fn step_holds(&mut self, stepper: &mut Stepper<'_>, spec: usize, old: &[u32], new: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        let Some((var, body)) = self.steps[spec] else {
            let systems = (stepper.system(old, firsts), stepper.system(new, firsts));
            return stepper.set.machine.holds(spec, Subject::Step(&systems.0, &systems.1));
        };
        let round = stepper.round(old);
        for p in 0..stepper.set.n {
            let key = [spec as u32, 1 << 30, old[p], new[p], class(stepper, round, p)?, round as u32, 0];
            let holds = match self.memo.get(&key) {
                Some(found) => *found,
                None => {
                    let systems = (stepper.system(old, firsts), stepper.system(new, firsts));
                    let names: Vec<&str> = self.algorithm.specs[spec].function.params.iter().map(String::as_str).collect();
                    let values = [(var, Datum::Pid(Pid::new(p)))];
                    let holds = truth(evaluate(stepper.set.text, body, Subject::Step(&systems.0, &systems.1), &names, &values)?)?;
                    self.memo.insert(key, holds);
                    holds
                }
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn class(stepper: &mut Stepper<'_>, round: usize, p: usize) -> Result<u32, Stuck> {
    Ok(if stepper.told_apart(round)? >> p & 1 == 1 { p as u32 } else { EVERYBODY })
}

fn truth(d: Datum) -> Result<bool, Stuck> {
    match d {
        Datum::Bool(b) => Ok(b),
        other => Err(Stuck::Sort(format!("{other} is not a condition"))),
    }
}

fn is_state(kind: &Kind, params: &[String]) -> bool {
    match kind {
        Kind::Property => params.len() == 1,
        Kind::Invariant(_) | Kind::Progress { .. } | Kind::Termination | Kind::Initial => true,
        _ => false,
    }
}

fn is_step(kind: &Kind, params: &[String]) -> bool {
    *kind == Kind::Property && params.len() == 2
}

/// `new.forall(|i| body)` where `body` reads only old[i] and new[i]: the variable and the body.
fn each_process(spec: &heardof_core::ir::SpecText) -> Option<(&str, &Expr)> {
    let Ok(body) = &spec.function.body else { return None };
    let Node::Method(name, of, args) = &body.node else { return None };
    let ("forall", Node::Var(_), [Expr { node: Node::Lambda(l), .. }]) = (name.as_str(), &of.node, args.as_slice()) else { return None };
    let [(Pat::Bind(i), _)] = l.params.as_slice() else { return None };
    let own = |e: &Expr| match &e.node {
        Node::Index(_, j) => matches!(&j.node, Node::Var(v) if v == i),
        Node::Method(m, of, _) => {
            let system = matches!(&of.node, Node::Var(v) if spec.function.params.contains(v));
            !system || ["n", "round", "phase", "parameters", "coordinator"].contains(&m.as_str())
        }
        Node::Lambda(_) | Node::Let(..) | Node::LetCond(..) | Node::Match(..) | Node::Call(..) => {
            matches!(&e.node, Node::Call(f, _) if f == "implies")
        }
        _ => true,
    };
    (!l.body.any(&|e| !own(e))).then_some((i.as_str(), &l.body))
}
