//! Cluster files: what is read, and every refusal with its line.

use heardof::core::{Datum, Value};
use heardof_algorithms::flood_min::Crashes;
use heardof_algorithms::last_voting::Leader;
use heardof_net::{Cluster, TransportKind, cluster::duration};
use std::time::Duration;

const GOOD: &str = r#"
cluster = "demo"
algorithm = "last_voting"
transport = "tcp"
round_timeout = "20ms"
assume = ["crashes"]
loss = 0.25
[parameters]
first = "p1"
shortcut = true
[[process]]
id = 1
address = "127.0.0.1:7001"
[[process]]
id = 0
address = "[::1]:7000"
"#;

#[test]
fn a_good_file_is_read() {
    let cluster = Cluster::parse("c.toml", GOOD).expect("a good file");
    assert_eq!((cluster.name.as_str(), cluster.algorithm.as_deref(), cluster.transport), ("demo", Some("last_voting"), TransportKind::Tcp));
    assert_eq!((cluster.n(), cluster.addresses[1].port(), cluster.loss), (2, 7001, 0.25));
    assert_eq!((cluster.round_timeout, cluster.assume), (Duration::from_millis(20), vec!["crashes".to_string()]));
    let cluster = Cluster::parse("c.toml", GOOD).expect("a good file");
    let leader: Leader = cluster.parameters().expect("its parameters");
    assert_eq!(leader.to_datum(), Datum::parse("Leader { first: p1, shortcut: true }", &Leader::sort()).expect("a leader"));
    let other: Leader = cluster.with_parameter("first", "p0").parameters().expect("replaced");
    assert_eq!(other.first.index(), 0);
}

#[test]
fn durations_have_units() {
    let ms = Duration::from_millis;
    let good =
        [("50ms", ms(50)), ("2s", ms(2000)), ("1m", ms(60_000)), ("7 us", Duration::from_micros(7)), ("9ns", Duration::from_nanos(9))];
    for (text, expected) in good {
        assert_eq!(duration(text), Some(expected), "{text}");
    }
    for text in ["", "50", "ms", "-1ms", "1.5s", "5h", "99999999999999999999s"] {
        assert_eq!(duration(text), None, "{text}");
    }
}

/// GOOD with `from` replaced by `to` is refused with `expected`.
fn refused(from: &str, to: &str, expected: &str) {
    assert!(GOOD.contains(from), "{from}");
    let error = Cluster::parse("c.toml", &GOOD.replacen(from, to, 1)).expect_err(expected).to_string();
    assert_eq!(error, expected);
}

#[test]
fn bad_files_are_refused_with_line_and_what_was_expected() {
    refused("id = 0", "id = 1", "c.toml:15: expected each id once, found a second process 1");
    refused("id = 0", "id = 2", "c.toml:15: expected an id of 0 to 1 in a cluster of 2, found 2");
    refused("id = 0", "id = -1", "c.toml:15: expected an id of 0 to 1 in a cluster of 2, found -1");
    refused("[::1]:7000", "here", "c.toml:16: expected an address such as \"127.0.0.1:7000\", found \"here\"");
    refused("[::1]:7000", "127.0.0.1:7001", "c.toml:16: expected an address of its own for 0, found that of 1, 127.0.0.1:7001");
    refused("\"tcp\"", "\"sctp\"", "c.toml:4: expected transport \"udp\" or \"tcp\", found \"sctp\"");
    refused("\"20ms\"", "\"soon\"", "c.toml:5: expected a round_timeout such as \"50ms\", found \"soon\"");
    refused("\"20ms\"", "\"0ms\"", "c.toml:5: expected a round_timeout such as \"50ms\", found \"0ms\"");
    refused("\"20ms\"", "\"61m\"", "c.toml:5: expected a round_timeout such as \"50ms\", found \"61m\"");
    refused("0.25", "1.0", "c.toml:7: expected a loss from 0 to below 1, found 1");
    refused(
        "loss",
        "lost",
        "c.toml:7: unknown field `lost`, expected one of `cluster`, `algorithm`, `transport`, `round_timeout`, `assume`, `loss`, `parameters`, `process`",
    );
    refused("id = 0", "id = 0\nport = 1", "c.toml:16: unknown field `port`, expected `id` or `address`");
    refused("cluster = \"demo\"", "", "c.toml:1: missing field `cluster`");
    let many: String = (0..1025).map(|k| format!("[[process]]\nid = {k}\naddress = \"127.0.0.1:{}\"\n", k + 1)).collect();
    for (processes, found) in [(many.as_str(), 1025), ("", 0)] {
        let error = Cluster::parse("c.toml", &format!("cluster = \"x\"\n{processes}")).expect_err("refused").to_string();
        assert_eq!(error, format!("c.toml: expected 1 to 1024 entries [[process]], found {found}"));
    }
}

#[test]
fn parameters_and_ids_that_do_not_fit_are_refused() {
    let with = |lines: &str| Cluster::parse("c.toml", &GOOD.replace("first = \"p1\"\nshortcut = true", lines)).expect("reads");
    let message = |lines: &str| with(lines).parameters::<Leader>().expect_err(lines).to_string();
    assert_eq!(message("shortcut = true"), "c.toml: [parameters]: expected `first`, a Pid, found none");
    assert_eq!(message("first = 0\nshortcut = true\nf = 1"), "c.toml: [parameters]: expected the parameters first, shortcut, found `f`");
    assert!(message("first = \"x\"\nshortcut = true").starts_with("c.toml: [parameters] first: expected a Pid, found \"x\""));
    assert_eq!(
        with("first = 1").parameters::<()>().expect_err("none").to_string(),
        "c.toml: [parameters]: expected no parameters, found `first`"
    );
    assert_eq!(with("f = 2").parameters::<Crashes>().expect("a number").f, 2);
    assert_eq!(with("").parameters::<()>().ok(), Some(()));
    let error = with("").process(2).expect_err("outside").to_string();
    assert_eq!(error, "c.toml: expected an id of 0 to 1, for the cluster has 2 processes; found 2");
}
