//! `init`, `send`, `update` and `ready` as pseudo-code; patterns and conditions.
//!
//! Worked example: `if let Some(v) = mailbox.from(ctx.coordinator()) { p.x = v; }` becomes
//!
//! ```text
//! if ⟨v⟩ is received from Coord(φ) then
//!     x_p := v
//! ```

use super::formula::{Level, Meaning, Notation, operands};
use super::layout::{Doc, cat, group, infix, separated, text, words};
use super::{INDENT, WIDTH};
use crate::ir::{Arm, Expr, Function, Lambda, Node, Op, Pat};

/// Lines of text, each no wider than [`WIDTH`] where it can be broken.
#[derive(Default)]
pub(super) struct Page {
    pub(super) out: String,
}

impl Page {
    pub(super) fn line(&mut self, indent: usize, doc: Doc) {
        self.out.push_str(&Doc::Group(Box::new(doc)).lines(indent * INDENT, WIDTH));
        self.out.push('\n');
    }
    pub(super) fn prose(&mut self, indent: usize, prose: &str) {
        self.out.push_str(&words(prose).lines(indent * INDENT, WIDTH));
        self.out.push('\n');
    }
    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }
}

/// A case of a conditional: its condition (`None`: always), the notation behind it, and what is done.
pub(super) type Case<'n, 'e> = (Option<Doc>, Notation<'n>, &'e Expr);

/// A pattern; `Some` is not printed, `None` is ⊥.
pub(super) fn pattern(p: &Pat) -> String {
    let list = |ps: Vec<String>| ps.join(", ");
    match p {
        Pat::Wild => "_".into(),
        Pat::Bind(name) => name.clone(),
        Pat::At(name, p) => format!("{name} = {}", pattern(p)),
        Pat::Nat(k) => k.to_string(),
        Pat::Bool(b) => b.to_string(),
        Pat::Tuple(ps) => format!("⟨{}⟩", list(ps.iter().map(pattern).collect())),
        Pat::Variant(name, fields) => match (name.as_str(), fields.as_slice()) {
            ("None", _) => "⊥".into(),
            ("Some", [(_, p)]) => pattern(p),
            (_, []) => name.rsplit("::").next().unwrap_or(name).into(),
            _ => format!("{}({})", name.rsplit("::").next().unwrap_or(name), list(fields.iter().map(|(_, p)| pattern(p)).collect())),
        },
        Pat::Struct(name, fields) => format!("{name}{{{}}}", list(fields.iter().map(|(f, p)| format!("{f}: {}", pattern(p))).collect())),
        Pat::Or(ps) => ps.iter().map(pattern).collect::<Vec<_>>().join(" or "),
    }
}

fn bracketed(message: &str) -> String {
    if message.starts_with('⟨') { message.to_string() } else { format!("⟨{message}⟩") }
}

type Names = Vec<(String, Meaning)>;

impl<'a> Notation<'a> {
    /// When `p` matches what is printed as `of`, and what the names in it then stand for.
    pub(super) fn matching(&self, p: &Pat, of: &str) -> (Vec<Doc>, Names) {
        let mut found = (vec![], vec![]);
        self.matches(p, of, &mut found);
        found
    }

