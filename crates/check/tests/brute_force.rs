//! The checker against its dumb twin: the same states, the same assignments, the same verdicts, with renaming and without.

mod faults;
mod twin;

use heardof_algorithms::{BenOr, FloodMin, LastVoting, OneThirdRule, TwoPhaseCommit, UniformVoting};
use heardof_check::mutants::generate;
use heardof_check::{Options, Report, Values, check, induction};
use heardof_core::ir::sorts::infer;
use heardof_core::ir::text::parse_functions;
use heardof_core::ir::{Algorithm, Function, Kind, Speaks, SpecText};
use heardof_core::machine::{Interpreted, Machine, Native};
use heardof_core::{Datum, Described, Faults, Phase, Sort, describe};
use std::collections::BTreeSet;
use twin::{Twin, VALUES, World, inputs, parameters};

/// An algorithm and what a person sees in its text.
struct Case {
    machine: Box<dyn Machine>,
    counts_rounds: bool,
    keeps_kernel: bool,
    /// Whether specifications look at the first and the current state of the same process.
    first_belongs: bool,
    phases: usize,
}

fn native<P: Described>() -> Box<dyn Machine> {
    Box::new(Native::<P>::new().expect("every algorithm of the library has a description"))
}

fn cases() -> Vec<Case> {
    let case =
        |machine, counts_rounds, keeps_kernel, first_belongs, phases| Case { machine, counts_rounds, keeps_kernel, first_belongs, phases };
    vec![
        case(native::<OneThirdRule<u8>>(), false, false, false, 1),
        case(native::<LastVoting<u8>>(), true, false, false, 2),
        case(native::<UniformVoting<u8>>(), false, false, false, 1),
        case(native::<BenOr>(), false, false, true, 1),
        case(native::<FloodMin<u8>>(), true, true, false, 3),
        case(native::<TwoPhaseCommit>(), false, false, true, 1),
    ]
}

fn options(n: usize, phases: usize, reduce: bool, liveness: bool) -> Options {
    Options { n: Some(n..=n), values: Values::Fixed(2), phases: Some(phases), reduce, liveness, threads: 1, ..Options::default() }
}

fn run(machine: &dyn Machine, options: &Options) -> Result<Report, String> {
    check(machine, options, &|_| {}).map_err(|error| error.to_string())
}

fn names(report: &Report, kinds: &[&str]) -> BTreeSet<String> {
    report.violations.iter().filter(|v| kinds.contains(&v.kind)).map(|v| v.property.clone()).collect()
}

/// Whether rounds matter in a mutant although they do not in the original.
fn rounds_matter(id: &str) -> bool {
    ["first phase", "rotate"].iter().any(|word| id.contains(word))
}

