//! Mutants: an algorithm with one small mistake, and the matrix of which mistakes the checker finds.
//!
//! A specification is worth what it refuses. [`generate`] makes every mistake that the operators know in `init`, `halted`,
//! `coordinator`, `send` and `update` (and in helpers they call) of an algorithm's text, never in its specification; [`run_matrix`]
//! asks a judge (such as [`judge_goals`]) about each at each number of processes; [`Reasons`] holds, for those that nothing kills, why they are no mistakes.
//!
//! Worked example: in One-Third Rule's `if 3 * mailbox.len() > 2 * ctx.n() && ..` the operator `threshold` makes two thirds a half.
//! The mutant is called `Exchange.update/threshold#1: 2/3 to 1/2` (the first threshold of that function, counted as it is read), is
//! described as "the threshold goes from 2/3 to 1/2: 44:12: `3 * mailbox.len() > 2 * ctx.n()` → `2 * mailbox.len() > ctx.n()`", and
//! violates agreement from n = 7 on.
//!
//! Ids are stable: they name the function, the operator and the how-manieth node it applies to, so a change elsewhere in the file
//! keeps them. Two comparisons changed in the same way make a mutant of their own (`threshold#1+#2: 2/3 to 1/2`), because such a
//! mistake is usually made in both places at once.

mod goals;
mod matrix;
mod operators;
mod reasons;
mod scope;
mod surface;

pub use goals::{default_every_n, default_sizes, judge_goals};
pub use matrix::{Judgement, Kill, KillKind, Matrix, MatrixOptions, Row, run_matrix};
pub use reasons::{Reasons, ReasonsError, Survivors};
pub use surface::surface;

use heardof_core::ir::sorts::infer;
use heardof_core::ir::text::print;
use heardof_core::ir::{Algorithm, Expr, Function, Node, Op, Pos};
use operators::{Change, Role, propose};
use scope::{Part, Scope};
use std::collections::{BTreeMap, BTreeSet};

/// An algorithm with a mistake.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Stable and readable: `Exchange.update/compare#1: > to >=`. Unique among the mutants of an algorithm.
    pub id: String,
    /// One line: what changes, in words, where (line:column), and before → after in Rust's notation.
    pub description: String,
    /// The algorithm with the mistake.
    pub algorithm: Algorithm,
}

/// Operators whose changes are also made at two places at once.
const IN_PAIRS: [&str; 2] = ["compare", "threshold"];

/// Every mutant of `algorithm`, in the order of the text. All are well-sorted, differ from the original and from each other in more
/// than places. Functions that are native have no text and hence no mutants.
pub fn generate(algorithm: &Algorithm) -> Vec<Mutant> {
    let mut out = Collector { original: algorithm, seen: BTreeSet::new(), ids: BTreeSet::new(), mutants: vec![] };
    for (part, label) in parts(algorithm) {
        let Some(function) = function(algorithm, part) else { continue };
        let Ok(body) = &function.body else { continue };
        out.seen.insert((label.clone(), plain(body)));
        let found = sites(algorithm, part, function, body);
        for site in &found {
            out.add(part, &label, &[site]);
        }
        for (k, first) in found.iter().enumerate() {
            for second in &found[k + 1..] {
                let alike = first.change.operator == second.change.operator && first.change.change == second.change.change;
                if alike && IN_PAIRS.contains(&first.change.operator) && !nested(&first.path, &second.path) {
                    out.add(part, &label, &[first, second]);
                }
            }
        }
    }
    out.mutants
}

/// The functions that are mutated, with their names in ids.
fn parts(algorithm: &Algorithm) -> Vec<(Part, String)> {
    let mut parts = vec![(Part::Init, "init".to_string()), (Part::Halted, "halted".to_string())];
    parts.push((Part::Coordinator, "coordinator".to_string()));
    for (k, round) in algorithm.rounds.iter().enumerate() {
        parts.push((Part::Send(k), format!("{}.send", round.name)));
        parts.push((Part::Update(k), format!("{}.update", round.name)));
    }
    let helpers = called(algorithm, parts.iter().filter_map(|(part, _)| function(algorithm, *part)).collect());
    parts.extend(helpers.into_iter().map(|k| (Part::Helper(k), algorithm.functions[k].name.clone())));
    parts
}

