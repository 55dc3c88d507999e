//! The independent checker of proofs.
//!
//! A certificate has a condition (assumptions, the negated goal among them) and the steps of a refutation. Nothing in it is believed:
//!
//! 1. `term`, `sorts`: every term is read with its sorts; an unknown word is an error; `condition`: the assumptions are those of the
//!    condition that was to be proved;
//! 2. `normal`, `clauses`: the clauses come out of the assumptions, once more;
//! 3. here: every ground formula is built, as an instance of a clause, a trivial fact on cardinalities, or by the counting rule below;
//! 4. `script`: the solver confirms every lemma, and that the ground formulas have no model.
//!
//! **The counting rule.** For sets S of processes, integers a and b, and pairwise distinct elements E,
//!
//! ```text
//! Σ a·|S| + Σ_{e ∈ E} (b − Σ a·[e ∈ S]) ≤ b·n   ∨   some w outside E has Σ a·[w ∈ S] > b
//! ```
//!
//! because each element of E contributes what it does and each other one at most b, or one exceeds it. Of values there is no number n:
//! for finite sets of them the rule holds with b = 0, as what is in none of the sets contributes nothing. A lemma without witness
//! replaces the second disjunct by the negation of its guards: under the guards, the solver finds, the clauses exclude such an element
//! (`any`, of which nothing else is known). A lemma with a witness names the element by a constant that occurs nowhere before.
//!
//! Worked example, two majorities meet:
//!
//! ```text
//! (certificate 1)
//! (condition "two majorities")
//! (declare A () (Set Process))
//! (declare B () (Set Process))
//! (assume "large" (and (< n (* 2 (card A))) (< n (* 2 (card B)))))
//! (assume "disjoint" (forall ((v0 Process)) (or (not (in v0 A)) (not (in v0 B)))))
//! (instance 0 ())
//! (instance 1 ())
//! (counting ((1 A) (1 B)) 1 (exact) (guards) (witness) (context (2 (any))))
//! ```
//!
//! Sets of values are taken to be finite; images get a clause that says how many elements they have at most (`clauses`). No code is
//! shared with the prover.

mod clauses;
mod condition;
mod normal;
mod script;
mod sorts;
mod term;

use clauses::Clauses;
use condition::Expected;
pub use script::{Solver, SolverProgram};
use std::fmt;
use std::path::{Path, PathBuf};
use term::{Term, int, junction, make, not, raw, word};

/// What was accepted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Accepted {
    /// The condition's name.
    pub condition: String,
    /// How many assumptions it has.
    pub assumptions: usize,
    /// How many clauses come out of them.
    pub clauses: usize,
    /// How many ground formulas the proof has.
    pub steps: usize,
    /// How many of them are counting lemmas.
    pub lemmas: usize,
}

/// What is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rejected {
    /// The line, from 1; 0 where no line is to blame: the steps do not suffice.
    pub line: usize,
    /// The reason.
    pub why: String,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}
impl std::error::Error for Rejected {}

/// Checks a certificate. What is accepted has assumptions that no number of processes satisfies.
///
/// # Errors
/// The first reason not to believe it.
pub fn check(certificate: &str, solver: &dyn Solver) -> Result<Accepted, Rejected> {
    Checker::new(None).read(certificate)?.conclude(solver)
}

/// Checks that it is a certificate of this condition, which is written like a certificate without steps. A certificate may assume less:
/// some of the assumptions, or pieces of them.
///
/// # Errors
/// The first reason not to believe it.
pub fn check_condition(certificate: &str, condition: &str, solver: &dyn Solver) -> Result<Accepted, Rejected> {
    let condition = Checker::new(None).read(condition).map_err(|r| Rejected { line: 0, why: format!("of the condition itself, {r}") })?;
    Checker::new(Some(Expected::new(condition))).read(certificate)?.conclude(solver)
}

/// Checks every file `*.cert` of a directory, in the order of their names.
///
/// # Errors
/// When the directory or a file cannot be read.
pub fn check_directory(directory: &Path, solver: &dyn Solver) -> std::io::Result<Vec<(PathBuf, Result<Accepted, Rejected>)>> {
    let entries = std::fs::read_dir(directory)?.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<Vec<PathBuf>>>()?;
    let mut files: Vec<PathBuf> = entries.into_iter().filter(|path| path.extension().is_some_and(|e| e == "cert")).collect();
    files.sort();
    files.into_iter().map(|path| Ok((path.clone(), check(&std::fs::read_to_string(path)?, solver)))).collect()
}

/// The kinds of line, in the order in which they come.
const STAGES: [&[&str]; 5] = [&["certificate"], &["condition"], &["declare"], &["assume"], &["instance", "trivial", "counting"]];
const DECLARE: usize = 2;
const STEP: usize = 4;

/// What was read so far.
struct Checker {
    clauses: Clauses,
    /// What it has to be a certificate of, if that is known.
    expected: Option<Expected>,
    /// The stage that the next line may not precede.
    stage: usize,
    assumptions: Vec<Term>,
    /// What they are called.
    labels: Vec<String>,
    /// The ground formulas, with their lines.
    formulas: Vec<(usize, Term)>,
    /// For each lemma without witness, what may have no model.
    queries: Vec<(usize, Term)>,
    accepted: Accepted,
}

