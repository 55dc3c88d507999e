//! Quantifiers over values and sets that give a name to what can be said without.
//!
//! `∃v. ∀i. v = x(i) ∧ φ(i, v)` says that all hold the same: `(∀i, j. x(i) = x(j)) ∧ ∀i. φ(i, x(i))`, because there is a process. As a
//! hypothesis this spares the engine a constant, as a goal an alternation of quantifiers: `∀v. ∃i. ..` makes a new process for every
//! value, and these hold values again. `∃v. v = t ∧ φ(v)` is `φ(t)`, and `∃A. A = {i | ψ(i)} ∧ φ(A)` is `φ({i | ψ(i)})`.
//!
//! Worked example: "all estimates are equal, and who decided did so on them", `∃v. ∀i. v = x(i) ∧ (decided(i) ⇒ v = d(i))`, becomes
//! `(∀i, j. x(i) = x(j)) ∧ ∀i. decided(i) ⇒ x(i) = d(i)`.

use crate::term::{Node, Term, Terms, Var};

/// The same formula without such quantifiers.
pub(crate) fn eliminate(terms: &mut Terms, formula: Term) -> Term {
    let node = terms.node(formula).clone();
    match &node {
        Node::Not(_) | Node::And(_) | Node::Or(_) | Node::Ite(..) | Node::Forall(..) | Node::Exists(..) => {}
        _ => return formula,
    }
    let children: Vec<Term> = terms.children(formula).into_iter().map(|c| eliminate(terms, c)).collect();
    match node {
        Node::Forall(variables, _) => terms.forall(&variables, children[0]),
        Node::Exists(variables, _) => without(terms, &variables, children[0]),
        node => terms.rebuild(&node, &children),
    }
}

/// `∃ variables. body`, one variable after the other.
fn without(terms: &mut Terms, variables: &[Var], body: Term) -> Term {
    for (k, &variable) in variables.iter().enumerate() {
        let parts = terms.conjuncts(body);
        if let Some(body) = at_a_point(terms, variable, &parts).or_else(|| shared(terms, variable, &parts)) {
            let rest: Vec<Var> = variables.iter().enumerate().filter(|(other, _)| *other != k).map(|(_, v)| *v).collect();
            return without(terms, &rest, body);
        }
    }
    terms.exists(variables, body)
}

/// `∃v. v = t ∧ φ(v)` as `φ(t)`.
fn at_a_point(terms: &mut Terms, variable: Var, parts: &[Term]) -> Option<Term> {
    let value = parts.iter().find_map(|&part| equal_to(terms, variable, part).or_else(|| members(terms, variable, part)))?;
    let all = terms.and(parts.iter().copied());
    Some(terms.substitute(all, &[(variable, value)]))
}

/// `∃v. (∀i. v = t(i) ∧ φ(i, v)) ∧ ψ(v)` as `(∀i, j. t(i) = t(j)) ∧ ∀i. φ(i, t(i)) ∧ ψ(t(i))`.
fn shared(terms: &mut Terms, variable: Var, parts: &[Term]) -> Option<Term> {
    let (place, bound, body, value) = parts.iter().enumerate().find_map(|(place, &part)| {
        let Node::Forall(bound, body) = terms.node(part).clone() else { return None };
        let value = terms.conjuncts(body).into_iter().find_map(|inner| equal_to(terms, variable, inner))?;
        // A value that is the same for all processes is a point.
        terms.free(value).iter().any(|v| bound.contains(v)).then_some((place, bound, body, value))
    })?;
    let mut each: Vec<Term> = parts.iter().enumerate().filter(|(k, _)| *k != place).map(|(_, part)| *part).collect();
    for part in &mut each {
        *part = terms.renamed(*part);
    }
    each.push(body);
    let each = terms.and(each);
    let each = terms.substitute(each, &[(variable, value)]);
    let each = terms.forall(&bound, each);
    let others: Vec<Var> = bound
        .iter()
        .map(|&v| {
            let (name, sort) = (terms.variable_name(v).to_string(), terms.variable_sort(v));
            terms.variable(&name, sort)
        })
        .collect();
    let map: Vec<(Var, Term)> = bound.iter().copied().zip(others.iter().map(|&v| terms.var(v)).collect::<Vec<_>>()).collect();
    let other = terms.substitute(value, &map);
    let same = terms.eq(value, other);
    let pairs: Vec<Var> = bound.iter().copied().chain(others).collect();
    let same = terms.forall(&pairs, same);
    let same = terms.renamed(same);
    Some(terms.and([same, each]))
}

/// What the part `v = t` says the variable is.
fn equal_to(terms: &mut Terms, variable: Var, part: Term) -> Option<Term> {
    let name = terms.var(variable);
    let Node::Eq(a, b) = *terms.node(part) else { return None };
    let value = if a == name {
        b
    } else if b == name {
        a
    } else {
        return None;
    };
    (!terms.free(value).contains(&variable)).then_some(value)
}

