//! What the operators of the theories mean: logic, integers, finite sets, data types.
//!
//! Worked example: `(set.subset A (set.union B C))` is `∀e. e ∈ A ⇒ e ∈ B ∨ e ∈ C`.

use super::elaborate::{Reader, expect_name};
use super::types::{Type, Typed, choose};
use super::{LARGEST_NUMBER, MOST_SUMMANDS, Result, divide, wrong};
use crate::sexp::{Place, Sexp};
use crate::term::{Node, Sort, Term, Terms};

impl Reader {
    /// A function of the file or of the theories, applied.
    pub(super) fn call(&mut self, at: Place, name: &str, arguments: Vec<Typed>) -> Result<Typed> {
        if let Some(value) = self.user_function(at, name, &arguments)? {
            return Ok(value);
        }
        if let Some((data, constructor)) = self.types.constructor(name) {
            return self.construct(at, name, data, constructor, arguments);
        }
        if let Some(selector) = self.types.selector(name) {
            return match arguments.as_slice() {
                [value] if matches!(value.ty, Type::Data(data, _) if data == selector.0) => {
                    self.types.select(&mut self.terms, value, selector)
                }
                _ => wrong(at, format!("`{name}` takes one argument, of sort {}", self.types.data[selector.0].name)),
            };
        }
        let term = match name {
            "=" | "distinct" | "ite" => return self.polymorphic(at, name, &arguments),
            "not" | "and" | "or" | "=>" | "xor" => self.connective(at, name, &arguments)?,
            "<" | "<=" | ">" | ">=" => self.comparison(at, name, &arguments)?,
            "+" | "-" | "*" | "div" | "mod" | "abs" => self.arithmetic(at, name, &arguments)?,
            _ if name.starts_with("set.") => self.set_operator(at, name, &arguments)?,
            _ => return wrong(at, format!("nothing is called `{name}` here")),
        };
        Ok(Typed::plain(&self.terms, term))
    }

    fn construct(&mut self, at: Place, name: &str, data: usize, constructor: usize, arguments: Vec<Typed>) -> Result<Typed> {
        let types: Vec<Type> = arguments.iter().map(|a| a.ty.clone()).collect();
        let Some(ty) = self.types.infer(data, constructor, &types) else {
            return wrong(at, format!("the sort cannot be told: expected `(as {name} sort)`"));
        };
        let Type::Data(_, parameters) = &ty else { return wrong(at, "expected a data type") };
        let fields = self.types.fields(data, parameters, constructor)?;
        if fields.len() != arguments.len() {
            return wrong(at, format!("`{name}` takes {} arguments, not {}", fields.len(), arguments.len()));
        }
        let arguments = arguments.into_iter().zip(&fields).map(|(a, ty)| self.coerce(at, a, ty)).collect::<Result<Vec<_>>>()?;
        self.types.build(&mut self.terms, &ty, constructor, &arguments)
    }
    /// `((_ is some) value)`.
    pub(super) fn tester(&mut self, constructor: &Sexp, value: &Typed) -> Result<Typed> {
        let name = expect_name(constructor)?;
        match (self.types.constructor(name), &value.ty) {
            (Some((data, c)), Type::Data(of, _)) if data == *of => {
                let built = self.types.built_by(&mut self.terms, value, c);
                Ok(Typed::plain(&self.terms, built))
            }
            _ => wrong(constructor.at, format!("expected a constructor of {}", self.types.show(&self.terms, &value.ty))),
        }
    }

