//! Structured values over scalar terms: tuples, options and structs are taken apart before a solver sees them.
//!
//! Worked example: `if c { Some(v) } else { None }` merges to an option whose `some` is `c` and whose value is `v`; what the value is
//! where `some` does not hold is never asked. An optional phase or count is one number, −1 for `None`: the order `None < Some(0)` is
//! that of the numbers.

use crate::term::{Sort, Term, Terms, Var};

/// A value during evaluation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    Unit,
    /// A truth value, a number or a process.
    Scalar(Term),
    /// `value` is absent only in the literal `None`.
    Option {
        some: Term,
        value: Option<Box<Value>>,
    },
    /// An optional natural number or phase, −1 for `None`.
    Optional(Term),
    Tuple(Vec<Value>),
    Struct(&'static str, Vec<(&'static str, Value)>),
    /// The number of the variant, and the fields of each variant as far as they are known.
    Enum(&'static str, Term, Vec<Option<Vec<Value>>>),
    /// A set; `None` is the empty one of yet unknown elements.
    Set(Option<Term>),
    /// Whether the receiver asked about is sent something, and what.
    Outbox {
        sent: Term,
        message: Option<Box<Value>>,
    },
    /// `ready`: whether it blocks.
    Progress {
        blocks: Term,
    },
    Mailbox(Mailbox),
    /// What `faults` gives.
    Faults(super::faults::Faults),
    Context,
    System(usize),
    Heard(usize),
}

/// `{ sender ↦ payload | guard }`; both speak of the sender.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Mailbox {
    pub(super) sender: Var,
    pub(super) guard: Term,
    pub(super) payload: Box<Value>,
}

/// What does not fit; the caller knows the place.
pub(super) type Fit<T> = Result<T, String>;

impl Value {
    pub(super) fn none(terms: &mut Terms) -> Value {
        Value::Option { some: terms.bool(false), value: None }
    }
    /// `Some(value)`, in the form of its sort.
    pub(super) fn some(terms: &mut Terms, value: Value) -> Value {
        match value {
            Value::Scalar(t) if matches!(terms.sort(t), Sort::Int | Sort::Time) => Value::Optional(t),
            value => Value::Option { some: terms.bool(true), value: Some(Box::new(value)) },
        }
    }
    /// A value that is there where `some` holds.
    pub(super) fn where_some(terms: &mut Terms, some: Term, value: Value) -> Value {
        match value {
            Value::Scalar(t) if matches!(terms.sort(t), Sort::Int | Sort::Time) => {
                let none = terms.int(-1);
                Value::Optional(terms.ite(some, t, none))
            }
            value => Value::Option { some, value: Some(Box::new(value)) },
        }
    }
    /// The two parts of an option: whether it is there, and what it is then.
    pub(super) fn parts(&self, terms: &mut Terms) -> Option<(Term, Option<Value>)> {
        match self {
            Value::Option { some, value } => Some((*some, value.as_deref().cloned())),
            Value::Optional(t) => {
                let zero = terms.int(0);
                Some((terms.le(zero, *t), Some(Value::Scalar(*t))))
            }
            _ => None,
        }
    }
    /// The value with every term changed.
    pub(super) fn map(&self, f: &mut dyn FnMut(Term) -> Term) -> Value {
        let boxed = |value: &Option<Box<Value>>, f: &mut dyn FnMut(Term) -> Term| value.as_ref().map(|v| Box::new(v.map(f)));
        match self {
            Value::Scalar(t) => Value::Scalar(f(*t)),
            Value::Optional(t) => Value::Optional(f(*t)),
            Value::Option { some, value } => Value::Option { some: f(*some), value: boxed(value, f) },
            Value::Tuple(items) => Value::Tuple(items.iter().map(|v| v.map(f)).collect()),
            Value::Struct(name, fields) => Value::Struct(name, fields.iter().map(|(n, v)| (*n, v.map(f))).collect()),
            Value::Enum(name, tag, variants) => {
                let tag = f(*tag);
                let variants = variants.iter().map(|fields| fields.as_ref().map(|vs| vs.iter().map(|v| v.map(f)).collect()));
                Value::Enum(name, tag, variants.collect())
            }
            Value::Set(set) => Value::Set(set.map(f)),
            Value::Outbox { sent, message } => Value::Outbox { sent: f(*sent), message: boxed(message, f) },
            Value::Progress { blocks } => Value::Progress { blocks: f(*blocks) },
            Value::Mailbox(m) => Value::Mailbox(Mailbox { sender: m.sender, guard: f(m.guard), payload: Box::new(m.payload.map(f)) }),
            Value::Unit | Value::Context | Value::Faults(_) | Value::System(_) | Value::Heard(_) => self.clone(),
        }
    }
}

