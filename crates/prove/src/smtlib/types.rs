//! The types of a file, and how a value of each is a list of plain terms, its *parts*.
//!
//! A value of a data type with constructors c₀ … cₖ has k truth values and then the parts of all fields of all constructors. It was built
//! by cⱼ, j < k, when the j-th truth value is the first true one, and by cₖ when none is. So `(Option Int)`, whose constructors are `none`
//! and `(some Int)`, has the parts (is it none?, integer), and every combination of parts is a value: no invariant is needed.
//! What stands in the fields of other constructors is meaningless: equality ignores it, and a function never sees it.

use super::{Result, wrong};
use crate::sexp::{Place, Sexp};
use crate::term::{Fun, Role, Sort, Term, Terms};
use std::collections::BTreeMap;

/// The type of a term.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Type {
    /// One plain term.
    Plain(Sort),
    /// A data type, by its number, and the types that its parameters stand for.
    Data(usize, Vec<Type>),
}

/// A term with its type.
#[derive(Clone, Debug)]
pub(super) struct Typed {
    pub(super) ty: Type,
    pub(super) parts: Vec<Term>,
}

impl Typed {
    pub(super) fn plain(terms: &Terms, term: Term) -> Typed {
        Typed { ty: Type::Plain(terms.sort(term)), parts: vec![term] }
    }
}

pub(super) struct Datatype {
    pub(super) name: String,
    parameters: Vec<String>,
    pub(super) constructors: Vec<Constructor>,
}

pub(super) struct Constructor {
    pub(super) name: String,
    fields: Vec<(String, Sexp)>,
}

/// Where a field is: data type, constructor, number of the field.
pub(super) type Selector = (usize, usize, usize);

/// All types of a file.
#[derive(Default)]
pub(super) struct Types {
    processes: String,
    sorts: BTreeMap<String, Sort>,
    pub(super) data: Vec<Datatype>,
    /// What a field is where the value was built by another constructor: an unspecified function of that constructor's fields.
    elsewhere: BTreeMap<(Type, Selector, usize, usize), Fun>,
    junk: BTreeMap<Sort, Fun>,
}

impl Types {
    pub(super) fn new(processes: String) -> Types {
        Types { processes, ..Types::default() }
    }
    pub(super) fn declare_sort(&mut self, terms: &mut Terms, at: Place, name: &str) -> Result<()> {
        if self.sorts.contains_key(name) || self.data.iter().any(|d| d.name == name) || ["Int", "Bool", "Set"].contains(&name) {
            return wrong(at, format!("the sort `{name}` is declared twice"));
        }
        let sort = if name == self.processes { Sort::Process } else { terms.declare_sort(name) };
        self.sorts.insert(name.to_string(), sort);
        Ok(())
    }
    pub(super) fn has_processes(&self) -> bool {
        self.sorts.contains_key(&self.processes)
    }

    /// `(declare-datatypes ((Option 1)) ((par (T) ((none) (some (get T))))))`; all of one command.
    pub(super) fn declare_data(&mut self, names: &[String], bodies: &[Sexp]) -> Result<()> {
        for (name, body) in names.iter().zip(bodies) {
            let (parameters, constructors) = match body.headed("par") {
                Some([_, parameters, constructors]) => (atoms(parameters)?, constructors),
                Some(_) => return wrong(body.at, "expected `(par (parameters) (constructors))`"),
                None => (Vec::new(), body),
            };
            let Some(list) = constructors.list().filter(|list| !list.is_empty()) else {
                return wrong(constructors.at, "expected a list of constructors");
            };
            let constructors = list.iter().map(|c| constructor(c, names)).collect::<Result<Vec<_>>>()?;
            self.data.push(Datatype { name: name.clone(), parameters, constructors });
        }
        // The sorts of the fields exist already, so that no later declaration can make the type recursive.
        for data in self.data.len() - names.len()..self.data.len() {
            let any = vec![Type::Plain(Sort::Int); self.data[data].parameters.len()];
            (0..self.data[data].constructors.len()).try_for_each(|k| self.fields(data, &any, k).map(|_| ()))?;
        }
        Ok(())
    }

