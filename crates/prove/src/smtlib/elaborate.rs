//! Commands and terms: names are looked up, binders get variables of their own, definitions are put in place.
//!
//! Worked example: after `(define-fun big ((S (Set Pid))) Bool (> (set.card S) 1))` the term `(big (HO p))` is read as
//! `1 < |HO(p)|`: the body is read again with `S` standing for `HO(p)`.

use super::types::{Type, Typed, Types};
use super::{Assertion, LARGEST_NUMBER, MOST_TERMS, NEGATED_CONCLUSION, Result, Script, Status, divide, wrong};
use crate::sexp::{Kind, Place, Sexp};
use crate::term::{Fun, Role, Terms, Var};
use std::collections::BTreeMap;

/// How deep terms may be nested once definitions are put in place.
const DEPTH: usize = 600;

/// A declared or defined function.
struct Function {
    arguments: Vec<Type>,
    result: Type,
    meaning: Meaning,
}

enum Meaning {
    /// Declared: one symbol for each part of the result.
    Symbols(Vec<Fun>),
    /// Defined, with the names of its arguments.
    Body(Vec<String>, Sexp),
    /// Defined without arguments.
    Value(Typed),
}

/// What has been read so far.
pub(super) struct Reader {
    pub(super) terms: Terms,
    pub(super) types: Types,
    functions: BTreeMap<String, Function>,
    /// The names bound around the term being read, innermost last.
    scope: Vec<(String, Typed)>,
    depth: usize,
    script: Script,
}

impl Reader {
    pub(super) fn new(processes: String) -> Reader {
        let script =
            Script { terms: Terms::new(), assertions: Vec::new(), has_processes: false, status: None, smallest_n: None, vacuous: false };
        let mut terms = Terms::new();
        divide::declare(&mut terms);
        Reader { terms, types: Types::new(processes), functions: BTreeMap::new(), scope: Vec::new(), depth: 0, script }
    }
    pub(super) fn finish(mut self) -> Result<Script> {
        divide::eliminate(&mut self.terms, &mut self.script.assertions);
        Ok(Script { terms: self.terms, has_processes: self.types.has_processes(), ..self.script })
    }

