//! A helper without `#[pure]`.

mod base;
use base::*;

fn large(m: u64) -> bool {
    m > 3
}

pub struct R;

#[round]
impl Round<X> for R {
    type Message = u64;
    fn send(p: &X, _: &Ctx) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut X, _: &Mailbox<u64>, _: &Ctx) {
        p.ready = large(p.x);
    }
}

fn main() {}
