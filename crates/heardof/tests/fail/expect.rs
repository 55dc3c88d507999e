//! `expect`.

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
        p.x = *mailbox.min().expect("a message");
    }
}

fn main() {}
