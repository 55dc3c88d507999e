//! A method of the language with other arguments.

mod base;
use base::*;

pub trait Count {
    fn count(&self) -> usize;
}
impl Count for u64 {
    fn count(&self) -> usize {
        0
    }
}

pub struct R;

#[round]
impl Round<X> for R {
    type Message = u64;
    fn send(p: &X, _: &Ctx) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut X, _: &Mailbox<u64>, _: &Ctx) {
        p.ready = p.x.count() == 1;
    }
}

fn main() {}
