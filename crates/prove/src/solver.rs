//! An SMT solver at the other end of a pipe: SMT-LIB 2.6 goes out, answers come back.
//!
//! Worked example:
//!
//! ```no_run
//! # fn main() -> Result<(), heardof_prove::solver::SolverError> {
//! use heardof_prove::solver::{Answer, Choice, Options, Solver};
//! let mut solver = Solver::start(&Choice::Z3, &Options { logic: Some("QF_LIA".into()), ..Options::default() })?;
//! solver.send("(declare-fun x () Int)");
//! solver.send("(assert (< 3 x))");
//! assert_eq!(solver.check()?, Answer::Sat);
//! assert!(solver.values(&["x"])?[0].integer() > Some(3));
//! # Ok(()) }
//! ```
//!
//! Commands are kept until a question is asked and then written in one piece. Behind every question follows an `echo` of a word of our
//! own, so that question and answer can never get out of step: what stands before the word is the answer, and whatever the solver has to
//! complain about stands there too. A check has two limits: the solver's own (`unknown` is then its answer, and it can be asked further),
//! and a hard one, the limit and [`Options::grace`], after which the process is killed.

mod error;
mod locate;
mod process;
#[cfg(test)]
mod tests;

pub use error::SolverError;
pub use locate::locate;

use crate::sexp::{self, Sexp};
use process::{Process, Silence};
use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The longest answer that is read, in bytes.
pub const LONGEST_ANSWER: usize = 64 << 20;

/// Which solver to run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Choice {
    /// `z3` of the PATH.
    Z3,
    /// `cvc5` of the PATH.
    Cvc5,
    /// A program; its `--version` tells which of the two it is.
    At(PathBuf),
}

/// The kinds of solver that we know how to talk to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brand {
    /// z3.
    Z3,
    /// cvc5.
    Cvc5,
}

impl Brand {
    /// The oldest version that has been tried.
    pub fn oldest(self) -> Version {
        match self {
            Brand::Z3 => Version([4, 8, 12]),
            Brand::Cvc5 => Version([1, 0, 3]),
        }
    }
    fn name(self) -> &'static str {
        match self {
            Brand::Z3 => "z3",
            Brand::Cvc5 => "cvc5",
        }
    }
}

/// A version number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version(pub [u32; 3]);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Version([major, minor, patch]) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// How to run it. The same options and commands give the same answers, up to the time limit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// The `set-logic`, when any.
    pub logic: Option<String>,
    /// The time for a check.
    pub limit: Duration,
    /// How much longer than its limit it may be silent before it is killed; also the time for everything but checks.
    pub grace: Duration,
    /// The seed of every random choice it makes.
    pub seed: u32,
    /// Whether [`Solver::core`] will be called.
    pub cores: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { logic: None, limit: Duration::from_secs(10), grace: Duration::from_secs(5), seed: 0, cores: false }
    }
}

/// The answer to a check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// There is a model.
    Sat,
    /// There is none.
    Unsat,
    /// It cannot tell, and why.
    Unknown(String),
}

/// A running solver. Its process is killed when this is dropped.
pub struct Solver {
    process: Process,
    brand: Brand,
    version: Version,
    limit: Duration,
    grace: Duration,
    pending: String,
    questions: u64,
    assumed: bool,
    transcript: Option<Box<dyn Write + Send>>,
}

