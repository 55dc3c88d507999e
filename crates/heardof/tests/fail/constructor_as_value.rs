//! `Some` as a function.

mod base;
use base::*;

pub struct R;

#[round]
impl Round<X> for R {
    type Message = u64;
    fn send(p: &X, _: &Ctx) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut X, mailbox: &Mailbox<u64>, _: &Ctx) {
        p.decision = mailbox.min().copied().map(Some).and_then(|v| v);
    }
}

fn main() {}
