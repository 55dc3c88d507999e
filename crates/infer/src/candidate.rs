//! Candidates at boundaries, and algorithms that have them for invariants.

use crate::templates::TEMPLATES;
use crate::vocabulary::Vocabulary;
use heardof_core::ir::sorts::{self, SortError};
use heardof_core::ir::{Algorithm, Boundary, Expr, Function, Kind, Node, Speaks, SpecText};
use std::collections::{BTreeMap, BTreeSet};

/// A formula that may be an invariant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Its name as a function.
    pub name: String,
    /// The number of its template in [`TEMPLATES`].
    pub template: usize,
    /// What it says of a system `s`.
    pub formula: Expr,
}

/// A candidate before a round: its number, and the number of the round.
pub type Item = (usize, usize);

/// All instances of all templates; of equal formulas the first. A name that the specification has already gets a tail.
pub fn candidates(bare: &Algorithm, words: &Vocabulary) -> Vec<Candidate> {
    let mut out: Vec<Candidate> = vec![];
    for (template, shape) in TEMPLATES.iter().enumerate() {
        for (name, formula) in shape.fill(words) {
            if !out.iter().any(|c| c.formula == formula) {
                let taken = bare.spec(&name).is_some() || bare.function(&name).is_some();
                let name = if taken { format!("{name}_inferred") } else { name };
                out.push(Candidate { name, template, formula });
            }
        }
    }
    out
}

/// What a formula costs: its nodes, and a surcharge for every cardinality, which is the hardest thing to prove with. Of two formulas that
/// do the same the cheaper one is taken.
pub fn cost(formula: &Expr) -> usize {
    let mut cost = 0;
    formula.walk(&mut |e| cost += if matches!(&e.node, Node::Method(m, ..) if m == "count") { COUNTING } else { 1 });
    cost
}

/// The cost of a cardinality.
const COUNTING: usize = 40;

/// Whether a function of the specification argues rather than demands: those are taken out before anything is inferred.
fn argues(kind: &Kind) -> bool {
    matches!(kind, Kind::Invariant(_) | Kind::Lemma { .. } | Kind::Liveness { .. } | Kind::Progress { .. } | Kind::Termination)
}

/// The algorithm without invariants and without liveness.
pub fn bare(a: &Algorithm) -> Algorithm {
    let mut a = a.clone();
    a.specs.retain(|s| !argues(&s.kind));
    a
}

/// The name of an item as an invariant.
pub fn name_of((candidate, round): Item) -> String {
    format!("c{candidate}r{round}")
}

/// The item of this name.
pub fn item_of(name: &str) -> Option<Item> {
    let (candidate, round) = name.strip_prefix('c')?.split_once('r')?;
    Some((candidate.parse().ok()?, round.parse().ok()?))
}

/// The algorithm with these items for invariants, each before its round only; without `properties`, nothing is demanded.
///
/// # Errors
/// A template whose formula has no sort here: a defect of the template.
pub fn with_items(
    bare: &Algorithm,
    candidates: &[Candidate],
    items: impl IntoIterator<Item = Item>,
    properties: bool,
) -> Result<Algorithm, SortError> {
    let mut a = bare.clone();
    a.specs.retain(|s| properties || s.kind != Kind::Property);
    for item in items {
        let boundary = Boundary::Before(vec![bare.rounds[item.1].name.clone()]);
        a.specs.push(invariant(name_of(item), boundary, candidates[item.0].formula.clone()));
    }
    sorts::infer(&mut a)?;
    Ok(a)
}

/// A specification function over one state.
fn invariant(name: String, boundary: Boundary, formula: Expr) -> SpecText {
    let function = Function { name: name.clone(), params: vec!["s".into()], body: Ok(formula) };
    SpecText { name, kind: Kind::Invariant(boundary), speaks: Speaks::State, problem: None, doc: String::new(), function }
}

/// Items as a person would write them: one function for each formula, with all its boundaries.
pub fn merged(bare: &Algorithm, candidates: &[Candidate], items: &BTreeSet<Item>) -> Vec<SpecText> {
    let mut rounds: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    items.iter().for_each(|(c, k)| rounds.entry(*c).or_default().push(*k));
    let all = bare.rounds.len();
    let boundary = |rounds: &[usize]| match rounds {
        [0] => Boundary::Phase,
        rounds if rounds.len() == all => Boundary::Always,
        rounds => Boundary::Before(rounds.iter().map(|k| bare.rounds[*k].name.clone()).collect()),
    };
    rounds.into_iter().map(|(c, rounds)| invariant(candidates[c].name.clone(), boundary(&rounds), candidates[c].formula.clone())).collect()
}

/// A specification function as source, with its mark.
pub fn source(spec: &SpecText) -> String {
    let mark = match &spec.kind {
        Kind::Invariant(Boundary::Phase) => "#[invariant]".to_string(),
        Kind::Invariant(Boundary::Always) => "#[invariant(always)]".into(),
        Kind::Invariant(Boundary::Before(rounds)) => format!("#[invariant(before({}))]", rounds.join(", ")),
        _ => String::new(),
    };
    let body = spec.function.body.as_ref().map_or_else(Clone::clone, |formula| crate::surface::body(formula, 4));
    format!("{mark}\npub fn {}(s: &System<Self>) -> bool {{\n{body}\n}}", spec.name)
}
