//! One random corruption of a certificate, and what became of it.
//!
//! Worked example: `(instance 4 (w))` becomes `(instance 5 (w))`, `(instance 4 (sk2))`, or is dropped; `(< (* 2 n) (card C0))` within an
//! assumption becomes `(not (< (* 2 n) (card C0)))` or `(<= (* 2 n) (card C0))`.

use super::support::{Sexp, read, write};
use heardof_certify::{Rejected, SolverProgram, check_condition};

/// Chance, the same from the same seed: splitmix64.
pub struct Chance(pub u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // The remainder is below the bound.
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
    pub fn of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        if list.is_empty() { None } else { list.get(self.below(list.len())) }
    }
}

/// A kind of corruption: its name, the lines that it changes, and all changes of one line by one step; none leaves the line out.
pub struct Kind {
    pub name: &'static str,
    line: &'static str,
    /// The part of the line that changes; 0 stands for the whole line.
    part: usize,
    changes: fn(&Sexp, &[Sexp]) -> Vec<Option<Sexp>>,
}

/// Every kind. A counting line is `counting sets bound exact guards witness context`.
pub const KINDS: [Kind; 13] = [
    Kind { name: "assumption: an atom negated", line: "assume", part: 2, changes: negated },
    Kind { name: "assumption: a word changed", line: "assume", part: 2, changes: reworded },
    Kind { name: "instance: another clause", line: "instance", part: 1, changes: other_clause },
    Kind { name: "instance: another term", line: "instance", part: 2, changes: other_member },
    Kind { name: "instance: dropped", line: "instance", part: 0, changes: dropped },
    Kind { name: "trivial: another set or element", line: "trivial", part: 0, changes: other_member },
    Kind { name: "lemma: a coefficient or set", line: "counting", part: 1, changes: other_weight },
    Kind { name: "lemma: another bound", line: "counting", part: 2, changes: other_number },
    Kind { name: "lemma: other exact elements", line: "counting", part: 3, changes: other_member },
    Kind { name: "lemma: a guard", line: "counting", part: 4, changes: other_guard },
    Kind { name: "lemma: another witness", line: "counting", part: 5, changes: other_member },
    Kind { name: "lemma: its context", line: "counting", part: 6, changes: other_context },
    Kind { name: "lemma or trivial fact: dropped", line: "counting trivial", part: 0, changes: dropped },
];

impl Kind {
    /// The certificate with one corruption of this kind and the line that was changed; none where it has no such line.
    pub fn corrupt(&self, lines: &[Sexp], chance: &mut Chance) -> Option<(Vec<Sexp>, usize)> {
        let pool = pool(lines);
        let fits: Vec<usize> = (0..lines.len()).filter(|&k| self.line.split(' ').any(|head| head == lines[k].head())).collect();
        let k = *chance.of(&fits)?;
        let whole = &lines[k];
        let part = if self.part == 0 { whole } else { whole.list().get(self.part)? };
        let mut changes = (self.changes)(part, &pool);
        changes.retain(|changed| changed.as_ref() != Some(part));
        let changed = chance.of(&changes)?.clone();
        let line = match (changed, self.part) {
            (Some(changed), part) if part > 0 => Some(with(whole.list(), part, Some(changed))),
            (changed, _) => changed,
        };
        let mut all = lines.to_vec();
        all.splice(k..=k, line);
        Some((all, k))
    }
}

/// The terms that steps speak of.
fn pool(lines: &[Sexp]) -> Vec<Sexp> {
    let mut found = read("n someone");
    for line in lines {
        match line.list() {
            [head, _, terms] if head.head() == "instance" => found.extend_from_slice(terms.list()),
            [head, sets, ..] if head.head() == "counting" => found.extend(sets.list().iter().filter_map(|s| s.list().get(1)).cloned()),
            _ => {}
        }
    }
    found.sort_by_key(Sexp::to_string);
    found.dedup();
    found
}

/// A list with one member replaced or left out.
fn with(list: &[Sexp], k: usize, changed: Option<Sexp>) -> Sexp {
    let mut list = list.to_vec();
    list.splice(k..=k, changed);
    Sexp::List(list)
}
fn word(text: &str) -> Sexp {
    Sexp::Word(text.into())
}
fn not(formula: &Sexp) -> Sexp {
    Sexp::List(vec![word("not"), formula.clone()])
}

/// The line is left out.
fn dropped(_: &Sexp, _: &[Sexp]) -> Vec<Option<Sexp>> {
    vec![None]
}

