//! Corrupted certificates: what is accepted has no finite model, whatever was changed.

#[path = "support/models.rs"]
mod models;
#[path = "support/solvers.rs"]
mod solvers;
mod support;

use heardof_certify::{Solver, check};
use models::satisfiable;
use solvers::solvers;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use support::{Sexp, read, write};

/// Every expression that differs in one place: a word replaced by one of the pool, an integer by its neighbours, a member of a list
/// dropped, two neighbours in a list exchanged, a list replaced by a list of the pool.
fn corruptions(expression: &Sexp, pool: &[Sexp]) -> Vec<Sexp> {
    let mut found: Vec<Sexp> = pool.to_vec();
    match expression {
        Sexp::Word(word) => {
            if let Ok(k) = word.parse::<i64>() {
                found.extend([k - 1, k + 1, -k].map(|k| Sexp::Word(k.to_string())));
            }
        }
        Sexp::List(list) => {
            for (k, part) in list.iter().enumerate() {
                let with = |changed: Sexp| {
                    Sexp::List(list.iter().enumerate().map(|(l, p)| if l == k { changed.clone() } else { p.clone() }).collect())
                };
                found.extend(corruptions(part, pool).into_iter().map(with));
                let mut without = list.clone();
                without.remove(k);
                found.push(Sexp::List(without));
                let mut exchanged = list.clone();
                exchanged.swap(k, list.len() - 1);
                found.push(Sexp::List(exchanged));
            }
        }
    }
    found.retain(|other| other != expression);
    found
}

