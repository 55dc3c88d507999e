//! Symbolic values: what an expression of the text is, as terms.
//!
//! Structured values fall apart into terms: a tuple is its components, an option a condition and a value that means nothing where the
//! condition is false. An optional phase is one number, −1 for none, so that the order of options is the order of numbers. Worked
//! example: `Some(v)` of a value v is `Option { some: true, value: v }`; `if c { Some(v) } else { None }` is `Option { some: c, value: v }`.

use crate::term::{Sort, Term, Terms};

/// A symbolic value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    /// `()`
    Unit,
    /// A truth value, number, value, phase or process.
    Scalar(Term),
    /// A tuple.
    Tuple(Vec<Value>),
    /// `None`, of a type that its surroundings tell.
    None,
    /// An option.
    Option {
        /// Whether it is `Some`.
        some: Term,
        /// Its content; means nothing otherwise.
        value: Box<Value>,
    },
    /// An optional phase: −1 for `None`.
    OptionalPhase(Term),
    /// A struct: names and values of its fields.
    Struct(Vec<(String, Value)>),
    /// A set of processes.
    Set(Term),
    /// `factor · ho.min_len()`: the smallest size of a heard-of set.
    MinLen {
        /// The factor.
        factor: i64,
        /// Which heard-of sets.
        heard: usize,
    },
    /// What `send` gives: alternatives under their conditions.
    Outbox(Vec<Parcel>),
    /// What `ready` gives: whether it is `Block`.
    Progress(Term),
    /// The context of the process at hand.
    Context,
    /// The system at one of the copies of the state.
    System(usize),
    /// The heard-of sets of one of the rounds.
    Heard(usize),
    /// The mailbox of the process at hand.
    Mailbox,
}

/// A message under a condition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parcel {
    /// When it is sent.
    pub when: Term,
    /// To whom; `None`: to all.
    pub to: Option<Term>,
    /// What.
    pub what: Value,
}

/// Two values cannot be brought together.
pub type Mismatch = String;

