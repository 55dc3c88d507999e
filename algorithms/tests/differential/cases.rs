//! Native code and text of one algorithm, and the arguments its functions are called with.

use crate::reads::Reads;
use crate::space::{Cases, Digits, Space};
use heardof_core::datum::Bounds;
use heardof_core::heard_of::HeardOfData;
use heardof_core::ir::{Function, Node, Speaks, SpecText};
use heardof_core::machine::{Interpreted, Machine, Moment, Subject};
use heardof_core::mailbox::Mailbox;
use heardof_core::system::SystemData;
use heardof_core::{Datum, Phase, Pid, Set, Sort};
use std::cell::Cell;
use std::fmt::Debug;

/// The limits of [`Cases::limit`] by kind of arguments.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Arguments of `send`, `update`, `ready`.
    pub rounds: u64,
    /// Arguments of a specification function that differ in what its text reads; 0: not these.
    pub read: u64,
    /// Any arguments of a specification function.
    pub any: u64,
}

/// Native code and text of one algorithm for n processes.
pub struct Pair<'a> {
    native: &'a dyn Machine,
    text: Interpreted,
    n: usize,
    inputs: Vec<Datum>,
    states: Vec<Datum>,
    parameters: Vec<Datum>,
    requests: Vec<Option<Datum>>,
    messages: Vec<Vec<Datum>>,
    subsets: Vec<Set<Pid>>,
}

/// What a specification function is given, by component.
struct Domain {
    parameters: Vec<Datum>,
    rounds: Vec<usize>,
    kernels: Vec<Set<Pid>>,
    states: Vec<Datum>,
    /// Lists of first states; `None`: any of the states for each process.
    first_states: Option<Vec<Vec<Datum>>>,
    /// What the text reads, where only that is enumerated.
    reads: Reads,
    /// How many ways the coins may fall, from all `false` on.
    coins: usize,
    /// How many sets of senders whose messages are as sent, from all on.
    safe: usize,
}

impl<'a> Pair<'a> {
    /// Native code against another text of the algorithm: values 0..3, phases 0 and 1.
    pub fn new(native: &'a dyn Machine, text: Interpreted, n: usize) -> Self {
        let a = native.algorithm();
        let bounds = Bounds { n, values: 3, phases: 2, nat: n };
        let all = |sort: &Sort| {
            let values = sort.enumerate(&bounds);
            assert!(!values.is_empty(), "{}: {sort} is not enumerated", a.name);
            values
        };
        let mut requests = vec![None];
        if a.request != Sort::Unit {
            requests.extend(all(&a.request).into_iter().map(Some));
        }
        Pair {
            native,
            text,
            n,
            inputs: all(&a.input),
            states: all(&a.state),
            parameters: all(&a.parameters),
            requests,
            messages: a.rounds.iter().map(|r| all(&r.message)).collect(),
            // From the full set down: the first of them is the usual one.
            subsets: (0..1 << n).rev().map(|mask: usize| Pid::all(n).filter(|q| mask >> q.index() & 1 == 1).collect()).collect(),
        }
    }

