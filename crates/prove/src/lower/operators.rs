//! Operators, constructors and free functions.
//!
//! Arithmetic is on natural numbers and must be linear. `a - b` demands `b ≤ a`. `a / k` for a literal k is a new number `q` with
//! `k·q ≤ a < k·(q + 1)`; overflow at 2^64 is an assumption, not a condition.

use super::eval::{Eval, trouble};
use super::faults::Faults;
use super::value::{Value, at_most, equal, less};
use super::world::{Fact, Lowered};
use crate::term::{Node as TermNode, Role, Sort, Term};
use heardof_core::ir::{Expr, Lambda, Node, Op, Pos};

/// The closure that a function expects.
pub(super) fn lambda(at: Pos, arguments: &[Expr], k: usize) -> Lowered<&Lambda> {
    match arguments.get(k).map(|e| &e.node) {
        Some(Node::Lambda(l)) => Ok(l),
        _ => trouble(at, "a closure is expected"),
    }
}

impl<'a> Eval<'_, 'a> {
    pub(super) fn operate(&mut self, at: Pos, op: Op, a: Value, b: Value) -> Lowered<Value> {
        let terms = &mut self.world.terms;
        let compared = match op {
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem => {
                let (a, b) = (self.number(at, a)?, self.number(at, b)?);
                return self.arithmetic(at, op, a, b).map(Value::Scalar);
            }
            Op::Eq => equal(terms, &a, &b),
            Op::Ne => equal(terms, &a, &b).map(|same| terms.not(same)),
            Op::Lt => less(terms, &a, &b),
            Op::Le => at_most(terms, &a, &b),
            Op::Gt => less(terms, &b, &a),
            Op::Ge => at_most(terms, &b, &a),
            Op::And | Op::Or => return trouble(at, "a connective is evaluated elsewhere"),
        };
        let compared = self.fit(at, compared)?;
        let compared = self.of_each_heard(compared)?;
        Ok(Value::Scalar(self.here(compared)))
    }

    pub(super) fn number(&self, at: Pos, value: Value) -> Lowered<Term> {
        match value {
            Value::Scalar(t) if matches!(self.world.terms.sort(t), Sort::Int | Sort::Time) => Ok(t),
            other => trouble(at, format!("arithmetic is on counts, rounds and phases, not on {other:?}")),
        }
    }

    fn literal(&self, t: Term) -> Option<i64> {
        match self.world.terms.node(t) {
            TermNode::Int(k) => Some(*k),
            _ => None,
        }
    }

    fn arithmetic(&mut self, at: Pos, op: Op, a: Term, b: Term) -> Lowered<Term> {
        match op {
            Op::Add => Ok(self.terms().add([a, b])),
            Op::Sub => {
                let side = self.terms().le(b, a);
                self.demand("sub", at, side);
                Ok(self.terms().minus(a, b))
            }
            Op::Mul => match (self.literal(a), self.literal(b)) {
                (Some(k), _) => Ok(self.terms().times(k, b)),
                (_, Some(k)) => Ok(self.terms().times(k, a)),
                _ => trouble(at, "a product of two numbers that are not literals is not linear"),
            },
            _ => {
                let zero = self.terms().int(0);
                let side = self.terms().lt(zero, b);
                self.demand(if op == Op::Div { "div" } else { "rem" }, at, side);
                let Some(k) = self.literal(b).filter(|k| *k > 0) else {
                    return trouble(at, "division by a number that is not a literal is not linear");
                };
                let quotient = self.quotient(a, k);
                let multiple = self.terms().times(k, quotient);
                Ok(if op == Op::Div { quotient } else { self.terms().minus(a, multiple) })
            }
        }
    }

    /// ⌊a / k⌋ as a function of the variables in `a`.
    fn quotient(&mut self, a: Term, k: i64) -> Term {
        let terms = self.terms();
        if let TermNode::Int(a) = *terms.node(a) {
            return terms.int(a.div_euclid(k));
        }
        let variables = terms.free(a).to_vec();
        let sorts: Vec<Sort> = variables.iter().map(|v| terms.variable_sort(*v)).collect();
        let about = terms.declare("quotient", &sorts, Sort::Int, Role::Aggregate);
        let at: Vec<Term> = variables.iter().map(|v| terms.var(*v)).collect();
        let quotient = terms.app(about, &at);
        let (multiple, step) = (terms.times(k, quotient), terms.int(k));
        let next = terms.add([multiple, step]);
        let (below, above) = (terms.le(multiple, a), terms.lt(a, next));
        let body = terms.and([below, above]);
        let formula = terms.forall(&variables, body);
        self.world.facts.push(Fact { about, label: "axiom division".into(), formula });
        quotient
    }

    pub(super) fn structure(&mut self, at: Pos, name: &str, fields: &'a [(String, Expr)], base: Option<&'a Expr>) -> Lowered<Value> {
        let Some(shape) = self.world.shapes.get(name).cloned() else { return trouble(at, format!("unknown struct `{name}`")) };
        let mut values: Vec<Option<Value>> = vec![None; shape.fields.len()];
        for (field, e) in fields {
            let Some(k) = shape.fields.iter().position(|n| n == field) else { return trouble(e.at, format!("no field `{field}`")) };
            values[k] = Some(self.eval(e)?);
        }
        if let Some(base) = base
            && let Value::Struct(_, old) = self.eval(base)?
        {
            values.iter_mut().zip(old).for_each(|(new, (_, old))| *new = new.take().or(Some(old)));
        }
        let mut named = vec![];
        for (field, value) in shape.fields.iter().zip(values) {
            let Some(value) = value else { return trouble(at, format!("the field `{field}` of `{name}` is missing")) };
            named.push((*field, value));
        }
        Ok(Value::Struct(shape.name, named))
    }

    pub(super) fn variant(&mut self, at: Pos, name: &str, fields: &'a [(String, Expr)]) -> Lowered<Value> {
        let mut values = vec![];
        for (field, e) in fields {
            values.push((field.as_str(), self.eval(e)?));
        }
        let blocks = |eval: &mut Self, blocks| Ok(Value::Progress { blocks: eval.terms().bool(blocks) });
        match (name, values.len()) {
            ("None", 0) => return Ok(Value::none(self.terms())),
            ("Some", 1) => return Ok(Value::some(self.terms(), values.remove(0).1)),
            ("Progress::GoAhead" | "Progress::Deadline", 0) | ("Progress::Sync", 1) => return blocks(self, false),
            ("Progress::Block", 0) => return blocks(self, true),
            ("Faults::Benign", 0) => return Ok(Value::Faults(Faults::Benign)),
            ("Faults::Value" | "Faults::Byzantine", 1) => {
                let at_most = self.as_scalar(at, values.remove(0).1)?;
                let faults = if name == "Faults::Value" { Faults::Value(at_most) } else { Faults::Byzantine(at_most) };
                return Ok(Value::Faults(faults));
            }
            _ => {}
        }
        let shape = self.world.shapes.get(name).cloned();
        let Some((shape, (k, count))) = shape.and_then(|s| s.variant.map(|v| (s, v))) else {
            return trouble(at, format!("unknown variant `{name}`"));
        };
        let mut payload = vec![];
        for field in &shape.fields {
            match values.iter().find(|(n, _)| n == field) {
                Some((_, value)) => payload.push(value.clone()),
                None => return trouble(at, format!("`{name}` without its field `{field}`")),
            }
        }
        let tag = self.terms().int(k as i64);
        let mut variants = vec![None; count];
        variants[k] = Some(payload);
        Ok(Value::Enum(shape.name, tag, variants))
    }

    fn argument(&mut self, at: Pos, arguments: &'a [Expr], k: usize) -> Lowered<Value> {
        match arguments.get(k) {
            Some(e) => self.eval(e),
            None => trouble(at, format!("argument {k} is missing")),
        }
    }

    pub(super) fn free_call(&mut self, at: Pos, name: &str, arguments: &'a [Expr]) -> Lowered<Value> {
        match name {
            "broadcast" => {
                let message = self.argument(at, arguments, 0)?;
                Ok(Value::Outbox { sent: self.terms().bool(true), message: Some(Box::new(message)) })
            }
            "silent" => Ok(Value::Outbox { sent: self.terms().bool(false), message: None }),
            "to" => {
                let to = self.argument(at, arguments, 0)?;
                let (to, message) = (self.as_scalar(at, to)?, self.argument(at, arguments, 1)?);
                let receiver = self.receiver(at)?;
                Ok(Value::Outbox { sent: self.terms().eq(receiver, to), message: Some(Box::new(message)) })
            }
            "to_all" => {
                let (set, message) = (self.argument(at, arguments, 0)?, self.argument(at, arguments, 1)?);
                let receiver = self.receiver(at)?;
                let sent = self.contains(at, set, Value::Scalar(receiver))?;
                Ok(Value::Outbox { sent, message: Some(Box::new(message)) })
            }
            "each" => {
                let set = self.argument(at, arguments, 0)?;
                let receiver = self.receiver(at)?;
                let inside = self.contains(at, set, Value::Scalar(receiver))?;
                let mark = self.suppose(inside);
                let message = self.apply(at, lambda(at, arguments, 1)?, vec![Value::Scalar(receiver)])?;
                self.release(mark);
                let Some((some, message)) = message.parts(self.terms()) else { return trouble(at, "`each` gives an option") };
                Ok(Value::Outbox { sent: self.terms().and([inside, some]), message: message.map(Box::new) })
            }
            "implies" => {
                let premise = self.argument(at, arguments, 0)?;
                let premise = self.as_scalar(at, premise)?;
                let premise = self.here(premise);
                let mark = self.suppose(premise);
                let conclusion = self.argument(at, arguments, 1)?;
                let conclusion = self.as_scalar(at, conclusion)?;
                let conclusion = self.here(conclusion);
                self.release(mark);
                Ok(Value::Scalar(self.terms().implies(premise, conclusion)))
            }
            "Set::new" => Ok(Value::Set(None)),
            "Set::of" => self.set_of(at, arguments),
            "Phase::new" => {
                let number = self.argument(at, arguments, 0)?;
                let number = self.number(at, number)?;
                Ok(Value::Scalar(self.phase_of(number)))
            }
            _ => {
                let algorithm = self.world.algorithm;
                let Some(function) = algorithm.function(name) else { return trouble(at, format!("`{name}` has no logic yet")) };
                let arguments = arguments.iter().map(|e| self.eval(e)).collect::<Lowered<_>>()?;
                self.call(function, arguments)
            }
        }
    }

    /// The phase with a number: the same number, of another sort.
    fn phase_of(&mut self, number: Term) -> Term {
        if self.literal(number).is_some() || self.world.terms.sort(number) == Sort::Time {
            return number;
        }
        let about = match self.world.rotations.get("phase_of") {
            Some(fun) => *fun,
            None => {
                let terms = self.terms();
                let about = terms.declare("phase_of", &[Sort::Int], Sort::Time, Role::Given);
                let variable = terms.variable("k", Sort::Int);
                let k = terms.var(variable);
                let phase = terms.app(about, &[k]);
                let same = terms.eq(phase, k);
                let formula = terms.forall(&[variable], same);
                self.world.facts.push(Fact { about, label: "axiom phase_of".into(), formula });
                self.world.rotations.insert("phase_of".into(), about);
                about
            }
        };
        self.terms().app(about, &[number])
    }

    fn receiver(&self, at: Pos) -> Lowered<Term> {
        match self.me.and_then(|me| me.receiver) {
            Some(receiver) => Ok(receiver),
            None => trouble(at, "a message outside of `send`"),
        }
    }

    fn set_of(&mut self, at: Pos, arguments: &'a [Expr]) -> Lowered<Value> {
        let mut elements = vec![];
        for e in arguments {
            elements.push(self.scalar(e)?);
        }
        let Some(first) = elements.first() else { return Ok(Value::Set(None)) };
        let terms = self.terms();
        let sort = terms.sort(*first);
        if sort.set().is_none() {
            return trouble(at, format!("sets of {sort} have no logic yet"));
        }
        let variable = terms.variable("e", sort);
        let e = terms.var(variable);
        let cases: Vec<Term> = elements.into_iter().map(|x| terms.eq(e, x)).collect();
        let body = terms.or(cases);
        Ok(Value::Set(Some(terms.comprehension(variable, body))))
    }
}
