//! A closure that moves.

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
        p.ready = mailbox.any(move |m| *m == 1);
    }
}

fn main() {}
