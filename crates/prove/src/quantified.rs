//! Conditions without cardinalities, handed to the solver as they are, quantifiers and all.
//!
//! Chains of ∀∃ without counting ("every value was somebody's input") are what solvers do well by themselves and ground instantiation
//! does badly. Hypotheses that count are left out, which only makes the condition harder: `unsat` is still a proof.
//!
//! Worked example: `∀i ∃j. x(i) = x0(j)` becomes
//! `(forall ((i0 Process)) (exists ((j1 Process)) (= (f_x i0) (f_x0 j1))))`.

use crate::ground::{Key, integer, sort_name};
use crate::solver::{Answer, Solver, SolverError};
use crate::term::{Node, Sort, Term, Terms};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Whether the formulas without cardinalities among `assumptions` have no model; the last is the negated goal and has to be one.
/// `None` when the goal counts.
///
/// # Errors
/// When the solver died.
pub fn refute(terms: &Terms, assumptions: &[Term], solver: &mut Solver) -> Result<Option<Answer>, SolverError> {
    let goal = assumptions.last().copied();
    if goal.is_none_or(|g| !expressible(terms, g)) {
        return Ok(None);
    }
    let mut declared = BTreeSet::new();
    let mut text = String::new();
    for &formula in assumptions.iter().filter(|&&f| expressible(terms, f)) {
        declare(terms, formula, &mut declared, &mut text);
        text.push_str("(assert ");
        write(terms, formula, &mut text);
        text.push_str(")\n");
    }
    solver.send(&text);
    solver.check().map(Some)
}

/// Neither cardinalities nor quantified sets.
pub fn expressible(terms: &Terms, formula: Term) -> bool {
    fn plain(terms: &Terms, term: Term, seen: &mut BTreeSet<Term>) -> bool {
        if !seen.insert(term) {
            return true;
        }
        let own = match terms.node(term) {
            Node::Card(_) | Node::Comprehension(..) => false,
            Node::Forall(vars, _) | Node::Exists(vars, _) => vars.iter().all(|&v| terms.variable_sort(v).element().is_none()),
            Node::Member(_, set) => matches!(terms.node(*set), Node::App(..)),
            Node::App(fun, _) => terms.symbol(*fun).name != "n",
            _ => true,
        };
        own && terms.children(term).into_iter().all(|c| plain(terms, c, seen))
    }
    plain(terms, formula, &mut BTreeSet::new())
}

fn declare(terms: &Terms, term: Term, declared: &mut BTreeSet<String>, out: &mut String) {
    let (key, of) = match *terms.node(term) {
        Node::App(fun, _) if terms.sort(term).element().is_none() => (Some(Key::Function(fun)), fun),
        Node::Member(_, set) => match terms.node(set) {
            Node::App(fun, _) => (Some(Key::Member(*fun)), *fun),
            node => unreachable!("membership in {node:?}"),
        },
        _ => (None, crate::term::Fun(0)),
    };
    if let Some(key) = key {
        let symbol = terms.symbol(of);
        let mut sorts = symbol.arguments.clone();
        let mut result = symbol.result;
        if let Key::Member(_) = key {
            sorts.insert(0, symbol.result.element().expect("a set"));
            result = Sort::Bool;
        }
        for &sort in sorts.iter().chain([&result]) {
            let name = sort_name(sort);
            if matches!(sort, Sort::Process | Sort::Opaque(_)) && declared.insert(format!("sort {name}")) {
                let _ = writeln!(out, "(declare-sort {name} 0)");
            }
        }
        let name = symbol_name(terms, key);
        if declared.insert(name.clone()) {
            let sorts: Vec<String> = sorts.into_iter().map(sort_name).collect();
            let _ = writeln!(out, "(declare-fun {name} ({}) {})", sorts.join(" "), sort_name(result));
        }
    }
    for sort in bound_sorts(terms, term) {
        let name = sort_name(sort);
        if matches!(sort, Sort::Process | Sort::Opaque(_)) && declared.insert(format!("sort {name}")) {
            let _ = writeln!(out, "(declare-sort {name} 0)");
        }
    }
    terms.children(term).into_iter().for_each(|c| declare(terms, c, declared, out));
}

fn bound_sorts(terms: &Terms, term: Term) -> Vec<Sort> {
    match terms.node(term) {
        Node::Forall(vars, _) | Node::Exists(vars, _) => vars.iter().map(|&v| terms.variable_sort(v)).collect(),
        _ => Vec::new(),
    }
}

fn symbol_name(terms: &Terms, key: Key) -> String {
    match key {
        Key::Function(fun) => format!("f_{}", terms.symbol(fun).name),
        Key::Card(fun) => format!("card_{}", terms.symbol(fun).name),
        Key::Member(fun) => format!("in_{}", terms.symbol(fun).name),
    }
}

fn write(terms: &Terms, term: Term, out: &mut String) {
    let head = match terms.node(term) {
        Node::Bool(value) => return out.push_str(if *value { "true" } else { "false" }),
        Node::Int(value) => return out.push_str(&integer(*value)),
        Node::Var(v) => return out.push_str(&format!("v{}", v.0)),
        Node::App(fun, list) if list.is_empty() => return out.push_str(&symbol_name(terms, Key::Function(*fun))),
        Node::App(fun, _) => symbol_name(terms, Key::Function(*fun)),
        Node::Member(e, set) => {
            let Node::App(fun, arguments) = terms.node(*set) else { unreachable!("expressible") };
            out.push_str(&format!("({} ", symbol_name(terms, Key::Member(*fun))));
            write(terms, *e, out);
            for &a in arguments.iter() {
                out.push(' ');
                write(terms, a, out);
            }
            return out.push(')');
        }
        Node::Forall(vars, _) | Node::Exists(vars, _) => {
            let head = if matches!(terms.node(term), Node::Forall(..)) { "forall" } else { "exists" };
            let binders: Vec<String> = vars.iter().map(|&v| format!("(v{} {})", v.0, sort_name(terms.variable_sort(v)))).collect();
            format!("{head} ({})", binders.join(" "))
        }
        Node::Not(_) => "not".into(),
        Node::And(_) => "and".into(),
        Node::Or(_) => "or".into(),
        Node::Ite(..) => "ite".into(),
        Node::Eq(..) => "=".into(),
        Node::Le(..) => "<=".into(),
        Node::Lt(..) => "<".into(),
        Node::Add(_) => "+".into(),
        Node::Mul(k, _) => format!("* {}", integer(*k)),
        node => unreachable!("expressible: {node:?}"),
    };
    out.push('(');
    out.push_str(&head);
    for child in terms.children(term) {
        out.push(' ');
        write(terms, child, out);
    }
    out.push(')');
}
