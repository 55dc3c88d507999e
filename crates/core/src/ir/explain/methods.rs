//! Calls as formulas: quantifiers, cardinalities, sets, options, and what a mailbox is asked.

use super::formula::{Formula, Level, Meaning, Notation, applied, atom};
use super::layout::{Doc, cat, enclosed, group, text};
use super::steps::pattern;
use crate::ir::{Expr, Lambda, Node, Pat};

/// Bodies of at most so many nodes are printed where they are called; larger ones are defined once.
const INLINE: usize = 6;

/// `head: body`, broken behind the colon.
pub(super) fn quantifier(head: impl Into<String>, body: Doc) -> Formula {
    (Level::Any, group(vec![text(format!("{}:", head.into())), Doc::Line, body]))
}

/// A quantifier directly inside a quantifier stays on its line: `∃v: ∃t ≤ φ:`.
fn leads_to_quantifier(l: &Lambda) -> bool {
    match &l.body.node {
        Node::Method(name, ..) => name.starts_with("forall") || name.starts_with("exists"),
        _ => false,
    }
}

/// `{of : such}`
fn comprehension(of: impl Into<String>, such: Doc) -> Doc {
    enclosed("{", group(vec![text(format!("{} :", of.into())), Doc::Line, such]), "}")
}

/// The value of `Some(value)`.
fn some(e: &Expr) -> Option<&Expr> {
    match &e.node {
        Node::Variant(name, fields) if name == "Some" => fields.first().map(|(_, value)| value),
        _ => None,
    }
}

fn closure(args: &[Expr], k: usize) -> Option<&Lambda> {
    match &args.get(k)?.node {
        Node::Lambda(l) => Some(l),
        _ => None,
    }
}

fn parameter_names(l: &Lambda) -> Vec<String> {
    l.params.iter().map(|(p, _)| pattern(p)).collect()
}

/// Whether a helper is printed where it is called.
pub(super) fn is_inlined(body: &Expr) -> bool {
    let mut size = 0;
    body.walk(&mut |_| size += 1);
    size <= INLINE
}

