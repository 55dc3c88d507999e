//! The papers' notation: golden pages for One-Third Rule and LastVoting, one formula a line for the rest.
//!
//! `BLESS=1 cargo test -p heardof-algorithms --test explain` writes the golden pages anew.

use heardof_algorithms::{BenOr, FloodMin, LastVoting, OneThirdRule, TwoPhaseCommit, UniformVoting};
use heardof_core::ir::explain::{Place, explain, explain_expr};
use heardof_core::ir::text::parse_expr;
use heardof_core::ir::{Algorithm, Boundary, Function, Kind, Speaks, SpecText};
use heardof_core::{Described, describe};
use std::path::Path;

fn described<P: Described>() -> Algorithm {
    describe::<P>().unwrap_or_else(|error| panic!("{error}"))
}

fn golden(algorithm: &Algorithm) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/explain").join(format!("{}.txt", algorithm.name));
    let page = explain(algorithm);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("the golden page can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("there is a golden page");
    assert_eq!(page, expected, "BLESS=1 cargo test -p heardof-algorithms --test explain");
}

#[test]
fn one_third_rule() {
    golden(&described::<OneThirdRule<u64>>());
}

#[test]
fn last_voting() {
    golden(&described::<LastVoting<u64>>());
}

#[test]
fn pages_are_narrow() {
    let others = [described::<UniformVoting<u64>>(), described::<BenOr>(), described::<FloodMin<u64>>(), described::<TwoPhaseCommit>()];
    for algorithm in others.into_iter().chain([described::<OneThirdRule<u64>>(), described::<LastVoting<u64>>()]) {
        for line in explain(&algorithm).lines() {
            assert!(line.chars().count() <= 110, "{}: {line}", algorithm.name);
            assert_eq!(line.trim_end(), line, "{}", algorithm.name);
        }
    }
}

/// Each line of `table`: the text of an expression, ` ⟼ `, its notation.
fn check(place: Place<'_>, table: &str) {
    let algorithm = described::<LastVoting<u64>>();
    for line in table.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (text, expected) = line.split_once(" ⟼ ").expect("a line of the table has two sides");
        let e = parse_expr(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(explain_expr(&algorithm, place, &e), expected, "{text}");
    }
}

fn spec(kind: Kind, params: &[&str]) -> SpecText {
    let body = parse_expr("true").expect("it parses");
    let function = Function { name: "f".into(), params: params.iter().map(|p| p.to_string()).collect(), body: Ok(body) };
    let speaks = match (&kind, params.len()) {
        (Kind::Resilience, _) => Speaks::Size,
        (Kind::Safety, _) => Speaks::Heard,
        (_, 1) => Speaks::State,
        _ => Speaks::Step,
    };
    SpecText { name: "f".into(), kind, speaks, problem: None, doc: String::new(), function }
}

