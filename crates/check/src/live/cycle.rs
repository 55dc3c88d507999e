//! Runs with infinitely many good phases that never terminate, as cycles.
//!
//! The ladder rules such runs out: its stages are stable whatever happens between two good phases. Without it they are looked for:
//! among the states at phase boundaries that have not terminated, joined by phases of any kind, a strongly connected component that
//! holds a good phase of every stage is a run that goes round in it for ever.
//!
//! Worked example: a process that decides in the second of two good phases in a row, and starts again after a bad one. Two good phases
//! from any state are enough, yet good, bad, good, bad, .. never decides: {start, halfway} is a component with a good phase inside.

use super::{Layer, Phases, advance, after, trace};
use crate::explore::{Explored, Halt};
use crate::hash::{FastMap, States};
use crate::joint::Numbered;
use crate::step::{Stepper, distinct};

/// A good phase that comes again and again: the state before it, and the rows after each of its rounds.
pub struct Recurring {
    /// The number of the state.
    pub state: usize,
    /// The rows after each round.
    pub rounds: Vec<Vec<u32>>,
}

type Edges = Vec<Vec<usize>>;

/// Looks for a cycle among `open`, the numbers of the boundary states that have not terminated.
pub fn recurring(stepper: &mut Stepper<'_>, phases: &Phases, explored: &Explored, open: &[usize]) -> Result<Option<Recurring>, Halt> {
    let edges = |stepper: &mut Stepper<'_>, rules: &[Numbered]| edges(stepper, rules, explored, open);
    let any = edges(stepper, &phases.any)?;
    let components = components(&any);
    let good: Vec<Edges> = phases.good.iter().map(|rules| edges(stepper, rules)).collect::<Result<_, _>>()?;
    let inside = |edges: &Edges, component: usize| {
        let here = |(from, to): &(usize, usize)| components[*from] == component && components[*to] == component;
        edges.iter().enumerate().flat_map(|(from, all)| all.iter().map(move |to| (from, *to))).find(here)
    };
    let first =
        good.first().into_iter().flat_map(|edges| edges.iter().enumerate()).flat_map(|(from, all)| all.iter().map(move |to| (from, *to)));
    for (from, to) in first.filter(|(from, to)| components[*from] == components[*to]) {
        if good.iter().all(|edges| inside(edges, components[from]).is_some()) {
            let layers = phase(stepper, &phases.good[0], explored, open[from])?;
            let last = layers.last().map(|layer| &layer.rows);
            let place = last.and_then(|rows| rows.get(explored.states.row(open[to])));
            return Ok(place.map(|k| Recurring { state: open[from], rounds: trace(&layers, k).1 }));
        }
    }
    Ok(None)
}

/// For each of the states `open` the places in `open` of those that a phase leads to.
///
/// Round by round for all of them together: many states share the rows in the middle of a phase, and each row is taken once.
fn edges(stepper: &mut Stepper<'_>, rules: &[Numbered], explored: &Explored, open: &[usize]) -> Result<Edges, Halt> {
    let mut rows = States::new(stepper.width());
    let mut reached: Edges = open.iter().map(|state| vec![rows.insert(explored.states.row(*state)).0]).collect();
    for rule in rules {
        let mut next = States::new(stepper.width());
        let mut steps: Edges = vec![];
        for k in 0..rows.len() {
            let mut step = vec![];
            after(stepper, rows.row(k), &explored.firsts, rule, &mut |row| step.push(next.insert(row).0))?;
            steps.push(distinct(step));
        }
        reached = reached.iter().map(|from| distinct(from.iter().flat_map(|k| steps[*k].iter().copied()).collect())).collect();
        rows = next;
    }
    let places: FastMap<usize, usize> = open.iter().enumerate().map(|(place, state)| (*state, place)).collect();
    let place = |k: usize| places.get(&explored.states.get(rows.row(k))?).copied();
    Ok(reached.iter().map(|all| all.iter().filter_map(|k| place(*k)).collect()).collect())
}

/// One phase from one state: the rows before it and after each of its rounds.
fn phase(stepper: &mut Stepper<'_>, rules: &[Numbered], explored: &Explored, state: usize) -> Result<Vec<Layer>, Halt> {
    let mut start = States::new(stepper.width());
    start.insert(explored.states.row(state));
    let mut layers = vec![Layer { rows: start, parents: vec![] }];
    for rule in rules {
        let next = advance(stepper, &layers[layers.len() - 1].rows, &explored.firsts, rule)?;
        layers.push(next);
    }
    Ok(layers)
}

