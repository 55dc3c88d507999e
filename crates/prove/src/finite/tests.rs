use super::evaluate::{Obstacle as Trouble, holds};
use super::*;
use crate::not_tested::not_tested;
use crate::smtlib::{Script, read, read_one};
use crate::solver::{Choice, Options};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

fn solver() -> Option<Solver> {
    match Solver::start(&Choice::Z3, &Options { logic: Some("ALL".into()), ..Options::default() }) {
        Ok(solver) => Some(solver),
        Err(error) => {
            not_tested(error);
            None
        }
    }
}

fn empty(n: u32) -> Model {
    Model { n, opaque: vec![], numbers: BTreeSet::from([0]), tables: BTreeMap::new() }
}

/// The same every time: a failure can be seen again.
fn samples(strategy: &impl Strategy<Value = String>, count: usize) -> Vec<String> {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("nothing is filtered").current()).collect()
}

fn formulas(script: &Script) -> Vec<Term> {
    script.assertions.iter().map(|a| a.formula).collect()
}

#[test]
fn quantifiers_over_all_integers_are_decided() {
    for (formula, expected) in [
        ("(forall ((v Int)) (exists ((w Int)) (< v w)))", Ok(true)),
        ("(exists ((v Int)) (forall ((w Int)) (<= v w)))", Ok(false)),
        ("(forall ((v Int)) (or (< v 100) (< 99 v)))", Ok(true)),
        ("(forall ((v Int)) (or (< v 100) (< 100 v)))", Ok(false)),
        ("(exists ((v Int)) (and (< 5 v) (< v 7)))", Ok(true)),
        ("(exists ((v Int)) (and (< 5 v) (< v 6)))", Ok(false)),
        ("(forall ((v Int) (w Int)) (=> (< v w) (exists ((u Int)) (and (< v u) (< u w)))))", Ok(false)),
        ("(forall ((v Int) (w Int)) (=> (< (+ v 1) w) (exists ((u Int)) (and (< v u) (< u w)))))", Ok(true)),
        ("(forall ((v Int) (w Int)) (=> (< (+ v 9) w) (exists ((u Int)) (and (< (+ v 5) u) (< (+ u 3) w)))))", Ok(true)),
        ("(forall ((v Int)) (= (+ v v) (* 2 v)))", Ok(true)),
        ("(forall ((v Int)) (not (= (* 2 v) 3)))", Err(())),
        ("(exists ((v Int) (w Int)) (= (+ v w) 3))", Err(())),
        ("(= 3 (set.card (set.comprehension ((v Int)) (and (< 0 v) (< v 4)) v)))", Ok(true)),
        ("(< 0 (set.card (set.comprehension ((v Int)) (< 0 v) v)))", Err(())),
        ("(forall ((v Int)) (= v (set.card (set.comprehension ((w Int)) (and (< 0 w) (< w v)) w))))", Err(())),
        ("(forall ((X (Set Pid))) (<= (set.card X) 2))", Ok(true)),
        ("(exists ((X (Set Pid)) (Y (Set Pid))) (and (= (set.card X) (set.card Y)) (not (= X Y))))", Ok(true)),
    ] {
        let script = read_one("(declare-sort Pid 0)", formula).unwrap();
        let found = holds(&script.terms, &empty(2), script.assertions[0].formula);
        assert_eq!(found.clone().map_err(|_| ()), expected, "{formula}: {found:?}");
    }
}

#[test]
fn tables_are_looked_up() {
    let declarations = "(declare-sort Pid 0)(declare-fun x (Pid) Int)(declare-fun at (Int) Pid)(declare-fun S (Pid) (Set Int))";
    let numbers = |list: &[i64]| Element::Set(list.iter().map(|&k| Element::Number(k)).collect());
    let mut script = read(declarations).unwrap();
    let find = |script: &Script, name: &str| script.terms.find(name).unwrap();
    let mut model = empty(2);
    let member = Element::Member;
    model.tables.insert(find(&script, "x"), BTreeMap::from([(vec![member(0)], Element::Number(0)), (vec![member(1)], Element::Number(5))]));
    let at = [(vec![Element::Number(0)], member(1)), (vec![Element::Elsewhere], member(0))];
    model.tables.insert(find(&script, "at"), BTreeMap::from(at));
    model.tables.insert(find(&script, "S"), BTreeMap::from([(vec![member(0)], numbers(&[])), (vec![member(1)], numbers(&[0]))]));
    for (formula, expected) in [
        ("(forall ((i Pid)) (or (= (x i) 0) (= (x i) 5)))", true),
        ("(forall ((v Int)) (= (= v 0) (= (x (at v)) 5)))", true),
        ("(exists ((v Int)) (and (distinct v 0) (= (x (at v)) 5)))", false),
        ("(forall ((i Pid)) (= (set.card (S i)) (ite (= (x i) 0) 0 1)))", true),
        ("(forall ((i Pid) (v Int)) (=> (set.member v (S i)) (= v 0)))", true),
        ("(exists ((i Pid)) (set.member 1 (S i)))", false),
        ("(= 1 (set.card (set.comprehension ((i Pid)) (< 3 (x i)) i)))", true),
        ("(forall ((v Int)) (=> (< v (x (at 0))) (<= v 4)))", true),
    ] {
        let with = read_one(declarations, formula).unwrap();
        script.terms = with.terms;
        assert_eq!(holds(&script.terms, &model, with.assertions[0].formula), Ok(expected), "{formula}");
    }
    let other = read_one("(declare-fun unheard () Bool)", "unheard").unwrap();
    assert!(matches!(holds(&other.terms, &empty(1), other.assertions[0].formula), Err(Trouble::Missing(_))));
}

