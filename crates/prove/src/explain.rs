//! Proofs in words: which hypotheses are used, for which processes, and what is counted.
//!
//! 1. of every fact the conjuncts that the refutation needs are kept;
//! 2. they are put in an order in which each says only what those before it leave open (`order`);
//! 3. what the search called by numbers gets names: processes p1, p2, .., values v1, .., sets A, B, ..;
//! 4. counting lemmas become sentences.
//!
//! Worked example: `(counting ((1 C0) (1 C1)) 1 ..)` is "no process is in both A and B, so |A| + |B| ≤ n".

mod order;

use crate::clause::{Clauses, Source};
use crate::condition::Hypothesis;
use crate::ground::{Lemma, Why, needed_parts};
use crate::prove::{Method, Proof, Settings, Verdict};
use crate::solver::{self, Solver, SolverError};
use crate::term::{Fun, Node, Role, Sort, Term, Terms, Wording};
use order::Part;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The most that one proof may take, as far as that can be decided between two questions.
const BUDGET: Duration = Duration::from_secs(5);

/// A proof in words: the steps contradict each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// The condition, or the step of it, that is proved.
    pub condition: String,
    /// What the names stand for: `A = {j | x(j) = v1}`.
    pub names: Vec<String>,
    /// What follows from the hypotheses and the negated goal.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// Where it comes from: `invariant locked, for i = p1`, `counting`.
    pub why: String,
    /// A formula, or a sentence.
    pub says: String,
}

/// The explanations of each proof by ground formulas, one or, round by round, several. It should be cut down before: see
/// [`crate::minimal`].
///
/// # Errors
/// When the solver cannot be started or dies.
pub fn explain(proofs: &[Proof], settings: &Settings) -> Result<Vec<Vec<Explanation>>, SolverError> {
    let options = solver::Options { seed: settings.seed, limit: BUDGET, cores: true, ..solver::Options::default() };
    let mut solver = Solver::start(&settings.solver, &options)?;
    let mut one = |proof: &Proof| {
        let mut found = Vec::new();
        enter(proof, &mut solver, &options, &mut found)?;
        Ok(found)
    };
    proofs.iter().map(&mut one).collect()
}

fn enter(proof: &Proof, solver: &mut Solver, options: &solver::Options, found: &mut Vec<Explanation>) -> Result<(), SolverError> {
    match &proof.verdict {
        Verdict::Proved(Method::Rounds(steps)) => steps.iter().try_for_each(|step| enter(step, solver, options, found)),
        Verdict::Proved(Method::Ground { assumptions, terms, clauses, facts, .. }) => {
            solver.reset(options);
            let mut terms = (**terms).clone();
            let parts = needed_parts(solver, &mut terms, facts, BUDGET)?;
            let parts: Vec<Part> = (0..).zip(parts).flat_map(|(k, parts)| parts.into_iter().map(move |part| (k, part))).collect();
            let told = order::told(&mut terms, parts, &|k| matches!(facts[k].why, Why::Counting(_)));
            let mut words = Words { terms, clauses, assumptions, shown: BTreeMap::new(), names: Vec::new(), counts: BTreeMap::new() };
            let mut steps = Vec::new();
            for together in told.chunk_by(|(a, _), (b, _)| a == b) {
                let fact = &facts[together[0].0];
                let says = match &fact.why {
                    Why::Counting(lemma) => words.lemma(lemma, fact.formula),
                    _ => together.iter().map(|&(_, part)| words.formula(part)).collect::<Vec<String>>().join("; "),
                };
                steps.push(Step { why: words.why(&fact.why), says });
            }
            found.push(Explanation { condition: proof.name.clone(), names: words.names, steps });
            Ok(())
        }
        _ => Ok(()),
    }
}

struct Words<'a> {
    terms: Terms,
    clauses: &'a Clauses,
    assumptions: &'a [Hypothesis],
    /// What stands for a term.
    shown: BTreeMap<Term, Term>,
    names: Vec<String>,
    counts: BTreeMap<&'static str, usize>,
}

