//! Questions about a single element: is there one that exceeds the bound of a candidate lemma?
//!
//! The second solver knows, for one model, the relevant literals, the order of the sets' parameters, and the clauses instantiated at an
//! arbitrary element. If it finds an element, its type is new; it is made extreme (in the sets that have to be large, outside those
//! that have to be small), so that few questions suffice. If it finds none, the reasons become the guards of the lemma.

use super::cut::{Candidate, Type};
use super::emit::Emitter;
use super::instances::Instance;
use super::model::Model;
use crate::clause::Clauses;
use crate::solver::{Answer, Solver, SolverError};
use crate::term::{Node, Sort, Term, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// The second solver and the arbitrary element.
pub struct Pricer<'a> {
    solver: &'a mut Solver,
    emitter: Emitter,
    /// The element that questions are about.
    pub element: Term,
    guards: usize,
    /// Where the scopes of the clauses and of the literals began in the emitter.
    marks: (usize, usize),
}

/// What is known while one model is looked at.
pub struct Context {
    /// The sets that count.
    pub sets: Vec<Term>,
    /// `element ∈ set`, in place.
    pub membership: Vec<Term>,
    /// The relevant literals.
    pub literals: Vec<(Term, bool)>,
    /// The order of the sets' parameters in the model, as a chain.
    pub order: Vec<Term>,
    /// Clauses instantiated at the element.
    pub instances: Vec<(Instance, Term)>,
    /// Sets the element should be in (true) or outside of.
    pub preferences: Vec<(usize, bool)>,
}

/// The answer to a question.
pub enum Price {
    /// There is such an element; its type.
    Type(Type),
    /// There is none, under these literals.
    Excluded(Vec<Term>),
    /// The solver did not say, or found none for reasons it could not name.
    Unclear,
}