    fn matches(&self, p: &Pat, of: &str, found: &mut (Vec<Doc>, Names)) {
        match p {
            Pat::Wild => {}
            Pat::Bind(name) => found.1.push((name.clone(), Meaning::Term(of.to_string()))),
            Pat::At(name, p) => {
                found.1.push((name.clone(), Meaning::Term(of.to_string())));
                self.matches(p, of, found);
            }
            Pat::Nat(k) => found.0.push(text(format!("{of} = {k}"))),
            Pat::Bool(b) => found.0.push(text(if *b { of.to_string() } else { format!("¬{of}") })),
            Pat::Tuple(ps) => {
                for (k, p) in ps.iter().enumerate() {
                    self.matches(p, &self.component(of, &k.to_string()), found);
                }
            }
            Pat::Variant(name, fields) => match (name.as_str(), fields.as_slice()) {
                ("None", _) => found.0.push(text(format!("{of} = ⊥"))),
                ("Some", [(_, p)]) => {
                    found.0.push(text(format!("{of} ≠ ⊥")));
                    self.matches(p, of, found);
                }
                _ => {
                    found.0.push(text(format!("{of} is {}", name.rsplit("::").next().unwrap_or(name))));
                    fields.iter().for_each(|(f, p)| self.matches(p, &format!("{of}.{f}"), found));
                }
            },
            Pat::Struct(_, fields) => fields.iter().for_each(|(f, p)| self.matches(p, &format!("{of}.{f}"), found)),
            Pat::Or(ps) => {
                let each: Vec<(Vec<Doc>, Names)> = ps.iter().map(|p| self.matching(p, of)).collect();
                found.1.extend(each.first().map(|(_, names)| names.clone()).unwrap_or_default());
                found.0.push(infix(each.into_iter().map(|(c, _)| infix(c, "∧")).collect(), "∨"));
            }
        }
    }

    /// A condition, and the notation behind it: `let` in a condition gives names.
    pub(super) fn condition(&self, e: &Expr) -> (Doc, Self) {
        let mut parts = vec![];
        operands(e, Op::And, &mut parts);
        let level = if parts.len() > 1 { Level::And } else { Level::Any };
        let (mut inner, mut conditions) = (self.clone(), vec![]);
        for part in parts {
            match &part.node {
                Node::LetCond(p, of) => {
                    let (condition, names) = inner.let_condition(p, of);
                    conditions.extend(condition);
                    inner.scope.extend(names);
                }
                _ => conditions.push(inner.at(part, level)),
            }
        }
        (infix(conditions, "and"), inner)
    }

    /// `let p = of` as a condition. What is asked of a mailbox is said in words.
    fn let_condition(&self, p: &Pat, of: &Expr) -> (Vec<Doc>, Names) {
        if let (Pat::Variant(some, fields), Node::Method(name, mailbox, args)) = (p, &of.node)
            && let ("Some", [(_, p)]) = (some.as_str(), fields.as_slice())
            && self.meaning(mailbox) == Some(Meaning::Mailbox)
            && let Some(found) = self.received(p, name, args)
        {
            return found;
        }
        let value = self.at(of, Level::Sum).flat();
        let (conditions, names) = self.kept(self.matching(p, &value));
        (if conditions.is_empty() { vec![text("true")] } else { conditions }, names)
    }

    /// A name for a field is the field's old value: where the field is assigned the name must stay.
    fn kept(&self, (mut conditions, mut names): (Vec<Doc>, Names)) -> (Vec<Doc>, Names) {
        for (name, meaning) in &mut names {
            if let Meaning::Term(of) = meaning
                && self.assigned.contains(of)
            {
                conditions.push(text(format!("{name} = {of}")));
                *meaning = Meaning::Term(name.clone());
            }
        }
        (conditions, names)
    }