/// What the part `∀e. e ∈ A ⇔ ψ(e)` says the variable A is.
fn members(terms: &mut Terms, variable: Var, part: Term) -> Option<Term> {
    let Node::Forall(bound, body) = terms.node(part).clone() else { return None };
    let ([element], Node::Eq(a, b)) = (&*bound, terms.node(body).clone()) else { return None };
    let (name, set) = (terms.var(*element), terms.var(variable));
    let inside = terms.member(name, set);
    let property = if a == inside {
        b
    } else if b == inside {
        a
    } else {
        return None;
    };
    if terms.free(property).contains(&variable) {
        return None;
    }
    let all = terms.comprehension(*element, property);
    Some(terms.renamed(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finite::{Element, Model, evaluate::holds};
    use crate::smtlib::read_one;
    use crate::term::{Fun, Sort};
    use std::collections::{BTreeMap, BTreeSet};

    const SYMBOLS: &str = "(declare-sort Pid 0) (declare-sort V 0) (declare-fun x (Pid) V) (declare-fun y (Pid) V) (declare-fun d (Pid) Bool) (declare-fun c () V)";

    /// Every model with so many processes, and two values.
    fn models(terms: &Terms, n: u32, symbols: &[Fun]) -> Vec<Model> {
        let mut all = vec![Model { n, opaque: vec![2], numbers: BTreeSet::new(), tables: BTreeMap::new() }];
        for &fun in symbols {
            let symbol = terms.symbol(fun);
            let keys: Vec<Vec<Element>> = match symbol.arguments.len() {
                0 => vec![vec![]],
                _ => (0..n).map(|p| vec![Element::Member(p)]).collect(),
            };
            let value = |one: bool| if symbol.result == Sort::Bool { Element::Bool(one) } else { Element::Member(one.into()) };
            let tables = (0..1u32 << keys.len())
                .map(|bits| keys.iter().cloned().enumerate().map(|(k, key)| (key, value(bits >> k & 1 == 1))).collect::<BTreeMap<_, _>>());
            let tables: Vec<_> = tables.collect();
            all = all
                .iter()
                .flat_map(|model| {
                    tables.iter().map(move |table| {
                        let mut model = model.clone();
                        model.tables.insert(fun, table.clone());
                        model
                    })
                })
                .collect();
        }
        all
    }

    fn has_values_bound(terms: &Terms, formula: Term) -> bool {
        let here = match terms.node(formula) {
            Node::Exists(variables, _) => variables.iter().any(|&v| terms.variable_sort(v) != Sort::Process),
            _ => false,
        };
        here || terms.children(formula).into_iter().any(|c| has_values_bound(terms, c))
    }

    #[test]
    fn what_is_eliminated_means_the_same() {
        for (formula, gone) in [
            ("(exists ((v V)) (forall ((i Pid)) (= v (x i))))", true),
            ("(exists ((v V)) (forall ((i Pid)) (and (= v (x i)) (=> (d i) (= v (y i))))))", true),
            ("(exists ((v V)) (and (forall ((i Pid)) (= (x i) v)) (exists ((j Pid)) (= (y j) v))))", true),
            ("(exists ((v V)) (and (forall ((i Pid)) (=> (d i) (= (y i) v))) (forall ((i Pid)) (= (x i) v))))", true),
            ("(not (exists ((v V)) (forall ((i Pid)) (and (= v (x i)) (d i)))))", true),
            ("(or (d p) (exists ((v V)) (and (= v c) (forall ((i Pid)) (=> (d i) (= (y i) v))))))", true),
            ("(exists ((v V)) (and (forall ((i Pid)) (= v c)) (exists ((j Pid)) (= (y j) v))))", true),
            ("(exists ((v V) (w V)) (and (= v w) (forall ((i Pid)) (and (= w (x i)) (or (d i) (= v (y i)))))))", true),
            ("(exists ((v V)) (forall ((i Pid) (j Pid)) (and (= v (x i)) (or (d j) (= v (y j))))))", true),
            ("(exists ((A (Set Pid))) (and (= A (set.comprehension ((i Pid)) (d i) i)) (> (set.card A) 1)))", true),
            (
                "(not (exists ((A (Set Pid)) (v V)) (and (= (set.comprehension ((i Pid)) (= (x i) v) i) A) (= v c) (forall ((i Pid)) (=> (set.member i A) (d i))))))",
                true,
            ),
            ("(exists ((A (Set Pid))) (and (set.subset A (set.comprehension ((i Pid)) (d i) i)) (> (set.card A) 1)))", false),
            // An equation under a condition names no value.
            ("(exists ((v V)) (forall ((i Pid)) (or (d i) (= v (x i)))))", false),
            ("(exists ((v V)) (forall ((i Pid)) (not (= v (x i)))))", false),
        ] {
            let formula = formula.replace("(d p)", "(exists ((p Pid)) (d p))");
            let mut script = read_one(SYMBOLS, &formula).unwrap();
            let before = script.assertions[0].formula;
            let after = eliminate(&mut script.terms, before);
            assert_eq!(!has_values_bound(&script.terms, after), gone, "{}", script.terms.show(after));
            let symbols: Vec<Fun> = script.terms.occurring(&[before]).into_iter().collect();
            for model in (1..=3).flat_map(|n| models(&script.terms, n, &symbols)) {
                let truth = |formula| holds(&script.terms, &model, formula).unwrap();
                assert_eq!(truth(before), truth(after), "{formula} became {}", script.terms.show(after));
            }
        }
    }
}
