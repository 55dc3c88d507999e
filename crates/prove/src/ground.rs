//! The ground engine: model-driven instantiation with counting lemmas.
//!
//! An incremental solver of ground formulas (uninterpreted functions and linear integer arithmetic) is asked again and again. While it
//! has a model, the engine looks for a reason why the model is wrong, in this order:
//!
//! 1. an instance of a clause that the model makes false (`instances`), over the terms that matter in the model (`relevant`);
//! 2. a trivial fact about a cardinality: `0 ≤ |S| ≤ n`, `e ∈ S ⇒ |S| ≥ 1`;
//! 3. a counting lemma that refutes the model's cardinality literals (`cut`), without new terms;
//! 4. a witness that the cardinalities force: an element of a type that no known element has (`count`, of values `values`);
//! 5. cardinalities that the known types realise: another model, looked at again.
//!
//! When nothing is left at a level, the level rises: older terms first. `unsat` is a proof for every n: the ground formulas follow from
//! the clauses, and each carries its reason ([`Why`]). Anything else is no answer.
//!
//! Worked example: `|A| > n/2`, `|B| > n/2`, `∀i. ¬(i ∈ A ∧ i ∈ B)`. No ground terms but the cardinalities; the first model says
//! |A| = |B| = 1, n = 1. No instance is false. The linear program finds 2·|A| > n ∧ 2·|B| > n impossible for the types ∅, {A}, {B}; the
//! solver, asked for an element in both, instantiates the clause at it and finds none: `|A| + |B| ≤ n` is asserted. unsat.

mod count;
mod cut;
mod emit;
mod instances;
pub mod lp;
mod model;
mod needed;
mod price;
mod relevant;
mod rows;
mod sets;
#[cfg(test)]
mod tests;
mod values;

use crate::clause::Clauses;
use crate::clock::Stopwatch;
use crate::solver::{Answer, Solver, SolverError};
use crate::term::{Fun, Node, Role, Sort, Term, Terms};
use count::LastResort;
use emit::Emitter;
use instances::{Bounds, Instance, Instances};
use model::Model;
pub use needed::{needed, needed_parts};
use price::Pricer;
use relevant::{Generations, Relevant, Walk};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Limits and choices of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The highest level: the oldest generation of terms that are used.
    pub levels: u32,
    /// How long it may take.
    pub budget: Duration,
    /// The most false instances of one clause that are asserted for one model; where there is a limit, terms that are the same in the
    /// model count as one.
    pub most: usize,
    /// How many times the generation of a term counts in an instance that makes a counted set of it. A larger factor puts off the sets
    /// of younger processes; levels mean less then.
    pub counted: u32,
    /// Whether a known element blocks a new witness only if its membership follows from the relevant literals.
    pub strict_witnesses: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { levels: 2, budget: Duration::from_secs(20), most: usize::MAX, counted: 1, strict_witnesses: false }
    }
}

impl Options {
    /// Puts off counted sets of young terms, and goes one level further for it.
    pub fn heavy(self) -> Options {
        Options { counted: 3, levels: self.levels + 1, ..self }
    }
}

/// Why a ground formula follows from the clauses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// n ≥ 1.
    Nonempty,
    /// An instance of a clause (no terms: the clause is ground).
    Instance(usize, Vec<Term>),
    /// Of the set: `0 ≤ |S|` and `|S| ≤ n`; with an element: in S it makes |S| at least 1, outside less than n.
    Trivial(Term, Option<Term>),
    /// A counting lemma: the rule of the module `cut`.
    Counting(Lemma),
}

/// An application of the counting rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lemma {
    /// The sets with their coefficients.
    pub sets: Vec<(i64, Term)>,
    /// The bound for one element.
    pub bound: i64,
    /// Distinct elements that are counted exactly.
    pub exact: Vec<Term>,
    /// Under these literals no element exceeds the bound.
    pub guards: Vec<Term>,
    /// The element that exceeds the bound otherwise; `None` when the guards exclude one.
    pub witness: Option<Fun>,
    /// The instances at an arbitrary element by which the guards exclude one.
    pub context: Vec<Instance>,
}

impl Lemma {
    /// Whether it counts other things than processes.
    pub(crate) fn of_values(&self, terms: &Terms) -> bool {
        self.sets.iter().any(|&(_, set)| terms.sort(set) != Sort::ProcessSet)
    }
}

/// What tells counting lemmas apart: the sets with their coefficients, the bound, the elements counted exactly.
type LemmaKey = (Vec<(i64, Term)>, i64, Vec<Term>);

/// A ground formula and its reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fact {
    /// What is asserted.
    pub formula: Term,
    /// Why it may be.
    pub why: Why,
    /// For a witness lemma `linear ∨ pattern`: its two sides. Where the linear one is true the witness does not matter.
    sides: Option<(Term, Term)>,
}

/// What a run ended with.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The clauses have no model, for any n.
    Proved(Vec<Fact>),
    /// Nothing left to try at the highest level.
    Saturated,
    /// The budget is used up.
    OutOfTime,
    /// The solver gave up, with its reason.
    SolverUnknown(String),
}

