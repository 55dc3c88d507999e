//! What becomes of an expression from a cut to the lock-step state at its latest round, where more outputs are set.
//!
//! Expressions are compared in the order of their kind: `false` below `true`, numbers as usual, sets by inclusion, and an option that is
//! none below every other while two different values are not comparable.
//!
//! Worked example: `s[i].decision.is_some()` grows; `s[i].decision == s[j].decision` does neither, for it is true of two that are not
//! set; but where both are known to be set in the cut, both are fixed, and so is what is said of them.

use super::{Claim, OVER_PROCESSES};
use crate::ir::{Expr, Node, Op};

/// What is known of an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Trend {
    /// It is at most as large in the cut as in lock-step.
    pub(super) grows: bool,
    /// It is at least as large in the cut as in lock-step.
    pub(super) shrinks: bool,
}

const FIXED: Trend = Trend { grows: true, shrinks: true };
const GROWS: Trend = Trend { grows: true, shrinks: false };
const UNKNOWN: Trend = Trend { grows: false, shrinks: false };

impl Trend {
    fn flipped(self) -> Trend {
        Trend { grows: self.shrinks, shrinks: self.grows }
    }
    fn and(self, other: Trend) -> Trend {
        Trend { grows: self.grows && other.grows, shrinks: self.shrinks && other.shrinks }
    }
    fn is_fixed(self) -> bool {
        self == FIXED
    }
}

/// The trend of an expression, where `set` are outputs known to be set in the cut.
pub(super) fn trend(claim: &Claim<'_>, e: &Expr, set: &[&Expr]) -> Trend {
    if let Some((process, field)) = claim.field(e) {
        let which = trend(claim, process, set);
        return match () {
            () if !which.is_fixed() => UNKNOWN,
            () if claim.reading.constant.contains(field) => FIXED,
            () if !claim.reading.once.contains_key(field) => UNKNOWN,
            () if set.contains(&e) => FIXED,
            () => GROWS,
        };
    }
    let of = |e: &Expr| trend(claim, e, set);
    match &e.node {
        Node::Method(name, s, args) if claim.is_system(s) => of_system(claim, name, args, set),
        Node::Method(name, receiver, args) => of_method(claim, name, receiver, args, set),
        Node::Call(name, args) if name == "implies" && args.len() == 2 => {
            let (left, right) = (of(&args[0]), of(&args[1]));
            let mut known = set.to_vec();
            facts(&args[0], &mut known);
            let guarded = trend(claim, &args[1], &known);
            Trend { grows: left.shrinks && right.grows, shrinks: left.grows && guarded.shrinks }
        }
        Node::Op(Op::And, a, b) => {
            let (mut of_a, mut of_b) = (set.to_vec(), set.to_vec());
            facts(a, &mut of_a);
            facts(b, &mut of_b);
            let grows = trend(claim, a, &of_b).grows && trend(claim, b, &of_a).grows;
            Trend { grows, shrinks: of(a).shrinks && of(b).shrinks }
        }
        Node::Op(Op::Or, a, b) => {
            let mut known = set.to_vec();
            facts_otherwise(a, &mut known);
            Trend { grows: of(a).grows && of(b).grows, shrinks: of(a).shrinks && trend(claim, b, &known).shrinks }
        }
        Node::Op(op, a, b) => of_operation(*op, a, of(a), b, of(b)),
        Node::Not(a) => of(a).flipped(),
        Node::Lambda(l) => of(&l.body),
        Node::If(c, a, b) if of(c).is_fixed() => of(a).and(of(b)),
        Node::Index(..) => UNKNOWN,
        Node::Var(_) if claim.is_system(e) => UNKNOWN,
        _ => only_if_fixed(e.children().into_iter().map(of)),
    }
}

fn only_if_fixed(mut parts: impl Iterator<Item = Trend>) -> Trend {
    if parts.all(Trend::is_fixed) { FIXED } else { UNKNOWN }
}