/// Closed formulas about three integers, of the kind that the evaluator decides: differences and bounds.
fn differences() -> impl Strategy<Value = String> {
    let numbers = || prop::sample::select(vec!["a", "b", "c"]);
    let atom = (
        numbers(),
        prop::sample::select(vec!["<", "<=", "="]),
        prop_oneof![numbers().prop_map(str::to_string), Just("0".into())],
        -2i64..=2,
    )
        .prop_map(|(v, relation, w, d)| format!("({relation} {v} (+ {w} {}))", crate::smtlib::write::integer(d)));
    let body = atom.prop_recursive(3, 12, 3, |inner| {
        (prop::sample::select(vec!["and", "or", "=>"]), inner.clone(), inner.clone(), any::<bool>())
            .prop_map(|(word, x, y, negate)| if negate { format!("(not ({word} {x} {y}))") } else { format!("({word} {x} {y})") })
    });
    (body, prop::collection::vec(prop::sample::select(vec!["forall", "exists"]), 3)).prop_map(|(body, quantifiers)| {
        quantifiers.iter().zip(["a", "b", "c"]).fold(body, |body, (quantifier, v)| format!("({quantifier} (({v} Int)) {body})"))
    })
}

#[test]
fn the_evaluator_agrees_with_the_solver_about_integers() {
    let Some(mut solver) = solver() else { return };
    // It decides these at once or not at all.
    solver.set_limit(std::time::Duration::from_millis(200));
    let mut decided = 0;
    for formula in samples(&differences(), 150) {
        let script = read_one("", &formula).unwrap();
        solver.push();
        solver.send(&format!("(assert {formula})"));
        let expected = solver.check().unwrap();
        solver.pop();
        let found = holds(&script.terms, &empty(1), script.assertions[0].formula);
        match expected {
            Answer::Sat => assert_eq!(found, Ok(true), "{formula}"),
            Answer::Unsat => assert_eq!(found, Ok(false), "{formula}"),
            Answer::Unknown(_) => continue,
        }
        decided += 1;
    }
    assert!(decided > 100, "the solver decides nearly all of them: {decided}");
}

const SMALL: &str =
    "(declare-sort Pid 0)(declare-fun A () (Set Pid))(declare-fun HO (Pid) (Set Pid))(declare-fun p () Pid)(declare-fun b (Pid) Bool)";

/// Formulas over [`SMALL`], with at most the variables i and j, both bound outside.
fn small() -> impl Strategy<Value = String> {
    let element = || prop::sample::select(vec!["p", "i", "j"]);
    let set = prop_oneof![
        Just("A".to_string()),
        element().prop_map(|e| format!("(HO {e})")),
        element().prop_map(|e| format!("(set.inter A (HO {e}))")),
        element().prop_map(|e| format!("(set.comprehension ((k Pid)) (and (b k) (set.member {e} (HO k))) k)")),
    ];
    let atom = prop_oneof![
        (element(), set.clone()).prop_map(|(e, s)| format!("(set.member {e} {s})")),
        element().prop_map(|e| format!("(b {e})")),
        (element(), element()).prop_map(|(e, f)| format!("(= {e} {f})")),
        (set.clone(), set.clone()).prop_map(|(s, t)| format!("(= {s} {t})")),
        (set.clone(), set, 0..3).prop_map(|(s, t, k)| format!("(< (* 2 (set.card {s})) (+ (set.card {t}) {k}))")),
    ];
    let body = atom.prop_recursive(3, 10, 3, |inner| {
        (prop::sample::select(vec!["and", "or", "=>", "="]), inner.clone(), inner.clone(), any::<bool>())
            .prop_map(|(word, x, y, negate)| if negate { format!("(not ({word} {x} {y}))") } else { format!("({word} {x} {y})") })
    });
    let quantifier = || prop::sample::select(vec!["forall", "exists"]);
    (body, quantifier(), quantifier()).prop_map(|(body, q, r)| format!("({q} ((i Pid)) ({r} ((j Pid)) {body}))"))
}

