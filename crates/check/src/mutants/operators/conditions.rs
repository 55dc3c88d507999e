//! Comparisons, thresholds, connectives, conditions.

use super::super::surface::surface;
use super::{Change, Role, Scope, ask, boxed, chained, change, has_let, is_statement, operands};
use heardof_core::Sort;
use heardof_core::ir::{Expr, Node, Op};

pub(super) fn propose(e: &Expr, role: Role, scope: &Scope<'_>, out: &mut Vec<Change>) {
    match &e.node {
        Node::Op(op, a, b) => {
            comparison(*op, a, b, scope, out);
            threshold(*op, a, b, out);
            connective(*op, a, b, out);
            if role != Role::Link(*op) {
                dropped_operands(e, *op, out);
            }
        }
        Node::Nat(k) => literal(*k, out),
        Node::If(c, a, b) => {
            negated(c, a, b, out);
            branches(c, a, b, out);
        }
        Node::Match(of, arms) => guards(of, arms, out),
        Node::Not(inner) if role != Role::Body => {
            out.push(change("not", "drop", "a negation is dropped", inner.node.clone()));
        }
        Node::Method(name, of, args) => asked(name, of, args, role, out),
        _ => {}
    }
}

fn comparison(op: Op, a: &Expr, b: &Expr, scope: &Scope<'_>, out: &mut Vec<Change>) {
    let counts = [a, b].iter().any(|e| scope.sort(e) == Some(Sort::Nat));
    let others: &[Op] = match op {
        Op::Gt => &[Op::Ge],
        Op::Ge => &[Op::Gt],
        Op::Lt => &[Op::Le],
        Op::Le => &[Op::Lt],
        Op::Ne => &[Op::Eq],
        Op::Eq if counts => &[Op::Ne, Op::Ge, Op::Le, Op::Gt, Op::Lt],
        Op::Eq => &[Op::Ne],
        _ => &[],
    };
    for other in others {
        let id = format!("{} to {}", op.symbol(), other.symbol());
        let new = Node::Op(*other, Box::new(a.clone()), Box::new(b.clone()));
        out.push(change("compare", id, format!("`{}` becomes `{}`", op.symbol(), other.symbol()), new));
    }
    let literal = matches!(b.node, Node::Nat(_));
    if op == Op::Eq && counts && !literal {
        let later = |e: &Expr| boxed(Node::Op(Op::Add, Box::new(e.clone()), boxed(Node::Nat(1))));
        out.push(change("bound", "one more", "the bound is one larger", Node::Op(op, Box::new(a.clone()), later(b))));
        out.push(change("bound", "one less", "the bound is one smaller", Node::Op(op, later(a), Box::new(b.clone()))));
        let own = [surface(a), surface(b)];
        for other in scope.candidates(&Sort::Nat) {
            let other = Expr::new(other);
            let name = surface(&other);
            if !own.contains(&name) {
                let new = Node::Op(op, Box::new(a.clone()), Box::new(other));
                out.push(change("bound", format!("{} to {name}", own[1]), format!("`{name}` is the bound"), new));
            }
        }
    }
}

/// A literal factor and the rest.
fn factor(e: &Expr) -> (u64, &Expr) {
    match &e.node {
        Node::Op(Op::Mul, k, x) => match k.node {
            Node::Nat(k) => (k, x),
            _ => (1, e),
        },
        _ => (1, e),
    }
}

/// `3 * a > 2 * b` asks for more than two thirds: thirds become halves and the other way round, and both become all.
fn threshold(op: Op, a: &Expr, b: &Expr, out: &mut Vec<Change>) {
    let ((k, x), (m, y)) = (factor(a), factor(b));
    let (other_k, other_m, id) = match (k, m) {
        (3, 2) => (2, 1, "2/3 to 1/2"),
        (2, 1) => (3, 2, "1/2 to 2/3"),
        _ => return,
    };
    if !matches!(op, Op::Gt | Op::Ge) {
        return;
    }
    let times = |k: u64, e: &Expr| match k {
        1 => Box::new(e.clone()),
        k => boxed(Node::Op(Op::Mul, boxed(Node::Nat(k)), Box::new(e.clone()))),
    };
    let new = Node::Op(op, times(other_k, x), times(other_m, y));
    out.push(change("threshold", id, format!("the threshold goes from {id}"), new));
    let all = Node::Op(Op::Ge, Box::new(x.clone()), Box::new(y.clone()));
    let from = id.split(' ').next().unwrap_or(id);
    out.push(change("threshold", format!("{from} to all"), "the threshold asks for all", all));
}

fn literal(k: u64, out: &mut Vec<Change>) {
    // 3 to 4 makes more than two thirds more than a half, which `threshold` does already.
    let others = [k.checked_sub(1), if k < 3 { Some(k + 1) } else { None }];
    for other in others.into_iter().flatten() {
        out.push(change("constant", format!("{k} to {other}"), format!("the constant {k} becomes {other}"), Node::Nat(other)));
    }
}