fn of_system(claim: &Claim<'_>, name: &str, args: &[Expr], set: &[&Expr]) -> Trend {
    match name {
        "n" | "parameters" => FIXED,
        "initially" => only_if_fixed(args.iter().map(|arg| trend(claim, arg, set))),
        // All of them are monotone in what their closure gives: an image leaves out what is none.
        _ if OVER_PROCESSES.contains(&name) => args.iter().map(|arg| trend(claim, arg, set)).fold(FIXED, Trend::and),
        _ => UNKNOWN,
    }
}

fn of_method(claim: &Claim<'_>, name: &str, receiver: &Expr, args: &[Expr], set: &[&Expr]) -> Trend {
    let receives = trend(claim, receiver, set);
    let mut known = set.to_vec();
    // Inside these closures the receiver is set, and the parameter is its value, which is fixed.
    if matches!(name, "is_some_and" | "is_none_or" | "map") {
        known.push(receiver);
    }
    let args: Vec<Trend> = args.iter().map(|arg| trend(claim, arg, &known)).collect();
    match (name, args.as_slice()) {
        ("is_some" | "len", []) => receives,
        ("is_none" | "is_empty", []) => receives.flipped(),
        ("is" | "contains", [value]) | ("map", [value]) if value.is_fixed() => receives,
        ("is_some_and", [test]) => Trend { grows: receives.grows && test.grows, shrinks: receives.shrinks && test.shrinks },
        ("is_none_or", [test]) => Trend { grows: receives.shrinks && test.grows, shrinks: receives.grows && test.shrinks },
        _ => only_if_fixed(std::iter::once(receives).chain(args)),
    }
}

fn of_operation(op: Op, a: &Expr, left: Trend, b: &Expr, right: Trend) -> Trend {
    match op {
        Op::Add | Op::Mul => left.and(right),
        Op::Sub => left.and(right.flipped()),
        _ if left.is_fixed() && right.is_fixed() => FIXED,
        // Sets are ordered in another way than by inclusion.
        Op::Le | Op::Lt | Op::Ge | Op::Gt if !(is_number(a) || is_number(b)) => UNKNOWN,
        Op::Le | Op::Lt => left.flipped().and(right),
        Op::Ge | Op::Gt => left.and(right.flipped()),
        Op::Eq | Op::Ne => {
            let (value, other, trend) = if right.is_fixed() { (b, left, right) } else { (a, right, left) };
            let equal = match &value.node {
                Node::Variant(name, _) if name == "Some" && trend.is_fixed() => other,
                Node::Variant(name, _) if name == "None" => other.flipped(),
                _ => UNKNOWN,
            };
            if op == Op::Eq { equal } else { equal.flipped() }
        }
        _ => UNKNOWN,
    }
}

/// Whether an expression is a number by its form.
fn is_number(e: &Expr) -> bool {
    match &e.node {
        Node::Nat(_) | Node::Op(Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem, ..) => true,
        Node::Method(name, _, args) => matches!((name.as_str(), args.len()), ("len" | "n", 0) | ("count", 1)),
        _ => false,
    }
}

/// What is set where `e` is true.
fn facts<'e>(e: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &e.node {
        Node::Method(name, receiver, _) if matches!(name.as_str(), "is_some" | "is" | "is_some_and") => out.push(receiver),
        Node::Op(Op::And, a, b) => {
            facts(a, out);
            facts(b, out);
        }
        Node::Op(Op::Eq, a, b) => {
            let some = |e: &Expr| matches!(&e.node, Node::Variant(name, _) if name == "Some");
            out.extend(some(b).then_some(&**a));
            out.extend(some(a).then_some(&**b));
        }
        Node::Not(a) => facts_otherwise(a, out),
        _ => {}
    }
}

/// What is set where `e` is false.
fn facts_otherwise<'e>(e: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &e.node {
        Node::Method(name, receiver, _) if matches!(name.as_str(), "is_none" | "is_none_or") => out.push(receiver),
        Node::Op(Op::Or, a, b) => {
            facts_otherwise(a, out);
            facts_otherwise(b, out);
        }
        Node::Not(a) => facts(a, out),
        _ => {}
    }
}
