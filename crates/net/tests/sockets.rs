//! Processes on real sockets, one thread each: they decide, their traces replay, garbage does nothing, and what cannot work says so.
//!
//! A million datagrams instead of the default hundred thousand, with the figures:
//! `HEARDOF_GARBAGE=1000000 cargo test --release -p heardof-net --test sockets garbage_over_udp -- --nocapture`.

use heardof::core::spec::Specified;
use heardof::core::trace::{Trace, fingerprint, replay};
use heardof::core::{Datum, Pid};
use heardof_algorithms::{BenOr, LastVoting, OneThirdRule};
use heardof_net::garbage::{Garbage, throw};
use heardof_net::{Cluster, Ending, NetError, Options, Outcome, TransportKind, frame_header, run};
use heardof_node::wire::Header;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often the runs with a crash are repeated.
const RUNS: usize = 2;

/// A cluster of n processes at ports that are free now.
fn cluster(name: &str, transport: TransportKind, n: usize) -> Cluster {
    // Bound all at once, so that they differ; both protocols, so that either may be used.
    let bind = |_| (TcpListener::bind("127.0.0.1:0").expect("a free port"), UdpSocket::bind("127.0.0.1:0").expect("a free port"));
    let sockets: Vec<(TcpListener, UdpSocket)> = (0..n).map(bind).collect();
    let address = |(tcp, udp): &(TcpListener, UdpSocket)| match transport {
        TransportKind::Tcp => tcp.local_addr(),
        TransportKind::Udp => udp.local_addr(),
    };
    let addresses: Vec<SocketAddr> = sockets.iter().map(|s| address(s).expect("bound")).collect();
    let mut cluster = Cluster::local(name, transport, addresses);
    cluster.round_timeout = Duration::from_millis(20);
    cluster
}

fn options<P: Specified>(name: &str, k: usize) -> Options {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&directory).expect("a directory for traces");
    Options {
        trace: Some(directory.join(format!("{k}.trace"))),
        gather: Duration::from_millis(200),
        linger: Duration::from_millis(500),
        time_limit: Some(Duration::from_secs(60)),
        seed: 7,
        ..Options::new(fingerprint::<P>(""))
    }
}

/// Runs those processes that have an input; all decide the same and the traces replay.
fn run_all<P: Specified>(cluster: &Cluster, inputs: &[Option<P::Input>]) -> Vec<Outcome> {
    run_with_crash::<P>(cluster, inputs, None)
}

/// The same, where one process ends after so long, decided or not. The outcomes of the others.
fn run_with_crash<P: Specified>(cluster: &Cluster, inputs: &[Option<P::Input>], crash: Option<(usize, Duration)>) -> Vec<Outcome> {
    let name = cluster.name.as_str();
    let mut outcomes: Vec<(usize, Outcome)> = std::thread::scope(|scope| {
        let one = |(k, input): (usize, &Option<P::Input>)| {
            let input = input.clone()?;
            let mut options = options::<P>(name, k);
            options.time_limit = crash.filter(|(p, _)| *p == k).map(|(_, after)| after).or(options.time_limit);
            Some((k, scope.spawn(move || run::<P>(cluster, Pid::new(k), input, &options, &mut |_| ()).expect("runs"))))
        };
        let threads: Vec<_> = inputs.iter().enumerate().filter_map(one).collect();
        threads.into_iter().map(|(k, t)| (k, t.join().expect("no panic"))).collect()
    });
    outcomes.retain(|(k, _)| crash.is_none_or(|(p, _)| p != *k));
    let outcomes: Vec<Outcome> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let decision = &outcomes[0].outputs[0].1;
    for outcome in &outcomes {
        assert_eq!((&outcome.ending, &outcome.outputs[0].1), (&Ending::Retired, decision), "{name}");
        assert_eq!(outcome.counters.left_below_ready, 0, "{name}");
    }
    let ran = (0..inputs.len()).filter(|k| inputs[*k].is_some());
    let paths = ran.map(|k| options::<P>(name, k).trace.expect("a trace is asked for"));
    let read = |path: PathBuf| Trace::parse(&path.display().to_string(), &std::fs::read_to_string(&path).expect("written")).expect("whole");
    let report = replay::<P>(&paths.map(read).collect::<Vec<_>>(), fingerprint::<P>("")).expect("one run");
    assert_eq!(report.mismatches, [], "{name}");
    assert!(report.predicates.iter().all(|p| p.violated.is_empty()), "{name}: {:?}", report.predicates);
    outcomes
}

