//! Recordings written by a lock-step run, read back, replayed; damaged and foreign ones refused.

use super::*;
use crate::describe::Source;
use crate::ir::Kind;
use crate::lockstep::tests::{OneThirdRule, Walk, random};
use crate::lockstep::{Choice, observe};
use crate::spec::{IntoSpec, Spec, Specified};
use crate::value::digest;
use crate::{Context, HeardOf, Phase, Set, System};

const PRINT: u64 = 0xfeed;

/// Never fewer than three heard: a predicate that some of the runs below violate.
fn three(ho: &HeardOf<Walk>) -> bool {
    ho.min_len() >= 3
}
fn nonsense<P: Process>(s: &System<P>, _: &HeardOf<P>) -> bool {
    s.round() < 1000
}

impl Specified for Walk {
    fn specs() -> Vec<Spec<Self>> {
        let source = || Source { text: "", helpers: vec![] };
        let spec = |name, run| Spec { name, kind: Kind::Safety, problem: None, doc: "", source: source(), run };
        vec![spec("three", three.into_spec()), spec("nonsense", nonsense::<Walk>.into_spec())]
    }
    fn sources() -> Vec<Source> {
        vec![]
    }
    fn problems() -> Vec<&'static str> {
        vec![]
    }
}
impl Specified for OneThirdRule {
    fn specs() -> Vec<Spec<Self>> {
        vec![]
    }
    fn sources() -> Vec<Source> {
        vec![]
    }
    fn problems() -> Vec<&'static str> {
        vec![]
    }
}

/// The texts that n processes of a random run of `Walk` record; process k crashes after `rounds - k` rounds.
fn record(n: usize, rounds: usize, seed: u64) -> Vec<String> {
    let mut bits = seed;
    let inputs: Vec<u64> = (0..n).map(|_| random(&mut bits) % 3).collect();
    let ctx = |p| Context::new(p, n, 0, Phase::new(0), Pid::new(0), ());
    let mut system = System::<Walk>::start(Pid::all(n).map(|p| Walk::init(inputs[p.index()], &ctx(p))).collect(), ());
    let header = |p: Pid| Header::of::<Walk>(PRINT, "a \"test\"", p, n, &(), &inputs[p.index()]);
    let mut texts: Vec<String> = Pid::all(n).map(|p| header(p).lines()).collect();
    for round in 0..rounds {
        let alive: Set<Pid> = Pid::all(n).filter(|p| round + p.index() < rounds).collect();
        let speak: Set<Pid> = Pid::all(n).filter(|p| round + p.index() <= rounds).collect();
        let mut hears = |_| speak.iter().copied().filter(|q| !random(&mut bits).is_multiple_of(4) && !system[*q].halted()).collect();
        let heard = (0..n).map(&mut hears).collect();
        let acting = alive.filter(|p| !system[*p].halted());
        let coins: Vec<bool> = (0..n).map(|_| random(&mut bits) & 1 == 1).collect();
        let requests: Vec<Option<u8>> = (0..n).map(|_| (random(&mut bits) & 1 == 1).then_some(1)).collect();
        let choice = Choice::new(heard).with_coins(coins.clone()).with_requests(requests.clone()).with_acting(acting.clone());
        for p in speak.filter(|p| !system[*p].halted()).iter() {
            let (coin, request) = (Some(coins[p.index()]), requests[p.index()].map(|c| c.to_string()));
            texts[p.index()] += &Record::Sending(Sending { round, coin: coin.filter(|_| round % 2 == 1), request }).line();
        }
        let (next, observed) = observe(&system, &choice);
        for p in acting.iter() {
            let k = p.index();
            let record = RoundRecord {
                round,
                state: digest(&next[*p]),
                coin: (round % 2 == 1 || observed[k].drew_coin).then_some(coins[k]),
                heard: observed[k].messages.clone(),
                request: requests[k].map(|c| c.to_string()),
            };
            texts[k] += &Record::Round(record).line();
            if next[*p].halted() {
                texts[k] += &Record::End(End::Halted(round + 1)).line();
            }
        }
        system = next;
    }
    texts
}

fn parsed(texts: &[String]) -> Vec<Trace> {
    texts.iter().enumerate().map(|(k, text)| Trace::parse(&format!("{k}.trace"), text).expect("undamaged")).collect()
}

