//! A macro that does output.

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
        println!("{}", p.x);
    }
}

fn main() {}
