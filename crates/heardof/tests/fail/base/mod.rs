//! A process for the mistakes of these tests to speak of.

pub use heardof::prelude::*;

#[derive(Data)]
pub struct Limits {
    pub limit: usize,
}

#[derive(State)]
#[parameters(Limits)]
pub struct X {
    pub x: u64,
    pub ready: bool,
    pub seen: Set<u64>,
    #[output]
    pub decision: Option<u64>,
}

pub type Ctx = Context<Limits>;

#[process]
impl Process for X {
    type Input = u64;
    type Rounds = (Exchange,);
    fn init(input: u64, _: &Ctx) -> Self {
        Self { x: input, ready: false, seen: Set::new(), decision: None }
    }
}

pub struct Exchange;

#[round]
impl Round<X> for Exchange {
    type Message = u64;
    fn send(p: &X, _: &Ctx) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut X, mailbox: &Mailbox<u64>, _: &Ctx) {
        if let Some(v) = mailbox.min() {
            p.x = *v;
        }
    }
}
