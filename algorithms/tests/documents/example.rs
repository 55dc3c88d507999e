//! A user's own crate, `examples/token`, outside the workspace: it builds, and the commands that the book shows of it print what is shown.
//!
//! It is built into the target folder of this build, so the libraries that both use are compiled once; our own crates are compiled again
//! (Cargo tells path dependencies of another workspace apart), unoptimised, for the commands shown take no time.

use crate::markdown::{blocks, documents, root};
use crate::session::Session;
use std::path::PathBuf;
use std::process::Command;

/// What the example compiles again.
const OURS: [&str; 7] = ["heardof", "heardof-core", "heardof-macros", "heardof-check", "heardof-node", "heardof-net", "heardof-cli"];

/// Builds the example and returns its program.
fn build() -> PathBuf {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("..");
    let folder = root().join("examples/token");
    // The versions of the workspace: they are on this machine, and compiled.
    std::fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).expect("the example's folder is writable");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--manifest-path"]).arg(folder.join("Cargo.toml")).arg("--target-dir").arg(&target);
    let profile = ["profile.dev.debug='line-tables-only'", "profile.dev.package.'*'.opt-level=2"].map(String::from);
    let ours = OURS.iter().map(|name| format!("profile.dev.package.{name}.opt-level=0"));
    for setting in profile.into_iter().chain(ours) {
        cargo.args(["--config", &setting]);
    }
    let built = cargo.output().expect("cargo runs: it runs this test");
    assert!(built.status.success(), "{cargo:?}\n{}", String::from_utf8_lossy(&built.stderr));
    target.join(format!("debug/token{}", std::env::consts::EXE_SUFFIX)).canonicalize().expect("it was built")
}

#[test]
fn the_example_prints_what_the_book_shows() {
    let token = build();
    let program = |line: &str| {
        let words = line.strip_prefix("cargo run --release -- ").or_else(|| line.strip_prefix("cargo run -- "))?;
        Some((token.clone(), words.split_whitespace().map(String::from).collect()))
    };
    let mut shown = vec![];
    for document in documents() {
        let mut session = Session::new(&document, &program);
        for block in blocks(&document).iter().filter(|b| b.says("token")) {
            shown.extend(block.commands().iter().filter(|(_, c, _)| program(c).is_some()).map(|(_, c, _)| c.to_string()));
            session.run(block);
        }
        assert!(session.problems.is_empty(), "\n{}", session.problems.join("\n"));
    }
    for command in ["list", "check", "explain", "cluster"] {
        assert!(shown.iter().any(|s| s.contains(&format!("-- {command}"))), "the book does not show `{command}` of the example");
    }
}