/// For each node the number of its strongly connected component [Kosaraju]: backwards from the node that a search leaves last, what is
/// reached and not yet taken is one component.
fn components(edges: &Edges) -> Vec<usize> {
    let mut back = vec![vec![]; edges.len()];
    for (from, all) in edges.iter().enumerate() {
        all.iter().for_each(|to| back[*to].push(from));
    }
    let mut order = vec![];
    let mut seen = vec![usize::MAX; edges.len()];
    for start in 0..edges.len() {
        search(edges, start, 0, &mut seen, &mut order);
    }
    let mut component = vec![usize::MAX; edges.len()];
    for (number, start) in order.iter().rev().enumerate() {
        search(&back, *start, number, &mut component, &mut vec![]);
    }
    component
}

/// Marks everything unmarked that `start` leads to; `left` gets the nodes in the order in which a depth-first search leaves them.
fn search(edges: &Edges, start: usize, mark: usize, marks: &mut [usize], left: &mut Vec<usize>) {
    if marks[start] != usize::MAX {
        return;
    }
    marks[start] = mark;
    let mut path = vec![(start, 0)];
    while let Some((node, next)) = path.last_mut() {
        match edges[*node].get(*next) {
            Some(to) => {
                *next += 1;
                if marks[*to] == usize::MAX {
                    marks[*to] = mark;
                    path.push((*to, 0));
                }
            }
            None => {
                left.push(*node);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explore::{Reach, explore};
    use crate::fault::Fault;
    use crate::judge::Judge;
    use crate::run::phases;
    use crate::step::Setting;
    use crate::text::Facts;
    use heardof_algorithms::BenOr;
    use heardof_core::machine::{Interpreted, Machine};
    use heardof_core::{Datum, describe};

    /// All states together reach what each of them reaches in phases of its own.
    #[test]
    fn edges_are_phases_from_each_state() {
        let machine = Interpreted::new(describe::<BenOr>().expect("it has a description"));
        let a = machine.algorithm();
        let facts = Facts::of(a);
        let parameters = Datum::Unit;
        let fault = Fault::default();
        let set = Setting { machine: &machine, text: &machine, facts: &facts, n: 3, parameters: &parameters, phases: 2, fault: &fault };
        let mut stepper = Stepper::new(set).expect("Ben-Or asks for nothing");
        let rules = phases(a).expect("its predicates are over one round");
        let reach = Reach { rounds: 4, states: 10_000, hurry: false, goals_only: false };
        let inputs = [false, true, true].map(Datum::Bool);
        let explored = explore(&mut stepper, &mut Judge::new(a), &rules.any, &inputs, reach);
        let explored = explored.expect("it ends").expect("the inputs are allowed");
        let open: Vec<usize> = (0..explored.states.len()).filter(|k| explored.states.row(*k)[3] == 0).collect();
        assert!(open.len() > 10);
        for rules in [&rules.any, &rules.good[0]] {
            let mut single = |state: &usize| {
                let end = phase(&mut stepper, rules, &explored, *state).expect("few assignments").pop().expect("its rounds").rows;
                let ends = (0..end.len()).filter_map(|k| explored.states.get(end.row(k)));
                distinct(ends.filter_map(|state| open.iter().position(|k| *k == state)).collect())
            };
            let expected: Edges = open.iter().map(&mut single).collect();
            let found = edges(&mut stepper, rules, &explored, &open).expect("few assignments");
            assert_eq!(found.into_iter().map(distinct).collect::<Edges>(), expected);
            assert!(expected.iter().any(|all| !all.is_empty()));
        }
    }

    /// Whether `to` can be reached from `from` in any number of steps.
    fn leads(edges: &Edges, from: usize, to: usize) -> bool {
        let mut seen = vec![false; edges.len()];
        let mut queue = vec![from];
        while let Some(node) = queue.pop() {
            if !std::mem::replace(&mut seen[node], true) {
                queue.extend(&edges[node]);
            }
        }
        seen[to]
    }

    #[test]
    fn components_are_mutual_reachability() {
        const N: usize = 4;
        // Every graph of four nodes, loops aside.
        for bits in 0..1usize << (N * (N - 1)) {
            let edge = |from: usize, to: usize| bits >> (from * (N - 1) + to - usize::from(to > from)) & 1 == 1;
            let edges: Edges = (0..N).map(|from| (0..N).filter(|to| *to != from && edge(from, *to)).collect()).collect();
            let found = components(&edges);
            for (a, b) in (0..N).flat_map(|a| (0..N).map(move |b| (a, b))) {
                assert_eq!(found[a] == found[b], leads(&edges, a, b) && leads(&edges, b, a), "{edges:?}: {a}, {b}");
            }
        }
    }
}
