//! A formula without helpers: each call is replaced by the helper's body, and every parameter of a closure gets a name of its own.
//!
//! Worked example: `s.forall(|i| s[i].decision().is_some())` with `fn decision(&self) -> Option<V> { self.decision }` becomes
//! `s.forall(|i'1| s[i'1].decision.is_some())`.

use crate::ir::{Algorithm, Expr, Function, Lambda, Node, Pat, Pos};
use std::collections::BTreeMap;

/// How deep helpers may call each other; the text has no recursion, so this only guards against a defect.
const DEEPEST: usize = 64;

/// What the names in scope stand for.
type Scope = BTreeMap<String, Expr>;

/// The flat form of a specification function, or why it has none.
pub(super) fn flat(algorithm: &Algorithm, function: &Function) -> Result<Expr, String> {
    Flattener { algorithm, names: 0, depth: 0 }.body(function, Scope::new())
}

struct Flattener<'a> {
    algorithm: &'a Algorithm,
    names: usize,
    depth: usize,
}

impl<'a> Flattener<'a> {
    fn body(&mut self, function: &'a Function, scope: Scope) -> Result<Expr, String> {
        let body = function.body.as_ref().map_err(|native| format!("`{}` is native: {native}", function.name))?;
        self.expr(body, &scope)
    }

    fn helper(&mut self, function: &'a Function, args: Vec<Expr>) -> Result<Expr, String> {
        if self.depth == DEEPEST || function.params.len() != args.len() {
            return Err(format!("`{}` cannot be put in its place", function.name));
        }
        self.depth += 1;
        let result = self.body(function, function.params.iter().cloned().zip(args).collect());
        self.depth -= 1;
        result
    }

    fn expr(&mut self, e: &'a Expr, scope: &Scope) -> Result<Expr, String> {
        Ok(Expr::new(match &e.node {
            Node::Var(name) => return Ok(scope.get(name).cloned().unwrap_or_else(|| Expr { node: e.node.clone(), at: Pos::default() })),
            Node::Call(name, args) => {
                let args = args.iter().map(|a| self.expr(a, scope)).collect::<Result<Vec<_>, _>>()?;
                match self.algorithm.function(name) {
                    Some(function) => return self.helper(function, args),
                    None => Node::Call(name.clone(), args),
                }
            }
            Node::Method(name, receiver, args) => {
                let receiver = self.expr(receiver, scope)?;
                let args = args.iter().map(|a| self.expr(a, scope)).collect::<Result<Vec<_>, _>>()?;
                match self.algorithm.function(name) {
                    Some(function) if is_state(&receiver) => {
                        return self.helper(function, std::iter::once(receiver).chain(args).collect());
                    }
                    _ => Node::Method(name.clone(), Box::new(receiver), args),
                }
            }
            Node::Lambda(l) => Node::Lambda(self.lambda(l, scope)?),
            Node::Block(items) => return self.block(items, scope),
            Node::Match(..) | Node::LetCond(..) => return Err("it takes a value apart, which is not followed".into()),
            Node::Set(..) | Node::Let(..) => return Err("it has statements, which are not followed".into()),
            _ => {
                let mut copy = e.clone();
                for (slot, child) in copy.children_mut().into_iter().zip(e.children()) {
                    *slot = self.expr(child, scope)?;
                }
                copy.node
            }
        }))
    }

    fn lambda(&mut self, l: &'a Lambda, scope: &Scope) -> Result<Lambda, String> {
        let (mut scope, mut params) = (scope.clone(), vec![]);
        for (pattern, _) in &l.params {
            let Pat::Bind(name) = pattern else {
                return Err("it takes a value apart, which is not followed".into());
            };
            self.names += 1;
            // No name of the text has this mark.
            let fresh = format!("{name}'{}", self.names);
            scope.insert(name.clone(), Expr::new(Node::Var(fresh.clone())));
            params.push((Pat::Bind(fresh), None));
        }
        Ok(Lambda { params, body: Box::new(self.expr(&l.body, &scope)?), sorts: vec![] })
    }

    /// `let` by putting the value in place of the name.
    fn block(&mut self, items: &'a [Expr], scope: &Scope) -> Result<Expr, String> {
        let Some((last, before)) = items.split_last() else { return Ok(Expr::new(Node::Unit)) };
        let mut scope = scope.clone();
        for item in before {
            let Node::Let(Pat::Bind(name), value) = &item.node else {
                return Err("it has statements, which are not followed".into());
            };
            let value = self.expr(value, &scope)?;
            scope.insert(name.clone(), value);
        }
        self.expr(last, &scope)
    }
}

/// `s[i]` or `s.initially(i)`: what helpers are methods of.
fn is_state(e: &Expr) -> bool {
    match &e.node {
        Node::Index(..) => true,
        Node::Method(name, ..) => name == "initially",
        _ => false,
    }
}