fn certificates() -> Vec<(String, Vec<Sexp>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut found: Vec<(String, Vec<Sexp>)> = std::fs::read_dir(&folder)
        .expect("testdata can be read")
        .map(|entry| entry.expect("testdata can be read").path())
        .map(|path| (path.display().to_string(), read(&std::fs::read_to_string(&path).expect("a text"))))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Whether z3 confirms a certificate; `None`, said, where there is no z3.
fn judge() -> Option<impl Fn(&[Sexp]) -> bool> {
    let [z3, _] = solvers(20)?;
    Some(move |lines: &[Sexp]| check(&write(lines), &z3).is_ok())
}

fn with(lines: &[Sexp], k: usize, changed: Option<Sexp>) -> Vec<Sexp> {
    let mut all = lines.to_vec();
    all.splice(k..=k, changed);
    all
}

/// The terms of the steps, and a few words.
fn pool(lines: &[Sexp]) -> Vec<Sexp> {
    let mut found: BTreeSet<String> = ["any", "w", "n", "true", "C0", "sk0"].map(String::from).into();
    for line in lines.iter().filter(|line| line.is_step()) {
        match line.list() {
            [head, _, terms] if head.head() == "instance" => found.extend(terms.list().iter().map(Sexp::to_string)),
            [_, sets, ..] => found.extend(sets.list().iter().flat_map(|s| s.list().get(1)).map(Sexp::to_string)),
            _ => {}
        }
    }
    found.iter().flat_map(|text| read(text)).collect()
}

fn step_corruptions(lines: &[Sexp]) -> Vec<Vec<Sexp>> {
    let pool = pool(lines);
    let mut found = Vec::new();
    for (k, line) in lines.iter().enumerate().filter(|(_, line)| line.is_step()) {
        found.push(with(lines, k, None));
        found.extend(corruptions(line, &pool).into_iter().map(|changed| with(lines, k, Some(changed))));
    }
    found
}

#[test]
fn no_step_can_be_left_out() {
    let Some(accepted) = judge() else { return };
    for (name, lines) in certificates() {
        for k in (0..lines.len()).filter(|&k| lines[k].is_step()) {
            assert!(!accepted(&with(&lines, k, None)), "{name} without {}", lines[k]);
        }
    }
}

/// Assumptions changed in one place: of what is still accepted, none has a model.
#[test]
fn corrupted_assumptions_are_not_refuted_when_they_have_a_model() {
    let Some(accepted) = judge() else { return };
    let (mut models, mut proofs) = (0, 0);
    for (name, lines) in certificates() {
        // There are infinitely many values: quantifiers over them have no finite models.
        if lines.iter().any(|line| line.head() == "assume" && line.to_string().contains(" Value)")) {
            assert_eq!(satisfiable(&lines), None, "{name}");
            continue;
        }
        assert_eq!(satisfiable(&lines), Some(false), "{name}");
        let pool: Vec<Sexp> = ["true", "false", "0", "1", "n", "v0", "c"].map(|w| Sexp::Word(w.into())).into();
        for (k, line) in lines.iter().enumerate().filter(|(_, line)| line.head() == "assume") {
            let corrupted = corruptions(line, &pool).into_iter().map(Some).chain([None]);
            for (number, changed) in corrupted.enumerate() {
                // Every third: the others differ in the place only.
                let lines = with(&lines, k, changed);
                if number % 3 == 0 && satisfiable(&lines) == Some(true) {
                    models += 1;
                    assert!(!accepted(&lines), "{name} is accepted, with {}", lines[k]);
                } else if number % 3 == 0 && accepted(&lines) {
                    proofs += 1;
                    assert_eq!(satisfiable(&lines), Some(false), "{name} is accepted, with {}", lines[k]);
                }
            }
        }
    }
    assert!(models > 100 && proofs > 10, "{models} with a model, {proofs} proofs");
}

/// Steps changed in one place: with assumptions that have a model, none is accepted.
#[test]
fn corrupted_steps_refute_nothing_that_has_a_model() {
    let Some(accepted) = judge() else { return };
    let mut tried = 0;
    for (name, lines) in certificates() {
        for k in (0..lines.len()).filter(|&k| lines[k].head() == "assume") {
            // An assumption that says nothing new keeps the numbers of the other clauses where it is a single clause.
            let Sexp::List(parts) = &lines[k] else { continue };
            let weak = read(&format!("({} {} (= n n))", parts[0], parts[1]));
            let weaker = [with(&lines, k, None), with(&lines, k, weak.into_iter().next())];
            for lines in weaker.iter().filter(|lines| satisfiable(lines) == Some(true)) {
                for corrupted in step_corruptions(lines).iter().skip(k).step_by(7) {
                    tried += 1;
                    assert!(!accepted(corrupted), "{name} is accepted, with a model:\n{}", write(corrupted));
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

/// Keeps the script and says what would make any certificate a proof.
struct Keeps(RefCell<String>);
impl Solver for Keeps {
    fn run(&self, script: &str) -> Result<String, String> {
        *self.0.borrow_mut() = script.into();
        Ok("unsat".into())
    }
}

/// Ground formulas have the same value, in every finite model, as what the solver gets for them.
#[test]
fn simplifications_are_equivalences() {
    let (truths, numbers) = (["true", "false", "p", "(not p)"], ["0", "2", "k", "(+ k 1)", "(* 2 k)"]);
    let mut formulas = Vec::new();
    for a in truths {
        for b in truths {
            formulas.extend(["and", "or", "="].map(|head| format!("({head} {a} {b})")));
            formulas.extend(truths.map(|c| format!("(ite {c} {a} {b})")));
        }
    }
    for a in numbers {
        for b in numbers {
            formulas.extend(["=", "<=", "<"].map(|head| format!("({head} {a} {b})")));
            formulas.push(format!("(<= (* -3 (* -2 k)) (+ {a} {b} 2))"));
            formulas.push(format!("(< 1 (ite (not p) {a} {b}))"));
        }
        formulas.extend(["0", "1", "-3"].map(|k| format!("(< (* {k} {a}) (+ k -1))")));
    }
    let empty = ["(set (v0 Process) false)", "(set (v0 Process) true)", "(set (v0 Process) (in v0 A))", "A"];
    formulas.extend(empty.map(|set| format!("(= (card {set}) 0)")));
    let symbols = "(declare p () Bool) (declare k () Int) (declare A () (Set Process))";
    for formula in &formulas {
        let solver = Keeps(RefCell::new(String::new()));
        let text = format!("(certificate 1) (condition \"\") {symbols} (assume \"\" {formula}) (instance 0 ())");
        let simplified = match check(&text, &solver) {
            Ok(_) => {
                solver.0.borrow().lines().filter_map(|line| line.strip_prefix("(assert ")?.strip_suffix(")")).next_back().map(String::from)
            }
            // A clause that is true is none.
            Err(rejected) if rejected.why == "there is no clause 0" => Some("true".into()),
            Err(_) => None,
        };
        let plain = simplified.unwrap_or_else(|| panic!("{formula} is rejected"));
        let plain = plain.replace("card_A", "(card A)").replace("f_", "").replace("(- ", "(* -1 ");
        let differ = read(&format!("{symbols} (assume \"\" (not (= {formula} {plain})))"));
        assert_eq!(satisfiable(&differ), Some(false), "{formula} became {plain}");
    }
}
