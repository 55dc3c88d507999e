//! The mutation operators: each looks at one node and proposes nodes to stand in its place.

mod conditions;
mod mailbox;
mod statements;
mod values;

use super::scope::Scope;
use heardof_core::ir::{Expr, Node, Op};

/// Where a node stands, beside its names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The body of the function.
    Body,
    /// Inside a message or the right side of an assignment, outside closures.
    Value,
    /// The left side of an assignment.
    Place,
    /// An operand of a longer chain of the same connective.
    Link(Op),
    /// Anywhere else.
    Other,
}

/// A proposal.
#[derive(Clone, Debug)]
pub struct Change {
    /// The operator's name: part of the id.
    pub operator: &'static str,
    /// What changes, short: the rest of the id.
    pub change: String,
    /// What changes, in words.
    pub words: String,
    /// What stands in the node's place.
    pub new: Node,
    /// What descriptions show before and after, if not the whole node.
    pub shown: Option<(String, String)>,
}

/// Everything that the operators propose for one node, in a fixed order.
pub fn propose(e: &Expr, role: Role, scope: &Scope<'_>) -> Vec<Change> {
    let mut out = vec![];
    conditions::propose(e, role, scope, &mut out);
    mailbox::propose(e, scope, &mut out);
    statements::propose(e, role, scope, &mut out);
    values::propose(e, role, scope, &mut out);
    out.retain(|c| c.new != e.node);
    out
}

fn change(operator: &'static str, change: impl Into<String>, words: impl Into<String>, new: Node) -> Change {
    Change { operator, change: change.into(), words: words.into(), new, shown: None }
}

fn boxed(node: Node) -> Box<Expr> {
    Box::new(Expr::new(node))
}

fn var(name: &str) -> Box<Expr> {
    boxed(Node::Var(name.to_string()))
}

/// `receiver.name(args)`
fn ask(receiver: &str, name: &str, args: Vec<Expr>) -> Node {
    Node::Method(name.to_string(), var(receiver), args)
}

/// Whether `e` gives no value: it assigns, or does nothing.
fn is_statement(e: &Expr) -> bool {
    match &e.node {
        Node::Unit | Node::Set(..) | Node::Let(..) => true,
        Node::Method(name, ..) => name == "insert" || name == "remove",
        Node::Block(es) => es.last().is_none_or(is_statement),
        Node::If(_, a, b) => is_statement(a) && is_statement(b),
        Node::Match(_, arms) => arms.iter().all(|arm| is_statement(&arm.body)),
        _ => false,
    }
}

/// The operands of a chain of one connective, left to right.
fn operands<'e>(e: &'e Expr, op: Op, out: &mut Vec<&'e Expr>) {
    match &e.node {
        Node::Op(found, a, b) if *found == op => {
            operands(a, op, out);
            operands(b, op, out);
        }
        _ => out.push(e),
    }
}

/// The chain of these operands; `None` if there are none.
fn chained(parts: impl IntoIterator<Item = Expr>, op: Op) -> Option<Expr> {
    parts.into_iter().reduce(|a, b| Expr { at: a.at, node: Node::Op(op, Box::new(a), Box::new(b)) })
}

/// Whether a `let` stands in the condition `e` outside closures.
fn has_let(e: &Expr) -> bool {
    match &e.node {
        Node::LetCond(..) => true,
        Node::Op(Op::And | Op::Or, a, b) => has_let(a) || has_let(b),
        _ => false,
    }
}
