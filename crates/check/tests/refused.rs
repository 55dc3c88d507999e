//! What the checker refuses before it starts, and in which words: nothing is skipped silently.

use heardof_algorithms::{LastVoting, OneThirdRule};
use heardof_check::{CheckError, Options, check, induction};
use heardof_core::ir::text::parse_functions;
use heardof_core::ir::{Algorithm, Kind, Speaks, SpecText};
use heardof_core::machine::Interpreted;
use heardof_core::{Datum, Described, describe};

fn described<P: Described>() -> Algorithm {
    describe::<P>().expect("every algorithm of the library has a description")
}

/// One-Third Rule with one more predicate.
fn with(kind: Kind, speaks: Speaks, text: &str) -> Algorithm {
    let mut a = described::<OneThirdRule<u64>>();
    let function = parse_functions(text).expect("the text is of the grammar").remove(0);
    a.specs.push(SpecText { name: function.name.clone(), kind, speaks, problem: None, doc: String::new(), function });
    a
}

fn small() -> Options {
    Options { n: Some(2..=2), ..Options::default() }
}

/// What `check` and `check --induction` say, both ways in the same words.
fn refusal(a: Algorithm, options: &Options) -> String {
    let machine = Interpreted::new(a);
    let checked = check(&machine, options, &|_| {}).map_or_else(|error| error.to_string(), |report| format!("{report:?}"));
    let induced = induction(&machine, options, &|_, _| {}).map_or_else(|error| error.to_string(), |report| format!("{report:?}"));
    assert_eq!(checked, induced);
    checked
}

#[test]
fn predicates_over_two_rounds_are_refused_by_name() {
    let shrinks = "(fn shrinks (before now) (method is_subset (method kernel now) (method kernel before)))";
    // `forall` is an operation of systems and of heard-of sets alike: only the signature tells what `before` is.
    let monotone = "(fn monotone (before now) (method forall before (lam (p) (method is_subset (method of now p) (method of before p)))))";
    for text in [shrinks, monotone] {
        let name = text.split_whitespace().nth(1).expect("a name");
        let expected =
            format!("not checked: the predicate `{name}` relates several rounds; write it over one round, or with `kernel_before`");
        assert_eq!(refusal(with(Kind::Safety, Speaks::HeardTwice, text), &small()), expected);
    }
    let liveness = with(Kind::Liveness { rounds: vec![], stage: None }, Speaks::HeardTwice, shrinks);
    let error = check(&Interpreted::new(liveness), &small(), &|_| {}).expect_err("it relates two rounds");
    assert!(error.to_string().contains("`shrinks` relates several rounds"), "{error}");
}

#[test]
fn the_same_text_over_state_and_heard_of_sets_is_checked() {
    // A name for the first parameter decides nothing: this one is a system.
    let text = "(fn some (before now) (method forall before (lam (p) (op > (method len (method of now p)) 0))))";
    let machine = Interpreted::new(with(Kind::Safety, Speaks::StateHeard, text));
    let report = check(&machine, &small(), &|_| {}).expect("it is over one round");
    // Everybody hears somebody: of the 16 assignments of a state 9 are left.
    assert!(report.figures.iter().all(|f| f.assignments == 9 * u128::from(f.states)), "{:?}", report.figures);
}

#[test]
fn sizes_and_parameters_out_of_range_are_refused() {
    let last_voting = || described::<LastVoting<u64>>();
    let huge = Options { n: Some(13..=13), ..Options::default() };
    let error = check(&Interpreted::new(last_voting()), &huge, &|_| {}).expect_err("13 processes");
    let expected = "n = 13: 13 processes have 2^169 heard-of assignments a round; lower -n to at most 12";
    assert_eq!(error.to_string(), expected);
    let unknown = Options { parameters: vec![("frist".into(), Datum::Bool(true))], ..small() };
    assert_eq!(refusal(last_voting(), &unknown), "no parameter `frist`: there are first, shortcut");
    let few = Options { limit_states: 100, n: Some(4..=4), ..Options::default() };
    let error = check(&Interpreted::new(last_voting()), &few, &|_| {}).expect_err("more than 100 states");
    assert!(matches!(error, CheckError::TooLarge { .. }) && error.to_string().contains("lower -n"), "{error}");
}
