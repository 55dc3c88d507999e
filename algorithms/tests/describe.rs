//! Every algorithm has a description: its text prints and parses back to the same tree, and is the golden text in `testdata/ir`.
//!
//! `BLESS=1 cargo test -p heardof-algorithms --test describe` writes the golden texts anew. Places (`@line:column`) are left out of
//! them: moving a function is no change of the algorithm.

use heardof_core::ir::text::{parse_functions, print_function};
use heardof_core::ir::{Algorithm, Expr, Function, Node, Pos};
use std::fmt::Write;
use std::path::Path;

fn algorithms() -> Vec<(Algorithm, bool)> {
    let registry = heardof_algorithms::registry();
    assert!(registry.error().is_none(), "{:?}", registry.error());
    registry.entries().iter().map(|e| (e.machine.algorithm().clone(), e.wrong.is_some())).collect()
}

fn changed(f: &Function, change: impl Fn(&mut Expr)) -> Function {
    let mut f = f.clone();
    if let Ok(body) = &mut f.body {
        body.walk_mut(&mut |e| change(e));
    }
    f
}

#[test]
fn texts_parse_back() {
    let mut functions = 0;
    for (algorithm, _) in algorithms() {
        for f in algorithm.all_functions() {
            // Sorts are inferred from the whole algorithm and not printed.
            let untold = changed(f, |e| {
                if let Node::Lambda(l) = &mut e.node {
                    l.sorts.clear();
                }
            });
            assert_eq!(parse_functions(&print_function(f)), Ok(vec![untold]), "{} of {}", f.name, algorithm.name);
            functions += 1;
        }
    }
    assert!(functions > 100, "only {functions} functions");
}

/// Every closure knows what it ranges over.
#[test]
fn sorts_are_inferred() {
    for (algorithm, _) in algorithms() {
        for body in algorithm.all_functions().filter_map(|f| f.body.as_ref().ok()) {
            body.walk(&mut |e| {
                if let Node::Lambda(l) = &e.node {
                    assert_eq!(l.sorts.len(), l.params.len(), "{}, {}: {l:?}", algorithm.name, e.at);
                }
            });
        }
    }
}

/// Everything of an algorithm but documentation and places.
fn page(a: &Algorithm) -> String {
    let mut out = String::new();
    let mut line = |text: String| writeln!(out, "{text}").expect("a string can be written to");
    let text = |f: &Function| print_function(&changed(f, |e| e.at = Pos::default()));
    line(format!("algorithm {} ({}) solves {}", a.name, a.type_name, a.problems.join(", ")));
    a.generics.iter().for_each(|(name, bounds, sort)| line(format!("generic {name}: {bounds} = {sort}")));
    line(format!("input {}, parameters {}, request {}", a.input, a.parameters, a.request));
    for f in &a.fields {
        line(format!("field {}: {}{}{}", f.name, f.sort, if f.output { " output" } else { "" }, if f.ghost { " ghost" } else { "" }));
    }
    std::iter::once(&a.init).chain(&a.halted).chain(&a.coordinator).chain(&a.faults).for_each(|f| line(text(f)));
    for round in &a.rounds {
        line(format!("\nround {}: {}", round.name, round.message));
        [&round.send, &round.update].into_iter().chain(&round.ready).for_each(|f| line(text(f)));
    }
    line(String::new());
    a.functions.iter().for_each(|f| line(text(f)));
    for spec in &a.specs {
        let problem = spec.problem.as_ref().map_or(String::new(), |p| format!(" of {p}"));
        line(format!("\n{:?} over {:?}{problem}\n{}", spec.kind, spec.speaks, text(&spec.function)));
    }
    out
}

#[test]
fn texts_are_golden() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ir");
    let mut names = vec![];
    for (algorithm, _) in algorithms().into_iter().filter(|(_, wrong)| !wrong) {
        let (path, page) = (folder.join(format!("{}.txt", algorithm.name)), page(&algorithm));
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(&folder).expect("the folder can be made");
            std::fs::write(&path, &page).expect("the golden text can be written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(page, expected, "{}: BLESS=1 cargo test -p heardof-algorithms --test describe", algorithm.name);
        names.push(format!("{}.txt", algorithm.name));
    }
    names.sort();
    let entries = std::fs::read_dir(&folder).expect("there are golden texts");
    let mut there: Vec<String> = entries.map(|e| e.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    there.sort();
    assert_eq!(there, names, "a golden text of no algorithm");
}
