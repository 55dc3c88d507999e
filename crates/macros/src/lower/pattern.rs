//! Patterns. `&pat`, `ref` and parentheses are erased.

use super::expr::member;
use super::{Lower, Variable};
use crate::errors::NATIVE;
use crate::sexp::{named, plain};
use quote::ToTokens;
use syn::{Lit, Pat, PatIdent, PatStruct, PatTupleStruct, Path};

impl Lower<'_> {
    /// A pattern; what it binds enters the scope.
    pub(super) fn pattern(&mut self, pat: &Pat) -> String {
        match pat {
            Pat::Wild(_) => "_".to_string(),
            Pat::Paren(p) => self.pattern(&p.pat),
            Pat::Reference(p) if p.mutability.is_none() => self.pattern(&p.pat),
            Pat::Type(p) => self.pattern(&p.pat),
            Pat::Ident(p) => self.binder(p),
            Pat::Lit(p) => match &p.lit {
                Lit::Bool(b) => b.value.to_string(),
                Lit::Int(k) => self.number(k),
                _ => self.reject_pattern(pat, "this literal is outside the subset as a pattern", "use numbers, `true`, `false`"),
            },
            Pat::Tuple(p) if p.elems.is_empty() => "_".to_string(),
            Pat::Tuple(p) => {
                if let Some(rest) = p.elems.iter().find(|p| matches!(p, Pat::Rest(_))) {
                    self.errors.add(rest, "`..` in a tuple is outside the subset", "write `_` for each element");
                }
                let parts: Vec<String> = p.elems.iter().map(|p| self.pattern(p)).collect();
                plain("tp", parts)
            }
            Pat::TupleStruct(p) => self.tuple_struct(p),
            Pat::Struct(p) => self.struct_pattern(p),
            Pat::Path(p) => {
                let name = self.variant_name(&p.path);
                plain("pv", [name, "()".to_string()])
            }
            Pat::Or(p) => {
                let parts: Vec<String> = p.cases.iter().map(|p| self.pattern(p)).collect();
                plain("or", parts)
            }
            Pat::Rest(_) => "_".to_string(),
            Pat::Range(_) => {
                self.reject_pattern(pat, "ranges are outside the subset", "bind the number and compare it: `k if k < 3 => ..`")
            }
            Pat::Slice(_) => self.reject_pattern(pat, "slices are outside the subset", "use `Set`, `Map` or a tuple"),
            Pat::Reference(_) => self.reject_pattern(pat, "`&mut` is outside the subset", "assign to the field itself: `p.field = ..`"),
            other => self.reject_pattern(other, "this pattern is outside the subset", NATIVE),
        }
    }

    fn reject_pattern(&mut self, tokens: impl ToTokens, message: &str, help: &str) -> String {
        self.errors.add(tokens, message, help);
        "_".to_string()
    }

    /// `x`, `mut x`, `ref x`, `x @ pat`, `None`
    fn binder(&mut self, p: &PatIdent) -> String {
        let name = self.name(&p.ident);
        if name == "None" {
            return plain("pv", ["None", "()"]);
        }
        if name.starts_with(char::is_uppercase) {
            let help = "write the whole path of a variant, `Kind::Variant`; compare with a constant by `==`";
            return self.reject_pattern(p, "a pattern in upper case may be a variant or a constant", help);
        }
        if let (Some(word), Some(_)) = (&p.by_ref, &p.mutability) {
            return self.reject_pattern(word, "`ref mut` is outside the subset", "assign to the field itself: `p.field = ..`");
        }
        let variable = if p.mutability.is_some() { Variable::Place } else { Variable::Value };
        self.scope.push((name.clone(), variable));
        match &p.subpat {
            Some((_, pat)) => plain("at", [name, self.pattern(pat)]),
            None => name,
        }
    }

    /// `Some(p)`, `Kind::A(p, _)`, `Wrapper(p)`
    fn tuple_struct(&mut self, p: &PatTupleStruct) -> String {
        let name = self.type_name(&p.path);
        let count = p.elems.len();
        let mut fields = vec![];
        for (k, elem) in p.elems.iter().enumerate() {
            match elem {
                Pat::Rest(_) if k + 1 == count => {}
                Pat::Rest(rest) => self.errors.add(rest, "`..` before other fields is outside the subset", "write `_` for each field"),
                elem => fields.push((k.to_string(), self.pattern(elem))),
            }
        }
        let head = if name == "Some" || name.contains("::") { "pv" } else { "ps" };
        plain(head, [normal(&name), named(fields)])
    }

    /// `Thresholds { t, e: limit, .. }`, `Faults::Value { at_most }`
    fn struct_pattern(&mut self, p: &PatStruct) -> String {
        let name = self.type_name(&p.path);
        if name == "Self" && !self.rules.item.self_is_state() {
            self.errors.add(&p.path, "`Self` is not the state here", "write the name of the state");
        }
        let fields: Vec<(String, String)> = p.fields.iter().map(|f| (member(&f.member), self.pattern(&f.pat))).collect();
        let head = if name.contains("::") { "pv" } else { "ps" };
        plain(head, [name, named(fields)])
    }

    fn variant_name(&mut self, path: &Path) -> String {
        let name = self.type_name(path);
        if !name.contains("::") {
            self.errors.add(
                path,
                "this path is outside the subset as a pattern",
                "write a variant, `Kind::Variant`; compare constants by `==`",
            );
        }
        normal(&name)
    }
}

/// `Option::Some` is `Some`.
fn normal(name: &str) -> String {
    match name {
        "Option::Some" => "Some".to_string(),
        "Option::None" => "None".to_string(),
        other => other.to_string(),
    }
}
