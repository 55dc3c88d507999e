//! A prover that leaves quantifiers to the solver and knows little of cardinalities.
//!
//! Processes become an uninterpreted sort, sets predicates, and every cardinality a function of the set's free variables, of which only
//! the following is said (all of it true of cardinalities, so that `unsat` is right; a model means nothing):
//!
//! * 1 ≤ n, and where nothing else is counted, n = 1 exactly when all processes are the same;
//! * 0 ≤ |S|, and |S| = 0 exactly for the empty set; for sets of processes |S| ≤ n, and |S| = n exactly for the set of all;
//! * for each two sets of processes: if one is in the other it is not larger; if they have no common element, |A| + |B| ≤ n; if every
//!   process is in one of them, n ≤ |A| + |B|. This only where there are few sets.
//!
//! Worked example: `∀i. |HO(i)| < 1`, `p ∈ HO(p)` becomes `∀i. c(i) < 1`, `HO(p, p)` with `∀i. (∃e. HO(i, e)) ⇔ 1 ≤ c(i)`.

use super::{Prover, Refutation, Settings};
use crate::smtlib::write::{Writer, declaration, sort};
use crate::solver::{Answer, Solver, SolverError};
use crate::term::{Fun, Node, Role, Sort, Term, Terms, Var};
use std::collections::BTreeMap;
use std::time::Duration;

/// With how many different cardinalities the axioms about two sets are still given.
const MOST_PAIRED: usize = 5;

/// The prover.
pub struct Quantified {
    settings: Settings,
}

impl Quantified {
    /// A prover that starts a solver for each question.
    pub fn new(settings: &Settings) -> Quantified {
        Quantified { settings: settings.clone() }
    }
}

impl Prover for Quantified {
    fn name(&self) -> String {
        "the solver's quantifiers".to_string()
    }
    fn refute(&mut self, terms: &mut Terms, formulas: &[Term], time: Duration) -> Result<Refutation, SolverError> {
        refute(&mut Settings { limit: time.min(self.settings.limit), ..self.settings.clone() }.start()?, terms, formulas)
    }
}

/// Asks a solver that has heard of nothing yet.
///
/// # Errors
/// When it fails.
pub fn refute(solver: &mut Solver, terms: &mut Terms, formulas: &[Term]) -> Result<Refutation, SolverError> {
    let mut counting = Counting { terms, named: BTreeMap::new(), sets: Vec::new(), memo: BTreeMap::new() };
    let mut translated: Vec<Term> = formulas.iter().map(|&f| counting.translate(f)).collect();
    translated.extend(counting.axioms());
    if let Err(what) = pose(solver, terms, &translated) {
        return Ok(Refutation::GaveUp(format!("`{what}` has no translation")));
    }
    Ok(match solver.check()? {
        Answer::Unsat => Refutation::Unsat,
        Answer::Sat => Refutation::GaveUp("there is a model if cardinalities are left vague and universes may be infinite".to_string()),
        Answer::Unknown(why) => Refutation::GaveUp(why),
    })
}

/// Declares what occurs and asserts the formulas; an error is a term that cannot be written.
fn pose(solver: &mut Solver, terms: &mut Terms, formulas: &[Term]) -> Result<(), String> {
    for k in 0..terms.opaque_sorts() {
        solver.send(&format!("(declare-sort {} 0)", sort(Sort::Opaque(k)).unwrap_or_default()));
    }
    solver.send("(declare-sort Process 0)");
    for fun in terms.occurring(formulas) {
        let symbol = terms.symbol(fun);
        solver.send(&declaration(symbol).ok_or_else(|| symbol.name.clone())?);
    }
    let mut writer = Writer::default();
    for &formula in formulas {
        let commands = writer.assert(terms, formula).map_err(|at| terms.show(at.0))?;
        commands.iter().for_each(|command| solver.send(command));
    }
    Ok(())
}

/// A set whose cardinality has a name.
#[derive(Clone)]
struct Named {
    set: Term,
    /// Its free variables, the arguments of the name.
    parameters: Vec<Var>,
    size: Fun,
}

