//! What is generated for the six algorithms of the library, and how a matrix of it is made.

use heardof_algorithms::{BenOr, FloodMin, LastVoting, OneThirdRule, TwoPhaseCommit, UniformVoting};
use heardof_check::mutants::{Judgement, KillKind, MatrixOptions, Mutant, Reasons, generate, run_matrix};
use heardof_core::ir::sorts::infer;
use heardof_core::ir::text::print_function;
use heardof_core::ir::{Algorithm, Function, Pos};
use heardof_core::machine::{Moment, Stuck};
use heardof_core::{Bounds, Datum, Described, Interpreted, Machine, Phase, Pid, describe};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Mutex;

fn described<P: Described>() -> Algorithm {
    describe::<P>().unwrap_or_else(|error| panic!("{error}"))
}

fn one_third_rule() -> Algorithm {
    described::<OneThirdRule<u8>>()
}

fn all() -> Vec<Algorithm> {
    vec![
        one_third_rule(),
        described::<LastVoting<u8>>(),
        described::<UniformVoting<u8>>(),
        described::<BenOr>(),
        described::<FloodMin<u8>>(),
        described::<TwoPhaseCommit>(),
    ]
}

/// The text without places: what makes two mutants the same.
fn plain(algorithm: &Algorithm) -> String {
    let print = |f: &Function| {
        let mut f = f.clone();
        if let Ok(body) = &mut f.body {
            body.walk_mut(&mut |e| e.at = Pos::default());
        }
        print_function(&f)
    };
    algorithm.all_functions().map(print).collect()
}

fn find<'m>(mutants: &'m [Mutant], id: &str) -> &'m Mutant {
    mutants.iter().find(|m| m.id == id).unwrap_or_else(|| panic!("no mutant `{id}`"))
}

#[test]
fn at_least_25_distinct_well_sorted_mutants_each() {
    for algorithm in all() {
        let mutants = generate(&algorithm);
        assert!(mutants.len() >= 25, "{}: {}", algorithm.name, mutants.len());
        let mut seen = BTreeSet::from([plain(&algorithm)]);
        let mut ids = BTreeSet::new();
        for mutant in &mutants {
            assert!(seen.insert(plain(&mutant.algorithm)), "{}: {} is not new", algorithm.name, mutant.id);
            assert!(ids.insert(&mutant.id), "{}: {} twice", algorithm.name, mutant.id);
            assert!(!mutant.id.contains(" = "), "{} could not be given a reason", mutant.id);
            assert!(!mutant.description.contains('\n') && mutant.description.contains(" → "), "{}", mutant.description);
            assert_eq!(mutant.algorithm.specs, algorithm.specs, "{}: the specification stays", mutant.id);
            assert_eq!(infer(&mut mutant.algorithm.clone()), Ok(()), "{}: {}", algorithm.name, mutant.id);
        }
        let again: Vec<String> = generate(&algorithm).into_iter().map(|m| m.id).collect();
        assert!(mutants.iter().map(|m| &m.id).eq(&again), "{}: the same each time", algorithm.name);
    }
}

#[test]
fn the_mistakes_that_the_literature_warns_of_in_one_third_rule() {
    let mutants = generate(&one_third_rule());
    let table = [
        ("Exchange.update/threshold#1: 2/3 to 1/2", "`3 * mailbox.len() > 2 * ctx.n()` → `2 * mailbox.len() > ctx.n()`"),
        (
            "Exchange.update/threshold#2: 2/3 to 1/2",
            "`3 * mailbox.count(|m| m == v) > 2 * ctx.n()` → `2 * mailbox.count(|m| m == v) > ctx.n()`",
        ),
        ("Exchange.update/threshold#1+#2: 2/3 to 1/2", "`2 * mailbox.len() > ctx.n()`; "),
        ("Exchange.update/compare#1: > to >=", "`3 * mailbox.len() > 2 * ctx.n()` → `3 * mailbox.len() >= 2 * ctx.n()`"),
        ("Exchange.update/compare#2: > to >=", "`3 * mailbox.count(|m| m == v) >= 2 * ctx.n()`"),
        ("Exchange.update/compare#1+#2: > to >=", "`3 * mailbox.len() >= 2 * ctx.n()`; "),
        ("Exchange.update/assignment#2: drop", "an assignment is dropped: "),
        ("Exchange.update/mailbox#1: most_often to largest", "`mailbox.most_often()` → `mailbox.most_often_largest()`"),
    ];
    for (id, shown) in table {
        let mutant = find(&mutants, id);
        assert!(mutant.description.contains(shown), "{id}: {}", mutant.description);
    }
}

#[test]
fn the_mistakes_that_the_literature_warns_of_elsewhere() {
    let table = [
        // The largest timestamp does not matter; a majority of acknowledgements is not needed; the timestamp is forgotten.
        ("last_voting", "Collect.update/mailbox#1: max_by_key to any message"),
        ("last_voting", "Acknowledge.update/conjunct#1: drop 2"),
        ("last_voting", "Propose.update/assignment#2: drop"),
        // Ben-Or asks for two votes; two-phase commit does not ask for n votes.
        ("ben_or", "Vote.update/compare#3+#4: >= to >"),
        ("two_phase_commit", "Votes.update/conjunct#2: drop 1"),
        // A crashed process keeps a smaller value than the others know.
        ("flood_min", "Flood.update/assignment#1: keep min"),
    ];
    for (name, id) in table {
        let algorithm = all().into_iter().find(|a| a.name == name).unwrap_or_else(|| panic!("no {name}"));
        find(&generate(&algorithm), id);
    }
}

