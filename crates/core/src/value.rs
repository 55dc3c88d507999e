//! What every message, input, parameter and field of a state can do; `derive(Data)` and `derive(State)` implement it.

use crate::datum::{Datum, Sort};
use crate::{Map, Phase, Pid, Set};
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

/// A value that algorithms compute with: it can be compared, hashed, written to a wire and read by every tool.
///
/// Write `#[derive(Data)]` on a message, input or parameter type and `#[derive(State)]` on a process state; the methods are for tools.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a value of the language",
    note = "write `#[derive(Data)]` on it (messages, inputs, parameters) or `#[derive(State)]` (the state of a process)",
    note = "the built-in values are bool, integers, String, Pid, Phase, (), tuples, Option, Set and Map"
)]
pub trait Value: Clone + Eq + Hash + fmt::Debug + Send + Sync + 'static {
    /// The sort of the type.
    fn sort() -> Sort;
    /// The untyped value.
    fn to_datum(&self) -> Datum;
    /// The typed value, if `datum` has the right sort.
    fn from_datum(datum: &Datum) -> Option<Self>;
    /// Calls `f` on this value and on every value inside it.
    fn visit(&self, f: &mut dyn FnMut(&dyn Any));
    /// Appends the canonical bytes: equal values, equal bytes.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads what [`encode`](Value::encode) wrote; never panics on other bytes.
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError>;
    /// Whether it is an `Option` and `Some`: what an output is once it is decided.
    fn is_there(&self) -> bool {
        false
    }
}

/// Why bytes are not a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// The bytes end `missing` bytes too early.
    Truncated {
        /// How many more are needed at least.
        missing: usize,
    },
    /// `found` is not the tag of a variant of `of`.
    BadTag {
        /// What was being read.
        of: &'static str,
        /// The byte found.
        found: u8,
    },
    /// The bytes are a value of the type, but not in canonical form (a set out of order, a process number too large, bad UTF-8).
    NotCanonical {
        /// What was being read.
        of: &'static str,
    },
    /// Bytes are left over behind the value.
    Trailing {
        /// How many.
        bytes: usize,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Truncated { missing } => write!(f, "truncated: at least {missing} more bytes expected"),
            DecodeError::BadTag { of, found } => write!(f, "{found} is not a variant of {of}"),
            DecodeError::NotCanonical { of } => write!(f, "not a canonical {of}"),
            DecodeError::Trailing { bytes } => write!(f, "{bytes} bytes left over behind the value"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Reads a value that fills `bytes` exactly.
#[inline]
pub fn decode_all<T: Value>(mut bytes: &[u8]) -> Result<T, DecodeError> {
    let value = T::decode(&mut bytes)?;
    if bytes.is_empty() { Ok(value) } else { Err(DecodeError::Trailing { bytes: bytes.len() }) }
}

/// The canonical bytes of a value.
pub fn encoded<T: Value>(value: &T) -> Vec<u8> {
    let mut out = vec![];
    value.encode(&mut out);
    out
}

/// FNV-1a, 64 bits, over the canonical bytes: the digest that traces record. It detects differences, not forgery.
pub fn digest<T: Value>(value: &T) -> u64 {
    // Most values are short: one allocation.
    let mut bytes = Vec::with_capacity(64);
    value.encode(&mut bytes);
    digest_bytes(&bytes)
}

/// FNV-1a, 64 bits.
pub fn digest_bytes(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Takes `count` bytes off the front.
#[inline]
pub fn take<'a>(input: &mut &'a [u8], count: usize) -> Result<&'a [u8], DecodeError> {
    match input.split_at_checked(count) {
        Some((taken, rest)) => {
            *input = rest;
            Ok(taken)
        }
        None => Err(DecodeError::Truncated { missing: count - input.len() }),
    }
}

fn encode_len(len: usize, out: &mut Vec<u8>) {
    let len = u32::try_from(len).expect("collections in messages have fewer than 2^32 elements");
    out.extend(len.to_le_bytes());
}

/// A length is believed only as far as the bytes that are there could bear it: an element takes at least one byte.
fn decode_len(input: &mut &[u8]) -> Result<usize, DecodeError> {
    let bytes = take(input, 4)?;
    let len = u32::from_le_bytes(bytes.try_into().expect("four bytes were taken")) as usize;
    if len > input.len() { Err(DecodeError::Truncated { missing: len - input.len() }) } else { Ok(len) }
}

macro_rules! words {
    ($($t:ty, $sort:expr, $datum:ident, $wide:ty;)*) => {$(
        impl Value for $t {
            fn sort() -> Sort { $sort }
            fn to_datum(&self) -> Datum { Datum::$datum(*self as $wide) }
            fn from_datum(datum: &Datum) -> Option<Self> {
                match datum { Datum::$datum(k) => <$t>::try_from(*k).ok(), _ => None }
            }
            fn visit(&self, f: &mut dyn FnMut(&dyn Any)) { f(self); }
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) { out.extend_from_slice(&self.to_le_bytes()); }
            #[inline]
            fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
                let bytes = take(input, size_of::<$t>())?;
                Ok(<$t>::from_le_bytes(bytes.try_into().expect("as many bytes as the word has were taken")))
            }
        }
    )*};
}
words! {
    u8, Sort::Word("u8"), Nat, u64;
    u16, Sort::Word("u16"), Nat, u64;
    u32, Sort::Word("u32"), Nat, u64;
    u64, Sort::Word("u64"), Nat, u64;
    usize, Sort::Nat, Nat, u64;
    i32, Sort::Word("i32"), Int, i64;
    i64, Sort::Word("i64"), Int, i64;
}

