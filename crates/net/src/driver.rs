//! The loop of one process: network and clock in, trace file and network out.

use crate::clock::now;
use crate::transport::Transport;
use crate::{Cluster, NetError};
use heardof_core::process::Process;
use heardof_core::trace::Header;
use heardof_core::value::{Value, digest_bytes};
use heardof_core::{Datum, Pid};
use heardof_node::{Alarm, Config, Counters, InstanceId, NoApp, Node, Output, Status, Timing, wire};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The one instance that runs.
const INSTANCE: InstanceId = 0;

/// How many frames are handled between two looks at the clock.
const FRAMES_PER_TURN: usize = 64;

/// The loop looks up at least this often, for its own limits.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// A retired process answers stragglers at most so many times as long as [`Options::linger`].
const LONGEST_LINGER: u32 = 10;

/// How a process runs, besides what the cluster file says.
#[derive(Clone, Debug)]
pub struct Options {
    /// The fingerprint of the algorithm (`heardof_core::trace::fingerprint`).
    pub fingerprint: u64,
    /// Where to write the heard-of trace.
    pub trace: Option<PathBuf>,
    /// After how long of hearing nobody to give up.
    pub wait: Duration,
    /// How long to wait for the last peers before the first round, once some are there.
    pub gather: Duration,
    /// How long to wait in a round that others have left for messages that may still come; `None`: a quarter of the round time-out.
    /// As long as the round time-out for algorithms that assume synchrony.
    pub grace: Option<Duration>,
    /// How long to answer stragglers after the last one was heard.
    pub linger: Duration,
    /// When to end, decided or not.
    pub time_limit: Option<Duration>,
    /// What coins and injected loss are derived from; the process id is mixed in.
    pub seed: u64,
    /// Whether to end with the decision, or only when the process halts or the time is over.
    pub retire_when_decided: bool,
}

impl Options {
    /// Ten seconds to hear somebody, one to gather, two to linger, no limit, no trace.
    pub fn new(fingerprint: u64) -> Options {
        Options {
            fingerprint,
            trace: None,
            wait: Duration::from_secs(10),
            gather: Duration::from_secs(1),
            grace: None,
            linger: Duration::from_secs(2),
            time_limit: None,
            seed: 0,
            retire_when_decided: true,
        }
    }
}

/// Why a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The process retired: its outputs are decided, or it halted.
    Retired,
    /// It could not go on.
    Stopped(Alarm),
    /// The time was over.
    TimeLimit,
}

/// What became of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Why it ended.
    pub ending: Ending,
    /// The outputs that changed: field, value, and the round.
    pub outputs: Vec<(&'static str, Datum, u64)>,
    /// Who told them, if the own rounds did not bring them.
    pub forwarded_by: Option<Pid>,
    /// The rounds executed.
    pub rounds: u64,
    /// Who is not known to have finished.
    pub unfinished: Vec<Pid>,
    /// What the node counted.
    pub counters: Counters,
    /// Frames dropped because too many waited.
    pub overflow: u64,
    /// Datagrams and connections of nobody in the cluster.
    pub strangers: u64,
    /// Frames thrown away on purpose.
    pub injected_loss: u64,
    /// From start to retirement (to the end, if it never came).
    pub decided_after: Duration,
}

/// The trace file: one write a record.
struct TraceFile {
    path: PathBuf,
    file: File,
}

impl TraceFile {
    fn create(path: &Path, header: &Header) -> Result<TraceFile, NetError> {
        let fail = |error| NetError::File { path: path.to_path_buf(), error };
        let mut trace = TraceFile { path: path.to_path_buf(), file: File::create(path).map_err(fail)? };
        trace.write(&header.lines())?;
        Ok(trace)
    }
    fn write(&mut self, text: &str) -> Result<(), NetError> {
        self.file.write_all(text.as_bytes()).map_err(|error| NetError::File { path: self.path.clone(), error })
    }
}

/// A pseudo-random sequence for injected loss (SplitMix64).
struct Loss {
    share: f64,
    state: u64,
}

impl Loss {
    fn strikes(&mut self) -> bool {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // 53 bits make a number of [0, 1).
        (((z ^ (z >> 31)) >> 11) as f64) / ((1u64 << 53) as f64) < self.share
    }
}

