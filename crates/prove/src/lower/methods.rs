//! Method calls, by the kind of their receiver.

use super::eval::{Eval, Lowered, Moment, Trouble, at};
use super::value::{Parcel, Value};
use super::world::World;
use crate::term::{Role, Sort, Term, Var};
use heardof_core::ir::{Expr, Lambda};

/// Whom the mailbox of a process has messages from, and what they say; j is a variable.
struct Delivered {
    j: Var,
    /// j is heard and sent something.
    heard: Term,
    message: Value,
}

impl<'a> Eval<'a> {
    /// A method call.
    pub(super) fn method(&mut self, e: &'a Expr, name: &'a str, receiver: &'a Expr, args: &'a [Expr]) -> Lowered<Value> {
        let of = self.value(receiver)?;
        match &of {
            Value::Context => self.of_context(e, name),
            Value::System(copy) => self.of_system(e, name, *copy, args),
            Value::Heard(copy) => self.of_heard(e, name, *copy, args),
            Value::Mailbox => self.of_mailbox(e, name, args),
            Value::Struct(_) => match self.algorithm.function(name) {
                Some(function) => {
                    let mut arguments = vec![of];
                    for a in args {
                        arguments.push(self.value(a)?);
                    }
                    self.call(function, arguments)
                }
                None => self.beyond(e, &format!("`{name}` of a struct")),
            },
            _ => self.of_data(e, name, of, args),
        }
    }

    fn scalar_argument(&mut self, e: &Expr, args: &'a [Expr], k: usize) -> Lowered<Term> {
        match args.get(k) {
            Some(a) => {
                let value = self.value(a)?;
                at(a.at, value.scalar())
            }
            None => self.beyond(e, "a call with fewer arguments than that"),
        }
    }

    fn here(&self, e: &Expr) -> Lowered<Moment> {
        match &self.moment {
            Some(moment) => Ok(moment.clone()),
            None => self.beyond(e, "the context here"),
        }
    }

    fn of_context(&mut self, e: &Expr, name: &str) -> Lowered<Value> {
        let here = self.here(e)?;
        let w = &mut *self.world;
        Ok(match name {
            "n" => Value::Scalar(w.terms.n()),
            "id" => Value::Scalar(here.id),
            "round" => Value::Scalar(w.round(here.copy)),
            "phase" => Value::Scalar(w.phase_at(here.copy)),
            "parameters" => w.parameters.clone(),
            "coin" => Value::Scalar(w.coin(here.copy, here.id)),
            "coordinator" => Value::Scalar(self.coordinator(e, here.copy)?),
            "is_coordinator" => {
                let coordinator = self.coordinator(e, here.copy)?;
                Value::Scalar(self.world.terms.eq(here.id, coordinator))
            }
            _ => return self.beyond(e, &format!("`ctx.{name}()`")),
        })
    }

    /// The coordinator of the phase of a copy: what the text says where it is one of the parameters, else some process that depends on
    /// the phase alone.
    pub(super) fn coordinator(&mut self, e: &Expr, copy: usize) -> Lowered<Term> {
        let phase = self.world.phase_at(copy);
        let Some(function) = &self.algorithm.coordinator else { return self.beyond(e, "a coordinator where none is given") };
        let n = self.world.terms.n();
        let arguments = vec![Value::Scalar(phase), Value::Scalar(n), self.world.parameters.clone()];
        match self.call(function, arguments) {
            Ok(Value::Scalar(process)) => Ok(process),
            _ => Ok(self.world.coordinator(phase)),
        }
    }

    /// `Q i: test(i)` over the processes that `within` admits.
    fn quantify(
        &mut self,
        e: &Expr,
        lambda: &'a Lambda,
        universal: bool,
        count: usize,
        within: &dyn Fn(&mut World, Term) -> Term,
    ) -> Lowered<Term> {
        let bound: Vec<(Var, Term)> = (0..count).map(|_| self.world.process("i")).collect();
        let arguments: Vec<Value> = bound.iter().map(|&(_, term)| Value::Scalar(term)).collect();
        let body = self.test(e, lambda, &arguments)?;
        let guards: Vec<Term> = bound.iter().map(|&(_, term)| within(self.world, term)).collect();
        let t = &mut self.world.terms;
        let guard = t.and(guards);
        let vars: Vec<Var> = bound.iter().map(|&(v, _)| v).collect();
        Ok(if universal {
            let body = t.implies(guard, body);
            t.forall(&vars, body)
        } else {
            let body = t.and([guard, body]);
            t.exists(&vars, body)
        })
    }