impl Notation<'_> {
    /// The notation inside a closure whose parameters are printed as they are written.
    pub(super) fn shadowed(&self, l: &Lambda) -> Self {
        let mut names = vec![];
        l.params.iter().for_each(|(p, _)| bound(p, &mut names));
        self.with(names.into_iter().map(|n| (n.clone(), Meaning::Term(n))))
    }

    /// The body of a closure of one parameter, applied to something printed as `to`.
    pub(super) fn applied_to(&self, l: &Lambda, to: &str, level: Level) -> Doc {
        let Some((p, _)) = l.params.first() else { return self.at(&l.body, level) };
        let (conditions, names) = self.matching(p, to);
        // The parameters of closures always match: what a pattern could ask for is in its names.
        debug_assert!(conditions.is_empty());
        self.with(names).at(&l.body, level)
    }

    /// A name for the sender of a message that nothing in scope has.
    fn sender_name(&self) -> &'static str {
        let taken =
            |name: &str| self.scope.iter().any(|(_, m)| matches!(m, Meaning::Term(t) if t == name || t.contains(&format!("({name})"))));
        ["q", "q′", "q″"].into_iter().find(|name| !taken(name)).unwrap_or("q‴")
    }

    /// A quantifier, set or count over the senders of a mailbox; `show` gets the sender's name and the body.
    fn over_messages(&self, l: &Lambda, level: Level, show: impl Fn(&str, Doc) -> Formula) -> Formula {
        let q = self.sender_name();
        let body = self.applied_to(l, &format!("mb_p({q})"), level);
        show(q, body)
    }

    pub(super) fn call(&self, name: &str, args: &[Expr]) -> Formula {
        match (name, args) {
            ("implies", [a, b]) => {
                let (a, b) = (self.at(a, Level::Or), self.at(b, Level::Or));
                (Level::Any, group(vec![a, Doc::Line, text("⇒ "), b]))
            }
            ("Set::new" | "Map::new", _) => atom("∅"),
            ("Set::of", _) => (Level::Atom, enclosed("{", super::layout::separated(self.all(args), ","), "}")),
            ("Map::on", [set, _]) => match closure(args, 1) {
                Some(l) => {
                    let (names, set) = (parameter_names(l).join(", "), self.at(set, Level::Sum));
                    (
                        Level::Atom,
                        group(vec![
                            text(format!("[{names} ↦ ")),
                            self.shadowed(l).at(&l.body, Level::Any),
                            text(" : "),
                            text(format!("{names} ∈ ")),
                            set,
                            text("]"),
                        ]),
                    )
                }
                None => applied(name, self.all(args)),
            },
            ("Phase::new", [k]) => self.formula(k),
            _ => applied(name, self.all(args)),
        }
    }

    fn all(&self, args: &[Expr]) -> Vec<Doc> {
        args.iter().map(|e| self.at(e, Level::Any)).collect()
    }

    pub(super) fn method(&self, name: &str, of: &Expr, args: &[Expr]) -> Formula {
        let found = match self.meaning(of) {
            Some(Meaning::Mailbox) => self.of_mailbox(name, args),
            Some(Meaning::Context) => self.of_surroundings(name, "", args),
            Some(Meaning::System(mark)) => self.of_surroundings(name, mark, args),
            Some(Meaning::Heard(mark)) => self.of_heard(name, mark, args).or_else(|| self.of_surroundings(name, mark, args)),
            Some(Meaning::State(mark, i)) => Some(self.of_state(name, mark, &i, args)),
            _ => None,
        };
        found.or_else(|| self.of_collection(name, of, args)).or_else(|| self.of_option(name, of, args)).unwrap_or_else(|| {
            let all = std::iter::once(self.at(of, Level::Any)).chain(self.all(args)).collect();
            applied(name, all)
        })
    }

    /// What contexts, systems and heard-of sets have in common.
    fn of_surroundings(&self, name: &str, mark: &str, args: &[Expr]) -> Option<Formula> {
        Some(match (name, args) {
            ("id", []) => atom("p"),
            ("n", []) => atom("n"),
            ("round", []) => (Level::Sum, text("r − 1")),
            ("phase", []) => atom("φ"),
            ("coordinator", []) => atom("Coord(φ)"),
            ("coin", []) => atom("coin_p"),
            ("request", []) => atom("request_p"),
            ("processes", []) => atom("Π"),
            ("kernel", []) => atom(format!("K(<r){mark}")),
            ("set", [_]) => (Level::Atom, self.set_of(closure(args, 0)?)),
            ("count", [_]) => (Level::Atom, enclosed("|", self.set_of(closure(args, 0)?), "|")),
            ("join", [_]) => {
                let l = closure(args, 0)?;
                let body = self.shadowed(l).at(&l.body, Level::Atom);
                let processes = text(format!("{} ∈ Π", parameter_names(l).join(", ")));
                (Level::Atom, cat([text("⨆"), comprehension(body.flat(), processes)]))
            }
            ("image", [_]) => {
                let l = closure(args, 0)?;
                let inner = self.shadowed(l);
                let flat = |e: &Expr| inner.at(e, Level::Sum).flat();
                let set = match &l.body.node {
                    Node::If(c, a, b) if some(a).is_some() && matches!(&b.node, Node::Variant(name, _) if name == "None") => {
                        comprehension(flat(some(a)?), inner.at(c, Level::Any))
                    }
                    _ => match some(&l.body) {
                        Some(value) => comprehension(flat(value), text(format!("{} ∈ Π", parameter_names(l).join(", ")))),
                        None => comprehension(flat(&l.body), text(format!("{} ≠ ⊥", flat(&l.body)))),
                    },
                };
                (Level::Atom, set)
            }
            ("forall" | "exists" | "forall_pairs" | "exists_value" | "forall_value" | "exists_phase" | "forall_phase", [_]) => {
                let l = closure(args, 0)?;
                let sign = if name.starts_with("exists") { "∃" } else { "∀" };
                let range = if name.ends_with("phase") { " ≤ φ" } else { "" };
                let (head, body) = (format!("{sign}{}{range}", parameter_names(l).join(", ")), self.shadowed(l).at(&l.body, Level::Any));
                if leads_to_quantifier(l) { (Level::Any, cat([text(head + ": "), body])) } else { quantifier(head, body) }
            }
            ("parameters", []) => atom(format!("parameters{mark}")),
            _ => return None,
        })
    }

    fn set_of(&self, l: &Lambda) -> Doc {
        comprehension(parameter_names(l).join(", "), self.shadowed(l).at(&l.body, Level::Any))
    }

    fn of_heard(&self, name: &str, mark: &str, args: &[Expr]) -> Option<Formula> {
        Some(match (name, args) {
            ("of", [p]) => atom(format!("HO{mark}({})", self.at(p, Level::Any).flat())),
            ("safe", [p]) => atom(format!("SHO{mark}({})", self.at(p, Level::Any).flat())),
            ("coin", [p]) => atom(format!("coin{mark}_{}", self.at(p, Level::Atom).flat())),
            ("kernel", []) => atom(format!("K{mark}")),
            ("secure_kernel", []) => atom(format!("SK{mark}")),
            ("kernel_before", []) => atom("K(<r)"),
            ("uniform", []) => quantifier("∀p, q", text(format!("HO{mark}(p) = HO{mark}(q)"))),
            ("min_len", []) => atom(format!("min_p |HO{mark}(p)|")),
            _ => return None,
        })
    }

    /// A method of the algorithm's state: its text where that is short, else its name.
    fn of_state(&self, name: &str, mark: &'static str, i: &str, args: &[Expr]) -> Formula {
        if let Some(function) = self.algorithm.function(name)
            && let Ok(body) = &function.body
            && is_inlined(body)
            && let Some((me, params)) = function.params.split_first()
            && params.len() == args.len()
        {
            let terms = params.iter().zip(args).map(|(p, e)| (p.clone(), Meaning::Term(self.at(e, Level::Atom).flat())));
            let scope = std::iter::once((me.clone(), Meaning::State(mark, i.to_string()))).chain(terms).collect();
            return Notation::new(self.algorithm, scope).formula(body);
        }
        applied(&format!("{name}_{i}{mark}"), self.all(args))
    }

    fn of_mailbox(&self, name: &str, args: &[Expr]) -> Option<Formula> {
        let value = |what: &str| atom(format!("the {what} value received"));
        Some(match (name, args) {
            ("len", []) => atom("|mb_p|"),
            ("senders", []) => atom("dom(mb_p)"),
            ("from", [q]) => atom(format!("mb_p({})", self.at(q, Level::Any).flat())),
            ("min", []) => value("smallest"),
            ("max", []) => value("largest"),
            ("most_often", []) => atom("the smallest most often received value"),
            ("most_often_largest", []) => atom("the largest most often received value"),
            ("ranked", [k]) => atom(format!("the value of rank {} (from 0) received", self.at(k, Level::Atom).flat())),
            ("count", [_]) => {
                self.over_messages(closure(args, 0)?, Level::Any, |q, body| (Level::Atom, enclosed("|", comprehension(q, body), "|")))
            }
            ("any", [_]) => self.over_messages(closure(args, 0)?, Level::Any, |q, body| quantifier(format!("∃{q} ∈ dom(mb_p)"), body)),
            ("all", [_]) => self.over_messages(closure(args, 0)?, Level::Any, |q, body| quantifier(format!("∀{q} ∈ dom(mb_p)"), body)),
            ("pick", [_]) => self.over_messages(closure(args, 0)?, Level::Any, |q, body| {
                (Level::Atom, group(vec![text(format!("some mb_p({q}) with")), Doc::Line, body]))
            }),
            ("max_by_key" | "min_by_key", [_]) => {
                let largest = if name.starts_with("max") { "largest" } else { "smallest" };
                self.over_messages(closure(args, 0)?, Level::Any, |q, body| {
                    (Level::Atom, group(vec![text(format!("some mb_p({q}) with the {largest}")), Doc::Line, body]))
                })
            }
            ("join", [_]) => self.over_messages(closure(args, 0)?, Level::Atom, |q, body| {
                (Level::Atom, cat([text("⨆"), comprehension(body.flat(), text(format!("{q} ∈ dom(mb_p)")))]))
            }),
            ("merge", [_]) => self.over_messages(closure(args, 0)?, Level::Atom, |q, body| {
                (Level::Atom, cat([text("⋃"), comprehension(body.flat(), text(format!("{q} ∈ dom(mb_p)")))]))
            }),
            ("map", [_]) => self.over_messages(closure(args, 0)?, Level::Any, |q, body| {
                (Level::Atom, enclosed("[", group(vec![text(format!("{q} ↦")), Doc::Line, body]), "]"))
            }),
            _ => return None,
        })
    }

    /// Sets, maps, phases, process ids and numbers.
    fn of_collection(&self, name: &str, of: &Expr, args: &[Expr]) -> Option<Formula> {
        let whole = |level| self.at(of, level);
        let binary = |sign: &str, other: &Expr| (Level::Sum, cat([whole(Level::Product), text(sign), self.at(other, Level::Product)]));
        Some(match (name, args) {
            ("len", []) => (Level::Atom, enclosed("|", whole(Level::Any), "|")),
            ("union", [s]) => binary(" ∪ ", s),
            ("intersection", [s]) => binary(" ∩ ", s),
            ("difference", [s]) => binary(" ∖ ", s),
            ("join", [s]) => binary(" ⊔ ", s),
            ("merge", [s]) => binary(" ∪ ", s),
            ("first", []) => applied("min", vec![whole(Level::Any)]),
            ("max_key", []) => applied("max dom", vec![whole(Level::Any)]),
            ("keys", []) => applied("dom", vec![whole(Level::Any)]),
            ("values", []) => applied("ran", vec![whole(Level::Any)]),
            ("get", [k]) => applied(&whole(Level::Atom).flat(), vec![self.at(k, Level::Any)]),
            ("filter" | "any" | "all" | "count", [_]) => {
                let l = closure(args, 0)?;
                let head = format!("{} ∈ {}", parameter_names(l).join(", "), whole(Level::Sum).flat());
                let body = self.shadowed(l).at(&l.body, Level::Any);
                match name {
                    "any" => quantifier(format!("∃{head}"), body),
                    "all" => quantifier(format!("∀{head}"), body),
                    "count" => (Level::Atom, enclosed("|", comprehension(head, body), "|")),
                    _ => (Level::Atom, comprehension(head, body)),
                }
            }
            ("number" | "index", []) => self.formula(of),
            ("rotate", [n]) => (Level::Product, cat([whole(Level::Product), text(" mod "), self.at(n, Level::Atom)])),
            ("rotate_from", [first, n]) => {
                let sum = format!("({} + {})", self.at(first, Level::Sum).flat(), whole(Level::Sum).flat());
                (Level::Product, cat([text(format!("{sum} mod ")), self.at(n, Level::Atom)]))
            }
            ("successor", [n]) => {
                (Level::Product, cat([text(format!("({} + 1) mod ", whole(Level::Sum).flat())), self.at(n, Level::Atom)]))
            }
            ("min" | "max", [other]) => applied(name, vec![whole(Level::Any), self.at(other, Level::Any)]),
            ("saturating_sub", [b]) => applied("max", vec![cat([whole(Level::Sum), text(" − "), self.at(b, Level::Product)]), text("0")]),
            ("abs_diff", [b]) => (Level::Atom, enclosed("|", cat([whole(Level::Sum), text(" − "), self.at(b, Level::Product)]), "|")),
            _ => return None,
        })
    }

    fn of_option(&self, name: &str, of: &Expr, args: &[Expr]) -> Option<Formula> {
        let value = self.at(of, Level::Sum).flat();
        let or_else = |then: Doc, other: Doc| {
            let condition = text(format!("if {value} ≠ ⊥ then "));
            (Level::Any, group(vec![condition, then, Doc::Line, text("else "), other]))
        };
        let inner = |k: usize, level| Some(self.applied_to(closure(args, k)?, &value, level));
        Some(match (name, args) {
            ("is_some_and", [_]) => {
                (Level::And, group(vec![text(format!("{value} ≠ ⊥")), Doc::Line, text("∧ "), inner(0, Level::Relation)?]))
            }
            ("is_none_or", [_]) => (Level::Or, group(vec![text(format!("{value} = ⊥")), Doc::Line, text("∨ "), inner(0, Level::And)?])),
            ("map" | "and_then", [_]) => or_else(inner(0, Level::Or)?, text("⊥")),
            ("map_or", [other, _]) => or_else(inner(1, Level::Or)?, self.at(other, Level::Any)),
            ("unwrap_or" | "or", [other]) => or_else(text(value.clone()), self.at(other, Level::Any)),
            _ => return None,
        })
    }
}

/// The names that a pattern binds, in order.
pub(super) fn bound(p: &Pat, out: &mut Vec<String>) {
    match p {
        Pat::Wild | Pat::Nat(_) | Pat::Bool(_) => {}
        Pat::Bind(name) => out.push(name.clone()),
        Pat::At(name, p) => {
            out.push(name.clone());
            bound(p, out);
        }
        Pat::Tuple(ps) => ps.iter().for_each(|p| bound(p, out)),
        // Every alternative binds the same names.
        Pat::Or(ps) => ps.iter().take(1).for_each(|p| bound(p, out)),
        Pat::Variant(_, fields) | Pat::Struct(_, fields) => fields.iter().for_each(|(_, p)| bound(p, out)),
    }
}
