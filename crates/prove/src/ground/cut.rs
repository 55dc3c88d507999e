//! The search for a counting lemma: linear programming over region types.
//!
//! **The rule.** For sets S_i, integers a_i and b and pairwise distinct elements E:
//!
//! ```text
//! Σ a_i·|S_i| + Σ_{e ∈ E} (b − Σ_i a_i·[e ∈ S_i]) ≤ b·n   ∨   some element w has Σ_i a_i·[w ∈ S_i] > b
//! ```
//!
//! If no element exceeds b, every element contributes at most b, and each e ∈ E exactly its own sum. Every counting argument of the
//! literature on quorums is an instance: two majorities meet, `A ⊆ B ⇒ |A| ≤ |B|`, k sets larger than (k−1)/k of n have a common
//! element.
//!
//! A **type** says of an element which sets it is in. The relevant linear literals L are refuted by counting when no distribution of n
//! elements over the admissible types has the cardinalities that L asks for; Farkas' lemma then gives (a, b) as a combination of rows
//! of L. [`propose`] finds the sparsest such combination for the types known so far; the caller then asks the solver whether an element
//! of another type exceeds b. If none does, the rule's first disjunct is a lemma; otherwise the type is new and the search goes on.

use super::lp::{self, Bound};
use super::rows::{Row, Unknown};
use std::collections::BTreeSet;

/// Which sets an element is in.
pub type Type = Vec<bool>;

/// Coefficients for the rule: `Σ a·|S|`, `b·n`, and the elements counted exactly.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Candidate {
    /// A coefficient for every set; 0 for those not used.
    pub a: Vec<i64>,
    /// The bound for a single element.
    pub b: i64,
    /// Numbers of the elements that are counted exactly.
    pub exact: Vec<usize>,
}

impl Candidate {
    /// `Σ a_i·[element of this type ∈ S_i]`.
    pub fn weight(&self, of: &Type) -> i64 {
        self.a.iter().zip(of).filter(|&(_, &inside)| inside).map(|(a, _)| a).sum()
    }
    /// The sets with a coefficient.
    pub fn support(&self) -> impl Iterator<Item = usize> + '_ {
        self.a.iter().enumerate().filter(|&(_, &a)| a != 0).map(|(k, _)| k)
    }
}

/// What the search looks at.
pub struct Task<'a> {
    /// The literals.
    pub rows: &'a [Row],
    /// The generation of each set: young sets cost more.
    pub generations: &'a [u32],
    /// The types known to be admissible.
    pub types: &'a [Type],
    /// The types of known distinct elements that may be counted exactly.
    pub elements: &'a [Type],
    /// Sets that must not be used.
    pub banned: &'a BTreeSet<usize>,
}

/// The cheapest candidate that contradicts the rows for the known types; `None` when there is none.
pub fn propose(task: &Task<'_>) -> Option<Candidate> {
    let used: Vec<usize> = (0..task.generations.len()).filter(|k| !task.banned.contains(k)).collect();
    if used.is_empty() {
        return None;
    }
    let layout = Layout { sets: used.len(), elements: task.elements.len() };
    let constraints = constraints(task, &used, &layout);
    let weights: Vec<f64> = used.iter().map(|&k| 1.0 + 0.25 * f64::from(task.generations[k])).collect();
    let first = lp::minimise(&layout.cost(&weights, task.rows.len()), &constraints)?;
    // Once more with weights that favour what is already large: fewer sets.
    let size = |k: usize| (first[k] - first[layout.sets + k]).abs();
    let largest = (0..layout.sets).map(size).fold(1e-12, f64::max);
    let sparse: Vec<f64> = weights.iter().enumerate().map(|(k, w)| w / (size(k) / largest + 0.05)).collect();
    let second = lp::minimise(&layout.cost(&sparse, task.rows.len()), &constraints);
    second.iter().chain([&first]).find_map(|solution| read(task, &used, &layout, solution))
}

/// The variables: a⁺, a⁻ for each set, b⁺, b⁻, a slack for each element, a multiplier for each row.
struct Layout {
    sets: usize,
    elements: usize,
}

impl Layout {
    fn b(&self) -> usize {
        2 * self.sets
    }
    fn slack(&self, k: usize) -> usize {
        2 * self.sets + 2 + k
    }
    fn multiplier(&self, k: usize) -> usize {
        2 * self.sets + 2 + self.elements + k
    }
    fn cost(&self, weights: &[f64], rows: usize) -> Vec<f64> {
        let mut cost: Vec<f64> = weights.iter().chain(weights).copied().collect();
        cost.extend([0.05, 0.05]);
        cost.extend(std::iter::repeat_n(0.5, self.elements));
        cost.extend(std::iter::repeat_n(0.001, rows));
        cost
    }
}

