//! A second reading of certificates: their assumptions in finite models.
//!
//! [`satisfiable`] decides by enumeration whether assumptions hold somewhere with up to three processes and the values 0, 1, 2. It
//! shares nothing with the checker: what the checker accepts must not be satisfiable here.

use super::support::Sexp;
use std::collections::BTreeMap;

/// The sorts of a symbol: the arguments and the result.
type Signature = (Vec<String>, String);

/// A model of so many processes: each symbol's values, the arguments read as digits to base n.
struct Model {
    n: usize,
    tables: BTreeMap<String, Vec<i64>>,
}

/// Whether the assumptions of the certificate hold in a model with n = 1..3; `None` when they cannot be evaluated.
pub fn satisfiable(certificate: &[Sexp]) -> Option<bool> {
    let mut symbols = BTreeMap::<String, Signature>::new();
    let mut assumptions = Vec::new();
    for line in certificate {
        match line.list() {
            [word, name, arguments, result] if word.head() == "declare" => {
                let arguments = arguments.list().iter().map(Sexp::to_string).collect();
                symbols.insert(name.to_string(), (arguments, result.to_string()));
            }
            [word, _, formula] if word.head() == "assume" => assumptions.push(formula),
            [word, ..] if ["declare", "assume"].contains(&word.head()) => return None,
            _ => {}
        }
    }
    for n in 1..=3usize {
        let mut entries = Vec::new();
        for (name, (arguments, result)) in &symbols {
            let sizes = arguments.iter().map(|sort| size(sort, n)).collect::<Option<Vec<usize>>>()?;
            if arguments.iter().any(|sort| sort != "Process") || size(result, n).is_none() {
                return None;
            }
            entries.extend((0..sizes.iter().product()).map(|_| (name.clone(), size(result, n))));
        }
        let mut choice = vec![0; entries.len()];
        loop {
            let mut model = Model { n, tables: BTreeMap::new() };
            for ((name, _), &value) in entries.iter().zip(&choice) {
                model.tables.entry(name.clone()).or_default().push(value as i64);
            }
            let mut holds = true;
            for formula in &assumptions {
                holds = holds && model.value(formula, &mut Vec::new())? == 1;
            }
            if holds {
                return Some(true);
            }
            let Some(k) = (0..choice.len()).find(|&k| Some(choice[k] + 1) < entries[k].1) else { break };
            choice[..k].fill(0);
            choice[k] += 1;
        }
    }
    Some(false)
}

/// How many values a sort has: 0, 1, 2 stand for all numbers, a set is a mask.
fn size(sort: &str, n: usize) -> Option<usize> {
    match sort {
        "Bool" => Some(2),
        "Process" => Some(n),
        "Int" | "Value" | "Time" => Some(3),
        "(Set Process)" => Some(1 << n),
        _ => None,
    }
}

impl Model {
    fn value(&self, term: &Sexp, scope: &mut Vec<(String, i64)>) -> Option<i64> {
        let Sexp::List(list) = term else { return self.word(term.head(), scope) };
        let (head, parts) = (list.first()?.head(), list.get(1..)?);
        if let ("forall" | "exists" | "set", [binders, body]) = (head, parts) {
            let binders = if head == "set" { std::slice::from_ref(binders) } else { binders.list() };
            let values = self.each(binders, body, scope)?;
            return Some(match head {
                "forall" => i64::from(values.iter().all(|&v| v == 1)),
                "exists" => i64::from(values.contains(&1)),
                _ => values.iter().enumerate().map(|(k, v)| v << k).sum(),
            });
        }
        let values = parts.iter().map(|part| self.value(part, scope)).collect::<Option<Vec<i64>>>()?;
        let truth = |holds: bool| Some(i64::from(holds));
        match (head, &values[..]) {
            ("not", [a]) => Some(1 - a),
            ("and", _) => truth(values.iter().all(|&v| v == 1)),
            ("or", _) => truth(values.contains(&1)),
            ("ite", [c, a, b]) => Some(if *c == 1 { *a } else { *b }),
            ("=", [a, b]) => truth(a == b),
            ("<=", [a, b]) => truth(a <= b),
            ("<", [a, b]) => truth(a < b),
            ("+", _) => Some(values.iter().sum()),
            ("*", [a, b]) => Some(a * b),
            ("in", [e, set]) => Some(set.checked_shr(u32::try_from(*e).ok()?)? & 1),
            ("card", [set]) => Some(i64::from(set.count_ones())),
            (name, _) => {
                let index = values.iter().try_fold(0, |index, &v| Some(index * self.n + usize::try_from(v).ok()?))?;
                self.tables.get(name)?.get(index).copied()
            }
        }
    }
    fn word(&self, word: &str, scope: &[(String, i64)]) -> Option<i64> {
        let bound = scope.iter().rev().find(|(name, _)| name == word).map(|&(_, value)| value);
        let known = match word {
            "true" => Some(1),
            "false" => Some(0),
            "n" => Some(self.n as i64),
            _ => word.parse().ok(),
        };
        bound.or(known).or_else(|| self.tables.get(word)?.first().copied())
    }
    /// The body's values for all values of the binders, which are over processes and sets of them.
    fn each(&self, binders: &[Sexp], body: &Sexp, scope: &mut Vec<(String, i64)>) -> Option<Vec<i64>> {
        let Some((first, rest)) = binders.split_first() else { return Some(vec![self.value(body, scope)?]) };
        let [name, sort] = first.list() else { return None };
        let sort = sort.to_string();
        if !sort.contains("Process") {
            return None;
        }
        let mut values = Vec::new();
        for value in 0..size(&sort, self.n)? {
            scope.push((name.to_string(), value as i64));
            values.extend(self.each(rest, body, scope)?);
            scope.pop();
        }
        Some(values)
    }
}
