//! Comprehensions become functors of their parameters.
//!
//! The parameters of `{j | φ(j)}` are the largest subterms of φ without j (nor a variable bound inside), processes, values, times or
//! numbers: `{j | x(j) = decision(i) ∧ j ∈ HO(i)}` is `C0(decision(i), i)` with `C0(v, p) = {j | x(j) = v ∧ j ∈ HO(p)}`. Two
//! comprehensions with the same body up to parameters share the functor, so that congruence gives `|C0(a, i)| = |C0(b, i)|` from a = b.
//!
//! A body with quantifiers is described by clauses, both ways. One shape has better ones: `C = {v | ∃i. φ(i) ∧ f(i) = v}`, the image of
//! processes, has `v ∈ C ⇒ φ(i_(v)) ∧ f(i_(v)) = v`, `φ(i) ⇒ f(i) ∈ C` and, as each i has one value, `|C| ≤ |{i | φ(i)}|`.

use super::{Clauses, Definition, Source};
use crate::term::{Fun, Node, Role, Sort, Term, Terms, Var};
use std::collections::BTreeMap;

impl Clauses {
    /// The formula with every comprehension named, the inner ones first.
    pub(super) fn name_comprehensions(&mut self, terms: &mut Terms, formula: Term) -> Term {
        let node = terms.node(formula).clone();
        let children: Vec<Term> = terms.children(formula).into_iter().map(|c| self.name_comprehensions(terms, c)).collect();
        match node {
            Node::Comprehension(element, _) => self.name(terms, element, children[0]),
            _ => terms.rebuild(&node, &children),
        }
    }

    fn name(&mut self, terms: &mut Terms, element: Var, body: Term) -> Term {
        let (fun, arguments) = self.functor(terms, element, body);
        terms.app(fun, &arguments)
    }

    /// The functor and the arguments of `{element | body}`.
    fn functor(&mut self, terms: &mut Terms, element: Var, body: Term) -> (Fun, Vec<Term>) {
        let mut arguments = Vec::new();
        let mut bound = BTreeMap::new();
        let element_sort = terms.variable_sort(element);
        let own = self.inner_variable(terms, element_sort, 0);
        let own_term = terms.var(own);
        bound.insert(element, own_term);
        let template = self.abstracted(terms, body, &mut bound, &mut arguments);
        if let Some(&fun) = self.templates.get(&(element_sort, template)) {
            return (fun, arguments);
        }
        self.beyond |= terms.free(template).iter().any(|&v| terms.variable_sort(v).element().is_some());
        let sorts: Vec<Sort> = arguments.iter().map(|&a| terms.sort(a)).collect();
        let set = element_sort.set().expect("sets are of processes or values");
        let fun = terms.declare(&format!("C{}", self.templates.len()), &sorts, set, Role::Comprehension);
        let parameters = (0..arguments.len()).map(|k| self.slot(terms, sorts[k], k)).collect();
        self.templates.insert((element_sort, template), fun);
        self.define(terms, fun, Definition { parameters, element: own, body: template });
        (fun, arguments)
    }

    /// Enters a definition; a body with quantifiers is described by clauses, both ways.
    pub(super) fn define(&mut self, terms: &mut Terms, fun: Fun, definition: Definition) {
        let quantified = terms.facts(definition.body).quantified;
        self.definitions.insert(fun, definition.clone());
        if quantified {
            // Fresh binders: the template's variables are shared by all templates.
            let mut binders = Vec::new();
            let mut map = Vec::new();
            for &v in definition.parameters.iter().chain([&definition.element]) {
                let sort = terms.variable_sort(v);
                let fresh = terms.variable("d", sort);
                binders.push(fresh);
                map.push((v, terms.var(fresh)));
            }
            let arguments: Vec<Term> = map[..map.len() - 1].iter().map(|&(_, t)| t).collect();
            let set = terms.app(fun, &arguments);
            let member = terms.member(map[map.len() - 1].1, set);
            let body = terms.substitute(definition.body, &map);
            let image = image(terms, &definition);
            let whole = if image.is_some() { terms.implies(member, body) } else { terms.eq(member, body) };
            let whole = terms.forall(&binders, whole);
            let before = terms.symbols().count();
            self.assume(terms, whole, Source::Definition(fun));
            if terms.variable_sort(definition.element) != Sort::Process {
                let new = terms.symbols().skip(before).filter(|(_, s)| s.role == Role::Skolem && s.result == Sort::Process);
                self.holders.extend(new.map(|(fun, _)| fun));
            }
            if let Some(image) = image {
                self.assume_image(terms, fun, &definition.parameters, image);
            }
        }
    }

