//! The printer in the papers' notation: what a reader of Charron-Bost & Schiper (2009) recognises.
//!
//! [`explain`] prints a whole algorithm from its text: state, initialization, `S_p^r` and `T_p^r` of every round, communication
//! predicates, properties, invariants and the ladder of progress. [`explain_expr`] prints one formula, for reports.
//!
//! `formula` and `methods` print expressions, `steps` functions of the process, `sections` the specification, `layout` breaks lines.
//!
//! Worked example: the update of One-Third Rule is printed as
//!
//! ```text
//! T_p^r:
//!     if |mb_p| > 2n/3 and v is the smallest most often received value then
//!         if |{q : mb_p(q) = v}| > 2n/3 then
//!             decision_p := v
//!         x_p := v
//! ```

mod formula;
mod layout;
mod methods;
mod sections;
mod steps;

use super::{Algorithm, Expr, Function, Kind, Node, Round, SpecText};
use crate::datum::Sort;
use formula::{Level, Meaning, Notation, symbol};
use layout::{cat, text};
use steps::Page;

/// The widest line, in columns.
const WIDTH: usize = 110;
/// Columns of one step of indentation.
const INDENT: usize = 4;

/// The algorithm and its specification in the papers' notation.
pub fn explain(algorithm: &Algorithm) -> String {
    let mut page = Page::default();
    header(&mut page, algorithm);
    state(&mut page, algorithm);
    initialization(&mut page, algorithm);
    for k in 0..algorithm.rounds.len() {
        round(&mut page, algorithm, k);
    }
    sections::specification(&mut page, algorithm);
    sections::definitions(&mut page, algorithm);
    sections::legend(&mut page);
    page.out
}

/// Where an expression stands: it says what the variables in it mean.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// In a function of the specification.
    Spec(&'a SpecText),
    /// In `update` of a round (or in another function with the same names).
    Round(&'a Round),
    /// Nowhere in particular: variables are printed by their names.
    Anywhere,
}

/// One expression of the text in the papers' notation, on one line.
pub fn explain_expr(algorithm: &Algorithm, place: Place<'_>, e: &Expr) -> String {
    let notation = match place {
        Place::Spec(spec) => of_spec(algorithm, spec),
        Place::Round(round) => of_update(algorithm, round, &round.update),
        Place::Anywhere => Notation::new(algorithm, vec![]),
    };
    notation.at(e, Level::Any).flat()
}

/// Round `k` of the phase as a number of the papers: `4φ + 1`.
fn round_number(algorithm: &Algorithm, k: usize) -> String {
    match algorithm.rounds.len() {
        1 => format!("φ + {}", k + 1),
        len => format!("{len}φ + {}", k + 1),
    }
}

/// The names of the parameters of a function, each with what it stands for.
fn scope<const N: usize>(f: &Function, meanings: [Meaning; N]) -> Vec<(String, Meaning)> {
    f.params.iter().cloned().zip(meanings).collect()
}

fn process() -> Meaning {
    Meaning::State("", "p".into())
}

fn of_send<'a>(algorithm: &'a Algorithm, round: &Round) -> Notation<'a> {
    Notation::new(algorithm, scope(&round.send, [process(), Meaning::Context]))
}

fn of_update<'a>(algorithm: &'a Algorithm, round: &Round, f: &Function) -> Notation<'a> {
    let mut notation = Notation::new(algorithm, scope(f, [process(), Meaning::Mailbox, Meaning::Context]));
    notation.components = components(round);
    if let Ok(body) = &f.body {
        let mut places = vec![];
        body.walk(&mut |e| {
            if let Node::Set(place, _) = &e.node {
                places.push(notation.at(place, Level::Any).flat());
            }
        });
        notation.assigned = places;
    }
    notation
}

/// The components of a message, called as the fields that are sent: ⟨x, ts⟩ for `(p.x, p.ts)`.
fn components(round: &Round) -> Vec<String> {
    let mut found = vec![];
    if let Ok(body) = &round.send.body {
        body.walk(&mut |e| {
            if let Node::Call(_, args) = &e.node
                && let Some(Node::Tuple(parts)) = args.last().map(|m| &m.node)
            {
                let names = parts.iter().enumerate().map(|(k, part)| match &part.node {
                    Node::Field(_, name) => name.clone(),
                    _ => k.to_string(),
                });
                found = names.collect();
            }
        });
    }
    found
}

