//! Reading values from text, as people type them on a command line: `7`, `true`, `p2`, `None`, `Some(3)`, `(1, false)`.

use crate::datum::{Datum, Sort, leak_names};
use crate::{MAX_PROCESSES, Phase, Pid};
use std::fmt;
use std::sync::Arc;

/// Text that is not a value of a sort.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The byte at which reading stopped.
    pub at: usize,
    /// What was expected there.
    pub expected: String,
    /// What was found.
    pub found: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {} at byte {}, found `{}`", self.expected, self.at, self.found)
    }
}

impl std::error::Error for ParseError {}

impl Datum {
    /// Reads a value of `sort`, as `Display` prints it; process ids also as plain numbers, strings also without quotes.
    pub fn parse(text: &str, sort: &Sort) -> Result<Datum, ParseError> {
        if *sort == Sort::Text && !text.starts_with('"') {
            return Ok(Datum::Text(text.into()));
        }
        let mut parser = Parser { text, at: 0 };
        let datum = parser.value(sort)?;
        parser.space();
        if parser.at == text.len() { Ok(datum) } else { parser.fail("the end") }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }
    fn fail<T>(&self, expected: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError { at: self.at, expected: expected.into(), found: self.rest().chars().take(20).collect() })
    }
    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }
    fn expect(&mut self, token: &str) -> Result<(), ParseError> {
        if self.eat(token) { Ok(()) } else { self.fail(format!("`{token}`")) }
    }
    fn word(&mut self) -> &'a str {
        self.space();
        let len = self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(self.rest().len());
        let word = &self.rest()[..len];
        self.at += len;
        word
    }
    fn read<T: std::str::FromStr>(&mut self, expected: &str) -> Result<T, ParseError> {
        self.space();
        let at = self.at;
        let word = self.word();
        word.parse().map_err(|_| ParseError { at, expected: expected.into(), found: word.into() })
    }

    /// `open item, item close`
    fn list(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self, usize) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        self.expect(open)?;
        for k in 0.. {
            if self.eat(close) {
                break;
            }
            if k > 0 {
                self.expect(",")?;
            }
            item(self, k)?;
        }
        Ok(())
    }

    fn fields(&mut self, open: &str, close: &str, named: bool, fields: &[(&'static str, Sort)]) -> Result<Arc<Vec<Datum>>, ParseError> {
        let mut values = vec![];
        if !fields.is_empty() {
            self.list(open, close, |parser, k| {
                let Some((name, sort)) = fields.get(k) else { return parser.fail(format!("`{close}`")) };
                if named {
                    parser.expect(name)?;
                    parser.expect(":")?;
                }
                values.push(parser.value(sort)?);
                Ok(())
            })?;
        }
        if values.len() == fields.len() { Ok(Arc::new(values)) } else { self.fail(format!("{} values", fields.len())) }
    }

    fn value(&mut self, sort: &Sort) -> Result<Datum, ParseError> {
        Ok(match sort {
            Sort::Unit => {
                self.expect("(")?;
                self.expect(")")?;
                Datum::Unit
            }
            Sort::Bool => Datum::Bool(self.read("true or false")?),
            Sort::Nat => Datum::Nat(self.read("a number")?),
            Sort::Word(name) if name.starts_with('i') => Datum::Int(self.read("an integer")?),
            Sort::Word(_) => Datum::Nat(self.read("a number")?),
            Sort::Text => self.string()?,
            Sort::Pid => {
                self.eat("p");
                let index: usize = self.read("a process id such as p0")?;
                if index >= MAX_PROCESSES {
                    return self.fail(format!("a process number below {MAX_PROCESSES}"));
                }
                Datum::Pid(Pid::new(index))
            }
            Sort::Phase => {
                self.eat("φ");
                Datum::Phase(Phase::new(self.read("a phase number")?))
            }
            Sort::Tuple(sorts) => {
                let fields: Vec<(&'static str, Sort)> = sorts.iter().map(|s| ("", s.clone())).collect();
                Datum::Tuple(self.fields("(", ")", false, &fields)?)
            }
            Sort::Option(sort) => {
                if self.eat("None") {
                    return Ok(Datum::NONE);
                }
                self.expect("Some")?;
                self.expect("(")?;
                let value = self.value(sort)?;
                self.expect(")")?;
                Datum::some(value)
            }
            Sort::Struct(name, fields) => {
                self.expect(name)?;
                let named = !matches!(fields.first(), Some(("0", _)));
                let (open, close) = if named { ("{", "}") } else { ("(", ")") };
                Datum::Struct(name, leak_names(fields), self.fields(open, close, named, fields)?)
            }
            Sort::Enum(_, variants) => {
                let at = self.at;
                let word = self.word();
                let Some(k) = variants.iter().position(|(name, _)| *name == word) else {
                    let names: Vec<&str> = variants.iter().map(|(name, _)| *name).collect();
                    return Err(ParseError { at, expected: format!("one of {}", names.join(", ")), found: word.into() });
                };
                let (name, fields) = &variants[k];
                let named = !matches!(fields.first(), Some(("0", _)));
                let (open, close) = if named { ("{", "}") } else { ("(", ")") };
                Datum::Variant(k as u32, name, leak_names(fields), self.fields(open, close, named, fields)?)
            }
            Sort::Set(sort) => {
                let mut items = vec![];
                self.list("{", "}", |parser, _| {
                    items.push(parser.value(sort)?);
                    Ok(())
                })?;
                Datum::set(items)
            }
            Sort::Map(key, value) => {
                let mut items = vec![];
                self.list("{", "}", |parser, _| {
                    let k = parser.value(key)?;
                    parser.expect(":")?;
                    items.push((k, parser.value(value)?));
                    Ok(())
                })?;
                Datum::Map(Arc::new(items.into_iter().collect()))
            }
        })
    }

    fn string(&mut self) -> Result<Datum, ParseError> {
        self.expect("\"")?;
        let mut out = String::new();
        let mut chars = self.rest().char_indices();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' => {
                    self.at += offset + 1;
                    return Ok(Datum::Text(out.into()));
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, 't')) => out.push('\t'),
                    Some((_, c @ ('"' | '\\' | '\''))) => out.push(c),
                    _ => return self.fail("a known escape: \\n, \\t, \\\", \\\\"),
                },
                c => out.push(c),
            }
        }
        self.fail("a closing `\"`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datum::Bounds;

    #[test]
    fn what_is_displayed_parses_back() {
        let leader = Sort::Struct("Leader", vec![("first", Sort::Pid), ("at", Sort::Option(Box::new(Sort::Phase)))]);
        let kind = Sort::Enum("Kind", vec![("A", vec![]), ("B", vec![("0", Sort::Bool)]), ("C", vec![("x", Sort::Unit)])]);
        let sorts = [Sort::Bool, Sort::Nat, Sort::Word("i64"), leader, kind.clone(), Sort::Tuple(vec![Sort::Pid, kind])];
        let bounds = Bounds { n: 3, values: 2, phases: 2, nat: 3 };
        for sort in &sorts {
            let values = sort.enumerate(&bounds);
            assert!(!values.is_empty());
            for value in values {
                assert_eq!(Datum::parse(&value.to_string(), sort), Ok(value));
            }
        }
        let texts = Sort::Set(Box::new(Sort::Text));
        let value = Datum::set([Datum::Text("a \"b\"\n".into()), Datum::Text("ü".into())]);
        assert_eq!(Datum::parse(&value.to_string(), &texts), Ok(value));
        assert_eq!(Datum::parse("2", &Sort::Pid), Ok(Datum::Pid(Pid::new(2))));
        assert_eq!(Datum::parse("bare words", &Sort::Text), Ok(Datum::Text("bare words".into())));
    }

    #[test]
    fn other_text_is_refused_with_a_place() {
        let pair = Sort::Tuple(vec![Sort::Bool, Sort::Nat]);
        for (text, sort, at) in
            [("x", &Sort::Nat, 0), ("(true, x)", &pair, 7), ("(true)", &pair, 6), ("p9999", &Sort::Pid, 5), ("1 2", &Sort::Nat, 2)]
        {
            assert_eq!(Datum::parse(text, sort).unwrap_err().at, at, "{text}");
        }
    }
}
