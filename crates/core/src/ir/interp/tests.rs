//! One line an expression: its value, or why the step is stuck. The variables are those of a round (`p`, `mailbox`, `ctx`) and those of
//! a specification (`s`, `ho`), with the values given in [`value_of`].

use super::*;
use crate::Set;
use crate::ir::sample::algorithm;
use crate::ir::text::{parse_expr, parse_functions};
use crate::ir::{Kind, Speaks, SpecText};
use std::cell::Cell;

fn datum(text: &str, sort: &Sort) -> Datum {
    Datum::parse(text, sort).expect(text)
}

fn pids(of: &[usize]) -> Set<Pid> {
    of.iter().map(|q| Pid::new(*q)).collect()
}

/// A state of the sample with this estimate and vote.
fn state(x: u64, vote: &str) -> Datum {
    let text = format!("P {{ x: {x}, vote: {vote}, seen: {{p0, p2}}, log: {{φ0: 7, φ2: 9}}, kind: Busy(4) }}");
    datum(&text, &algorithm().state)
}

fn system() -> SystemData {
    SystemData {
        now: vec![state(3, "None"), state(3, "Some(3)"), state(4, "None"), state(5, "None")],
        first: vec![state(3, "None"), state(4, "None"), state(4, "None"), state(6, "None")],
        round: 2,
        parameters: datum("Q { f: 1, first: p2 }", &algorithm().parameters),
        kernel: pids(&[0, 1]),
        byzantine: Set::new(),
    }
}

/// p0, p1, p2 are there and p3 has halted.
fn heard() -> HeardOfData {
    let heard = vec![pids(&[0, 1, 2]), pids(&[0, 1]), pids(&[0, 1, 2]), pids(&[])];
    let safe = vec![pids(&[0, 1]), pids(&[1]), pids(&[0, 1, 2]), pids(&[])];
    let coins = vec![true, false, true, false];
    let (active, byzantine) = (pids(&[0, 1, 2]), Set::new());
    HeardOfData { heard, safe, coins, active, byzantine, round: 3, kernel_before: pids(&[0, 3]), parameters: system().parameters }
}

/// Evaluates at process p1 of 4, in round 5 (one round a phase), coordinator p2, coin `true`, request `true`.
fn value_of(text: &str) -> Result<String, Stuck> {
    let (machine, e) = (Interpreted::new(algorithm()), parse_expr(text).expect(text));
    let (system, ho, request) = (system(), heard(), Datum::Bool(true));
    let at = Moment {
        id: Pid::new(1),
        n: 4,
        round: 5,
        phase: Phase::new(5),
        coordinator: Pid::new(2),
        parameters: &system.parameters,
        coin: true,
        request: Some(&request),
        drew: Cell::new(false),
    };
    let message = &machine.algorithm.rounds[0].message;
    let messages = ["(1, None)", "(2, Some(φ1))", "(4, Some(φ1))", "(1, Some(φ0))"];
    let mailbox: Mailbox<Datum> = messages.iter().enumerate().map(|(q, m)| (Pid::new(q), datum(m, message))).collect();
    let mut frame = Frame::new(&machine);
    (frame.moment, frame.systems[0], frame.heard[0]) = (Some(&at), Some(&system), Some(&ho));
    frame.vars = vec![
        ("p", Val::Data(state(3, "Some(5)"))),
        ("mailbox", Val::Mailbox(Arc::new(mailbox))),
        ("ctx", Val::Context),
        ("s", Val::System(0)),
        ("ho", Val::HeardOf(0)),
        ("nobody", Val::Mailbox(Arc::default())),
        ("max", Val::Data(Datum::Nat(u64::MAX))),
    ];
    let scope = frame.vars.len();
    let value = frame.eval(&e)?;
    assert_eq!(frame.vars.len(), scope, "{text}: a name outlives its scope");
    Ok(match value {
        Val::Data(d) => d.to_string(),
        Val::Outbox(outbox) => format!("{outbox:?}"),
        Val::Progress(progress) => format!("{progress:?}"),
        Val::Faults(faults) => format!("{faults:?}"),
        other => format!("{other:?}"),
    })
}

