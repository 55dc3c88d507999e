//! Methods of contexts, options, sets and plain values; which kind a receiver is decides what a name means, as in the interpreter.

use super::eval::{Eval, trouble};
use super::operators::lambda;
use super::symbols::LATTICE;
use super::value::{Value, at_most, equal, is_empty, merge};
use super::world::{Lowered, Place};
use crate::term::{Role, Sort, Term};
use heardof_core::ir::{Expr, Node, Pos};

impl<'a> Eval<'_, 'a> {
    pub(super) fn method(&mut self, at: Pos, name: &str, receiver: &'a Expr, arguments: &'a [Expr]) -> Lowered<Value> {
        let of = self.eval(receiver)?;
        match of {
            Value::Context => self.of_context(at, name),
            Value::System(k) => self.of_system(at, name, k, arguments),
            Value::Heard(k) => self.of_heard(at, name, k, arguments),
            Value::Mailbox(mailbox) => self.of_mailbox(at, name, &mailbox, arguments),
            Value::Set(set) if matches!(name, "insert" | "remove") => {
                let changed = self.changed(at, name, set, arguments)?;
                self.assign(receiver, changed)?;
                Ok(Value::Unit)
            }
            Value::Set(set) => self.of_set(at, name, set, arguments),
            Value::Option { .. } | Value::Optional(_) => self.of_option(at, name, of, arguments),
            Value::Struct(..) | Value::Enum(..) => {
                let algorithm = self.world.algorithm;
                let Some(function) = algorithm.function(name) else { return trouble(at, format!("`{name}` has no logic yet")) };
                let mut all = vec![of];
                for e in arguments {
                    all.push(self.eval(e)?);
                }
                self.call(function, all)
            }
            _ => self.of_plain(at, name, of, arguments),
        }
    }

    fn only(&mut self, at: Pos, arguments: &'a [Expr]) -> Lowered<Value> {
        match arguments {
            [e] => self.eval(e),
            _ => trouble(at, "one argument is expected"),
        }
    }

    fn of_context(&mut self, at: Pos, name: &str) -> Lowered<Value> {
        let Some(me) = self.me else { return trouble(at, "no context here") };
        let step = |what: &str| me.step.map_or_else(|| trouble(at, format!("a {what} in `init` has no logic yet")), Ok);
        Ok(match name {
            "id" => Value::Scalar(me.id),
            "n" => Value::Scalar(self.terms().n()),
            "round" => Value::Scalar(self.world.round(me.place)),
            "phase" => Value::Scalar(self.world.phase(me.place)),
            "coordinator" => Value::Scalar(self.coordinator(me.place)?),
            "is_coordinator" => {
                let coordinator = self.coordinator(me.place)?;
                let is = self.terms().eq(me.id, coordinator);
                Value::Scalar(self.here(is))
            }
            "parameters" => self.world.parameters.clone().at(&mut self.world.terms, &[]),
            "coin" => {
                let coin = self.world.chance(step("coin")?)?.coin;
                Value::Scalar(self.terms().app(coin, &[me.id]))
            }
            "request" => match self.world.chance(step("request")?)?.request {
                Some(symbols) => symbols.at(self.terms(), &[me.id]),
                None => Value::none(self.terms()),
            },
            "processes" => Value::Set(Some(self.terms().universe())),
            _ => return trouble(at, format!("`{name}` of a context has no logic yet")),
        })
    }

    fn of_option(&mut self, at: Pos, name: &str, of: Value, arguments: &'a [Expr]) -> Lowered<Value> {
        let Some((some, value)) = of.parts(self.terms()) else { return trouble(at, "not an option") };
        let some = self.here(some);
        let none = self.terms().not(some);
        Ok(match (name, value) {
            ("is_some", _) => Value::Scalar(some),
            ("is_none", _) => Value::Scalar(none),
            ("is", _) => {
                let other = self.only(at, arguments)?;
                let wanted = Value::some(self.terms(), other);
                let same = equal(&mut self.world.terms, &of, &wanted);
                let same = self.fit(at, same)?;
                Value::Scalar(self.here(same))
            }
            ("is_some_and", None) => Value::Scalar(self.terms().bool(false)),
            ("is_none_or", None) => Value::Scalar(self.terms().bool(true)),
            ("map" | "and_then" | "filter", None) => Value::none(self.terms()),
            ("is_some_and" | "is_none_or" | "filter", Some(value)) => {
                let mark = self.assume(some);
                let holds = self.test(at, lambda(at, arguments, 0)?, vec![value.clone()])?;
                self.release(mark);
                let terms = self.terms();
                match name {
                    "is_some_and" => Value::Scalar(terms.and([some, holds])),
                    "is_none_or" => Value::Scalar(terms.or([none, holds])),
                    _ => {
                        let kept = terms.and([some, holds]);
                        Value::where_some(terms, kept, value)
                    }
                }
            }
            ("map" | "and_then", Some(value)) => {
                let mark = self.assume(some);
                let result = self.apply(at, lambda(at, arguments, 0)?, vec![value])?;
                self.release(mark);
                let terms = self.terms();
                if name == "map" {
                    return Ok(Value::where_some(terms, some, result));
                }
                let nothing = Value::none(terms);
                let merged = merge(terms, some, result, nothing);
                self.fit(at, merged)?
            }
            ("unwrap_or", value) => {
                let other = self.only(at, arguments)?;
                self.merged(at, some, value, other)?
            }
            ("map_or", value) => {
                let Some((first, _)) = arguments.split_first() else { return trouble(at, "two arguments are expected") };
                let other = self.eval(first)?;
                let Some(value) = value else { return Ok(other) };
                let mark = self.assume(some);
                let result = self.apply(at, lambda(at, arguments, 1)?, vec![value])?;
                self.release(mark);
                self.merged(at, some, Some(result), other)?
            }
            ("or", _) => {
                let other = self.only(at, arguments)?;
                self.merged(at, some, Some(of), other)?
            }
            ("min" | "max", _) => self.of_plain(at, name, of, arguments)?,
            _ => return trouble(at, format!("`{name}` of an option has no logic yet")),
        })
    }

    fn merged(&mut self, at: Pos, c: Term, a: Option<Value>, b: Value) -> Lowered<Value> {
        let Some(a) = a else { return Ok(b) };
        let merged = merge(&mut self.world.terms, c, a, b);
        self.fit(at, merged)
    }

    pub(super) fn contains(&mut self, at: Pos, set: Value, element: Value) -> Lowered<Term> {
        let element = self.as_scalar(at, element)?;
        match set {
            Value::Set(None) => Ok(self.terms().bool(false)),
            Value::Set(Some(set)) => {
                let inside = self.terms().member(element, set);
                Ok(self.here(inside))
            }
            other => trouble(at, format!("{other:?} is not a set")),
        }
    }

    fn changed(&mut self, at: Pos, name: &str, set: Option<Term>, arguments: &'a [Expr]) -> Lowered<Value> {
        let element = self.only(at, arguments)?;
        let element = self.as_scalar(at, element)?;
        let terms = self.terms();
        let sort = terms.sort(element);
        if sort.set().is_none() {
            return trouble(at, format!("sets of {sort} have no logic yet"));
        }
        let one = terms.singleton(element, sort);
        Ok(Value::Set(match (set, name) {
            (None, "insert") => Some(one),
            (Some(set), "insert") => Some(terms.union(set, one)),
            (set, _) => set.map(|set| terms.difference(set, one)),
        }))
    }

    fn of_set(&mut self, at: Pos, name: &str, set: Option<Term>, arguments: &'a [Expr]) -> Lowered<Value> {
        let Some(set) = set else { return self.of_nothing(at, name, arguments) };
        let scalar = Value::Scalar;
        Ok(match name {
            "len" => scalar(self.terms().card(set)),
            "is_empty" => {
                let empty = is_empty(self.terms(), set);
                scalar(self.here(empty))
            }
            "contains" => {
                let element = self.only(at, arguments)?;
                scalar(self.contains(at, Value::Set(Some(set)), element)?)
            }
            "union" | "intersection" | "difference" | "is_subset" | "join" | "leq" => {
                let other = match self.only(at, arguments)? {
                    Value::Set(Some(other)) => other,
                    Value::Set(None) => {
                        let element = self.world.terms.sort(set).element().unwrap_or(Sort::Process);
                        self.terms().empty_set(element)
                    }
                    other => return trouble(at, format!("{other:?} is not a set")),
                };
                let terms = self.terms();
                match name {
                    "union" | "join" => Value::Set(Some(terms.union(set, other))),
                    "intersection" => Value::Set(Some(terms.intersection(set, other))),
                    "difference" => Value::Set(Some(terms.difference(set, other))),
                    _ => scalar(terms.subset(set, other)),
                }
            }
            "filter" | "any" | "all" | "count" => self.over_set(at, name, set, arguments)?,
            _ => return trouble(at, format!("`{name}` of a set has no logic yet")),
        })
    }

    fn over_set(&mut self, at: Pos, name: &str, set: Term, arguments: &'a [Expr]) -> Lowered<Value> {
        let sort = self.world.terms.sort(set).element().unwrap_or(Sort::Process);
        let variable = self.terms().variable("e", sort);
        let e = self.terms().var(variable);
        let inside = self.terms().member(e, set);
        self.scope.push(variable);
        let mark = self.assume(inside);
        let holds = self.test(at, lambda(at, arguments, 0)?, vec![Value::Scalar(e)])?;
        self.release(mark);
        self.scope.pop();
        let terms = self.terms();
        if name == "all" {
            let body = terms.implies(inside, holds);
            return Ok(Value::Scalar(terms.forall(&[variable], body)));
        }
        let body = terms.and([inside, holds]);
        if name == "any" {
            return Ok(Value::Scalar(terms.exists(&[variable], body)));
        }
        let kept = terms.comprehension(variable, body);
        Ok(if name == "count" { Value::Scalar(terms.card(kept)) } else { Value::Set(Some(kept)) })
    }

    /// Methods of the literal ∅.
    fn of_nothing(&mut self, at: Pos, name: &str, arguments: &'a [Expr]) -> Lowered<Value> {
        Ok(match name {
            "len" | "count" => Value::Scalar(self.terms().int(0)),
            "is_empty" | "all" | "is_subset" | "leq" => Value::Scalar(self.terms().bool(true)),
            "contains" | "any" => Value::Scalar(self.terms().bool(false)),
            "union" | "join" => self.only(at, arguments)?,
            "intersection" | "difference" | "filter" => Value::Set(None),
            _ => return trouble(at, format!("`{name}` of a set has no logic yet")),
        })
    }

    fn of_plain(&mut self, at: Pos, name: &str, of: Value, arguments: &'a [Expr]) -> Lowered<Value> {
        match (name, arguments) {
            ("join" | "leq", [other]) if matches!(of, Value::Scalar(t) if self.world.terms.sort(t) == LATTICE) => {
                let a = self.as_scalar(at, of)?;
                self.of_lattice(name, a, other)
            }
            ("min" | "max", [other]) => {
                let other = self.eval(other)?;
                let below = at_most(&mut self.world.terms, &of, &other);
                let below = self.fit(at, below)?;
                let (first, second) = if name == "min" { (of, other) } else { (other, of) };
                self.merged(at, below, Some(first), second)
            }
            ("saturating_sub" | "abs_diff", [other]) => {
                let (a, b) = (self.number(at, of)?, self.eval(other)?);
                let b = self.number(at, b)?;
                let terms = self.terms();
                let (fits, down, up, zero) = (terms.le(b, a), terms.minus(a, b), terms.minus(b, a), terms.int(0));
                Ok(Value::Scalar(terms.ite(fits, down, if name == "abs_diff" { up } else { zero })))
            }
            // A phase is its number; its rotations are what the coordinator is an unknown function for.
            ("number", []) => Ok(of),
            ("is_first", []) => {
                let (phase, zero) = (self.number(at, of)?, self.terms().int(0));
                let first = self.terms().eq(phase, zero);
                Ok(Value::Scalar(self.here(first)))
            }
            ("rotate" | "rotate_from" | "successor", _) => self.rotated(at, name, of, arguments),
            _ => trouble(at, format!("`{name}` has no logic yet")),
        }
    }

    /// Rotations are arbitrary functions of what they start from; on the ring of all n processes, or they have no logic.
    fn rotated(&mut self, at: Pos, name: &str, of: Value, arguments: &'a [Expr]) -> Lowered<Value> {
        let Some((ring, others)) = arguments.split_last() else { return trouble(at, format!("`{name}` of how many processes?")) };
        let mut from = vec![self.as_scalar(at, of)?];
        for e in others {
            from.push(self.scalar(e)?);
        }
        let (ring, n) = (self.scalar(ring)?, self.terms().n());
        if ring != n {
            return trouble(at, format!("`{name}` on a ring of other than n processes has no logic yet"));
        }
        if name == "rotate" && self.world.algorithm.coordinator.is_none() {
            return Ok(Value::Scalar(self.rotation(from[0])));
        }
        let fun = match self.world.rotations.get(name) {
            Some(fun) => *fun,
            None => {
                let first = if name == "successor" { Sort::Process } else { Sort::Time };
                let sorts = [first, Sort::Process];
                let fun = self.terms().declare(name, &sorts[..from.len().min(2)], Sort::Process, Role::Given);
                self.world.rotations.insert(name.to_string(), fun);
                fun
            }
        };
        Ok(Value::Scalar(self.terms().app(fun, &from)))
    }
    /// The unknown function that the coordinator is.
    fn rotation(&mut self, phase: Term) -> Term {
        let coordinator = match self.world.coordinator {
            Some(coordinator) => coordinator,
            None => self.terms().declare("coord", &[Sort::Time], Sort::Process, Role::Given),
        };
        self.world.coordinator = Some(coordinator);
        self.terms().app(coordinator, &[phase])
    }

    /// The coordinator of the phase at a place: what the text says if it has a logic, else some function of the phase.
    pub(super) fn coordinator(&mut self, place: Place) -> Lowered<Term> {
        let phase = self.world.phase(place);
        if self.world.follows_coordinator {
            return self.coordinator_text(phase);
        }
        Ok(self.rotation(phase))
    }
    /// What the text of `coordinator` says of a phase.
    pub(super) fn coordinator_text(&mut self, phase: Term) -> Lowered<Term> {
        let algorithm = self.world.algorithm;
        let Some(function) = &algorithm.coordinator else { return trouble(Pos::default(), "the rotation has no logic") };
        let rotates =
            |e: &Expr| matches!(&e.node, Node::Method(name, ..) if matches!(name.as_str(), "rotate" | "rotate_from" | "successor"));
        if function.body.as_ref().is_ok_and(|body| body.any(&rotates)) {
            return trouble(Pos::default(), "rotations are not followed");
        }
        let n = self.terms().n();
        let parameters = self.world.parameters.clone().at(&mut self.world.terms, &[]);
        let result = self.call(function, vec![Value::Scalar(phase), Value::Scalar(n), parameters])?;
        self.as_scalar(Pos::default(), result)
    }
}