    /// The type that an expression names.
    pub(super) fn read(&self, sexp: &Sexp) -> Result<Type> {
        self.read_with(sexp, &BTreeMap::new())
    }
    fn read_with(&self, sexp: &Sexp, parameters: &BTreeMap<&str, Type>) -> Result<Type> {
        if let Some(name) = sexp.atom() {
            return match (name, parameters.get(name), self.sorts.get(name)) {
                (_, Some(ty), _) => Ok(ty.clone()),
                ("Int", ..) => Ok(Type::Plain(Sort::Int)),
                ("Bool", ..) => Ok(Type::Plain(Sort::Bool)),
                (_, _, Some(&sort)) => Ok(Type::Plain(sort)),
                _ => self.apply_type(sexp.at, name, Vec::new()),
            };
        }
        let Some([head, arguments @ ..]) = sexp.list() else { return wrong(sexp.at, "expected a sort") };
        let arguments = arguments.iter().map(|a| self.read_with(a, parameters)).collect::<Result<Vec<_>>>()?;
        match head.atom() {
            Some("Set") => match arguments.as_slice() {
                [Type::Plain(element)] if element.set().is_some() => Ok(Type::Plain(element.set().unwrap_or(*element))),
                _ => wrong(sexp.at, "expected `(Set S)`, where S is a declared sort or Int"),
            },
            Some(name) => self.apply_type(sexp.at, name, arguments),
            None => wrong(head.at, "expected the name of a sort"),
        }
    }
    fn apply_type(&self, at: Place, name: &str, arguments: Vec<Type>) -> Result<Type> {
        match self.data.iter().position(|d| d.name == name) {
            None => wrong(at, format!("no sort is called `{name}`")),
            Some(k) if self.data[k].parameters.len() != arguments.len() => {
                wrong(at, format!("`{name}` has {} parameters, not {}", self.data[k].parameters.len(), arguments.len()))
            }
            Some(k) => Ok(Type::Data(k, arguments)),
        }
    }

    /// The types of a constructor's fields.
    pub(super) fn fields(&self, data: usize, arguments: &[Type], constructor: usize) -> Result<Vec<Type>> {
        let datatype = &self.data[data];
        let parameters = datatype.parameters.iter().map(String::as_str).zip(arguments.iter().cloned()).collect();
        datatype.constructors[constructor].fields.iter().map(|(_, sort)| self.read_with(sort, &parameters)).collect()
    }
    /// The sorts of a type's parts.
    pub(super) fn parts(&self, ty: &Type) -> Result<Vec<Sort>> {
        match ty {
            Type::Plain(sort) => Ok(vec![*sort]),
            Type::Data(data, arguments) => {
                let constructors = self.data[*data].constructors.len();
                let mut sorts = vec![Sort::Bool; constructors - 1];
                for k in 0..constructors {
                    for field in self.fields(*data, arguments, k)? {
                        sorts.extend(self.parts(&field)?);
                    }
                }
                Ok(sorts)
            }
        }
    }
    /// Where the parts of each field of each constructor are.
    fn layout(&self, data: usize, arguments: &[Type]) -> Result<Vec<Vec<std::ops::Range<usize>>>> {
        let constructors = self.data[data].constructors.len();
        let mut next = constructors - 1;
        let mut layout = Vec::new();
        for k in 0..constructors {
            let mut ranges = Vec::new();
            for field in self.fields(data, arguments, k)? {
                let width = self.parts(&field)?.len();
                ranges.push(next..next + width);
                next += width;
            }
            layout.push(ranges);
        }
        Ok(layout)
    }

    /// The constructor, or the field, called `name`.
    pub(super) fn constructor(&self, name: &str) -> Option<(usize, usize)> {
        let all = self.data.iter().enumerate().flat_map(|(d, data)| data.constructors.iter().enumerate().map(move |(c, con)| (d, c, con)));
        all.into_iter().find(|(_, _, con)| con.name == name).map(|(d, c, _)| (d, c))
    }
    pub(super) fn selector(&self, name: &str) -> Option<Selector> {
        self.data.iter().enumerate().find_map(|(d, data)| {
            data.constructors.iter().enumerate().find_map(|(c, con)| con.fields.iter().position(|(n, _)| n == name).map(|f| (d, c, f)))
        })
    }
    /// The type that a constructor makes of fields of these types, if its parameters can be told from them.
    pub(super) fn infer(&self, data: usize, constructor: usize, fields: &[Type]) -> Option<Type> {
        let datatype = &self.data[data];
        let arguments = datatype.parameters.iter().map(|parameter| {
            let mut fields = datatype.constructors[constructor].fields.iter().zip(fields);
            fields.find(|((_, sort), _)| sort.atom() == Some(parameter)).map(|(_, ty)| ty.clone())
        });
        Some(Type::Data(data, arguments.collect::<Option<Vec<Type>>>()?))
    }

