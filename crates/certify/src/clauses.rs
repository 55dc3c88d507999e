//! From assumptions to numbered clauses, by the procedure that the prover documents.
//!
//! 1. `∃S ∀i. F(i) = S`, or `∀i,j. F(i) = F(j)`, for a function F into sets: a set constant takes the place of every F(_);
//! 2. normal forms: [`crate::normal`];
//! 3. existential quantifiers become functions `sk0, sk1, ..` of the universal variables that occur;
//! 4. comprehensions become functors `C0, C1, ..` of their parameters, inner ones first; comprehensions equal up to parameters share one;
//!    definitions with quantifiers become clauses, those of images of processes others than the rest;
//! 5. conjunctions are cut; a universal disjunct is drawn in front, several quantified ones get names `part0, part1, ..`.
//!
//! Each step keeps satisfiability (steps 1 and 3 to 5 by giving a meaning to new symbols), so that clauses without a model mean
//! assumptions without one. Worked example: `∃i. 2·|{j | x(j) = x(i)}| > n` is the clause `2·|C0(x(sk0))| > n` with
//! `C0(v) = {j | x(j) = v}`.

use crate::normal::{constant_function, miniscope, normal};
use crate::sorts::Names;
use crate::term::{Term, make, not, occurring, quantify, raw, word};
use std::collections::BTreeMap;
use std::rc::Rc;

/// `functor(parameters) = { element | body }`; the element is the last binder.
struct Definition {
    functor: Rc<str>,
    binders: Vec<Term>,
    body: Term,
}

/// The clauses and all that their derivation made.
#[derive(Default)]
pub(crate) struct Clauses {
    pub(crate) names: Names,
    /// Binders in their order, and the quantifier-free matrix.
    pub(crate) list: Vec<(Vec<Term>, Term)>,
    definitions: Vec<Definition>,
    /// How many symbols of each kind there are.
    made: BTreeMap<&'static str, usize>,
}

fn variables(binders: &[Term]) -> Vec<Term> {
    binders.iter().map(|b| word(&b.head)).collect()
}
fn substitution(binders: &[Term], terms: &[Term]) -> Vec<(Rc<str>, Term)> {
    binders.iter().map(|b| Rc::clone(&b.head)).zip(terms.iter().cloned()).collect()
}

impl Clauses {
    /// Enters the clauses of the conjunction of the assumptions.
    pub(crate) fn derive(&mut self, assumptions: &[Term]) -> Result<(), String> {
        self.eliminate(assumptions).iter().try_for_each(|formula| self.assume(formula))
    }
    fn assume(&mut self, formula: &Term) -> Result<(), String> {
        let narrow = miniscope(&normal(&self.names, formula, true));
        let open = self.skolemise(&narrow, &[]);
        let named = self.name_comprehensions(&open)?;
        self.split(&named, &[]);
        Ok(())
    }
    fn fresh(&mut self, stem: &'static str, arguments: Vec<Term>, result: Term) -> Rc<str> {
        let count = self.made.entry(stem).or_insert(0);
        let name: Rc<str> = format!("{stem}{count}").into();
        *count += 1;
        self.names.symbols.insert(Rc::clone(&name), (arguments, result));
        name
    }
    /// A fresh function, applied to those variables that occur in the formula.
    fn fresh_over(&mut self, stem: &'static str, scope: &[Term], formula: &Term, result: Term) -> Term {
        let over = occurring(scope, formula);
        let name = self.fresh(stem, over.iter().map(|b| b.list[0].clone()).collect(), result);
        raw(&name, variables(&over))
    }

    /// Step 1.
    fn eliminate(&mut self, assumptions: &[Term]) -> Vec<Term> {
        let mut current = assumptions.to_vec();
        for k in 0..current.len() {
            for part in current[k].clone().conjuncts() {
                let Some((function, set)) = constant_function(part) else { continue };
                let sort = self.names.symbols[&function].1.clone();
                let constant = word(&self.fresh("sk", vec![], sort));
                if let Some(binder) = set {
                    let rest = part.list[1].substitute(&substitution(&[binder], std::slice::from_ref(&constant)));
                    let parts = current[k].conjuncts().iter().map(|p| if p == part { rest.clone() } else { p.clone() });
                    current[k] = make("and", parts.collect());
                }
                current = current.iter().map(|f| f.rewrite(&|t| (t.head == function).then(|| constant.clone()))).collect();
            }
        }
        current
    }