    /// The quantifiers that systems and heard-of sets share.
    fn quantifier(&mut self, e: &Expr, name: &str, args: &'a [Expr], within: &dyn Fn(&mut World, Term) -> Term) -> Lowered<Option<Value>> {
        let (universal, count) = match name {
            "forall" => (true, 1),
            "exists" => (false, 1),
            "forall_pairs" => (true, 2),
            "count" | "set" => {
                let lambda = self.closure(e, args, 0)?;
                let (i, term) = self.world.process("i");
                let body = self.test(e, lambda, &[Value::Scalar(term)])?;
                let guard = within(self.world, term);
                let body = self.world.terms.and([guard, body]);
                let set = self.world.terms.comprehension(i, body);
                return Ok(Some(if name == "set" { Value::Set(set) } else { Value::Scalar(self.world.terms.card(set)) }));
            }
            _ => return Ok(None),
        };
        let lambda = self.closure(e, args, 0)?;
        self.quantify(e, lambda, universal, count, within).map(|formula| Some(Value::Scalar(formula)))
    }

    fn of_system(&mut self, e: &'a Expr, name: &str, copy: usize, args: &'a [Expr]) -> Lowered<Value> {
        let everybody = |w: &mut World, _: Term| w.terms.bool(true);
        if let Some(value) = self.quantifier(e, name, args, &everybody)? {
            return Ok(value);
        }
        Ok(match name {
            "n" => Value::Scalar(self.world.terms.n()),
            "round" => Value::Scalar(self.world.round(copy)),
            "phase" => Value::Scalar(self.world.phase_at(copy)),
            "parameters" => self.world.parameters.clone(),
            "coordinator" => Value::Scalar(self.coordinator(e, copy)?),
            "kernel" => Value::Set(self.world.kernel(copy)),
            "initially" => {
                let p = self.scalar_argument(e, args, 0)?;
                self.world.state(World::FIRST, p)
            }
            "exists_value" | "forall_value" => self.over_values(e, name == "forall_value", args)?,
            "exists_phase" | "forall_phase" => self.over_phases(e, copy, name == "forall_phase", args)?,
            _ => return self.beyond(e, &format!("`s.{name}(..)`")),
        })
    }

    /// Quantified values range over all values here, over those that occur in the text's own meaning; see [`super`].
    fn over_values(&mut self, e: &Expr, universal: bool, args: &'a [Expr]) -> Lowered<Value> {
        let lambda = self.closure(e, args, 0)?;
        let Some(sort) = lambda.sorts.first() else { return self.beyond(e, "a quantifier over values of unknown sort") };
        let shape = self.world.shape(sort).map_err(|what| Trouble { at: e.at, what: format!("a quantifier over values {what}") })?;
        let t = &mut self.world.terms;
        match shape {
            super::world::Shape::Scalar(Sort::Bool) => {
                let (yes, no) = (t.bool(true), t.bool(false));
                let both = [self.test(e, lambda, &[Value::Scalar(yes)])?, self.test(e, lambda, &[Value::Scalar(no)])?];
                let t = &mut self.world.terms;
                Ok(Value::Scalar(if universal { t.and(both) } else { t.or(both) }))
            }
            super::world::Shape::Scalar(sort) => {
                let v = t.variable("v", sort);
                let term = t.var(v);
                let body = self.test(e, lambda, &[Value::Scalar(term)])?;
                let t = &mut self.world.terms;
                Ok(Value::Scalar(if universal { t.forall(&[v], body) } else { t.exists(&[v], body) }))
            }
            _ => self.beyond(e, "a quantifier over values of this sort"),
        }
    }

    /// Phases up to the present one.
    fn over_phases(&mut self, e: &Expr, copy: usize, universal: bool, args: &'a [Expr]) -> Lowered<Value> {
        let lambda = self.closure(e, args, 0)?;
        let phase = self.world.phase_at(copy);
        let t = &mut self.world.terms;
        let v = t.variable("t", Sort::Time);
        let term = t.var(v);
        let zero = t.int(0);
        let (low, high) = (t.le(zero, term), t.le(term, phase));
        let range = t.and([low, high]);
        let body = self.test(e, lambda, &[Value::Scalar(term)])?;
        let t = &mut self.world.terms;
        Ok(Value::Scalar(if universal {
            let body = t.implies(range, body);
            t.forall(&[v], body)
        } else {
            let body = t.and([range, body]);
            t.exists(&[v], body)
        }))
    }

