//! Calls of the interpreter: free functions, and methods by the kind of their receiver.

use super::{Frame, UNIT, Val, boolean, number};
use crate::datum::Datum;
use crate::heard_of::HeardOfData;
use crate::ir::{Expr, Lambda, Node};
use crate::machine::Stuck;
use crate::mailbox::{Mailbox, Outbox};
use crate::system::SystemData;
use crate::{Map, Phase, Pid, Set};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) type Step<T> = Result<T, Stuck>;

pub(super) fn wrong<T>(what: String) -> Step<T> {
    Err(Stuck::Sort(what))
}

fn pids(set: &Set<Pid>) -> Val {
    Val::Data(Datum::set(set.iter().map(|p| Datum::Pid(*p))))
}

pub(super) fn option(d: Option<Datum>) -> Val {
    Val::Data(Datum::Option(d.map(Arc::new)))
}

/// Of the states of a system that of `p`, if it has one.
pub(super) fn state(system: &SystemData, states: &[Datum], p: Pid) -> Step<Datum> {
    if system.byzantine.contains(&p) {
        return wrong(format!("{p} does not follow the text: it has no state"));
    }
    Ok(states[p.index()].clone())
}

fn elements(d: Datum) -> Step<Arc<BTreeSet<Datum>>> {
    match d {
        Datum::Set(items) => Ok(items),
        other => wrong(format!("{other} is not a set")),
    }
}

pub(super) fn lambda(args: &[Expr], k: usize) -> Step<&Lambda> {
    match args.get(k).map(|e| &e.node) {
        Some(Node::Lambda(l)) => Ok(l),
        _ => wrong("a closure is expected".into()),
    }
}

impl<'a> Frame<'a> {
    fn arg(&mut self, args: &'a [Expr], k: usize) -> Step<Val> {
        match args.get(k) {
            Some(e) => self.eval(e),
            None => wrong(format!("argument {k} is missing")),
        }
    }

    fn test(&mut self, l: &'a Lambda, d: &Datum) -> Step<bool> {
        self.apply(l, [Val::Data(d.clone())])?.bool()
    }

    pub(super) fn free_call(&mut self, name: &'a str, args: &'a [Expr]) -> Step<Val> {
        Ok(match name {
            "broadcast" => Val::Outbox(Outbox::Broadcast(self.arg(args, 0)?.data()?)),
            "silent" => Val::Outbox(Outbox::Silent),
            "to" => {
                let (q, m) = (self.arg(args, 0)?.pid()?, self.arg(args, 1)?.data()?);
                Val::Outbox(Outbox::To(q, m))
            }
            "to_all" => {
                let (set, m) = (elements(self.arg(args, 0)?.data()?)?, self.arg(args, 1)?.data()?);
                let each = set.iter().map(|q| Ok((Val::Data(q.clone()).pid()?, m.clone())));
                Val::Outbox(Outbox::Each(each.collect::<Step<Map<_, _>>>()?))
            }
            "each" => {
                let set = elements(self.arg(args, 0)?.data()?)?;
                let l = lambda(args, 1)?;
                let mut messages = vec![];
                for q in set.iter() {
                    if let Datum::Option(Some(m)) = self.apply(l, [Val::Data(q.clone())])?.data()? {
                        messages.push((Val::Data(q.clone()).pid()?, (*m).clone()));
                    }
                }
                Val::Outbox(Outbox::Each(messages.into_iter().collect()))
            }
            "implies" => {
                let (premise, conclusion) = (self.arg(args, 0)?.bool()?, self.arg(args, 1)?.bool()?);
                boolean(!premise || conclusion)
            }
            "Set::new" => Val::Data(Datum::set([])),
            "Set::of" => {
                let items = args.iter().map(|e| self.eval(e)?.data()).collect::<Step<Vec<_>>>()?;
                Val::Data(Datum::set(items))
            }
            "Map::new" => Val::Data(Datum::Map(Arc::default())),
            "Map::on" => {
                let domain = elements(self.arg(args, 0)?.data()?)?;
                let l = lambda(args, 1)?;
                let pair = |k: &Datum| Ok((k.clone(), self.apply(l, [Val::Data(k.clone())])?.data()?));
                Val::Data(Datum::Map(Arc::new(domain.iter().map(pair).collect::<Step<_>>()?)))
            }
            "Phase::new" => Val::Data(Datum::Phase(Phase::new(self.arg(args, 0)?.nat()? as usize))),
            _ => {
                let machine = self.machine;
                let Some(function) = machine.algorithm.function(name) else { return wrong(format!("unknown function `{name}`")) };
                let args = args.iter().map(|e| self.eval(e)).collect::<Step<Vec<_>>>()?;
                self.call(function, args)?
            }
        })
    }

