//! Blocks, statements, and the places that may be assigned to.

use super::expr::{is_change, member, strip};
use super::{HOLE, Lower, Variable, reject};
use crate::errors::NATIVE;
use crate::sexp::list;
use syn::spanned::Spanned;
use syn::{Block, Expr, ExprAssign, ExprBinary, Local, Pat, Stmt, UnOp};

impl Lower<'_> {
    /// `{ a; b; c }`: one statement is itself, none is `(unit)`.
    pub(super) fn block(&mut self, block: &Block) -> String {
        let at = block.brace_token.span.open();
        let mut parts = self.scoped(|lower| block.stmts.iter().filter_map(|s| lower.statement(s)).collect::<Vec<_>>());
        if block.stmts.last().is_none_or(|last| !has_value(last)) {
            parts.push(list("unit", at, [""; 0]));
        }
        if parts.len() == 1 { parts.remove(0) } else { list("block", at, parts) }
    }

    fn statement(&mut self, statement: &Stmt) -> Option<String> {
        match statement {
            Stmt::Local(local) => Some(self.binding(local)),
            Stmt::Expr(e, _) => Some(self.expr(e)),
            Stmt::Macro(m) => {
                let (message, help) = reject::macro_call(&m.mac);
                self.errors.add(m, message, help);
                None
            }
            Stmt::Item(item) => {
                self.errors.add(item, "an item inside a function is outside the subset", "move it out; a function becomes a `#[pure] fn`");
                None
            }
        }
    }

    /// `let pat = e;`
    fn binding(&mut self, local: &Local) -> String {
        let Some(init) = &local.init else {
            self.errors.add(local, "`let` without a value is outside the subset", "write `let x = if .. { a } else { b };`");
            let mark = self.scope.len();
            self.pattern(&local.pat);
            self.scope[mark..].iter_mut().for_each(|(_, variable)| *variable = Variable::Unknown);
            return HOLE.to_string();
        };
        if let Some((otherwise, _)) = &init.diverge {
            self.errors.add(otherwise, "`let .. else` is outside the subset", "write `if let .. = .. { .. } else { .. }`");
        }
        // A pattern that takes the state apart reads it; a name for the whole of it would be a second way to change it.
        let whole = matches!(local.pat, Pat::Ident(_) | Pat::Type(_));
        let [value, pattern] = self.suspect(|lower| {
            let value = if whole { lower.value(&init.expr) } else { lower.read(&init.expr) };
            [value, lower.pattern(&local.pat)]
        });
        list("let", local.let_token.span, [pattern, value])
    }

    /// `place = e`
    pub(super) fn assign(&mut self, e: &ExprAssign) -> String {
        let value = self.value(&e.right);
        let place = self.place(&e.left);
        list("set", e.eq_token.span, [place, value])
    }

    /// `place += e` is `place = place + e`.
    pub(super) fn compound(&mut self, e: &ExprBinary, symbol: &str) -> String {
        if !matches!(symbol, "+" | "-" | "*" | "/" | "%") {
            self.errors.add(e.op, "bit operators are outside the subset", format!("write `p.f = p.f || ..`, or {NATIVE}"));
        }
        let value = self.value(&e.right);
        let place = self.place(&e.left);
        let value = list("op", e.op.span(), [symbol, &place, &value]);
        list("set", e.op.span(), [place, value])
    }

    /// The place that an assignment or `insert` changes.
    pub(super) fn place(&mut self, e: &Expr) -> String {
        match self.try_place(e) {
            Ok(place) => place,
            Err((message, help)) => {
                self.errors.add(e, message, help);
                HOLE.to_string()
            }
        }
    }

    fn try_place(&mut self, e: &Expr) -> Result<String, (String, String)> {
        match strip(e) {
            Expr::Field(e) => {
                let base = self.try_place(&e.base)?;
                Ok(list("field", e.dot_token.span, [base, member(&e.member)]))
            }
            Expr::Unary(e) if matches!(e.op, UnOp::Deref(_)) => match self.root(strip(&e.expr)) {
                Some((name, Variable::Reference | Variable::Unknown, _)) => Ok(name),
                _ => Err(reject::place("an assignment through a reference is outside the subset")),
            },
            Expr::Index(_) => Err(reject::place("an assignment to an element is outside the subset")),
            e => match self.root(e) {
                None => Err(reject::place("this is not a place of the state")),
                Some((name, Variable::Value, _)) => Err(reject::place(format!("`{name}` may be a reference to something else"))),
                Some((name, Variable::Unknown, _)) => Ok(name),
                Some((name, _, k)) if k < self.floor => {
                    let message = format!("`{name}` changes inside an expression");
                    Err((message, "compute the value first with `let`, then assign in a statement of its own".to_string()))
                }
                Some((name, _, _)) => Ok(name),
            },
        }
    }

    /// The variable that `e` is.
    fn root(&self, e: &Expr) -> Option<(String, Variable, usize)> {
        let Expr::Path(path) = e else { return None };
        let k = self.variable(&self.name(path.path.get_ident()?))?;
        Some((self.scope[k].0.clone(), self.scope[k].1, k))
    }
}

/// Whether the text of the last statement has the value of the block: an expression without `;`, or a change, whose value is `()`.
fn has_value(last: &Stmt) -> bool {
    match last {
        Stmt::Expr(e, semicolon) => semicolon.is_none() || is_change(e),
        Stmt::Local(_) | Stmt::Macro(_) | Stmt::Item(_) => false,
    }
}
