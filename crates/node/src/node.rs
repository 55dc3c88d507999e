//! The node of one process: frames in, frames out, one instance for now.

use crate::instance::{Instance, Status, Turn};
use crate::outgoing::{Outgoing, Output};
use crate::wire::{self, Header, WireError};
use crate::{Config, Counters, StartError};
use heardof_core::Pid;
use heardof_core::process::Process;
use heardof_core::value::digest_bytes;

/// The number of an instance in its cluster.
pub type InstanceId = u64;

/// The only instance so far.
const FIRST: InstanceId = 0;

/// Waiting for peers before the first round.
#[derive(Debug)]
struct Gathering {
    until: u64,
    hello_at: u64,
    hello_every: u64,
}

/// A process of a cluster that runs the algorithm `P`.
///
/// Times are nanoseconds of a monotonic clock with any origin. See the [crate] for the order in which a driver calls what.
///
/// ```
/// use heardof_algorithms::OneThirdRule;
/// use heardof_node::{Config, Node, Output, Timing};
/// use heardof_core::Pid;
///
/// let timing = Timing { round_timeout: 50_000_000, grace: 0, gather: 0 };
/// let (cluster, me) = ("alone".to_string(), Pid::new(0));
/// let config = Config { cluster, fingerprint: 0, me, n: 1, timing, seed: 1, retire_when_decided: true };
/// let mut node: Node<OneThirdRule<u64>> = Node::new(config, (), 7)?;
/// node.handle_start(0);
/// let outputs: Vec<Output> = std::iter::from_fn(|| node.poll_output()).map(|(_, output)| output).collect();
/// assert!(outputs.iter().any(|o| matches!(o, Output::Changed { field: "decision", .. })));
/// assert!(node.all_finished());
/// # Ok::<(), heardof_node::StartError>(())
/// ```
pub struct Node<P: Process> {
    instance: Instance<P>,
    header: Header,
    out: Outgoing,
    /// Whom a valid frame came from.
    present: Vec<bool>,
    gathering: Option<Gathering>,
    now: u64,
}

impl<P: Process> std::fmt::Debug for Node<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node {} of {}, {:?} in round {}", self.header.sender, self.present.len(), self.status(), self.round())
    }
}

impl<P: Process> Node<P> {
    /// A node that will run `P` with this input. Nothing happens before [`handle_start`](Node::handle_start).
    pub fn new(config: Config, parameters: P::Parameters, input: P::Input) -> Result<Self, StartError> {
        config.validate()?;
        let header = Header { cluster: digest_bytes(config.cluster.as_bytes()), fingerprint: config.fingerprint, sender: config.me };
        let present = Pid::all(config.n).map(|p| p == config.me).collect();
        let instance = Instance::new(FIRST, config, parameters, input)?;
        Ok(Node { instance, header, out: Outgoing::new(header), present, gathering: None, now: 0 })
    }

    /// Says hello to everybody, and enters the first round when everybody has, when somebody already speaks of a round, or when
    /// [`gather`](crate::Timing::gather) has passed and somebody was heard. A process that hears nobody does not start.
    pub fn handle_start(&mut self, now: u64) {
        self.now = now;
        let timing = self.instance.config.timing;
        let hello_every = timing.round_timeout;
        self.gathering = Some(Gathering { until: now.saturating_add(timing.gather), hello_at: now, hello_every });
        self.gather(now, false);
    }