    pub(super) fn method(&mut self, name: &'a str, receiver: &'a Expr, args: &'a [Expr]) -> Step<Val> {
        let value = self.eval(receiver)?;
        match (&value, name) {
            (Val::Context, _) => self.of_context(name, args),
            (Val::System(k), _) => self.of_system(name, *k, args),
            (Val::HeardOf(k), _) => self.of_heard(name, *k, args),
            (Val::Mailbox(mailbox), _) => self.of_mailbox(name, &mailbox.clone(), args),
            (Val::Data(Datum::Set(_) | Datum::Map(_)), "insert" | "remove") => {
                let changed = self.mutated(name, value.data()?, args)?;
                self.assign(receiver, Val::Data(changed))?;
                Ok(UNIT)
            }
            (Val::Data(d), _) => self.of_data(name, &d.clone(), args),
            _ => wrong(format!("`{name}` on {value:?}")),
        }
    }

    fn mutated(&mut self, name: &str, d: Datum, args: &'a [Expr]) -> Step<Datum> {
        let first = self.arg(args, 0)?.data()?;
        match (d, name) {
            (Datum::Set(mut items), "insert") => {
                Arc::make_mut(&mut items).insert(first);
                Ok(Datum::Set(items))
            }
            (Datum::Set(mut items), _) => {
                Arc::make_mut(&mut items).remove(&first);
                Ok(Datum::Set(items))
            }
            (Datum::Map(mut items), "insert") => {
                let value = self.arg(args, 1)?.data()?;
                Arc::make_mut(&mut items).insert(first, value);
                Ok(Datum::Map(items))
            }
            (Datum::Map(mut items), _) => {
                Arc::make_mut(&mut items).remove(&first);
                Ok(Datum::Map(items))
            }
            (d, _) => wrong(format!("`{name}` on {d}")),
        }
    }

    fn of_context(&mut self, name: &str, _args: &'a [Expr]) -> Step<Val> {
        let Some(at) = self.moment else { return wrong("no context here".into()) };
        Ok(match name {
            "id" => Val::Data(Datum::Pid(at.id)),
            "n" => number(at.n),
            "round" => number(at.round),
            "phase" => Val::Data(Datum::Phase(at.phase)),
            "coordinator" => Val::Data(Datum::Pid(at.coordinator)),
            "is_coordinator" => boolean(at.id == at.coordinator),
            "parameters" => Val::Data(at.parameters.clone()),
            "coin" => {
                at.drew.set(true);
                boolean(at.coin)
            }
            "request" => option(at.request.cloned()),
            "processes" => pids(&Pid::all(at.n).collect()),
            _ => return wrong(format!("a context has no `{name}`")),
        })
    }

