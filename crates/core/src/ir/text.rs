//! The text form of the IR: what the attributes write and [`parse_functions`] reads, and what [`print()`] writes back.
//!
//! Grammar (a list may carry its place, `(op@12:5 > a b)`, right behind its head; strings are in double quotes):
//!
//! ```text
//! function := (fn NAME (NAME*) EXPR) | (native NAME (NAME*) STRING)
//! EXPR     := NAT | true | false | NAME
//!           | (unit) | (field EXPR NAME) | (index EXPR EXPR) | (call NAME EXPR*) | (method NAME EXPR EXPR*)
//!           | (op SYMBOL EXPR EXPR) | (not EXPR) | (lam (PARAM*) EXPR) | (tuple EXPR*)
//!           | (struct NAME ((FIELD EXPR)*)) | (struct NAME ((FIELD EXPR)*) EXPR)        the second has a base: `..base`
//!           | (variant NAME ((FIELD EXPR)*))                                            FIELD is 0, 1, .. for tuple-like ones
//!           | (if EXPR EXPR EXPR) | (letc PAT EXPR) | (match EXPR ARM*) | (block EXPR*) | (let PAT EXPR) | (set EXPR EXPR)
//! ARM      := (arm PAT EXPR) | (arm PAT EXPR EXPR)                                      the second has a guard: pattern, guard, body
//! PARAM    := PAT | (typed PAT STRING)
//! PAT      := _ | NAT | true | false | NAME | (at NAME PAT) | (tp PAT*) | (pv NAME ((FIELD PAT)*)) | (ps NAME ((FIELD PAT)*)) | (or PAT*)
//! ```

use super::{Arm, Expr, Function, Lambda, Node, Op, Pat, Pos};
use std::fmt::{self, Write as _};

/// Text that is not of the grammar: what was expected and at which byte.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextError {
    /// Byte offset in the text.
    pub at: usize,
    /// What was expected there.
    pub expected: String,
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: expected {}", self.at, self.expected)
    }
}

impl std::error::Error for TextError {}

/// How deep lists may nest: deeper text is refused instead of exhausting the stack.
const MAX_DEPTH: usize = 200;

/// Parses any number of functions.
pub fn parse_functions(text: &str) -> Result<Vec<Function>, TextError> {
    let forms = read_all(text)?;
    forms.iter().map(function).collect()
}

/// Parses one expression.
pub fn parse_expr(text: &str) -> Result<Expr, TextError> {
    match read_all(text)?.as_slice() {
        [one] => expr(one),
        _ => fail(0, "exactly one expression"),
    }
}

/// One token or list, before it has a meaning.
#[derive(Debug)]
enum Form {
    Atom { text: String, at: usize },
    Str { text: String, at: usize },
    List { head: Pos, items: Vec<Form>, at: usize },
}

fn fail<T>(at: usize, expected: impl Into<String>) -> Result<T, TextError> {
    Err(TextError { at, expected: expected.into() })
}

impl Form {
    fn at(&self) -> usize {
        match self {
            Form::Atom { at, .. } | Form::Str { at, .. } | Form::List { at, .. } => *at,
        }
    }
    fn atom(&self) -> Result<&str, TextError> {
        match self {
            Form::Atom { text, .. } => Ok(text),
            other => fail(other.at(), "a name"),
        }
    }
    fn list(&self) -> Result<&[Form], TextError> {
        match self {
            Form::List { items, .. } => Ok(items),
            other => fail(other.at(), "a list"),
        }
    }
}