    /// A frame came in. `from` is whom the transport says it is from.
    pub fn handle_frame(&mut self, now: u64, from: Pid, bytes: &[u8]) {
        self.now = now;
        let counters = &mut self.out.counters;
        let frame = match wire::decode(bytes) {
            Ok(frame) => frame,
            Err(WireError::Version { .. }) => return counters.wrong_version += 1,
            Err(_) => return counters.frames_malformed += 1,
        };
        let Header { cluster, fingerprint, sender } = frame.header;
        if cluster != self.header.cluster {
            return counters.wrong_cluster += 1;
        }
        if fingerprint != self.header.fingerprint {
            return counters.wrong_fingerprint += 1;
        }
        if sender != from || sender == self.header.sender || sender.index() >= self.present.len() {
            return counters.unknown_sender += 1;
        }
        counters.frames_in += 1;
        self.present[sender.index()] = true;
        self.gather(now, !frame.sections.is_empty());
        for section in &frame.sections {
            if section.instance == self.instance.id {
                self.instance.section(&mut Turn { now, out: &mut self.out }, sender, section);
            } else {
                self.out.counters.unknown_instance += 1;
            }
        }
        if self.gathering.is_none() {
            self.instance.run(&mut Turn { now, out: &mut self.out });
        }
    }

    /// The time that [`poll_timer`](Node::poll_timer) named has come. Calling it early does no harm.
    pub fn handle_timer(&mut self, now: u64) {
        self.now = now;
        if self.gathering.is_some() {
            self.gather(now, false);
        } else {
            self.instance.timer(&mut Turn { now, out: &mut self.out });
        }
    }

    /// The application asks for something; it is offered to the algorithm in a round to come. False: too much waits already.
    pub fn handle_request(&mut self, request: P::Request) -> bool {
        self.instance.request(request)
    }

    /// What the node has to tell, and the instance it speaks of. To be taken until `None` after every `handle_*`.
    pub fn poll_output(&mut self) -> Option<(InstanceId, Output)> {
        self.out.next_output()
    }

    /// A frame to send, and to whom.
    ///
    /// # Panics
    /// If [`poll_output`](Node::poll_output) has something left: persist before send.
    pub fn poll_transmit(&mut self) -> Option<(Pid, Vec<u8>)> {
        self.out.next_frame()
    }

    /// When [`handle_timer`](Node::handle_timer) is to be called. A time that has passed means: now.
    pub fn poll_timer(&self) -> Option<u64> {
        let at = match &self.gathering {
            Some(gathering) if gathering.until > self.now => gathering.until.min(gathering.hello_at),
            Some(gathering) => gathering.hello_at,
            None => self.instance.next_timer(self.now),
        };
        (at != u64::MAX).then_some(at)
    }

    /// Sends hellos that are due; starts when it is time.
    fn gather(&mut self, now: u64, others_have_started: bool) {
        let Some(gathering) = &mut self.gathering else { return };
        let everybody = self.present.iter().all(|p| *p);
        if now >= gathering.hello_at || everybody {
            gathering.hello_at = now.saturating_add(gathering.hello_every);
            let me = self.header.sender;
            Pid::all(self.present.len()).filter(|q| *q != me).for_each(|q| self.out.hello(q));
        }
        let over = now >= gathering.until;
        if everybody || others_have_started || over && (self.heard_anybody() || self.instance.config.timing.gather == 0) {
            self.gathering = None;
            self.instance.start(&mut Turn { now, out: &mut self.out });
        }
    }

    /// What the instance is doing.
    pub fn status(&self) -> Status {
        self.instance.status()
    }
    /// The round it is in.
    pub fn round(&self) -> u64 {
        self.instance.round()
    }
    /// Its local state. A forwarded decision is not in it.
    pub fn state(&self) -> &P {
        self.instance.state()
    }
    /// Whether it waits for peers before its first round.
    pub fn is_gathering(&self) -> bool {
        self.gathering.is_some()
    }
    /// Whether a valid frame of another process has come in.
    pub fn heard_anybody(&self) -> bool {
        self.present.iter().filter(|p| **p).count() > 1
    }
    /// Whether this process has retired and all others are known to have.
    pub fn all_finished(&self) -> bool {
        self.instance.all_finished()
    }
    /// The other processes not known to have finished.
    pub fn unfinished(&self) -> Vec<Pid> {
        self.instance.unfinished().collect()
    }
    /// What happened so far.
    pub fn counters(&self) -> &Counters {
        &self.out.counters
    }
}