/// All models of [`SMALL`] with two processes.
fn all_models(terms: &Terms) -> Vec<Model> {
    let symbols = ["A", "HO", "p", "b"].map(|name| terms.find(name).unwrap());
    let frame = empty(2);
    let mut models = vec![frame.clone()];
    for fun in symbols {
        let values = frame.elements(terms.symbol(fun).result).unwrap();
        for key in frame.keys(terms, fun).unwrap() {
            let extend = |model: &Model, value: &Element| {
                let mut model = model.clone();
                model.tables.entry(fun).or_default().insert(key.clone(), value.clone());
                model
            };
            models = models.iter().flat_map(|model| values.iter().map(|value| extend(model, value)).collect::<Vec<_>>()).collect();
        }
    }
    models
}

#[test]
fn of_models_that_differ_by_a_permutation_one_is_searched() {
    let declarations = "(declare-sort Pid 0)(declare-sort E 0)(declare-fun f (Pid) E)(declare-fun c () E)(declare-fun R (E E) Bool)";
    let script = read_one(declarations, "(forall ((i Pid)) (R (f i) c))").unwrap();
    for (elements, expected) in [(1, 1), (2, 8), (3, 14), (4, 15), (5, 15)] {
        let scope = Scope { frame: Model { opaque: vec![elements], ..empty(3) }, bounded: true, witnesses: vec![] };
        let mut expander = Expander::new(&script.terms, &scope);
        expander.expand(script.assertions[0].formula).unwrap();
        let conditions = expander.canonical().unwrap();
        let ground = |name: &str| expander.symbols[&script.terms.find(name).unwrap()];
        let (mut searched, mut kinds) = (0, BTreeSet::new());
        for code in 0..i64::from(elements).pow(4) {
            let values: Vec<i64> = (0..4).map(|place| code / i64::from(elements).pow(place) % i64::from(elements)).collect();
            let of_f = (0..3).map(|i| (vec![Element::Number(i)], Element::Number(values[i as usize]))).collect();
            let of_c = BTreeMap::from([(vec![], Element::Number(values[3]))]);
            let tables = BTreeMap::from([(ground("f"), of_f), (ground("c"), of_c)]);
            let model = Model { numbers: (0..5).collect(), tables, ..empty(1) };
            if conditions.iter().all(|c| holds(&expander.ground, &model, *c) == Ok(true)) {
                searched += 1;
                // Which places hold the same element is all that formulas can see.
                kinds.insert(values.iter().map(|v| values.iter().position(|w| w == v)).collect::<Vec<_>>());
            }
        }
        // The ways to part four places into at most so many classes: sums of Stirling numbers of the second kind.
        assert_eq!((searched, kinds.len()), (expected, expected), "{elements} elements");
    }
}

#[test]
fn the_search_agrees_with_trying_all_models() {
    let Some(mut solver) = solver() else { return };
    let models = all_models(&read(SMALL).unwrap().terms);
    assert_eq!(models.len(), 4 * 16 * 2 * 4);
    let (mut with, mut without) = (0, 0);
    // Three formulas at once, so that a fair part has no model.
    for three in samples(&small(), 450).chunks(3) {
        let [f, g, h] = three else { panic!("chunks of three") };
        let script = read(&format!("{SMALL}(assert {f})(assert {g})(assert {h})")).unwrap();
        let formulas = formulas(&script);
        let exists = models.iter().any(|m| formulas.iter().all(|&f| holds(&script.terms, m, f) == Ok(true)));
        match search(&mut solver, &script.terms, &formulas, &Sizes { from: 2, to: 2 }).unwrap() {
            Outcome::Found(_) => assert!(exists, "{f}\n{g}\n{h}"),
            Outcome::NotFound(failures) => assert!(!exists && failures.is_empty(), "{f}\n{g}\n{h}\n{failures:?}"),
        }
        *(if exists { &mut with } else { &mut without }) += 1;
    }
    assert!(with > 20 && without > 20, "both kinds are met: {with}, {without}");
}