/// The changes of each place of an expression, put into the expression.
fn everywhere(formula: &Sexp, change: &dyn Fn(&Sexp) -> Vec<Sexp>) -> Vec<Option<Sexp>> {
    let inner = formula.list().iter().enumerate();
    let inner = inner.flat_map(|(k, part)| everywhere(part, change).into_iter().map(move |changed| with(formula.list(), k, changed)));
    change(formula).into_iter().chain(inner).map(Some).collect()
}
fn negated(formula: &Sexp, _: &[Sexp]) -> Vec<Option<Sexp>> {
    everywhere(formula, &|part| {
        let atom = ["=", "<=", "<", "in"].contains(&part.head()) && !part.list().is_empty();
        if atom { vec![not(part)] } else { vec![] }
    })
}
fn reworded(formula: &Sexp, _: &[Sexp]) -> Vec<Option<Sexp>> {
    const PAIRS: [(&str, &str); 4] = [("<", "<="), ("and", "or"), ("forall", "exists"), ("true", "false")];
    everywhere(formula, &|part| match part {
        Sexp::Word(text) => {
            let other = PAIRS.iter().find_map(|&(a, b)| if a == text { Some(b) } else { (b == text).then_some(a) });
            other.map(word).into_iter().chain(numbers(part)).collect()
        }
        Sexp::List(_) => vec![],
    })
}

/// Other integers than this.
fn numbers(number: &Sexp) -> Vec<Sexp> {
    let Ok(k) = number.head().parse::<i64>() else { return vec![] };
    if number.list().is_empty() { [k - 1, k + 1, k + 2, -k].map(|k| word(&k.to_string())).to_vec() } else { vec![] }
}
fn other_number(number: &Sexp, _: &[Sexp]) -> Vec<Option<Sexp>> {
    numbers(number).into_iter().map(Some).collect()
}
/// Clauses before it and the next two, which may not be there.
fn other_clause(number: &Sexp, _: &[Sexp]) -> Vec<Option<Sexp>> {
    let last = number.head().parse::<usize>().unwrap_or(0) + 2;
    (0..=last).map(|k| Some(word(&k.to_string()))).collect()
}
/// A member of the list is another one or is left out, or there is one more; words that say what the list is stay.
fn other_member(list: &Sexp, pool: &[Sexp]) -> Vec<Option<Sexp>> {
    let headed = ["trivial", "exact", "guards", "witness"].contains(&list.head());
    let members = list.list();
    let mut found = Vec::new();
    for k in usize::from(headed)..members.len() {
        found.push(with(members, k, None));
        found.extend(pool.iter().map(|other| with(members, k, Some(other.clone()))));
    }
    found.extend(pool.iter().filter(|_| headed).map(|other| Sexp::List([members, std::slice::from_ref(other)].concat())));
    found.into_iter().map(Some).collect()
}
fn other_weight(sets: &Sexp, pool: &[Sexp]) -> Vec<Option<Sexp>> {
    let mut found = Vec::new();
    for (k, weighted) in sets.list().iter().enumerate() {
        let [coefficient, set] = weighted.list() else { continue };
        found.push(with(sets.list(), k, None));
        let others = numbers(coefficient).into_iter().map(|c| [c, set.clone()]);
        let others = others.chain(pool.iter().map(|other| [coefficient.clone(), other.clone()]));
        found.extend(others.map(|pair| with(sets.list(), k, Some(Sexp::List(pair.to_vec())))));
    }
    found.into_iter().map(Some).collect()
}
fn other_guard(guards: &Sexp, _: &[Sexp]) -> Vec<Option<Sexp>> {
    let members = guards.list();
    (1..members.len()).flat_map(|k| [with(members, k, None), with(members, k, Some(not(&members[k])))]).map(Some).collect()
}
fn other_context(context: &Sexp, pool: &[Sexp]) -> Vec<Option<Sexp>> {
    let members = context.list();
    let mut found = Vec::new();
    for (k, instance) in members.iter().enumerate().skip(1) {
        let [number, terms] = instance.list() else { continue };
        found.push(Some(with(members, k, None)));
        let other_numbers = other_clause(number, pool).into_iter().flatten().map(|other| [other, terms.clone()]);
        let other_terms = other_member(terms, pool).into_iter().flatten().map(|other| [number.clone(), other]);
        let others = other_numbers.chain(other_terms).filter(|[n, at]| (n, at) != (number, terms));
        found.extend(others.map(|pair| Some(with(members, k, Some(Sexp::List(pair.to_vec()))))));
    }
    found
}

/// What became of a corrupted certificate.
pub enum Outcome {
    Rejected(Rejected),
    /// Accepted, and rightly: the assumptions are those that they were, and a second solver accepts the steps, too. A proof of the same
    /// condition by another step.
    StillAProof,
    /// Accepted, and nobody knows why.
    Wrong(String),
}

/// Judges a corrupted certificate by the condition of the right one.
pub fn judge(right: &[Sexp], corrupted: &[Sexp], solvers: [&SolverProgram; 2]) -> Outcome {
    let head = |lines: &[Sexp]| write(&lines.iter().filter(|line| !line.is_step()).cloned().collect::<Vec<Sexp>>());
    let [first, second] = solvers;
    if let Err(why) = check_condition(&write(corrupted), &head(right), first) {
        return Outcome::Rejected(why);
    }
    match check_condition(&write(corrupted), &head(right), second) {
        Err(why) => Outcome::Wrong(format!("the second solver does not agree: {why}")),
        Ok(_) if head(right) != head(corrupted) => Outcome::Wrong("the assumptions are others".into()),
        Ok(_) => Outcome::StillAProof,
    }
}
