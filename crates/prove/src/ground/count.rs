//! Counting in a model: trivial facts, cuts, forced witnesses, realised cardinalities, in this order.

use super::cut::{self, Candidate, Task, Type};
use super::model::Model;
use super::price::{self, Context, Price};
use super::relevant::Relevant;
use super::rows::{self, Row};
use super::sets::Counting;
use super::{Engine, Lemma, LemmaKey, Why};
use crate::solver::{Answer, SolverError};
use crate::term::{Fun, Node, Role, Sort, Term, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// What one model's cardinalities are about.
struct Counted {
    context: Context,
    generations: Vec<u32>,
    cards: Vec<i64>,
    n: i64,
    rows: Vec<Row>,
    /// Distinct known elements up to the level, and their types.
    elements: Vec<(Term, Type)>,
    /// The types of all known elements.
    all: Vec<Type>,
    /// What is known of elements that block a witness.
    blocking: Vec<Vec<Option<bool>>>,
    /// The types known to be admissible.
    types: Vec<Type>,
    /// Sets that the literals bound from below, from above.
    low: BTreeSet<usize>,
    high: BTreeSet<usize>,
    level: u32,
}

/// What to do when no lemma is found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum LastResort {
    /// Look for a model whose cardinalities the known types realise.
    Realise,
    /// Nothing.
    Stop,
    /// Only this: a witness that known elements do not block for certain.
    StrictWitness,
}

/// At most so many cuts for one model.
const MAX_CUTS: usize = 4;
/// At most so many questions for one general witness.
const MAX_TRIES: usize = 30;
/// At most so many questions for the cuts of one model.
const MAX_QUESTIONS: usize = 400;