#[test]
fn what_ran_in_lock_step_replays_without_mismatch() {
    let mut violated = 0;
    for seed in 0..200 {
        let traces = parsed(&record(4, 7, seed));
        let replay = replay::<Walk>(&traces, PRINT).expect("one run");
        assert_eq!(replay.mismatches, [], "seed {seed}");
        assert_eq!(replay.process_rounds, traces.iter().map(|t| t.rounds.len()).sum::<usize>());
        assert_eq!(replay.predicates[0].checked, replay.rounds, "`three` is evaluated in every round");
        assert!(replay.predicates[1].violated.is_empty());
        violated += replay.predicates[0].violated.len();
        for outcome in &replay.outcomes {
            let halted = traces[outcome.process.index()].end.is_some();
            assert_eq!(outcome.outputs[0].1 != Datum::NONE, halted, "seed {seed}: it halts with its output");
        }
    }
    assert!(violated > 100, "some rounds of these runs have fewer than three heard: {violated}");
}

#[test]
fn every_changed_digest_is_found() {
    let traces = parsed(&record(4, 7, 2));
    let mut found = 0;
    for (p, trace) in traces.iter().enumerate() {
        for round in 0..trace.rounds.len() {
            let mut wrong = traces.clone();
            wrong[p].rounds[round].state ^= 1;
            let report = replay::<Walk>(&wrong, PRINT).expect("one run");
            assert_eq!(report.mismatch_count, 1);
            assert_eq!((report.mismatches[0].process.index(), report.mismatches[0].round), (p, round));
            assert_eq!(report.mismatches[0].what, What::State);
            for k in 0..trace.rounds[round].heard.len() {
                let mut wrong = traces.clone();
                wrong[p].rounds[round].heard[k].1 ^= 1;
                let report = replay::<Walk>(&wrong, PRINT).expect("one run");
                assert_eq!(report.mismatches[0].what, What::Message(trace.rounds[round].heard[k].0));
                found += 1;
            }
        }
    }
    assert!(found > 10);
}

#[test]
fn a_message_of_a_later_round_than_its_sender_lived_is_a_mismatch() {
    let mut traces = parsed(&record(4, 7, 2));
    let heard = traces[0].rounds.iter().rposition(|r| r.heard.iter().any(|(q, _)| *q == Pid::new(1))).expect("p1 is heard");
    traces[1].rounds.truncate(heard - 1);
    traces[1].end = None;
    let report = replay::<Walk>(&traces, PRINT).expect("one run");
    let first = report.mismatches.iter().find(|m| m.what == What::Message(Pid::new(1))).expect("found");
    assert!(first.expected.contains("the trace of p1 ends before"), "{first}");
}

#[test]
fn forwarded_outputs_must_be_somebodys() {
    let mut traces = parsed(&record(3, 6, 1));
    traces[2].forwarded = vec![("arrived".into(), "Some(true)".into())];
    traces[2].end = None;
    let known = replay::<Walk>(&traces, PRINT).expect("one run").outcomes;
    let someones = known.iter().any(|o| o.outputs.iter().any(|(_, v, _)| v.to_string() == "Some(true)"));
    assert_eq!(replay::<Walk>(&traces, PRINT).expect("one run").mismatches.is_empty(), someones);
    traces[2].forwarded = vec![("arrive".into(), "Some(true)".into())];
    assert!(replay::<Walk>(&traces, PRINT).unwrap_err().to_string().contains("expected an output field, found `arrive`"));
}

/// `expected` is a part of the message with which `texts` are refused.
fn refused(texts: &[String], expected: &str) {
    let traces: Result<Vec<Trace>, TraceError> = texts.iter().map(|text| Trace::parse("x.trace", text)).collect();
    let message = match traces {
        Err(error) => error.to_string(),
        Ok(traces) => replay::<Walk>(&traces, PRINT).expect_err("refused").to_string(),
    };
    assert!(message.contains(expected) && message.ends_with("nothing was replayed"), "expected `{expected}` in: {message}");
}

#[test]
fn foreign_duplicate_and_missing_traces_are_refused() {
    let texts = record(3, 6, 1);
    let with_header = |change: &dyn Fn(&mut Header)| {
        let mut header = parsed(&texts)[1].header.clone();
        change(&mut header);
        vec![texts[0].clone(), header.lines(), texts[2].clone()]
    };
    refused(&[], "expected traces, found none");
    refused(&with_header(&|h| h.algorithm = "other".into()), "expected algorithm walk, found other");
    refused(&with_header(&|h| h.fingerprint = 1), "expected fingerprint 000000000000feed, found 0000000000000001");
    refused(&with_header(&|h| h.cluster = "b".into()), "expected cluster a \"test\", found b");
    refused(&with_header(&|h| h.n = 5), "expected number of processes 3, found 5");
    refused(&with_header(&|h| h.parameters = "1".into()), "expected parameters (), found 1");
    refused(&with_header(&|h| h.input = "x".into()), "the input cannot be read");
    refused(&[texts[0].clone(), texts[1].clone(), texts[0].clone()], "expected one trace of p0, found another");
    refused(&texts[1..], "expected a trace of p0");
}