/// Figures of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Models looked at.
    pub models: usize,
    /// Instances asserted.
    pub instances: usize,
    /// Counting lemmas without a witness.
    pub cuts: usize,
    /// Witnesses.
    pub witnesses: usize,
    /// Queries for a new type.
    pub prices: usize,
    /// Models with realised cardinalities.
    pub realised: usize,
    /// The level reached.
    pub level: u32,
}

/// One run over one set of clauses.
pub struct Engine<'a> {
    terms: &'a mut Terms,
    clauses: &'a mut Clauses,
    solver: &'a mut Solver,
    emitter: Emitter,
    pricer: Pricer<'a>,
    options: Options,
    started: Stopwatch,
    facts: Vec<Fact>,
    instances: Instances,
    generations: Generations,
    /// Witness lemmas that were given.
    given: BTreeSet<LemmaKey>,
    /// Symbols of the state after the round to those before it.
    unprimed: BTreeMap<Fun, Fun>,
    /// Ground terms of the clauses themselves.
    constants: Vec<Term>,
    /// Some process: there is one, even where no term speaks of any. Not the pricer's arbitrary element, which must occur nowhere else.
    someone: Term,
    /// Figures.
    pub figures: Figures,
}

impl<'a> Engine<'a> {
    /// An engine on fresh scopes of two solvers: one keeps the ground formulas, the other answers questions about single elements.
    ///
    /// # Errors
    /// When a solver died.
    pub fn new(
        terms: &'a mut Terms,
        clauses: &'a mut Clauses,
        solvers: (&'a mut Solver, &'a mut Solver),
        options: Options,
    ) -> Result<Engine<'a>, SolverError> {
        let unprimed = unprimed(terms);
        let probe = terms.declare("any", &[], Sort::Process, Role::Witness);
        let someone = terms.declare("someone", &[], Sort::Process, Role::Given);
        let someone = terms.constant(someone);
        let pricer = Pricer::new(solvers.1, terms.constant(probe));
        let constants = clauses.list.iter().flat_map(|c| ground_terms(terms, c.matrix)).collect::<BTreeSet<Term>>();
        Ok(Engine {
            terms,
            clauses,
            solver: solvers.0,
            emitter: Emitter::default(),
            pricer,
            options,
            started: Stopwatch::start(),
            facts: Vec::new(),
            instances: Instances::default(),
            generations: Generations::default(),
            given: BTreeSet::new(),
            unprimed,
            constants: constants.into_iter().collect(),
            someone,
            figures: Figures::default(),
        })
    }

    fn late(&self) -> bool {
        self.started.elapsed() > self.options.budget
    }

    /// Runs to an outcome.
    ///
    /// # Errors
    /// When a solver died or spoke nonsense.
    pub fn run(&mut self) -> Result<Outcome, SolverError> {
        if self.clauses.beyond {
            return Ok(Outcome::Saturated);
        }
        let n = self.terms.n();
        let zero = self.terms.int(0);
        let nonempty = self.terms.lt(zero, n);
        self.assert(nonempty, Why::Nonempty, None);
        for k in 0..self.clauses.list.len() {
            if self.clauses.list[k].variables.is_empty() {
                self.assert(self.clauses.list[k].matrix, Why::Instance(k, Vec::new()), None);
            }
        }
        let mut level = 0;
        loop {
            if self.late() {
                return Ok(Outcome::OutOfTime);
            }
            self.figures.models += 1;
            match self.solver.check()? {
                Answer::Unsat => return Ok(Outcome::Proved(std::mem::take(&mut self.facts))),
                Answer::Unknown(why) => return Ok(Outcome::SolverUnknown(why)),
                Answer::Sat => {}
            }
            let mut model = self.model()?;
            let mut realised = 0;
            loop {
                self.figures.level = level;
                let (found, next) =
                    self.improve(&mut model, level, if realised < MAX_REALISED { LastResort::Realise } else { LastResort::Stop })?;
                if found {
                    break;
                }
                if self.late() {
                    return Ok(Outcome::OutOfTime);
                }
                if let Some(next) = next {
                    realised += 1;
                    model = next;
                    continue;
                }
                if self.options.strict_witnesses && level > 0 && self.improve(&mut model, level, LastResort::StrictWitness)?.0 {
                    break;
                }
                realised = 0;
                level += 1;
                if level > self.options.levels {
                    return Ok(Outcome::Saturated);
                }
            }
        }
    }

    /// Looks for something to assert against the model; otherwise, perhaps, another model of the same formulas.
    fn improve(&mut self, model: &mut Model, level: u32, last: LastResort) -> Result<(bool, Option<Model>), SolverError> {
        let mut relevant = self.relevant(model);
        let started = self.started;
        let budget = self.options.budget;
        let late = move || started.elapsed() > budget;
        let Some(found) = self.instances.look(
            self.terms,
            self.clauses,
            model,
            &relevant,
            &Bounds { level, most: self.options.most, counted: self.options.counted, late: &late },
        ) else {
            return Ok((false, None));
        };
        if !found.falsified.is_empty() {
            self.assert_instances(found.falsified);
            return Ok((true, None));
        }
        for instance in &found.counting {
            let formula = instances::formula(self.terms, self.clauses, instance);
            let mut walk = Walk { terms: self.terms, model, generations: &mut self.generations };
            relevant.walk(&mut walk, formula, true, false);
        }
        self.count(model, &mut relevant, level, last)
    }

    /// The false instances of the lowest cost.
    fn assert_instances(&mut self, mut falsified: Vec<(u32, Instance)>) {
        falsified.sort();
        let lowest = falsified[0].0;
        let mut of_clause: BTreeMap<usize, usize> = BTreeMap::new();
        for (_, instance) in falsified.into_iter().take_while(|&(cost, _)| cost == lowest) {
            let count = of_clause.entry(instance.0).or_insert(0);
            *count += 1;
            if *count > self.options.most {
                continue;
            }
            let formula = instances::formula(self.terms, self.clauses, &instance);
            self.instances.enter(instance.clone());
            self.figures.instances += 1;
            self.assert(formula, Why::Instance(instance.0, instance.1), None);
        }
    }

    fn relevant(&mut self, model: &mut Model) -> Relevant {
        let mut relevant = Relevant::default();
        self.generations.holders(&self.clauses.holders);
        for &term in &self.constants {
            let generation = self.generations.of(self.terms, term);
            relevant.terms.entry(self.terms.sort(term)).or_default().insert(term, generation);
        }
        let mut walk = Walk { terms: self.terms, model, generations: &mut self.generations };
        for fact in &self.facts {
            match (&fact.why, fact.sides) {
                (why, Some((linear, pattern))) => {
                    if !walk.model.holds(walk.terms, linear) {
                        relevant.walk(&mut walk, pattern, true, true);
                    } else if matches!(why, Why::Counting(lemma) if lemma.of_values(walk.terms)) {
                        // Sets of processes are counted with what is known of sets of values.
                        relevant.walk(&mut walk, linear, true, false);
                    }
                }
                (Why::Counting(_) | Why::Trivial(..), None) => {}
                _ => relevant.walk(&mut walk, fact.formula, true, true),
            }
        }
        let processes = relevant.terms.entry(Sort::Process).or_default();
        if processes.is_empty() {
            processes.insert(self.someone, 0);
        }
        relevant
    }

    fn assert(&mut self, formula: Term, why: Why, sides: Option<(Term, Term)>) {
        let mut text = String::new();
        let name = self.emitter.name(self.terms, formula, &mut text);
        self.solver.send(&format!("{text}(assert {name})"));
        self.facts.push(Fact { formula, why, sides });
    }

    /// Asks the solver for the values of all applications it knows.
    fn model(&mut self) -> Result<Model, SolverError> {
        let applications = self.emitter.applications().to_vec();
        let mut ignored = String::new();
        let names: Vec<String> = applications.iter().map(|&t| self.emitter.name(self.terms, t, &mut ignored)).collect();
        let values = self.solver.values(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let mut numbers = BTreeMap::new();
        let mut read = Vec::new();
        for (&term, value) in applications.iter().zip(&values) {
            read.push((term, number(self.terms.sort(term), &value.to_string(), &mut numbers)));
        }
        Ok(Model::new(self.terms, &read))
    }
}