    /// "⟨v⟩ is received from q" and the like, for `Some(p) = mailbox.name(args)`.
    fn received(&self, p: &Pat, name: &str, args: &[Expr]) -> Option<(Vec<Doc>, Names)> {
        let said = |what: String, p: &Pat| {
            let mut names = vec![];
            super::methods::bound(p, &mut names);
            (vec![words(&what)], names.into_iter().map(|n| (n.clone(), Meaning::Term(n))).collect::<Names>())
        };
        let shown = pattern(p);
        let extreme = match name {
            "min" => "smallest",
            "max" => "largest",
            "most_often" => "smallest most often received",
            "most_often_largest" => "largest most often received",
            _ => "",
        };
        match (name, args) {
            ("from", [q]) => Some(said(format!("{} is received from {}", bracketed(&shown), self.at(q, Level::Any).flat()), p)),
            ("min" | "max", []) => Some(said(format!("{shown} is the {extreme} value received"), p)),
            ("most_often" | "most_often_largest", []) => Some(said(format!("{shown} is the {extreme} value"), p)),
            ("pick" | "max_by_key" | "min_by_key", [key]) => {
                let Node::Lambda(l) = &key.node else { return None };
                let (shown, mut names) = self.chosen(p, l)?;
                let key = self.with(names.clone()).at(&l.body, Level::Any).flat();
                let what = match (name, key.as_str()) {
                    ("pick", "true") => format!("{} is one of the messages received", bracketed(&shown)),
                    ("pick", _) => format!("{} is received with {key}", bracketed(&shown)),
                    ("max_by_key", _) => format!("{} is one of those received with the largest {key}", bracketed(&shown)),
                    _ => format!("{} is one of those received with the smallest {key}", bracketed(&shown)),
                };
                let (conditions, own) = said(what, p);
                names.extend(own);
                Some((conditions, names))
            }
            _ => None,
        }
    }

    /// The message that `p` takes apart and the closure `l` looks at, printed once with the names of both; and what the names of the
    /// closure stand for.
    fn chosen(&self, p: &Pat, l: &Lambda) -> Option<(String, Names)> {
        let (theirs, _) = l.params.first()?;
        match (stripped(p), theirs) {
            (Pat::Tuple(mine), Pat::Tuple(theirs)) if mine.len() == theirs.len() => {
                let mut names = vec![];
                let each = mine.iter().map(stripped).zip(theirs).map(|pair| match pair {
                    (Pat::Wild, theirs) => pattern(theirs),
                    (mine, Pat::Bind(name)) => {
                        names.push((name.clone(), Meaning::Term(pattern(mine))));
                        pattern(mine)
                    }
                    (mine, _) => pattern(mine),
                });
                let shown = format!("⟨{}⟩", each.collect::<Vec<_>>().join(", "));
                Some((shown, names))
            }
            (Pat::Tuple(mine), Pat::Bind(name)) => {
                let part = |(k, p): (usize, &Pat)| match stripped(p) {
                    Pat::Wild => self.components.get(k).cloned().unwrap_or_else(|| format!("{name}.{k}")),
                    p => pattern(p),
                };
                let parts: Vec<String> = mine.iter().enumerate().map(part).collect();
                Some((format!("⟨{}⟩", parts.join(", ")), vec![(name.clone(), Meaning::Message(parts))]))
            }
            (Pat::Bind(mine), theirs) => {
                let (_, names) = self.matching(theirs, mine);
                Some((mine.clone(), names))
            }
            (Pat::Wild, theirs) => Some((pattern(theirs), vec![])),
            _ => None,
        }
    }

