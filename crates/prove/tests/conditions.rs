//! All conditions of the algorithms, as text: what changes in the lowering shows here.
//!
//! `BLESS=1 cargo test -p heardof-prove --test conditions` writes the files anew.

use heardof_algorithms::{
    Ate, BenOr, ByzantineBenOr, FloodMin, KSetFloodMin, LastVoting, LatticeAgreement, OneThirdRule, TwoPhaseCommit, UniformVoting, Ute,
};
use heardof_core::Set;
use heardof_core::describe::describe;
use heardof_core::ir::Algorithm;
use heardof_prove::lower::lower;
use heardof_prove::term::{Node, Term, Terms};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// A formula with its variables numbered in the order in which they occur, so that it does not depend on what was lowered before.
fn shown(terms: &Terms, formula: Term) -> String {
    let (mut seen, mut labels) = (BTreeSet::new(), BTreeMap::new());
    variables(terms, formula, &mut seen, &mut labels);
    let (mut out, mut order) = (String::new(), BTreeMap::new());
    let text = terms.show(formula);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let word = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (token, after) = rest.split_at(if word == 0 { rest.chars().next().map_or(1, char::len_utf8) } else { word });
        match labels.get(token) {
            Some(name) => {
                let next = order.len() + 1;
                let number = *order.entry(token).or_insert(next);
                let _ = write!(out, "{name}{number}");
            }
            None => out.push_str(token),
        }
        rest = after;
    }
    out
}

/// The labels of the bound variables of a formula, with their names.
fn variables(terms: &Terms, t: Term, seen: &mut BTreeSet<Term>, out: &mut BTreeMap<String, String>) {
    if !seen.insert(t) {
        return;
    }
    if let Node::Var(v) = terms.node(t) {
        out.insert(terms.show(t), terms.variable_name(*v).to_string());
    }
    terms.children(t).into_iter().for_each(|c| variables(terms, c, seen, out));
}

/// Symbols, then every condition: its hypotheses by label and number, its goal. A formula is written where it first occurs.
fn listing(algorithm: &Algorithm) -> String {
    let problem = lower(algorithm);
    let (mut out, mut formulas) = (String::new(), vec![]);
    for (_, symbol) in problem.terms.symbols() {
        let arguments: Vec<String> = symbol.arguments.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "symbol {} : {} -> {} ({:?})", symbol.name, arguments.join(" "), symbol.result, symbol.role);
    }
    for condition in &problem.conditions {
        let _ = writeln!(out, "\n{} ({:?})", condition.name, condition.kind);
        for hypothesis in &condition.hypotheses {
            let (number, text) = match formulas.iter().position(|f| *f == hypothesis.formula) {
                Some(number) => (number, String::new()),
                None => {
                    formulas.push(hypothesis.formula);
                    (formulas.len() - 1, format!(": {}", shown(&problem.terms, hypothesis.formula)))
                }
            };
            let _ = writeln!(out, "  {} [{number}]{text}", hypothesis.label);
        }
        let _ = writeln!(out, "  => {}", shown(&problem.terms, condition.goal));
    }
    for name in &problem.assumed {
        let _ = writeln!(out, "\nassumed {name}");
    }
    for gap in &problem.uncovered {
        let _ = writeln!(out, "\nuncovered {gap}");
    }
    out
}

#[expect(clippy::panic, reason = "a test says what differs")]
fn golden(algorithm: &Algorithm) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testdata/conditions/{}.txt", algorithm.name));
    let found = listing(algorithm);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &found).expect("the file can be written");
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    for (number, (found, wanted)) in found.lines().zip(wanted.lines()).enumerate() {
        assert_eq!(found, wanted, "{}:{}; BLESS=1 writes the file anew", path.display(), number + 1);
    }
    if found.lines().count() != wanted.lines().count() {
        panic!("{} has {} lines, not {}", path.display(), wanted.lines().count(), found.lines().count());
    }
}

#[test]
fn one_third_rule() {
    golden(&describe::<OneThirdRule<u64>>().expect("a description"));
}

#[test]
fn last_voting() {
    golden(&describe::<LastVoting<u64>>().expect("a description"));
}

#[test]
fn uniform_voting() {
    golden(&describe::<UniformVoting<u64>>().expect("a description"));
}

#[test]
fn ben_or() {
    golden(&describe::<BenOr>().expect("a description"));
}

#[test]
fn flood_min() {
    golden(&describe::<FloodMin<u64>>().expect("a description"));
}

#[test]
fn k_set_flood_min() {
    golden(&describe::<KSetFloodMin<u64>>().expect("a description"));
}

#[test]
fn ate() {
    golden(&describe::<Ate<u64>>().expect("a description"));
}

#[test]
fn ute() {
    golden(&describe::<Ute<u64>>().expect("a description"));
}

#[test]
fn byzantine_ben_or() {
    golden(&describe::<ByzantineBenOr>().expect("a description"));
}

#[test]
fn lattice_agreement() {
    golden(&describe::<LatticeAgreement<Set<u64>>>().expect("a description"));
}

#[test]
fn two_phase_commit() {
    golden(&describe::<TwoPhaseCommit>().expect("a description"));
}