/// How often a model's cardinalities are made real at one level.
const MAX_REALISED: usize = 4;

/// A value as the model has it: integers and truth values as they are, others numbered by their text.
fn number(sort: Sort, text: &str, numbers: &mut BTreeMap<(Sort, String), i64>) -> i64 {
    let plain: String = text.chars().filter(|c| !matches!(c, '(' | ')' | ' ')).collect();
    match (sort, plain.as_str()) {
        (Sort::Bool, value) => i64::from(value == "true"),
        (_, value) if sort.is_number() => value.parse().unwrap_or(i64::MAX),
        _ => {
            let next = numbers.len() as i64;
            *numbers.entry((sort, text.to_string())).or_insert(next)
        }
    }
}

/// Symbols with the name of another and a mark behind it are its copies after the round.
fn unprimed(terms: &Terms) -> BTreeMap<Fun, Fun> {
    let primed = terms.symbols().filter(|(_, s)| s.role == Role::Primed);
    primed.filter_map(|(fun, s)| Some((fun, terms.find(s.name.trim_end_matches('_'))?))).collect()
}

/// Closed subterms of a matrix that may stand for variables; of the numerals those that a function is applied to.
fn ground_terms(terms: &Terms, matrix: Term) -> Vec<Term> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut pending = vec![matrix];
    let n = terms.find("n");
    while let Some(term) = pending.pop() {
        if !seen.insert(term) {
            continue;
        }
        if let Node::App(fun, list) = terms.node(term) {
            let sort = terms.sort(term);
            if !terms.facts(term).open && sort != Sort::Bool && sort.element().is_none() && Some(*fun) != n {
                found.push(term);
            }
            found.extend(list.iter().filter(|&&argument| matches!(terms.node(argument), Node::Int(_))));
        }
        pending.extend(terms.children(term));
    }
    found
}
