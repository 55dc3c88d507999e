//! One formula a line, with what becomes of it: over a state with a decision that stays, an estimate that changes, and a vote for good.

use super::{Transfer, transfers};
use crate::datum::Sort;
use crate::ir::sample;
use crate::ir::text::{parse_expr, parse_functions};
use crate::ir::{Algorithm, Boundary, Field, Function, Kind, Speaks, SpecText};

fn spec(kind: Kind, speaks: Speaks, text: &str) -> SpecText {
    let params = if speaks == Speaks::Step { vec!["old".into(), "new".into()] } else { vec!["s".into()] };
    let function = Function { name: "f".into(), params, body: Ok(parse_expr(text).unwrap_or_else(|e| panic!("{text}: {e}"))) };
    SpecText { name: "f".into(), kind, speaks, problem: None, doc: String::new(), function }
}

/// Says that `decision` stays once it is set.
const STAYS: &str = "(method forall new (lam (i) (call implies (method is_some (method decided (index old i))) \
    (op == (method decided (index new i)) (method decided (index old i))))))";

fn algorithm() -> Algorithm {
    let mut a = sample::algorithm();
    let option = Sort::Option(Box::new(Sort::Word("u64")));
    let fields = [("x", Sort::Word("u64")), ("vote", Sort::Word("u64")), ("decision", option.clone()), ("other", option)];
    a.fields = fields.into_iter().map(|(name, sort)| Field { name, sort, output: false, ghost: false }).collect();
    let text = "(fn update (p mailbox ctx) (block (set (field p x) 1) (set (field p decision) (variant Some ((0 1)))) (set (field p other) (variant None ()))))";
    a.rounds[0].update = parse_functions(text).expect("a function").remove(0);
    a.functions = parse_functions("(fn decided (self) (block (let d (field self decision)) d))").expect("functions");
    a.specs = vec![SpecText { name: "stays".into(), ..spec(Kind::Property, Speaks::Step, STAYS) }];
    a
}

