//! The arguments of every command, with an example each.

use clap::{Args as Arguments, Parser, Subcommand};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Fault-tolerant distributed algorithms: one Rust text, checked, explained and run.
#[derive(Parser, Debug)]
#[command(
    name = "heardof",
    version,
    after_help = "Example: heardof check one_third_rule -n 1..5\n\
    Exit codes: 0 holds, 1 violated or mismatch, 2 usage or environment, 3 undecided"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Shows the algorithms: problem, faults, rounds, parameters, predicates
    List(List),
    /// Prints an algorithm and its specification in the papers' notation
    Explain(Explain),
    /// Checks every heard-of assignment for small n: properties, invariants, liveness
    Check(Check),
    /// Mutates the text and shows which n kill which mutant
    Mutants(Mutants),
    /// Runs one process of a real cluster
    Run(Run),
    /// Runs a local cluster of OS processes, prints decisions and the verdict
    Cluster(Cluster),
    /// Replays recorded runs in lock-step and compares every local state
    Replay(Replay),
    /// One minute that shows all of it
    Demo(Demo),
}

/// `list`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof list --json")]
pub struct List {
    /// Also the wrong variants kept as test data
    #[arg(long)]
    pub wrong: bool,
    /// For machines
    #[arg(long)]
    pub json: bool,
}

/// `explain`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof explain last_voting")]
pub struct Explain {
    /// The algorithm
    pub algorithm: String,
    /// The text as the tools read it, one function a line, instead of the papers' notation
    #[arg(long)]
    pub ir: bool,
    /// For machines
    #[arg(long)]
    pub json: bool,
}

/// `check`
#[derive(Arguments, Debug)]
#[command(
    after_help = "Examples:\n  heardof check one_third_rule -n 1..9 --values 2\n  heardof check last_voting -n 1..4 --phases 2 --param shortcut=false\n  \
    heardof check ben_or --induction -n 2..4\n\nA check speaks of the n it names and of no other: it is not a proof."
)]
pub struct Check {
    /// The algorithms
    #[arg(required_unless_present = "all")]
    pub algorithms: Vec<String>,
    /// Every algorithm but the wrong variants
    #[arg(long)]
    pub all: bool,
    /// Numbers of processes: `4` or `1..5` (both ends included)
    #[arg(short, value_parser = range)]
    pub n: Option<RangeInclusive<usize>>,
    /// How many input values: a number, or `n` for as many as processes
    #[arg(long, value_parser = values)]
    pub values: Option<Values>,
    /// How many phases, where the text tells phases apart
    #[arg(long)]
    pub phases: Option<usize>,
    /// Fixes a parameter: `--param f=1`; otherwise every admissible value is tried
    #[arg(long = "param", value_name = "K=V")]
    pub parameters: Vec<String>,
    /// From every state that satisfies the invariants, reachable or not, through each round
    #[arg(long)]
    pub induction: bool,
    /// Without symmetry reduction
    #[arg(long)]
    pub no_reduction: bool,
    /// Without liveness
    #[arg(long)]
    pub no_liveness: bool,
    /// Interpret the text instead of running the compiled functions
    #[arg(long)]
    pub interpret: bool,
    /// Worker threads; default: as many as cores
    #[arg(long)]
    pub threads: Option<usize>,
    /// For machines
    #[arg(long)]
    pub json: bool,
}

/// `mutants`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof mutants one_third_rule -n 1..9")]
pub struct Mutants {
    /// The algorithms
    #[arg(required_unless_present = "all")]
    pub algorithms: Vec<String>,
    /// Every algorithm but the wrong variants
    #[arg(long)]
    pub all: bool,
    /// Numbers of processes
    #[arg(short, value_parser = range)]
    pub n: Option<RangeInclusive<usize>>,
    /// Only mutants whose name contains this
    #[arg(long)]
    pub only: Option<String>,
    /// How many phases, where the text tells phases apart
    #[arg(long)]
    pub phases: Option<usize>,
    /// File with the reasons of survivors; default: those that ship with the program
    #[arg(long)]
    pub reasons: Option<PathBuf>,
    /// For machines
    #[arg(long)]
    pub json: bool,
}

