//! Join-semilattices: a type parameter `L: JoinSemilattice` is a sort of values with an order `⊑` of its own.
//!
//! The algorithm was instantiated with some lattice, sets of numbers say. Nothing of it may be used but what the bound promises, so
//! the sort of the parameter becomes one of which nothing is known, and then
//!
//! ```text
//! below:  ∀a. a ⊑ a        ∀a, b. a ⊑ b ∧ b ⊑ a ⇒ a = b        ∀a, b, c. a ⊑ b ∧ b ⊑ c ⇒ a ⊑ c
//! a ⊔ b:  a ⊑ J ∧ b ⊑ J ∧ ∀v. a ⊑ v ∧ b ⊑ v ⇒ J ⊑ v          with J a new function of the variables in scope
//! mailbox.join(f), s.join(f):  the same for all messages, or all processes (in `mailbox`)
//! ```
//!
//! Where an algorithm has two such parameters, their elements are of one sort: of two semilattices, put one above the other, and it is
//! one.

use super::eval::Eval;
use super::symbols::{ELEMENT, LATTICE};
use super::value::Value;
use super::world::{Fact, Lowered, World};
use crate::term::{Fun, Role, Sort, Term};
use heardof_core::Sort as Data;
use heardof_core::ir::{Algorithm, Expr, Node};

/// The algorithm over an arbitrary semilattice, if it has a parameter that is one.
pub(super) fn abstracted(algorithm: &Algorithm) -> Option<Algorithm> {
    let is_lattice =
        |(_, bounds, _): &&(String, String, Data)| bounds.split(|c: char| !c.is_alphanumeric()).any(|b| b == "JoinSemilattice");
    let lattices: Vec<Data> = algorithm.generics.iter().filter(is_lattice).map(|(.., sort)| sort.clone()).collect();
    if lattices.is_empty() {
        return None;
    }
    let plain = |sort: &Data| without(sort, &lattices);
    let mut a = algorithm.clone();
    a.generics.iter_mut().for_each(|(.., sort)| *sort = plain(sort));
    a.fields.iter_mut().for_each(|field| field.sort = plain(&field.sort));
    [&mut a.state, &mut a.parameters, &mut a.request, &mut a.input].into_iter().for_each(|sort| *sort = plain(sort));
    let functions = [&mut a.init].into_iter().chain(&mut a.halted).chain(&mut a.coordinator).chain(&mut a.faults).chain(&mut a.functions);
    let rounds = a.rounds.iter_mut().flat_map(|r| {
        r.message = plain(&r.message);
        [&mut r.send, &mut r.update].into_iter().chain(&mut r.ready)
    });
    let specs = a.specs.iter_mut().map(|s| &mut s.function);
    for function in functions.chain(rounds).chain(specs) {
        if let Ok(body) = &mut function.body {
            body.walk_mut(&mut |e| {
                if let Node::Lambda(l) = &mut e.node {
                    l.sorts.iter_mut().for_each(|sort| *sort = plain(sort));
                }
            });
        }
    }
    Some(a)
}

/// The sort with [`ELEMENT`] in the place of lattices.
fn without(sort: &Data, lattices: &[Data]) -> Data {
    let plain = |sort: &Data| without(sort, lattices);
    let boxed = |sort: &Data| Box::new(plain(sort));
    let fields = |fields: &[(&'static str, Data)]| fields.iter().map(|(name, sort)| (*name, plain(sort))).collect();
    if lattices.contains(sort) {
        return ELEMENT;
    }
    match sort {
        Data::Option(s) => Data::Option(boxed(s)),
        Data::Set(s) => Data::Set(boxed(s)),
        Data::Map(k, v) => Data::Map(boxed(k), boxed(v)),
        Data::Tuple(sorts) => Data::Tuple(sorts.iter().map(plain).collect()),
        Data::Struct(name, parts) => Data::Struct(name, fields(parts)),
        Data::Enum(name, variants) => Data::Enum(name, variants.iter().map(|(name, parts)| (*name, fields(parts))).collect()),
        other => other.clone(),
    }
}

impl World<'_> {
    /// The order of the lattice.
    fn below(&mut self) -> Fun {
        if let Some(below) = self.below {
            return below;
        }
        let terms = &mut self.terms;
        let about = terms.declare("below", &[LATTICE, LATTICE], Sort::Bool, Role::Aggregate);
        self.below = Some(about);
        let variables = ["a", "b", "c"].map(|name| terms.variable(name, LATTICE));
        let [a, b, c] = variables.map(|v| terms.var(v));
        let [aa, ab, ba, bc, ac] = [[a, a], [a, b], [b, a], [b, c], [a, c]].map(|pair| terms.app(about, &pair));
        let same = terms.eq(a, b);
        let (both, chain) = (terms.and([ab, ba]), terms.and([ab, bc]));
        let (antisymmetric, transitive) = (terms.implies(both, same), terms.implies(chain, ac));
        let laws = [(1, "reflexive", aa), (2, "antisymmetric", antisymmetric), (3, "transitive", transitive)];
        for (count, law, body) in laws {
            let formula = self.terms.forall(&variables[..count], body);
            self.facts.push(Fact { about, label: format!("order {law}"), formula });
        }
        about
    }
    /// a ⊑ b
    pub(super) fn at_or_below(&mut self, a: Term, b: Term) -> Term {
        let below = self.below();
        self.terms.app(below, &[a, b])
    }
}

impl<'a> Eval<'_, 'a> {
    /// `a.join(b)` and `a.leq(b)`.
    pub(super) fn of_lattice(&mut self, name: &str, a: Term, other: &'a Expr) -> Lowered<Value> {
        let b = self.scalar(other)?;
        if name == "leq" {
            let below = self.world.at_or_below(a, b);
            return Ok(Value::Scalar(self.here(below)));
        }
        let variables = self.scope.clone();
        let sorts: Vec<Sort> = variables.iter().map(|v| self.world.terms.variable_sort(*v)).collect();
        let about = self.terms().declare("join", &sorts, LATTICE, Role::Aggregate);
        let arguments: Vec<Term> = variables.iter().map(|v| self.terms().var(*v)).collect();
        let joined = self.terms().app(about, &arguments);
        let bound = self.terms().variable("v", LATTICE);
        let v = self.terms().var(bound);
        let [a_joined, b_joined, a_v, b_v, joined_v] =
            [[a, joined], [b, joined], [a, v], [b, v], [joined, v]].map(|[a, b]| self.world.at_or_below(a, b));
        let terms = self.terms();
        let both = terms.and([a_v, b_v]);
        let least = terms.implies(both, joined_v);
        let least = terms.forall(&[bound], least);
        let body = terms.and([a_joined, b_joined, least]);
        let formula = terms.forall(&variables, body);
        let formula = terms.renamed(formula);
        self.world.facts.push(Fact { about, label: "axiom join".into(), formula });
        Ok(Value::Scalar(joined))
    }
}