fn constraints(task: &Task<'_>, used: &[usize], layout: &Layout) -> Vec<lp::Row> {
    let mut rows = Vec::new();
    let type_row = |of: &Type| {
        let mut coefficients = vec![(layout.b(), -1.0), (layout.b() + 1, 1.0)];
        for (k, &set) in used.iter().enumerate() {
            if of[set] {
                coefficients.extend([(k, 1.0), (layout.sets + k, -1.0)]);
            }
        }
        coefficients
    };
    for of in task.types {
        rows.push(lp::Row { coefficients: type_row(of), bound: Bound::AtMost, right: 0.0 });
    }
    for (k, of) in task.elements.iter().enumerate() {
        let mut coefficients = type_row(of);
        coefficients.push((layout.slack(k), 1.0));
        rows.push(lp::Row { coefficients, bound: Bound::AtMost, right: 0.0 });
    }
    // The multipliers combine the rows to Σ a·|S| − b·n ≥ ..: every other unknown cancels.
    let unknowns: BTreeSet<Unknown> = task.rows.iter().flat_map(|r| r.coefficients.keys().copied()).collect();
    let own = (0..used.len()).map(|k| Unknown::Card(used[k])).chain([Unknown::Size]);
    for unknown in unknowns.into_iter().chain(own).collect::<BTreeSet<Unknown>>() {
        let mut coefficients: Vec<(usize, f64)> = Vec::new();
        for (l, row) in task.rows.iter().enumerate() {
            if let Some(&c) = row.coefficients.get(&unknown) {
                coefficients.push((layout.multiplier(l), c as f64));
            }
        }
        match unknown {
            Unknown::Size => coefficients.extend([(layout.b(), 1.0), (layout.b() + 1, -1.0)]),
            Unknown::Card(set) => {
                if let Some(k) = used.iter().position(|&u| u == set) {
                    coefficients.extend([(k, -1.0), (layout.sets + k, 1.0)]);
                }
            }
            Unknown::Other(_) => {}
        }
        rows.push(lp::Row { coefficients, bound: Bound::Equal, right: 0.0 });
    }
    let mut gain: Vec<(usize, f64)> = (0..task.elements.len()).map(|k| (layout.slack(k), -1.0)).collect();
    gain.extend(task.rows.iter().enumerate().map(|(l, row)| (layout.multiplier(l), -(row.at_least as f64))));
    rows.push(lp::Row { coefficients: gain, bound: Bound::AtMost, right: -1.0 });
    rows
}

fn read(task: &Task<'_>, used: &[usize], layout: &Layout, solution: &[f64]) -> Option<Candidate> {
    let mut direction: Vec<f64> = (0..layout.sets).map(|k| solution[k] - solution[layout.sets + k]).collect();
    direction.push(solution[layout.b()] - solution[layout.b() + 1]);
    let whole = lp::integers(&direction)?;
    let mut a = vec![0; task.generations.len()];
    for (k, &set) in used.iter().enumerate() {
        a[set] = whole[k];
    }
    let mut candidate = Candidate { a, b: whole[layout.sets], exact: Vec::new() };
    if let Some(most) = task.types.iter().map(|of| candidate.weight(of)).max() {
        candidate.b = most;
    }
    candidate.exact = (0..task.elements.len())
        .filter(|&k| solution[layout.slack(k)] > 1e-7 && candidate.b > candidate.weight(&task.elements[k]))
        .collect();
    candidate.a.iter().any(|&x| x != 0).then_some(candidate)
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Task, propose};
    use crate::ground::rows::{Row, Unknown};
    use std::collections::{BTreeMap, BTreeSet};

    fn row(cards: &[(usize, i64)], n: i64, at_least: i64) -> Row {
        let mut coefficients: BTreeMap<Unknown, i64> = cards.iter().map(|&(k, c)| (Unknown::Card(k), c)).collect();
        coefficients.insert(Unknown::Size, n);
        Row { coefficients, at_least }
    }

    /// Two majorities without a common element: types 00, 01, 10 only.
    #[test]
    fn two_majorities() {
        let rows = [row(&[(0, 2)], -1, 1), row(&[(1, 2)], -1, 1)];
        let types = [vec![false, false], vec![true, false], vec![false, true]];
        let task = Task { rows: &rows, generations: &[0, 0], types: &types, elements: &[], banned: &BTreeSet::new() };
        assert_eq!(propose(&task), Some(Candidate { a: vec![1, 1], b: 1, exact: Vec::new() }));
        let with_common = [vec![false, false], vec![true, false], vec![false, true], vec![true, true]];
        assert_eq!(propose(&Task { types: &with_common, ..task }), None);
    }

    /// |A| ≥ |B| and B has an element that A lacks, while A ⊆ B: only the exact element refutes it.
    #[test]
    fn a_proper_subset_is_smaller() {
        let rows = [Row { coefficients: BTreeMap::from([(Unknown::Card(0), 1), (Unknown::Card(1), -1)]), at_least: 0 }];
        let types = [vec![false, false], vec![true, true], vec![false, true]];
        let elements = [vec![false, true]];
        let without = Task { rows: &rows, generations: &[0, 0], types: &types, elements: &[], banned: &BTreeSet::new() };
        assert_eq!(propose(&without), None);
        assert_eq!(propose(&Task { elements: &elements, ..without }), Some(Candidate { a: vec![1, -1], b: 0, exact: vec![0] }));
    }
}
