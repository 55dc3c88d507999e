//! Once somebody decided, a value is locked: the heart of every proof of agreement.
//!
//! `locked = nobody has a mark, or some value v has a lock and whoever speaks says v`. Three choices: which marks (decided; decided or
//! another mark), which lock (a quorum holds v; all hold v; a quorum carries stamps of a phase since t and all of these hold v), and who
//! speaks (the decided; a second option as well; everybody, by one of two options).

use super::{Filled, Mark, i, marks, share, some_value};
use crate::build::{and, at, eq, forall, implies, lambda, method, more_than, op, or, s, some, var};
use crate::vocabulary::Vocabulary;
use heardof_core::ir::{Expr, Op};

pub(super) fn locked(words: &Vocabulary) -> Vec<Filled> {
    let mut out = vec![];
    for decision in &words.outputs {
        for (marked, marks) in marked(words, decision) {
            for (lock, held) in locks(words) {
                for (who, said) in speakers(words, decision) {
                    let some_value = some_value(words, held(said));
                    let nobody = forall(and(marks.iter().map(|m| m.not_of(i()))));
                    out.push((format!("{decision}{marked}_locks_{lock}{who}"), or(nobody, some_value)));
                }
            }
        }
    }
    out
}

/// The decision alone, and with one more mark.
fn marked<'a>(words: &'a Vocabulary, decision: &'a str) -> Vec<(String, Vec<Mark<'a>>)> {
    let own = Mark::Holds(decision);
    let others = marks(words).into_iter().filter(|m| m.name() != decision && !matches!(m, Mark::Stamped(_)));
    let both = others.map(|m| (format!("_or_{}", m.name()), vec![own, m]));
    std::iter::once((String::new(), vec![own])).chain(both).collect()
}

/// Puts a lock on v around what is said of each process `i`.
type Lock = Box<dyn Fn(Vec<Expr>) -> Expr>;

fn locks(words: &Vocabulary) -> Vec<(String, Lock)> {
    let mut out: Vec<(String, Lock)> = vec![];
    for x in &words.values {
        let holds = {
            let x = x.clone();
            move || eq(at(i(), &x), var("v"))
        };
        for &(k, m) in &words.thresholds {
            let holds = holds.clone();
            let lock = move |said: Vec<Expr>| and([more_than((k, m), "i", holds()), forall(and(said))]);
            out.push((share((k, m)), Box::new(lock)));
            for stamp in &words.stamps {
                out.push((format!("{}_since", share((k, m))), since(x, stamp, (k, m))));
            }
        }
        out.push(("all".into(), Box::new(move |said| forall(and(std::iter::once(holds()).chain(said))))));
    }
    out
}

/// A quorum carries stamps of some phase t or later, and whoever does so holds v.
fn since(x: &str, stamp: &str, quorum: (u64, u64)) -> Lock {
    let (x, stamp) = (x.to_string(), stamp.to_string());
    Box::new(move |said| {
        let later = || op(Op::Ge, at(i(), &stamp), some(var("t")));
        let holds = implies(later(), eq(at(i(), &x), var("v")));
        let body = and([more_than(quorum, "i", later()), forall(and(std::iter::once(holds).chain(said)))]);
        method("exists_phase", s(), [lambda(&[("t", None)], body)])
    })
}

/// What is said of process `i`: that whoever holds these options holds v.
fn speakers(words: &Vocabulary, decision: &str) -> Vec<(String, Vec<Expr>)> {
    let is = |o: &str| method("is", at(i(), o), [var("v")]);
    let says = |o: &str| implies(Mark::Holds(o).of(i()), is(o));
    let mut out = vec![(String::new(), vec![says(decision)])];
    for other in words.options.iter().filter(|o| *o != decision) {
        out.push((format!("_and_{other}"), vec![says(decision), says(other)]));
        let undecided = and([Mark::Holds(decision).not_of(i()), is(other)]);
        out.push((format!("_or_all_{other}"), vec![or(is(decision), undecided)]));
    }
    out
}
