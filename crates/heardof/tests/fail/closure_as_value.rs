//! A closure that is no argument.

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
        let large = |m: &u64| *m > 3;
        p.ready = mailbox.any(large);
    }
}

fn main() {}
