//! Expressions as formulas.
//!
//! A [`Notation`] knows what the variables in scope stand for, so that `s[i].x` becomes `x_i` and `mailbox.len()` becomes `|mb_p|`.
//! Every expression is printed for a *level*: a formula that binds weaker than its surroundings gets brackets.
//!
//! Worked example: `3 * mailbox.len() > 2 * ctx.n()` is a comparison; [`Notation::relation`] moves the factor 3 to the other side,
//! and the result is `|mb_p| > 2n/3`.

use super::layout::{Doc, cat, enclosed, group, infix, separated, text};
use super::methods::quantifier;
use super::steps::{Case, pattern};
use crate::ir::{Algorithm, Expr, Node, Op, Pat};

/// How strongly a formula binds, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Level {
    /// Anything: quantifiers and implications too.
    Any,
    Or,
    And,
    /// A comparison or membership.
    Relation,
    Sum,
    Product,
    /// A name, a number, something in brackets.
    Atom,
}

/// What a variable of the text stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Meaning {
    /// The state of a process: the mark behind the field's name (`⁰`, `′`) and the index.
    State(&'static str, String),
    Mailbox,
    Context,
    /// All states, with the mark of their fields.
    System(&'static str),
    /// Heard-of sets, with the mark of the round.
    Heard(&'static str),
    Parameters,
    /// A message whose components are printed so.
    Message(Vec<String>),
    /// Something printed as it is.
    Term(String),
}

/// The notation inside one function.
#[derive(Clone, Debug)]
pub(super) struct Notation<'a> {
    pub(super) algorithm: &'a Algorithm,
    /// The names of the components of a message of this round, if it is a tuple of fields.
    pub(super) components: Vec<String>,
    /// The fields that the function assigns, as printed.
    pub(super) assigned: Vec<String>,
    pub(super) scope: Vec<(String, Meaning)>,
}

/// A formula and how strongly it binds.
pub(super) type Formula = (Level, Doc);

pub(super) fn atom(s: impl Into<String>) -> Formula {
    (Level::Atom, text(s))
}

/// `name(a, b)`
pub(super) fn applied(name: &str, args: Vec<Doc>) -> Formula {
    (Level::Atom, group(vec![text(format!("{name}(")), separated(args, ","), text(")")]))
}

/// `a = b` with its operator; the negated operator is printed for `!(a = b)`.
type Relation = (Doc, &'static str, Doc);

fn negated(operator: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 5] = [("=", "≠"), ("<", "≥"), (">", "≤"), ("∈", "∉"), ("⊆", "⊈")];
    PAIRS.iter().find_map(|(a, b)| if *a == operator { Some(*b) } else { (*b == operator).then_some(*a) })
}

/// Greek letters for parameters that are called so, and typographic names as they are.
pub(super) fn symbol(name: &str) -> String {
    const GREEK: [(&str, &str); 4] = [("alpha", "α"), ("delta", "δ"), ("epsilon", "ε"), ("beta", "β")];
    GREEK.iter().find(|(n, _)| *n == name).map_or(name, |(_, g)| g).to_string()
}

impl<'a> Notation<'a> {
    pub(super) fn new(algorithm: &'a Algorithm, scope: Vec<(String, Meaning)>) -> Self {
        Notation { algorithm, components: vec![], assigned: vec![], scope }
    }

    /// The same notation with more names.
    pub(super) fn with(&self, names: impl IntoIterator<Item = (String, Meaning)>) -> Self {
        let mut inner = self.clone();
        inner.scope.extend(names);
        inner
    }

    pub(super) fn meaning(&self, e: &Expr) -> Option<Meaning> {
        match &e.node {
            Node::Var(name) => self.scope.iter().rev().find(|(n, _)| n == name).map(|(_, m)| m.clone()),
            Node::Index(s, i) => match self.meaning(s) {
                Some(Meaning::System(mark)) => Some(Meaning::State(mark, self.at(i, Level::Atom).flat())),
                _ => None,
            },
            Node::Method(name, s, args) => match (name.as_str(), self.meaning(s)?, args.as_slice()) {
                ("initially", Meaning::System(_), [i]) => Some(Meaning::State("⁰", self.at(i, Level::Atom).flat())),
                ("parameters", Meaning::System(_) | Meaning::Heard(_) | Meaning::Context, []) => Some(Meaning::Parameters),
                _ => None,
            },
            _ => None,
        }
    }

    /// `e` for surroundings that bind with `level`.
    pub(super) fn at(&self, e: &Expr, level: Level) -> Doc {
        let (own, doc) = self.formula(e);
        if own < level { enclosed("(", doc, ")") } else { doc }
    }

    pub(super) fn formula(&self, e: &Expr) -> Formula {
        if let Some((a, operator, b)) = self.relation(e) {
            // "The smallest heard-of set has more than" is "every heard-of set has more than".
            if let (">" | "≥", Some(set)) = (operator, a.flat().strip_prefix("min_p ")) {
                return quantifier("∀p", cat([text(format!("{set} {operator} ")), b]));
            }
            return (Level::Relation, group(vec![a, Doc::Line, text(format!("{operator} ")), b]));
        }
        match &e.node {
            Node::Nat(k) => atom(k.to_string()),
            Node::Bool(b) => atom(b.to_string()),
            Node::Unit => atom("⟨⟩"),
            Node::Var(name) => match self.meaning(e) {
                Some(Meaning::Term(s)) => atom(s),
                Some(Meaning::State(mark, i)) => atom(format!("state_{i}{mark}")),
                Some(Meaning::Message(parts)) => atom(format!("⟨{}⟩", parts.join(", "))),
                Some(Meaning::Mailbox) => atom("mb_p"),
                _ => atom(symbol(name)),
            },
            Node::Field(of, name) => self.field(of, name),
            Node::Index(..) => match self.meaning(e) {
                Some(Meaning::State(mark, i)) => atom(format!("state_{i}{mark}")),
                _ => applied("state", e.children().into_iter().map(|c| self.at(c, Level::Any)).collect()),
            },
            Node::Call(name, args) => self.call(name, args),
            Node::Method(name, of, args) => self.method(name, of, args),
            Node::Op(Op::And, ..) => self.chain(e, Op::And, Level::And, "∧"),
            Node::Op(Op::Or, ..) => self.chain(e, Op::Or, Level::Or, "∨"),
            Node::Op(op, a, b) => self.arithmetic(*op, a, b),
            Node::Not(inner) => match self.relation(inner).map(|(a, op, b)| (a, negated(op), b)) {
                Some((a, Some(op), b)) => (Level::Relation, group(vec![a, Doc::Line, text(format!("{op} ")), b])),
                _ => (Level::Relation, cat([text("¬"), self.at(inner, Level::Atom)])),
            },
            Node::Lambda(l) => {
                let params: Vec<String> = l.params.iter().map(|(p, _)| pattern(p)).collect();
                (Level::Any, cat([text(format!("{} ↦ ", params.join(", "))), self.shadowed(l).at(&l.body, Level::Any)]))
            }
            Node::Struct(name, fields, _) => {
                let fields = fields.iter().map(|(f, e)| cat([text(format!("{f}: ")), self.at(e, Level::Any)])).collect();
                (Level::Atom, group(vec![text(format!("{name}{{")), separated(fields, ","), text("}")]))
            }
            Node::Variant(name, fields) => match (name.as_str(), fields.as_slice()) {
                ("None", _) => atom("⊥"),
                // `Some(None)` is not `None`: the one place where the wrapper must be seen.
                ("Some", [(_, e)]) if !matches!(&e.node, Node::Variant(n, _) if n == "None" || n == "Some") => self.formula(e),
                (_, []) => atom(name.rsplit("::").next().unwrap_or(name)),
                _ => applied(name.rsplit("::").next().unwrap_or(name), fields.iter().map(|(_, e)| self.at(e, Level::Any)).collect()),
            },
            Node::Tuple(es) => (Level::Atom, enclosed("⟨", separated(es.iter().map(|e| self.at(e, Level::Any)).collect(), ","), "⟩")),
            Node::If(..) => {
                let mut cases = vec![];
                self.branches(e, &mut cases);
                by_cases(cases)
            }
            Node::LetCond(..) => (Level::And, self.condition(e).0),
            Node::Match(of, arms) => by_cases(self.arms(of, arms)),
            Node::Block(es) => self.block(es),
            Node::Let(p, e) => (Level::Any, cat([text(format!("{} := ", pattern(p))), self.at(e, Level::Any)])),
            Node::Set(place, e) => (Level::Any, cat([self.at(place, Level::Any), text(" := "), self.at(e, Level::Any)])),
        }
    }

    /// A block in a formula: names bound by `let` are replaced by what they stand for.
    fn block(&self, es: &[Expr]) -> Formula {
        let mut inner = self.clone();
        let mut parts = vec![];
        for (k, e) in es.iter().enumerate() {
            match &e.node {
                Node::Let(Pat::Bind(name), value) => {
                    let value = inner.at(value, Level::Atom).flat();
                    inner.scope.push((name.clone(), Meaning::Term(value)));
                }
                _ if k + 1 == es.len() && parts.is_empty() => return inner.formula(e),
                _ => parts.push(inner.at(e, Level::Any)),
            }
        }
        (Level::Any, separated(parts, ";"))
    }

    fn chain(&self, e: &Expr, op: Op, level: Level, sign: &str) -> Formula {
        let mut parts = vec![];
        operands(e, op, &mut parts);
        // An operand that is the same connective would be flattened: what is left binds at least as strongly as a relation, or gets
        // brackets.
        let stronger = if level == Level::Or { Level::And } else { Level::Relation };
        (level, infix(parts.into_iter().map(|e| self.at(e, stronger)).collect(), sign))
    }

    fn arithmetic(&self, op: Op, a: &Expr, b: &Expr) -> Formula {
        if let (Op::Mul, Node::Nat(k)) = (op, &a.node) {
            return (Level::Product, text(times(*k, &self.at(b, Level::Atom).flat())));
        }
        let (level, sign, right) = match op {
            Op::Add => (Level::Sum, " + ", Level::Sum),
            Op::Sub => (Level::Sum, " − ", Level::Product),
            Op::Mul => (Level::Product, " · ", Level::Product),
            Op::Div => (Level::Product, " div ", Level::Atom),
            _ => (Level::Product, " mod ", Level::Atom),
        };
        (level, cat([self.at(a, level), text(sign), self.at(b, right)]))
    }

    fn field(&self, of: &Expr, name: &str) -> Formula {
        match self.meaning(of) {
            Some(Meaning::State(mark, i)) => atom(format!("{}_{i}{mark}", symbol(name))),
            Some(Meaning::Parameters) => atom(symbol(name)),
            Some(Meaning::Message(parts)) => match name.parse::<usize>().ok().and_then(|k| parts.get(k)) {
                Some(part) => atom(part.clone()),
                None => atom(format!("⟨{}⟩.{name}", parts.join(", "))),
            },
            _ => atom(self.component(&self.at(of, Level::Atom).flat(), name)),
        }
    }

    /// The component `name` of a value printed as `of`; components of messages are called as the fields that are sent.
    pub(super) fn component(&self, of: &str, name: &str) -> String {
        let known = name.parse::<usize>().ok().and_then(|k| self.components.get(k));
        match known {
            Some(component) if of.starts_with("mb_p(") => format!("{of}.{component}"),
            _ => format!("{of}.{name}"),
        }
    }

    /// Comparisons, and the methods that are one.
    pub(super) fn relation(&self, e: &Expr) -> Option<Relation> {
        let term = |e: &Expr| self.at(e, Level::Sum);
        match &e.node {
            Node::Op(op, a, b) => self.comparison(*op, a, b),
            Node::Method(name, of, args) => Some(match (name.as_str(), args.as_slice()) {
                ("is_some" | "is_none", []) => {
                    let heard = self.sender(of);
                    match (name.as_str(), heard) {
                        ("is_some", Some(q)) => (q, "∈", text("dom(mb_p)")),
                        (_, Some(q)) => (q, "∉", text("dom(mb_p)")),
                        ("is_some", None) => (term(of), "≠", text("⊥")),
                        (_, None) => (term(of), "=", text("⊥")),
                    }
                }
                ("is", [v]) => (term(of), "=", term(v)),
                ("contains", [v]) => (term(v), "∈", term(of)),
                ("is_subset", [s]) => (term(of), "⊆", term(s)),
                ("leq", [s]) => (term(of), "⊑", term(s)),
                ("is_empty", []) if self.meaning(of) == Some(Meaning::Mailbox) => (text("|mb_p|"), "=", text("0")),
                ("is_empty", []) => (term(of), "=", text("∅")),
                ("is_coordinator", []) => (text("p"), "=", text("Coord(φ)")),
                ("is_first", []) => (term(of), "=", text("0")),
                _ => return None,
            }),
            _ => None,
        }
    }

    /// `q` for `mailbox.from(q)`.
    fn sender(&self, e: &Expr) -> Option<Doc> {
        match &e.node {
            Node::Method(name, of, args) if name == "from" && self.meaning(of) == Some(Meaning::Mailbox) => {
                Some(self.at(args.first()?, Level::Sum))
            }
            _ => None,
        }
    }

    /// `a op b` with factors and summands of a cardinality on the left moved to the right: `3 * a > 2 * n` is `a > 2n/3`. Division is
    /// exact here, as in the papers.
    fn comparison(&self, op: Op, a: &Expr, b: &Expr) -> Option<Relation> {
        let sign = match op {
            Op::Eq => "=",
            Op::Ne => "≠",
            Op::Lt => "<",
            Op::Le => "≤",
            Op::Gt => ">",
            Op::Ge => "≥",
            _ => return None,
        };
        let ((k, x), (m, y)) = (factor(a), factor(b));
        if k > 1 {
            let y = self.at(y, Level::Atom).flat();
            let fraction = if m > 1 { format!("{}/{k}", times(m, &y)) } else { format!("{y}/{k}") };
            return Some((self.at(x, Level::Sum), sign, text(fraction)));
        }
        if is_round(a) {
            // Rounds are numbered from 1 in the papers, from 0 in the text.
            let later = match &b.node {
                Node::Nat(k) => text((k + 1).to_string()),
                _ => cat([self.at(b, Level::Sum), text(" + 1")]),
            };
            return Some((text("r"), sign, later));
        }
        if let Node::Op(Op::Add, x, t) = &a.node
            && is_cardinality(x)
            && !is_cardinality(t)
        {
            return Some((self.at(x, Level::Sum), sign, cat([self.at(b, Level::Sum), text(" − "), self.at(t, Level::Product)])));
        }
        Some((self.at(a, Level::Sum), sign, self.at(b, Level::Sum)))
    }
}

/// `if a then b else c`
fn by_cases(cases: Vec<Case<'_, '_>>) -> Formula {
    let mut parts = vec![];
    for (k, (condition, inner, body)) in cases.into_iter().enumerate() {
        let body = inner.at(body, Level::Or);
        parts.extend(if k > 0 { vec![Doc::Line] } else { vec![] });
        parts.extend(match condition {
            Some(c) => vec![text(if k > 0 { "else if " } else { "if " }), c, text(" then "), body],
            None if k > 0 => vec![text("else "), body],
            None => vec![body],
        });
    }
    (Level::Any, group(parts))
}

/// The operands of a chain of one connective, left to right.
pub(super) fn operands<'e>(e: &'e Expr, op: Op, out: &mut Vec<&'e Expr>) {
    match &e.node {
        Node::Op(found, a, b) if *found == op => {
            operands(a, op, out);
            operands(b, op, out);
        }
        _ => out.push(e),
    }
}

/// `2n`, `2 · |S|`
fn times(k: u64, of: &str) -> String {
    if of.chars().all(char::is_alphanumeric) && !of.starts_with(|c: char| c.is_ascii_digit()) {
        format!("{k}{of}")
    } else {
        format!("{k} · {of}")
    }
}

/// The literal factor and the rest: `2 * n` is (2, n).
fn factor(e: &Expr) -> (u64, &Expr) {
    match &e.node {
        Node::Op(Op::Mul, k, x) => match (&k.node, &x.node) {
            (Node::Nat(k), _) => (*k, x),
            (_, Node::Nat(m)) => (*m, k),
            _ => (1, e),
        },
        _ => (1, e),
    }
}

fn is_round(e: &Expr) -> bool {
    matches!(&e.node, Node::Method(name, _, args) if name == "round" && args.is_empty())
}

fn is_cardinality(e: &Expr) -> bool {
    matches!(&e.node, Node::Method(name, ..) if matches!(name.as_str(), "len" | "count" | "min_len"))
}
