//! The heard-of trace: what one process went through, written down so that the lock-step model can check it.
//!
//! A recording is a text of one line a record. Every line ends with a checksum, so a last line torn by a crash is dropped and damage
//! anywhere else is refused with its line number, never guessed at.
//!
//! ```text
//! heardof-trace 1 one_third_rule 1f6f5f0b2c3d4e5a #86a1..
//! cluster "demo" #..
//! process p2 of 4 #..
//! parameters () #..
//! input 7 #..
//! round 0 state 9ae16a3b2f90404f coin - heard p0:c3b4..,p2:07ff.. request - #..
//! round 1 state .. coin true heard .. request - #..
//! forwarded 2 decision Some(3) #..
//! retired 2 #..
//! ```
//!
//! A process that comes back after a crash goes on in the same recording: `recovered 1` says that it is in round 1 again and that the lines
//! of that round and of later ones are void.
//!
//! A `round` line is written after `update` and before anything of the next round is sent: whoever was heard in round r has a line
//! for every round before r. Where what is sent may depend on chance or on the application (the coin was looked at, a request was
//! there), a line `sending 3 coin true request -` goes before it, for the round may never be finished. A process that is killed simply
//! has no more lines. [`replay`] runs the lock-step model on the recorded heard-of sets and compares every message and every state.

mod replay;

pub use replay::{Mismatch, Outcome, Predicate, Replay, ReplayError, What, replay};

use crate::Pid;
use crate::datum::{Datum, Sort};
use crate::describe::snake_case;
use crate::process::{Process, Rounds, short_name};
use crate::value::{Value, digest_bytes};
use std::fmt;

/// The version of the format.
pub const VERSION: usize = 1;

/// How many lines the header takes.
pub const HEADER_LINES: usize = 5;

/// The name of the algorithm `P`, as recordings and cluster files have it: `LastVoting<u64>` is `last_voting`.
pub fn algorithm_name<P: Process>() -> String {
    snake_case(short_name(std::any::type_name::<P>()))
}

/// Identifies a version of the algorithm `P`: processes and recordings with different fingerprints refuse each other. Covers its
/// name, the sorts of its state, input, parameters and messages, the names of its rounds, and `text`: its printed description, where
/// there is one, so that a changed `update` is another algorithm.
pub fn fingerprint<P: Process>(text: &str) -> u64 {
    let shape = (P::sort(), P::Input::sort(), P::Parameters::sort(), P::Rounds::names(), P::Rounds::messages());
    digest_bytes(format!("{} {shape:?} {text}", algorithm_name::<P>()).as_bytes())
}

/// Whose recording it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// The name of the algorithm.
    pub algorithm: String,
    /// Its [`fingerprint`].
    pub fingerprint: u64,
    /// The name of the cluster.
    pub cluster: String,
    /// The process.
    pub id: Pid,
    /// The number of processes.
    pub n: usize,
    /// The parameters, as text.
    pub parameters: String,
    /// The input, as text.
    pub input: String,
}

impl Header {
    /// The header of a recording of process `id` of `n` that runs `P`.
    pub fn of<P: Process>(fingerprint: u64, cluster: &str, id: Pid, n: usize, parameters: &P::Parameters, input: &P::Input) -> Header {
        Header {
            algorithm: algorithm_name::<P>(),
            fingerprint,
            cluster: cluster.to_string(),
            id,
            n,
            parameters: parameters.to_datum().to_string(),
            input: input.to_datum().to_string(),
        }
    }
    /// The first lines of the recording.
    pub fn lines(&self) -> String {
        let cluster = Datum::Text(self.cluster.as_str().into());
        [
            format!("heardof-trace {VERSION} {} {:016x}", self.algorithm, self.fingerprint),
            format!("cluster {cluster}"),
            format!("process {} of {}", self.id, self.n),
            format!("parameters {}", self.parameters),
            format!("input {}", self.input),
        ]
        .iter()
        .map(|line| sealed(line))
        .collect()
    }
}