impl Solver {
    /// Finds the program, looks at its version and starts it; z3 where it was fetched to, if the PATH has none that is recent enough.
    ///
    /// # Errors
    /// When it is not there, too old, or does not start.
    pub fn start(choice: &Choice, options: &Options) -> Result<Solver, SolverError> {
        let (program, package) = match choice {
            Choice::Z3 => ("z3".to_string(), "z3"),
            Choice::Cvc5 => ("cvc5".to_string(), "cvc5"),
            Choice::At(path) => (path.to_string_lossy().into_owned(), "z3"),
        };
        let (brand, version) = match version_of(&program, package, options.grace) {
            Err(problem) if *choice == Choice::Z3 => {
                return locate::fetched().map_or(Err(problem), |own| Solver::start(&Choice::At(own), options));
            }
            found => found?,
        };
        let arguments: &[&str] = match brand {
            Brand::Z3 => &["-in", "-smt2"],
            Brand::Cvc5 => &["--lang", "smt2", "--incremental"],
        };
        let process = launch(&program, package, arguments)?;
        let mut solver = Solver {
            process,
            brand,
            version,
            limit: options.limit,
            grace: options.grace,
            pending: String::new(),
            questions: 0,
            assumed: false,
            transcript: None,
        };
        solver.introduce(options);
        Ok(solver)
    }
    fn introduce(&mut self, options: &Options) {
        let seed = options.seed;
        self.send("(set-option :print-success false)");
        self.send("(set-option :produce-models true)");
        if options.cores {
            self.send("(set-option :produce-unsat-cores true)");
            self.send("(set-option :produce-unsat-assumptions true)");
        }
        match self.brand {
            Brand::Z3 => {
                for name in ["random-seed", "smt.random_seed", "sat.random_seed"] {
                    self.send(&format!("(set-option :{name} {seed})"));
                }
            }
            Brand::Cvc5 => {
                self.send(&format!("(set-option :seed {seed})"));
                self.send(&format!("(set-option :sat-random-seed {seed})"));
            }
        }
        self.set_limit(options.limit);
        if let Some(logic) = &options.logic {
            self.send(&format!("(set-logic {logic})"));
        }
    }

    /// Forgets everything: as after [`Solver::start`] with these options, without the cost of a process.
    pub fn reset(&mut self, options: &Options) {
        self.pending.clear();
        self.assumed = false;
        self.grace = options.grace;
        self.send("(reset)");
        self.introduce(options);
    }

    /// Which solver it is.
    pub fn brand(&self) -> Brand {
        self.brand
    }
    /// Its version.
    pub fn version(&self) -> Version {
        self.version
    }
    /// Writes down, from now on, every command as it is sent and every answer as a comment: a file to run again.
    pub fn record(&mut self, transcript: Box<dyn Write + Send>) {
        self.transcript = Some(transcript);
    }

