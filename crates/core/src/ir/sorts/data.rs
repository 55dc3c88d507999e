//! The sorts of data: fields, structs, variants, and the patterns that take them apart.

use super::ty::Ty;
use super::{Inference, Inferred, Pending};
use crate::datum::Sort;
use crate::ir::{Expr, Pat};

impl<'a> Inference<'a> {
    pub(super) fn field(&mut self, of: &Ty, name: &str) -> Inferred<Ty> {
        match self.solver.resolve(of) {
            Ty::Named(of) => match self.structs.get(of) {
                Some(Sort::Struct(_, fields)) if fields.iter().any(|(n, _)| *n == name) => {
                    Ok(fields.iter().find(|(n, _)| *n == name).map(|(_, s)| Ty::of(s)).unwrap_or(Ty::Unit))
                }
                _ => self.fail(format!("`{of}` has no field `{name}`")),
            },
            Ty::Tuple(items) => match name.parse::<usize>().ok().and_then(|k| items.get(k)) {
                Some(ty) => Ok(ty.clone()),
                None => self.fail(format!("a tuple of {} has no field `{name}`", items.len())),
            },
            Ty::Var(_) => {
                let result = self.solver.fresh();
                let (function, at) = (self.function.clone(), self.at);
                self.pending.push(Pending {
                    name: format!(".{name}"),
                    receiver: of.clone(),
                    args: vec![],
                    result: result.clone(),
                    function,
                    at,
                });
                Ok(result)
            }
            other => self.fail(format!("{other} has no field `{name}`")),
        }
    }

    pub(super) fn structure(&mut self, name: &str, fields: &'a [(String, Expr)], base: Option<&'a Expr>) -> Inferred<Ty> {
        let ty = if name == "Self" { self.state.clone() } else { self.named(name)? };
        for (field, e) in fields {
            let value = self.expr(e)?;
            let expected = self.field(&ty, field)?;
            self.unify(&value, &expected)?;
        }
        if let Some(base) = base {
            let base = self.expr(base)?;
            self.unify(&base, &ty)?;
        }
        Ok(ty)
    }

    fn named(&self, name: &str) -> Inferred<Ty> {
        match self.structs.get(name) {
            Some(sort) => Ok(Ty::of(sort)),
            None => self.fail(format!("`{name}` is not a struct or enum of a state, message, input or parameter")),
        }
    }

    /// The enum and the sorts of the fields of a variant such as `Kind::A`.
    fn variant_fields(&self, name: &str) -> Inferred<(Ty, Vec<(String, Ty)>)> {
        let (of, variant) = name.split_once("::").unwrap_or((name, ""));
        if let Some(sort @ Sort::Enum(_, variants)) = self.structs.get(of)
            && let Some((_, fields)) = variants.iter().find(|(v, _)| *v == variant)
        {
            return Ok((Ty::of(sort), fields.iter().map(|(n, s)| (n.to_string(), Ty::of(s))).collect()));
        }
        self.fail(format!("`{name}` is not a variant of an enum of a state, message, input or parameter"))
    }

    pub(super) fn variant(&mut self, name: &str, fields: &'a [(String, Expr)]) -> Inferred<Ty> {
        let values = fields.iter().map(|(f, e)| Ok((f.clone(), self.expr(e)?))).collect::<Inferred<Vec<_>>>()?;
        match (name.split("::").next().unwrap_or(name), values.as_slice()) {
            ("None", _) => Ok(Ty::Option(Box::new(self.solver.fresh()))),
            ("Some", [(_, value)]) => Ok(Ty::Option(Box::new(value.clone()))),
            ("Progress" | "Faults", values) => {
                for (_, value) in values {
                    self.unify(value, &Ty::Nat)?;
                }
                Ok(if name.starts_with("Progress") { Ty::Progress } else { Ty::Faults })
            }
            _ => {
                let (ty, expected) = self.variant_fields(name)?;
                for (field, value) in &values {
                    match expected.iter().find(|(n, _)| n == field) {
                        Some((_, sort)) => self.unify(value, sort)?,
                        None => return self.fail(format!("`{name}` has no field `{field}`")),
                    }
                }
                Ok(ty)
            }
        }
    }

    pub(super) fn pattern(&mut self, pat: &'a Pat, ty: &Ty) -> Inferred<()> {
        match pat {
            Pat::Wild => Ok(()),
            Pat::Bind(name) => {
                self.vars.push((name, ty.clone()));
                Ok(())
            }
            Pat::At(name, pat) => {
                self.vars.push((name, ty.clone()));
                self.pattern(pat, ty)
            }
            Pat::Nat(_) => {
                let number = self.solver.number();
                self.unify(ty, &number)
            }
            Pat::Bool(_) => self.unify(ty, &Ty::Bool),
            Pat::Tuple(pats) => {
                let items: Vec<Ty> = pats.iter().map(|_| self.solver.fresh()).collect();
                self.unify(ty, &Ty::Tuple(items.clone()))?;
                pats.iter().zip(&items).try_for_each(|(p, t)| self.pattern(p, t))
            }
            Pat::Or(pats) => self.alternatives(pats, ty),
            Pat::Variant(name, fields) => self.variant_pattern(name, fields, ty),
            Pat::Struct(name, fields) => {
                let of = if name == "Self" { self.state.clone() } else { self.named(name)? };
                self.unify(ty, &of)?;
                for (field, p) in fields {
                    let sort = self.field(&of, field)?;
                    self.pattern(p, &sort)?;
                }
                Ok(())
            }
        }
    }

    fn alternatives(&mut self, pats: &'a [Pat], ty: &Ty) -> Inferred<()> {
        let scope = self.vars.len();
        for (k, p) in pats.iter().enumerate() {
            let start = self.vars.len();
            self.pattern(p, ty)?;
            if k > 0 {
                // Every alternative binds the same names: unify them, keep the first set.
                let later = self.vars.split_off(start);
                for (name, t) in later {
                    if let Some((_, first)) = self.vars[scope..].iter().find(|(n, _)| *n == name).cloned() {
                        self.unify(&first, &t)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn variant_pattern(&mut self, name: &str, fields: &'a [(String, Pat)], ty: &Ty) -> Inferred<()> {
        let expected = match (name, fields) {
            ("None", _) => {
                let of = Ty::Option(Box::new(self.solver.fresh()));
                return self.unify(ty, &of);
            }
            ("Some", [(_, inner)]) => {
                let value = self.solver.fresh();
                self.unify(ty, &Ty::Option(Box::new(value.clone())))?;
                return self.pattern(inner, &value);
            }
            _ => {
                let (of, expected) = self.variant_fields(name)?;
                self.unify(ty, &of)?;
                expected
            }
        };
        for (field, p) in fields {
            match expected.iter().find(|(n, _)| n == field) {
                Some((_, sort)) => self.pattern(p, sort)?,
                None => return self.fail(format!("`{name}` has no field `{field}`")),
            }
        }
        Ok(())
    }
}
