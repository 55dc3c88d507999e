//! Every bad input is refused in one line: exit code 2, the place, what was expected, and nothing half-done on standard output.
//!
//! A case is a command line and the words that its one line of standard error must contain. Commands run in a folder of their own that
//! [`folder`] fills with cluster files and traces, each broken in one place.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_heardof");

/// A cluster of two processes at which nobody listens.
const CLUSTER: &str = r#"cluster = "demo"
transport = "udp"
round_timeout = "50ms"

[[process]]
id = 0
address = "127.0.0.1:PORT0"

[[process]]
id = 1
address = "127.0.0.1:PORT1"
"#;

fn heardof(folder: &Path, line: &str) -> Output {
    let run = Command::new(PROGRAM).args(line.split_whitespace()).current_dir(folder).output();
    run.unwrap_or_else(|e| panic!("{PROGRAM}: {e}"))
}

/// The command line fails with exit code 2 and one line with these words, and prints nothing else.
#[track_caller]
fn refused(folder: &Path, line: &str, words: &[&str]) {
    let output = heardof(folder, line);
    let (said, printed) = (String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout));
    let shown = format!("heardof {line}\nexit {:?}\n{said}", output.status.code());
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert_eq!(printed, "", "{shown}");
    assert_eq!(said.lines().count(), 1, "{shown}");
    assert!(said.starts_with("error: ") && !said.contains("panicked"), "{shown}");
    for word in words {
        assert!(said.contains(word), "`{word}` is missing:\n{shown}");
    }
}

/// An empty folder for the test of this name.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bad-input").join(name);
    // It is there only if the test ran before.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

/// Writes the cluster file `name`, with `from` replaced by `to`.
fn cluster_file(folder: &Path, name: &str, from: &str, to: &str) {
    assert!(CLUSTER.contains(from), "`{from}` is not in the cluster file");
    // Ports of the system's choice that nobody uses: taken and given back.
    let free = || UdpSocket::bind("127.0.0.1:0").and_then(|s| s.local_addr()).expect("a free port").port().to_string();
    let text = CLUSTER.replacen(from, to, 1).replace("PORT0", &free()).replace("PORT1", &free());
    fs::write(folder.join(name), text).expect("the folder is writable");
}

#[test]
fn unknown_names() {
    let here = folder("names");
    refused(&here, "check one_thrd_rule", &["unknown algorithm `one_thrd_rule`", "did you mean one_third_rule"]);
    refused(&here, "explain last_votin", &["did you mean", "last_voting"]);
    refused(&here, "cluster two_phase", &["did you mean two_phase_commit"]);
    refused(&here, "mutants zzz", &["unknown algorithm `zzz`", "`heardof list` shows all"]);
    refused(&here, "mutants one_third_rule -n 1 --only nothing", &["--only nothing", "no mutant of one_third_rule"]);
    refused(&here, "chekc one_third_rule", &["unknown command `chekc`", "expected one of list, explain, check", "--help"]);
    refused(&here, "check one_third_rule --value 3", &["`--value`", "did you mean --values?", "`heardof check --help`"]);
    refused(&here, "check", &["expected <ALGORITHM>", "`heardof check --help`"]);
    refused(&here, "run one_third_rule", &["expected --cluster <FILE>, --id <ID>", "`heardof run --help`"]);
}

#[test]
fn numbers_out_of_range() {
    let here = folder("numbers");
    refused(&here, "check one_third_rule -n 5..2", &["-n 5..2:", "expected the smaller number first: 2..5"]);
    refused(&here, "check one_third_rule -n 0..2", &["-n 0..2:", "at least one process"]);
    refused(&here, "check one_third_rule -n many", &["-n many:", "expected a number such as 4, or a range such as 1..5"]);
    refused(&here, "check one_third_rule --values 0", &["--values 0:", "at least 1"]);
    refused(&here, "check last_voting --phases 0", &["--phases 0:", "at least 1"]);
    refused(&here, "check one_third_rule --threads none", &["--threads none:", "expected a number"]);
    refused(&here, "cluster one_third_rule -n 0", &["-n 0:", "at least 1"]);
    refused(&here, "cluster one_third_rule -n 65", &["-n 65:", "1 to 64"]);
    refused(&here, "cluster one_third_rule --repeat 0", &["--repeat 0:", "at least 1"]);
    refused(&here, "cluster one_third_rule --loss 1.5", &["--loss 1.5:", "expected a probability from 0 to below 1"]);
    refused(&here, "cluster one_third_rule --round-timeout 20", &["--round-timeout 20:", "expected a time", "50ms"]);
    refused(&here, "cluster one_third_rule --timeout 0s", &["--timeout 0s:", "above 0"]);
    refused(&here, "simulate one_third_rule --seeds 0", &["--seeds 0:"]);
    refused(&here, "simulate one_third_rule -n 2000", &["-n:", "at most 1024 processes", "2000"]);
    refused(&here, "simulate one_third_rule --faults rain", &["--faults:", "`rain` is none of loss, delay"]);
    refused(&here, "cluster one_third_rule --seed x", &["--seed x:", "expected a number"]);
}

