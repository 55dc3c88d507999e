//! The cluster file.
//!
//! ```toml
//! cluster = "demo"
//! algorithm = "last_voting"          # optional: refuses to run another
//! transport = "tcp"                  # or "udp", the default
//! round_timeout = "50ms"             # the default
//! assume = []                        # the safety predicates that the network is trusted to keep
//! loss = 0.2                         # optional, for tests: this share of what comes in is thrown away
//!
//! [parameters]                       # of the algorithm, if it has any
//! first = "p0"
//!
//! [[process]]
//! id = 0
//! address = "127.0.0.1:7000"
//! ```

use crate::{NetError, TransportKind};
use heardof_core::value::Value;
use heardof_core::{Datum, MAX_PROCESSES, Pid, Sort};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;

/// The time-out of a round where the file names none.
pub const DEFAULT_ROUND_TIMEOUT: Duration = Duration::from_millis(50);

/// The longest round time-out that makes sense. Guards against mistaken units.
pub const MAX_ROUND_TIMEOUT: Duration = Duration::from_secs(3600);

/// A cluster, as its file describes it.
#[derive(Clone, PartialEq, Debug)]
pub struct Cluster {
    /// Where it was read, for messages.
    pub file: String,
    /// Its name: processes of clusters with different names ignore each other.
    pub name: String,
    /// The algorithm it runs, if the file insists.
    pub algorithm: Option<String>,
    /// How frames travel.
    pub transport: TransportKind,
    /// How long a round waits for messages at first.
    pub round_timeout: Duration,
    /// The safety predicates that the operator trusts the network to keep.
    pub assume: Vec<String>,
    /// The share of incoming frames that is thrown away, for tests.
    pub loss: f64,
    /// Where the processes are, by id.
    pub addresses: Vec<SocketAddr>,
    parameters: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    cluster: String,
    algorithm: Option<String>,
    transport: Option<Spanned<String>>,
    round_timeout: Option<Spanned<String>>,
    #[serde(default)]
    assume: Vec<String>,
    loss: Option<Spanned<f64>>,
    #[serde(default)]
    parameters: BTreeMap<String, toml::Value>,
    #[serde(default)]
    process: Vec<ProcessEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProcessEntry {
    id: Spanned<i64>,
    address: Spanned<String>,
}

/// What is wrong, and where in the text.
type Problem = (Option<Range<usize>>, String);

fn wrong<T>(at: &Spanned<T>, problem: String) -> Problem {
    (Some(at.span()), problem)
}

impl Cluster {
    /// Reads a cluster file.
    pub fn read(path: &Path) -> Result<Cluster, NetError> {
        let text = std::fs::read_to_string(path).map_err(|error| NetError::File { path: path.to_path_buf(), error })?;
        Cluster::parse(&path.display().to_string(), &text)
    }

    /// Reads the text of a cluster file; `file` names it in messages.
    pub fn parse(file: &str, text: &str) -> Result<Cluster, NetError> {
        let parsed = toml::from_str::<File>(text)
            .map_err(|error| (error.span(), error.message().replace('\n', ", ")))
            .and_then(|parsed| Cluster::from_file(file, parsed));
        parsed.map_err(|(span, problem)| {
            let line = span.map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
            NetError::Cluster { file: file.to_string(), line, problem }
        })
    }

    /// A local cluster of n processes at these addresses, without a file.
    pub fn local(name: &str, transport: TransportKind, addresses: Vec<SocketAddr>) -> Cluster {
        Cluster {
            file: "local".into(),
            name: name.to_string(),
            algorithm: None,
            transport,
            round_timeout: DEFAULT_ROUND_TIMEOUT,
            assume: vec![],
            loss: 0.0,
            addresses,
            parameters: BTreeMap::new(),
        }
    }

    fn from_file(file: &str, parsed: File) -> Result<Cluster, Problem> {
        let transport = match &parsed.transport {
            None => TransportKind::Udp,
            Some(name) => TransportKind::from_name(name.get_ref())
                .ok_or_else(|| wrong(name, format!("expected transport \"udp\" or \"tcp\", found {:?}", name.get_ref())))?,
        };
        let round_timeout = match &parsed.round_timeout {
            None => DEFAULT_ROUND_TIMEOUT,
            Some(text) => duration(text.get_ref())
                .filter(|d| !d.is_zero() && *d <= MAX_ROUND_TIMEOUT)
                .ok_or_else(|| wrong(text, format!("expected a round_timeout such as \"50ms\", found {:?}", text.get_ref())))?,
        };
        let loss = match &parsed.loss {
            None => 0.0,
            Some(loss) if (0.0..1.0).contains(loss.get_ref()) => *loss.get_ref(),
            Some(loss) => return Err(wrong(loss, format!("expected a loss from 0 to below 1, found {}", loss.get_ref()))),
        };
        Ok(Cluster {
            file: file.to_string(),
            name: parsed.cluster,
            algorithm: parsed.algorithm,
            transport,
            round_timeout,
            assume: parsed.assume,
            loss,
            addresses: addresses(&parsed.process)?,
            parameters: parsed.parameters,
        })
    }