impl Value for () {
    fn sort() -> Sort {
        Sort::Unit
    }
    fn to_datum(&self) -> Datum {
        Datum::Unit
    }
    fn from_datum(datum: &Datum) -> Option<Self> {
        (*datum == Datum::Unit).then_some(())
    }
    fn visit(&self, f: &mut dyn FnMut(&dyn Any)) {
        f(self);
    }
    fn encode(&self, _: &mut Vec<u8>) {}
    fn decode(_: &mut &[u8]) -> Result<Self, DecodeError> {
        Ok(())
    }
}

impl Value for bool {
    fn sort() -> Sort {
        Sort::Bool
    }
    fn to_datum(&self) -> Datum {
        Datum::Bool(*self)
    }
    fn from_datum(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Bool(b) => Some(*b),
            _ => None,
        }
    }
    fn visit(&self, f: &mut dyn FnMut(&dyn Any)) {
        f(self);
    }
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    #[inline]
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        match take(input, 1)?[0] {
            0 => Ok(false),
            1 => Ok(true),
            found => Err(DecodeError::BadTag { of: "bool", found }),
        }
    }
}

impl Value for Pid {
    fn sort() -> Sort {
        Sort::Pid
    }
    fn to_datum(&self) -> Datum {
        Datum::Pid(*self)
    }
    fn from_datum(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Pid(p) => Some(*p),
            _ => None,
        }
    }
    fn visit(&self, f: &mut dyn FnMut(&dyn Any)) {
        f(self);
    }
    fn encode(&self, out: &mut Vec<u8>) {
        (self.index() as u16).encode(out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let index = u16::decode(input)? as usize;
        if index < crate::MAX_PROCESSES { Ok(Pid::new(index)) } else { Err(DecodeError::NotCanonical { of: "process id" }) }
    }
}

impl Value for Phase {
    fn sort() -> Sort {
        Sort::Phase
    }
    fn to_datum(&self) -> Datum {
        Datum::Phase(*self)
    }
    fn from_datum(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Phase(p) => Some(*p),
            _ => None,
        }
    }
    fn visit(&self, f: &mut dyn FnMut(&dyn Any)) {
        f(self);
    }
    fn encode(&self, out: &mut Vec<u8>) {
        self.number().encode(out);
    }
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        usize::decode(input).map(Phase::new)
    }
}

impl Value for String {
    fn sort() -> Sort {
        Sort::Text
    }
    fn to_datum(&self) -> Datum {
        Datum::Text(self.as_str().into())
    }
    fn from_datum(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Text(t) => Some(t.to_string()),
            _ => None,
        }
    }
    fn visit(&self, f: &mut dyn FnMut(&dyn Any)) {
        f(self);
    }
    fn encode(&self, out: &mut Vec<u8>) {
        encode_len(self.len(), out);
        out.extend(self.as_bytes());
    }
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let len = decode_len(input)?;
        let bytes = take(input, len)?;
        std::str::from_utf8(bytes).map(str::to_string).map_err(|_| DecodeError::NotCanonical { of: "UTF-8 string" })
    }
}

impl<T: Value> Value for Option<T> {
    fn sort() -> Sort {
        Sort::Option(Box::new(T::sort()))
    }
    fn to_datum(&self) -> Datum {
        Datum::Option(self.as_ref().map(|t| Arc::new(t.to_datum())))
    }
    fn from_datum(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Option(None) => Some(None),
            Datum::Option(Some(d)) => T::from_datum(d).map(Some),
            _ => None,
        }
    }
    fn visit(&self, f: &mut dyn FnMut(&dyn Any)) {
        f(self);
        if let Some(t) = self {
            t.visit(f);
        }
    }
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(t) = self {
            t.encode(out);
        }
    }
    #[inline]
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        if bool::decode(input)? { T::decode(input).map(Some) } else { Ok(None) }
    }
    fn is_there(&self) -> bool {
        self.is_some()
    }
}

