//! Heard-of sets of one round: what communication predicates speak of.

use crate::datum::Datum;
use crate::process::{Process, Rounds};
use crate::value::Value;
use crate::{Phase, Pid, Set};

/// The heard-of sets of one round. Quantifiers, `kernel`, `uniform` and `min_len` range over the processes that follow the text and have
/// not halted: a halted process hears nothing and nobody hears it. `n()` counts all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeardOf<P: Process> {
    data: HeardOfData,
    parameters: P::Parameters,
}

/// The same, untyped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeardOfData {
    /// HO(p), empty for halted processes.
    pub heard: Vec<Set<Pid>>,
    /// SHO(p): those of HO(p) whose message arrived as it was sent. Equal to `heard` for benign faults.
    pub safe: Vec<Set<Pid>>,
    /// The coin of each process.
    pub coins: Vec<bool>,
    /// The processes that follow the text and have not halted.
    pub active: Set<Pid>,
    /// The processes that do not follow the text.
    pub byzantine: Set<Pid>,
    /// The number of the round.
    pub round: usize,
    /// The intersection of the kernels of all earlier rounds.
    pub kernel_before: Set<Pid>,
    /// The parameters.
    pub parameters: Datum,
}

impl HeardOfData {
    /// Benign heard-of sets of round `round` when nobody has halted and nothing was missed before: a start for tests and tools.
    pub fn benign(heard: Vec<Set<Pid>>, round: usize, parameters: Datum) -> Self {
        let n = heard.len();
        let all: Set<Pid> = Pid::all(n).collect();
        HeardOfData {
            safe: heard.clone(),
            heard,
            coins: vec![false; n],
            active: all.clone(),
            byzantine: Set::new(),
            round,
            kernel_before: all,
            parameters,
        }
    }
    /// ∩ HO(p) over the processes that follow the text and have not halted.
    pub fn kernel(&self) -> Set<Pid> {
        self.intersection(&self.heard)
    }
    /// ∩ SHO(p) over the processes that follow the text and have not halted.
    pub fn secure_kernel(&self) -> Set<Pid> {
        self.intersection(&self.safe)
    }
    fn intersection(&self, sets: &[Set<Pid>]) -> Set<Pid> {
        let heard_by_all = |q: &&Pid| self.active.all(|p| sets[p.index()].contains(q));
        self.active.iter().chain(self.byzantine.iter()).filter(heard_by_all).copied().collect()
    }
    /// Whether all processes that have not halted hear the same set.
    pub fn uniform(&self) -> bool {
        let first = self.active.first().map(|p| &self.heard[p.index()]);
        self.active.all(|p| Some(&self.heard[p.index()]) == first)
    }
    /// The size of the smallest heard-of set of a process that has not halted; n if all have.
    pub fn min_len(&self) -> usize {
        self.active.iter().map(|p| self.heard[p.index()].len()).min().unwrap_or(self.heard.len())
    }
}

impl<P: Process> HeardOf<P> {
    /// For tools: typed from untyped; `None` if the parameters do not fit.
    pub fn from_data(data: HeardOfData) -> Option<Self> {
        let parameters = P::Parameters::from_datum(&data.parameters)?;
        Some(HeardOf { data, parameters })
    }
    /// The number of processes, halted ones included.
    pub fn n(&self) -> usize {
        self.data.heard.len()
    }
    /// HO(p): whom `p` hears in this round.
    pub fn of(&self, p: Pid) -> &Set<Pid> {
        &self.data.heard[p.index()]
    }
    /// SHO(p): those of them whose message arrived as it was sent.
    pub fn safe(&self, p: Pid) -> &Set<Pid> {
        &self.data.safe[p.index()]
    }
    /// The coin of `p` in this round.
    pub fn coin(&self, p: Pid) -> bool {
        self.data.coins[p.index()]
    }
    /// The parameters.
    pub fn parameters(&self) -> &P::Parameters {
        &self.parameters
    }
    /// The number of this round, from 0.
    pub fn round(&self) -> usize {
        self.data.round
    }
    /// The phase of this round.
    pub fn phase(&self) -> Phase {
        Phase::new(self.data.round / P::Rounds::LEN)
    }
    /// The coordinator of the phase.
    pub fn coordinator(&self) -> Pid {
        P::coordinator(self.phase(), self.n(), &self.parameters)
    }
    /// Whether every process that has not halted satisfies `test`.
    pub fn forall(&self, test: impl Fn(Pid) -> bool) -> bool {
        self.data.active.all(|p| test(*p))
    }
    /// Whether some process that has not halted satisfies `test`.
    pub fn exists(&self, test: impl Fn(Pid) -> bool) -> bool {
        self.data.active.any(|p| test(*p))
    }
    /// Whether every two processes that have not halted, equal ones included, satisfy `test`.
    pub fn forall_pairs(&self, test: impl Fn(Pid, Pid) -> bool) -> bool {
        self.forall(|i| self.forall(|j| test(i, j)))
    }
    /// How many processes that have not halted satisfy `test`.
    pub fn count(&self, test: impl Fn(Pid) -> bool) -> usize {
        self.data.active.count(|p| test(*p))
    }
    /// ∩ HO(p): whom everybody hears.
    pub fn kernel(&self) -> Set<Pid> {
        self.data.kernel()
    }
    /// ∩ SHO(p): whom everybody hears as sent.
    pub fn secure_kernel(&self) -> Set<Pid> {
        self.data.secure_kernel()
    }
    /// The intersection of the kernels of all earlier rounds.
    pub fn kernel_before(&self) -> &Set<Pid> {
        &self.data.kernel_before
    }
    /// Whether everybody hears the same set: a space-uniform round.
    pub fn uniform(&self) -> bool {
        self.data.uniform()
    }
    /// The size of the smallest heard-of set.
    pub fn min_len(&self) -> usize {
        self.data.min_len()
    }
}
