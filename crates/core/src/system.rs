//! The state of all processes at a round boundary, with the quantifiers and cardinalities of the specification logic, executable.

use crate::datum::Datum;
use crate::process::{Process, Rounds};
use crate::value::{JoinSemilattice, Value};
use crate::{Phase, Pid, Set};
use std::ops::Index;

/// A snapshot of the system before a round: what invariants and properties speak of. Quantifiers and cardinalities range over the
/// processes that follow the text, all of them unless the faults are Byzantine; `n()` counts all.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct System<P: Process> {
    now: Vec<P>,
    first: Vec<P>,
    round: usize,
    parameters: P::Parameters,
    kernel: Set<Pid>,
    byzantine: Set<Pid>,
}

/// The same, untyped.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SystemData {
    /// The local states.
    pub now: Vec<Datum>,
    /// The first states.
    pub first: Vec<Datum>,
    /// The number of the round to come, from 0, over all phases.
    pub round: usize,
    /// The parameters.
    pub parameters: Datum,
    /// The intersection of the kernels of all earlier rounds.
    pub kernel: Set<Pid>,
    /// The processes that do not follow the text. They have no state: what stands for it is never read.
    pub byzantine: Set<Pid>,
}

impl<P: Process> Index<Pid> for System<P> {
    type Output = P;
    fn index(&self, p: Pid) -> &P {
        assert!(!self.byzantine.contains(&p), "{p} does not follow the text: it has no state");
        &self.now[p.index()]
    }
}

/// For tools.
impl<P: Process> System<P> {
    /// The system at its start: round 0, everybody in its first state.
    pub fn start(first: Vec<P>, parameters: P::Parameters) -> Self {
        let kernel = Pid::all(first.len()).collect();
        System { now: first.clone(), first, round: 0, parameters, kernel, byzantine: Set::new() }
    }
    /// Any system.
    pub fn at(now: Vec<P>, first: Vec<P>, round: usize, parameters: P::Parameters, kernel: Set<Pid>) -> Self {
        assert_eq!(now.len(), first.len(), "a state and a first state for each process");
        System { now, first, round, parameters, kernel, byzantine: Set::new() }
    }
    /// Typed from untyped; `None` if the sorts do not fit.
    pub fn from_data(data: &SystemData) -> Option<Self> {
        let states = |data: &[Datum]| data.iter().map(P::from_datum).collect::<Option<Vec<P>>>();
        let parameters = P::Parameters::from_datum(&data.parameters)?;
        let (kernel, byzantine) = (data.kernel.clone(), data.byzantine.clone());
        Some(System { now: states(&data.now)?, first: states(&data.first)?, round: data.round, parameters, kernel, byzantine })
    }
    /// Untyped.
    pub fn to_data(&self) -> SystemData {
        SystemData {
            now: self.now.iter().map(P::to_datum).collect(),
            first: self.first.iter().map(P::to_datum).collect(),
            round: self.round,
            parameters: self.parameters.to_datum(),
            kernel: self.kernel.clone(),
            byzantine: self.byzantine.clone(),
        }
    }
    /// The local states in the order of process ids.
    pub fn states(&self) -> &[P] {
        &self.now
    }
    /// The first states.
    pub fn first_states(&self) -> &[P] {
        &self.first
    }
}

impl<P: Process> System<P> {
    /// The number of processes.
    pub fn n(&self) -> usize {
        self.now.len()
    }
    /// The number of the round to come, from 0.
    pub fn round(&self) -> usize {
        self.round
    }
    /// The phase the round to come belongs to.
    pub fn phase(&self) -> Phase {
        Phase::new(self.round / P::Rounds::LEN)
    }
    /// The parameters.
    pub fn parameters(&self) -> &P::Parameters {
        &self.parameters
    }
    /// The coordinator of the phase.
    pub fn coordinator(&self) -> Pid {
        P::coordinator(self.phase(), self.n(), &self.parameters)
    }
    /// The first state of `p`.
    pub fn initially(&self, p: Pid) -> &P {
        assert!(!self.byzantine.contains(&p), "{p} does not follow the text: it has no state");
        &self.first[p.index()]
    }
    /// The processes that everybody heard in every earlier round.
    pub fn kernel(&self) -> &Set<Pid> {
        &self.kernel
    }
    fn following(&self) -> impl Iterator<Item = Pid> {
        Pid::all(self.n()).filter(|p| !self.byzantine.contains(p))
    }
    /// Whether every process satisfies `test`.
    pub fn forall(&self, test: impl Fn(Pid) -> bool) -> bool {
        self.following().all(test)
    }
    /// Whether some process satisfies `test`.
    pub fn exists(&self, test: impl Fn(Pid) -> bool) -> bool {
        self.following().any(test)
    }
    /// Whether every two processes, equal ones included, satisfy `test`.
    pub fn forall_pairs(&self, test: impl Fn(Pid, Pid) -> bool) -> bool {
        self.forall(|i| self.forall(|j| test(i, j)))
    }
    /// How many processes satisfy `test`.
    pub fn count(&self, test: impl Fn(Pid) -> bool) -> usize {
        self.following().filter(|p| test(*p)).count()
    }
    /// The processes that satisfy `test`.
    pub fn set(&self, test: impl Fn(Pid) -> bool) -> Set<Pid> {
        self.following().filter(|p| test(*p)).collect()
    }
    /// { f(p) : p a process for which it is defined }
    pub fn image<T: Ord>(&self, f: impl Fn(Pid) -> Option<T>) -> Set<T> {
        self.following().filter_map(f).collect()
    }
    /// The join of `f` over all processes.
    pub fn join<L: JoinSemilattice>(&self, f: impl Fn(Pid) -> L) -> Option<L> {
        self.following().map(f).reduce(|a, b| a.join(&b))
    }
    /// Whether some value of type `T` that occurs in a state, now or at the start, satisfies `test`.
    pub fn exists_value<T: Value>(&self, test: impl Fn(&T) -> bool) -> bool {
        let mut found = false;
        for p in self.following().flat_map(|p| [&self.now[p.index()], &self.first[p.index()]]) {
            if !found {
                p.visit(&mut |any| found = found || any.downcast_ref::<T>().is_some_and(&test));
            }
        }
        found
    }
    /// Whether every value of type `T` that occurs in a state, now or at the start, satisfies `test`.
    pub fn forall_value<T: Value>(&self, test: impl Fn(&T) -> bool) -> bool {
        !self.exists_value(|v: &T| !test(v))
    }
    /// Whether some phase up to the current one satisfies `test`.
    pub fn exists_phase(&self, test: impl Fn(Phase) -> bool) -> bool {
        (0..=self.phase().number()).any(|k| test(Phase::new(k)))
    }
    /// Whether every phase up to the current one satisfies `test`.
    pub fn forall_phase(&self, test: impl Fn(Phase) -> bool) -> bool {
        (0..=self.phase().number()).all(|k| test(Phase::new(k)))
    }
    /// The system of a component: a field that is a process of its own, in the same rounds.
    pub fn component<Q: Process>(&self, part: impl Fn(&P) -> &Q, parameters: Q::Parameters) -> System<Q> {
        let parts = |states: &[P]| states.iter().map(|p| part(p).clone()).collect();
        let (kernel, byzantine) = (self.kernel.clone(), self.byzantine.clone());
        System { now: parts(&self.now), first: parts(&self.first), round: self.round, parameters, kernel, byzantine }
    }
}