    /// Step 3.
    fn skolemise(&mut self, formula: &Term, scope: &[Term]) -> Term {
        match (&*formula.head, &formula.list[..]) {
            _ if !formula.quantified() => formula.clone(),
            ("exists", [binders @ .., body]) => {
                let fresh: Vec<Term> = binders.iter().map(|b| self.fresh_over("sk", scope, formula, b.list[0].clone())).collect();
                self.skolemise(&body.substitute(&substitution(binders, &fresh)), scope)
            }
            ("forall", [binders @ .., body]) => quantify(true, binders, self.skolemise(body, &[scope, binders].concat())),
            (_, parts) => formula.over(parts.iter().map(|p| self.skolemise(p, scope)).collect()),
        }
    }

    /// Step 4.
    fn name_comprehensions(&mut self, formula: &Term) -> Result<Term, String> {
        let list = formula.list.iter().map(|t| self.name_comprehensions(t)).collect::<Result<Vec<Term>, String>>()?;
        if !formula.is("set") {
            return Ok(if list[..] == formula.list[..] { formula.clone() } else { formula.over(list) });
        }
        let (binders, body, arguments) = self.template(&list[0], &list[1]);
        let known = self.definitions.iter().find(|d| d.body == body && d.binders.last() == binders.last());
        let functor = match known {
            Some(definition) => Rc::clone(&definition.functor),
            None => self.define(binders, body)?,
        };
        Ok(raw(&functor, arguments))
    }
    /// The binders and the body of a definition, and the terms for its parameters. The body's variables are renamed by depth; the
    /// largest subterms without any (but literals and n) are parameters.
    fn template(&mut self, element: &Term, body: &Term) -> (Vec<Term>, Term, Vec<Term>) {
        let own = self.names.canonical("e", 0, &element.list[0]);
        let mut bound = substitution(std::slice::from_ref(element), &[word(&own.head)]);
        let mut arguments = Vec::new();
        let body = self.abstracted(body, &mut bound, 1, &mut arguments);
        let mut binders: Vec<Term> = (0..).zip(&arguments).map(|(k, a)| self.names.canonical("p", k, &self.names.sort(a))).collect();
        binders.push(own);
        (binders, body, arguments)
    }
    fn abstracted(&mut self, body: &Term, bound: &mut Vec<(Rc<str>, Term)>, depth: usize, arguments: &mut Vec<Term>) -> Term {
        let sort = self.names.sort(body);
        let eligible = !sort.is("Set") && !sort.is("Bool") && body.int().is_none() && !body.is("n");
        if eligible && !bound.iter().any(|(v, _)| body.has(v)) {
            let k = arguments.iter().position(|a| a == body).unwrap_or(arguments.len());
            if k == arguments.len() {
                arguments.push(body.clone());
            }
            return word(&self.names.canonical("p", k, &sort).head);
        }
        if let ("forall" | "exists", [binders @ .., inner]) = (&*body.head, &body.list[..]) {
            let fresh: Vec<Term> = (depth..).zip(binders).map(|(k, b)| self.names.canonical("e", k, &b.list[0])).collect();
            bound.extend(substitution(binders, &variables(&fresh)));
            let inner = self.abstracted(inner, bound, depth + binders.len(), arguments);
            bound.truncate(bound.len() - binders.len());
            return quantify(body.is("forall"), &fresh, inner);
        }
        match bound.iter().find(|(v, _)| *v == body.head) {
            Some((_, variable)) => variable.clone(),
            None if body.list.is_empty() => body.clone(),
            None => body.over(body.list.iter().map(|t| self.abstracted(t, bound, depth, arguments)).collect()),
        }
    }
    /// Enters a definition under the next name; one with quantifiers is described by clauses, both ways, an image also by its size.
    fn define(&mut self, binders: Vec<Term>, body: Term) -> Result<Rc<str>, String> {
        if body.has_foreign() {
            return Err("a comprehension speaks of a universally quantified set or truth value".into());
        }
        let mut sorts: Vec<Term> = binders.iter().map(|b| b.list[0].clone()).collect();
        let element = sorts.split_off(sorts.len() - 1);
        let functor = self.fresh("C", sorts, raw("Set", element));
        let number = self.definitions.len();
        self.definitions.push(Definition { functor: Rc::clone(&functor), binders: binders.clone(), body: body.clone() });
        if body.quantified() {
            let new: Vec<Term> = (0..).zip(&binders).map(|(k, b)| self.names.canonical(&format!("d{number}_"), k, &b.list[0])).collect();
            let mut arguments = variables(&new);
            let member = make("in", vec![arguments.remove(new.len() - 1), raw(&functor, arguments)]);
            let renamed = body.substitute(&substitution(&binders, &variables(&new)));
            let Some((i, premise, value)) = self.image(&binders, &body) else {
                // The elder side first: a body without variables is older than the membership.
                let same = if renamed == body { vec![renamed, member] } else { vec![member, renamed] };
                self.assume(&quantify(true, &new, make("=", same)))?;
                return Ok(functor);
            };
            self.assume(&quantify(true, &new, make("or", vec![not(member), renamed])))?;
            let old = [&binders[..binders.len() - 1], std::slice::from_ref(&i)].concat();
            let new: Vec<Term> = (0..).zip(&old).map(|(k, b)| self.names.canonical(&format!("b{number}_"), k, &b.list[0])).collect();
            let map = substitution(&old, &variables(&new));
            let (premise, value) = (premise.substitute(&map), value.substitute(&map));
            let (element, parameters) = new.split_last().expect("i is one of them");
            let set = raw(&functor, variables(parameters));
            let inside = make("or", vec![not(premise.clone()), make("in", vec![value, set.clone()])]);
            self.assume(&quantify(true, &new, inside))?;
            let cards = vec![make("card", vec![set]), make("card", vec![make("set", vec![element.clone(), premise])])];
            self.assume(&quantify(true, parameters, make("<=", cards)))?;
        }
        Ok(functor)
    }
    /// Of `{v | ∃i. φ(i) ∧ f(i) = v}`, for a process i and another v that neither φ nor f speaks of: the binder of i, φ(i) and f(i). Then
    /// everybody's value is in the set, and the set has at most as many elements as `{i | φ(i)}`.
    fn image(&self, binders: &[Term], body: &Term) -> Option<(Term, Term, Term)> {
        let v = binders.last()?;
        let ("exists", [i, inner]) = (&*body.head, &body.list[..]) else { return None };
        if !i.list[0].is("Process") || v.list[0].is("Process") {
            return None;
        }
        let (with, without): (Vec<Term>, Vec<Term>) = inner.conjuncts().iter().cloned().partition(|t| t.has(&v.head));
        let [equation] = &with[..] else { return None };
        let ("=", [a, b]) = (&*equation.head, &equation.list[..]) else { return None };
        let own = word(&v.head);
        let value = if *a == own { b } else { a };
        ((*a == own || *b == own) && !value.has(&v.head)).then(|| (i.clone(), make("and", without), value.clone()))
    }
    /// Step 5.
    fn split(&mut self, formula: &Term, scope: &[Term]) {
        match (&*formula.head, &formula.list[..]) {
            ("and", parts) => parts.iter().for_each(|part| self.split(part, scope)),
            ("forall", [binders @ .., body]) => self.split(body, &[scope, binders].concat()),
            ("or", parts) if formula.quantified() => self.split_disjunction(parts, scope),
            _ => self.push(formula, scope),
        }
    }
    fn split_disjunction(&mut self, list: &[Term], scope: &[Term]) {
        let several = list.iter().filter(|p| p.quantified()).count() > 1;
        let mut parts = list.to_vec();
        for (k, part) in list.iter().enumerate().filter(|(_, part)| part.quantified()) {
            if let (false, "forall", [binders @ .., body]) = (several, &*part.head, &part.list[..]) {
                parts[k] = body.clone();
                return self.split(&make("or", parts), &[scope, binders].concat());
            }
            parts[k] = self.fresh_over("part", scope, part, word("Bool"));
            for conjunct in part.conjuncts() {
                self.split(&make("or", vec![not(parts[k].clone()), conjunct.clone()]), scope);
            }
        }
        self.push(&make("or", parts), scope);
    }
    fn push(&mut self, matrix: &Term, scope: &[Term]) {
        assert!(!matrix.quantified(), "a clause's matrix is quantifier-free");
        let matrix = self.expand(matrix);
        if !matrix.is("true") {
            self.list.push((occurring(scope, &matrix), matrix));
        }
    }

    /// Memberships in sets with quantifier-free definitions, replaced by the bodies.
    pub(crate) fn expand(&self, formula: &Term) -> Term {
        formula.rewrite(&|t| {
            let ("in", [element, set]) = (&*t.head, &t.list[..]) else { return None };
            let definition = self.definitions.iter().find(|d| d.functor == set.head && !d.body.quantified());
            Some(definition.map_or(t.clone(), |d| {
                let actual = [&set.list[..], std::slice::from_ref(element)].concat();
                self.expand(&d.body.substitute(&substitution(&d.binders, &actual)))
            }))
        })
    }
    /// The clause with this number at these terms.
    pub(crate) fn instance(&self, number: usize, at: &[Term]) -> Result<Term, String> {
        let (binders, matrix) = self.list.get(number).ok_or(format!("there is no clause {number}"))?;
        if binders.len() != at.len() || binders.iter().zip(at).any(|(b, t)| !self.names.fits(t, &b.list[0])) {
            let sorts: Vec<&str> = binders.iter().map(|b| &*b.list[0].head).collect();
            return Err(format!("clause {number} takes ({})", sorts.join(" ")));
        }
        Ok(self.expand(&matrix.substitute(&substitution(binders, at))))
    }
}
