//! A function where a closure is expected.

mod base;
use base::*;

#[pure]
fn large(m: &u64) -> bool {
    *m > 3
}

pub struct R;

#[round]
impl Round<X> for R {
    type Message = u64;
    fn send(p: &X, _: &Ctx) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut X, mailbox: &Mailbox<u64>, _: &Ctx) {
        p.ready = mailbox.any(large);
    }
}

fn main() {}
