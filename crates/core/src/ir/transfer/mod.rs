//! Which claims of a specification hold of the asynchronous system, too, and which in lock-step only.
//!
//! No process can tell an asynchronous run from a lock-step one: each goes through the same states, only not at the same time. So at any
//! moment the states of an asynchronous run are a *cut* of a lock-step run, with process i in the state that it has there at some round
//! r_i. A claim that holds of every lock-step state holds of every cut if
//!
//! * it speaks of **each process by itself**: of its state, of the first states, of what nobody ever assigns; or
//! * it speaks of **outputs that stay**: fields that never change once set. At the latest of the rounds r_i every output of the cut is
//!   set to the same, and perhaps others are as well; so a claim that stays true when outputs are taken back is true of the cut.
//!   (Termination, that *in the end* something is so, has to stay true when outputs are added.)
//!
//! Everything else holds in lock-step only, as far as the text tells. That a field never changes once set is what a property of two
//! states says, such as `irrevocability`; it has to be proved, and so have the claims themselves.
//!
//! Passes: `flat` puts helpers in their place and renames closures' parameters apart; `trend` finds what a formula does when outputs are
//! set; [`transfers`] puts both together.
//!
//! Worked example: `s.forall_pairs(|i, j| implies(s[i].decision().is_some() && s[j].decision().is_some(), s[i].decision() ==
//! s[j].decision()))` is flattened to a formula over the field `decision`. Whoever is set in the cut is set to the same in lock-step: the
//! left side can only become true, and where it is true in the cut both decisions are fixed. So agreement transfers.
//! `s.forall_pairs(|i, j| s[i].x == s[j].x)` does not: `x` changes, and the two may be in different rounds.

mod flat;
#[cfg(test)]
mod tests;
mod trend;

use super::{Algorithm, Boundary, Expr, Kind, Node, Op, Pat, Speaks, SpecText};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use trend::trend;

/// Where a claim holds, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Transfer {
    /// In the asynchronous system, too: it speaks of each process by itself.
    Local,
    /// In the asynchronous system, too: it speaks of outputs that never change once set.
    Outputs {
        /// The outputs, each with the property that says so.
        once: BTreeMap<String, String>,
    },
    /// In lock-step only.
    LockStep {
        /// What it speaks of that differs.
        reason: String,
    },
}

impl Transfer {
    /// Whether it holds of the asynchronous system.
    pub fn holds(&self) -> bool {
        !matches!(self, Transfer::LockStep { .. })
    }
}

impl fmt::Display for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Transfer::Local => f.write_str("transfers: it speaks of each process by itself"),
            Transfer::Outputs { once } => {
                let outputs: Vec<String> = once.iter().map(|(field, by)| format!("`{field}` ({by})")).collect();
                write!(f, "transfers: it speaks of what never changes once set: {}", outputs.join(", "))
            }
            Transfer::LockStep { reason } => write!(f, "in lock-step only: {reason}"),
        }
    }
}

/// What becomes of every property, of termination, and of every invariant, in the order of the specification.
pub fn transfers(algorithm: &Algorithm) -> Vec<(&SpecText, Transfer)> {
    let reading = Reading::new(algorithm);
    let claims = algorithm.specs.iter().filter(|s| matches!(s.kind, Kind::Property | Kind::Termination | Kind::Invariant(_)));
    claims.map(|spec| (spec, reading.transfer(spec))).collect()
}

/// What the whole text says of the fields.
struct Reading<'a> {
    algorithm: &'a Algorithm,
    /// The fields that no `update` assigns.
    constant: BTreeSet<&'static str>,
    /// The fields that never change once set, each with the property that says so.
    once: BTreeMap<String, String>,
}

impl<'a> Reading<'a> {
    fn new(algorithm: &'a Algorithm) -> Self {
        let fields = algorithm.fields.iter().map(|f| f.name);
        let constant = fields.filter(|f| !algorithm.rounds.iter().any(|r| assigns(&r.update, f))).collect();
        let once = algorithm.specs.iter().filter(|s| s.kind == Kind::Property && s.speaks == Speaks::Step);
        let once = once.filter_map(|s| Some((set_once(s, &flat::flat(algorithm, &s.function).ok()?)?, s.name.clone()))).collect();
        Reading { algorithm, constant, once }
    }