    /// The number of processes.
    pub fn n(&self) -> usize {
        self.addresses.len()
    }

    /// The process with this id, if the file has it.
    pub fn process(&self, id: usize) -> Result<Pid, NetError> {
        if id < self.n() {
            return Ok(Pid::new(id));
        }
        Err(self.problem(format!("expected an id of 0 to {}, for the cluster has {} processes; found {id}", self.n() - 1, self.n())))
    }

    /// The parameters of an algorithm, from `[parameters]`; other entries there are refused.
    pub fn parameters<Q: Value>(&self) -> Result<Q, NetError> {
        let sort = Q::sort();
        let fields: &[(&str, Sort)] = match &sort {
            Sort::Unit => &[],
            Sort::Struct(_, fields) => fields,
            other => return Err(self.problem(format!("expected parameters of struct type, found {other}: give them in code"))),
        };
        if let Some(unknown) = self.parameters.keys().find(|key| !fields.iter().any(|(name, _)| name == key)) {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            let expected = if names.is_empty() { "no parameters".to_string() } else { format!("the parameters {}", names.join(", ")) };
            return Err(self.problem(format!("[parameters]: expected {expected}, found `{unknown}`")));
        }
        let mut values = vec![];
        for (name, sort) in fields {
            let value = self.parameters.get(*name);
            let value = value.ok_or_else(|| self.problem(format!("[parameters]: expected `{name}`, a {sort}, found none")))?;
            let text = match value {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let datum = Datum::parse(&text, sort);
            let datum = datum.map_err(|e| self.problem(format!("[parameters] {name}: expected a {sort}, found {value}: {e}")))?;
            values.push(format!("{name}: {datum}"));
        }
        let text = match &sort {
            Sort::Struct(name, _) => format!("{name} {{ {} }}", values.join(", ")),
            _ => "()".to_string(),
        };
        let read = Datum::parse(&text, &sort).ok().as_ref().and_then(Q::from_datum);
        read.ok_or_else(|| self.problem(format!("[parameters]: expected a {sort}, found {text}")))
    }

    /// The same with one parameter set, as text: what `--param k=v` does.
    pub fn with_parameter(mut self, name: &str, value: &str) -> Cluster {
        self.parameters.insert(name.to_string(), toml::Value::String(value.to_string()));
        self
    }

    /// An error in this file, without a line.
    pub fn problem(&self, problem: String) -> NetError {
        NetError::Cluster { file: self.file.clone(), line: None, problem }
    }
}

/// The addresses by id: every id of 0..n once.
fn addresses(entries: &[ProcessEntry]) -> Result<Vec<SocketAddr>, Problem> {
    let n = entries.len();
    if n == 0 || n > MAX_PROCESSES {
        return Err((None, format!("expected 1 to {MAX_PROCESSES} entries [[process]], found {n}")));
    }
    let mut by_id: BTreeMap<usize, SocketAddr> = BTreeMap::new();
    for ProcessEntry { id, address } in entries {
        let number = usize::try_from(*id.get_ref()).ok().filter(|k| *k < n);
        let number =
            number.ok_or_else(|| wrong(id, format!("expected an id of 0 to {} in a cluster of {n}, found {}", n - 1, id.get_ref())))?;
        let parsed = address.get_ref().parse::<SocketAddr>();
        let parsed =
            parsed.map_err(|_| wrong(address, format!("expected an address such as \"127.0.0.1:7000\", found {:?}", address.get_ref())))?;
        if let Some((other, _)) = by_id.iter().find(|(_, known)| **known == parsed) {
            return Err(wrong(address, format!("expected an address of its own for {number}, found that of {other}, {parsed}")));
        }
        if by_id.insert(number, parsed).is_some() {
            return Err(wrong(id, format!("expected each id once, found a second process {number}")));
        }
    }
    // n entries, all ids below n, none twice: all are there, in order.
    Ok(by_id.into_values().collect())
}

/// `50ms`, `2s`, `100us`, `1500ns`, `1m`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let count: u64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ns" => Some(Duration::from_nanos(count)),
        "us" | "µs" => Some(Duration::from_micros(count)),
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" => count.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}
