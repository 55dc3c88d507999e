//! The facts that a refutation needs, of all that a search asserted.
//!
//! A search asserts hundreds of instances, most of them against models that later facts exclude anyway. The solver names some that
//! contradict each other; asked again about these alone, it names fewer; and then each that can be spared is taken out, the youngest
//! first, so that what remains speaks of as few new terms as possible. The instances by which a counting lemma excludes an element are
//! cut down in the same way.
//!
//! Worked example: of `p(a)`, `p(b)`, `∀`-instances `p(a) ⇒ q(a)`, `p(b) ⇒ q(b)` and `¬q(a)` the first, the third and the last remain.

use super::emit::Emitter;
use super::price::weighted;
use super::{Fact, Lemma, Why, instances};
use crate::clause::Clauses;
use crate::clock::Stopwatch;
use crate::pieces;
use crate::solver::{Answer, Solver, SolverError};
use crate::term::{Fun, Term, Terms};
use std::collections::BTreeSet;
use std::time::Duration;

/// How often the solver is asked for a part of what it named before.
const MOST_CORES: usize = 4;

/// Facts that contradict each other, in their order; all, if the solver does not say which it needs. None can be spared, unless
/// `budget` was over before each had been tried.
///
/// # Errors
/// When the solver dies.
pub fn needed(
    solver: &mut Solver,
    terms: &mut Terms,
    clauses: &Clauses,
    facts: &[Fact],
    budget: Duration,
) -> Result<Vec<Fact>, SolverError> {
    let started = Stopwatch::start();
    let late = || started.elapsed() > budget;
    let formulas: Vec<Term> = facts.iter().map(|f| f.formula).collect();
    let Some(core) = contradiction(solver, terms, &[], &formulas, &late)? else { return Ok(facts.to_vec()) };
    let mut facts = facts.to_vec();
    for &k in &core {
        if let Why::Counting(lemma) = &mut facts[k].why {
            spare_context(solver, terms, clauses, lemma, &late)?;
        }
    }
    Ok(with_witnesses(terms, &facts, core).into_iter().map(|k| facts[k].clone()).collect())
}

/// Facts may speak of a witness and do without the lemma that names it. It stays: it says what the name means.
fn with_witnesses(terms: &Terms, facts: &[Fact], core: Vec<usize>) -> BTreeSet<usize> {
    let mut kept: BTreeSet<usize> = core.into_iter().collect();
    let named = |k: &usize| witness(&facts[*k]);
    loop {
        let spoken: Vec<Term> = kept.iter().flat_map(|&k| terms_of(&facts[k])).collect();
        let spoken: BTreeSet<Fun> = terms.occurring(&spoken).into_iter().collect();
        let missing = (0..facts.len()).filter(|k| !kept.contains(k) && named(k).is_some_and(|w| spoken.contains(&w)));
        let missing: Vec<usize> = missing.collect();
        if missing.is_empty() {
            return kept;
        }
        kept.extend(missing);
    }
}

fn witness(fact: &Fact) -> Option<Fun> {
    if let Why::Counting(lemma) = &fact.why { lemma.witness } else { None }
}

/// All terms of a fact, and of its reason.
fn terms_of(fact: &Fact) -> Vec<Term> {
    let reason = match &fact.why {
        Why::Nonempty => vec![],
        Why::Instance(_, at) => at.clone(),
        Why::Trivial(set, element) => [Some(*set), *element].into_iter().flatten().collect(),
        Why::Counting(lemma) => {
            let context = lemma.context.iter().flat_map(|(_, at)| at);
            let sets = lemma.sets.iter().map(|(_, set)| set);
            context.chain(sets).chain(&lemma.exact).chain(&lemma.guards).copied().collect()
        }
    };
    [reason, vec![fact.formula]].concat()
}

/// Leaves the instances that exclude an element beyond the bound, under the guards.
fn spare_context(
    solver: &mut Solver,
    terms: &mut Terms,
    clauses: &Clauses,
    lemma: &mut Lemma,
    late: &dyn Fn() -> bool,
) -> Result<(), SolverError> {
    let any = match terms.find("any") {
        Some(any) if lemma.witness.is_none() => terms.constant(any),
        _ => return Ok(()),
    };
    let mut membership = Vec::new();
    for &(a, set) in &lemma.sets {
        let inside = terms.member(any, set);
        membership.push((a, clauses.expand(terms, inside)));
    }
    let weight = weighted(terms, membership.into_iter());
    let bound = terms.int(lemma.bound);
    let mut given = vec![terms.lt(bound, weight)];
    given.extend(&lemma.guards);
    let formulas: Vec<Term> = lemma.context.iter().map(|i| instances::formula(terms, clauses, i)).collect();
    if let Some(core) = contradiction(solver, terms, &given, &formulas, late)? {
        lemma.context = core.into_iter().map(|k| lemma.context[k].clone()).collect();
    }
    Ok(())
}

