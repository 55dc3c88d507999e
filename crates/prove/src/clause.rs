//! From formulas to clauses: what the ground engine instantiates.
//!
//! A [`Clause`] is a quantifier-free matrix over universally quantified variables. The passes, each its own module, in their order:
//!
//! 1. `equations`: a hypothesis `∃S ∀i. HO(i) = S` (or `∀i,j. HO(i) = HO(j)`) makes every `HO(_)` one set constant;
//! 2. `normal`: negation normal form where quantifiers are, then quantifiers pushed inwards;
//! 3. `skolem`: existential quantifiers become functions of the universal ones that occur;
//! 4. `naming`: comprehensions become functors of their parameters, so that congruence knows `|{j | x(j) = u}| = |{j | x(j) = v}|` when u = v;
//! 5. the matrix: a quantified disjunct beside another one gets a name.
//!
//! Worked example: `∀i. decided(i) ⇒ 3·|{j | x(j) = decision(i)}| > 2·n`, negated, is the two ground clauses `decided(i1)` and
//! `3·|C0(decision(i1))| ≤ 2·n` with the Skolem constant `i1` and the definition `C0(v) = {j | x(j) = v}`.

mod equations;
mod naming;
mod normal;
mod skolem;
#[cfg(test)]
mod tests;

use crate::term::{Fun, Node, Role, Sort, Term, Terms, Var};
use std::collections::{BTreeMap, BTreeSet};

/// A universally quantified, quantifier-free formula.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clause {
    /// The variables that occur, in the order of their binders.
    pub variables: Vec<Var>,
    /// The matrix; memberships in defined sets are put in place.
    pub matrix: Term,
    /// Where it comes from.
    pub source: Source,
}

/// Where a clause comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Source {
    /// The assumption with this number.
    Assumption(usize),
    /// The definition of a comprehension whose body has quantifiers.
    Definition(Fun),
}

/// `functor(parameters) = { element | body }`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Definition {
    /// The parameters of the functor.
    pub parameters: Vec<Var>,
    /// The element.
    pub element: Var,
    /// The body; with quantifiers the functor is described by clauses, and membership in it stays an atom.
    pub body: Term,
}

/// The clauses of a condition and the sets they speak of.
#[derive(Clone, Debug, Default)]
pub struct Clauses {
    /// The clauses.
    pub list: Vec<Clause>,
    /// The named comprehensions.
    pub definitions: BTreeMap<Fun, Definition>,
    /// A comprehension over a quantified set occurs, which no functor of processes and values can name: nothing may be concluded.
    pub beyond: bool,
    /// Skolem functions that give who holds a value of a set of values.
    pub holders: BTreeSet<Fun>,
    /// Sort of the elements and template to functor: comprehensions equal up to parameters share one.
    templates: BTreeMap<(Sort, Term), Fun>,
    /// The variables that stand for parameters in templates, by sort and position.
    slots: BTreeMap<(Sort, usize), Var>,
    /// The variables that stand for the element and for inner binders.
    inner: BTreeMap<(Sort, usize), Var>,
}

impl Clauses {
    /// The clauses of the conjunction of `assumptions`; a condition's goal comes negated, as the last of them.
    pub fn new(terms: &mut Terms, assumptions: &[Term]) -> Clauses {
        let assumptions = equations::eliminate(terms, assumptions);
        let mut clauses = Clauses::default();
        for (k, &formula) in assumptions.iter().enumerate() {
            clauses.assume(terms, formula, Source::Assumption(k));
        }
        clauses.beyond |= clauses.list.iter().any(|c| takes_sets(terms, c.matrix));
        clauses
    }

    fn assume(&mut self, terms: &mut Terms, formula: Term, source: Source) {
        let normal = normal::negation_normal(terms, formula, true);
        let normal = normal::miniscope(terms, normal);
        let skolem = skolem::skolemise(terms, normal);
        let named = self.name_comprehensions(terms, skolem);
        self.split(terms, named, &[], source);
    }

