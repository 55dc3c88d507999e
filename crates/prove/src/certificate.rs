//! Certificates: a proof as text that somebody else can check.
//!
//! A certificate has the condition itself (its assumptions, the negated goal last, with quantifiers and comprehensions) and the steps:
//! every ground formula that the refutation used, as the reason why it follows. The checker derives the clauses from the assumptions
//! by the procedure of [`crate::clause`] on its own terms, builds every ground formula itself, asks a solver to confirm every counting
//! lemma and, at the end, that the ground formulas are unsatisfiable.
//!
//! ```text
//! (certificate 1)
//! (condition "property/Exchange/agreement")
//! (declare x (Process) Value)
//! (assume "invariant locked" (or (forall ((v3 Process)) ..) ..))
//! ; (C4 v7) is the set of v8 with (= (x v8) v7)
//! (instance 2 (i_1 (x i_1)))                                    ; clause 2, terms for its variables in order
//! (trivial (C0 (x i_1)) i_1)                                    ; 0 ≤ |S| ≤ n, and e ∈ S ⇒ |S| ≥ 1, e ∉ S ⇒ |S| < n
//! (counting ((1 C1) (1 C2)) 1 (exact) (guards) (witness w) (context (5 (any))))
//! ```
//!
//! Skolem functions, functors of comprehensions and names of clause parts are called `sk0, sk1, ..`, `C0, C1, ..`, `part0, part1, ..`
//! in the order in which the procedure of [`crate::clause`] makes them.

use crate::clause::Clauses;
use crate::condition::Condition;
use crate::ground::{Fact, Lemma, Why};
use crate::term::{Fun, Node, Role, Term, Terms};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a certificate is made from.
pub struct Proof<'a> {
    /// The terms after the run.
    pub terms: &'a Terms,
    /// The clauses after the run.
    pub clauses: &'a Clauses,
    /// The condition's name.
    pub name: &'a str,
    /// The labelled assumptions, the negated goal last.
    pub assumptions: &'a [(String, Term)],
    /// The ground formulas.
    pub facts: &'a [Fact],
}

/// The condition, as it is at the beginning of its certificates: for whoever asks whether a certificate is one of it.
pub fn condition(terms: &Terms, condition: &Condition) -> String {
    let mut terms = terms.clone();
    let refuted = terms.not(condition.goal);
    let hypotheses = condition.hypotheses.iter().map(|h| (h.label.clone(), h.formula));
    let assumptions: Vec<(String, Term)> = hypotheses.chain([("negated goal".to_string(), refuted)]).collect();
    Writer { terms: &terms, names: names(&terms) }.head(&condition.name, &assumptions)
}

/// The certificate.
pub fn write(proof: &Proof<'_>) -> String {
    let writer = Writer { terms: proof.terms, names: names(proof.terms) };
    let mut out = writer.head(proof.name, proof.assumptions);
    for (&fun, definition) in &proof.clauses.definitions {
        let parameters: String = definition.parameters.iter().map(|v| format!(" v{}", v.0)).collect();
        let set = format!("{}{parameters}", writer.names[&fun]);
        let set = if parameters.is_empty() { set } else { format!("({set})") };
        let _ = writeln!(out, "; {set} is the set of v{} with {}", definition.element.0, writer.text(definition.body));
    }
    for fact in proof.facts {
        match &fact.why {
            Why::Nonempty => {}
            Why::Instance(clause, terms) => {
                let _ = writeln!(out, "(instance {clause} ({}))", writer.list(terms));
            }
            Why::Trivial(set, None) => {
                let _ = writeln!(out, "(trivial {})", writer.text(*set));
            }
            Why::Trivial(set, Some(element)) => {
                let _ = writeln!(out, "(trivial {} {})", writer.text(*set), writer.text(*element));
            }
            Why::Counting(lemma) => writer.counting(lemma, &mut out),
        }
    }
    out
}