/// The numbers of formulas that contradict each other and what is given.
pub(super) fn contradiction(
    solver: &mut Solver,
    terms: &mut Terms,
    given: &[Term],
    formulas: &[Term],
    late: &dyn Fn() -> bool,
) -> Result<Option<Vec<usize>>, SolverError> {
    solver.push();
    let mut emitter = Emitter::default();
    let (zero, n) = (terms.int(0), terms.n());
    let nonempty = terms.lt(zero, n);
    let mut text = String::new();
    for &formula in given.iter().chain([&nonempty]) {
        let name = emitter.name(terms, formula, &mut text);
        text += &format!("(assert {name})\n");
    }
    for (k, &formula) in formulas.iter().enumerate() {
        let name = emitter.name(terms, formula, &mut text);
        text += &format!("(declare-fun u{k} () Bool)\n(assert (=> u{k} {name}))\n");
    }
    solver.send(&text);
    let found = spare(solver, formulas.len(), late);
    solver.pop();
    found
}

/// Of the named formulas few that contradict each other.
fn spare(solver: &mut Solver, count: usize, late: &dyn Fn() -> bool) -> Result<Option<Vec<usize>>, SolverError> {
    let mut core: Vec<usize> = (0..count).collect();
    for round in 0..MOST_CORES {
        let Some(smaller) = smaller(solver, &core)? else { return Ok(Some(core).filter(|_| round > 0)) };
        let before = std::mem::replace(&mut core, smaller).len();
        if core.len() == before {
            break;
        }
    }
    // Younger facts were found in answer to older ones.
    let mut k = core.len();
    while k > 0 && !late() {
        k -= 1;
        let without: Vec<usize> = core.iter().copied().filter(|&other| other != core[k]).collect();
        if let Some(smaller) = smaller(solver, &without)? {
            // What is behind k was tried already and is needed.
            k -= core[..k].iter().filter(|kept| !smaller.contains(kept)).count();
            core = smaller;
        }
    }
    Ok(Some(core))
}

/// A part of these that contradict each other, if they do.
fn smaller(solver: &mut Solver, core: &[usize]) -> Result<Option<Vec<usize>>, SolverError> {
    let names: Vec<String> = core.iter().map(|k| format!("u{k}")).collect();
    match solver.check_assuming(&names.iter().map(String::as_str).collect::<Vec<_>>())? {
        Answer::Unsat => {}
        _ => return Ok(None),
    }
    let named: BTreeSet<String> = solver.core()?.into_iter().collect();
    Ok(Some(core.iter().zip(&names).filter(|(_, name)| named.contains(*name)).map(|(&k, _)| k).collect()))
}

/// Of each fact the conjuncts that the refutation needs, in the order of the facts.
///
/// # Errors
/// When the solver dies.
pub fn needed_parts(solver: &mut Solver, terms: &mut Terms, facts: &[Fact], budget: Duration) -> Result<Vec<Vec<Term>>, SolverError> {
    let started = Stopwatch::start();
    let mut parts: Vec<(usize, Term)> = Vec::new();
    for (k, fact) in facts.iter().enumerate() {
        let cut = if let Why::Counting(_) = fact.why { vec![fact.formula] } else { conjuncts(terms, fact.formula) };
        parts.extend(cut.into_iter().map(|part| (k, part)));
    }
    let formulas: Vec<Term> = parts.iter().map(|&(_, part)| part).collect();
    let all = || (0..parts.len()).collect();
    let core = contradiction(solver, terms, &[], &formulas, &|| started.elapsed() > budget)?.unwrap_or_else(all);
    let mut found = vec![Vec::new(); facts.len()];
    core.into_iter().for_each(|k| found[parts[k].0].push(parts[k].1));
    Ok(found)
}

/// Formulas whose conjunction is equivalent to a ground formula.
fn conjuncts(terms: &mut Terms, formula: Term) -> Vec<Term> {
    match terms.conjuncts(formula)[..] {
        [whole] if whole == formula => pieces::cut(terms, formula),
        ref parts => parts.iter().flat_map(|&part| conjuncts(terms, part)).collect(),
    }
}
