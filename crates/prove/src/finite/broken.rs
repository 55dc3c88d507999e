//! Why a formula is false in a finite model: down through conjunctions and quantifiers to the smallest part that is false.
//!
//! Worked example: `∀i. (decided(i) ⇒ decision(i) = 0) ∧ x(i) = 0` is false where p1 decided 1. What is broken is, for i = p1, where
//! `decided(p1)`: `decision(p1) = 0`, that is, `1 = 0`.
//!
//! Of `∃v. A ∧ B` no v is right; for the few that make most of the conjuncts true it is said which one fails. Of `A ∨ B` both are false,
//! and each is explained.

use super::evaluate::{Evaluation, Obstacle};
use super::model::{Element, Model};
use crate::term::{Node, Sort, Term, Terms, Var, Wording};
use std::collections::BTreeMap;

/// How many choices for `∃` are explained.
pub const MOST_CHOICES: usize = 3;

/// A part of a formula that is false, and where.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Broken {
    /// The variables and what they are, outermost first.
    pub with: Vec<(String, String)>,
    /// What holds there, so that the part should, too.
    pub premises: Vec<String>,
    /// The part that is false.
    pub part: String,
    /// The part with the numbers in it worked out, where it compares: `4 < 2`.
    pub figures: Option<String>,
    /// Where the part is `∃` or `∨`: why no choice, or neither side, makes it true.
    pub because: Vec<Broken>,
    /// Choices of an `∃` that `because` leaves out.
    pub others: usize,
}

impl Broken {
    /// For people: `for i = p1, where decided(p1): decision(p1) = 0  (1 = 0)`, and indented what it rests on.
    pub fn lines(&self) -> Vec<String> {
        let with: Vec<String> = self.with.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let mut head = if with.is_empty() { String::new() } else { format!("for {}", with.join(", ")) };
        if !self.premises.is_empty() {
            head += &format!("{}where {}", if head.is_empty() { "" } else { ", " }, self.premises.join(" and "));
        }
        if !head.is_empty() {
            head += ": ";
        }
        let figures = self.figures.as_ref().map_or(String::new(), |figures| format!("  ({figures} is false)"));
        let part = if self.is_choice() || self.because.is_empty() { self.part.as_str() } else { "none of these holds" };
        let mut lines = vec![format!("{head}{part}{figures}")];
        for inner in &self.because {
            let first = if self.is_choice() { "- not " } else { "- " };
            lines.extend(inner.lines().iter().enumerate().map(|(k, line)| format!("  {}{line}", if k == 0 { first } else { "  " })));
        }
        if self.others > 0 {
            lines.push(format!("  - {} other choices are no better", self.others));
        }
        lines
    }
}

impl Broken {
    /// Whether [`Broken::because`] is about choices of an `∃`, not about the sides of an `∨`.
    fn is_choice(&self) -> bool {
        self.part.starts_with('∃')
    }
}

/// Why `formula`, which is closed, is false in `model`; none where it is true.
///
/// # Errors
/// Where the formula cannot be evaluated.
pub fn broken(terms: &Terms, model: &Model, formula: Term) -> Result<Option<Broken>, Obstacle> {
    let mut evaluation = Evaluation::of(terms, model, formula)?;
    if evaluation.truth(formula)? {
        return Ok(None);
    }
    let wording = Wording { variables: names(terms, formula), primes: true };
    let mut search = Search { evaluation, model, wording };
    Ok(Some(search.descend(formula)?))
}

/// The names of bound variables, with a number only where two have the same.
fn names(terms: &Terms, formula: Term) -> BTreeMap<Var, String> {
    let (mut bound, mut pending) = (vec![], vec![formula]);
    while let Some(term) = pending.pop() {
        match terms.node(term) {
            Node::Forall(vars, _) | Node::Exists(vars, _) => bound.extend(vars.iter().copied()),
            Node::Comprehension(var, _) => bound.push(*var),
            _ => {}
        }
        pending.extend(terms.children(term));
    }
    bound.sort();
    bound.dedup();
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    let mut name = |var: Var| {
        let stem = terms.variable_name(var);
        let count = taken.entry(stem).or_insert(0);
        *count += 1;
        if *count == 1 { stem.to_string() } else { format!("{stem}{count}") }
    };
    bound.into_iter().map(|var| (var, name(var))).collect()
}

