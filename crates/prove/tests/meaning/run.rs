//! Random systems, what the interpreter makes of them, and the finite model that says the same.

use crate::ground::{Model, Val};
use heardof_core::heard_of::HeardOfData;
use heardof_core::ir::{Algorithm, Kind, Speaks};
use heardof_core::machine::{Interpreted, Machine, Moment, Subject};
use heardof_core::mailbox::Tape;
use heardof_core::system::SystemData;
use heardof_core::{Bounds, Datum, Faults, Mailbox, Outbox, Phase, Pid, Set, Sort};
use heardof_prove::term::{Fun, Role, Terms};
use std::cell::Cell;
use std::collections::BTreeSet;

/// Numbers that look random and are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
    fn one_of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
    fn set(&mut self, n: usize) -> Set<Pid> {
        // Often nearly everybody, so that thresholds are passed.
        let dense = self.below(2) == 0;
        Pid::all(n).filter(|_| self.below(4) > usize::from(!dense) + usize::from(!dense)).collect()
    }
}

impl Dice {
    /// Who does not follow the text, as many as the faults of the algorithm allow.
    fn byzantine(&mut self, machine: &Interpreted, parameters: &Datum, n: usize) -> Set<Pid> {
        let Ok(Faults::Byzantine { at_most }) = machine.faults(parameters) else { return Set::new() };
        Pid::all(n).filter(|_| self.below(2) == 0).take(at_most).collect()
    }
    /// Any state; `like` is some state.
    pub fn state(&mut self, algorithm: &Algorithm, like: &Datum, bounds: &Bounds) -> Datum {
        (0..algorithm.fields.len()).fold(like.clone(), |state, field| self.field(algorithm, state, field, bounds))
    }
    /// A state that differs from `like` at most in one field.
    pub fn mutant(&mut self, algorithm: &Algorithm, like: &Datum, bounds: &Bounds) -> Datum {
        let field = self.below(algorithm.fields.len());
        self.field(algorithm, like.clone(), field, bounds)
    }
    fn field(&mut self, algorithm: &Algorithm, state: Datum, field: usize, bounds: &Bounds) -> Datum {
        let field = &algorithm.fields[field];
        let value = match &field.sort {
            Sort::Set(element) => {
                let elements = element.enumerate(bounds);
                Datum::set(elements.into_iter().filter(|_| self.below(2) == 0))
            }
            sort => self.one_of(&sort.enumerate(bounds)),
        };
        state.with_field(field.name, value).expect("a field of the state")
    }
}

/// Values that occur are below this; one more is in the domain of quantifiers.
const VALUES: usize = 3;
const PHASES: usize = 3;
const NOBODY_HOLDS: i64 = 7;

/// A system before a round and what the adversary does in it.
pub struct Scene {
    pub machine: Interpreted,
    pub system: SystemData,
    pub inputs: Vec<Datum>,
    pub k: usize,
    pub ho: HeardOfData,
    /// What is received instead of what was sent: receiver, sender, message.
    pub forged: Vec<(Pid, Pid, Datum)>,
}

