//! Sort inference: which sort every variable has.
//!
//! The attributes see tokens, not types, so the text they write is untyped. rustc has type-checked the native copy; this module
//! finds the sorts again, by unification, from the sorts of fields, messages, parameters and inputs. All functions of an algorithm
//! are solved together. A method call whose receiver is not known yet waits until it is.
//!
//! Worked example: in `s.exists_value(|v| s.count(|i| s[i].x == *v) > 0)` the closure's `v` starts as an unknown ?1; `s[i]` is the
//! state, `s[i].x` has the sort of the field, and `==` makes ?1 the same. That sort is what `exists_value` ranges over, so it is
//! written into the closure ([`Lambda::sorts`](super::Lambda::sorts)).

mod data;
mod methods;
#[cfg(test)]
mod tests;
mod ty;

use super::{Algorithm, Arm, Expr, Function, Kind, Lambda, Node, Op, Pos, Speaks};
use crate::datum::Sort;
use std::collections::BTreeMap;
use std::fmt;
use ty::{Solver, Ty};

/// The sorts of a text do not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SortError {
    /// The function.
    pub function: String,
    /// The place in the user's file, as near as known.
    pub at: Pos,
    /// What does not fit.
    pub message: String,
}

impl fmt::Display for SortError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`, {}: {}", self.function, self.at, self.message)
    }
}

impl std::error::Error for SortError {}

/// Infers every sort of `algorithm` and writes the sorts of closure parameters into the closures.
pub fn infer(algorithm: &mut Algorithm) -> Result<(), SortError> {
    let mut solved = solve(algorithm)?.lambdas.into_iter();
    let functions = std::iter::once(&mut algorithm.init)
        .chain(&mut algorithm.halted)
        .chain(&mut algorithm.coordinator)
        .chain(&mut algorithm.faults)
        .chain(algorithm.rounds.iter_mut().flat_map(|r| [&mut r.send, &mut r.update].into_iter().chain(&mut r.ready)))
        .chain(&mut algorithm.functions)
        .chain(algorithm.specs.iter_mut().map(|s| &mut s.function));
    for function in functions {
        if let Ok(body) = &mut function.body {
            body.walk_mut(&mut |e| {
                if let Node::Lambda(l) = &mut e.node {
                    l.sorts = solved.next().expect("inference meets every closure once, in the order of `walk_mut`");
                }
            });
        }
    }
    Ok(())
}

/// The sorts that some part of the text compares by order (`<`, `min`, `most_often`, `max_by_key`, ..), equality aside.
pub fn ordered(algorithm: &Algorithm) -> Result<Vec<Sort>, SortError> {
    Ok(solve(algorithm)?.ordered)
}

struct Solved {
    lambdas: Vec<Vec<Sort>>,
    ordered: Vec<Sort>,
}

fn solve(algorithm: &Algorithm) -> Result<Solved, SortError> {
    let mut inference = Inference::new(algorithm);
    inference.all(algorithm)?;
    inference.settle()?;
    let solver = &inference.solver;
    let sort = |ty: &Ty| solver.sort(ty, &inference.structs).unwrap_or(Sort::Unit);
    let mut ordered: Vec<Sort> = inference.ordered.iter().filter_map(|ty| solver.sort(ty, &inference.structs)).collect();
    ordered.sort();
    ordered.dedup();
    let lambdas = inference.lambdas.iter().map(|params| params.iter().map(sort).collect()).collect();
    for (param, function, at) in &inference.ranged {
        if solver.sort(param, &inference.structs).is_none() {
            let message = "the sort of the values quantified over is not known; write it on the closure: `|v: &V|`".to_string();
            return Err(SortError { function: function.clone(), at: *at, message });
        }
    }
    Ok(Solved { lambdas, ordered })
}

/// An argument of a method: a value, or a closure with parameters and result.
#[derive(Clone, Debug)]
enum Arg {
    Value(Ty),
    Closure(Vec<Ty>, Ty),
}

/// A method call that waits for its receiver to be known.
struct Pending {
    name: String,
    receiver: Ty,
    args: Vec<Arg>,
    result: Ty,
    function: String,
    at: Pos,
}

struct Inference<'a> {
    solver: Solver,
    structs: BTreeMap<String, Sort>,
    generics: BTreeMap<String, Sort>,
    state: Ty,
    parameters: Ty,
    request: Ty,
    /// The functions that texts may call, by name: parameters and result.
    signatures: BTreeMap<String, (Vec<Ty>, Ty)>,
    vars: Vec<(&'a str, Ty)>,
    function: String,
    at: Pos,
    pending: Vec<Pending>,
    lambdas: Vec<Vec<Ty>>,
    ordered: Vec<Ty>,
    ranged: Vec<(Ty, String, Pos)>,
}

type Inferred<T> = Result<T, SortError>;

fn collect(sort: &Sort, structs: &mut BTreeMap<String, Sort>) {
    match sort {
        Sort::Struct(name, fields) => {
            structs.insert(name.to_string(), sort.clone());
            fields.iter().for_each(|(_, s)| collect(s, structs));
        }
        Sort::Enum(name, variants) => {
            structs.insert(name.to_string(), sort.clone());
            variants.iter().flat_map(|(_, fields)| fields).for_each(|(_, s)| collect(s, structs));
        }
        Sort::Tuple(sorts) => sorts.iter().for_each(|s| collect(s, structs)),
        Sort::Option(s) | Sort::Set(s) => collect(s, structs),
        Sort::Map(k, v) => {
            collect(k, structs);
            collect(v, structs);
        }
        _ => {}
    }
}

impl<'a> Inference<'a> {
    fn new(algorithm: &'a Algorithm) -> Self {
        let mut structs = BTreeMap::new();
        let sorts = [&algorithm.state, &algorithm.parameters, &algorithm.input, &algorithm.request];
        sorts.into_iter().chain(algorithm.rounds.iter().map(|r| &r.message)).for_each(|s| collect(s, &mut structs));
        let mut solver = Solver::default();
        let mut signatures = BTreeMap::new();
        let helpers = algorithm.specs.iter().filter(|s| s.kind == Kind::Helper).map(|s| &s.function);
        for f in algorithm.functions.iter().chain(helpers) {
            let params = f.params.iter().map(|p| if p == "self" { Ty::of(&algorithm.state) } else { solver.fresh() }).collect();
            signatures.insert(f.name.clone(), (params, solver.fresh()));
        }
        Inference {
            solver,
            structs,
            generics: algorithm.generics.iter().map(|(name, _, sort)| (name.clone(), sort.clone())).collect(),
            state: Ty::of(&algorithm.state),
            parameters: Ty::of(&algorithm.parameters),
            request: Ty::of(&algorithm.request),
            signatures,
            vars: vec![],
            function: String::new(),
            at: Pos::default(),
            pending: vec![],
            lambdas: vec![],
            ordered: vec![],
            ranged: vec![],
        }
    }

    /// Every function, in the order of [`Algorithm::all_functions`].
    fn all(&mut self, a: &'a Algorithm) -> Inferred<()> {
        let state = self.state.clone();
        self.one(&a.init, vec![Ty::of(&a.input), Ty::Context], state.clone())?;
        if let Some(f) = &a.halted {
            self.one(f, vec![state.clone()], Ty::Bool)?;
        }
        if let Some(f) = &a.coordinator {
            self.one(f, vec![Ty::Phase, Ty::Nat, self.parameters.clone()], Ty::Pid)?;
        }
        if let Some(f) = &a.faults {
            self.one(f, vec![self.parameters.clone()], Ty::Faults)?;
        }
        for round in &a.rounds {
            let message = Ty::of(&round.message);
            self.one(&round.send, vec![state.clone(), Ty::Context], Ty::Outbox(Box::new(message.clone())))?;
            let mailbox = Ty::Mailbox(Box::new(message));
            self.one(&round.update, vec![state.clone(), mailbox.clone(), Ty::Context], Ty::Unit)?;
            if let Some(f) = &round.ready {
                self.one(f, vec![state.clone(), mailbox, Ty::Context], Ty::Progress)?;
            }
        }
        for f in &a.functions {
            let (params, result) = self.signatures[&f.name].clone();
            self.one(f, params, result)?;
        }
        for spec in &a.specs {
            let params = match (&spec.kind, spec.speaks) {
                (Kind::Helper, _) => self.signatures[&spec.function.name].0.clone(),
                (_, Speaks::State) => vec![Ty::System],
                (_, Speaks::Step) => vec![Ty::System, Ty::System],
                (_, Speaks::Heard) => vec![Ty::HeardOf],
                (_, Speaks::StateHeard) => vec![Ty::System, Ty::HeardOf],
                (_, Speaks::HeardTwice) => vec![Ty::HeardOf, Ty::HeardOf],
                (_, Speaks::Size) => vec![Ty::Nat, self.parameters.clone()],
            };
            self.one(&spec.function, params, Ty::Bool)?;
        }
        Ok(())
    }

    fn one(&mut self, f: &'a Function, params: Vec<Ty>, result: Ty) -> Inferred<()> {
        self.function.clone_from(&f.name);
        self.at = Pos::default();
        let Ok(body) = &f.body else { return Ok(()) };
        if f.params.len() != params.len() {
            return self.fail(format!("{} parameters expected, found {}", params.len(), f.params.len()));
        }
        self.vars = f.params.iter().map(String::as_str).zip(params).collect();
        let ty = self.expr(body)?;
        if result == Ty::Unit { Ok(()) } else { self.unify(&ty, &result) }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Inferred<T> {
        Err(SortError { function: self.function.clone(), at: self.at, message: message.into() })
    }

    fn unify(&mut self, a: &Ty, b: &Ty) -> Inferred<()> {
        if self.solver.unify(a, b) {
            return Ok(());
        }
        let (a, b) = (self.solver.settled(a), self.solver.settled(b));
        self.fail(format!("{a} and {b} are different sorts"))
    }

    /// Calls that waited, until nothing changes; what is then still unknown is an error.
    fn settle(&mut self) -> Inferred<()> {
        loop {
            let waiting = std::mem::take(&mut self.pending);
            let before = waiting.len();
            for call in waiting {
                (self.function, self.at) = (call.function.clone(), call.at);
                let receiver = self.solver.resolve(&call.receiver);
                match receiver {
                    Ty::Var(_) => self.pending.push(call),
                    receiver => {
                        let ty = self.method(&call.name, &receiver, &call.args)?;
                        self.unify(&ty, &call.result)?;
                    }
                }
            }
            if self.pending.is_empty() {
                return Ok(());
            }
            if self.pending.len() == before {
                let call = &self.pending[0];
                let message = format!("the sort of the receiver of `{}` is not known; write the type on the closure", call.name);
                return Err(SortError { function: call.function.clone(), at: call.at, message });
            }
        }
    }

    fn expr(&mut self, e: &'a Expr) -> Inferred<Ty> {
        let outer = self.at;
        if e.at != Pos::default() {
            self.at = e.at;
        }
        let ty = self.node(&e.node)?;
        self.at = outer;
        Ok(ty)
    }

    fn node(&mut self, node: &'a Node) -> Inferred<Ty> {
        Ok(match node {
            Node::Nat(_) => self.solver.number(),
            Node::Bool(_) => Ty::Bool,
            Node::Unit => Ty::Unit,
            Node::Var(name) => match self.vars.iter().rev().find(|(n, _)| n == name) {
                Some((_, ty)) => ty.clone(),
                None => return self.fail(format!("`{name}` is not bound")),
            },
            Node::Field(of, name) => {
                let of = self.expr(of)?;
                self.field(&of, name)?
            }
            Node::Index(s, i) => {
                let (s, i) = (self.expr(s)?, self.expr(i)?);
                self.unify(&s, &Ty::System)?;
                self.unify(&i, &Ty::Pid)?;
                self.state.clone()
            }
            Node::Call(name, args) => {
                let args = self.args(args)?;
                self.call(name, &args)?
            }
            Node::Method(name, receiver, args) => {
                let receiver = self.expr(receiver)?;
                let args = self.args(args)?;
                match self.solver.resolve(&receiver) {
                    Ty::Var(_) => {
                        let result = self.solver.fresh();
                        let (function, at) = (self.function.clone(), self.at);
                        self.pending.push(Pending { name: name.clone(), receiver, args, result: result.clone(), function, at });
                        result
                    }
                    receiver => self.method(name, &receiver, &args)?,
                }
            }
            Node::Op(op, a, b) => {
                let (a, b) = (self.expr(a)?, self.expr(b)?);
                self.operator(*op, a, b)?
            }
            Node::Not(e) => {
                let ty = self.expr(e)?;
                self.unify(&ty, &Ty::Bool)?;
                Ty::Bool
            }
            Node::Lambda(_) => return self.fail("a closure stands where a value should"),
            Node::Struct(name, fields, base) => self.structure(name, fields, base.as_deref())?,
            Node::Variant(name, fields) => self.variant(name, fields)?,
            Node::Tuple(es) => Ty::Tuple(es.iter().map(|e| self.expr(e)).collect::<Inferred<_>>()?),
            Node::If(c, a, b) => self.branches(c, a, b)?,
            Node::LetCond(pat, of) => {
                let of = self.expr(of)?;
                self.pattern(pat, &of)?;
                Ty::Bool
            }
            Node::Match(of, arms) => self.arms(of, arms)?,
            Node::Block(es) => {
                let scope = self.vars.len();
                let mut last = Ty::Unit;
                for e in es {
                    last = self.expr(e)?;
                }
                self.vars.truncate(scope);
                last
            }
            Node::Let(pat, e) => {
                let ty = self.expr(e)?;
                self.pattern(pat, &ty)?;
                Ty::Unit
            }
            Node::Set(place, e) => {
                let (place, e) = (self.expr(place)?, self.expr(e)?);
                self.unify(&place, &e)?;
                Ty::Unit
            }
        })
    }

    fn branches(&mut self, c: &'a Expr, a: &'a Expr, b: &'a Expr) -> Inferred<Ty> {
        let scope = self.vars.len();
        let c = self.expr(c)?;
        self.unify(&c, &Ty::Bool)?;
        let a = self.expr(a)?;
        self.vars.truncate(scope);
        let b = self.expr(b)?;
        self.vars.truncate(scope);
        self.unify(&a, &b)?;
        Ok(a)
    }

    fn arms(&mut self, of: &'a Expr, arms: &'a [Arm]) -> Inferred<Ty> {
        let of = self.expr(of)?;
        let result = self.solver.fresh();
        for arm in arms {
            let scope = self.vars.len();
            self.pattern(&arm.pat, &of)?;
            if let Some(guard) = &arm.guard {
                let guard = self.expr(guard)?;
                self.unify(&guard, &Ty::Bool)?;
            }
            let body = self.expr(&arm.body)?;
            self.unify(&result, &body)?;
            self.vars.truncate(scope);
        }
        Ok(result)
    }

    fn args(&mut self, args: &'a [Expr]) -> Inferred<Vec<Arg>> {
        let one = |e: &'a Expr| match &e.node {
            Node::Lambda(l) => self.closure(l),
            _ => self.expr(e).map(Arg::Value),
        };
        args.iter().map(one).collect()
    }

    fn closure(&mut self, l: &'a Lambda) -> Inferred<Arg> {
        let place = self.lambdas.len();
        self.lambdas.push(vec![]);
        let scope = self.vars.len();
        let mut params = vec![];
        for (pat, written) in &l.params {
            let ty = self.solver.fresh();
            if let Some(written) = written.as_deref().and_then(|w| ty::written(w, &self.generics, &self.structs)) {
                self.unify(&ty, &written)?;
            }
            self.pattern(pat, &ty)?;
            params.push(ty);
        }
        self.lambdas[place].clone_from(&params);
        let result = self.expr(&l.body)?;
        self.vars.truncate(scope);
        Ok(Arg::Closure(params, result))
    }

    fn operator(&mut self, op: Op, a: Ty, b: Ty) -> Inferred<Ty> {
        self.unify(&a, &b)?;
        match op {
            Op::And | Op::Or => {
                self.unify(&a, &Ty::Bool)?;
                Ok(Ty::Bool)
            }
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem => Ok(a),
            Op::Eq | Op::Ne => Ok(Ty::Bool),
            Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                self.ordered.push(a);
                Ok(Ty::Bool)
            }
        }
    }
}
