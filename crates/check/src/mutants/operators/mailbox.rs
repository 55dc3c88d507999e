//! What a mailbox is asked.

use super::{Change, Scope, ask, boxed, change};
use heardof_core::ir::{Expr, Lambda, Node, Pat};

pub(super) fn propose(e: &Expr, scope: &Scope<'_>, out: &mut Vec<Change>) {
    let Node::Method(name, of, args) = &e.node else { return };
    let Some(mailbox) = scope.mailbox().filter(|_| Scope::is(of, scope.mailbox())) else { return };
    let plain = |name: &str| ask(mailbox, name, vec![]);
    let same = |name: &str| ask(mailbox, name, args.clone());
    let second = || ask(mailbox, "ranked", vec![Expr::new(Node::Nat(1))]);
    let mut to = |other: &str, words: &str, new: Node| out.push(change("mailbox", format!("{name} to {other}"), words, new));
    match name.as_str() {
        "min" => {
            to("max", "the largest instead of the smallest", plain("max"));
            to("most_often", "the most often received instead of the smallest", plain("most_often"));
            to("second", "the second smallest instead of the smallest", second());
        }
        "max" => to("min", "the smallest instead of the largest", plain("min")),
        "most_often" => {
            to("min", "the smallest instead of the most often received", plain("min"));
            to("max", "the largest instead of the most often received", plain("max"));
            to("largest", "the largest instead of the smallest among the most often received", plain("most_often_largest"));
        }
        "max_by_key" => to("min_by_key", "the smallest key instead of the largest", same("min_by_key")),
        "any" => to("all", "all messages instead of some", same("all")),
        "all" => to("any", "some message instead of all", same("any")),
        "count" => to("len", "every message counts", plain("len")),
        _ => {}
    }
    let chooses = matches!(name.as_str(), "from" | "min" | "max" | "most_often" | "ranked" | "max_by_key" | "pick");
    if let (true, Some(ctx)) = (chooses && name != "from", scope.context()) {
        let own = Expr::new(ask(ctx, "id", vec![]));
        to("its own", "the process looks at its own message only", ask(mailbox, "from", vec![own]));
    }
    if let Some(message) = scope.message().filter(|_| chooses) {
        let body = boxed(Node::Bool(true));
        let anything = Lambda { params: vec![(Pat::Wild, None)], body, sorts: vec![message.clone()] };
        to("any message", "any message received will do", ask(mailbox, "pick", vec![Expr::new(Node::Lambda(anything))]));
    }
}
