//! Lock-step execution: one round of all processes, under a given choice of the adversary.
//!
//! [`step`] is the semantics of the model in one function: every process that has not halted sends, hears whom the [`Choice`] lets it
//! hear, and updates; nothing else happens. It is pure. [`observe`] is the same step and also tells what every process heard, as
//! digests: what a recording is compared with ([`crate::trace`]).
//!
//! Worked example: three processes with inputs 0, 1, 1; p0 hears everybody, the others nobody.
//!
//! ```text
//! let start = System::start(inputs.map(|x| OneThirdRule { x, decision: None }), ());
//! let choice = Choice::new(vec![Set::of([p0, p1, p2]), Set::new(), Set::new()]);
//! let next = lockstep::step(&start, &choice);        // next[p0].x == 1, the others keep what they had
//! ```

use crate::process::{Process, Round, RoundVisitor, Rounds};
use crate::value::digest;
use crate::{Context, Mailbox, Outbox, Pid, Set, System};

/// What the adversary chooses for one round.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Choice<P: Process> {
    /// HO(p), by process. Halted members are in no heard-of set, whatever is written here.
    pub heard: Vec<Set<Pid>>,
    /// The coin of each process.
    pub coins: Vec<bool>,
    /// What the application asks of each process.
    pub requests: Vec<Option<P::Request>>,
    /// The processes that take the round. In the model that is everybody; a recording ends where its process crashed, and from then
    /// on the process is left out here: it stays as it is, and what it sends from there may still be heard.
    pub acting: Set<Pid>,
}

impl<P: Process> Choice<P> {
    /// These heard-of sets, all coins false, no request, everybody acts.
    pub fn new(heard: Vec<Set<Pid>>) -> Self {
        let n = heard.len();
        Choice { heard, coins: vec![false; n], requests: vec![None; n], acting: Pid::all(n).collect() }
    }
    /// The same with these coins.
    pub fn with_coins(mut self, coins: Vec<bool>) -> Self {
        self.coins = coins;
        self
    }
    /// The same with these requests.
    pub fn with_requests(mut self, requests: Vec<Option<P::Request>>) -> Self {
        self.requests = requests;
        self
    }
    /// The same where only these processes act.
    pub fn with_acting(mut self, acting: Set<Pid>) -> Self {
        self.acting = acting;
        self
    }
}

/// What a process went through in a round.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Observed {
    /// The senders it heard with the digests of their messages, in the order of process ids.
    pub messages: Vec<(Pid, u64)>,
    /// Whether `send` or `update` looked at the coin.
    pub drew_coin: bool,
}

/// The system one round later.
///
/// # Panics
/// If `choice` is not for n processes; and where the algorithm panics.
pub fn step<P: Process>(system: &System<P>, choice: &Choice<P>) -> System<P> {
    run(system, choice, None)
}

/// The system one round later, and what every process heard. A process that does not act, or has halted, observes nothing.
///
/// # Panics
/// As [`step`].
pub fn observe<P: Process>(system: &System<P>, choice: &Choice<P>) -> (System<P>, Vec<Observed>) {
    let mut observed = vec![Observed::default(); system.n()];
    let next = run(system, choice, Some(&mut observed));
    (next, observed)
}

/// What `p` knows of its surroundings in the round to come.
pub fn context<P: Process>(system: &System<P>, choice: &Choice<P>, p: Pid) -> Context<P::Parameters, P::Request> {
    let k = p.index();
    Context::new(p, system.n(), system.round(), system.phase(), system.coordinator(), system.parameters().clone())
        .with_coin(choice.coins[k])
        .with_request(choice.requests[k].clone())
}

fn run<P: Process>(system: &System<P>, choice: &Choice<P>, observed: Option<&mut [Observed]>) -> System<P> {
    let n = system.n();
    assert_eq!(choice.heard.len(), n, "a heard-of set for each process");
    assert_eq!(choice.coins.len(), n, "a coin for each process");
    assert_eq!(choice.requests.len(), n, "a request or none for each process");
    P::Rounds::visit(system.round() % P::Rounds::LEN, &mut Default::default(), Step { system, choice, observed })
}

struct Step<'a, P: Process> {
    system: &'a System<P>,
    choice: &'a Choice<P>,
    observed: Option<&'a mut [Observed]>,
}

impl<P: Process> RoundVisitor<P> for Step<'_, P> {
    type Output = System<P>;

    fn visit<R: Round<P>>(mut self, _: &mut Mailbox<R::Message>) -> System<P> {
        let (system, choice) = (self.system, self.choice);
        let active: Set<Pid> = system.set(|p| !system[p].halted());
        let contexts: Vec<_> = Pid::all(system.n()).map(|p| context(system, choice, p)).collect();
        // Only what somebody hears is computed: a process whose recording ends in a panic of `send` must not panic here.
        let speaks = |q: Pid| active.contains(&q) && choice.acting.any(|p| choice.heard[p.index()].contains(&q));
        let send = |q: Pid| if speaks(q) { R::send(&system[q], &contexts[q.index()]) } else { Outbox::Silent };
        let outboxes: Vec<Outbox<R::Message>> = Pid::all(system.n()).map(send).collect();

        let mut states = system.states().to_vec();
        let mut kernel = system.kernel().clone();
        for p in active.iter().filter(|p| choice.acting.contains(p)) {
            let heard = choice.heard[p.index()].intersection(&active);
            let message = |q: &Pid| outboxes[q.index()].message_to(*p).map(|m| (*q, m.clone()));
            let mailbox: Mailbox<R::Message> = heard.iter().filter_map(message).collect();
            R::update(&mut states[p.index()], &mailbox, &contexts[p.index()]);
            kernel = kernel.intersection(&heard);
            if let Some(observed) = self.observed.as_deref_mut() {
                let messages = mailbox.iter().map(|(q, m)| (q, digest(m))).collect();
                observed[p.index()] = Observed { messages, drew_coin: contexts[p.index()].drew_coin() };
            }
        }
        System::at(states, system.first_states().to_vec(), system.round() + 1, system.parameters().clone(), kernel)
    }
}

#[cfg(test)]
pub(crate) mod tests;
