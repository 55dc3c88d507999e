//! Symbolic evaluation of the text: expressions to [`Value`]s, paths to conditions.
//!
//! The evaluator follows the interpreter of the core step by step, with terms for values. Both branches of a choice are followed and
//! what they assign is merged. `path` holds what must be true for control to come here, `known` that and whatever else is true here
//! (the premise of an `implies`, which Rust evaluates together with its conclusion); formulas are simplified by what is known.
//!
//! Worked example: in `if let Some(v) = mailbox.from(c) { p.x = v.clone(); }` the condition is `c ∈ HO(i) ∧ has_vote(c)`, the pattern
//! binds `v` to `vote(c)`, and the field `x` of `p` is afterwards `if c ∈ HO(i) ∧ has_vote(c) then vote(c) else x(i)`.

use super::simplify::under;
use super::value::{Fit, Value, merge};
use super::world::{Lowered, Place, Trouble, World};
use crate::term::{Node as TermNode, Term, Terms, Var};
use heardof_core::ir::{Arm, Expr, Function, Lambda, Node, Op, Pat, Pos};

/// Who evaluates, and when: what `ctx` stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) id: Term,
    /// In `send`: for whom.
    pub(super) receiver: Option<Term>,
    pub(super) place: Place,
    /// The round whose coin is meant; `None` in `init`.
    pub(super) step: Option<usize>,
}

/// The heard-of sets of one round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hearing {
    pub(super) step: usize,
    pub(super) place: Place,
}

/// A side condition of the text: what must hold wherever control comes to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Obligation {
    pub(super) what: &'static str,
    pub(super) at: Pos,
    pub(super) formula: Term,
}

/// One evaluation. After an error it is not to be used any more: assumptions of where the error occurred are still in place.
pub(super) struct Eval<'w, 'a> {
    pub(super) world: &'w mut World<'a>,
    pub(super) me: Option<Moment>,
    pub(super) systems: [Option<Place>; 2],
    pub(super) heard: [Option<Hearing>; 2],
    /// The variables bound around the expression.
    pub(super) scope: Vec<Var>,
    pub(super) known: Vec<Term>,
    path: Vec<Term>,
    vars: Vec<(&'a str, Value)>,
    pub(super) obligations: Vec<Obligation>,
}

/// How much was assumed.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize, usize);

pub(super) fn trouble<T>(at: Pos, what: impl Into<String>) -> Lowered<T> {
    Err(Trouble { at, what: what.into() })
}

impl<'w, 'a> Eval<'w, 'a> {
    pub(super) fn new(world: &'w mut World<'a>) -> Self {
        let (systems, heard) = ([None; 2], [None; 2]);
        Eval { world, me: None, systems, heard, scope: vec![], known: vec![], path: vec![], vars: vec![], obligations: vec![] }
    }
    pub(super) fn terms(&mut self) -> &mut Terms {
        &mut self.world.terms
    }
    /// A shape that does not fit is reported where the expression stands.
    pub(super) fn fit<T>(&self, at: Pos, result: Fit<T>) -> Lowered<T> {
        result.map_err(|what| Trouble { at, what })
    }

    // Assumptions.

    /// What must hold for control to come to what follows.
    pub(super) fn assume(&mut self, t: Term) -> Mark {
        let mark = Mark(self.known.len(), self.path.len());
        let parts = self.world.terms.conjuncts(t);
        self.known.extend(&parts);
        self.path.extend(parts);
        mark
    }
    /// What holds where the value of what follows matters.
    pub(super) fn suppose(&mut self, t: Term) -> Mark {
        let mark = Mark(self.known.len(), self.path.len());
        let parts = self.world.terms.conjuncts(t);
        self.known.extend(parts);
        mark
    }
    pub(super) fn release(&mut self, mark: Mark) {
        self.known.truncate(mark.0);
        self.path.truncate(mark.1);
    }
    pub(super) fn here(&mut self, t: Term) -> Term {
        let Eval { world, known, .. } = self;
        under(&mut world.terms, known, t)
    }
    /// Notes that `side` must hold here.
    pub(super) fn demand(&mut self, what: &'static str, at: Pos, side: Term) {
        let side = self.here(side);
        let (path, scope) = (self.path.clone(), self.scope.clone());
        let terms = self.terms();
        let premise = terms.and(path);
        let body = terms.implies(premise, side);
        let formula = terms.forall(&scope, body);
        let obligation = Obligation { what, at, formula };
        if !super::value::is_true(&self.world.terms, formula) && !self.obligations.contains(&obligation) {
            self.obligations.push(obligation);
        }
    }