impl Words<'_> {
    /// The reason, without what it says.
    fn why(&mut self, why: &Why) -> String {
        match why {
            Why::Nonempty => "there is a process".into(),
            Why::Trivial(..) => "sizes of sets".into(),
            Why::Counting(_) => "counting".into(),
            Why::Instance(number, at) => {
                let clause = &self.clauses.list[*number];
                let values = clause.variables.iter().zip(at).map(|(&v, &t)| {
                    let name = self.terms.variable_name(v).to_string();
                    let value = self.term(t);
                    format!("{name} = {value}")
                });
                let values = values.collect::<Vec<String>>().join(", ");
                let source = self.source(*number);
                if values.is_empty() { source } else { format!("{source}, for {values}") }
            }
        }
    }
    /// The hypothesis that a clause comes from.
    fn source(&self, clause: usize) -> String {
        match self.clauses.list[clause].source {
            Source::Assumption(k) => self.assumptions.get(k).map_or("hypothesis".into(), |h| h.label.clone()),
            Source::Definition(_) => "definition of a set".into(),
        }
    }

    /// The hypothesis that has a case.
    fn source_of_part(&self, part: Fun) -> String {
        let clause = self.clauses.list.iter().position(|clause| self.terms.occurring(&[clause.matrix]).contains(&part));
        clause.map_or("a hypothesis".into(), |clause| self.source(clause))
    }

    fn term(&mut self, term: Term) -> String {
        let term = self.named(term);
        self.show(term)
    }
    fn show(&self, term: Term) -> String {
        self.terms.show_with(term, &Wording { primes: true, ..Wording::default() })
    }
    /// A disjunction with negative parts reads as an implication.
    fn formula(&mut self, formula: Term) -> String {
        let formula = self.named(formula);
        let Node::Or(parts) = self.terms.node(formula).clone() else { return self.show(formula) };
        let (mut premises, mut conclusions) = (Vec::new(), Vec::new());
        for part in parts {
            match *self.terms.node(part) {
                Node::Not(premise) => premises.push(premise),
                _ => conclusions.push(part),
            }
        }
        if premises.is_empty() || conclusions.is_empty() {
            return self.show(formula);
        }
        let (premise, conclusion) = (self.terms.and(premises), self.terms.or(conclusions));
        format!("{} ⇒ {}", self.show(premise), self.show(conclusion))
    }

    /// The term with names for what existential quantifiers, comprehensions and lemmas introduced.
    fn named(&mut self, term: Term) -> Term {
        if let Some(&shown) = self.shown.get(&term) {
            return shown;
        }
        let node = self.terms.node(term).clone();
        let children: Vec<Term> = self.terms.children(term).into_iter().map(|c| self.named(c)).collect();
        let plain = self.terms.rebuild(&node, &children);
        let shown = match node {
            Node::App(fun, _) => self.introduced(fun, &children).unwrap_or(plain),
            _ => plain,
        };
        self.shown.insert(term, shown);
        shown
    }
    fn introduced(&mut self, fun: Fun, arguments: &[Term]) -> Option<Term> {
        let symbol = self.terms.symbol(fun).clone();
        let stem = match (symbol.role, symbol.result) {
            (Role::Comprehension, _) => return Some(self.set(fun, arguments, symbol.result)),
            (Role::Witness, _) => "w",
            (Role::Part, _) => "case",
            (Role::Skolem, Sort::Process) => "p",
            (Role::Skolem, sort) if sort.element().is_some() => "H",
            (Role::Skolem, _) => "v",
            _ => return None,
        };
        let count = self.counts.entry(stem).or_insert(0);
        *count += 1;
        let fresh = self.terms.declare(&format!("{stem}{count}"), &[], symbol.result, Role::Given);
        let kind = match stem {
            "case" => format!("case of {}", self.source_of_part(fun)),
            "H" => "set".into(),
            "v" => "value".into(),
            _ => "process".into(),
        };
        let name = self.terms.symbol(fresh).name.clone();
        let depends: Vec<String> = arguments.iter().map(|&a| self.show(a)).collect();
        let of = match (depends.is_empty(), stem) {
            (true, _) => String::new(),
            (false, "case") => format!(", for {}", depends.join(", ")),
            _ => format!(", which depends on {}", depends.join(", ")),
        };
        self.names.push(format!("{name}: {} {kind}{of}", if stem == "case" { "a" } else { "some" }));
        Some(self.terms.constant(fresh))
    }
    /// Sets are called A to Z, and then A1, B1, ..
    fn set(&mut self, fun: Fun, arguments: &[Term], sort: Sort) -> Term {
        let count = self.counts.entry("set").or_insert(0);
        let letter = char::from(b'A' + (*count % 26) as u8);
        let name = if *count < 26 { letter.to_string() } else { format!("{letter}{}", *count / 26) };
        *count += 1;
        let fresh = self.terms.declare(&name, &[], sort, Role::Given);
        let definition = &self.clauses.definitions[&fun];
        let map: Vec<_> = definition.parameters.iter().copied().zip(arguments.iter().copied()).collect();
        let body = self.terms.substitute(definition.body, &map);
        // Called j, without the number that tells variables apart: nothing else in the set has that name.
        let letter = if self.terms.variable_sort(definition.element) == Sort::Process { "j" } else { "v" };
        let wording = Wording { variables: [(definition.element, letter.to_string())].into(), primes: true };
        let set = self.terms.comprehension(definition.element, body);
        let set = self.named(set);
        let set = self.terms.show_with(set, &wording);
        self.names.push(format!("{} = {set}", self.terms.symbol(fresh).name));
        self.terms.constant(fresh)
    }

    /// The rule in words: see [`crate::ground::Lemma`].
    fn lemma(&mut self, lemma: &Lemma, formula: Term) -> String {
        let sets: Vec<(i64, String)> = lemma.sets.iter().map(|&(a, set)| (a, self.term(set))).collect();
        let (inside, outside): (Vec<_>, Vec<_>) = sets.iter().partition(|(a, _)| *a > 0);
        let inside: Vec<&str> = inside.into_iter().map(|(_, set)| set.as_str()).collect();
        let outside: Vec<&str> = outside.into_iter().map(|(_, set)| set.as_str()).collect();
        // Whoever exceeds the bound is in all sets with a positive coefficient and in no other.
        let plain = sets.iter().all(|(a, _)| a.abs() == 1) && lemma.bound == inside.len() as i64 - 1;
        let weight = sum(sets.iter().map(|(a, set)| (*a, format!("|{set}|"))));
        let linear = linear(&sets, lemma.bound);
        let linear = if lemma.exact.is_empty() { linear } else { self.formula(formula) };
        let guards: Vec<String> = lemma.guards.iter().map(|&g| self.formula(g)).collect();
        let under = if guards.is_empty() { String::new() } else { format!("if {}: ", guards.join(" and ")) };
        let sources: BTreeSet<String> = lemma.context.iter().map(|(clause, _)| self.source(*clause)).collect();
        let sources: Vec<String> = sources.into_iter().collect();
        let by = if sources.is_empty() { String::new() } else { format!(" (by {})", sources.join(", ")) };
        if let Some(fun) = lemma.witness {
            let witness = self.terms.constant(fun);
            let witness = self.term(witness);
            let exceeds = if plain { is_in(&inside, &outside) } else { format!("counts more than {} in {weight}", lemma.bound) };
            let what = if lemma.of_values(&self.terms) { "value" } else { "process" };
            return format!("{linear}, unless some {what} {witness} {exceeds}");
        }
        let excluded = match (plain, &inside[..], &outside[..]) {
            (true, [], [one]) => format!("every process is in {one}"),
            (true, _, []) => format!("no process {}", is_in(&inside, &[])),
            (true, _, _) => format!("whoever {} is in {}", is_in(&inside, &[]), outside.join(" or ")),
            _ => format!("no process counts more than {} in {weight}", lemma.bound),
        };
        format!("{under}{excluded}{by}, so {linear}")
    }
}