fn connective(op: Op, a: &Expr, b: &Expr, out: &mut Vec<Change>) {
    let other = match op {
        Op::And if !has_let(a) && !has_let(b) => Op::Or,
        Op::Or => Op::And,
        _ => return,
    };
    let id = format!("{} to {}", op.symbol(), other.symbol());
    let new = Node::Op(other, Box::new(a.clone()), Box::new(b.clone()));
    out.push(change("connective", id, format!("`{}` becomes `{}`", op.symbol(), other.symbol()), new));
}

fn dropped_operands(e: &Expr, op: Op, out: &mut Vec<Change>) {
    let (name, words) = match op {
        Op::And => ("conjunct", "a conjunct is dropped"),
        Op::Or => ("disjunct", "a disjunct is dropped"),
        _ => return,
    };
    let mut parts = vec![];
    operands(e, op, &mut parts);
    for (k, part) in parts.iter().enumerate() {
        // A `let` binds names that what follows needs.
        if matches!(part.node, Node::LetCond(..)) {
            continue;
        }
        let rest = parts.iter().enumerate().filter(|(j, _)| *j != k).map(|(_, p)| (*p).clone());
        if let Some(rest) = chained(rest, op) {
            out.push(change(name, format!("drop {}", k + 1), words, rest.node));
        }
    }
}

/// `!c` in place of `c`; of a chain with `let`, the part before the first `let`.
fn negated(c: &Expr, a: &Expr, b: &Expr, out: &mut Vec<Change>) {
    let mut parts = vec![];
    operands(c, Op::And, &mut parts);
    let plain = parts.iter().take_while(|p| !matches!(p.node, Node::LetCond(..))).count();
    let Some(tested) = chained(parts[..plain].iter().map(|p| (*p).clone()), Op::And) else { return };
    let negation = match tested.node {
        // `compare` and `not` do these.
        Node::Op(Op::Eq | Op::Ne, ..) | Node::Not(_) => return,
        node => Expr { at: tested.at, node: Node::Not(boxed(node)) },
    };
    let shown = (surface(c), surface(&negation));
    let whole = chained(std::iter::once(negation).chain(parts[plain..].iter().map(|p| (*p).clone())), Op::And);
    if let Some(whole) = whole {
        let new = Node::If(Box::new(whole), Box::new(a.clone()), Box::new(b.clone()));
        out.push(Change { shown: Some(shown), ..change("condition", "negate", "the condition is negated", new) });
    }
}

fn branches(c: &Expr, a: &Expr, b: &Expr, out: &mut Vec<Change>) {
    // What binds names cannot be taken without them; what is one assignment is dropped by `assignment`.
    if !has_let(c) {
        out.push(change("branch", "always", "the condition is taken to hold", a.node.clone()));
    }
    if !matches!(a.node, Node::Set(..)) {
        out.push(change("branch", "never", "the condition is taken not to hold", b.node.clone()));
    }
    if is_statement(a) && !matches!(b.node, Node::Unit | Node::Set(..)) {
        let new = Node::If(Box::new(c.clone()), Box::new(a.clone()), boxed(Node::Unit));
        out.push(change("else", "drop", "what is done otherwise is dropped", new));
    }
}

fn guards(of: &Expr, arms: &[heardof_core::ir::Arm], out: &mut Vec<Change>) {
    for (k, arm) in arms.iter().enumerate() {
        let Some(guard) = &arm.guard else { continue };
        let with = |guard: Option<Expr>| {
            let mut arms = arms.to_vec();
            arms[k].guard = guard;
            Node::Match(Box::new(of.clone()), arms)
        };
        let negation = Expr { at: guard.at, node: Node::Not(Box::new(guard.clone())) };
        out.push(change("guard", format!("drop {}", k + 1), "the guard of an arm is dropped", with(None)));
        out.push(change("guard", format!("negate {}", k + 1), "the guard of an arm is negated", with(Some(negation))));
    }
}

/// Questions with a yes or no.
fn asked(name: &str, of: &Expr, args: &[Expr], role: Role, out: &mut Vec<Change>) {
    let question = |name: &str| Node::Method(name.to_string(), Box::new(of.clone()), vec![]);
    match (name, args) {
        ("is_some", []) => out.push(change("option", "is_some to is_none", "a value becomes no value", question("is_none"))),
        ("is_none", []) => out.push(change("option", "is_none to is_some", "no value becomes a value", question("is_some"))),
        ("is", [_]) => out.push(change("option", "is to is_some", "any value will do", question("is_some"))),
        ("is_coordinator" | "is_first" | "coin", []) => {
            // `true && c` is `c` and `false || c` is `c`: the chain does that by dropping the operand.
            let neutral = [(Role::Link(Op::And), true), (Role::Link(Op::Or), false)];
            for b in [true, false].into_iter().filter(|b| !neutral.contains(&(role, *b))) {
                out.push(change("assume", format!("{name} {b}"), format!("`{name}()` is taken to be {b}"), Node::Bool(b)));
            }
        }
        ("coordinator", []) => {
            // Everybody its own coordinator: only a context knows `id`.
            if let Node::Var(ctx) = &of.node {
                out.push(change("coordinator", "to id", "everybody takes itself for the coordinator", ask(ctx, "id", vec![])));
            }
        }
        _ => {}
    }
}
