//! From the text of an algorithm to its verification conditions.
//!
//! The text is evaluated symbolically ([`eval`]): a round becomes, for every process i, equations between its state before and after,
//! with frames; its mailbox is the set `{j | j ∈ HO(i) ∧ j sends to i}` with payloads over the senders' states before the round, and
//! what a round makes of it (the most frequent value, some message with the largest time stamp) becomes a function of the receiver with
//! an axiom. No second model is written by anybody.
//!
//! What differs from the executable meaning, and why that is sound:
//!
//! * Quantified values range over all values, in the text over those that occur. The invariants that are proved are these weaker ones;
//!   properties that quantify over values are refused, since for them it would matter.
//! * A coordinator that depends on the phase is any process at all: more coordinators than the program has.
//! * Numbers do not overflow: an assumption (2^63 rounds), not a condition.
//!
//! Worked example: of One-Third Rule's round, for every i,
//!
//! ```text
//! x'(i) = if 3·|HO(i)| > 2·n ∧ some(i) then most_often(i) else x(i)
//! some(i) ⇔ ∃j. j ∈ HO(i)
//! (∃j. j ∈ HO(i)) ⇒ (∃j. j ∈ HO(i) ∧ x(j) = most_often(i)) ∧ ∀v. |{j ∈ HO(i) | x(j) = v}| ≤ |{j ∈ HO(i) | x(j) = most_often(i)}| ∧ ..
//! ```

mod eval;
mod methods;
mod value;
mod world;

use crate::condition::{Condition, Hypothesis, Kind, Problem};
use crate::term::{Node, Sort, Term, Terms};
use eval::{Eval, Lowered, Moment, Trouble};
use heardof_core::ir::{self, Algorithm, Boundary, Speaks, SpecText};
use std::collections::BTreeMap;
use value::Value;
use world::World;

/// The conditions of an algorithm; what cannot be lowered is listed as uncovered.
pub fn lower(a: &Algorithm) -> Problem {
    let world = match World::new(a) {
        Ok(world) => world,
        Err(what) => {
            let uncovered = vec![format!("everything: {what} is beyond the prover")];
            return Problem { terms: crate::term::Terms::new(), conditions: Vec::new(), uncovered };
        }
    };
    let mut lowering = Lowering { a, world, conditions: Vec::new(), uncovered: Vec::new() };
    lowering.initial();
    for k in 0..a.rounds.len() {
        lowering.inductive(k);
        lowering.properties(k);
    }
    lowering.liveness();
    lowering.enforced();
    Problem { terms: lowering.world.terms, conditions: lowering.conditions, uncovered: lowering.uncovered }
}

struct Lowering<'a> {
    a: &'a Algorithm,
    world: World,
    conditions: Vec<Condition>,
    uncovered: Vec<String>,
}

/// Formulas with their labels.
type Labelled = Vec<(String, Term)>;

impl<'a> Lowering<'a> {
    /// Runs `make`; trouble makes the condition uncovered.
    fn condition(&mut self, name: String, kind: Kind, make: impl FnOnce(&mut Self) -> Lowered<(Labelled, Term)>) {
        match make(self) {
            Ok((hypotheses, goal)) => {
                let goal = self.inline_halted(goal);
                // Every conjunct is a condition of its own: smaller goals, and a failure that names its part.
                let parts = match self.world.terms.node(goal) {
                    Node::And(list) => list.to_vec(),
                    _ => vec![goal],
                };
                let hypotheses: Vec<Hypothesis> =
                    hypotheses.into_iter().map(|(label, f)| Hypothesis { label, formula: self.inline_halted(f) }).collect();
                let hypotheses: Vec<Hypothesis> =
                    hypotheses.into_iter().filter(|h| *self.world.terms.node(h.formula) != Node::Bool(true)).collect();
                for (k, &goal) in parts.iter().enumerate() {
                    let name = if parts.len() == 1 { name.clone() } else { format!("{name}.{}", k + 1) };
                    self.conditions.push(Condition { name, kind, hypotheses: hypotheses.clone(), goal });
                }
            }
            Err(trouble) => self.uncovered.push(format!("{name}: {trouble}")),
        }
    }

