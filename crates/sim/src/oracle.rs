//! The oracle of every run: the lock-step model on what each process recorded.
//!
//! What a process went through in an asynchronous, faulty world has to be an execution of the model: in each round it heard what the senders
//! send in that round of the model, and its state afterwards is the model's. And of that execution the properties have to hold.
//!
//! This is [`heardof_core::trace::replay`] once more, for millions of rounds: typed states instead of texts, and every state of a process
//! is kept only until the next one.

use heardof_core::heard_of::HeardOfData;
use heardof_core::ir::Kind;
use heardof_core::process::{Process, Progress, Round, RoundVisitor, Rounds};
use heardof_core::spec::{Spec, SpecFn, Specified};
use heardof_core::trace::{Mismatch, Record, RoundRecord, Sending, What};
use heardof_core::value::digest;
use heardof_core::{Context, HeardOf, Mailbox, Outbox, Phase, Pid, Set, System, Value};
use heardof_node::limits::HISTORY_ROUNDS;

/// What one process recorded of one instance.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Recording {
    /// The rounds that it executed, 0, 1, 2, ..
    pub rounds: Vec<RoundRecord>,
    /// What it was given in the round after them.
    pub sending: Option<Sending>,
    /// Outputs that it was told: field and value.
    pub forwarded: Vec<(String, String)>,
}

impl Recording {
    /// One record more.
    pub fn push(&mut self, record: Record) {
        match record {
            Record::Round(record) => self.rounds.push(record),
            Record::Sending(sending) => self.sending = Some(sending),
            Record::Forwarded { field, value, .. } => self.forwarded.push((field, value)),
            Record::Recovered(round) => {
                self.rounds.truncate(round);
                self.sending = None;
            }
            Record::End(_) => {}
        }
    }
    /// The coin that it was given in a round.
    fn coin(&self, round: usize) -> bool {
        let unfinished = || self.sending.as_ref().filter(|sending| sending.round == round).and_then(|sending| sending.coin);
        self.rounds.get(round).map_or_else(unfinished, |record| record.coin).unwrap_or(false)
    }
}

/// What the oracle says of one instance.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Findings {
    /// How many rounds of processes were executed again.
    pub process_rounds: u64,
    /// The first difference between run and model.
    pub mismatch: Option<Mismatch>,
    /// Properties that do not hold, with the first round after which.
    pub broken: Vec<(&'static str, usize)>,
    /// In the earliest round in which a survivor waits, `ready` asks for more than the survivors can say: of those who are more than
    /// [`HISTORY_ROUNDS`] ahead nothing of it can be had any more.
    pub blocked: bool,
    /// Safety predicates that the run does not satisfy, with the first such round: what is assumed of the network was not so.
    pub outside: Vec<(&'static str, usize)>,
}

/// The oracle for an algorithm.
pub struct Oracle<P: Process> {
    properties: Vec<Spec<P>>,
    safety: Vec<Spec<P>>,
}

impl<P: Process> std::fmt::Debug for Oracle<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Oracle({:?}, {:?})", self.properties, self.safety)
    }
}

impl<P: Specified> Default for Oracle<P> {
    fn default() -> Oracle<P> {
        let of = |wanted: Kind| P::specs().into_iter().filter(|spec| spec.kind == wanted).collect();
        Oracle { properties: of(Kind::Property), safety: of(Kind::Safety) }
    }
}

impl<P: Specified> Oracle<P> {
    /// Judges the recordings of all processes; `inputs` are what they would have proposed, if they ever had. `alive` are those who survive.
    pub fn judge(&self, inputs: &[P::Input], parameters: &P::Parameters, recordings: &[Recording], alive: &[bool]) -> Findings {
        let n = inputs.len();
        let coordinator = P::coordinator(Phase::new(0), n, parameters);
        let first = |(p, input): (Pid, &P::Input)| {
            let ctx = Context::new(p, n, 0, Phase::new(0), coordinator, parameters.clone());
            P::init(input.clone(), &ctx.with_coin(recordings[p.index()].coin(0)))
        };
        let first: Vec<P> = Pid::all(n).zip(inputs).map(first).collect();
        let mut run = Run {
            oracle: self,
            recordings,
            parameters,
            system: System::start(first, parameters.clone()),
            before: None,
            findings: Findings::default(),
        };
        run.properties(None);
        let rounds = recordings.iter().map(|recording| recording.rounds.len()).max().unwrap_or(0);
        for _ in 0..rounds {
            run.round();
            if run.findings.mismatch.is_some() {
                // From here on it is another execution.
                return run.findings;
            }
        }
        run.forwarded();
        run.findings.blocked = run.blocked(alive);
        run.findings
    }
}