    /// Of an image: everybody's value is in it, and it has not more elements than there are processes whose values these are.
    fn assume_image(&mut self, terms: &mut Terms, fun: Fun, parameters: &[Var], (i, premise, value): (Var, Term, Term)) {
        let fresh = |terms: &mut Terms, old: Var| {
            let new = terms.variable("b", terms.variable_sort(old));
            (new, (old, terms.var(new)))
        };
        let (mut binders, mut map): (Vec<Var>, Vec<(Var, Term)>) = parameters.iter().map(|&p| fresh(terms, p)).unzip();
        let arguments: Vec<Term> = map.iter().map(|&(_, t)| t).collect();
        let (element, to) = fresh(terms, i);
        map.push(to);
        let (premise, value) = (terms.substitute(premise, &map), terms.substitute(value, &map));
        let set = terms.app(fun, &arguments);
        let origin = terms.comprehension(element, premise);
        let (image, origin) = (terms.card(set), terms.card(origin));
        let bound = terms.le(image, origin);
        let bound = terms.forall(&binders, bound);
        binders.push(element);
        let inside = terms.member(value, set);
        let inside = terms.implies(premise, inside);
        let inside = terms.forall(&binders, inside);
        self.assume(terms, inside, Source::Definition(fun));
        self.assume(terms, bound, Source::Definition(fun));
    }

    /// The body with parameters and inner binders replaced by canonical variables.
    fn abstracted(&mut self, terms: &mut Terms, body: Term, bound: &mut BTreeMap<Var, Term>, arguments: &mut Vec<Term>) -> Term {
        let free_of_bound = !terms.free(body).iter().any(|v| bound.contains_key(v));
        let sort = terms.sort(body);
        let n = terms.n();
        let parameter = sort.element().is_none() && sort != Sort::Bool && !matches!(terms.node(body), Node::Int(_)) && body != n;
        if free_of_bound && parameter {
            let k = arguments.iter().position(|&a| a == body).unwrap_or_else(|| {
                arguments.push(body);
                arguments.len() - 1
            });
            let slot = self.slot(terms, sort, k);
            return terms.var(slot);
        }
        let node = terms.node(body).clone();
        match &node {
            Node::Var(v) => bound.get(v).copied().unwrap_or(body),
            Node::Forall(vars, inner) | Node::Exists(vars, inner) => {
                let mut fresh = Vec::new();
                for &v in vars.iter() {
                    let sort = terms.variable_sort(v);
                    let canonical = self.inner_variable(terms, sort, bound.len());
                    let term = terms.var(canonical);
                    bound.insert(v, term);
                    fresh.push(canonical);
                }
                let inner = self.abstracted(terms, *inner, bound, arguments);
                for v in vars.iter() {
                    bound.remove(v);
                }
                if matches!(node, Node::Forall(..)) { terms.forall(&fresh, inner) } else { terms.exists(&fresh, inner) }
            }
            _ => {
                let children: Vec<Term> = terms.children(body).into_iter().map(|c| self.abstracted(terms, c, bound, arguments)).collect();
                terms.rebuild(&node, &children)
            }
        }
    }

    fn slot(&mut self, terms: &mut Terms, sort: Sort, k: usize) -> Var {
        *self.slots.entry((sort, k)).or_insert_with(|| terms.variable(&format!("p{k}"), sort))
    }
    fn inner_variable(&mut self, terms: &mut Terms, sort: Sort, k: usize) -> Var {
        *self.inner.entry((sort, k)).or_insert_with(|| terms.variable(&format!("e{k}"), sort))
    }

    /// The functor over the state before the round that corresponds to one over the state after it, if that differs.
    pub fn twin(&mut self, terms: &mut Terms, fun: Fun, unprimed: &BTreeMap<Fun, Fun>) -> Option<Fun> {
        let definition = self.definitions.get(&fun)?.clone();
        let mut memo = BTreeMap::new();
        let body = terms.replace_symbols(definition.body, unprimed, &mut memo);
        if body == definition.body {
            return None;
        }
        let element_sort = terms.variable_sort(definition.element);
        if let Some(&twin) = self.templates.get(&(element_sort, body)) {
            return Some(twin);
        }
        let (sorts, result) = (terms.symbol(fun).arguments.clone(), terms.symbol(fun).result);
        let twin = terms.declare(&format!("C{}", self.templates.len()), &sorts, result, Role::Comprehension);
        self.templates.insert((element_sort, body), twin);
        self.define(terms, twin, Definition { body, ..definition });
        Some(twin)
    }
}

/// Of `{v | ∃i. φ(i) ∧ f(i) = v}`, for a process i and another v that neither φ nor f speaks of: i, φ(i) and f(i).
fn image(terms: &mut Terms, definition: &Definition) -> Option<(Var, Term, Term)> {
    let v = definition.element;
    let Node::Exists(bound, inner) = terms.node(definition.body).clone() else { return None };
    let [i] = *bound else { return None };
    if terms.variable_sort(i) != Sort::Process || terms.variable_sort(v) == Sort::Process {
        return None;
    }
    let parts = if let Node::And(list) = terms.node(inner) { list.to_vec() } else { vec![inner] };
    let (with, without): (Vec<Term>, Vec<Term>) = parts.into_iter().partition(|&part| terms.free(part).contains(&v));
    let [equation] = with[..] else { return None };
    let Node::Eq(a, b) = *terms.node(equation) else { return None };
    let own = terms.var(v);
    let value = if a == own { b } else { a };
    if (a != own && b != own) || terms.free(value).contains(&v) {
        return None;
    }
    Some((i, terms.and(without), value))
}