    /// Puts the text of `halted` in the place of its symbol.
    fn inline_halted(&mut self, formula: Term) -> Term {
        let Some(function) = self.a.halted.as_ref() else { return formula };
        let mut meanings = BTreeMap::new();
        for copy in 0..=self.a.rounds.len() {
            let name = format!("halted{}", "_".repeat(copy));
            let Some(fun) = self.world.terms.find(&name) else { continue };
            let (v, p) = self.world.process("p");
            let state = self.world.state(copy, p);
            let mut eval = Eval::new(self.a, &mut self.world);
            if let Ok(Value::Scalar(body)) = eval.call(function, vec![state]) {
                meanings.insert(fun, (v, body));
            }
        }
        let mut memo = BTreeMap::new();
        self.world.terms.replace(formula, &mut memo, &|t, node| match node {
            Node::App(fun, arguments) => meanings.get(fun).map(|&(v, body)| t.substitute(body, &[(v, arguments[0])])),
            _ => None,
        })
    }

    /// A specification function as a formula, with what it introduces.
    fn spec(&mut self, spec: &'a SpecText, subjects: Vec<Value>) -> Lowered<(Term, Labelled)> {
        let mut eval = Eval::new(self.a, &mut self.world);
        let value = eval.call(&spec.function, subjects)?;
        let axioms = std::mem::take(&mut eval.axioms);
        if let Some((at, what, _)) = eval.obligations.pop() {
            return Err(Trouble { at, what: format!("{what} in a specification") });
        }
        let formula = value.scalar().map_err(|what| Trouble { at: ir::Pos::default(), what })?;
        Ok((formula, axioms))
    }
    /// The same as hypotheses.
    fn assume(&mut self, label: &str, spec: &'a SpecText, subjects: Vec<Value>) -> Lowered<Labelled> {
        let (formula, axioms) = self.spec(spec, subjects)?;
        Ok(std::iter::once((format!("{label} {}", spec.name), formula)).chain(axioms).collect())
    }
    fn specs(&self, wanted: impl Fn(&ir::Kind) -> bool) -> Vec<&'a SpecText> {
        self.a.specs.iter().filter(|s| wanted(&s.kind)).collect()
    }

    /// The invariants due before round `k` of a phase.
    fn due(&self, k: usize) -> Vec<&'a SpecText> {
        let name = &self.a.rounds[k].name;
        self.specs(|kind| match kind {
            ir::Kind::Invariant(Boundary::Always) => true,
            ir::Kind::Invariant(Boundary::Phase) => k == 0,
            ir::Kind::Invariant(Boundary::Before(rounds)) => rounds.contains(name),
            _ => false,
        })
    }
    fn invariants(&mut self, copy: usize) -> Lowered<Labelled> {
        let mut all = Vec::new();
        for spec in self.due(self.world.round_after(copy)) {
            all.extend(self.assume("invariant", spec, vec![Value::System(copy)])?);
        }
        Ok(all)
    }

    /// What holds in every state: numbers are not negative, parameters are admitted, optional phases are written as agreed.
    fn always(&mut self, copies: usize) -> Lowered<Labelled> {
        let mut all = Vec::new();
        let zero = self.world.terms.int(0);
        let (phase, round) = (self.world.phase_at(World::FIRST), self.world.round(World::FIRST));
        let t = &mut self.world.terms;
        let (a, b) = (t.le(zero, phase), t.le(zero, round));
        all.push(("phases and rounds".into(), t.and([a, b])));
        if let Value::Struct(fields) = self.world.parameters.clone() {
            for (name, value) in fields {
                if let Value::Scalar(term) = value
                    && self.world.terms.sort(term) == Sort::Int
                {
                    all.push((format!("parameter {name}"), self.world.terms.le(zero, term)));
                }
            }
        }
        let n = self.world.terms.n();
        for spec in self.specs(|k| *k == ir::Kind::Resilience) {
            let parameters = self.world.parameters.clone();
            all.extend(self.assume("resilience", spec, vec![Value::Scalar(n), parameters])?);
        }
        for copy in 0..copies {
            let formula = self.world.well_formed(copy);
            all.push(("optional phases".into(), formula));
        }
        Ok(all)
    }

    /// The round from `copy` to the next: transition, axioms, whom halted processes are heard by, safety predicates.
    fn round(&mut self, copy: usize) -> Lowered<Labelled> {
        let k = self.world.round_after(copy);
        let name = &self.a.rounds[k].name;
        let (i, p) = self.world.process("i");
        let before = self.world.state(copy, p);
        let after = self.world.state(copy + 1, p);
        let mut eval = Eval::new(self.a, &mut self.world);
        eval.moment = Some(Moment { id: p, copy, round: k });
        eval.enter(&self.a.rounds[k].update, vec![before.clone(), Value::Mailbox, Value::Context])?;
        let updated = eval.vars.first().map(|(_, v)| v.clone()).unwrap_or(Value::Unit);
        let axioms = std::mem::take(&mut eval.axioms);
        let obligations = std::mem::take(&mut eval.obligations);
        let mut all = Vec::new();
        let moves = self.assigned(&after, &updated)?;
        let step = if self.a.halted.is_some() {
            let frame = self.assigned(&after, &before)?;
            let active = self.world.active(copy, p);
            self.world.terms.ite(active, moves, frame)
        } else {
            moves
        };
        all.push((format!("round {name}"), self.world.terms.forall(&[i], step)));
        all.extend(axioms.into_iter().map(|(what, f)| (format!("axiom {what} in {name}"), f)));
        all.extend(obligations.into_iter().map(|(at, what, f)| (format!("defined: {what}, {at}"), f)));
        all.extend(self.silence(copy));
        all.extend(self.kernels(copy));
        for spec in self.specs(|k| *k == ir::Kind::Safety) {
            all.extend(self.predicate("safety", spec, copy)?);
        }
        Ok(all)
    }
    /// Halted processes hear nothing and nobody hears them.
    fn silence(&mut self, copy: usize) -> Labelled {
        if self.a.halted.is_none() {
            return Vec::new();
        }
        let ((i, p), (j, q)) = (self.world.process("i"), self.world.process("j"));
        let set = self.world.heard(copy, p);
        let heard = self.world.terms.member(q, set);
        let (active_p, active_q) = (self.world.active(copy, p), self.world.active(copy, q));
        let both = self.world.terms.and([active_p, active_q]);
        let body = self.world.terms.implies(heard, both);
        vec![("halted processes are silent".into(), self.world.terms.forall(&[i, j], body))]
    }
    /// The kernel of all rounds so far loses whom somebody does not hear.
    fn kernels(&mut self, copy: usize) -> Labelled {
        if !mentions(self.a, &["kernel_before"]) {
            return Vec::new();
        }
        let (q, tq) = self.world.process("q");
        let (before, after, now) = (self.world.kernel(copy), self.world.kernel(copy + 1), self.world.kernel_of_round(copy));
        let t = &mut self.world.terms;
        let (in_before, in_after, in_now) = (t.member(tq, before), t.member(tq, after), t.member(tq, now));
        let both = t.and([in_before, in_now]);
        let same = t.eq(in_after, both);
        vec![("kernel of all rounds".into(), t.forall(&[q], same))]
    }
    fn predicate(&mut self, label: &str, spec: &'a SpecText, copy: usize) -> Lowered<Labelled> {
        let subjects = match spec.speaks {
            Speaks::Heard => vec![Value::Heard(copy)],
            Speaks::StateHeard => vec![Value::System(copy), Value::Heard(copy)],
            _ => {
                let what = format!("the predicate `{}` over several rounds", spec.name);
                return Err(Trouble { at: ir::Pos::default(), what });
            }
        };
        self.assume(label, spec, subjects)
    }

    /// `place = value`.
    fn assigned(&mut self, place: &Value, value: &Value) -> Lowered<Term> {
        let mut equations = Vec::new();
        self.equations(place, value, &mut equations)?;
        Ok(decisions(&mut self.world.terms, equations))
    }
    /// `place = value`, component by component.
    fn equations(&mut self, place: &Value, value: &Value, out: &mut Vec<(Term, Term)>) -> Lowered<()> {
        let wrong = |what: String| Err(Trouble { at: ir::Pos::default(), what });
        let t = &mut self.world.terms;
        match (place, value) {
            (Value::Scalar(x), Value::Scalar(y)) | (Value::OptionalPhase(x), Value::OptionalPhase(y)) => out.push((*x, *y)),
            (Value::OptionalPhase(x), Value::None) => out.push((*x, t.int(-1))),
            // The content of `None` means nothing, and nothing is said of it.
            (Value::Option { some, .. }, Value::None) => out.push((*some, t.bool(false))),
            (Value::Option { some: x, value: v }, Value::Option { some: y, value: w }) => {
                out.push((*x, *y));
                self.equations(v, w, out)?;
            }
            (Value::Struct(x), Value::Struct(y)) => {
                for ((name, x), (other, y)) in x.iter().zip(y) {
                    if name != other {
                        return wrong(format!("a state with `{other}` in the place of `{name}`"));
                    }
                    self.equations(x, y, out)?;
                }
            }
            (Value::Tuple(x), Value::Tuple(y)) => {
                for (x, y) in x.iter().zip(y) {
                    self.equations(x, y, out)?;
                }
            }
            (Value::Unit, _) => {}
            (x, y) => return wrong(format!("the assignment of {} to {}", y.kind(), x.kind())),
        }
        Ok(())
    }

    fn initial(&mut self) {
        self.world.begin_before(0);
        for spec in self.due(0) {
            self.condition(format!("initial/{}", spec.name), Kind::Initial, |l| {
                let mut hypotheses = l.always(1)?;
                hypotheses.extend(l.first_states()?);
                let (goal, axioms) = l.spec(spec, vec![Value::System(0)])?;
                hypotheses.extend(axioms);
                Ok((hypotheses, goal))
            });
        }
    }
    /// Everybody is as `init` makes it from some input; these are the first states; nobody has missed anybody.
    fn first_states(&mut self) -> Lowered<Labelled> {
        if let Some(spec) = self.specs(|k| *k == ir::Kind::Initial).first() {
            return Err(Trouble { at: ir::Pos::default(), what: format!("the constraint `{}` on inputs", spec.name) });
        }
        let (i, p) = self.world.process("i");
        let shape = self.world.shape(&self.a.input);
        let shape = shape.map_err(|what| Trouble { at: ir::Pos::default(), what: format!("an input {what}") })?;
        let input = self.world.input(&shape, p);
        let (now, first) = (self.world.state(0, p), self.world.state(World::FIRST, p));
        let mut eval = Eval::new(self.a, &mut self.world);
        eval.moment = Some(Moment { id: p, copy: 0, round: 0 });
        let made = eval.call(&self.a.init, vec![input, Value::Context])?;
        let axioms = std::mem::take(&mut eval.axioms);
        let (own, same) = (self.assigned(&now, &made)?, self.assigned(&first, &now)?);
        let zero = self.world.terms.int(0);
        let (phase, round) = (self.world.phase_at(0), self.world.round(0));
        let t = &mut self.world.terms;
        let (phase, round) = (t.eq(phase, zero), t.eq(round, zero));
        let both = t.and([own, same]);
        let mut all = vec![("init".into(), t.forall(&[i], both)), ("phase 0, round 0".into(), t.and([phase, round]))];
        all.extend(axioms);
        if mentions(self.a, &["kernel", "kernel_before"]) {
            let (q, tq) = self.world.process("q");
            let kernel = self.world.kernel(0);
            let t = &mut self.world.terms;
            let member = t.member(tq, kernel);
            all.push(("nobody was missed yet".into(), t.forall(&[q], member)));
        }
        Ok(all)
    }

    fn inductive(&mut self, k: usize) {
        self.world.begin_before(k);
        let name = &self.a.rounds[k].name;
        let next = (k + 1) % self.a.rounds.len();
        for spec in self.due(next) {
            self.condition(format!("inductive/{name}/{}", spec.name), Kind::Inductive, |l| {
                let mut hypotheses = l.always(2)?;
                hypotheses.extend(l.invariants(0)?);
                hypotheses.extend(l.round(0)?);
                let (goal, axioms) = l.spec(spec, vec![Value::System(1)])?;
                hypotheses.extend(axioms);
                Ok((hypotheses, goal))
            });
        }
    }

    fn properties(&mut self, k: usize) {
        self.world.begin_before(k);
        let name = &self.a.rounds[k].name;
        for spec in self.specs(|kind| *kind == ir::Kind::Property) {
            let step = spec.speaks == Speaks::Step;
            self.condition(format!("property/{name}/{}", spec.name), Kind::Property, |l| {
                l.refuse_values(spec)?;
                let mut hypotheses = l.always(if step { 2 } else { 1 })?;
                hypotheses.extend(l.invariants(0)?);
                let mut subjects = vec![Value::System(0)];
                if step {
                    hypotheses.extend(l.round(0)?);
                    subjects.push(Value::System(1));
                }
                let (goal, axioms) = l.spec(spec, subjects)?;
                hypotheses.extend(axioms);
                Ok((hypotheses, goal))
            });
        }
    }
    /// In a property the difference between all values and those that occur would matter.
    fn refuse_values(&self, spec: &SpecText) -> Lowered<()> {
        let quantifies = |e: &ir::Expr| matches!(&e.node, ir::Node::Method(m, ..) if m == "exists_value" || m == "forall_value");
        match &spec.function.body {
            Ok(body) if body.any(&quantifies) => Err(Trouble { at: body.at, what: "a property that quantifies over values".into() }),
            _ => Ok(()),
        }
    }

    /// The ladder: each stage by its waypoints through the good phase, each stage stable, the last implies termination.
    fn liveness(&mut self) {
        let stages = self.a.specs.iter().filter_map(|s| if let ir::Kind::Progress { stage, .. } = s.kind { Some(stage) } else { None });
        let last = stages.max().unwrap_or(0);
        for stage in 1..=last {
            self.climb(stage);
            self.stable(stage);
        }
        self.world.begin_before(0);
        for spec in self.specs(|k| *k == ir::Kind::Termination) {
            self.condition(format!("liveness/{}", spec.name), Kind::Liveness, |l| {
                l.refuse_values(spec)?;
                if last == 0 {
                    return Err(Trouble { at: ir::Pos::default(), what: "termination without a stage of progress".into() });
                }
                let mut hypotheses = l.always(1)?;
                hypotheses.extend(l.invariants(0)?);
                for stage in l.reached(last) {
                    hypotheses.extend(l.assume("progress", stage, vec![Value::System(0)])?);
                }
                let (goal, axioms) = l.spec(spec, vec![Value::System(0)])?;
                hypotheses.extend(axioms);
                Ok((hypotheses, goal))
            });
        }
    }
    /// What holds at the end of a stage; of stage 0 nothing is known.
    fn reached(&self, stage: usize) -> Vec<&'a SpecText> {
        self.specs(|k| matches!(k, ir::Kind::Progress { stage: s, before } if *s == stage && before.is_empty()))
    }
    /// What holds before round `k` of the good phase of a stage; before the first, the stage below.
    fn waypoints(&self, stage: usize, k: usize) -> Vec<&'a SpecText> {
        let name = &self.a.rounds[k].name;
        let mut all = self.specs(|kind| matches!(kind, ir::Kind::Progress { stage: s, before } if *s == stage && before.contains(name)));
        if k == 0 {
            all.extend(self.reached(stage - 1));
        }
        all
    }
    /// From one waypoint to the next, the rounds between them composed.
    fn climb(&mut self, stage: usize) {
        let rounds = self.a.rounds.len();
        let mut from = 0;
        for to in 1..=rounds {
            let goals = if to == rounds { self.reached(stage) } else { self.waypoints(stage, to) };
            if goals.is_empty() {
                continue;
            }
            for spec in goals {
                self.world.begin_before(from);
                let name = format!("liveness/{stage}/{}/{}", self.a.rounds[to - 1].name, spec.name);
                self.condition(name, Kind::Liveness, |l| {
                    let starts = l.waypoints(stage, from);
                    l.through(to - from, Some(stage), starts, spec)
                });
            }
            from = to;
        }
    }
    /// A stage once reached stays, without luck: over a whole phase where that is at most two rounds, else over each round.
    fn stable(&mut self, stage: usize) {
        let rounds = self.a.rounds.len();
        for spec in self.reached(stage) {
            if rounds <= 2 {
                self.world.begin_before(0);
                self.condition(format!("liveness/{stage}/stable/{}", spec.name), Kind::Liveness, |l| {
                    let starts = l.reached(stage);
                    l.through(rounds, None, starts, spec)
                });
                continue;
            }
            for k in 0..rounds {
                self.world.begin_before(k);
                let name = format!("liveness/{stage}/stable in {}/{}", self.a.rounds[k].name, spec.name);
                self.condition(name, Kind::Liveness, |l| {
                    let starts = l.reached(stage);
                    l.through(1, None, starts, spec)
                });
            }
        }
    }
    /// `starts`, invariants and `count` rounds, good ones for `stage`, lead to `goal`.
    fn through(&mut self, count: usize, stage: Option<usize>, starts: Vec<&'a SpecText>, goal: &'a SpecText) -> Lowered<(Labelled, Term)> {
        let mut hypotheses = self.always(count + 1)?;
        for start in starts {
            hypotheses.extend(self.assume("progress", start, vec![Value::System(0)])?);
        }
        for copy in 0..count {
            hypotheses.extend(self.invariants(copy)?);
            hypotheses.extend(self.round(copy)?);
            if let Some(stage) = stage {
                let name = &self.a.rounds[self.world.round_after(copy)].name;
                let good = self.specs(|k| match k {
                    ir::Kind::Liveness { rounds, stage: only } => {
                        (rounds.is_empty() || rounds.contains(name)) && only.is_none_or(|s| s == stage)
                    }
                    _ => false,
                });
                for spec in good {
                    hypotheses.extend(self.predicate("good", spec, copy)?);
                }
            }
        }
        let (goal, axioms) = self.spec(goal, vec![Value::System(count)])?;
        hypotheses.extend(axioms);
        Ok((hypotheses, goal))
    }

    /// Where every round blocks, leaving it enforces the safety predicates.
    fn enforced(&mut self) {
        let blocks = |round: &ir::Round| {
            let body = round.ready.as_ref().and_then(|f| f.body.as_ref().ok());
            body.is_some_and(|b| b.any(&|e| matches!(&e.node, ir::Node::Variant(name, _) if name == "Progress::Block")))
        };
        if !self.a.rounds.iter().all(blocks) {
            return;
        }
        for (k, round) in self.a.rounds.iter().enumerate() {
            for spec in self.specs(|kind| *kind == ir::Kind::Safety) {
                self.world.begin_before(k);
                self.condition(format!("enforced/{}/{}", round.name, spec.name), Kind::Enforced, |l| {
                    let mut hypotheses = l.always(1)?;
                    hypotheses.extend(l.invariants(0)?);
                    hypotheses.extend(l.silence(0));
                    let (i, p) = l.world.process("i");
                    let state = l.world.state(0, p);
                    let mut eval = Eval::new(l.a, &mut l.world);
                    eval.moment = Some(Moment { id: p, copy: 0, round: k });
                    let ready = round.ready.as_ref().expect("it blocks");
                    let value = eval.call(ready, vec![state, Value::Mailbox, Value::Context])?;
                    let axioms = std::mem::take(&mut eval.axioms);
                    let Value::Progress(block) = value else {
                        return Err(Trouble { at: ir::Pos::default(), what: "this `ready`".into() });
                    };
                    let active = l.world.active(0, p);
                    let t = &mut l.world.terms;
                    let goes_on = t.not(block);
                    let body = t.implies(active, goes_on);
                    hypotheses.push(("everybody goes on".into(), t.forall(&[i], body)));
                    hypotheses.extend(axioms);
                    let subjects =
                        if spec.speaks == Speaks::Heard { vec![Value::Heard(0)] } else { vec![Value::System(0), Value::Heard(0)] };
                    let (goal, axioms) = l.spec(spec, subjects)?;
                    hypotheses.extend(axioms);
                    Ok((hypotheses, goal))
                });
            }
        }
    }
}

