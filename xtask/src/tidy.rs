//! The architecture invariants as tests on the text of the project.
//!
//! Each rule looks at one file or manifest and returns findings; [`run`] walks the tree. A rule that cannot fail is worthless, so the
//! tests below feed every rule a text that breaks it.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A violation: where and what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// A module longer than this is two modules.
const MODULE_LINES: usize = 600;
/// An algorithm with its documentation and specification.
const ALGORITHM_LINES: usize = 250;

/// Which crates of the project a crate may depend on.
const ARROWS: [(&str, &[&str]); 11] = [
    ("core", &[]),
    ("macros", &[]),
    ("heardof", &["heardof-core", "heardof-macros", "heardof-cli"]),
    ("check", &["heardof-core"]),
    ("infer", &["heardof-core", "heardof-check", "heardof-prove"]),
    ("certify", &[]),
    ("node", &["heardof-core"]),
    ("net", &["heardof-core", "heardof-node"]),
    ("sim", &["heardof-core", "heardof-node"]),
    (
        "cli",
        &[
            "heardof-core",
            "heardof-check",
            "heardof-prove",
            "heardof-infer",
            "heardof-certify",
            "heardof-node",
            "heardof-net",
            "heardof-sim",
        ],
    ),
    ("../algorithms", &["heardof", "heardof-cli", "heardof-core", "heardof-check"]),
];

/// Words that only some folders may use: (word, folders where it is at home, why).
const AT_HOME: [(&str, &[&str], &str); 6] = [
    ("TcpListener", &["crates/net/"], "only net opens sockets"),
    ("TcpStream", &["crates/net/"], "only net opens sockets"),
    ("UdpSocket", &["crates/net/"], "only net opens sockets"),
    (
        "Instant::now",
        &["crates/net/", "crates/cli/", "crates/prove/src/clock.rs", "crates/prove/examples/"],
        "time is an argument below the drivers",
    ),
    (
        "Command::new(",
        &["crates/cli/", "crates/prove/src/solver/", "crates/certify/src/script.rs"],
        "only the command line and the solvers' drivers start processes",
    ),
    ("todo!(", &[], "no placeholders"),
];

/// What core must not even name.
const NOT_IN_CORE: [&str; 6] = ["std::time", "std::thread", "std::net", "std::fs", "std::io", "std::env"];

/// All findings in the project at `root`.
pub fn run(root: &Path) -> io::Result<Vec<Finding>> {
    let mut findings = vec![];
    for (name, allowed) in ARROWS {
        let manifest = root.join("crates").join(name).join("Cargo.toml");
        findings.extend(arrows(&relative(root, &manifest), &fs::read_to_string(&manifest)?, allowed));
    }
    for file in rust_files(root)? {
        let text = fs::read_to_string(&file)?;
        findings.extend(source(&relative(root, &file), &text));
    }
    findings.extend(documents(root));
    Ok(findings)
}

fn relative(root: &Path, file: &Path) -> String {
    let shown = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
    shown.replace("crates/../", "")
}

