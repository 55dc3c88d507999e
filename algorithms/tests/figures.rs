//! Golden figures: how many states, successors and heard-of assignments a check covers. A figure that moves without a reason is a state
//! that is lost or counted twice.
//!
//! `BLESS=1 cargo test -p heardof-algorithms --test figures` writes `testdata/figures.txt` anew; a change of it wants a sentence on why.
//!
//! What the golden file says is compared with two counts that know nothing of the checker: assignments by their closed form, states and
//! assignments by running [`lockstep::step`] under every assignment.

use heardof_algorithms::{BenOr, FloodMin, OneThirdRule, TwoPhaseCommit, UniformVoting, registry};
use heardof_check::{Figures, Options, Values, check};
use heardof_core::lockstep::{self, Choice};
use heardof_core::process::{Process, Rounds};
use heardof_core::{Context, Datum, Described, Phase, Pid, Set, System, Value, describe};
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;

/// A check as on the command line.
struct Run {
    algorithm: &'static str,
    n: RangeInclusive<usize>,
    values: Values,
    phases: Option<usize>,
    reduce: bool,
}

fn run(algorithm: &'static str, n: RangeInclusive<usize>) -> Run {
    Run { algorithm, n, values: Values::Fixed(2), phases: None, reduce: true }
}

/// What is counted: the checks that the speed is measured on, the six algorithms, and the small ones without renaming.
fn runs() -> Vec<Run> {
    let small =
        [("one_third_rule", 3), ("last_voting", 2), ("uniform_voting", 3), ("ben_or", 2), ("flood_min", 3), ("two_phase_commit", 3)];
    let mut runs = vec![
        run("one_third_rule", 1..=9),
        Run { values: Values::N, ..run("one_third_rule", 1..=6) },
        Run { phases: Some(3), ..run("last_voting", 1..=5) },
        Run { phases: Some(2), ..run("last_voting", 6..=6) },
        run("uniform_voting", 1..=4),
        run("ben_or", 1..=4),
        run("flood_min", 1..=4),
        run("two_phase_commit", 1..=5),
    ];
    runs.extend(small.map(|(name, n)| Run { reduce: false, ..run(name, 1..=n) }));
    runs
}

impl Run {
    fn command(&self) -> String {
        let values = match self.values {
            Values::Fixed(count) => count.to_string(),
            Values::N => "n".into(),
        };
        let phases = self.phases.map(|k| format!(" --phases {k}")).unwrap_or_default();
        let reduction = if self.reduce { "" } else { " --no-reduction" };
        format!("check {} -n {}..{} --values {values}{phases}{reduction}", self.algorithm, self.n.start(), self.n.end())
    }

    fn figures(&self) -> Vec<Figures> {
        let registry = registry();
        let entry = registry.entries().iter().find(|e| e.name == self.algorithm).unwrap_or_else(|| panic!("no {}", self.algorithm));
        let options = Options {
            n: Some(self.n.clone()),
            values: self.values,
            phases: self.phases,
            reduce: self.reduce,
            threads: 2,
            ..Options::default()
        };
        let report = check(&*entry.machine, &options, &|_| {}).unwrap_or_else(|error| panic!("{}: {error}", self.command()));
        assert!(report.holds(), "heardof {}: {:?}", self.command(), report.violations);
        report.figures
    }
}