    fn of_heard(&mut self, e: &'a Expr, name: &str, copy: usize, args: &'a [Expr]) -> Lowered<Value> {
        let active = move |w: &mut World, p: Term| w.active(copy, p);
        if let Some(value) = self.quantifier(e, name, args, &active)? {
            return Ok(value);
        }
        Ok(match name {
            "n" => Value::Scalar(self.world.terms.n()),
            "round" => Value::Scalar(self.world.round(copy)),
            "phase" => Value::Scalar(self.world.phase_at(copy)),
            "parameters" => self.world.parameters.clone(),
            "coordinator" => Value::Scalar(self.coordinator(e, copy)?),
            "of" => {
                let p = self.scalar_argument(e, args, 0)?;
                Value::Set(self.world.heard(copy, p))
            }
            "coin" => {
                let p = self.scalar_argument(e, args, 0)?;
                Value::Scalar(self.world.coin(copy, p))
            }
            "kernel" => Value::Set(self.world.kernel_of_round(copy)),
            "kernel_before" => Value::Set(self.world.kernel(copy)),
            "uniform" => {
                let ((p, tp), (q, tq)) = (self.world.process("p"), self.world.process("q"));
                let (hp, hq) = (self.world.heard(copy, tp), self.world.heard(copy, tq));
                let guards = [self.world.active(copy, tp), self.world.active(copy, tq)];
                let t = &mut self.world.terms;
                let same = t.eq(hp, hq);
                let guard = t.and(guards);
                let body = t.implies(guard, same);
                Value::Scalar(t.forall(&[p, q], body))
            }
            "min_len" => Value::MinLen { factor: 1, heard: copy },
            _ => return self.beyond(e, &format!("`ho.{name}(..)`")),
        })
    }

    /// What `q` sends to `to` in the round: whether anything, and what.
    fn sent(&mut self, e: &Expr, q: Term, to: Term) -> Lowered<(Term, Value)> {
        let here = self.here(e)?;
        let send = &self.algorithm.rounds[here.round].send;
        let outer = self.moment.replace(Moment { id: q, ..here.clone() });
        let path = std::mem::take(&mut self.path);
        let state = self.world.state(here.copy, q);
        let result = self.call(send, vec![state, Value::Context]);
        self.moment = outer;
        self.path = path;
        let Value::Outbox(parcels) = result? else { return self.beyond(e, "a `send` that gives anything but messages") };
        self.received(e, &parcels, to)
    }
    fn received(&mut self, e: &Expr, parcels: &[Parcel], to: Term) -> Lowered<(Term, Value)> {
        let mut result: Option<(Term, Value)> = None;
        for parcel in parcels.iter().rev() {
            let t = &mut self.world.terms;
            let addressed = match parcel.to {
                Some(addressee) => t.eq(addressee, to),
                None => t.bool(true),
            };
            let arrives = t.and([parcel.when, addressed]);
            result = Some(match result {
                None => (arrives, parcel.what.clone()),
                Some((some, value)) => {
                    let value = at(e.at, Value::choose(t, arrives, &parcel.what, &value))?;
                    (t.or([arrives, some]), value)
                }
            });
        }
        Ok(result.unwrap_or((self.world.terms.bool(false), Value::Unit)))
    }

    /// Whether the process at hand has a message of `q`, and which. What the path to here already says is left out.
    fn message(&mut self, e: &Expr, q: Term) -> Lowered<(Term, Value)> {
        let here = self.here(e)?;
        let (sends, what) = self.sent(e, q, here.id)?;
        let set = self.world.heard(here.copy, here.id);
        let assumed: Vec<Term> = self.path.clone();
        let t = &mut self.world.terms;
        let mut known = std::collections::BTreeSet::new();
        let mut pending = assumed;
        while let Some(term) = pending.pop() {
            known.insert(term);
            if let crate::term::Node::And(list) = t.node(term) {
                pending.extend(list.iter());
            }
        }
        let parts = match t.node(sends) {
            crate::term::Node::And(list) => list.to_vec(),
            _ => vec![sends],
        };
        let sends = t.and(parts.into_iter().filter(|p| !known.contains(p)));
        let member = t.member(q, set);
        Ok((t.and([member, sends]), what))
    }
    fn delivered(&mut self, e: &Expr) -> Lowered<Delivered> {
        let (j, sender) = self.world.process("j");
        let (heard, message) = self.message(e, sender)?;
        Ok(Delivered { j, heard, message })
    }