/// One round of one process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoundRecord {
    /// Its number.
    pub round: usize,
    /// The digest of the state after `update`.
    pub state: u64,
    /// The coin, if it was looked at.
    pub coin: Option<bool>,
    /// Who was heard, in the order of process ids, with the digest of the message.
    pub heard: Vec<(Pid, u64)>,
    /// What the application asked for, as text.
    pub request: Option<String>,
}

/// What a process was given before it sent, where it may have made a difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sending {
    /// The round.
    pub round: usize,
    /// The coin, if it was looked at.
    pub coin: Option<bool>,
    /// What the application asked for, as text.
    pub request: Option<String>,
}

/// A line after the header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record {
    /// A round was entered, and its messages depend on more than the state.
    Sending(Sending),
    /// A round was executed.
    Round(RoundRecord),
    /// An output was learnt from a process that had decided, in the middle of this round and outside the rounds.
    Forwarded {
        /// The round it was in.
        round: usize,
        /// The output field.
        field: String,
        /// Its value, as text.
        value: String,
    },
    /// The process had crashed and comes back into this round: what it recorded of this round and later ones is void. Nobody has heard
    /// anything that depends on it.
    Recovered(usize),
    /// The recording ends.
    End(End),
}

/// How a recording ends. One without an end was cut off: its process was killed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The process halted before this round.
    Halted(usize),
    /// It retired, decided, before or in this round.
    Retired(usize),
    /// Its code panicked, or it could not go on for another reason, in this round.
    Stopped(usize),
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let drawn = |coin: &Option<bool>| coin.map_or("-".to_string(), |coin| coin.to_string());
        match self {
            Record::Sending(Sending { round, coin, request }) => {
                write!(f, "sending {round} coin {} request {}", drawn(coin), request.as_deref().unwrap_or("-"))
            }
            Record::Round(RoundRecord { round, state, coin, heard, request }) => {
                let coin = drawn(coin);
                let heard: Vec<String> = heard.iter().map(|(q, digest)| format!("{q}:{digest:016x}")).collect();
                let heard = if heard.is_empty() { "-".to_string() } else { heard.join(",") };
                write!(f, "round {round} state {state:016x} coin {coin} heard {heard} request {}", request.as_deref().unwrap_or("-"))
            }
            Record::Forwarded { round, field, value } => write!(f, "forwarded {round} {field} {value}"),
            Record::Recovered(round) => write!(f, "recovered {round}"),
            Record::End(End::Halted(round)) => write!(f, "halted {round}"),
            Record::End(End::Retired(round)) => write!(f, "retired {round}"),
            Record::End(End::Stopped(round)) => write!(f, "stopped {round}"),
        }
    }
}

impl Record {
    /// The round it belongs to.
    pub fn round(&self) -> usize {
        match self {
            Record::Sending(Sending { round, .. }) | Record::Round(RoundRecord { round, .. }) | Record::Forwarded { round, .. } => *round,
            Record::Recovered(round) | Record::End(End::Halted(round) | End::Retired(round) | End::Stopped(round)) => *round,
        }
    }
    /// The line of this record, with its checksum and line end.
    pub fn line(&self) -> String {
        sealed(&self.to_string())
    }
}

/// A recording, read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trace {
    /// Where it comes from, for messages: a file name.
    pub source: String,
    /// Whose it is.
    pub header: Header,
    /// The rounds 0, 1, 2, ..
    pub rounds: Vec<RoundRecord>,
    /// What it was given before it sent in the round that it did not finish.
    pub sending: Option<Sending>,
    /// Outputs learnt from others: field and value.
    pub forwarded: Vec<(String, String)>,
    /// The rounds that it came back into after a crash, in the order in which it did.
    pub recovered: Vec<usize>,
    /// How it ends; `None`: cut off.
    pub end: Option<End>,
    /// Whether a torn last line was dropped.
    pub torn: bool,
}

/// Text that is not a recording, or no longer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceError {
    /// Where it comes from.
    pub source: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; nothing was replayed", self.source, self.line, self.problem)
    }
}

impl std::error::Error for TraceError {}

fn sealed(line: &str) -> String {
    format!("{line} #{:016x}\n", digest_bytes(line.as_bytes()))
}