    pub(super) fn command(&mut self, command: &Sexp) -> Result<()> {
        let Some([head, rest @ ..]) = command.list() else { return wrong(command.at, "expected a command") };
        match (head.atom().unwrap_or_default(), rest) {
            ("set-logic" | "check-sat" | "exit" | "set-option", _) => Ok(()),
            ("set-info", [key, value]) => self.info(key, value),
            ("declare-sort", [name, arity]) if arity.integer() == Some(0) => {
                self.types.declare_sort(&mut self.terms, name.at, expect_name(name)?)
            }
            ("declare-datatypes", [names, bodies]) => self.declare_data(names, bodies),
            ("declare-fun", [name, arguments, result]) => {
                let arguments = match arguments.list() {
                    Some(list) => list.iter().map(|a| self.types.read(a)).collect::<Result<Vec<_>>>()?,
                    None => return wrong(arguments.at, "expected a list of sorts"),
                };
                self.declare(name, arguments, result)
            }
            ("declare-const", [name, result]) => self.declare(name, Vec::new(), result),
            ("define-fun", [name, arguments, result, body]) => self.define(name, arguments, result, body),
            ("assert", [formula]) => self.assert(formula),
            (word, _) => wrong(
                command.at,
                format!(
                    "`({word} ..)` is not understood; expected set-info, set-logic, declare-sort (of arity 0), declare-datatypes, \
                     declare-fun, declare-const, define-fun, assert or check-sat"
                ),
            ),
        }
    }
    fn info(&mut self, key: &Sexp, value: &Sexp) -> Result<()> {
        match key.atom() {
            Some(":status") => {
                self.script.status = match value.atom() {
                    Some("sat") => Some(Status::Sat),
                    Some("unsat") => Some(Status::Unsat),
                    Some("unknown") => None,
                    _ => return wrong(value.at, "expected sat, unsat or unknown"),
                }
            }
            Some(":smallest-n") => match value.integer().and_then(|n| u32::try_from(n).ok()) {
                Some(n) => self.script.smallest_n = Some(n),
                None => return wrong(value.at, "expected a size"),
            },
            Some(":vacuous") => self.script.vacuous = value.truth() == Some(true),
            _ => {}
        }
        Ok(())
    }
    fn declare_data(&mut self, names: &Sexp, bodies: &Sexp) -> Result<()> {
        let (Some(list), Some(bodies_list)) = (names.list(), bodies.list()) else { return wrong(names.at, "expected `((name arity) ..)`") };
        let mut read = Vec::new();
        for name in list {
            match name.list() {
                Some([name, arity]) if arity.integer().is_some() => read.push(expect_name(name)?.to_string()),
                _ => return wrong(name.at, "expected `(name arity)`"),
            }
        }
        if read.len() != bodies_list.len() {
            return wrong(bodies.at, format!("expected {} data types", read.len()));
        }
        self.types.declare_data(&read, bodies_list)
    }
    fn unused(&self, name: &Sexp) -> Result<String> {
        let text = expect_name(name)?;
        if self.functions.contains_key(text) || self.types.constructor(text).is_some() || self.types.selector(text).is_some() {
            return wrong(name.at, format!("`{text}` is declared twice"));
        }
        Ok(text.to_string())
    }
    fn declare(&mut self, name: &Sexp, arguments: Vec<Type>, result: &Sexp) -> Result<()> {
        let text = self.unused(name)?;
        let result = self.types.read(result)?;
        let mut sorts = Vec::new();
        for argument in &arguments {
            sorts.extend(self.types.parts(argument)?);
        }
        let parts = self.types.parts(&result)?;
        let symbols = parts.into_iter().map(|sort| self.terms.declare(&text, &sorts, sort, Role::Given)).collect();
        self.functions.insert(text, Function { arguments, result, meaning: Meaning::Symbols(symbols) });
        Ok(())
    }
    fn define(&mut self, name: &Sexp, arguments: &Sexp, result: &Sexp, body: &Sexp) -> Result<()> {
        let text = self.unused(name)?;
        let result_type = self.types.read(result)?;
        let (names, types): (Vec<String>, Vec<Type>) = self.bindings(arguments)?.into_iter().unzip();
        // Read once with variables for its arguments, so that a definition is wrong even if nobody uses it.
        let mark = self.scope.len();
        for (name, ty) in names.iter().zip(&types) {
            self.bind(name, ty)?;
        }
        let value = self.term(body);
        self.scope.truncate(mark);
        let value = self.coerce(body.at, value?, &result_type)?;
        let meaning = if names.is_empty() { Meaning::Value(value) } else { Meaning::Body(names, body.clone()) };
        self.functions.insert(text, Function { arguments: types, result: result_type, meaning });
        Ok(())
    }
    fn assert(&mut self, formula: &Sexp) -> Result<()> {
        let number = self.script.assertions.len() + 1;
        let mut name = format!("assertion {number}");
        let mut inner = formula;
        if let Some([_, body, attributes @ ..]) = formula.headed("!") {
            inner = body;
            for pair in attributes.chunks(2) {
                match pair {
                    [key, value] if key.atom() == Some(":named") => name = expect_name(value)?.to_string(),
                    _ => return wrong(formula.at, "expected `(! formula :named name)`"),
                }
            }
        }
        if name == NEGATED_CONCLUSION && self.script.assertions.iter().any(|a| a.name == name) {
            return wrong(formula.at, format!("only one assertion may be called {NEGATED_CONCLUSION}"));
        }
        let value = self.term(inner)?;
        let formula = self.truth(inner.at, &value)?;
        self.script.assertions.push(Assertion { name, formula });
        Ok(())
    }

