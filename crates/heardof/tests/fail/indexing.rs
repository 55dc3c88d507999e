//! Indexing in a round.

mod base;
use base::*;

#[native("a list")]
#[pure]
fn table(p: &X) -> Vec<u64> {
    p.seen.iter().copied().collect()
}

pub struct R;

#[round]
impl Round<X> for R {
    type Message = u64;
    fn send(p: &X, _: &Ctx) -> Outbox<u64> {
        broadcast(p.x)
    }
    fn update(p: &mut X, _: &Mailbox<u64>, _: &Ctx) {
        p.x = table(p)[0];
    }
}

fn main() {}