impl Scene {
    pub fn random(algorithm: &Algorithm, k: usize, dice: &mut Dice) -> Scene {
        let machine = Interpreted::new(algorithm.clone());
        let n = 1 + dice.below(3);
        let bounds = Bounds { n, values: VALUES, phases: PHASES, nat: n };
        let parameters = dice.one_of(&algorithm.parameters.enumerate(&bounds));
        let inputs: Vec<Datum> = (0..n).map(|_| dice.one_of(&algorithm.input.enumerate(&bounds))).collect();
        let round = dice.below(PHASES) * algorithm.rounds.len() + k;
        let byzantine = dice.byzantine(&machine, &parameters, n);
        let mut system = SystemData { now: vec![], first: vec![], round, parameters, kernel: dice.set(n), byzantine };
        let mut scene =
            Scene { machine, system: system.clone(), inputs, k, ho: HeardOfData::benign(vec![], 0, Datum::Unit), forged: vec![] };
        system.first = Pid::all(n)
            .map(|p| scene.machine.init(&scene.inputs[p.index()], &scene.moment(p, false)).expect("`init` has a result"))
            .collect();
        system.now = system.first.iter().map(|first| dice.state(algorithm, first, &bounds)).collect();
        scene.system = system;
        let active = scene.active();
        let speaking = active.union(&scene.system.byzantine);
        let mut heard: Vec<Set<Pid>> =
            Pid::all(n).map(|p| if speaking.contains(&p) { dice.set(n).intersection(&speaking) } else { Set::new() }).collect();
        if dice.below(3) == 0 {
            let common = heard[0].clone();
            Pid::all(n).filter(|p| speaking.contains(p)).for_each(|p| heard[p.index()] = common.clone());
        }
        let (round, parameters) = (scene.system.round, scene.system.parameters.clone());
        let coins = (0..n).map(|_| dice.below(2) == 0).collect();
        let (kernel_before, byzantine) = (scene.system.kernel.clone(), scene.system.byzantine.clone());
        scene.ho = HeardOfData { active, byzantine, coins, kernel_before, ..HeardOfData::benign(heard, round, parameters) };
        scene.corrupt(dice);
        scene
    }
    /// Alters some of what is heard, as far as the faults of the algorithm allow.
    fn corrupt(&mut self, dice: &mut Dice) {
        self.forged.clear();
        let faults = self.machine.faults(&self.system.parameters).expect("`faults` has a result");
        let at_most = match faults {
            Faults::Benign => return,
            Faults::Value { at_most } => at_most,
            Faults::Byzantine { .. } => self.n(),
        };
        let bounds = Bounds { n: self.n(), values: VALUES, phases: PHASES, nat: self.n() };
        let messages = self.machine.algorithm().rounds[self.k].message.enumerate(&bounds);
        for p in Pid::all(self.n()) {
            let heard = self.ho.heard[p.index()].clone();
            let altered: Set<Pid> = match faults {
                Faults::Byzantine { .. } => heard.intersection(&self.system.byzantine),
                _ => heard.iter().copied().filter(|_| dice.below(3) == 0).take(at_most).collect(),
            };
            self.forged.extend(altered.iter().map(|q| (p, *q, dice.one_of(&messages))));
            self.ho.safe[p.index()] = heard.difference(&altered);
        }
    }
    fn forgery(&self, receiver: Pid, sender: Pid) -> Option<&Datum> {
        self.forged.iter().find(|(p, q, _)| (*p, *q) == (receiver, sender)).map(|(.., m)| m)
    }
    /// The beginning of a run.
    pub fn start(algorithm: &Algorithm, dice: &mut Dice) -> Scene {
        let mut scene = Scene::random(algorithm, 0, dice);
        let size = algorithm.specs.iter().position(|s| s.kind == Kind::Resilience);
        let admitted = |scene: &Scene| {
            size.is_none_or(|spec| scene.machine.holds(spec, Subject::Size(scene.n(), &scene.system.parameters)) == Ok(true))
        };
        while !admitted(&scene) {
            scene = Scene::random(algorithm, 0, dice);
        }
        (scene.system.round, scene.system.kernel) = (0, Pid::all(scene.n()).collect());
        scene.system.now.clone_from(&scene.system.first);
        scene
    }
    /// The next round of a run, with heard-of sets that satisfy every `#[safety]`, and in a good phase every `#[liveness]` that speaks
    /// of the round; where no throw of the dice does, with what nobody ever missed.
    pub fn choose(&mut self, good: bool, dice: &mut Dice) {
        let a = self.machine.algorithm().clone();
        let (n, round, byzantine) = (self.n(), &a.rounds[self.k].name, self.system.byzantine.clone());
        let wanted = |kind: &Kind| match kind {
            Kind::Safety => true,
            Kind::Liveness { rounds, .. } => good && (rounds.is_empty() || rounds.contains(round)),
            _ => false,
        };
        let specs: Vec<usize> = (0..a.specs.len()).filter(|k| wanted(&a.specs[*k].kind)).collect();
        let active = self.active();
        let speaking = active.union(&byzantine);
        for attempt in 0..60 {
            let common = if attempt % 2 == 1 { dice.set(n) } else { self.system.kernel.clone() };
            let mut heard = |p: &Pid| match (speaking.contains(p), attempt < 30) {
                (false, _) => Set::new(),
                (true, true) => dice.set(n).intersection(&speaking),
                (true, false) => common.intersection(&speaking),
            };
            let heard: Vec<Set<Pid>> = Pid::all(n).map(|p| heard(&p)).collect();
            let same = dice.below(2) == 0;
            let coins = (0..n).map(|_| if attempt < 30 { dice.below(2) == 0 } else { same }).collect();
            let ho = HeardOfData::benign(heard, self.system.round, self.system.parameters.clone());
            let kernel_before = self.system.kernel.clone();
            self.ho = HeardOfData { active: active.clone(), byzantine: byzantine.clone(), coins, kernel_before, ..ho };
            self.corrupt(dice);
            let holds = |spec: &usize| {
                let subject = match a.specs[*spec].speaks {
                    Speaks::StateHeard => Subject::StateHeard(&self.system, &self.ho),
                    _ => Subject::Heard(&self.ho),
                };
                self.machine.holds(*spec, subject) == Ok(true)
            };
            if specs.iter().all(holds) {
                return;
            }
        }
    }
    /// The scene one round later.
    pub fn advanced(&self, dice: &mut Dice) -> Scene {
        let now = Pid::all(self.n()).map(|p| dice.one_of(&self.outcomes(p))).collect();
        let k = (self.k + 1) % self.machine.algorithm().rounds.len();
        Scene { machine: self.machine.clone(), system: self.next(now), inputs: self.inputs.clone(), k, ho: self.ho.clone(), forged: vec![] }
    }
    pub fn n(&self) -> usize {
        self.system.now.len()
    }
    pub fn active(&self) -> Set<Pid> {
        Pid::all(self.n()).filter(|p| !self.halted(*p) && !self.system.byzantine.contains(p)).collect()
    }
    fn halted(&self, p: Pid) -> bool {
        self.machine.halted(&self.system.now[p.index()]).expect("`halted` has a result")
    }
    fn coordinator(&self, phase: usize) -> Pid {
        self.machine.coordinator(Phase::new(phase), self.n(), &self.system.parameters).expect("`coordinator` has a result")
    }
    fn moment(&self, id: Pid, coin: bool) -> Moment<'_> {
        let (n, round) = (self.inputs.len(), self.system.round);
        let phase = Phase::new(round / self.machine.algorithm().rounds.len());
        let coordinator = self.machine.coordinator(phase, n, &self.system.parameters).expect("`coordinator` has a result");
        Moment { id, n, round, phase, coordinator, parameters: &self.system.parameters, coin, request: None, drew: Cell::new(false) }
    }
    pub fn mailbox(&self, p: Pid) -> Mailbox<Datum> {
        let sent = |q: Pid| -> Outbox<Datum> {
            let moment = self.moment(q, self.ho.coins[q.index()]);
            self.machine.send(self.k, &self.system.now[q.index()], &moment).expect("`send` has a result")
        };
        let received = |q: &Pid| match self.forgery(p, *q) {
            Some(message) => Some((*q, message.clone())),
            None => Some((*q, sent(*q).message_to(p)?.clone())),
        };
        self.ho.heard[p.index()].iter().filter_map(received).collect()
    }
    /// Whether `ready` blocks a process that has not halted.
    pub fn blocks(&self, p: Pid) -> bool {
        let moment = self.moment(p, self.ho.coins[p.index()]);
        let ready = self.machine.ready(self.k, &self.system.now[p.index()], &self.mailbox(p), &moment);
        ready.expect("`ready` has a result") == heardof_core::Progress::Block
    }
    /// The states that a process may be in after the round, one for each way to resolve ties. For a Byzantine process, which has none,
    /// the formulas say what would happen to it if it followed the text: nothing that anybody could notice.
    pub fn outcomes(&self, p: Pid) -> Vec<Datum> {
        let state = &self.system.now[p.index()];
        if self.halted(p) {
            return vec![state.clone()];
        }
        let (mut outcomes, mut script) = (vec![], Some(vec![]));
        while let Some(taken) = script {
            let tape = Tape::new(taken);
            let mailbox = self.mailbox(p).with_ties(tape.clone());
            let moment = self.moment(p, self.ho.coins[p.index()]);
            outcomes.push(self.machine.update(self.k, state, &mailbox, &moment).expect("`update` has a result"));
            script = tape.next_script();
        }
        outcomes.sort();
        outcomes.dedup();
        outcomes
    }
    /// The system after the round when its processes are in these states.
    pub fn next(&self, now: Vec<Datum>) -> SystemData {
        let active = self.active();
        let kernel = self.system.kernel.filter(|q| active.all(|p| self.ho.heard[p.index()].contains(q)));
        SystemData { now, round: self.system.round + 1, kernel, ..self.system.clone() }
    }

    /// The model of the state before the round and of the adversary's choice.
    pub fn model(&self, terms: &Terms, dice: &mut Dice) -> Model {
        let a = self.machine.algorithm();
        let phase = self.system.round / a.rounds.len();
        let times = (-1..=(phase.max(PHASES) as i64 + 1)).collect();
        let mut model =
            Model { n: self.n(), values: (0..VALUES as i64).chain([NOBODY_HOLDS]).collect(), times, tables: Default::default() };
        let mut tell = Teller { terms, model: &mut model, dice };
        tell.constant("n", Val::One(self.n() as i64));
        tell.constant("phase", Val::One(phase as i64));
        tell.constant("round", Val::One(self.system.round as i64));
        tell.constant("kernel", pids(&self.system.kernel));
        tell.datum(stem(&a.parameters, "parameters"), "", &a.parameters, &self.system.parameters, &[]);
        for p in 0..self.n() {
            let at = [p as i64];
            tell.datum("", "", &a.state, &self.system.now[p], &at);
            tell.datum(stem(&a.input, "input"), "", &a.input, &self.inputs[p], &at);
            tell.symbol("HO", &at, pids(&self.ho.heard[p]));
            tell.symbol("coin", &at, Val::One(i64::from(self.ho.coins[p])));
            tell.symbol("faulty", &at, Val::One(i64::from(self.system.byzantine.contains(&Pid::new(p)))));
        }
        self.tell_forged(&mut tell, "");
        for phase in 0..=phase + 1 {
            tell.symbol("coord", &[phase as i64], Val::One(self.coordinator(phase).index() as i64));
        }
        model
    }
    /// Adds this scene as copy number `copy`; returns for each process the symbols whose value could be anything.
    pub fn tell_copy(&self, terms: &Terms, model: &mut Model, copy: usize, dice: &mut Dice) -> Vec<Vec<Fun>> {
        let prime = "_".repeat(copy);
        let mut tell = Teller { terms, model, dice };
        tell.constant(&format!("kernel{prime}"), pids(&self.system.kernel));
        let mut open = vec![];
        self.tell_forged(&mut tell, &prime);
        for p in 0..self.n() {
            let at = [p as i64];
            open.push(tell.datum("", &prime, &self.machine.algorithm().state, &self.system.now[p], &at));
            tell.symbol(&format!("HO{prime}"), &at, pids(&self.ho.heard[p]));
            tell.symbol(&format!("coin{prime}"), &at, Val::One(i64::from(self.ho.coins[p])));
        }
        open
    }
    /// What is altered, and into what; of what is not altered anything may be said.
    fn tell_forged(&self, tell: &mut Teller<'_>, prime: &str) {
        let a = self.machine.algorithm();
        let bounds = Bounds { n: self.n(), values: VALUES, phases: PHASES, nat: self.n() };
        for round in &a.rounds {
            let messages = round.message.enumerate(&bounds);
            for (p, q) in Pid::all(self.n()).flat_map(|p| Pid::all(self.n()).map(move |q| (p, q))) {
                let at = [q.index() as i64, p.index() as i64];
                let forgery = self.forgery(p, q);
                tell.symbol(&format!("altered{prime}"), &at, Val::One(i64::from(forgery.is_some())));
                let own = forgery.filter(|_| round.name == a.rounds[self.k].name);
                let message = own.cloned().unwrap_or_else(|| tell.dice.one_of(&messages));
                tell.datum(&format!("{}_forged", round.name), prime, &round.message, &message, &at);
            }
        }
    }
    /// Adds the state after the round.
    pub fn tell_next(&self, terms: &Terms, model: &mut Model, next: &SystemData, dice: &mut Dice) {
        let mut tell = Teller { terms, model, dice };
        tell.constant("kernel_", pids(&next.kernel));
        for (p, state) in next.now.iter().enumerate() {
            tell.datum("", "_", &self.machine.algorithm().state, state, &[p as i64]);
        }
    }
}

