//! One line an expression: its sort, or why it has none. The variables are those of a round (`p`, `mailbox`, `ctx`) and those of a
//! specification (`s`, `ho`) of [`algorithm`], and a number `n`.

use super::*;
use crate::ir::sample::algorithm;
use crate::ir::text::{parse_expr, parse_functions};
use crate::ir::{Boundary, SpecText};

/// The sort of an expression, as Rust would write it.
fn sort_of(text: &str) -> Result<String, String> {
    let (algorithm, e) = (algorithm(), parse_expr(text).expect(text));
    let mut inference = Inference::new(&algorithm);
    inference.all(&algorithm).expect("the algorithm itself has sorts");
    let message = Ty::of(&algorithm.rounds[0].message);
    inference.vars = vec![
        ("p", inference.state.clone()),
        ("mailbox", Ty::Mailbox(Box::new(message))),
        ("ctx", Ty::Context),
        ("s", Ty::System),
        ("ho", Ty::HeardOf),
        ("n", Ty::Nat),
    ];
    "f".clone_into(&mut inference.function);
    let result = inference.expr(&e).and_then(|ty| inference.settle().map(|()| ty));
    match result {
        Ok(ty) => Ok(inference.solver.settled(&ty).to_string()),
        Err(error) => Err(format!("{}:{} {}", error.at.line, error.at.column, error.message)),
    }
}

