//! What all formulas of one algorithm share: symbols, facts about them, and where a formula stands.
//!
//! A [`Place`] is a round boundary seen from the condition it occurs in: which copy of the state, and how many rounds and phases after
//! the first copy. The number of the phase (or round) at the first copy is a symbol; later ones are sums, so that nothing has to be
//! said about how they change.
//!
//! A [`Fact`] is what is known of a symbol by its definition: the axiom of an aggregate, the range of a natural number, the kernel
//! after a round. A condition assumes the facts about exactly the symbols it mentions.

use super::faults::{Corruption, Faults};
use super::symbols::{Declared, Symbols};
use super::value::{Fit, Mailbox, Value};
use crate::term::{Fun, Role, Sort, Term, Terms, Var};
use heardof_core::Sort as Data;
use heardof_core::ir::{Algorithm, Pos};
use std::collections::BTreeMap;

/// Why something has no formula, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Trouble {
    pub(super) at: Pos,
    pub(super) what: String,
}

pub(super) type Lowered<T> = Result<T, Trouble>;

/// What is known of a symbol by its definition.
pub(super) struct Fact {
    pub(super) about: Fun,
    pub(super) label: String,
    pub(super) formula: Term,
}

/// A round boundary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Place {
    /// The copy of the state; copy 0 is the state before the first round of the condition.
    pub(super) copy: usize,
    /// Nothing has happened yet: phase 0, round 0, everybody heard everybody, and this is a first state.
    pub(super) start: bool,
    /// Phases begun since copy 0.
    pub(super) phases: usize,
}

impl Place {
    /// The boundary at copy 0.
    pub(super) const HERE: Place = Place { copy: 0, start: false, phases: 0 };
    /// The very beginning.
    pub(super) const START: Place = Place { copy: 0, start: true, phases: 0 };
}

/// The symbols of the adversary's choice in one round.
#[derive(Clone, Debug)]
pub(super) struct Chance {
    pub(super) heard: Fun,
    pub(super) coin: Fun,
    pub(super) request: Option<Symbols>,
}

/// How a struct or a variant of an enum is built: the variant's number and how many there are, and the names of the fields.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) variant: Option<(usize, usize)>,
    pub(super) fields: Vec<&'static str>,
}

/// Everything that the formulas of an algorithm share.
pub(super) struct World<'a> {
    pub(super) algorithm: &'a Algorithm,
    pub(super) terms: Terms,
    pub(super) facts: Vec<Fact>,
    pub(super) shapes: BTreeMap<String, Shape>,
    pub(super) parameters: Symbols,
    pub(super) input: Symbols,
    /// The text of `coordinator` has a logic: it does not rotate.
    pub(super) follows_coordinator: bool,
    /// The coordinator as a function of the phase, where its text is not followed.
    pub(super) coordinator: Option<Fun>,
    /// Other functions that the text may use outside of `coordinator`, by name: `rotate`, `successor`, `phase_of`.
    pub(super) rotations: BTreeMap<String, Fun>,
    /// The order of lattices, if some formula spoke of it.
    pub(super) below: Option<Fun>,
    /// The joins over all processes that have a symbol, and the variable that they are over.
    pub(super) joins: Vec<(Mailbox, Value)>,
    pub(super) joining: Option<Var>,
    copies: Vec<Symbols>,
    /// The size of the smallest heard-of set of a round, and where that round begins.
    pub(super) least: BTreeMap<usize, (Fun, Place)>,
    /// `phase` and `round`, if some formula spoke of them.
    pub(super) numbers: BTreeMap<&'static str, Fun>,
    kernels: BTreeMap<usize, Fun>,
    chances: Vec<Chance>,
    pub(super) faults: Faults,
    pub(super) corruption: Corruption,
}

