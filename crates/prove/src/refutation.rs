//! A refuted condition told to a person: the processes before and after, what is broken, and whether the program takes the same step.
//!
//! Worked example, One-Third Rule with an invariant that is too weak:
//!
//! ```text
//! process  x  decision        hears
//! p0       0  Some(0)         {p0}
//! p1       1  None → Some(1)  {p1, p2}
//! broken: for i = p0, j = p1, where has_decision′(i), has_decision′(j): decision′(p0) = decision′(p1)  (0 = 1)
//! ```
//!
//! A field that no formula of the condition mentions can be anything, and is not shown.

mod read;
mod replay;

pub use replay::{Replay, replay};

use crate::condition::{Condition, Problem};
use crate::finite::Model;
use crate::finite::broken::{self, Broken};
use crate::pieces::goals;
use crate::term::{Role, Sort, Term, Wording};
use heardof_core::ir::Algorithm;
use read::Reader;
use std::collections::BTreeSet;

/// What a refutation shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// What does not depend on a process: `n`, `phase`, parameters, the coordinator.
    pub constants: Vec<(String, String)>,
    /// A heading and a row for each process.
    pub table: Vec<Vec<String>>,
    /// The part of the goal that is false, or why it could not be found.
    pub broken: Result<Broken, String>,
    /// Fields of the state that decide what the condition does, and that no invariant assumed in it mentions.
    pub unmentioned: Vec<String>,
    /// Pairs of fields that decide what the condition does, one of them in its goal, and that no part of an invariant mentions together.
    pub unrelated: Vec<(String, String)>,
    /// The invariants assumed.
    pub invariants: Vec<String>,
}

/// Explains a counterexample to a condition.
pub fn explain(problem: &Problem, algorithm: &Algorithm, condition: &Condition, model: &Model) -> Explanation {
    let reader = Reader { terms: &problem.terms, model };
    let broken = match broken::broken(&problem.terms, model, condition.goal) {
        Ok(Some(broken)) => Ok(broken),
        Ok(None) => Err("the goal holds".into()),
        Err(why) => Err(why.to_string()),
    };
    let assumed = |h: &&crate::condition::Hypothesis| h.label.starts_with("invariant ");
    let invariants: Vec<Term> = condition.hypotheses.iter().filter(assumed).map(|h| h.formula).collect();
    let uses = Uses::new(problem, algorithm, condition, &invariants);
    Explanation {
        constants: constants(reader),
        table: table(reader, algorithm),
        broken,
        unmentioned: uses.unmentioned(),
        unrelated: uses.unrelated(),
        invariants: condition.hypotheses.iter().filter(assumed).map(|h| h.label["invariant ".len()..].to_string()).collect(),
    }
}

/// What is no function of a process.
fn constants(reader: Reader<'_>) -> Vec<(String, String)> {
    let wording = Wording { primes: true, ..Wording::default() };
    let mut out = vec![("n".to_string(), reader.model.n.to_string())];
    for (fun, table) in &reader.model.tables {
        let symbol = reader.terms.symbol(*fun);
        match symbol.arguments.as_slice() {
            [] => {
                let value = table.values().next().map(|value| reader.model.element(reader.terms, symbol.result, value));
                out.extend(value.map(|value| (wording.symbol(&symbol.name), value)));
            }
            [Sort::Process] => {}
            _ => {
                let entries = reader.model.entries(reader.terms, *fun, table);
                // The same everywhere.
                let entries = entries.strip_prefix("else ").map(String::from).unwrap_or(entries);
                out.push((wording.symbol(&symbol.name), entries));
            }
        }
    }
    out
}

/// How often a name is primed in a condition over several rounds.
const MOST_COPIES: usize = 9;

