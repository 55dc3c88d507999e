//! Expressions in a Rust-like notation, for descriptions of mutants: `3 * mailbox.len() > 2 * ctx.n()`.

use heardof_core::ir::{Expr, Node, Pat};

/// `e` as Rust would have it, on one line.
pub fn surface(e: &Expr) -> String {
    at(e, 0)
}

fn at(e: &Expr, outer: u8) -> String {
    match &e.node {
        Node::Nat(k) => k.to_string(),
        Node::Bool(b) => b.to_string(),
        Node::Unit => "()".into(),
        Node::Var(name) => name.clone(),
        Node::Field(of, name) => format!("{}.{name}", at(of, 7)),
        Node::Index(s, i) => format!("{}[{}]", at(s, 7), at(i, 0)),
        Node::Call(name, args) => format!("{name}({})", list(args)),
        Node::Method(name, of, args) => format!("{}.{name}({})", at(of, 7), list(args)),
        Node::Op(op, a, b) => {
            let own = op.strength();
            // A right operand of the same strength needs brackets, a left one does not.
            let text = format!("{} {} {}", at(a, own), op.symbol(), at(b, own + 1));
            if own < outer { format!("({text})") } else { text }
        }
        Node::Not(e) => format!("!{}", at(e, 6)),
        Node::Lambda(l) => {
            let params: Vec<String> = l.params.iter().map(|(p, _)| pattern(p)).collect();
            format!("|{}| {}", params.join(", "), at(&l.body, 0))
        }
        Node::Struct(name, fields, base) => {
            let fields = fields.iter().map(|(f, e)| format!("{f}: {}", at(e, 0)));
            let base = base.iter().map(|b| format!("..{}", at(b, 0)));
            format!("{name} {{ {} }}", fields.chain(base).collect::<Vec<_>>().join(", "))
        }
        Node::Variant(name, fields) => match fields.first() {
            None => name.clone(),
            Some((first, _)) if first == "0" => format!("{name}({})", list(fields.iter().map(|(_, e)| e))),
            Some(_) => {
                let fields: Vec<String> = fields.iter().map(|(f, e)| format!("{f}: {}", at(e, 0))).collect();
                format!("{name} {{ {} }}", fields.join(", "))
            }
        },
        Node::Tuple(es) => format!("({})", list(es)),
        Node::If(c, a, b) if b.node == Node::Unit => format!("if {} {}", at(c, 0), body(a)),
        Node::If(c, a, b) if matches!(b.node, Node::If(..)) => format!("if {} {} else {}", at(c, 0), body(a), at(b, 0)),
        Node::If(c, a, b) => format!("if {} {} else {}", at(c, 0), body(a), body(b)),
        Node::LetCond(p, e) => format!("let {} = {}", pattern(p), at(e, 3)),
        Node::Match(of, arms) => {
            let arm = |arm: &heardof_core::ir::Arm| {
                let guard = arm.guard.as_ref().map_or(String::new(), |g| format!(" if {}", at(g, 0)));
                format!("{}{guard} => {}", pattern(&arm.pat), at(&arm.body, 0))
            };
            format!("match {} {{ {} }}", at(of, 0), arms.iter().map(arm).collect::<Vec<_>>().join(", "))
        }
        Node::Block(_) => body(e),
        Node::Let(p, e) => format!("let {} = {};", pattern(p), at(e, 0)),
        Node::Set(place, e) => format!("{} = {};", at(place, 0), at(e, 0)),
    }
}

fn list<'e>(es: impl IntoIterator<Item = &'e Expr>) -> String {
    es.into_iter().map(|e| at(e, 0)).collect::<Vec<_>>().join(", ")
}

/// `{ a; b }`
fn body(e: &Expr) -> String {
    match &e.node {
        Node::Unit => "{}".into(),
        Node::Block(es) => format!("{{ {} }}", es.iter().map(|e| at(e, 0)).collect::<Vec<_>>().join(" ")),
        _ => format!("{{ {} }}", at(e, 0)),
    }
}

fn pattern(p: &Pat) -> String {
    let many = |ps: &[Pat], separator| ps.iter().map(pattern).collect::<Vec<_>>().join(separator);
    match p {
        Pat::Wild => "_".into(),
        Pat::Bind(name) => name.clone(),
        Pat::At(name, p) => format!("{name} @ {}", pattern(p)),
        Pat::Nat(k) => k.to_string(),
        Pat::Bool(b) => b.to_string(),
        Pat::Tuple(ps) => format!("({})", many(ps, ", ")),
        Pat::Or(ps) => many(ps, " | "),
        Pat::Variant(name, fields) if fields.is_empty() => name.clone(),
        Pat::Variant(name, fields) if fields[0].0 == "0" => {
            format!("{name}({})", fields.iter().map(|(_, p)| pattern(p)).collect::<Vec<_>>().join(", "))
        }
        Pat::Variant(name, fields) | Pat::Struct(name, fields) => {
            let fields: Vec<String> = fields.iter().map(|(f, p)| format!("{f}: {}", pattern(p))).collect();
            format!("{name} {{ {} }}", fields.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heardof_core::ir::text::parse_expr;

    #[test]
    fn as_rust_would_have_it() {
        let table = [
            ("(op > (op * 3 (method len mailbox)) (op * 2 (method n ctx)))", "3 * mailbox.len() > 2 * ctx.n()"),
            ("(op && (op || a b) (not (op == c d)))", "(a || b) && !(c == d)"),
            ("(op - a (op - b c))", "a - (b - c)"),
            (
                "(if (letc (pv Some ((0 v))) (method min mailbox)) (set (field p x) v) (unit))",
                "if let Some(v) = mailbox.min() { p.x = v; }",
            ),
            ("(if a b (if c d (unit)))", "if a { b } else if c { d }"),
            ("(match o (arm (pv Some ((0 v))) g v) (arm _ (variant None ())))", "match o { Some(v) if g => v, _ => None }"),
            ("(block (let k 1) (set (field p x) (tuple k (unit))))", "{ let k = 1; p.x = (k, ()); }"),
            ("(struct Self ((x input) (d (variant Some ((0 (struct Q ((a 1)) q)))))))", "Self { x: input, d: Some(Q { a: 1, ..q }) }"),
            ("(call to q (index s i))", "to(q, s[i])"),
        ];
        for (text, expected) in table {
            assert_eq!(surface(&parse_expr(text).unwrap()), expected);
        }
    }
}