    /// A command that has no answer. It is written when a question is asked; if the solver refuses it, that question says so.
    pub fn send(&mut self, command: &str) {
        self.pending.push_str(command);
        self.pending.push('\n');
    }
    /// The time for a check from now on.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
        let milliseconds = limit.as_millis().clamp(1, u32::MAX as u128 - 1);
        match self.brand {
            Brand::Z3 => self.send(&format!("(set-option :timeout {milliseconds})")),
            Brand::Cvc5 => self.send(&format!("(set-option :tlimit-per {milliseconds})")),
        }
    }
    /// Opens a scope: what is declared and asserted until [`Solver::pop`] is forgotten there.
    pub fn push(&mut self) {
        self.send("(push 1)");
    }
    /// Closes the scope.
    pub fn pop(&mut self) {
        self.send("(pop 1)");
    }

    /// Is what has been asserted satisfiable?
    ///
    /// # Errors
    /// When the process refuses a command, ends, is late or talks nonsense.
    pub fn check(&mut self) -> Result<Answer, SolverError> {
        self.assumed = false;
        self.verdict("(check-sat)")
    }
    /// The same together with Boolean constants or their negations.
    ///
    /// # Errors
    /// As [`Solver::check`].
    pub fn check_assuming(&mut self, literals: &[&str]) -> Result<Answer, SolverError> {
        // cvc5 1.0 cannot read an empty list.
        if literals.is_empty() && self.brand == Brand::Cvc5 {
            return self.check();
        }
        self.assumed = true;
        self.verdict(&format!("(check-sat-assuming ({}))", literals.join(" ")))
    }
    fn verdict(&mut self, question: &str) -> Result<Answer, SolverError> {
        let answers = self.ask(question, self.limit.saturating_add(self.grace))?;
        let reason = match answers.as_slice() {
            [answer] => match answer.atom() {
                Some("sat") => return Ok(Answer::Sat),
                Some("unsat") => return Ok(Answer::Unsat),
                Some("timeout") => return Ok(Answer::Unknown("timeout".to_string())),
                Some("unknown") => self.ask("(get-info :reason-unknown)", self.grace)?,
                _ => return Err(nonsense(question, &answers)),
            },
            _ => return Err(nonsense(question, &answers)),
        };
        // `(:reason-unknown why)`, where `why` is a word or a string.
        let why = reason.first().and_then(Sexp::list).and_then(|list| list.get(1));
        Ok(Answer::Unknown(why.map_or_else(|| "no reason given".to_string(), |why| why.to_string().trim_matches('"').to_string())))
    }

    /// The values of terms in the model that the last check found.
    ///
    /// # Errors
    /// As [`Solver::check`].
    pub fn values(&mut self, terms: &[&str]) -> Result<Vec<Sexp>, SolverError> {
        if terms.is_empty() {
            return Ok(Vec::new());
        }
        let question = format!("(get-value ({}))", terms.join(" "));
        let answers = self.ask(&question, self.grace)?;
        let pairs = match answers.as_slice() {
            [one] => one.list().filter(|list| list.len() == terms.len()),
            _ => None,
        };
        let second = |pair: &Sexp| pair.list().filter(|pair| pair.len() == 2).map(|pair| pair[1].clone());
        pairs.and_then(|pairs| pairs.iter().map(second).collect()).ok_or_else(|| nonsense(&question, &answers))
    }
    /// After `unsat`: names of assertions that suffice for it, or after [`Solver::check_assuming`] the assumptions that do.
    /// [`Options::cores`] must be set.
    ///
    /// # Errors
    /// As [`Solver::check`].
    pub fn core(&mut self) -> Result<Vec<String>, SolverError> {
        let question = if self.assumed { "(get-unsat-assumptions)" } else { "(get-unsat-core)" };
        let answers = self.ask(question, self.grace)?;
        let names = match answers.as_slice() {
            [one] => one.list(),
            _ => None,
        };
        Ok(names.ok_or_else(|| nonsense(question, &answers))?.iter().map(Sexp::to_string).collect())
    }

    /// Writes everything pending and one question; its answers are what stands before the echo.
    fn ask(&mut self, question: &str, limit: Duration) -> Result<Vec<Sexp>, SolverError> {
        self.questions += 1;
        let word = format!("heardof-answered-{}", self.questions);
        self.send(question);
        let commands = std::mem::take(&mut self.pending);
        self.note(&commands)?;
        self.process.write(format!("{commands}(echo \"{word}\")\n"));
        let text = self.hear(&word, limit)?;
        self.note(&text.lines().map(|line| format!("; {line}\n")).collect::<String>())?;
        let answers = sexp::read(&text).map_err(|_| SolverError::Nonsense { question: question.to_string(), said: text.clone() })?;
        match answers.iter().find(|answer| answer.headed("error").is_some() || answer.atom() == Some("unsupported")) {
            // z3 may notice only at the next command that its time is up.
            Some(error) if overrun(&error.to_string()) => {
                self.process.kill();
                Err(SolverError::Late { after: limit })
            }
            Some(error) => Err(SolverError::Refused { said: error.to_string() }),
            None => Ok(answers),
        }
    }
    /// Everything up to the line that consists of `word`.
    fn hear(&mut self, word: &str, limit: Duration) -> Result<String, SolverError> {
        let mut heard: Vec<u8> = Vec::new();
        loop {
            match self.process.read(limit) {
                Ok(chunk) => heard.extend(chunk),
                Err(Silence::Late) => {
                    self.process.kill();
                    return Err(SolverError::Late { after: limit });
                }
                // cvc5 answers a refused command and ends.
                Err(Silence::Ended) => {
                    let last = String::from_utf8_lossy(&heard).trim().to_string();
                    return Err(SolverError::Died { how: self.process.obituary(last) });
                }
            }
            // Some solvers echo the quotes, too; the word is the last thing before the solver waits for us.
            let tail = String::from_utf8_lossy(&heard[heard.len().saturating_sub(word.len() + 4)..]).into_owned();
            if tail.ends_with('\n') && tail.trim_end().trim_matches('"').ends_with(word) {
                let text = String::from_utf8_lossy(&heard);
                let end = text.rfind(word).unwrap_or(text.len());
                return Ok(text[..end].trim_end_matches('"').to_string());
            }
            if heard.len() > LONGEST_ANSWER {
                self.process.kill();
                return Err(SolverError::Died { how: format!("killed, as it answered more than {LONGEST_ANSWER} bytes") });
            }
        }
    }
    fn note(&mut self, text: &str) -> Result<(), SolverError> {
        match &mut self.transcript {
            Some(transcript) => {
                transcript.write_all(text.as_bytes()).map_err(|error| SolverError::Transcript { reason: error.to_string() })
            }
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Solver({} {}, {} questions)", self.brand.name(), self.version, self.questions)
    }
}