    // Functions.

    /// The value of a function's body, in a scope of its own.
    pub(super) fn call(&mut self, function: &'a Function, arguments: Vec<Value>) -> Lowered<Value> {
        Ok(self.run(function, arguments)?.0)
    }
    /// The same, and what its parameters are afterwards.
    pub(super) fn run(&mut self, function: &'a Function, arguments: Vec<Value>) -> Lowered<(Value, Vec<Value>)> {
        let body = match &function.body {
            Ok(body) => body,
            Err(reason) => return trouble(Pos::default(), format!("`{}` is native: {reason}", function.name)),
        };
        if function.params.len() != arguments.len() {
            return trouble(body.at, format!("`{}` takes {} arguments", function.name, function.params.len()));
        }
        let parameters = function.params.iter().map(String::as_str).zip(arguments).collect();
        let outer = std::mem::replace(&mut self.vars, parameters);
        let result = self.eval(body);
        let inner = std::mem::replace(&mut self.vars, outer);
        Ok((result?, inner.into_iter().take(function.params.len()).map(|(_, v)| v).collect()))
    }
    pub(super) fn apply(&mut self, at: Pos, lambda: &'a Lambda, arguments: Vec<Value>) -> Lowered<Value> {
        let scope = self.vars.len();
        for ((pattern, _), argument) in lambda.params.iter().zip(arguments) {
            let fits = self.bind(at, pattern, argument)?;
            self.demand("match", at, fits);
        }
        let result = self.eval(&lambda.body);
        self.vars.truncate(scope);
        result
    }
    /// A closure's result as a formula.
    pub(super) fn test(&mut self, at: Pos, lambda: &'a Lambda, arguments: Vec<Value>) -> Lowered<Term> {
        let result = self.apply(at, lambda, arguments)?;
        let t = self.as_scalar(at, result)?;
        Ok(self.here(t))
    }

    // Expressions.

    pub(super) fn as_scalar(&self, at: Pos, value: Value) -> Lowered<Term> {
        match value {
            Value::Scalar(t) => Ok(t),
            other => trouble(at, format!("a truth value, number or process is expected, not {other:?}")),
        }
    }
    pub(super) fn scalar(&mut self, e: &'a Expr) -> Lowered<Term> {
        let value = self.eval(e)?;
        self.as_scalar(e.at, value)
    }
    pub(super) fn formula(&mut self, e: &'a Expr) -> Lowered<Term> {
        let t = self.scalar(e)?;
        Ok(self.here(t))
    }