    fn transfer(&self, spec: &SpecText) -> Transfer {
        let body = match flat::flat(self.algorithm, &spec.function) {
            Ok(body) => body,
            Err(reason) => return Transfer::LockStep { reason },
        };
        let claim = Claim { reading: self, systems: &spec.function.params };
        let one_round = self.algorithm.rounds.len() == 1;
        let everywhere = match &spec.kind {
            Kind::Invariant(Boundary::Before(_)) => one_round,
            Kind::Invariant(Boundary::Phase) => one_round,
            _ => true,
        };
        let trend = trend(&claim, &body, &[]);
        let once = || Transfer::Outputs { once: claim.outputs(&body) };
        match (&spec.kind, spec.speaks) {
            (Kind::Termination, Speaks::State) if trend.grows => once(),
            (Kind::Property | Kind::Invariant(_), Speaks::State | Speaks::Step) if claim.is_local(&body) => Transfer::Local,
            (Kind::Property | Kind::Invariant(_), Speaks::State) if trend.shrinks && everywhere => once(),
            (Kind::Property | Kind::Invariant(_), Speaks::State) if trend.shrinks => {
                Transfer::LockStep { reason: "it holds before some rounds of a phase, and processes are before different ones".into() }
            }
            (_, Speaks::Step) => Transfer::LockStep { reason: "it speaks of a round that several processes take at once".into() },
            _ => Transfer::LockStep { reason: claim.reason(&body) },
        }
    }
}

/// Whether a function assigns a field of the state, or has no text.
fn assigns(update: &super::Function, field: &str) -> bool {
    let Ok(body) = &update.body else { return true };
    let state = update.params.first();
    let touches = |place: &Expr| match &place.node {
        Node::Var(name) => Some(name) == state,
        _ => place.any(&|e| matches!(&e.node, Node::Field(_, name) if name == field)),
    };
    body.any(&|e| match &e.node {
        Node::Set(place, _) => touches(place),
        Node::Method(name, place, _) => matches!(name.as_str(), "insert" | "remove") && touches(place),
        _ => false,
    })
}

/// The field of which `new.forall(|i| implies(old[i].f.is_some(), new[i].f == old[i].f))` says that it never changes once set.
fn set_once(spec: &SpecText, body: &Expr) -> Option<String> {
    let [old, new] = spec.function.params.as_slice() else { return None };
    let Node::Method(name, _, args) = &body.node else { return None };
    let [Expr { node: Node::Lambda(l), .. }] = args.as_slice() else { return None };
    let [(Pat::Bind(i), _)] = l.params.as_slice() else { return None };
    let of = |e: &Expr, system: &str| match &e.node {
        Node::Field(state, field) => match &state.node {
            Node::Index(s, p) if s.node == Node::Var(system.into()) && p.node == Node::Var(i.clone()) => Some(field.clone()),
            _ => None,
        },
        _ => None,
    };
    let Node::Call(implies, sides) = &l.body.node else { return None };
    let [set, same] = sides.as_slice() else { return None };
    let (Node::Method(is_some, before, _), Node::Op(Op::Eq, a, b)) = (&set.node, &same.node) else { return None };
    let field = of(before, old)?;
    let fits = |a: &Expr, b: &Expr| of(a, new).as_ref() == Some(&field) && of(b, old).as_ref() == Some(&field);
    let right = name == "forall" && implies == "implies" && is_some == "is_some" && (fits(a, b) || fits(b, a));
    right.then_some(field)
}

/// The methods of a system that do not depend on what is there at this moment.
const FIXED: [&str; 3] = ["n", "parameters", "initially"];
/// The methods of a system that range over its processes.
const OVER_PROCESSES: [&str; 7] = ["forall", "exists", "forall_pairs", "count", "set", "image", "join"];

