//! Visiting and changing trees: the only place that knows the children of every [`Node`].

use super::{Expr, Node};

impl Expr {
    /// The direct children, in the order of evaluation.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.node {
            Node::Nat(_) | Node::Bool(_) | Node::Unit | Node::Var(_) => vec![],
            Node::Field(e, _) | Node::Not(e) | Node::LetCond(_, e) | Node::Let(_, e) => vec![e],
            Node::Index(a, b) | Node::Op(_, a, b) | Node::Set(a, b) => vec![a, b],
            Node::Call(_, es) | Node::Tuple(es) | Node::Block(es) => es.iter().collect(),
            Node::Method(_, e, es) => std::iter::once(&**e).chain(es).collect(),
            Node::Lambda(l) => vec![&l.body],
            Node::Struct(_, fs, base) => fs.iter().map(|(_, e)| e).chain(base.as_deref()).collect(),
            Node::Variant(_, fs) => fs.iter().map(|(_, e)| e).collect(),
            Node::If(c, a, b) => vec![c, a, b],
            Node::Match(e, arms) => std::iter::once(&**e).chain(arms.iter().flat_map(|a| a.guard.iter().chain([&a.body]))).collect(),
        }
    }

    /// The direct children, to be changed.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.node {
            Node::Nat(_) | Node::Bool(_) | Node::Unit | Node::Var(_) => vec![],
            Node::Field(e, _) | Node::Not(e) | Node::LetCond(_, e) | Node::Let(_, e) => vec![e],
            Node::Index(a, b) | Node::Op(_, a, b) | Node::Set(a, b) => vec![a, b],
            Node::Call(_, es) | Node::Tuple(es) | Node::Block(es) => es.iter_mut().collect(),
            Node::Method(_, e, es) => std::iter::once(&mut **e).chain(es).collect(),
            Node::Lambda(l) => vec![&mut l.body],
            Node::Struct(_, fs, base) => fs.iter_mut().map(|(_, e)| e).chain(base.as_deref_mut()).collect(),
            Node::Variant(_, fs) => fs.iter_mut().map(|(_, e)| e).collect(),
            Node::If(c, a, b) => vec![c, a, b],
            Node::Match(e, arms) => {
                std::iter::once(&mut **e).chain(arms.iter_mut().flat_map(|a| a.guard.iter_mut().chain([&mut a.body]))).collect()
            }
        }
    }

    /// Calls `visit` on this node and every node below it, parents first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Calls `change` on this node and every node below it, parents first.
    pub fn walk_mut(&mut self, change: &mut dyn FnMut(&mut Expr)) {
        change(self);
        for child in self.children_mut() {
            child.walk_mut(change);
        }
    }

    /// Whether some node at or below this one satisfies `test`.
    pub fn any(&self, test: &dyn Fn(&Expr) -> bool) -> bool {
        test(self) || self.children().into_iter().any(|child| child.any(test))
    }
}
