//! The symbols of a problem: copies of the state, heard-of sets, parameters.
//!
//! Copy 0 of the state is before a round, copy 1 after it, and so on where rounds are composed. A field `x` is the function `x`, `x'`,
//! `x''`, ..; an optional field has a second one, `has_x`. The first states are the copy [`World::FIRST`].

use super::value::Value;
use crate::term::{Fun, Node, Role, Sort, Term, Terms, Var};
use heardof_core::Sort as Datum;
use heardof_core::ir::Algorithm;
use std::collections::BTreeMap;

/// Terms, and what stands for what.
#[derive(Clone, Debug)]
pub struct World {
    /// The terms.
    pub terms: Terms,
    /// The fields of the state: name and shape.
    fields: Vec<(String, Shape)>,
    /// The parameters.
    pub parameters: Value,
    /// The sorts that the generic parameters were instantiated with: they are values.
    generics: Vec<Datum>,
    /// Whether processes halt.
    halting: bool,
    functions: BTreeMap<String, Fun>,
    /// How many rounds a phase has.
    rounds: usize,
    /// The round of the phase that follows copy 0.
    first: usize,
}

/// How a sort of the text is a sort of the logic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// One function.
    Scalar(Sort),
    /// An optional phase: one function, −1 for none.
    OptionalPhase,
    /// A condition and a content.
    Option(Box<Shape>),
    /// Components.
    Tuple(Vec<Shape>),
    /// Nothing to say.
    Unit,
}

impl World {
    /// The copy of the first states.
    pub const FIRST: usize = usize::MAX;

    /// The symbols of an algorithm.
    ///
    /// # Errors
    /// When a field's sort is beyond the logic.
    pub fn new(a: &Algorithm) -> Result<World, String> {
        let generics: Vec<Datum> = a.generics.iter().map(|(_, _, sort)| sort.clone()).collect();
        let mut world = World {
            terms: Terms::new(),
            fields: Vec::new(),
            parameters: Value::Unit,
            generics,
            halting: a.halted.is_some(),
            functions: BTreeMap::new(),
            rounds: a.rounds.len(),
            first: 0,
        };
        for field in &a.fields {
            let shape = world.shape(&field.sort).map_err(|what| format!("the field `{}`, {what},", field.name))?;
            world.fields.push((field.name.to_string(), shape));
        }
        if let Datum::Struct(_, fields) = &a.parameters {
            let mut values = Vec::new();
            for (name, sort) in fields {
                let sort = match sort {
                    Datum::Nat => Sort::Int,
                    Datum::Bool => Sort::Bool,
                    Datum::Pid => Sort::Process,
                    other => return Err(format!("the parameter `{name}` of sort {other}")),
                };
                let fun = world.terms.declare(name, &[], sort, Role::Given);
                values.push((name.to_string(), Value::Scalar(world.terms.constant(fun))));
            }
            world.parameters = Value::Struct(values);
        }
        Ok(world)
    }

    /// The shape of a sort.
    ///
    /// # Errors
    /// When it is beyond the logic.
    pub fn shape(&self, sort: &Datum) -> Result<Shape, String> {
        Ok(match sort {
            _ if self.generics.contains(sort) => Shape::Scalar(Sort::Value),
            Datum::Bool => Shape::Scalar(Sort::Bool),
            Datum::Nat => Shape::Scalar(Sort::Int),
            Datum::Pid => Shape::Scalar(Sort::Process),
            Datum::Phase => Shape::Scalar(Sort::Time),
            Datum::Unit => Shape::Unit,
            Datum::Option(inner) => match self.shape(inner)? {
                Shape::Scalar(Sort::Time) => Shape::OptionalPhase,
                inner => Shape::Option(Box::new(inner)),
            },
            Datum::Tuple(sorts) => Shape::Tuple(sorts.iter().map(|s| self.shape(s)).collect::<Result<_, _>>()?),
            other => return Err(format!("of sort {other}")),
        })
    }

    /// A declared function, the same for the same name.
    fn function(&mut self, name: &str, arguments: &[Sort], result: Sort, role: Role) -> Fun {
        if let Some(&fun) = self.functions.get(name) {
            return fun;
        }
        let fun = self.terms.declare(name, arguments, result, role);
        self.functions.insert(name.to_string(), fun);
        fun
    }
    fn applied(&mut self, name: &str, arguments: &[Term], result: Sort, role: Role) -> Term {
        let sorts: Vec<Sort> = arguments.iter().map(|&a| self.terms.sort(a)).collect();
        let fun = self.function(name, &sorts, result, role);
        self.terms.app(fun, arguments)
    }
    /// A fresh variable over processes, and its term.
    pub fn process(&mut self, name: &str) -> (Var, Term) {
        let v = self.terms.variable(name, Sort::Process);
        (v, self.terms.var(v))
    }
    /// `formula` for every process that the variable `id` may be.
    pub fn for_process(&mut self, id: Term, formula: Term) -> Term {
        match *self.terms.node(id) {
            Node::Var(v) => self.terms.forall(&[v], formula),
            _ => formula,
        }
    }

