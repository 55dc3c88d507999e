//! Specification functions on rows, with what a table can answer looked up.
//!
//! Worked example: LastVoting's `adopted` reads a process and the coordinator, so its verdict on a state is n look-ups. Agreement reads two
//! processes: n (n + 1) / 2 look-ups. `anchored` quantifies over values and phases and counts: it is evaluated, once for each multiset of
//! local states, and not at all where its first alternative, `s.forall(|i| s[i].decision.is_none())`, holds by look-up.

mod table;

use crate::formula::{Conjunct, Reads, anonymous, conjuncts};
use crate::options::MAX_N;
use crate::step::Stepper;
use crate::text::Facts;
use heardof_core::ir::interp::evaluate;
use heardof_core::ir::{Algorithm, Boundary, Expr, Kind, Node, Pat, SpecText};
use heardof_core::machine::{Stuck, Subject};
use heardof_core::{Datum, Pid};
use table::{EVERYBODY, Key, SAME, Verdicts, key};

/// All specification functions of an algorithm, prepared.
pub struct Judge<'a> {
    algorithm: &'a Algorithm,
    /// For each specification function: its conjuncts, if it speaks of one state.
    pub parts: Vec<Vec<Conjunct<'a>>>,
    steps: Vec<Option<(&'a str, &'a Expr)>>,
    steps_are_local: bool,
    /// For each specification function: no process has a name of its own in it.
    anonymous: Vec<bool>,
    /// For each specification function the number of its first table; then the number of the tables for functions taken together.
    tables: Vec<usize>,
    verdicts: Verdicts,
    /// Rows come again with the same local states.
    rows_recur: bool,
}

/// Functions that are due together, so that one table answers for all their conjuncts on one process, and one for those on two.
pub struct Together {
    /// The functions.
    pub specs: Vec<usize>,
    /// The tables of the conjuncts on one process, on one and the coordinator, and on two, if there are such conjuncts.
    tables: [Option<usize>; 3],
    /// The functions with conjuncts that read more.
    whole: Vec<usize>,
}

/// The place of a table in [`Together`].
fn place(reads: Reads<'_>) -> Option<usize> {
    match reads {
        Reads::One(_) => Some(0),
        Reads::Leader(_) => Some(1),
        Reads::Two(..) => Some(2),
        Reads::Whole => None,
    }
}

/// Where verdicts on a row are kept, and what they depend on besides its words.
#[derive(Clone, Copy)]
pub struct Page {
    page: usize,
    apart: u64,
    /// The processes that specifications speak of: those that follow the text.
    following: u64,
}

impl Page {
    fn processes(self) -> impl Iterator<Item = usize> {
        (0..MAX_N).filter(move |p| self.following >> p & 1 == 1)
    }
    fn class(self, p: usize) -> u32 {
        if self.apart >> p & 1 == 1 { p as u32 } else { EVERYBODY }
    }
    fn classes(self, p: usize, q: usize) -> (u32, u32) {
        (self.class(p), if p == q { SAME } else { self.class(q) })
    }
}

impl<'a> Judge<'a> {
    /// Prepares the specification of `a`.
    pub fn new(a: &'a Algorithm) -> Self {
        let parts = a.specs.iter().map(|s| if is_state(&s.kind, &s.function.params) { conjuncts(s) } else { vec![] });
        let parts: Vec<Vec<_>> = parts.collect();
        let each = |s: &'a SpecText| is_step(&s.kind, &s.function.params).then(|| each_process(s));
        let steps: Vec<Option<Option<_>>> = a.specs.iter().map(each).collect();
        let steps_are_local = steps.iter().flatten().all(Option::is_some);
        let steps = steps.into_iter().map(Option::flatten).collect();
        // Two tables for each conjunct: itself, and its first alternative.
        let mut tables = vec![0];
        for parts in &parts {
            tables.push(tables[tables.len() - 1] + (2 * parts.len()).max(1));
        }
        let anonymous = a.specs.iter().map(|s| anonymous(&s.function)).collect();
        Judge { algorithm: a, parts, steps, steps_are_local, anonymous, tables, verdicts: Verdicts::default(), rows_recur: true }
    }

