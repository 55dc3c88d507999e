//! The book is whole, and shows nothing that is not so.
//!
//! Its commands are tested by `commands.rs` and `example.rs`, its Rust by the doc tests of `heardof-cli`. Here: every chapter is in the
//! summary and in the doc tests, every message of the compiler is one of the golden files of `crates/heardof/tests/fail`, every link
//! inside the project leads somewhere, and files shown in full are as they are.

use crate::markdown::{blocks, documents, root};
use std::fs;
use std::path::Path;

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_chapter_is_in_the_summary_and_compiled() {
    let (summary, compiled) = (read("docs/book/src/SUMMARY.md"), read("crates/cli/src/book.rs"));
    for document in documents().iter().filter(|d| !d.ends_with("SUMMARY.md")) {
        let name = document.rsplit('/').next().unwrap_or_default();
        assert!(name == "README.md" || summary.contains(&format!("({name})")), "{document} is not in SUMMARY.md");
        assert!(compiled.contains(&format!("/{document}\"")), "{document} is not among the doc tests of crates/cli/src/book.rs");
    }
}

#[test]
fn messages_of_the_compiler_are_real() {
    let mut shown = 0;
    for document in documents() {
        for block in blocks(&document) {
            let Some(name) = block.info().get(1).filter(|name| name.ends_with(".stderr")) else { continue };
            let golden = read(Path::new("crates/heardof/tests/fail").join(name));
            let text = block.text().join("\n");
            let (whole, text) = match text.strip_suffix("\n...") {
                Some(start) => (false, start),
                None => (true, text.as_str()),
            };
            assert!(
                golden.starts_with(text) && (!whole || golden.trim_end() == text),
                "{document}: {name} says something else now:\n{golden}"
            );
            shown += 1;
        }
    }
    assert!(shown > 4, "only {shown} messages: are they still marked?");
}

#[test]
fn texts_shown_in_full_are_those_of_the_files() {
    let without_head = |path: &str| read(path).lines().filter(|l| !l.starts_with("//!")).collect::<Vec<_>>().join("\n").trim().to_string();
    let rust = |document: &str| -> Vec<String> {
        blocks(document)
            .iter()
            .filter(|b| b.info().first().is_some_and(|word| word.starts_with("rust")))
            .map(|b| b.text().join("\n"))
            .collect()
    };
    let shown = rust("docs/book/src/one-third-rule.md").concat();
    assert!(shown.contains(&without_head("algorithms/src/one_third_rule.rs")), "the chapter shows another One-Third Rule");
    let token = without_head("examples/token/src/main.rs");
    let shown = rust("docs/book/src/your-own-crate.md").concat();
    assert!(shown.contains(&token), "the chapter shows another example");
}

#[test]
fn the_subset_is_told_in_full() {
    let chapter = read("docs/book/src/rust-subset.md");
    let table = read("crates/macros/src/lower/builtins.rs");
    let methods = table.split("pub const METHODS").nth(1).and_then(|rest| rest.split("];").next()).expect("the table of methods");
    let names: Vec<&str> = methods.lines().filter_map(|l| l.trim().strip_prefix("(\"")?.split('"').next()).collect();
    assert!(names.len() > 50, "the table has another form now");
    let missing: Vec<_> = names.iter().filter(|n| !chapter.contains(&format!("`{n}`")) && !chapter.contains(&format!("`{n}("))).collect();
    assert!(missing.is_empty(), "the chapter does not name {missing:?}");
}

#[test]
fn links_lead_somewhere() {
    for document in documents() {
        let folder = Path::new(&document).parent().unwrap_or(Path::new("")).to_path_buf();
        for target in read(&document).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            let inside = !file.is_empty() && !file.contains("://") && !file.contains(' ');
            assert!(!inside || root().join(&folder).join(file).exists(), "{document}: nothing at {target}");
        }
    }
}
