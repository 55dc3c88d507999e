//! What the text gives templates to speak of: fields by their role, thresholds, the coordinator.
//!
//! Worked example: LastVoting has the value `x`, which is the input at first, the options `vote` and `decision`, of which `decision` is an
//! output, the flag `ready`, the stamp `ts`, a coordinator, and the threshold 2·k > n, from its `2 * mailbox.len() > ctx.n()`.

use heardof_core::Sort;
use heardof_core::ir::{Algorithm, Expr, Field, Kind, Node, Op};

/// The words of an algorithm.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Vocabulary {
    /// The type of values as Rust has it: `V`, `bool`.
    pub value: String,
    /// Whether values are truth values: there are two of them.
    pub binary: bool,
    /// Fields that hold a value.
    pub values: Vec<String>,
    /// The field that is the input in first states.
    pub input: Option<String>,
    /// Fields that hold a value or nothing.
    pub options: Vec<String>,
    /// The options marked `#[output]`.
    pub outputs: Vec<String>,
    /// Truth values that are no values in this sense.
    pub flags: Vec<String>,
    /// Fields that hold a phase or nothing.
    pub stamps: Vec<String>,
    /// (k, m) of guards `k * count > m * n`.
    pub thresholds: Vec<(u64, u64)>,
    /// Whether rounds ask for the coordinator.
    pub coordinator: bool,
}

impl Vocabulary {
    /// Reads the rounds, `init` and the safety predicates; no invariant is looked at.
    pub fn of(a: &Algorithm) -> Vocabulary {
        let generic = a.generics.iter().find(|(_, _, sort)| *sort == a.input);
        let mut words = Vocabulary {
            value: generic.map_or_else(|| a.input.to_string(), |(name, ..)| name.clone()),
            binary: a.input == Sort::Bool,
            input: input_field(a),
            ..Vocabulary::default()
        };
        a.fields.iter().filter(|f| !f.ghost).for_each(|f| words.field(f, &a.input));
        for body in texts(a) {
            body.walk(&mut |e| {
                words.coordinator |= matches!(&e.node, Node::Method(m, ..) if m == "coordinator" || m == "is_coordinator");
                words.thresholds.extend(threshold(e));
            });
        }
        words.thresholds.sort_unstable();
        words.thresholds.dedup();
        words
    }
    fn field(&mut self, field: &Field, value: &Sort) {
        let name = field.name.to_string();
        match &field.sort {
            Sort::Bool if Some(&name) != self.input.as_ref() => self.flags.push(name),
            sort if sort == value => self.values.push(name),
            Sort::Option(sort) if **sort == *value => {
                self.options.push(name.clone());
                self.outputs.extend(field.output.then_some(name));
            }
            Sort::Option(sort) if **sort == Sort::Phase => self.stamps.push(name),
            _ => {}
        }
    }
}

/// The texts of rounds and of what is known of every round.
fn texts(a: &Algorithm) -> impl Iterator<Item = &Expr> {
    let rounds = a.rounds.iter().flat_map(|r| [&r.send, &r.update].into_iter().chain(&r.ready));
    let safety = a.specs.iter().filter(|s| s.kind == Kind::Safety).map(|s| &s.function);
    rounds.chain(&a.functions).chain(safety).filter_map(|f| f.body.as_ref().ok())
}

/// The field that `init` sets to its first parameter.
fn input_field(a: &Algorithm) -> Option<String> {
    let (parameter, body) = (a.init.params.first()?, a.init.body.as_ref().ok()?);
    let mut found = None;
    body.walk(&mut |e| {
        if let Node::Struct(_, fields, _) = &e.node {
            let input = fields.iter().find(|(_, e)| matches!(&e.node, Node::Var(v) if v == parameter));
            found = found.take().or(input.map(|(name, _)| name.clone()));
        }
    });
    found
}

/// `k * e > m * n` with numbers k and m; either side may come first.
fn threshold(e: &Expr) -> Option<(u64, u64)> {
    let Node::Op(op, a, b) = &e.node else { return None };
    let (large, small) = match op {
        Op::Gt | Op::Ge => (a, b),
        Op::Lt | Op::Le => (b, a),
        _ => return None,
    };
    let is_n = |e: &Expr| matches!(&e.node, Node::Method(m, ..) if m == "n");
    // Of the two sides only the one that is not n counts something; `n > k * count` asks the same of the rest.
    match (multiple(large), multiple(small)) {
        ((k, of), (m, n)) | ((m, n), (k, of)) if is_n(n) && !is_n(of) && k > m => Some((k, m)),
        _ => None,
    }
}

/// `k * e` as (k, e).
fn multiple(e: &Expr) -> (u64, &Expr) {
    match &e.node {
        Node::Op(Op::Mul, k, of) if let Node::Nat(k) = k.node => (k, of),
        _ => (1, e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heardof_core::ir::text::parse_expr;

    #[test]
    fn thresholds_are_read_off_guards() {
        let table = [
            ("(op > (op * 3 (method len mailbox)) (op * 2 (method n ctx)))", Some((3, 2))),
            ("(op < (method n ctx) (op * 2 yes))", Some((2, 1))),
            ("(op >= yes 1)", None),
            ("(op > (method len mailbox) (method n ctx))", None),
        ];
        for (text, expected) in table {
            assert_eq!(threshold(&parse_expr(text).unwrap()), expected, "{text}");
        }
    }
}
