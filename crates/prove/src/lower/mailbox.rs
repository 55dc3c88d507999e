//! Mailboxes: `{ j ↦ payload(j) | j ∈ HO(i) ∧ sent(j, i) }`, with guard and payload over the sender's state before the round.
//!
//! Counting and quantifying over a mailbox is counting and quantifying over senders. What is chosen from a mailbox is a new function
//! of the receiver, with an axiom that says how it was chosen and that is guarded by there being something to choose:
//!
//! ```text
//! most_often: ∀i. 0 < |mb(i)| ⇒ (∃j ∈ mb(i). pay(j) = m(i)) ∧ ∀v. #v ≤ #m(i) ∧ (#v = #m(i) ⇒ m(i) ≤ v)
//! min:        ∀i. 0 < |mb(i)| ⇒ (∃j ∈ mb(i). pay(j) = m(i)) ∧ ∀j ∈ mb(i). m(i) ≤ pay(j)
//! max_by_key: ∀i. 0 < |mb(i)| ⇒ (∃j ∈ mb(i). pay(j) = m(i)) ∧ ∀j ∈ mb(i). key(pay(j)) ≤ key(m(i))
//! pick(φ):    ∀i. (∃j ∈ mb(i). φ(pay(j))) ⇒ ∃j ∈ mb(i). φ(pay(j)) ∧ pay(j) = m(i)
//! ```
//!
//! Ties of `pick` and `max_by_key` belong to the adversary; `most_often` takes the smallest (docs/adr/0003).

use super::eval::{Eval, Moment, trouble};
use super::operators::lambda;
use super::simplify::{conjuncts, mentions, non_empty, renamed, under};
use super::symbols::{Declared, Symbols};
use super::value::{Mailbox, Value, at_most, equal, less};
use super::world::{Fact, Lowered};
use crate::term::{Role, Sort, Term, Var};
use heardof_core::ir::{Expr, Lambda, Pos, Round};

/// A mailbox with a variable of its own for the sender.
struct Opened {
    sender: Var,
    guard: Term,
    payload: Value,
}

