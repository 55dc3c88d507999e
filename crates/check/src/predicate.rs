//! Communication predicates taken apart, so that the adversary's choices are filtered process by process.
//!
//! Worked example: `ho.uniform() && 3 * ho.min_len() > 2 * ho.n()` is the flag [`Rule::uniform`] and the condition
//! `3 * ho.of(p).len() > 2 * ho.n()` on each process. `ho.forall_pairs(|p, q| ..)` relates two processes ([`Rule::two`]). What has
//! another shape is evaluated on complete assignments ([`Rule::whole`]), which is only possible for small n.

use heardof_core::heard_of::HeardOfData;
use heardof_core::ir::interp::{Interpreted, evaluate};
use heardof_core::ir::{Expr, Kind, Node, Op, Pat, Speaks, SpecText};
use heardof_core::machine::{Stuck, Subject};
use heardof_core::system::SystemData;
use heardof_core::{Datum, Pid, Set};

/// What restricts the adversary in a round.
#[derive(Default)]
pub struct Rule {
    /// Conditions on what each process hears.
    one: Vec<Part>,
    /// Conditions on what a certain process hears: the process, the condition.
    at: Vec<(Part, Expr)>,
    /// Conditions on what two processes hear.
    pub two: Vec<Part>,
    /// Everybody hears the same set.
    pub uniform: bool,
    /// Conditions on the kernel of the round, and on nothing else that is heard.
    pub kernel: Vec<Part>,
    /// Conditions of another shape.
    pub whole: Vec<Part>,
    /// Some condition reads a coin.
    pub coins: bool,
    /// Some condition reads the state.
    pub reads_state: bool,
    /// Some condition on two processes reads the state: else which of their choices go together is the same in every state.
    pub pairs_read_state: bool,
}

/// A part of a predicate: its function's parameters and the formula with its bound variables.
pub struct Part {
    names: Vec<String>,
    vars: Vec<String>,
    body: Expr,
    /// Whether it speaks of the state: the first of two parameters.
    reads_state: bool,
}

/// A predicate that the checker cannot use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsupported {
    /// Its name.
    pub predicate: String,
    /// Why not, and what to write instead.
    pub why: String,
}