impl<'a> Pricer<'a> {
    /// A pricer about `element`.
    pub fn new(solver: &'a mut Solver, element: Term) -> Pricer<'a> {
        Pricer { solver, emitter: Emitter::default(), element, guards: 0, marks: (0, 0) }
    }

    fn assert(&mut self, terms: &Terms, formula: Term) {
        let mut text = String::new();
        let name = self.emitter.name(terms, formula, &mut text);
        self.solver.send(&format!("{text}(assert {name})"));
    }
    fn assuming(&mut self, names: &[String]) -> Result<Answer, SolverError> {
        self.solver.check_assuming(&names.iter().map(String::as_str).collect::<Vec<_>>())
    }
    /// A literal that implies `formula`, for questions under assumptions.
    fn assumption(&mut self, terms: &Terms, formula: Term) -> String {
        let mut text = String::new();
        let name = self.emitter.name(terms, formula, &mut text);
        self.guards += 1;
        let guard = format!("g{}", self.guards);
        self.solver.send(&format!("{text}(declare-fun {guard} () Bool)\n(assert (=> {guard} {name}))"));
        guard
    }

    /// Begins to look at a model: the clauses at the element, then the literals.
    pub fn open(&mut self, terms: &mut Terms, context: &Context) {
        self.marks.0 = self.emitter.mark();
        self.solver.push();
        let n = terms.n();
        let zero = terms.int(0);
        let nonempty = terms.lt(zero, n);
        self.assert(terms, nonempty);
        for &(_, formula) in &context.instances {
            self.assert(terms, formula);
        }
        self.open_literals(terms, context);
    }
    fn open_literals(&mut self, terms: &mut Terms, context: &Context) {
        self.marks.1 = self.emitter.mark();
        self.solver.push();
        for &(atom, positive) in &context.literals {
            let literal = if positive { atom } else { terms.not(atom) };
            self.assert(terms, literal);
        }
        for &formula in &context.order {
            self.assert(terms, formula);
        }
    }
    /// Ends what [`Pricer::open`] began.
    pub fn close(&mut self) {
        self.solver.pop();
        self.solver.pop();
        self.emitter.rewind(self.marks.0);
    }

    /// Whether the literals (and the element's clauses) exclude `formula`.
    pub fn excludes(&mut self, terms: &Terms, formula: Term) -> Result<bool, SolverError> {
        let mark = self.emitter.mark();
        self.solver.push();
        self.assert(terms, formula);
        let answer = self.solver.check()?;
        self.solver.pop();
        self.emitter.rewind(mark);
        Ok(answer == Answer::Unsat)
    }

    /// Whether an element can exceed the candidate's bound.
    pub fn ask(&mut self, terms: &mut Terms, context: &Context, candidate: &Candidate) -> Result<Price, SolverError> {
        let exceeds = exceeds(terms, &context.membership, candidate);
        let mark = self.emitter.mark();
        self.solver.push();
        self.assert(terms, exceeds);
        let answer = self.solver.check()?;
        let price = match answer {
            Answer::Sat => Price::Type(self.extreme(terms, context)?),
            Answer::Unsat => Price::Excluded(Vec::new()),
            Answer::Unknown(_) => Price::Unclear,
        };
        self.solver.pop();
        self.emitter.rewind(mark);
        match price {
            Price::Excluded(_) => self.reasons(terms, context, candidate, exceeds),
            other => Ok(other),
        }
    }

    /// The type of the element in the present scope, with as many preferences as can be had.
    fn extreme(&mut self, terms: &mut Terms, context: &Context) -> Result<Type, SolverError> {
        let mut found = self.read_type(terms, context)?;
        let mut wanted: Vec<(String, usize, bool)> = Vec::new();
        for &(set, inside) in &context.preferences {
            let formula = if inside { context.membership[set] } else { terms.not(context.membership[set]) };
            wanted.push((self.assumption(terms, formula), set, inside));
        }
        let mut round = 0;
        while wanted.iter().any(|&(_, set, inside)| found[set] != inside) {
            let names: Vec<String> = wanted.iter().map(|(name, ..)| name.clone()).collect();
            match self.assuming(&names)? {
                Answer::Sat => return self.read_type(terms, context),
                Answer::Unknown(_) => break,
                Answer::Unsat => {}
            }
            let core: BTreeSet<String> = self.solver.core()?.into_iter().collect();
            let Some(last) = wanted.iter().rposition(|(name, ..)| core.contains(name)) else { break };
            round += 1;
            match round {
                1 => drop(wanted.remove(last)),
                2..=6 => wanted.retain(|(name, ..)| !core.contains(name)),
                // Settle for what the last model has.
                _ => wanted.retain(|&(_, set, inside)| found[set] == inside),
            }
            if round == 7 {
                if let Answer::Sat = self.assuming(&wanted.iter().map(|w| w.0.clone()).collect::<Vec<_>>())? {
                    found = self.read_type(terms, context)?;
                }
                break;
            }
        }
        Ok(found)
    }
    fn read_type(&mut self, terms: &Terms, context: &Context) -> Result<Type, SolverError> {
        let mut names = Vec::new();
        for &membership in &context.membership {
            let mut text = String::new();
            names.push(self.emitter.name(terms, membership, &mut text));
            if !text.is_empty() {
                self.solver.send(&text);
            }
        }
        Ok(self.solver.values(&names.iter().map(String::as_str).collect::<Vec<_>>())?.iter().map(|v| v.to_string() == "true").collect())
    }

    /// The literals under which no element exceeds the bound, the simplest kinds first: whether parameters are equal, their order,
    /// literals without cardinalities, all.
    fn reasons(&mut self, terms: &mut Terms, context: &Context, candidate: &Candidate, exceeds: Term) -> Result<Price, SolverError> {
        // Out of the literals' scope, which would be assumed otherwise.
        self.solver.pop();
        self.emitter.rewind(self.marks.1);
        let mark = self.emitter.mark();
        self.solver.push();
        self.assert(terms, exceeds);
        let mut guards = BTreeMap::new();
        let mut names = Vec::new();
        let mut price = Price::Unclear;
        for stage in stages(terms, context, candidate) {
            for formula in stage {
                let name = self.assumption(terms, formula);
                guards.insert(name.clone(), formula);
                names.push(name);
            }
            if self.assuming(&names)? == Answer::Unsat {
                let core = self.solver.core()?;
                price = Price::Excluded(self.minimal(core)?.iter().filter_map(|name| guards.get(name).copied()).collect());
                break;
            }
        }
        self.solver.pop();
        self.emitter.rewind(mark);
        self.open_literals(terms, context);
        Ok(price)
    }
    /// Drops assumptions that are not needed.
    fn minimal(&mut self, mut core: Vec<String>) -> Result<Vec<String>, SolverError> {
        let mut k = 0;
        while k < core.len() && core.len() <= 12 {
            let mut fewer = core.clone();
            fewer.remove(k);
            if self.assuming(&fewer)? == Answer::Unsat {
                core = fewer;
            } else {
                k += 1;
            }
        }
        Ok(core)
    }
}

/// `Σ a·[element ∈ S] > b`.
pub fn exceeds(terms: &mut Terms, membership: &[Term], candidate: &Candidate) -> Term {
    let sum = weight(terms, membership, candidate);
    let b = terms.int(candidate.b);
    terms.lt(b, sum)
}

/// `Σ a·[element ∈ S]`.
pub fn weight(terms: &mut Terms, membership: &[Term], candidate: &Candidate) -> Term {
    weighted(terms, candidate.support().map(|k| (candidate.a[k], membership[k])))
}

/// `Σ a·[p]` over coefficients and formulas.
pub fn weighted(terms: &mut Terms, parts: impl Iterator<Item = (i64, Term)>) -> Term {
    let zero = terms.int(0);
    let parts: Vec<Term> = parts
        .map(|(a, inside)| {
            let a = terms.int(a);
            terms.ite(inside, a, zero)
        })
        .collect();
    terms.add(parts)
}

fn stages(terms: &mut Terms, context: &Context, candidate: &Candidate) -> Vec<Vec<Term>> {
    let parameters: Vec<Term> = candidate.support().flat_map(|k| terms.children(context.sets[k])).collect();
    let among = |terms: &Terms, formula: Term| match *terms.node(formula) {
        Node::Eq(a, b) | Node::Lt(a, b) => parameters.contains(&a) && parameters.contains(&b),
        Node::Not(inner) => match *terms.node(inner) {
            Node::Eq(a, b) => parameters.contains(&a) && parameters.contains(&b),
            _ => false,
        },
        _ => false,
    };
    let literals: Vec<Term> = context.literals.iter().map(|&(atom, positive)| if positive { atom } else { terms.not(atom) }).collect();
    let (between, _): (Vec<Term>, Vec<Term>) = context.order.iter().copied().partition(|&f| among(terms, f));
    let (equalities, orders): (Vec<Term>, Vec<Term>) = between.into_iter().partition(|&f| !matches!(terms.node(f), Node::Lt(..)));
    let (counting, plain): (Vec<Term>, Vec<Term>) = literals.into_iter().partition(|&f| terms.facts(f).counts);
    vec![equalities, orders, plain, counting.into_iter().chain(context.order.iter().copied()).collect()]
}

/// How the parameters of the sets relate in the model: every pair of one sort, equal or not, and numbers also in order.
pub fn order(terms: &mut Terms, model: &mut Model, sets: &[Term]) -> Vec<Term> {
    let mut by_sort: BTreeMap<Sort, BTreeSet<Term>> = BTreeMap::new();
    for &set in sets {
        for parameter in terms.children(set) {
            by_sort.entry(terms.sort(parameter)).or_default().insert(parameter);
        }
    }
    let mut order = Vec::new();
    for (sort, parameters) in by_sort {
        let list: Vec<Term> = parameters.into_iter().collect();
        for (k, &a) in list.iter().enumerate() {
            for &b in &list[k + 1..] {
                let (x, y) = (model.value(terms, a), model.value(terms, b));
                let same = terms.eq(a, b);
                if x == y {
                    order.push(same);
                    continue;
                }
                order.push(terms.not(same));
                if sort.is_number() {
                    order.push(if x < y { terms.lt(a, b) } else { terms.lt(b, a) });
                }
            }
        }
    }
    order
}

/// Clauses instantiated at `element`, other variables by the pool (one term for each value), up to cost `level`.
pub fn instances_at(
    terms: &mut Terms,
    clauses: &Clauses,
    pool: &BTreeMap<Sort, Vec<(Term, u32)>>,
    element: Term,
    level: u32,
) -> Vec<(Instance, Term)> {
    let mut found = Vec::new();
    for (number, clause) in clauses.list.iter().enumerate() {
        for (place, &v) in clause.variables.iter().enumerate() {
            if terms.variable_sort(v) != Sort::Process || counted(terms, clause.matrix, v) {
                continue;
            }
            let mut choices: Vec<(Vec<Term>, u32)> = vec![(Vec::new(), 0)];
            for (other, &variable) in clause.variables.iter().enumerate() {
                let own = [(element, 0)];
                let sort = terms.variable_sort(variable);
                let candidates: &[(Term, u32)] = if other == place { &own } else { pool.get(&sort).map_or(&[], Vec::as_slice) };
                choices = choices
                    .iter()
                    .flat_map(|(chosen, cost)| {
                        candidates.iter().filter(move |(_, g)| cost + g <= level).map(move |&(t, g)| {
                            let mut longer = chosen.clone();
                            longer.push(t);
                            (longer, cost + g)
                        })
                    })
                    .collect();
            }
            for (chosen, _) in choices.into_iter().take(MAX_INSTANCES) {
                let instance = (number, chosen);
                let formula = super::instances::formula(terms, clauses, &instance);
                found.push((instance, formula));
            }
        }
    }
    found
}

/// At most so many instances of a clause in each place of the element.
const MAX_INSTANCES: usize = 400;

/// Whether a cardinality depends on the variable.
fn counted(terms: &Terms, matrix: Term, v: crate::term::Var) -> bool {
    match terms.node(matrix) {
        _ if !terms.facts(matrix).counts => false,
        Node::Card(set) => terms.free(*set).contains(&v),
        _ => terms.children(matrix).into_iter().any(|c| counted(terms, c, v)),
    }
}