    /// `value` as a value of type `ty`.
    pub(super) fn coerce(&self, at: Place, value: Typed, ty: &Type) -> Result<Typed> {
        if value.ty == *ty {
            return Ok(value);
        }
        let (wanted, found) = (self.types.show(&self.terms, ty), self.types.show(&self.terms, &value.ty));
        wrong(at, format!("expected a term of sort {wanted}, found one of sort {found}"))
    }
    fn plain(&self, at: Place, value: &Typed, sort: Sort) -> Result<Term> {
        Ok(self.coerce(at, value.clone(), &Type::Plain(sort))?.parts[0])
    }
    /// A formula.
    pub(super) fn truth(&self, at: Place, value: &Typed) -> Result<Term> {
        self.plain(at, value, Sort::Bool)
    }
    fn all(&self, at: Place, values: &[Typed], sort: Sort) -> Result<Vec<Term>> {
        values.iter().map(|value| self.plain(at, value, sort)).collect()
    }

    fn polymorphic(&mut self, at: Place, name: &str, arguments: &[Typed]) -> Result<Typed> {
        if name == "ite" {
            let [c, a, b] = arguments else { return wrong(at, "`ite` takes 3 arguments") };
            let c = self.truth(at, c)?;
            let b = self.coerce(at, b.clone(), &a.ty)?;
            let parts = a.parts.iter().zip(&b.parts).map(|(&a, &b)| choose(&mut self.terms, c, a, b)).collect();
            return Ok(Typed { ty: a.ty.clone(), parts });
        }
        if arguments.len() < 2 {
            return wrong(at, format!("`{name}` takes at least 2 arguments"));
        }
        let mut parts = Vec::new();
        for (k, a) in arguments.iter().enumerate() {
            let others = if name == "=" { k + 1..(k + 2).min(arguments.len()) } else { k + 1..arguments.len() };
            for b in &arguments[others] {
                let b = self.coerce(at, b.clone(), &a.ty)?;
                let equal = self.types.equal(&mut self.terms, a, &b)?;
                parts.push(if name == "=" { equal } else { self.terms.not(equal) });
            }
        }
        let formula = self.terms.and(parts);
        Ok(Typed::plain(&self.terms, formula))
    }
    fn connective(&mut self, at: Place, name: &str, arguments: &[Typed]) -> Result<Term> {
        let formulas = self.all(at, arguments, Sort::Bool)?;
        let terms = &mut self.terms;
        match (name, formulas.as_slice()) {
            ("not", [a]) => Ok(terms.not(*a)),
            ("and", [_, ..]) => Ok(terms.and(formulas)),
            ("or", [_, ..]) => Ok(terms.or(formulas)),
            // `a => b => c` is `a => (b => c)`.
            ("=>", [premises @ .., conclusion]) if !premises.is_empty() => {
                Ok(premises.iter().rev().fold(*conclusion, |goal, &premise| terms.implies(premise, goal)))
            }
            ("xor", [a, b]) => {
                let same = terms.eq(*a, *b);
                Ok(terms.not(same))
            }
            _ => wrong(at, format!("`{name}` does not take {} arguments", formulas.len())),
        }
    }
    fn comparison(&mut self, at: Place, name: &str, arguments: &[Typed]) -> Result<Term> {
        let numbers = self.all(at, arguments, Sort::Int)?;
        if numbers.len() < 2 {
            return wrong(at, format!("`{name}` takes at least 2 arguments"));
        }
        let terms = &mut self.terms;
        let steps: Vec<Term> = numbers
            .windows(2)
            .map(|pair| match name {
                "<" => terms.lt(pair[0], pair[1]),
                "<=" => terms.le(pair[0], pair[1]),
                ">" => terms.lt(pair[1], pair[0]),
                _ => terms.le(pair[1], pair[0]),
            })
            .collect();
        Ok(terms.and(steps))
    }
    fn arithmetic(&mut self, at: Place, name: &str, arguments: &[Typed]) -> Result<Term> {
        let numbers = self.all(at, arguments, Sort::Int)?;
        let terms = &mut self.terms;
        let literal = |terms: &Terms, t: Term| match terms.node(t) {
            Node::Int(value) => Some(*value),
            _ => None,
        };
        let summands = |terms: &Terms, t: Term| if let Node::Add(list) = terms.node(t) { list.len() } else { 1 };
        if numbers.iter().map(|&t| summands(terms, t)).sum::<usize>() > MOST_SUMMANDS {
            return wrong(at, format!("a sum of more than {MOST_SUMMANDS} summands"));
        }
        // The factor that a product with a literal would get.
        let factor = |terms: &Terms, k: i64, t: Term| match terms.node(t) {
            Node::Mul(j, _) => k.saturating_mul(*j),
            _ => k,
        };
        let fits = |value: i64| value.abs() <= LARGEST_NUMBER;
        let result = match (name, numbers.as_slice()) {
            ("+", [_, ..]) => terms.add(numbers),
            ("-", [a]) => terms.times(-1, *a),
            ("-", [first, rest @ ..]) => rest.iter().fold(*first, |sum, &b| terms.minus(sum, b)),
            ("*", [a, b]) => match (literal(terms, *a), literal(terms, *b)) {
                (Some(k), _) if fits(factor(terms, k, *b)) => terms.times(k, *b),
                (_, Some(k)) if fits(factor(terms, k, *a)) => terms.times(k, *a),
                _ => {
                    return wrong(
                        at,
                        format!("expected a product of a literal up to {LARGEST_NUMBER} and a term: the arithmetic is linear"),
                    );
                }
            },
            ("div" | "mod", [a, b]) => match literal(terms, *b) {
                Some(k) if k > 0 => divide::quotient(terms, name == "mod", *a, k),
                _ => return wrong(at, format!("`{name}` is understood with a positive literal as second argument only")),
            },
            ("abs", [a]) => {
                let zero = terms.int(0);
                let (small, minus) = (terms.lt(*a, zero), terms.times(-1, *a));
                terms.ite(small, minus, *a)
            }
            _ => return wrong(at, format!("`{name}` does not take {} arguments", numbers.len())),
        };
        match literal(terms, result) {
            Some(value) if !fits(value) => wrong(at, format!("the number is larger than {LARGEST_NUMBER}")),
            _ => Ok(result),
        }
    }
    fn set_operator(&mut self, at: Place, name: &str, arguments: &[Typed]) -> Result<Term> {
        let element_of = |value: &Typed| match value.ty {
            Type::Plain(sort) => sort.element(),
            Type::Data(..) => None,
        };
        // Which arguments are sets, by the operator.
        let sets: &[bool] = match name {
            "set.member" => &[false, true],
            "set.singleton" => &[false],
            "set.card" | "set.is_empty" => &[true],
            "set.subset" | "set.union" | "set.inter" | "set.minus" => &[true, true],
            _ => return wrong(at, format!("the operator `{name}` is not supported")),
        };
        let element = match arguments.last().filter(|_| arguments.len() == sets.len()) {
            Some(last) if sets.last() == Some(&true) => element_of(last),
            Some(Typed { ty: Type::Plain(sort), .. }) if sort.set().is_some() => Some(*sort),
            _ => None,
        };
        let Some(set) = element.and_then(Sort::set) else { return wrong(at, format!("`{name}` is given what is no set")) };
        let element = set.element().unwrap_or(set);
        let mut plain = Vec::new();
        for (value, &is_set) in arguments.iter().zip(sets) {
            plain.push(self.plain(at, value, if is_set { set } else { element })?);
        }
        let terms = &mut self.terms;
        Ok(match (name, plain.as_slice()) {
            ("set.member", [e, s]) => terms.member(*e, *s),
            ("set.singleton", [e]) => terms.singleton(*e, element),
            ("set.card", [s]) => terms.card(*s),
            ("set.subset", [a, b]) => terms.subset(*a, *b),
            ("set.union", [a, b]) => terms.union(*a, *b),
            ("set.inter", [a, b]) => terms.intersection(*a, *b),
            ("set.minus", [a, b]) => terms.difference(*a, *b),
            (_, all) => {
                let empty = terms.empty_set(element);
                terms.eq(all[0], empty)
            }
        })
    }
}
