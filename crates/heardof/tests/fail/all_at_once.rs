//! Every mistake of an item is reported, each once.

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
        for _ in mailbox.iter() {}
        let v = mailbox.min().unwrap();
        println!("{v}");
        p.x = *v as u64;
    }
}

fn main() {}
