//! Values: options, truth values, and one operand for another of its sort.

use super::super::surface::surface;
use super::{Change, Role, Scope, boxed, change};
use heardof_core::Sort;
use heardof_core::ir::{Expr, Node};

pub(super) fn propose(e: &Expr, role: Role, scope: &Scope<'_>, out: &mut Vec<Change>) {
    match &e.node {
        Node::Bool(b) => {
            out.push(change("truth", format!("{b} to {}", !b), format!("`{b}` becomes `{}`", !b), Node::Bool(!b)));
        }
        Node::Variant(name, fields) if name == "Some" && fields.len() == 1 => {
            out.push(change("option", "Some to None", "no value in place of a value", Node::Variant("None".into(), vec![])));
        }
        Node::Struct(name, fields, base) => started(name, fields, base.as_deref(), scope, out),
        Node::Set(place, value) => assigned(place, value, scope, out),
        _ => {}
    }
    if role == Role::Value {
        operand(e, scope, out);
    }
}

/// `e` as another expression of the same sort.
fn operand(e: &Expr, scope: &Scope<'_>, out: &mut Vec<Change>) {
    let named = match &e.node {
        Node::Var(_) => true,
        Node::Field(of, _) => Scope::is(of, scope.process()),
        _ => false,
    };
    let Some(sort) = scope.sort(e).filter(|s| named && *s != Sort::Unit) else { return };
    for other in scope.candidates(&sort) {
        if !same(&e.node, &other) {
            let (from, to) = (surface(e), surface(&Expr::new(other.clone())));
            out.push(change("operand", format!("{from} to {to}"), format!("`{to}` stands for `{from}`"), other));
        }
    }
}

/// Equal but for the places in the file.
fn same(a: &Node, b: &Node) -> bool {
    let plain = |node: &Node| surface(&Expr::new(node.clone()));
    plain(a) == plain(b)
}

/// The whole right side of an assignment: a variable or field, or `Some(..)`, as another value of its sort.
fn assigned(place: &Expr, value: &Expr, scope: &Scope<'_>, out: &mut Vec<Change>) {
    let Some(sort) = scope.sort(place) else { return };
    let replaced = matches!(&value.node, Node::Var(_) | Node::Field(..)) || matches!(&value.node, Node::Variant(name, _) if name == "Some");
    for other in scope.candidates(&sort).into_iter().filter(|_| replaced) {
        // `p.x = p.x` is the assignment dropped.
        if !same(&other, &place.node) && !same(&other, &value.node) {
            let (from, to) = (surface(value), surface(&Expr::new(other.clone())));
            let new = Node::Set(Box::new(place.clone()), boxed(other));
            out.push(change("operand", format!("{from} to {to}"), format!("`{to}` stands for `{from}`"), new));
        }
    }
}

/// `None` in a first state as `Some` of something known.
fn started(name: &str, fields: &[(String, Expr)], base: Option<&Expr>, scope: &Scope<'_>, out: &mut Vec<Change>) {
    let Sort::Struct(of, sorts) = &scope.algorithm.state else { return };
    if name != "Self" && name != *of {
        return;
    }
    for (k, (field, value)) in fields.iter().enumerate() {
        let sort = sorts.iter().find(|(n, _)| n == field).map(|(_, s)| s);
        let (Node::Variant(none, _), Some(Sort::Option(inner))) = (&value.node, sort) else { continue };
        if none != "None" {
            continue;
        }
        for other in scope.candidates(inner) {
            let to = surface(&Expr::new(other.clone()));
            let mut fields = fields.to_vec();
            fields[k].1.node = Node::Variant("Some".into(), vec![("0".into(), Expr::new(other))]);
            let new = Node::Struct(name.to_string(), fields, base.cloned().map(Box::new));
            out.push(change("start", format!("{field} with {to}"), format!("`{field}` starts as `Some({to})`"), new));
        }
    }
}