/// Each line: a formula, ` ⟼ `, the start of what is said of it.
fn check(a: &Algorithm, kind: &Kind, speaks: Speaks, table: &str) {
    for line in table.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (text, expected) = line.split_once(" ⟼ ").expect("a line of the table has two sides");
        let mut a = a.clone();
        a.specs.push(spec(kind.clone(), speaks, text));
        let found = transfers(&a).pop().expect("the last claim").1;
        let found = match found {
            Transfer::Local => "local".to_string(),
            Transfer::Outputs { once } => format!("outputs {}", once.into_keys().collect::<Vec<_>>().join(" ")),
            Transfer::LockStep { reason } => reason,
        };
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn properties_of_one_state() {
    let table = r#"
        (method forall s (lam (i) (op > (field (index s i) x) 0))) ⟼ local
        (op && (method forall s (lam (i) (op > (field (index s i) x) 0))) (method forall s (lam (i) (op == (field (index s i) x) (field (method initially s i) x))))) ⟼ local
        (method forall s (lam (i) (method exists s (lam (j) (op == (field (index s i) x) (field (method initially s j) x)))))) ⟼ local
        (method forall s (lam (i) (method forall s (lam (i) (op > (field (index s i) x) 0))))) ⟼ it compares `x` of processes that may be in different rounds
        (method forall_pairs s (lam (i j) (op == (field (index s i) x) (field (index s j) x)))) ⟼ it compares `x` of processes that may be in different rounds
        (method forall_pairs s (lam (i j) (op == (field (index s i) vote) (field (index s j) vote)))) ⟼ local
        (method forall_pairs s (lam (i j) (op == (index s i) (index s j)))) ⟼ it compares whole states of processes that may be in different rounds
        (method forall s (lam (i) (op > (method round s) 0))) ⟼ it speaks of one moment for all processes: `round`
        (method forall s (lam (i) (op == i (method coordinator s)))) ⟼ it speaks of one moment for all processes: `coordinator`
        (method forall_pairs s (lam (i j) (call implies (op && (method is_some (field (index s i) decision)) (method is_some (field (index s j) decision))) (op == (field (index s i) decision) (field (index s j) decision))))) ⟼ outputs decision
        (method forall_pairs s (lam (i j) (op || (method is_none (method decided (index s i))) (op || (method is_none (method decided (index s j))) (op == (method decided (index s i)) (method decided (index s j))))))) ⟼ outputs decision
        (method forall_pairs s (lam (i j) (op == (field (index s i) decision) (field (index s j) decision)))) ⟼ an output that is not set yet may make it false
        (method forall_pairs s (lam (i j) (call implies (method is_some (field (index s i) decision)) (op == (field (index s i) decision) (field (index s j) decision))))) ⟼ an output that is not set yet may make it false
        (method forall_pairs s (lam (i j) (call implies (op && (method is_some (field (index s i) other)) (method is_some (field (index s j) other))) (op == (field (index s i) other) (field (index s j) other))))) ⟼ it compares `other` of processes that may be in different rounds
        (call implies (method exists s (lam (i) (op == (field (index s i) decision) (variant Some ((0 1)))))) (method forall s (lam (j) (op > (field (index s j) vote) 0)))) ⟼ outputs decision
        (call implies (method exists s (lam (i) (op == (field (index s i) decision) (variant None ())))) (method forall s (lam (j) (op > (field (index s j) vote) 0)))) ⟼ an output that is not set yet may make it false
        (op <= (method len (method image s (lam (i) (field (index s i) decision)))) 1) ⟼ outputs decision
        (op > (method len (method image s (lam (i) (field (index s i) decision)))) 1) ⟼ an output that is not set yet may make it false
        (op <= (method image s (lam (i) (field (index s i) decision))) (method image s (lam (i) (field (index s i) decision)))) ⟼ an output that is not set yet may make it false
        (op <= (method count s (lam (i) (method is (field (index s i) decision) 1))) (op / (method n s) 2)) ⟼ outputs decision
        (method forall_pairs s (lam (i j) (method is_none_or (field (index s i) decision) (lam (v) (method is_none_or (field (index s j) decision) (lam (w) (op == v w))))))) ⟼ outputs decision
        (method exists s (lam (i) (method is_some (field (index s i) decision)))) ⟼ an output that is not set yet may make it false
        (method exists_value s (lam (v) (method forall_pairs s (lam (i j) (method is_none_or (field (index s i) decision) (lam (w) (op == v w))))))) ⟼ it speaks of one moment for all processes: `exists_value`
        (method forall s (lam (i) (match (field (index s i) decision) (arm _ true)))) ⟼ it takes a value apart, which is not followed
    "#;
    check(&algorithm(), &Kind::Property, Speaks::State, table);
}

#[test]
fn properties_of_a_round() {
    let table = "
        (method forall new (lam (i) (op >= (field (index new i) x) (field (index old i) x)))) ⟼ local
        (method forall_pairs new (lam (i j) (op >= (field (index new i) x) (field (index old j) x)))) ⟼ it speaks of a round that several processes take at once
    ";
    check(&algorithm(), &Kind::Property, Speaks::Step, table);
}

#[test]
fn termination_has_to_stay() {
    let table = "
        (method forall s (lam (i) (method is_some (field (index s i) decision)))) ⟼ outputs decision
        (method forall s (lam (i) (method is_some (field (index s i) other)))) ⟼ it compares `other` of processes that may be in different rounds
    ";
    check(&algorithm(), &Kind::Termination, Speaks::State, table);
}

#[test]
fn without_irrevocability_no_output_stays() {
    let mut a = algorithm();
    a.specs.clear();
    let table = "
        (method forall s (lam (i) (method is_some (field (index s i) decision)))) ⟼ it compares `decision` of processes that may be in different rounds
    ";
    check(&a, &Kind::Termination, Speaks::State, table);
}

#[test]
fn what_holds_before_one_round_only() {
    let agree = "(method forall_pairs s (lam (i j) (op || (method is_none (field (index s i) decision)) (op || (method is_none (field (index s j) decision)) (op == (field (index s i) decision) (field (index s j) decision))))))";
    let mut a = algorithm();
    a.rounds.push(a.rounds[0].clone());
    check(&a, &Kind::Invariant(Boundary::Always), Speaks::State, &format!("{agree} ⟼ outputs decision"));
    let later = "it holds before some rounds of a phase, and processes are before different ones";
    check(&a, &Kind::Invariant(Boundary::Phase), Speaks::State, &format!("{agree} ⟼ {later}"));
    let local = "(method forall s (lam (i) (op > (field (index s i) x) 0))) ⟼ local";
    check(&a, &Kind::Invariant(Boundary::Phase), Speaks::State, local);
}