impl Case {
    fn twin<'a>(&'a self, machine: &'a dyn Machine, n: usize, parameters: &'a Datum) -> Twin<'a> {
        let Case { counts_rounds, keeps_kernel, phases, .. } = *self;
        Twin { machine, n, parameters, counts_rounds, keeps_kernel, phases, byzantine: vec![] }
    }

    /// One for each set of Byzantine processes, with its first worlds.
    fn starts<'a>(&'a self, machine: &'a dyn Machine, n: usize, parameters: &'a Datum) -> Vec<(Twin<'a>, Vec<World>)> {
        let at_most = match machine.faults(parameters) {
            Ok(Faults::Byzantine { at_most }) => at_most,
            _ => 0,
        };
        let sets = (0..(1usize << n) - 1).filter(|set| set.count_ones() as usize <= at_most);
        let byzantine = sets.map(|set| (0..n).filter(|p| set >> p & 1 == 1).collect::<Vec<_>>());
        let twins = byzantine.map(|byzantine| Twin { byzantine, ..self.twin(machine, n, parameters) });
        let all = inputs(machine.algorithm(), n, VALUES);
        // Byzantine processes have no input: one stands for all.
        let one = |twin: &Twin<'_>, inputs: &&Vec<Datum>| twin.byzantine.iter().all(|p| inputs[*p] == all[0][*p]);
        twins
            .map(|twin| (all.iter().filter(|x| one(&twin, x)).filter_map(|x| twin.start(x)).collect(), twin))
            .map(|(w, t)| (t, w))
            .collect()
    }

    /// The processes that are coordinators in `round` or later, as long as rounds are run.
    fn leaders(&self, n: usize, parameters: &Datum, round: usize) -> BTreeSet<usize> {
        let a = self.machine.algorithm();
        if !["last_voting", "two_phase_commit"].contains(&a.name.as_str()) {
            return BTreeSet::new();
        }
        let first = round / a.rounds.len();
        let phases = if self.counts_rounds { self.phases } else { first + 1 };
        (first..phases).map(|k| self.machine.coordinator(Phase::new(k), n, parameters).expect("a coordinator").index()).collect()
    }

    /// The same world for all that differ by a renaming which nobody notices.
    fn orbit(&self, n: usize, parameters: &Datum, w: &World) -> (Vec<(Datum, Datum, bool)>, Vec<Datum>, usize) {
        let leaders = self.leaders(n, parameters, w.round);
        let first = |p: usize| if self.first_belongs { w.first[p].clone() } else { Datum::Unit };
        let mut rows: Vec<_> = (0..n).filter(|p| leaders.contains(p)).map(|p| (w.now[p].clone(), first(p), w.kernel[p])).collect();
        let mut free: Vec<_> = (0..n).filter(|p| !leaders.contains(p)).map(|p| (w.now[p].clone(), first(p), w.kernel[p])).collect();
        free.sort();
        rows.extend(free);
        let at_start = self.leaders(n, parameters, 0);
        let mut firsts: Vec<Datum> = (0..n).filter(|p| at_start.contains(p)).map(|p| w.first[p].clone()).collect();
        let mut others: Vec<Datum> = (0..n).filter(|p| !at_start.contains(p)).map(|p| w.first[p].clone()).collect();
        others.sort();
        firsts.extend(others);
        (rows, firsts, w.round)
    }
}

#[test]
fn states_and_assignments_are_those_of_brute_force() {
    for mut case in cases() {
        let name = case.machine.algorithm().name.clone();
        for n in 1..=3 {
            // Two phases of three processes would take the twin minutes.
            case.phases = if name == "last_voting" && n == 3 { 1 } else { case.phases };
            let machine = &*case.machine;
            let plain = run(machine, &options(n, case.phases, false, false)).expect(&name);
            let reduced = run(machine, &options(n, case.phases, true, false)).expect(&name);
            assert!(plain.holds() && reduced.holds(), "{name} n={n}: {:?}", plain.violations);
            for d in parameters(machine, n, 2, case.phases) {
                let twin = case.twin(machine, n, &d);
                let (mut worlds, mut assignments, mut orbits) = (0, 0, BTreeSet::new());
                for reached in inputs(machine.algorithm(), n, 2).iter().filter_map(|x| twin.start(x)).map(|w| twin.reach(w)) {
                    assert!(reached.violated.is_empty() && !reached.stuck, "{name} n={n}: {:?}", reached.violated);
                    worlds += reached.worlds.len() as u64;
                    assignments += reached.assignments;
                    orbits.extend(reached.worlds.iter().map(|w| case.orbit(n, &d, w)));
                }
                let figures = |report: &Report| report.figures.iter().find(|f| f.parameters == d).map(|f| (f.states, f.assignments));
                assert_eq!(figures(&plain), Some((worlds, assignments)), "{name} n={n} {d}");
                if let Some((states, _)) = figures(&reduced) {
                    assert_eq!(states, orbits.len() as u64, "{name} n={n} {d}, renamed");
                }
            }
        }
    }
}