/// A flat formula with the names of its systems.
struct Claim<'a> {
    reading: &'a Reading<'a>,
    systems: &'a [String],
}

/// A place where a formula looks at the state.
enum Look<'e> {
    /// A field of the state of a process, and which.
    Field(&'e Expr, &'e str),
    /// A whole state, or a system as such.
    Whole,
    /// A method of the system that depends on the moment.
    Moment(&'e str),
}

impl Claim<'_> {
    fn is_system(&self, e: &Expr) -> bool {
        matches!(&e.node, Node::Var(name) if self.systems.contains(name))
    }

    /// The process and the field that `s[i].f` reads.
    fn field<'e>(&self, e: &'e Expr) -> Option<(&'e Expr, &'e str)> {
        let Node::Field(state, field) = &e.node else { return None };
        match &state.node {
            Node::Index(s, p) if self.is_system(s) => Some((p, field)),
            _ => None,
        }
    }

    /// Shows where a formula looks at what may differ from moment to moment.
    fn looks<'e>(&self, e: &'e Expr, see: &mut dyn FnMut(Look<'e>)) {
        if let Some((process, field)) = self.field(e) {
            if !self.reading.constant.contains(field) {
                see(Look::Field(process, field));
            }
            return self.looks(process, see);
        }
        match &e.node {
            Node::Method(name, s, args) if self.is_system(s) => {
                if !FIXED.contains(&name.as_str()) && !OVER_PROCESSES.contains(&name.as_str()) {
                    see(Look::Moment(name));
                }
                args.iter().for_each(|arg| self.looks(arg, see));
            }
            Node::Var(_) if self.is_system(e) => see(Look::Whole),
            _ => e.children().into_iter().for_each(|child| self.looks(child, see)),
        }
    }

    /// Whether the formula is a conjunction of claims about one process each.
    fn is_local(&self, e: &Expr) -> bool {
        match &e.node {
            Node::Op(Op::And, a, b) => self.is_local(a) && self.is_local(b),
            Node::Method(name, s, args) if name == "forall" && self.is_system(s) => match args.as_slice() {
                [Expr { node: Node::Lambda(l), .. }] => match l.params.as_slice() {
                    [(Pat::Bind(i), _)] => self.speaks_of(&l.body, Some(i)),
                    _ => self.speaks_of(&l.body, None),
                },
                _ => false,
            },
            _ => self.speaks_of(e, None),
        }
    }
    fn speaks_of(&self, e: &Expr, only: Option<&String>) -> bool {
        let mut alone = true;
        self.looks(e, &mut |look| {
            alone &= matches!(look, Look::Field(Expr { node: Node::Var(p), .. }, _) if Some(p) == only);
        });
        alone
    }

    /// The outputs that a formula reads.
    fn outputs(&self, e: &Expr) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        self.looks(e, &mut |look| {
            if let Look::Field(_, field) = look
                && let Some(by) = self.reading.once.get(field)
            {
                found.insert(field.to_string(), by.clone());
            }
        });
        found
    }

    /// Why a formula that is not local may tell a cut from a lock-step state.
    fn reason(&self, e: &Expr) -> String {
        let (mut moments, mut changing, mut whole) = (BTreeSet::new(), BTreeSet::new(), false);
        self.looks(e, &mut |look| match look {
            Look::Moment(name) => drop(moments.insert(name)),
            Look::Field(_, field) if !self.reading.once.contains_key(field) => drop(changing.insert(field)),
            Look::Field(..) => {}
            Look::Whole => whole = true,
        });
        let quoted = |names: BTreeSet<&str>| names.into_iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
        if !moments.is_empty() {
            format!("it speaks of one moment for all processes: {}", quoted(moments))
        } else if whole {
            "it compares whole states of processes that may be in different rounds".into()
        } else if !changing.is_empty() {
            format!("it compares {} of processes that may be in different rounds", quoted(changing))
        } else {
            "an output that is not set yet may make it false".into()
        }
    }
}