#[test]
fn what_the_search_guesses_wrong_is_not_accepted() {
    let Some(mut solver) = solver() else { return };
    for (formula, why) in [
        // A set of numbers is finite, in the search, too.
        ("(and (set.member 0 S) (forall ((v Int)) (=> (set.member v S) (set.member (+ v 1) S))))", ""),
        // What the system says is tried, however far from the numerals it is.
        ("(not (exists ((v Int)) (= v k)))", ""),
        // 5·k is larger than all numbers that are tried.
        ("(forall ((v Int)) (< v (* 5 k)))", "is false in it"),
        ("(exists ((v Int) (w Int)) (and (= (+ v w) 3) (= v k)))", "finitely many numbers do not decide"),
    ] {
        let script = read_one("(declare-fun S () (Set Int))(declare-fun k () Int)", formula).unwrap();
        match search(&mut solver, &script.terms, &formulas(&script), &Sizes { from: 1, to: 1 }).unwrap() {
            Outcome::Found(model) => panic!("{formula}:\n{}", model.show(&script.terms)),
            Outcome::NotFound(failures) => {
                assert_eq!(failures.is_empty(), why.is_empty(), "{formula}: {failures:?}");
                assert!(failures.iter().all(|f| f.contains(why)), "{formula}: {failures:?}");
            }
        }
    }
}

#[test]
fn a_core_is_what_contradicts_itself_with_few_processes() {
    let Some(mut solver) = solver_with_cores() else { return };
    let declarations = "(declare-sort Pid 0)(declare-fun x (Pid) Int)(declare-fun d (Pid) Bool)(declare-const v Int)
        (assert (forall ((i Pid)) (= (x i) v)))
        (assert (forall ((i Pid)) (d i)))
        (assert (exists ((i Pid)) (not (= (x i) v))))
        (assert (exists ((i Pid) (j Pid) (k Pid)) (distinct i j k)))";
    let script = read(declarations).unwrap();
    let formulas = formulas(&script);
    assert_eq!(core::core(&mut solver, &script.terms, &formulas[..3], 2).unwrap(), Some(vec![0, 2]));
    // Consistent with as many processes as that.
    assert_eq!(core::core(&mut solver, &script.terms, &formulas[..2], 2).unwrap(), None);
    assert_eq!(core::core(&mut solver, &script.terms, &formulas[3..], 2).unwrap(), Some(vec![0]));
    assert_eq!(core::core(&mut solver, &script.terms, &formulas[3..], 3).unwrap(), None);
}

fn solver_with_cores() -> Option<Solver> {
    Solver::start(&Choice::Z3, &Options { cores: true, ..Options::default() }).map_err(not_tested).ok()
}

#[test]
fn the_part_that_is_broken_is_found() {
    let declarations = "(declare-sort Pid 0)(declare-fun x (Pid) Int)(declare-fun done (Pid) Bool)";
    let mut model = empty(2);
    let column =
        |values: [Element; 2]| values.into_iter().enumerate().map(|(k, v)| (vec![Element::Member(k as u32)], v)).collect::<Table>();
    let script = read(declarations).unwrap();
    let find = |name: &str| script.terms.find(name).unwrap();
    model.tables.insert(find("x"), column([Element::Number(0), Element::Number(5)]));
    model.tables.insert(find("done"), column([Element::Bool(false), Element::Bool(true)]));
    for (formula, expected) in [
        ("(< (x p) 6)", ""),
        ("(forall ((i Pid)) (= (x i) 0))", "for i = p1: x(p1) = 0  (5 = 0 is false)"),
        ("(forall ((i Pid)) (and (done i) (= (x i) 0)))", "for i = p0: done(p0)"),
        ("(forall ((i Pid)) (=> (done i) (< (x i) 5)))", "for i = p1, where done(p1): x(p1) < 5  (5 < 5 is false)"),
        ("(forall ((i Pid)) (ite (done i) (= (x i) 0) true))", "for i = p1, where done(p1): x(p1) = 0  (5 = 0 is false)"),
        (
            "(exists ((v Int)) (forall ((i Pid)) (= (x i) v)))",
            "∃v. ∀i. v = x(i)\n  - not for v = 0, i = p1: 0 = x(p1)  (0 = 5 is false)\n  - not for v = 5, i = p0: 5 = x(p0)  (5 = 0 is false)\n  \
             - 21 other choices are no better",
        ),
        (
            "(or (forall ((i Pid)) (< (x i) 5)) (forall ((j Pid)) (< 0 (x j))))",
            "none of these holds\n  - for i = p1: x(p1) < 5  (5 < 5 is false)\n  - for j = p0: 0 < x(p0)  (0 < 0 is false)",
        ),
    ] {
        let with = read_one(&format!("{declarations}(declare-fun p () Pid)"), formula).unwrap();
        let mut model = model.clone();
        model.tables.insert(with.terms.find("p").unwrap(), Table::from([(vec![], Element::Member(0))]));
        let found = super::broken::broken(&with.terms, &model, with.assertions[0].formula).unwrap();
        assert_eq!(found.map_or(String::new(), |broken| broken.lines().join("\n")), expected, "{formula}");
    }
}