#[test]
fn figures_are_the_golden_ones() {
    let mut page = String::new();
    for run in runs() {
        page += &format!("{}\n", run.command());
        for f in run.figures() {
            assert_closed_form(&run, &f);
            page +=
                &format!("  n={} {}: {} states, {} successors, {} assignments\n", f.n, f.parameters, f.states, f.successors, f.assignments);
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/figures.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("there is a golden file");
    for (found, expected) in page.lines().zip(expected.lines()) {
        assert_eq!(found, expected, "to accept: BLESS=1 cargo test -p heardof-algorithms --test figures");
    }
    assert_eq!(page, expected, "to accept: BLESS=1 cargo test -p heardof-algorithms --test figures");
}

/// Where every state admits the same number of assignments, so many times the states from which a round is taken.
fn assert_closed_form(run: &Run, f: &Figures) {
    let all = 1u128 << (f.n * f.n);
    let of_state = match run.algorithm {
        "one_third_rule" | "two_phase_commit" | "last_voting" => all,
        "uniform_voting" => (0..all).filter(|sets| intersecting(&masks(*sets, f.n))).count() as u128,
        _ => return,
    };
    let (from, rest) = (f.assignments / of_state, f.assignments % of_state);
    assert_eq!(rest, 0, "{} n={}", run.command(), f.n);
    match f.rounds {
        // No round is taken from the states after the last one.
        Some(_) => assert!(from > 0 && from < f.states.into(), "{} n={}: {from} of {}", run.command(), f.n, f.states),
        None => assert_eq!(from, f.states.into(), "{} n={}", run.command(), f.n),
    }
}

/// One heard-of set for each process from n² bits.
fn masks(bits: u128, n: usize) -> Vec<u64> {
    (0..n).map(|p| (bits >> (p * n)) as u64 & ((1 << n) - 1)).collect()
}

fn intersecting(masks: &[u64]) -> bool {
    masks.iter().all(|a| masks.iter().all(|b| a & b != 0))
}

/// Whether an assignment is admitted: the sets of the active processes, the kernel of earlier rounds, n.
type Admits = Box<dyn Fn(&[u64], u64, usize) -> bool>;

/// A system as a member of a set: the states, the round as far as it counts, the kernel as far as it counts.
fn key<P: Process>(s: &System<P>) -> (Vec<Datum>, usize, u64) {
    (s.states().iter().map(Value::to_datum).collect(), s.round(), s.kernel().iter().map(|p| 1 << p.index()).sum())
}

/// What the text of an algorithm needs remembered, as a person reads it.
#[derive(Clone, Copy, Default)]
struct Memory {
    /// Rounds, if they are numbered over phases.
    rounds: Option<usize>,
    kernel: bool,
    coins: bool,
}

/// States and assignments of all first configurations, by one step of the semantics for each assignment and each vector of coins.
fn by_steps<P>(n: usize, parameters: &P::Parameters, memory: Memory, admits: &Admits) -> (u64, u128)
where
    P: Process<Request = ()>,
    P::Input: From<bool>,
{
    let (mut states, mut assignments) = (0, 0);
    for inputs in 0..1u64 << n {
        let init = |p: Pid| {
            let leader = P::coordinator(Phase::new(0), n, parameters);
            let context = Context::new(p, n, 0, Phase::new(0), leader, parameters.clone());
            P::init(P::Input::from(inputs >> p.index() & 1 == 1), &context)
        };
        let start = System::start(Pid::all(n).map(init).collect(), parameters.clone());
        let (mut seen, mut queue) = (BTreeSet::from([key(&start)]), vec![start]);
        while let Some(s) = queue.pop() {
            if memory.rounds == Some(s.round()) {
                continue;
            }
            let active: Vec<Pid> = Pid::all(n).filter(|p| !s[*p].halted()).collect();
            let others: u64 = Pid::all(n).filter(|p| !active.contains(p)).map(|p| 1 << p.index()).sum();
            let kernel = key(&s).2;
            for sets in (0..1u128 << (n * n)).map(|bits| masks(bits, n)) {
                // The sets of halted processes, and halted members, are no choice: they stay empty.
                let choice = Pid::all(n).zip(&sets).all(|(p, set)| if active.contains(&p) { set & others == 0 } else { *set == 0 });
                let of_active: Vec<u64> = active.iter().map(|p| sets[p.index()]).collect();
                if !choice || !admits(&of_active, kernel, n) {
                    continue;
                }
                assignments += 1;
                for coins in 0..if memory.coins { 1u64 << n } else { 1 } {
                    let heard = sets.iter().map(|set| Pid::all(n).filter(|p| set >> p.index() & 1 == 1).collect::<Set<Pid>>());
                    let coins = (0..n).map(|p| coins >> p & 1 == 1).collect();
                    let next = lockstep::step(&s, &Choice::new(heard.collect()).with_coins(coins));
                    let round = if memory.rounds.is_some() { next.round() } else { next.round() % P::Rounds::LEN };
                    let kernel = if memory.kernel { next.kernel().clone() } else { Pid::all(n).collect() };
                    let next = System::at(next.states().to_vec(), s.first_states().to_vec(), round, parameters.clone(), kernel);
                    if seen.insert(key(&next)) {
                        queue.push(next);
                    }
                }
            }
        }
        states += seen.len() as u64;
    }
    (states, assignments)
}

/// Compares the golden counts without renaming with the steps of the semantics.
fn compare<P>(n: RangeInclusive<usize>, memory: Memory, admits: &dyn Fn(&P::Parameters) -> Admits)
where
    P: Described + Process<Request = ()>,
    P::Input: From<bool>,
{
    let name = describe::<P>().expect("every algorithm of the library has a description").name;
    let golden = Run { reduce: false, ..run(name.leak(), n) };
    for f in golden.figures() {
        let parameters = P::Parameters::from_datum(&f.parameters).expect("the parameters of the algorithm");
        let memory = Memory { rounds: f.rounds, ..memory };
        let stepped = by_steps::<P>(f.n, &parameters, memory, &admits(&parameters));
        assert_eq!((f.states, f.assignments), stepped, "{} n={} {}", golden.command(), f.n, f.parameters);
    }
}

/// LastVoting is not here: [`lockstep::step`] breaks ties one way, and its coordinator may break them either way.
#[test]
fn figures_without_renaming_are_those_of_steps() {
    let any = || -> Admits { Box::new(|_, _, _| true) };
    compare::<OneThirdRule<u64>>(1..=3, Memory::default(), &|_| any());
    compare::<TwoPhaseCommit>(1..=3, Memory::default(), &|_| any());
    compare::<UniformVoting<u64>>(1..=3, Memory::default(), &|_| Box::new(|sets, _, _| intersecting(sets)));
    let majority = |sets: &[u64], _: u64, n: usize| sets.iter().all(|set| 2 * set.count_ones() as usize > n);
    compare::<BenOr>(1..=2, Memory { coins: true, ..Memory::default() }, &|_| Box::new(majority));
    compare::<FloodMin<u64>>(1..=3, Memory { kernel: true, ..Memory::default() }, &|p| {
        let f = p.f;
        Box::new(move |sets, kernel, n| sets.iter().all(|set| set & !kernel == 0 && set.count_ones() as usize + f >= n))
    });
}