#[test]
fn one_third_rule_decides_over_udp_with_loss() {
    let mut cluster = cluster("udp-loss", TransportKind::Udp, 4);
    cluster.loss = 0.3;
    let outcomes = run_all::<OneThirdRule<u64>>(&cluster, &[Some(3), Some(1), Some(2), Some(1)]);
    assert!(outcomes.iter().any(|o| o.injected_loss > 0));
}

#[test]
fn a_crash_in_the_middle_stops_nobody_else() {
    let after = |k: usize| Duration::from_millis(10 + 10 * k as u64);
    for k in 0..RUNS {
        let mut udp = cluster(&format!("udp-crash-{k}"), TransportKind::Udp, 7);
        udp.loss = 0.3;
        run_with_crash::<OneThirdRule<u64>>(&udp, &[1, 2, 3, 4, 5, 6, 7].map(Some), Some((2, after(k % 5))));
        let tcp = cluster(&format!("tcp-crash-{k}"), TransportKind::Tcp, 5);
        run_with_crash::<BenOr>(&tcp, &[true, false, true, false, true].map(Some), Some((0, after(k % 5))));
        let tcp =
            cluster(&format!("leader-crash-{k}"), TransportKind::Tcp, 5).with_parameter("first", "p0").with_parameter("shortcut", "true");
        run_with_crash::<LastVoting<u64>>(&tcp, &[1, 2, 3, 4, 5].map(Some), Some((0, after(k % 5) / 10)));
    }
}

#[test]
fn last_voting_decides_over_tcp_without_its_first_coordinator() {
    let cluster = cluster("tcp-leaderless", TransportKind::Tcp, 3).with_parameter("first", "p0").with_parameter("shortcut", "true");
    run_all::<LastVoting<u64>>(&cluster, &[None, Some(6), Some(7)]);
}

#[test]
fn ben_or_decides_over_tcp() {
    let cluster = cluster("tcp-ben-or", TransportKind::Tcp, 5);
    run_all::<BenOr>(&cluster, &[Some(true), Some(false), None, Some(false), Some(true)]);
}

/// What the frames of a process begin with: garbage that begins so is the worst.
fn header_of(cluster: &Cluster, k: usize) -> Header {
    frame_header::<OneThirdRule<u64>>(cluster, Pid::new(k), fingerprint::<OneThirdRule<u64>>("")).expect("no parameters")
}

/// The resident memory of this process, in KiB, where the system tells.
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    Some(statm.split(' ').nth(1)?.parse::<usize>().ok()? * 4)
}

#[test]
fn garbage_over_udp_does_nothing() {
    let thrown: usize = std::env::var("HEARDOF_GARBAGE").map_or(100_000, |number| number.parse().expect("a number of datagrams"));
    let cluster = cluster("udp-garbage", TransportKind::Udp, 5);
    // The fifth process is not started: its address throws garbage, so that the node itself has to refuse it.
    let trusted = UdpSocket::bind(cluster.addresses[4]).expect("the port was free");
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let header = header_of(&cluster, 4);
    let before = resident();
    let outcomes = std::thread::scope(|scope| {
        let targets = &cluster.addresses[..4];
        scope.spawn(move || {
            let (mut a, mut b) = (Garbage::new(header, 1), Garbage::new(header, 2));
            for k in 0..thrown / 100 {
                throw(&trusted, targets[k % 4], &mut a, 50).expect("thrown");
                throw(&stranger, targets[k % 4], &mut b, 50).expect("thrown");
            }
        });
        run_all::<OneThirdRule<u64>>(&cluster, &[Some(3), Some(1), Some(2), Some(1), None])
    });
    for Outcome { counters: c, strangers, .. } in &outcomes {
        let dropped = [c.frames_malformed, c.wrong_version, c.wrong_cluster, c.wrong_fingerprint, c.unknown_sender, c.unknown_instance];
        assert!(*strangers > 0 && dropped.iter().all(|count| *count > 0), "every kind is dropped by name: {c:?}");
        assert!(c.decisions_malformed > 0, "{c:?}");
    }
    if let (Some(before), Some(after)) = (before, resident()) {
        let dropped: u64 = outcomes.iter().map(|o| o.counters.frames_malformed + o.counters.unknown_sender).sum();
        println!("{thrown} datagrams, {before} KiB before, {after} KiB after; malformed or of strangers: {dropped}");
        assert!(after < before + 200 * 1024, "memory stays bounded: {before} KiB before, {after} KiB after");
    }
}

