//! Symbolic evaluation of the text.
//!
//! An expression becomes a [`Value`]; statements update the variables in scope, and the two branches of an `if` are merged by
//! if-then-else. Conditions with quantifiers get a name, so that a transition stays a formula without quantifiers under the receiver.
//! Whatever the evaluation does not know is an error with its place: nothing is guessed.

use super::value::{Parcel, Value};
use super::world::World;
use crate::term::{Role, Sort, Term};
use heardof_core::ir::{Algorithm, Expr, Function, Lambda, Node, Op, Pat, Pos};
use std::fmt;

/// What could not be lowered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// The place in the user's file.
    pub at: Pos,
    /// What it is.
    pub what: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} is beyond the prover", self.at, self.what)
    }
}

/// A result with a place to blame.
pub type Lowered<T> = Result<T, Trouble>;

/// Attaches a place to a mismatch.
pub fn at<T>(pos: Pos, result: Result<T, String>) -> Lowered<T> {
    result.map_err(|what| Trouble { at: pos, what })
}

/// The process whose function is evaluated: its `ctx`, and in `update` and `ready` its mailbox.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The process.
    pub id: Term,
    /// The copy of the state before the round.
    pub copy: usize,
    /// The round of the phase, for the mailbox.
    pub round: usize,
}

/// Evaluates functions of one algorithm in a [`World`].
pub struct Eval<'a> {
    /// The algorithm.
    pub algorithm: &'a Algorithm,
    /// Terms and symbols.
    pub world: &'a mut World,
    /// Where `ctx` and the mailbox are.
    pub moment: Option<Moment>,
    /// Variables in scope, innermost last.
    pub vars: Vec<(String, Value)>,
    /// What is true on the path to here.
    pub path: Vec<Term>,
    /// What has to hold for the evaluation to be defined: place, operation, condition (under its path).
    pub obligations: Vec<(Pos, String, Term)>,
    /// What was introduced for aggregates and conditions, with its meaning.
    pub axioms: Vec<(String, Term)>,
}

