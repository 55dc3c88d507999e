//! A closure that changes its parameter.

mod base;
use base::*;

pub struct R;

#[round]
impl Round<X> for R {
    type Message = u64;
    fn send(p: &X, _: &Ctx) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut X, _: &Mailbox<u64>, _: &Ctx) {
        p.decision = p.decision.map(|mut v| {
            v += 1;
            v
        });
    }
}

fn main() {}
