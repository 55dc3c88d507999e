//! From Rust to text, one line each.

use super::*;
use syn::parse_quote;

fn lower(item: Item, sig: &str, body: &str, siblings: &[(&str, Sibling)]) -> (String, Vec<String>, Errors) {
    let sig: Signature = syn::parse_str(sig).expect("a signature");
    let block: Block = syn::parse_str(&format!("{{ {body} }}")).unwrap_or_else(|e| panic!("{body}: {e}"));
    let rules = Rules { item, siblings: siblings.iter().map(|(n, s)| (n.to_string(), *s)).collect() };
    let mut errors = Errors::default();
    let lowered = function(&sig, &block, None, &rules, &mut errors);
    let helpers = lowered.helpers.iter().map(|p| quote::quote!(#p).to_string().replace(' ', "")).collect();
    (strip_places(&lowered.text), helpers, errors)
}

/// Takes `@12:5` off.
fn strip_places(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '@' {
            out.push(c);
            continue;
        }
        while chars.peek().is_some_and(|c| c.is_ascii_digit() || *c == ':') {
            chars.next();
        }
    }
    out
}

const ROUND: &str = "fn update(p: &mut X<V>, mailbox: &Mailbox<V>, ctx: &Context)";
const SPEC: &str = "fn locked(s: &System<Self>, ho: &HeardOf<Self>, i: Pid, n: usize)";

fn body_of(text: &str, name: &str, params: &str) -> String {
    let head = format!("(fn {name} ({params}) ");
    text.strip_prefix(&head).and_then(|t| t.strip_suffix(')')).unwrap_or_else(|| panic!("{text}")).to_string()
}

/// A body of `update` and its text.
fn round(body: &str, want: &str) {
    let (text, _, errors) = lower(Item::Round, ROUND, body, &[]);
    assert_eq!(errors.messages(), Vec::<String>::new(), "{body}");
    assert_eq!(body_of(&text, "update", "p mailbox ctx"), want, "{body}");
}

/// A body of a specification function and its text.
fn spec(body: &str, want: &str) {
    let siblings = [("token", Sibling::Function), ("holds", Sibling::Method), ("locked", Sibling::Marked)];
    let (text, _, errors) = lower(Item::Spec, SPEC, body, &siblings);
    assert_eq!(errors.messages(), Vec::<String>::new(), "{body}");
    assert_eq!(body_of(&text, "locked", "s ho i n"), want, "{body}");
}

/// A body of `update` outside the subset, and the message without the hint.
fn refused(body: &str, message: &str) {
    let (_, _, errors) = lower(Item::Round, ROUND, body, &[]);
    let found: Vec<String> = errors.messages().iter().map(|m| m.lines().next().unwrap_or_default().to_string()).collect();
    assert_eq!(found, [message], "{body}");
    assert!(errors.messages().iter().all(|m| m.contains("\nhelp: ")), "{body}");
}

#[test]
fn values() {
    round("17", "17");
    round("17usize", "17");
    round("0xff", "255");
    round("1_000", "1000");
    round("true", "true");
    round("()", "(unit)");
    round("mailbox", "mailbox");
    round("p.x", "(field p x)");
    round("p.pair.0.1", "(field (field (field p pair) 0) 1)");
    round("(p.x, 1)", "(tuple (field p x) 1)");
    round("(1,)", "(tuple 1)");
    round("((mailbox))", "mailbox");
    round("&p.x", "(field p x)");
    round("*p.x", "(field p x)");
    round("(*p).x", "(field p x)");
    round("p.clone()", "p");
    round("p.x.clone()", "(field p x)");
    round("p.decision.as_ref()", "(field p decision)");
    round("mailbox.min().cloned()", "(method min mailbox)");
    round("mailbox.min().copied()", "(method min mailbox)");
    round("r#mailbox", "mailbox");
}

#[test]
fn operators() {
    round("2 * mailbox.len() > ctx.n()", "(op > (op * 2 (method len mailbox)) (method n ctx))");
    round("1 + 2 - 3", "(op - (op + 1 2) 3)");
    round("7 / 2 % 3", "(op % (op / 7 2) 3)");
    round("1 == 2 && 3 != 4 || 5 <= 6", "(op || (op && (op == 1 2) (op != 3 4)) (op <= 5 6))");
    round("1 < 2 && 2 >= 1", "(op && (op < 1 2) (op >= 2 1))");
    round("!p.ready", "(not (field p ready))");
}

#[test]
fn structs_and_variants() {
    round("None", "(variant None ())");
    round("Option::None", "(variant None ())");
    round("None::<V>", "(variant None ())");
    round("Some(p.x.clone())", "(variant Some ((0 (field p x))))");
    round("Option::Some(1)", "(variant Some ((0 1)))");
    round("Progress::Block", "(variant Progress::Block ())");
    round("heardof::Progress::Block", "(variant Progress::Block ())");
    round("Progress::Sync(3)", "(variant Progress::Sync ((0 3)))");
    round("Faults::Value { at_most: 1 }", "(variant Faults::Value ((at_most 1)))");
    round("Leader { first: 1, mailbox }", "(struct Leader ((first 1) (mailbox mailbox)))");
    round("a::Leader { first: 1, ..mailbox }", "(struct Leader ((first 1)) mailbox)");
    round("X { x: 1, ..p.clone() }", "(struct X ((x 1)) p)");
    round("Wrapper(1, 2)", "(struct Wrapper ((0 1) (1 2)))");
    round("Ping", "(struct Ping ())");
    spec("Self { x: 1 }", "(struct Self ((x 1)))");
}

#[test]
fn functions_of_the_language() {
    round("broadcast(p.x.clone())", "(call broadcast (field p x))");
    round("to(ctx.coordinator(), ())", "(call to (method coordinator ctx) (unit))");
    round("to_all(&p.view, 1)", "(call to_all (field p view) 1)");
    round("each(&p.view, |q| Some(q))", "(call each (field p view) (lam (q) (variant Some ((0 q)))))");
    round("silent()", "(call silent)");
    round("silent::<V>()", "(call silent)");
    round("implies(true, false)", "(call implies true false)");
    round("Set::new()", "(call Set::new)");
    round("Set::<Pid>::new()", "(call Set::new)");
    round("Set::of([1, 2])", "(call Set::of 1 2)");
    round("Map::on(&p.view, |_| 0)", "(call Map::on (field p view) (lam (_) 0))");
    round("Phase::new(0)", "(call Phase::new 0)");
    round("heardof::prelude::silent()", "(call silent)");
}

#[test]
fn methods_of_the_language() {
    round("mailbox.count(|m| m == p.x)", "(method count mailbox (lam (m) (op == m (field p x))))");
    round("mailbox.from(ctx.id()).is_some()", "(method is_some (method from mailbox (method id ctx)))");
    round("mailbox.max_by_key(|(_, ts)| *ts)", "(method max_by_key mailbox (lam ((tp _ ts)) ts))");
    round("mailbox.any(|&m| m.0 && !m.1)", "(method any mailbox (lam (m) (op && (field m 0) (not (field m 1)))))");
    round("1.min(2)", "(method min 1 2)");
    round("mailbox.merge(|m| m.1.clone())", "(method merge mailbox (lam (m) (field m 1)))");
    round("p.known.merge(&p.other)", "(method merge (field p known) (field p other))");
    round("p.silent.get(&1).map_or(0, |k| *k + 1)", "(method map_or (method get (field p silent) 1) 0 (lam (k) (op + k 1)))");
    round("ctx.phase().rotate_from(p.first, 3)", "(method rotate_from (method phase ctx) (field p first) 3)");
    round("p.decision.is(&p.x)", "(method is (field p decision) (field p x))");
    round("mailbox.all(|x: &V| *x == 1)", "(method all mailbox (lam ((typed x \"&V\")) (op == x 1)))");
    round("ctx.request().is_none_or(|_| true)", "(method is_none_or (method request ctx) (lam (_) true))");
}

#[test]
fn statements() {
    round("", "(unit)");
    round("p.x = 1;", "(set (field p x) 1)");
    round("p.x = 1", "(set (field p x) 1)");
    round("*p = X { x: 1 };", "(set p (struct X ((x 1))))");
    round("p.pair.0 = 1;", "(set (field (field p pair) 0) 1)");
    round("p.x = 1; p.y = 2;", "(block (set (field p x) 1) (set (field p y) 2))");
    round("p.x += 1;", "(set (field p x) (op + (field p x) 1))");
    round("p.x -= p.y;", "(set (field p x) (op - (field p x) (field p y)))");
    round("let a = 1; p.x = a;", "(block (let a 1) (set (field p x) a))");
    round("let a = 1;", "(block (let a 1) (unit))");
    round("let (a, _) = p.pair; p.x = a;", "(block (let (tp a _) (field p pair)) (set (field p x) a))");
    round(
        "let Thresholds { t, e: f, .. } = ctx.parameters(); t + f",
        "(block (let (ps Thresholds ((t t) (e f))) (method parameters ctx)) (op + t f))",
    );
    round("let X { x, .. } = p; x", "(block (let (ps X ((x x))) p) x)");
    round("let a: usize = 1; a", "(block (let a 1) a)");
    round("p.seen.insert(1);", "(method insert (field p seen) 1)");
    round("p.known.insert(ctx.id(), 1);", "(method insert (field p known) (method id ctx) 1)");
    round("p.seen.remove(&1)", "(method remove (field p seen) 1)");
    round("let mut a = Set::new(); a.insert(1); p.seen = a;", "(block (let a (call Set::new)) (method insert a 1) (set (field p seen) a))");
    round(
        "p.seen = { let mut a = Set::new(); a.insert(1); a };",
        "(set (field p seen) (block (let a (call Set::new)) (method insert a 1) a))",
    );
    round("mailbox.len();", "(block (method len mailbox) (unit))");
    round("{ p.x = 1; }", "(set (field p x) 1)");
    round("{ 1 }", "1");
}

#[test]
fn choices() {
    round("if p.ready { p.x = 1; }", "(if (field p ready) (set (field p x) 1) (unit))");
    round("if p.ready { 1 } else { 2 }", "(if (field p ready) 1 2)");
    round("if p.a { 1 } else if p.b { 2 } else { 3 }", "(if (field p a) 1 (if (field p b) 2 3))");
    round(
        "if let Some(v) = mailbox.min() { p.x = v.clone(); }",
        "(if (letc (pv Some ((0 v))) (method min mailbox)) (set (field p x) v) (unit))",
    );
    round(
        "if p.ready && let Some((v, _)) = mailbox.min() && v == 1 { p.x = v; }",
        "(if (op && (op && (field p ready) (letc (pv Some ((0 (tp v _)))) (method min mailbox))) (op == v 1)) (set (field p x) v) (unit))",
    );
    round(
        "match &p.vote { Some(v) if p.ready => broadcast(v.clone()), _ => silent() }",
        "(match (field p vote) (arm (pv Some ((0 v))) (field p ready) (call broadcast v)) (arm _ (call silent)))",
    );
    round("match p { X { x, .. } => x }", "(match p (arm (ps X ((x x))) x))");
}

#[test]
fn patterns() {
    let pattern = |pat: &str, want: &str| {
        round(&format!("match p.x {{ {pat} => 1, _ => 2 }}"), &format!("(match (field p x) (arm {want} 1) (arm _ 2))"))
    };
    pattern("0", "0");
    pattern("true", "true");
    pattern("v", "v");
    pattern("mut v", "v");
    pattern("ref v", "v");
    pattern("&v", "v");
    pattern("(a, (b, _))", "(tp a (tp b _))");
    pattern("None", "(pv None ())");
    pattern("Option::None", "(pv None ())");
    pattern("Some(Some(v))", "(pv Some ((0 (pv Some ((0 v))))))");
    pattern("Kind::A", "(pv Kind::A ())");
    pattern("Kind::B(a, ..)", "(pv Kind::B ((0 a)))");
    pattern("Kind::B(..)", "(pv Kind::B ())");
    pattern("Kind::C { x, y: 1, .. }", "(pv Kind::C ((x x) (y 1)))");
    pattern("1 | 2", "(or 1 2)");
    pattern("v @ (1 | 2)", "(at v (or 1 2))");
    pattern("Wrapper(a)", "(ps Wrapper ((0 a)))");
    pattern("Leader { first }", "(ps Leader ((first first)))");
    pattern("Pair { 0: a }", "(ps Pair ((0 a)))");
    pattern("()", "_");
}

#[test]
fn specifications() {
    spec("s[i].x", "(field (index s i) x)");
    spec("s[s.coordinator()].vote", "(field (index s (method coordinator s)) vote)");
    spec("s[i].decision().is_some()", "(method is_some (method decision (index s i)))");
    spec(
        "s.forall_pairs(|i, j| s[i].x == s[j].x)",
        "(method forall_pairs s (lam (i j) (op == (field (index s i) x) (field (index s j) x))))",
    );
    spec("s.exists_value(|v: &V| s[i].x == *v)", "(method exists_value s (lam ((typed v \"&V\")) (op == (field (index s i) x) v)))");
    spec("s.initially(i).x", "(field (method initially s i) x)");
    spec("ho.of(i).is_subset(ho.kernel_before())", "(method is_subset (method of ho i) (method kernel_before ho))");
    spec("Self::token(s, i)", "(call token s i)");
    spec("s[i].holds(1)", "(method holds (index s i) 1)");
    spec("s.image(|i| s[i].x.clone()).len() <= n", "(op <= (method len (method image s (lam (i) (field (index s i) x)))) n)");
}

#[test]
fn helpers_are_named() {
    let (text, helpers, errors) = lower(Item::Round, ROUND, "p.x = quorum::most::<V>(majority(mailbox), majority(1));", &[]);
    assert!(errors.is_empty());
    assert_eq!(body_of(&text, "update", "p mailbox ctx"), "(set (field p x) (call most (call majority mailbox) (call majority 1)))");
    assert_eq!(helpers, ["quorum::__heardof_pure_most", "__heardof_pure_majority"]);
}

#[test]
fn places_are_those_of_operators_and_names() {
    let rules = Rules::of(Item::Helper);
    let sig: Signature = parse_quote!(fn f(a: usize, _: usize));
    let block: Block = syn::parse_str("{\n  a + a.min(2) }").expect("a block");
    let text = function(&sig, &block, None, &rules, &mut Errors::default()).text;
    assert_eq!(text, "(fn f (a _) (op@2:5 + a (method@2:9 min a 2)))");
    assert_eq!(function(&sig, &block, Some("a \"tree\""), &rules, &mut Errors::default()).text, r#"(native f (a _) "a \"tree\"")"#);
}

#[test]
fn outside_the_subset() {
    refused("for q in mailbox { }", "loops are outside the subset");
    refused("while true { }", "loops are outside the subset");
    refused("loop { }", "loops are outside the subset");
    refused("return;", "`return` is outside the subset");
    refused("mailbox.min()?;", "`?` is outside the subset");
    refused("mailbox.min().unwrap();", "`unwrap` is outside the subset");
    refused("mailbox.iter();", "`iter` is outside the subset");
    refused("p.log[0]", "indexing is outside the subset here");
    refused("1 as u64", "casts are outside the subset");
    refused("0.5", "floating point is outside the subset");
    refused("\"a\"", "strings and characters are outside the subset");
    refused("println!(\"\")", "the macro `println!` is outside the subset");
    refused("println!(\"\");", "the macro `println!` is outside the subset");
    refused("unsafe { }", "`unsafe` is outside the subset");
    refused("async { }", "`async` and `await` are outside the subset");
    refused("let Some(v) = mailbox.min() else { 1 };", "`let .. else` is outside the subset");
    refused("let a;", "`let` without a value is outside the subset");
    refused("0..1", "ranges are outside the subset");
    refused("[1, 2]", "array literals are outside the subset");
    refused("LIMIT", "the constant `LIMIT` is outside the subset: the text would not know its value");
    refused("usize::MAX", "the constant `usize::MAX` is outside the subset: the text would not know its value");
    refused("mailbox.count(move |m| true)", "`move` is outside the subset");
    refused("mailbox.count(|mut m| true)", "a parameter that changes is outside the subset");
    refused("mailbox.count(|m, n| true)", "a closure with 1 parameter is expected here");
    refused("mailbox.count(good)", "`count` takes a closure here");
    refused("mailbox.count()", "`count` of the language does not take these arguments");
    refused("let f = |x| x;", "a closure as a value is outside the subset");
    refused("ctx(1)", "a call of the variable `ctx` is outside the subset");
    refused("(p.f)(1)", "a call of a computed function is outside the subset");
    refused("mailbox.shuffle(1)", "the method `shuffle` is not in the subset");
    refused("p.decision()", "the method `decision` is not in the subset");
    refused("fn f() {}", "an item inside a function is outside the subset");
    refused("-1", "negative numbers are outside the subset: numbers are natural");
    refused("1 & 2", "bit operators are outside the subset");
    refused("p.x &= 2;", "bit operators are outside the subset");
    refused("match p.x { 0..=3 => 1, _ => 2 }", "ranges are outside the subset");
    refused("match p.x { [a] => 1, _ => 2 }", "slices are outside the subset");
    refused("match p.x { (a, ..) => 1, _ => 2 }", "`..` in a tuple is outside the subset");
    refused("match p.x { LIMIT => 1, _ => 2 }", "a pattern in upper case may be a variant or a constant");
    refused("Heartbeat::update(1)", "composition of rounds is not in the subset yet");
    refused("Detector::init((), ctx)", "composition of rounds is not in the subset yet");
    refused("Vec::from(1)", "the associated function `Vec::from` is outside the subset");
    refused("std::cmp::max(1, 2)", "`std::cmp::max` is outside the subset");
    refused("<V as Ord>::max(1, 2)", "`<T as Trait>::f(..)` is outside the subset");
    refused("Ok(1)", "`Ok` is outside the subset");
    refused("Self::token(1)", "`Self::token` is not known here");
    refused("Self { x: 1 }", "`Self` is not the state here");
    refused("unknown", "`unknown` is not a variable of this function");
    refused("mailbox.any::<V>(|m| true)", "type arguments of a method are outside the subset");
    refused("Set::of(p.x)", "`Set::of` takes one array literal");
}

#[test]
fn changes_behind_references_are_refused() {
    let alias = "`p` alone is a reference through which it can change";
    refused("let q = p;", alias);
    refused("let mut q = if p.a { p } else { p.b };", alias);
    refused("let q = &mut p.x;", "`&mut` is outside the subset");
    refused("let X { seen, .. } = p; seen.insert(1);", "`seen` may be a reference to something else");
    refused("if let Some(v) = mailbox.min() { v.x = 1; }", "`v` may be a reference to something else");
    refused("let mut v = p.x; *v = 1;", "an assignment through a reference is outside the subset");
    refused("match p.x { ref mut v => 1 }", "`ref mut` is outside the subset");
    refused("p.a.is_some_and(|v| { p.x = v; true });", "`p` changes inside an expression");
    refused("let y = { p.x = 1; 2 };", "`p` changes inside an expression");
    refused("if { p.x = 1; true } { }", "`p` changes inside an expression");
    refused("mailbox.min().insert(1);", "this is not a place of the state");
    refused("p.log.get(&1).insert(1);", "this is not a place of the state");
}

#[test]
fn functions_must_not_change_what_they_are_given() {
    let check = |sig: &str, message: &str| {
        let (_, _, errors) = lower(Item::Helper, sig, "1", &[]);
        assert_eq!(errors.messages()[0].lines().next(), Some(message), "{sig}");
    };
    check("fn f(p: &mut X)", "a function that changes what it is given is not pure");
    check("fn f(&mut self)", "a method that changes `self` is not pure");
    check("fn f((a, b): (V, V))", "a pattern as a parameter is outside the subset");
    let (_, _, errors) = lower(Item::Helper, "fn f(a: usize) -> usize", "f(a)", &[]);
    assert!(errors.messages()[0].starts_with("recursion is outside the subset"));
}