#[test]
fn too_large_to_enumerate_says_how_large_and_what_to_lower() {
    let here = folder("large");
    refused(&here, "check one_third_rule -n 20", &["n = 20", "2^400 heard-of assignments", "lower -n"]);
    refused(&here, "check last_voting --induction -n 20", &["n = 20", "lower -n"]);
}

#[test]
fn parameters_and_inputs() {
    let here = folder("parameters");
    refused(&here, "check one_third_rule -n 3 --param f=1", &["--param f=1", "no parameter `f`", "it has none"]);
    refused(&here, "check flood_min -n 3 --param g=1", &["--param g=1", "no parameter `g`", "it has f: usize"]);
    refused(&here, "check flood_min -n 3 --param f", &["--param f", "expected NAME=VALUE"]);
    refused(&here, "check flood_min -n 3 --param f=x", &["--param f=x", "expected a usize"]);
    refused(&here, "check flood_min -n 3 --param f=9", &["flood_min -n 3 --param f=9", "expected parameters with n > f"]);
    refused(&here, "cluster flood_min -n 3 --param f=9", &["flood_min -n 3 --param f=9", "expected parameters with n > f"]);
    refused(&here, "cluster one_third_rule -n 3 --inputs 1,2", &["--inputs 1,2", "expected 3 values", "found 2"]);
    refused(&here, "cluster one_third_rule -n 3 --inputs 1,2,x", &["--inputs x", "expected a u64"]);
    refused(&here, "cluster ben_or -n 2 --inputs true,7", &["--inputs 7", "expected a bool"]);
}

#[test]
fn clusters_that_cannot_be() {
    let here = folder("clusters");
    refused(&here, "cluster one_third_rule --transport smoke", &["--transport smoke", "expected udp or tcp"]);
    refused(&here, "cluster one_third_rule -n 3 --kill 3@1ms", &["--kill 3@1ms", "expected a process of this cluster, 0 to 2"]);
    refused(&here, "cluster one_third_rule --kill 2", &["--kill 2", "expected PROCESS@TIME, such as 2@50ms"]);
    refused(&here, "cluster ben_or_two_votes", &["ben_or_two_votes", "wrong variant", "not run"]);
    cluster_file(&here, "good.toml", "demo", "demo");
    refused(&here, "run ben_or_two_votes --cluster good.toml --id 0", &["wrong variant", "not run"]);
}

#[test]
fn cluster_files() {
    let here = folder("cluster-files");
    let broken: [(&str, &str, &[&str]); 9] = [
        ("id = 1", "id = 0", &[":10:", "expected each id once", "second process 0"]),
        ("127.0.0.1:PORT1", "localhost", &[":11:", "expected an address such as", "\"localhost\""]),
        ("id = 1", "id = 7", &[":10:", "expected an id of 0", "found 7"]),
        ("id = 1", "id = -1", &[":10:", "expected an id of 0", "found -1"]),
        ("id = 1", "id = ", &[":10:"]),
        ("\"udp\"", "\"smoke\"", &[":2:", "expected transport \"udp\" or \"tcp\"", "\"smoke\""]),
        ("\"50ms\"", "\"50\"", &[":3:", "expected a round_timeout such as \"50ms\"", "\"50\""]),
        ("round_timeout", "round_timeot", &[":3:", "unknown field `round_timeot`", "`round_timeout`"]),
        ("cluster = \"demo\"", "algorithm = \"ben_or\"", &[":1:", "missing field `cluster`"]),
    ];
    for (k, (from, to, words)) in broken.into_iter().enumerate() {
        let name = format!("broken-{k}.toml");
        cluster_file(&here, &name, from, to);
        let words: Vec<&str> = words.iter().copied().chain([name.as_str()]).collect();
        refused(&here, &format!("run one_third_rule --cluster {name} --id 0"), &words);
    }
    cluster_file(&here, "other.toml", "transport", "algorithm = \"ben_or\"\ntransport");
    refused(&here, "run one_third_rule --cluster other.toml --id 0", &["other.toml", "runs ben_or, not one_third_rule"]);
    cluster_file(&here, "parameter.toml", "[[process]]", "[parameters]\nf = 1\n[[process]]");
    refused(&here, "run one_third_rule --cluster parameter.toml --id 0", &["[parameters]", "expected no parameters, found `f`"]);
    cluster_file(&here, "good.toml", "demo", "demo");
    refused(&here, "run flood_min --cluster good.toml --id 0", &["good.toml", "assumes `crashes`", "assume = [\"crashes\"]"]);
    refused(&here, "run one_third_rule --cluster good.toml --id 2", &["good.toml", "expected an --id of 0 to 1, found 2"]);
    refused(&here, "run one_third_rule --cluster good.toml --id x", &["--id x", "expected the number of a process"]);
    refused(&here, "run one_third_rule --cluster good.toml --id 0 --input true", &["--input true", "expected a u64"]);
    refused(&here, "run one_third_rule --cluster good.toml --id 0 --wait 5", &["--wait 5", "expected a time"]);
    refused(&here, "run one_third_rule --cluster none.toml --id 0", &["none.toml", "No such file"]);
}

