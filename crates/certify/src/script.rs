//! Ground formulas as SMT-LIB, and the solver.
//!
//! Everything that is asked about one certificate is one script: a scope for every query, and the ground formulas at the end. `|S(a)|`
//! is `(card_S a)`, `e ∈ S(a)` is `(in_S a e)`, any other symbol has `f_` in front.

use crate::sorts::Names;
use crate::term::Term;
use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// Whatever answers SMT-LIB scripts.
pub trait Solver {
    /// The answers to all queries of the script, separated by white space.
    ///
    /// # Errors
    /// Why there are none.
    fn run(&self, script: &str) -> Result<String, String>;
}

/// A solver's program, which reads SMT-LIB from its standard input. Its process goes on from script to script: to start it takes longer
/// than to answer most of them.
#[derive(Debug)]
pub struct SolverProgram {
    path: PathBuf,
    arguments: &'static [&'static str],
    limit: Duration,
    process: RefCell<Option<Running>>,
}

/// A process; it ends when this is dropped.
#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What the solver says behind its answers.
const END: &str = "end-of-answers";

impl SolverProgram {
    /// z3 at `path`, stopped when a script takes more than so many seconds.
    pub fn z3(path: impl Into<PathBuf>, seconds: u64) -> SolverProgram {
        SolverProgram::new(path.into(), &["-smt2", "-in"], seconds)
    }
    /// cvc5 at `path`, stopped when a script takes more than so many seconds.
    pub fn cvc5(path: impl Into<PathBuf>, seconds: u64) -> SolverProgram {
        SolverProgram::new(path.into(), &["--lang=smt2", "--incremental"], seconds)
    }
    fn new(path: PathBuf, arguments: &'static [&'static str], seconds: u64) -> SolverProgram {
        SolverProgram { path, arguments, limit: Duration::from_secs(seconds), process: RefCell::new(None) }
    }

    fn start(&self) -> Result<Running, String> {
        let mut command = Command::new(&self.path);
        command.args(self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("{}: {error}", self.path.display()))?;
        let input = child.stdin.take().ok_or("the solver has no input")?;
        let output = BufReader::new(child.stdout.take().ok_or("the solver has no output")?);
        Ok(Running { child, input, output })
    }
}

impl Solver for SolverProgram {
    fn run(&self, script: &str) -> Result<String, String> {
        let kept = self.process.borrow_mut().take();
        let mut process = kept.map_or_else(|| self.start(), Ok)?;
        let answers = process.ask(&format!("{script}(echo \"{END}\")\n(reset)\n"), self.limit);
        let answers = answers.map_err(|why| format!("{} {why}", self.path.display()))?;
        // One that was stopped or has ended is not asked again.
        *self.process.borrow_mut() = Some(process);
        Ok(answers)
    }
}

impl Running {
    fn ask(&mut self, script: &str, limit: Duration) -> Result<String, String> {
        let Running { child, input, output } = self;
        std::thread::scope(|scope| {
            let (done, answers) = channel();
            // A solver that stops reading gives too few answers, which is seen where they are counted.
            scope.spawn(move || drop(input.write_all(script.as_bytes()).and_then(|()| input.flush())));
            scope.spawn(move || drop(done.send(up_to_end(output))));
            let answers = answers.recv_timeout(limit);
            if !matches!(answers, Ok(Ok(_))) {
                // Both threads end with it. It fails only when the process has ended.
                drop(child.kill());
            }
            answers.unwrap_or_else(|_| Err(format!("took longer than {} s", limit.as_secs())))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Fails only when the process has ended; `wait` takes it off the system's table.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What is said before [`END`].
fn up_to_end(output: &mut impl BufRead) -> Result<String, String> {
    let mut text = String::new();
    loop {
        let before = text.len();
        match output.read_line(&mut text) {
            Ok(0) | Err(_) => return Err(format!("ended after `{}`", text.trim())),
            // Some solvers echo the quotes, too.
            Ok(_) if text[before..].trim().trim_matches('"') == END => {
                text.truncate(before);
                return Ok(text);
            }
            Ok(_) => {}
        }
    }
}

/// The symbols of a script that knows of at least one process. What takes sets has none: no ground formula may speak of it.
pub(crate) fn preamble(names: &Names) -> String {
    let mut text = String::from("(set-logic ALL)\n(declare-sort Process 0)\n");
    let mut sorts: Vec<&Term> = names.symbols.values().flat_map(|(arguments, result)| arguments.iter().chain([result])).collect();
    sorts.sort_by_key(|s| &s.head);
    sorts.dedup_by_key(|s| &s.head);
    for sort in sorts.iter().filter(|s| s.head.starts_with('S') && !s.is("Set")) {
        text += &format!("(declare-sort {} 0)\n", sort.head);
    }
    for (name, (arguments, result)) in names.symbols.iter().filter(|(_, (arguments, _))| arguments.iter().all(|s| !s.is("Set"))) {
        let sorts: Vec<&str> = arguments.iter().map(solver_sort).collect();
        let sorts = sorts.join(" ");
        text += &match result.list.first() {
            None => format!("(declare-fun f_{name} ({sorts}) {})\n", solver_sort(result)),
            Some(e) => format!("(declare-fun card_{name} ({sorts}) Int)\n(declare-fun in_{name} ({sorts} {}) Bool)\n", solver_sort(e)),
        };
    }
    text + "(assert (< 0 f_n))\n"
}
fn solver_sort(sort: &Term) -> &str {
    if matches!(&*sort.head, "Value" | "Time") { "Int" } else { &sort.head }
}

/// The ground formula as the solver reads it.
pub(crate) fn ground(term: &Term) -> Result<String, String> {
    let (head, list) = match (&*term.head, &term.list[..]) {
        ("forall" | "exists" | "set" | "", _) => return Err(format!("not ground: `{}`", term.head)),
        (variable, _) if variable.starts_with('?') => return Err(format!("not ground: `{variable}`")),
        ("card", [set]) => (format!("card_{}", set.head), set.list.to_vec()),
        ("in", [element, set]) => (format!("in_{}", set.head), set.list.iter().chain([element]).cloned().collect()),
        (number, []) if number.starts_with('-') => (format!("(- {})", &number[1..]), vec![]),
        ("true" | "false" | "not" | "and" | "or" | "ite" | "=" | "<=" | "<" | "+" | "*", list) => (term.head.to_string(), list.to_vec()),
        (_, []) if term.int().is_some() => (term.head.to_string(), vec![]),
        (symbol, list) => (format!("f_{symbol}"), list.to_vec()),
    };
    let parts = list.iter().map(ground).collect::<Result<Vec<String>, String>>()?;
    Ok(if parts.is_empty() { head } else { format!("({head} {})", parts.join(" ")) })
}