/// The text of a line whose checksum fits.
fn unsealed(line: &str) -> Option<&str> {
    let (text, sum) = line.rsplit_once(" #")?;
    (sum.len() == 16 && u64::from_str_radix(sum, 16).ok()? == digest_bytes(text.as_bytes())).then_some(text)
}

impl Trace {
    /// Reads a recording. `source` names it in messages.
    pub fn parse(source: &str, text: &str) -> Result<Trace, TraceError> {
        let fail = |line: usize, problem: String| TraceError { source: source.to_string(), line, problem };
        let mut lines = vec![];
        let mut torn = false;
        let mut rest = text;
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let last_and_open = after.is_empty() && !rest.ends_with('\n');
            rest = after;
            match unsealed(line) {
                Some(text) => lines.push(text),
                // A record is one write: a crash leaves a line without an end, and no other damage.
                None if last_and_open => torn = true,
                None => return Err(fail(lines.len() + 1, "damaged: the checksum at the end of the line does not fit".into())),
            }
        }
        if lines.len() < HEADER_LINES {
            return Err(fail(lines.len() + 1, format!("expected the {HEADER_LINES} lines of a header, found {}", lines.len())));
        }
        let header = header(&lines).map_err(|(line, problem)| fail(line, problem))?;
        let (rounds, forwarded, recovered) = (vec![], vec![], vec![]);
        let mut trace = Trace { source: source.to_string(), header, rounds, sending: None, forwarded, recovered, end: None, torn };
        // How many forwarded outputs there were when it last came back.
        let mut told_before = 0;
        for (k, line) in lines.iter().enumerate().skip(HEADER_LINES) {
            let record = record(line).ok_or_else(|| fail(k + 1, format!("expected a record, found `{line}`")))?;
            if matches!(record, Record::Recovered(_)) {
                told_before = trace.forwarded.len();
            }
            trace.add(record, told_before).map_err(|problem| fail(k + 1, problem))?;
        }
        Ok(trace)
    }

    /// Appends a record if it may stand here.
    fn add(&mut self, record: Record, told_before: usize) -> Result<(), String> {
        let next = self.rounds.len();
        let comes_back = matches!(record, Record::Recovered(_));
        if self.end.is_some() && !comes_back {
            return Err(format!("expected nothing behind the end, found `{record}`"));
        }
        let round = record.round();
        if round != next && !comes_back {
            return Err(format!("expected round {next}, found round {round}: a line is missing or stands twice"));
        }
        match record {
            Record::Sending(_) | Record::Round(_) if self.forwarded.len() > told_before => {
                Err("expected no round behind a forwarded output".into())
            }
            Record::Sending(sending) => match self.sending.replace(sending) {
                None => Ok(()),
                Some(_) => Err(format!("expected one `sending {round}`, found a second")),
            },
            Record::Round(record) => self.add_round(record),
            Record::Forwarded { field, value, .. } => {
                self.forwarded.push((field, value));
                Ok(())
            }
            Record::End(end) => {
                self.end = Some(end);
                Ok(())
            }
            Record::Recovered(round) => self.come_back(round),
        }
    }

    /// It goes on in a round that it had entered: what came after never happened.
    fn come_back(&mut self, round: usize) -> Result<(), String> {
        if round > self.rounds.len() {
            return Err(format!("expected it to come back into one of the rounds 0 to {}, found round {round}", self.rounds.len()));
        }
        self.rounds.truncate(round);
        (self.sending, self.end) = (None, None);
        self.recovered.push(round);
        Ok(())
    }

    fn add_round(&mut self, record: RoundRecord) -> Result<(), String> {
        if let Some((q, _)) = record.heard.iter().find(|(q, _)| q.index() >= self.header.n) {
            return Err(format!("expected processes p0..p{}, found {q} heard", self.header.n - 1));
        }
        if !record.heard.is_sorted_by(|a, b| a.0 < b.0) {
            return Err("expected the heard in the order of process ids, each once".into());
        }
        if let Some(sent) = self.sending.take()
            && (sent.request != record.request || sent.coin.is_some() && sent.coin != record.coin)
        {
            return Err(format!("expected coin and request of `{}`, found others", Record::Sending(sent)));
        }
        self.rounds.push(record);
        Ok(())
    }
}

