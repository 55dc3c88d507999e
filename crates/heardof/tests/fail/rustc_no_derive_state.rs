//! `derive(State)` is forgotten.

mod base;
use base::*;

pub struct Y {
    pub x: u64,
}

#[process]
impl Process for Y {
    type Input = u64;
    type Rounds = (R,);
    fn init(input: u64, _: &Context) -> Self {
        Self { x: input }
    }
}

pub struct R;

#[round]
impl Round<Y> for R {
    type Message = u64;
    fn send(p: &Y, _: &Context) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(_: &mut Y, _: &Mailbox<u64>, _: &Context) {}
}

fn main() {}
