//! The formulas mean what the interpreter computes.
//!
//! On random systems of one to three processes: the states that satisfy the relation of a round, for some choice of its aggregates
//! that satisfies their axioms, are exactly the states that the interpreter can reach with some resolution of ties; and the formula of
//! every specification function is true exactly where the interpreter says so. In runs from the first states every condition holds, and
//! the hypotheses of every condition are true somewhere.

mod ground;
mod reached;
mod run;
mod sampler;

use ground::{Model, Val};
use heardof_algorithms::{
    Ate, BenOr, ByzantineBenOr, FloodMin, KSetFloodMin, LastVoting, OneThirdRule, TwoPhaseCommit, UniformVoting, Ute,
};
use heardof_check::mutants::generate;
use heardof_core::describe::describe;
use heardof_core::ir::{Algorithm, Speaks};
use heardof_core::machine::{Machine, Subject};
use heardof_core::system::SystemData;
use heardof_core::{Bounds, Datum, Pid};
use heardof_prove::condition::{Condition, Problem};
use heardof_prove::lower::lower;
use heardof_prove::term::{Fun, Node, Term, Terms};
use reached::settle;
use run::{Dice, Scene, Teller, aggregates};
use std::collections::BTreeSet;

const SCENES: usize = 80;

/// The symbols in a term.
pub fn symbols(terms: &Terms, t: Term, seen: &mut BTreeSet<Term>, out: &mut BTreeSet<Fun>) {
    if seen.insert(t) {
        if let Node::App(fun, _) = terms.node(t) {
            out.insert(*fun);
        }
        terms.children(t).into_iter().for_each(|c| symbols(terms, c, seen, out));
    }
}

/// The relation of a round and the axioms about what it uses.
struct Relation<'a> {
    terms: &'a Terms,
    parts: Vec<Term>,
    axioms: Vec<Term>,
    aggregates: Vec<Fun>,
    /// The symbols in the relation itself.
    read: BTreeSet<Fun>,
}