struct Run<'a, P: Process> {
    oracle: &'a Oracle<P>,
    recordings: &'a [Recording],
    parameters: &'a P::Parameters,
    system: System<P>,
    /// The heard-of sets of the round before.
    before: Option<HeardOf<P>>,
    findings: Findings,
}

impl<P: Specified> Run<'_, P> {
    fn round(&mut self) {
        let round = self.system.round();
        let step = Step { run: self, round };
        let found = P::Rounds::visit(round % P::Rounds::LEN, &mut Default::default(), step);
        let (states, executed) = match found {
            Ok(found) => found,
            Err(mismatch) => {
                self.findings.mismatch = Some(mismatch);
                return;
            }
        };
        self.findings.process_rounds += executed;
        let kernel = if self.oracle.safety.is_empty() { self.system.kernel().clone() } else { self.predicates(round) };
        let first = self.system.first_states().to_vec();
        let next = System::at(states, first, round + 1, self.parameters.clone(), kernel);
        let old = std::mem::replace(&mut self.system, next);
        self.properties(Some(&old));
    }

    /// The properties of the state, and of the step that led to it.
    fn properties(&mut self, old: Option<&System<P>>) {
        for property in &self.oracle.properties {
            let holds = match (&property.run, old) {
                (SpecFn::State(f), _) => f(&self.system),
                (SpecFn::Step(f), Some(old)) => f(old, &self.system),
                _ => true,
            };
            if !holds && self.findings.broken.iter().all(|(name, _)| *name != property.name) {
                self.findings.broken.push((property.name, self.system.round()));
            }
        }
    }

    /// The safety predicates of a round, over the processes that executed it; of the others one may assume that they heard what is asked
    /// for. Returns the kernel of all rounds so far.
    fn predicates(&mut self, round: usize) -> Set<Pid> {
        let n = self.recordings.len();
        let mut heard = vec![Set::new(); n];
        let mut active = Set::new();
        for (p, recording) in Pid::all(n).zip(self.recordings) {
            if let Some(record) = recording.rounds.get(round) {
                active.insert(p);
                heard[p.index()] = record.heard.iter().map(|(q, _)| *q).collect();
            }
        }
        let data = HeardOfData {
            safe: heard.clone(),
            heard,
            coins: self.recordings.iter().map(|recording| recording.coin(round)).collect(),
            active,
            byzantine: Set::new(),
            round,
            kernel_before: self.system.kernel().clone(),
            parameters: self.parameters.to_datum(),
        };
        let kernel = self.system.kernel().intersection(&data.kernel());
        let now = HeardOf::<P>::from_data(data).expect("parameters written by `to_datum` are read by `from_datum`");
        for predicate in &self.oracle.safety {
            let holds = match (&predicate.run, &self.before) {
                (SpecFn::Heard(f), _) => f(&now),
                (SpecFn::StateHeard(f), _) => f(&self.system, &now),
                (SpecFn::HeardTwice(f), Some(before)) => f(before, &now),
                _ => true,
            };
            if !holds && self.findings.outside.iter().all(|(name, _)| *name != predicate.name) {
                self.findings.outside.push((predicate.name, round));
            }
        }
        self.before = Some(now);
        kernel
    }

    fn blocked(&self, alive: &[bool]) -> bool {
        let survivors: Vec<Pid> = Pid::all(alive.len()).filter(|p| alive[p.index()]).collect();
        let rounds = |p: &Pid| self.recordings[p.index()].rounds.len();
        let Some(round) = survivors.iter().map(rounds).min() else { return false };
        if survivors.iter().any(|p| self.system[*p].halted()) {
            return false;
        }
        // What those who are ahead have sent here is told by what they would send now: it is asked how many are heard, hardly what.
        let last: Vec<Pid> = survivors.iter().copied().filter(|p| rounds(p) == round).collect();
        // Who is far ahead does not keep what it sent here.
        let speakers: Vec<Pid> = survivors.iter().copied().filter(|p| rounds(p) <= round + HISTORY_ROUNDS).collect();
        let waits = Waits { step: Step { run: self, round }, speakers: &speakers, last: &last };
        P::Rounds::visit(round % P::Rounds::LEN, &mut Default::default(), waits)
    }

    /// Forwarded outputs must be what the rounds of some process led to.
    fn forwarded(&mut self) {
        for (p, recording) in Pid::all(self.recordings.len()).zip(self.recordings) {
            for (field, found) in &recording.forwarded {
                let own = |state: &P| state.to_datum().field(field).is_some_and(|value| value.to_string() == *found);
                if !self.system.states().iter().any(own) {
                    let expected = "an output of a process that came to it by its rounds".into();
                    let (round, found) = (recording.rounds.len(), found.clone());
                    self.findings.mismatch = Some(Mismatch { process: p, round, what: What::Forwarded(field.clone()), expected, found });
                    return;
                }
            }
        }
    }
}

