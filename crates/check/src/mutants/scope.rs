//! What the names in scope stand for and of which sort they are, as far as mutation operators need it.
//!
//! Less than [`heardof_core::ir::sorts`], which solves whole algorithms: a sort that is not obvious is `None` and then simply gives
//! no mutants; what is generated is checked by the real inference.

use heardof_core::Sort;
use heardof_core::ir::{Algorithm, Expr, Function, Node, Op, Pat};

/// Which function is mutated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// `init(input, ctx)`
    Init,
    /// `halted(self)`
    Halted,
    /// `coordinator(phase, n, parameters)`
    Coordinator,
    /// `send(p, ctx)` of round `k`
    Send(usize),
    /// `update(p, mailbox, ctx)` of round `k`
    Update(usize),
    /// Helper number `k`
    Helper(usize),
}

/// The function that is mutated and the names in scope at the node looked at.
#[derive(Debug)]
pub struct Scope<'a> {
    /// The algorithm.
    pub algorithm: &'a Algorithm,
    /// Which function.
    pub part: Part,
    /// The function.
    pub function: &'a Function,
    /// Variables with their sorts, innermost last.
    pub vars: Vec<(&'a str, Option<Sort>)>,
}

impl<'a> Scope<'a> {
    /// The scope at the start of a function.
    pub fn new(algorithm: &'a Algorithm, part: Part, function: &'a Function) -> Self {
        let sorts = match part {
            Part::Init => vec![Some(algorithm.input.clone()), None],
            Part::Halted | Part::Send(_) => vec![Some(algorithm.state.clone()), None],
            Part::Coordinator => vec![Some(Sort::Phase), Some(Sort::Nat), Some(algorithm.parameters.clone())],
            Part::Update(_) => vec![Some(algorithm.state.clone()), None, None],
            Part::Helper(_) => vec![],
        };
        let sorts = sorts.into_iter().chain(std::iter::repeat(None));
        Scope { algorithm, part, function, vars: function.params.iter().map(String::as_str).zip(sorts).collect() }
    }

