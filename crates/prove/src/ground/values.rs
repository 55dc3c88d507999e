//! Sets of values: elements that their cardinalities force.
//!
//! There is no number of all values, so that the counting rule has b = 0 for them, and of its instances one is used:
//!
//! ```text
//! |A| ≤ |B| + Σ_{e ∈ E} ([e ∈ A] − [e ∈ B])   ∨   some w outside E is in A and not in B
//! ```
//!
//! E are the elements that are known to be in A and not in B; without B the rule says that A has more elements than E. Worked example:
//! `|A| ≥ |B| + 2` gives a w in A∖B; in the next model that is known, and another one comes of E = {w}.

use super::model::Model;
use super::price;
use super::relevant::Relevant;
use super::sets::Counting;
use super::{Engine, Lemma, LemmaKey, Why, count};
use crate::solver::SolverError;
use crate::term::{Role, Sort, Term};
use std::collections::BTreeSet;

/// The sets of one sort of values that count in a model.
struct Sets {
    element: Sort,
    counting: Counting,
    /// One term for each known value.
    known: Vec<Term>,
}

impl Engine<'_> {
    /// Whether there is a set of values up to the level.
    pub(super) fn counts_values(&self, relevant: &Relevant, level: u32) -> bool {
        let element = |set: &Term| self.terms.sort(*set).element();
        relevant.sets.iter().any(|(set, &generation)| generation <= level && element(set).is_some_and(|e| e != Sort::Process))
    }

    /// A value that two literals force: in A but not in B, and none of those known to be there.
    pub(super) fn value_witness(&mut self, model: &mut Model, relevant: &Relevant, level: u32) -> Result<bool, SolverError> {
        let elements: BTreeSet<Sort> = relevant.sets.keys().filter_map(|&set| self.terms.sort(set).element()).collect();
        for element in elements.into_iter().filter(|&e| e != Sort::Process) {
            let of = self.sets_of(element, model, relevant, level);
            for candidate in self.value_candidates(&of, model, relevant) {
                if self.given.contains(&candidate) {
                    continue;
                }
                let linear = self.value_linear(&candidate);
                if self.pricer.excludes(self.terms, linear)? {
                    self.assert_value(&of, candidate, linear);
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn sets_of(&mut self, element: Sort, model: &mut Model, relevant: &Relevant, level: u32) -> Sets {
        let counting = Counting::read(self.terms, model, relevant, level, element);
        let mut known: Vec<(u32, Term)> = relevant.terms.get(&element).into_iter().flatten().map(|(&t, &g)| (g, t)).collect();
        known.sort();
        let mut seen = BTreeSet::new();
        known.retain(|&(_, t)| seen.insert(model.value(self.terms, t)));
        Sets { element, counting, known: known.into_iter().map(|(_, t)| t).collect() }
    }

    /// What the model's cardinalities promise and no known value keeps: those with few exceptions, with two sets, and old ones first.
    fn value_candidates(&mut self, of: &Sets, model: &mut Model, relevant: &Relevant) -> Vec<LemmaKey> {
        let literals: BTreeSet<(Term, bool)> = relevant.literals.iter().copied().collect();
        let mut inside: Vec<Vec<Option<bool>>> = Vec::new();
        for &set in &of.counting.sets {
            let members: Vec<Term> = of.known.iter().map(|&e| self.membership(e, set)).collect();
            inside.push(members.into_iter().map(|m| count::follows(self.terms, model, &literals, m)).collect());
        }
        let mut found = Vec::new();
        for &a in &of.counting.low {
            for b in of.counting.high.iter().copied().filter(|&b| b != a).map(Some).chain([None]) {
                let known = |e: &usize| inside[a][*e] == Some(true) && b.is_none_or(|b| inside[b][*e] == Some(false));
                let exact: Vec<Term> = (0..of.known.len()).filter(known).map(|e| of.known[e]).collect();
                if of.counting.cards[a] - b.map_or(0, |b| of.counting.cards[b]) > exact.len() as i64 {
                    let sets: Vec<(i64, Term)> =
                        [(1, of.counting.sets[a])].into_iter().chain(b.map(|b| (-1, of.counting.sets[b]))).collect();
                    let generations = of.counting.generations[a] + b.map_or(0, |b| of.counting.generations[b]);
                    found.push(((exact.len(), b.is_none(), generations, a, b), (sets, 0, exact)));
                }
            }
        }
        found.sort();
        found.into_iter().map(|(_, key)| key).collect()
    }

    /// `Σ a·[e ∈ S]`.
    fn value_weight(&mut self, sets: &[(i64, Term)], e: Term) -> Term {
        let parts: Vec<(i64, Term)> = sets.iter().map(|&(a, set)| (a, self.membership(e, set))).collect();
        price::weighted(self.terms, parts.into_iter())
    }

    /// `Σ a·|S| − Σ_{e ∈ E} Σ a·[e ∈ S] ≤ 0`.
    fn value_linear(&mut self, (sets, _, exact): &LemmaKey) -> Term {
        let mut parts = Vec::new();
        for &(a, set) in sets {
            let card = self.terms.card(set);
            parts.push(self.terms.times(a, card));
        }
        for &e in exact {
            let weight = self.value_weight(sets, e);
            parts.push(self.terms.times(-1, weight));
        }
        let (sum, zero) = (self.terms.add(parts), self.terms.int(0));
        self.terms.le(sum, zero)
    }

    fn assert_value(&mut self, of: &Sets, key: LemmaKey, linear: Term) {
        self.given.insert(key.clone());
        self.figures.witnesses += 1;
        let (sets, bound, exact) = key;
        let fun = self.terms.declare("w", &[], of.element, Role::Witness);
        // As old as its sets: a value leads to the process that has it, which is younger.
        let generation =
            sets.iter().filter_map(|(_, set)| of.counting.sets.iter().position(|s| s == set)).map(|k| of.counting.generations[k]);
        self.generations.witness(fun, generation.max().unwrap_or(0));
        let w = self.terms.constant(fun);
        let mut escape = vec![linear];
        for (k, &a) in exact.iter().enumerate() {
            for &b in &exact[k + 1..] {
                escape.push(self.terms.eq(a, b));
            }
        }
        let escape = self.terms.or(escape);
        let mut pattern = Vec::new();
        for &(a, set) in &sets {
            let inside = self.membership(w, set);
            pattern.push(if a > 0 { inside } else { self.terms.not(inside) });
        }
        for &e in &exact {
            let same = self.terms.eq(w, e);
            pattern.push(self.terms.not(same));
        }
        let pattern = self.terms.and(pattern);
        let formula = self.terms.or([escape, pattern]);
        let lemma = Lemma { sets, bound, exact, guards: Vec::new(), witness: Some(fun), context: Vec::new() };
        self.assert(formula, Why::Counting(lemma), Some((escape, pattern)));
    }
}