    /// The arms of a `match` as cases, in order.
    pub(super) fn arms<'e>(&self, of: &Expr, arms: &'e [Arm]) -> Vec<Case<'a, 'e>> {
        let value = self.at(of, Level::Sum).flat();
        let case = |arm: &'e Arm| {
            let (conditions, names) = match (&of.node, &arm.pat) {
                (Node::Tuple(es), Pat::Tuple(ps)) if es.len() == ps.len() => {
                    let mut found = (vec![], vec![]);
                    es.iter().zip(ps).for_each(|(e, p)| self.matches(p, &self.at(e, Level::Sum).flat(), &mut found));
                    found
                }
                _ => self.matching(&arm.pat, &value),
            };
            let (mut conditions, names) = self.kept((conditions, names));
            let inner = self.with(names);
            conditions.extend(arm.guard.as_ref().map(|g| inner.at(g, Level::And)));
            (if conditions.is_empty() { None } else { Some(infix(conditions, "and")) }, inner, &arm.body)
        };
        arms.iter().map(case).collect()
    }

    /// The cases of an `if`, with those of `else if` behind it.
    pub(super) fn branches<'e>(&self, e: &'e Expr, out: &mut Vec<Case<'a, 'e>>) {
        match &e.node {
            Node::If(c, a, b) => {
                let (condition, inner) = self.condition(c);
                out.push((Some(condition), inner, a));
                self.branches(b, out);
            }
            _ => out.push((None, self.clone(), e)),
        }
    }

    /// Prints a statement of `init` or `update`.
    pub(super) fn statement(&mut self, page: &mut Page, indent: usize, e: &Expr) {
        match &e.node {
            Node::Unit => {}
            Node::Block(es) => {
                let scope = self.scope.len();
                es.iter().for_each(|e| self.statement(page, indent, e));
                self.scope.truncate(scope);
            }
            Node::If(..) => {
                let mut cases = vec![];
                self.branches(e, &mut cases);
                print_cases(page, indent, cases, &|page, indent, inner, body| inner.statement(page, indent, body));
            }
            Node::Match(of, arms) => {
                let cases = self.arms(of, arms);
                print_cases(page, indent, cases, &|page, indent, inner, body| inner.statement(page, indent, body));
            }
            Node::Let(p, value) => {
                page.line(indent, cat([text(format!("let {} := ", pattern(p))), self.at(value, Level::Any)]));
                let mut names = vec![];
                super::methods::bound(p, &mut names);
                self.scope.extend(names.into_iter().map(|n| (n.clone(), Meaning::Term(n))));
            }
            Node::Set(place, value) => page.line(indent, cat([self.at(place, Level::Any), text(" := "), self.at(value, Level::Any)])),
            Node::Method(name, of, args) if name == "insert" || name == "remove" => {
                let place = self.at(of, Level::Sum).flat();
                let args: Vec<String> = args.iter().map(|e| self.at(e, Level::Any).flat()).collect();
                page.line(
                    indent,
                    text(match (name.as_str(), args.as_slice()) {
                        ("insert", [k, v]) => format!("{place}({k}) := {v}"),
                        ("insert", _) => format!("{place} := {place} ∪ {{{}}}", args.join(", ")),
                        _ => format!("{place} := {place} ∖ {{{}}}", args.join(", ")),
                    }),
                );
            }
            Node::Struct(_, fields, _) => {
                for (name, value) in fields {
                    page.line(indent, cat([text(format!("{}_p := ", super::formula::symbol(name))), self.at(value, Level::Any)]));
                }
            }
            _ => page.line(indent, self.at(e, Level::Any)),
        }
    }

    /// Prints what is sent. Sending nothing is not printed, as in the papers.
    pub(super) fn sending(&mut self, page: &mut Page, indent: usize, e: &Expr) {
        match &e.node {
            Node::If(..) => {
                let mut cases = vec![];
                self.branches(e, &mut cases);
                print_cases(page, indent, without_silence(cases), &|page, indent, inner, body| inner.sending(page, indent, body));
            }
            Node::Match(of, arms) => {
                let cases = without_silence(self.arms(of, arms));
                print_cases(page, indent, cases, &|page, indent, inner, body| inner.sending(page, indent, body));
            }
            Node::Block(es) => match es.split_last() {
                Some((last, first)) => {
                    first.iter().for_each(|e| self.statement(page, indent, e));
                    self.sending(page, indent, last);
                }
                None => page.line(indent, text("send nothing")),
            },
            Node::Call(name, args) => page.line(indent, self.sent(name, args)),
            _ => page.line(indent, cat([text("send as "), self.at(e, Level::Any)])),
        }
    }

    fn sent(&self, name: &str, args: &[Expr]) -> Doc {
        let message = |e: &Expr| match &e.node {
            Node::Unit => text("an empty message"),
            _ => text(bracketed(&self.at(e, Level::Any).flat())),
        };
        match (name, args) {
            ("silent", _) => text("send nothing"),
            ("broadcast", [m]) => cat([text("send "), message(m), text(" to all processes")]),
            ("to", [q, m]) => cat([text("send "), message(m), text(" to "), self.at(q, Level::Any)]),
            ("to_all", [set, m]) => cat([text("send "), message(m), text(" to every q ∈ "), self.at(set, Level::Sum)]),
            ("each", [set, each]) => match &each.node {
                Node::Lambda(l) => {
                    let q: Vec<String> = l.params.iter().map(|(p, _)| pattern(p)).collect();
                    let head = format!("to every {} ∈ {} send, unless it is ⊥,", q.join(", "), self.at(set, Level::Sum).flat());
                    group(vec![text(head), Doc::Line, self.shadowed(l).at(&l.body, Level::Any)])
                }
                _ => cat([text("send "), self.at(each, Level::Any)]),
            },
            _ => cat([
                text("send "),
                separated(vec![text(name), separated(args.iter().map(|e| self.at(e, Level::Any)).collect(), ",")], ":"),
            ]),
        }
    }

    /// When the round is left: "Advance at once when ..; at the deadline otherwise."
    pub(super) fn advancing(&self, f: &Function) -> Doc {
        let Ok(body) = &f.body else { return text("Advance: native code.") };
        let mut cases = vec![];
        self.branches(body, &mut cases);
        let last = cases.len() - 1;
        let mut parts = vec![text("Advance ")];
        for (k, (condition, inner, body)) in cases.into_iter().enumerate() {
            parts.push(inner.leave(body));
            match condition {
                Some(c) => parts.extend([text(" when "), c, text(";"), Doc::Line]),
                None if k > 0 => parts.push(text(" otherwise.")),
                None => parts.push(text(if k == last { "." } else { ";" })),
            }
        }
        group(parts)
    }

    fn leave(&self, e: &Expr) -> Doc {
        match &e.node {
            Node::Variant(name, fields) => match (name.as_str(), fields.as_slice()) {
                ("Progress::GoAhead", _) => text("at once"),
                ("Progress::Deadline", _) => text("at the deadline"),
                ("Progress::Block", _) => text("never"),
                ("Progress::Sync", [(_, k)]) => {
                    cat([text("at the deadline, with "), self.at(k, Level::Sum), text(" processes known to be in this round,")])
                }
                _ => self.at(e, Level::Any),
            },
            _ => self.at(e, Level::Any),
        }
    }
}