/// `if c { a } else { b }`.
pub(super) fn merge(terms: &mut Terms, c: Term, a: Value, b: Value) -> Fit<Value> {
    if a == b {
        return Ok(a);
    }
    Ok(match (a, b) {
        (Value::Scalar(a), Value::Scalar(b)) => Value::Scalar(terms.ite(c, a, b)),
        (Value::Optional(a), Value::Optional(b)) => Value::Optional(terms.ite(c, a, b)),
        (Value::Optional(a), Value::Option { value: None, .. }) => {
            let none = terms.int(-1);
            Value::Optional(terms.ite(c, a, none))
        }
        (Value::Option { value: None, .. }, Value::Optional(b)) => {
            let none = terms.int(-1);
            Value::Optional(terms.ite(c, none, b))
        }
        (a @ (Value::Option { .. } | Value::Optional(_)), b @ (Value::Option { .. } | Value::Optional(_))) => {
            let ((a, va), (b, vb)) = (a.parts(terms).ok_or("not an option")?, b.parts(terms).ok_or("not an option")?);
            Value::Option { some: terms.ite(c, a, b), value: merge_parts(terms, c, va, vb)?.map(Box::new) }
        }
        (Value::Tuple(a), Value::Tuple(b)) if a.len() == b.len() => Value::Tuple(merge_all(terms, c, a, b)?),
        (Value::Struct(name, a), Value::Struct(other, b)) if name == other => {
            let names: Vec<&str> = a.iter().map(|(n, _)| *n).collect();
            let values = |fields: Vec<(_, Value)>| fields.into_iter().map(|(_, v)| v).collect();
            let merged = merge_all(terms, c, values(a), values(b))?;
            Value::Struct(name, names.into_iter().zip(merged).collect())
        }
        (Value::Enum(name, a, va), Value::Enum(other, b, vb)) if name == other => {
            let mut variants = vec![];
            for pair in va.into_iter().zip(vb) {
                variants.push(match pair {
                    (Some(a), Some(b)) => Some(merge_all(terms, c, a, b)?),
                    (a, b) => a.or(b),
                });
            }
            Value::Enum(name, terms.ite(c, a, b), variants)
        }
        (Value::Set(a), Value::Set(b)) => Value::Set(merge_sets(terms, c, a, b)),
        (Value::Outbox { sent: a, message: va }, Value::Outbox { sent: b, message: vb }) => {
            let message = merge_parts(terms, c, va.map(|v| *v), vb.map(|v| *v))?.map(Box::new);
            Value::Outbox { sent: either(terms, c, a, b), message }
        }
        (Value::Progress { blocks: a }, Value::Progress { blocks: b }) => Value::Progress { blocks: either(terms, c, a, b) },
        (a, b) => return Err(format!("the branches of a choice differ in shape: {a:?} and {b:?}")),
    })
}

