//! Assignments, their order, whole bodies, and what is sent.

use super::super::scope::Part;
use super::{Change, Role, Scope, ask, boxed, change, var};
use heardof_core::Sort;
use heardof_core::ir::{Expr, Node};
use std::collections::BTreeSet;

pub(super) fn propose(e: &Expr, role: Role, scope: &Scope<'_>, out: &mut Vec<Change>) {
    match &e.node {
        Node::Set(place, value) => assignment(place, value, scope, out),
        Node::Method(name, ..) if name == "insert" || name == "remove" => {
            out.push(change("assignment", "drop", "a change of a collection is dropped", Node::Unit));
        }
        Node::Block(es) => order(es, out),
        Node::Call(name, args) => sending(name, args, scope, out),
        _ => {}
    }
    if role == Role::Body {
        body(e, scope, out);
    }
}

fn assignment(place: &Expr, value: &Expr, scope: &Scope<'_>, out: &mut Vec<Change>) {
    out.push(change("assignment", "drop", "an assignment is dropped", Node::Unit));
    let Some(sort) = scope.sort(place) else { return };
    let generic = scope.algorithm.generics.iter().any(|(_, bounds, s)| *s == sort && bounds.contains("Ord"));
    if generic {
        for (name, words) in [("min", "smaller"), ("max", "larger")] {
            let kept = Node::Method(name.to_string(), Box::new(place.clone()), vec![value.clone()]);
            let new = Node::Set(Box::new(place.clone()), boxed(kept));
            out.push(change("assignment", format!("keep {name}"), format!("the {words} of old and new value is kept"), new));
        }
    }
    if let Node::Field(p, field) = &place.node
        && Scope::is(p, scope.process())
    {
        for other in scope.algorithm.fields.iter().filter(|f| f.sort == sort && f.name != field && !f.ghost) {
            let target = Node::Field(p.clone(), other.name.to_string());
            if target != value.node {
                let new = Node::Set(boxed(target), Box::new(value.clone()));
                let words = format!("`{}` is assigned instead of `{field}`", other.name);
                out.push(change("target", format!("{field} to {}", other.name), words, new));
            }
        }
    }
}

/// The fields and variables that `e` assigns, and all that it mentions.
fn touched(e: &Expr) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let (mut written, mut mentioned) = (BTreeSet::new(), BTreeSet::new());
    e.walk(&mut |e| match &e.node {
        Node::Field(_, name) | Node::Var(name) => {
            mentioned.insert(name.as_str());
        }
        Node::Set(place, _) => match &place.node {
            Node::Field(_, name) | Node::Var(name) => {
                written.insert(name.as_str());
            }
            _ => {}
        },
        Node::Method(name, of, _) if name == "insert" || name == "remove" => {
            if let Node::Field(_, name) | Node::Var(name) = &of.node {
                written.insert(name.as_str());
            }
        }
        _ => {}
    });
    (written, mentioned)
}

/// Neighbours that depend on each other, the other way round.
fn order(es: &[Expr], out: &mut Vec<Change>) {
    for k in 1..es.len() {
        let (a, b) = (&es[k - 1], &es[k]);
        if matches!(a.node, Node::Let(..)) || matches!(b.node, Node::Let(..)) || !super::is_statement(b) {
            continue;
        }
        let ((wrote, saw), (writes, sees)) = (touched(a), touched(b));
        if wrote.is_disjoint(&sees) && writes.is_disjoint(&saw) {
            continue;
        }
        let mut swapped = es.to_vec();
        swapped.swap(k - 1, k);
        out.push(change("order", format!("swap {k} and {}", k + 1), "two statements change places", Node::Block(swapped)));
    }
}

fn sending(name: &str, args: &[Expr], scope: &Scope<'_>, out: &mut Vec<Change>) {
    let Part::Send(_) = scope.part else { return };
    let call = |name: &str, args: Vec<Expr>| Node::Call(name.to_string(), args);
    let message = match (name, args) {
        ("broadcast", [m]) | ("to" | "to_all", [_, m]) => Some(m),
        ("each", [..]) => None,
        _ => return,
    };
    let mut to = |other: &str, words: &str, new: Node| out.push(change("send", format!("to {other}"), words, new));
    to("nobody", "nothing is sent", call("silent", vec![]));
    if let Some(m) = message {
        if name != "broadcast" {
            to("all", "the message goes to all", call("broadcast", vec![m.clone()]));
        }
        if let Some(ctx) = scope.context() {
            let own = Expr::new(ask(ctx, "id", vec![]));
            to("itself", "the message goes to the sender only", call("to", vec![own, m.clone()]));
        }
    }
}

/// Changes of a whole function.
fn body(e: &Expr, scope: &Scope<'_>, out: &mut Vec<Change>) {
    let later = |then: Node, other: Node| {
        let ctx = scope.context()?;
        let first = Node::Method("is_first".into(), boxed(ask(ctx, "phase", vec![])), vec![]);
        Some(Node::If(boxed(Node::Not(boxed(first))), boxed(then), boxed(other)))
    };
    match scope.part {
        Part::Update(_) if e.node != Node::Unit => {
            if matches!(e.node, Node::Block(_)) {
                out.push(change("body", "drop", "the round changes nothing", Node::Unit));
            }
            let skipped = later(e.node.clone(), Node::Unit);
            out.extend(skipped.map(|new| change("body", "not in the first phase", "the first phase changes nothing", new)));
        }
        Part::Send(_) => {
            let skipped = later(e.node.clone(), Node::Call("silent".into(), vec![]));
            out.extend(skipped.map(|new| change("body", "not in the first phase", "nothing is sent in the first phase", new)));
        }
        Part::Halted => {
            for b in [true, false] {
                let words = if b { "everybody has halted from the start" } else { "nobody ever halts" };
                out.push(change("body", b.to_string(), words, Node::Bool(b)));
            }
        }
        Part::Coordinator => coordinator(e, scope, out),
        _ => {}
    }
}

fn coordinator(e: &Expr, scope: &Scope<'_>, out: &mut Vec<Change>) {
    if let Node::Method(name, _, args) = &e.node
        && name == "rotate_from"
        && let [first, _] = args.as_slice()
    {
        out.push(change("coordinator", "constant", "the first coordinator stays", first.node.clone()));
    }
    let [(phase, _), (n, _), _] = scope.vars.as_slice() else { return };
    if *phase != "_" && *n != "_" {
        let rotates = ask(phase, "rotate", vec![*var(n)]);
        out.push(change("coordinator", "rotate", "the coordinator rotates from process 0", rotates));
    }
    if let Some((first, Some(Sort::Struct(_, _)))) = scope.vars.last()
        && let Node::Field(of, _) = &e.node
        && Scope::is(of, Some(first))
        && *phase != "_"
        && *n != "_"
    {
        let rotates = ask(phase, "rotate_from", vec![e.clone(), *var(n)]);
        out.push(change("coordinator", "rotate from", "the coordinator rotates from the fixed one", rotates));
    }
}
