//! What is outside the subset, in words: a message, and a hint that shows the way out.

use super::names::Name;
use crate::errors::NATIVE;
use syn::{BinOp, Expr, Lit, Macro};

/// A message and its hint.
pub type Words = (String, String);

fn words(message: impl Into<String>, help: impl Into<String>) -> Words {
    (message.into(), help.into())
}

fn outside(what: &str, help: &str) -> Words {
    words(format!("{what} outside the subset"), if help.is_empty() { NATIVE.to_string() } else { format!("{help}, or {NATIVE}") })
}

/// A kind of expression that is never accepted, or not where it stands.
pub fn expression(e: &Expr) -> Words {
    match e {
        Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
            outside("loops are", "ask the collection: `all`, `any`, `count`, `filter`, `map`, `Map::on(&set, |k| ..)`")
        }
        Expr::Return(_) => outside("`return` is", "make it the last expression, with `if .. { .. } else { .. }`"),
        Expr::Break(_) | Expr::Continue(_) => outside("`break` and `continue` are", "write `if .. { .. } else { .. }`"),
        Expr::Try(_) => outside("`?` is", "write `if let Some(v) = .. { .. } else { .. }`"),
        Expr::Cast(_) => outside("casts are", "counts, rounds and indices are all `usize`: declare the field so"),
        Expr::Macro(e) => macro_call(&e.mac),
        Expr::Unsafe(_) => outside("`unsafe` is", ""),
        Expr::Async(_) | Expr::Await(_) => {
            outside("`async` and `await` are", "a round is a pure function of state and mailbox: nothing to wait for")
        }
        Expr::Range(_) => outside("ranges are", "compare with `<=` and `<`"),
        Expr::Array(_) | Expr::Repeat(_) => outside("array literals are", "write `Set::of([a, b])`"),
        Expr::Reference(_) => outside("`&mut` is", "assign to the field itself: `p.field = ..`"),
        Expr::Closure(_) => {
            outside("a closure as a value is", "write it as an argument: `mailbox.count(|m| ..)`; shared logic goes to a `#[pure] fn`")
        }
        Expr::Let(_) => words("`let` stands for a condition only in an `if`", "write `if let .. = .. { .. } else { .. }`, or a `match`"),
        Expr::Block(_) => outside("labelled blocks are", "write `if .. { .. } else { .. }`"),
        Expr::Const(_) => outside("`const` blocks are", "write the number, or a field of the parameters"),
        Expr::Infer(_) => words("`_` is not a value", "write the value"),
        _ => outside("this expression is", ""),
    }
}

/// A literal that is no natural number and no truth value.
pub fn literal(lit: &Lit) -> Words {
    match lit {
        Lit::Float(_) => outside("floating point is", "scale to natural numbers: `3 * len > 2 * n` instead of `len > 0.66 * n`"),
        Lit::Str(_) | Lit::ByteStr(_) | Lit::CStr(_) | Lit::Char(_) | Lit::Byte(_) => {
            outside("strings and characters are", "keep a number or an enum")
        }
        _ => outside("this literal is", ""),
    }
}

/// A macro.
pub fn macro_call(mac: &Macro) -> Words {
    let name = mac.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
    let help = match name.as_str() {
        "println" | "print" | "eprintln" | "eprint" | "dbg" | "trace" | "debug" | "info" | "warn" | "error" => {
            "rounds are pure: delete it; traces show every state"
        }
        "assert" | "assert_eq" | "assert_ne" | "debug_assert" | "debug_assert_eq" | "debug_assert_ne" => {
            "state it in the `#[spec]` block: `#[invariant] pub fn name(s: &System<Self>) -> bool { .. }`"
        }
        "matches" => "write `match e { pattern => true, _ => false }`",
        "vec" => "write `Set::of([a, b])` or `Set::new()`",
        "todo" | "unimplemented" => "write the value",
        "panic" | "unreachable" => "say what happens: `silent()`, or leave the state as it is",
        "format" | "concat" | "stringify" => "strings are outside the subset: keep a number or an enum",
        _ => "write what it stands for",
    };
    outside(&format!("the macro `{name}!` is"), help)
}

/// An assignment to what is not a place of the state.
pub fn place(message: impl Into<String>) -> Words {
    words(message, "assign to a field of the state, `p.field = ..`, or to a variable declared by `let mut name = ..`")
}

/// A path, not called, that is no variable and no value of the subset.
pub fn path(name: &Name) -> Words {
    match name {
        Name::Constant(name) => words(
            format!("the constant `{name}` is outside the subset: the text would not know its value"),
            "write the number, or make it a field of the parameters: `ctx.parameters().limit`",
        ),
        Name::Some | Name::Result(_) | Name::Builtin(_) | Name::Own(_) | Name::Associated(..) | Name::Standard(_) | Name::Qualified => {
            function_value()
        }
        Name::Helper(name) => words(
            format!("`{name}` is not a variable of this function"),
            format!("if it is a function, write the closure: `|x| {name}(x)`; if it is a static, make it a field of the parameters"),
        ),
        Name::None | Name::Variant(_) | Name::Struct(_) => outside("this path is", ""),
    }
}

fn function_value() -> Words {
    words("a function as a value is outside the subset", "write a closure: `|v| ..`")
}

/// A call of something that is not a helper.
pub fn callee(name: &Name) -> Words {
    match name {
        Name::Associated(_, function) if super::builtins::COMPOSITION.contains(&function.as_str()) => composition(),
        Name::Associated(owner, function) => outside(
            &format!("the associated function `{owner}::{function}` is"),
            &format!("write a `#[pure] fn {function}(..)` and call it, or the method form `a.{function}(b)` if the language has it"),
        ),
        Name::Standard(name) => outside(&format!("`{name}` is"), "write the method form, `a.max(b)`, or a `#[pure] fn`"),
        Name::Result(name) => outside(&format!("`{name}` is"), "write an `Option`, or an enum with `#[derive(Data)]`"),
        Name::Constant(name) => outside(&format!("a call of `{name}` is"), "write a `#[pure] fn`"),
        Name::Qualified => outside("`<T as Trait>::f(..)` is", "write a `#[pure] fn`"),
        Name::None => words("`None` takes no value", "write `None`"),
        _ => outside("this call is", "write a `#[pure] fn`"),
    }
}

/// A call of another algorithm's round.
pub fn composition() -> Words {
    words("composition of rounds is not in the subset yet", "mark the round `#[native(\"..\")]`")
}

/// `+` for `+=`; `None` for an operator that assigns nothing.
pub fn compound(op: &BinOp) -> Option<&'static str> {
    Some(match op {
        BinOp::AddAssign(_) => "+",
        BinOp::SubAssign(_) => "-",
        BinOp::MulAssign(_) => "*",
        BinOp::DivAssign(_) => "/",
        BinOp::RemAssign(_) => "%",
        BinOp::BitXorAssign(_) => "^",
        BinOp::BitAndAssign(_) => "&",
        BinOp::BitOrAssign(_) => "|",
        BinOp::ShlAssign(_) => "<<",
        BinOp::ShrAssign(_) => ">>",
        _ => return None,
    })
}
