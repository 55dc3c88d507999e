use super::*;
use crate::not_tested::not_tested;
use crate::sexp;

fn settings() -> Settings {
    Settings { limit: Duration::from_secs(2), ..Settings::default() }
}

/// The lines of a file of cases: expected answer and assertions, each with the declarations before them.
fn cases(text: &str) -> Vec<(String, String)> {
    let mut declarations = String::new();
    let mut cases = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let Some(at) = line.find('(').filter(|&at| at > 0) else {
            declarations += line;
            declarations.push('\n');
            continue;
        };
        let assertions = sexp::read(&line[at..]).unwrap_or_else(|error| panic!("{line}: {error}"));
        let asserted: String = assertions.iter().map(|a| format!("(assert {a})\n")).collect();
        cases.push((line[..at].trim().to_string(), declarations.clone() + &asserted));
    }
    cases
}

fn answer(text: &str, settings: &Settings) -> String {
    match solve(text, settings) {
        Ok(Solved { verdict: Verdict::Sat(model), .. }) => format!("sat {}", model.n),
        Ok(Solved { verdict: Verdict::Unsat { hypotheses: Hypotheses::Inconsistent, .. }, .. }) => "vacuous".to_string(),
        Ok(Solved { verdict: Verdict::Unsat { .. }, .. }) => "unsat".to_string(),
        Ok(Solved { verdict: Verdict::Unknown(_), .. }) => "unknown".to_string(),
        Err(error) => panic!("{text}: {error}"),
    }
}

/// Every line of the file has its answer.
fn check(text: &str) {
    if let Err(error) = settings().start() {
        not_tested(error);
        return;
    }
    let mut wrong = Vec::new();
    for (expected, case) in cases(text) {
        let found = answer(&case, &settings());
        let right = found == expected || (expected == "unsat?" && ["unsat", "unknown"].contains(&found.as_str()));
        if !right {
            let asserted: Vec<&str> = case.lines().filter(|line| line.starts_with("(assert")).collect();
            wrong.push(format!("{expected}, found {found}: {}", asserted.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sets_have_their_answers() {
    check(include_str!("../../testdata/sets.txt"));
}

#[test]
fn functions_have_their_answers() {
    check(include_str!("../../testdata/functions.txt"));
}

#[test]
fn a_model_is_shown_as_a_table() {
    let text = "(declare-sort Pid 0)(declare-fun HO (Pid) (Set Pid))(declare-fun x (Pid) Int)(declare-fun leader () Pid)
        (assert (forall ((i Pid)) (= (set.member i (HO i)) (= i leader))))
        (assert (forall ((i Pid)) (= (x i) (ite (= i leader) 1 0))))
        (assert (exists ((i Pid)) (distinct i leader)))";
    let Ok(solved) = solve(text, &settings()) else { return not_tested("there is no z3") };
    let shown = solved.model().unwrap();
    let leader = if shown.contains("leader = p0") { 0 } else { 1 };
    let mut lines = shown.lines();
    assert_eq!(lines.next(), Some("n = 2"));
    assert_eq!(lines.next(), Some(format!("leader = p{leader}").as_str()));
    assert!(lines.next().is_some_and(|line| line.starts_with("    HO") && line.ends_with('x')), "{shown}");
    let row = shown.lines().find(|line| line.starts_with(&format!("p{leader}"))).unwrap();
    assert!(row.contains(&format!("p{leader}")) && row.ends_with('1'), "{shown}");
}

/// A prover that says what it is told to.
struct Parrot(Refutation, usize);

impl Prover for Parrot {
    fn name(&self) -> String {
        "parrot".to_string()
    }
    fn refute(&mut self, _: &mut Terms, _: &[Term], _: Duration) -> Result<Refutation, SolverError> {
        self.1 += 1;
        Ok(self.0.clone())
    }
}

#[test]
fn provers_are_asked_in_order_and_models_come_first() {
    let no_model = "(declare-sort Pid 0)(declare-fun A () (Set Pid))(declare-fun B () (Set Pid))
        (assert (> (set.card A) (set.card (set.union A B))))";
    let (mut silent, mut bold) = (Parrot(Refutation::GaveUp("tired".into()), 0), Parrot(Refutation::Unsat, 0));
    let Ok(solved) = solve_with(no_model, &settings(), &mut [&mut silent, &mut bold]) else { return not_tested("there is no z3") };
    assert_eq!(solved.verdict, Verdict::Unsat { by: "parrot".into(), hypotheses: Hypotheses::NotMarked });
    assert_eq!((silent.1, bold.1), (1, 1));
    let small = Settings { largest: 3, ..settings() };
    let solved = solve_with(no_model, &small, &mut [&mut silent]).unwrap();
    assert!(matches!(solved.verdict, Verdict::Unknown(tried) if tried == ["parrot: tired"]));
    let solved = solve_with("(declare-fun b () Bool)(assert b)", &settings(), &mut [&mut bold]).unwrap();
    assert!(matches!(solved.verdict, Verdict::Sat(_)), "a model with one process wins over any prover");
}

#[test]
fn definitions_of_functions_of_sets_are_put_in_place() {
    let declarations = "(declare-sort Pid 0)(declare-fun f ((Set Pid) Pid) Bool)(declare-fun A () (Set Pid))(declare-fun p () Pid)";
    for (assertions, expected) in [
        ("(assert (forall ((X (Set Pid)) (i Pid)) (= (f X i) (set.member i X))))(assert (f A p))", "p ∈ A"),
        ("(assert (forall ((i Pid) (X (Set Pid))) (= (not (set.member i X)) (f X i))))(assert (f A p))", "p ∉ A"),
        // No definitions: recursive, or not all arguments are variables.
        ("(assert (forall ((X (Set Pid)) (i Pid)) (= (f X i) (f X p))))", "∀X0,i1. f(X0, i1) = f(X0, p)"),
        ("(assert (forall ((X (Set Pid))) (= (f X p) (set.member p X))))", "∀X0. f(X0, p) = (p ∈ X0)"),
    ] {
        let mut script = smtlib::read(&format!("{declarations}{assertions}")).unwrap();
        unfold::definitions(&mut script);
        let shown: Vec<String> = script.assertions.iter().map(|a| script.terms.show(a.formula)).collect();
        assert_eq!(shown, [expected], "{assertions}");
    }
}
