//! Terms as the certificate writes them, simplified while they are built.
//!
//! A term is a head and a list: `(in e S)` is `in` over e and S, a constant is a head alone, `(forall ((v Process)) p)` is `forall` over
//! the binder `(?v Process)` and p. Heads that begin with `?` are variables; no binder is within another one of the same variable.
//!
//! The numbers of clauses and sets depend on the order of conjuncts, so the checker simplifies as the prover does: nested conjunctions are
//! flattened, repeated parts dropped, constants folded, adjacent quantifiers merged. `(and p true (and q p))` is `p ∧ q`. Every
//! simplification is an equivalence.

use std::rc::Rc;

/// The deepest nesting of parentheses: the passes are recursive.
pub(crate) const MAX_DEPTH: usize = 200;

#[derive(Clone, Eq, Debug)]
pub(crate) struct Term {
    pub(crate) head: Rc<str>,
    pub(crate) list: Rc<[Term]>,
}

/// Equations are symmetric: which side the prover writes first depends on which term it built first.
impl PartialEq for Term {
    fn eq(&self, other: &Term) -> bool {
        let turned = || &*self.head == "=" && self.list.iter().eq(other.list.iter().rev());
        self.head == other.head && (self.list == other.list || turned())
    }
}

pub(crate) fn word(head: &str) -> Term {
    raw(head, vec![])
}
pub(crate) fn raw(head: &str, list: Vec<Term>) -> Term {
    Term { head: head.into(), list: list.into() }
}
pub(crate) fn truth(value: bool) -> Term {
    word(if value { "true" } else { "false" })
}
pub(crate) fn int(value: i64) -> Term {
    word(&value.to_string())
}
pub(crate) fn not(a: Term) -> Term {
    make("not", vec![a])
}
pub(crate) fn junction(conjunction: bool, parts: Vec<Term>) -> Term {
    make(if conjunction { "and" } else { "or" }, parts)
}
pub(crate) fn quantify(universal: bool, binders: &[Term], body: Term) -> Term {
    make(if universal { "forall" } else { "exists" }, [binders, &[body]].concat())
}
/// The binders whose variables occur in the term.
pub(crate) fn occurring(binders: &[Term], term: &Term) -> Vec<Term> {
    binders.iter().filter(|b| term.has(&b.head)).cloned().collect()
}

/// The expressions of a text, each with the line on which it begins; or a wrong line with what is wrong.
pub(crate) fn parse(text: &str) -> Result<Vec<(usize, Term)>, (usize, String)> {
    let (mut open, mut found, mut start) = (Vec::<Vec<Term>>::new(), Vec::new(), 0);
    for (number, line) in (1..).zip(text.lines()) {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next().filter(|&c| c != ';') {
            let length = match first {
                '(' | ')' => 1,
                '"' => closing_quote(rest).ok_or((number, "a text without end".to_string()))?,
                _ => rest.find(|c: char| c.is_whitespace() || "();\"".contains(c)).unwrap_or(rest.len()),
            };
            if first == '(' {
                start = if open.is_empty() { number } else { start };
                open.push(Vec::new());
            } else {
                let done = if first == ')' { open.pop().map(expression) } else { Some(word(&rest[..length])) };
                match (done, open.last_mut()) {
                    (Some(part), Some(list)) => list.push(part),
                    (Some(part), None) if first == ')' => found.push((start, part)),
                    _ => return Err((number, "parentheses do not match".into())),
                }
            }
            if open.len() > MAX_DEPTH {
                return Err((number, "nested too deeply".into()));
            }
            rest = rest[length..].trim_start();
        }
    }
    if open.is_empty() { Ok(found) } else { Err((start, "parentheses do not match".into())) }
}
/// A list begins with its head, if that is a word.
fn expression(mut list: Vec<Term>) -> Term {
    match list.first() {
        Some(first) if first.list.is_empty() && !first.head.is_empty() => Term { head: list.remove(0).head, list: list.into() },
        _ => raw("", list),
    }
}
/// Behind the text's end.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().skip(1).find_map(|(k, c)| {
        let end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        end.then_some(k + 1)
    })
}

impl Term {
    pub(crate) fn is(&self, head: &str) -> bool {
        &*self.head == head
    }
    pub(crate) fn int(&self) -> Option<i64> {
        if self.list.is_empty() { self.head.parse().ok() } else { None }
    }
    /// The members of a list of the text, whose head is one of them.
    pub(crate) fn items(&self) -> Vec<Term> {
        let first = (!self.head.is_empty()).then(|| word(&self.head));
        first.into_iter().chain(self.list.iter().cloned()).collect()
    }
    /// The parts of a conjunction; otherwise the formula itself.
    pub(crate) fn conjuncts(&self) -> &[Term] {
        if self.is("and") { &self.list } else { std::slice::from_ref(self) }
    }
    /// Whether a quantifier occurs outside comprehensions.
    pub(crate) fn quantified(&self) -> bool {
        matches!(&*self.head, "forall" | "exists") || (!self.is("set") && self.list.iter().any(Term::quantified))
    }
    /// Whether the constant or variable occurs; binders do not count.
    pub(crate) fn has(&self, name: &str) -> bool {
        (self.is(name) && self.list.is_empty()) || self.list.iter().any(|t| t.has(name))
    }
    /// Whether a variable of the text occurs; the checker's own have a `:`.
    pub(crate) fn has_foreign(&self) -> bool {
        (self.head.starts_with('?') && !self.head.contains(':')) || self.list.iter().any(Term::has_foreign)
    }
    /// Whether one of the binders' variables occurs.
    pub(crate) fn has_any(&self, binders: &[Term]) -> bool {
        binders.iter().any(|b| self.has(&b.head))
    }