/// `if c { a } else { b }` between formulas, without `if` where a literal makes it needless.
pub(super) fn either(terms: &mut Terms, c: Term, a: Term, b: Term) -> Term {
    use crate::term::Node;
    match (terms.node(a).clone(), terms.node(b).clone()) {
        (Node::Bool(true), _) => terms.or([c, b]),
        (Node::Bool(false), _) => {
            let not_c = terms.not(c);
            terms.and([not_c, b])
        }
        (_, Node::Bool(true)) => terms.implies(c, a),
        (_, Node::Bool(false)) => terms.and([c, a]),
        _ => terms.ite(c, a, b),
    }
}

fn merge_parts(terms: &mut Terms, c: Term, a: Option<Value>, b: Option<Value>) -> Fit<Option<Value>> {
    match (a, b) {
        (Some(a), Some(b)) => merge(terms, c, a, b).map(Some),
        (a, b) => Ok(a.or(b)),
    }
}

fn merge_all(terms: &mut Terms, c: Term, a: Vec<Value>, b: Vec<Value>) -> Fit<Vec<Value>> {
    a.into_iter().zip(b).map(|(a, b)| merge(terms, c, a, b)).collect()
}

/// Sets are chosen between element by element.
fn merge_sets(terms: &mut Terms, c: Term, a: Option<Term>, b: Option<Term>) -> Option<Term> {
    let sort = terms.sort(a.or(b)?);
    let element = sort.element()?;
    let variable = terms.variable("e", element);
    let e = terms.var(variable);
    let mut inside = |set: Option<Term>| match set {
        Some(set) => terms.member(e, set),
        None => terms.bool(false),
    };
    let (in_a, in_b) = (inside(a), inside(b));
    let body = either(terms, c, in_a, in_b);
    Some(terms.comprehension(variable, body))
}

/// `a == b`.
pub(super) fn equal(terms: &mut Terms, a: &Value, b: &Value) -> Fit<Term> {
    Ok(match (a, b) {
        (Value::Unit, Value::Unit) => terms.bool(true),
        (Value::Scalar(a), Value::Scalar(b)) | (Value::Optional(a), Value::Optional(b)) => terms.eq(*a, *b),
        (Value::Option { .. } | Value::Optional(_), Value::Option { .. } | Value::Optional(_)) => {
            let ((a, va), (b, vb)) = (a.parts(terms).ok_or("not an option")?, b.parts(terms).ok_or("not an option")?);
            let same = terms.eq(a, b);
            let values = match (va, vb) {
                (Some(va), Some(vb)) => equal(terms, &va, &vb)?,
                _ => terms.bool(true),
            };
            let values = if is_true(terms, a) || is_true(terms, b) { values } else { terms.implies(a, values) };
            terms.and([same, values])
        }
        (Value::Tuple(a), Value::Tuple(b)) if a.len() == b.len() => all_equal(terms, a.iter().zip(b))?,
        (Value::Struct(_, a), Value::Struct(_, b)) => all_equal(terms, a.iter().zip(b).map(|((_, a), (_, b))| (a, b)))?,
        (Value::Enum(_, a, va), Value::Enum(_, b, vb)) => {
            let mut parts = vec![terms.eq(*a, *b)];
            for (k, pair) in va.iter().zip(vb).enumerate() {
                if let (Some(va), Some(vb)) = pair {
                    let number = terms.int(k as i64);
                    let this = terms.eq(*a, number);
                    let fields = all_equal(terms, va.iter().zip(vb))?;
                    parts.push(terms.implies(this, fields));
                }
            }
            terms.and(parts)
        }
        (Value::Set(Some(a)), Value::Set(Some(b))) => terms.eq(*a, *b),
        (Value::Set(Some(set)), Value::Set(None)) | (Value::Set(None), Value::Set(Some(set))) => is_empty(terms, *set),
        (Value::Set(None), Value::Set(None)) => terms.bool(true),
        _ => return Err(format!("{a:?} compared with {b:?}")),
    })
}

