//! The commands of a document, run one after the other and compared with what is shown.

use crate::markdown::Block;
use crate::not_tested::not_tested;
use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// How a line becomes a program and its words; `None`: the line is not run.
pub type Program<'a> = &'a dyn Fn(&str) -> Option<(PathBuf, Vec<String>)>;

/// The commands of one document as they are run: where, and how a line becomes a process.
pub struct Session<'a> {
    document: &'a str,
    folder: PathBuf,
    program: Program<'a>,
    running: Vec<(String, Child)>,
    /// What is not as shown.
    pub problems: Vec<String>,
}

impl<'a> Session<'a> {
    /// A session in an empty folder.
    pub fn new(document: &'a str, program: Program<'a>) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("documents").join(document.replace('/', "-"));
        // It is there only if the test ran before.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the target folder is writable");
        Session { document, folder, program, running: vec![], problems: vec![] }
    }

    /// Runs the commands of a block, or writes the file that it is.
    pub fn run(&mut self, block: &Block) {
        if block.info().len() == 2 && matches!(block.info()[0].as_ref(), "toml" | "smt2") {
            let text = with_free_ports(&block.text().join("\n"));
            fs::write(self.folder.join(&block.info()[1]), text).expect("the folder is writable");
        }
        if !block.says("console") {
            return;
        }
        let commands = block.commands();
        for (k, (line, command, shown)) in commands.iter().enumerate() {
            let last = k + 1 == commands.len();
            let place = format!("{}:{line}: {command}", self.document);
            self.command(place, command, shown, if last { block.exit() } else { 0 }, block.says("varies"));
        }
        for (place, child) in std::mem::take(&mut self.running) {
            let output = child.wait_with_output().expect("a child can be waited for");
            self.judge(&place, &output, &[], 0, true);
        }
    }

    fn command(&mut self, place: String, command: &str, shown: &[String], exit: i32, varies: bool) {
        let (command, stays) = command.strip_suffix(" &").map_or((command, false), |c| (c, true));
        let Some((program, words)) = (self.program)(command) else { return };
        let mut process = Command::new(&program);
        process.args(words).current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = process.spawn().unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        if stays {
            self.running.push((place, child));
            return;
        }
        let output = child.wait_with_output().expect("a child can be waited for");
        self.judge(&place, &output, shown, exit, varies);
    }

    fn judge(&mut self, place: &str, output: &Output, shown: &[String], exit: i32, varies: bool) {
        let printed = [&output.stderr, &output.stdout].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
        if printed.starts_with("error: the solver `z3` is not on the PATH") {
            return not_tested(format!("{place}: there is no z3"));
        }
        if output.status.code() != Some(exit) {
            self.problems.push(format!("{place}: expected exit code {exit}, found {:?}:\n{printed}", output.status.code()));
        }
        let normal = |lines: &mut dyn Iterator<Item = &str>| -> Vec<String> {
            lines.map(|l| normalise(l, varies)).filter(|l| !l.is_empty()).collect()
        };
        let (expected, found) = (normal(&mut shown.iter().map(String::as_str)), normal(&mut printed.lines()));
        if !expected.is_empty() && !matches(&expected, &found) {
            self.problems.push(format!("{place}: prints something else now:\n{printed}"));
        }
    }
}

/// Whether what is found is what is shown, where `...` is any number of lines.
fn matches(shown: &[String], found: &[String]) -> bool {
    match shown.split_first() {
        None => found.is_empty(),
        Some((line, rest)) if line == "..." => (0..=found.len()).any(|k| matches(rest, &found[k..])),
        Some((line, rest)) => found.first() == Some(line) && matches(rest, &found[1..]),
    }
}

/// A line without what does not count.
fn normalise(line: &str, varies: bool) -> String {
    let is_time = |inside: &str| inside.split(", ").any(|part| part.strip_suffix(" s").is_some_and(|t| t.parse::<f64>().is_ok()));
    let line = match line.trim_end().strip_suffix(')').and_then(|l| l.rsplit_once(" (")) {
        Some((before, inside)) if is_time(inside) => before,
        _ => line,
    };
    let words = line.split_whitespace().map(|w| if w.chars().all(|c| c == '─') { "─".into() } else { w.to_string() });
    let words: Vec<String> = words.map(|w| if varies { without_numbers(&w) } else { w }).collect();
    let line = words.join(" ");
    if !varies {
        return line;
    }
    let row_of = |first: &&String| first.strip_prefix('p').is_some_and(|id| id.parse::<usize>().is_ok());
    match (words.first().filter(row_of), line.split_once(", told by ")) {
        (Some(process), _) => format!("{process} {}", if line.ends_with(" killed") { "killed" } else { "alive" }),
        (_, Some((output, _))) => format!("{output} in round #"),
        _ => line,
    }
}

/// Every number as `#`.
fn without_numbers(word: &str) -> String {
    let mut out = String::new();
    for c in word.chars() {
        match (c.is_ascii_digit() && !out.ends_with(char::is_alphabetic), out.ends_with('#')) {
            (true, true) => {}
            (true, false) => out.push('#'),
            (false, _) => out.push(c),
        }
    }
    out
}

/// The text with every port of this machine replaced by one that is free, the same for the same.
fn with_free_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or_default().to_string();
    // Held until all are drawn, so that they differ.
    let mut held = vec![];
    for part in parts {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        held.push(socket);
        out += &format!("{address}{}", part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

#[test]
fn what_counts_and_what_does_not() {
    let same = |a: &str, b: &str, varies| normalise(a, varies) == normalise(b, varies);
    assert!(same("n  states\n", "n states", false));
    assert!(same("holds (0.02 s, 17 successors per second and core)", "holds (1.5 s)", false));
    assert!(same("p0  3  –      –  killed", "p0 1 12 ms 7 killed", true));
    assert!(same("p1  1  decision = Some(1)  decided in round 7", "p1 1 – told by another", true));
    assert!(same("decision = Some(1) in round 1", "decision = Some(1), told by p0", true));
    assert!(!same("p0 killed", "p1 killed", true));
    assert!(!same("3 states", "4 states", false));
    assert!(!same("holds, 0 mismatches", "holds, 1 mismatch", true));
    assert!(!same("holds (all rounds)", "holds", false));
    let lines = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
    assert!(matches(&lines("a ... d"), &lines("a b c d")));
    assert!(!matches(&lines("a ... d"), &lines("a b c")));
    assert!(!matches(&lines("a b"), &lines("a b c")));
}