impl<'a> Eval<'_, 'a> {
    /// The mailbox of the process that evaluates.
    pub(super) fn mailbox(&mut self, round: &'a Round) -> Lowered<Mailbox> {
        let me = self.me.ok_or_else(|| super::world::Trouble { at: Pos::default(), what: "no context here".into() })?;
        let sender = self.terms().variable("j", Sort::Process);
        let j = self.terms().var(sender);
        let mut sending = Eval::new(self.world);
        sending.me = Some(Moment { id: j, receiver: Some(me.id), ..me });
        sending.scope.clone_from(&self.scope);
        sending.scope.push(sender);
        let state = sending.world.state_at(me.place.copy, j)?;
        let (sent, message) = match sending.call(&round.send, vec![state, Value::Context])? {
            Value::Outbox { sent, message } => (sent, message),
            other => return trouble(Pos::default(), format!("`send` gives {other:?}")),
        };
        let step = me.step.ok_or_else(|| super::world::Trouble { at: Pos::default(), what: "no round here".into() })?;
        let heard = self.world.heard(step, me.id)?;
        let terms = self.terms();
        let inside = terms.member(j, heard);
        let guard = terms.and([inside, sent]);
        Ok(Mailbox { sender, guard, payload: message.unwrap_or(Box::new(Value::Unit)) })
    }

    fn opened(&mut self, m: &Mailbox) -> Opened {
        let sender = self.terms().variable("j", Sort::Process);
        let j = self.terms().var(sender);
        let terms = &mut self.world.terms;
        let mut of_j = |t: Term| {
            let t = renamed(terms, t);
            terms.substitute(t, &[(m.sender, j)])
        };
        Opened { sender, guard: of_j(m.guard), payload: m.payload.map(&mut of_j) }
    }

    /// Evaluates something about one message, with a variable of its own for the sender.
    fn each<T>(&mut self, m: &Mailbox, about: impl FnOnce(&mut Self, &Opened) -> Lowered<T>) -> Lowered<(Opened, T)> {
        let opened = self.opened(m);
        self.scope.push(opened.sender);
        let mark = self.assume(opened.guard);
        let result = about(self, &opened);
        self.release(mark);
        self.scope.pop();
        Ok((opened, result?))
    }

    pub(super) fn of_mailbox(&mut self, at: Pos, name: &str, m: &Mailbox, arguments: &'a [Expr]) -> Lowered<Value> {
        let full = m;
        let m = &Mailbox { guard: self.here(m.guard), ..m.clone() };
        let set = self.terms().comprehension(m.sender, m.guard);
        Ok(match (name, arguments) {
            ("len", []) => Value::Scalar(self.terms().card(set)),
            ("is_empty", []) => {
                let some = self.is_there(m);
                Value::Scalar(self.terms().not(some))
            }
            ("senders", []) => Value::Set(Some(set)),
            ("from", [q]) => {
                let q = self.scalar(q)?;
                let some = self.terms().substitute(m.guard, &[(m.sender, q)]);
                let some = self.here(some);
                let payload = m.payload.at(&mut self.world.terms, m.sender, q);
                Value::where_some(self.terms(), some, payload)
            }
            ("count" | "any" | "all", _) => {
                let test = lambda(at, arguments, 0)?;
                let (j, holds) = self.each(m, |eval, j| eval.test(at, test, vec![j.payload.clone()]))?;
                let terms = self.terms();
                Value::Scalar(match name {
                    "all" => {
                        let body = terms.implies(j.guard, holds);
                        terms.forall(&[j.sender], body)
                    }
                    _ => {
                        let body = terms.and([j.guard, holds]);
                        match name {
                            "any" => terms.exists(&[j.sender], body),
                            _ => {
                                let set = terms.comprehension(j.sender, body);
                                terms.card(set)
                            }
                        }
                    }
                })
            }
            ("map", _) => {
                let f = lambda(at, arguments, 0)?;
                let (j, mapped) = self.each(m, |eval, j| eval.apply(at, f, vec![j.payload.clone()]))?;
                let Some((some, payload)) = mapped.parts(self.terms()) else { return trouble(at, "`map` gives an option") };
                let guard = self.terms().and([j.guard, some]);
                Value::Mailbox(Mailbox { sender: j.sender, guard, payload: Box::new(payload.unwrap_or(Value::Unit)) })
            }
            ("min" | "max" | "most_often", []) => self.chosen(at, name, full, None)?,
            ("pick" | "max_by_key", _) => self.chosen(at, name, full, Some(lambda(at, arguments, 0)?))?,
            _ => return trouble(at, format!("`{name}` of a mailbox has no logic yet")),
        })
    }

    /// Whether a mailbox, simplified by what is known, has a message: nothing where that is clear, a cardinality where its size was
    /// asked already, else that somebody is in it.
    fn is_there(&mut self, m: &Mailbox) -> Term {
        let terms = &mut self.world.terms;
        let set = terms.comprehension(m.sender, m.guard);
        if self.known.iter().any(|t| non_empty(terms, *t) == Some(set)) {
            return terms.bool(true);
        }
        let some = self.some_message(m);
        self.here(some)
    }

    fn some_message(&mut self, m: &Mailbox) -> Term {
        let terms = &mut self.world.terms;
        let set = terms.comprehension(m.sender, m.guard);
        let size = terms.card(set);
        if self.known.iter().any(|t| mentions(terms, *t, &|part| part == size)) {
            let zero = terms.int(0);
            return terms.lt(zero, size);
        }
        let j = self.opened(m);
        self.terms().exists(&[j.sender], j.guard)
    }

    /// A message chosen from the mailbox: a new function of the receiver and its axiom.
    fn chosen(&mut self, at: Pos, name: &str, m: &Mailbox, f: Option<&'a Lambda>) -> Lowered<Value> {
        // What does not depend on the sender guards the axiom; what is known on this path must not go into it unguarded.
        let j = self.world.terms.var(m.sender);
        let terms = &mut self.world.terms;
        let (own, common): (Vec<Term>, Vec<Term>) =
            conjuncts(terms, m.guard).into_iter().partition(|part| mentions(terms, *part, &|t| t == j));
        let guard = terms.and(own);
        let guard = under(terms, &common, guard);
        let plain = Mailbox { guard, ..m.clone() };
        let variables = self.scope.clone();
        let sorts: Vec<Sort> = variables.iter().map(|v| self.world.terms.variable_sort(*v)).collect();
        let of = Declared { arguments: &sorts, role: Role::Aggregate };
        let symbols = Symbols::like(&mut self.world.terms, name, &m.payload, of);
        let symbols = self.fit(at, symbols)?;
        let arguments: Vec<Term> = variables.iter().map(|v| self.terms().var(*v)).collect();
        let mut value = symbols.at(self.terms(), &arguments);
        let size_known = self.some_message(&plain);

        let known = std::mem::take(&mut self.known);
        let axiom = self.axiom(at, name, &plain, &mut value, f);
        self.known = known;
        let (qualifies, axiom) = axiom?;
        let terms = &mut self.world.terms;
        let premise = terms.and(common.iter().copied().chain([qualifies.unwrap_or(size_known)]));
        let body = terms.implies(premise, axiom);
        let formula = terms.forall(&variables, body);
        let formula = renamed(terms, formula);
        let mut leaves = vec![];
        symbols.leaves(terms, &mut leaves);
        let label = format!("axiom {name}");
        self.world.facts.extend(leaves.into_iter().map(|(about, _)| Fact { about, label: label.clone(), formula }));

        let some = match qualifies {
            Some(qualifies) => {
                let some = self.terms().and(common.into_iter().chain([qualifies]));
                self.here(some)
            }
            None => {
                let here = Mailbox { guard: self.here(m.guard), ..m.clone() };
                self.is_there(&here)
            }
        };
        Ok(Value::where_some(self.terms(), some, value))
    }

    /// What is true of the chosen message, and which messages qualify if not all.
    fn axiom(&mut self, at: Pos, name: &str, m: &Mailbox, value: &mut Value, f: Option<&'a Lambda>) -> Lowered<(Option<Term>, Term)> {
        let mut qualifies = None;
        let mut rest = vec![];
        let mut picked = None;
        if let ("pick", Some(test)) = (name, f) {
            let (j, holds) = self.each(m, |eval, j| eval.test(at, test, vec![j.payload.clone()]))?;
            let body = self.terms().and([j.guard, holds]);
            qualifies = Some(self.terms().exists(&[j.sender], body));
            // The chosen one satisfies the test: where that settles a truth value of it, the value is known.
            let holds = self.test(at, test, vec![value.clone()])?;
            let parts = conjuncts(self.terms(), holds);
            let terms = &mut self.world.terms;
            *value = value.map(&mut |t| under(terms, &parts, t));
            picked = Some(test);
        }
        let (j, (is_it, holds)) = self.each(m, |eval, j| {
            let holds = match picked {
                Some(test) => eval.test(at, test, vec![j.payload.clone()])?,
                None => eval.terms().bool(true),
            };
            let same = equal(&mut eval.world.terms, &j.payload, value);
            Ok((eval.fit(at, same)?, holds))
        })?;
        let body = self.terms().and([j.guard, holds, is_it]);
        rest.push(self.terms().exists(&[j.sender], body));
        match (name, f) {
            ("min" | "max" | "max_by_key", key) => {
                let (j, below) = self.each(m, |eval, j| {
                    let mut keyed = |v: Value| match key {
                        Some(key) => eval.apply(at, key, vec![v]),
                        None => Ok(v),
                    };
                    let (mine, other) = (keyed(value.clone())?, keyed(j.payload.clone())?);
                    let (a, b) = if name == "min" { (&mine, &other) } else { (&other, &mine) };
                    let below = at_most(&mut eval.world.terms, a, b);
                    eval.fit(at, below)
                })?;
                let body = self.terms().implies(j.guard, below);
                rest.push(self.terms().forall(&[j.sender], body));
            }
            ("most_often", _) => rest.push(self.most_often(at, m, value)?),
            _ => {}
        }
        Ok((qualifies, self.terms().and(rest)))
    }

    /// Nothing else was received more often, and what was received as often is not smaller.
    fn most_often(&mut self, at: Pos, m: &Mailbox, value: &Value) -> Lowered<Term> {
        let count = |eval: &mut Self, wanted: &Value| -> Lowered<Term> {
            let (j, same) = eval.each(m, |eval, j| {
                let same = equal(&mut eval.world.terms, &j.payload, wanted);
                eval.fit(at, same)
            })?;
            let terms = eval.terms();
            let body = terms.and([j.guard, same]);
            let set = terms.comprehension(j.sender, body);
            Ok(terms.card(set))
        };
        // Another value: any, where values are numbers; else that of any message.
        let (variable, other, premise) = match value {
            Value::Scalar(t) if self.world.terms.sort(*t).is_number() => {
                let sort = self.world.terms.sort(*t);
                let variable = self.terms().variable("v", sort);
                (variable, Value::Scalar(self.terms().var(variable)), self.terms().bool(true))
            }
            _ => {
                let j = self.opened(m);
                (j.sender, j.payload, j.guard)
            }
        };
        let (others, mine) = (count(self, &other)?, count(self, value)?);
        let below = less(&mut self.world.terms, &other, value);
        let below = self.fit(at, below)?;
        let terms = self.terms();
        let (at_most, tie, not_below) = (terms.le(others, mine), terms.eq(others, mine), terms.not(below));
        let smallest = terms.implies(tie, not_below);
        let body = terms.and([at_most, smallest]);
        let body = terms.implies(premise, body);
        Ok(terms.forall(&[variable], body))
    }
}