struct Counting<'a> {
    terms: &'a mut Terms,
    /// By the set up to the names of its variables.
    named: BTreeMap<String, usize>,
    sets: Vec<Named>,
    memo: BTreeMap<Term, Term>,
}

impl Counting<'_> {
    fn translate(&mut self, term: Term) -> Term {
        if let Some(&done) = self.memo.get(&term) {
            return done;
        }
        let node = self.terms.node(term).clone();
        let children: Vec<Term> = self.terms.children(term).into_iter().map(|c| self.translate(c)).collect();
        let result = match node {
            Node::Card(_) => self.size(children[0]),
            _ => self.terms.rebuild(&node, &children),
        };
        self.memo.insert(term, result);
        result
    }
    fn size(&mut self, set: Term) -> Term {
        // A comprehension that simplifies away has a known size.
        let card = self.terms.card(set);
        if !matches!(self.terms.node(card), Node::Card(_)) {
            return card;
        }
        let mut parameters = Vec::new();
        let key = shape(self.terms, set, &mut Vec::new(), &mut parameters);
        let arguments: Vec<Term> = parameters.iter().map(|&v| self.terms.var(v)).collect();
        let known = match self.named.get(&key) {
            Some(&known) => known,
            None => {
                let sorts: Vec<Sort> = parameters.iter().map(|&v| self.terms.variable_sort(v)).collect();
                let size = self.terms.declare("size", &sorts, Sort::Int, Role::Comprehension);
                self.sets.push(Named { set, parameters, size });
                self.named.insert(key, self.sets.len() - 1);
                self.sets.len() - 1
            }
        };
        self.terms.app(self.sets[known].size, &arguments)
    }

    fn axioms(&mut self) -> Vec<Term> {
        let (n, one) = (self.terms.n(), self.terms.int(1));
        let mut axioms = vec![self.terms.le(one, n)];
        if self.sets.is_empty() {
            axioms.push(self.alone_or_not());
        }
        for named in self.sets.clone() {
            axioms.push(self.alone(&named));
        }
        let processes: Vec<Named> = self.sets.iter().filter(|s| self.terms.sort(s.set).element() == Some(Sort::Process)).cloned().collect();
        if processes.len() <= MOST_PAIRED {
            for (k, a) in processes.iter().enumerate() {
                for (l, b) in processes.iter().enumerate() {
                    if k != l || !a.parameters.is_empty() {
                        axioms.push(self.pair(a, b, k <= l));
                    }
                }
            }
        }
        axioms
    }
    /// There are two processes exactly when n is not 1.
    fn alone_or_not(&mut self) -> Term {
        let (v, w) = (self.terms.variable("e", Sort::Process), self.terms.variable("e", Sort::Process));
        let terms = &mut *self.terms;
        let (e, other, n, one) = (terms.var(v), terms.var(w), terms.n(), terms.int(1));
        let same = terms.eq(e, other);
        let all_same = terms.forall(&[v, w], same);
        let single = terms.le(n, one);
        terms.eq(all_same, single)
    }
    /// A copy with parameters of its own: they, the set, its size.
    fn copy(&mut self, named: &Named) -> (Vec<Var>, Term, Term) {
        let sorts: Vec<Sort> = named.parameters.iter().map(|&v| self.terms.variable_sort(v)).collect();
        let fresh: Vec<Var> = sorts.into_iter().map(|sort| self.terms.variable("p", sort)).collect();
        let arguments: Vec<Term> = fresh.iter().map(|&v| self.terms.var(v)).collect();
        let map: Vec<(Var, Term)> = named.parameters.iter().copied().zip(arguments.iter().copied()).collect();
        let set = self.terms.substitute(named.set, &map);
        let size = self.terms.app(named.size, &arguments);
        (fresh, set, size)
    }
    fn alone(&mut self, named: &Named) -> Term {
        let (parameters, set, size) = self.copy(named);
        let element = self.terms.sort(set).element().unwrap_or(Sort::Process);
        let variable = self.terms.variable("e", element);
        let terms = &mut *self.terms;
        let e = terms.var(variable);
        let inside = terms.member(e, set);
        let (zero, one, n) = (terms.int(0), terms.int(1), terms.n());
        let (somebody, everybody) = (terms.exists(&[variable], inside), terms.forall(&[variable], inside));
        let positive = terms.le(one, size);
        let mut parts = vec![terms.le(zero, size), terms.eq(somebody, positive)];
        if element == Sort::Process {
            let full = terms.le(n, size);
            parts.extend([terms.le(size, n), terms.eq(everybody, full)]);
        }
        let body = terms.and(parts);
        terms.forall(&parameters, body)
    }
    fn pair(&mut self, a: &Named, b: &Named, symmetric: bool) -> Term {
        let ((mut parameters, a, size_a), (more, b, size_b)) = (self.copy(a), self.copy(b));
        parameters.extend(more);
        let variables: Vec<Var> = (0..3).map(|_| self.terms.variable("e", Sort::Process)).collect();
        let terms = &mut *self.terms;
        let (n, sum) = (terms.n(), terms.add([size_a, size_b]));
        let sides = |terms: &mut Terms, variable: Var| {
            let e = terms.var(variable);
            (terms.member(e, a), terms.member(e, b))
        };
        let (in_a, in_b) = sides(terms, variables[0]);
        let out_b = terms.not(in_b);
        let outside = terms.and([in_a, out_b]);
        let difference = terms.exists(&[variables[0]], outside);
        let smaller = terms.le(size_a, size_b);
        let mut parts = vec![terms.or([smaller, difference])];
        if symmetric {
            let (in_a, in_b) = sides(terms, variables[1]);
            let both = terms.and([in_a, in_b]);
            let meet = terms.exists(&[variables[1]], both);
            let fit = terms.le(sum, n);
            let (in_a, in_b) = sides(terms, variables[2]);
            let either = terms.or([in_a, in_b]);
            let neither = terms.not(either);
            let gap = terms.exists(&[variables[2]], neither);
            let cover = terms.le(n, sum);
            parts.extend([terms.or([fit, meet]), terms.or([cover, gap])]);
        }
        let body = terms.and(parts);
        terms.forall(&parameters, body)
    }
}