    /// From now on these are the first states.
    pub fn begin(&mut self, facts: &Facts, firsts: &[u32], byzantine: u64) {
        // Where first and current states cannot meet, it does not matter whose first state is which, and perhaps not how often one occurs.
        let following = firsts.iter().enumerate().filter(|(p, _)| byzantine >> p & 1 == 0);
        let mut firsts: Vec<u32> = following.map(|(_, first)| *first).collect();
        if facts.split {
            firsts.sort_unstable();
        }
        if facts.first_as_set {
            firsts.dedup();
        }
        self.verdicts.begin(firsts);
    }

    /// From now on no row comes twice: verdicts on whole formulas are not worth keeping.
    pub fn rows_are_new(&mut self) {
        self.rows_recur = false;
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

    /// The properties over a state and its successor by round `k`; with `lemmas`, these too: they argue rather than demand.
    pub fn step_properties(&self, k: usize, lemmas: bool) -> Vec<usize> {
        let name = &self.algorithm.rounds[k].name;
        let due = |s: &SpecText| match &s.kind {
            Kind::Lemma { rounds } => lemmas && (rounds.is_empty() || rounds.contains(name)),
            _ => true,
        };
        let specs = self.algorithm.specs.iter().enumerate().filter(|(_, s)| due(s));
        specs.filter(|(_, s)| is_step(&s.kind, &s.function.params)).map(|(k, _)| k).collect()
    }

    /// These functions, due before round `k`, taken together. There is one set of functions for each round.
    pub fn together(&self, k: usize, specs: Vec<usize>) -> Together {
        let parts = |spec: &usize| self.parts[*spec].iter().map(|c| place(c.reads));
        let after_all = self.tables[self.parts.len()] + 1;
        let table = |n: usize| specs.iter().flat_map(parts).any(|place| place == Some(n)).then_some(after_all + 3 * k + n);
        let tables = [table(0), table(1), table(2)];
        let whole = specs.iter().copied().filter(|spec| parts(spec).any(|place| place.is_none())).collect();
        Together { specs, tables, whole }
    }

    /// Where the verdicts on the rows of a round are kept.
    pub fn page(&mut self, stepper: &mut Stepper<'_>, round: usize) -> Result<Page, Stuck> {
        Ok(Page { page: self.verdicts.page(round), apart: stepper.told_apart(round)?, following: following(stepper) })
    }

    /// Whether a function over one state holds in `row`.
    pub fn holds(&mut self, stepper: &mut Stepper<'_>, spec: usize, row: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        if self.parts[spec].iter().any(|c| c.reads == Reads::Whole) {
            return Ok(self.spared(stepper, spec, row, firsts)? && self.others_hold(stepper, spec, row, firsts)?
                || self.whole_holds(stepper, spec, row, firsts)?);
        }
        self.others_hold(stepper, spec, row, firsts)
    }

