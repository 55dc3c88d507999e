//! Why a mutant that survives is no mistake: written down, and kept in step with what survives.
//!
//! A text file for each algorithm, a line for each survivor: `<mutant id> = <reason>`. Lines that are empty or start with `#` are
//! comments.
//!
//! ```text
//! # equivalent: the order of the values plays no part in the specification
//! Exchange.update/mailbox#2: most_often to largest = equivalent: any rule that all share will do
//! ```

use super::Matrix;
use std::collections::BTreeMap;
use std::fmt;

/// The reasons for the survivors of one algorithm.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reasons {
    by_id: BTreeMap<String, String>,
}

/// A line that is not `<mutant id> = <reason>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReasonsError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ReasonsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ReasonsError {}

/// Survivors and reasons, paired.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Survivors {
    /// Survivors with their reason, in the order of the matrix.
    pub explained: Vec<(String, String)>,
    /// Survivors without a reason.
    pub unexplained: Vec<String>,
    /// Reasons for what does not survive or does not exist: to be deleted.
    pub stale: Vec<String>,
}

impl Survivors {
    /// Whether every survivor has a reason and every reason a survivor.
    pub fn is_settled(&self) -> bool {
        self.unexplained.is_empty() && self.stale.is_empty()
    }
}

impl Reasons {
    /// Reads the file's text. An id may contain `=` but not ` = `.
    pub fn parse(text: &str) -> Result<Reasons, ReasonsError> {
        let mut by_id = BTreeMap::new();
        for (k, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fail = |message: String| ReasonsError { line: k + 1, message };
            let (id, reason) = line.split_once(" = ").ok_or_else(|| fail("expected `<mutant id> = <reason>`".into()))?;
            let (id, reason) = (id.trim(), reason.trim());
            if id.is_empty() || reason.is_empty() {
                return Err(fail("expected `<mutant id> = <reason>`, neither empty".into()));
            }
            if by_id.insert(id.to_string(), reason.to_string()).is_some() {
                return Err(fail(format!("a second reason for `{id}`")));
            }
        }
        Ok(Reasons { by_id })
    }

    /// The reason for a mutant.
    pub fn get(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(String::as_str)
    }

    /// Pairs the survivors of a matrix of *all* mutants with the reasons.
    pub fn pair(&self, matrix: &Matrix) -> Survivors {
        let mut survivors = Survivors::default();
        for row in matrix.survivors() {
            match self.get(&row.id) {
                Some(reason) => survivors.explained.push((row.id.clone(), reason.to_string())),
                None => survivors.unexplained.push(row.id.clone()),
            }
        }
        let survives = |id: &String| survivors.explained.iter().any(|(other, _)| other == id);
        survivors.stale = self.by_id.keys().filter(|id| !survives(id)).cloned().collect();
        survivors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::{Kill, KillKind, Row};

    fn row(id: &str, killed: bool, undecided: bool) -> Row {
        let kills = if killed { vec![Kill { n: 2, by: "agreement".into(), kind: KillKind::Safety }] } else { vec![] };
        let undecided = if undecided { vec![(3, "too large".to_string())] } else { vec![] };
        Row { id: id.into(), description: String::new(), kills, survived: vec![], undecided }
    }

    #[test]
    fn survivors_and_reasons_are_paired() {
        let rows = vec![row("a: == to !=", false, false), row("b", true, false), row("c", false, false), row("d", false, true)];
        let matrix = Matrix { algorithm: "x".into(), n: 1..=3, rows };
        let reasons = Reasons::parse("# a comment\na: == to != = equivalent = yes\n\nb = dead\nd = never judged\n").unwrap();
        let survivors = reasons.pair(&matrix);
        assert_eq!(survivors.explained, [("a: == to !=".to_string(), "equivalent = yes".to_string())]);
        assert_eq!(survivors.unexplained, ["c"]);
        assert_eq!(survivors.stale, ["b", "d"]);
        assert!(!survivors.is_settled());
    }

    #[test]
    fn other_lines_are_refused_with_a_place() {
        for (text, line) in [("a = b\nnothing", 2), ("a = b\n\na = c", 3), (" = b", 1), ("a = ", 1)] {
            assert_eq!(Reasons::parse(text).unwrap_err().line, line, "{text}");
        }
    }
}