#[test]
fn garbage_over_tcp_does_nothing() {
    let cluster = cluster("tcp-garbage", TransportKind::Tcp, 3);
    let outcomes = std::thread::scope(|scope| {
        let targets = &cluster.addresses;
        let mut garbage = Garbage::new(header_of(&cluster, 1), 3);
        scope.spawn(move || {
            for k in 0..300 {
                // Refused before the process listens and after it has ended.
                if let Ok(mut connection) = TcpStream::connect(targets[k % 3]) {
                    let _ = std::io::Write::write_all(&mut connection, &garbage.datagram());
                }
            }
        });
        run_all::<OneThirdRule<u64>>(&cluster, &[Some(3), Some(1), Some(1)])
    });
    assert!(outcomes.iter().all(|o| o.rounds > 0));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is tested is that real time does not run away")]
fn a_process_alone_gives_up_in_time() {
    for transport in [TransportKind::Udp, TransportKind::Tcp] {
        let cluster = cluster("alone", transport, 3);
        let options = Options { wait: Duration::from_millis(300), trace: None, ..options::<OneThirdRule<u64>>("alone", 0) };
        let start = Instant::now();
        let error = run::<OneThirdRule<u64>>(&cluster, Pid::new(0), 1, &options, &mut |_| ()).expect_err("nobody is there");
        assert!(start.elapsed() < Duration::from_secs(2));
        let expected = format!("nobody was heard within 300ms: expected at least one of p1 at {}", cluster.addresses[1]);
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[test]
fn a_port_in_use_is_named() {
    for transport in [TransportKind::Udp, TransportKind::Tcp] {
        let cluster = cluster("in-use", transport, 2);
        let (_udp, _tcp) = (UdpSocket::bind(cluster.addresses[0]), TcpListener::bind(cluster.addresses[0]));
        let error = run::<OneThirdRule<u64>>(&cluster, Pid::new(0), 1, &options::<OneThirdRule<u64>>("in-use", 0), &mut |_| ());
        let error = error.expect_err("the port is in use");
        assert!(matches!(error, NetError::Listen { .. }));
        assert_eq!(error.to_string(), format!("p0 cannot listen at {}: the port is in use; is p0 running already?", cluster.addresses[0]));
    }
}

#[test]
fn an_undecided_process_ends_with_its_time() {
    let cluster = cluster("limit", TransportKind::Udp, 4);
    let limited = |k| Options { time_limit: Some(Duration::from_millis(300)), trace: None, ..options::<OneThirdRule<u64>>("limit", k) };
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let run = |k| run::<OneThirdRule<u64>>(&cluster, Pid::new(k), 1, &limited(k), &mut |_| ()).expect("runs");
        let threads: Vec<_> = [0, 1].map(|k| scope.spawn(move || run(k))).into_iter().collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).collect()
    });
    for outcome in outcomes {
        assert_eq!((outcome.ending, outcome.outputs.len()), (Ending::TimeLimit, 0), "two of four never decide");
        assert!(outcome.rounds > 1);
    }
}

#[test]
fn a_trace_that_cannot_be_written_is_an_error() {
    let cluster = cluster("unwritable", TransportKind::Udp, 1);
    let options = Options { trace: Some("/nonexistent/x.trace".into()), ..options::<OneThirdRule<u64>>("unwritable", 0) };
    let error = run::<OneThirdRule<u64>>(&cluster, Pid::new(0), 1, &options, &mut |_| ()).expect_err("no such directory");
    assert!(error.to_string().starts_with("/nonexistent/x.trace: "), "{error}");
}

#[test]
fn one_process_alone_is_a_cluster() {
    let cluster = cluster("single", TransportKind::Tcp, 1);
    let outcomes = run_all::<OneThirdRule<u64>>(&cluster, &[Some(7)]);
    assert_eq!(outcomes[0].outputs[0].1, Datum::some(Datum::Nat(7)));
}