fn pid(text: &str) -> Option<Pid> {
    let index: usize = text.strip_prefix('p')?.parse().ok()?;
    (index < crate::MAX_PROCESSES).then(|| Pid::new(index))
}

fn hex(text: &str) -> Option<u64> {
    if text.len() == 16 { u64::from_str_radix(text, 16).ok() } else { None }
}

fn header(lines: &[&str]) -> Result<Header, (usize, String)> {
    let start = format!("heardof-trace {VERSION} ");
    let first = || lines[0].strip_prefix(&start)?.split_once(' ').and_then(|(name, print)| Some((name.to_string(), hex(print)?)));
    let (algorithm, fingerprint) = first().ok_or_else(|| (1, format!("expected `{start}ALGORITHM FINGERPRINT`, found `{}`", lines[0])))?;
    let text = |k: usize, key: &str| {
        let value = lines[k].strip_prefix(key).and_then(|rest| rest.strip_prefix(' '));
        value.ok_or_else(|| (k + 1, format!("expected `{key} ..`, found `{}`", lines[k])))
    };
    let cluster = match Datum::parse(text(1, "cluster")?, &Sort::Text) {
        Ok(Datum::Text(cluster)) => cluster.to_string(),
        _ => return Err((2, format!("expected a cluster name, found `{}`", lines[1]))),
    };
    let size = |text: &str| text.split_once(" of ").and_then(|(id, n)| Some((pid(id)?, n.parse::<usize>().ok()?)));
    let (id, n) = size(text(2, "process")?)
        .filter(|(id, n)| id.index() < *n && *n <= crate::MAX_PROCESSES)
        .ok_or_else(|| (3, format!("expected `process pI of N` with I < N <= {}, found `{}`", crate::MAX_PROCESSES, lines[2])))?;
    let (parameters, input) = (text(3, "parameters")?.to_string(), text(4, "input")?.to_string());
    Ok(Header { algorithm, fingerprint, cluster, id, n, parameters, input })
}

fn record(line: &str) -> Option<Record> {
    let (kind, rest) = line.split_once(' ')?;
    match kind {
        "sending" => {
            let (round, rest) = rest.split_once(" coin ")?;
            let (drawn, request) = rest.split_once(" request ")?;
            Some(Record::Sending(Sending { round: round.parse().ok()?, coin: coin(drawn)?, request: optional(request) }))
        }
        "round" => round_record(rest).map(Record::Round),
        "forwarded" => {
            let mut parts = rest.splitn(3, ' ');
            let round = parts.next()?.parse().ok()?;
            Some(Record::Forwarded { round, field: parts.next()?.to_string(), value: parts.next()?.to_string() })
        }
        "recovered" => Some(Record::Recovered(rest.parse().ok()?)),
        "halted" => Some(Record::End(End::Halted(rest.parse().ok()?))),
        "retired" => Some(Record::End(End::Retired(rest.parse().ok()?))),
        "stopped" => Some(Record::End(End::Stopped(rest.parse().ok()?))),
        _ => None,
    }
}

fn optional(text: &str) -> Option<String> {
    (text != "-").then(|| text.to_string())
}

fn coin(text: &str) -> Option<Option<bool>> {
    match text {
        "-" => Some(None),
        text => text.parse().ok().map(Some),
    }
}

fn round_record(rest: &str) -> Option<RoundRecord> {
    let (round, rest) = rest.split_once(" state ")?;
    let (state, rest) = rest.split_once(" coin ")?;
    let (drawn, rest) = rest.split_once(" heard ")?;
    let (heard, request) = rest.split_once(" request ")?;
    let one = |text: &str| text.split_once(':').and_then(|(q, digest)| Some((pid(q)?, hex(digest)?)));
    let heard = if heard == "-" { vec![] } else { heard.split(',').map(one).collect::<Option<_>>()? };
    Some(RoundRecord { round: round.parse().ok()?, state: hex(state)?, coin: coin(drawn)?, heard, request: optional(request) })
}

#[cfg(test)]
mod tests;
