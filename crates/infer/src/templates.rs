//! The templates: shapes of invariants, filled with the words of an algorithm.
//!
//! What the papers' invariants are made of: nobody has done something yet; who has done one thing has done another, is the coordinator, or
//! has a quorum behind it; votes agree; values come from inputs; and, once somebody decided, a quorum holds the decision. A *mark* of a
//! process is something it has done: it holds an option, has raised a flag, or carries the stamp of this phase.
//!
//! Worked example: for One-Third Rule (`x`, `decision`, threshold 3·k > 2·n) the template `locked` gives, among others,
//!
//! ```text
//! s.forall(|i| s[i].decision.is_none())
//!     || s.exists_value(|v: &V| 3 * s.count(|i| s[i].x == *v) > 2 * s.n() && s.forall(|i| implies(s[i].decision.is_some(), s[i].decision.is(v))))
//! ```

mod locked;

use crate::build::{and, at, eq, first, forall, implies, method, more_than, not, of_s, or, over, pairs, some, var};
use crate::vocabulary::Vocabulary;
use heardof_core::ir::{Expr, Op};

/// A shape of invariants.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// Its name.
    pub name: &'static str,
    /// What its instances say, in words.
    pub says: &'static str,
    fill: fn(&Vocabulary) -> Vec<Filled>,
}

/// A name for a function, and its body.
pub type Filled = (String, Expr);

/// All templates, the simplest first.
pub const TEMPLATES: [Template; 10] = [
    Template { name: "nobody", says: "nobody holds an option, or has raised a flag", fill: nobody },
    Template { name: "stamped", says: "stamps are of this phase or before it, or of an earlier one", fill: stamped },
    Template { name: "only", says: "only the coordinator does it", fill: only },
    Template { name: "also", says: "who does one thing does another", fill: also },
    Template { name: "own", says: "an option is a value of the same process, or of the coordinator", fill: own },
    Template { name: "quorum", says: "who does it has a quorum behind it", fill: quorum },
    Template { name: "same", says: "options of two processes agree", fill: same },
    Template { name: "together", says: "once anybody does one thing, all do another", fill: together },
    Template { name: "inputs", says: "values come from inputs", fill: inputs },
    Template {
        name: "locked",
        says: "nobody has decided, or a value is held by a quorum or by all, and whoever decided decided it",
        fill: locked::locked,
    },
];

impl Template {
    /// Its instances for these words.
    pub fn fill(&self, words: &Vocabulary) -> Vec<Filled> {
        (self.fill)(words)
    }
}

/// What a process has done.
#[derive(Clone, Copy)]
pub(crate) enum Mark<'a> {
    /// It holds this option.
    Holds(&'a str),
    /// It has raised this flag.
    Raised(&'a str),
    /// It carries the stamp of this phase.
    Stamped(&'a str),
}

impl Mark<'_> {
    /// That process `i` has done it.
    pub(crate) fn of(self, i: Expr) -> Expr {
        match self {
            Mark::Holds(option) => method("is_some", at(i, option), []),
            Mark::Raised(flag) => at(i, flag),
            Mark::Stamped(stamp) => eq(at(i, stamp), some(of_s("phase"))),
        }
    }
    /// That it has not.
    pub(crate) fn not_of(self, i: Expr) -> Expr {
        match self {
            Mark::Holds(option) => method("is_none", at(i, option), []),
            mark => not(mark.of(i)),
        }
    }
    pub(crate) fn name(self) -> String {
        match self {
            Mark::Holds(name) | Mark::Raised(name) => name.into(),
            Mark::Stamped(name) => format!("{name}_now"),
        }
    }
}

pub(crate) fn marks(words: &Vocabulary) -> Vec<Mark<'_>> {
    let holds = words.options.iter().map(|o| Mark::Holds(o));
    let raised = words.flags.iter().map(|f| Mark::Raised(f));
    holds.chain(raised).chain(words.stamps.iter().map(|t| Mark::Stamped(t))).collect()
}

/// Two different marks, in both orders.
fn couples(words: &Vocabulary) -> Vec<(Mark<'_>, Mark<'_>)> {
    let marks = marks(words);
    let others = |a: Mark<'_>| marks.iter().copied().filter(move |b| b.name() != a.name()).collect::<Vec<_>>();
    marks.iter().flat_map(|&a| others(a).into_iter().map(move |b| (a, b))).collect()
}

pub(crate) fn i() -> Expr {
    var("i")
}
fn j() -> Expr {
    var("j")
}
fn coordinator() -> Expr {
    of_s("coordinator")
}

/// That the option of process `i`, if it holds one, satisfies `test`, which speaks of its value `w`.
fn option(i: Expr, field: &str, test: Expr) -> Expr {
    method("is_none_or", at(i, field), [crate::build::lambda(&[("w", None)], test)])
}

fn nobody(words: &Vocabulary) -> Vec<Filled> {
    marks(words).into_iter().map(|mark| (format!("no_{}", mark.name()), forall(mark.not_of(i())))).collect()
}

fn stamped(words: &Vocabulary) -> Vec<Filled> {
    let compared = |stamp: &String, name: &str, than: Op| {
        let body = forall(crate::build::op(than, at(i(), stamp), some(of_s("phase"))));
        (format!("{stamp}_{name}"), body)
    };
    words.stamps.iter().flat_map(|stamp| [compared(stamp, "past", Op::Lt), compared(stamp, "not_ahead", Op::Le)]).collect()
}

fn only(words: &Vocabulary) -> Vec<Filled> {
    let led = marks(words).into_iter().filter(|_| words.coordinator);
    led.map(|mark| (format!("only_coordinator_{}", mark.name()), forall(implies(mark.of(i()), eq(i(), coordinator()))))).collect()
}