    /// `((i Pid) (v Int))`.
    fn bindings(&self, sexp: &Sexp) -> Result<Vec<(String, Type)>> {
        let Some(list) = sexp.list() else { return wrong(sexp.at, "expected `((name sort) ..)`") };
        list.iter()
            .map(|binding| match binding.list() {
                Some([name, sort]) => Ok((expect_name(name)?.to_string(), self.types.read(sort)?)),
                _ => wrong(binding.at, "expected `(name sort)`"),
            })
            .collect()
    }
    /// Binds a name to fresh variables, one for each part.
    fn bind(&mut self, name: &str, ty: &Type) -> Result<Vec<Var>> {
        let sorts = self.types.parts(ty)?;
        let variables: Vec<Var> = sorts.into_iter().map(|sort| self.terms.variable(name, sort)).collect();
        let parts = variables.iter().map(|&v| self.terms.var(v)).collect();
        self.scope.push((name.to_string(), Typed { ty: ty.clone(), parts }));
        Ok(variables)
    }

    pub(super) fn term(&mut self, sexp: &Sexp) -> Result<Typed> {
        if self.depth >= DEPTH || self.terms.len() > MOST_TERMS {
            return wrong(
                sexp.at,
                format!("too large: deeper than {DEPTH}, or more than {MOST_TERMS} terms with definitions put in place"),
            );
        }
        self.depth += 1;
        let value = match &sexp.kind {
            Kind::Atom(name) => self.name(sexp.at, name),
            Kind::List(list) if !list.is_empty() => self.list(sexp.at, list),
            _ => wrong(sexp.at, "expected a term"),
        };
        self.depth -= 1;
        value
    }
    fn name(&mut self, at: Place, name: &str) -> Result<Typed> {
        if let Some((_, value)) = self.scope.iter().rev().find(|(bound, _)| bound == name) {
            return Ok(value.clone());
        }
        let plain = match name {
            "true" | "false" => self.terms.bool(name == "true"),
            _ if name.starts_with(|c: char| c.is_ascii_digit()) => match name.parse() {
                Ok(value) if value <= LARGEST_NUMBER => self.terms.int(value),
                _ => return wrong(at, format!("`{name}` is no integer up to {LARGEST_NUMBER}")),
            },
            _ => return self.call(at, name, Vec::new()),
        };
        Ok(Typed::plain(&self.terms, plain))
    }
    fn list(&mut self, at: Place, list: &[Sexp]) -> Result<Typed> {
        let (head, rest) = (&list[0], &list[1..]);
        match (head.atom(), rest) {
            (Some("forall" | "exists"), [bindings, body]) => self.quantifier(head.atom() == Some("forall"), bindings, body),
            (Some("set.comprehension"), [bindings, body, element]) => self.comprehension(bindings, body, element),
            (Some("let"), [bindings, body]) => self.bound(bindings, body),
            (Some("!"), [body, ..]) => self.term(body),
            (Some("as"), [name, sort]) => self.qualified(name, sort),
            (Some(name), _) => {
                let arguments = rest.iter().map(|a| self.term(a)).collect::<Result<Vec<_>>>()?;
                self.call(at, name, arguments)
            }
            (None, [argument]) => match head.list() {
                Some([underscore, is, constructor]) if underscore.atom() == Some("_") && is.atom() == Some("is") => {
                    let value = self.term(argument)?;
                    self.tester(constructor, &value)
                }
                _ => wrong(head.at, "expected the name of a function or `(_ is constructor)`"),
            },
            _ => wrong(head.at, "expected the name of a function"),
        }
    }
    fn quantifier(&mut self, universal: bool, bindings: &Sexp, body: &Sexp) -> Result<Typed> {
        let mark = self.scope.len();
        let mut variables = Vec::new();
        for (name, ty) in self.bindings(bindings)? {
            variables.extend(self.bind(&name, &ty)?);
        }
        let value = self.term(body);
        self.scope.truncate(mark);
        let value = value?;
        let inner = self.truth(body.at, &value)?;
        let formula = if universal { self.terms.forall(&variables, inner) } else { self.terms.exists(&variables, inner) };
        Ok(Typed::plain(&self.terms, formula))
    }
    /// `(set.comprehension ((i Pid)) φ i)`; the element must be the variable itself.
    fn comprehension(&mut self, bindings: &Sexp, body: &Sexp, element: &Sexp) -> Result<Typed> {
        let bound = self.bindings(bindings)?;
        let [(name, Type::Plain(sort))] = bound.as_slice() else {
            return wrong(bindings.at, "expected one variable of a declared sort or Int");
        };
        if sort.set().is_none() || element.atom() != Some(name) {
            return wrong(element.at, format!("expected the bound variable, `{name}`, of a sort that there are sets of"));
        }
        let mark = self.scope.len();
        let variables = self.bind(name, &Type::Plain(*sort))?;
        let value = self.term(body);
        self.scope.truncate(mark);
        let value = value?;
        let inner = self.truth(body.at, &value)?;
        let set = self.terms.comprehension(variables[0], inner);
        Ok(Typed::plain(&self.terms, set))
    }
    fn bound(&mut self, bindings: &Sexp, body: &Sexp) -> Result<Typed> {
        let Some(list) = bindings.list() else { return wrong(bindings.at, "expected `((name term) ..)`") };
        let mut values = Vec::new();
        for binding in list {
            match binding.list() {
                Some([name, term]) => values.push((expect_name(name)?.to_string(), self.term(term)?)),
                _ => return wrong(binding.at, "expected `(name term)`"),
            }
        }
        let mark = self.scope.len();
        self.scope.extend(values);
        let value = self.term(body);
        self.scope.truncate(mark);
        value
    }
    /// `(as set.empty (Set Pid))`, `(as none (Option Int))`.
    fn qualified(&mut self, name: &Sexp, sort: &Sexp) -> Result<Typed> {
        let ty = self.types.read(sort)?;
        let element = match &ty {
            Type::Plain(sort) => sort.element(),
            Type::Data(..) => None,
        };
        let set = match (expect_name(name)?, element) {
            ("set.empty", Some(element)) => self.terms.empty_set(element),
            ("set.universe", Some(crate::term::Sort::Process)) => self.terms.universe(),
            ("set.universe", _) => return wrong(sort.at, "only the processes have a universe: it is known to be finite"),
            (constructor, None) => match self.types.constructor(constructor) {
                Some((_, c)) => return self.types.build(&mut self.terms, &ty, c, &[]),
                None => return wrong(name.at, format!("expected a constructor without fields, found `{constructor}`")),
            },
            (other, _) => return wrong(name.at, format!("expected set.empty or set.universe, found `{other}`")),
        };
        Ok(Typed::plain(&self.terms, set))
    }

