//! Candidates as Rust, to be pasted into a `#[spec]` block.
//!
//! The IR has no references; Rust has. Two names stand for references: what `exists_value` binds, and what a closure on an option binds.
//! So `s[i].x == v` is written `s[i].x == *v`, the argument of `is` with a `&` unless it is such a name, and `is_none_or` behind `as_ref`.

use heardof_core::ir::{Expr, Node, Op, Pat};

/// The widest line, as in the project's own files.
const WIDTH: usize = 110;

/// A formula as the body of a function, its alternatives on lines of their own where one line would be too wide.
pub fn body(formula: &Expr, indent: usize) -> String {
    let text = Printer::default().at(formula, 0);
    let pad = " ".repeat(indent);
    match &formula.node {
        Node::Op(op @ (Op::Or | Op::And), a, b) if indent + text.len() > WIDTH => {
            let own = op.strength();
            let (a, b) = (Printer::default().at(a, own), Printer::default().at(b, own + 1));
            format!("{pad}{a}\n{pad}    {} {b}", op.symbol())
        }
        _ => format!("{pad}{text}"),
    }
}

/// A formula on one line.
pub fn line(formula: &Expr) -> String {
    Printer::default().at(formula, 0)
}

#[derive(Default)]
struct Printer {
    /// The names that are references.
    references: Vec<String>,
}

impl Printer {
    fn at(&mut self, e: &Expr, outer: u8) -> String {
        match &e.node {
            Node::Nat(k) => k.to_string(),
            Node::Bool(b) => b.to_string(),
            Node::Var(name) if self.references.contains(name) => format!("*{name}"),
            Node::Var(name) => name.clone(),
            Node::Field(of, name) => format!("{}.{name}", self.at(of, 7)),
            Node::Index(s, i) => format!("{}[{}]", self.at(s, 7), self.at(i, 0)),
            Node::Call(name, arguments) => format!("{name}({})", self.list(arguments)),
            Node::Method(name, of, arguments) => self.method(name, of, arguments),
            Node::Op(op, a, b) => {
                let own = op.strength();
                let text = format!("{} {} {}", self.at(a, own), op.symbol(), self.at(b, own + 1));
                if own < outer { format!("({text})") } else { text }
            }
            Node::Not(e) => format!("!{}", self.at(e, 6)),
            Node::Variant(name, fields) if fields.is_empty() => name.clone(),
            Node::Variant(name, fields) => format!("{name}({})", fields.iter().map(|(_, e)| self.at(e, 0)).collect::<Vec<_>>().join(", ")),
            _ => unreachable!("no template has other constructs"),
        }
    }
    fn list(&mut self, arguments: &[Expr]) -> String {
        arguments.iter().map(|e| self.at(e, 0)).collect::<Vec<_>>().join(", ")
    }
    fn method(&mut self, name: &str, of: &Expr, arguments: &[Expr]) -> String {
        let receiver = self.at(of, 7);
        match (name, arguments) {
            ("is", [Expr { node: Node::Var(v), .. }]) if self.references.contains(v) => format!("{receiver}.is({v})"),
            ("is", [value]) => format!("{receiver}.is(&{})", self.at(value, 6)),
            ("is_none_or" | "is_some_and", [body]) => format!("{receiver}.as_ref().{name}({})", self.closure(body, true)),
            ("exists_value" | "forall_value", [body]) => format!("{receiver}.{name}({})", self.closure(body, true)),
            (_, [body @ Expr { node: Node::Lambda(_), .. }]) => format!("{receiver}.{name}({})", self.closure(body, false)),
            _ => format!("{receiver}.{name}({})", self.list(arguments)),
        }
    }
    fn closure(&mut self, e: &Expr, references: bool) -> String {
        let Node::Lambda(closure) = &e.node else { return self.at(e, 0) };
        let known = self.references.len();
        let mut names = vec![];
        for (pattern, of) in &closure.params {
            let Pat::Bind(name) = pattern else { continue };
            names.push(of.as_ref().map_or_else(|| name.clone(), |of| format!("{name}: {of}")));
            self.references.extend(references.then(|| name.clone()));
        }
        let text = format!("|{}| {}", names.join(", "), self.at(&closure.body, 0));
        self.references.truncate(known);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heardof_core::ir::text::parse_expr;

    #[test]
    fn references_are_put_back() {
        let table = [
            ("(method forall s (lam (i) (not (field (index s i) ready))))", "s.forall(|i| !s[i].ready)"),
            (
                "(method exists_value s (lam ((typed v \"&V\")) (op && (op > (op * 3 (method count s (lam (i) (op == (field (index s i) x) v)))) (method n s)) (method is (field (index s i) d) v))))",
                "s.exists_value(|v: &V| 3 * s.count(|i| s[i].x == *v) > s.n() && s[i].d.is(v))",
            ),
            ("(method is (field (index s i) d) (field (index s i) x))", "s[i].d.is(&s[i].x)"),
            (
                "(method is_none_or (field (index s i) vote) (lam (w) (op == (field (index s i) x) w)))",
                "s[i].vote.as_ref().is_none_or(|w| s[i].x == *w)",
            ),
            ("(op >= (field (index s i) ts) (variant Some ((0 t))))", "s[i].ts >= Some(t)"),
            ("(op && (op || a b) (call implies a (op == i (method coordinator s))))", "(a || b) && implies(a, i == s.coordinator())"),
        ];
        for (text, expected) in table {
            assert_eq!(line(&parse_expr(text).unwrap()), expected);
        }
    }

    #[test]
    fn a_wide_formula_has_a_line_for_each_alternative() {
        let wide = format!("(op || {} {})", "a".repeat(70), "b".repeat(70));
        assert_eq!(body(&parse_expr(&wide).unwrap(), 4), format!("    {}\n        || {}", "a".repeat(70), "b".repeat(70)));
    }
}