/// A text that two terms have in common when they differ only in the names of their variables; `parameters` get the free ones, in order.
fn shape(terms: &Terms, term: Term, bound: &mut Vec<Var>, parameters: &mut Vec<Var>) -> String {
    let node = terms.node(term);
    let binds: &[Var] = match node {
        Node::Forall(vars, _) | Node::Exists(vars, _) => vars,
        Node::Comprehension(var, _) => std::slice::from_ref(var),
        _ => &[],
    };
    let head = match node {
        Node::Var(var) => match bound.iter().rposition(|b| b == var) {
            Some(k) => format!("b{}", bound.len() - k),
            None => {
                let k = parameters.iter().position(|p| p == var).unwrap_or_else(|| {
                    parameters.push(*var);
                    parameters.len() - 1
                });
                format!("p{k}{}", terms.variable_sort(*var))
            }
        },
        Node::App(fun, _) => format!("f{}", fun.0),
        Node::Int(value) => value.to_string(),
        Node::Bool(value) => value.to_string(),
        Node::Mul(k, _) => format!("*{k}"),
        Node::Not(_) => "not".to_string(),
        Node::And(_) => "and".to_string(),
        Node::Or(_) => "or".to_string(),
        Node::Ite(..) => "ite".to_string(),
        Node::Eq(..) => "=".to_string(),
        Node::Le(..) => "<=".to_string(),
        Node::Lt(..) => "<".to_string(),
        Node::Add(_) => "+".to_string(),
        Node::Member(..) => "in".to_string(),
        Node::Card(_) => "card".to_string(),
        Node::Forall(..) => "all".to_string(),
        Node::Exists(..) => "some".to_string(),
        Node::Comprehension(..) => "set".to_string(),
    };
    let sorts: Vec<String> = binds.iter().map(|&v| terms.variable_sort(v).to_string()).collect();
    bound.extend(binds);
    let parts: Vec<String> = terms.children(term).into_iter().map(|c| shape(terms, c, bound, parameters)).collect();
    bound.truncate(bound.len() - binds.len());
    format!("({head}{} {})", sorts.join(""), parts.join(" "))
}