/// What the parameters of a specification function stand for, by its kind.
fn of_spec<'a>(algorithm: &'a Algorithm, spec: &SpecText) -> Notation<'a> {
    const HEARD_ONLY: [&str; 7] = ["of", "safe", "secure_kernel", "kernel_before", "uniform", "min_len", "coin"];
    let f = &spec.function;
    let first_is_heard = f.body.as_ref().is_ok_and(|body| {
        body.any(&|e| match &e.node {
            Node::Method(name, of, _) => {
                HEARD_ONLY.contains(&name.as_str()) && matches!(&of.node, Node::Var(v) if Some(v) == f.params.first())
            }
            _ => false,
        })
    });
    let meanings = match (&spec.kind, f.params.len()) {
        (Kind::Resilience, _) => [Meaning::Term("n".into()), Meaning::Parameters],
        (Kind::Safety | Kind::Liveness { .. }, 2) if !first_is_heard => [Meaning::System(""), Meaning::Heard("")],
        (Kind::Safety | Kind::Liveness { .. }, _) => [Meaning::Heard(""), Meaning::Heard("′")],
        _ => [Meaning::System(""), Meaning::System("′")],
    };
    Notation::new(algorithm, scope(f, meanings))
}

/// Whether some function of the text asks for the coordinator.
fn has_coordinator(algorithm: &Algorithm) -> bool {
    let asks = |e: &Expr| matches!(&e.node, Node::Method(name, ..) if name == "coordinator" || name == "is_coordinator");
    algorithm.coordinator.is_some() || algorithm.all_functions().any(|f| f.body.as_ref().is_ok_and(|body| body.any(&asks)))
}

fn header(page: &mut Page, algorithm: &Algorithm) {
    page.prose(0, &format!("Algorithm {} ({})", algorithm.type_name, algorithm.name));
    if !algorithm.doc.is_empty() {
        page.prose(1, &algorithm.doc);
    }
    page.blank();
    let per_phase = match algorithm.rounds.len() {
        1 => "one round a phase".to_string(),
        k => format!("{k} rounds a phase"),
    };
    page.line(0, text(format!("Processes: Π = {{0, .., n − 1}}; rounds r = 1, 2, ..; {per_phase}, phases φ = 0, 1, ..")));
    for (name, bounds, _) in &algorithm.generics {
        let order = if bounds.contains("Ord") { ", totally ordered" } else { "" };
        page.line(0, text(format!("Values: {name}{order}")));
    }
    if let Sort::Struct(_, fields) = &algorithm.parameters {
        let each: Vec<String> = fields.iter().map(|(name, s)| format!("{} ∈ {}", symbol(name), sort(algorithm, s))).collect();
        page.line(0, text(format!("Parameters: {}", each.join(", "))));
    }
    for spec in algorithm.specs.iter().filter(|s| s.kind == Kind::Resilience) {
        let body = sections::body(algorithm, spec);
        page.line(0, cat([text("Resilience: "), body, text(format!("   ({})", spec.name))]));
    }
    if has_coordinator(algorithm) {
        page.line(0, cat([text("Coordinator: Coord(φ) = "), coordinator(algorithm)]));
    }
    page.line(0, cat([text("Faults: "), faults(algorithm)]));
    if algorithm.request != Sort::Unit {
        page.line(0, text(format!("Requests: request_p ∈ {} ∪ {{⊥}}", sort(algorithm, &algorithm.request))));
    }
    if algorithm.rounds.iter().any(|r| r.ready.is_none()) {
        page.prose(0, "Rounds are left when everybody was heard, or at the deadline, unless they say otherwise.");
    }
    page.blank();
}

fn coordinator(algorithm: &Algorithm) -> layout::Doc {
    match &algorithm.coordinator {
        None => text("φ mod n"),
        Some(f) => {
            let meanings = [Meaning::Term("φ".into()), Meaning::Term("n".into()), Meaning::Parameters];
            sections::function_body(&Notation::new(algorithm, scope(f, meanings)), f)
        }
    }
}