/// Each line of `table`: an expression, ` = `, its value.
fn check(table: &str) {
    let mut wrong = vec![];
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, expected) = line.split_once(" = ").expect("a line of the table has two sides");
        let value = value_of(text);
        if value.as_deref() != Ok(expected) {
            wrong.push(format!("{text}: {value:?}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn plain_values() {
    check(
        "
        (op + 2 (op * 3 4)) = 14
        (op - 7 7) = 0
        (op / 7 2) = 3
        (op % 7 2) = 1
        (op < (variant None ()) (variant Some ((0 0)))) = true
        (op < (tuple 1 9) (tuple 2 0)) = true
        (op >= (field p vote) (variant Some ((0 5)))) = true
        (op != (method id ctx) (method coordinator ctx)) = true
        (op && (op < 2 1) (op > (op / 1 0) 0)) = false
        (op || (op < 1 2) (op > (op / 1 0) 0)) = true
        (not true) = false
        (method min 3 2) = 2
        (method max (field p vote) (variant None ())) = Some(5)
        (method saturating_sub 2 3) = 0
        (method abs_diff 2 5) = 3
        (call implies false true) = true
        (call implies true false) = false
        (field (tuple 1 2) 1) = 2
        (field p x) = 3
        (struct Q ((f 2) (first (method id ctx)))) = Q { f: 2, first: p1 }
        (field (struct Self ((x 9)) p) vote) = Some(5)
        (variant Kind::Busy ((0 1))) = Busy(1)
        (variant Kind::Late ((since (method phase ctx)))) = Late { since: φ5 }
        (variant Progress::Sync ((0 3))) = Sync(3)
        (variant Faults::Byzantine ((at_most 1))) = Byzantine { at_most: 1 }
        (call half 7) = 3
        (method vote_of p) = Some(5)
        ",
    );
}

#[test]
fn control() {
    check(
        "
        (if (op > 2 1) 10 20) = 10
        (if (letc (pv Some ((0 v))) (field p vote)) v 0) = 5
        (if (op && (letc (pv Some ((0 v))) (field p vote)) (op > v 9)) v 0) = 0
        (if (op && (letc (pv Some ((0 v))) (field p vote)) (letc (pv Kind::Busy ((0 w))) (field p kind))) (op + v w) 0) = 9
        (match (field p kind) (arm (pv Kind::Idle ()) 0) (arm (pv Kind::Busy ((0 v))) (op > v 4) 1) (arm (pv Kind::Busy ((0 v))) v) (arm _ 2)) = 4
        (match 3 (arm (or 1 2) 10) (arm (at k 3) (op + k 1)) (arm _ 0)) = 4
        (match (tuple true false) (arm (tp true true) 1) (arm (tp _ false) 2) (arm _ 3)) = 2
        (match p (arm (ps Self ((x 4))) 1) (arm (ps Self ((x v) (vote _))) v)) = 3
        (match (variant None ()) (arm (pv Some ((0 v))) v) (arm (pv None ()) 8)) = 8
        (block (let (tp a b) (tuple 1 2)) (op + a b)) = 3
        (block (let k 1) (block (let k 2) k) k) = 1
        (block (set (field p x) 8) (op + (field p x) 1)) = 9
        (block (let t (tuple 1 2)) (set (field t 1) 7) t) = (1, 7)
        (block (method insert (field p seen) (method id ctx)) (field p seen)) = {p0, p1, p2}
        (block (method remove (field p log) (call Phase::new 0)) (field p log)) = {φ2: 9}
        (block (method insert (field p log) (call Phase::new 1) 8) (method len (field p log))) = 3
        (block) = ()
        ",
    );
}

#[test]
fn collections() {
    check(
        "
        (method contains (field p seen) (method id ctx)) = false
        (method union (field p seen) (call Set::of (method id ctx))) = {p0, p1, p2}
        (method difference (call Set::of 1 2 3) (call Set::of 2)) = {1, 3}
        (method intersection (call Set::of 1 2 3) (call Set::of 2 4)) = {2}
        (method is_subset (call Set::new) (field p seen)) = true
        (method filter (call Set::of 1 2 3) (lam (v) (op > v 1))) = {2, 3}
        (method map (call Set::of 1 2 3) (lam (v) (op / v 2))) = {0, 1}
        (method first (call Set::of 3 2)) = Some(2)
        (method all (call Set::new) (lam (v) (op > v 1))) = true
        (method any (call Set::of 1 2) (lam (v) (op > v 1))) = true
        (method count (call Set::of 1 2 3) (lam (v) (op > v 1))) = 2
        (method get (field p log) (call Phase::new 2)) = Some(9)
        (method get (field p log) (call Phase::new 1)) = None
        (method keys (field p log)) = {φ0, φ2}
        (method values (field p log)) = {7, 9}
        (method max_key (field p log)) = Some(φ2)
        (method merge (call Map::on (call Set::of (call Phase::new 2)) (lam (k) 1)) (field p log)) = {φ0: 7, φ2: 1}
        (call Map::on (call Set::of 1 2) (lam (k) (op * k k))) = {1: 1, 2: 4}
        (method is (field p vote) 5) = true
        (method is_none_or (field p vote) (lam (v) (op > v 5))) = false
        (method is_some_and (variant None ()) (lam (v) (op > (op / 1 0) 5))) = false
        (method map (field p vote) (lam (v) (op + v 1))) = Some(6)
        (method and_then (field p vote) (lam (v) (variant None ()))) = None
        (method filter (field p vote) (lam (v) (op > v 5))) = None
        (method unwrap_or (variant None ()) 2) = 2
        (method map_or (field p vote) 0 (lam (v) (op + v 1))) = 6
        (method or (variant None ()) (field p vote)) = Some(5)
        (method leq (call Set::of 1) (call Set::of 1 2)) = true
        ",
    );
}

#[test]
fn rounds() {
    check(
        "
        (method len mailbox) = 4
        (method senders mailbox) = {p0, p1, p2, p3}
        (method from mailbox (method coordinator ctx)) = Some((4, Some(φ1)))
        (method from nobody (method coordinator ctx)) = None
        (method min mailbox) = Some((1, None))
        (method max mailbox) = Some((4, Some(φ1)))
        (method ranked mailbox 1) = Some((1, Some(φ0)))
        (method ranked mailbox 4) = None
        (method max_by_key mailbox (lam ((tp _ ts)) ts)) = Some((2, Some(φ1)))
        (method max_by_key nobody (lam ((tp _ ts)) ts)) = None
        (method pick mailbox (lam ((tp _ ts)) (method is_some ts))) = Some((2, Some(φ1)))
        (method most_often (method map mailbox (lam ((tp v _)) (variant Some ((0 v)))))) = Some(1)
        (method len (method map mailbox (lam ((tp _ ts)) ts))) = 3
        (method count mailbox (lam ((tp v _)) (op == v 1))) = 2
        (method any nobody (lam (_) true)) = false
        (method all nobody (lam (_) false)) = true
        (method any mailbox (lam ((tp v _)) (op == (op / 1 (op - 2 v)) 1))) = true
        (method join mailbox (lam ((tp v _)) (call Set::of v))) = Some({1, 2, 4})
        (method merge mailbox (lam ((tp v ts)) (call Map::on (call Set::of v) (lam (_) ts)))) = {1: None, 2: Some(φ1), 4: Some(φ1)}
        (method id ctx) = p1
        (method n ctx) = 4
        (method round ctx) = 5
        (method is_coordinator ctx) = false
        (method request ctx) = Some(true)
        (method coin ctx) = true
        (method successor (method id ctx) (method n ctx)) = p2
        (method rotate (method phase ctx) 4) = p1
        (method rotate_from (method phase ctx) (method coordinator ctx) 4) = p3
        (method is_first (method phase ctx)) = false
        (field (method parameters ctx) f) = 1
        (call broadcast 1) = Broadcast(Nat(1))
        (call to (method coordinator ctx) 1) = To(p2, Nat(1))
        (call to_all (field p seen) 1) = Each({p0: Nat(1), p2: Nat(1)})
        (call each (field p seen) (lam (q) (if (op == q (method coordinator ctx)) (variant Some ((0 1))) (variant None ())))) = Each({p2: Nat(1)})
        (call silent) = Silent
        ",
    );
}

#[test]
fn specifications() {
    check(
        "
        (field (index s (method coordinator s)) x) = 4
        (method forall s (lam (i) (op >= (field (index s i) x) 3))) = true
        (method exists s (lam (i) (op == (field (index s i) x) 6))) = false
        (method count s (lam (i) (op == (field (index s i) x) 3))) = 2
        (method set s (lam (i) (op != (field (index s i) x) (field (method initially s i) x)))) = {p1, p3}
        (method image s (lam (i) (field (index s i) vote))) = {3}
        (method forall_pairs s (lam (i j) (op == i j))) = false
        (method exists_phase s (lam (t) (op == t (method phase s)))) = true
        (method exists_phase s (lam (t) (op > t (method phase s)))) = false
        (op + (method len (method kernel s)) (method round s)) = 4
        (method n ho) = 4
        (method kernel ho) = {p0, p1}
        (method secure_kernel ho) = {p1}
        (method kernel_before ho) = {p0, p3}
        (method uniform ho) = false
        (method min_len ho) = 2
        (method forall ho (lam (q) (op > (method len (method of ho q)) 1))) = true
        (method count ho (lam (q) (method coin ho q))) = 2
        (method difference (method of ho (method coordinator ho)) (method safe ho (method coordinator ho))) = {}
        (method coordinator ho) = p3
        (method phase ho) = φ3
        ",
    );
}

#[test]
fn stuck_steps() {
    let table = [
        ("(op - 1 2)", Stuck::Underflow),
        ("(op / 1 0)", Stuck::DivisionByZero),
        ("(op % 1 0)", Stuck::DivisionByZero),
        ("(op + max 1)", Stuck::Overflow),
        ("(op * max 2)", Stuck::Overflow),
        ("(method rotate (method phase ctx) 0)", Stuck::DivisionByZero),
        ("(method successor (method id ctx) 0)", Stuck::DivisionByZero),
        ("(match 3 (arm 1 0) (arm 2 0))", Stuck::NoArm),
        ("(match (field p vote) (arm (pv None ()) 0) (arm (pv Some ((0 v))) (op > v 5) 1))", Stuck::NoArm),
        ("(block (let (pv None ()) (field p vote)) 1)", Stuck::NoArm),
        // Every message is looked at, also where none of the rest could change the result: as natively.
        ("(method count mailbox (lam ((tp v _)) (op == (op / 1 (op - 4 v)) 1)))", Stuck::DivisionByZero),
        ("(method pick mailbox (lam ((tp v _)) (op == (op - 2 v) 1)))", Stuck::Underflow),
        ("(method map (field p vote) (lam (v) (op - 1 v)))", Stuck::Underflow),
    ];
    for (text, expected) in table {
        assert_eq!(value_of(text), Err(expected), "{text}");
    }
}

#[test]
fn what_has_not_the_sort_is_stuck_and_says_so() {
    let table = [
        ("(not 1)", "Data(Nat(1)) is not a condition"),
        ("(op + true 1)", "Data(Bool(true)) is not a number"),
        ("(op == 1 true)", "1 compared with true"),
        ("(field p y)", "has no field `y`"),
        ("y", "`y` is not bound"),
        ("(set y 1)", "`y` is not bound"),
        ("(set (index s (method id ctx)) p)", "not a place"),
        ("(index p (method id ctx))", "only a system is indexed"),
        ("(call third 1)", "unknown function `third`"),
        ("(call half 1 2)", "`half` takes 1 arguments, not 2"),
        ("(method pop (field p seen))", "a set has no `pop`"),
        ("(method pop mailbox)", "a mailbox has no `pop`"),
        ("(method count mailbox 1)", "a closure is expected"),
        ("(method contains (field p seen))", "argument 0 is missing"),
        ("(struct Q ((f 1)))", "a field of `Q` is missing"),
        ("(struct Nothing ())", "unknown struct `Nothing`"),
        ("(variant Kind::Gone ())", "unknown variant `Kind::Gone`"),
        ("(method join mailbox (lam ((tp v _)) v))", "no join of 1 and 2"),
    ];
    for (text, expected) in table {
        match value_of(text) {
            Err(Stuck::Sort(what)) => assert!(what.contains(expected), "{text}: {what}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

/// The sample with one specification function, its sorts inferred.
fn with_spec(speaks: Speaks, text: &str) -> Interpreted {
    let mut algorithm = algorithm();
    let function = parse_functions(text).expect(text).remove(0);
    algorithm.specs.push(SpecText { name: "f".into(), kind: Kind::Property, speaks, problem: None, doc: String::new(), function });
    crate::ir::sorts::infer(&mut algorithm).expect(text);
    Interpreted::new(algorithm)
}

#[test]
fn values_quantified_over_are_those_that_occur() {
    let holds = |quantifier: &str, body: &str| {
        let text = format!("(fn f (s) (method {quantifier} s (lam ((typed v \"&V\")) {body})))");
        with_spec(Speaks::State, &text).holds(0, Subject::State(&system()))
    };
    // Now and initially, in every field: 3, 4, 5, 6, the logged 7 and 9.
    for v in [3, 4, 5, 6, 7, 9] {
        assert_eq!(holds("exists_value", &format!("(op == v {v})")), Ok(true), "{v}");
    }
    for v in [0, 1, 2, 8] {
        assert_eq!(holds("forall_value", &format!("(op != v {v})")), Ok(true), "{v}");
    }
    assert_eq!(holds("exists_value", "(op == (op - v 4) 1)"), Err(Stuck::Underflow));
}

#[test]
fn predicates_over_two_rounds() {
    let machine = with_spec(Speaks::HeardTwice, "(fn f (before now) (method is_subset (method kernel now) (method kernel before)))");
    let (all, some) = (HeardOfData { heard: vec![pids(&[0, 1, 2]); 4], ..heard() }, heard());
    assert_eq!(machine.holds(0, Subject::HeardTwice(&all, &some)), Ok(true));
    assert_eq!(machine.holds(0, Subject::HeardTwice(&some, &all)), Ok(false));
    assert!(matches!(machine.holds(0, Subject::Heard(&some)), Err(Stuck::Sort(_))));
}

/// p3, which alone holds 5 now and 6 at the start, follows no text: what is said of all is said of the others, and its state is not there.
#[test]
fn specifications_speak_of_processes_that_follow_the_text() {
    let system = SystemData { byzantine: pids(&[3]), ..system() };
    for (body, wanted) in [
        ("(method forall s (lam (i) (op <= (field (index s i) x) 4)))", true),
        ("(op == (method count s (lam (i) (op >= (method n s) 4))) 3)", true),
        ("(method contains (method set s (lam (i) (op >= (method n s) 4))) (method coordinator s))", true),
        ("(method exists s (lam (i) (op >= (field (method initially s i) x) 5)))", false),
    ] {
        let machine = with_spec(Speaks::State, &format!("(fn f (s) {body})"));
        assert_eq!(machine.holds(0, Subject::State(&system)), Ok(wanted), "{body}");
    }
    let one = with_spec(Speaks::State, "(fn f (s) (op == (field (index s (method successor (method coordinator s) (method n s))) x) 5))");
    assert!(matches!(one.holds(0, Subject::State(&system)), Err(Stuck::Sort(why)) if why.contains("p3 does not follow the text")));
    let heard = HeardOfData { active: pids(&[0, 1, 2]), byzantine: pids(&[3]), heard: vec![pids(&[0, 3]); 4], ..heard() };
    assert_eq!((heard.kernel(), heard.min_len()), (pids(&[0, 3]), 2));
}