pub(super) fn is_true(terms: &Terms, t: Term) -> bool {
    matches!(terms.node(t), crate::term::Node::Bool(true))
}

/// Whether a set has no element.
pub(super) fn is_empty(terms: &mut Terms, set: Term) -> Term {
    let element = terms.sort(set).element().unwrap_or(Sort::Process);
    let variable = terms.variable("e", element);
    let e = terms.var(variable);
    let inside = terms.member(e, set);
    let some = terms.exists(&[variable], inside);
    terms.not(some)
}

fn all_equal<'v>(terms: &mut Terms, pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Fit<Term> {
    let parts = pairs.map(|(a, b)| equal(terms, a, b)).collect::<Fit<Vec<_>>>()?;
    Ok(terms.and(parts))
}

/// `a < b` in the derived order: lexicographic, `None` first, `false` first, variants as declared.
pub(super) fn less(terms: &mut Terms, a: &Value, b: &Value) -> Fit<Term> {
    Ok(match (a, b) {
        (Value::Unit, Value::Unit) => terms.bool(false),
        (Value::Scalar(x), Value::Scalar(y)) | (Value::Optional(x), Value::Optional(y)) => match terms.sort(*x) {
            Sort::Bool => {
                let not_x = terms.not(*x);
                terms.and([not_x, *y])
            }
            sort if sort.is_number() => terms.lt(*x, *y),
            sort => return Err(format!("elements of {sort} have no order in logic")),
        },
        (Value::Option { .. } | Value::Optional(_), Value::Option { .. } | Value::Optional(_)) => {
            let ((x, vx), (y, vy)) = (a.parts(terms).ok_or("not an option")?, b.parts(terms).ok_or("not an option")?);
            let none = terms.not(x);
            let first = terms.and([none, y]);
            let second = match (vx, vy) {
                (Some(vx), Some(vy)) => {
                    let below = less(terms, &vx, &vy)?;
                    terms.and([x, y, below])
                }
                _ => terms.bool(false),
            };
            terms.or([first, second])
        }
        (Value::Tuple(x), Value::Tuple(y)) if x.len() == y.len() => first_difference(terms, x.iter().zip(y).collect())?,
        (Value::Struct(_, x), Value::Struct(_, y)) => first_difference(terms, x.iter().zip(y).map(|((_, x), (_, y))| (x, y)).collect())?,
        (Value::Enum(_, x, vx), Value::Enum(_, y, vy)) => {
            let mut parts = vec![terms.lt(*x, *y)];
            for (k, pair) in vx.iter().zip(vy).enumerate() {
                if let (Some(vx), Some(vy)) = pair {
                    let number = terms.int(k as i64);
                    let (this, that) = (terms.eq(*x, number), terms.eq(*y, number));
                    let below = first_difference(terms, vx.iter().zip(vy).collect())?;
                    parts.push(terms.and([this, that, below]));
                }
            }
            terms.or(parts)
        }
        _ => return Err(format!("{a:?} compared with {b:?}")),
    })
}

fn first_difference(terms: &mut Terms, pairs: Vec<(&Value, &Value)>) -> Fit<Term> {
    let (mut before, mut cases) = (vec![], vec![]);
    for (a, b) in pairs {
        let below = less(terms, a, b)?;
        let case = terms.and(before.iter().copied().chain([below]));
        cases.push(case);
        before.push(equal(terms, a, b)?);
    }
    Ok(terms.or(cases))
}

/// `a ≤ b`: of numbers as such, of anything else as `a < b ∨ a = b`.
pub(super) fn at_most(terms: &mut Terms, a: &Value, b: &Value) -> Fit<Term> {
    if let (Value::Scalar(x), Value::Scalar(y)) | (Value::Optional(x), Value::Optional(y)) = (a, b)
        && terms.sort(*x).is_number()
    {
        return Ok(terms.le(*x, *y));
    }
    let above = less(terms, b, a)?;
    Ok(terms.not(above))
}