    /// Was the value built by this constructor?
    pub(super) fn built_by(&self, terms: &mut Terms, value: &Typed, constructor: usize) -> Term {
        let Type::Data(data, _) = &value.ty else { return terms.bool(false) };
        let tags = self.data[*data].constructors.len() - 1;
        let mut literals: Vec<Term> = value.parts[..constructor.min(tags)].to_vec();
        for literal in &mut literals {
            *literal = terms.not(*literal);
        }
        if constructor < tags {
            literals.push(value.parts[constructor]);
        }
        terms.and(literals)
    }
    /// The value that a constructor builds; the fields have the right types.
    pub(super) fn build(&mut self, terms: &mut Terms, ty: &Type, constructor: usize, fields: &[Typed]) -> Result<Typed> {
        let Type::Data(data, arguments) = ty else { return Ok(fields[0].clone()) };
        let mut parts = Vec::new();
        for (k, sort) in self.parts(ty)?.into_iter().enumerate() {
            let tags = self.data[*data].constructors.len() - 1;
            parts.push(if k < tags { terms.bool(k == constructor) } else { self.junk(terms, sort) });
        }
        for (range, field) in self.layout(*data, arguments)?[constructor].iter().zip(fields) {
            parts[range.clone()].copy_from_slice(&field.parts);
        }
        Ok(Typed { ty: ty.clone(), parts })
    }
    /// A field of a value. Where another constructor built the value, the field is an unspecified function of that one's fields.
    pub(super) fn select(&mut self, terms: &mut Terms, value: &Typed, selector: Selector) -> Result<Typed> {
        let (data, constructor, field) = selector;
        let Type::Data(_, arguments) = &value.ty else { return Ok(value.clone()) };
        let ty = self.fields(data, arguments, constructor)?.swap_remove(field);
        let layout = self.layout(data, arguments)?;
        let mut parts = value.parts[layout[constructor][field].clone()].to_vec();
        for (other, fields) in layout.iter().enumerate().filter(|(other, _)| *other != constructor) {
            let built = self.built_by(terms, value, other);
            let others = self.fields(data, arguments, other)?;
            let mut given = Vec::new();
            for (range, ty) in fields.iter().zip(others) {
                let field = Typed { ty, parts: value.parts[range.clone()].to_vec() };
                given.extend(self.visible(terms, &field)?);
            }
            for (k, part) in parts.iter_mut().enumerate() {
                let sorts: Vec<Sort> = given.iter().map(|&t| terms.sort(t)).collect();
                let result = terms.sort(*part);
                let name = format!(
                    "{}_of_{}",
                    self.data[data].constructors[constructor].fields[field].0, self.data[data].constructors[other].name
                );
                let key = (value.ty.clone(), selector, other, k);
                let fun = *self.elsewhere.entry(key).or_insert_with(|| terms.declare(&name, &sorts, result, Role::Given));
                let unspecified = terms.app(fun, &given);
                *part = choose(terms, built, unspecified, *part);
            }
        }
        Ok(Typed { ty, parts })
    }
    /// Equality of two values of one type.
    pub(super) fn equal(&self, terms: &mut Terms, a: &Typed, b: &Typed) -> Result<Term> {
        let Type::Data(data, arguments) = &a.ty else { return Ok(terms.eq(a.parts[0], b.parts[0])) };
        let mut cases = Vec::new();
        for (k, ranges) in self.layout(*data, arguments)?.iter().enumerate() {
            let mut both = vec![self.built_by(terms, a, k), self.built_by(terms, b, k)];
            for (range, ty) in ranges.iter().zip(self.fields(*data, arguments, k)?) {
                let part = |value: &Typed| Typed { ty: ty.clone(), parts: value.parts[range.clone()].to_vec() };
                both.push(self.equal(terms, &part(a), &part(b))?);
            }
            cases.push(terms.and(both));
        }
        Ok(terms.or(cases))
    }
    /// The parts as a function may see them: what is meaningless is always the same.
    pub(super) fn visible(&mut self, terms: &mut Terms, value: &Typed) -> Result<Vec<Term>> {
        let Type::Data(data, arguments) = &value.ty else { return Ok(value.parts.clone()) };
        let tags = self.data[*data].constructors.len() - 1;
        let mut parts = value.parts.clone();
        for (k, part) in parts.iter_mut().enumerate().take(tags) {
            // Truth values behind the first true one mean nothing either.
            *part = self.built_by(terms, value, k);
        }
        for (k, ranges) in self.layout(*data, arguments)?.iter().enumerate() {
            let built = self.built_by(terms, value, k);
            for (range, ty) in ranges.iter().zip(self.fields(*data, arguments, k)?) {
                let field = Typed { ty, parts: value.parts[range.clone()].to_vec() };
                for (part, seen) in parts[range.clone()].iter_mut().zip(self.visible(terms, &field)?) {
                    let junk = self.junk(terms, terms.sort(seen));
                    *part = choose(terms, built, seen, junk);
                }
            }
        }
        Ok(parts)
    }
    /// One fixed element of a sort: what stands where nothing is meant.
    fn junk(&mut self, terms: &mut Terms, sort: Sort) -> Term {
        match sort {
            Sort::Bool => terms.bool(false),
            Sort::Int | Sort::Value | Sort::Time => terms.int(0),
            _ => match sort.element() {
                Some(element) => terms.empty_set(element),
                None => {
                    let fun = *self.junk.entry(sort).or_insert_with(|| terms.declare("nothing", &[], sort, Role::Given));
                    terms.constant(fun)
                }
            },
        }
    }
    /// A type as the file writes it.
    pub(super) fn show(&self, terms: &Terms, ty: &Type) -> String {
        match ty {
            Type::Plain(sort) => terms.sort_name(*sort),
            Type::Data(data, arguments) if arguments.is_empty() => self.data[*data].name.clone(),
            Type::Data(data, arguments) => {
                let shown: Vec<String> = arguments.iter().map(|a| self.show(terms, a)).collect();
                format!("({} {})", self.data[*data].name, shown.join(" "))
            }
        }
    }
}

