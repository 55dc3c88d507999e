//! What the text of an algorithm says about its state space: does the round number matter, who is told apart, what is remembered.
//!
//! Worked example: LastVoting's state holds no process id, yet its processes are not interchangeable, because `ctx.coordinator()` is
//! asked and `coordinator` depends on the phase. So [`Facts::told_apart`] at round r names the coordinators of the phases from r on, and
//! only the others are renamed.

use heardof_core::ir::sorts::ordered;
use heardof_core::ir::{Algorithm, Boundary, Expr, Function, Kind, Node};
use heardof_core::machine::Stuck;
use heardof_core::{Datum, Machine, Phase, Pid, Sort};

/// The facts.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Some function reads the round, the phase, or a coordinator that changes with it.
    pub uses_round: bool,
    /// Some function asks who the coordinator is.
    pub uses_coordinator: bool,
    /// Some predicate or invariant reads the kernel of earlier rounds.
    pub uses_kernel: bool,
    /// Why processes may not be renamed at all, if so.
    pub asymmetric: Option<String>,
    /// No specification function looks at the first and the current state of the same process: they may be renamed independently.
    pub split: bool,
    /// Moreover only the set of first states matters, not how often each occurs.
    pub first_as_set: bool,
    /// Something that is looked at on a phase boundary asks who the coordinator of the phase to come is.
    leader_at_boundary: bool,
    /// Some function other than `coordinator` asks for `ctx.id()`.
    uses_id: bool,
    /// Some function other than `coordinator` reads a parameter that holds a process id.
    names_parameters: bool,
}

/// Every node of every function but `coordinator`.
fn nodes<'a>(a: &'a Algorithm, visit: &mut dyn FnMut(&'a Function, &'a Expr)) {
    for f in a.all_functions().filter(|f| f.name != "coordinator" || !std::ptr::eq(*f, a.coordinator.as_ref().unwrap_or(&a.init))) {
        if let Ok(body) = &f.body {
            body.walk(&mut |e| visit(f, e));
        }
    }
}

fn calls(a: &Algorithm, names: &[&str]) -> bool {
    let mut found = false;
    nodes(a, &mut |_, e| found |= matches!(&e.node, Node::Method(m, ..) if names.contains(&m.as_str())));
    found
}

fn mentions(e: &Expr, var: &str) -> bool {
    e.any(&|e| matches!(&e.node, Node::Var(v) if v == var))
}

impl Facts {
    /// The facts about `a`, whose sorts are inferred.
    pub fn of(a: &Algorithm) -> Facts {
        let uses_coordinator = calls(a, &["coordinator", "is_coordinator"]);
        let varies = match &a.coordinator {
            None => true,
            Some(f) => f.body.as_ref().is_ok_and(|body| f.params.first().is_some_and(|phase| mentions(body, phase))),
        };
        let split = first_apart(a);
        Facts {
            // A counter in the state may grow in every round, and then there is no end of states.
            uses_round: calls(a, &["round", "phase", "exists_phase", "forall_phase"])
                || (uses_coordinator && varies)
                || a.state.any(&|sort| *sort == Sort::Nat),
            uses_coordinator,
            uses_kernel: uses_kernel(a),
            asymmetric: asymmetric(a),
            split,
            first_as_set: split && a.specs.iter().all(|s| s.function.body.as_ref().map_or(true, first_only_quantified)),
            leader_at_boundary: leader_at_boundary(a),
            uses_id: calls(a, &["id"]),
            names_parameters: names_parameters(a),
        }
    }

    /// Whether a process can tell its own message from the others'.
    pub fn knows_itself(&self) -> bool {
        self.uses_id
    }

    /// The processes that the text can tell apart from `round` on, up to the last of `phases`, as a mask. All, if renaming is off.
    pub fn told_apart(&self, machine: &dyn Machine, n: usize, parameters: &Datum, round: usize, phases: usize) -> Result<u64, Stuck> {
        if self.asymmetric.is_some() {
            return Ok((1 << n) - 1);
        }
        let rounds = machine.algorithm().rounds.len();
        let mut mask = 0;
        if self.uses_coordinator {
            // After the last round, the coordinator of the phase to come matters only to what is looked at there.
            for phase in round / rounds..phases + usize::from(self.leader_at_boundary) {
                mask |= 1 << machine.coordinator(Phase::new(phase), n, parameters)?.index();
            }
        }
        if self.names_parameters {
            named(parameters, &mut |p| mask |= 1 << p.index());
        }
        Ok(mask)
    }
}

/// Calls `f` on every process id in a value.
pub fn named(d: &Datum, f: &mut dyn FnMut(Pid)) {
    match d {
        Datum::Pid(p) => f(*p),
        Datum::Tuple(items) | Datum::Struct(_, _, items) | Datum::Variant(_, _, _, items) => items.iter().for_each(|d| named(d, f)),
        Datum::Option(Some(d)) => named(d, f),
        Datum::Set(items) => items.iter().for_each(|d| named(d, f)),
        Datum::Map(items) => items.iter().for_each(|(k, v)| {
            named(k, f);
            named(v, f);
        }),
        _ => {}
    }
}

