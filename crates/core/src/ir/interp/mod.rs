//! The interpreter: the meaning of the text, without the compiler.
//!
//! It computes on [`Datum`]s, evaluates in the order Rust does and gets stuck where Rust panics, so that native code and text can be
//! compared call by call. It is the meaning of mutants, which have no native code, and the reference for the prover's encoding.
//!
//! Worked example: `mailbox.count(|m| m == v) > 2` is a method on the mailbox whose argument is a closure; the module `methods` evaluates the
//! closure for every message (a closure that gets stuck makes the whole step stuck) and counts.

mod methods;
mod mutated;
#[cfg(test)]
mod tests;

use super::{Algorithm, Expr, Function, Lambda, Node, Op, Pat};
use crate::datum::{Datum, Sort, leak_names};
use crate::heard_of::HeardOfData;
use crate::machine::{Machine, Moment, Stuck, Subject};
use crate::mailbox::{Mailbox, Outbox};
use crate::process::{Faults, Progress};
use crate::system::SystemData;
use crate::{Phase, Pid};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A value during evaluation.
#[derive(Clone, Debug)]
enum Val {
    Data(Datum),
    Mailbox(Arc<Mailbox<Datum>>),
    Outbox(Outbox<Datum>),
    Progress(Progress),
    Faults(Faults),
    Context,
    System(usize),
    HeardOf(usize),
}

impl Val {
    fn data(self) -> Result<Datum, Stuck> {
        match self {
            Val::Data(d) => Ok(d),
            other => Err(Stuck::Sort(format!("{other:?} is not a plain value"))),
        }
    }
    fn bool(self) -> Result<bool, Stuck> {
        match self {
            Val::Data(Datum::Bool(b)) => Ok(b),
            other => Err(Stuck::Sort(format!("{other:?} is not a condition"))),
        }
    }
    fn nat(self) -> Result<u64, Stuck> {
        match self {
            Val::Data(Datum::Nat(k)) => Ok(k),
            other => Err(Stuck::Sort(format!("{other:?} is not a number"))),
        }
    }
    fn pid(self) -> Result<Pid, Stuck> {
        match self {
            Val::Data(Datum::Pid(p)) => Ok(p),
            other => Err(Stuck::Sort(format!("{other:?} is not a process id"))),
        }
    }
}

const UNIT: Val = Val::Data(Datum::Unit);

fn boolean(b: bool) -> Val {
    Val::Data(Datum::Bool(b))
}

fn number(k: usize) -> Val {
    Val::Data(Datum::nat(k))
}

/// A struct or an enum variant of the algorithm's sorts: its number, name and field names.
#[derive(Clone, Debug)]
struct Shape {
    variant: Option<u32>,
    name: &'static str,
    fields: &'static [&'static str],
}

/// The text of an algorithm as a [`Machine`].
#[derive(Clone, Debug)]
pub struct Interpreted {
    algorithm: Algorithm,
    shapes: BTreeMap<String, Shape>,
}

impl Interpreted {
    /// The machine of an algorithm whose sorts are inferred.
    pub fn new(algorithm: Algorithm) -> Self {
        let mut shapes = BTreeMap::new();
        let sorts = [&algorithm.state, &algorithm.parameters, &algorithm.input, &algorithm.request];
        for sort in sorts.into_iter().chain(algorithm.rounds.iter().map(|r| &r.message)) {
            collect_shapes(sort, &mut shapes);
        }
        if let Some(shape) = shapes.get(&algorithm.type_name).cloned() {
            shapes.insert("Self".into(), shape);
        }
        Interpreted { algorithm, shapes }
    }
}

