//! A command line that cannot be read, in one line: the place, what was found, what was expected, and where help is.
//!
//! `-n 5..2` is reported as ``-n 5..2: expected the smaller number first: 2..5; see `heardof check --help` ``.

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The one line for an error of the argument parser; `words` are the words of the command line, the program first.
pub fn one_line(error: &clap::Error, words: &[String], program: &str) -> String {
    let command = crate::args::Args::command();
    let known = |word: &&String| command.get_subcommands().any(|c| c.get_name() == **word);
    let help = match words.get(1).filter(known) {
        Some(sub) => format!("see `{program} {sub} --help`"),
        None => format!("see `{program} --help`"),
    };
    format!("{}; {help}", what(error))
}

fn what(error: &clap::Error) -> String {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(one)) => one.clone(),
        Some(ContextValue::Strings(all)) => all.join(", "),
        _ => String::new(),
    };
    let argument = text(ContextKind::InvalidArg);
    let value = text(ContextKind::InvalidValue);
    // `--values <NUMBER|n>` is known to the user as `--values`.
    let flag = argument.split(' ').next().unwrap_or_default();
    match error.kind() {
        ErrorKind::ValueValidation => {
            let why = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
            format!("{flag} {value}: {why}")
        }
        ErrorKind::InvalidValue => format!("{flag}: expected a value"),
        ErrorKind::MissingRequiredArgument => format!("expected {argument}"),
        ErrorKind::UnknownArgument => match text(ContextKind::SuggestedArg) {
            near if near.is_empty() => format!("unknown argument `{argument}`"),
            near => format!("unknown argument `{argument}`: did you mean {near}?"),
        },
        ErrorKind::InvalidSubcommand => {
            let commands: Vec<String> = crate::args::Args::command().get_subcommands().map(|c| c.get_name().to_string()).collect();
            format!("unknown command `{}`: expected one of {}", text(ContextKind::InvalidSubcommand), commands.join(", "))
        }
        // The rest has no values of its own: clap's first line says it.
        _ => {
            let rendered = error.render().to_string();
            rendered.lines().next().unwrap_or_default().trim_start_matches("error: ").to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;
    use crate::args::Args;
    use clap::Parser;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        let error = Args::try_parse_from(&words).expect_err(line);
        assert_eq!(one_line(&error, &words, "heardof"), expected, "{line}");
    }

    #[test]
    fn each_kind_of_error_is_one_line_with_a_hint() {
        check("heardof check a -n 5..2", "-n 5..2: expected the smaller number first: 2..5; see `heardof check --help`");
        check("heardof check", "expected <ALGORITHM>...; see `heardof check --help`");
        check("heardof run a --cluster", "--cluster: expected a value; see `heardof run --help`");
        check("heardof run a", "expected --cluster <FILE>, --id <ID>; see `heardof run --help`");
        check("heardof check a --value 2", "unknown argument `--value`: did you mean --values?; see `heardof check --help`");
        check("heardof check a --bogus", "unknown argument `--bogus`; see `heardof check --help`");
        check(
            "heardof cluster a --loss 0.1 --loss 0.2",
            "the argument '--loss <PROBABILITY>' cannot be used multiple times; see `heardof cluster --help`",
        );
        check(
            "heardof chekc a",
            "unknown command `chekc`: expected one of list, explain, check, prove, certify, solve, mutants, simulate, run, cluster, replay, demo; see `heardof --help`",
        );
    }
}
