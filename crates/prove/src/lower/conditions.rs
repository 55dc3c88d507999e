//! From formulas to conditions: which hypotheses, which goal, under which name.

use super::eval::{Eval, Hearing, Obligation};
use super::rounds::{Relation, relation};
use super::value::Value;
use super::world::{Fact, Lowered, Place, Trouble, World};
use crate::condition::{Condition, Hypothesis, Kind, Problem};
use crate::eliminate::eliminate;
use crate::pieces::goals;
use crate::term::{Fun, Node, Sort, Term, Terms};
use heardof_core::ir::{self, Algorithm, Boundary, Pos, Speaks};
use std::collections::{BTreeMap, BTreeSet};

/// What a specification function is asked about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Subject {
    /// The state at a place, and the heard-of sets of the round after it.
    At(Place),
    /// The states before and after a round.
    Step(Place, Place),
}

/// The conditions of an algorithm while they are put together.
pub(super) struct Assembly<'a> {
    pub(super) world: World<'a>,
    pub(super) algorithm: &'a Algorithm,
    specs: BTreeMap<(usize, Subject), (Lowered<Term>, Vec<Obligation>)>,
    relations: BTreeMap<(usize, usize), Lowered<Relation>>,
    pub(super) conditions: Vec<Condition>,
    pub(super) assumed: Vec<String>,
    uncovered: Vec<String>,
}

/// A condition's parts as far as they are known.
#[derive(Clone, Default)]
pub(super) struct Draft {
    pub(super) hypotheses: Vec<Hypothesis>,
    /// The round at whose start copy 0 of the state stands.
    pub(super) boundary: usize,
}

impl Draft {
    /// Adds a hypothesis, unless another label has the same formula.
    pub(super) fn assume(&mut self, label: String, formula: Term) {
        if !self.hypotheses.iter().any(|h| h.formula == formula) {
            self.hypotheses.push(Hypothesis { label, formula });
        }
    }
}

/// Where a copy of the state stands that is `copy` rounds after the first; `ends`: at the end of the phase.
pub(super) fn after(copy: usize, ends: bool) -> Place {
    Place { copy, start: false, phases: usize::from(ends) }
}

impl<'a> Assembly<'a> {
    pub(super) fn new(mut world: World<'a>) -> Self {
        let algorithm = world.algorithm;
        let zero = world.terms.int(0);
        world.follows_coordinator = Eval::new(&mut world).coordinator_text(zero).is_ok();
        let (specs, relations) = Default::default();
        Assembly { world, algorithm, specs, relations, conditions: vec![], assumed: vec![], uncovered: vec![] }
    }

    pub(super) fn finish(self) -> Problem {
        Problem { terms: self.world.terms, conditions: self.conditions, assumed: self.assumed, uncovered: self.uncovered }
    }

    /// Notes what no condition covers, and why.
    pub(super) fn gap(&mut self, name: &str, reason: &str) {
        let gap = format!("{name}: {reason}");
        if !self.uncovered.contains(&gap) {
            self.uncovered.push(gap);
        }
    }
    pub(super) fn gap_at(&mut self, name: &str, function: &str, trouble: &Trouble) {
        self.gap(name, &format!("`{function}`, {}: {}", trouble.at, trouble.what));
    }

    // Formulas, each made once.