fn collect_shapes(sort: &Sort, shapes: &mut BTreeMap<String, Shape>) {
    match sort {
        Sort::Struct(name, fields) => {
            shapes.insert(name.to_string(), Shape { variant: None, name, fields: leak_names(fields) });
            fields.iter().for_each(|(_, s)| collect_shapes(s, shapes));
        }
        Sort::Enum(name, variants) => {
            for (k, (variant, fields)) in variants.iter().enumerate() {
                let shape = Shape { variant: Some(k as u32), name: variant, fields: leak_names(fields) };
                shapes.insert(format!("{name}::{variant}"), shape);
                fields.iter().for_each(|(_, s)| collect_shapes(s, shapes));
            }
        }
        Sort::Tuple(sorts) => sorts.iter().for_each(|s| collect_shapes(s, shapes)),
        Sort::Option(s) | Sort::Set(s) => collect_shapes(s, shapes),
        Sort::Map(k, v) => {
            collect_shapes(k, shapes);
            collect_shapes(v, shapes);
        }
        _ => {}
    }
}

/// What `ctx`, `s` and `ho` stand for, and the variables in scope, innermost last.
struct Frame<'a> {
    machine: &'a Interpreted,
    moment: Option<&'a Moment<'a>>,
    systems: [Option<&'a SystemData>; 2],
    heard: [Option<&'a HeardOfData>; 2],
    vars: Vec<(&'a str, Val)>,
}

impl<'a> Frame<'a> {
    fn new(machine: &'a Interpreted) -> Self {
        Frame { machine, moment: None, systems: [None; 2], heard: [None; 2], vars: vec![] }
    }

    /// A frame in which the subject of a specification function is known, and the arguments that stand for it.
    fn about(machine: &'a Interpreted, subject: Subject<'a>) -> (Self, Vec<Val>) {
        let mut frame = Frame::new(machine);
        let args = match subject {
            Subject::State(s) => {
                frame.systems[0] = Some(s);
                vec![Val::System(0)]
            }
            Subject::Step(old, new) => {
                frame.systems = [Some(old), Some(new)];
                vec![Val::System(0), Val::System(1)]
            }
            Subject::Heard(ho) => {
                frame.heard[0] = Some(ho);
                vec![Val::HeardOf(0)]
            }
            Subject::StateHeard(s, ho) => {
                (frame.systems[0], frame.heard[0]) = (Some(s), Some(ho));
                vec![Val::System(0), Val::HeardOf(0)]
            }
            Subject::HeardTwice(before, now) => {
                frame.heard = [Some(before), Some(now)];
                vec![Val::HeardOf(0), Val::HeardOf(1)]
            }
            Subject::Size(n, parameters) => vec![number(n), Val::Data(parameters.clone())],
        };
        (frame, args)
    }

    fn body(&mut self, function: &'a Function, args: Vec<Val>) -> Result<Val, Stuck> {
        let body = function.body.as_ref().map_err(|reason| Stuck::Native(reason.clone()))?;
        if function.params.len() != args.len() {
            return Err(Stuck::Sort(format!("`{}` takes {} arguments, not {}", function.name, function.params.len(), args.len())));
        }
        self.vars.extend(function.params.iter().map(String::as_str).zip(args));
        self.eval(body)
    }

    /// Calls a helper or method of the text in a scope of its own.
    fn call(&mut self, function: &'a Function, args: Vec<Val>) -> Result<Val, Stuck> {
        let outer = std::mem::take(&mut self.vars);
        let result = self.body(function, args);
        self.vars = outer;
        result
    }

    fn apply(&mut self, lambda: &'a Lambda, args: impl IntoIterator<Item = Val>) -> Result<Val, Stuck> {
        let scope = self.vars.len();
        for ((pat, _), arg) in lambda.params.iter().zip(args) {
            if !self.bind(pat, arg)? {
                return Err(Stuck::NoArm);
            }
        }
        let result = self.eval(&lambda.body);
        self.vars.truncate(scope);
        result
    }

    fn eval(&mut self, e: &'a Expr) -> Result<Val, Stuck> {
        Ok(match &e.node {
            Node::Nat(k) => Val::Data(Datum::Nat(*k)),
            Node::Bool(b) => boolean(*b),
            Node::Unit => UNIT,
            Node::Var(name) => self.lookup(name)?.clone(),
            Node::Field(of, name) => {
                let of = self.eval(of)?.data()?;
                let value = of.field(name).ok_or_else(|| Stuck::Sort(format!("{of} has no field `{name}`")))?;
                Val::Data(value.clone())
            }
            Node::Index(s, i) => {
                let (s, i) = (self.eval(s)?, self.eval(i)?.pid()?);
                let Val::System(k) = s else { return Err(Stuck::Sort("only a system is indexed".into())) };
                let system = self.system(k)?;
                Val::Data(methods::state(system, &system.now, i)?)
            }
            Node::Call(name, args) => self.free_call(name, args)?,
            Node::Method(name, receiver, args) => self.method(name, receiver, args)?,
            Node::Op(Op::And, a, b) => boolean(self.condition(a)? && self.condition(b)?),
            Node::Op(Op::Or, a, b) => boolean(self.condition(a)? || self.condition(b)?),
            Node::Op(op, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                operate(*op, a, b)?
            }
            Node::Not(e) => boolean(!self.eval(e)?.bool()?),
            Node::Lambda(_) => return Err(Stuck::Sort("a closure stands where a value should".into())),
            Node::Struct(name, fields, base) => self.structure(name, fields, base.as_deref())?,
            Node::Variant(name, fields) => self.variant(name, fields)?,
            Node::Tuple(es) => Val::Data(Datum::tuple(es.iter().map(|e| self.eval(e)?.data()).collect::<Result<_, _>>()?)),
            Node::If(c, a, b) => {
                let scope = self.vars.len();
                let holds = self.condition(c)?;
                if !holds {
                    self.vars.truncate(scope);
                }
                let result = self.eval(if holds { a } else { b });
                self.vars.truncate(scope);
                result?
            }
            Node::LetCond(..) => boolean(self.condition(e)?),
            Node::Match(of, arms) => {
                let of = self.eval(of)?;
                let scope = self.vars.len();
                for arm in arms {
                    if self.bind(&arm.pat, of.clone())? && arm.guard.as_ref().map_or(Ok(true), |g| self.condition(g))? {
                        let result = self.eval(&arm.body);
                        self.vars.truncate(scope);
                        return result;
                    }
                    self.vars.truncate(scope);
                }
                return Err(Stuck::NoArm);
            }
            Node::Block(es) => {
                let scope = self.vars.len();
                let mut last = UNIT;
                for e in es {
                    last = self.eval(e)?;
                }
                self.vars.truncate(scope);
                last
            }
            Node::Let(pat, e) => {
                let value = self.eval(e)?;
                if !self.bind(pat, value)? {
                    return Err(Stuck::NoArm);
                }
                UNIT
            }
            Node::Set(place, e) => {
                let value = self.eval(e)?;
                self.assign(place, value)?;
                UNIT
            }
        })
    }

    /// Evaluates a condition; `let` patterns in it bind for what follows, up to the end of the enclosing `if`.
    fn condition(&mut self, e: &'a Expr) -> Result<bool, Stuck> {
        match &e.node {
            Node::LetCond(pat, of) => {
                let of = self.eval(of)?;
                self.bind(pat, of)
            }
            Node::Op(Op::And, a, b) => Ok(self.condition(a)? && self.condition(b)?),
            _ => self.eval(e)?.bool(),
        }
    }

    fn lookup(&self, name: &str) -> Result<&Val, Stuck> {
        let found = self.vars.iter().rev().find(|(n, _)| *n == name);
        found.map(|(_, v)| v).ok_or_else(|| Stuck::Sort(format!("`{name}` is not bound")))
    }

    fn system(&self, k: usize) -> Result<&'a SystemData, Stuck> {
        self.systems[k].ok_or_else(|| Stuck::Sort("no system here".into()))
    }

    fn assign(&mut self, place: &'a Expr, value: Val) -> Result<(), Stuck> {
        match &place.node {
            Node::Var(name) => {
                let slot = self.vars.iter_mut().rev().find(|(n, _)| n == name);
                slot.ok_or_else(|| Stuck::Sort(format!("`{name}` is not bound")))?.1 = value;
                Ok(())
            }
            Node::Field(of, name) => {
                let whole = self.eval(of)?.data()?.with_field(name, value.data()?);
                let whole = whole.ok_or_else(|| Stuck::Sort(format!("no field `{name}`")))?;
                self.assign(of, Val::Data(whole))
            }
            _ => Err(Stuck::Sort("not a place".into())),
        }
    }

    /// Matches and binds; false, with nothing to undo but the scope, when the pattern does not fit.
    fn bind(&mut self, pat: &'a Pat, value: Val) -> Result<bool, Stuck> {
        match (pat, value) {
            (Pat::Wild, _) => Ok(true),
            (Pat::Bind(name), value) => {
                self.vars.push((name, value));
                Ok(true)
            }
            (Pat::At(name, pat), value) => {
                self.vars.push((name, value.clone()));
                self.bind(pat, value)
            }
            (Pat::Or(pats), value) => {
                for pat in pats {
                    if self.bind(pat, value.clone())? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            (Pat::Nat(k), Val::Data(Datum::Nat(v))) => Ok(*k == v),
            (Pat::Bool(b), Val::Data(Datum::Bool(v))) => Ok(*b == v),
            (Pat::Tuple(pats), Val::Data(Datum::Tuple(values))) => {
                for (pat, value) in pats.iter().zip(values.iter()) {
                    if !self.bind(pat, Val::Data(value.clone()))? {
                        return Ok(false);
                    }
                }
                Ok(pats.len() == values.len())
            }
            (Pat::Variant(name, _), Val::Data(Datum::Option(None))) => Ok(name == "None"),
            (Pat::Variant(name, fields), Val::Data(Datum::Option(Some(value)))) => match fields.as_slice() {
                [(_, pat)] if name == "Some" => self.bind(pat, Val::Data((*value).clone())),
                _ => Ok(false),
            },
            (Pat::Variant(name, fields), Val::Data(Datum::Variant(_, variant, names, values))) => {
                Ok(name.rsplit("::").next() == Some(variant) && self.bind_fields(fields, names, &values)?)
            }
            (Pat::Struct(_, fields), Val::Data(Datum::Struct(_, names, values))) => self.bind_fields(fields, names, &values),
            (pat, value) => Err(Stuck::Sort(format!("{value:?} against the pattern {pat:?}"))),
        }
    }

    fn bind_fields(&mut self, fields: &'a [(String, Pat)], names: &[&str], values: &[Datum]) -> Result<bool, Stuck> {
        for (name, pat) in fields {
            let k = names.iter().position(|n| n == name).ok_or_else(|| Stuck::Sort(format!("no field `{name}`")))?;
            if !self.bind(pat, Val::Data(values[k].clone()))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn structure(&mut self, name: &'a str, fields: &'a [(String, Expr)], base: Option<&'a Expr>) -> Result<Val, Stuck> {
        let shape = self.machine.shapes.get(name).ok_or_else(|| Stuck::Sort(format!("unknown struct `{name}`")))?;
        let mut values: Vec<Option<Datum>> = vec![None; shape.fields.len()];
        for (field, e) in fields {
            let k = shape.fields.iter().position(|n| n == field).ok_or_else(|| Stuck::Sort(format!("no field `{field}`")))?;
            values[k] = Some(self.eval(e)?.data()?);
        }
        if let Some(base) = base
            && let Datum::Struct(_, _, old) = self.eval(base)?.data()?
        {
            values.iter_mut().zip(old.iter()).for_each(|(new, old)| *new = new.take().or(Some(old.clone())));
        }
        let values =
            values.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| Stuck::Sort(format!("a field of `{name}` is missing")))?;
        Ok(Val::Data(Datum::Struct(shape.name, shape.fields, Arc::new(values))))
    }

    fn variant(&mut self, name: &'a str, fields: &'a [(String, Expr)]) -> Result<Val, Stuck> {
        let mut values = fields.iter().map(|(f, e)| Ok((f, self.eval(e)?))).collect::<Result<Vec<_>, Stuck>>()?;
        let mut only = || values.pop().map(|(_, v)| v).ok_or_else(|| Stuck::Sort(format!("`{name}` without a value")));
        Ok(match name {
            "None" => Val::Data(Datum::NONE),
            "Some" => Val::Data(Datum::some(only()?.data()?)),
            "Progress::GoAhead" => Val::Progress(Progress::GoAhead),
            "Progress::Deadline" => Val::Progress(Progress::Deadline),
            "Progress::Block" => Val::Progress(Progress::Block),
            "Progress::Sync" => Val::Progress(Progress::Sync(only()?.nat()? as usize)),
            "Faults::Benign" => Val::Faults(Faults::Benign),
            "Faults::Value" => Val::Faults(Faults::Value { at_most: only()?.nat()? as usize }),
            "Faults::Byzantine" => Val::Faults(Faults::Byzantine { at_most: only()?.nat()? as usize }),
            _ => {
                let shape = self.machine.shapes.get(name).ok_or_else(|| Stuck::Sort(format!("unknown variant `{name}`")))?;
                let Some(k) = shape.variant else { return Err(Stuck::Sort(format!("`{name}` is not a variant"))) };
                let value = |field: &&str| {
                    let found = values.iter().find(|(n, _)| n == field).map(|(_, v)| v.clone().data());
                    found.unwrap_or_else(|| Err(Stuck::Sort(format!("`{name}` without field `{field}`"))))
                };
                let values = shape.fields.iter().map(value).collect::<Result<Vec<_>, _>>()?;
                Val::Data(Datum::Variant(k, shape.name, shape.fields, Arc::new(values)))
            }
        })
    }
}

fn operate(op: Op, a: Val, b: Val) -> Result<Val, Stuck> {
    use std::cmp::Ordering;
    let arithmetic = |f: fn(u64, u64) -> Option<u64>, stuck: Stuck, a: Val, b: Val| -> Result<Val, Stuck> {
        f(a.nat()?, b.nat()?).map(|k| Val::Data(Datum::Nat(k))).ok_or(stuck)
    };
    match op {
        Op::Add => return arithmetic(u64::checked_add, Stuck::Overflow, a, b),
        Op::Sub => return arithmetic(u64::checked_sub, Stuck::Underflow, a, b),
        Op::Mul => return arithmetic(u64::checked_mul, Stuck::Overflow, a, b),
        Op::Div => return arithmetic(u64::checked_div, Stuck::DivisionByZero, a, b),
        Op::Rem => return arithmetic(u64::checked_rem, Stuck::DivisionByZero, a, b),
        _ => {}
    }
    let (a, b) = (a.data()?, b.data()?);
    if std::mem::discriminant(&a) != std::mem::discriminant(&b) {
        return Err(Stuck::Sort(format!("{a} compared with {b}")));
    }
    let order = a.cmp(&b);
    Ok(boolean(match op {
        Op::Eq => order == Ordering::Equal,
        Op::Ne => order != Ordering::Equal,
        Op::Lt => order == Ordering::Less,
        Op::Le => order != Ordering::Greater,
        Op::Gt => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }))
}

impl Machine for Interpreted {
    fn algorithm(&self) -> &Algorithm {
        &self.algorithm
    }
    fn init(&self, input: &Datum, at: &Moment<'_>) -> Result<Datum, Stuck> {
        let mut frame = Frame { moment: Some(at), ..Frame::new(self) };
        frame.body(&self.algorithm.init, vec![Val::Data(input.clone()), Val::Context])?.data()
    }
    fn halted(&self, state: &Datum) -> Result<bool, Stuck> {
        match &self.algorithm.halted {
            Some(f) => Frame::new(self).body(f, vec![Val::Data(state.clone())])?.bool(),
            None => Ok(false),
        }
    }
    fn coordinator(&self, phase: Phase, n: usize, parameters: &Datum) -> Result<Pid, Stuck> {
        let args = || vec![Val::Data(Datum::Phase(phase)), number(n), Val::Data(parameters.clone())];
        match &self.algorithm.coordinator {
            Some(f) => Frame::new(self).body(f, args())?.pid(),
            None => Ok(phase.rotate(n)),
        }
    }
    fn faults(&self, parameters: &Datum) -> Result<Faults, Stuck> {
        match &self.algorithm.faults {
            Some(f) => match Frame::new(self).body(f, vec![Val::Data(parameters.clone())])? {
                Val::Faults(faults) => Ok(faults),
                other => Err(Stuck::Sort(format!("{other:?} is not a fault model"))),
            },
            None => Ok(Faults::Benign),
        }
    }
    fn send(&self, k: usize, state: &Datum, at: &Moment<'_>) -> Result<Outbox<Datum>, Stuck> {
        let mut frame = Frame { moment: Some(at), ..Frame::new(self) };
        match frame.body(&self.algorithm.rounds[k].send, vec![Val::Data(state.clone()), Val::Context])? {
            Val::Outbox(outbox) => Ok(outbox),
            other => Err(Stuck::Sort(format!("`send` gives {other:?}"))),
        }
    }
    fn update(&self, k: usize, state: &Datum, mailbox: &Mailbox<Datum>, at: &Moment<'_>) -> Result<Datum, Stuck> {
        let mut frame = Frame { moment: Some(at), ..Frame::new(self) };
        let args = vec![Val::Data(state.clone()), Val::Mailbox(Arc::new(mailbox.clone())), Val::Context];
        frame.body(&self.algorithm.rounds[k].update, args)?;
        frame.vars[0].1.clone().data()
    }
    fn ready(&self, k: usize, state: &Datum, mailbox: &Mailbox<Datum>, at: &Moment<'_>) -> Result<Progress, Stuck> {
        let Some(f) = &self.algorithm.rounds[k].ready else {
            return Ok(if mailbox.len() == at.n { Progress::GoAhead } else { Progress::Deadline });
        };
        let mut frame = Frame { moment: Some(at), ..Frame::new(self) };
        match frame.body(f, vec![Val::Data(state.clone()), Val::Mailbox(Arc::new(mailbox.clone())), Val::Context])? {
            Val::Progress(progress) => Ok(progress),
            other => Err(Stuck::Sort(format!("`ready` gives {other:?}"))),
        }
    }
    fn holds(&self, spec: usize, of: Subject<'_>) -> Result<bool, Stuck> {
        let (mut frame, args) = Frame::about(self, of);
        frame.body(&self.algorithm.specs[spec].function, args)?.bool()
    }
}

/// Evaluates one expression of the text (a conjunct of a predicate, say) with its variables given: what the checker uses to look at
/// parts of formulas.
pub fn evaluate<'a>(
    machine: &'a Interpreted,
    e: &'a Expr,
    subject: Subject<'a>,
    names: &[&'a str],
    values: &[(&'a str, Datum)],
) -> Result<Datum, Stuck> {
    let (mut frame, subjects) = Frame::about(machine, subject);
    frame.vars.extend(names.iter().copied().zip(subjects));
    frame.vars.extend(values.iter().map(|(name, value)| (*name, Val::Data(value.clone()))));
    frame.eval(e)?.data()
}