    /// The name of parameter `k`, if it has one.
    fn parameter(&self, k: usize) -> Option<&'a str> {
        self.function.params.get(k).map(String::as_str).filter(|name| *name != "_")
    }

    /// The name of the process state.
    pub fn process(&self) -> Option<&'a str> {
        match self.part {
            Part::Send(_) | Part::Update(_) | Part::Halted => self.parameter(0),
            _ => None,
        }
    }

    /// The name of the mailbox.
    pub fn mailbox(&self) -> Option<&'a str> {
        if let Part::Update(_) = self.part { self.parameter(1) } else { None }
    }

    /// The name of the context.
    pub fn context(&self) -> Option<&'a str> {
        match self.part {
            Part::Update(_) => self.parameter(2),
            Part::Send(_) | Part::Init => self.parameter(1),
            _ => None,
        }
    }

    /// Whether `e` is the variable called `name`.
    pub fn is(e: &Expr, name: Option<&str>) -> bool {
        matches!(&e.node, Node::Var(v) if Some(v.as_str()) == name)
    }

    /// The sort of messages of the round.
    pub fn message(&self) -> Option<&'a Sort> {
        match self.part {
            Part::Send(k) | Part::Update(k) => Some(&self.algorithm.rounds[k].message),
            _ => None,
        }
    }

    /// The sort of an expression, where it is obvious.
    pub fn sort(&self, e: &Expr) -> Option<Sort> {
        match &e.node {
            Node::Nat(_) => Some(Sort::Nat),
            Node::Bool(_) | Node::Not(_) | Node::LetCond(..) => Some(Sort::Bool),
            Node::Unit => Some(Sort::Unit),
            Node::Var(name) => self.vars.iter().rev().find(|(n, _)| n == name).and_then(|(_, s)| s.clone()),
            Node::Field(of, name) => match self.sort(of)? {
                Sort::Struct(_, fields) => fields.into_iter().find(|(n, _)| n == name).map(|(_, s)| s),
                Sort::Tuple(sorts) => sorts.into_iter().nth(name.parse().ok()?),
                _ => None,
            },
            Node::Op(op, ..) => Some(match op {
                Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Rem => Sort::Nat,
                _ => Sort::Bool,
            }),
            Node::Variant(name, fields) => match (name.as_str(), fields.as_slice()) {
                ("Some", [(_, e)]) => Some(Sort::Option(Box::new(self.sort(e)?))),
                _ => None,
            },
            Node::Tuple(es) => es.iter().map(|e| self.sort(e)).collect::<Option<_>>().map(Sort::Tuple),
            Node::If(_, a, b) => self.sort(a).or_else(|| self.sort(b)),
            Node::Method(name, of, _) if Scope::is(of, self.context()) => self.of_context(name),
            Node::Method(name, of, _) if Scope::is(of, self.mailbox()) => self.of_mailbox(name),
            Node::Method(name, ..) => match name.as_str() {
                "is_some" | "is_none" | "is" | "is_some_and" | "is_none_or" | "contains" | "is_subset" | "is_first" => Some(Sort::Bool),
                "len" | "number" | "index" => Some(Sort::Nat),
                "rotate" | "rotate_from" | "successor" => Some(Sort::Pid),
                _ => None,
            },
            _ => None,
        }
    }

    fn of_context(&self, name: &str) -> Option<Sort> {
        Some(match name {
            "id" | "coordinator" => Sort::Pid,
            "n" | "round" => Sort::Nat,
            "phase" => Sort::Phase,
            "is_coordinator" | "coin" => Sort::Bool,
            "parameters" => self.algorithm.parameters.clone(),
            _ => return None,
        })
    }

    fn of_mailbox(&self, name: &str) -> Option<Sort> {
        Some(match name {
            "len" | "count" => Sort::Nat,
            "is_empty" | "any" | "all" => Sort::Bool,
            "from" | "min" | "max" | "most_often" | "ranked" | "max_by_key" | "pick" => Sort::Option(Box::new(self.message()?.clone())),
            _ => return None,
        })
    }

    /// Brings the names of a pattern into scope.
    pub fn bind(&mut self, pat: &'a Pat, sort: Option<&Sort>) {
        match pat {
            Pat::Wild | Pat::Nat(_) | Pat::Bool(_) => {}
            Pat::Bind(name) => self.vars.push((name, sort.cloned())),
            Pat::At(name, pat) => {
                self.vars.push((name, sort.cloned()));
                self.bind(pat, sort);
            }
            Pat::Or(pats) => pats.iter().take(1).for_each(|p| self.bind(p, sort)),
            Pat::Tuple(pats) => {
                let sorts = if let Some(Sort::Tuple(sorts)) = sort { sorts.as_slice() } else { &[] };
                pats.iter().enumerate().for_each(|(k, p)| self.bind(p, sorts.get(k)));
            }
            Pat::Variant(name, fields) => {
                let inner = match sort {
                    Some(Sort::Option(inner)) if name == "Some" => Some(&**inner),
                    _ => None,
                };
                fields.iter().for_each(|(_, p)| self.bind(p, inner));
            }
            Pat::Struct(_, fields) => {
                let of = |f: &str| match sort {
                    Some(Sort::Struct(_, known)) => known.iter().find(|(n, _)| *n == f).map(|(_, s)| s),
                    _ => None,
                };
                fields.iter().for_each(|(f, p)| self.bind(p, of(f)));
            }
        }
    }

    /// Expressions of sort `wanted` that can be written here: variables, fields of the state, numbers and process ids of the context.
    pub fn candidates(&self, wanted: &Sort) -> Vec<Node> {
        let boxed = |node| Box::new(Expr::new(node));
        let var = |name: &str| Node::Var(name.to_string());
        let mut found = vec![];
        let shadowed = |k: usize| self.vars[k + 1..].iter().any(|(n, _)| *n == self.vars[k].0);
        for (k, (name, sort)) in self.vars.iter().enumerate() {
            if sort.as_ref() == Some(wanted) && *name != "_" && !shadowed(k) {
                found.push(var(name));
            }
        }
        if let Some(p) = self.process() {
            let fields = self.algorithm.fields.iter().filter(|f| f.sort == *wanted && !f.ghost);
            found.extend(fields.map(|f| Node::Field(boxed(var(p)), f.name.to_string())));
        }
        if let Some(ctx) = self.context() {
            let ask = |name: &str| Node::Method(name.to_string(), boxed(var(ctx)), vec![]);
            if let Sort::Struct(_, fields) = &self.algorithm.parameters {
                let fields = fields.iter().filter(|(_, s)| s == wanted);
                found.extend(fields.map(|(name, _)| Node::Field(boxed(ask("parameters")), name.to_string())));
            }
            found.extend(match wanted {
                Sort::Nat => vec![ask("n"), ask("round")],
                Sort::Pid => vec![ask("id")],
                Sort::Phase => vec![ask("phase")],
                _ => vec![],
            });
        }
        found
    }
}