impl Rule {
    /// The rule made of these predicates.
    pub fn of<'a>(specs: impl Iterator<Item = &'a SpecText>) -> Result<Rule, Unsupported> {
        let mut rule = Rule::default();
        for spec in specs {
            let unsupported = |why: String| Unsupported { predicate: spec.name.clone(), why };
            let reason = |reason: &String| unsupported(format!("is native ({reason}) and has no text to take apart"));
            let body = spec.function.body.as_ref().map_err(reason)?;
            match spec.speaks {
                Speaks::Heard => {}
                Speaks::StateHeard => rule.reads_state = true,
                Speaks::HeardTwice => {
                    return Err(unsupported("relates several rounds; write it over one round, or with `kernel_before`".into()));
                }
                Speaks::State | Speaks::Step | Speaks::Size => return Err(unsupported("does not speak of heard-of sets".into())),
            }
            let names = spec.function.params.clone();
            let ho = names.last().ok_or_else(|| unsupported("has no parameter".into()))?.clone();
            rule.coins |= body.any(&|e| matches!(&e.node, Node::Method(m, ..) if m == "coin"));
            for part in conjuncts(body) {
                rule.add(&names, &ho, part);
            }
        }
        rule.pairs_read_state = rule.two.iter().any(|part| part.reads_state);
        Ok(rule)
    }

    /// Whether it restricts nothing.
    pub fn is_trivial(&self) -> bool {
        self.one.is_empty() && self.at.is_empty() && self.is_local()
    }

    /// Whether it only restricts each process by itself.
    pub fn is_local(&self) -> bool {
        self.two.is_empty() && !self.uniform && self.kernel.is_empty() && self.whole.is_empty()
    }

    fn add(&mut self, names: &[String], ho: &str, part: &Expr) {
        let make = |vars: Vec<String>, body: Expr| Part::new(names.to_vec(), vars, body);
        let is_ho = |e: &Expr| matches!(&e.node, Node::Var(v) if v == ho);
        if reads_only(part, ho, &[]) {
            self.one.push(make(vec![], part.clone()));
            return;
        }
        if let Node::Method(name, of, args) = &part.node {
            if is_ho(of) && name == "uniform" {
                self.uniform = true;
                return;
            }
            if let ([Expr { node: Node::Lambda(l), .. }], true) = (args.as_slice(), is_ho(of)) {
                let vars: Option<Vec<String>> = l.params.iter().map(|(p, _)| bound(p)).collect();
                if let Some(vars) = vars {
                    if name == "forall" && reads_only(&l.body, ho, &vars) {
                        self.one.extend(conjuncts(&l.body).into_iter().map(|b| make(vars.clone(), b.clone())));
                        return;
                    }
                    if name == "forall_pairs" && reads_only(&l.body, ho, &vars) {
                        self.two.push(make(vars, l.body.as_ref().clone()));
                        return;
                    }
                }
            }
            // ho.kernel().contains(t): everybody hears t.
            if name == "contains" && matches!(&of.node, Node::Method(m, k, _) if m == "kernel" && is_ho(k)) && reads_only(&args[0], ho, &[])
            {
                let mut body = part.clone();
                if let Node::Method(_, of, _) = &mut body.node {
                    **of = heard_by(ho, "p'");
                }
                self.one.push(make(vec!["p'".into()], body));
                return;
            }
        }
        if let Some(body) = min_len_for_each(part, ho) {
            self.one.push(make(vec!["p'".into()], body));
            return;
        }
        if names.len() == 1 && reads_kernel_only(part, ho) {
            self.kernel.push(make(vec![], part.clone()));
            return;
        }
        match only_process(part, ho) {
            Some(process) => self.at.push((make(vec![], part.clone()), process)),
            None => self.whole.push(make(vec![], part.clone())),
        }
    }

    /// Whether process `p`, hearing what `ho` says it hears, satisfies its conditions: those that read the state, or the others.
    pub fn admits_one(&self, text: &Interpreted, view: View<'_>, p: Pid, of_state: bool) -> Result<bool, Stuck> {
        let now = |part: &&Part| part.reads_state == of_state;
        for part in self.one.iter().filter(now) {
            if !part.holds(text, view, &[p])? {
                return Ok(false);
            }
        }
        // Pairs are any two processes, equal ones included.
        for part in self.two.iter().filter(now) {
            if !part.holds(text, view, &[p, p])? {
                return Ok(false);
            }
        }
        for (part, process) in self.at.iter().filter(|(part, _)| now(&part)) {
            let names: Vec<&str> = part.names.iter().map(String::as_str).collect();
            if evaluate(text, process, view.subject(part.names.len()), &names, &[])? == Datum::Pid(p) && !part.holds(text, view, &[])? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether two processes, hearing what `ho` says they hear, satisfy the conditions on pairs, both ways round.
    pub fn admits_two(&self, text: &Interpreted, view: View<'_>, p: Pid, q: Pid) -> Result<bool, Stuck> {
        for part in &self.two {
            for pair in [[p, q], [q, p]] {
                if !part.holds(text, view, &pair)? {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Whether a complete assignment satisfies the conditions on its kernel and those of another shape.
    pub fn admits_whole(&self, text: &Interpreted, view: View<'_>) -> Result<bool, Stuck> {
        for part in self.kernel.iter().chain(&self.whole) {
            if !part.holds(text, view, &[])? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// What a predicate is evaluated on.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The state before the round; needed where a predicate reads it.
    pub system: Option<&'a SystemData>,
    /// The heard-of sets.
    pub heard: &'a HeardOfData,
}

impl<'a> View<'a> {
    fn subject(self, params: usize) -> Subject<'a> {
        match self.system {
            Some(system) if params == 2 => Subject::StateHeard(system, self.heard),
            _ => Subject::Heard(self.heard),
        }
    }
}

impl Part {
    fn new(names: Vec<String>, vars: Vec<String>, body: Expr) -> Self {
        let reads_state = names.len() == 2 && body.any(&|e| matches!(&e.node, Node::Var(v) if *v == names[0]));
        Part { names, vars, body, reads_state }
    }
    fn holds(&self, text: &Interpreted, view: View<'_>, pids: &[Pid]) -> Result<bool, Stuck> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let values: Vec<(&str, Datum)> = self.vars.iter().map(String::as_str).zip(pids.iter().map(|p| Datum::Pid(*p))).collect();
        match evaluate(text, &self.body, view.subject(self.names.len()), &names, &values)? {
            Datum::Bool(holds) => Ok(holds),
            other => Err(Stuck::Sort(format!("{other} is not a condition"))),
        }
    }
}

/// The predicates of round `k` of the phase: every `#[safety]`, and for a good phase of `stage` the `#[liveness]` ones that speak of it.
pub fn of_round<'a>(specs: &'a [SpecText], round: &'a str, good_for: Option<usize>) -> impl Iterator<Item = &'a SpecText> {
    specs.iter().filter(move |s| match &s.kind {
        Kind::Safety => true,
        Kind::Liveness { rounds, stage } => {
            let here = rounds.is_empty() || rounds.iter().any(|r| r == round);
            good_for.is_some_and(|good| here && stage.is_none_or(|s| s == good))
        }
        _ => false,
    })
}

/// A set of process ids as a bit mask.
pub fn set_of(mask: u64) -> Set<Pid> {
    (0..64).filter(|q| mask >> q & 1 == 1).map(Pid::new).collect()
}

fn conjuncts(e: &Expr) -> Vec<&Expr> {
    match &e.node {
        Node::Op(Op::And, a, b) => conjuncts(a).into_iter().chain(conjuncts(b)).collect(),
        Node::Block(es) if es.len() == 1 => conjuncts(&es[0]),
        _ => vec![e],
    }
}

fn bound(p: &Pat) -> Option<String> {
    match p {
        Pat::Bind(name) => Some(name.clone()),
        Pat::Wild => Some("_".into()),
        _ => None,
    }
}

/// Whether the heard-of sets and coins in `e` are only those of `vars`.
fn reads_only(e: &Expr, ho: &str, vars: &[String]) -> bool {
    match &e.node {
        Node::Method(m, of, args) if matches!(&of.node, Node::Var(v) if v == ho) => match m.as_str() {
            "of" | "safe" | "coin" => matches!(&args[0].node, Node::Var(v) if vars.contains(v)),
            "n" | "round" | "phase" | "coordinator" | "parameters" | "kernel_before" => true,
            _ => false,
        },
        Node::Var(v) => v != ho,
        Node::Let(..) | Node::LetCond(..) | Node::Match(..) => false,
        Node::Lambda(l) => l.params.iter().all(|(p, _)| bound(p).is_some_and(|v| !vars.contains(&v))) && reads_only(&l.body, ho, vars),
        _ => e.children().into_iter().all(|c| reads_only(c, ho, vars)),
    }
}

/// Whether heard-of sets are read by `ho.kernel()` only.
fn reads_kernel_only(part: &Expr, ho: &str) -> bool {
    const FIXED: [&str; 6] = ["kernel", "kernel_before", "n", "parameters", "round", "phase"];
    match &part.node {
        Node::Var(v) => v != ho,
        Node::Method(m, of, args) if args.is_empty() && FIXED.contains(&m.as_str()) => {
            matches!(&of.node, Node::Var(v) if v == ho) || reads_kernel_only(of, ho)
        }
        _ => part.children().into_iter().all(|e| reads_kernel_only(e, ho)),
    }
}

fn heard_by(ho: &str, p: &str) -> Expr {
    let var = |v: &str| Expr::new(Node::Var(v.into()));
    Expr::new(Node::Method("of".into(), Box::new(var(ho)), vec![var(p)]))
}

/// `k * ho.min_len() > e` as a condition on each process; `None` if `min_len` stands where it is not monotone.
fn min_len_for_each(part: &Expr, ho: &str) -> Option<Expr> {
    fn is_min_len(e: &Expr, ho: &str) -> bool {
        matches!(&e.node, Node::Method(m, of, _) if m == "min_len" && matches!(&of.node, Node::Var(v) if v == ho))
    }
    fn monotone(e: &Expr, ho: &str) -> bool {
        is_min_len(e, ho)
            || match &e.node {
                Node::Op(Op::Mul, a, b) => {
                    let factor = |e: &Expr| matches!(e.node, Node::Nat(_));
                    (factor(a) && monotone(b, ho)) || (factor(b) && monotone(a, ho))
                }
                Node::Op(Op::Add, a, b) => (monotone(a, ho) && reads_only(b, ho, &[])) || (monotone(b, ho) && reads_only(a, ho, &[])),
                _ => false,
            }
    }
    let Node::Op(op, a, b) = &part.node else { return None };
    let fits = match op {
        Op::Gt | Op::Ge => monotone(a, ho) && reads_only(b, ho, &[]),
        Op::Lt | Op::Le => monotone(b, ho) && reads_only(a, ho, &[]),
        _ => false,
    };
    if !fits {
        return None;
    }
    let mut body = part.clone();
    body.walk_mut(&mut |e| {
        if is_min_len(e, ho) {
            e.node = Node::Method("len".into(), Box::new(heard_by(ho, "p'")), vec![]);
        }
    });
    Some(body)
}

/// The closed term t, if the only heard-of set in `part` is that of t.
fn only_process(part: &Expr, ho: &str) -> Option<Expr> {
    let mut terms: Vec<&Expr> = vec![];
    let mut others = false;
    fn visit<'a>(e: &'a Expr, ho: &str, terms: &mut Vec<&'a Expr>, others: &mut bool) {
        match &e.node {
            Node::Method(m, of, args) if matches!(&of.node, Node::Var(v) if v == ho) => match m.as_str() {
                "of" | "safe" | "coin" => terms.push(&args[0]),
                "n" | "round" | "phase" | "coordinator" | "parameters" | "kernel_before" => {}
                _ => *others = true,
            },
            Node::Var(v) if v == ho => *others = true,
            _ => e.children().into_iter().for_each(|c| visit(c, ho, terms, others)),
        }
    }
    visit(part, ho, &mut terms, &mut others);
    let strip = |e: &Expr| {
        let mut e = e.clone();
        e.walk_mut(&mut |e| e.at = Default::default());
        e
    };
    let first = terms.first().map(|t| strip(t))?;
    let closed = reads_only(&first, ho, &[]) && !first.any(&|e| matches!(&e.node, Node::Var(v) if v != ho));
    (!others && closed && terms.iter().all(|t| strip(t) == first)).then_some(first)
}