impl<'a> World<'a> {
    pub(super) fn new(algorithm: &'a Algorithm) -> Fit<World<'a>> {
        let mut terms = Terms::new();
        let process = [Sort::Process];
        let of_state = Declared { arguments: &process, role: Role::State };
        let given = |arguments| Declared { arguments, role: Role::Given };
        let state = Symbols::declare(&mut terms, ("", ""), &algorithm.state, of_state)?;
        let stem = if matches!(algorithm.parameters, Data::Struct(..)) { "" } else { "parameters" };
        let parameters = Symbols::declare(&mut terms, (stem, ""), &algorithm.parameters, given(&[]))?;
        let stem = if matches!(algorithm.input, Data::Struct(..)) { "" } else { "input" };
        let input = Symbols::declare(&mut terms, (stem, ""), &algorithm.input, given(&process))?;
        let mut world = World {
            algorithm,
            terms,
            facts: vec![],
            shapes: shapes(algorithm),
            parameters,
            input,
            follows_coordinator: false,
            coordinator: None,
            rotations: BTreeMap::new(),
            below: None,
            joins: vec![],
            joining: None,
            copies: vec![state],
            least: BTreeMap::new(),
            numbers: BTreeMap::new(),
            kernels: BTreeMap::new(),
            chances: vec![],
            faults: Faults::Benign,
            corruption: Corruption::default(),
        };
        let (state, parameters, input) = (world.copies[0].clone(), world.parameters.clone(), world.input.clone());
        world.ranges(&state, &process);
        world.ranges(&parameters, &[]);
        world.ranges(&input, &process);
        Ok(world)
    }

    /// Numbers are in the range of their sort.
    pub(super) fn ranges(&mut self, symbols: &Symbols, arguments: &[Sort]) {
        let terms = &mut self.terms;
        let variables: Vec<_> = arguments.iter().map(|sort| terms.variable("i", *sort)).collect();
        let at: Vec<Term> = variables.iter().map(|v| terms.var(*v)).collect();
        let (mut bounds, always) = (vec![], terms.bool(true));
        symbols.ranges(terms, &at, always, &mut bounds);
        for (about, body) in bounds {
            let formula = terms.forall(&variables, body);
            let formula = terms.renamed(formula);
            self.facts.push(Fact { about, label: format!("sort {}", terms.symbol(about).name), formula });
        }
    }

    /// A constant that is declared when it is first spoken of; natural numbers.
    fn number(&mut self, name: &'static str, sort: Sort) -> Term {
        let fun = match self.numbers.get(name) {
            Some(fun) => *fun,
            None => {
                let fun = self.terms.declare(name, &[], sort, Role::State);
                self.ranges(&Symbols::Scalar(fun), &[]);
                self.numbers.insert(name, fun);
                fun
            }
        };
        self.terms.constant(fun)
    }
    /// The number of the phase at a place.
    pub(super) fn phase(&mut self, place: Place) -> Term {
        let first = if place.start { self.terms.int(0) } else { self.number("phase", Sort::Time) };
        let later = self.terms.int(place.phases as i64);
        self.terms.add([first, later])
    }
    /// The number of the round at a place.
    pub(super) fn round(&mut self, place: Place) -> Term {
        let first = if place.start { self.terms.int(0) } else { self.number("round", Sort::Int) };
        let later = self.terms.int(place.copy as i64);
        self.terms.add([first, later])
    }

    /// The symbols of the state, copy by copy: `x`, `x'`, `x''`.
    pub(super) fn state(&mut self, copy: usize) -> Lowered<Symbols> {
        while self.copies.len() <= copy {
            let prime = "'".repeat(self.copies.len());
            let of = Declared { arguments: &[Sort::Process], role: Role::Primed };
            let symbols = Symbols::declare(&mut self.terms, ("", &prime), &self.algorithm.state, of);
            let symbols = symbols.map_err(|what| Trouble { at: Pos::default(), what })?;
            self.ranges(&symbols, of.arguments);
            self.copies.push(symbols);
        }
        Ok(self.copies[copy].clone())
    }
    /// The state of a process.
    pub(super) fn state_at(&mut self, copy: usize, process: Term) -> Lowered<Value> {
        Ok(self.state(copy)?.at(&mut self.terms, &[process]))
    }

    /// Whom everybody heard in every round before a place.
    pub(super) fn kernel(&mut self, place: Place) -> Term {
        if place.start {
            return self.terms.universe();
        }
        let fun = match self.kernels.get(&place.copy) {
            Some(fun) => *fun,
            None => {
                let role = if place.copy == 0 { Role::State } else { Role::Primed };
                let fun = self.terms.declare(&format!("kernel{}", "'".repeat(place.copy)), &[], Sort::ProcessSet, role);
                self.kernels.insert(place.copy, fun);
                fun
            }
        };
        self.terms.constant(fun)
    }
    /// The kernel at a copy, if some formula spoke of it.
    pub(super) fn kernel_symbol(&self, copy: usize) -> Option<Fun> {
        self.kernels.get(&copy).copied()
    }

    /// What the adversary chooses in the round after a copy of the state.
    pub(super) fn chance(&mut self, step: usize) -> Lowered<Chance> {
        while self.chances.len() <= step {
            let prime = "'".repeat(self.chances.len());
            let of = Declared { arguments: &[Sort::Process], role: Role::Given };
            let request = match &self.algorithm.request {
                Data::Unit => None,
                sort => {
                    let sort = Data::Option(Box::new(sort.clone()));
                    let symbols = Symbols::declare(&mut self.terms, ("request", &prime), &sort, of);
                    Some(symbols.map_err(|what| Trouble { at: Pos::default(), what })?)
                }
            };
            if let Some(symbols) = &request {
                self.ranges(symbols, of.arguments);
            }
            let heard = self.terms.declare(&format!("HO{prime}"), of.arguments, Sort::ProcessSet, of.role);
            let coin = self.terms.declare(&format!("coin{prime}"), of.arguments, Sort::Bool, of.role);
            self.chances.push(Chance { heard, coin, request });
        }
        Ok(self.chances[step].clone())
    }
    /// Of how many rounds some formula spoke.
    pub(super) fn steps(&self) -> usize {
        self.chances.len()
    }
    /// HO(p) in the round after a copy of the state.
    pub(super) fn heard(&mut self, step: usize, process: Term) -> Lowered<Term> {
        let heard = self.chance(step)?.heard;
        Ok(self.terms.app(heard, &[process]))
    }
}

fn shapes(algorithm: &Algorithm) -> BTreeMap<String, Shape> {
    fn collect(sort: &Data, shapes: &mut BTreeMap<String, Shape>) {
        let names = |fields: &[(&'static str, Data)]| fields.iter().map(|(name, _)| *name).collect();
        match sort {
            Data::Struct(name, fields) => {
                shapes.insert(name.to_string(), Shape { name, variant: None, fields: names(fields) });
                fields.iter().for_each(|(_, s)| collect(s, shapes));
            }
            Data::Enum(name, variants) => {
                for (k, (variant, fields)) in variants.iter().enumerate() {
                    let shape = Shape { name, variant: Some((k, variants.len())), fields: names(fields) };
                    shapes.insert(format!("{name}::{variant}"), shape);
                    fields.iter().for_each(|(_, s)| collect(s, shapes));
                }
            }
            Data::Tuple(sorts) => sorts.iter().for_each(|s| collect(s, shapes)),
            Data::Option(s) | Data::Set(s) => collect(s, shapes),
            Data::Map(k, v) => {
                collect(k, shapes);
                collect(v, shapes);
            }
            _ => {}
        }
    }
    let mut shapes = BTreeMap::new();
    let sorts = [&algorithm.state, &algorithm.parameters, &algorithm.input, &algorithm.request];
    sorts.into_iter().chain(algorithm.rounds.iter().map(|r| &r.message)).for_each(|sort| collect(sort, &mut shapes));
    if let Some(shape) = shapes.get(&algorithm.type_name).cloned() {
        shapes.insert("Self".into(), shape);
    }
    shapes
}