impl Engine<'_> {
    /// Adds counting lemmas against the model; otherwise does what `last` says.
    pub(super) fn count(
        &mut self,
        model: &mut Model,
        relevant: &mut Relevant,
        level: u32,
        last: LastResort,
    ) -> Result<(bool, Option<Model>), SolverError> {
        self.add_twins(relevant);
        if self.trivial(model, relevant, level) {
            return Ok((true, None));
        }
        let mut counted = self.counted(model, relevant, level);
        let values = self.counts_values(relevant, level);
        if counted.context.sets.is_empty() && !values {
            return Ok((false, None));
        }
        if last == LastResort::StrictWitness {
            self.weaken_known(model, relevant, &mut counted);
        }
        self.pricer.open(self.terms, &counted.context);
        let found = match self.lemmas(&mut counted, last) {
            Ok(false) if values && last != LastResort::StrictWitness => self.value_witness(model, relevant, level),
            other => other,
        };
        self.pricer.close();
        if found? {
            return Ok((true, None));
        }
        if last != LastResort::Realise || counted.context.sets.is_empty() || self.late() {
            return Ok((false, None));
        }
        Ok((false, self.realise(&counted)?))
    }

    fn lemmas(&mut self, counted: &mut Counted, last: LastResort) -> Result<bool, SolverError> {
        if last == LastResort::StrictWitness {
            return self.pair_witness(counted);
        }
        Ok(self.cuts(counted)? || self.pair_witness(counted)? || self.general_witness(counted)?)
    }

    /// Keeps, of the known elements, only memberships that follow from the relevant literals: for each pair of sets only these block a
    /// witness, not what the model happens to say of the rest.
    fn weaken_known(&mut self, model: &mut Model, relevant: &Relevant, counted: &mut Counted) {
        let literals: BTreeSet<(Term, bool)> = relevant.literals.iter().copied().collect();
        let known: Vec<Term> = relevant.terms.get(&Sort::Process).into_iter().flatten().map(|(&t, _)| t).collect();
        counted.blocking = known
            .into_iter()
            .map(|e| {
                let sets = counted.context.sets.clone();
                sets.into_iter()
                    .map(|set| {
                        let member = self.membership(e, set);
                        follows(self.terms, model, &literals, member)
                    })
                    .collect()
            })
            .collect();
    }

    /// Sets over the state after the round bring their twins over the state before it.
    fn add_twins(&mut self, relevant: &mut Relevant) {
        for (set, generation) in relevant.sets.clone() {
            let Node::App(fun, arguments) = self.terms.node(set).clone() else { continue };
            if let Some(twin) = self.clauses.twin(self.terms, fun, &self.unprimed) {
                let twin = self.terms.app(twin, &arguments);
                relevant.sets.entry(twin).or_insert(generation);
            }
        }
    }

    /// `element ∈ set`, in place.
    pub(super) fn membership(&mut self, element: Term, set: Term) -> Term {
        let member = self.terms.member(element, set);
        self.clauses.expand(self.terms, member)
    }

    /// Violated instances of `0 ≤ |S| ≤ n` and `e ∈ S ⇒ |S| ≥ 1`, `e ∉ S ⇒ |S| < n`.
    fn trivial(&mut self, model: &mut Model, relevant: &Relevant, level: u32) -> bool {
        let (zero, one, n) = (self.terms.int(0), self.terms.int(1), self.terms.n());
        let before = self.facts.len();
        let sets: Vec<Term> = relevant.sets.iter().filter(|&(_, &g)| g <= level).map(|(&s, _)| s).collect();
        for set in sets {
            let element = self.terms.sort(set).element().expect("a set");
            let processes = element == Sort::Process;
            let card = self.terms.card(set);
            let mut facts = vec![(self.terms.le(zero, card), None)];
            if processes {
                facts.push((self.terms.le(card, n), None));
            }
            let size = model.value(self.terms, card);
            let full = processes && size >= model.value(self.terms, n);
            let known: Vec<Term> = match relevant.terms.get(&element) {
                Some(terms) if size <= 0 || full => terms.iter().filter(|&(_, &g)| g <= level).map(|(&t, _)| t).collect(),
                _ => Vec::new(),
            };
            for e in known {
                let member = self.membership(e, set);
                let not_member = self.terms.not(member);
                if size <= 0 {
                    let some = self.terms.le(one, card);
                    facts.push((self.terms.or([not_member, some]), Some(e)));
                }
                if full {
                    let not_all = self.terms.lt(card, n);
                    facts.push((self.terms.or([member, not_all]), Some(e)));
                }
            }
            for (fact, element) in facts {
                if !model.holds(self.terms, fact) {
                    self.assert(fact, Why::Trivial(set, element), None);
                }
            }
        }
        self.facts.len() > before
    }

    /// Reads the model: the sets of processes that count, one for each functor and values of its arguments.
    fn counted(&mut self, model: &mut Model, relevant: &Relevant, level: u32) -> Counted {
        let Counting { sets, generations, cards, rows, low, high } = Counting::read(self.terms, model, relevant, level, Sort::Process);
        let only = |a: &BTreeSet<usize>, b: &BTreeSet<usize>, inside: bool| -> Vec<(usize, bool)> {
            a.difference(b).map(|&s| (s, inside)).collect()
        };
        let preferences = only(&low, &high, true).into_iter().chain(only(&high, &low, false)).collect();
        let element = self.pricer.element;
        let context = Context {
            membership: sets.iter().map(|&set| self.membership(element, set)).collect(),
            literals: relevant.literals.clone(),
            order: price::order(self.terms, model, &sets),
            instances: self.context_instances(model, relevant, level),
            preferences,
            sets,
        };
        let (elements, all) = self.known_types(model, relevant, level, &context.sets);
        let types = elements.iter().map(|(_, of)| of.clone()).collect::<BTreeSet<Type>>().into_iter().collect();
        let n = self.terms.n();
        let n = model.value(self.terms, n);
        Counted {
            context,
            generations,
            cards,
            n,
            rows: rows::connected(&rows),
            elements,
            blocking: all.iter().map(|of| of.iter().map(|&m| Some(m)).collect()).collect(),
            all,
            types,
            low,
            high,
            level,
        }
    }

    /// The distinct elements up to the level with their types, and the types of all.
    fn known_types(&mut self, model: &mut Model, relevant: &Relevant, level: u32, sets: &[Term]) -> (Vec<(Term, Type)>, Vec<Type>) {
        let mut known: Vec<(u32, Term)> = relevant.terms.get(&Sort::Process).into_iter().flatten().map(|(&t, &g)| (g, t)).collect();
        known.sort();
        let (mut elements, mut all, mut seen) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        for (generation, e) in known {
            let value = model.value(self.terms, e);
            let of: Type = sets
                .iter()
                .map(|&set| {
                    let member = self.membership(e, set);
                    model.holds(self.terms, member)
                })
                .collect();
            all.insert(of.clone());
            if generation <= level && seen.insert(value) {
                elements.push((e, of));
            }
        }
        (elements, all.into_iter().collect())
    }

    /// The clauses at the arbitrary element, other variables by one term for each value.
    fn context_instances(&mut self, model: &mut Model, relevant: &Relevant, level: u32) -> Vec<(super::Instance, Term)> {
        let mut pool: BTreeMap<Sort, Vec<(Term, u32)>> = BTreeMap::new();
        for (&sort, terms) in &relevant.terms {
            let mut list: Vec<(u32, Term)> = terms.iter().map(|(&t, &g)| (g, t)).collect();
            list.sort();
            let mut seen = BTreeSet::new();
            let distinct = list.into_iter().filter(|&(_, t)| seen.insert(model.value(self.terms, t)));
            pool.insert(sort, distinct.map(|(g, t)| (t, g)).collect());
        }
        price::instances_at(self.terms, self.clauses, &pool, self.pricer.element, level)
    }

    /// Lemmas without witness against the literals; at most a few with disjoint sets.
    fn cuts(&mut self, counted: &mut Counted) -> Result<bool, SolverError> {
        let (mut cuts, mut questions) = (0, 0);
        let mut banned = BTreeSet::new();
        while cuts < MAX_CUTS && questions < MAX_QUESTIONS && !self.late() {
            let mut proved = None;
            'elements: for exact in [false, true] {
                while !self.late() && questions < MAX_QUESTIONS {
                    let Some(candidate) = propose(counted, &counted.types, exact, &banned) else { break };
                    questions += 1;
                    self.figures.prices += 1;
                    match self.pricer.ask(self.terms, &counted.context, &candidate)? {
                        Price::Type(of) if counted.types.contains(&of) => break,
                        Price::Type(of) => counted.types.push(of),
                        Price::Excluded(guards) => {
                            proved = Some((candidate, guards));
                            break 'elements;
                        }
                        Price::Unclear => break,
                    }
                }
            }
            let Some((candidate, guards)) = proved else { break };
            banned.extend(candidate.support());
            self.lemma(counted, &candidate, guards, None);
            self.figures.cuts += 1;
            cuts += 1;
        }
        Ok(cuts > 0)
    }

    /// An element that two literals force: in A but not in B when |A| > |B|, in both when |A| + |B| > n.
    fn pair_witness(&mut self, counted: &Counted) -> Result<bool, SolverError> {
        let limit = counted.level.max(1);
        let usable: Vec<usize> = (0..counted.generations.len()).filter(|&k| counted.generations[k] < limit).collect();
        let n = counted.n;
        let mut candidates = Vec::new();
        for &a in &usable {
            for &b in &usable {
                for both in [false, true] {
                    let sizes = (counted.cards[a], counted.cards[b]);
                    let violated = if both { a < b && sizes.0 + sizes.1 > n } else { a != b && sizes.0 > sizes.1 };
                    let bounded = counted.low.contains(&a) && if both { counted.low.contains(&b) } else { counted.high.contains(&b) };
                    if violated && bounded && !counted.blocking.iter().any(|of| of[a] == Some(true) && of[b] == Some(both)) {
                        candidates.push((counted.generations[a] + counted.generations[b], both, a, b));
                    }
                }
            }
        }
        candidates.sort();
        for (_, both, a, b) in candidates {
            let mut coefficients = vec![0; counted.cards.len()];
            coefficients[a] = 1;
            coefficients[b] = if both { 1 } else { -1 };
            let candidate = Candidate { a: coefficients, b: i64::from(both), exact: Vec::new() };
            if self.given.contains(&self.key(counted, &candidate)) {
                continue;
            }
            let linear = self.linear(counted, &candidate);
            if self.pricer.excludes(self.terms, linear)? {
                self.witness(counted, &candidate);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The linear program over known elements only: what it refutes needs an element of another type, or there is none.
    fn general_witness(&mut self, counted: &Counted) -> Result<bool, SolverError> {
        let limit = counted.level.max(1);
        let banned: BTreeSet<usize> = (0..counted.generations.len()).filter(|&k| counted.generations[k] >= limit).collect();
        for exact in [false, true] {
            let mut types = counted.all.clone();
            for _ in 0..MAX_TRIES {
                if self.late() {
                    return Ok(false);
                }
                let Some(candidate) = propose(counted, &types, exact, &banned) else { break };
                self.figures.prices += 1;
                match self.pricer.ask(self.terms, &counted.context, &candidate)? {
                    Price::Excluded(guards) => {
                        self.lemma(counted, &candidate, guards, None);
                        self.figures.cuts += 1;
                        return Ok(true);
                    }
                    Price::Type(of) if self.given.contains(&self.key(counted, &candidate)) => {
                        if types.contains(&of) {
                            break;
                        }
                        types.push(of);
                    }
                    Price::Type(_) => {
                        self.witness(counted, &candidate);
                        return Ok(true);
                    }
                    Price::Unclear => break,
                }
            }
        }
        Ok(false)
    }

    /// What tells witness lemmas apart.
    fn key(&self, counted: &Counted, candidate: &Candidate) -> LemmaKey {
        let sets: Vec<(i64, Term)> = candidate.support().map(|k| (candidate.a[k], counted.context.sets[k])).collect();
        let exact: Vec<Term> = candidate.exact.iter().map(|&k| counted.elements[k].0).collect();
        (sets, candidate.b, exact)
    }

    /// `Σ a·|S| + Σ_{e ∈ E} (b − weight(e)) ≤ b·n`.
    fn linear(&mut self, counted: &Counted, candidate: &Candidate) -> Term {
        let mut parts = Vec::new();
        for k in candidate.support() {
            let card = self.terms.card(counted.context.sets[k]);
            parts.push(self.terms.times(candidate.a[k], card));
        }
        for &e in &candidate.exact {
            let element = counted.elements[e].0;
            let membership: Vec<Term> = counted.context.sets.clone().into_iter().map(|set| self.membership(element, set)).collect();
            let weight = price::weight(self.terms, &membership, candidate);
            let b = self.terms.int(candidate.b);
            parts.push(self.terms.minus(b, weight));
        }
        let sum = self.terms.add(parts);
        let n = self.terms.n();
        let bound = self.terms.times(candidate.b, n);
        self.terms.le(sum, bound)
    }

    fn witness(&mut self, counted: &Counted, candidate: &Candidate) {
        let key = self.key(counted, candidate);
        self.given.insert(key);
        self.figures.witnesses += 1;
        let fun = self.terms.declare("w", &[], Sort::Process, Role::Witness);
        let generation = candidate.support().map(|k| counted.generations[k]).max().unwrap_or(0) + 1;
        self.generations.witness(fun, generation);
        self.lemma(counted, candidate, Vec::new(), Some(fun));
    }

    /// Asserts the rule for a candidate: with guards, or with a witness.
    fn lemma(&mut self, counted: &Counted, candidate: &Candidate, guards: Vec<Term>, witness: Option<Fun>) {
        let linear = self.linear(counted, candidate);
        let exact: Vec<Term> = candidate.exact.iter().map(|&k| counted.elements[k].0).collect();
        let mut escape = vec![linear];
        for (k, &a) in exact.iter().enumerate() {
            for &b in &exact[k + 1..] {
                let same = self.terms.eq(a, b);
                escape.push(same);
            }
        }
        escape.extend(guards.iter().map(|&g| self.terms.not(g)));
        let escape = self.terms.or(escape);
        let sides = witness.map(|fun| {
            let w = self.terms.constant(fun);
            (escape, self.pattern(counted, candidate, w))
        });
        let formula = match sides {
            Some((escape, pattern)) => self.terms.or([escape, pattern]),
            None => escape,
        };
        let lemma = Lemma {
            sets: candidate.support().map(|k| (candidate.a[k], counted.context.sets[k])).collect(),
            bound: candidate.b,
            exact,
            context: if witness.is_some() { Vec::new() } else { counted.context.instances.iter().map(|(i, _)| i.clone()).collect() },
            guards,
            witness,
        };
        self.assert(formula, Why::Counting(lemma), sides);
    }

    /// `w` exceeds the bound: a conjunction of memberships where nothing else can exceed it, else a sum.
    fn pattern(&mut self, counted: &Counted, candidate: &Candidate, w: Term) -> Term {
        let membership: Vec<Term> = counted.context.sets.clone().into_iter().map(|set| self.membership(w, set)).collect();
        let most: i64 = candidate.a.iter().filter(|&&a| a > 0).sum();
        let least = candidate.support().map(|k| candidate.a[k].abs()).min().unwrap_or(0);
        if most - least > candidate.b {
            return price::exceeds(self.terms, &membership, candidate);
        }
        let parts: Vec<Term> =
            candidate.support().map(|k| if candidate.a[k] > 0 { membership[k] } else { self.terms.not(membership[k]) }).collect();
        self.terms.and(parts)
    }

    /// A model whose cardinalities the known types realise: `|S| = Σ m_σ·σ(S)`, `n = Σ m_σ`.
    fn realise(&mut self, counted: &Counted) -> Result<Option<Model>, SolverError> {
        self.figures.realised += 1;
        let mark = self.emitter.mark();
        self.solver.push();
        let mut multiples = Vec::new();
        let zero = self.terms.int(0);
        let mut formulas = Vec::new();
        for k in 0..counted.types.len() {
            let name = format!("multiple_{k}");
            let fun = self.terms.find(&name).unwrap_or_else(|| self.terms.declare(&name, &[], Sort::Int, Role::Witness));
            let multiple = self.terms.constant(fun);
            formulas.push(self.terms.le(zero, multiple));
            multiples.push(multiple);
        }
        let total = self.terms.add(multiples.iter().copied());
        let n = self.terms.n();
        formulas.push(self.terms.eq(n, total));
        for (k, &set) in counted.context.sets.iter().enumerate() {
            let inside = counted.types.iter().zip(&multiples).filter(|(of, _)| of[k]).map(|(_, &m)| m);
            let sum = self.terms.add(inside);
            let card = self.terms.card(set);
            formulas.push(self.terms.eq(card, sum));
        }
        for formula in formulas {
            let mut text = String::new();
            let name = self.emitter.name(self.terms, formula, &mut text);
            self.solver.send(&format!("{text}(assert {name})"));
        }
        let model = if self.solver.check()? == Answer::Sat { Some(self.model()?) } else { None };
        self.solver.pop();
        self.emitter.rewind(mark);
        Ok(model)
    }
}

/// The truth value of a membership as far as the relevant literals determine it; comparisons of numbers are the model's.
pub(super) fn follows(terms: &Terms, model: &mut Model, literals: &BTreeSet<(Term, bool)>, formula: Term) -> Option<bool> {
    for value in [true, false] {
        if literals.contains(&(formula, value)) {
            return Some(value);
        }
    }
    match terms.node(formula).clone() {
        Node::Bool(value) => Some(value),
        Node::Not(a) => follows(terms, model, literals, a).map(|v| !v),
        Node::And(list) | Node::Or(list) => {
            let decisive = matches!(terms.node(formula), Node::Or(_));
            let values: Vec<Option<bool>> = list.iter().map(|&p| follows(terms, model, literals, p)).collect();
            if values.contains(&Some(decisive)) {
                Some(decisive)
            } else {
                values.iter().all(|v| *v == Some(!decisive)).then_some(!decisive)
            }
        }
        Node::Eq(..) | Node::Le(..) | Node::Lt(..) => Some(model.holds(terms, formula)),
        _ => None,
    }
}

fn propose(counted: &Counted, types: &[Type], exact: bool, banned: &BTreeSet<usize>) -> Option<Candidate> {
    let elements: Vec<Type> = if exact { counted.elements.iter().map(|(_, of)| of.clone()).collect() } else { Vec::new() };
    cut::propose(&Task { rows: &counted.rows, generations: &counted.generations, types, elements: &elements, banned })
}