    fn named(name: &str, copy: usize) -> (String, Role) {
        match copy {
            0 => (name.to_string(), Role::State),
            World::FIRST => (format!("first_{name}"), Role::Given),
            k => (format!("{name}{}", "'".repeat(k)), Role::Primed),
        }
    }
    /// The local state of a process.
    pub fn state(&mut self, copy: usize, p: Term) -> Value {
        let fields = self.fields.clone();
        Value::Struct(fields.into_iter().map(|(name, shape)| (name.clone(), self.of_shape(&name, &shape, copy, p))).collect())
    }
    fn of_shape(&mut self, name: &str, shape: &Shape, copy: usize, p: Term) -> Value {
        let (own, role) = World::named(name, copy);
        match shape {
            Shape::Scalar(sort) => Value::Scalar(self.applied(&own, &[p], *sort, role)),
            Shape::OptionalPhase => Value::OptionalPhase(self.applied(&own, &[p], Sort::Time, role)),
            Shape::Option(inner) => {
                let (has, role) = World::named(&format!("has_{name}"), copy);
                let some = self.applied(&has, &[p], Sort::Bool, role);
                Value::Option { some, value: Box::new(self.of_shape(name, inner, copy, p)) }
            }
            Shape::Tuple(parts) => {
                let parts = parts.clone();
                Value::Tuple(parts.iter().enumerate().map(|(k, s)| self.of_shape(&format!("{name}_{k}"), s, copy, p)).collect())
            }
            Shape::Unit => Value::Unit,
        }
    }
    /// The input of a process.
    pub fn input(&mut self, shape: &Shape, p: Term) -> Value {
        self.of_shape("input", shape, 0, p)
    }
    /// Fresh functions of a process with the shape of `like`: what an aggregate gives.
    pub fn fresh_like(&mut self, name: &str, like: &Value, p: Term) -> Value {
        match like {
            Value::Scalar(term) => {
                let sort = self.terms.sort(*term);
                let fun = self.terms.declare(name, &[Sort::Process], sort, Role::Aggregate);
                Value::Scalar(self.terms.app(fun, &[p]))
            }
            Value::OptionalPhase(_) => {
                let fun = self.terms.declare(name, &[Sort::Process], Sort::Time, Role::Aggregate);
                Value::OptionalPhase(self.terms.app(fun, &[p]))
            }
            Value::Option { value, .. } => {
                let fun = self.terms.declare(&format!("has_{name}"), &[Sort::Process], Sort::Bool, Role::Aggregate);
                let some = self.terms.app(fun, &[p]);
                Value::Option { some, value: Box::new(self.fresh_like(name, value, p)) }
            }
            Value::Tuple(parts) => {
                Value::Tuple(parts.iter().enumerate().map(|(k, v)| self.fresh_like(&format!("{name}_{k}"), v, p)).collect())
            }
            other => other.clone(),
        }
    }
    /// What all states satisfy by the way they are written down: an optional phase is at least −1.
    pub fn well_formed(&mut self, copy: usize) -> Term {
        let (i, p) = self.process("i");
        let lowest = self.terms.int(-1);
        let mut parts = Vec::new();
        for (name, shape) in self.fields.clone() {
            if shape == Shape::OptionalPhase
                && let Value::OptionalPhase(phase) = self.of_shape(&name, &shape, copy, p)
            {
                parts.push(self.terms.le(lowest, phase));
            }
        }
        let all = self.terms.and(parts);
        self.terms.forall(&[i], all)
    }

    /// HO(p) in the round after this copy of the state.
    pub fn heard(&mut self, copy: usize, p: Term) -> Term {
        let (name, _) = World::named("HO", copy);
        self.applied(&name, &[p], Sort::ProcessSet, Role::Given)
    }
    /// The coin of p in that round.
    pub fn coin(&mut self, copy: usize, p: Term) -> Term {
        let (name, _) = World::named("coin", copy);
        self.applied(&name, &[p], Sort::Bool, Role::Given)
    }
    /// Whether p has not halted in this copy.
    pub fn active(&mut self, copy: usize, p: Term) -> Term {
        if !self.halting {
            return self.terms.bool(true);
        }
        let (name, role) = World::named("halted", copy);
        let halted = self.applied(&name, &[p], Sort::Bool, role);
        self.terms.not(halted)
    }
    /// Whom everybody heard in all rounds before this copy.
    pub fn kernel(&mut self, copy: usize) -> Term {
        let (name, role) = World::named("kernel", copy);
        self.applied(&name, &[], Sort::ProcessSet, role)
    }
    /// From now on copy 0 is before this round of the phase.
    pub fn begin_before(&mut self, round: usize) {
        self.first = round;
    }
    /// The number of phases completed before this copy.
    pub fn phase_at(&mut self, copy: usize) -> Term {
        let phase = self.applied("phase", &[], Sort::Time, Role::Given);
        let later = if copy == World::FIRST { 0 } else { (self.first + copy) / self.rounds };
        let later = self.terms.int(later as i64);
        self.terms.add([phase, later])
    }
    /// The round of the phase that follows this copy.
    pub fn round_after(&self, copy: usize) -> usize {
        (self.first + copy) % self.rounds
    }
    /// The processes that all active ones hear in the round after this copy, if they are active themselves.
    pub fn kernel_of_round(&mut self, copy: usize) -> Term {
        let ((q, tq), (p, tp)) = (self.process("q"), self.process("p"));
        let heard = self.heard(copy, tp);
        let member = self.terms.member(tq, heard);
        let (active_p, active_q) = (self.active(copy, tp), self.active(copy, tq));
        let body = self.terms.implies(active_p, member);
        let by_all = self.terms.forall(&[p], body);
        let body = self.terms.and([active_q, by_all]);
        self.terms.comprehension(q, body)
    }
    /// The number of rounds completed before this copy.
    pub fn round(&mut self, copy: usize) -> Term {
        let round = self.applied("round", &[], Sort::Int, Role::Given);
        let later = self.terms.int(if copy == World::FIRST { 0 } else { copy as i64 });
        self.terms.add([round, later])
    }
    /// The coordinator of a phase: any process, the same whenever the phase is.
    pub fn coordinator(&mut self, phase: Term) -> Term {
        self.applied("coordinator", &[phase], Sort::Process, Role::Given)
    }
}
