//! The dumb twin of the checker: every heard-of assignment of every state, one by one.
//!
//! No memory of outcomes, no renaming, no predicate taken apart, no table: a state is a list of values, a predicate is evaluated on
//! complete assignments by [`Machine::holds`], and everything reachable is a `BTreeSet`. It is only good for n ≤ 3, and only good
//! for being compared with.

mod induct;
mod live;

use heardof_core::datum::Bounds;
use heardof_core::heard_of::HeardOfData;
use heardof_core::ir::{Algorithm, Boundary, Kind, Node};
use heardof_core::machine::{Machine, Moment, Stuck, Subject};
use heardof_core::mailbox::{Mailbox, Tape};
use heardof_core::system::SystemData;
use heardof_core::{Datum, Faults, Phase, Pid, Set};
use std::cell::Cell;
use std::collections::BTreeSet;

/// The whole system, as plain as can be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct World {
    /// The local states.
    pub now: Vec<Datum>,
    /// The first states.
    pub first: Vec<Datum>,
    /// The round, or the round of the phase where rounds are forgotten.
    pub round: usize,
    /// Whom everybody heard in every earlier round; everybody, where that is forgotten.
    pub kernel: Vec<bool>,
}

/// Values of words.
pub const VALUES: usize = 2;

/// One algorithm with one n and one value of the parameters.
pub struct Twin<'a> {
    pub machine: &'a dyn Machine,
    pub n: usize,
    pub parameters: &'a Datum,
    /// Rounds have numbers; else only their place in the phase is kept.
    pub counts_rounds: bool,
    /// The kernel of earlier rounds is kept.
    pub keeps_kernel: bool,
    /// Phases explored, where rounds have numbers.
    pub phases: usize,
    /// Who does not follow the text.
    pub byzantine: Vec<usize>,
}

/// What was reached from one first configuration.
#[derive(Default)]
pub struct Reached {
    pub worlds: BTreeSet<World>,
    /// Heard-of assignments that the predicates admit, over all worlds.
    pub assignments: u128,
    /// Names of violated properties and invariants.
    pub violated: BTreeSet<String>,
    /// Some admitted step has no result.
    pub stuck: bool,
}

/// What becomes of the message of one process to another.
#[derive(Clone)]
enum Hearing {
    Nothing,
    AsSent,
    Forged(Datum),
}

/// How one process may act in a round: what it hears, its coin, and what becomes of it.
struct Act {
    mask: usize,
    safe: usize,
    coin: bool,
    next: Result<Vec<Datum>, Stuck>,
}

/// The values of the parameters that the algorithm admits.
pub fn parameters(machine: &dyn Machine, n: usize, values: usize, phases: usize) -> Vec<Datum> {
    let a = machine.algorithm();
    let admitted = |d: &Datum| {
        let specs = a.specs.iter().enumerate().filter(|(_, s)| s.kind == Kind::Resilience);
        specs.map(|(k, _)| k).all(|k| machine.holds(k, Subject::Size(n, d)) == Ok(true))
    };
    a.parameters.enumerate(&Bounds { n, values, phases, nat: n }).into_iter().filter(admitted).collect()
}

/// Every vector of inputs.
pub fn inputs(a: &Algorithm, n: usize, values: usize) -> Vec<Vec<Datum>> {
    let one = a.input.enumerate(&Bounds { n, values, phases: 1, nat: n });
    heardof_core::datum::product((0..n).map(|_| one.clone()))
}

/// The numbers of the specification functions of which `wanted` is true.
pub fn specs(a: &Algorithm, wanted: impl Fn(&Kind) -> bool) -> Vec<usize> {
    a.specs.iter().enumerate().filter(|(_, s)| wanted(&s.kind)).map(|(k, _)| k).collect()
}

