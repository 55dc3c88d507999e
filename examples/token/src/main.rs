//! A token that spreads: one process has a value, whoever hears it keeps it and passes it on.
//!
//! `cargo run -- check token`, `cargo run -- explain token`, `cargo run -- cluster token -n 3 --inputs 7,8,9`

use heardof::prelude::*;

/// Who starts with the token.
#[derive(Data)]
pub struct Source {
    /// The source.
    pub source: Pid,
}

/// The token, once it is here.
#[derive(State)]
#[parameters(Source)]
pub struct Token<V> {
    /// What this process would have sent as the source.
    pub own: V,
    /// The token.
    #[output]
    pub token: Option<V>,
}

#[process]
impl<V: Value> Process for Token<V> {
    type Input = V;
    type Rounds = (Spread,);
    fn init(input: V, _ctx: &Context<Source>) -> Self {
        Self { own: input, token: None }
    }
    fn coordinator(_phase: Phase, _n: usize, p: &Source) -> Pid {
        p.source
    }
}

/// Who has the token sends it to all.
pub struct Spread;

#[round]
impl<V: Value> Round<Token<V>> for Spread {
    type Message = V;
    fn send(p: &Token<V>, ctx: &Context<Source>) -> Outbox<V> {
        match &p.token {
            Some(v) => broadcast(v.clone()),
            None => {
                if ctx.is_coordinator() {
                    broadcast(p.own.clone())
                } else {
                    silent()
                }
            }
        }
    }
    fn update(p: &mut Token<V>, mailbox: &Mailbox<V>, _ctx: &Context<Source>) {
        if p.token.is_none()
            && let Some(v) = mailbox.pick(|_| true)
        {
            p.token = Some(v.clone());
        }
    }
}

#[spec]
impl<V: Value> Token<V> {
    /// There is one token.
    #[property]
    pub fn agreement(s: &System<Self>) -> bool {
        s.forall_pairs(|i, j| implies(s[i].token.is_some() && s[j].token.is_some(), s[i].token == s[j].token))
    }
    /// It is the source's.
    #[invariant]
    pub fn from_the_source(s: &System<Self>) -> bool {
        s.forall(|i| implies(s[i].token.is_some(), s[i].token.is(&s[s.coordinator()].own)))
    }
    /// Everybody hears the source.
    #[liveness]
    pub fn source_is_heard(ho: &HeardOf<Self>) -> bool {
        ho.kernel().contains(&ho.coordinator())
    }
    /// Everybody has it.
    #[progress(stage = 1)]
    pub fn spread(s: &System<Self>) -> bool {
        s.forall(|i| s[i].token.is_some())
    }
    /// Everybody gets it.
    #[termination]
    pub fn all_have_it(s: &System<Self>) -> bool {
        s.forall(|i| s[i].token.is_some())
    }
}

heardof::cli!(Token<u64>);