#[test]
fn damage_is_refused_with_its_line_and_a_torn_tail_is_dropped() {
    let texts = record(3, 6, 3);
    let lines: Vec<&str> = texts[0].split_inclusive('\n').collect();
    let rounds = lines.iter().filter(|l| l.starts_with("round")).count();
    for at in (0..texts[0].len()).filter(|at| texts[0].as_bytes()[*at] != b'\n') {
        let mut bytes = texts[0].clone().into_bytes();
        bytes[at] = if bytes[at] == b'7' { b'8' } else { b'7' };
        let error = Trace::parse("x.trace", std::str::from_utf8(&bytes).expect("ASCII")).expect_err("damaged");
        assert_eq!(error.line, 1 + texts[0][..at].matches('\n').count(), "{error}");
    }
    for cut in 0..texts[0].len() {
        match Trace::parse("x.trace", &texts[0][..cut]) {
            Ok(trace) => assert!(trace.rounds.len() <= rounds && (trace.end.is_none() || cut + 1 == texts[0].len())),
            Err(error) => assert!(error.problem.contains("lines of a header"), "{error}"),
        }
    }
    let without = |k: usize| lines.iter().enumerate().filter(|(j, _)| *j != k).map(|(_, l)| *l).collect::<String>();
    refused(&[without(HEADER_LINES + 1)], "x.trace:7: expected round 0, found round 1: a line is missing or stands twice");
    refused(&[lines[..HEADER_LINES].concat() + lines[HEADER_LINES] + lines[HEADER_LINES]], "x.trace:7: expected one `sending 0`");
    refused(&[without(2)], "x.trace:3: expected `process ..`, found `parameters ()`");
    refused(&[lines[..3].concat()], "expected the 5 lines of a header, found 3");
    refused(&[sealed("nonsense") + &texts[0]], "expected `heardof-trace 1 ALGORITHM FINGERPRINT`, found `nonsense`");
    refused(&[texts[0].clone() + &sealed("hullo")], "expected a record, found `hullo`");
    refused(
        &[lines[..HEADER_LINES].concat() + &sealed("round 0 state 00000000000000aa coin - heard p3:0000000000000000 request -")],
        "found p3 heard",
    );
    refused(&[lines[..HEADER_LINES].concat() + &sealed("retired 0") + lines[HEADER_LINES]], "expected nothing behind the end");
}

#[test]
fn the_fingerprint_covers_the_shape_and_the_text() {
    let prints = [fingerprint::<Walk>(""), fingerprint::<Walk>("a"), fingerprint::<OneThirdRule>("")];
    assert!(prints[0] != prints[1] && prints[0] != prints[2]);
    assert_eq!(prints[0], fingerprint::<Walk>(""));
}

/// What a process records after a crash voids what it had recorded from that round on.
#[test]
fn a_recording_goes_on_where_the_process_came_back() {
    let whole = record(3, 6, 5).swap_remove(1);
    let is_round = |line: &&str| line.starts_with("round ");
    let header: String = whole.lines().take(HEADER_LINES).map(|line| format!("{line}\n")).collect();
    let lines: Vec<String> = whole.lines().filter(is_round).map(|line| format!("{line}\n")).collect();
    let cut = |rounds: usize| header.clone() + &lines[..rounds].concat();
    let stray = Record::Round(RoundRecord { round: 2, state: 77, coin: None, heard: vec![], request: None }).line();
    let forwarded = Record::Forwarded { round: 3, field: "x".into(), value: "1".into() }.line();
    let before = Trace::parse("p1", &cut(lines.len())).expect("a recording");
    for (last, back) in [(cut(2) + &stray, 2), (cut(2) + &stray + &Record::End(End::Retired(3)).line(), 2), (cut(4), 1)] {
        let text = last + &Record::Recovered(back).line() + &lines[back..].concat();
        let found = Trace::parse("p1", &text).expect("a recording");
        assert_eq!((&found.rounds, &found.end, found.recovered), (&before.rounds, &before.end, vec![back]));
    }
    let told = cut(2) + &stray + &forwarded + &Record::Recovered(2).line() + &lines[2..].concat();
    assert_eq!(Trace::parse("p1", &told).expect("a recording").forwarded.len(), 1, "what was told was told");
    let ahead = cut(2) + &Record::Recovered(3).line();
    let error = Trace::parse("p1", &ahead).expect_err("it was never there");
    assert_eq!(error.problem, "expected it to come back into one of the rounds 0 to 2, found round 3");
}
