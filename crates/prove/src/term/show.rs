//! Terms for people: `3·|{j | j ∈ HO(i) ∧ x(j) = v}| > 2·n`.

use super::{Node, Term, Terms, Var};
use std::collections::BTreeMap;

/// How names are written.
#[derive(Clone, Default, Debug)]
pub struct Wording {
    /// What stands for a variable; by default its name with its number, which keeps two `i` apart.
    pub variables: BTreeMap<Var, String>,
    /// Whether a name's last `_`, which stand for primes, are written as primes: `x′`.
    pub primes: bool,
}

impl Wording {
    /// The name of a symbol.
    pub fn symbol(&self, name: &str) -> String {
        let stem = name.trim_end_matches('_');
        if self.primes { format!("{stem}{}", "′".repeat(name.len() - stem.len())) } else { name.to_string() }
    }
}

impl Terms {
    /// The term in mathematical notation.
    pub fn show(&self, term: Term) -> String {
        self.show_with(term, &Wording::default())
    }
    /// The same, in other words.
    pub fn show_with(&self, term: Term, wording: &Wording) -> String {
        Writer { terms: self, wording }.text(term)
    }
}

struct Writer<'a> {
    terms: &'a Terms,
    wording: &'a Wording,
}

impl Writer<'_> {
    fn text(&self, term: Term) -> String {
        let mut out = String::new();
        self.write(term, 0, &mut out);
        out
    }

    /// `level`: how tightly the surroundings bind; 0 nothing, 1 `∨`, 2 `∧`, 3 `¬` and comparisons, 4 `+`, 5 `·`.
    fn write(&self, term: Term, level: u8, out: &mut String) {
        let own = match self.terms.node(term) {
            Node::Forall(..) | Node::Exists(..) | Node::Ite(..) => 0,
            Node::Or(_) => 1,
            Node::And(_) => 2,
            Node::Eq(..) | Node::Le(..) | Node::Lt(..) | Node::Member(..) => 3,
            Node::Add(_) => 4,
            Node::Mul(..) => 5,
            _ => 6,
        };
        let wrap = own < level || (own == level && own < 4 && own > 0);
        if wrap {
            out.push('(');
        }
        self.write_node(term, own, out);
        if wrap {
            out.push(')');
        }
    }

    fn write_node(&self, term: Term, own: u8, out: &mut String) {
        match self.terms.node(term) {
            Node::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Node::Int(value) => out.push_str(&value.to_string()),
            Node::Var(v) => out.push_str(&self.label(*v)),
            Node::App(fun, list) => {
                out.push_str(&self.wording.symbol(&self.terms.symbol(*fun).name));
                if !list.is_empty() {
                    out.push('(');
                    self.join(list, ", ", 0, out);
                    out.push(')');
                }
            }
            Node::Not(a) => match self.terms.node(*a) {
                Node::Eq(x, y) => self.join(&[*x, *y], " ≠ ", own.min(3), out),
                Node::Member(x, y) => self.join(&[*x, *y], " ∉ ", own.min(3), out),
                Node::Le(x, y) => self.join(&[*y, *x], " < ", own.min(3), out),
                Node::Lt(x, y) => self.join(&[*y, *x], " ≤ ", own.min(3), out),
                _ => {
                    out.push('¬');
                    self.write(*a, 6, out);
                }
            },
            Node::And(list) => self.join(list, " ∧ ", own, out),
            Node::Or(list) => self.join(list, " ∨ ", own, out),
            Node::Add(list) => self.join(list, " + ", own, out),
            Node::Eq(a, b) => self.join(&[*a, *b], " = ", own, out),
            Node::Le(a, b) => self.join(&[*a, *b], " ≤ ", own, out),
            Node::Lt(a, b) => self.join(&[*a, *b], " < ", own, out),
            Node::Member(a, b) => self.join(&[*a, *b], " ∈ ", own, out),
            Node::Mul(k, a) => {
                out.push_str(&format!("{k}·"));
                self.write(*a, own, out);
            }
            Node::Ite(c, a, b) => {
                out.push_str("if ");
                self.write(*c, 1, out);
                out.push_str(" then ");
                self.write(*a, 1, out);
                out.push_str(" else ");
                self.write(*b, 1, out);
            }
            Node::Forall(vars, body) | Node::Exists(vars, body) => {
                out.push(if matches!(self.terms.node(term), Node::Forall(..)) { '∀' } else { '∃' });
                let names: Vec<String> = vars.iter().map(|&v| self.label(v)).collect();
                out.push_str(&names.join(","));
                out.push_str(". ");
                self.write(*body, 0, out);
            }
            Node::Card(set) => {
                out.push('|');
                self.write(*set, 0, out);
                out.push('|');
            }
            Node::Comprehension(v, body) => {
                out.push_str(&format!("{{{} | ", self.label(*v)));
                self.write(*body, 0, out);
                out.push('}');
            }
        }
    }

    fn join(&self, list: &[Term], between: &str, level: u8, out: &mut String) {
        for (k, &t) in list.iter().enumerate() {
            if k > 0 {
                out.push_str(between);
            }
            self.write(t, level, out);
        }
    }
    fn label(&self, v: Var) -> String {
        let own = || format!("{}{}", self.terms.variable_name(v), v.0);
        self.wording.variables.get(&v).cloned().unwrap_or_else(own)
    }
}
