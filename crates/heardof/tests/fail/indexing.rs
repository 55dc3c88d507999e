//! Indexing in a round.

mod base;
use base::*;

pub trait Table {
    fn table(&self) -> Vec<u64>;
}
impl Table for Set<u64> {
    fn table(&self) -> Vec<u64> {
        vec![]
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
        p.x = p.seen.table()[0];
    }
}

fn main() {}
