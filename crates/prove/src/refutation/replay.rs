//! The program takes the step that a counterexample shows: the states before, the heard-of sets and the coins are given to the compiled
//! `send` and `update`, and the states after are compared. Ties may be resolved in any way.
//!
//! That the prover and the program agree on a step is what makes a counterexample one of the program, not of a translation of it.

use super::read::Reader;
use crate::condition::{Condition, Problem};
use crate::finite::{Element, Model};
use heardof_core::machine::{Machine, Moment};
use heardof_core::mailbox::{Mailbox, Tape};
use heardof_core::{Datum, Phase, Pid, Sort};
use std::cell::Cell;

/// What became of a replay.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Replay {
    /// The program does the same step.
    Same,
    /// It does not: the first process that ends elsewhere. A defect of the prover.
    Different(String),
    /// Not replayed, and why.
    Not(String),
}

/// How many ways to resolve ties are tried for a process.
const MOST_TIES: usize = 10_000;

/// Replays the round of a counterexample, if the condition is about exactly one.
pub fn replay(problem: &Problem, machine: &dyn Machine, condition: &Condition, model: &Model) -> Replay {
    let rounds: Vec<&str> = condition.hypotheses.iter().filter_map(|h| h.label.strip_prefix("round ")).collect();
    let [round] = rounds.as_slice() else {
        return Replay::Not(if rounds.is_empty() { "it shows no round".into() } else { "it shows several rounds".into() });
    };
    let algorithm = machine.algorithm();
    let Some(k) = algorithm.rounds.iter().position(|r| r.name == *round) else { return Replay::Not(format!("no round is called {round}")) };
    if algorithm.request != Sort::Unit {
        return Replay::Not("requests are not replayed".into());
    }
    let reader = Reader { terms: &problem.terms, model };
    Step { reader, machine, k }.replay().unwrap_or_else(Replay::Not)
}

struct Step<'a> {
    reader: Reader<'a>,
    machine: &'a dyn Machine,
    /// The round's place in the phase.
    k: usize,
}

impl Step<'_> {
    fn replay(&self) -> Result<Replay, String> {
        let algorithm = self.machine.algorithm();
        let n = self.reader.model.n as usize;
        let (phase, round) = self.when();
        let stem = if matches!(algorithm.parameters, Sort::Struct(..)) { "" } else { "parameters" };
        let parameters = parsed(&self.reader.text(stem, "", &algorithm.parameters, &[]), &algorithm.parameters)?;
        let coordinator = match self.reader.element("coord", &[Element::Number(phase as i64)]) {
            Some(Element::Member(p)) => Pid::new(*p as usize),
            _ => self.machine.coordinator(Phase::new(phase), n, &parameters).map_err(|e| e.to_string())?,
        };
        let moment = |id: Pid| {
            let coin = self.reader.element("coin", &[at(id)]) == Some(&Element::Bool(true));
            let (phase, drew) = (Phase::new(phase), Cell::new(false));
            Moment { id, n, round, phase, coordinator, parameters: &parameters, coin, request: None, drew }
        };
        let before: Vec<Datum> = Pid::all(n).map(|p| self.state(p)).collect::<Result<_, _>>()?;
        for p in Pid::all(n) {
            if self.reader.is_faulty(p) {
                continue;
            }
            let state = &before[p.index()];
            let stuck = |e| format!("{p} is stuck: {e}");
            if self.machine.halted(state).map_err(stuck)? {
                if self.differs(p, state).is_some() {
                    return Ok(Replay::Different(format!("{p} has halted")));
                }
                continue;
            }
            let mut messages = vec![];
            for q in Pid::all(n).filter(|q| self.hears(p, *q)) {
                if self.is_forged(q, p) {
                    messages.push((q, self.forged(q, p)?));
                    continue;
                }
                let sent = self.machine.send(self.k, &before[q.index()], &moment(q)).map_err(stuck)?;
                messages.extend(sent.message_to(p).map(|m| (q, m.clone())));
            }
            let (mut script, mut tried, mut last) = (Some(vec![]), 0, None);
            while let Some(taken) = script {
                let tape = Tape::new(taken);
                let mailbox: Mailbox<Datum> = messages.iter().cloned().collect();
                let after = self.machine.update(self.k, state, &mailbox.with_ties(tape.clone()), &moment(p)).map_err(stuck)?;
                last = self.differs(p, &after);
                tried += 1;
                if last.is_none() || tried == MOST_TIES {
                    break;
                }
                script = tape.next_script();
            }
            if let Some(difference) = last {
                return Ok(Replay::Different(difference));
            }
        }
        Ok(Replay::Same)
    }
    /// The phase and the round, as far as anything depends on them.
    fn when(&self) -> (usize, usize) {
        let number = |name: &str| match self.reader.element(name, &[]) {
            Some(Element::Number(k)) => usize::try_from(*k).ok(),
            _ => None,
        };
        let rounds = self.machine.algorithm().rounds.len();
        let phase = number("phase").or_else(|| number("round").map(|round| round / rounds)).unwrap_or(0);
        (phase, number("round").unwrap_or(phase * rounds + self.k))
    }
    fn state(&self, p: Pid) -> Result<Datum, String> {
        let sort = &self.machine.algorithm().state;
        parsed(&self.reader.text("", "", sort, &[at(p)]), sort)
    }
    fn hears(&self, p: Pid, q: Pid) -> bool {
        matches!(self.reader.element("HO", &[at(p)]), Some(Element::Set(set)) if set.contains(&at(q)))
    }
    /// Whether `p` receives from `q` something that may never have been sent.
    fn is_forged(&self, q: Pid, p: Pid) -> bool {
        self.reader.is_faulty(q) || self.reader.element("altered", &[at(q), at(p)]) == Some(&Element::Bool(true))
    }
    fn forged(&self, q: Pid, p: Pid) -> Result<Datum, String> {
        let round = &self.machine.algorithm().rounds[self.k];
        parsed(&self.reader.text(&format!("{}_forged", round.name), "", &round.message, &[at(q), at(p)]), &round.message)
    }
    /// The first field in which a state is not what the model says of the state after the round. Of a field that is not mentioned
    /// there, it says nothing.
    fn differs(&self, p: Pid, after: &Datum) -> Option<String> {
        self.machine.algorithm().fields.iter().find_map(|field| {
            let mut symbols = Reader::symbols(field.name, &field.sort).into_iter();
            symbols.find(|name| self.reader.symbol(&format!("{name}_")).is_some())?;
            let said = self.reader.text(field.name, "_", &field.sort, &[at(p)]);
            let found = after.field(field.name)?;
            (Datum::parse(&said, &field.sort).as_ref() != Ok(found)).then(|| format!("{p} has {}: {found}, not {said}", field.name))
        })
    }
}

fn at(p: Pid) -> Element {
    Element::Member(p.index() as u32)
}

fn parsed(text: &str, sort: &Sort) -> Result<Datum, String> {
    Datum::parse(text, sort).map_err(|e| format!("`{text}` is no value of the program: {e}"))
}