struct Driver<'a, P: Process> {
    node: Node<P>,
    transport: Transport,
    trace: Option<TraceFile>,
    /// Where frames are written before they are sent.
    frame: Vec<u8>,
    options: &'a Options,
    on_output: &'a mut dyn FnMut(&Output),
    start: Instant,
    loss: Loss,
    outcome: Outcome,
    alarm: Option<Alarm>,
    /// When this process retired, by its clock.
    retired: Option<Duration>,
    /// When somebody who has not finished was last heard.
    straggler: Duration,
    /// When all were first known to have finished.
    complete: Option<Duration>,
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// What the frames of process `me` begin with. Processes that disagree on the size of the cluster or on parameters must not understand
/// each other, so the fingerprint of frames covers them, too.
pub fn frame_header<P: Process>(cluster: &Cluster, me: Pid, fingerprint: u64) -> Result<wire::Header, NetError> {
    let parameters: P::Parameters = cluster.parameters()?;
    let world = format!("{fingerprint:016x} {} {}", cluster.n(), parameters.to_datum());
    let (cluster, fingerprint) = (digest_bytes(cluster.name.as_bytes()), digest_bytes(world.as_bytes()));
    Ok(wire::Header { cluster, fingerprint, sender: me })
}

/// Runs process `me` of the cluster to its end. `on_output` is told everything as it happens.
///
/// The parameters of the algorithm come from the cluster file. Every record of the trace is written, by one system call, before a frame
/// that depends on it is sent, so the trace of a process that is killed replays.
pub fn run<P: Process>(
    cluster: &Cluster,
    me: Pid,
    input: P::Input,
    options: &Options,
    on_output: &mut dyn FnMut(&Output),
) -> Result<Outcome, NetError> {
    let parameters: P::Parameters = cluster.parameters()?;
    let n = cluster.n();
    let header = frame_header::<P>(cluster, me, options.fingerprint)?;
    let seed = options.seed.wrapping_add((me.index() as u64 + 1).wrapping_mul(0xd134_2543_de82_ef95));
    let timing = Timing {
        round_timeout: nanos(cluster.round_timeout),
        grace: nanos(options.grace.unwrap_or(cluster.round_timeout / 4)),
        gather: nanos(options.gather),
    };
    let single = Config::single(&cluster.name, header.fingerprint, me, n);
    let config = Config { timing, seed, retire_when_decided: options.retire_when_decided, ..single };
    let trace_header = Header::of::<P>(options.fingerprint, &cluster.name, me, n, &parameters, &input);
    let mut node: Node<P> = Node::new(config).map_err(NetError::Start)?;
    node.handle_propose(0, INSTANCE, parameters, input, &mut NoApp).map_err(NetError::Propose)?;
    let transport = Transport::open(cluster, me, wire::frame(&header, &[]))?;
    let trace = options.trace.as_deref().map(|path| TraceFile::create(path, &trace_header)).transpose()?;
    let outcome = Outcome {
        ending: Ending::TimeLimit,
        outputs: vec![],
        forwarded_by: None,
        rounds: 0,
        unfinished: vec![],
        counters: Counters::default(),
        overflow: 0,
        strangers: 0,
        injected_loss: 0,
        decided_after: Duration::ZERO,
    };
    let driver = Driver {
        node,
        transport,
        trace,
        frame: vec![],
        options,
        on_output,
        start: now(),
        loss: Loss { share: cluster.loss, state: !seed },
        outcome,
        alarm: None,
        retired: None,
        straggler: Duration::ZERO,
        complete: None,
    };
    driver.run(cluster, me)
}