/// Symbols made on the way are called by their kind and order.
fn names(terms: &Terms) -> BTreeMap<Fun, String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    terms
        .symbols()
        .map(|(fun, symbol)| {
            let stem = match symbol.role {
                Role::Skolem => "sk",
                Role::Comprehension => "C",
                Role::Part => "part",
                _ => return (fun, symbol.name.clone()),
            };
            let k = counts.entry(stem).or_insert(0);
            *k += 1;
            (fun, format!("{stem}{}", *k - 1))
        })
        .collect()
}

struct Writer<'a> {
    terms: &'a Terms,
    names: BTreeMap<Fun, String>,
}

impl Writer<'_> {
    /// What comes before the steps.
    fn head(&self, name: &str, assumptions: &[(String, Term)]) -> String {
        let mut out = format!("(certificate 1)\n(condition {name:?})\n");
        for (_, symbol) in self.terms.symbols() {
            if matches!(symbol.role, Role::State | Role::Primed | Role::Aggregate | Role::Given) && symbol.name != "n" {
                let sorts: Vec<String> = symbol.arguments.iter().map(ToString::to_string).collect();
                let _ = writeln!(out, "(declare {} ({}) {})", symbol.name, sorts.join(" "), symbol.result);
            }
        }
        for (label, formula) in assumptions {
            let _ = writeln!(out, "(assume {label:?} {})", self.text(*formula));
        }
        out
    }

    fn list(&self, terms: &[Term]) -> String {
        let parts: Vec<String> = terms.iter().map(|&t| self.text(t)).collect();
        parts.join(" ")
    }

    fn counting(&self, lemma: &Lemma, out: &mut String) {
        let sets: Vec<String> = lemma.sets.iter().map(|&(a, set)| format!("({a} {})", self.text(set))).collect();
        let context: Vec<String> = lemma.context.iter().map(|(clause, terms)| format!(" ({clause} ({}))", self.list(terms))).collect();
        let witness = lemma.witness.map_or(String::new(), |fun| format!(" {}", self.names[&fun]));
        let part = |head: &str, terms: &[Term]| {
            if terms.is_empty() { format!("({head})") } else { format!("({head} {})", self.list(terms)) }
        };
        let _ = writeln!(
            out,
            "(counting ({}) {} {} {} (witness{witness}) (context{}))",
            sets.join(" "),
            lemma.bound,
            part("exact", &lemma.exact),
            part("guards", &lemma.guards),
            context.concat()
        );
    }

    fn text(&self, term: Term) -> String {
        let head = match self.terms.node(term) {
            Node::Bool(value) => return value.to_string(),
            Node::Int(value) => return value.to_string(),
            Node::Var(v) => return format!("v{}", v.0),
            Node::App(fun, list) if list.is_empty() => return self.names[fun].clone(),
            Node::App(fun, _) => self.names[fun].clone(),
            Node::Not(_) => "not".into(),
            Node::And(_) => "and".into(),
            Node::Or(_) => "or".into(),
            Node::Ite(..) => "ite".into(),
            Node::Eq(..) => "=".into(),
            Node::Le(..) => "<=".into(),
            Node::Lt(..) => "<".into(),
            Node::Add(_) => "+".into(),
            Node::Mul(k, _) => format!("* {k}"),
            Node::Member(..) => "in".into(),
            Node::Card(_) => "card".into(),
            Node::Forall(vars, _) | Node::Exists(vars, _) => {
                let head = if matches!(self.terms.node(term), Node::Forall(..)) { "forall" } else { "exists" };
                let binders: Vec<String> = vars.iter().map(|&v| format!("(v{} {})", v.0, self.terms.variable_sort(v))).collect();
                format!("{head} ({})", binders.join(" "))
            }
            Node::Comprehension(v, _) => format!("set (v{} {})", v.0, self.terms.variable_sort(*v)),
        };
        format!("({head} {})", self.list(&self.terms.children(term)))
    }
}
