//! The specification: communication predicates, properties, invariants by boundary, the ladder of progress, definitions.

use super::formula::{Level, Meaning, Notation};
use super::layout::{Doc, cat, text};
use super::steps::Page;
use super::{of_spec, round_number, scope};
use crate::ir::{Algorithm, Boundary, Expr, Function, Kind, Node, SpecText};

/// The body of a function as a formula.
pub(super) fn function_body(notation: &Notation<'_>, f: &Function) -> Doc {
    match &f.body {
        Ok(body) => notation.at(body, Level::Any),
        Err(reason) => text(format!("native code: {reason}")),
    }
}

/// The formula of a specification function.
pub(super) fn body(algorithm: &Algorithm, spec: &SpecText) -> Doc {
    function_body(&of_spec(algorithm, spec), &spec.function)
}

/// `name: formula`, with the documentation above it.
fn entry(page: &mut Page, indent: usize, algorithm: &Algorithm, spec: &SpecText) {
    page.line(indent, text(format!("{}:", spec.name)));
    if !spec.doc.is_empty() {
        page.prose(indent + 1, &format!("“{}”", spec.doc));
    }
    page.line(indent + 1, body(algorithm, spec));
}

fn joined(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

pub(super) fn specification(page: &mut Page, algorithm: &Algorithm) {
    predicates(page, algorithm);
    good_phases(page, algorithm);
    properties(page, algorithm);
    invariants(page, algorithm);
    lemmas(page, algorithm);
    ladder(page, algorithm);
}

fn of_kind(algorithm: &Algorithm, test: impl Fn(&Kind) -> bool) -> Vec<&SpecText> {
    algorithm.specs.iter().filter(|s| test(&s.kind)).collect()
}

fn predicates(page: &mut Page, algorithm: &Algorithm) {
    let safety = of_kind(algorithm, |k| *k == Kind::Safety);
    if safety.is_empty() {
        page.line(0, text("Communication predicate for safety: none; any messages may be missing in any round"));
        page.blank();
        return;
    }
    let blocks = |e: &Expr| matches!(&e.node, Node::Variant(name, _) if name == "Progress::Block");
    let waits = algorithm.rounds.iter().all(|r| r.ready.as_ref().is_some_and(|f| f.body.as_ref().is_ok_and(|body| body.any(&blocks))));
    let basis = if waits { "enforced by waiting in every round" } else { "assumed of the network" };
    page.line(0, text(format!("Communication predicate for safety, in every round ({basis}):")));
    safety.into_iter().for_each(|spec| entry(page, 1, algorithm, spec));
    page.blank();
}

fn good_phases(page: &mut Page, algorithm: &Algorithm) {
    let liveness = of_kind(algorithm, |k| matches!(k, Kind::Liveness { .. }));
    grouped(page, algorithm, "Communication predicate for liveness, a good phase:", liveness, |spec| {
        let Kind::Liveness { rounds, stage } = &spec.kind else { return in_rounds(&[]) };
        let place = in_rounds(rounds);
        stage.map_or_else(|| place.clone(), |stage| format!("{place}, for stage {stage}"))
    });
}

fn in_rounds(rounds: &[String]) -> String {
    match rounds {
        [] => "in every round".to_string(),
        rounds => format!("in {}", joined(rounds)),
    }
}

/// A section with a heading for each `place`.
fn grouped(page: &mut Page, algorithm: &Algorithm, title: &str, specs: Vec<&SpecText>, place: impl Fn(&SpecText) -> String) {
    if specs.is_empty() {
        return;
    }
    page.line(0, text(title));
    let mut groups: Vec<(String, Vec<&SpecText>)> = vec![];
    for spec in specs {
        let head = place(spec);
        match groups.iter_mut().find(|(h, _)| *h == head) {
            Some((_, specs)) => specs.push(spec),
            None => groups.push((head, vec![spec])),
        }
    }
    for (head, specs) in groups {
        page.line(1, text(format!("{head}:")));
        specs.into_iter().for_each(|spec| entry(page, 2, algorithm, spec));
    }
    page.blank();
}

fn properties(page: &mut Page, algorithm: &Algorithm) {
    for problem in &algorithm.problems {
        page.line(0, text(format!("Problem: {problem}")));
        let claimed = |s: &&SpecText| s.problem.as_ref() == Some(problem) && matches!(s.kind, Kind::Property | Kind::Termination);
        algorithm.specs.iter().filter(claimed).for_each(|spec| entry(page, 1, algorithm, spec));
        page.blank();
    }
    let own = |s: &&SpecText| {
        let listed = s.problem.as_ref().is_some_and(|p| algorithm.problems.contains(p));
        !listed && matches!(s.kind, Kind::Property | Kind::Termination)
    };
    let own: Vec<&SpecText> = algorithm.specs.iter().filter(own).collect();
    if !own.is_empty() {
        page.line(0, text("Properties"));
        own.into_iter().for_each(|spec| entry(page, 1, algorithm, spec));
        page.blank();
    }
}

fn lemmas(page: &mut Page, algorithm: &Algorithm) {
    let lemmas = of_kind(algorithm, |k| matches!(k, Kind::Lemma { .. }));
    grouped(page, algorithm, "Lemmas:", lemmas, |spec| match &spec.kind {
        Kind::Lemma { rounds } => in_rounds(rounds),
        _ => in_rounds(&[]),
    });
}

fn invariants(page: &mut Page, algorithm: &Algorithm) {
    let first: Vec<String> = algorithm.rounds.iter().take(1).map(|r| r.name.clone()).collect();
    let mut groups: Vec<(Vec<String>, Vec<&SpecText>)> = vec![];
    let mut always = vec![];
    for spec in &algorithm.specs {
        let Kind::Invariant(boundary) = &spec.kind else { continue };
        let rounds = match boundary {
            Boundary::Always => {
                always.push(spec);
                continue;
            }
            Boundary::Phase => first.clone(),
            Boundary::Before(rounds) => rounds.clone(),
        };
        match groups.iter_mut().find(|(r, _)| *r == rounds) {
            Some((_, specs)) => specs.push(spec),
            None => groups.push((rounds, vec![spec])),
        }
    }
    if always.is_empty() && groups.is_empty() {
        return;
    }
    let place = |name: &String| algorithm.rounds.iter().position(|r| r.name == *name);
    groups.sort_by_key(|(rounds, _)| rounds.iter().map(place).collect::<Vec<_>>());
    page.line(0, text("Invariants"));
    if !always.is_empty() {
        page.line(1, text("always:"));
        always.into_iter().for_each(|spec| entry(page, 2, algorithm, spec));
    }
    for (rounds, specs) in groups {
        let number = |name: &String| match place(name) {
            Some(k) if algorithm.rounds.len() > 1 => format!("{name} (r = {})", round_number(algorithm, k)),
            _ => name.clone(),
        };
        page.line(1, text(format!("before {}:", joined(&rounds.iter().map(number).collect::<Vec<_>>()))));
        specs.into_iter().for_each(|spec| entry(page, 2, algorithm, spec));
    }
    page.blank();
}

fn ladder(page: &mut Page, algorithm: &Algorithm) {
    let stages = of_kind(algorithm, |k| matches!(k, Kind::Progress { .. }));
    let stage_of = |s: &SpecText| if let Kind::Progress { stage, .. } = s.kind { stage } else { 0 };
    let last = stages.iter().map(|s| stage_of(s)).max().unwrap_or(0);
    if last == 0 {
        return;
    }
    let phases = if last == 1 { "one good phase".to_string() } else { format!("{last} good phases") };
    page.line(0, text(format!("Progress: {phases} at most")));
    for stage in 1..=last {
        let from = if stage == 1 { "the invariants".to_string() } else { format!("stage {}", stage - 1) };
        page.line(1, text(format!("stage {stage}, from {from} by one good phase:")));
        for spec in stages.iter().filter(|s| stage_of(s) == stage) {
            let Kind::Progress { before, .. } = &spec.kind else { continue };
            let place = if before.is_empty() { "at its end".to_string() } else { format!("before {}", joined(before)) };
            page.line(2, text(format!("{place}, {}:", spec.name)));
            if !spec.doc.is_empty() {
                page.prose(3, &format!("“{}”", spec.doc));
            }
            page.line(3, body(algorithm, spec));
        }
    }
    page.blank();
}

/// Helpers that are not printed where they are called.
pub(super) fn definitions(page: &mut Page, algorithm: &Algorithm) {
    let mentioned = |name: &str| {
        let calls = |e: &Expr| matches!(&e.node, Node::Call(n, _) | Node::Method(n, ..) if n == name);
        algorithm.all_functions().any(|f| f.body.as_ref().is_ok_and(|body| body.any(&calls)))
    };
    let short = |f: &Function| f.params.first().is_some_and(|p| p == "self") && f.body.as_ref().is_ok_and(super::methods::is_inlined);
    let long: Vec<&Function> = algorithm.functions.iter().filter(|f| mentioned(&f.name) && !short(f)).collect();
    let of_specs: Vec<&SpecText> = of_kind(algorithm, |k| *k == Kind::Helper).into_iter().filter(|s| mentioned(&s.name)).collect();
    if long.is_empty() && of_specs.is_empty() {
        return;
    }
    page.line(0, text("Definitions"));
    for f in long {
        let own = f.params.first().is_some_and(|p| p == "self");
        let meanings = if own { scope(f, [Meaning::State("", "p".into())]) } else { vec![] };
        let (name, rest) = if own { (format!("{}_p", f.name), &f.params[1..]) } else { (f.name.clone(), &f.params[..]) };
        let name = if own && rest.is_empty() { name } else { format!("{name}({})", rest.join(", ")) };
        page.line(1, cat([text(format!("{name} = ")), function_body(&Notation::new(algorithm, meanings), f)]));
    }
    for spec in of_specs {
        page.line(1, cat([text(format!("{}({}) = ", spec.name, spec.function.params.join(", "))), body(algorithm, spec)]));
    }
    page.blank();
}

/// The signs that a reader may not know, as far as the page uses them.
pub(super) fn legend(page: &mut Page) {
    const SIGNS: [(&str, &str); 8] = [
        ("⊥", "⊥: no value"),
        ("mb_p", "mb_p: the messages that p received in this round, by sender; dom(mb_p) ⊆ HO(p)"),
        ("⁰", "x⁰: the value at the start"),
        ("′", "x′: the value one round later"),
        ("coin_", "coin_p: the coin of p in this round"),
        ("K(<r)", "K(<r): the processes that everybody heard in every earlier round"),
        ("∈ K\n", "K: the kernel of this round, ∩ HO(p)"),
        ("state_", "state_p: all variables of p"),
    ];
    let known: Vec<&str> = SIGNS.iter().filter(|(sign, _)| page.out.contains(sign)).map(|(_, what)| *what).collect();
    if !known.is_empty() {
        page.line(0, text("Notation"));
        known.into_iter().for_each(|what| page.prose(1, what));
    }
}