    /// Every function with its arguments.
    pub fn cases(&self, limits: Limits) -> Vec<Cases<'_>> {
        let mut all = self.of_process();
        (0..self.messages.len()).for_each(|k| all.extend(self.of_round(k, limits.rounds)));
        for (spec, text) in self.native.algorithm().specs.iter().enumerate() {
            if limits.read > 0 {
                all.push(self.of_spec(spec, text, self.what_is_read(text), limits.read));
            }
            if limits.any > 0 {
                all.push(self.of_spec(spec, text, self.anything(), limits.any));
            }
        }
        all
    }

    fn entry<'b>(
        &self,
        of: &str,
        space: Vec<usize>,
        limit: u64,
        check: impl Fn(&mut Digits<'_>) -> Result<u64, String> + Sync + 'b,
    ) -> Cases<'b> {
        let of = format!("{} n={} {of}", self.native.algorithm().name, self.n);
        Cases { of, space: Space(space), limit, check: Box::new(move |point| check(&mut Digits::of(point))) }
    }

    fn of_process(&self) -> Vec<Cases<'_>> {
        let (native, text, n) = (self.native, &self.text, self.n);
        let init = self.entry("init", vec![self.inputs.len(), self.parameters.len(), n], u64::MAX, move |d| {
            let (input, parameters) = (d.of_these(&self.inputs), d.of_these(&self.parameters));
            let at = self.moment(0, Pid::new(d.next()), Pid::new(0), parameters, false, None);
            same(&(input, &at), native.init(input, &at), text.init(input, &at))
        });
        let halted = self.entry("halted", vec![self.states.len()], u64::MAX, move |d| {
            let state = d.of_these(&self.states);
            same(state, native.halted(state), text.halted(state))
        });
        let coordinator = self.entry("coordinator", vec![self.parameters.len(), 8], u64::MAX, move |d| {
            let (parameters, phase) = (d.of_these(&self.parameters), Phase::new(d.next()));
            same(&(phase, parameters), native.coordinator(phase, n, parameters), text.coordinator(phase, n, parameters))
        });
        let faults = self.entry("faults", vec![self.parameters.len()], u64::MAX, move |d| {
            let parameters = d.of_these(&self.parameters);
            same(parameters, native.faults(parameters), text.faults(parameters))
        });
        vec![init, halted, coordinator, faults]
    }

    fn of_round(&self, k: usize, limit: u64) -> [Cases<'_>; 2] {
        let (native, text) = (self.native, &self.text);
        // state, parameters, process, coordinator, phase, coin, request; then from each process nothing or a message
        // (a coin that native code looks at and the text does not would be a mismatch of `drew`)
        let round = &native.algorithm().rounds[k];
        let tosses = |f: &Function| f.body.as_ref().is_ok_and(|body| body.any(&|e| matches!(&e.node, Node::Method(m, ..) if m == "coin")));
        let coins = if tosses(&round.send) || tosses(&round.update) { 2 } else { 1 };
        let mut space = vec![self.states.len(), self.parameters.len(), self.n, self.n, 2, coins, self.requests.len()];
        let name = &round.name;
        let send = self.entry(&format!("{name}::send"), space.clone(), limit, move |d| {
            let (state, at) = self.at_work(k, d);
            let twin = at.clone();
            same(&(state, &at), native.send(k, state, &at), text.send(k, state, &twin))?;
            same(&(state, &at), at.drew.get(), twin.drew.get())
        });
        space.extend(vec![self.messages[k].len() + 1; self.n]);
        let update = self.entry(&format!("{name}::update and ready"), space, limit, move |d| {
            let (state, at) = self.at_work(k, d);
            let twin = at.clone();
            let heard = Pid::all(self.n).filter_map(|q| Some((q, self.messages[k][d.next().checked_sub(1)?].clone())));
            let mailbox: Mailbox<Datum> = heard.collect();
            same(&(state, &mailbox, &at), native.update(k, state, &mailbox, &at), text.update(k, state, &mailbox, &twin))?;
            same(&(state, &mailbox, &at), at.drew.get(), twin.drew.get())?;
            same(&(state, &mailbox, &at), native.ready(k, state, &mailbox, &at), text.ready(k, state, &mailbox, &at))
        });
        [send, update]
    }

    fn at_work(&self, k: usize, d: &mut Digits<'_>) -> (&Datum, Moment<'_>) {
        let (state, parameters) = (d.of_these(&self.states), d.of_these(&self.parameters));
        let (id, coordinator, round) = (Pid::new(d.next()), Pid::new(d.next()), d.next() * self.messages.len() + k);
        let (coin, request) = (d.next() == 1, d.of_these(&self.requests).as_ref());
        (state, self.moment(round, id, coordinator, parameters, coin, request))
    }

    fn moment<'b>(
        &self,
        round: usize,
        id: Pid,
        coordinator: Pid,
        parameters: &'b Datum,
        coin: bool,
        request: Option<&'b Datum>,
    ) -> Moment<'b> {
        let phase = Phase::new(round / self.messages.len());
        Moment { id, n: self.n, round, phase, coordinator, parameters, coin, request, drew: Cell::new(false) }
    }

    /// Everything that the text of a specification function can tell apart.
    fn what_is_read(&self, text: &SpecText) -> Domain {
        let (a, len) = (self.native.algorithm(), self.messages.len());
        let reads = Reads::of(a, &text.function);
        let led = reads.asks(&["coordinator"]);
        let some = |asked: bool, all: &[Datum]| all[..if asked { all.len() } else { 1 }].to_vec();
        Domain {
            parameters: some(
                text.speaks == Speaks::Size || reads.asks(&["parameters"]) || led && a.coordinator.is_some(),
                &self.parameters,
            ),
            rounds: match (reads.asks(&["round"]), led || reads.asks(&["phase", "exists_phase", "forall_phase"])) {
                (true, _) => (0..2 * len).collect(),
                (false, true) => vec![0, len],
                (false, false) => vec![0],
            },
            kernels: self.subsets[..if reads.asks(&["kernel", "kernel_before"]) { self.subsets.len() } else { 1 }].to_vec(),
            states: reads.states(a, &self.states),
            first_states: Some(reads.first_states(a, &self.states, self.n)),
            coins: if reads.asks(&["coin"]) { self.subsets.len() } else { 1 },
            safe: if reads.asks(&["safe", "secure_kernel"]) { self.subsets.len() } else { 1 },
            reads,
        }
    }

    fn anything(&self) -> Domain {
        Domain {
            parameters: self.parameters.clone(),
            rounds: (0..2 * self.messages.len()).collect(),
            kernels: self.subsets.clone(),
            states: self.states.clone(),
            first_states: None,
            reads: Reads::default(),
            coins: self.subsets.len(),
            safe: self.subsets.len(),
        }
    }

    fn of_spec<'b>(&'b self, spec: usize, text: &'b SpecText, domain: Domain, limit: u64) -> Cases<'b> {
        let n = self.n;
        let (systems, heards) = match text.speaks {
            Speaks::State => (1, 0),
            Speaks::Step => (2, 0),
            Speaks::Heard => (0, 1),
            Speaks::StateHeard => (1, 1),
            Speaks::HeardTwice => (0, 2),
            Speaks::Size => (0, 0),
        };
        let mut space = vec![domain.parameters.len()];
        if text.speaks == Speaks::Size {
            space.push(8);
        } else {
            space.extend([domain.rounds.len(), domain.kernels.len(), self.byzantine().len()]);
        }
        if systems > 0 {
            space.extend(domain.first_states.as_ref().map_or(vec![domain.states.len(); n], |lists| vec![lists.len()]));
        }
        space.extend(vec![domain.states.len(); systems * n]);
        for _ in 0..heards {
            space.extend([domain.coins, domain.safe]);
            space.extend(vec![self.subsets.len(); n + 1]);
        }
        self.entry(&text.name, space, limit, move |d| {
            let parameters = d.of_these(&domain.parameters);
            if text.speaks == Speaks::Size {
                return self.holds(spec, Subject::Size(d.next(), parameters));
            }
            let (round, kernel) = (*d.of_these(&domain.rounds), d.of_these(&domain.kernels));
            let byzantine = d.of_these(self.byzantine());
            let states = |d: &mut Digits<'_>| (0..n).map(|_| d.of_these(&domain.states).clone()).collect::<Vec<_>>();
            let (first, before) = match &domain.first_states {
                _ if systems == 0 => (vec![], &[][..]),
                Some(lists) => {
                    let k = d.next();
                    (lists[k].clone(), &lists[..k])
                }
                None => (states(d), &[][..]),
            };
            let system = |d: &mut Digits<'_>, round: usize| SystemData {
                now: states(d),
                first: first.clone(),
                round,
                parameters: parameters.clone(),
                kernel: kernel.clone(),
                byzantine: byzantine.clone(),
            };
            let heard = |d: &mut Digits<'_>, round: usize| self.heard(d, round, (kernel, byzantine), parameters);
            match text.speaks {
                Speaks::State => {
                    let s = system(d, round);
                    if self.repeats(&domain.reads, before, &s) { Ok(0) } else { self.holds(spec, Subject::State(&s)) }
                }
                Speaks::Step => self.holds(spec, Subject::Step(&system(d, round), &system(d, round + 1))),
                Speaks::Heard => self.holds(spec, Subject::Heard(&heard(d, round))),
                Speaks::StateHeard => self.holds(spec, Subject::StateHeard(&system(d, round), &heard(d, round))),
                Speaks::HeardTwice => self.holds(spec, Subject::HeardTwice(&heard(d, round), &heard(d, round + 1))),
                Speaks::Size => Err("handled above".into()),
            }
        })
    }

    /// The sets of processes that may not follow the text: the empty one is the last of all.
    fn byzantine(&self) -> &[Set<Pid>] {
        let faults = self.native.algorithm().faults.as_ref().and_then(|f| f.body.as_ref().ok());
        let any = faults.is_some_and(|body| body.any(&|e| matches!(&e.node, Node::Variant(name, _) if name == "Faults::Byzantine")));
        if any { &self.subsets } else { &self.subsets[self.subsets.len() - 1..] }
    }

    fn heard(
        &self,
        d: &mut Digits<'_>,
        round: usize,
        (kernel_before, byzantine): (&Set<Pid>, &Set<Pid>),
        parameters: &Datum,
    ) -> HeardOfData {
        // The first of `subsets` are all processes: a component that is not read gets no coin at all, and no forged message.
        let (tails, safe, active) = (d.of_these(&self.subsets), d.of_these(&self.subsets), d.of_these(&self.subsets));
        let heard = Pid::all(self.n).map(|p| (d.of_these(&self.subsets), p));
        let heard: Vec<Set<Pid>> = heard.map(|(set, p)| if active.contains(&p) { set.intersection(active) } else { Set::new() }).collect();
        HeardOfData {
            safe: heard.iter().map(|set| set.intersection(safe)).collect(),
            heard,
            coins: Pid::all(self.n).map(|p| !tails.contains(&p)).collect(),
            active: active.difference(byzantine),
            byzantine: byzantine.clone(),
            round,
            kernel_before: kernel_before.clone(),
            parameters: parameters.clone(),
        }
    }

    /// Whether a text that reads no first state, but the values that occur, was asked the same with one of the lists `before`.
    fn repeats(&self, reads: &Reads, before: &[Vec<Datum>], s: &SystemData) -> bool {
        let a = self.native.algorithm();
        let occurring = |first: &[Datum]| &reads.occurring(a, first) | &reads.occurring(a, &s.now);
        reads.first.is_empty() && !before.is_empty() && {
            let these = occurring(&s.first);
            before.iter().any(|list| occurring(list) == these)
        }
    }

    fn holds(&self, spec: usize, subject: Subject<'_>) -> Result<u64, String> {
        same(&subject, self.native.holds(spec, subject), self.text.holds(spec, subject))
    }
}

fn same<T: PartialEq + Debug>(arguments: &dyn Debug, native: T, text: T) -> Result<u64, String> {
    if native == text { Ok(1) } else { Err(format!("native {native:?}, text {text:?}, on {arguments:?}")) }
}
