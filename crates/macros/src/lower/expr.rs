//! Expressions. [`Lower::expr`] knows every kind; [`reject`](super::reject) has the words for those outside the subset.

use super::names::{Name, camel, classify, segments};
use super::{HOLE, Lower, Variable, builtins, reject};
use crate::errors::NATIVE;
use crate::sexp::{list, named, plain};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Arm, BinOp, Expr, ExprBinary, ExprIf, ExprLit, ExprMatch, ExprPath, ExprStruct, ExprUnary, Lit, LitInt, Member, Path, UnOp};

impl Lower<'_> {
    /// An expression whose value is wanted: nothing outside it changes.
    pub(super) fn value(&mut self, e: &Expr) -> String {
        let floor = std::mem::replace(&mut self.floor, self.scope.len());
        let text = self.expr(e);
        self.floor = floor;
        text
    }

    /// An expression in a position where the name of a `&mut` parameter alone is as good as a shared reference: before a field or a
    /// method, behind `&` and `*`, as an argument.
    pub(super) fn read(&mut self, e: &Expr) -> String {
        match strip(e) {
            Expr::Path(path) => match path.path.get_ident().and_then(|i| self.variable(&self.name(i))) {
                Some(k) => self.scope[k].0.clone(),
                None => self.value(e),
            },
            _ => self.value(e),
        }
    }

    /// Any expression, in the position of a statement.
    pub(super) fn expr(&mut self, e: &Expr) -> String {
        let at = e.span();
        match e {
            Expr::Paren(e) => self.expr(&e.expr),
            Expr::Group(e) => self.expr(&e.expr),
            Expr::Reference(e) if e.mutability.is_none() => self.read(&e.expr),
            Expr::Unary(e) => self.unary(e),
            Expr::Lit(e) => self.literal(e),
            Expr::Path(e) => self.path(e),
            Expr::Field(e) => {
                let base = self.read(&e.base);
                list("field", e.dot_token.span, [base, member(&e.member)])
            }
            Expr::Index(e) => {
                if !self.rules.item.speaks_of_systems() {
                    self.errors.add(e, "indexing is outside the subset here", "write `map.get(&k)`, or `mailbox.from(q)` for one message");
                }
                let parts = [self.read(&e.expr), self.value(&e.index)];
                list("index", e.bracket_token.span.open(), parts)
            }
            Expr::Binary(e) => self.binary(e),
            Expr::Assign(e) => self.assign(e),
            Expr::Call(e) => self.call(e),
            Expr::MethodCall(e) => self.method_call(e),
            Expr::Tuple(e) if e.elems.is_empty() => list("unit", at, [""; 0]),
            Expr::Tuple(e) => {
                let parts: Vec<String> = e.elems.iter().map(|e| self.value(e)).collect();
                list("tuple", at, parts)
            }
            Expr::Struct(e) => self.structure(e),
            Expr::If(e) => self.conditional(e),
            Expr::Match(e) => self.matching(e),
            Expr::Block(e) if e.label.is_none() => self.block(&e.block),
            other => {
                let (message, help) = reject::expression(other);
                self.errors.add(other, message, help);
                HOLE.to_string()
            }
        }
    }

    fn unary(&mut self, e: &ExprUnary) -> String {
        match e.op {
            UnOp::Deref(_) => self.read(&e.expr),
            UnOp::Not(not) => {
                let operand = self.value(&e.expr);
                list("not", not.span, [operand])
            }
            _ => {
                self.errors.add(
                    e,
                    "negative numbers are outside the subset: numbers are natural",
                    "write `a - b` where a is at least b, or compare sums",
                );
                HOLE.to_string()
            }
        }
    }

    fn literal(&mut self, e: &ExprLit) -> String {
        match &e.lit {
            Lit::Bool(b) => b.value.to_string(),
            Lit::Int(k) => self.number(k),
            other => {
                let (message, help) = reject::literal(other);
                self.errors.add(other, message, help);
                HOLE.to_string()
            }
        }
    }

    /// `17`, `17usize`, `0xff`
    pub(super) fn number(&mut self, k: &LitInt) -> String {
        match k.base10_parse::<u64>() {
            Ok(value) if !matches!(k.suffix(), "f32" | "f64") => value.to_string(),
            _ => {
                self.errors.add(k, "this is not a natural number of 64 bits", "numbers are 0 ..= 18446744073709551615");
                HOLE.to_string()
            }
        }
    }

    fn path(&mut self, e: &ExprPath) -> String {
        let name = e.path.get_ident().map(|i| self.name(i));
        if let Some(k) = name.as_ref().and_then(|n| self.variable(n)) {
            let (name, variable) = self.scope[k].clone();
            if variable == Variable::Reference {
                let help = format!("write `{name}.clone()` for its value, `&*{name}` to lend it");
                self.errors.add(e, format!("`{name}` alone is a reference through which it can change"), help);
            }
            return name;
        }
        match classify(e) {
            Name::None => list("variant", e.span(), ["None", "()"]),
            Name::Variant(name) => list("variant", e.span(), [name.as_str(), "()"]),
            Name::Struct(name) => list("struct", e.span(), [name.as_str(), "()"]),
            other => {
                let (message, help) = reject::path(&other);
                self.errors.add(e, message, help);
                HOLE.to_string()
            }
        }
    }

    fn binary(&mut self, e: &ExprBinary) -> String {
        if let Some(symbol) = reject::compound(&e.op) {
            return self.compound(e, symbol);
        }
        let symbol = match e.op {
            BinOp::Add(_) => "+",
            BinOp::Sub(_) => "-",
            BinOp::Mul(_) => "*",
            BinOp::Div(_) => "/",
            BinOp::Rem(_) => "%",
            BinOp::Eq(_) => "==",
            BinOp::Ne(_) => "!=",
            BinOp::Lt(_) => "<",
            BinOp::Le(_) => "<=",
            BinOp::Gt(_) => ">",
            BinOp::Ge(_) => ">=",
            BinOp::And(_) => "&&",
            BinOp::Or(_) => "||",
            other => {
                self.errors.add(
                    other,
                    "bit operators are outside the subset",
                    format!("write `&&`, `||` or `!=` on booleans, or {NATIVE}"),
                );
                "&&"
            }
        };
        let (left, right) = (self.value(&e.left), self.value(&e.right));
        list("op", e.op.span(), [symbol.to_string(), left, right])
    }

    /// `if c { a } else { b }`
    fn conditional(&mut self, e: &ExprIf) -> String {
        let parts = self.scoped(|lower| {
            let condition = lower.condition(&e.cond);
            [condition, lower.block(&e.then_branch)]
        });
        let otherwise = match &e.else_branch {
            Some((_, branch)) => self.expr(branch),
            None => list("unit", e.if_token.span, [""; 0]),
        };
        list("if", e.if_token.span, parts.into_iter().chain([otherwise]))
    }

    /// A condition with `let` among its conjuncts; what they bind stays in scope.
    fn condition(&mut self, e: &Expr) -> String {
        match e {
            Expr::Binary(ExprBinary { left, op: BinOp::And(and), right, .. }) => {
                let parts = ["&&".to_string(), self.condition(left), self.condition(right)];
                list("op", and.spans[0], parts)
            }
            Expr::Let(e) => {
                let value = self.read(&e.expr);
                let pattern = self.pattern(&e.pat);
                list("letc", e.let_token.span, [pattern, value])
            }
            other => self.value(other),
        }
    }

    fn matching(&mut self, e: &ExprMatch) -> String {
        let mut parts = vec![self.read(&e.expr)];
        parts.extend(e.arms.iter().map(|arm| self.scoped(|lower| lower.arm(arm))));
        list("match", e.match_token.span, parts)
    }

    fn arm(&mut self, arm: &Arm) -> String {
        let mut parts = vec![self.pattern(&arm.pat)];
        if let Some((_, guard)) = &arm.guard {
            parts.push(self.value(guard));
        }
        parts.push(self.expr(&arm.body));
        plain("arm", parts)
    }

    /// `Self { .. }`, `Leader { first: q }`, `Faults::Value { at_most: k }`
    fn structure(&mut self, e: &ExprStruct) -> String {
        let name = self.type_name(&e.path);
        if name == "Self" && !self.rules.item.self_is_state() {
            self.errors.add(&e.path, "`Self` is not the state here", "write the name of the state");
        }
        let fields: Vec<(String, String)> = e.fields.iter().map(|f| (member(&f.member), self.value(&f.expr))).collect();
        let fields = named(fields);
        match &e.rest {
            Some(base) => {
                let base = self.read(base);
                list("struct", e.span(), [name, fields, base])
            }
            None if name.contains("::") => list("variant", e.span(), [name, fields]),
            None => list("struct", e.span(), [name, fields]),
        }
    }

    /// `Leader`, `Self`, `Faults::Value`: the last segment, or two where both are in camel case.
    pub(super) fn type_name(&mut self, path: &Path) -> String {
        let names = segments(path);
        match names.as_slice() {
            [.., owner, name] if owner == "Self" => {
                self.errors.add(path, "a variant of `Self` is outside the subset", "write the name of the enum");
                format!("Self::{name}")
            }
            [.., owner, name] if camel(owner) && camel(name) => format!("{owner}::{name}"),
            [.., name] => name.clone(),
            [] => String::new(),
        }
    }
}

/// The expression without parentheses.
pub(super) fn strip(e: &Expr) -> &Expr {
    match e {
        Expr::Paren(e) => strip(&e.expr),
        Expr::Group(e) => strip(&e.expr),
        other => other,
    }
}

/// The name of a field, the number of a tuple field.
pub(super) fn member(member: &Member) -> String {
    match member {
        Member::Named(ident) => ident.unraw().to_string(),
        Member::Unnamed(index) => index.index.to_string(),
    }
}

/// Whether the value of `e` is `()` because it changes a place.
pub(super) fn is_change(e: &Expr) -> bool {
    match strip(e) {
        Expr::Assign(_) => true,
        Expr::Binary(e) => reject::compound(&e.op).is_some(),
        Expr::MethodCall(e) => builtins::MUTATING.contains(&e.method.unraw().to_string().as_str()),
        _ => false,
    }
}
