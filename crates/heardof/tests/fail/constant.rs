//! A constant.

mod base;
use base::*;

pub const MOST: u64 = 3;

pub struct R;

#[round]
impl Round<X> for R {
    type Message = u64;
    fn send(p: &X, _: &Ctx) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut X, _: &Mailbox<u64>, _: &Ctx) {
        p.ready = p.x > MOST;
    }
}

fn main() {}