    fn of_mailbox(&mut self, e: &'a Expr, name: &str, args: &'a [Expr]) -> Lowered<Value> {
        let d = self.delivered(e)?;
        Ok(match name {
            "len" => {
                let set = self.world.terms.comprehension(d.j, d.heard);
                Value::Scalar(self.world.terms.card(set))
            }
            "is_empty" => {
                let some = self.world.terms.exists(&[d.j], d.heard);
                Value::Scalar(self.world.terms.not(some))
            }
            "senders" => Value::Set(self.world.terms.comprehension(d.j, d.heard)),
            "from" => {
                let q = self.scalar_argument(e, args, 0)?;
                let (heard, message) = self.message(e, q)?;
                match Value::some(&mut self.world.terms, message) {
                    Value::Option { value, .. } => Value::Option { some: heard, value },
                    other => at(e.at, Value::choose(&mut self.world.terms, heard, &other, &Value::None))?,
                }
            }
            "count" | "any" | "all" => {
                let lambda = self.closure(e, args, 0)?;
                let test = self.test(e, lambda, std::slice::from_ref(&d.message))?;
                let t = &mut self.world.terms;
                match name {
                    "all" => {
                        let body = t.implies(d.heard, test);
                        Value::Scalar(t.forall(&[d.j], body))
                    }
                    _ => {
                        let body = t.and([d.heard, test]);
                        if name == "any" {
                            Value::Scalar(t.exists(&[d.j], body))
                        } else {
                            let set = t.comprehension(d.j, body);
                            Value::Scalar(t.card(set))
                        }
                    }
                }
            }
            "min" | "max" | "most_often" | "pick" | "max_by_key" => self.aggregate(e, name, args, d)?,
            _ => return self.beyond(e, &format!("`mailbox.{name}(..)`")),
        })
    }

    /// One of the messages, named by fresh functions of the receiver. The axioms say something only where there is a message: otherwise
    /// they would contradict an empty mailbox.
    fn aggregate(&mut self, e: &'a Expr, name: &str, args: &'a [Expr], d: Delivered) -> Lowered<Value> {
        let here = self.here(e)?;
        let chosen = self.world.fresh_like(name, &d.message, here.id);
        let candidate = if name == "pick" {
            let lambda = self.closure(e, args, 0)?;
            let test = self.test(e, lambda, std::slice::from_ref(&d.message))?;
            self.world.terms.and([d.heard, test])
        } else {
            d.heard
        };
        let t = &mut self.world.terms;
        let some = t.exists(&[d.j], candidate);
        let same = at(e.at, Value::equal(t, &d.message, &chosen))?;
        let own = t.and([candidate, same]);
        let is_one = t.exists(&[d.j], own);
        let mut parts = vec![is_one];
        match name {
            "min" | "max" => {
                let (low, high) = if name == "min" { (&chosen, &d.message) } else { (&d.message, &chosen) };
                let ordered = at(e.at, Value::before(t, low, high, false))?;
                let body = t.implies(d.heard, ordered);
                parts.push(t.forall(&[d.j], body));
            }
            "max_by_key" => {
                let lambda = self.closure(e, args, 0)?;
                let theirs = self.apply(e, lambda, std::slice::from_ref(&d.message))?;
                let own = self.apply(e, lambda, std::slice::from_ref(&chosen))?;
                let t = &mut self.world.terms;
                let ordered = at(e.at, Value::before(t, &theirs, &own, false))?;
                let body = t.implies(d.heard, ordered);
                parts.push(t.forall(&[d.j], body));
            }
            "most_often" => parts.extend(self.most_often(e, &d, &chosen)?),
            _ => {}
        }
        let t = &mut self.world.terms;
        let meaning = t.and(parts);
        let axiom = t.implies(some, meaning);
        let axiom = self.world.for_process(here.id, axiom);
        self.axioms.push((name.to_string(), axiom));
        let some = self.named_some(some, here.id);
        Ok(match Value::some(&mut self.world.terms, chosen) {
            Value::Option { value, .. } => Value::Option { some, value },
            other => at(e.at, Value::choose(&mut self.world.terms, some, &other, &Value::None))?,
        })
    }

    /// Whether there is a message, as a predicate of the receiver.
    fn named_some(&mut self, some: Term, id: Term) -> Term {
        let t = &mut self.world.terms;
        let fun = t.declare("some", &[Sort::Process], Sort::Bool, Role::Aggregate);
        let atom = t.app(fun, &[id]);
        let meaning = t.eq(atom, some);
        let axiom = self.world.for_process(id, meaning);
        self.axioms.push(("some message".into(), axiom));
        atom
    }