fn read_all(text: &str) -> Result<Vec<Form>, TextError> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0 };
    let mut forms = vec![];
    loop {
        reader.space();
        if reader.at == reader.bytes.len() {
            return Ok(forms);
        }
        forms.push(reader.form(0)?);
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn space(&mut self) {
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> &str {
        let start = self.at;
        while self.bytes.get(self.at).is_some_and(|b| !b.is_ascii_whitespace() && !b"()\"".contains(b)) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    fn form(&mut self, depth: usize) -> Result<Form, TextError> {
        let at = self.at;
        match self.bytes.get(at) {
            _ if depth > MAX_DEPTH => fail(at, format!("at most {MAX_DEPTH} nested lists")),
            None => fail(at, "a form, not the end of the text"),
            Some(b')') => fail(at, "a form, not `)`"),
            Some(b'"') => self.string(),
            Some(b'(') => self.items(depth),
            Some(_) => Ok(Form::Atom { text: self.word().to_string(), at }),
        }
    }

    fn items(&mut self, depth: usize) -> Result<Form, TextError> {
        let at = self.at;
        self.at += 1;
        let mut items = vec![];
        let mut head = Pos::default();
        loop {
            self.space();
            if self.bytes.get(self.at) == Some(&b')') {
                self.at += 1;
                return Ok(Form::List { head, items, at });
            }
            let mut item = self.form(depth + 1)?;
            if items.is_empty()
                && let Form::Atom { text, at } = &mut item
                && let Some((name, place)) = text.split_once('@')
            {
                let numbers = place.split_once(':').and_then(|(l, c)| Some((l.parse().ok()?, c.parse().ok()?)));
                let Some((line, column)) = numbers else { return fail(*at, "a place `@line:column`") };
                head = Pos { line, column };
                *text = name.to_string();
            }
            items.push(item);
        }
    }

    fn string(&mut self) -> Result<Form, TextError> {
        let at = self.at;
        let mut out = String::new();
        let mut chars = self.text[at + 1..].char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = at + 1 + offset + 1;
                    return Ok(Form::Str { text: out, at });
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, c)) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        fail(at, "a closing `\"`")
    }
}

fn function(form: &Form) -> Result<Function, TextError> {
    let [head, name, params, body] = form.list()? else { return fail(form.at(), "(fn NAME (PARAM*) BODY)") };
    let params = params.list()?.iter().map(|p| p.atom().map(str::to_string)).collect::<Result<_, _>>()?;
    let body = match (head.atom()?, body) {
        ("fn", body) => Ok(expr(body)?),
        ("native", Form::Str { text, .. }) => Err(text.clone()),
        _ => return fail(form.at(), "`fn`, or `native` with a reason"),
    };
    Ok(Function { name: name.atom()?.to_string(), params, body })
}