    pub(super) fn eval(&mut self, e: &'a Expr) -> Lowered<Value> {
        let result = self.eval_node(e);
        // The nearest known place.
        result.map_err(|trouble| if trouble.at == Pos::default() { Trouble { at: e.at, ..trouble } } else { trouble })
    }
    fn eval_node(&mut self, e: &'a Expr) -> Lowered<Value> {
        Ok(match &e.node {
            Node::Nat(k) => match i64::try_from(*k) {
                Ok(k) => Value::Scalar(self.terms().int(k)),
                Err(_) => return trouble(e.at, format!("{k} is too large a number")),
            },
            Node::Bool(b) => Value::Scalar(self.terms().bool(*b)),
            Node::Unit => Value::Unit,
            Node::Var(name) => match self.vars.iter().rev().find(|(n, _)| n == name) {
                Some((_, value)) => value.clone(),
                None => return trouble(e.at, format!("`{name}` is not bound")),
            },
            Node::Field(of, name) => {
                let of = self.eval(of)?;
                self.field(e.at, of, name)?
            }
            Node::Index(of, i) => {
                let (of, i) = (self.eval(of)?, self.scalar(i)?);
                let Value::System(k) = of else { return trouble(e.at, "only a system is indexed") };
                self.state_of(e.at, k, i)?
            }
            Node::Call(name, arguments) => self.free_call(e.at, name, arguments)?,
            Node::Method(name, receiver, arguments) => self.method(e.at, name, receiver, arguments)?,
            Node::Op(Op::And, ..) | Node::LetCond(..) => {
                let (scope, mark) = (self.vars.len(), Mark(self.known.len(), self.path.len()));
                let c = self.condition(e)?;
                self.release(mark);
                self.vars.truncate(scope);
                Value::Scalar(c)
            }
            Node::Op(Op::Or, a, b) => self.disjunction(a, b)?,
            Node::Op(op, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                self.operate(e.at, *op, a, b)?
            }
            Node::Not(inner) => {
                let t = self.formula(inner)?;
                Value::Scalar(self.terms().not(t))
            }
            Node::Lambda(_) => return trouble(e.at, "a closure stands where a value should"),
            Node::Struct(name, fields, base) => self.structure(e.at, name, fields, base.as_deref())?,
            Node::Variant(name, fields) => self.variant(e.at, name, fields)?,
            Node::Tuple(items) => Value::Tuple(items.iter().map(|e| self.eval(e)).collect::<Lowered<_>>()?),
            Node::If(c, a, b) => self.choice(e.at, c, a, b)?,
            Node::Match(of, arms) => {
                let of = self.eval(of)?;
                self.arms(e.at, of, arms)?
            }
            Node::Block(items) => {
                let scope = self.vars.len();
                let mut last = Value::Unit;
                for item in items {
                    last = self.eval(item)?;
                }
                self.vars.truncate(scope);
                last
            }
            Node::Let(pattern, of) => {
                let value = self.eval(of)?;
                let fits = self.bind(e.at, pattern, value)?;
                self.demand("match", e.at, fits);
                Value::Unit
            }
            Node::Set(place, of) => {
                let value = self.eval(of)?;
                self.assign(place, value)?;
                Value::Unit
            }
        })
    }

    /// `a || b`, left to right.
    fn disjunction(&mut self, a: &'a Expr, b: &'a Expr) -> Lowered<Value> {
        let a = self.formula(a)?;
        let not_a = self.terms().not(a);
        let mark = self.assume(not_a);
        let b = self.formula(b)?;
        self.release(mark);
        Ok(Value::Scalar(self.terms().or([a, b])))
    }

    /// A condition, with what it assumes and binds left in place for what it guards.
    fn condition(&mut self, e: &'a Expr) -> Lowered<Term> {
        match &e.node {
            Node::Op(Op::And, a, b) => {
                let a = self.condition(a)?;
                let b = self.condition(b)?;
                Ok(self.terms().and([a, b]))
            }
            Node::LetCond(pattern, of) => {
                let value = self.eval(of)?;
                let c = self.bind(e.at, pattern, value)?;
                let c = self.here(c);
                self.assume(c);
                Ok(c)
            }
            _ => {
                let c = self.formula(e)?;
                self.assume(c);
                Ok(c)
            }
        }
    }

    fn choice(&mut self, at: Pos, c: &'a Expr, a: &'a Expr, b: &'a Expr) -> Lowered<Value> {
        let (scope, mark) = (self.vars.len(), Mark(self.known.len(), self.path.len()));
        let c = self.condition(c)?;
        self.branches(at, c, (scope, mark), &mut |eval| eval.eval(a), &mut |eval| eval.eval(b))
    }

