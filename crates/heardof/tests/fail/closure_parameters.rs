//! A closure with too many parameters.

mod base;
use base::*;

pub trait Any {
    fn any(&self, f: impl Fn(u64, u64) -> bool) -> bool;
}
impl Any for u64 {
    fn any(&self, f: impl Fn(u64, u64) -> bool) -> bool {
        f(*self, *self)
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
        p.ready = p.x.any(|a, b| a == b);
    }
}

fn main() {}