/// What the twin finds: names of what is violated, whether a step is stuck, and what liveness says if all that holds.
fn verdict(case: &Case, machine: &dyn Machine, n: usize, liveness: bool) -> (BTreeSet<String>, bool, BTreeSet<String>) {
    let (mut violated, mut stuck, mut failed, mut possible, mut looked) = (BTreeSet::new(), false, BTreeSet::new(), false, false);
    for d in parameters(machine, n, 2, case.phases) {
        let starts = case.starts(machine, n, &d);
        for (twin, w) in starts.iter().flat_map(|(twin, worlds)| worlds.iter().map(move |w| (twin, w.clone()))) {
            let reached = twin.reach(w);
            let safe = reached.violated.is_empty() && !reached.stuck;
            (violated, stuck) = (&violated | &reached.violated, stuck || reached.stuck);
            if liveness && safe {
                let (names, some) = twin.liveness(&reached);
                failed.extend(names);
                (possible, looked) = (possible || some, true);
            }
        }
    }
    if looked && !possible {
        failed.insert("vacuous".into());
    }
    (violated, stuck, failed)
}

/// Compares checker and twin on one machine; the differences in words.
fn compare(case: &Case, machine: &dyn Machine, n: usize, liveness: bool) -> Vec<String> {
    let (violated, stuck, failed) = verdict(case, machine, n, liveness);
    let mut differences = vec![];
    for reduce in [false, true] {
        let report = match run(machine, &options(n, case.phases, reduce, liveness)) {
            Ok(report) => report,
            Err(error) => {
                differences.push(format!("reduce={reduce}: {error}"));
                continue;
            }
        };
        for violation in &report.violations {
            if let Err(error) = violation.run.replay(machine) {
                differences.push(format!("reduce={reduce}: the run for {} does not replay: {error}", violation.property));
            }
        }
        let found = (names(&report, &["property", "invariant"]), report.violations.iter().any(|v| v.kind == "stuck"));
        // Beyond a stuck step the two need not look at the same states.
        if stuck != found.1 || (!stuck && violated != found.0) {
            differences.push(format!("reduce={reduce}: the twin finds {violated:?}, stuck {stuck}; the checker {found:?}"));
        }
        let alive = report.violations.iter().all(|v| !["liveness", "vacuous"].contains(&v.kind));
        if liveness && !stuck && alive != failed.is_empty() {
            let found: Vec<_> = report.violations.iter().map(|v| &v.explanation).collect();
            differences.push(format!("reduce={reduce}: liveness: the twin finds {failed:?}; the checker {found:?}"));
        }
        let but_termination =
            |names: &BTreeSet<String>| names.iter().filter(|n| *n != "termination" && *n != "vacuous").cloned().collect::<BTreeSet<_>>();
        let found = but_termination(&names(&report, &["liveness"]));
        if liveness && !stuck && found != but_termination(&failed) {
            differences.push(format!("reduce={reduce}: ladder: the twin finds {failed:?}; the checker {found:?}"));
        }
    }
    differences
}

#[test]
fn liveness_is_that_of_brute_force() {
    for case in cases() {
        for n in 1..=2 {
            assert_eq!(compare(&case, &*case.machine, n, true), Vec::<String>::new(), "{} n={n}", case.machine.algorithm().name);
        }
    }
}

/// Of LastVoting's mutants one in so many is compared: its two phases of four rounds are slow by brute force.
const LAST_VOTING_STRIDE: usize = 4;