impl<P: Process> Driver<'_, P> {
    fn run(mut self, cluster: &Cluster, me: Pid) -> Result<Outcome, NetError> {
        self.node.handle_start(0, &mut NoApp);
        loop {
            self.drain()?;
            let now = self.start.elapsed();
            if cluster.n() > 1 && now >= self.options.wait && !self.node.heard_anybody() {
                let others = Pid::all(cluster.n()).filter(|q| *q != me);
                let peers = others.map(|q| (q, cluster.addresses[q.index()])).collect();
                return Err(NetError::Alone { waited: self.options.wait, peers });
            }
            if let Some(ending) = self.ending(now, cluster.round_timeout) {
                return Ok(self.finish(ending, now));
            }
            let timer = self.node.poll_timer().map_or(LONGEST_WAIT, Duration::from_nanos).saturating_sub(now);
            self.receive(timer.min(LONGEST_WAIT))?;
            let now = nanos(self.start.elapsed());
            if self.node.poll_timer().is_some_and(|at| at <= now) {
                self.node.handle_timer(now, &mut NoApp);
            }
        }
    }

    /// Writes what is to be written, tells what is to be told, and only then sends.
    fn drain(&mut self) -> Result<(), NetError> {
        while let Some((_, output)) = self.node.poll_output() {
            match &output {
                Output::Record(record) => {
                    if let Some(trace) = &mut self.trace {
                        trace.write(&record.line())?;
                    }
                }
                Output::Changed { round, field, value } => {
                    self.outcome.outputs.retain(|(name, ..)| name != field);
                    self.outcome.outputs.push((field, value.clone(), *round));
                }
                Output::Forwarded { round, from, outputs } => {
                    self.outcome.outputs = outputs.iter().map(|(field, value)| (*field, value.clone(), *round)).collect();
                    self.outcome.forwarded_by = Some(*from);
                }
                Output::Alarm(alarm) => self.alarm = Some(alarm.clone()),
                Output::Entered { .. } | Output::Halted { .. } | Output::Retired { .. } | Output::Persist { .. } | Output::Over { .. } => {}
            }
            (self.on_output)(&output);
        }
        while let Some(to) = self.node.poll_transmit(&mut self.frame) {
            self.transport.send(to, &self.frame);
        }
        Ok(())
    }

    /// Waits for a frame, and takes others that are there already.
    fn receive(&mut self, at_most: Duration) -> Result<(), NetError> {
        let mut wait = at_most;
        for _ in 0..FRAMES_PER_TURN {
            let Some((from, frame)) = self.transport.receive(wait) else { break };
            wait = Duration::ZERO;
            if self.loss.strikes() {
                self.outcome.injected_loss += 1;
                continue;
            }
            let now = self.start.elapsed();
            let known = self.node.counters().frames_in;
            self.node.handle_frame(nanos(now), from, &frame, &mut NoApp);
            if self.node.counters().frames_in > known && self.node.unfinished(INSTANCE).contains(&from) {
                self.straggler = now;
            }
            self.drain()?;
        }
        Ok(())
    }

    /// Whether, and why, it is time to end.
    fn ending(&mut self, now: Duration, round_timeout: Duration) -> Option<Ending> {
        let options = self.options;
        let round = self.node.round(INSTANCE).unwrap_or(0);
        match self.node.status(INSTANCE).unwrap_or(Status::Running) {
            Status::Stopped => {
                let unknown = Alarm::Panic { round, function: "?", what: "stopped without an alarm".into() };
                return Some(Ending::Stopped(self.alarm.clone().unwrap_or(unknown)));
            }
            Status::Retired => {
                let retired = *self.retired.get_or_insert(now);
                let quiet = now >= self.straggler.max(retired) + options.linger;
                let too_long = now >= retired + options.linger * LONGEST_LINGER;
                // Two time-outs more, for those who do not know yet that this process has finished.
                let complete = self.node.all_finished(INSTANCE).then(|| *self.complete.get_or_insert(now));
                let told = complete.is_some_and(|since| now >= since + (round_timeout * 2).min(options.linger));
                if quiet || too_long || told {
                    return Some(Ending::Retired);
                }
            }
            Status::Running => {}
        }
        options.time_limit.is_some_and(|limit| now >= limit).then_some(match self.retired {
            Some(_) => Ending::Retired,
            None => Ending::TimeLimit,
        })
    }

    fn finish(mut self, ending: Ending, now: Duration) -> Outcome {
        self.outcome.ending = ending;
        self.outcome.rounds = self.node.counters().rounds;
        self.outcome.unfinished = self.node.unfinished(INSTANCE);
        self.outcome.counters = *self.node.counters();
        self.outcome.overflow = self.transport.shared.overflow.load(Ordering::Relaxed);
        self.outcome.strangers = self.transport.shared.strangers.load(Ordering::Relaxed);
        self.outcome.decided_after = self.retired.unwrap_or(now);
        self.outcome
    }
}
