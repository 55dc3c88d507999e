use super::*;
use crate::not_tested::not_tested;
use std::sync::mpsc::{Sender, channel};

/// Runs `test` with each solver of this machine; says so where one is missing.
fn with_solvers(options: &Options, test: impl Fn(&mut Solver)) {
    for choice in [Choice::Z3, Choice::Cvc5] {
        match Solver::start(&choice, options) {
            Ok(mut solver) => test(&mut solver),
            Err(SolverError::NotFound { program, .. }) => not_tested(format!("`{program}` is not on the PATH")),
            Err(error) => panic!("{error}"),
        }
    }
}

fn options() -> Options {
    Options { logic: Some("ALL".into()), cores: true, ..Options::default() }
}

/// A transcript that goes to a channel, line by line or so.
struct Lines(Sender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.send(String::from_utf8_lossy(bytes).into_owned()).map_err(std::io::Error::other)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn questions_are_answered_incrementally() {
    with_solvers(&options(), |solver| {
        solver.send("(declare-fun x () Int)(declare-fun |a b| (Int) Bool)(assert (< x (- 3)))");
        assert_eq!(solver.check(), Ok(Answer::Sat));
        solver.push();
        solver.send("(assert (! (< 0 x) :named positive))");
        assert_eq!(solver.check(), Ok(Answer::Unsat));
        assert_eq!(solver.core(), Ok(vec!["positive".to_string()]));
        solver.pop();
        solver.send("(assert (< (- 5) x))(assert (|a b| x))");
        assert_eq!(solver.check(), Ok(Answer::Sat));
        let values = solver.values(&["x", "(+ x 5)", "(|a b| (- 4))"]).unwrap();
        assert_eq!((values[0].integer(), values[1].integer(), values[2].truth()), (Some(-4), Some(1), Some(true)));
        assert_eq!(solver.values(&[]), Ok(vec![]));
    });
}

#[test]
fn assumptions_give_cores() {
    with_solvers(&options(), |solver| {
        solver.send("(declare-fun p () Bool)(declare-fun q () Bool)(declare-fun r () Bool)(assert (not (and p r)))");
        assert_eq!(solver.check_assuming(&["p", "q", "r"]), Ok(Answer::Unsat));
        let mut core = solver.core().unwrap();
        core.sort();
        assert_eq!(core, ["p", "r"]);
        assert_eq!(solver.check_assuming(&["p", "(not r)"]), Ok(Answer::Sat));
    });
}

#[test]
fn no_assumption_is_a_question_too() {
    with_solvers(&options(), |solver| {
        assert_eq!(solver.check_assuming(&[]).expect("it answers"), Answer::Sat);
        solver.send("(assert false)");
        assert_eq!(solver.check_assuming(&[]).expect("it answers"), Answer::Unsat);
    });
}

#[test]
fn a_refused_command_is_an_error() {
    with_solvers(&options(), |solver| {
        solver.send("(assert nowhere)");
        let error = solver.check().expect_err("nothing is called so").to_string();
        assert!(error.contains("nowhere"), "{error}");
        // z3 goes on, cvc5 has ended.
        match solver.brand() {
            Brand::Z3 => assert_eq!(solver.check(), Ok(Answer::Sat)),
            Brand::Cvc5 => assert!(matches!(solver.check(), Err(SolverError::Died { .. }))),
        }
    });
}

#[test]
fn a_command_cancelled_late_is_no_mistake_of_ours() {
    for (refusal, late) in [
        (r#"(error "line 10 column 7: push canceled")"#, true),
        (r#"(error "line 1 column 8: unknown constant canceled_")"#, false),
        (r#"(error "line 1 column 8: unknown constant nowhere")"#, false),
        ("unsupported", false),
    ] {
        assert_eq!(overrun(refusal), late, "{refusal}");
    }
}

/// Fifteen pigeons in fourteen holes: no solver finds out in a tenth of a second.
fn hard(solver: &mut Solver) {
    let (pigeons, holes) = (15, 14);
    for p in 0..pigeons {
        (0..holes).for_each(|h| solver.send(&format!("(declare-fun p{p}_{h} () Bool)")));
        let somewhere: Vec<String> = (0..holes).map(|h| format!("p{p}_{h}")).collect();
        solver.send(&format!("(assert (or {}))", somewhere.join(" ")));
    }
    for h in 0..holes {
        for p in 0..pigeons {
            (0..p).for_each(|q| solver.send(&format!("(assert (not (and p{p}_{h} p{q}_{h})))")));
        }
    }
}

#[test]
fn the_soft_limit_gives_unknown_and_the_solver_goes_on() {
    with_solvers(&options(), |solver| {
        solver.set_limit(Duration::from_millis(100));
        solver.push();
        hard(solver);
        assert!(matches!(solver.check(), Ok(Answer::Unknown(_))));
        solver.pop();
        solver.set_limit(Duration::from_secs(10));
        solver.send("(assert true)");
        assert_eq!(solver.check(), Ok(Answer::Sat));
    });
}

#[test]
fn the_transcript_runs_again() {
    with_solvers(&options(), |solver| {
        let (sender, receiver) = channel();
        solver.record(Box::new(Lines(sender)));
        solver.send("(declare-fun x () Int)");
        solver.check().unwrap();
        let written: String = receiver.try_iter().collect();
        assert!(written.contains("(declare-fun x () Int)\n(check-sat)\n; sat\n"), "{written}");
    });
}

/// What a program does that reads everything and answers nothing.
#[cfg(unix)]
const LISTEN: &str = "while read line; do :; done";

/// A program that answers `--version` like a solver and then does `then`; [`forget`] removes it.
#[cfg(unix)]
fn impostor(name: &str, version: &str, then: &str) -> Choice {
    let folder = std::env::temp_dir().join(format!("heardof-solver-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("solver");
    let text = format!("#!/bin/sh\nif [ \"$1\" = --version ]; then echo '{version}'; exit; fi\n{then}\n");
    // Another process writes it: a file that this one has open for writing would be inherited by what other tests start, and be busy.
    let write = "printf %s \"$1\" > \"$2\" && chmod 755 \"$2\"";
    let written = std::process::Command::new("sh").args(["-c", write, "sh", &text]).arg(&path).status();
    assert!(written.unwrap().success(), "{}", path.display());
    Choice::At(path)
}

#[cfg(unix)]
fn forget(impostor: &Choice) {
    let Choice::At(path) = impostor else { unreachable!("an impostor is at a path") };
    std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
}

#[test]
#[cfg(unix)]
fn programs_that_misbehave_are_named() {
    let options = Options { limit: Duration::from_millis(20), grace: Duration::from_secs(2), ..Options::default() };
    for (name, version, then, expected) in [
        ("old", "Z3 version 4.8.7 - 64 bit", "", "has version 4.8.7, which is too old: 4.8.12 or later is needed"),
        ("other", "cat (GNU coreutils) 9.1", "", "names no version of z3 or cvc5, but says: cat (GNU"),
        ("dies", "Z3 version 4.13.0", "echo oh no >&2; exit 3", "has ended: exit status: 3; it said: oh no"),
        ("mute", "Z3 version 4.13.0", LISTEN, "took longer than 2.02s and has been killed"),
        (
            "babbles",
            "Z3 version 4.13.0",
            &format!("echo maybe; echo heardof-answered-1; {LISTEN}"),
            "answer to `(check-sat)` makes no sense: maybe",
        ),
        ("unpaired", "Z3 version 4.13.0", &format!("echo 'sat)'; echo heardof-answered-1; {LISTEN}"), "makes no sense: sat)"),
    ] {
        let choice = impostor(name, version, then);
        let result = Solver::start(&choice, &options).and_then(|mut solver| solver.check());
        forget(&choice);
        let error = result.expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

#[test]
#[cfg(unix)]
fn a_solver_that_does_not_stop_costs_a_condition_and_not_the_run() {
    use crate::condition::{Condition, Kind, Problem};
    use crate::prove::{Settings, Verdict, prove};
    let cancels = format!("echo '(error \"line 1 column 7: push canceled\")'; echo heardof-answered-1; {LISTEN}");
    let mut terms = crate::term::Terms::new();
    let (n, one) = (terms.n(), terms.int(1));
    let goal = terms.lt(one, n);
    let condition = Condition { name: "c".into(), kind: Kind::Property, hypotheses: vec![], goal, steps: vec![] };
    let problem = Problem { terms, conditions: vec![condition], assumed: vec![], uncovered: vec![] };
    for (name, then) in [("endless", LISTEN), ("cancels", &cancels)] {
        let choice = impostor(name, "Z3 version 4.13.0", then);
        let settings = Settings { solver: choice.clone(), seed: 0, timeout: Duration::from_millis(20), threads: 1 };
        let proofs = prove(&problem, &settings, &|_| {});
        forget(&choice);
        let proofs = proofs.expect("the run goes on");
        let Verdict::Unknown(why) = &proofs[0].verdict else { panic!("{name}: {:?}", proofs[0].verdict) };
        assert!(why.contains("has been killed"), "{name}: {why}");
    }
}

#[test]
fn a_missing_program_says_what_to_type() {
    let error = Solver::start(&Choice::At("/nowhere/z3".into()), &Options::default()).expect_err("is not there").to_string();
    assert_eq!(
        error,
        "the solver `/nowhere/z3` is not on the PATH; two lines install and check it:\n    sudo apt-get install z3\n    \
         /nowhere/z3 --version"
    );
}

#[test]
fn versions_are_read() {
    for (line, expected) in [
        ("Z3 version 4.8.12 - 64 bit", Some("z3 4.8.12")),
        ("This is cvc5 version 1.0.3", Some("cvc5 1.0.3")),
        ("This is cvc5 version 1.3.1.dev [git]", Some("cvc5 1.3.1")),
        ("z3 version 5.0", Some("z3 5.0.0")),
        ("CVC4 version 1.8", None),
        ("", None),
    ] {
        let read = version_in(line).map(|(brand, version)| format!("{} {version}", brand.name()));
        assert_eq!(read.as_deref(), expected, "{line}");
    }
    assert!(Version([4, 10, 0]) > Version([4, 8, 12]));
}