    /// What a specification function says of a subject.
    pub(super) fn spec(&mut self, number: usize, subject: Subject) -> Lowered<Term> {
        if !self.specs.contains_key(&(number, subject)) {
            let made = self.made(number, subject);
            self.specs.insert((number, subject), made);
        }
        self.specs[&(number, subject)].0.clone()
    }
    fn made(&mut self, number: usize, subject: Subject) -> (Lowered<Term>, Vec<Obligation>) {
        let spec = &self.algorithm.specs[number];
        let mut eval = Eval::new(&mut self.world);
        let hearing = |place: Place| Hearing { step: place.copy, place };
        let arguments = match (spec.speaks, subject) {
            (Speaks::State, Subject::At(place)) => {
                eval.systems[0] = Some(place);
                vec![Value::System(0)]
            }
            (Speaks::Step, Subject::Step(old, new)) => {
                eval.systems = [Some(old), Some(new)];
                vec![Value::System(0), Value::System(1)]
            }
            (Speaks::Heard, Subject::At(place)) => {
                eval.heard[0] = Some(hearing(place));
                vec![Value::Heard(0)]
            }
            (Speaks::StateHeard, Subject::At(place)) => {
                (eval.systems[0], eval.heard[0]) = (Some(place), Some(hearing(place)));
                vec![Value::System(0), Value::Heard(0)]
            }
            (Speaks::Size, _) => {
                let n = eval.terms().n();
                let parameters = eval.world.parameters.clone().at(&mut eval.world.terms, &[]);
                vec![Value::Scalar(n), parameters]
            }
            (speaks, _) => {
                let what = format!("a function that speaks of {speaks:?} has no logic yet");
                return (Err(Trouble { at: Pos::default(), what }), vec![]);
            }
        };
        let result = eval.call(&spec.function, arguments).and_then(|value| eval.as_scalar(Pos::default(), value));
        let obligations = eval.obligations;
        (result.map(|formula| eliminate(&mut self.world.terms, formula)), obligations)
    }
    /// The obligations of a specification function.
    pub(super) fn obligations(&mut self, number: usize, subject: Subject) -> Vec<Obligation> {
        let _ = self.spec(number, subject);
        self.specs[&(number, subject)].1.clone()
    }
    /// Round `k` of the phase from copy `step` of the state to the next.
    pub(super) fn relation(&mut self, k: usize, step: usize) -> Lowered<Relation> {
        if !self.relations.contains_key(&(k, step)) {
            let made = relation(&mut self.world, &self.algorithm.rounds[k], step);
            self.relations.insert((k, step), made);
        }
        self.relations[&(k, step)].clone()
    }

    // Hypotheses.