#[test]
fn a_port_in_use() {
    let here = folder("port");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let [udp_address, tcp_address] = [udp.local_addr(), tcp.local_addr()].map(|a| a.expect("a bound socket has an address"));
    for (transport, address) in [("udp", udp_address), ("tcp", tcp_address)] {
        let name = format!("{transport}.toml");
        cluster_file(&here, &name, "127.0.0.1:PORT0", &address.to_string());
        let text = fs::read_to_string(here.join(&name)).expect("just written");
        fs::write(here.join(&name), text.replace("\"udp\"", &format!("{transport:?}"))).expect("the folder is writable");
        let words = ["p0 cannot listen", &address.to_string(), "the port is in use"];
        refused(&here, &format!("run one_third_rule --cluster {name} --id 0"), &words);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the subject is how long the program takes")]
fn a_peer_that_never_comes_ends_the_wait_in_time() {
    let here = folder("peer");
    cluster_file(&here, "alone.toml", "demo", "demo");
    let start = Instant::now();
    let words = ["nobody was heard within 300ms", "expected at least one of p1 at 127.0.0.1:"];
    refused(&here, "run one_third_rule --cluster alone.toml --id 0 --wait 300ms", &words);
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_secs(10), "{waited:?}");
}

#[test]
fn traces() {
    let here = folder("traces");
    for (keep, algorithm) in [("run", "one_third_rule"), ("other", "last_voting")] {
        let output = heardof(&here, &format!("cluster {algorithm} -n 3 --keep {keep} --seed 5"));
        assert!(output.status.success(), "{output:?}");
    }
    let whole = fs::read_to_string(here.join("run/p0.trace")).expect("the cluster recorded it");
    let write = |name: &str, bytes: &[u8]| fs::write(here.join(name), bytes).expect("the folder is writable");
    write("damaged", whole.replacen("process p0", "process p1", 1).as_bytes());
    write("empty", b"");
    write("header", whole.lines().next().unwrap_or_default().as_bytes());
    write("noise", &[0xff, 0x00, 0xfe, 0x07]);
    write("prose", b"This is no trace.\n");
    refused(&here, "replay damaged run/p1.trace run/p2.trace", &["damaged:3:", "checksum", "nothing was replayed"]);
    refused(&here, "replay empty", &["empty", "expected the 5 lines of a header", "nothing was replayed"]);
    refused(&here, "replay header", &["header", "nothing was replayed"]);
    refused(&here, "replay noise", &["noise", "expected a trace", "nothing was replayed"]);
    refused(&here, "replay prose", &["prose:1:", "nothing was replayed"]);
    refused(&here, "replay none", &["none", "No such file", "nothing was replayed"]);
    refused(&here, "replay run/p0.trace run/p0.trace", &["run/p0.trace", "expected one trace of p0", "nothing was replayed"]);
    let words = ["other/p1.trace", "another run", "expected algorithm one_third_rule, found last_voting", "nothing was replayed"];
    refused(&here, "replay run/p0.trace other/p1.trace", &words);
    // A text of another version: the digest of the algorithm in the first line is not ours, and the line's own checksum fits.
    write("foreign", foreign(&whole).as_bytes());
    refused(&here, "replay foreign", &["foreign", "expected fingerprint", "nothing was replayed"]);
}

/// The trace with another fingerprint in its first line, and a checksum that fits.
fn foreign(trace: &str) -> String {
    let (first, rest) = trace.split_once('\n').expect("a trace has lines");
    let (text, _) = first.split_once(" #").expect("a line has a checksum");
    let (name, fingerprint) = text.rsplit_once(' ').expect("a fingerprint");
    assert_eq!(fingerprint.len(), 16, "{first}");
    let text = format!("{name} 0123456789abcdef");
    format!("{text} #{:016x}\n{rest}", heardof_core::value::digest_bytes(text.as_bytes()))
}

#[test]
fn a_reader_that_has_read_enough_is_no_defect() {
    let folder = folder("unread");
    let mut child = Command::new(PROGRAM)
        .args(["prove", "last_voting", "--show"])
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let run = child.wait_with_output().expect("it ends");
    assert_eq!((run.status.code(), String::from_utf8_lossy(&run.stderr).as_ref()), (Some(141), ""));
}
