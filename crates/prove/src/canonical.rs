//! A condition as text that depends on nothing but the condition: equal texts are the same condition, so that what was found of one holds
//! of the other, in whichever problem it stands.
//!
//! Worked example: `∀i. x(i) = v` is, a line for each subterm in the order in which they are needed,
//!
//! ```text
//! var 0 Process
//! app x:Process->Value 0
//! app v:->Value
//! eq 1 2
//! forall 0 Process: 3
//! ```
//!
//! Terms are numbered by their line, bound variables by their first occurrence. Conjuncts that were put together in another order make
//! another text: that is no error, only an opportunity that is missed.

use crate::condition::Condition;
use crate::term::{Fun, Node, Term, Terms, Var};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The text of a condition.
pub fn text(terms: &Terms, condition: &Condition) -> String {
    let mut page = Page { terms, lines: BTreeMap::new(), variables: BTreeMap::new(), out: String::new() };
    for hypothesis in &condition.hypotheses {
        let line = page.line(hypothesis.formula);
        page.write(format_args!("assume {line}"));
    }
    let goal = page.line(condition.goal);
    page.write(format_args!("prove {goal}"));
    page.out
}

struct Page<'a> {
    terms: &'a Terms,
    lines: BTreeMap<Term, usize>,
    variables: BTreeMap<Var, usize>,
    out: String,
}

impl Page<'_> {
    fn write(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.out, "{line}");
    }

    fn variable(&mut self, v: Var) -> usize {
        let next = self.variables.len();
        *self.variables.entry(v).or_insert(next)
    }

    fn list(&mut self, word: &str, parts: &[Term]) -> String {
        parts.iter().fold(word.to_string(), |text, part| format!("{text} {}", self.line(*part)))
    }

    fn binder(&mut self, word: &str, variables: &[Var], body: Term) -> String {
        let body = self.line(body);
        let names = variables.iter().fold(String::new(), |text, v| {
            let sort = self.terms.variable_sort(*v);
            format!("{text} {} {sort}", self.variable(*v))
        });
        format!("{word}{names}: {body}")
    }

    fn symbol(&self, fun: Fun) -> String {
        let symbol = self.terms.symbol(fun);
        let arguments: Vec<String> = symbol.arguments.iter().map(ToString::to_string).collect();
        format!("{}:{}->{}", symbol.name, arguments.join(","), symbol.result)
    }

    /// The number of the line of a term, which is written if it is not there yet.
    fn line(&mut self, t: Term) -> usize {
        if let Some(line) = self.lines.get(&t) {
            return *line;
        }
        let terms = self.terms;
        let text = match terms.node(t) {
            Node::Bool(value) => format!("bool {value}"),
            Node::Int(value) => format!("int {value}"),
            Node::Var(v) => format!("var {} {}", self.variable(*v), terms.variable_sort(*v)),
            Node::App(fun, parts) => {
                let word = format!("app {}", self.symbol(*fun));
                self.list(&word, parts)
            }
            Node::Not(a) => self.list("not", &[*a]),
            Node::And(parts) => self.list("and", parts),
            Node::Or(parts) => self.list("or", parts),
            Node::Ite(c, a, b) => self.list("ite", &[*c, *a, *b]),
            Node::Eq(a, b) => self.list("eq", &[*a, *b]),
            Node::Le(a, b) => self.list("le", &[*a, *b]),
            Node::Lt(a, b) => self.list("lt", &[*a, *b]),
            Node::Add(parts) => self.list("add", parts),
            Node::Mul(k, a) => self.list(&format!("mul {k}"), &[*a]),
            Node::Forall(variables, body) => self.binder("forall", variables, *body),
            Node::Exists(variables, body) => self.binder("exists", variables, *body),
            Node::Member(e, set) => self.list("member", &[*e, *set]),
            Node::Card(set) => self.list("card", &[*set]),
            Node::Comprehension(v, body) => self.binder("comprehension", &[*v], *body),
        };
        self.write(format_args!("{text}"));
        let line = self.lines.len();
        self.lines.insert(t, line);
        line
    }
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::condition::{Condition, Kind};
    use crate::term::{Role, Sort, Terms};

    /// `∀i. x(i) = v`, and something else before it.
    fn condition(before: usize, value: &str) -> String {
        let mut terms = Terms::new();
        for k in 0..before {
            let other = terms.declare(&format!("other{k}"), &[], Sort::Int, Role::Given);
            let (other, two) = (terms.constant(other), terms.int(2));
            terms.lt(other, two);
            terms.variable("i", Sort::Value);
        }
        let x = terms.declare("x", &[Sort::Process], Sort::Value, Role::State);
        let v = terms.declare(value, &[], Sort::Value, Role::Given);
        let variable = terms.variable("i", Sort::Process);
        let i = terms.var(variable);
        let (x, v) = (terms.app(x, &[i]), terms.constant(v));
        let same = terms.eq(x, v);
        let goal = terms.forall(&[variable], same);
        text(&terms, &Condition { name: "c".into(), kind: Kind::Property, hypotheses: vec![], goal, steps: vec![] })
    }

    #[test]
    fn a_text_does_not_depend_on_its_surroundings() {
        assert_eq!(condition(0, "v"), condition(3, "v"));
        assert_ne!(condition(0, "v"), condition(0, "w"));
        let expected = "var 0 Process\napp x:Process->Value 0\napp v:->Value\neq 1 2\nforall 0 Process: 3\nprove 4\n";
        assert_eq!(condition(1, "v"), expected);
    }
}
