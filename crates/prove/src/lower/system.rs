//! What specifications speak of: states of all processes, and heard-of sets.
//!
//! Quantifiers over processes are quantifiers. `exists_value(φ)` ranges over the values that occur in a state, now or at the start, so
//! it is `∃v. occurs(v) ∧ φ(v)`; `occurs(v)` is left out where φ(v) implies it for everybody to see, because some process holds v
//! ([`super::occurs`]). `exists_phase(φ)` ranges over the phases up to the current one.
//!
//! A process that has halted hears nobody and is heard by nobody, and quantifiers over heard-of sets leave it out.

use super::eval::{Eval, Hearing, Moment, trouble};
use super::occurs::{Holder, occurs, pinned};
use super::operators::lambda;
use super::simplify::{direction, holds_of_sizes, mentions};
use super::value::Value;
use super::world::{Fact, Lowered, Place};
use crate::term::{Node as TermNode, Role, Sort, Term, Terms, Var};
use heardof_core::Sort as Data;
use heardof_core::ir::{Expr, Lambda, Pat, Pos};

impl<'a> Eval<'_, 'a> {
    fn place(&self, at: Pos, k: usize) -> Lowered<Place> {
        self.systems[k].map_or_else(|| trouble(at, "no system here"), Ok)
    }
    pub(super) fn state_of(&mut self, at: Pos, k: usize, process: Term) -> Lowered<Value> {
        let place = self.place(at, k)?;
        self.has_state(at, process)?;
        self.world.state_at(place.copy, process)
    }
    /// Byzantine processes have no state: it is asked for where a quantifier says that the process follows the text.
    fn has_state(&mut self, at: Pos, process: Term) -> Lowered<()> {
        match self.world.correct(process) {
            Some(correct) if !self.known.contains(&correct) => trouble(at, "the state of a process that may be Byzantine"),
            _ => Ok(()),
        }
    }
    /// The first state of a process: `init` of its input.
    pub(super) fn first_state(&mut self, process: Term) -> Lowered<Value> {
        let input = self.world.input.clone().at(&mut self.world.terms, &[process]);
        let algorithm = self.world.algorithm;
        let mut starting = Eval::new(self.world);
        starting.me = Some(Moment { id: process, receiver: None, place: Place::START, step: None });
        starting.scope.clone_from(&self.scope);
        starting.call(&algorithm.init, vec![input, Value::Context])
    }
    /// Whether a process has not halted.
    pub(super) fn active(&mut self, place: Place, process: Term) -> Lowered<Term> {
        let algorithm = self.world.algorithm;
        let Some(halted) = &algorithm.halted else { return Ok(self.terms().bool(true)) };
        let state = self.world.state_at(place.copy, process)?;
        let mut halting = Eval::new(self.world);
        let halted = halting.call(halted, vec![state])?;
        let halted = self.as_scalar(Pos::default(), halted)?;
        Ok(self.terms().not(halted))
    }

    /// New variables, one for each parameter of a closure.
    fn variables(&mut self, l: &Lambda, sort: Sort) -> Vec<Var> {
        let name = |pattern: &Pat| match pattern {
            Pat::Bind(name) | Pat::At(name, _) => name.clone(),
            _ => "e".to_string(),
        };
        let names: Vec<String> = l.params.iter().map(|(pattern, _)| name(pattern)).collect();
        names.iter().map(|name| self.world.terms.variable(name, sort)).collect()
    }

    /// The quantifiers that systems and heard-of sets share, over processes that satisfy `among`.
    fn quantified(
        &mut self,
        at: Pos,
        name: &str,
        arguments: &'a [Expr],
        among: &mut dyn FnMut(&mut Self, Term) -> Lowered<Term>,
    ) -> Lowered<Option<Value>> {
        if !matches!(name, "forall" | "exists" | "forall_pairs" | "count" | "set") {
            return Ok(None);
        }
        let l = lambda(at, arguments, 0)?;
        let variables = self.variables(l, Sort::Process);
        let processes: Vec<Term> = variables.iter().map(|v| self.terms().var(*v)).collect();
        let mut premises = vec![];
        for p in &processes {
            premises.push(among(self, *p)?);
        }
        let premise = self.terms().and(premises);
        let depth = self.scope.len();
        self.scope.extend(&variables);
        let mark = self.assume(premise);
        let holds = self.test(at, l, processes.into_iter().map(Value::Scalar).collect());
        self.release(mark);
        self.scope.truncate(depth);
        let holds = holds?;
        let terms = self.terms();
        Ok(Some(match name {
            "forall" | "forall_pairs" => {
                let body = terms.implies(premise, holds);
                Value::Scalar(terms.forall(&variables, body))
            }
            _ => {
                let body = terms.and([premise, holds]);
                if name == "exists" {
                    return Ok(Some(Value::Scalar(terms.exists(&variables, body))));
                }
                let set = terms.comprehension(variables[0], body);
                if name == "count" { Value::Scalar(terms.card(set)) } else { Value::Set(Some(set)) }
            }
        }))
    }

    pub(super) fn of_system(&mut self, at: Pos, name: &str, k: usize, arguments: &'a [Expr]) -> Lowered<Value> {
        let place = self.place(at, k)?;
        if let Some(value) = self.quantified(at, name, arguments, &mut |eval, p| Ok(eval.follows(p)))? {
            return Ok(value);
        }
        Ok(match (name, arguments) {
            ("n", []) => Value::Scalar(self.terms().n()),
            ("round", []) => Value::Scalar(self.world.round(place)),
            ("phase", []) => Value::Scalar(self.world.phase(place)),
            ("parameters", []) => self.world.parameters.clone().at(&mut self.world.terms, &[]),
            ("coordinator", []) => Value::Scalar(self.coordinator(place)?),
            ("initially", [p]) => {
                let p = self.scalar(p)?;
                self.has_state(at, p)?;
                self.first_state(p)?
            }
            ("kernel", []) => Value::Set(Some(self.kernel_at(place)?)),
            ("image", _) => self.image(at, lambda(at, arguments, 0)?)?,
            ("join", _) => self.join(at, lambda(at, arguments, 0)?)?,
            ("exists_phase" | "forall_phase", _) => {
                let l = lambda(at, arguments, 0)?;
                let variable = self.variables(l, Sort::Time)[0];
                let t = self.terms().var(variable);
                let (zero, phase) = (self.terms().int(0), self.world.phase(place));
                let (least, most) = (self.terms().le(zero, t), self.terms().le(t, phase));
                let among = self.terms().and([least, most]);
                self.ranging(at, name == "exists_phase", variable, among, l)?
            }
            ("exists_value" | "forall_value", _) => self.over_values(at, name == "exists_value", place, lambda(at, arguments, 0)?)?,
            _ => return trouble(at, format!("`{name}` of a system has no logic yet")),
        })
    }

    fn image(&mut self, at: Pos, l: &'a Lambda) -> Lowered<Value> {
        let variable = self.variables(l, Sort::Process)[0];
        let i = self.terms().var(variable);
        self.scope.push(variable);
        let follows = self.follows(i);
        let mark = self.assume(follows);
        let result = self.apply(at, l, vec![Value::Scalar(i)]);
        self.release(mark);
        self.scope.pop();
        let Some((some, Some(Value::Scalar(t)))) = result?.parts(self.terms()) else {
            return trouble(at, "`image` of a closure that does not give an optional value or process");
        };
        let terms = self.terms();
        let sort = terms.sort(t);
        if sort.set().is_none() {
            return trouble(at, format!("sets of {sort} have no logic yet"));
        }
        let element = terms.variable("v", sort);
        let v = terms.var(element);
        let same = terms.eq(t, v);
        let body = terms.and([follows, some, same]);
        let body = terms.exists(&[variable], body);
        Ok(Value::Set(Some(terms.comprehension(element, body))))
    }

    fn join(&mut self, at: Pos, l: &'a Lambda) -> Lowered<Value> {
        let variable = self.variables(l, Sort::Process)[0];
        let i = self.terms().var(variable);
        self.scope.push(variable);
        let follows = self.follows(i);
        let mark = self.assume(follows);
        let payload = self.apply(at, l, vec![Value::Scalar(i)]);
        self.release(mark);
        self.scope.pop();
        self.joined_over_processes(at, variable, follows, payload?)
    }

    fn ranging(&mut self, at: Pos, exists: bool, variable: Var, among: Term, l: &'a Lambda) -> Lowered<Value> {
        let t = self.terms().var(variable);
        self.scope.push(variable);
        let mark = self.assume(among);
        let holds = self.test(at, l, vec![Value::Scalar(t)]);
        self.release(mark);
        self.scope.pop();
        let holds = holds?;
        let terms = self.terms();
        Ok(Value::Scalar(if exists {
            let body = terms.and([among, holds]);
            terms.exists(&[variable], body)
        } else {
            let body = terms.implies(among, holds);
            terms.forall(&[variable], body)
        }))
    }

    fn over_values(&mut self, at: Pos, exists: bool, place: Place, l: &'a Lambda) -> Lowered<Value> {
        let Some(wanted) = l.sorts.first() else { return trouble(at, "the sorts are not inferred") };
        let Some(sort) = super::symbols::scalar(wanted) else {
            return trouble(at, format!("quantifiers over {wanted} have no logic yet"));
        };
        let variable = self.variables(l, sort)[0];
        let v = self.terms().var(variable);
        let holders = self.holders(place, wanted)?;
        self.scope.push(variable);
        let before = self.obligations.len();
        let holds = self.test(at, l, vec![Value::Scalar(v)]);
        self.scope.pop();
        let holds = holds?;
        let pinned = exists && pinned(&mut self.world.terms, holds, v, &holders);
        let among = |eval: &mut Self, v: Term, holds: Term| {
            let terms = &mut eval.world.terms;
            match (exists, pinned) {
                (true, true) => holds,
                (true, false) => {
                    let occurs = occurs(terms, v, &holders);
                    terms.and([occurs, holds])
                }
                (false, _) => {
                    let occurs = occurs(terms, v, &holders);
                    terms.implies(occurs, holds)
                }
            }
        };
        if sort != Sort::Bool {
            let body = among(self, v, holds);
            let terms = self.terms();
            return Ok(Value::Scalar(if exists { terms.exists(&[variable], body) } else { terms.forall(&[variable], body) }));
        }
        // There are two truth values.
        self.obligations.truncate(before);
        let mut cases = vec![];
        for value in [true, false] {
            let value = self.terms().bool(value);
            let holds = self.test(at, l, vec![Value::Scalar(value)])?;
            cases.push(among(self, value, holds));
        }
        Ok(Value::Scalar(if exists { self.terms().or(cases) } else { self.terms().and(cases) }))
    }

    /// Where values of a sort are held: `(process, condition, value)` for every place in the states now and at the start.
    fn holders(&mut self, place: Place, wanted: &Data) -> Lowered<Vec<Holder>> {
        let mut holders = vec![];
        let variable = self.terms().variable("h", Sort::Process);
        let h = self.terms().var(variable);
        let now = self.world.state_at(place.copy, h)?;
        let first = self.first_state(h)?;
        let sort = self.world.algorithm.state.clone();
        let always = self.follows(h);
        for state in [now, first] {
            let found = super::occurs::holders(&mut self.world.terms, &state, &sort, wanted, (variable, always), &mut holders);
            self.fit(Pos::default(), found)?;
        }
        Ok(holders)
    }

    pub(super) fn of_heard(&mut self, at: Pos, name: &str, k: usize, arguments: &'a [Expr]) -> Lowered<Value> {
        let Some(ho) = self.heard[k] else { return trouble(at, "no heard-of sets here") };
        if name != "set"
            && let Some(value) = self.quantified(at, name, arguments, &mut |eval, p| eval.counts(ho.place, p))?
        {
            return Ok(value);
        }
        Ok(match (name, arguments) {
            ("n", []) => Value::Scalar(self.terms().n()),
            ("round", []) => Value::Scalar(self.world.round(ho.place)),
            ("phase", []) => Value::Scalar(self.world.phase(ho.place)),
            ("parameters", []) => self.world.parameters.clone().at(&mut self.world.terms, &[]),
            ("coordinator", []) => Value::Scalar(self.coordinator(ho.place)?),
            ("of", [p]) => {
                let p = self.scalar(p)?;
                Value::Set(Some(self.world.heard(ho.step, p)?))
            }
            ("safe", [p]) => {
                let p = self.scalar(p)?;
                Value::Set(Some(self.world.safe(ho.step, p)?))
            }
            ("coin", [p]) => {
                let (p, coin) = (self.scalar(p)?, self.world.chance(ho.step)?.coin);
                Value::Scalar(self.terms().app(coin, &[p]))
            }
            ("kernel", []) => Value::Set(Some(self.kernel(ho, false)?)),
            ("secure_kernel", []) => Value::Set(Some(self.kernel(ho, true)?)),
            ("kernel_before", []) => Value::Set(Some(self.kernel_at(ho.place)?)),
            ("uniform", []) => Value::Scalar(self.uniform(ho)?),
            ("min_len", []) => Value::Scalar(self.least(ho)?),
            _ => return trouble(at, format!("`{name}` of heard-of sets has no logic yet")),
        })
    }

    /// `{ q | q has not halted and every p that has not halted hears q }`; of the secure kernel everybody hears what was sent.
    fn kernel(&mut self, ho: Hearing, secure: bool) -> Lowered<Term> {
        let variable = self.terms().variable("q", Sort::Process);
        let q = self.terms().var(variable);
        let (active, by_all) = (self.may_send(ho.place, q)?, self.all_hear(ho, q, secure)?);
        let terms = self.terms();
        let body = terms.and([active, by_all]);
        Ok(terms.comprehension(variable, body))
    }
    /// Whom everybody heard in every round before a place; after a round it is what it was and the round's kernel.
    fn kernel_at(&mut self, place: Place) -> Lowered<Term> {
        let new = !place.start && place.copy > 0 && self.world.kernel_symbol(place.copy).is_none();
        let kernel = self.world.kernel(place);
        if let (true, Some(about)) = (new, self.world.kernel_symbol(place.copy)) {
            let before = Place { copy: place.copy - 1, start: false, phases: 0 };
            let variable = self.terms().variable("q", Sort::Process);
            let q = self.terms().var(variable);
            let by_all = self.heard_by_all(Hearing { step: before.copy, place: before }, q)?;
            let earlier = self.kernel_at(before)?;
            let terms = self.terms();
            let (now, then) = (terms.member(q, kernel), terms.member(q, earlier));
            let body = terms.and([then, by_all]);
            let same = terms.eq(now, body);
            let formula = terms.forall(&[variable], same);
            self.world.facts.push(Fact { about, label: "round kernel".into(), formula });
        }
        Ok(kernel)
    }
    /// Every process that has not halted hears `q`.
    pub(super) fn heard_by_all(&mut self, ho: Hearing, q: Term) -> Lowered<Term> {
        self.all_hear(ho, q, false)
    }
    fn all_hear(&mut self, ho: Hearing, q: Term, secure: bool) -> Lowered<Term> {
        let variable = self.terms().variable("p", Sort::Process);
        let p = self.terms().var(variable);
        let (active, heard) = (self.counts(ho.place, p)?, self.world.heard(ho.step, p)?);
        let as_sent = if secure { self.world.as_sent(ho.step, q, p)? } else { None };
        let terms = self.terms();
        let inside = terms.member(q, heard);
        let inside = terms.and(as_sent.into_iter().chain([inside]));
        let body = terms.implies(active, inside);
        Ok(terms.forall(&[variable], body))
    }
    /// `∃S. ∀p. HO(p) = S`, over the processes that have not halted.
    fn uniform(&mut self, ho: Hearing) -> Lowered<Term> {
        let common = self.terms().variable("S", Sort::ProcessSet);
        let variable = self.terms().variable("p", Sort::Process);
        let p = self.terms().var(variable);
        let (active, heard) = (self.counts(ho.place, p)?, self.world.heard(ho.step, p)?);
        let terms = self.terms();
        let set = terms.var(common);
        let same = terms.eq(heard, set);
        let body = terms.implies(active, same);
        let body = terms.forall(&[variable], body);
        Ok(terms.exists(&[common], body))
    }

    /// The size of the smallest heard-of set, n if all have halted. Comparisons with it are taken apart by [`Eval::of_each_heard`].
    fn least(&mut self, ho: Hearing) -> Lowered<Term> {
        if let Some((fun, _)) = self.world.least.get(&ho.step) {
            let fun = *fun;
            return Ok(self.terms().constant(fun));
        }
        let about = self.terms().declare("min_len", &[], Sort::Int, Role::Given);
        self.world.least.insert(ho.step, (about, ho.place));
        let least = self.terms().constant(about);
        let below = |terms: &mut Terms, size| terms.le(least, size);
        let is = |terms: &mut Terms, size| terms.eq(least, size);
        let (below, is) = (self.each_size(ho, true, &below)?, self.each_size(ho, false, &is)?);
        let formula = self.terms().and([below, is]);
        self.world.facts.push(Fact { about, label: "axiom min_len".into(), formula });
        Ok(least)
    }
    /// Something of the size of every heard-of set, and of n if all processes have halted; or of some such size.
    fn each_size(&mut self, ho: Hearing, all: bool, say: &dyn Fn(&mut Terms, Term) -> Term) -> Lowered<Term> {
        let variable = self.terms().variable("p", Sort::Process);
        let p = self.terms().var(variable);
        let (active, heard) = (self.counts(ho.place, p)?, self.world.heard(ho.step, p)?);
        let terms = self.terms();
        let (size, n) = (terms.card(heard), terms.n());
        let (of_size, of_n) = (say(terms, size), say(terms, n));
        let somebody = terms.exists(&[variable], active);
        let nobody = terms.not(somebody);
        if all {
            let body = terms.implies(active, of_size);
            let each = terms.forall(&[variable], body);
            let of_n = if holds_of_sizes(terms, of_n) { terms.bool(true) } else { of_n };
            let otherwise = terms.implies(nobody, of_n);
            Ok(terms.and([each, otherwise]))
        } else {
            let body = terms.and([active, of_size]);
            let some = terms.exists(&[variable], body);
            let otherwise = terms.and([nobody, of_n]);
            Ok(terms.or([some, otherwise]))
        }
    }
    /// A comparison with the size of the smallest heard-of set says something of each of them, or of some.
    pub(super) fn of_each_heard(&mut self, comparison: Term) -> Lowered<Term> {
        let mut result = comparison;
        for (step, (fun, place)) in self.world.least.clone() {
            let least = self.terms().constant(fun);
            if !mentions(&self.world.terms, result, &|t| t == least) {
                continue;
            }
            // Where the direction is not clear the number itself stays, and its definition with it.
            let Some(upwards) = direction(&self.world.terms, result, least) else { continue };
            let about = result;
            let put = move |terms: &mut Terms, size: Term| {
                let rule = move |_: &mut Terms, node: &TermNode| matches!(node, TermNode::App(f, _) if *f == fun).then_some(size);
                terms.replace(about, &mut Default::default(), &rule)
            };
            result = self.each_size(Hearing { step, place }, upwards, &put)?;
        }
        Ok(result)
    }
}