    /// A function that the file declares or defines.
    pub(super) fn user_function(&mut self, at: Place, name: &str, arguments: &[Typed]) -> Result<Option<Typed>> {
        let Some(function) = self.functions.get(name) else { return Ok(None) };
        if function.arguments.len() != arguments.len() {
            return wrong(at, format!("`{name}` takes {} arguments, not {}", function.arguments.len(), arguments.len()));
        }
        let (wanted, result) = (function.arguments.clone(), function.result.clone());
        let arguments = arguments.iter().zip(&wanted).map(|(a, ty)| self.coerce(at, a.clone(), ty)).collect::<Result<Vec<_>>>()?;
        match &self.functions[name].meaning {
            Meaning::Value(value) => Ok(Some(value.clone())),
            Meaning::Symbols(symbols) => {
                let symbols = symbols.clone();
                let mut parts = Vec::new();
                for argument in &arguments {
                    parts.extend(self.types.visible(&mut self.terms, argument)?);
                }
                let parts = symbols.into_iter().map(|symbol| self.terms.app(symbol, &parts)).collect();
                Ok(Some(Typed { ty: result, parts }))
            }
            Meaning::Body(names, body) => {
                let (names, body) = (names.clone(), body.clone());
                // Nothing but its arguments and the functions before it is in a definition's scope.
                let outer = std::mem::replace(&mut self.scope, names.into_iter().zip(arguments).collect());
                let value = self.term(&body);
                self.scope = outer;
                let value = value?;
                Ok(Some(self.coerce(body.at, value, &result)?))
            }
        }
    }
}

pub(super) fn expect_name(sexp: &Sexp) -> Result<&str> {
    match sexp.atom() {
        Some(name) if !name.starts_with(|c: char| c.is_ascii_digit() || c == ':') => Ok(name),
        _ => wrong(sexp.at, "expected a name"),
    }
}
