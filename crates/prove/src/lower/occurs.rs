//! Which values occur in a state, and formulas that only speak of such.
//!
//! Worked example: in LastVoting's `∃v, t. 2·|{i | ts(i) ≥ t}| > n ∧ ∀i. (ts(i) ≥ t ⇒ x(i) = v) ∧ ..` the set is not empty, so some
//! process has `x(i) = v` and v occurs; nothing has to be added.

use super::simplify::non_empty;
use super::value::{Fit, Value};
use crate::term::{Node, Sort, Term, Terms, Var};
use heardof_core::Sort as Data;

/// A place in the state of process `process` that holds a value where `some` holds.
pub(super) struct Holder {
    process: Var,
    some: Term,
    held: Held,
}

/// What is held.
#[derive(Clone, Copy)]
enum Held {
    One(Term),
    ElementsOf(Term),
}

/// The places inside `value`, of sort `sort`, that hold a `wanted`.
pub(super) fn holders(
    terms: &mut Terms,
    value: &Value,
    sort: &Data,
    wanted: &Data,
    (process, some): (Var, Term),
    out: &mut Vec<Holder>,
) -> Fit<()> {
    match (value, sort) {
        (Value::Scalar(t), sort) if sort == wanted => out.push(Holder { process, some, held: Held::One(*t) }),
        (Value::Unit | Value::Scalar(_), _) => {}
        (Value::Option { .. } | Value::Optional(_), Data::Option(inner)) => {
            let (there, value) = value.parts(terms).ok_or("not an option")?;
            let some = terms.and([some, there]);
            if let Some(value) = value
                && *terms.node(some) != Node::Bool(false)
            {
                holders(terms, &value, inner, wanted, (process, some), out)?;
            }
        }
        (Value::Tuple(items), Data::Tuple(sorts)) => {
            items.iter().zip(sorts).try_for_each(|(v, s)| holders(terms, v, s, wanted, (process, some), out))?;
        }
        (Value::Struct(_, fields), Data::Struct(_, sorts)) => {
            fields.iter().zip(sorts).try_for_each(|((_, v), (_, s))| holders(terms, v, s, wanted, (process, some), out))?;
        }
        (Value::Set(Some(set)), Data::Set(inner)) if **inner == *wanted => {
            out.push(Holder { process, some, held: Held::ElementsOf(*set) });
        }
        // Elements of sets are scalars.
        (Value::Set(_), _) => {}
        (Value::Enum(_, tag, variants), Data::Enum(_, sorts)) => {
            for (k, (fields, (_, sorts))) in variants.iter().zip(sorts).enumerate() {
                let number = terms.int(k as i64);
                let this = terms.eq(*tag, number);
                let some = terms.and([some, this]);
                let fields = fields.iter().flatten().zip(sorts);
                fields.into_iter().try_for_each(|(v, (_, s))| holders(terms, v, s, wanted, (process, some), out))?;
            }
        }
        _ => return Err(format!("which {wanted} occur in {sort} has no logic yet")),
    }
    Ok(())
}

/// `v` occurs.
pub(super) fn occurs(terms: &mut Terms, v: Term, holders: &[Holder]) -> Term {
    let mut cases = vec![];
    for holder in holders {
        let same = match holder.held {
            Held::One(value) => terms.eq(value, v),
            Held::ElementsOf(set) => terms.member(v, set),
        };
        let body = terms.and([holder.some, same]);
        // A variable of its own for every case: binders are unique.
        let variable = terms.variable("h", Sort::Process);
        let h = terms.var(variable);
        let body = terms.substitute(body, &[(holder.process, h)]);
        cases.push(terms.exists(&[variable], body));
    }
    terms.or(cases)
}

/// Whether `formula` implies that `v` occurs, as far as its shape shows.
pub(super) fn pinned(terms: &mut Terms, formula: Term, v: Term, holders: &[Holder]) -> bool {
    let mut parts = terms.conjuncts(formula);
    // What is under a quantifier is as good.
    let mut k = 0;
    while k < parts.len() {
        if let Node::Exists(_, body) = *terms.node(parts[k]) {
            parts.extend(terms.conjuncts(body));
        }
        k += 1;
    }
    parts.iter().any(|part| holds_it(terms, *part, &parts, v, holders))
        || parts.iter().any(|part| match terms.node(*part).clone() {
            // There is a process, and every process holds v.
            Node::Forall(_, body) => {
                let inner = terms.conjuncts(body);
                inner.iter().any(|t| holds_it(terms, *t, &inner, v, holders))
            }
            _ => false,
        })
        || parts.clone().into_iter().any(|part| match non_empty(terms, part) {
            Some(set) => members_hold_it(terms, set, &parts, v, holders),
            None => false,
        })
}

/// Whether `part` says that v is what some process holds; `given` says that there is such a value.
fn holds_it(terms: &mut Terms, part: Term, given: &[Term], v: Term, holders: &[Holder]) -> bool {
    let (held, wanted) = match *terms.node(part) {
        Node::Eq(a, b) if b == v => (a, b),
        Node::Eq(a, b) if a == v => (b, a),
        _ => return false,
    };
    debug_assert_eq!(wanted, v);
    holders.iter().any(|holder| {
        let Some(process) = process_of(terms, holder, held) else { return false };
        let some = terms.substitute(holder.some, &[(holder.process, process)]);
        terms.conjuncts(some).iter().all(|t| given.contains(t))
    })
}

/// The process p for which `held` is what the holder says.
fn process_of(terms: &Terms, holder: &Holder, held: Term) -> Option<Term> {
    let Held::One(value) = holder.held else { return None };
    match (terms.node(value), terms.node(held)) {
        (Node::App(f, _), Node::App(g, arguments)) if f == g && arguments.len() == 1 => Some(arguments[0]),
        _ => None,
    }
}

/// Whether every member of a set holds v, by the set's definition or by what is said of all processes.
fn members_hold_it(terms: &mut Terms, set: Term, parts: &[Term], v: Term, holders: &[Holder]) -> bool {
    let Node::Comprehension(member, body) = *terms.node(set) else { return false };
    let inside = terms.conjuncts(body);
    if inside.iter().any(|t| holds_it(terms, *t, &inside, v, holders)) {
        return true;
    }
    let j = terms.var(member);
    for part in parts {
        let Node::Forall(variables, body) = terms.node(*part).clone() else { continue };
        let [i] = *variables else { continue };
        if terms.variable_sort(i) != Sort::Process {
            continue;
        }
        for clause in terms.conjuncts(body) {
            let Node::Or(cases) = terms.node(clause).clone() else { continue };
            let cases: Vec<Term> = cases.iter().map(|case| terms.substitute(*case, &[(i, j)])).collect();
            for (k, case) in cases.iter().enumerate() {
                let mut given = inside.clone();
                given.extend(terms.conjuncts(*case));
                let others: Vec<Term> = cases.iter().enumerate().filter(|(other, _)| *other != k).map(|(_, t)| terms.not(*t)).collect();
                let excluded = others.iter().all(|t| inside.contains(t));
                if excluded && given.clone().iter().any(|t| holds_it(terms, *t, &given, v, holders)) {
                    return true;
                }
            }
        }
    }
    false
}