/// `if c then a else b`, of any sort: between sets by their members.
pub(super) fn choose(terms: &mut Terms, c: Term, a: Term, b: Term) -> Term {
    let Some(element) = terms.sort(a).element() else { return terms.ite(c, a, b) };
    let variable = terms.variable("e", element);
    let e = terms.var(variable);
    let (in_a, in_b) = (terms.member(e, a), terms.member(e, b));
    let body = terms.ite(c, in_a, in_b);
    terms.comprehension(variable, body)
}

fn constructor(sexp: &Sexp, names: &[String]) -> Result<Constructor> {
    let (name, fields) = match (sexp.atom(), sexp.list()) {
        (Some(name), _) => (name, [].as_slice()),
        (_, Some([name, fields @ ..])) => match name.atom() {
            Some(name) => (name, fields),
            None => return wrong(name.at, "expected the name of a constructor"),
        },
        _ => return wrong(sexp.at, "expected a constructor"),
    };
    let fields = fields.iter().map(|field| match field.list() {
        Some([name, sort]) if name.atom().is_some() => match mentions(sort, names) {
            true => wrong(sort.at, "recursive data types are not supported"),
            false => Ok((name.atom().unwrap_or_default().to_string(), sort.clone())),
        },
        _ => wrong(field.at, "expected `(field sort)`"),
    });
    Ok(Constructor { name: name.to_string(), fields: fields.collect::<Result<Vec<_>>>()? })
}

fn mentions(sexp: &Sexp, names: &[String]) -> bool {
    match sexp.list() {
        Some(list) => list.iter().any(|s| mentions(s, names)),
        None => sexp.atom().is_some_and(|atom| names.iter().any(|name| name == atom)),
    }
}

/// A list of names.
pub(super) fn atoms(sexp: &Sexp) -> Result<Vec<String>> {
    let names = sexp.list().map(|list| list.iter().map(|s| s.atom().map(str::to_string)).collect::<Option<Vec<_>>>());
    match names.flatten() {
        Some(names) => Ok(names),
        None => wrong(sexp.at, "expected a list of names"),
    }
}