fn leader_at_boundary(a: &Algorithm) -> bool {
    let asks = |e: &Expr| matches!(&e.node, Node::Method(m, ..) if m == "coordinator");
    let first = |rounds: &[String]| a.rounds.first().is_some_and(|r| rounds.contains(&r.name));
    let due = |kind: &Kind| match kind {
        Kind::Property | Kind::Lemma { .. } | Kind::Initial | Kind::Termination | Kind::Helper => true,
        Kind::Invariant(Boundary::Phase | Boundary::Always) => true,
        Kind::Invariant(Boundary::Before(rounds)) => first(rounds),
        Kind::Progress { before, .. } => before.is_empty() || first(before),
        Kind::Safety | Kind::Liveness { .. } | Kind::Resilience => false,
    };
    let specs = a.specs.iter().filter(|s| due(&s.kind)).map(|s| &s.function);
    specs.chain(&a.functions).any(|f| f.body.as_ref().is_ok_and(|b| b.any(&asks)))
}

fn uses_kernel(a: &Algorithm) -> bool {
    let in_spec = |kind: &Kind, f: &Function| {
        let Ok(body) = &f.body else { return false };
        let predicate = matches!(kind, Kind::Safety | Kind::Liveness { .. });
        let system = if predicate && f.params.len() == 1 { None } else { f.params.first() };
        body.any(&|e| match &e.node {
            Node::Method(m, of, _) if m == "kernel" => !predicate || matches!(&of.node, Node::Var(v) if Some(v) == system),
            Node::Method(m, ..) => m == "kernel_before",
            _ => false,
        })
    };
    let in_helper = a.functions.iter().any(|f| in_spec(&Kind::Helper, f));
    in_helper || a.specs.iter().any(|s| in_spec(&s.kind, &s.function))
}

fn asymmetric(a: &Algorithm) -> Option<String> {
    let holds_pid = |sort: &Sort| sort.any(&|s| *s == Sort::Pid);
    let sorts = [("state", &a.state), ("input", &a.input), ("request", &a.request)];
    let sorts = sorts.into_iter().chain(a.rounds.iter().map(|r| (r.name.as_str(), &r.message)));
    if let Some((what, _)) = sorts.into_iter().find(|(_, s)| holds_pid(s)) {
        return Some(format!("process ids occur in the {what}"));
    }
    for name in ["index", "successor", "rotate", "rotate_from"] {
        if calls(a, &[name]) {
            return Some(format!("`{name}` tells processes apart"));
        }
    }
    match ordered(a) {
        Ok(sorts) if sorts.iter().any(holds_pid) => Some("process ids are compared by order".into()),
        Ok(_) => None,
        Err(_) => Some("the sorts of the text are not known".into()),
    }
}

/// Whether the text reads a parameter that holds a process id: `ctx.parameters()` other than by a field that holds none.
fn names_parameters(a: &Algorithm) -> bool {
    let holds_pid = |sort: &Sort| sort.any(&|s| *s == Sort::Pid);
    if !holds_pid(&a.parameters) {
        return false;
    }
    let harmless = |field: &String| match &a.parameters {
        Sort::Struct(_, fields) => fields.iter().any(|(name, sort)| name == field && !holds_pid(sort)),
        _ => false,
    };
    let is_parameters = |e: &Expr| matches!(&e.node, Node::Method(m, ..) if m == "parameters");
    let (mut read, mut read_harmlessly) = (0, 0);
    nodes(a, &mut |_, e| {
        read += usize::from(is_parameters(e));
        read_harmlessly += usize::from(matches!(&e.node, Node::Field(of, field) if is_parameters(of) && harmless(field)));
    });
    read > read_harmlessly
}

/// Whether first and current states of one process cannot meet: a variable that is given to `initially` is used for nothing else (as an
/// index, in `i == j`, as an element of a set), and no helper is given a whole system, whose reads would have to be followed.
fn first_apart(a: &Algorithm) -> bool {
    let asks = |body: &Expr| body.any(&|e| matches!(&e.node, Node::Method(m, ..) if m == "initially"));
    let bodies = || a.specs.iter().map(|s| &s.function).chain(&a.functions).filter_map(|f| Some((f, f.body.as_ref().ok()?)));
    if !bodies().any(|(_, body)| asks(body)) {
        return true;
    }
    let given_away = |f: &Function, body: &Expr| {
        let parameter = |e: &Expr| variable(e).is_some_and(|v| f.params.iter().any(|p| p == v));
        body.any(&|e| matches!(&e.node, Node::Call(_, args) if args.iter().any(parameter)))
    };
    let specs = a.specs.iter().map(|s| &s.function).filter_map(|f| Some((f, f.body.as_ref().ok()?)));
    !specs.into_iter().any(|(f, body)| given_away(f, body)) && bodies().all(|(_, body)| only_first(body))
}

fn only_first(body: &Expr) -> bool {
    let (mut firsts, mut apart) = (vec![], true);
    body.walk(&mut |e| {
        if let Node::Method(m, _, args) = &e.node
            && m == "initially"
        {
            match args.first().and_then(variable) {
                Some(v) => firsts.push(v),
                None => apart = false,
            }
        }
    });
    let mentions = |v: &str| {
        let mut count = 0;
        body.walk(&mut |e| count += usize::from(variable(e) == Some(v)));
        count
    };
    apart && firsts.iter().all(|v| mentions(v) == firsts.iter().filter(|w| *w == v).count())
}

fn variable(e: &Expr) -> Option<&str> {
    match &e.node {
        Node::Var(v) => Some(v),
        _ => None,
    }
}

/// Whether `initially` occurs only under `exists`, `forall` and `forall_pairs`, for which multiplicity does not matter.
fn first_only_quantified(body: &Expr) -> bool {
    !body.any(&|e| {
        let counted = matches!(&e.node, Node::Method(m, ..) if ["count", "set", "image", "join"].contains(&m.as_str()));
        counted && e.any(&|e| matches!(&e.node, Node::Method(m, ..) if m == "initially"))
    })
}