struct Search<'a> {
    evaluation: Evaluation<'a>,
    model: &'a Model,
    wording: Wording,
}

/// One choice for the variables of a quantifier.
type Choice = Vec<(Var, Element)>;

impl<'a> Search<'a> {
    /// Why a formula, which is false, is false.
    fn descend(&mut self, formula: Term) -> Result<Broken, Obstacle> {
        let terms = self.evaluation.terms;
        match terms.node(formula).clone() {
            Node::And(list) => {
                for &part in list.iter() {
                    if !self.evaluation.truth(part)? {
                        return self.descend(part);
                    }
                }
                self.part(formula)
            }
            Node::Or(list) => self.neither(formula, &list),
            Node::Ite(condition, yes, no) => {
                let holds = self.evaluation.truth(condition)?;
                let mut inside = self.descend(if holds { yes } else { no })?;
                let condition = self.text(condition);
                inside.premises.insert(0, if holds { condition } else { format!("not {condition}") });
                Ok(inside)
            }
            Node::Forall(vars, body) => {
                let mut wrong = vec![];
                self.choices(&vars, body, &mut vec![], &mut |search, choice| {
                    let holds = search.evaluation.truth(body)?;
                    wrong.extend((!holds).then(|| choice.clone()));
                    Ok(!holds)
                })?;
                match wrong.first() {
                    Some(choice) => self.under(choice, body),
                    None => self.part(formula),
                }
            }
            Node::Exists(vars, body) => self.no_choice(formula, &vars, body),
            _ => self.part(formula),
        }
    }
    /// A disjunction: an implication if all but one of its parts are negations.
    fn neither(&mut self, formula: Term, list: &[Term]) -> Result<Broken, Obstacle> {
        let terms = self.evaluation.terms;
        let premise = |t: &Term| if let Node::Not(a) = terms.node(*t) { Some(*a) } else { None };
        let premises: Vec<String> = list.iter().filter_map(premise).map(|t| self.text(t)).collect();
        let claims: Vec<Term> = list.iter().copied().filter(|t| premise(t).is_none()).collect();
        let mut broken = match claims.as_slice() {
            [] => return self.part(formula),
            [claim] => self.descend(*claim)?,
            claims => {
                let because = claims.iter().map(|claim| self.descend(*claim)).collect::<Result<_, _>>()?;
                Broken { part: claims.iter().map(|t| self.text(*t)).collect::<Vec<_>>().join(" ∨ "), because, ..Broken::default() }
            }
        };
        broken.premises.splice(0..0, premises);
        Ok(broken)
    }
    /// An `∃`: the choices that come nearest.
    fn no_choice(&mut self, formula: Term, vars: &[Var], body: Term) -> Result<Broken, Obstacle> {
        let mut ranked: Vec<((bool, usize), Choice)> = vec![];
        self.choices(vars, body, &mut vec![], &mut |search, choice| {
            // A number that occurs nowhere is nobody's idea of a witness.
            let occurs = choice.iter().all(|(_, value)| search.occurs(value));
            ranked.push(((occurs, search.true_parts(body)?), choice.clone()));
            Ok(false)
        })?;
        ranked.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let occurring = ranked.iter().filter(|((occurs, _), _)| *occurs).count();
        let shown = ranked.iter().take(if occurring == 0 { 1 } else { occurring.min(MOST_CHOICES) });
        let because: Vec<Broken> = shown.map(|(_, c)| self.under(c, body)).collect::<Result<_, _>>()?;
        let others = ranked.len() - because.len();
        Ok(Broken { because, others, ..self.part(formula)? })
    }
    /// Whether something is no number, or the value of some symbol.
    fn occurs(&self, value: &Element) -> bool {
        !matches!(value, Element::Number(_)) || self.model.tables.values().any(|table| table.values().any(|other| other == value))
    }
    /// How much of a formula is true: its conjuncts, and those of an `∃` in it at their best.
    fn true_parts(&mut self, formula: Term) -> Result<usize, Obstacle> {
        match self.evaluation.terms.node(formula) {
            Node::And(list) => list.iter().try_fold(0, |sum, part| Ok(sum + usize::from(self.evaluation.truth(*part)?))),
            Node::Exists(vars, body) => {
                let (vars, body, mut best) = (vars.clone(), *body, 0);
                self.choices(&vars, body, &mut vec![], &mut |search, _| {
                    best = best.max(search.true_parts(body)?);
                    Ok(false)
                })?;
                Ok(best)
            }
            _ => Ok(usize::from(self.evaluation.truth(formula)?)),
        }
    }