    /// Both branches of a choice, merged. `within` is what was in scope, and assumed, before the condition.
    fn branches(
        &mut self,
        at: Pos,
        c: Term,
        within: (usize, Mark),
        a: &mut dyn FnMut(&mut Self) -> Lowered<Value>,
        b: &mut dyn FnMut(&mut Self) -> Lowered<Value>,
    ) -> Lowered<Value> {
        let (scope, mark) = within;
        let before = self.vars[..scope].to_vec();
        let value_a = if self.world.terms.node(c) == &TermNode::Bool(false) { None } else { Some(a(self)?) };
        self.vars.truncate(scope);
        self.release(mark);
        if super::value::is_true(&self.world.terms, c) {
            return value_a.map_or_else(|| trouble(at, "no branch is taken"), Ok);
        }
        let after_a = std::mem::replace(&mut self.vars, before);
        let not_c = self.terms().not(c);
        let mark = self.assume(not_c);
        let value_b = b(self)?;
        self.vars.truncate(scope);
        self.release(mark);
        let Some(value_a) = value_a else { return Ok(value_b) };
        for (k, (_, value)) in after_a.into_iter().enumerate() {
            if self.vars[k].1 != value {
                let merged = merge(&mut self.world.terms, c, value, self.vars[k].1.clone());
                self.vars[k].1 = self.fit(at, merged)?;
            }
        }
        let merged = merge(&mut self.world.terms, c, value_a, value_b);
        self.fit(at, merged)
    }

    /// The arms in order; rustc has checked that one of them fits, which is demanded again where it does not show.
    fn arms(&mut self, at: Pos, of: Value, arms: &'a [Arm]) -> Lowered<Value> {
        let Some((arm, rest)) = arms.split_first() else { return trouble(at, "a match without arms") };
        let (scope, mark) = (self.vars.len(), Mark(self.known.len(), self.path.len()));
        let fits = self.bind(at, &arm.pat, of.clone())?;
        let mut c = self.here(fits);
        self.assume(c);
        if let Some(guard) = &arm.guard {
            let guard = self.condition(guard)?;
            c = self.terms().and([c, guard]);
        }
        if rest.is_empty() {
            self.release(mark);
            self.demand("match", at, c);
            self.assume(c);
            c = self.terms().bool(true);
            return self.branches(at, c, (scope, mark), &mut |eval| eval.eval(&arm.body), &mut |_| Ok(Value::Unit));
        }
        self.branches(at, c, (scope, mark), &mut |eval| eval.eval(&arm.body), &mut |eval| eval.arms(at, of.clone(), rest))
    }

    fn field(&mut self, at: Pos, of: Value, name: &str) -> Lowered<Value> {
        let found = match &of {
            Value::Struct(_, fields) => fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()),
            Value::Tuple(items) => name.parse::<usize>().ok().and_then(|k| items.get(k).cloned()),
            _ => None,
        };
        found.map_or_else(|| trouble(at, format!("no field `{name}`")), Ok)
    }

    pub(super) fn assign(&mut self, place: &'a Expr, value: Value) -> Lowered<()> {
        match &place.node {
            Node::Var(name) => match self.vars.iter_mut().rev().find(|(n, _)| n == name) {
                Some((_, slot)) => {
                    *slot = value;
                    Ok(())
                }
                None => trouble(place.at, format!("`{name}` is not bound")),
            },
            Node::Field(of, name) => {
                let mut whole = self.eval(of)?;
                let slot = match &mut whole {
                    Value::Struct(_, fields) => fields.iter_mut().find(|(n, _)| n == name).map(|(_, v)| v),
                    Value::Tuple(items) => name.parse::<usize>().ok().and_then(|k| items.get_mut(k)),
                    _ => None,
                };
                match slot {
                    Some(slot) => *slot = value,
                    None => return trouble(place.at, format!("no field `{name}`")),
                }
                self.assign(of, whole)
            }
            _ => trouble(place.at, "not a place"),
        }
    }