fn also(words: &Vocabulary) -> Vec<Filled> {
    let mut out: Vec<Filled> = marks(words).into_iter().map(|mark| (format!("all_{}", mark.name()), forall(mark.of(i())))).collect();
    for (a, b) in couples(words) {
        let (x, y) = (a.name(), b.name());
        out.push((format!("{x}_is_{y}"), forall(implies(a.of(i()), b.of(i())))));
        out.push((format!("{x}_is_not_{y}"), forall(implies(a.of(i()), b.not_of(i())))));
        if words.coordinator {
            out.push((format!("{x}_of_coordinators_{y}"), forall(implies(a.of(i()), b.of(coordinator())))));
        }
    }
    out
}

fn own(words: &Vocabulary) -> Vec<Filled> {
    let mut out = vec![];
    for (option, value) in words.options.iter().flat_map(|o| words.values.iter().map(move |x| (o, x))) {
        let is = |of: Expr| method("is", at(of, option), [at(i(), value)]);
        out.push((format!("{option}_is_own_{value}"), forall(implies(Mark::Holds(option).of(i()), is(i())))));
        for mark in marks(words).into_iter().filter(|_| words.coordinator) {
            out.push((format!("{value}_at_{}_is_coordinators_{option}", mark.name()), forall(implies(mark.of(i()), is(coordinator())))));
        }
    }
    out
}

fn quorum(words: &Vocabulary) -> Vec<Filled> {
    let mut out = vec![];
    for &(k, m) in &words.thresholds {
        let size = share((k, m));
        for (o, x) in words.options.iter().flat_map(|o| words.values.iter().map(move |x| (o, x))) {
            out.push((format!("{o}_held_by_{size}"), forall(option(i(), o, more_than((k, m), "j", eq(at(j(), x), var("w")))))));
        }
        for (a, b) in couples(words).into_iter().filter(|(a, _)| !matches!(a, Mark::Stamped(_))) {
            let name = format!("{}_after_{size}_{}", a.name(), b.name());
            out.push((name, forall(implies(a.of(i()), more_than((k, m), "j", b.of(j()))))));
        }
    }
    out
}

fn same(words: &Vocabulary) -> Vec<Filled> {
    let mut out = vec![];
    for (k, a) in words.options.iter().enumerate() {
        for b in &words.options[k..] {
            let both = and([Mark::Holds(a).of(i()), Mark::Holds(b).of(j())]);
            let name = if a == b { format!("one_{a}") } else { format!("{a}_agrees_with_{b}") };
            out.push((name, pairs(implies(both, eq(at(i(), a), at(j(), b))))));
        }
    }
    out
}

fn together(words: &Vocabulary) -> Vec<Filled> {
    let once = |a: Mark<'_>, what: Expr| implies(over("exists", "i", a.of(i())), what);
    let marked = couples(words).into_iter().map(|(a, b)| (format!("all_{}_once_{}", b.name(), a.name()), once(a, forall(b.of(i())))));
    let equal = |x: &String| pairs(eq(at(i(), x), at(j(), x)));
    let values =
        marks(words).into_iter().flat_map(|a| words.values.iter().map(move |x| (format!("same_{x}_once_{}", a.name()), once(a, equal(x)))));
    marked.chain(values).collect()
}

fn inputs(words: &Vocabulary) -> Vec<Filled> {
    let Some(input) = &words.input else { return vec![] };
    if words.binary {
        return unanimous(words, input);
    }
    let some_input = |test: Expr| over("exists", "j", test);
    let values = words.values.iter().map(|x| (format!("{x}_from_inputs"), forall(some_input(eq(at(i(), x), first(j(), input))))));
    let is = |o: &String| implies(Mark::Holds(o).of(i()), some_input(method("is", at(i(), o), [first(j(), input)])));
    let options = words.options.iter().map(|o| (format!("{o}_from_inputs"), forall(is(o))));
    values.chain(options).collect()
}

/// With two values only, whatever anybody holds is an input unless all inputs are the same; then all hold that one.
fn unanimous(words: &Vocabulary, input: &str) -> Vec<Filled> {
    let both = || and([over("exists", "i", first(i(), input)), over("exists", "i", not(first(i(), input)))]);
    let or_all = |said: Expr| or(both(), some_value(words, forall(and([eq(first(i(), input), var("v")), said]))));
    let is = |o: &str| method("is", at(i(), o), [var("v")]);
    let mut out: Vec<Filled> = vec![];
    for x in &words.values {
        out.push((format!("unanimous_{x}"), or_all(eq(at(i(), x), var("v")))));
    }
    for o in &words.options {
        out.push((format!("unanimous_{o}"), or_all(implies(Mark::Holds(o).of(i()), is(o)))));
        for d in words.outputs.iter().filter(|d| *d != o) {
            out.push((format!("unanimous_{o}_before_{d}"), or_all(or(Mark::Holds(d).of(i()), is(o)))));
        }
    }
    out
}

/// A threshold in a name.
pub(crate) fn share(threshold: (u64, u64)) -> String {
    match threshold {
        (2, 1) => "majority".into(),
        (3, 2) => "two_thirds".into(),
        (k, m) => format!("{m}_of_{k}"),
    }
}

/// `s.exists_value(|v: &V| body)`
pub(crate) fn some_value(words: &Vocabulary, body: Expr) -> Expr {
    method("exists_value", crate::build::s(), [crate::build::lambda(&[("v", Some(&format!("&{}", words.value)))], body)])
}

#[cfg(test)]
mod tests;