/// `Some(p)` where only `p` is printed.
fn stripped(p: &Pat) -> &Pat {
    match p {
        Pat::Variant(name, fields) if name == "Some" => fields.first().map_or(p, |(_, p)| stripped(p)),
        _ => p,
    }
}

/// Drops the cases at the end in which nothing is sent.
fn without_silence<'n, 'e>(mut cases: Vec<Case<'n, 'e>>) -> Vec<Case<'n, 'e>> {
    while cases.len() > 1 && cases.last().is_some_and(|(_, _, body)| matches!(&body.node, Node::Call(name, _) if name == "silent")) {
        cases.pop();
    }
    cases
}

/// `if .. then` lines with what is done below them. A last case that does nothing is not printed.
fn print_cases<'n, 'e>(
    page: &mut Page,
    indent: usize,
    mut cases: Vec<Case<'n, 'e>>,
    print: &dyn Fn(&mut Page, usize, &mut Notation<'n>, &'e Expr),
) {
    if cases.last().is_some_and(|(c, _, body)| c.is_none() && body.node == Node::Unit) {
        cases.pop();
    }
    for (k, (condition, mut inner, body)) in cases.into_iter().enumerate() {
        match (condition, k) {
            (Some(c), 0) => page.line(indent, cat([text("if "), c, text(" then")])),
            (Some(c), _) => page.line(indent, cat([text("else if "), c, text(" then")])),
            (None, 0) => {
                print(page, indent, &mut inner, body);
                continue;
            }
            (None, _) => page.line(indent, text("else")),
        }
        let before = page.out.len();
        print(page, indent + 1, &mut inner, body);
        if page.out.len() == before {
            page.line(indent + 1, text("do nothing"));
        }
    }
}