impl Checker {
    fn new(expected: Option<Expected>) -> Checker {
        let mut clauses = Clauses::default();
        clauses.names.declare("n", vec![], word("Int")).expect("the first symbol");
        let (assumptions, labels, formulas, queries, accepted) = Default::default();
        Checker { clauses, expected, stage: 0, assumptions, labels, formulas, queries, accepted }
    }

    fn read(mut self, text: &str) -> Result<Checker, Rejected> {
        for (line, expression) in term::parse(text).map_err(|(line, why)| Rejected { line, why })? {
            self.expression(line, &expression).map_err(|why| Rejected { line, why })?;
        }
        Ok(self)
    }

    fn expression(&mut self, line: usize, text: &Term) -> Result<(), String> {
        let stage = STAGES.iter().position(|words| words.contains(&&*text.head)).ok_or(format!("`{}` is not known", text.head))?;
        if stage < self.stage || (self.stage < DECLARE && stage > self.stage) {
            return Err(format!("`{}` does not belong here", text.head));
        }
        if self.stage < STEP && stage == STEP {
            self.clauses.derive(&self.assumptions)?;
            self.clauses.names.declare(ANY, vec![], word("Process"))?;
        }
        self.stage = if stage < DECLARE { stage + 1 } else { stage };
        let formula = match (&*text.head, &text.list[..]) {
            ("certificate", [version]) if version.is("1") => return Ok(()),
            ("condition", [name]) => {
                self.accepted.condition = name.head.trim_matches('"').into();
                return self.expected.as_ref().map_or(Ok(()), |e| e.name(&self.accepted.condition));
            }
            ("declare", [name, arguments, result]) => {
                let arguments = arguments.items().iter().map(sorts::sort).collect::<Result<Vec<Term>, String>>()?;
                self.clauses.names.declare(&name.head, arguments, sorts::sort(result)?)?;
                return self.expected.as_ref().map_or(Ok(()), |e| e.symbol(&name.head, &self.clauses.names));
            }
            ("assume", [label, formula]) => {
                let formula = self.closed(formula, "Bool")?;
                self.expected.as_ref().map_or(Ok(()), |e| e.assumption(&label.head, &formula))?;
                self.labels.push(label.head.to_string());
                self.assumptions.push(formula);
                return Ok(());
            }
            ("instance", [number, terms]) => self.instance(number, terms)?,
            ("trivial", [set]) => self.trivial(set, None)?,
            ("trivial", [set, element]) => self.trivial(set, Some(element))?,
            ("counting", [sets, bound, exact, guards, witness, context])
                if [exact, guards, witness, context].map(|t| &*t.head) == ["exact", "guards", "witness", "context"] =>
            {
                self.counting(line, (sets, bound), [exact, guards, witness, context].map(|t| &t.list[..]))?
            }
            _ => return Err(format!("`{}` has other parts", text.head)),
        };
        if formula.has(ANY) {
            return Err(format!("`{ANY}` is known in contexts only"));
        }
        self.formulas.push((line, formula));
        Ok(())
    }

    fn closed(&mut self, text: &Term, sort: &str) -> Result<Term, String> {
        self.clauses.names.typed(text, &mut Vec::new(), sort)
    }
    fn all_closed(&mut self, texts: &[Term], sort: &str) -> Result<Vec<Term>, String> {
        texts.iter().map(|text| self.closed(text, sort)).collect()
    }
    fn member(&self, element: &Term, set: &Term) -> Term {
        self.clauses.expand(&make("in", vec![element.clone(), set.clone()]))
    }

    fn instance(&mut self, number: &Term, terms: &Term) -> Result<Term, String> {
        let number = number.int().and_then(|k| usize::try_from(k).ok()).ok_or("a clause has a number")?;
        let at = terms.items().iter().map(|t| self.clauses.names.read(t, &mut Vec::new())).collect::<Result<Vec<Term>, String>>()?;
        self.clauses.instance(number, &at)
    }

    /// `0 ≤ |S| ≤ n`; with an element, `e ∈ S ⇒ |S| ≥ 1` and `e ∉ S ⇒ |S| < n`. Of values there may be more than n.
    fn trivial(&mut self, set: &Term, element: Option<&Term>) -> Result<Term, String> {
        let set = self.clauses.names.read(set, &mut Vec::new())?;
        let sort = self.clauses.names.sort(&set);
        let sort = sorts::element(&sort).ok_or("a set is missing")?;
        let card = raw("card", vec![set.clone()]);
        let (lower, upper) = match element {
            None => (make("<=", vec![int(0), card.clone()]), make("<=", vec![card, word("n")])),
            Some(element) => {
                let element = self.closed(element, &sort.head)?;
                let inside = self.member(&element, &set);
                let (some, not_all) = (make("<", vec![int(0), card.clone()]), make("<", vec![card, word("n")]));
                (junction(false, vec![not(inside.clone()), some]), junction(false, vec![inside, not_all]))
            }
        };
        Ok(if sort.is("Process") { junction(true, vec![lower, upper]) } else { lower })
    }

