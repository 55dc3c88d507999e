//! Writing the text form of the IR, whose grammar is in the documentation of `heardof_core::ir::text`.
//!
//! Worked example: `list("op", at, [">", "a", "b"])` with `at` in line 12, column 5 is `(op@12:5 > a b)`.

use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};

/// A list with its place behind the head. Columns are 1-based in the text.
pub fn list<S: AsRef<str>>(head: &str, at: Span, parts: impl IntoIterator<Item = S>) -> String {
    let start = at.start();
    plain(&format!("{head}@{}:{}", start.line, start.column + 1), parts)
}

/// A list without a place: patterns, arms, parameters.
pub fn plain<S: AsRef<str>>(head: &str, parts: impl IntoIterator<Item = S>) -> String {
    let mut out = format!("({head}");
    for part in parts {
        out.push(' ');
        out.push_str(part.as_ref());
    }
    out.push(')');
    out
}

/// `((x a) (y b))`
pub fn named(fields: impl IntoIterator<Item = (String, String)>) -> String {
    let fields: Vec<String> = fields.into_iter().map(|(name, value)| format!("({name} {value})")).collect();
    format!("({})", fields.join(" "))
}

/// `(a b c)`
pub fn names<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> String {
    let items: Vec<String> = items.into_iter().map(|s| s.as_ref().to_string()).collect();
    format!("({})", items.join(" "))
}

/// A string in double quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}

/// Tokens as a person would write them on one line: `&V`, `Value + Ord`, `Option<(V, Phase)>`. Types and bounds only.
pub fn tidy(tokens: TokenStream) -> String {
    let mut out = String::new();
    write_tidy(tokens, &mut out);
    out
}

fn write_tidy(tokens: TokenStream, out: &mut String) {
    let mut tight = true;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                out.push_str(open);
                write_tidy(group.stream(), out);
                out.push_str(close);
                tight = true;
            }
            TokenTree::Punct(punct) => {
                let (c, joint) = (punct.as_char(), punct.spacing() == Spacing::Joint);
                match c {
                    '+' => out.push_str(" + "),
                    '=' if !joint => out.push_str(" = "),
                    ',' => out.push_str(", "),
                    ':' if !joint && !out.ends_with(':') => out.push_str(": "),
                    _ => out.push(c),
                }
                tight = true;
            }
            word => {
                let word = word.to_string();
                let glued = out.ends_with(|c: char| c.is_alphanumeric() || c == '_');
                out.push_str(if !tight && glued { " " } else { "" });
                out.push_str(&word);
                tight = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_printed_as_written() {
        for text in ["&V", "Value + Ord", "Option<(V, Option<Phase>)>", "a::b::Set<Pid>", "Process<Rounds = (R,)>", "&dyn Fn", "[u8; 4]"] {
            assert_eq!(tidy(text.parse().expect("valid tokens")).replace(", )", ",)").replace("[u8;4]", "[u8; 4]"), text);
        }
    }

    #[test]
    fn strings_are_escaped() {
        assert_eq!(quoted("a \"b\"\\\nc"), r#""a \"b\"\\\nc""#);
    }
}
