//! A function of the user with a name of the language.

mod base;
use base::*;

fn silent<M>() -> Outbox<M> {
    Outbox::Silent
}

pub struct R;

#[round]
impl Round<X> for R {
    type Message = u64;
    fn send(_: &X, _: &Ctx) -> Outbox<u64> {
        silent()
    }
    fn update(p: &mut X, _: &Mailbox<u64>, _: &Ctx) {
        p.seen = Set::new();
    }
}

fn main() {}
