//! Ground formulas as SMT-LIB, and the solver.
//!
//! Everything that is asked about one certificate is one script: a scope for every query, and the ground formulas at the end. `|S(a)|`
//! is `(card_S a)`, `e ∈ S(a)` is `(in_S a e)`, any other symbol has `f_` in front.

use crate::sorts::Names;
use crate::term::Term;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Whatever answers SMT-LIB scripts.
pub trait Solver {
    /// The answers to all queries of the script, separated by white space.
    ///
    /// # Errors
    /// Why there are none.
    fn run(&self, script: &str) -> Result<String, String>;
}

/// A solver's program, which reads SMT-LIB from its standard input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SolverProgram {
    path: PathBuf,
    arguments: Vec<String>,
}

impl SolverProgram {
    /// z3 at `path`, stopped after so many seconds.
    pub fn z3(path: impl Into<PathBuf>, seconds: u32) -> SolverProgram {
        SolverProgram { path: path.into(), arguments: vec!["-smt2".into(), "-in".into(), format!("-T:{seconds}")] }
    }
    /// cvc5 at `path`, stopped after so many seconds.
    pub fn cvc5(path: impl Into<PathBuf>, seconds: u32) -> SolverProgram {
        SolverProgram { path: path.into(), arguments: vec!["--lang=smt2".into(), "--incremental".into(), format!("--tlimit={seconds}000")] }
    }
}

impl Solver for SolverProgram {
    fn run(&self, script: &str) -> Result<String, String> {
        let at = |error: std::io::Error| format!("{}: {error}", self.path.display());
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(at)?;
        let mut input = child.stdin.take().ok_or("the solver has no input")?;
        let output = std::thread::scope(|scope| {
            // A solver that stops reading gives too few answers, which is seen where they are counted.
            scope.spawn(move || drop(input.write_all(script.as_bytes())));
            child.wait_with_output()
        });
        let output = output.map_err(at)?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() { Ok(text) } else { Err(format!("{} ended with {}: {text}", self.path.display(), output.status)) }
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