impl<'a> Relation<'a> {
    fn of(problem: &'a Problem, round: &str) -> Relation<'a> {
        let prefix = format!("property/{round}/irrevocability");
        let condition = problem.conditions.iter().find(|c| c.name.starts_with(&prefix)).expect("every round has its property");
        let labelled = |wanted: &dyn Fn(&str) -> bool| -> Vec<Term> {
            condition.hypotheses.iter().filter(|h| wanted(&h.label)).map(|h| h.formula).collect()
        };
        let parts = labelled(&|l| l == format!("round {round}") || l == format!("frame {round}"));
        // The size of the smallest heard-of set is a matter of predicates.
        let axioms = labelled(&|l| l.starts_with("axiom ") && l != "axiom min_len");
        let (mut seen, mut read) = Default::default();
        parts.iter().for_each(|t| symbols(&problem.terms, *t, &mut seen, &mut read));
        let mut mentioned = read.clone();
        axioms.iter().for_each(|t| symbols(&problem.terms, *t, &mut seen, &mut mentioned));
        Relation { terms: &problem.terms, parts, axioms, aggregates: aggregates(&problem.terms, &mentioned), read }
    }
    /// All ways to choose the aggregates of process `p` as the axioms demand.
    fn choices(&self, model: &Model, p: usize) -> Vec<Model> {
        let mut models = vec![model.clone()];
        for fun in &self.aggregates {
            let domain = model.domain(self.terms.symbol(*fun).result);
            let with = |m: &Model, value: &Val| {
                let mut m = m.clone();
                let at = [p as i64];
                m.set(*fun, &at[..self.terms.symbol(*fun).arguments.len()], value.clone());
                m
            };
            models = models.iter().flat_map(|m| domain.iter().map(|value| with(m, value)).collect::<Vec<_>>()).collect();
        }
        models.retain(|m| self.axioms.iter().all(|axiom| m.holds_for(self.terms, *axiom, p)));
        // What the relation does not read makes no difference.
        let mut seen = BTreeSet::new();
        let read = |m: &Model| -> Vec<Val> {
            self.aggregates
                .iter()
                .filter(|f| self.read.contains(f))
                .map(|f| m.tables[f].values().next_back().cloned().expect("it was chosen"))
                .collect()
        };
        models.retain(|m| seen.insert(read(m)));
        models
    }
    /// Whether process `p` may be in `state` afterwards.
    fn allows(&self, scene: &Scene, choices: &[Model], p: usize, state: &Datum, dice: &mut Dice) -> bool {
        let (sort, at) = (&scene.machine.algorithm().state, [p as i64]);
        let mut models = vec![];
        for model in choices {
            let mut told = vec![model.clone()];
            let nothing = Teller { terms: self.terms, model: &mut told[0], dice }.datum("", "_", sort, state, &at);
            // The value of an option that is none is anything that suits the relation.
            for fun in nothing {
                let domain = model.domain(self.terms.symbol(fun).result);
                let with = |m: &Model, value: &Val| {
                    let mut m = m.clone();
                    m.set(fun, &at, value.clone());
                    m
                };
                told = told.iter().flat_map(|m| domain.iter().map(|value| with(m, value)).collect::<Vec<_>>()).collect();
            }
            models.extend(told);
        }
        models.iter().any(|model| self.parts.iter().all(|part| model.holds_for(self.terms, *part, p)))
    }
}

fn rounds_mean_what_runs(algorithm: &Algorithm, scenes: usize) {
    let problem = lower(algorithm);
    let mut dice = Dice(1);
    let (mut reached, mut refused) = (0, 0);
    for (k, round) in algorithm.rounds.iter().enumerate() {
        let relation = Relation::of(&problem, &round.name);
        for _ in 0..scenes {
            let scene = Scene::random(algorithm, k, &mut dice);
            let model = scene.model(&problem.terms, &mut dice);
            let bounds = Bounds { n: scene.n(), values: 3, phases: 4, nat: 3 };
            for p in Pid::all(scene.n()) {
                let choices = relation.choices(&model, p.index());
                assert!(!choices.is_empty(), "the axioms of {} contradict {:?}", round.name, scene.system);
                let outcomes = scene.outcomes(p);
                for state in &outcomes {
                    let allowed = relation.allows(&scene, &choices, p.index(), state, &mut dice);
                    assert!(allowed, "{}: {p} may be in {state} after {:?}, {:?}", round.name, scene.system, scene.ho);
                    reached += 1;
                }
                for _ in 0..6 {
                    let state = dice.mutant(algorithm, &outcomes[0], &bounds);
                    if !outcomes.contains(&state) {
                        let allowed = relation.allows(&scene, &choices, p.index(), &state, &mut dice);
                        assert!(!allowed, "{}: {p} cannot be in {state} after {:?}, {:?}", round.name, scene.system, scene.ho);
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(reached > scenes && refused > scenes / 2, "{reached} {refused}");
}

/// What a hypothesis or a goal is the formula of.
fn claimed<'a>(algorithm: &'a Algorithm, condition: &'a Condition) -> Vec<(usize, Vec<Term>)> {
    let spec = |name: &str| algorithm.specs.iter().position(|s| s.name == name);
    let kinds = ["invariant ", "safety ", "liveness ", "progress ", "resilience "];
    let name = |label: &'a str| kinds.iter().find_map(|kind| label.strip_prefix(kind));
    condition.hypotheses.iter().filter_map(|h| Some((spec(name(&h.label)?)?, vec![h.formula]))).collect()
}

/// The goals of a condition's name, numbers aside.
fn goals(problem: &Problem, stem: &str) -> Vec<Term> {
    let named = |c: &&Condition| c.name == stem || c.name.strip_prefix(stem).is_some_and(|rest| rest.starts_with('.'));
    problem.conditions.iter().filter(named).map(|c| c.goal).collect()
}

struct Judged {
    count: [usize; 2],
}

impl Judged {
    fn compare(&mut self, what: &str, found: bool, wanted: bool, scene: &Scene) {
        assert_eq!(found, wanted, "{what} of {:?}, {:?}", scene.system, scene.ho);
        self.count[usize::from(found)] += 1;
    }
}

/// Formulas over the state before a round and its heard-of sets.
fn hypotheses(problem: &Problem, scene: &Scene, model: &Model, judged: &mut Judged) {
    let a = scene.machine.algorithm();
    let round = &a.rounds[scene.k].name;
    let mut seen = BTreeSet::new();
    let here = |c: &&Condition| c.name.starts_with(&format!("inductive/{round}/")) || c.name.contains(&format!("/{round}/"));
    for condition in problem.conditions.iter().filter(here) {
        for (spec, formulas) in claimed(a, condition) {
            let (mut terms_seen, mut mentioned) = Default::default();
            formulas.iter().for_each(|t| symbols(&problem.terms, *t, &mut terms_seen, &mut mentioned));
            let later = mentioned.iter().any(|f| {
                let name = &problem.terms.symbol(*f).name;
                name.ends_with('_')
            });
            if later || !seen.insert(formulas.clone()) {
                continue;
            }
            let mut model = model.clone();
            define(problem, &formulas, &mut model);
            let holds = formulas.iter().all(|t| model.holds(&problem.terms, *t));
            let subject = match a.specs[spec].speaks {
                Speaks::State => Subject::State(&scene.system),
                Speaks::Heard => Subject::Heard(&scene.ho),
                Speaks::StateHeard => Subject::StateHeard(&scene.system, &scene.ho),
                Speaks::Size => Subject::Size(scene.n(), &scene.system.parameters),
                Speaks::Step | Speaks::HeardTwice => continue,
            };
            let wanted = scene.machine.holds(spec, subject).expect("a specification has a value");
            judged.compare(&a.specs[spec].name, holds, wanted, scene);
        }
    }
}

/// Formulas over the state after a round, which need not be one that the round can lead to.
fn conclusions(problem: &Problem, scene: &Scene, model: &Model, next: &SystemData, judged: &mut Judged) {
    let a = scene.machine.algorithm();
    let round = &a.rounds[scene.k].name;
    for (spec, text) in a.specs.iter().enumerate() {
        for (stem, subject) in [
            (format!("inductive/{round}/{}", text.name), Subject::State(next)),
            (format!("lemma/{round}/{}", text.name), Subject::Step(&scene.system, next)),
            (
                format!("property/{round}/{}", text.name),
                match text.speaks {
                    Speaks::Step => Subject::Step(&scene.system, next),
                    _ => Subject::State(&scene.system),
                },
            ),
        ] {
            let goals = goals(problem, &stem);
            if goals.is_empty() {
                continue;
            }
            let mut model = model.clone();
            define(problem, &goals, &mut model);
            let holds = goals.iter().all(|t| model.holds(&problem.terms, *t));
            let wanted = scene.machine.holds(spec, subject).expect("a specification has a value");
            judged.compare(&stem, holds, wanted, scene);
        }
    }
}

/// The first states, and what must hold of them.
fn start(problem: &Problem, scene: &mut Scene, dice: &mut Dice, judged: &mut Judged) {
    let a = scene.machine.algorithm().clone();
    (scene.system.round, scene.system.kernel) = (0, Pid::all(scene.n()).collect());
    if dice.below(2) == 0 {
        scene.system.now.clone_from(&scene.system.first);
    }
    let initial: Vec<&Condition> = problem.conditions.iter().filter(|c| c.name.starts_with("initial/")).collect();
    let mut model = scene.model(&problem.terms, dice);
    let open = scene.tell_copy(&problem.terms, &mut model, 0, dice);
    let first = initial[0].hypotheses.iter().find(|h| h.label == "initial states").expect("the first states are assumed");
    let mut settled = (0..scene.n()).zip(open).map(|(p, open)| settle(&problem.terms, &mut model, &open, p, &[first]));
    let found = settled.by_ref().filter(|settled| !settled).count() == 0;
    drop(settled);
    judged.compare("initial states", found, scene.system.now == scene.system.first, scene);
    for (spec, text) in a.specs.iter().enumerate() {
        let goals = goals(problem, &format!("initial/{}", text.name));
        if !goals.is_empty() {
            let mut model = model.clone();
            define(problem, &goals, &mut model);
            let holds = goals.iter().all(|t| model.holds(&problem.terms, *t));
            let wanted = scene.machine.holds(spec, Subject::State(&scene.system)).expect("a specification has a value");
            judged.compare(&text.name, holds, wanted, scene);
        }
    }
}

fn specifications_mean_what_runs(algorithm: &Algorithm) {
    let problem = lower(algorithm);
    let (mut dice, mut judged) = (Dice(2), Judged { count: [0; 2] });
    for k in 0..algorithm.rounds.len() {
        for _ in 0..2 * SCENES {
            let mut scene = Scene::random(algorithm, k, &mut dice);
            let mut model = scene.model(&problem.terms, &mut dice);
            hypotheses(&problem, &scene, &model, &mut judged);
            let bounds = Bounds { n: scene.n(), values: 3, phases: 4, nat: 3 };
            let now = scene.system.now.iter().map(|old| match dice.below(3) {
                0 => old.clone(),
                _ => dice.state(algorithm, old, &bounds),
            });
            let next = scene.next(now.collect());
            scene.tell_next(&problem.terms, &mut model, &next, &mut dice);
            conclusions(&problem, &scene, &model, &next, &mut judged);
            for condition in
                problem.conditions.iter().filter(|c| c.name.starts_with("enforced/") && c.name.ends_with(&algorithm.rounds[k].name))
            {
                let nobody_blocks = scene.ho.active.all(|p| !scene.blocks(*p));
                let said =
                    condition.hypotheses.iter().find(|h| h.label.starts_with("nobody blocks")).expect("that nobody blocks is assumed");
                judged.compare(&said.label, model.holds(&problem.terms, said.formula), nobody_blocks, &scene);
            }
            start(&problem, &mut scene, &mut dice, &mut judged);
        }
    }
    assert!(judged.count.iter().all(|count| *count > SCENES), "{:?}", judged.count);
}

/// Gives the constants that only axioms define the value that these demand.
fn define(problem: &Problem, formulas: &[Term], model: &mut Model) {
    let (mut seen, mut mentioned) = Default::default();
    formulas.iter().for_each(|t| symbols(&problem.terms, *t, &mut seen, &mut mentioned));
    let axioms: BTreeSet<Term> =
        problem.conditions.iter().flat_map(|c| &c.hypotheses).filter(|h| h.label.starts_with("axiom ")).map(|h| h.formula).collect();
    for fun in mentioned {
        if model.tables.contains_key(&fun) || !problem.terms.symbol(fun).arguments.is_empty() {
            continue;
        }
        let about: Vec<Term> = axioms
            .iter()
            .copied()
            .filter(|axiom| {
                let (mut seen, mut mentioned) = Default::default();
                symbols(&problem.terms, *axiom, &mut seen, &mut mentioned);
                mentioned.contains(&fun)
            })
            .collect();
        let fits = model.domain(problem.terms.symbol(fun).result).into_iter().any(|value| {
            model.set(fun, &[], value);
            about.iter().all(|axiom| model.holds(&problem.terms, *axiom))
        });
        assert!(fits && !about.is_empty(), "{} is defined by its axiom", problem.terms.symbol(fun).name);
    }
}

fn means_what_runs(algorithm: &Algorithm) {
    rounds_mean_what_runs(algorithm, SCENES);
    specifications_mean_what_runs(algorithm);
    reached::conditions_hold_in_runs(algorithm);
}

#[test]
fn one_third_rule() {
    means_what_runs(&describe::<OneThirdRule<u64>>().expect("a description"));
}

#[test]
fn last_voting() {
    means_what_runs(&describe::<LastVoting<u64>>().expect("a description"));
}

#[test]
fn uniform_voting() {
    means_what_runs(&describe::<UniformVoting<u64>>().expect("a description"));
}

#[test]
fn ben_or() {
    means_what_runs(&describe::<BenOr>().expect("a description"));
}

#[test]
fn flood_min() {
    means_what_runs(&describe::<FloodMin<u64>>().expect("a description"));
}

#[test]
fn k_set_flood_min() {
    means_what_runs(&describe::<KSetFloodMin<u64>>().expect("a description"));
}

#[test]
fn ate() {
    means_what_runs(&describe::<Ate<u64>>().expect("a description"));
}

#[test]
fn ute() {
    means_what_runs(&describe::<Ute<u64>>().expect("a description"));
}

#[test]
fn byzantine_ben_or() {
    means_what_runs(&describe::<ByzantineBenOr>().expect("a description"));
}

#[test]
fn two_phase_commit() {
    means_what_runs(&describe::<TwoPhaseCommit>().expect("a description"));
}

/// Mutants of what is sent and of what is taken from the mailbox: silence, other receivers, the second smallest, the smallest key.
#[test]
fn mutants() {
    let mut count = 0;
    // The models here have no elements of semilattices: what joins mean is compared where the variant `lattice_agreement_half` is refuted,
    // and the compiled program takes the same step.
    for entry in heardof_algorithms::registry().right().filter(|entry| entry.name != "lattice_agreement") {
        for mutant in generate(entry.machine.algorithm()) {
            if mutant.id.contains("/mailbox#") || mutant.id.contains("/send#") {
                rounds_mean_what_runs(&mutant.algorithm, SCENES / 10);
                count += 1;
            }
        }
    }
    assert!(count > 10, "{count}");
}

/// What the six do not use.
#[test]
fn sampler() {
    let algorithm = describe::<sampler::Sampler<u64>>().expect("a description");
    let problem = lower(&algorithm);
    assert_eq!(problem.assumed, ["odd_predicates"]);
    assert_eq!(problem.uncovered, Vec::<String>::new());
    rounds_mean_what_runs(&algorithm, SCENES);
    specifications_mean_what_runs(&algorithm);
    // Division by two is always defined; subtraction is not.
    let defined: Vec<&str> = problem.conditions.iter().map(|c| c.name.as_str()).filter(|name| name.starts_with("defined/")).collect();
    assert_eq!(
        defined,
        ["defined/init:sub@32", "defined/Mixed/send:match@43", "defined/Mixed/update:sub@52", "defined/thresholds:sub@105"]
    );
    let mut dice = Dice(4);
    for _ in 0..SCENES {
        let scene = Scene::random(&algorithm, 0, &mut dice);
        let mut model = scene.model(&problem.terms, &mut dice);
        for condition in problem.conditions.iter().filter(|c| c.name.starts_with("defined/")) {
            define(&problem, &[condition.goal], &mut model);
            assert!(model.holds(&problem.terms, condition.goal), "{} of {:?}", condition.name, scene.system);
            let ranges = condition.hypotheses.iter().filter(|h| h.label.starts_with("sort ") && h.label != "sort mode_");
            assert!(ranges.clone().all(|h| model.holds(&problem.terms, h.formula)), "{} of {:?}", condition.name, scene.system);
        }
    }
}