impl Value {
    /// The term of a scalar.
    pub fn scalar(&self) -> Result<Term, Mismatch> {
        match self {
            Value::Scalar(term) => Ok(*term),
            other => Err(format!("a plain value is expected, not {}", other.kind())),
        }
    }
    /// What it is, in a word or two.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Unit => "`()`",
            Value::Scalar(_) => "a plain value",
            Value::Tuple(_) => "a tuple",
            Value::None | Value::Option { .. } | Value::OptionalPhase(_) => "an option",
            Value::Struct(_) => "a struct",
            Value::Set(_) => "a set",
            Value::MinLen { .. } => "`min_len`",
            Value::Outbox(_) => "messages",
            Value::Progress(_) => "a `Progress`",
            Value::Context => "the context",
            Value::System(_) => "the system",
            Value::Heard(_) => "heard-of sets",
            Value::Mailbox => "the mailbox",
        }
    }

    /// Whether an option is `Some`.
    pub fn is_some(&self, t: &mut Terms) -> Result<Term, Mismatch> {
        match self {
            Value::None => Ok(t.bool(false)),
            Value::Option { some, .. } => Ok(*some),
            Value::OptionalPhase(phase) => {
                let zero = t.int(0);
                Ok(t.le(zero, *phase))
            }
            other => Err(format!("an option is expected, not {}", other.kind())),
        }
    }
    /// The content of an option; `None` where there never is one.
    pub fn content(&self) -> Result<Option<Value>, Mismatch> {
        match self {
            Value::None => Ok(None),
            Value::Option { value, .. } => Ok(Some((**value).clone())),
            Value::OptionalPhase(phase) => Ok(Some(Value::Scalar(*phase))),
            other => Err(format!("an option is expected, not {}", other.kind())),
        }
    }
    /// `Some(value)`.
    pub fn some(t: &mut Terms, value: Value) -> Value {
        match value {
            Value::Scalar(term) if t.sort(term) == Sort::Time => Value::OptionalPhase(term),
            value => Value::Option { some: t.bool(true), value: Box::new(value) },
        }
    }

    /// `if c { a } else { b }`.
    pub fn choose(t: &mut Terms, c: Term, a: &Value, b: &Value) -> Result<Value, Mismatch> {
        if a == b {
            return Ok(a.clone());
        }
        Ok(match (a, b) {
            (Value::Scalar(x), Value::Scalar(y)) => Value::Scalar(t.branch(c, *x, *y)),
            (Value::Progress(x), Value::Progress(y)) => Value::Progress(t.branch(c, *x, *y)),
            (Value::OptionalPhase(x), Value::OptionalPhase(y)) => Value::OptionalPhase(t.branch(c, *x, *y)),
            (Value::OptionalPhase(x), Value::None) => {
                let none = t.int(-1);
                Value::OptionalPhase(t.branch(c, *x, none))
            }
            (Value::None, Value::OptionalPhase(y)) => {
                let none = t.int(-1);
                Value::OptionalPhase(t.branch(c, none, *y))
            }
            (Value::Option { some: x, value: v }, Value::Option { some: y, value: w }) => {
                Value::Option { some: t.branch(c, *x, *y), value: Box::new(Value::choose(t, c, v, w)?) }
            }
            (Value::Option { some, value }, Value::None) => {
                let no = t.bool(false);
                Value::Option { some: t.branch(c, *some, no), value: value.clone() }
            }
            (Value::None, Value::Option { some, value }) => {
                let no = t.bool(false);
                Value::Option { some: t.branch(c, no, *some), value: value.clone() }
            }
            (Value::Tuple(x), Value::Tuple(y)) if x.len() == y.len() => {
                Value::Tuple(x.iter().zip(y).map(|(x, y)| Value::choose(t, c, x, y)).collect::<Result<_, _>>()?)
            }
            (Value::Struct(x), Value::Struct(y)) => {
                Value::Struct(x.iter().zip(y).map(|((name, x), (_, y))| Ok((name.clone(), Value::choose(t, c, x, y)?))).collect::<Result<
                    _,
                    Mismatch,
                >>(
                )?)
            }
            (Value::Outbox(x), Value::Outbox(y)) => {
                let not_c = t.not(c);
                let mut parcels = Vec::new();
                for (condition, list) in [(c, x), (not_c, y)] {
                    for parcel in list {
                        parcels.push(Parcel { when: t.and([condition, parcel.when]), ..parcel.clone() });
                    }
                }
                Value::Outbox(parcels)
            }
            (x, y) => return Err(format!("a choice between {} and {}", x.kind(), y.kind())),
        })
    }

    /// `a == b`.
    pub fn equal(t: &mut Terms, a: &Value, b: &Value) -> Result<Term, Mismatch> {
        Ok(match (a, b) {
            (Value::Unit, Value::Unit) | (Value::None, Value::None) => t.bool(true),
            (Value::Scalar(x), Value::Scalar(y)) => {
                comparable(t, *x, *y)?;
                t.eq(*x, *y)
            }
            (Value::Set(x), Value::Set(y)) => t.eq(*x, *y),
            (Value::OptionalPhase(x), Value::OptionalPhase(y)) => t.eq(*x, *y),
            (Value::Tuple(x), Value::Tuple(y)) if x.len() == y.len() => {
                let parts: Vec<Term> = x.iter().zip(y).map(|(x, y)| Value::equal(t, x, y)).collect::<Result<_, _>>()?;
                t.and(parts)
            }
            (Value::Struct(x), Value::Struct(y)) if x.len() == y.len() => {
                let parts: Vec<Term> = x.iter().zip(y).map(|((_, x), (_, y))| Value::equal(t, x, y)).collect::<Result<_, _>>()?;
                t.and(parts)
            }
            (Value::None, other) | (other, Value::None) => {
                let some = other.is_some(t)?;
                t.not(some)
            }
            (Value::Option { some: x, value: v }, Value::Option { some: y, value: w }) => {
                let same = Value::equal(t, v, w)?;
                let both = t.eq(*x, *y);
                let content = t.implies(*x, same);
                t.and([both, content])
            }
            (x, y) => return Err(format!("a comparison of {} with {}", x.kind(), y.kind())),
        })
    }

    /// `a < b`, or `a <= b` when not `strict`; options and tuples in the order that Rust derives.
    pub fn before(t: &mut Terms, a: &Value, b: &Value, strict: bool) -> Result<Term, Mismatch> {
        Ok(match (a, b) {
            (Value::Scalar(x), Value::Scalar(y)) if t.sort(*x) == Sort::Bool && t.sort(*y) == Sort::Bool => {
                let not_x = t.not(*x);
                if strict { t.and([not_x, *y]) } else { t.or([not_x, *y]) }
            }
            (Value::Scalar(x), Value::Scalar(y)) | (Value::OptionalPhase(x), Value::OptionalPhase(y)) => {
                comparable(t, *x, *y)?;
                if t.sort(*x) == Sort::Process || t.sort(*y) == Sort::Process {
                    return Err("the order of process ids".into());
                }
                if strict { t.lt(*x, *y) } else { t.le(*x, *y) }
            }
            (Value::Option { some: x, value: v }, Value::Option { some: y, value: w }) => {
                let inner = Value::before(t, v, w, strict)?;
                let not_x = t.not(*x);
                let both = t.and([*x, *y, inner]);
                let less = if strict { t.and([not_x, *y]) } else { not_x };
                t.or([less, both])
            }
            (Value::Tuple(x), Value::Tuple(y)) if x.len() == y.len() => {
                // Lexicographic: the first component less, or equal and the rest in order.
                let mut rest = t.bool(!strict);
                for (x, y) in x.iter().zip(y).rev() {
                    let (less, same) = (Value::before(t, x, y, true)?, Value::equal(t, x, y)?);
                    let later = t.and([same, rest]);
                    rest = t.or([less, later]);
                }
                rest
            }
            (x, y) => return Err(format!("the order of {} and {}", x.kind(), y.kind())),
        })
    }
}

/// Numbers of different sorts are not compared: their terms would not meet in instantiation.
fn comparable(t: &Terms, a: Term, b: Term) -> Result<(), Mismatch> {
    let (x, y) = (t.sort(a), t.sort(b));
    if t.fits(a, y) || t.fits(b, x) { Ok(()) } else { Err(format!("a comparison of {x} with {y}")) }
}