    /// The quantifiers that systems and heard-of sets share, over `domain`; `None` if `name` is none of them.
    fn quantified(&mut self, name: &str, domain: &[Datum], args: &'a [Expr]) -> Step<Option<Val>> {
        let result = match name {
            "forall" | "exists" => {
                let (l, stop_at) = (lambda(args, 0)?, name == "exists");
                let mut found = false;
                for p in domain {
                    if self.test(l, p)? == stop_at {
                        found = true;
                        break;
                    }
                }
                boolean(found == stop_at)
            }
            "count" => {
                let l = lambda(args, 0)?;
                let mut count = 0;
                for p in domain {
                    count += usize::from(self.test(l, p)?);
                }
                number(count)
            }
            "forall_pairs" => {
                let l = lambda(args, 0)?;
                let mut all = true;
                'pairs: for i in domain {
                    for j in domain {
                        if !self.apply(l, [Val::Data(i.clone()), Val::Data(j.clone())])?.bool()? {
                            all = false;
                            break 'pairs;
                        }
                    }
                }
                boolean(all)
            }
            _ => return Ok(None),
        };
        Ok(Some(result))
    }

    fn of_system(&mut self, name: &str, k: usize, args: &'a [Expr]) -> Step<Val> {
        let s = self.system(k)?;
        let n = s.now.len();
        let phase = Phase::new(s.round / self.machine.algorithm.rounds.len());
        let following = || Pid::all(n).filter(|p| !s.byzantine.contains(p));
        let everybody: Vec<Datum> = following().map(Datum::Pid).collect();
        if let Some(result) = self.quantified(name, &everybody, args)? {
            return Ok(result);
        }
        Ok(match name {
            "n" => number(n),
            "round" => number(s.round),
            "phase" => Val::Data(Datum::Phase(phase)),
            "parameters" => Val::Data(s.parameters.clone()),
            "coordinator" => Val::Data(Datum::Pid(crate::Machine::coordinator(self.machine, phase, n, &s.parameters)?)),
            "initially" => Val::Data(state(s, &s.first, self.arg(args, 0)?.pid()?)?),
            "kernel" => pids(&s.kernel),
            "set" => {
                let l = lambda(args, 0)?;
                let mut set = BTreeSet::new();
                for p in &everybody {
                    if self.test(l, p)? {
                        set.insert(p.clone());
                    }
                }
                Val::Data(Datum::Set(Arc::new(set)))
            }
            "image" => {
                let l = lambda(args, 0)?;
                let mut set = BTreeSet::new();
                for p in &everybody {
                    if let Datum::Option(Some(d)) = self.apply(l, [Val::Data(p.clone())])?.data()? {
                        set.insert((*d).clone());
                    }
                }
                Val::Data(Datum::Set(Arc::new(set)))
            }
            "join" => self.joined(lambda(args, 0)?, everybody.iter())?,
            "exists_phase" | "forall_phase" => {
                let phases: Vec<Datum> = (0..=phase.number()).map(|k| Datum::Phase(Phase::new(k))).collect();
                self.quantified(if name == "exists_phase" { "exists" } else { "forall" }, &phases, args)?.unwrap_or(UNIT)
            }
            "exists_value" | "forall_value" => {
                let Some(wanted) = lambda(args, 0)?.sorts.first() else { return wrong("the sorts are not inferred".into()) };
                let mut values = vec![];
                for state in following().flat_map(|p| [&s.now[p.index()], &s.first[p.index()]]) {
                    state.occurrences(&self.machine.algorithm.state, wanted, &mut |d| values.push(d.clone()));
                }
                values.sort();
                values.dedup();
                self.quantified(if name == "exists_value" { "exists" } else { "forall" }, &values, args)?.unwrap_or(UNIT)
            }
            _ => return wrong(format!("a system has no `{name}`")),
        })
    }

    fn of_heard(&mut self, name: &str, k: usize, args: &'a [Expr]) -> Step<Val> {
        let Some(ho): Option<&'a HeardOfData> = self.heard[k] else { return wrong("no heard-of sets here".into()) };
        let n = ho.heard.len();
        let phase = Phase::new(ho.round / self.machine.algorithm.rounds.len());
        let active: Vec<Datum> = ho.active.iter().map(|p| Datum::Pid(*p)).collect();
        if let Some(result) = self.quantified(name, &active, args)? {
            return Ok(result);
        }
        Ok(match name {
            "n" => number(n),
            "round" => number(ho.round),
            "phase" => Val::Data(Datum::Phase(phase)),
            "parameters" => Val::Data(ho.parameters.clone()),
            "coordinator" => Val::Data(Datum::Pid(crate::Machine::coordinator(self.machine, phase, n, &ho.parameters)?)),
            "of" => pids(&ho.heard[self.arg(args, 0)?.pid()?.index()]),
            "safe" => pids(&ho.safe[self.arg(args, 0)?.pid()?.index()]),
            "coin" => boolean(ho.coins[self.arg(args, 0)?.pid()?.index()]),
            "kernel" => pids(&ho.kernel()),
            "secure_kernel" => pids(&ho.secure_kernel()),
            "kernel_before" => pids(&ho.kernel_before),
            "uniform" => boolean(ho.uniform()),
            "min_len" => number(ho.min_len()),
            _ => return wrong(format!("heard-of sets have no `{name}`")),
        })
    }

    fn of_mailbox(&mut self, name: &str, mailbox: &Mailbox<Datum>, args: &'a [Expr]) -> Step<Val> {
        Ok(match name {
            "len" => number(mailbox.len()),
            "is_empty" => boolean(mailbox.is_empty()),
            "senders" => pids(&mailbox.senders()),
            "from" => option(mailbox.from(self.arg(args, 0)?.pid()?).cloned()),
            "min" => option(mailbox.min().cloned()),
            "max" => option(mailbox.max().cloned()),
            "most_often" => option(mailbox.most_often().cloned()),
            "ranked" => option(mailbox.ranked(self.arg(args, 0)?.nat()? as usize).cloned()),
            "count" | "any" | "all" => {
                let l = lambda(args, 0)?;
                let mut count = 0;
                for (_, m) in mailbox.iter() {
                    let holds = self.test(l, m)?;
                    count += usize::from(holds);
                    // As natively: `any` and `all` stop at the first message that settles them.
                    if (name == "any" && holds) || (name == "all" && !holds) {
                        return Ok(boolean(name == "any"));
                    }
                }
                if name == "count" { number(count) } else { boolean(name == "all") }
            }
            "pick" => {
                let l = lambda(args, 0)?;
                let tested = self.each_message(mailbox, |frame, m| Ok((frame.test(l, m)?, m.clone())))?;
                option(tested.pick(|(holds, _)| *holds).map(|(_, m)| m.clone()))
            }
            "max_by_key" => {
                let l = lambda(args, 0)?;
                let keyed = self.each_message(mailbox, |frame, m| Ok((frame.apply(l, [Val::Data(m.clone())])?.data()?, m.clone())))?;
                option(keyed.max_by_key(|(key, _)| key.clone()).map(|(_, m)| m.clone()))
            }
            "merge" => {
                let l = lambda(args, 0)?;
                let maps = self.each_message(mailbox, |frame, m| match frame.apply(l, [Val::Data(m.clone())])?.data()? {
                    Datum::Map(items) => Ok(items.iter().map(|(k, v)| (k.clone(), v.clone())).collect::<Map<Datum, Datum>>()),
                    other => wrong(format!("{other} is not a map")),
                })?;
                let merged = maps.merge(|m| m.clone());
                Val::Data(Datum::Map(Arc::new(merged.iter().map(|(k, v)| (k.clone(), v.clone())).collect())))
            }
            "join" => self.joined(lambda(args, 0)?, mailbox.iter().map(|(_, m)| m))?,
            "map" => {
                let l = lambda(args, 0)?;
                let mapped = self.each_message(mailbox, |frame, m| match frame.apply(l, [Val::Data(m.clone())])?.data()? {
                    Datum::Option(d) => Ok(d.map(|d| (*d).clone())),
                    other => wrong(format!("{other} is not an option")),
                })?;
                Val::Mailbox(Arc::new(mapped.map(Clone::clone)))
            }
            _ => return self.of_mutated_mailbox(name, mailbox, args),
        })
    }

    /// The mailbox of what `f` makes of each message, with the same tape.
    /// The join of what a closure makes of each of `items`.
    fn joined<'d>(&mut self, l: &'a Lambda, items: impl Iterator<Item = &'d Datum>) -> Step<Val> {
        let mut joined: Option<Datum> = None;
        for item in items {
            let d = self.apply(l, [Val::Data(item.clone())])?.data()?;
            joined = Some(match joined {
                Some(j) => join(&j, &d)?,
                None => d,
            });
        }
        Ok(option(joined))
    }

    pub(super) fn each_message<N>(
        &mut self,
        mailbox: &Mailbox<Datum>,
        mut f: impl FnMut(&mut Self, &Datum) -> Step<N>,
    ) -> Step<Mailbox<N>> {
        let made: Mailbox<N> = mailbox.iter().map(|(q, m)| Ok((q, f(self, m)?))).collect::<Step<Vec<_>>>()?.into_iter().collect();
        Ok(match mailbox.tape() {
            Some(tape) => made.with_ties(tape.clone()),
            None => made,
        })
    }

    fn of_data(&mut self, name: &'a str, d: &Datum, args: &'a [Expr]) -> Step<Val> {
        if let Some(function) = self.machine.algorithm.function(name)
            && matches!(d, Datum::Struct(..) | Datum::Variant(..))
        {
            let args = std::iter::once(Ok(Val::Data(d.clone()))).chain(args.iter().map(|e| self.eval(e))).collect::<Step<Vec<_>>>()?;
            return self.call(function, args);
        }
        match d {
            Datum::Option(value) => self.of_option(name, value.as_deref(), args),
            Datum::Set(items) => self.of_set(name, items, args),
            Datum::Map(items) => Ok(match name {
                "len" => number(items.len()),
                "is_empty" => boolean(items.is_empty()),
                "get" => option(items.get(&self.arg(args, 0)?.data()?).cloned()),
                "keys" => Val::Data(Datum::set(items.keys().cloned())),
                "values" => Val::Data(Datum::set(items.values().cloned())),
                "max_key" => option(items.keys().next_back().cloned()),
                "merge" => match self.arg(args, 0)?.data()? {
                    Datum::Map(other) => {
                        let mut merged = (*other).clone();
                        merged.extend(items.iter().map(|(k, v)| (k.clone(), v.clone())));
                        Val::Data(Datum::Map(Arc::new(merged)))
                    }
                    other => return wrong(format!("{other} is not a map")),
                },
                _ => return wrong(format!("a map has no `{name}`")),
            }),
            _ => self.of_plain(name, d, args),
        }
    }

    fn of_option(&mut self, name: &str, value: Option<&Datum>, args: &'a [Expr]) -> Step<Val> {
        Ok(match (name, value) {
            ("is_some", _) => boolean(value.is_some()),
            ("is_none", _) => boolean(value.is_none()),
            ("is", _) => {
                let other = self.arg(args, 0)?.data()?;
                boolean(value == Some(&other))
            }
            ("is_some_and", None) => boolean(false),
            ("is_none_or", None) => boolean(true),
            ("is_some_and" | "is_none_or", Some(d)) => boolean(self.test(lambda(args, 0)?, d)?),
            ("map" | "and_then" | "filter", None) => option(None),
            ("map", Some(d)) => option(Some(self.apply(lambda(args, 0)?, [Val::Data(d.clone())])?.data()?)),
            ("and_then", Some(d)) => self.apply(lambda(args, 0)?, [Val::Data(d.clone())])?,
            ("filter", Some(d)) => option(self.test(lambda(args, 0)?, d)?.then(|| d.clone())),
            ("unwrap_or", _) => {
                let other = self.arg(args, 0)?.data()?;
                Val::Data(value.cloned().unwrap_or(other))
            }
            ("map_or", _) => {
                let other = self.arg(args, 0)?;
                match value {
                    Some(d) => self.apply(lambda(args, 1)?, [Val::Data(d.clone())])?,
                    None => other,
                }
            }
            ("or", _) => {
                let other = self.arg(args, 0)?;
                if value.is_some() { option(value.cloned()) } else { other }
            }
            ("min" | "max" | "join" | "leq", _) => self.of_plain(name, &Datum::Option(value.cloned().map(Arc::new)), args)?,
            _ => return wrong(format!("an option has no `{name}`")),
        })
    }

    fn of_set(&mut self, name: &str, items: &BTreeSet<Datum>, args: &'a [Expr]) -> Step<Val> {
        Ok(match name {
            "len" => number(items.len()),
            "is_empty" => boolean(items.is_empty()),
            "contains" => boolean(items.contains(&self.arg(args, 0)?.data()?)),
            "first" => option(items.first().cloned()),
            "union" | "join" => Val::Data(Datum::set(items.union(&*elements(self.arg(args, 0)?.data()?)?).cloned())),
            "intersection" => Val::Data(Datum::set(items.intersection(&*elements(self.arg(args, 0)?.data()?)?).cloned())),
            "difference" => Val::Data(Datum::set(items.difference(&*elements(self.arg(args, 0)?.data()?)?).cloned())),
            "is_subset" | "leq" => boolean(items.is_subset(&*elements(self.arg(args, 0)?.data()?)?)),
            "filter" => {
                let l = lambda(args, 0)?;
                let mut kept = BTreeSet::new();
                for d in items {
                    if self.test(l, d)? {
                        kept.insert(d.clone());
                    }
                }
                Val::Data(Datum::Set(Arc::new(kept)))
            }
            "map" => {
                let l = lambda(args, 0)?;
                let image = items.iter().map(|d| self.apply(l, [Val::Data(d.clone())])?.data()).collect::<Step<BTreeSet<_>>>()?;
                Val::Data(Datum::Set(Arc::new(image)))
            }
            "any" | "all" | "count" => {
                let domain: Vec<Datum> = items.iter().cloned().collect();
                let quantifier = match name {
                    "any" => "exists",
                    "all" => "forall",
                    _ => "count",
                };
                self.quantified(quantifier, &domain, args)?.unwrap_or(UNIT)
            }
            _ => return wrong(format!("a set has no `{name}`")),
        })
    }

    fn of_plain(&mut self, name: &str, d: &Datum, args: &'a [Expr]) -> Step<Val> {
        Ok(match (name, d) {
            ("min", _) => Val::Data(self.arg(args, 0)?.data()?.min(d.clone())),
            ("max", _) => Val::Data(self.arg(args, 0)?.data()?.max(d.clone())),
            ("saturating_sub", Datum::Nat(k)) => Val::Data(Datum::Nat(k.saturating_sub(self.arg(args, 0)?.nat()?))),
            ("abs_diff", Datum::Nat(k)) => Val::Data(Datum::Nat(k.abs_diff(self.arg(args, 0)?.nat()?))),
            ("number", Datum::Phase(p)) => number(p.number()),
            ("is_first", Datum::Phase(p)) => boolean(p.is_first()),
            ("rotate", Datum::Phase(p)) => match self.arg(args, 0)?.nat()? {
                0 => return Err(Stuck::DivisionByZero),
                n => Val::Data(Datum::Pid(p.rotate(n as usize))),
            },
            ("rotate_from", Datum::Phase(p)) => match (self.arg(args, 0)?.pid()?, self.arg(args, 1)?.nat()?) {
                (_, 0) => return Err(Stuck::DivisionByZero),
                (first, n) => Val::Data(Datum::Pid(p.rotate_from(first, n as usize))),
            },
            ("index", Datum::Pid(p)) => number(p.index()),
            ("successor", Datum::Pid(p)) => match self.arg(args, 0)?.nat()? {
                0 => return Err(Stuck::DivisionByZero),
                n => Val::Data(Datum::Pid(p.successor(n as usize))),
            },
            ("join", _) => Val::Data(join(d, &self.arg(args, 0)?.data()?)?),
            ("leq", _) => {
                let other = self.arg(args, 0)?.data()?;
                boolean(join(d, &other)? == other)
            }
            _ => return wrong(format!("`{name}` on {d}")),
        })
    }
}

/// The join of the lattices that the library ships: sets under union.
fn join(a: &Datum, b: &Datum) -> Step<Datum> {
    match (a, b) {
        (Datum::Set(a), Datum::Set(b)) => Ok(Datum::set(a.union(b).cloned())),
        _ => wrong(format!("no join of {a} and {b}")),
    }
}