impl Twin<'_> {
    fn rounds(&self) -> usize {
        self.machine.algorithm().rounds.len()
    }

    fn system(&self, w: &World) -> SystemData {
        let kernel = (0..self.n).filter(|p| w.kernel[*p]).map(Pid::new).collect();
        let (now, first, parameters) = (w.now.clone(), w.first.clone(), self.parameters.clone());
        SystemData { now, first, round: w.round, parameters, kernel, byzantine: self.nobody_follows() }
    }

    /// Whether a function over one state holds.
    pub fn holds(&self, spec: usize, w: &World) -> bool {
        let result = self.machine.holds(spec, Subject::State(&self.system(w)));
        result.unwrap_or_else(|stuck| panic!("{}: {stuck}", self.machine.algorithm().specs[spec].name))
    }

    fn moment(&self, p: usize, round: usize, coin: bool) -> Moment<'_> {
        let phase = Phase::new(round / self.rounds());
        let coordinator = self.machine.coordinator(phase, self.n, self.parameters).expect("a coordinator for every phase");
        Moment {
            id: Pid::new(p),
            n: self.n,
            round,
            phase,
            coordinator,
            parameters: self.parameters,
            coin,
            request: None,
            drew: Cell::new(false),
        }
    }

    /// The first world; `None` if the inputs violate an `#[initial]`.
    pub fn start(&self, inputs: &[Datum]) -> Option<World> {
        let init = |(p, input)| self.machine.init(input, &self.moment(p, 0, false)).expect("a first state for every input");
        let first: Vec<Datum> = inputs.iter().enumerate().map(init).collect();
        let w = World { now: first.clone(), first, round: 0, kernel: vec![true; self.n] };
        specs(self.machine.algorithm(), |k| *k == Kind::Initial).iter().all(|k| self.holds(*k, &w)).then_some(w)
    }

    fn nobody_follows(&self) -> Set<Pid> {
        self.byzantine.iter().map(|p| Pid::new(*p)).collect()
    }

    /// Every way for `p` to hear each process.
    fn hearings(&self, w: &World, p: usize, active: &[bool]) -> Vec<Vec<Hearing>> {
        let k = w.round % self.rounds();
        let alter = match self.machine.faults(self.parameters) {
            Ok(Faults::Value { at_most }) => at_most,
            _ => 0,
        };
        let sent = |q: usize| {
            let send = || self.machine.send(k, &w.now[q], &self.moment(q, w.round, false)).expect("`send` has a result");
            if active[q] { send().message_to(Pid::new(p)).cloned() } else { None }
        };
        let bounds = Bounds { n: self.n, values: VALUES, phases: self.phases, nat: self.n };
        let mut values: BTreeSet<Datum> = self.machine.algorithm().rounds[k].message.enumerate(&bounds).into_iter().collect();
        values.extend((0..self.n).filter_map(sent));
        let mut all: Vec<Vec<Hearing>> = vec![vec![]];
        for (q, is_active) in active.iter().copied().enumerate() {
            let byzantine = self.byzantine.contains(&q);
            let mut ways = vec![Hearing::Nothing];
            ways.extend((is_active && !byzantine).then_some(Hearing::AsSent));
            if byzantine || (is_active && alter > 0) {
                ways.extend(values.iter().filter(|v| Some((*v).clone()) != sent(q)).cloned().map(Hearing::Forged));
            }
            all = all
                .iter()
                .flat_map(|hearing| ways.iter().map(move |way| [hearing.as_slice(), std::slice::from_ref(way)].concat()))
                .collect();
        }
        let altered = |hearing: &Vec<Hearing>| {
            let forged = |q: &usize| matches!(hearing[*q], Hearing::Forged(_)) && !self.byzantine.contains(q);
            (0..self.n).filter(forged).count()
        };
        all.into_iter().filter(|hearing| altered(hearing) <= alter).collect()
    }

    fn acts(&self, w: &World, p: usize, active: &[bool], coins: bool) -> Vec<Act> {
        let k = w.round % self.rounds();
        let mut acts = vec![];
        for hearing in self.hearings(w, p, active) {
            let set = |test: &dyn Fn(&Hearing) -> bool| (0..self.n).filter(|q| test(&hearing[*q])).map(|q| 1 << q).sum::<usize>();
            let mask = set(&|h| !matches!(h, Hearing::Nothing));
            let safe = set(&|h| matches!(h, Hearing::AsSent));
            for coin in [false, true] {
                let (mut next, mut drew, mut script) = (Ok(vec![]), false, Some(vec![]));
                while let Some(choices) = script {
                    let (tape, moment) = (Tape::new(choices), self.moment(p, w.round, coin));
                    let step = self
                        .mailbox(w, p, &hearing)
                        .and_then(|mailbox| self.machine.update(k, &w.now[p], &mailbox.with_ties(tape.clone()), &moment));
                    drew |= moment.drew.get();
                    script = tape.next_script();
                    match (step, &mut next) {
                        (Ok(state), Ok(states)) => states.push(state),
                        (Err(stuck), _) => next = Err(stuck),
                        _ => {}
                    }
                }
                acts.push(Act { mask, safe, coin, next });
                if !drew && !coins {
                    break;
                }
            }
        }
        acts
    }

    fn mailbox(&self, w: &World, p: usize, hearing: &[Hearing]) -> Result<Mailbox<Datum>, Stuck> {
        let mut mailbox = Mailbox::default();
        for (q, way) in hearing.iter().enumerate() {
            let message = match way {
                Hearing::Nothing => None,
                Hearing::Forged(m) => Some(m.clone()),
                Hearing::AsSent => {
                    let sent = self.machine.send(w.round % self.rounds(), &w.now[q], &self.moment(q, w.round, false))?;
                    sent.message_to(Pid::new(p)).cloned()
                }
            };
            message.into_iter().for_each(|m| {
                mailbox.deliver(Pid::new(q), m);
            });
        }
        Ok(mailbox)
    }

    /// Every world one round later under assignments that satisfy `predicates`, and how many assignments (coins aside) these are.
    pub fn next(&self, w: &World, predicates: &[usize]) -> Result<(BTreeSet<World>, u128), Stuck> {
        let a = self.machine.algorithm();
        let halted: Vec<bool> = w.now.iter().map(|s| self.machine.halted(s)).collect::<Result<_, _>>()?;
        let active: Vec<bool> = halted.iter().enumerate().map(|(p, h)| !h && !self.byzantine.contains(&p)).collect();
        let reads_coin = |spec: &usize| {
            let body = &a.specs[*spec].function.body;
            body.as_ref().is_ok_and(|b| b.any(&|e| matches!(&e.node, Node::Method(m, ..) if m == "coin")))
        };
        let coins = predicates.iter().any(reads_coin);
        let acts: Vec<Vec<Act>> = (0..self.n).filter(|p| active[*p]).map(|p| self.acts(w, p, &active, coins)).collect();
        let actors: Vec<usize> = (0..self.n).filter(|p| active[*p]).collect();
        let (mut worlds, mut masks) = (BTreeSet::new(), BTreeSet::new());
        for mut number in 0..acts.iter().map(Vec::len).product::<usize>() {
            let mut chosen: Vec<Option<&Act>> = vec![None; self.n];
            for (p, acts) in actors.iter().zip(&acts) {
                chosen[*p] = Some(&acts[number % acts.len()]);
                number /= acts.len();
            }
            if self.admitted(w, &active, &chosen, predicates)? {
                masks.insert(chosen.iter().map(|c| c.map_or((0, 0), |c| (c.mask, c.safe))).collect::<Vec<_>>());
                self.successors(w, &chosen, &mut worlds)?;
            }
        }
        Ok((worlds, masks.len() as u128))
    }

    fn admitted(&self, w: &World, active: &[bool], chosen: &[Option<&Act>], predicates: &[usize]) -> Result<bool, Stuck> {
        let set = |test: &dyn Fn(usize) -> bool| (0..self.n).filter(|q| test(*q)).map(Pid::new).collect::<Set<Pid>>();
        let heard: Vec<Set<Pid>> = chosen.iter().map(|c| set(&|q| c.is_some_and(|c| c.mask >> q & 1 == 1))).collect();
        let ho = HeardOfData {
            safe: chosen.iter().map(|c| set(&|q| c.is_some_and(|c| c.safe >> q & 1 == 1))).collect(),
            heard,
            coins: chosen.iter().map(|c| c.is_some_and(|c| c.coin)).collect(),
            active: set(&|q| active[q]),
            byzantine: self.nobody_follows(),
            round: w.round,
            kernel_before: set(&|q| w.kernel[q]),
            parameters: self.parameters.clone(),
        };
        let system = self.system(w);
        for spec in predicates {
            let about_both = self.machine.algorithm().specs[*spec].function.params.len() == 2;
            let subject = if about_both { Subject::StateHeard(&system, &ho) } else { Subject::Heard(&ho) };
            if !self.machine.holds(*spec, subject)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn successors(&self, w: &World, chosen: &[Option<&Act>], worlds: &mut BTreeSet<World>) -> Result<(), Stuck> {
        let next = |(p, c): (usize, &Option<&Act>)| c.map_or(Ok(vec![w.now[p].clone()]), |c| c.next.clone());
        let states = chosen.iter().enumerate().map(next).collect::<Result<Vec<_>, _>>()?;
        let heard_by_all = |q: usize| w.kernel[q] && chosen.iter().flatten().all(|c| c.mask >> q & 1 == 1);
        let kernel: Vec<bool> = (0..self.n).map(|q| !self.keeps_kernel || heard_by_all(q)).collect();
        let round = if self.counts_rounds { w.round + 1 } else { (w.round + 1) % self.rounds() };
        for now in heardof_core::datum::product(states) {
            worlds.insert(World { now, first: w.first.clone(), round, kernel: kernel.clone() });
        }
        Ok(())
    }

    /// The predicates in force in a round: those of every round, and of a good phase for `stage`.
    pub fn predicates(&self, round: usize, stage: Option<usize>) -> Vec<usize> {
        let a = self.machine.algorithm();
        let name = &a.rounds[round % self.rounds()].name;
        specs(a, |k| match k {
            Kind::Safety => true,
            Kind::Liveness { rounds, stage: of } => {
                (rounds.is_empty() || rounds.contains(name)) && stage.is_some_and(|s| of.is_none_or(|of| of == s))
            }
            _ => false,
        })
    }

    /// The invariants due before a round.
    pub fn due(&self, round: usize) -> Vec<usize> {
        let a = self.machine.algorithm();
        let k = round % self.rounds();
        specs(a, |kind| match kind {
            Kind::Invariant(Boundary::Phase) => k == 0,
            Kind::Invariant(Boundary::Always) => true,
            Kind::Invariant(Boundary::Before(names)) => names.contains(&a.rounds[k].name),
            _ => false,
        })
    }

    fn properties(&self, params: usize) -> Vec<usize> {
        let a = self.machine.algorithm();
        specs(a, |k| *k == Kind::Property).into_iter().filter(|k| a.specs[*k].function.params.len() == params).collect()
    }

    /// Whether the round may still be run.
    pub fn within(&self, w: &World) -> bool {
        !self.counts_rounds || w.round < self.phases * self.rounds()
    }

    /// Everything reachable from `start`, and what is violated there.
    pub fn reach(&self, start: World) -> Reached {
        let a = self.machine.algorithm();
        let mut reached = Reached::default();
        let mut queue = vec![start];
        while let Some(w) = queue.pop() {
            if !reached.worlds.insert(w.clone()) {
                continue;
            }
            for spec in self.properties(1).into_iter().chain(self.due(w.round)) {
                if !self.holds(spec, &w) {
                    reached.violated.insert(a.specs[spec].name.clone());
                }
            }
            if !self.within(&w) {
                continue;
            }
            let Ok((next, assignments)) = self.next(&w, &self.predicates(w.round, None)) else {
                reached.stuck = true;
                continue;
            };
            reached.assignments += assignments;
            for spec in self.properties(2) {
                let old = self.system(&w);
                let kept = |new: &World| self.machine.holds(spec, Subject::Step(&old, &self.system(new))) == Ok(true);
                if !next.iter().all(kept) {
                    reached.violated.insert(a.specs[spec].name.clone());
                }
            }
            queue.extend(next);
        }
        reached
    }
}