/// The helpers that these functions call, directly or not, by number.
fn called(algorithm: &Algorithm, functions: Vec<&Function>) -> BTreeSet<usize> {
    let (mut found, mut open) = (BTreeSet::new(), functions);
    while let Some(function) = open.pop() {
        let Ok(body) = &function.body else { continue };
        body.walk(&mut |e| {
            if let Node::Call(name, _) | Node::Method(name, ..) = &e.node
                && let Some(k) = algorithm.functions.iter().position(|f| f.name == *name)
                && found.insert(k)
            {
                open.push(&algorithm.functions[k]);
            }
        });
    }
    found
}

fn function(algorithm: &Algorithm, part: Part) -> Option<&Function> {
    match part {
        Part::Init => Some(&algorithm.init),
        Part::Halted => algorithm.halted.as_ref(),
        Part::Coordinator => algorithm.coordinator.as_ref(),
        Part::Send(k) => Some(&algorithm.rounds[k].send),
        Part::Update(k) => Some(&algorithm.rounds[k].update),
        Part::Helper(k) => Some(&algorithm.functions[k]),
    }
}

fn function_mut(algorithm: &mut Algorithm, part: Part) -> Option<&mut Function> {
    match part {
        Part::Init => Some(&mut algorithm.init),
        Part::Halted => algorithm.halted.as_mut(),
        Part::Coordinator => algorithm.coordinator.as_mut(),
        Part::Send(k) => Some(&mut algorithm.rounds[k].send),
        Part::Update(k) => Some(&mut algorithm.rounds[k].update),
        Part::Helper(k) => Some(&mut algorithm.functions[k]),
    }
}

/// The text of an expression without places.
fn plain(e: &Expr) -> String {
    let mut e = e.clone();
    e.walk_mut(&mut |e| e.at = Pos::default());
    print(&e)
}

fn nested(a: &[usize], b: &[usize]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// A proposal at a node: the way to it from the body, and its number among the nodes that its operator applies to.
struct Site {
    path: Vec<usize>,
    number: usize,
    at: Pos,
    before: Node,
    change: Change,
}

fn sites(algorithm: &Algorithm, part: Part, function: &Function, body: &Expr) -> Vec<Site> {
    let scope = Scope::new(algorithm, part, function);
    let mut finder = Finder { scope, path: vec![], at: Pos::default(), numbers: BTreeMap::new(), sites: vec![] };
    finder.visit(body, Role::Body);
    finder.sites
}

/// Walks a body, parents first, with the names in scope.
struct Finder<'a> {
    scope: Scope<'a>,
    path: Vec<usize>,
    at: Pos,
    numbers: BTreeMap<&'static str, usize>,
    sites: Vec<Site>,
}

impl<'a> Finder<'a> {
    fn visit(&mut self, e: &'a Expr, role: Role) {
        let outer = self.at;
        if e.at != Pos::default() {
            self.at = e.at;
        }
        self.look(e, role);
        let scope = self.scope.vars.len();
        match &e.node {
            Node::If(c, a, b) => {
                self.child(0, c, Role::Other);
                self.child(1, a, role.of_branch());
                self.scope.vars.truncate(scope);
                self.child(2, b, role.of_branch());
            }
            Node::Match(of, arms) => {
                self.child(0, of, Role::Other);
                let sort = self.scope.sort(of);
                let mut k = 1;
                for arm in arms {
                    self.scope.bind(&arm.pat, sort.as_ref());
                    if let Some(guard) = &arm.guard {
                        self.child(k, guard, Role::Other);
                        k += 1;
                    }
                    self.child(k, &arm.body, role.of_branch());
                    k += 1;
                    self.scope.vars.truncate(scope);
                }
            }
            Node::Lambda(l) => {
                for (k, (pat, _)) in l.params.iter().enumerate() {
                    self.scope.bind(pat, l.sorts.get(k));
                }
                self.child(0, &l.body, Role::Other);
            }
            Node::LetCond(pat, of) | Node::Let(pat, of) => {
                self.child(0, of, Role::Other);
                let sort = self.scope.sort(of);
                self.scope.bind(pat, sort.as_ref());
                // These names live on: up to the end of the enclosing `if` or block.
                self.at = outer;
                return;
            }
            Node::Set(place, value) => {
                self.child(0, place, Role::Place);
                // A whole right side is replaced together with its assignment, parts of it by themselves.
                let whole = matches!(value.node, Node::Var(_) | Node::Field(..));
                self.child(1, value, if whole { Role::Other } else { Role::Value });
            }
            Node::Op(op @ (Op::And | Op::Or), a, b) => {
                self.child(0, a, Role::Link(*op));
                self.child(1, b, Role::Link(*op));
                self.at = outer;
                return;
            }
            _ => {
                for (k, child) in e.children().into_iter().enumerate() {
                    self.child(k, child, role.of_part(e, k, &self.scope));
                }
            }
        }
        self.scope.vars.truncate(scope);
        self.at = outer;
    }