impl<'a> Eval<'a> {
    /// Nothing in scope.
    pub fn new(algorithm: &'a Algorithm, world: &'a mut World) -> Eval<'a> {
        Eval { algorithm, world, moment: None, vars: Vec::new(), path: Vec::new(), obligations: Vec::new(), axioms: Vec::new() }
    }

    /// The value of a function of the text, in a scope of its own.
    pub fn call(&mut self, function: &'a Function, arguments: Vec<Value>) -> Lowered<Value> {
        let outer = std::mem::take(&mut self.vars);
        let result = self.enter(function, arguments);
        self.vars = outer;
        result
    }
    /// The same, leaving the function's variables: a changed parameter can be read off.
    pub fn enter(&mut self, function: &'a Function, arguments: Vec<Value>) -> Lowered<Value> {
        let body = function
            .body
            .as_ref()
            .map_err(|reason| Trouble { at: Pos::default(), what: format!("`{}`, native ({reason}),", function.name) })?;
        self.vars.extend(function.params.iter().cloned().zip(arguments));
        self.value(body)
    }

    /// The value of a condition.
    pub fn truth(&mut self, e: &'a Expr) -> Lowered<Term> {
        let value = self.value(e)?;
        at(e.at, value.scalar())
    }

    /// The value of an expression.
    pub fn value(&mut self, e: &'a Expr) -> Lowered<Value> {
        Ok(match &e.node {
            Node::Nat(k) => match i64::try_from(*k) {
                Ok(k) => Value::Scalar(self.world.terms.int(k)),
                Err(_) => return self.beyond(e, "a number that large"),
            },
            Node::Bool(b) => Value::Scalar(self.world.terms.bool(*b)),
            Node::Unit => Value::Unit,
            Node::Var(name) => match self.vars.iter().rev().find(|(n, _)| n == name) {
                Some((_, value)) => value.clone(),
                None => return self.beyond(e, &format!("the variable `{name}`")),
            },
            Node::Field(of, name) => {
                let of = self.value(of)?;
                self.field(e, &of, name)?
            }
            Node::Index(s, i) => {
                let (s, i) = (self.value(s)?, self.value(i)?);
                let Value::System(copy) = s else { return self.beyond(e, "an index into anything but the system") };
                let i = at(e.at, i.scalar())?;
                self.world.state(copy, i)
            }
            Node::Call(name, args) => self.free_call(e, name, args)?,
            Node::Method(name, receiver, args) => self.method(e, name, receiver, args)?,
            Node::Op(op, a, b) => self.operation(e, *op, a, b)?,
            Node::Not(inner) => {
                let inner = self.truth(inner)?;
                Value::Scalar(self.world.terms.not(inner))
            }
            Node::Struct(name, fields, base) => self.structure(e, name, fields, base.as_deref())?,
            Node::Variant(name, fields) => self.variant(e, name, fields)?,
            Node::Tuple(parts) => Value::Tuple(parts.iter().map(|p| self.value(p)).collect::<Lowered<_>>()?),
            Node::If(c, a, b) => {
                let scope = self.vars.len();
                let condition = self.condition(c)?;
                let bound = self.vars.clone();
                let (then, after_then) = self.branch(condition, a, bound, scope)?;
                let not = self.world.terms.not(condition);
                let before = self.vars[..scope].to_vec();
                let (other, after_other) = self.branch(not, b, before, scope)?;
                let condition = self.named(condition);
                self.merge(e, condition, after_then, after_other)?;
                at(e.at, Value::choose(&mut self.world.terms, condition, &then, &other))?
            }
            Node::LetCond(..) => Value::Scalar(self.condition(e)?),
            Node::Match(of, arms) => self.matching(e, of, arms)?,
            Node::Block(parts) => {
                let scope = self.vars.len();
                let mut last = Value::Unit;
                for part in parts {
                    last = self.value(part)?;
                }
                self.vars.truncate(scope);
                last
            }
            Node::Let(pattern, of) => {
                let value = self.value(of)?;
                // An irrefutable pattern: Rust has seen to that.
                self.bind(e.at, pattern, &value)?;
                Value::Unit
            }
            Node::Set(place, of) => {
                let value = self.value(of)?;
                self.assign(place, value)?;
                Value::Unit
            }
            Node::Lambda(_) => return self.beyond(e, "a closure as a value"),
        })
    }

    /// An error at this place.
    pub fn beyond<T>(&self, e: &Expr, what: &str) -> Lowered<T> {
        Err(Trouble { at: e.at, what: what.to_string() })
    }

    /// Evaluates one branch from `vars` under a condition; its value and the variables of the outer scope afterwards.
    fn branch(&mut self, condition: Term, e: &'a Expr, vars: Vec<(String, Value)>, scope: usize) -> Lowered<(Value, Vec<(String, Value)>)> {
        let outer = std::mem::replace(&mut self.vars, vars);
        self.path.push(condition);
        let value = self.value(e);
        self.path.pop();
        let mut after = std::mem::replace(&mut self.vars, outer);
        after.truncate(scope);
        Ok((value?, after))
    }

    /// The variables after a choice.
    fn merge(&mut self, e: &Expr, c: Term, a: Vec<(String, Value)>, b: Vec<(String, Value)>) -> Lowered<()> {
        let merged: Result<Vec<(String, Value)>, String> =
            a.into_iter().zip(b).map(|((name, x), (_, y))| Ok((name, Value::choose(&mut self.world.terms, c, &x, &y)?))).collect();
        self.vars = at(e.at, merged)?;
        Ok(())
    }

    /// A condition with quantifiers inside a function of a process gets a name: a predicate of the process.
    fn named(&mut self, condition: Term) -> Term {
        let Some(moment) = self.moment.clone() else { return condition };
        if !self.world.terms.facts(condition).quantified {
            return condition;
        }
        let t = &mut self.world.terms;
        let fun = t.declare("cond", &[Sort::Process], Sort::Bool, Role::Aggregate);
        let atom = t.app(fun, &[moment.id]);
        let meaning = t.eq(atom, condition);
        let axiom = self.world.for_process(moment.id, meaning);
        self.axioms.push(("condition".into(), axiom));
        atom
    }

    fn field(&mut self, e: &Expr, of: &Value, name: &str) -> Lowered<Value> {
        match of {
            Value::Struct(fields) => match fields.iter().find(|(n, _)| n == name) {
                Some((_, value)) => Ok(value.clone()),
                None => self.beyond(e, &format!("the field `{name}`")),
            },
            Value::Tuple(parts) => match name.parse::<usize>().ok().and_then(|k| parts.get(k)) {
                Some(value) => Ok(value.clone()),
                None => self.beyond(e, &format!("the component `{name}`")),
            },
            other => self.beyond(e, &format!("a field of {}", other.kind())),
        }
    }

    fn assign(&mut self, place: &'a Expr, value: Value) -> Lowered<()> {
        match &place.node {
            Node::Var(name) => match self.vars.iter_mut().rev().find(|(n, _)| n == name) {
                Some((_, slot)) => {
                    *slot = value;
                    Ok(())
                }
                None => self.beyond(place, &format!("the variable `{name}`")),
            },
            Node::Field(of, name) => {
                let mut whole = self.value(of)?;
                let slot = match &mut whole {
                    Value::Struct(fields) => fields.iter_mut().find(|(n, _)| n == name).map(|(_, v)| v),
                    Value::Tuple(parts) => name.parse::<usize>().ok().and_then(|k| parts.get_mut(k)),
                    _ => None,
                };
                match slot {
                    Some(slot) => *slot = value,
                    None => return self.beyond(place, &format!("an assignment to `{name}`")),
                }
                self.assign(of, whole)
            }
            _ => self.beyond(place, "an assignment to this place"),
        }
    }

    /// A condition; `let` patterns in it bind for what follows.
    fn condition(&mut self, e: &'a Expr) -> Lowered<Term> {
        match &e.node {
            Node::LetCond(pattern, of) => {
                let value = self.value(of)?;
                self.bind(e.at, pattern, &value)
            }
            Node::Op(Op::And, a, b) => {
                let a = self.condition(a)?;
                self.path.push(a);
                let b = self.condition(b);
                self.path.pop();
                let b = b?;
                Ok(self.world.terms.and([a, b]))
            }
            _ => self.truth(e),
        }
    }

    /// Binds the names of a pattern; when it fits.
    pub fn bind(&mut self, pos: Pos, pattern: &Pat, value: &Value) -> Lowered<Term> {
        let refused = |what: String| Trouble { at: pos, what };
        Ok(match (pattern, value) {
            (Pat::Wild, _) => self.world.terms.bool(true),
            (Pat::Bind(name), value) => {
                self.vars.push((name.clone(), value.clone()));
                self.world.terms.bool(true)
            }
            (Pat::At(name, inner), value) => {
                self.vars.push((name.clone(), value.clone()));
                self.bind(pos, inner, value)?
            }
            (Pat::Bool(b), Value::Scalar(x)) => {
                let b = self.world.terms.bool(*b);
                self.world.terms.eq(*x, b)
            }
            (Pat::Nat(k), Value::Scalar(x)) => {
                let k = self.world.terms.int(i64::try_from(*k).map_err(|_| refused("a number that large".into()))?);
                self.world.terms.eq(*x, k)
            }
            (Pat::Tuple(patterns), Value::Tuple(values)) if patterns.len() == values.len() => {
                let mut parts = Vec::new();
                for (pattern, value) in patterns.iter().zip(values) {
                    parts.push(self.bind(pos, pattern, value)?);
                }
                self.world.terms.and(parts)
            }
            (Pat::Variant(name, fields), Value::None | Value::Option { .. } | Value::OptionalPhase(_)) => {
                let some = at(pos, value.is_some(&mut self.world.terms))?;
                match (name.as_str(), fields.as_slice()) {
                    ("None", _) => self.world.terms.not(some),
                    ("Some", [(_, inner)]) => match at(pos, value.content())? {
                        Some(content) => {
                            let fits = self.bind(pos, inner, &content)?;
                            self.world.terms.and([some, fits])
                        }
                        None => return Err(refused("a `Some` that can never be".into())),
                    },
                    _ => return Err(refused(format!("the pattern `{name}`"))),
                }
            }
            (_, value) => return Err(refused(format!("a pattern against {}", value.kind()))),
        })
    }

    fn matching(&mut self, e: &'a Expr, of: &'a Expr, arms: &'a [heardof_core::ir::Arm]) -> Lowered<Value> {
        let value = self.value(of)?;
        let scope = self.vars.len();
        // From the first arm on: each applies when its pattern and guard fit and no earlier one did.
        let mut taken: Vec<(Term, Value, Vec<(String, Value)>)> = Vec::new();
        let mut none_before = self.world.terms.bool(true);
        for arm in arms {
            let mut fits = self.bind(e.at, &arm.pat, &value)?;
            if let Some(guard) = &arm.guard {
                let guard = self.condition(guard)?;
                fits = self.world.terms.and([fits, guard]);
            }
            let condition = self.world.terms.and([none_before, fits]);
            let bound = self.vars.clone();
            let (result, after) = self.branch(condition, &arm.body, bound, scope)?;
            self.vars.truncate(scope);
            let not = self.world.terms.not(fits);
            none_before = self.world.terms.and([none_before, not]);
            taken.push((fits, result, after));
        }
        let Some((_, mut result, mut after)) = taken.pop() else { return self.beyond(e, "a `match` without arms") };
        for (fits, value, vars) in taken.into_iter().rev() {
            let fits = self.named(fits);
            result = at(e.at, Value::choose(&mut self.world.terms, fits, &value, &result))?;
            self.merge(e, fits, vars, after)?;
            after = self.vars.clone();
        }
        self.vars = after;
        Ok(result)
    }

    fn operation(&mut self, e: &'a Expr, op: Op, a: &'a Expr, b: &'a Expr) -> Lowered<Value> {
        if let Op::And | Op::Or = op {
            let x = self.truth(a)?;
            let reached = if op == Op::And { x } else { self.world.terms.not(x) };
            self.path.push(reached);
            let y = self.truth(b);
            self.path.pop();
            let y = y?;
            let t = &mut self.world.terms;
            return Ok(Value::Scalar(if op == Op::And { t.and([x, y]) } else { t.or([x, y]) }));
        }
        let (x, y) = (self.value(a)?, self.value(b)?);
        if let Value::MinLen { .. } = &x {
            return self.of_min_len(e, op, &x, &y);
        }
        if let (Op::Mul, Value::Scalar(k), Value::MinLen { factor, heard }) = (op, &x, &y) {
            return match *self.world.terms.node(*k) {
                crate::term::Node::Int(k) => Ok(Value::MinLen { factor: factor * k, heard: *heard }),
                _ => self.beyond(e, "a product of two unknowns"),
            };
        }
        let t = &mut self.world.terms;
        let term = match op {
            Op::Eq => at(e.at, Value::equal(t, &x, &y))?,
            Op::Ne => {
                let same = at(e.at, Value::equal(t, &x, &y))?;
                t.not(same)
            }
            Op::Lt => at(e.at, Value::before(t, &x, &y, true))?,
            Op::Le => at(e.at, Value::before(t, &x, &y, false))?,
            Op::Gt => at(e.at, Value::before(t, &y, &x, true))?,
            Op::Ge => at(e.at, Value::before(t, &y, &x, false))?,
            _ => {
                let (x, y) = (at(e.at, x.scalar())?, at(e.at, y.scalar())?);
                self.arithmetic(e, op, x, y)?
            }
        };
        Ok(Value::Scalar(term))
    }

    fn arithmetic(&mut self, e: &Expr, op: Op, x: Term, y: Term) -> Lowered<Term> {
        use crate::term::Node as T;
        let t = &mut self.world.terms;
        match (op, t.node(x).clone(), t.node(y).clone()) {
            (Op::Add, ..) => Ok(t.add([x, y])),
            (Op::Sub, ..) => {
                let enough = t.le(y, x);
                let difference = t.minus(x, y);
                self.oblige(e.at, "a subtraction that does not go below zero", enough);
                Ok(difference)
            }
            (Op::Mul, T::Int(k), _) => Ok(t.times(k, y)),
            (Op::Mul, _, T::Int(k)) => Ok(t.times(k, x)),
            (Op::Div, _, T::Int(k)) if k > 0 => {
                // The quotient q is the number with k·q ≤ x < k·q + k.
                let fun = t.declare("quotient", &[], Sort::Int, Role::Aggregate);
                if t.facts(x).open {
                    return self.beyond(e, "a quotient that depends on a process");
                }
                let q = t.constant(fun);
                let product = t.times(k, q);
                let k_term = t.int(k);
                let next = t.add([product, k_term]);
                let (low, high) = (t.le(product, x), t.lt(x, next));
                let axiom = t.and([low, high]);
                self.axioms.push(("quotient".into(), axiom));
                Ok(q)
            }
            (Op::Mul, ..) => self.beyond(e, "a product of two unknowns"),
            _ => self.beyond(e, &format!("`{}` here", op.symbol())),
        }
    }

    /// Something has to hold where the path leads here.
    fn oblige(&mut self, pos: Pos, what: &str, condition: Term) {
        let path = self.world.terms.and(self.path.iter().copied());
        let obligation = self.world.terms.implies(path, condition);
        let closed = match &self.moment {
            Some(moment) => self.world.for_process(moment.id, obligation),
            None => obligation,
        };
        self.obligations.push((pos, what.to_string(), closed));
    }

    /// `c·min_len > t` says of every process that hears that c·|HO(p)| > t; where none does, min_len is n.
    fn of_min_len(&mut self, e: &Expr, op: Op, x: &Value, y: &Value) -> Lowered<Value> {
        let (Value::MinLen { factor, heard }, Value::Scalar(bound)) = (x, y) else { return self.beyond(e, "`min_len` here") };
        let strict = match op {
            Op::Gt => true,
            Op::Ge => false,
            _ => return self.beyond(e, &format!("`{}` of `min_len`", op.symbol())),
        };
        let (factor, heard, bound) = (*factor, *heard, *bound);
        let (p, term) = self.world.process("p");
        let exceeds = |t: &mut crate::term::Terms, size: Term| {
            let left = t.times(factor, size);
            if strict { t.lt(bound, left) } else { t.le(bound, left) }
        };
        let set = self.world.heard(heard, term);
        let size = self.world.terms.card(set);
        let each = exceeds(&mut self.world.terms, size);
        let active = self.world.active(heard, term);
        let guarded = self.world.terms.implies(active, each);
        let all = self.world.terms.forall(&[p], guarded);
        let n = self.world.terms.n();
        let of_n = exceeds(&mut self.world.terms, n);
        let (q, other) = self.world.process("q");
        let somebody = self.world.active(heard, other);
        let somebody = self.world.terms.exists(&[q], somebody);
        let or_nobody = self.world.terms.or([somebody, of_n]);
        Ok(Value::Scalar(self.world.terms.and([all, or_nobody])))
    }

    fn structure(&mut self, e: &'a Expr, name: &str, fields: &'a [(String, Expr)], base: Option<&'a Expr>) -> Lowered<Value> {
        if base.is_some() {
            return self.beyond(e, &format!("`{name} {{ .., ..base }}`"));
        }
        let mut values = Vec::new();
        for (field, of) in fields {
            values.push((field.clone(), self.value(of)?));
        }
        if name == "Self" || name == self.algorithm.type_name {
            // In the order of the declaration, so that states compare field by field.
            values.sort_by_key(|(field, _)| self.algorithm.fields.iter().position(|f| f.name == field));
        }
        Ok(Value::Struct(values))
    }

    fn variant(&mut self, e: &'a Expr, name: &str, fields: &'a [(String, Expr)]) -> Lowered<Value> {
        match (name, fields) {
            ("None", _) => Ok(Value::None),
            ("Some", [(_, of)]) => {
                let value = self.value(of)?;
                Ok(Value::some(&mut self.world.terms, value))
            }
            ("Progress::Block", _) => Ok(Value::Progress(self.world.terms.bool(true))),
            ("Progress::GoAhead" | "Progress::Deadline", _) => Ok(Value::Progress(self.world.terms.bool(false))),
            _ => self.beyond(e, &format!("`{name}`")),
        }
    }

    fn free_call(&mut self, e: &'a Expr, name: &'a str, args: &'a [Expr]) -> Lowered<Value> {
        let yes = self.world.terms.bool(true);
        Ok(match (name, args) {
            ("silent", _) => Value::Outbox(Vec::new()),
            ("broadcast", [what]) => {
                let what = self.value(what)?;
                Value::Outbox(vec![Parcel { when: yes, to: None, what }])
            }
            ("to", [to, what]) => {
                let (to, what) = (self.value(to)?, self.value(what)?);
                let to = at(e.at, to.scalar())?;
                Value::Outbox(vec![Parcel { when: yes, to: Some(to), what }])
            }
            ("implies", [a, b]) => {
                let (a, b) = (self.truth(a)?, self.truth(b)?);
                Value::Scalar(self.world.terms.implies(a, b))
            }
            _ => match self.algorithm.function(name) {
                Some(function) => {
                    let arguments = args.iter().map(|a| self.value(a)).collect::<Lowered<Vec<_>>>()?;
                    self.call(function, arguments)?
                }
                None => return self.beyond(e, &format!("`{name}`")),
            },
        })
    }

    /// The closure that is the k-th argument.
    pub fn closure(&self, e: &Expr, args: &'a [Expr], k: usize) -> Lowered<&'a Lambda> {
        match args.get(k).map(|a| &a.node) {
            Some(Node::Lambda(lambda)) => Ok(lambda),
            _ => self.beyond(e, "a closure that is not written here"),
        }
    }
    /// The value of a closure at arguments.
    pub fn apply(&mut self, e: &Expr, lambda: &'a Lambda, arguments: &[Value]) -> Lowered<Value> {
        let scope = self.vars.len();
        for ((pattern, _), argument) in lambda.params.iter().zip(arguments) {
            let fits = self.bind(e.at, pattern, argument)?;
            debug_assert_eq!(*self.world.terms.node(fits), crate::term::Node::Bool(true), "closures take irrefutable patterns");
        }
        let result = self.value(&lambda.body);
        self.vars.truncate(scope);
        result
    }
    /// The truth value of a closure.
    pub fn test(&mut self, e: &Expr, lambda: &'a Lambda, arguments: &[Value]) -> Lowered<Term> {
        let value = self.apply(e, lambda, arguments)?;
        at(e.at, value.scalar())
    }
}
