//! The same condition in another order: symbols are declared and hypotheses stand in a random order, and terms are numbered anew.
//!
//! Nothing that a proof may depend on changes; what an attempt tries first does. (Equations are written with the older term first, so some
//! are turned round as well.)

use heardof_prove::canonical::text;
use heardof_prove::condition::{Condition, Kind, Problem};
use heardof_prove::term::{Fun, Node, Term, Terms, Var};
use std::collections::BTreeMap;

/// Numbers that look random, from a seed (splitmix64).
pub struct Chance(pub u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for k in (1..items.len()).rev() {
            items.swap(k, (self.next() % (k as u64 + 1)) as usize);
        }
    }
}

/// A condition of `problem` by itself, in a random order.
pub fn shuffled(problem: &Problem, condition: &Condition, chance: &mut Chance) -> Problem {
    let mut copy =
        Copy { old: &problem.terms, new: Terms::default(), symbols: BTreeMap::new(), variables: BTreeMap::new(), memo: BTreeMap::new() };
    copy.declare(chance);
    let condition = copy.condition(condition, chance);
    copy.check();
    Problem { terms: copy.new, conditions: vec![condition], assumed: vec![], uncovered: vec![] }
}

struct Copy<'a> {
    old: &'a Terms,
    new: Terms,
    symbols: BTreeMap<Fun, Fun>,
    variables: BTreeMap<Var, Var>,
    memo: BTreeMap<Term, Term>,
}

impl Copy<'_> {
    fn declare(&mut self, chance: &mut Chance) {
        // Sorts are named by their number, so they keep it.
        for k in 0..self.old.opaque_sorts() {
            self.new.declare_sort(&self.old.sort_name(heardof_prove::term::Sort::Opaque(k)));
        }
        let mut symbols: Vec<Fun> = self.old.symbols().map(|(fun, _)| fun).collect();
        chance.shuffle(&mut symbols);
        for fun in symbols {
            let symbol = self.old.symbol(fun);
            let copy = self.new.declare(&symbol.name, &symbol.arguments, symbol.result, symbol.role);
            assert_eq!(self.new.symbol(copy).name, symbol.name, "names are unique, so none is changed");
            self.symbols.insert(fun, copy);
        }
    }

    fn condition(&mut self, condition: &Condition, chance: &mut Chance) -> Condition {
        let mut condition = condition.clone();
        chance.shuffle(&mut condition.hypotheses);
        for hypothesis in &mut condition.hypotheses {
            hypothesis.formula = self.term(hypothesis.formula);
        }
        condition.goal = self.term(condition.goal);
        condition.steps = condition.steps.iter().map(|step| self.condition(step, chance)).collect();
        condition
    }

    /// A copy that says something else would prove something else: it has the same nodes, though equations may be turned round.
    fn check(&self) {
        for (old, new) in self.memo.iter().filter(|(old, _)| self.old.free(**old).is_empty()) {
            assert_eq!(nodes(self.old, *old), nodes(&self.new, *new), "an order changes no formula");
        }
    }

    fn variable(&mut self, v: Var) -> Var {
        let (name, sort) = (self.old.variable_name(v), self.old.variable_sort(v));
        *self.variables.entry(v).or_insert_with(|| self.new.variable(name, sort))
    }

    fn term(&mut self, t: Term) -> Term {
        if let Some(known) = self.memo.get(&t) {
            return *known;
        }
        let children: Vec<Term> = self.old.children(t).into_iter().map(|c| self.term(c)).collect();
        let copy = match self.old.node(t) {
            Node::App(fun, _) => self.new.app(self.symbols[fun], &children),
            Node::Var(v) => {
                let v = self.variable(*v);
                self.new.var(v)
            }
            Node::Forall(vs, _) => {
                let vs: Vec<Var> = vs.iter().map(|v| self.variable(*v)).collect();
                self.new.forall(&vs, children[0])
            }
            Node::Exists(vs, _) => {
                let vs: Vec<Var> = vs.iter().map(|v| self.variable(*v)).collect();
                self.new.exists(&vs, children[0])
            }
            Node::Comprehension(v, _) => {
                let v = self.variable(*v);
                self.new.comprehension(v, children[0])
            }
            node => self.new.rebuild(node, &children),
        };
        self.memo.insert(t, copy);
        copy
    }
}

/// The nodes of a formula, sorted, without the numbers that say how they hang together.
fn nodes(terms: &Terms, formula: Term) -> Vec<String> {
    let alone = Condition { name: String::new(), kind: Kind::Property, hypotheses: vec![], goal: formula, steps: vec![] };
    let is_name = |word: &&str| word.parse::<u64>().is_err();
    let text = text(terms, &alone);
    let mut lines: Vec<String> = text.lines().map(|l| l.split(' ').filter(is_name).collect::<Vec<_>>().join(" ")).collect();
    lines.sort();
    lines
}
