//! Expressions of certificates, read and written by themselves: for tests, and for whoever corrupts certificates.

use std::fmt;

/// An expression of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sexp {
    /// A word, or a text in quotes.
    Word(String),
    /// A list.
    List(Vec<Sexp>),
}

impl fmt::Display for Sexp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sexp::Word(word) => f.write_str(word),
            Sexp::List(list) => {
                let parts: Vec<String> = list.iter().map(Sexp::to_string).collect();
                write!(f, "({})", parts.join(" "))
            }
        }
    }
}

/// The certificate's lines.
pub fn read(text: &str) -> Vec<Sexp> {
    let mut open = vec![Vec::new()];
    let plain: Vec<&str> = text.lines().map(|line| line.split(';').next().unwrap_or_default()).collect();
    // Texts are what is between an odd and an even quote; they have no parentheses, and their spaces do not matter.
    let joined: String = plain
        .join(" ")
        .split('"')
        .enumerate()
        .map(|(k, part)| if k % 2 == 1 { format!("\"{}\"", part.replace(' ', "_")) } else { part.into() })
        .collect();
    for word in joined.replace('(', " ( ").replace(')', " ) ").split_whitespace() {
        match word {
            "(" => open.push(Vec::new()),
            ")" => {
                let list = Sexp::List(open.pop().expect("parentheses match"));
                open.last_mut().expect("parentheses match").push(list);
            }
            _ => open.last_mut().expect("parentheses match").push(Sexp::Word(word.into())),
        }
    }
    open.pop().expect("parentheses match")
}

/// The text of a certificate.
pub fn write(lines: &[Sexp]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

impl Sexp {
    /// The word, or the first word of the list.
    pub fn head(&self) -> &str {
        match self {
            Sexp::Word(word) => word,
            Sexp::List(list) => list.first().map_or("", Sexp::head),
        }
    }
    /// Whether it is a step of a proof, not a part of the condition.
    pub fn is_step(&self) -> bool {
        ["instance", "trivial", "counting"].contains(&self.head())
    }
    /// The members of a list.
    pub fn list(&self) -> &[Sexp] {
        if let Sexp::List(list) = self { list } else { &[] }
    }
}
