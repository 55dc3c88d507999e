//! S-expressions: what SMT-LIB files are written in and what solvers answer.
//!
//! Worked example: `(get-value (x)) ; why` reads as one list of an atom and a list; `|a b|` is the atom `a b`; `"say ""hi"""` is the
//! text `say "hi"`. Every expression knows the line and column where it begins. Nothing that is read can make the reader panic, and the
//! depth of nesting is bounded ([`DEPTH`]), so that nothing that walks an expression can run out of stack.

use std::fmt;

/// How deep lists may be nested.
pub const DEPTH: usize = 500;

/// Line and column, both from 1; columns count characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// An s-expression and where it begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sexp {
    /// Where it begins.
    pub at: Place,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of s-expression.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A symbol, keyword or number; bars of a quoted symbol are taken off.
    Atom(String),
    /// A string literal, without its quotes.
    Text(String),
    /// A list.
    List(Vec<Sexp>),
}

impl Sexp {
    /// The atom's text.
    pub fn atom(&self) -> Option<&str> {
        match &self.kind {
            Kind::Atom(text) => Some(text),
            _ => None,
        }
    }
    /// The list's elements.
    pub fn list(&self) -> Option<&[Sexp]> {
        match &self.kind {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }
    /// The list's elements, when its head is the atom `word`: `(error "...")`.
    pub fn headed(&self, word: &str) -> Option<&[Sexp]> {
        self.list().filter(|list| list.first().and_then(Sexp::atom) == Some(word))
    }
    /// The integer that `5` and `(- 5)` are.
    pub fn integer(&self) -> Option<i64> {
        match &self.kind {
            Kind::Atom(text) => text.parse().ok(),
            Kind::List(list) => match list.as_slice() {
                [minus, number] if minus.atom() == Some("-") => format!("-{}", number.atom()?).parse().ok(),
                _ => None,
            },
            Kind::Text(_) => None,
        }
    }
    /// The truth value that `true` and `false` are.
    pub fn truth(&self) -> Option<bool> {
        match self.atom()? {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

impl fmt::Display for Sexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Atom(text) if text.is_empty() || text.chars().any(|c| c.is_whitespace() || "()\";|".contains(c)) => {
                write!(f, "|{text}|")
            }
            Kind::Atom(text) => f.write_str(text),
            Kind::Text(text) => write!(f, "\"{}\"", text.replace('"', "\"\"")),
            Kind::List(list) => {
                f.write_str("(")?;
                for (k, element) in list.iter().enumerate() {
                    f.write_str(if k == 0 { "" } else { " " })?;
                    element.fmt(f)?;
                }
                f.write_str(")")
            }
        }
    }
}

/// What is wrong with a text, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Malformed {
    /// Where.
    pub at: Place,
    /// What is wrong.
    pub what: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

impl std::error::Error for Malformed {}

/// Reads all expressions of a text.
///
/// # Errors
/// When parentheses, bars or quotes do not pair up, or lists are nested deeper than [`DEPTH`].
pub fn read(text: &str) -> Result<Vec<Sexp>, Malformed> {
    let mut reader = Reader { rest: text.chars().peekable(), at: Place { line: 1, column: 1 } };
    // The lists not yet closed, outermost first, each with its place; what is complete goes to the last of them or to `done`.
    let mut open: Vec<(Place, Vec<Sexp>)> = Vec::new();
    let mut done = Vec::new();
    while let Some((at, token)) = reader.token()? {
        let complete = match token {
            Token::Open if open.len() == DEPTH => return Err(Malformed { at, what: "lists are nested too deeply" }),
            Token::Open => {
                open.push((at, Vec::new()));
                continue;
            }
            Token::Close => match open.pop() {
                Some((at, list)) => Sexp { at, kind: Kind::List(list) },
                None => return Err(Malformed { at, what: "this `)` closes nothing" }),
            },
            Token::Leaf(kind) => Sexp { at, kind },
        };
        open.last_mut().map_or(&mut done, |(_, list)| list).push(complete);
    }
    match open.pop() {
        Some((at, _)) => Err(Malformed { at, what: "this `(` is never closed" }),
        None => Ok(done),
    }
}

enum Token {
    Open,
    Close,
    Leaf(Kind),
}

struct Reader<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    at: Place,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.at = Place { line: self.at.line.saturating_add(1), column: 1 };
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(c)
    }

    fn token(&mut self) -> Result<Option<(Place, Token)>, Malformed> {
        loop {
            let at = self.at;
            let Some(c) = self.next() else { return Ok(None) };
            let token = match c {
                _ if c.is_whitespace() => continue,
                ';' => {
                    while self.next().is_some_and(|c| c != '\n') {}
                    continue;
                }
                '(' => Token::Open,
                ')' => Token::Close,
                '|' => Token::Leaf(Kind::Atom(self.until('|').ok_or(Malformed { at, what: "this `|` has no second" })?)),
                '"' => Token::Leaf(Kind::Text(self.text().ok_or(Malformed { at, what: "this string is never closed" })?)),
                _ => Token::Leaf(Kind::Atom(self.atom(c))),
            };
            return Ok(Some((at, token)));
        }
    }
    fn until(&mut self, end: char) -> Option<String> {
        let mut text = String::new();
        loop {
            match self.next()? {
                c if c == end => return Some(text),
                c => text.push(c),
            }
        }
    }
    /// The rest of a string literal: a quote is written twice.
    fn text(&mut self) -> Option<String> {
        let mut text = self.until('"')?;
        while self.rest.peek() == Some(&'"') {
            self.next();
            text.push('"');
            text += &self.until('"')?;
        }
        Some(text)
    }
    fn atom(&mut self, first: char) -> String {
        let mut text = String::from(first);
        while let Some(&c) = self.rest.peek()
            && !c.is_whitespace()
            && !"()\";|".contains(c)
        {
            text.push(c);
            self.next();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(text: &str) -> String {
        match read(text) {
            Ok(list) => list.iter().map(Sexp::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_read_shows_again() {
        for (text, expected) in [
            ("", ""),
            ("  ; nothing\n", ""),
            ("(a  (b)\n\t())x", "(a (b) ()) x"),
            ("|a b| |plain| ||", "|a b| plain ||"),
            ("\"say \"\"hi\"\"\" \"\"", "\"say \"\"hi\"\"\" \"\""),
            ("(a;)\n)", "(a)"),
            ("(a", "1:1: this `(` is never closed"),
            ("a\n )", "2:2: this `)` closes nothing"),
            ("a |b", "1:3: this `|` has no second"),
            ("a \"b\"\"", "1:3: this string is never closed"),
        ] {
            assert_eq!(shown(text), expected, "{text:?}");
        }
    }

    #[test]
    fn numbers_and_places() {
        let list = read("5 (- 7)\n  (- 9223372036854775808) 9223372036854775808 (- a) (- -1)").unwrap();
        let numbers: Vec<Option<i64>> = list.iter().map(Sexp::integer).collect();
        assert_eq!(numbers, [Some(5), Some(-7), Some(i64::MIN), None, None, None]);
        assert_eq!(list[2].at.to_string(), "2:3");
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "(".repeat(depth) + &")".repeat(depth);
        assert!(read(&nested(DEPTH)).is_ok());
        assert_eq!(shown(&nested(DEPTH + 1)), format!("1:{}: lists are nested too deeply", DEPTH + 1));
    }

    fn any_sexp() -> impl Strategy<Value = Sexp> {
        let at = Place { line: 1, column: 1 };
        let leaf = prop_oneof![
            "[^|]{0,6}".prop_map(move |text| Sexp { at, kind: Kind::Atom(text) }),
            any::<String>().prop_map(move |text| Sexp { at, kind: Kind::Text(text) }),
        ];
        leaf.prop_recursive(4, 30, 5, move |inner| {
            prop::collection::vec(inner, 0..5).prop_map(move |list| Sexp { at, kind: Kind::List(list) })
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'('), Just(b')'), Just(b'|'), Just(b'"')], 0..200)) {
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(list) = read(&text) {
                let again: String = list.iter().map(|s| format!("{s} ")).collect();
                prop_assert_eq!(shown(&again), again.trim_end());
            }
        }
        #[test]
        fn reading_undoes_showing(sexp in any_sexp()) {
            prop_assert_eq!(shown(&sexp.to_string()), sexp.to_string());
        }
    }
}