/// Equations whose right sides are choices, as one decision tree: `x' = if c then a else x` and `y' = if c then b else y` become
/// `if c then x' = a ∧ y' = b else x' = x ∧ y' = y`, which the engine reads as one case distinction for all fields.
fn decisions(t: &mut Terms, equations: Vec<(Term, Term)>) -> Term {
    let choice = equations.iter().find_map(|&(_, right)| match *t.node(right) {
        Node::Ite(c, ..) => Some(c),
        _ => None,
    });
    let Some(condition) = choice else {
        let parts: Vec<Term> = equations.into_iter().map(|(place, value)| t.eq(place, value)).collect();
        return t.and(parts);
    };
    let mut plain = Vec::new();
    let (mut yes, mut no) = (Vec::new(), Vec::new());
    for (place, right) in equations {
        if !matches!(t.node(right), Node::Ite(..)) {
            plain.push(t.eq(place, right));
            continue;
        }
        let (on_yes, on_no) = (settle(t, right, condition, true), settle(t, right, condition, false));
        yes.push((place, on_yes));
        no.push((place, on_no));
    }
    let (yes, no) = (decisions(t, yes), decisions(t, no));
    plain.push(t.ite(condition, yes, no));
    t.and(plain)
}

/// The choices in `value` by `condition`, settled.
fn settle(t: &mut Terms, value: Term, condition: Term, holds: bool) -> Term {
    match *t.node(value) {
        Node::Ite(c, a, b) if c == condition => settle(t, if holds { a } else { b }, condition, holds),
        Node::Ite(c, a, b) => {
            let (a, b) = (settle(t, a, condition, holds), settle(t, b, condition, holds));
            t.branch(c, a, b)
        }
        _ => value,
    }
}

/// Whether the specification calls one of these methods.
fn mentions(a: &Algorithm, names: &[&str]) -> bool {
    let calls = |e: &ir::Expr| matches!(&e.node, ir::Node::Method(m, ..) if names.contains(&m.as_str()));
    a.specs.iter().any(|s| s.function.body.as_ref().is_ok_and(|b| b.any(&calls)))
}