/// Whether a refusal says that the time is up: `(error "line 10 column 7: push canceled")`.
fn overrun(refusal: &str) -> bool {
    refusal.trim_end_matches(['"', ')']).ends_with(" canceled")
}

fn nonsense(question: &str, answers: &[Sexp]) -> SolverError {
    let said: Vec<String> = answers.iter().map(Sexp::to_string).collect();
    SolverError::Nonsense { question: question.to_string(), said: said.join(" ") }
}

fn launch(program: &str, package: &'static str, arguments: &[&str]) -> Result<Process, SolverError> {
    Process::start(program, arguments).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SolverError::NotFound { program: program.to_string(), package },
        _ => SolverError::NotStarted { program: program.to_string(), reason: error.to_string() },
    })
}

/// What programs were found to be: a process costs as much as an easy proof, and each is asked only once.
static KNOWN: Mutex<BTreeMap<String, (Brand, Version)>> = Mutex::new(BTreeMap::new());

/// Which solver `program` is, and that it is recent enough.
fn version_of(program: &str, package: &'static str, limit: Duration) -> Result<(Brand, Version), SolverError> {
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known().get(program) {
        return Ok(*found);
    }
    let found = ask_version(program, package, limit)?;
    known().insert(program.to_string(), found);
    Ok(found)
}

fn ask_version(program: &str, package: &'static str, limit: Duration) -> Result<(Brand, Version), SolverError> {
    let mut process = launch(program, package, &["--version"])?;
    process.close();
    let mut said = Vec::new();
    loop {
        match process.read(limit) {
            Ok(chunk) if said.len() < LONGEST_ANSWER => said.extend(chunk),
            Ok(_) | Err(Silence::Ended) => break,
            Err(Silence::Late) => return Err(SolverError::Late { after: limit }),
        }
    }
    let said = String::from_utf8_lossy(&said);
    let first: String = said.lines().next().unwrap_or_default().chars().take(200).collect();
    let (brand, version) =
        version_in(&first).ok_or_else(|| SolverError::NoVersion { program: program.to_string(), said: first.clone() })?;
    if version < brand.oldest() {
        return Err(SolverError::TooOld { program: program.to_string(), found: version.to_string(), wanted: brand.oldest().to_string() });
    }
    Ok((brand, version))
}

/// `Z3 version 4.8.12 - 64 bit`, `This is cvc5 version 1.0.3`.
fn version_in(line: &str) -> Option<(Brand, Version)> {
    let lower = line.to_lowercase();
    let brand = [Brand::Z3, Brand::Cvc5].into_iter().find(|brand| lower.split_whitespace().any(|word| word == brand.name()))?;
    let number = lower.split_once("version ")?.1.split_whitespace().next()?;
    let mut parts = number.split('.').map(|part| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok());
    let mut part = || parts.next().flatten();
    Some((brand, Version([part()?, part()?, part().unwrap_or(0)])))
}
