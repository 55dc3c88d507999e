//! Formulas over a system `s`, as the attributes would have read them from Rust.

use heardof_core::ir::{Expr, Lambda, Node, Op, Pat};

pub fn var(name: &str) -> Expr {
    Expr::new(Node::Var(name.into()))
}
pub fn nat(k: u64) -> Expr {
    Expr::new(Node::Nat(k))
}
pub fn method(name: &str, of: Expr, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::new(Node::Method(name.into(), Box::new(of), arguments.into_iter().collect()))
}
pub fn op(op: Op, a: Expr, b: Expr) -> Expr {
    Expr::new(Node::Op(op, Box::new(a), Box::new(b)))
}
pub fn eq(a: Expr, b: Expr) -> Expr {
    op(Op::Eq, a, b)
}
pub fn or(a: Expr, b: Expr) -> Expr {
    op(Op::Or, a, b)
}
/// All of them, at least one, from left to right.
pub fn and(parts: impl IntoIterator<Item = Expr>) -> Expr {
    parts.into_iter().reduce(|a, b| op(Op::And, a, b)).expect("a conjunction of templates has a part")
}
pub fn not(e: Expr) -> Expr {
    Expr::new(Node::Not(Box::new(e)))
}
pub fn implies(a: Expr, b: Expr) -> Expr {
    Expr::new(Node::Call("implies".into(), vec![a, b]))
}
pub fn some(e: Expr) -> Expr {
    Expr::new(Node::Variant("Some".into(), vec![("0".into(), e)]))
}
/// `|a, b| body`, where a parameter may have its type written on it.
pub fn lambda(parameters: &[(&str, Option<&str>)], body: Expr) -> Expr {
    let params = parameters.iter().map(|(name, of)| (Pat::Bind(name.to_string()), of.map(str::to_string))).collect();
    Expr::new(Node::Lambda(Lambda { params, body: Box::new(body), sorts: vec![] }))
}
/// `s`
pub fn s() -> Expr {
    var("s")
}
/// `s.name()`
pub fn of_s(name: &str) -> Expr {
    method(name, s(), [])
}
/// `s[i].field`
pub fn at(i: Expr, field: &str) -> Expr {
    Expr::new(Node::Field(Box::new(Expr::new(Node::Index(Box::new(s()), Box::new(i)))), field.into()))
}
/// `s.initially(j).field`
pub fn first(j: Expr, field: &str) -> Expr {
    Expr::new(Node::Field(Box::new(method("initially", s(), [j])), field.into()))
}
/// `s.forall(|i| body)`, `s.exists(|j| body)`, `s.count(|j| body)`
pub fn over(quantifier: &str, i: &str, body: Expr) -> Expr {
    method(quantifier, s(), [lambda(&[(i, None)], body)])
}
/// `s.forall(|i| body)`
pub fn forall(body: Expr) -> Expr {
    over("forall", "i", body)
}
/// `s.forall_pairs(|i, j| body)`
pub fn pairs(body: Expr) -> Expr {
    method("forall_pairs", s(), [lambda(&[("i", None), ("j", None)], body)])
}
/// `many * s.count(|j| body) > of * s.n()`
pub fn more_than((many, of): (u64, u64), j: &str, body: Expr) -> Expr {
    let times = |k: u64, e: Expr| if k == 1 { e } else { op(Op::Mul, nat(k), e) };
    op(Op::Gt, times(many, over("count", j, body)), times(of, of_s("n")))
}