    /// Rebuilds the term; where `rule` answers, its answer stands for the subterm.
    pub(crate) fn rewrite(&self, rule: &dyn Fn(&Term) -> Option<Term>) -> Term {
        rule(self).unwrap_or_else(|| {
            let new: Vec<Term> = self.list.iter().map(|t| t.rewrite(rule)).collect();
            if new[..] == self.list[..] { self.clone() } else { self.over(new) }
        })
    }
    /// The same head over other parts. The prover writes the elder side of an equation first: one that did not change.
    pub(crate) fn over(&self, mut list: Vec<Term>) -> Term {
        if self.is("=") && list[0] != self.list[0] && list[1] == self.list[1] {
            list.reverse();
        }
        make(&self.head, list)
    }
    /// Puts terms in the place of free variables.
    pub(crate) fn substitute(&self, map: &[(Rc<str>, Term)]) -> Term {
        self.rewrite(&|t| {
            let own = map.iter().find(|(v, _)| t.head == *v).map(|(_, to)| to.clone());
            // A binder, which is the variable over its sort.
            if t.head.starts_with('?') && !t.list.is_empty() {
                let caught = own.is_some() || map.iter().any(|(_, to)| to.has(&t.head));
                assert!(!caught, "no binder is within another one of the same variable");
                return Some(t.clone());
            }
            own
        })
    }
}

/// The term, simplified; its sorts were looked at.
pub(crate) fn make(head: &str, list: Vec<Term>) -> Term {
    let heads: Vec<&str> = list.iter().map(|t| &*t.head).collect();
    match (head, &list[..], &heads[..]) {
        ("not", _, ["true" | "false"]) => truth(list[0].is("false")),
        ("not", [a], ["not"]) => a.list[0].clone(),
        ("and" | "or", ..) => flat_junction(head, &list),
        ("ite", [_, a, _], ["true", ..]) => a.clone(),
        ("ite", [_, _, b], ["false", ..]) => b.clone(),
        ("ite", [c, a, b], ["not", ..]) => make("ite", vec![c.list[0].clone(), b.clone(), a.clone()]),
        ("ite", [_, a, b], _) if a == b => a.clone(),
        ("ite", [c, ..], [_, "true", "false"]) => c.clone(),
        ("ite", [c, ..], [_, "false", "true"]) => not(c.clone()),
        ("=" | "<=" | "<", [a, b], _) if a == b => truth(head != "<"),
        ("=" | "<=" | "<", [a, b], _) if a.int().is_some() && b.int().is_some() => {
            truth(if head == "<=" { a.int() <= b.int() } else { head == "<" && a.int() < b.int() })
        }
        ("=", [_, b], ["true", _]) => b.clone(),
        ("=", [a, _], [_, "true"]) => a.clone(),
        ("=", [_, b], ["false", _]) => not(b.clone()),
        ("=", [a, _], [_, "false"]) => not(a.clone()),
        ("+", ..) => sum(&list),
        ("*", ..) if heads[0] == "0" => int(0),
        ("*", [_, a], ["1", _]) => a.clone(),
        ("*", [k, a], _) => {
            let inner = if a.is("*") { &a.list[0] } else { a };
            match k.int().zip(inner.int()).and_then(|(x, y)| x.checked_mul(y)) {
                Some(product) if a.is("*") => make("*", vec![int(product), a.list[1].clone()]),
                Some(product) => int(product),
                None => raw(head, list),
            }
        }
        ("forall" | "exists", ..) => flat_quantifier(head, &list),
        // {e | e ∈ S} is S.
        ("set", [v, body], [_, "in"]) if body.list[0] == word(&v.head) && !body.list[1].has(&v.head) => body.list[1].clone(),
        ("card", [set], ["set"]) if set.list[1].is("false") => int(0),
        ("card", [set], ["set"]) if set.list[1].is("true") && set.list[0].list[0].is("Process") => word("n"),
        _ => raw(head, list),
    }
}

fn flat_junction(head: &str, parts: &[Term]) -> Term {
    let conjunction = head == "and";
    let mut flat: Vec<Term> = Vec::new();
    for part in parts.iter().filter(|p| **p != truth(conjunction)) {
        if *part == truth(!conjunction) {
            return part.clone();
        }
        for p in if part.is(head) { &part.list } else { std::slice::from_ref(part) } {
            if !flat.contains(p) {
                flat.push(p.clone());
            }
        }
    }
    match flat.len() {
        _ if flat.iter().any(|p| p.is("not") && flat.contains(&p.list[0])) => truth(!conjunction),
        0 => truth(conjunction),
        1 => flat.remove(0),
        _ => raw(head, flat),
    }
}
fn sum(parts: &[Term]) -> Term {
    let (mut constant, mut flat) = (0i64, Vec::new());
    for part in parts.iter().flat_map(|p| if p.is("+") { &p.list } else { std::slice::from_ref(p) }) {
        match part.int().and_then(|k| constant.checked_add(k)) {
            Some(sum) => constant = sum,
            None => flat.push(part.clone()),
        }
    }
    if constant != 0 || flat.is_empty() {
        flat.push(int(constant));
    }
    if flat.len() == 1 { flat.remove(0) } else { raw("+", flat) }
}
/// No universe is empty, so that a variable that does not occur binds nothing.
fn flat_quantifier(head: &str, list: &[Term]) -> Term {
    let (body, binders) = list.split_last().expect("a quantifier has a body");
    let mut list: Vec<Term> = binders.iter().filter(|b| body.has(&b.head)).cloned().collect();
    match list.is_empty() {
        true => return body.clone(),
        false if body.is(head) => list.extend_from_slice(&body.list),
        false => list.push(body.clone()),
    }
    raw(head, list)
}