/// Runs one phase of three processes in which everybody hears everybody; all that can go wrong is a sort.
fn run_phase(algorithm: Algorithm) -> Result<(), Stuck> {
    const N: usize = 3;
    let bounds = Bounds { n: N, values: 2, phases: 2, nat: 2 };
    let parameters = algorithm.parameters.enumerate(&bounds).swap_remove(0);
    let inputs = algorithm.input.enumerate(&bounds);
    let rounds = algorithm.rounds.len();
    let machine = Interpreted::new(algorithm);
    let coordinator = machine.coordinator(Phase::new(0), N, &parameters)?;
    let moment = |id: usize, round: usize| Moment {
        id: Pid::new(id),
        n: N,
        round,
        phase: Phase::new(0),
        coordinator,
        parameters: &parameters,
        coin: true,
        request: None,
        drew: Cell::new(false),
    };
    let mut states = (0..N).map(|p| machine.init(&inputs[p % inputs.len()], &moment(p, 0))).collect::<Result<Vec<Datum>, _>>()?;
    for k in 0..rounds {
        let sent = (0..N).map(|p| machine.send(k, &states[p], &moment(p, k))).collect::<Result<Vec<_>, _>>()?;
        for (p, state) in states.iter_mut().enumerate() {
            let heard = (0..N).filter_map(|q| sent[q].message_to(Pid::new(p)).map(|m| (Pid::new(q), m.clone())));
            *state = machine.update(k, state, &heard.collect(), &moment(p, k))?;
            machine.halted(state)?;
        }
    }
    Ok(())
}

#[test]
fn mutants_run() {
    for algorithm in all() {
        for mutant in generate(&algorithm) {
            if let Err(stuck @ (Stuck::Sort(_) | Stuck::Native(_))) = run_phase(mutant.algorithm) {
                panic!("{}: {}: {stuck}", algorithm.name, mutant.id);
            }
        }
    }
}

#[test]
fn a_matrix_says_where_each_mutant_is_killed() {
    let algorithm = one_third_rule();
    let halves = find(&generate(&algorithm), "Exchange.update/threshold#1: 2/3 to 1/2").algorithm.clone();
    let largest = find(&generate(&algorithm), "Exchange.update/mailbox#1: most_often to largest").algorithm.clone();
    let judge = |mutant: &Algorithm, n: usize| match n {
        _ if *mutant == largest => Judgement::Survived,
        3 => Judgement::Undecided { reason: "too large".into() },
        _ if *mutant != halves || n == 2 => Judgement::Killed { by: "agreement".into(), kind: KillKind::Safety },
        _ => Judgement::Survived,
    };
    let steps = Mutex::new(vec![]);
    let progress = |done: usize, total: usize| steps.lock().expect("nobody panics").push((done, total));
    let options = MatrixOptions { n: 1..=3, threads: 2, progress: Some(&progress), ..MatrixOptions::default() };
    let matrix = run_matrix(&algorithm, &options, &judge);
    let ids: Vec<String> = generate(&algorithm).into_iter().map(|m| m.id).collect();
    assert!(matrix.rows.iter().map(|r| &r.id).eq(&ids), "rows in the order of the text");
    let row = |id: &str| matrix.rows.iter().find(|r| r.id == id).expect("there is such a row");
    let halves = row("Exchange.update/threshold#1: 2/3 to 1/2");
    assert_eq!((halves.smallest().map(|k| k.n), halves.survived.as_slice(), halves.undecided.len()), (Some(2), &[1][..], 1));
    assert_eq!(matrix.killed(), ids.len() - 1);
    let survivors: Vec<&str> = matrix.survivors().map(|r| r.id.as_str()).collect();
    assert_eq!(survivors, ["Exchange.update/mailbox#1: most_often to largest"]);
    let reasons = Reasons::parse(&format!("{} = equivalent: the order of values plays no part", survivors[0])).expect("it parses");
    assert!(reasons.pair(&matrix).is_settled());
    let steps = steps.into_inner().expect("nobody panics");
    let total = 3 * ids.len();
    assert_eq!(steps.iter().map(|(done, _)| *done).max(), Some(total));
    assert!(steps.iter().all(|(_, of)| *of == total));
}

#[test]
fn the_first_kill_is_enough_where_asked() {
    let judge = |_: &Algorithm, n: usize| match n {
        1 => Judgement::Survived,
        _ => Judgement::Killed { by: "stage 1".into(), kind: KillKind::Liveness },
    };
    let only = Some("Exchange.send/".to_string());
    let matrix = run_matrix(&one_third_rule(), &MatrixOptions { n: 1..=9, every_n: false, only, ..MatrixOptions::default() }, &judge);
    assert_eq!(matrix.rows.len(), 3);
    assert!(matrix.rows.iter().all(|r| r.kills.len() == 1 && r.survived == [1]));
}