#[test]
fn verdicts_on_mutants_are_those_of_brute_force() {
    let mut all = vec![];
    for mut case in cases() {
        let algorithm: Algorithm = case.machine.algorithm().clone();
        let (counts_rounds, phases) = (case.counts_rounds, case.phases);
        for mutant in generate(&algorithm).into_iter().step_by(if algorithm.name == "last_voting" { LAST_VOTING_STRIDE } else { 1 }) {
            let machine = Interpreted::new(mutant.algorithm);
            let more = rounds_matter(&mutant.id) && !counts_rounds;
            (case.counts_rounds, case.phases) = if more { (true, 2) } else { (counts_rounds, phases) };
            for difference in compare(&case, &machine, 2, true) {
                all.push(format!("{} {}: {difference}", algorithm.name, mutant.id));
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

fn function(text: &str) -> Function {
    parse_functions(text).expect("the text is of the grammar").remove(0)
}

fn described<P: Described>() -> Algorithm {
    describe::<P>().expect("every algorithm of the library has a description")
}

/// `a` with one more specification function.
fn with(mut a: Algorithm, kind: Kind, text: &str) -> Algorithm {
    let function = function(text);
    let speaks = match (&kind, function.params.len()) {
        (Kind::Safety | Kind::Liveness { .. }, 1) => Speaks::Heard,
        (Kind::Safety | Kind::Liveness { .. }, _) => Speaks::StateHeard,
        (_, 1) => Speaks::State,
        _ => Speaks::Step,
    };
    a.specs.push(SpecText { name: function.name.clone(), kind, speaks, problem: None, doc: String::new(), function });
    a
}

/// One round in which everybody sends its vote to all, and takes over that of the manager, who is not called coordinator.
fn led_by_parameter(update: &str) -> Algorithm {
    let mut a = described::<TwoPhaseCommit>();
    a.coordinator = None;
    a.rounds.drain(..2);
    a.rounds[0].send = function("(fn send (p ctx) (call broadcast (field p vote)))");
    a.rounds[0].update = function(update);
    a.rounds[0].ready = None;
    a.specs.retain(|s| ["agreement", "irrevocability"].contains(&s.name.as_str()));
    let unanimous = "(fn unanimous (s) (call implies (field (index s (field (method parameters s) manager)) vote) \
                     (method forall s (lam (i) (field (index s i) vote)))))";
    let a = with(a, Kind::Property, unanimous);
    let text = "(fn of_the_manager (s) (method forall s (lam (i) (call implies (method is_some (field (index s i) decision)) \
                (method is (field (index s i) decision) (field (index s (field (method parameters s) manager)) vote))))))";
    with(a, Kind::Property, text)
}

/// Who starts with `false` may abort, others may not: a property of a process and its own first state. The local state forgets it.
fn remembering(property: &str) -> Algorithm {
    let mut a = described::<TwoPhaseCommit>();
    a.coordinator = None;
    a.rounds.truncate(2);
    let some = "(op && (op > (method len mailbox) 0) (method is_none (field p decision)))";
    let commit = "(block (set (field p vote) false) (set (field p decision) (variant Some ((0 true)))))";
    let abort = "(set (field p decision) (variant Some ((0 false))))";
    let steps = [(some.to_string(), commit), (format!("(op && {some} (not (field p vote)))"), abort)];
    for (round, (condition, step)) in a.rounds.iter_mut().zip(steps) {
        round.message = Sort::Bool;
        round.send = function("(fn send (p ctx) (call broadcast (field p vote)))");
        round.update = function(&format!("(fn update (p mailbox ctx) (if {condition} {step} (unit)))"));
        round.ready = None;
    }
    a.specs.clear();
    if property.contains("voted") {
        a.functions.push(function("(fn voted (s k) (field (method initially s k) vote))"));
    }
    with(a, Kind::Property, &format!("(fn own (s) (method forall s (lam (i) {property})))"))
}

/// Texts that tell processes apart, or relate them, in ways that are easy to overlook.
fn traps() -> Vec<(&'static str, Algorithm, bool, bool, usize)> {
    let x = |i: &str| format!("(field (index s {i}) x)");
    let from_manager = |name: &str| {
        format!(
            "(fn update (p mailbox ctx) (if (letc (pv Some ((0 v))) (method from mailbox {name})) (set (field p decision) (variant Some ((0 v)))) (unit)))"
        )
    };
    let manager = "(field (method parameters ctx) manager)";
    let by_eq = "(method exists s (lam (j) (op && (op == i j) (call implies (field (method initially s j) vote) {}))))";
    let by_set = "(method exists s (lam (j) (op && (method contains (method set s (lam (k) (op == k i))) j) \
                  (call implies (field (method initially s j) vote) {}))))";
    let by_helper = "(call implies (call voted s i) {})";
    let not_aborted = "(op != (field (index s i) decision) (variant Some ((0 false))))";
    let linked = |how: &str| remembering(&how.replace("{}", not_aborted));
    let led_at_the_end = "(fn led_at_the_end (s) (call implies (method is_first (method phase s)) \
        (method is_none (field (index s (method coordinator s)) decision))))";
    let led = "(fn led (s) (op == (field (index s (method coordinator s)) ready) false))";
    let unled = "(fn unled (s) (call implies (op == (method number (method phase s)) 1) \
        (method is_none (field (index s (method coordinator s)) decision))))";
    let related = format!(
        "(fn related (s ho) (method forall_pairs ho (lam (p q) (op || (op == {} {}) (op == (method of ho p) (method of ho q))))))",
        x("p"),
        x("q")
    );
    let kernel = "(fn kernel (ho) (method forall_pairs ho (lam (p q) (op || (op == (method of ho p) (method of ho q)) \
        (method is_subset (method of ho p) (method kernel_before ho))))))";
    let heard_by_all = "(fn heard_by_all (ho) (op > (op * 2 (method len (method kernel ho))) (method n ho)))";
    vec![
        ("a predicate on the kernel alone", with(described::<OneThirdRule<u8>>(), Kind::Safety, heard_by_all), false, false, 1),
        ("a predicate on the kernel and one on each", with(described::<FloodMin<u8>>(), Kind::Safety, heard_by_all), true, true, 3),
        ("a predicate on the kernel and one on pairs", with(described::<UniformVoting<u8>>(), Kind::Safety, heard_by_all), false, false, 1),
        ("first and current state linked by ==", linked(by_eq), false, false, 1),
        ("first and current state linked by a set", linked(by_set), false, false, 1),
        ("first and current state linked by a helper", linked(by_helper), false, false, 1),
        ("a process named by the parameters", led_by_parameter(&from_manager(manager)), false, false, 1),
        (
            "a predicate that names a process of the parameters",
            with(
                led_by_parameter(&from_manager(manager)),
                Kind::Safety,
                "(fn heard (ho) (method contains (method of ho (field (method parameters ho) manager)) (field (method parameters ho) manager)))",
            ),
            false,
            false,
            1,
        ),
        ("its own message", led_by_parameter(&from_manager("(method id ctx)")), false, false, 1),
        ("the coordinator after the last phase", with(described::<LastVoting<u8>>(), Kind::Property, unled), true, false, 1),
        ("the coordinator in a property", with(described::<LastVoting<u8>>(), Kind::Property, led), true, false, 1),
        ("the coordinator of the first phase", with(described::<LastVoting<u8>>(), Kind::Property, led_at_the_end), true, false, 1),
        ("a predicate on pairs that reads the state", with(described::<OneThirdRule<u8>>(), Kind::Safety, &related), false, false, 1),
        ("a predicate on pairs that reads the kernel", with(described::<FloodMin<u8>>(), Kind::Safety, kernel), true, true, 3),
    ]
}

#[test]
fn traps_are_seen() {
    let mut all = vec![];
    for (name, mut a, counts_rounds, keeps_kernel, phases) in traps() {
        infer(&mut a).expect(name);
        let case = Case { machine: Box::new(Interpreted::new(a)), counts_rounds, keeps_kernel, first_belongs: false, phases };
        for n in 1..=3 {
            all.extend(compare(&case, &*case.machine, n, false).into_iter().map(|d| format!("{name}: n={n} {d}")));
            let plain = run(&*case.machine, &options(n, phases, false, false)).expect(name);
            for d in parameters(&*case.machine, n, 2, phases) {
                let twin = case.twin(&*case.machine, n, &d);
                let starts = inputs(case.machine.algorithm(), n, 2).into_iter().filter_map(|x| twin.start(&x));
                let sums = starts.map(|w| twin.reach(w)).fold((0, 0), |(w, a), r| (w + r.worlds.len() as u64, a + r.assignments));
                let found = plain.figures.iter().find(|f| f.parameters == d).map(|f| (f.states, f.assignments));
                if found != Some(sums) {
                    all.push(format!("{name}: n={n} {d}: the twin counts {sums:?}, the checker {found:?}"));
                }
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// The text with one invariant left out, each in turn; and whole.
fn with_fewer_invariants(a: &Algorithm) -> Vec<(String, Algorithm)> {
    let invariants = (0..a.specs.len()).filter(|k| matches!(a.specs[*k].kind, Kind::Invariant(_)));
    let without = |k: usize| {
        let mut fewer = a.clone();
        let spec = fewer.specs.remove(k);
        (format!("{} without {}", a.name, spec.name), fewer)
    };
    std::iter::once((a.name.clone(), a.clone())).chain(invariants.map(without)).collect()
}

#[test]
fn induction_is_that_of_brute_force() {
    let mut all = vec![];
    for mut case in cases() {
        let text = case.machine.algorithm().clone();
        case.phases = if text.name == "flood_min" { 2 } else { 1 };
        for (name, a) in with_fewer_invariants(&text) {
            let machine = Interpreted::new(a);
            let a = machine.algorithm();
            let expected = parameters(&machine, 2, 2, case.phases)
                .iter()
                .map(|d| case.twin(&machine, 2, d).induction(2))
                .fold(BTreeSet::new(), |x, y| &x | &y);
            for reduce in [false, true] {
                let found = induction(&machine, &options(2, case.phases, reduce, false), &|_, _| {}).expect(&name);
                let about_safety =
                    |property: &String| a.spec(property).is_some_and(|s| matches!(s.kind, Kind::Invariant(_) | Kind::Property));
                let found: BTreeSet<String> = found.violations.into_iter().map(|v| v.property).filter(about_safety).collect();
                if found != expected {
                    all.push(format!("{name}: reduce={reduce}: the twin finds {expected:?}, the checker {found:?}"));
                }
            }
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// Decides in the second of two good phases in a row, and starts again after a bad one; no stages say so.
fn forgetful() -> Algorithm {
    let mut a = described::<TwoPhaseCommit>();
    a.coordinator = None;
    a.rounds.drain(..2);
    let steps = "(if (field p vote) (set (field p decision) (variant Some ((0 true)))) (set (field p vote) true))";
    a.rounds[0].send = function("(fn send (p ctx) (call broadcast (field p vote)))");
    a.rounds[0].update = function(&format!(
        "(fn update (p mailbox ctx) (if (op == (method len mailbox) (method n ctx)) {steps} (set (field p vote) false)))"
    ));
    a.rounds[0].ready = None;
    a.specs.retain(|s| s.kind == Kind::Termination);
    let good = "(fn good (ho) (op == (method min_len ho) (method n ho)))";
    let mut a = with(a, Kind::Liveness { rounds: vec![], stage: None }, good);
    infer(&mut a).expect("the text has sorts");
    a
}

#[test]
fn good_phases_with_bad_ones_between_them_are_looked_at() {
    let machine = Box::new(Interpreted::new(forgetful()));
    let case = Case { machine, counts_rounds: false, keeps_kernel: false, first_belongs: false, phases: 1 };
    for n in 1..=2 {
        assert_eq!(compare(&case, &*case.machine, n, true), Vec::<String>::new(), "n={n}");
        let report = run(&*case.machine, &options(n, 1, true, true)).expect("it can be checked");
        assert_eq!(names(&report, &["liveness"]), BTreeSet::from(["termination".to_string()]), "n={n}");
    }
}

/// A false lemma is found in runs and by induction; of what is demanded it is no part.
#[test]
fn a_lemma_is_looked_at_in_every_step() {
    let frozen = "(fn frozen (old new) (method forall new (lam (i) (op == (field (index old i) x) (field (index new i) x)))))";
    let mut a = with(described::<OneThirdRule<u8>>(), Kind::Lemma { rounds: vec![] }, frozen);
    infer(&mut a).expect("the text has sorts");
    let machine = Interpreted::new(a);
    let expected = BTreeSet::from(["frozen".to_string()]);
    for (goals_only, expected) in [(false, &expected), (true, &BTreeSet::new())] {
        let report = run(&machine, &Options { goals_only, ..options(2, 1, true, false) }).expect("it can be checked");
        assert_eq!(names(&report, &["lemma", "property", "invariant"]), *expected);
    }
    let found = induction(&machine, &options(2, 1, true, false), &|_, _| {}).expect("it can be checked");
    assert_eq!(found.violations.into_iter().map(|v| v.property).collect::<BTreeSet<_>>(), expected);
}
