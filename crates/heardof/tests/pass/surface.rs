//! What the algorithms do not use: enums, generic messages, helpers in modules, native rounds and functions, methods of a block.

use heardof::prelude::*;

#[derive(Data, Copy)]
pub enum Mode {
    Idle,
    Waiting { since: usize },
    Done(bool),
}

#[derive(Data)]
pub enum Packet<V> {
    Ask,
    Tell(V, usize),
    Set { members: Set<V> },
}

#[derive(Data)]
pub struct Marker;

#[derive(Data)]
pub struct Pair<A, B>(pub A, pub B);

#[derive(Data)]
pub struct Limits<V> {
    pub limit: usize,
    pub default: V,
}

/// Shows the whole surface.
///
/// In two paragraphs.
#[derive(State)]
#[parameters(Limits<V>)]
#[requests(V)]
pub struct Surface<V: Value + Ord> {
    pub mode: Mode,
    pub seen: Set<V>,
    pub pair: Pair<V, usize>,
    pub r#type: Marker,
    #[ghost]
    pub steps: usize,
    #[output]
    pub decision: Option<V>,
}

pub mod quorum {
    use heardof::prelude::*;

    #[pure]
    pub fn majority(count: usize, n: usize) -> bool {
        2 * count > n
    }

    /// Calls another helper.
    #[pure]
    pub fn heard_majority<V: Value>(mailbox: &Mailbox<V>, n: usize) -> bool {
        majority(mailbox.len(), n)
    }

    #[native("sums are outside the subset")]
    #[pure]
    pub fn total(set: &Set<usize>) -> usize {
        set.iter().sum()
    }
}

use quorum::*;

#[process]
impl<V> Process for Surface<V>
where
    V: Value + Ord,
{
    type Input = V;
    type Rounds = (Talk, Compute);
    fn init(input: V, ctx: &Context<Limits<V>, V>) -> Self {
        let mut seen = Set::new();
        if ctx.parameters().limit > 0 {
            seen.insert(input.clone());
        }
        Self { mode: Mode::Idle, seen, pair: Pair(input, 0), r#type: Marker, steps: 0, decision: None }
    }
    fn coordinator(phase: Phase, n: usize, _: &Limits<V>) -> Pid {
        phase.rotate(n)
    }
}

pub struct Talk;
pub struct Compute;

/// Sends what it is asked for.
#[round]
impl<V: Value + Ord> Round<Surface<V>> for Talk {
    type Message = Packet<V>;
    fn send(p: &Surface<V>, ctx: &Context<Limits<V>, V>) -> Outbox<Packet<V>> {
        match (p.mode, ctx.request()) {
            (Mode::Idle, None) => broadcast(Packet::Ask),
            (Mode::Waiting { since, .. }, Some(v)) if since < ctx.round() => to(ctx.coordinator(), Packet::Tell(v.clone(), since)),
            (Mode::Waiting { .. } | Mode::Done(true), _) => to_all(&ctx.processes(), Packet::Set { members: p.seen.clone() }),
            (Mode::Done(_), _) => each(&ctx.processes(), |q| if q == ctx.id() { Some(Packet::Ask) } else { None }),
            _ => silent(),
        }
    }
    fn update(p: &mut Surface<V>, mailbox: &Mailbox<Packet<V>>, ctx: &Context<Limits<V>, V>) {
        let Limits { limit, default } = ctx.parameters();
        if quorum::heard_majority(mailbox, ctx.n())
            && let Some(Packet::Set { members }) = mailbox.pick(|m| match m {
                Packet::Set { members } => members.contains(default),
                _ => false,
            })
        {
            p.seen = p.seen.union(members);
            p.seen.remove(default);
        } else if majority(*limit, ctx.n()) {
            p.mode = Mode::Waiting { since: ctx.round() };
        }
        p.steps += 1;
        p.pair.1 = p.pair.1.saturating_sub(p.steps).min(3);
    }
    #[native("shows a native function in a round that has a text")]
    fn ready(_: &Surface<V>, mailbox: &Mailbox<Packet<V>>, _: &Context<Limits<V>, V>) -> Progress {
        let mut words = 0;
        for (_, packet) in mailbox.iter() {
            words += if let Packet::Tell(_, word) = packet { *word } else { 0 };
        }
        if words > 3 {
            return Progress::Deadline;
        }
        Progress::Sync(1)
    }
}

#[native("loops")]
#[round]
impl<V: Value + Ord> Round<Surface<V>> for Compute {
    type Message = ();
    fn send(_: &Surface<V>, _: &Context<Limits<V>, V>) -> Outbox<()> {
        silent()
    }
    fn update(p: &mut Surface<V>, _: &Mailbox<()>, _: &Context<Limits<V>, V>) {
        for k in 0..quorum::total(&Set::of([1, 2])) {
            p.steps += k;
        }
    }
}

#[problem]
pub trait Bounded: Process {
    fn size(&self) -> usize;
    fn most(parameters: &Self::Parameters) -> usize;
    /// At most so many.
    #[property]
    fn bounded(s: &System<Self>) -> bool {
        s.forall(|i| s[i].size() <= Self::most(s.parameters()))
    }
    #[native("shows a native property")]
    #[property]
    fn bounded_natively(s: &System<Self>) -> bool {
        s.states().iter().all(|p| p.size() <= Self::most(s.parameters()))
    }
}

#[pure]
impl<V: Value + Ord> Bounded for Surface<V> {
    fn size(&self) -> usize {
        self.seen.len()
    }
    fn most(q: &Limits<V>) -> usize {
        q.limit
    }
}

#[spec(Bounded)]
impl<V: Value + Ord> Surface<V> {
    #[property]
    pub fn keeps_steps(old: &System<Self>, new: &System<Self>) -> bool {
        new.forall(|i| old[i].steps <= new[i].steps)
    }
    #[resilience]
    pub fn enough(n: usize, q: &Limits<V>) -> bool {
        n > q.limit
    }
    #[initial]
    pub fn same_inputs(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| s[i].pair.0 == s[j].pair.0)
    }
    #[invariant(before(Talk, Compute))]
    pub fn few(s: &System<Self>) -> bool {
        s.forall(|i| Self::few_at(s, i) && s[i].idle())
    }
    #[safety]
    pub fn kernel_only_shrinks(s: &System<Self>, ho: &HeardOf<Self>) -> bool {
        implies(s.exists(|i| s[i].idle()), ho.kernel_before().is_subset(s.kernel()))
    }
    #[liveness(rounds(Talk), stage = 2)]
    pub fn decided_are_heard(s: &System<Self>, ho: &HeardOf<Self>) -> bool {
        ho.forall(|i| implies(s[i].decision.is_some(), ho.kernel().contains(&i)))
    }
    #[progress(stage = 1, before(Compute))]
    pub fn waypoint(s: &System<Self>) -> bool {
        majority(s.count(|i| s[i].idle()), s.n())
    }
    #[lemma]
    pub fn keeps_its_size(old: &System<Self>, new: &System<Self>) -> bool {
        new.n() == old.n()
    }
    #[termination]
    pub fn done(s: &System<Self>) -> bool {
        s.forall(|i| s[i].decision.is_some())
    }
    fn few_at(s: &System<Self>, i: Pid) -> bool {
        s[i].seen.len() <= s.parameters().limit
    }
    fn idle(&self) -> bool {
        self.mode == Mode::Idle
    }
}
