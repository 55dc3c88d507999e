//! The command line of Heardof: `list explain check prove certify solve mutants run cluster replay demo` for any set of algorithms.
//!
//! A crate gets all of it for its own algorithms with one line in its `main.rs`: `heardof::cli!(MyAlgorithm<u64>);`.
//!
//! Exit codes: 0 holds; 1 a violation, counterexample or mismatch was found (and shown); 2 usage or environment; 3 undecided.

mod args;
#[cfg(doctest)]
mod book;
mod certify;
mod check;
mod cluster;
mod demo;
mod explain_proof;
mod html;
mod infer;
mod list;
mod mutants;
mod prove;
mod refuted;
pub mod registry;
mod replay;
mod run;
mod second;
mod show;
mod simulate;
mod solve;
pub mod typed;
mod usage;

pub use registry::Registry;

use clap::Parser;
use clap::error::ErrorKind;
use std::fmt;
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Exit code 0.
    Holds,
    /// Exit code 1.
    Violated,
    /// Exit code 3.
    Undecided,
}

impl Verdict {
    /// As `--json` says it.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::Undecided => "undecided",
        }
    }
    /// The worse of two.
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Violated, _) | (_, Verdict::Violated) => Verdict::Violated,
            (Verdict::Undecided, _) | (_, Verdict::Undecided) => Verdict::Undecided,
            _ => Verdict::Holds,
        }
    }
    fn of(holds: bool) -> Verdict {
        if holds { Verdict::Holds } else { Verdict::Violated }
    }
}

/// A command that could not do its work: exit code 2, one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What was found and what was expected.
    pub message: String,
}

impl Failure {
    /// A failure with this message.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { message: message.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The exit code of a process that writes where nobody reads: 128 + SIGPIPE.
const UNREAD: i32 = 141;

/// Runs the command line of this process with the algorithms of `registry`.
pub fn main(registry: Registry) -> ExitCode {
    let words: Vec<String> = std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) if error.use_stderr() && error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            eprintln!("error: {}", usage::one_line(&error, &words, &show::program()));
            return ExitCode::from(2);
        }
        // Help and version; the program alone prints its help, too.
        Err(error) => error.exit(),
    };
    // A panic of an algorithm is a finding of the checker, reported with its trace; the default message would only disturb it.
    std::panic::set_hook(Box::new(|info| {
        // Whoever reads what we print, as `head` does, has read enough.
        if info.payload_as_str().is_some_and(|said| said.starts_with("failed printing to stdout")) {
            std::process::exit(UNREAD);
        }
        if std::env::var_os("RUST_BACKTRACE").is_some() || !info.location().is_some_and(|l| is_users(l.file())) {
            eprintln!("{info}");
        }
    }));
    match registry.error().map_or_else(|| dispatch(&registry, args.command), Err) {
        Ok(Verdict::Holds) => ExitCode::SUCCESS,
        Ok(Verdict::Violated) => ExitCode::from(1),
        Ok(Verdict::Undecided) => ExitCode::from(3),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(2)
        }
    }
}

fn is_users(file: &str) -> bool {
    !["crates/check", "crates/node", "crates/net", "crates/sim", "crates/cli"].iter().any(|ours| file.contains(ours))
}

fn dispatch(registry: &Registry, command: args::Command) -> Result<Verdict, Failure> {
    match command {
        args::Command::List(a) => list::list(registry, &a),
        args::Command::Explain(a) => list::explain(registry, &a),
        args::Command::Check(a) => check::check(registry, &a),
        args::Command::Prove(a) => prove::prove(registry, &a),
        args::Command::Certify(a) => certify::certify(registry, &a),
        args::Command::Solve(a) => solve::solve(&a),
        args::Command::Mutants(a) => mutants::mutants(registry, &a),
        args::Command::Simulate(a) => simulate::simulate(registry, &a),
        args::Command::Run(a) => run::run(registry, &a),
        args::Command::Cluster(a) => cluster::cluster(registry, &a),
        args::Command::Replay(a) => replay::replay(registry, &a),
        args::Command::Demo(a) => demo::demo(registry, &a),
    }
}