fn pids(set: &Set<Pid>) -> Val {
    Val::Set(set.iter().map(|p| p.index() as i64).collect())
}

fn stem<'a>(sort: &Sort, name: &'a str) -> &'a str {
    if matches!(sort, Sort::Struct(..)) { "" } else { name }
}

/// Says by name what symbols are. Where an option is none, its value is anything.
pub struct Teller<'a> {
    pub terms: &'a Terms,
    pub model: &'a mut Model,
    pub dice: &'a mut Dice,
}

impl Teller<'_> {
    fn constant(&mut self, name: &str, value: Val) {
        self.symbol(name, &[], value);
    }
    fn symbol(&mut self, name: &str, at: &[i64], value: Val) {
        if let Some(fun) = self.terms.find(name)
            && self.terms.symbol(fun).arguments.len() == at.len()
        {
            self.model.set(fun, at, value);
        }
    }
    /// Says what a thing is, and returns the symbols whose value could be anything.
    pub fn datum(&mut self, name: &str, prime: &str, sort: &Sort, datum: &Datum, at: &[i64]) -> Vec<Fun> {
        let own = format!("{name}{prime}");
        match (sort, datum) {
            (Sort::Option(inner), Datum::Option(value)) if matches!(**inner, Sort::Phase | Sort::Nat) => {
                self.symbol(&own, at, Val::One(value.as_ref().map_or(-1, |d| scalar(d))));
            }
            (Sort::Option(inner), Datum::Option(value)) => {
                self.symbol(&format!("has_{own}"), at, Val::One(i64::from(value.is_some())));
                return match value {
                    Some(value) => self.datum(name, prime, inner, value, at),
                    None => self.anything(&own, at).into_iter().collect(),
                };
            }
            (Sort::Struct(_, fields), Datum::Struct(_, _, values)) => {
                let part = |((field, sort), value): ((&&str, &Sort), &Datum)| {
                    let stem = if name.is_empty() { field.to_string() } else { format!("{name}_{field}") };
                    self.datum(&stem, prime, sort, value, at)
                };
                return fields.iter().map(|(field, sort)| (field, sort)).zip(values.iter()).flat_map(part).collect();
            }
            (Sort::Tuple(sorts), Datum::Tuple(values)) => {
                let part = |(k, (sort, value)): (usize, (&Sort, &Datum))| self.datum(&format!("{name}_{k}"), prime, sort, value, at);
                return sorts.iter().zip(values.iter()).enumerate().flat_map(part).collect();
            }
            (Sort::Enum(_, variants), Datum::Variant(k, _, _, values)) => {
                self.symbol(&own, at, Val::One(i64::from(*k)));
                let mut open = vec![];
                for (number, (variant, fields)) in variants.iter().enumerate() {
                    for (place, (field, sort)) in fields.iter().enumerate() {
                        let stem = format!("{name}_{variant}_{field}");
                        open.extend(match number == *k as usize {
                            true => self.datum(&stem, prime, sort, &values[place], at),
                            false => self.anything(&format!("{stem}{prime}"), at).into_iter().collect(),
                        });
                    }
                }
                return open;
            }
            (Sort::Set(_), Datum::Set(items)) => self.symbol(&own, at, Val::Set(items.iter().map(scalar).collect())),
            (Sort::Unit, _) => {}
            _ => self.symbol(&own, at, Val::One(scalar(datum))),
        }
        vec![]
    }
    fn anything(&mut self, name: &str, at: &[i64]) -> Option<Fun> {
        let fun = self.terms.find(name)?;
        let domain = self.model.domain(self.terms.symbol(fun).result);
        let value = self.dice.one_of(&domain);
        self.model.set(fun, at, value);
        Some(fun)
    }
}

fn scalar(datum: &Datum) -> i64 {
    match datum {
        Datum::Bool(b) => i64::from(*b),
        Datum::Nat(k) => *k as i64,
        Datum::Int(k) => *k,
        Datum::Pid(p) => p.index() as i64,
        Datum::Phase(p) => p.number() as i64,
        other => unreachable!("{other} is no scalar"),
    }
}

/// All symbols that a round computes from a mailbox or by division, among `mentioned`.
pub fn aggregates(terms: &Terms, mentioned: &BTreeSet<Fun>) -> Vec<Fun> {
    mentioned.iter().copied().filter(|f| terms.symbol(*f).role == Role::Aggregate).collect()
}