    /// Walks through the choices for `vars`, with the variables bound, until `visit` says that it is enough.
    fn choices(
        &mut self,
        vars: &[Var],
        body: Term,
        chosen: &mut Choice,
        visit: &mut dyn FnMut(&mut Self, &Choice) -> Result<bool, Obstacle>,
    ) -> Result<bool, Obstacle> {
        let Some((&var, rest)) = vars.split_first() else { return visit(self, chosen) };
        for candidate in self.evaluation.choices(var, rest, body)? {
            chosen.push((var, candidate.clone()));
            let enough = self.bound(var, &candidate, |search| search.choices(rest, body, chosen, visit))?;
            chosen.pop();
            if enough {
                return Ok(true);
            }
        }
        Ok(false)
    }
    /// Does something while a variable has a value, for the evaluation and in texts.
    fn bound<T>(&mut self, var: Var, value: &Element, work: impl FnOnce(&mut Self) -> T) -> T {
        let text = self.element(self.evaluation.terms.variable_sort(var), value);
        let name = self.wording.variables.insert(var, text);
        self.evaluation.enter(var, value);
        let result = work(self);
        self.evaluation.leave(var);
        self.wording.variables.extend(name.map(|name| (var, name)));
        result
    }
    /// Why `body` is false under a choice.
    fn under(&mut self, choice: &[(Var, Element)], body: Term) -> Result<Broken, Obstacle> {
        let Some(((var, value), rest)) = choice.split_first() else { return self.descend(body) };
        let name = self.wording.variables.get(var).cloned().unwrap_or_default();
        let text = self.element(self.evaluation.terms.variable_sort(*var), value);
        let mut inside = self.bound(*var, value, |search| search.under(rest, body))?;
        inside.with.insert(0, (name, text));
        Ok(inside)
    }

    /// A formula that is not taken apart.
    fn part(&mut self, formula: Term) -> Result<Broken, Obstacle> {
        let figures = match self.evaluation.terms.node(formula) {
            Node::Eq(a, b) => Some((*a, "=", *b)),
            Node::Le(a, b) => Some((*a, "≤", *b)),
            Node::Lt(a, b) => Some((*a, "<", *b)),
            _ => None,
        };
        let figures = match figures {
            Some((a, sign, b)) => Some(format!("{} {sign} {}", self.worked_out(a)?, self.worked_out(b)?)),
            None => None,
        };
        Ok(Broken { part: self.text(formula), figures, ..Broken::default() })
    }
    fn worked_out(&mut self, term: Term) -> Result<String, Obstacle> {
        let value = self.evaluation.element(term)?;
        Ok(self.element(self.evaluation.terms.sort(term), &value))
    }
    fn text(&self, term: Term) -> String {
        self.evaluation.terms.show_with(term, &self.wording)
    }
    fn element(&self, sort: Sort, value: &Element) -> String {
        self.model.element(self.evaluation.terms, sort, value)
    }
}