    /// No value is more frequent, and none as frequent is smaller.
    fn most_often(&mut self, e: &Expr, d: &Delivered, chosen: &Value) -> Lowered<Vec<Term>> {
        let (Value::Scalar(message), Value::Scalar(chosen)) = (&d.message, chosen) else {
            return self.beyond(e, "`most_often` of structured messages");
        };
        let t = &mut self.world.terms;
        let sort = t.sort(*message);
        if !sort.is_number() {
            return self.beyond(e, "`most_often` of messages of this sort");
        }
        let v = t.variable("v", sort);
        let value = t.var(v);
        let size = |t: &mut crate::term::Terms, value: Term| {
            let j = t.variable("j", Sort::Process);
            let own = t.var(j);
            let (heard, message) = (t.substitute(d.heard, &[(d.j, own)]), t.substitute(*message, &[(d.j, own)]));
            let same = t.eq(message, value);
            let body = t.and([heard, same]);
            let set = t.comprehension(j, body);
            t.card(set)
        };
        let (of_value, of_chosen) = (size(t, value), size(t, *chosen));
        let most = t.le(of_value, of_chosen);
        let (as_often, smaller) = (t.eq(of_value, of_chosen), t.le(*chosen, value));
        let smallest = t.implies(as_often, smaller);
        Ok([most, smallest].map(|body| t.forall(&[v], body)).to_vec())
    }

    /// Options, sets, phases.
    fn of_data(&mut self, e: &'a Expr, name: &str, of: Value, args: &'a [Expr]) -> Lowered<Value> {
        let t = &mut self.world.terms;
        Ok(match (name, &of) {
            ("is_some", _) => Value::Scalar(at(e.at, of.is_some(t))?),
            ("is_none", _) => {
                let some = at(e.at, of.is_some(t))?;
                Value::Scalar(t.not(some))
            }
            ("is", _) => {
                let Some(other) = args.first() else { return self.beyond(e, "`is` without an argument") };
                let other = self.value(other)?;
                let t = &mut self.world.terms;
                let some = at(e.at, of.is_some(t))?;
                match at(e.at, of.content())? {
                    Some(content) => {
                        let same = at(e.at, Value::equal(t, &content, &other))?;
                        Value::Scalar(t.and([some, same]))
                    }
                    None => Value::Scalar(some),
                }
            }
            ("is_none_or" | "is_some_and", _) => {
                let lambda = self.closure(e, args, 0)?;
                let some = at(e.at, of.is_some(&mut self.world.terms))?;
                let Some(content) = at(e.at, of.content())? else {
                    return Ok(Value::Scalar(self.world.terms.bool(name == "is_none_or")));
                };
                let test = self.test(e, lambda, &[content])?;
                let t = &mut self.world.terms;
                Value::Scalar(if name == "is_none_or" { t.implies(some, test) } else { t.and([some, test]) })
            }
            ("cloned" | "copied" | "clone" | "as_ref", _) => of,
            ("is_first", Value::Scalar(phase)) => {
                let zero = t.int(0);
                Value::Scalar(t.eq(*phase, zero))
            }
            ("len", Value::Set(set)) => Value::Scalar(t.card(*set)),
            ("is_empty", Value::Set(set)) => {
                let (v, p) = self.world.process("e");
                let t = &mut self.world.terms;
                let member = t.member(p, *set);
                let some = t.exists(&[v], member);
                Value::Scalar(t.not(some))
            }
            ("contains", Value::Set(set)) => {
                let set = *set;
                let p = self.scalar_argument(e, args, 0)?;
                Value::Scalar(self.world.terms.member(p, set))
            }
            ("intersection" | "union" | "difference" | "is_subset", Value::Set(a)) => {
                let a = *a;
                let Some(other) = args.first() else { return self.beyond(e, "a set operation without an argument") };
                let Value::Set(b) = self.value(other)? else { return self.beyond(e, "a set operation on anything but sets") };
                let t = &mut self.world.terms;
                match name {
                    "intersection" => Value::Set(t.intersection(a, b)),
                    "union" => Value::Set(t.union(a, b)),
                    "difference" => Value::Set(t.difference(a, b)),
                    _ => Value::Scalar(t.subset(a, b)),
                }
            }
            _ => return self.beyond(e, &format!("`{name}` of {}", of.kind())),
        })
    }
}