/// `run`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof run one_third_rule --cluster cluster.toml --id 0 --input 7 --trace p0.trace")]
pub struct Run {
    /// The algorithm
    pub algorithm: String,
    /// The cluster file (TOML)
    #[arg(long)]
    pub cluster: PathBuf,
    /// The process to run
    #[arg(long)]
    pub id: usize,
    /// What this process starts with
    #[arg(long)]
    pub input: Option<String>,
    /// Records the run here, for `replay`
    #[arg(long)]
    pub trace: Option<PathBuf>,
    /// How long to wait for the first message of another process
    #[arg(long, value_parser = duration, default_value = "10s")]
    pub wait: Duration,
    /// How long to answer others after the decision
    #[arg(long, value_parser = duration, default_value = "2s")]
    pub linger: Duration,
    /// Seed of coins and injected faults
    #[arg(long)]
    pub seed: Option<u64>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `cluster`
#[derive(Arguments, Debug)]
#[command(after_help = "Examples:\n  heardof cluster one_third_rule -n 4 --loss 0.2 --kill 2@50ms\n  \
    heardof cluster last_voting -n 3 --transport tcp --kill 0@0ms --inputs 7,8,9")]
pub struct Cluster {
    /// The algorithm
    pub algorithm: String,
    /// How many processes
    #[arg(short, default_value_t = 4)]
    pub n: usize,
    /// Their inputs; default: values that differ where the type allows
    #[arg(long, value_delimiter = ',')]
    pub inputs: Vec<String>,
    /// `udp` or `tcp`
    #[arg(long, default_value = "udp")]
    pub transport: String,
    /// The probability that a message is dropped on arrival
    #[arg(long, default_value_t = 0.0)]
    pub loss: f64,
    /// Kills a process (as with `kill -9`) some time after the start: `2@50ms`
    #[arg(long = "kill", value_parser = kill)]
    pub kills: Vec<(usize, Duration)>,
    /// Fixes a parameter: `--param f=1`
    #[arg(long = "param", value_name = "K=V")]
    pub parameters: Vec<String>,
    /// The deadline of a round
    #[arg(long, value_parser = duration, default_value = "20ms")]
    pub round_timeout: Duration,
    /// How long the whole cluster may take
    #[arg(long, value_parser = duration, default_value = "30s")]
    pub timeout: Duration,
    /// How often
    #[arg(long, default_value_t = 1)]
    pub repeat: usize,
    /// Seed of coins and injected faults; default: drawn, and printed
    #[arg(long)]
    pub seed: Option<u64>,
    /// Keeps cluster file and traces in this folder; default: a temporary one, removed when all is well
    #[arg(long)]
    pub keep: Option<PathBuf>,
    /// For machines
    #[arg(long)]
    pub json: bool,
}

/// `replay`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof replay traces/p0.trace traces/p1.trace traces/p2.trace")]
pub struct Replay {
    /// The traces of all processes of one run
    #[arg(required = true)]
    pub traces: Vec<PathBuf>,
    /// For machines
    #[arg(long)]
    pub json: bool,
}

/// `demo`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof demo")]
pub struct Demo {}

/// How many input values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// So many.
    Fixed(usize),
    /// As many as processes.
    N,
}

fn values(text: &str) -> Result<Values, String> {
    match text {
        "n" => Ok(Values::N),
        _ => text.parse().map(Values::Fixed).map_err(|_| format!("`{text}`: expected a number or `n`")),
    }
}

/// `4`, `1..5`, `1..=5`: both ends included.
fn range(text: &str) -> Result<RangeInclusive<usize>, String> {
    let expected = || format!("`{text}`: expected a number or a range such as 1..5");
    let bounds = match text.split_once("..") {
        Some((a, b)) => (a.parse().map_err(|_| expected())?, b.trim_start_matches('=').parse().map_err(|_| expected())?),
        None => {
            let n = text.parse().map_err(|_| expected())?;
            (n, n)
        }
    };
    match bounds {
        (0, _) => Err("a system has at least one process".into()),
        (a, b) if a > b => Err(format!("`{text}` is empty")),
        (a, b) => Ok(a..=b),
    }
}

/// `50ms`, `2s`, `1m`
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let count: u64 = text[..digits].parse().map_err(|_| format!("`{text}`: expected a duration such as 50ms or 2s"))?;
    match &text[digits..] {
        "ms" => Ok(Duration::from_millis(count)),
        "s" => Ok(Duration::from_secs(count)),
        "m" => Ok(Duration::from_secs(60 * count)),
        unit => Err(format!("`{text}`: unknown unit `{unit}`, expected ms, s or m")),
    }
}

fn kill(text: &str) -> Result<(usize, Duration), String> {
    let (id, at) = text.split_once('@').ok_or_else(|| format!("`{text}`: expected PROCESS@TIME, such as 2@50ms"))?;
    let id = id.trim_start_matches('p').parse().map_err(|_| format!("`{id}`: expected a process number"))?;
    Ok((id, duration(at)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_has_an_example_and_clap_accepts_the_definitions() {
        let command = Args::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            assert!(sub.get_after_help().is_some_and(|h| h.to_string().contains("heardof ")), "{}", sub.get_name());
        }
    }

    #[test]
    fn ranges_durations_and_kills() {
        assert_eq!(range("4"), Ok(4..=4));
        assert_eq!(range("1..5"), Ok(1..=5));
        assert_eq!(range("1..=5"), Ok(1..=5));
        for bad in ["", "0..3", "5..1", "a..b", "1-3"] {
            assert!(range(bad).is_err(), "{bad}");
        }
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(kill("p2@1s"), Ok((2, Duration::from_secs(1))));
        for bad in ["50", "ms", "5h", "-1s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(kill("2").is_err() && kill("x@1s").is_err());
        assert_eq!(values("n"), Ok(Values::N));
        assert!(values("many").is_err());
    }
}
