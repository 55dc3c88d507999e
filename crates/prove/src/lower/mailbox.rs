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
use super::simplify::{mentions, non_empty, under};
use super::symbols::{Declared, LATTICE, Symbols};
use super::value::{Fit, Mailbox, Value, at_most, equal, less};
use super::world::{Fact, Lowered};
use crate::term::{Role, Sort, Term, Terms, Var};
use heardof_core::ir::{Expr, Lambda, Pos, Round};

/// How a message is chosen.
#[derive(Clone, Copy)]
enum Choice<'a> {
    Min,
    Max,
    MostOften { largest: bool },
    Pick(&'a Lambda),
    ByKey(&'a Lambda, Side),
    Ranked(Term),
    Join,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Smallest,
    Largest,
}

/// A relation between values.
type Compare = dyn Fn(&mut Terms, &Value, &Value) -> Fit<Term>;

/// A chosen message: what it is, which messages qualified if not all, and what is true of it.
struct Chosen {
    value: Value,
    qualifies: Option<Term>,
    axiom: Term,
}

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
        // Where nothing is ever sent, the payload is anything of its sort.
        let payload = match message {
            Some(message) => message,
            None => {
                let of = Declared { arguments: &[Sort::Process], role: Role::Given };
                let symbols = Symbols::declare(&mut self.world.terms, ("unsent", ""), &round.message, of);
                Box::new(self.fit(Pos::default(), symbols)?.at(self.terms(), &[j]))
            }
        };
        let heard = self.world.heard(step, me.id)?;
        let heard = self.terms().member(j, heard);
        self.world.received(round, step, me.id, Mailbox { sender, guard: sent, payload }, heard)
    }

    fn opened(&mut self, m: &Mailbox) -> Opened {
        let sender = self.terms().variable("j", Sort::Process);
        let j = self.terms().var(sender);
        let terms = &mut self.world.terms;
        let mut of_j = |t: Term| {
            let t = terms.renamed(t);
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
                let terms = &mut self.world.terms;
                let mut of_q = |t: Term| {
                    let t = terms.renamed(t);
                    terms.substitute(t, &[(m.sender, q)])
                };
                let (some, payload) = (of_q(m.guard), m.payload.map(&mut of_q));
                let some = self.here(some);
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
            _ => {
                if name == "join" {
                    let f = lambda(at, arguments, 0)?;
                    let (j, payload) = self.each(full, |eval, j| eval.apply(at, f, vec![j.payload.clone()]))?;
                    let joined = Mailbox { sender: j.sender, guard: j.guard, payload: Box::new(payload) };
                    return self.chosen(at, name, &joined, Choice::Join);
                }
                let choice = match (name, arguments) {
                    ("min", []) => Choice::Min,
                    ("max", []) => Choice::Max,
                    ("most_often", []) => Choice::MostOften { largest: false },
                    ("pick", _) => Choice::Pick(lambda(at, arguments, 0)?),
                    ("max_by_key", _) => Choice::ByKey(lambda(at, arguments, 0)?, Side::Largest),
                    ("ranked", [k]) => Choice::Ranked(self.scalar(k)?),
                    // Only mutants have these.
                    ("most_often_largest", []) => Choice::MostOften { largest: true },
                    ("min_by_key", _) => Choice::ByKey(lambda(at, arguments, 0)?, Side::Smallest),
                    _ => return trouble(at, format!("`{name}` of a mailbox has no logic yet")),
                };
                self.chosen(at, name, full, choice)?
            }
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
    fn chosen(&mut self, at: Pos, name: &str, m: &Mailbox, choice: Choice<'a>) -> Lowered<Value> {
        // What does not depend on the sender guards the axiom; what is known on this path must not go into it unguarded.
        let terms = &mut self.world.terms;
        let j = terms.var(m.sender);
        let (own, common): (Vec<Term>, Vec<Term>) =
            terms.conjuncts(m.guard).into_iter().partition(|part| mentions(terms, *part, &|t| t == j));
        let guard = terms.and(own);
        let guard = under(terms, &common, guard);
        let plain = Mailbox { guard, ..m.clone() };
        let variables = self.scope.clone();
        let terms = &mut self.world.terms;
        let sorts: Vec<Sort> = variables.iter().map(|v| terms.variable_sort(*v)).collect();
        let symbols = Symbols::like(terms, name, &m.payload, Declared { arguments: &sorts, role: Role::Aggregate });
        let symbols = self.fit(at, symbols)?;
        let arguments: Vec<Term> = variables.iter().map(|v| self.terms().var(*v)).collect();
        let value = symbols.at(self.terms(), &arguments);
        // Which form says that there is a message depends on what is known; what holds of the chosen one does not.
        let there = self.some_message(&plain);
        let known = std::mem::take(&mut self.known);
        let made = self.axiom(at, &plain, value, choice);
        self.known = known;
        let Chosen { value, qualifies, axiom } = made?;

        let terms = &mut self.world.terms;
        let premise = terms.and(common.iter().copied().chain([qualifies.unwrap_or(there)]));
        let body = terms.implies(premise, axiom);
        let formula = terms.forall(&variables, body);
        let formula = terms.renamed(formula);
        let mut leaves = vec![];
        symbols.leaves(&mut leaves);
        let label = format!("axiom {name}");
        self.world.facts.extend(leaves.into_iter().map(|about| Fact { about, label: label.clone(), formula }));
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

    /// What is true of the chosen message `value`.
    fn axiom(&mut self, at: Pos, m: &Mailbox, mut value: Value, choice: Choice<'a>) -> Lowered<Chosen> {
        let mut qualifies = None;
        match choice {
            Choice::Pick(test) => {
                let (j, holds) = self.each(m, |eval, j| eval.test(at, test, vec![j.payload.clone()]))?;
                let body = self.terms().and([j.guard, holds]);
                qualifies = Some(self.terms().exists(&[j.sender], body));
                // The chosen one satisfies the test: where that settles a truth value of it, the value is known.
                let holds = self.test(at, test, vec![value.clone()])?;
                let parts = self.terms().conjuncts(holds);
                let terms = &mut self.world.terms;
                value = value.map(&mut |t| under(terms, &parts, t));
            }
            Choice::Ranked(k) => {
                let set = self.terms().comprehension(m.sender, m.guard);
                let size = self.terms().card(set);
                qualifies = Some(self.terms().lt(k, size));
            }
            _ => {}
        }
        if matches!(choice, Choice::Join) {
            return Ok(Chosen { axiom: self.least_bound(at, m, &value)?, value, qualifies });
        }
        let (j, (is_it, holds)) = self.each(m, |eval, j| {
            let holds = match choice {
                Choice::Pick(test) => eval.test(at, test, vec![j.payload.clone()])?,
                _ => eval.terms().bool(true),
            };
            let same = equal(&mut eval.world.terms, &j.payload, &value);
            Ok((eval.fit(at, same)?, holds))
        })?;
        let body = self.terms().and([j.guard, holds, is_it]);
        let received = self.terms().exists(&[j.sender], body);
        let best = match choice {
            Choice::Min => self.extreme(at, m, &value, None, Side::Smallest)?,
            Choice::Max => self.extreme(at, m, &value, None, Side::Largest)?,
            Choice::ByKey(key, side) => self.extreme(at, m, &value, Some(key), side)?,
            Choice::MostOften { largest } => self.most_often(at, m, &value, largest)?,
            Choice::Ranked(k) => {
                let below = self.count(at, m, &value, &less)?;
                let up_to = self.count(at, m, &value, &at_most)?;
                let terms = self.terms();
                let (first, last) = (terms.le(below, k), terms.lt(k, up_to));
                terms.and([first, last])
            }
            Choice::Pick(_) | Choice::Join => self.terms().bool(true),
        };
        Ok(Chosen { value, qualifies, axiom: self.terms().and([received, best]) })
    }

    /// All messages are at or below the value, and it is at or below whatever they are at or below.
    fn least_bound(&mut self, at: Pos, m: &Mailbox, value: &Value) -> Lowered<Term> {
        let value = self.as_scalar(at, value.clone())?;
        let variable = self.terms().variable("v", LATTICE);
        let v = self.terms().var(variable);
        let bounded = |eval: &mut Self, bound: Term| {
            let (j, below) = eval.each(m, |eval, j| {
                let payload = eval.as_scalar(at, j.payload.clone())?;
                if eval.world.terms.sort(payload) != LATTICE {
                    return trouble(at, "only elements of a type parameter that is a `JoinSemilattice` are joined");
                }
                Ok(eval.world.at_or_below(payload, bound))
            })?;
            let body = eval.terms().implies(j.guard, below);
            Ok(eval.terms().forall(&[j.sender], body))
        };
        let (all, bound) = (bounded(self, value)?, bounded(self, v)?);
        let below = self.world.at_or_below(value, v);
        let terms = self.terms();
        let least = terms.implies(bound, below);
        let least = terms.forall(&[variable], least);
        Ok(terms.and([all, least]))
    }

    /// The join of something over the processes.
    pub(super) fn joined_over_processes(&mut self, at: Pos, i: Var, guard: Term, payload: Value) -> Lowered<Value> {
        let all = Mailbox { sender: i, guard, payload: Box::new(payload) };
        if !self.scope.is_empty() {
            return self.chosen(at, "join", &all, Choice::Join);
        }
        // What is the same join, of first states for instance, wherever it is said, is the same symbol.
        let canonical = match self.world.joining {
            Some(variable) => variable,
            None => *self.world.joining.insert(self.world.terms.variable("i", Sort::Process)),
        };
        let terms = &mut self.world.terms;
        let c = terms.var(canonical);
        let payload = all.payload.map(&mut |t| terms.substitute(t, &[(i, c)]));
        let all = Mailbox { sender: canonical, guard: terms.substitute(guard, &[(i, c)]), payload: Box::new(payload) };
        if let Some((_, joined)) = self.world.joins.iter().find(|(known, _)| *known == all) {
            return Ok(joined.clone());
        }
        // What is known on this path is not known where the symbol is met again.
        let known = std::mem::take(&mut self.known);
        let joined = self.chosen(at, "join", &all, Choice::Join);
        self.known = known;
        self.world.joins.push((all, joined.clone()?));
        joined
    }

    /// No message is beyond the chosen one, by key if there is one.
    fn extreme(&mut self, at: Pos, m: &Mailbox, value: &Value, key: Option<&'a Lambda>, side: Side) -> Lowered<Term> {
        let (j, below) = self.each(m, |eval, j| {
            let mut keyed = |v: Value| match key {
                Some(key) => eval.apply(at, key, vec![v]),
                None => Ok(v),
            };
            let (mine, other) = (keyed(value.clone())?, keyed(j.payload.clone())?);
            let (a, b) = if side == Side::Smallest { (&mine, &other) } else { (&other, &mine) };
            let below = at_most(&mut eval.world.terms, a, b);
            eval.fit(at, below)
        })?;
        let body = self.terms().implies(j.guard, below);
        Ok(self.terms().forall(&[j.sender], body))
    }

    /// How many messages are in a relation to a value.
    fn count(&mut self, at: Pos, m: &Mailbox, value: &Value, relation: &Compare) -> Lowered<Term> {
        let (j, holds) = self.each(m, |eval, j| {
            let holds = relation(&mut eval.world.terms, &j.payload, value);
            eval.fit(at, holds)
        })?;
        let terms = self.terms();
        let body = terms.and([j.guard, holds]);
        let set = terms.comprehension(j.sender, body);
        Ok(terms.card(set))
    }

    /// Nothing else was received more often, and of what was received as often nothing is smaller (or larger).
    fn most_often(&mut self, at: Pos, m: &Mailbox, value: &Value, largest: bool) -> Lowered<Term> {
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
        let (others, mine) = (self.count(at, m, &other, &equal)?, self.count(at, m, value, &equal)?);
        let (a, b) = if largest { (&other, value) } else { (value, &other) };
        let before = at_most(&mut self.world.terms, a, b);
        let before = self.fit(at, before)?;
        let terms = self.terms();
        let (fewer, tie) = (terms.le(others, mine), terms.eq(others, mine));
        let first = terms.implies(tie, before);
        let body = terms.and([fewer, first]);
        let body = terms.implies(premise, body);
        Ok(terms.forall(&[variable], body))
    }
}
