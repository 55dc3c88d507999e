//! A function of the round type.

mod base;
use base::*;

impl R {
    fn twice(k: u64) -> u64 {
        2 * k
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
        p.x = Self::twice(p.x);
    }
}

fn main() {}