/// Whether survivors wait for more than each other.
struct Waits<'a, 'b, P: Process> {
    step: Step<'a, 'b, P>,
    /// Those who can still say what they sent in it.
    speakers: &'a [Pid],
    /// Those in the earliest round.
    last: &'a [Pid],
}

impl<P: Process> RoundVisitor<P> for Waits<'_, '_, P> {
    type Output = bool;
    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>) -> bool {
        let system = &self.step.run.system;
        let phase = Phase::new(self.step.round / P::Rounds::LEN);
        let coordinator = P::coordinator(phase, system.n(), self.step.run.parameters);
        self.last.iter().any(|p| {
            mailbox.clear();
            for q in self.speakers {
                let outbox = R::send(&system[*q], &self.step.context(*q, coordinator));
                outbox.message_to(*p).map(|message| mailbox.deliver(*q, message.clone()));
            }
            R::ready(&system[*p], mailbox, &self.step.context(*p, coordinator)) == Progress::Block
        })
    }
}

/// One round of the processes that recorded it.
struct Step<'a, 'b, P: Process> {
    run: &'a Run<'b, P>,
    round: usize,
}

impl<P: Process> Step<'_, '_, P> {
    fn context(&self, p: Pid, coordinator: Pid) -> Context<P::Parameters, P::Request> {
        let phase = Phase::new(self.round / P::Rounds::LEN);
        let ctx = Context::new(p, self.run.recordings.len(), self.round, phase, coordinator, self.run.parameters.clone());
        ctx.with_coin(self.run.recordings[p.index()].coin(self.round))
    }
    fn mismatch(&self, process: Pid, what: What, expected: String, found: u64) -> Mismatch {
        Mismatch { process, round: self.round, what, expected, found: format!("{found:016x}") }
    }
}

/// What a process sends in a round, once somebody has heard it.
type Sent<M> = Option<Outbox<M>>;

impl<P: Process> RoundVisitor<P> for Step<'_, '_, P> {
    type Output = Result<(Vec<P>, u64), Mismatch>;

    fn visit<R: Round<P>>(self, mailbox: &mut Mailbox<R::Message>) -> Self::Output {
        let (system, recordings, round) = (&self.run.system, self.run.recordings, self.round);
        let coordinator = system.coordinator();
        let mut sent: Vec<Sent<R::Message>> = (0..recordings.len()).map(|_| None).collect();
        let (mut states, mut executed) = (system.states().to_vec(), 0);
        for p in Pid::all(recordings.len()) {
            let Some(record) = recordings[p.index()].rounds.get(round) else { continue };
            mailbox.clear();
            for (q, found) in &record.heard {
                if recordings[q.index()].rounds.len() < round {
                    let ends = recordings[q.index()].rounds.len();
                    return Err(self.mismatch(p, What::Message(*q), format!("nothing, for {q} has not left round {ends}"), *found));
                }
                if system[*q].halted() {
                    return Err(self.mismatch(p, What::Message(*q), format!("nothing, for {q} has halted"), *found));
                }
                let outbox = sent[q.index()].get_or_insert_with(|| R::send(&system[*q], &self.context(*q, coordinator)));
                match outbox.message_to(p) {
                    Some(message) if digest(message) == *found => mailbox.deliver(*q, message.clone()),
                    Some(message) => return Err(self.mismatch(p, What::Message(*q), format!("{:016x}", digest(message)), *found)),
                    None => return Err(self.mismatch(p, What::Message(*q), format!("nothing, for {q} sends {p} nothing"), *found)),
                };
            }
            R::update(&mut states[p.index()], mailbox, &self.context(p, coordinator));
            let expected = digest(&states[p.index()]);
            if expected != record.state {
                return Err(self.mismatch(p, What::State, format!("{expected:016x}"), record.state));
            }
            executed += 1;
        }
        Ok((states, executed))
    }
}

#[cfg(test)]
mod tests;