/// `is in A and B, and not in C`.
fn is_in(inside: &[&str], outside: &[&str]) -> String {
    let inside = match inside {
        [] => String::new(),
        [a, b] => format!("is in both {a} and {b}"),
        _ => format!("is in {}", inside.join(" and ")),
    };
    match (inside.is_empty(), outside.is_empty()) {
        (_, true) => inside,
        (true, _) => format!("is not in {}", outside.join(" or ")),
        _ => format!("{inside} and not in {}", outside.join(" or ")),
    }
}

/// `2·|A| + |B| − |C|`.
fn sum(parts: impl Iterator<Item = (i64, String)>) -> String {
    let mut text = String::new();
    for (a, what) in parts {
        text += match (text.is_empty(), a < 0) {
            (true, false) => "",
            (true, true) => "−",
            (false, false) => " + ",
            (false, true) => " − ",
        };
        text += &if a.abs() == 1 { what } else { format!("{}·{what}", a.abs()) };
    }
    if text.is_empty() { "0".into() } else { text }
}
/// `Σ a·|S| ≤ b·n` with positive coefficients on both sides.
fn linear(sets: &[(i64, String)], bound: i64) -> String {
    let sized = || sets.iter().map(|(a, set)| (*a, format!("|{set}|"))).chain([(-bound, "n".to_string())]);
    let left = sum(sized().filter(|(a, _)| *a > 0));
    let right = sum(sized().filter(|(a, _)| *a < 0).map(|(a, what)| (-a, what)));
    format!("{left} ≤ {right}")
}

#[cfg(test)]
mod tests;