    /// When a pattern fits; its names are bound whether it does or not.
    fn bind(&mut self, at: Pos, pattern: &'a Pat, value: Value) -> Lowered<Term> {
        Ok(match (pattern, value) {
            (Pat::Wild, _) => self.terms().bool(true),
            (Pat::Bind(name), value) => {
                self.vars.push((name, value));
                self.terms().bool(true)
            }
            (Pat::At(name, pattern), value) => {
                self.vars.push((name, value.clone()));
                self.bind(at, pattern, value)?
            }
            (Pat::Or(patterns), value) => {
                let (scope, mut cases) = (self.vars.len(), vec![]);
                for pattern in patterns {
                    cases.push(self.bind(at, pattern, value.clone())?);
                }
                if self.vars.len() > scope {
                    return trouble(at, "names in alternatives of a pattern have no logic yet");
                }
                self.terms().or(cases)
            }
            (Pat::Nat(k), Value::Scalar(t)) => {
                let Ok(k) = i64::try_from(*k) else { return trouble(at, format!("{k} is too large a number")) };
                let k = self.terms().int(k);
                self.terms().eq(t, k)
            }
            (Pat::Bool(b), Value::Scalar(t)) => {
                if *b {
                    t
                } else {
                    self.terms().not(t)
                }
            }
            (Pat::Tuple(patterns), Value::Tuple(values)) if patterns.len() == values.len() => {
                let fits = patterns.iter().zip(values).map(|(p, v)| self.bind(at, p, v)).collect::<Lowered<Vec<_>>>()?;
                self.terms().and(fits)
            }
            (Pat::Variant(name, fields), value @ (Value::Option { .. } | Value::Optional(_))) => {
                let Some((some, value)) = value.parts(self.terms()) else { return trouble(at, "not an option") };
                match (name.as_str(), fields.as_slice(), value) {
                    ("None", [], _) => self.terms().not(some),
                    ("Some", [(_, pattern)], Some(value)) => {
                        let fits = self.bind(at, pattern, value)?;
                        self.terms().and([some, fits])
                    }
                    // The literal `None`: what the pattern binds is never looked at.
                    ("Some", [(_, Pat::Wild | Pat::Bind(_))], None) => {
                        self.nothing(fields);
                        self.terms().bool(false)
                    }
                    _ => return trouble(at, format!("the pattern `{name}` on an option")),
                }
            }
            (Pat::Variant(name, fields), Value::Enum(type_name, tag, variants)) => {
                self.bind_variant(at, (name, fields), (type_name, tag, variants))?
            }
            (Pat::Struct(_, fields), Value::Struct(_, values)) => {
                let mut fits = vec![];
                for (name, pattern) in fields {
                    let Some((_, value)) = values.iter().find(|(n, _)| n == name) else { return trouble(at, format!("no field `{name}`")) };
                    fits.push(self.bind(at, pattern, value.clone())?);
                }
                self.terms().and(fits)
            }
            (pattern, value) => return trouble(at, format!("{value:?} against the pattern {pattern:?}")),
        })
    }

    fn nothing(&mut self, fields: &'a [(String, Pat)]) {
        if let [(_, Pat::Bind(name))] = fields {
            self.vars.push((name, Value::Unit));
        }
    }

    fn bind_variant(
        &mut self,
        at: Pos,
        (name, patterns): (&str, &'a [(String, Pat)]),
        (type_name, tag, variants): (&'static str, Term, Vec<Option<Vec<Value>>>),
    ) -> Lowered<Term> {
        let variant = name.rsplit("::").next().unwrap_or(name);
        let shape = self.world.shapes.get(&format!("{type_name}::{variant}")).cloned();
        let Some((shape, (k, _))) = shape.and_then(|s| s.variant.map(|v| (s, v))) else {
            return trouble(at, format!("unknown variant `{name}`"));
        };
        let number = self.terms().int(k as i64);
        let mut fits = vec![self.terms().eq(tag, number)];
        for (field, pattern) in patterns {
            let value = shape.fields.iter().position(|n| n == field).and_then(|f| variants.get(k)?.as_ref()?.get(f).cloned());
            let Some(value) = value else { return trouble(at, format!("the field `{field}` of `{name}` is not known here")) };
            fits.push(self.bind(at, pattern, value)?);
        }
        Ok(self.terms().and(fits))
    }
}