fn rust_files(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![];
    let mut folders = vec![root.join("crates"), root.join("algorithms"), root.join("xtask"), root.join("examples")];
    while let Some(folder) = folders.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The dependencies of a manifest on crates of the project, against those allowed; core and macros may depend on nothing of ours, core
/// on nothing at all.
fn arrows(file: &str, manifest: &str, allowed: &[&str]) -> Vec<Finding> {
    let mut section = "";
    let mut findings = vec![];
    for (k, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
        if section != "[dependencies]" || name.is_empty() || line.starts_with(['[', '#']) {
            continue;
        }
        let ours = name.starts_with("heardof");
        let core = file.starts_with("crates/core/");
        if (ours && !allowed.contains(&name)) || core {
            findings.push(Finding { file: file.into(), line: k + 1, what: format!("`{name}` is not among its arrows in ARCHITECTURE.md") });
        }
    }
    findings
}

/// The rules for one Rust file.
fn source(file: &str, text: &str) -> Vec<Finding> {
    let is_test = file.contains("/tests/") || file.contains("/testdata/");
    let is_algorithm = file.starts_with("algorithms/src/")
        && !["lib.rs", "main.rs", "mod.rs"].iter().any(|f| file.ends_with(f))
        && !file.contains("/bin/");
    let mut findings = vec![];
    let mut report = |line: usize, what: String| findings.push(Finding { file: file.into(), line, what });
    let lines = text.lines().count();
    let limit = if is_algorithm { ALGORITHM_LINES } else { MODULE_LINES };
    if lines > limit && !is_test {
        report(lines, format!("{lines} lines, more than {limit}: split it"));
    }
    for (k, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (word, homes, why) in AT_HOME {
            if code.contains(word) && !homes.iter().any(|h| file.starts_with(h)) && !is_test && !file.starts_with("xtask/") {
                report(k + 1, format!("`{word}`: {why}"));
            }
        }
        if file.starts_with("crates/core/src/") {
            for word in NOT_IN_CORE.iter().filter(|w| code.contains(**w)) {
                report(k + 1, format!("`{word}` in core, which has no clock, thread, file or socket"));
            }
        }
        if file.starts_with("crates/macros/src/") && code.contains("::heardof::") && !code.contains("::heardof::__private") {
            report(k + 1, "macros emit only paths under `::heardof::__private`".into());
        }
        if is_algorithm && code.trim_start().starts_with("use ") && code.trim() != "use heardof::prelude::*;" {
            report(k + 1, "an algorithm imports `heardof::prelude::*` and nothing else".into());
        }
        let names_them = file.starts_with("xtask/");
        if !names_them && (code.contains("#[ignore") || (is_test && code.contains("thread::sleep"))) {
            report(k + 1, "no ignored tests, no sleeping tests".into());
        }
    }
    findings
}

/// The documents every reader looks for.
fn documents(root: &Path) -> Vec<Finding> {
    let wanted = [
        "README.md",
        "ARCHITECTURE.md",
        "STYLE.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "docs/book/src/SUMMARY.md",
        "deny.toml",
        "clippy.toml",
    ];
    let missing = wanted.iter().filter(|f| !root.join(f).is_file());
    missing.map(|f| Finding { file: f.to_string(), line: 1, what: "is missing".into() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_fail() {
        let cases = [
            ("crates/node/src/a.rs", "let s = UdpSocket::bind(a);", "only net opens sockets"),
            ("crates/check/src/a.rs", "let t = Instant::now();", "time is an argument"),
            ("crates/net/src/a.rs", "std::process::Command::new(x)", "only the command line"),
            ("crates/core/src/a.rs", "use std::thread;", "in core"),
            ("crates/macros/src/a.rs", "quote!(::heardof::Value)", "__private"),
            ("algorithms/src/a.rs", "use std::fmt;", "nothing else"),
            ("crates/core/tests/a.rs", "#[ignore]", "no ignored tests"),
        ];
        for (file, text, expected) in cases {
            let findings = source(file, text);
            assert!(findings.iter().any(|f| f.what.contains(expected)), "{file}: {text}: {findings:?}");
        }
        assert!(documents(Path::new("no such folder")).iter().any(|f| f.file == "LICENSE-MIT"));
        assert!(!source("crates/core/src/long.rs", &"\n".repeat(MODULE_LINES + 1)).is_empty());
        assert!(!arrows("crates/core/Cargo.toml", "[dependencies]\nserde = \"1\"", &[]).is_empty());
        assert!(!arrows("crates/check/Cargo.toml", "[dependencies]\nheardof-node.workspace = true", &["heardof-core"]).is_empty());
    }

    #[test]
    fn what_is_allowed_passes() {
        assert_eq!(source("crates/net/src/a.rs", "let s = UdpSocket::bind(a); // std::process::Command"), []);
        assert_eq!(source("algorithms/src/a.rs", "use heardof::prelude::*;"), []);
        let manifest = "[dependencies]\nheardof-core.workspace = true\nclap.workspace = true\n[dev-dependencies]\nproptest = \"1\"";
        assert_eq!(arrows("crates/check/Cargo.toml", manifest, &["heardof-core"]), []);
    }

    #[test]
    fn the_project_is_tidy() {
        let findings = run(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
        assert!(findings.is_empty(), "{}", findings.iter().map(|f| format!("{f}\n")).collect::<String>());
    }
}