fn number(text: &str) -> Option<u64> {
    if text.starts_with(|c: char| c.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn boxed(form: &Form) -> Result<Box<Expr>, TextError> {
    expr(form).map(Box::new)
}

fn exprs(forms: &[Form]) -> Result<Vec<Expr>, TextError> {
    forms.iter().map(expr).collect()
}

fn named<T>(form: &Form, read: fn(&Form) -> Result<T, TextError>) -> Result<Vec<(String, T)>, TextError> {
    let one = |item: &Form| match item.list()? {
        [name, value] => Ok((name.atom()?.to_string(), read(value)?)),
        _ => fail(item.at(), "(FIELD VALUE)"),
    };
    form.list()?.iter().map(one).collect()
}

fn expr(form: &Form) -> Result<Expr, TextError> {
    let Form::List { head, items, at } = form else {
        let text = form.atom()?;
        let node = match (text, number(text)) {
            (_, Some(k)) => Node::Nat(k),
            ("true", _) => Node::Bool(true),
            ("false", _) => Node::Bool(false),
            _ => Node::Var(text.to_string()),
        };
        return Ok(Expr::new(node));
    };
    let [first, rest @ ..] = items.as_slice() else { return fail(*at, "an expression, not `()`") };
    let node = match (first.atom()?, rest) {
        ("unit", []) => Node::Unit,
        ("field", [e, name]) => Node::Field(boxed(e)?, name.atom()?.to_string()),
        ("index", [s, i]) => Node::Index(boxed(s)?, boxed(i)?),
        ("call", [name, args @ ..]) => Node::Call(name.atom()?.to_string(), exprs(args)?),
        ("method", [name, e, args @ ..]) => Node::Method(name.atom()?.to_string(), boxed(e)?, exprs(args)?),
        ("op", [symbol, a, b]) => match Op::from_symbol(symbol.atom()?) {
            Some(op) => Node::Op(op, boxed(a)?, boxed(b)?),
            None => return fail(symbol.at(), "an operator"),
        },
        ("not", [e]) => Node::Not(boxed(e)?),
        ("lam", [params, body]) => {
            let params = params.list()?.iter().map(param).collect::<Result<_, _>>()?;
            Node::Lambda(Lambda { params, body: boxed(body)?, sorts: vec![] })
        }
        ("struct", [name, fields]) => Node::Struct(name.atom()?.to_string(), named(fields, expr)?, None),
        ("struct", [name, fields, base]) => Node::Struct(name.atom()?.to_string(), named(fields, expr)?, Some(boxed(base)?)),
        ("variant", [name, fields]) => Node::Variant(name.atom()?.to_string(), named(fields, expr)?),
        ("tuple", es) => Node::Tuple(exprs(es)?),
        ("if", [c, a, b]) => Node::If(boxed(c)?, boxed(a)?, boxed(b)?),
        ("letc", [p, e]) => Node::LetCond(pat(p)?, boxed(e)?),
        ("match", [e, arms @ ..]) => Node::Match(boxed(e)?, arms.iter().map(arm).collect::<Result<_, _>>()?),
        ("block", es) => Node::Block(exprs(es)?),
        ("let", [p, e]) => Node::Let(pat(p)?, boxed(e)?),
        ("set", [p, e]) => Node::Set(boxed(p)?, boxed(e)?),
        (other, _) => return fail(*at, format!("a known form with its parts, not `{other}` with {} parts", rest.len())),
    };
    Ok(Expr { node, at: *head })
}

fn arm(form: &Form) -> Result<Arm, TextError> {
    match form.list()? {
        [head, p, body] if head.atom()? == "arm" => Ok(Arm { pat: pat(p)?, guard: None, body: expr(body)? }),
        [head, p, guard, body] if head.atom()? == "arm" => Ok(Arm { pat: pat(p)?, guard: Some(expr(guard)?), body: expr(body)? }),
        _ => fail(form.at(), "(arm PATTERN BODY) or (arm PATTERN GUARD BODY)"),
    }
}

fn param(form: &Form) -> Result<(Pat, Option<String>), TextError> {
    if let Form::List { items, .. } = form
        && let [Form::Atom { text: head, .. }, p, Form::Str { text, .. }] = items.as_slice()
        && head == "typed"
    {
        return Ok((pat(p)?, Some(text.clone())));
    }
    Ok((pat(form)?, None))
}

fn pat(form: &Form) -> Result<Pat, TextError> {
    let Form::List { items, at, .. } = form else {
        let text = form.atom()?;
        return Ok(match (text, number(text)) {
            (_, Some(k)) => Pat::Nat(k),
            ("_", _) => Pat::Wild,
            ("true", _) => Pat::Bool(true),
            ("false", _) => Pat::Bool(false),
            _ => Pat::Bind(text.to_string()),
        });
    };
    let [first, rest @ ..] = items.as_slice() else { return fail(*at, "a pattern, not `()`") };
    let many = |forms: &[Form]| forms.iter().map(pat).collect::<Result<Vec<_>, _>>();
    Ok(match (first.atom()?, rest) {
        ("at", [name, p]) => Pat::At(name.atom()?.to_string(), Box::new(pat(p)?)),
        ("tp", ps) => Pat::Tuple(many(ps)?),
        ("pv", [name, fields]) => Pat::Variant(name.atom()?.to_string(), named(fields, pat)?),
        ("ps", [name, fields]) => Pat::Struct(name.atom()?.to_string(), named(fields, pat)?),
        ("or", ps) => Pat::Or(many(ps)?),
        (other, _) => return fail(*at, format!("a pattern, not `{other}` with {} parts", rest.len())),
    })
}

/// Prints an expression; [`parse_expr`] reads it back to an equal tree.
pub fn print(e: &Expr) -> String {
    let mut out = String::new();
    write_expr(&mut out, e);
    out
}

/// Prints a function; [`parse_functions`] reads it back.
pub fn print_function(f: &Function) -> String {
    let params = f.params.join(" ");
    match &f.body {
        Ok(body) => format!("(fn {} ({params}) {})", f.name, print(body)),
        Err(reason) => format!("(native {} ({params}) {})", f.name, quote(reason)),
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

fn write_expr(out: &mut String, e: &Expr) {
    let place = if e.at == Pos::default() { String::new() } else { format!("@{}:{}", e.at.line, e.at.column) };
    let mut list = |head: &str, words: &[&str], children: &[&Expr]| {
        let _ = write!(out, "({head}{place}");
        for word in words {
            let _ = write!(out, " {word}");
        }
        for child in children {
            out.push(' ');
            write_expr(out, child);
        }
        out.push(')');
    };
    match &e.node {
        Node::Nat(k) => {
            let _ = write!(out, "{k}");
        }
        Node::Bool(b) => {
            let _ = write!(out, "{b}");
        }
        Node::Var(name) => out.push_str(name),
        Node::Unit => list("unit", &[], &[]),
        Node::Field(e, name) => {
            let _ = write!(out, "(field{place} ");
            write_expr(out, e);
            let _ = write!(out, " {name})");
        }
        Node::Index(a, b) => list("index", &[], &[a, b]),
        Node::Call(name, es) => list("call", &[name], &es.iter().collect::<Vec<_>>()),
        Node::Method(name, ..) => list("method", &[name], &e.children()),
        Node::Op(op, a, b) => list("op", &[op.symbol()], &[a, b]),
        Node::Not(e) => list("not", &[], &[e]),
        Node::Lambda(l) => {
            let params: Vec<String> = l.params.iter().map(print_param).collect();
            list("lam", &[&format!("({})", params.join(" "))], &[&l.body]);
        }
        Node::Struct(name, fields, base) => {
            let base: Vec<&Expr> = base.as_deref().into_iter().collect();
            list("struct", &[name, &print_named(fields, print)], &base);
        }
        Node::Variant(name, fields) => list("variant", &[name, &print_named(fields, print)], &[]),
        Node::Tuple(es) => list("tuple", &[], &es.iter().collect::<Vec<_>>()),
        Node::If(c, a, b) => list("if", &[], &[c, a, b]),
        Node::LetCond(p, e) => list("letc", &[&print_pat(p)], &[e]),
        Node::Match(e, arms) => {
            let _ = write!(out, "(match{place} ");
            write_expr(out, e);
            for arm in arms {
                let _ = write!(out, " (arm {}", print_pat(&arm.pat));
                for part in arm.guard.iter().chain([&arm.body]) {
                    out.push(' ');
                    write_expr(out, part);
                }
                out.push(')');
            }
            out.push(')');
        }
        Node::Block(es) => list("block", &[], &es.iter().collect::<Vec<_>>()),
        Node::Let(p, e) => list("let", &[&print_pat(p)], &[e]),
        Node::Set(p, e) => list("set", &[], &[p, e]),
    }
}

fn print_param((p, ty): &(Pat, Option<String>)) -> String {
    match ty {
        Some(ty) => format!("(typed {} {})", print_pat(p), quote(ty)),
        None => print_pat(p),
    }
}

fn print_named<T>(fields: &[(String, T)], print: impl Fn(&T) -> String) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("({name} {})", print(value))).collect();
    format!("({})", fields.join(" "))
}

fn print_pat(p: &Pat) -> String {
    let many = |head: &str, ps: &[Pat]| {
        let ps: Vec<String> = ps.iter().map(|p| format!(" {}", print_pat(p))).collect();
        format!("({head}{})", ps.concat())
    };
    match p {
        Pat::Wild => "_".into(),
        Pat::Bind(name) => name.clone(),
        Pat::At(name, p) => format!("(at {name} {})", print_pat(p)),
        Pat::Nat(k) => k.to_string(),
        Pat::Bool(b) => b.to_string(),
        Pat::Tuple(ps) => many("tp", ps),
        Pat::Variant(name, fields) => format!("(pv {name} {})", print_named(fields, print_pat)),
        Pat::Struct(name, fields) => format!("(ps {name} {})", print_named(fields, print_pat)),
        Pat::Or(ps) => many("or", ps),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_parses_back() {
        let texts = [
            "x",
            "17",
            "(unit)",
            "(if@7:9 (op > (op * 2 (method len mailbox)) (method n ctx)) (set (field p vote) (variant Some ((0 v)))) (unit))",
            "(match (field p vote) (arm (pv Some ((0 v))) (field p ready) (call broadcast v)) (arm _ (call silent)))",
            "(lam ((typed v \"&V\") (tp _ (at k 3))) (index s v))",
            "(struct Self ((x input) (decision (variant None ()))))",
            "(struct Leader ((first q)) (method parameters ctx))",
            "(block (let (ps Thresholds ((t t) (e _))) (method parameters ctx)) (letc (or 1 2) (tuple)))",
        ];
        for text in texts {
            let tree = parse_expr(text).unwrap();
            assert_eq!(print(&tree), text);
            assert_eq!(parse_expr(&print(&tree)).unwrap(), tree);
        }
        let f = "(fn init (input _) (struct Self ((x input)))) (native send (p ctx) \"a \\\"reason\\\"\")";
        let functions = parse_functions(f).unwrap();
        assert_eq!(functions.iter().map(print_function).collect::<Vec<_>>().join(" "), f);
    }

    #[test]
    fn damaged_text_is_refused_with_a_place() {
        for (text, at) in [("(op ? a b)", 4), ("(if a b)", 0), ("(", 1), (")", 0), ("(lam x y)", 5), ("\"abc", 0), ("(op@x > 1 2)", 1)] {
            let error = parse_expr(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
        }
        assert!(parse_expr(&"(not ".repeat(100_000)).is_err());
    }
}
