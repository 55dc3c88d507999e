//! Whether a certificate proves what was to be proved.
//!
//! A certificate of other assumptions may be flawless, and says nothing about the algorithm. So whoever knows the algorithm derives the
//! condition from its text once more, and the certificate may assume the assumptions of that condition, pieces of them, and nothing else.
//!
//! Worked example: `∀i. if c(i) then x_(i) = v else x_(i) = x(i)` has the pieces `∀i. ¬c(i) ∨ x_(i) = v` and `∀i. c(i) ∨ x_(i) = x(i)`.

use crate::Checker;
use crate::sorts::Names;
use crate::term::{Term, junction, not, quantify};

/// A condition.
pub(crate) struct Expected {
    name: String,
    names: Names,
    /// The assumptions, and the pieces of them, by what they are called.
    may_assume: Vec<(String, Term)>,
}

impl Expected {
    /// What was read of it.
    pub(crate) fn new(condition: Checker) -> Expected {
        let all = |(label, formula): (&String, &Term)| {
            let parts = std::iter::once(formula.clone()).chain(pieces(formula));
            parts.map(|part| (label.clone(), part)).collect::<Vec<_>>()
        };
        let may_assume = condition.labels.iter().zip(&condition.assumptions).flat_map(all).collect();
        Expected { name: condition.accepted.condition, names: condition.clauses.names, may_assume }
    }
    /// Whether it is the condition's name.
    pub(crate) fn name(&self, found: &str) -> Result<(), String> {
        if self.name == found { Ok(()) } else { Err(format!("this is a certificate of `{found}`, not of `{}`", self.name)) }
    }
    /// Whether a symbol of the condition has the sorts that it has there. Others are nobody's, and nothing is assumed of them.
    pub(crate) fn symbol(&self, name: &str, found: &Names) -> Result<(), String> {
        let same = self.names.symbols.get(name).is_none_or(|sorts| found.symbols.get(name) == Some(sorts));
        if same { Ok(()) } else { Err(format!("`{name}` has other sorts in the condition")) }
    }
    /// Whether the condition assumes it under this name.
    pub(crate) fn assumption(&self, label: &str, formula: &Term) -> Result<(), String> {
        let known = self.may_assume.iter().any(|(called, known)| called == label && known == formula);
        if known { Ok(()) } else { Err("the condition does not assume this".into()) }
    }
}

/// Formulas whose conjunction is equivalent to the formula.
fn pieces(formula: &Term) -> Vec<Term> {
    match (&*formula.head, &formula.list[..]) {
        ("and", parts) => parts.iter().flat_map(pieces).collect(),
        ("forall", [binders @ .., body]) => pieces(body).into_iter().map(|piece| quantify(true, binders, piece)).collect(),
        ("ite", [c, a, b]) => {
            let under = |guard: Term| move |piece| junction(false, vec![guard.clone(), piece]);
            pieces(a).into_iter().map(under(not(c.clone()))).chain(pieces(b).into_iter().map(under(c.clone()))).collect()
        }
        _ => vec![formula.clone()],
    }
}