    fn child(&mut self, k: usize, e: &'a Expr, role: Role) {
        self.path.push(k);
        self.visit(e, role);
        self.path.pop();
    }

    fn look(&mut self, e: &Expr, role: Role) {
        let proposals = propose(e, role, &self.scope);
        let operators: BTreeSet<&'static str> = proposals.iter().map(|c| c.operator).collect();
        for operator in operators {
            *self.numbers.entry(operator).or_default() += 1;
        }
        for change in proposals {
            let number = self.numbers[change.operator];
            self.sites.push(Site { path: self.path.clone(), number, at: self.at, before: e.node.clone(), change });
        }
    }
}

impl Role {
    /// The role of a branch of a conditional that has this role.
    fn of_branch(self) -> Role {
        if self == Role::Value { Role::Value } else { Role::Other }
    }

    /// The role of child `k` of `e`, which has this role.
    fn of_part(self, e: &Expr, k: usize, scope: &Scope<'_>) -> Role {
        match &e.node {
            Node::Variant(..) | Node::Tuple(_) | Node::Struct(..) if matches!(self, Role::Value | Role::Body) => Role::Value,
            Node::Call(name, _) => match (name.as_str(), k) {
                ("broadcast", 0) | ("to" | "to_all", 1) if matches!(scope.part, Part::Send(_)) => Role::Value,
                _ => Role::Other,
            },
            Node::Block(es) if self == Role::Value && k + 1 == es.len() => Role::Value,
            _ => Role::Other,
        }
    }
}

struct Collector<'a> {
    original: &'a Algorithm,
    seen: BTreeSet<(String, String)>,
    ids: BTreeSet<String>,
    mutants: Vec<Mutant>,
}

impl Collector<'_> {
    /// The mutant with these changes, unless it is ill-sorted or known.
    fn add(&mut self, part: Part, label: &str, sites: &[&Site]) {
        let mut algorithm = self.original.clone();
        let Some(Ok(body)) = function_mut(&mut algorithm, part).map(|f| &mut f.body) else { return };
        for site in sites {
            let node = site.path.iter().fold(&mut *body, |e, k| e.children_mut().swap_remove(*k));
            node.node = site.change.new.clone();
        }
        let key = (label.to_string(), plain(body));
        if self.seen.contains(&key) || infer(&mut algorithm).is_err() {
            return;
        }
        self.seen.insert(key);
        let first = &sites[0].change;
        let numbers: Vec<String> = sites.iter().map(|s| format!("#{}", s.number)).collect();
        let id = format!("{label}/{}{}: {}", first.operator, numbers.join("+"), first.change);
        let id = self.unique(id);
        let places: Vec<String> = sites.iter().map(|s| s.place()).collect();
        let description = format!("{}: {}", first.words, places.join("; "));
        self.mutants.push(Mutant { id, description, algorithm });
    }

    /// Two changes of one operator at one node that are called the same get a letter.
    fn unique(&mut self, id: String) -> String {
        let letters = ('b'..='z').map(|c| format!("{id} ({c})"));
        let free = std::iter::once(id.clone()).chain(letters).find(|id| !self.ids.contains(id)).unwrap_or(id);
        self.ids.insert(free.clone());
        free
    }
}

impl Site {
    /// `44:12: before → after`
    fn place(&self) -> String {
        let shown = |node: &Node| match node {
            Node::Unit => "{}".to_string(),
            node => surface(&Expr::new(node.clone())),
        };
        let (before, after) = self.change.shown.clone().unwrap_or_else(|| (shown(&self.before), shown(&self.change.new)));
        format!("{}:{}: `{}` → `{}`", self.at.line, self.at.column, shortened(before), shortened(after))
    }
}

/// The longest text shown of a node, in characters.
const LONGEST: usize = 100;

fn shortened(text: String) -> String {
    if text.chars().count() <= LONGEST { text } else { text.chars().take(LONGEST - 2).chain(" …".chars()).collect() }
}