#[test]
fn formulas_over_states() {
    let table = "
        (op > (op * 3 (method count s (lam (i) (op == (field (index s i) x) v)))) (op * 2 (method n s))) ⟼ |{i : x_i = v}| > 2n/3
        (op > (op * 2 (method count s (lam (i) (method is_some (field (index s i) vote))))) (method n s)) ⟼ |{i : vote_i ≠ ⊥}| > n/2
        (not (method is_some (field (index s i) vote))) ⟼ vote_i = ⊥
        (not (op < a b)) ⟼ a ≥ b
        (op >= (field (index s i) ts) (variant Some ((0 (method phase s))))) ⟼ ts_i ≥ φ
        (op && (op || a b) c) ⟼ (a ∨ b) ∧ c
        (op || (op && a b) c) ⟼ a ∧ b ∨ c
        (op && a (method forall s (lam (i) b))) ⟼ a ∧ (∀i: b)
        (call implies (call implies a b) c) ⟼ (a ⇒ b) ⇒ c
        (method exists_value s (lam ((typed v \"&V\")) (method exists_phase s (lam (t) c)))) ⟼ ∃v: ∃t ≤ φ: c
        (method forall_pairs s (lam (i j) (op == (method decision (index s i)) (method decision (index s j))))) ⟼ ∀i, j: decision_i = decision_j
        (op == (field (method initially s j) x) (field (index s i) x)) ⟼ x_j⁰ = x_i
        (field (index s (method coordinator s)) ready) ⟼ ready_Coord(φ)
        (op <= (op + (method len (method kernel s)) (method round s)) (method n s)) ⟼ |K(<r)| ≤ n − (r − 1)
        (op > (method round s) 3) ⟼ r > 4
        (op - a (op - b c)) ⟼ a − (b − c)
        (op * 2 (op + a 1)) ⟼ 2 · (a + 1)
        (method len (method image s (lam (i) (field (index s i) decision)))) ⟼ |{decision_i : decision_i ≠ ⊥}|
        (method is_none_or (field (index s i) vote) (lam (w) (op == w v))) ⟼ vote_i = ⊥ ∨ vote_i = v
        (method contains (method set s (lam (i) (field (index s i) ready))) j) ⟼ j ∈ {i : ready_i}
        (variant Some ((0 (variant None ())))) ⟼ Some(⊥)
        (match o (arm (pv None ()) true) (arm (pv Some ((0 v))) (op > v 1))) ⟼ if o = ⊥ then true else if o ≠ ⊥ then o > 1
        (block (let c (method coordinator s)) (field (index s c) ready)) ⟼ ready_Coord(φ)
    ";
    check(Place::Spec(&spec(Kind::Invariant(Boundary::Phase), &["s"])), table);
    let table = "(op == (field (index new i) x) (field (index old i) x)) ⟼ x_i′ = x_i";
    check(Place::Spec(&spec(Kind::Property, &["old", "new"])), table);
}

#[test]
fn formulas_over_heard_of_sets() {
    let table = "
        (method uniform ho) ⟼ ∀p, q: HO(p) = HO(q)
        (op > (op * 2 (method min_len ho)) (method n ho)) ⟼ ∀p: |HO(p)| > n/2
        (op < (method min_len ho) 2) ⟼ min_p |HO(p)| < 2
        (op >= (op + (method len (method of ho p)) (field (method parameters ho) f)) (method n ho)) ⟼ |HO(p)| ≥ n − f
        (method is_subset (method of ho p) (method kernel_before ho)) ⟼ HO(p) ⊆ K(<r)
        (method contains (method kernel ho) (method coordinator ho)) ⟼ Coord(φ) ∈ K
        (not (method is_empty (method intersection (method of ho p) (method of ho q)))) ⟼ HO(p) ∩ HO(q) ≠ ∅
        (method len (method difference (method of ho p) (method safe ho p))) ⟼ |HO(p) ∖ SHO(p)|
        (op == (method coin ho p) true) ⟼ coin_p = true
    ";
    check(Place::Spec(&spec(Kind::Safety, &["ho"])), table);
    check(
        Place::Spec(&spec(Kind::Resilience, &["n", "q"])),
        "(op >= (op * 2 (field q e)) (op + n (op * 2 (field q alpha)))) ⟼ e ≥ (n + 2α)/2",
    );
}

#[test]
fn what_a_round_asks() {
    let round = &described::<LastVoting<u64>>().rounds[0];
    let table = "
        (method is_coordinator ctx) ⟼ p = Coord(φ)
        (not (method is_coordinator ctx)) ⟼ p ≠ Coord(φ)
        (method is_first (method phase ctx)) ⟼ φ = 0
        (method is_some (method from mailbox (method coordinator ctx))) ⟼ Coord(φ) ∈ dom(mb_p)
        (method count mailbox (lam (m) (op == m v))) ⟼ |{q : mb_p(q) = v}|
        (method any mailbox (lam ((tp x ts)) (op == x ts))) ⟼ ∃q ∈ dom(mb_p): mb_p(q).x = mb_p(q).ts
        (method all mailbox (lam (m) (method any mailbox (lam (k) (op == m k))))) ⟼ ∀q ∈ dom(mb_p): ∃q′ ∈ dom(mb_p): mb_p(q) = mb_p(q′)
        (letc (pv Some ((0 v))) (method from mailbox (method coordinator ctx))) ⟼ ⟨v⟩ is received from Coord(φ)
        (letc (pv Some ((0 (tp v _)))) (method max_by_key mailbox (lam ((tp _ ts)) ts))) ⟼ ⟨v, ts⟩ is one of those received with the largest ts
        (letc (pv Some ((0 (tp _ (pv Some ((0 w))))))) (method pick mailbox (lam (m) (method is_some (field m 1))))) ⟼ ⟨x, w⟩ is received with w ≠ ⊥
        (letc (pv Some ((0 m))) (method pick mailbox (lam (_) true))) ⟼ ⟨m⟩ is one of the messages received
        (letc (pv Some ((0 v))) (field p decision)) ⟼ decision_p ≠ ⊥
        (letc (pv Some ((0 v))) (field p vote)) ⟼ vote_p ≠ ⊥ and v = vote_p
    ";
    check(Place::Round(round), table);
}