    /// The rule of this crate's header.
    fn counting(&mut self, line: usize, (sets, bound): (&Term, &Term), parts: [&[Term]; 4]) -> Result<Term, String> {
        let integer = |t: &Term| t.int().map(|_| t.clone()).ok_or(format!("`{}` is not an integer", t.head));
        let bound = integer(bound)?;
        let [exact, guards, witness, context] = parts;
        let mut weighted = Vec::new();
        for part in sets.items() {
            let [set] = &part.list[..] else { return Err("`(coefficient set)` is missing".into()) };
            let set = self.clauses.names.read(set, &mut Vec::new())?;
            weighted.push((integer(&word(&part.head))?, set));
        }
        let sort = weighted.first().map_or(word("Process"), |(_, set)| self.clauses.names.sort(set));
        if weighted.iter().any(|(_, set)| self.clauses.names.sort(set) != sort) {
            return Err("sets of one sort are counted".into());
        }
        let sort = sorts::element(&sort).cloned().unwrap_or(sort);
        if !sort.is("Process") && (!bound.is("0") || witness.is_empty()) {
            return Err("of values no number is known: the bound is 0, and there is a witness".into());
        }
        let (exact, mut guards) = (self.all_closed(exact, &sort.head)?, self.all_closed(guards, "Bool")?);
        let mut sum: Vec<Term> = weighted.iter().map(|(a, set)| make("*", vec![a.clone(), make("card", vec![set.clone()])])).collect();
        for e in &exact {
            sum.extend([bound.clone(), make("*", vec![int(-1), self.weight(&weighted, e)])]);
        }
        let mut formula = vec![make("<=", vec![make("+", sum), make("*", vec![bound.clone(), word("n")])])];
        for (k, e) in exact.iter().enumerate() {
            formula.extend(exact[k + 1..].iter().map(|other| make("=", vec![e.clone(), other.clone()])));
        }
        formula.extend(guards.iter().cloned().map(not));
        match witness {
            [] => {
                for part in context {
                    let [terms] = &part.list[..] else { return Err("`(clause (terms))` is missing".into()) };
                    guards.push(self.instance(&word(&part.head), terms)?);
                }
                guards.push(make("<", vec![bound, self.weight(&weighted, &word(ANY))]));
                self.queries.push((line, junction(true, guards)));
            }
            [name] if guards.is_empty() && context.is_empty() => {
                self.clauses.names.declare(&name.head, vec![], sort)?;
                let mut found = vec![make("<", vec![bound, self.weight(&weighted, &word(&name.head))])];
                found.extend(exact.iter().map(|e| not(make("=", vec![e.clone(), word(&name.head)]))));
                formula.push(junction(true, found));
            }
            _ => return Err("a lemma has guards and context, or one witness".into()),
        }
        self.accepted.lemmas += 1;
        Ok(junction(false, formula))
    }
    /// `Σ a·[e ∈ S]`.
    fn weight(&self, weighted: &[(Term, Term)], e: &Term) -> Term {
        let part = |(a, set): &(Term, Term)| make("ite", vec![self.member(e, set), a.clone(), int(0)]);
        make("+", weighted.iter().map(part).collect())
    }

    /// One script for all queries and, at its end, for the ground formulas.
    fn conclude(mut self, solver: &dyn Solver) -> Result<Accepted, Rejected> {
        let mut script = script::preamble(&self.clauses.names);
        let ground = |line: usize, formula: &Term| script::ground(formula).map_err(|why| Rejected { line, why });
        for (line, query) in &self.queries {
            script += &format!("(push 1)\n(assert {})\n(check-sat)\n(pop 1)\n", ground(*line, query)?);
        }
        for (line, formula) in &self.formulas {
            script += &format!("(assert {})\n", ground(*line, formula)?);
        }
        let answers = solver.run(&(script + "(check-sat)\n")).map_err(|why| Rejected { line: 0, why })?;
        let mut answers = answers.split_whitespace();
        let questions =
            self.queries.iter().map(|(line, _)| (*line, "an element may exceed the bound")).chain([(0, "the steps do not suffice")]);
        for (line, doubt) in questions {
            match answers.next() {
                Some("unsat") => {}
                other => return Err(Rejected { line, why: format!("{doubt}: the solver says {}", other.unwrap_or("nothing")) }),
            }
        }
        if let Some(more) = answers.next() {
            return Err(Rejected { line: 0, why: format!("the solver says more than it was asked: {more}") });
        }
        self.accepted.assumptions = self.assumptions.len();
        self.accepted.clauses = self.clauses.list.len();
        self.accepted.steps = self.formulas.len();
        Ok(self.accepted)
    }
}

/// The arbitrary element of lemmas without witness. It is declared before the first step: no assumption, no definition knows it.
const ANY: &str = "any";
