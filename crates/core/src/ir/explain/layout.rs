//! Line breaking for formulas: a small document algebra in the manner of Oppen and Wadler.
//!
//! A [`Doc`] is text with places where a line may end. [`Doc::Group`] is printed on one line if it fits, else *its own* [`Doc::Line`]s
//! become line ends and the groups inside it are asked again.
//!
//! Worked example: the group `a Line "∧ b"` in a nest of 2 is `a ∧ b` where that fits, else
//!
//! ```text
//! a
//!   ∧ b
//! ```

/// Text with places where a line may end.
#[derive(Clone, Debug)]
pub(super) enum Doc {
    /// Text without a line end.
    Text(String),
    /// A space, or a line end where the enclosing group is broken.
    Line,
    /// The parts one behind another.
    Cat(Vec<Doc>),
    /// Lines that end inside start so many columns further right.
    Nest(usize, Box<Doc>),
    /// All on one line, or broken at every `Line` directly inside.
    Group(Box<Doc>),
}

/// `text("x")`
pub(super) fn text(s: impl Into<String>) -> Doc {
    Doc::Text(s.into())
}

/// The parts one behind another.
pub(super) fn cat<const N: usize>(parts: [Doc; N]) -> Doc {
    Doc::Cat(parts.into())
}

/// A group whose continuation lines are indented by two.
pub(super) fn group(parts: Vec<Doc>) -> Doc {
    Doc::Group(Box::new(Doc::Nest(2, Box::new(Doc::Cat(parts)))))
}

/// `open inner close`
pub(super) fn enclosed(open: &str, inner: Doc, close: &str) -> Doc {
    cat([text(open), Doc::Nest(open.chars().count(), Box::new(inner)), text(close)])
}

/// The parts with `separator` behind all but the last; lines may end behind a separator.
pub(super) fn separated(parts: Vec<Doc>, separator: &str) -> Doc {
    let mut out = vec![];
    for (k, part) in parts.into_iter().enumerate() {
        if k > 0 {
            out.extend([text(separator), Doc::Line]);
        }
        out.push(part);
    }
    Doc::Cat(out)
}

/// The parts joined by an operator that starts the next line where the group is broken.
pub(super) fn infix(parts: Vec<Doc>, operator: &str) -> Doc {
    let mut out = vec![];
    for (k, part) in parts.into_iter().enumerate() {
        if k > 0 {
            out.extend([Doc::Line, text(format!("{operator} "))]);
        }
        let behind = if k > 0 { operator.chars().count() + 1 } else { 0 };
        out.push(Doc::Nest(behind, Box::new(part)));
    }
    group(out)
}

/// Words, between which lines may end wherever one is full.
pub(super) fn words(prose: &str) -> Doc {
    let mut out = vec![];
    for (k, word) in prose.split_whitespace().enumerate() {
        let lead = if k > 0 { vec![Doc::Line, text(word)] } else { vec![text(word)] };
        out.push(Doc::Group(Box::new(Doc::Cat(lead))));
    }
    Doc::Cat(out)
}

impl Doc {
    /// Everything on one line.
    pub(super) fn flat(&self) -> String {
        let mut out = String::new();
        self.write_flat(&mut out);
        out
    }

    fn write_flat(&self, out: &mut String) {
        match self {
            Doc::Text(s) => out.push_str(s),
            Doc::Line => out.push(' '),
            Doc::Cat(parts) => parts.iter().for_each(|p| p.write_flat(out)),
            Doc::Nest(_, inner) | Doc::Group(inner) => inner.write_flat(out),
        }
    }

    /// Broken into lines of at most `width` columns where that is possible, every line starting `indent` columns in.
    pub(super) fn lines(&self, indent: usize, width: usize) -> String {
        let mut out = " ".repeat(indent);
        let mut column = indent;
        // What is still to be printed, next last: its indentation and whether its group is broken.
        let mut rest: Vec<(usize, bool, &Doc)> = vec![(indent, true, self)];
        while let Some((nest, broken, doc)) = rest.pop() {
            match doc {
                Doc::Text(s) => {
                    out.push_str(s);
                    column += s.chars().count();
                }
                Doc::Line if broken => {
                    out.push('\n');
                    out.extend(std::iter::repeat_n(' ', nest));
                    column = nest;
                }
                Doc::Line => {
                    out.push(' ');
                    column += 1;
                }
                Doc::Cat(parts) => rest.extend(parts.iter().rev().map(|p| (nest, broken, p))),
                Doc::Nest(by, inner) => rest.push((nest + by, broken, inner)),
                Doc::Group(inner) => {
                    let fits = fits(width.saturating_sub(column), inner, &rest);
                    rest.push((nest, !fits, inner));
                }
            }
        }
        out
    }
}

/// Whether `doc` on one line, with what follows it up to the next line end, takes at most `room` columns.
fn fits(room: usize, doc: &Doc, rest: &[(usize, bool, &Doc)]) -> bool {
    let mut room = room as isize;
    let mut ahead: Vec<(bool, &Doc)> = rest.iter().map(|(_, broken, doc)| (*broken, *doc)).collect();
    ahead.push((false, doc));
    while let Some((broken, doc)) = ahead.pop() {
        match doc {
            Doc::Text(s) => room -= s.chars().count() as isize,
            Doc::Line if broken => return true,
            Doc::Line => room -= 1,
            Doc::Cat(parts) => ahead.extend(parts.iter().rev().map(|p| (broken, p))),
            Doc::Nest(_, inner) => ahead.push((broken, inner)),
            // A group that follows can still be broken: it does not count against this one beyond its first line end.
            Doc::Group(inner) => ahead.push((broken, inner)),
        }
        if room < 0 {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_broken_only_where_it_must_be() {
        let inner = infix(vec![text("bbb"), text("ccc")], "∧");
        let doc = infix(vec![text("aaa"), enclosed("(", inner, ")")], "∨");
        assert_eq!(doc.flat(), "aaa ∨ (bbb ∧ ccc)");
        assert_eq!(doc.lines(0, 40), "aaa ∨ (bbb ∧ ccc)");
        assert_eq!(doc.lines(0, 16), "aaa\n  ∨ (bbb ∧ ccc)");
        assert_eq!(doc.lines(2, 12), "  aaa\n    ∨ (bbb\n         ∧ ccc)");
    }

    #[test]
    fn words_fill_lines() {
        assert_eq!(words("one two three four").lines(1, 10), " one two\n three\n four");
    }
}