/// Each line of `table`: an expression, ` : ` and its sort, or ` ! `, the place as `line:column` and the message.
fn check(table: &str) {
    let mut wrong = vec![];
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (text, expected) = match (line.split_once(" : "), line.split_once(" ! ")) {
            (Some((text, sort)), _) => (text, Ok(sort)),
            (_, Some((text, message))) => (text, Err(message)),
            _ => panic!("a line of the table has two sides: {line}"),
        };
        let sort = sort_of(text);
        if sort.as_deref().map_err(String::as_str) != expected {
            wrong.push(format!("{text}: {sort:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn plain_values() {
    check(
        "
        7 : usize
        true : bool
        (unit) : ()
        (tuple 1 true) : (usize, bool)
        (field (tuple (field p x) true) 0) : u64
        (field p x) : u64
        (op + (field p x) 1) : u64
        (op + 1 n) : usize
        (op > (op * 2 n) 3) : bool
        (op == (field p vote) (variant None ())) : bool
        (not (op && true (op < 1 2))) : bool
        (method min n 1) : usize
        (method saturating_sub n 1) : usize
        (method abs_diff (field p x) 2) : u64
        (method index (method id ctx)) : usize
        (method successor (method id ctx) n) : Pid
        (method number (method phase ctx)) : usize
        (method rotate_from (method phase ctx) (method id ctx) n) : Pid
        (call Phase::new n) : Phase
        (call implies true false) : bool
        ",
    );
}

#[test]
fn data() {
    check(
        "
        (struct Self ((x 1)) p) : P
        (struct Q ((f 1) (first (method id ctx)))) : Q
        (variant Some ((0 (field p x)))) : Option<u64>
        (variant Kind::Idle ()) : Kind
        (variant Kind::Busy ((0 1))) : Kind
        (variant Kind::Late ((since (method phase ctx)))) : Kind
        (variant Progress::Sync ((0 n))) : Progress
        (variant Faults::Value ((at_most n))) : Faults
        (match (field p kind) (arm (pv Kind::Busy ((0 v))) v) (arm _ 0)) : u64
        (match (field p kind) (arm (pv Kind::Late ((since t))) t) (arm _ (method phase ctx))) : Phase
        (match p (arm (ps Self ((vote v))) v)) : Option<u64>
        (match (field p vote) (arm (pv Some ((0 (at v (or 1 2))))) v) (arm (or (pv None ()) _) 0)) : u64
        (if (letc (pv Some ((0 v))) (field p vote)) v 0) : u64
        (block (let (tp a b) (tuple (field p x) true)) (if b a 0)) : u64
        (block (set (field p x) 3) (field p x)) : u64
        (set (field p x) 3) : ()
        ",
    );
}

#[test]
fn collections() {
    check(
        "
        (method len (field p seen)) : usize
        (call Set::of (method id ctx) (method coordinator ctx)) : Set<Pid>
        (method union (call Set::new) (field p seen)) : Set<Pid>
        (method map (field p seen) (lam (q) (method index q))) : Set<usize>
        (method first (field p seen)) : Option<Pid>
        (method insert (field p seen) (method id ctx)) : ()
        (method count (field p seen) (lam (q) (op == q (method id ctx)))) : usize
        (method get (field p log) (method phase ctx)) : Option<u64>
        (method keys (field p log)) : Set<Phase>
        (method values (field p log)) : Set<u64>
        (method max_key (field p log)) : Option<Phase>
        (method merge (call Map::new) (field p log)) : Map<Phase, u64>
        (call Map::on (field p seen) (lam (q) (op == q (method id ctx)))) : Map<Pid, bool>
        (method is_some_and (field p vote) (lam (v) (op > v 1))) : bool
        (method map (field p vote) (lam (v) (tuple v v))) : Option<(u64, u64)>
        (method and_then (field p vote) (lam (v) (method get (field p log) (method phase ctx)))) : Option<u64>
        (method unwrap_or (field p vote) 0) : u64
        (method map_or (field p vote) true (lam (v) (op == v 1))) : bool
        (method or (field p vote) (variant None ())) : Option<u64>
        (method max (field p vote) (variant Some ((0 1)))) : Option<u64>
        (method leq (field p seen) (call Set::new)) : bool
        ",
    );
}

#[test]
fn rounds() {
    check(
        "
        (method len mailbox) : usize
        (method senders mailbox) : Set<Pid>
        (method from mailbox (method coordinator ctx)) : Option<(u64, Option<Phase>)>
        (method max_by_key mailbox (lam ((tp _ ts)) ts)) : Option<(u64, Option<Phase>)>
        (method pick mailbox (lam ((tp _ ts)) (method is_some ts))) : Option<(u64, Option<Phase>)>
        (method count mailbox (lam (m) (op == (field m 0) 1))) : usize
        (method most_often (method map mailbox (lam ((tp v _)) (variant Some ((0 v)))))) : Option<u64>
        (method join mailbox (lam (_) (field p seen))) : Option<Set<Pid>>
        (method merge mailbox (lam (_) (field p log))) : Map<Phase, u64>
        (method request ctx) : Option<bool>
        (method processes ctx) : Set<Pid>
        (field (method parameters ctx) f) : usize
        (if (method coin ctx) (call broadcast 1) (call silent)) : Outbox<usize>
        (call to (method coordinator ctx) (field p x)) : Outbox<u64>
        (call to_all (field p seen) true) : Outbox<bool>
        (call each (field p seen) (lam (q) (if (op == q (method id ctx)) (variant None ()) (variant Some ((0 1)))))) : Outbox<usize>
        (call half n) : usize
        (method vote_of p) : Option<u64>
        ",
    );
}

#[test]
fn specifications() {
    check(
        "
        (method forall s (lam (i) (op == (field (index s i) x) (field (method initially s i) x)))) : bool
        (method exists_value s (lam (v) (method forall s (lam (i) (op == (field (index s i) x) v))))) : bool
        (method exists_value s (lam ((typed v \"&V\")) true)) : bool
        (method forall_value s (lam ((typed v \"& Option<V>\")) (method is_some v))) : bool
        (method exists_phase s (lam (t) (op <= t (method phase s)))) : bool
        (method count s (lam (i) (method is (method vote_of (index s i)) 1))) : usize
        (method image s (lam (i) (field (index s i) vote))) : Set<u64>
        (method set s (lam (i) (op == i (method coordinator s)))) : Set<Pid>
        (method kernel s) : Set<Pid>
        (method intersection (method of ho (method coordinator ho)) (method kernel_before ho)) : Set<Pid>
        (method forall_pairs ho (lam (q r) (op == (method coin ho q) (method coin ho r)))) : bool
        (op > (op * 2 (method min_len ho)) (method n ho)) : bool
        (field (method parameters ho) first) : Pid
        ",
    );
}

#[test]
fn sorts_that_do_not_fit() {
    check(
        "
        (op@2:3 + n true) ! 2:3 usize and bool are different sorts
        (op@2:3 + 1 true) ! 2:3 usize and bool are different sorts
        (op@2:3 && true (op@2:9 == (field p x) n)) ! 2:9 u64 and usize are different sorts
        (if@4:1 n 1 2) ! 4:1 usize and bool are different sorts
        (if@4:1 true (field p x) (unit)) ! 4:1 u64 and () are different sorts
        (not@1:8 1) ! 1:8 usize and bool are different sorts
        (field@7:2 p y) ! 7:2 `P` has no field `y`
        (field@7:2 (tuple 1 2) 2) ! 7:2 a tuple of 2 has no field `2`
        (field@7:2 n x) ! 7:2 usize has no field `x`
        (op@3:3 + (tuple@3:9 y) 1) ! 3:9 `y` is not bound
        (index@1:1 s n) ! 1:1 usize and Pid are different sorts
        (index@1:1 mailbox (method id ctx)) ! 1:1 Mailbox<(u64, Option<Phase>)> and System are different sorts
        (call@5:5 third n) ! 5:5 `third` has no text; write `#[pure]` on it
        (call@5:5 half n n) ! 5:5 `half` takes 1 arguments, not 2
        (call@5:5 half true) ! 5:5 usize and bool are different sorts
        (method@6:1 vote_of (field p vote)) ! 6:1 an option has no `vote_of`
        (method@6:1 len ctx) ! 6:1 a context has no `len`
        (method@6:1 uniform s) ! 6:1 a system has no `uniform`
        (method@6:1 initially ho (method id ctx)) ! 6:1 heard-of sets have no `initially`
        (method@6:1 sum mailbox) ! 6:1 a mailbox has no `sum`
        (method@6:1 pop (field p seen)) ! 6:1 a set has no `pop`
        (method@6:1 pop (field p log)) ! 6:1 a map has no `pop`
        (method@6:1 unwrap (field p vote)) ! 6:1 an option has no `unwrap`
        (method@6:1 sqrt n) ! 6:1 usize has no `sqrt`
        (method@6:1 ranked mailbox) ! 6:1 `ranked` needs a value as argument 1
        (method@6:1 count mailbox 1) ! 6:1 `count` needs a closure of 1 as argument 1
        (method@6:1 forall_pairs s (lam (i) true)) ! 6:1 `forall_pairs` needs a closure of 2 as argument 1
        (method@6:1 any mailbox (lam (m) (field m 0))) ! 6:1 u64 and bool are different sorts
        (method@6:1 insert (field p seen) 1) ! 6:1 usize and Pid are different sorts
        (method@6:1 get (field p log) (method id ctx)) ! 6:1 Pid and Phase are different sorts
        (variant@8:1 Kind::Gone ()) ! 8:1 `Kind::Gone` is not a variant of an enum of a state, message, input or parameter
        (variant@8:1 Kind::Busy ((1 2))) ! 8:1 `Kind::Busy` has no field `1`
        (struct@8:1 Nothing ()) ! 8:1 `Nothing` is not a struct or enum of a state, message, input or parameter
        (struct@8:1 Self ((x true)) p) ! 8:1 bool and u64 are different sorts
        (match@9:1 (field p vote) (arm (pv Kind::Idle ()) 1)) ! 9:1 Option<u64> and Kind are different sorts
        (match@9:1 (field p vote) (arm (pv None ()) 1) (arm _ true)) ! 9:1 usize and bool are different sorts
        (match@9:1 (field p kind) (arm (pv Kind::Busy ((9 v))) v)) ! 9:1 `Kind::Busy` has no field `9`
        (block (let@9:1 (tp a b c) (tuple 1 2)) a) ! 9:1 (usize, usize) and (?, ?, ?) are different sorts
        (set@9:1 (field p x) true) ! 9:1 u64 and bool are different sorts
        (block@1:1 (lam (x) x)) ! 1:1 a closure stands where a value should
        (call@1:1 to n 1) ! 1:1 usize and Pid are different sorts
        ",
    );
}

/// What the boundary between a signature and its body says: the kinds of predicates, by what they speak of.
fn predicate(speaks: Speaks, text: &str) -> Result<(), String> {
    let mut algorithm = algorithm();
    let function = parse_functions(text).expect(text).remove(0);
    let kind = if speaks == Speaks::Size { Kind::Resilience } else { Kind::Invariant(Boundary::Phase) };
    algorithm.specs.push(SpecText { name: "f".into(), kind, speaks, problem: None, doc: String::new(), function });
    infer(&mut algorithm).map_err(|error| error.to_string())
}

#[test]
fn predicates_know_what_they_speak_of() {
    let table = [
        (Speaks::State, "(fn f (s) (method forall s (lam (i) true)))", ""),
        (Speaks::Step, "(fn f (old new) (op <= (method round old) (method round new)))", ""),
        (Speaks::Heard, "(fn f (ho) (method uniform ho))", ""),
        (Speaks::StateHeard, "(fn f (s ho) (op == (method kernel s) (method kernel_before ho)))", ""),
        (Speaks::HeardTwice, "(fn f (before now) (method is_subset (method kernel now) (method kernel before)))", ""),
        (Speaks::HeardTwice, "(fn f (before now) (method forall now (lam (q) (op == (method of before q) (method of now q)))))", ""),
        (Speaks::Size, "(fn f (n q) (op > n (op * 2 (field q f))))", ""),
        (
            Speaks::HeardTwice,
            "(fn f (before now) (method@2:1 initially before 1))",
            "`f`, line 2, column 1: heard-of sets have no `initially`",
        ),
        (Speaks::StateHeard, "(fn f (s ho) (method@2:1 uniform s))", "`f`, line 2, column 1: a system has no `uniform`"),
        (Speaks::State, "(fn f (s ho) true)", "`f`, line 0, column 0: 1 parameters expected, found 2"),
        (Speaks::State, "(fn f (s) (op@3:1 + 1 (method n s)))", "`f`, line 0, column 0: usize and bool are different sorts"),
        (
            Speaks::State,
            "(fn f (s) (method@5:9 exists_value s (lam (v) true)))",
            "`f`, line 5, column 9: the sort of the values quantified over is not known; write it on the closure: `|v: &V|`",
        ),
    ];
    for (speaks, text, expected) in table {
        assert_eq!(predicate(speaks, text).err().unwrap_or_default(), expected, "{text}");
    }
}

#[test]
fn closures_are_told_what_they_range_over() {
    let mut algorithm = algorithm();
    let text = "(fn f (s) (method exists_value s (lam (v) (method exists s (lam (i) (op == (field (index s i) vote) v))))))";
    let function = parse_functions(text).expect(text).remove(0);
    let kind = Kind::Property;
    algorithm.specs.push(SpecText { name: "f".into(), kind, speaks: Speaks::State, problem: None, doc: String::new(), function });
    infer(&mut algorithm).expect("it has sorts");
    let mut found = vec![];
    if let Ok(body) = &algorithm.specs[0].function.body {
        body.walk(&mut |e| {
            if let Node::Lambda(l) = &e.node {
                found.push(l.sorts.clone());
            }
        });
    }
    assert_eq!(found, [vec![Sort::Option(Box::new(Sort::Word("u64")))], vec![Sort::Pid]]);
}

#[test]
fn ordered_sorts_are_those_compared() {
    let mut algorithm = algorithm();
    assert_eq!(ordered(&algorithm), Ok(vec![]), "equality needs no order");
    algorithm.rounds[0].update = parse_functions(
        "(fn update (p mailbox ctx) (if (op < (method id ctx) (method coordinator ctx)) (block (method max_by_key mailbox (lam ((tp _ ts)) ts)) (unit)) (unit)))",
    )
    .expect("a function")
    .remove(0);
    assert_eq!(ordered(&algorithm), Ok(vec![Sort::Pid, Sort::Option(Box::new(Sort::Phase))]));
}