macro_rules! tuples {
    ($(($($t:ident $k:tt),*))*) => {$(
        impl<$($t: Value),*> Value for ($($t,)*) {
            fn sort() -> Sort { Sort::Tuple(vec![$($t::sort()),*]) }
            fn to_datum(&self) -> Datum { Datum::tuple(vec![$(self.$k.to_datum()),*]) }
            fn from_datum(datum: &Datum) -> Option<Self> {
                const LEN: usize = [$($k),*].len();
                match datum {
                    Datum::Tuple(items) if items.len() == LEN => Some(($($t::from_datum(&items[$k])?,)*)),
                    _ => None,
                }
            }
            fn visit(&self, f: &mut dyn FnMut(&dyn Any)) { f(self); $(self.$k.visit(f);)* }
            #[inline]
            fn encode(&self, out: &mut Vec<u8>) { $(self.$k.encode(out);)* }
            #[inline]
            fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> { Ok(($($t::decode(input)?,)*)) }
        }
    )*};
}
tuples! { (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) }

impl<T: Value + Ord> Value for Set<T> {
    fn sort() -> Sort {
        Sort::Set(Box::new(T::sort()))
    }
    fn to_datum(&self) -> Datum {
        Datum::set(self.iter().map(T::to_datum))
    }
    fn from_datum(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Set(items) => items.iter().map(T::from_datum).collect(),
            _ => None,
        }
    }
    fn visit(&self, f: &mut dyn FnMut(&dyn Any)) {
        f(self);
        self.iter().for_each(|t| t.visit(f));
    }
    fn encode(&self, out: &mut Vec<u8>) {
        encode_len(self.len(), out);
        self.iter().for_each(|t| t.encode(out));
    }
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let len = decode_len(input)?;
        let items = (0..len).map(|_| T::decode(input)).collect::<Result<Vec<T>, _>>()?;
        if items.is_sorted_by(|a, b| a < b) { Ok(items.into_iter().collect()) } else { Err(DecodeError::NotCanonical { of: "set" }) }
    }
}

impl<K: Value + Ord, V: Value> Value for Map<K, V> {
    fn sort() -> Sort {
        Sort::Map(Box::new(K::sort()), Box::new(V::sort()))
    }
    fn to_datum(&self) -> Datum {
        Datum::Map(Arc::new(self.iter().map(|(k, v)| (k.to_datum(), v.to_datum())).collect::<BTreeMap<_, _>>()))
    }
    fn from_datum(datum: &Datum) -> Option<Self> {
        match datum {
            Datum::Map(items) => items.iter().map(|(k, v)| Some((K::from_datum(k)?, V::from_datum(v)?))).collect(),
            _ => None,
        }
    }
    fn visit(&self, f: &mut dyn FnMut(&dyn Any)) {
        f(self);
        self.iter().for_each(|(k, v)| {
            k.visit(f);
            v.visit(f);
        });
    }
    fn encode(&self, out: &mut Vec<u8>) {
        encode_len(self.len(), out);
        self.iter().for_each(|(k, v)| {
            k.encode(out);
            v.encode(out);
        });
    }
    fn decode(input: &mut &[u8]) -> Result<Self, DecodeError> {
        let len = decode_len(input)?;
        let items = (0..len).map(|_| Ok((K::decode(input)?, V::decode(input)?))).collect::<Result<Vec<_>, DecodeError>>()?;
        if items.is_sorted_by(|a, b| a.0 < b.0) { Ok(items.into_iter().collect()) } else { Err(DecodeError::NotCanonical { of: "map" }) }
    }
}

/// A join-semilattice: `join` is idempotent, commutative and associative.
pub trait JoinSemilattice: Value {
    /// The least upper bound.
    fn join(&self, other: &Self) -> Self;
    /// The order of the lattice: `self ⊔ other = other`.
    fn leq(&self, other: &Self) -> bool {
        self.join(other) == *other
    }
}

impl<T: Value + Ord> JoinSemilattice for Set<T> {
    fn join(&self, other: &Self) -> Self {
        self.union(other)
    }
}

/// `decision.is(v)`: is it `Some(v)`?
pub trait OptionExt<T> {
    /// Whether the value is there and equal to `v`.
    fn is(&self, v: &T) -> bool;
}

impl<T: PartialEq> OptionExt<T> for Option<T> {
    fn is(&self, v: &T) -> bool {
        self.as_ref() == Some(v)
    }
}

/// `!premise || conclusion`
pub fn implies(premise: bool, conclusion: bool) -> bool {
    !premise || conclusion
}