    /// Whether the conjuncts of `spec` that tables answer hold in `row`.
    fn others_hold(&mut self, stepper: &mut Stepper<'_>, spec: usize, row: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        for part in 0..self.parts[spec].len() {
            if self.parts[spec][part].reads != Reads::Whole && !self.part_holds(stepper, spec, part, row, firsts)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Evaluates a function over one state, where that was not done before for the same local states.
    fn whole_holds(&mut self, stepper: &mut Stepper<'_>, spec: usize, row: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        let facts = stepper.set.facts;
        let nameless = self.rows_recur && self.anonymous[spec] && facts.asymmetric.is_none() && !facts.uses_kernel;
        let phase = stepper.round(row) / stepper.rounds;
        if nameless && let Some(verdict) = self.verdicts.whole(spec, phase, &row[..stepper.set.n]) {
            return Ok(verdict);
        }
        let verdict = stepper.set.machine.holds(spec, Subject::State(&stepper.system(row, firsts)))?;
        if nameless {
            self.verdicts.keep_whole(verdict);
        }
        Ok(verdict)
    }

    /// Whether all functions of `due` hold in `row`.
    pub fn all_hold(&mut self, stepper: &mut Stepper<'_>, due: &Together, row: &[u32], firsts: &[u32]) -> Result<bool, (usize, Stuck)> {
        let round = stepper.round(row);
        let first = |why| (due.specs.first().copied().unwrap_or(0), why);
        let page = self.page(stepper, round).map_err(first)?;
        let [one, led, two] = due.tables;
        let leader = if led.is_some() { row[stepper.coordinator(round).map_err(first)?.index()] } else { 0 };
        for p in page.processes() {
            let alone = (page.class(p), 0);
            let keys = [one.map(|t| key(t, alone, (row[p], 0))), led.map(|t| key(t, alone, (row[p], leader)))];
            for (place, key) in keys.into_iter().enumerate().filter_map(|(place, key)| Some((place, key?))) {
                let known = self.verdicts.get(page.page, key);
                if !known.map_or_else(|| self.every(stepper, due, place, row, firsts, (p, p), (page, key)), Ok)? {
                    return Ok(false);
                }
            }
            let Some(table) = two else { continue };
            for q in page.processes().filter(|q| *q >= p) {
                let key = key(table, page.classes(p, q), (row[p], row[q]));
                let known = self.verdicts.get(page.page, key);
                if !known.map_or_else(|| self.every(stepper, due, 2, row, firsts, (p, q), (page, key)), Ok)? {
                    return Ok(false);
                }
            }
        }
        for spec in &due.whole {
            let at = |why| (*spec, why);
            if !self.spared(stepper, *spec, row, firsts).map_err(at)? && !self.whole_holds(stepper, *spec, row, firsts).map_err(at)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the conjuncts of one shape, of all functions of `due`, hold for one process or for two, both ways round; kept under `key`.
    #[expect(clippy::too_many_arguments, reason = "conjuncts of a shape, a state, two processes and where the verdict goes")]
    fn every(
        &mut self,
        stepper: &mut Stepper<'_>,
        due: &Together,
        shape: usize,
        row: &[u32],
        firsts: &[u32],
        (p, q): (usize, usize),
        (page, key): (Page, Key),
    ) -> Result<bool, (usize, Stuck)> {
        let mut all = true;
        for spec in &due.specs {
            let at = |why| (*spec, why);
            for part in (0..self.parts[*spec].len()).filter(|part| place(self.parts[*spec][*part].reads) == Some(shape)).collect::<Vec<_>>()
            {
                all = all
                    && if shape == 2 {
                        self.two(stepper, *spec, part, row, firsts, p, q).map_err(at)?
                            && self.two(stepper, *spec, part, row, firsts, q, p).map_err(at)?
                    } else {
                        self.one(stepper, *spec, part, row, firsts, p).map_err(at)?
                    };
            }
        }
        self.verdicts.keep(page.page, key, all);
        Ok(all)
    }

    /// Whether every conjunct of `spec` that would have to be evaluated as a whole holds by its first alternative, by table.
    pub fn spared(&mut self, stepper: &mut Stepper<'_>, spec: usize, row: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        let page = self.page(stepper, stepper.round(row))?;
        for part in 0..self.parts[spec].len() {
            if self.parts[spec][part].reads != Reads::Whole {
                continue;
            }
            let Some((i, body)) = self.parts[spec][part].unless else { return Ok(false) };
            let table = self.tables[spec] + 2 * part + 1;
            for p in page.processes() {
                let key = key(table, (page.class(p), 0), (row[p], 0));
                let holds = match self.verdicts.get(page.page, key) {
                    Some(found) => found,
                    None => {
                        let names = [self.parts[spec][part].system];
                        let holds = on_processes(stepper, body, &names, &[(i, p)], row, firsts)?;
                        self.verdicts.keep(page.page, key, holds);
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

    /// Whether one conjunct holds in `row`.
    pub fn part_holds(&mut self, stepper: &mut Stepper<'_>, spec: usize, part: usize, row: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        let page = self.page(stepper, stepper.round(row))?;
        match self.parts[spec][part].reads {
            Reads::One(_) | Reads::Leader(_) => {
                for p in page.processes() {
                    if !self.one(stepper, spec, part, row, firsts, p)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Reads::Two(..) => {
                for (p, q) in page.processes().flat_map(|p| page.processes().map(move |q| (p, q))) {
                    if !self.two(stepper, spec, part, row, firsts, p, q)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Reads::Whole => {
                let conjunct = &self.parts[spec][part];
                on_processes(stepper, conjunct.body, &[conjunct.system], &[], row, firsts)
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
        let page = self.page(stepper, round)?;
        let leader = match self.parts[spec][part].reads {
            Reads::Leader(_) => row[stepper.coordinator(round)?.index()],
            _ => 0,
        };
        let key = key(self.tables[spec] + 2 * part, (page.class(p), 0), (row[p], leader));
        if let Some(found) = self.verdicts.get(page.page, key) {
            return Ok(found);
        }
        let conjunct = &self.parts[spec][part];
        let (Reads::One(i) | Reads::Leader(i)) = conjunct.reads else { return Err(Stuck::Sort("not a conjunct on one process".into())) };
        let holds = on_processes(stepper, conjunct.body, &[conjunct.system], &[(i, p)], row, firsts)?;
        self.verdicts.keep(page.page, key, holds);
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
        let page = self.page(stepper, stepper.round(row))?;
        let key = key(self.tables[spec] + 2 * part, page.classes(p, q), (row[p], row[q]));
        if let Some(found) = self.verdicts.get(page.page, key) {
            return Ok(found);
        }
        let conjunct = &self.parts[spec][part];
        let Reads::Two(i, j) = conjunct.reads else { return Err(Stuck::Sort("not a conjunct on two processes".into())) };
        let holds = on_processes(stepper, conjunct.body, &[conjunct.system], &[(i, p), (j, q)], row, firsts)?;
        self.verdicts.keep(page.page, key, holds);
        Ok(holds)
    }

    /// Whether all two-state properties speak of each process by itself: then a step needs a look only if some process does something
    /// that was not seen before.
    pub fn steps_are_local(&self) -> bool {
        self.steps_are_local
    }

    /// Whether it is known that all two-state properties, which speak of each process by itself, hold of a step from a row of this page.
    pub fn steps_known(&self, page: Page, old: &[u32], new: &[u32]) -> bool {
        let table = self.tables[self.parts.len()];
        let known = |p: usize| self.verdicts.get(page.page, key(table, (page.class(p), 0), (old[p], new[p]))) == Some(true);
        page.processes().all(known)
    }

    /// Keeps for [`Judge::steps_known`] that all two-state properties hold of this step.
    pub fn steps_hold(&mut self, page: Page, old: &[u32], new: &[u32]) {
        let table = self.tables[self.parts.len()];
        for p in page.processes() {
            self.verdicts.keep(page.page, key(table, (page.class(p), 0), (old[p], new[p])), true);
        }
    }

    /// Whether a two-state property holds of a step; `new` has its processes in the order of `old`.
    pub fn step_holds(&mut self, stepper: &mut Stepper<'_>, spec: usize, old: &[u32], new: &[u32], firsts: &[u32]) -> Result<bool, Stuck> {
        let Some((var, body)) = self.steps[spec] else {
            let systems = (stepper.system(old, firsts), stepper.system(new, firsts));
            return stepper.set.machine.holds(spec, Subject::Step(&systems.0, &systems.1));
        };
        let page = self.page(stepper, stepper.round(old))?;
        for p in page.processes() {
            let key = key(self.tables[spec], (page.class(p), 0), (old[p], new[p]));
            let holds = match self.verdicts.get(page.page, key) {
                Some(found) => found,
                None => {
                    let systems = (stepper.system(old, firsts), stepper.system(new, firsts));
                    let names: Vec<&str> = self.algorithm.specs[spec].function.params.iter().map(String::as_str).collect();
                    let values = [(var, Datum::Pid(Pid::new(p)))];
                    let holds = truth(evaluate(stepper.set.text, body, Subject::Step(&systems.0, &systems.1), &names, &values)?)?;
                    self.verdicts.keep(page.page, key, holds);
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

/// The processes that follow the text, as a mask.
fn following(stepper: &Stepper<'_>) -> u64 {
    ((1 << stepper.set.n) - 1) & !stepper.set.fault.byzantine
}

/// Evaluates the body of a quantifier on a row, for these processes.
fn on_processes(
    stepper: &Stepper<'_>,
    body: &Expr,
    names: &[&str],
    processes: &[(&str, usize)],
    row: &[u32],
    firsts: &[u32],
) -> Result<bool, Stuck> {
    let system = stepper.system(row, firsts);
    let values: Vec<(&str, Datum)> = processes.iter().map(|(name, p)| (*name, Datum::Pid(Pid::new(*p)))).collect();
    truth(evaluate(stepper.set.text, body, Subject::State(&system), names, &values)?)
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
    matches!(kind, Kind::Lemma { .. }) || (*kind == Kind::Property && params.len() == 2)
}

/// `new.forall(|i| body)` where `body` reads only old[i] and new[i]: the variable and the body.
fn each_process(spec: &SpecText) -> Option<(&str, &Expr)> {
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