    /// Cuts a Skolemised formula under the quantifiers of `scope` into clauses.
    fn split(&mut self, terms: &mut Terms, formula: Term, scope: &[Var], source: Source) {
        if !terms.facts(formula).quantified && !matches!(terms.node(formula), Node::And(_)) {
            self.push(terms, formula, scope, source);
            return;
        }
        match terms.node(formula).clone() {
            Node::And(list) => list.iter().for_each(|&part| self.split(terms, part, scope, source)),
            Node::Forall(vars, body) => {
                let scope: Vec<Var> = scope.iter().chain(vars.iter()).copied().collect();
                self.split(terms, body, &scope, source);
            }
            Node::Or(list) => self.split_disjunction(terms, &list, scope, source),
            node => unreachable!("not in Skolem normal form: {node:?}"),
        }
    }

    /// One universal disjunct is drawn in front; of several quantified ones each gets a name: `nm(x) ∨ ..` and `nm(x) ⇒ part`.
    fn split_disjunction(&mut self, terms: &mut Terms, list: &[Term], scope: &[Var], source: Source) {
        let quantified = list.iter().filter(|&&part| terms.facts(part).quantified).count();
        let mut parts = Vec::new();
        for &part in list {
            if !terms.facts(part).quantified {
                parts.push(part);
                continue;
            }
            if let (1, Node::Forall(vars, body)) = (quantified, terms.node(part).clone()) {
                let whole = terms.or(list.iter().map(|&p| if p == part { body } else { p }));
                let scope: Vec<Var> = scope.iter().chain(vars.iter()).copied().collect();
                self.split(terms, whole, &scope, source);
                return;
            }
            let over: Vec<Var> = scope.iter().copied().filter(|v| terms.free(part).contains(v)).collect();
            let sorts: Vec<Sort> = over.iter().map(|&v| terms.variable_sort(v)).collect();
            let name = terms.declare("part", &sorts, Sort::Bool, Role::Part);
            let arguments: Vec<Term> = over.iter().map(|&v| terms.var(v)).collect();
            let atom = terms.app(name, &arguments);
            parts.push(atom);
            let not_atom = terms.not(atom);
            let conjuncts = if let Node::And(list) = terms.node(part) { list.to_vec() } else { vec![part] };
            for conjunct in conjuncts {
                let implied = terms.or([not_atom, conjunct]);
                self.split(terms, implied, scope, source);
            }
        }
        let whole = terms.or(parts);
        self.push(terms, whole, scope, source);
    }

    fn push(&mut self, terms: &mut Terms, matrix: Term, scope: &[Var], source: Source) {
        let matrix = self.expand(terms, matrix);
        if *terms.node(matrix) == Node::Bool(true) {
            return;
        }
        let variables = scope.iter().copied().filter(|v| terms.free(matrix).contains(v)).collect();
        self.list.push(Clause { variables, matrix, source });
    }

    /// Puts the bodies of quantifier-free definitions in the place of memberships.
    pub fn expand(&self, terms: &mut Terms, formula: Term) -> Term {
        self.expand_within(terms, formula, &mut BTreeMap::new())
    }
    fn expand_within(&self, terms: &mut Terms, formula: Term, memo: &mut BTreeMap<Term, Term>) -> Term {
        if let Some(&done) = memo.get(&formula) {
            return done;
        }
        let node = terms.node(formula).clone();
        let result = match node {
            Node::Member(element, set) => match self.membership(terms, element, set) {
                Some(body) => self.expand_within(terms, body, memo),
                None => formula,
            },
            _ => {
                let children: Vec<Term> = terms.children(formula).into_iter().map(|c| self.expand_within(terms, c, memo)).collect();
                terms.rebuild(&node, &children)
            }
        };
        memo.insert(formula, result);
        result
    }
    /// The formula that says `element ∈ set`, if `set` has a quantifier-free definition.
    pub fn membership(&self, terms: &mut Terms, element: Term, set: Term) -> Option<Term> {
        let Node::App(fun, arguments) = terms.node(set).clone() else { return None };
        let definition = self.definitions.get(&fun)?;
        if terms.facts(definition.body).quantified {
            return None;
        }
        let mut map: Vec<(Var, Term)> = definition.parameters.iter().copied().zip(arguments.iter().copied()).collect();
        map.push((definition.element, element));
        Some(terms.substitute(definition.body, &map))
    }
}

/// Whether a function of sets occurs: sets are not values to the engine.
fn takes_sets(terms: &Terms, term: Term) -> bool {
    let own = match terms.node(term) {
        Node::App(_, list) => list.iter().any(|&a| terms.sort(a).element().is_some()),
        _ => false,
    };
    own || terms.children(term).into_iter().any(|c| takes_sets(terms, c))
}