/// A row for each process: fields from copy to copy, then whom it hears, then whatever else is said of it.
fn table(reader: Reader<'_>, algorithm: &Algorithm) -> Vec<Vec<String>> {
    let mut rows = vec![vec!["process".to_string()]];
    rows.extend((0..reader.model.n).map(|p| vec![format!("p{p}")]));
    let mut shown: BTreeSet<String> = BTreeSet::new();
    for field in &algorithm.fields {
        let symbols = Reader::symbols(field.name, &field.sort);
        let primes: Vec<String> = (0..MOST_COPIES).map(|copy| "_".repeat(copy)).collect();
        let said = |prime: &&String| symbols.iter().any(|name| reader.symbol(&format!("{name}{prime}")).is_some());
        let copies: Vec<&String> = primes.iter().filter(said).collect();
        shown.extend(copies.iter().flat_map(|prime| symbols.iter().map(move |name| format!("{name}{prime}"))));
        if copies.is_empty() {
            continue;
        }
        // A goal about the state after the round alone says nothing of the one before.
        let first = copies[0].len();
        rows[0].push(format!("{}{}", field.name, "′".repeat(first)));
        for (p, row) in rows[1..].iter_mut().enumerate() {
            let mut values: Vec<String> = copies
                .iter()
                .map(|prime| reader.text(field.name, prime, &field.sort, &[crate::finite::Element::Member(p as u32)]))
                .collect();
            values.dedup();
            // Who does not follow the text has no state.
            let faulty = reader.is_faulty(heardof_core::Pid::new(p));
            row.push(if faulty { "–".into() } else { values.join(" → ") });
        }
    }
    let wording = Wording { primes: true, ..Wording::default() };
    for (fun, table) in &reader.model.tables {
        let symbol = reader.terms.symbol(*fun);
        if symbol.arguments != [Sort::Process] || shown.contains(&symbol.name) {
            continue;
        }
        let name = wording.symbol(&symbol.name);
        rows[0].push(match name.strip_prefix("HO") {
            Some(primes) if symbol.role == Role::Given => format!("hears{primes}"),
            _ => name,
        });
        let cells = table.values().map(|value| reader.model.element(reader.terms, symbol.result, value));
        rows[1..].iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    }
    rows
}

/// Where the fields of the state occur in a condition.
struct Uses {
    /// The fields that the goal or the round mentions.
    used: Vec<String>,
    /// Those that the goal mentions.
    aimed: Vec<String>,
    /// For each part of an invariant those that it mentions.
    parts: Vec<Vec<String>>,
}

impl Uses {
    fn new(problem: &Problem, algorithm: &Algorithm, condition: &Condition, invariants: &[Term]) -> Uses {
        let mut terms = problem.terms.clone();
        let parts: Vec<Term> = invariants.iter().flat_map(|&invariant| goals(&mut terms, invariant)).collect();
        let fields = |formulas: &[Term]| -> Vec<String> {
            let symbols = terms.occurring(formulas).into_iter().map(|fun| terms.symbol(fun));
            let names: BTreeSet<String> = symbols.map(|symbol| symbol.name.trim_end_matches('_').to_string()).collect();
            let found = algorithm.fields.iter().filter(|f| Reader::symbols(f.name, &f.sort).iter().any(|name| names.contains(name)));
            found.map(|field| field.name.to_string()).collect()
        };
        // A goal before the round is about what the invariants say; one after it, about what the round reads.
        let rounds = condition.hypotheses.iter().filter(|h| h.label.starts_with("round ")).map(|h| h.formula);
        Uses {
            used: fields(&rounds.chain([condition.goal]).collect::<Vec<_>>()),
            aimed: fields(&[condition.goal]),
            parts: parts.iter().map(|&part| fields(&[part])).collect(),
        }
    }
    fn unmentioned(&self) -> Vec<String> {
        self.used.iter().filter(|field| !self.parts.iter().any(|part| part.contains(field))).cloned().collect()
    }
    fn unrelated(&self) -> Vec<(String, String)> {
        let pairs = self.aimed.iter().flat_map(|a| self.used.iter().map(move |b| (a, b)));
        let wanted = |(a, b): &(&String, &String)| {
            (a < b || !self.aimed.contains(b)) && a != b && !self.parts.iter().any(|part| part.contains(a) && part.contains(b))
        };
        pairs.filter(wanted).map(|(a, b)| (a.clone(), b.clone())).collect()
    }
}