fn faults(algorithm: &Algorithm) -> layout::Doc {
    let Some(f) = &algorithm.faults else { return text("benign; messages are lost or late, processes crash") };
    let notation = Notation::new(algorithm, scope(f, [Meaning::Parameters]));
    match f.body.as_ref().map(|body| &body.node) {
        Ok(Node::Variant(name, fields)) => match (name.as_str(), fields.as_slice()) {
            ("Faults::Benign", _) => text("benign; messages are lost or late, processes crash"),
            ("Faults::Value", [(_, k)]) => {
                let at_most = notation.at(k, Level::Any);
                cat([text("values; |HO(p) ∖ SHO(p)| ≤ "), at_most])
            }
            ("Faults::Byzantine", [(_, k)]) => {
                let at_most = notation.at(k, Level::Any);
                cat([text("Byzantine; at most "), at_most, text(" processes send anything to anybody")])
            }
            _ => sections::function_body(&notation, f),
        },
        _ => sections::function_body(&notation, f),
    }
}

/// A sort as a set.
fn sort(algorithm: &Algorithm, s: &Sort) -> String {
    let inner = |s: &Sort| match s {
        Sort::Option(_) | Sort::Tuple(_) | Sort::Map(..) => format!("({})", sort(algorithm, s)),
        s => sort(algorithm, s),
    };
    let generic = algorithm.generics.iter().find(|(_, _, of)| of == s && !matches!(s, Sort::Unit | Sort::Bool | Sort::Nat));
    if let Some((name, _, _)) = generic {
        return name.clone();
    }
    match s {
        Sort::Unit => "{⟨⟩}".into(),
        Sort::Bool => "{true, false}".into(),
        Sort::Nat | Sort::Phase => "ℕ".into(),
        Sort::Word(name) => (*name).into(),
        Sort::Text => "strings".into(),
        Sort::Pid => "Π".into(),
        Sort::Tuple(sorts) => sorts.iter().map(inner).collect::<Vec<_>>().join(" × "),
        Sort::Option(s) => format!("{} ∪ {{⊥}}", inner(s)),
        Sort::Set(s) => format!("2^{}", inner(s)),
        Sort::Map(k, v) => format!("{} ⇀ {}", inner(k), inner(v)),
        Sort::Struct(name, _) | Sort::Enum(name, _) => (*name).into(),
    }
}

fn state(page: &mut Page, algorithm: &Algorithm) {
    page.line(0, text("State of p:"));
    for field in &algorithm.fields {
        let marks = [(field.output, "output"), (field.ghost, "ghost")];
        let marks: Vec<&str> = marks.iter().filter(|(set, _)| *set).map(|(_, mark)| *mark).collect();
        let marks = if marks.is_empty() { String::new() } else { format!("   ({})", marks.join(", ")) };
        page.line(1, text(format!("{}_p ∈ {}{marks}", symbol(field.name), sort(algorithm, &field.sort))));
    }
    if let Some(f) = &algorithm.halted {
        let body = sections::function_body(&Notation::new(algorithm, scope(f, [process()])), f);
        page.line(1, cat([text("p halts when "), body]));
    }
    page.blank();
}

fn initialization(page: &mut Page, algorithm: &Algorithm) {
    page.line(0, text(format!("Initialization, from input_p ∈ {}:", sort(algorithm, &algorithm.input))));
    let meanings = [Meaning::Term("input_p".into()), Meaning::Context];
    match &algorithm.init.body {
        Ok(body) => Notation::new(algorithm, scope(&algorithm.init, meanings)).statement(page, 1, body),
        Err(reason) => page.prose(1, &format!("native code: {reason}")),
    }
    for spec in algorithm.specs.iter().filter(|s| s.kind == Kind::Initial) {
        page.line(1, cat([text("where "), sections::body(algorithm, spec), text(format!("   ({})", spec.name))]));
    }
    page.blank();
}

fn round(page: &mut Page, algorithm: &Algorithm, k: usize) {
    let round = &algorithm.rounds[k];
    page.line(0, text(format!("Round r = {} ({}):", round_number(algorithm, k), round.name)));
    if !round.doc.is_empty() {
        page.prose(1, &round.doc);
    }
    page.line(1, text("S_p^r:"));
    match &round.send.body {
        Ok(body) => of_send(algorithm, round).sending(page, 2, body),
        Err(reason) => page.prose(2, &format!("native code: {reason}")),
    }
    page.line(1, text("T_p^r:"));
    match &round.update.body {
        Ok(body) if body.node == Node::Unit => page.line(2, text("do nothing")),
        Ok(body) => of_update(algorithm, round, &round.update).statement(page, 2, body),
        Err(reason) => page.prose(2, &format!("native code: {reason}")),
    }
    if let Some(f) = &round.ready {
        page.line(1, of_update(algorithm, round, f).advancing(f));
    }
    page.blank();
}
