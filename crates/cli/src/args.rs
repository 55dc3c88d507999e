//! The arguments of every command, with examples and exit codes in its help.

pub mod parse;

use clap::{Args as Arguments, Parser, Subcommand};
use heardof_net::TransportKind;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Fault-tolerant distributed algorithms: one Rust text, checked, explained and run.
#[derive(Parser, Debug)]
#[command(
    name = "heardof",
    version,
    after_help = "Examples:\n  heardof check one_third_rule -n 1..5\n  heardof cluster last_voting -n 3 --transport tcp --kill 0@0ms\n\n\
    Exit codes: 0 holds; 1 a violation, counterexample or mismatch was found (and shown); 2 usage or environment; 3 undecided"
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Shows the algorithms: problem, faults, rounds, parameters, predicates, and which properties transfer to a running system
    List(List),
    /// Prints an algorithm and its specification in the papers' notation
    Explain(Explain),
    /// Checks every heard-of assignment for small n: properties, invariants, liveness
    Check(Check),
    /// Proves every verification condition for all n
    Prove(Prove),
    /// Checks certificates of proofs, independently of the prover
    Certify(Certify),
    /// Answers SMT-LIB files with sets and cardinalities, for any number of processes
    Solve(Solve),
    /// Mutates the text and shows which n notice which mutation, and which are proved to be none
    Mutants(Mutants),
    /// Simulates the real node under every kind of fault, and replays every run in lock-step
    Simulate(Simulate),
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
#[command(after_help = "Example: heardof list --wrong\n\nExit codes: 0 listed; 2 usage or environment")]
pub struct List {
    /// Also the wrong variants kept as test data, with what is wrong with each
    #[arg(long)]
    pub wrong: bool,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `explain`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof explain last_voting\n\nExit codes: 0 printed; 2 usage or environment")]
pub struct Explain {
    /// The algorithm; `heardof list` shows all
    pub algorithm: String,
    /// Prints the text as the tools read it, one function a line, instead of the papers' notation
    #[arg(long)]
    pub ir: bool,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `check`
#[derive(Arguments, Debug)]
#[command(
    after_help = "Examples:\n  heardof check one_third_rule -n 1..9 --values 2\n  heardof check last_voting -n 1..4 --phases 2 --param shortcut=false\n  \
    heardof check ben_or --induction -n 2..4\n\nA check speaks of the n it names and of no other: it is not a proof.\n\n\
    Exit codes: 0 holds for these n; 1 violated, and the violation is shown; 2 usage or environment"
)]
pub struct Check {
    /// The algorithms; `heardof list --wrong` shows all
    #[arg(required_unless_present = "all", value_name = "ALGORITHM")]
    pub algorithms: Vec<String>,
    /// Every algorithm but the wrong variants
    #[arg(long)]
    pub all: bool,
    /// Numbers of processes, `4` or `1..5`, both ends included
    /// [default: 1..5, and 1..4 where a predicate relates processes to each other; up to the first n with room for a fault that is not
    /// benign]
    #[arg(short, value_parser = parse::range, value_name = "SIZES")]
    pub n: Option<RangeInclusive<usize>>,
    /// How many values an input can have: a number, or `n` for as many as there are processes
    #[arg(long, value_parser = parse::values, default_value = "2", value_name = "NUMBER|n")]
    pub values: Values,
    /// How many phases to explore, where the text tells one phase from another; elsewhere all there are
    /// [default: 2; n + 1 where a phase is one round; 3 with --induction]
    #[arg(long, value_parser = parse::count, value_name = "NUMBER")]
    pub phases: Option<usize>,
    /// Fixes a parameter, such as `--param f=1`; otherwise every value that the constraint admits is tried
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// Starts from every state that satisfies the invariants, reachable or not, and takes each round once
    #[arg(long)]
    pub induction: bool,
    /// Without symmetry reduction: slower, the same verdict
    #[arg(long)]
    pub no_reduction: bool,
    /// Without liveness: safety and invariants only
    #[arg(long)]
    pub no_liveness: bool,
    /// Interprets the text instead of running the compiled functions: slower, the same verdict
    #[arg(long)]
    pub interpret: bool,
    /// Worker threads [default: as many as cores]
    #[arg(long, value_parser = parse::count, value_name = "NUMBER")]
    pub threads: Option<usize>,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `prove`
#[derive(Arguments, Debug)]
#[command(after_help = "Examples:\n  heardof prove one_third_rule\n  heardof prove last_voting --only anchored --certificates proofs\n  \
    heardof prove one_third_rule --infer\n  heardof prove one_third_rule --only agreement --explain --html proofs.html\n\n\
    A condition is proved for every n, refuted by a counterexample to induction with few processes, or unknown. The solver z3 (4.8.12 or newer) is found on the PATH, or where `cargo run -p xtask -- solver` put it.\n\n\
    With --infer, liveness is not looked at.\n\n\
    Exit codes: 0 all proved; 1 a condition is refuted, and the counterexample is explained, or vacuous, or a safety property is not proved \
    from what was inferred; 2 usage or environment; 3 a condition is unknown or not covered")]
pub struct Prove {
    /// The algorithms; `heardof list --wrong` shows all
    #[arg(required_unless_present = "all", value_name = "ALGORITHM")]
    pub algorithms: Vec<String>,
    /// Every algorithm but the wrong variants
    #[arg(long)]
    pub all: bool,
    /// Only conditions whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Shows the names of the conditions and proves none
    #[arg(long)]
    pub list: bool,
    /// Shows hypotheses and goal of each condition and proves none
    #[arg(long)]
    pub show: bool,
    /// Deletes the invariants, infers others from the text, and proves the safety properties from them; prints them as Rust
    #[arg(long, conflicts_with_all = ["only", "list", "show", "certificates", "explain", "html"])]
    pub infer: bool,
    /// Shows of each condition that its hypotheses can be true, too; where they contradict each other it is VACUOUS, and no proof
    #[arg(long, conflicts_with_all = ["list", "show", "infer"])]
    pub vacuity: bool,
    /// Which solver: `z3`, `cvc5`, or `both`: z3 searches, and cvc5 confirms every proof
    #[arg(long, value_enum, default_value = "z3", value_name = "z3|cvc5|both", hide_possible_values = true)]
    pub solver: SolverChoice,
    /// The most that one condition may take; with --infer, it is given up after a few seconds already
    #[arg(long, value_parser = parse::duration, default_value = "60s", value_name = "TIME")]
    pub timeout: Duration,
    /// The seed of the solver's choices
    #[arg(long, default_value = "0", value_name = "NUMBER")]
    pub solver_seed: u32,
    /// Worker threads [default: as many as cores]
    #[arg(long, value_parser = parse::count, value_name = "NUMBER")]
    pub threads: Option<usize>,
    /// Writes the certificate of every proof into this folder
    #[arg(long, value_name = "FOLDER")]
    pub certificates: Option<PathBuf>,
    /// Prints every proof in words: the facts that it needs, what they come from, and what is counted
    #[arg(long, conflicts_with = "json")]
    pub explain: bool,
    /// Writes every condition with its formulas, its verdict and its proof in words as one page into this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "show"])]
    pub html: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `solve`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof solve majorities.smt2\n\n\
    The files are SMT-LIB 2.6 with finite sets and cardinalities as cvc5 writes them: sorts, functions, assertions, one check-sat.\n\
    `sat` comes with a model that was checked; `unsat` means: for no number of processes.\n\n\
    Exit codes: 0 answered; 2 usage or environment; 3 unknown")]
pub struct Solve {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// About the most that one file may take; what is not decided by then is unknown
    #[arg(long, value_parser = parse::duration, default_value = "9s", value_name = "TIME")]
    pub timeout: Duration,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `certify`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof certify proofs\n\n\
    The conditions are taken from the algorithms' texts. Every step of a proof is derived again from its condition by a program that shares\n\
    nothing with the prover, and a solver confirms it.\n\n\
    Exit codes: 0 all accepted; 1 one is rejected, and why; 2 usage or environment")]
pub struct Certify {
    /// The folder with the certificates that `prove --certificates` wrote
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `simulate`
#[derive(Arguments, Debug)]
#[command(after_help = "Examples:\n  heardof simulate last_voting\n  heardof simulate last_voting --seed 18\n  \
    heardof simulate --all --seeds 2000000 --time-limit 10m\n  heardof simulate one_third_rule -n 3 --faults loss,crash,split\n\n\
    Every run is executed again by the lock-step model on the heard-of sets that the processes recorded: each state has to be the model's,\n\
    and the properties have to hold. In the end everything is healed, and whoever can decide has to.\n\n\
    Exit codes: 0 no run fails; 1 one does, and the smallest found is shown; 2 usage or environment")]
pub struct Simulate {
    /// The algorithms; `heardof list --wrong` shows all
    #[arg(required_unless_present = "all", value_name = "ALGORITHM")]
    pub algorithms: Vec<String>,
    /// Every algorithm but the wrong variants
    #[arg(long)]
    pub all: bool,
    /// How many runs of each algorithm
    #[arg(long, default_value = "1000", value_name = "NUMBER", conflicts_with = "seed", value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    /// The first seed
    #[arg(long, default_value = "0", value_name = "NUMBER", conflicts_with = "seed")]
    pub from: u64,
    /// One run: what happens in it
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Numbers of processes, `4` or `3..5`, both ends included [default: 1, 2, 3, 4, 5 and 7, most often 3 and 5]
    #[arg(short, value_parser = parse::range, value_name = "SIZES")]
    pub n: Option<RangeInclusive<usize>>,
    /// How many instances run at once [default: 20; from 1024 seeds on as many more as make 500 process-rounds a run]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub instances: Option<u64>,
    /// The faults that there may be, such as `loss,crash`; `none` for none [default: all]
    #[arg(long, value_name = "KINDS")]
    pub faults: Option<String>,
    /// No further run begins after this time; how many there were is said
    #[arg(long, value_parser = parse::duration, value_name = "TIME")]
    pub time_limit: Option<Duration>,
    /// Worker threads [default: as many as cores]
    #[arg(long, value_parser = parse::count, value_name = "NUMBER")]
    pub threads: Option<usize>,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Which solvers to use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum SolverChoice {
    /// z3
    Z3,
    /// cvc5
    Cvc5,
    /// z3 searches, cvc5 confirms
    Both,
}

/// `mutants`
#[derive(Arguments, Debug)]
#[command(after_help = "Examples:\n  heardof mutants one_third_rule -n 1..9\n  heardof mutants last_voting --only Collect -n 1..3\n  \
    heardof mutants one_third_rule --with both\n\n\
    Exit codes: 0 every survivor is proved or has a written reason; 1 one has none, or a reason has no survivor; \
    2 usage or environment, or a mutant is both killed and proved: check or prover is wrong; 3 a mutant is undecided")]
pub struct Mutants {
    /// The algorithms; `heardof list` shows all
    #[arg(required_unless_present = "all", value_name = "ALGORITHM")]
    pub algorithms: Vec<String>,
    /// Every algorithm but the wrong variants
    #[arg(long)]
    pub all: bool,
    /// Numbers of processes, `4` or `1..5`, both ends included
    /// [default: 1..9 where a phase is one round and there are no parameters, else 1..5 or one beyond the first n with room for a fault
    /// that is not benign, up to the first n that notices]
    #[arg(short, value_parser = parse::range, value_name = "SIZES")]
    pub n: Option<RangeInclusive<usize>>,
    /// Only mutants whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// How many phases to explore, where the text tells one phase from another
    /// [default: 3 for n up to 3, then 2; n + 1 where a phase is one round]
    #[arg(long, value_parser = parse::count, value_name = "NUMBER")]
    pub phases: Option<usize>,
    /// Who judges: `check` for small n, `prove` for all n, or `both`. A mutant that is proved needs no reason
    #[arg(long, value_enum, default_value = "check", value_name = "check|prove|both", hide_possible_values = true)]
    pub with: Judges,
    /// The most that one condition of a mutant may take
    #[arg(long, value_parser = parse::duration, default_value = "5s", value_name = "TIME")]
    pub timeout: Duration,
    /// Worker threads [default: as many as cores]
    #[arg(long, value_parser = parse::count, value_name = "NUMBER")]
    pub threads: Option<usize>,
    /// File with the reasons of survivors, lines `<mutant> = <reason>` [default: those that ship with the program]
    #[arg(long, value_name = "FILE")]
    pub reasons: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Who judges a mutant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Judges {
    /// The check, for small n
    Check,
    /// The prover, for all n
    Prove,
    /// Both, and they must not contradict each other
    Both,
}

/// `run`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof run one_third_rule --cluster cluster.toml --id 0 --input 7 --trace p0.trace\n\n\
    Exit codes: 0 decided or halted; 1 stopped by an alarm; 2 usage or environment: wrong file, port in use, nobody there; \
    3 ended undecided")]
pub struct Run {
    /// The algorithm; `heardof list` shows all
    pub algorithm: String,
    /// The cluster file (TOML): name, transport, and the address of every process
    #[arg(long, value_name = "FILE")]
    pub cluster: PathBuf,
    /// The process to run: its id in the cluster file
    #[arg(long, value_parser = parse::process)]
    pub id: usize,
    /// What this process starts with [default: a value made from its id]
    #[arg(long, value_name = "VALUE")]
    pub input: Option<String>,
    /// Records the run here, for `replay`
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// How long to wait for the first message of another process before giving up
    #[arg(long, value_parser = parse::duration, default_value = "10s", value_name = "TIME")]
    pub wait: Duration,
    /// How long to answer others after the decision
    #[arg(long, value_parser = parse::duration, default_value = "2s", value_name = "TIME")]
    pub linger: Duration,
    /// Seed of coins and injected loss [default: drawn]
    #[arg(long, value_parser = parse::seed, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Prints one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `cluster`
#[derive(Arguments, Debug)]
#[command(after_help = "Examples:\n  heardof cluster one_third_rule -n 4 --loss 0.2 --kill 2@50ms\n  \
    heardof cluster last_voting -n 3 --transport tcp --kill 0@0ms --inputs 7,8,9\n  \
    heardof cluster ben_or -n 5 --repeat 50\n\n\
    Exit codes: 0 every survivor decided, decisions agree, and the recorded run replays; 1 something of this is not so, and it is shown; \
    2 usage or environment")]
pub struct Cluster {
    /// The algorithm; `heardof list` shows all
    pub algorithm: String,
    /// How many processes, 1 to 64
    #[arg(short, value_parser = parse::count, default_value = "4", value_name = "NUMBER")]
    pub n: usize,
    /// Their inputs, one a process [default: values that differ where the type has enough]
    #[arg(long, value_delimiter = ',', value_name = "A,B,..")]
    pub inputs: Vec<String>,
    /// How messages travel: `udp` (one datagram a message) or `tcp`
    #[arg(long, value_parser = parse::transport, default_value = "udp", value_name = "udp|tcp")]
    pub transport: TransportKind,
    /// The probability, from 0 to below 1, that a message is thrown away on arrival: 0.2 loses a fifth of all messages
    #[arg(long, value_parser = parse::probability, default_value = "0", value_name = "PROBABILITY")]
    pub loss: f64,
    /// Kills a process, as with `kill -9`, some time after the start: `2@50ms`; may be given several times
    #[arg(long = "kill", value_parser = parse::kill, value_name = "PROCESS@TIME")]
    pub kills: Vec<(usize, Duration)>,
    /// Fixes a parameter, such as `--param f=1` [default: the first value that the constraint admits]
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub parameters: Vec<String>,
    /// The deadline of a round: who has not heard enough by then goes on, unless the algorithm blocks
    #[arg(long, value_parser = parse::duration, default_value = "20ms", value_name = "TIME")]
    pub round_timeout: Duration,
    /// How long one run of the whole cluster may take; who still runs then is killed, and the run is not all right
    #[arg(long, value_parser = parse::duration, default_value = "30s", value_name = "TIME")]
    pub timeout: Duration,
    /// How many runs, one after the other, with seeds S, S + 1, ..; one line a run, and in full only what went wrong
    #[arg(long, value_parser = parse::count, default_value = "1", value_name = "NUMBER")]
    pub repeat: usize,
    /// Seed of coins and injected loss [default: drawn, and printed]
    #[arg(long, value_parser = parse::seed, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Keeps cluster file and traces in this folder [default: a temporary one, removed when all is well]
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `replay`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof replay traces/p0.trace traces/p1.trace traces/p2.trace\n\n\
    Exit codes: 0 every state agrees; 1 a mismatch, and it is shown; 2 usage or environment: a trace is damaged, or of something else")]
pub struct Replay {
    /// The traces of all processes of one run
    #[arg(required = true, value_name = "TRACE")]
    pub traces: Vec<PathBuf>,
    /// Prints one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `demo`
#[derive(Arguments, Debug)]
#[command(after_help = "Example: heardof demo\n\nExit codes: the worst of its commands: 0 all is well; 1 violated; 2 usage or environment")]
pub struct Demo {}

/// How many input values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Values {
    /// So many.
    Fixed(usize),
    /// As many as processes.
    N,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_has_an_example_and_its_exit_codes_and_clap_accepts_the_definitions() {
        let command = Args::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands() {
            let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("heardof ") && help.contains("Exit codes: "), "{}", sub.get_name());
        }
    }

    #[test]
    fn examples_are_accepted() {
        for sub in Args::command().get_subcommands() {
            let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            let commands = help.lines().filter_map(|line| line.trim().trim_start_matches("Example: ").strip_prefix("heardof "));
            for command in commands {
                let words = std::iter::once("heardof").chain(command.split_whitespace());
                assert!(Args::try_parse_from(words).is_ok(), "{command}");
            }
        }
    }
}