    /// The specification functions of a kind.
    pub(super) fn of_kind(&self, wanted: impl Fn(&ir::Kind) -> bool) -> Vec<usize> {
        let specs = self.algorithm.specs.iter().enumerate();
        specs.filter(|(_, s)| wanted(&s.kind)).map(|(k, _)| k).collect()
    }
    /// The invariants due before round `k`.
    pub(super) fn invariants(&self, k: usize) -> Vec<usize> {
        let name = &self.algorithm.rounds[k].name;
        self.of_kind(|kind| match kind {
            ir::Kind::Invariant(Boundary::Phase) => k == 0,
            ir::Kind::Invariant(Boundary::Always) => true,
            ir::Kind::Invariant(Boundary::Before(rounds)) => rounds.contains(name),
            _ => false,
        })
    }
    pub(super) fn name(&self, spec: usize) -> &'a str {
        &self.algorithm.specs[spec].name
    }

    /// Assumes what some functions say. One without a formula is left out, which only weakens the condition; that it has none is
    /// reported where it is a goal, or by [`Assembly::without_formula`].
    pub(super) fn assume_specs(&mut self, draft: &mut Draft, what: &str, specs: &[usize], place: Place) {
        for spec in specs {
            if let Ok(formula) = self.spec(*spec, Subject::At(place)) {
                draft.assume(format!("{what} {}", self.name(*spec)), formula);
            }
        }
    }
    /// A draft with what holds everywhere.
    pub(super) fn draft(&mut self, boundary: usize) -> Draft {
        let mut draft = Draft { boundary, ..Draft::default() };
        let sizes = self.of_kind(|kind| *kind == ir::Kind::Resilience);
        self.assume_specs(&mut draft, "resilience", &sizes, Place::HERE);
        draft
    }
    /// A draft with the invariants before round `k` as well.
    pub(super) fn before(&mut self, k: usize) -> Draft {
        let mut draft = self.draft(k);
        let invariants = self.invariants(k);
        self.assume_specs(&mut draft, "invariant", &invariants, Place::HERE);
        draft
    }
    /// Assumes round `k` from copy `step` of the state, and what its heard-of sets satisfy.
    pub(super) fn assume_round(&mut self, draft: &mut Draft, k: usize, step: usize, good: &[usize]) -> Lowered<()> {
        let place = after(step, false);
        let safety = self.of_kind(|kind| *kind == ir::Kind::Safety);
        self.assume_specs(draft, "safety", &safety, place);
        self.assume_specs(draft, "liveness", good, place);
        let relation = self.relation(k, step)?;
        let name = &self.algorithm.rounds[k].name;
        draft.assume(format!("round {name}"), relation.round);
        draft.assume(format!("frame {name}"), relation.frame);
        Ok(())
    }
    /// Whoever halted hears nobody and is heard by nobody: a fact about the heard-of sets of a round.
    fn halting(&mut self, step: usize) -> Lowered<()> {
        if self.algorithm.halted.is_none() {
            return Ok(());
        }
        let about = self.world.chance(step)?.heard;
        if self.world.facts.iter().any(|fact| fact.about == about) {
            return Ok(());
        }
        let terms = &mut self.world.terms;
        let (vp, vq) = (terms.variable("p", Sort::Process), terms.variable("q", Sort::Process));
        let (p, q) = (terms.var(vp), terms.var(vq));
        let set = terms.app(about, &[p]);
        let heard = terms.member(q, set);
        let mut eval = Eval::new(&mut self.world);
        let (receives, sends) = (eval.active(after(step, false), p)?, eval.may_send(after(step, false), q)?);
        let terms = &mut self.world.terms;
        let both = terms.and([receives, sends]);
        let body = terms.implies(heard, both);
        let formula = terms.forall(&[vp, vq], body);
        self.world.facts.push(Fact { about, label: "axiom halted".into(), formula });
        Ok(())
    }

    // Conditions.

    /// Adds the conditions for a goal, one for each of its conjuncts.
    pub(super) fn prove(&mut self, name: &str, kind: Kind, draft: &Draft, goal: Lowered<Term>, function: &str) {
        let goal = match goal {
            Ok(goal) => goal,
            Err(trouble) => return self.gap_at(name, function, &trouble),
        };
        let parts = goals(&mut self.world.terms, goal);
        let many = parts.len() > 1;
        for (k, goal) in parts.into_iter().enumerate() {
            let stem = if many { format!("{name}.{}", k + 1) } else { name.to_string() };
            let taken = |name: &String| self.conditions.iter().any(|c| c.name == *name);
            let name = (1..).map(|k| if k == 1 { stem.clone() } else { format!("{stem}#{k}") }).find(|name| !taken(name));
            let hypotheses = draft.hypotheses.iter().filter(|h| !super::value::is_true(&self.world.terms, h.formula)).cloned().collect();
            let mut condition = Condition { name: name.unwrap_or(stem), kind, hypotheses, goal, steps: vec![] };
            if let Err(trouble) = self.add_facts(&mut condition, draft.boundary) {
                return self.gap_at(&condition.name, function, &trouble);
            }
            self.conditions.push(condition);
        }
    }

    /// Assumes what is known by definition of the symbols that a condition mentions, and of those mentioned by that.
    fn add_facts(&mut self, condition: &mut Condition, boundary: usize) -> Lowered<()> {
        let formulas: Vec<Term> = condition.hypotheses.iter().map(|h| h.formula).chain([condition.goal]).collect();
        let mut symbols = BTreeSet::new();
        let mut seen = BTreeSet::new();
        formulas.into_iter().for_each(|t| mentioned(&self.world.terms, t, &mut seen, &mut symbols));
        for step in 0..self.world.steps() {
            self.halting(step)?;
        }
        loop {
            let before = condition.hypotheses.len();
            for fact in &self.world.facts {
                if symbols.contains(&fact.about) && !condition.hypotheses.iter().any(|h| h.formula == fact.formula) {
                    condition.hypotheses.push(Hypothesis { label: fact.label.clone(), formula: fact.formula });
                    mentioned(&self.world.terms, fact.formula, &mut seen, &mut symbols);
                }
            }
            if condition.hypotheses.len() == before {
                break;
            }
        }
        if let (Some(phase), Some(round)) = (self.world.numbers.get("phase"), self.world.numbers.get("round"))
            && symbols.contains(phase)
            && symbols.contains(round)
        {
            let (phase, round) = (*phase, *round);
            let terms = &mut self.world.terms;
            let (phase, round, at) = (terms.constant(phase), terms.constant(round), terms.int(boundary as i64));
            let rounds = terms.times(self.algorithm.rounds.len() as i64, phase);
            let number = terms.add([rounds, at]);
            let formula = terms.eq(round, number);
            condition.hypotheses.push(Hypothesis { label: "sort round".into(), formula });
        }
        Ok(())
    }

    /// The initial states satisfy the invariants due before the first round.
    pub(super) fn initial(&mut self) {
        let mut draft = self.draft(0);
        match self.first_states() {
            Ok(formula) => draft.assume("initial states".into(), formula),
            Err(trouble) => return self.gap_at("initial", "init", &trouble),
        }
        let initial = self.of_kind(|kind| *kind == ir::Kind::Initial);
        self.assume_specs(&mut draft, "initial", &initial, Place::START);
        for spec in self.invariants(0) {
            let goal = self.spec(spec, Subject::At(Place::START));
            let name = self.name(spec);
            self.prove(&format!("initial/{name}"), Kind::Initial, &draft, goal, name);
        }
    }
    fn first_states(&mut self) -> Lowered<Term> {
        let variable = self.world.terms.variable("i", Sort::Process);
        let i = self.world.terms.var(variable);
        let mut eval = Eval::new(&mut self.world);
        eval.scope.push(variable);
        let first = eval.first_state(i)?;
        let state = self.world.state(0)?;
        let mut equations = vec![];
        let fits = state.equations(&mut self.world.terms, &[i], &first, &mut equations);
        fits.map_err(|what| Trouble { at: Pos::default(), what })?;
        let terms = &mut self.world.terms;
        let parts: Vec<Term> = equations.into_iter().map(|(symbol, value)| terms.eq(symbol, value)).collect();
        let body = terms.and(parts);
        Ok(terms.forall(&[variable], body))
    }

    /// Every round keeps the invariants, and has the properties of two states.
    pub(super) fn inductive(&mut self) {
        let rounds = &self.algorithm.rounds;
        for (k, round) in rounds.iter().enumerate() {
            let mut draft = self.before(k);
            let mut trouble = self.assume_round(&mut draft, k, 0, &[]).err();
            let next = (k + 1) % rounds.len();
            let there = after(1, next == 0);
            // Each lemma may use those above it, what is proved of the round may use all.
            for spec in self.lemmas(k) {
                let name = self.name(spec);
                let goal = trouble.clone().map_or_else(|| self.spec(spec, Subject::Step(Place::HERE, there)), Err);
                self.prove(&format!("lemma/{}/{name}", round.name), Kind::Property, &draft, goal.clone(), name);
                if let Ok(formula) = goal {
                    draft.assume(format!("lemma {name}"), formula);
                }
            }
            for spec in self.invariants(next) {
                let name = self.name(spec);
                let goal = trouble.clone().map_or_else(|| self.spec(spec, Subject::At(there)), Err);
                let function = if trouble.is_some() { round.name.as_str() } else { name };
                self.prove(&format!("inductive/{}/{name}", round.name), Kind::Inductive, &draft, goal, function);
            }
            let steps = self.of_kind(|kind| *kind == ir::Kind::Property);
            for spec in steps.into_iter().filter(|s| self.algorithm.specs[*s].speaks == Speaks::Step) {
                let name = self.name(spec);
                let goal = trouble.take().map_or_else(|| self.spec(spec, Subject::Step(Place::HERE, there)), Err);
                self.prove(&format!("property/{}/{name}", round.name), Kind::Property, &draft, goal, name);
            }
        }
    }
    /// The lemmas about round `k`.
    fn lemmas(&self, k: usize) -> Vec<usize> {
        let name = &self.algorithm.rounds[k].name;
        self.of_kind(|kind| matches!(kind, ir::Kind::Lemma { rounds } if rounds.is_empty() || rounds.contains(name)))
    }
    /// Assumes the lemmas about round `k`, executed as step `step`. They are proved from what is assumed of the round already.
    pub(super) fn assume_lemmas(&mut self, draft: &mut Draft, k: usize, step: usize) {
        let ends = k + 1 == self.algorithm.rounds.len();
        for spec in self.lemmas(k) {
            // One that cannot be said is reported where it is to be proved.
            if let Ok(formula) = self.spec(spec, Subject::Step(after(step, false), after(step + 1, ends))) {
                draft.assume(format!("lemma {}", self.name(spec)), formula);
            }
        }
    }
    /// The invariants before every round imply the properties of one state.
    pub(super) fn properties(&mut self) {
        for (k, round) in self.algorithm.rounds.iter().enumerate() {
            let draft = self.before(k);
            let states = self.of_kind(|kind| *kind == ir::Kind::Property);
            for spec in states.into_iter().filter(|s| self.algorithm.specs[*s].speaks != Speaks::Step) {
                let name = self.name(spec);
                let goal = self.spec(spec, Subject::At(Place::HERE));
                self.prove(&format!("property/{}/{name}", round.name), Kind::Property, &draft, goal, name);
            }
        }
    }
}

/// The symbols in a term.
fn mentioned(terms: &Terms, t: Term, seen: &mut BTreeSet<Term>, out: &mut BTreeSet<Fun>) {
    if !seen.insert(t) {
        return;
    }
    if let Node::App(fun, _) = terms.node(t) {
        out.insert(*fun);
    }
    terms.children(t).into_iter().for_each(|c| mentioned(terms, c, seen, out));
}
