//! State formulas taken apart, so that most of an invariant is looked up instead of evaluated.
//!
//! Worked example: LastVoting's `adopted`, `s.forall(|i| s[i].ts <= Some(s.phase()) && implies(.., s[s.coordinator()].vote.is(&s[i].x)))`,
//! becomes two conjuncts: one that reads a single process ([`Reads::One`]) and one that reads a process and the coordinator
//! ([`Reads::Leader`]). Each is a table over local states. `anchored` counts, so it stays whole.

use heardof_core::ir::{Expr, Function, Node, SpecText};

/// A conjunct of a state formula.
pub struct Conjunct<'a> {
    /// The name of the system in the text.
    pub system: &'a str,
    /// What it reads of the current state.
    pub reads: Reads<'a>,
    /// The formula: for `One`, `Leader` and `Two` the body of the quantifier.
    pub body: &'a Expr,
    /// For `Whole` formulas of the form `s.forall(|i| ..) || ..`: the variable and the body of that quantifier, if it reads only s[i].
    /// Where it holds of everybody, the rest need not be evaluated.
    pub unless: Option<(&'a str, &'a Expr)>,
}

impl Conjunct<'_> {
    /// Whether it reads the first state of a process other than those it quantifies over.
    pub fn reads_other_firsts(&self) -> bool {
        let own = |e: &Expr| match (&e.node, self.reads) {
            (Node::Var(v), Reads::One(i) | Reads::Leader(i)) => v == i,
            (Node::Var(v), Reads::Two(i, j)) => v == i || v == j,
            _ => false,
        };
        self.body.any(&|e| matches!(&e.node, Node::Method(m, _, args) if m == "initially" && !args.first().is_some_and(own)))
    }
}

/// What a conjunct reads of the current state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reads<'a> {
    /// `forall(|i| ..)` that reads only s[i].
    One(&'a str),
    /// `forall(|i| ..)` that reads s[i] and s[s.coordinator()].
    Leader(&'a str),
    /// `forall_pairs(|i, j| ..)` that reads only s[i] and s[j].
    Two(&'a str, &'a str),
    /// Anything else.
    Whole,
}

/// The conjuncts of a specification function over one state.
pub fn conjuncts<'a>(text: &'a SpecText) -> Vec<Conjunct<'a>> {
    let (Ok(body), Some(system)) = (&text.function.body, text.function.params.first()) else { return vec![] };
    let mut out = vec![];
    split(system, body, &mut out);
    out
}

fn conjuncts_of(e: &Expr) -> Vec<&Expr> {
    match &e.node {
        Node::Op(heardof_core::ir::Op::And, a, b) if !e.any(&|e| matches!(e.node, Node::LetCond(..))) => {
            conjuncts_of(a).into_iter().chain(conjuncts_of(b)).collect()
        }
        Node::Block(es) if es.len() == 1 => conjuncts_of(&es[0]),
        _ => vec![e],
    }
}

fn split<'a>(system: &'a str, e: &'a Expr, out: &mut Vec<Conjunct<'a>>) {
    for part in conjuncts_of(e) {
        let whole = Conjunct { system, reads: Reads::Whole, body: part, unless: unless(part, system) };
        let Some((name, vars, body)) = quantifier(part, system) else {
            out.push(whole);
            continue;
        };
        let bodies = conjuncts_of(body);
        let reads = |body: &'a Expr| match (name, vars.as_slice()) {
            ("forall", [i]) => match of_now(body, system) {
                Some(read) if read.iter().all(|r| *r == Read::Of(i)) => Some(Reads::One(i)),
                Some(read) if read.iter().all(|r| *r == Read::Of(i) || *r == Read::OfLeader) => Some(Reads::Leader(i)),
                _ => None,
            },
            ("forall_pairs", [i, j]) => match of_now(body, system) {
                Some(read) if read.iter().all(|r| *r == Read::Of(i) || *r == Read::Of(j)) => Some(Reads::Two(i, j)),
                _ => None,
            },
            _ => None,
        };
        let parts: Option<Vec<_>> =
            bodies.iter().map(|b| reads(b).map(|reads| Conjunct { system, reads, body: b, unless: None })).collect();
        match parts {
            Some(parts) => out.extend(parts),
            None => out.push(whole),
        }
    }
}

/// The first alternative of a disjunction, if it is `s.forall(|i| body)` whose body reads only s[i].
fn unless<'a>(e: &'a Expr, system: &'a str) -> Option<(&'a str, &'a Expr)> {
    let Node::Op(heardof_core::ir::Op::Or, first, _) = &e.node else { return None };
    let ("forall", vars, body) = quantifier(first, system)? else { return None };
    let [i] = vars.as_slice() else { return None };
    let own = of_now(body, system)?.iter().all(|r| *r == Read::Of(i));
    let first_states = body.any(&|e| matches!(&e.node, Node::Method(m, ..) if m == "initially"));
    (own && !first_states).then_some((*i, body))
}

/// Whether a function over one state gives no process a name of its own, so that it holds whoever is in which state: its system is only
/// quantified over, counted and indexed, and it calls nothing but `implies`.
pub fn anonymous(f: &Function) -> bool {
    const NAMELESS: [&str; 11] = [
        "forall",
        "exists",
        "forall_pairs",
        "count",
        "n",
        "phase",
        "exists_phase",
        "forall_phase",
        "initially",
        "exists_value",
        "forall_value",
    ];
    fn nameless(e: &Expr, system: &str) -> bool {
        let is_system = |e: &Expr| matches!(&e.node, Node::Var(v) if v == system);
        match &e.node {
            Node::Index(of, at) if is_system(of) => nameless(at, system),
            Node::Method(m, of, args) if is_system(of) => NAMELESS.contains(&m.as_str()) && args.iter().all(|a| nameless(a, system)),
            Node::Call(f, args) => f == "implies" && args.iter().all(|a| nameless(a, system)),
            // Given away, the system may be asked anything.
            Node::Var(v) => v != system,
            _ => e.children().into_iter().all(|c| nameless(c, system)),
        }
    }
    match (&f.body, f.params.as_slice()) {
        (Ok(body), [system]) => nameless(body, system),
        _ => false,
    }
}

/// `s.forall(|i| body)` as its name, variables and body.
fn quantifier<'a>(e: &'a Expr, system: &str) -> Option<(&'a str, Vec<&'a str>, &'a Expr)> {
    let Node::Method(name, of, args) = &e.node else { return None };
    let ([Expr { node: Node::Lambda(l), .. }], Node::Var(v)) = (args.as_slice(), &of.node) else { return None };
    let vars = l.params.iter().map(|(p, _)| match p {
        heardof_core::ir::Pat::Bind(name) => Some(name.as_str()),
        _ => None,
    });
    (v == system).then_some((name.as_str(), vars.collect::<Option<Vec<_>>>()?, &l.body))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Read<'a> {
    Of(&'a str),
    OfLeader,
}

/// The current local states that `e` reads; `None` if it may read others.
fn of_now<'a>(e: &'a Expr, system: &str) -> Option<Vec<Read<'a>>> {
    match &e.node {
        Node::Index(_, i) => match &i.node {
            Node::Var(v) => Some(vec![Read::Of(v)]),
            Node::Method(m, of, _) if m == "coordinator" && matches!(&of.node, Node::Var(v) if v == system) => Some(vec![Read::OfLeader]),
            _ => None,
        },
        Node::Method(m, of, args) if matches!(&of.node, Node::Var(v) if v == system) => {
            if ["exists_value", "forall_value", "image", "join", "set", "kernel", "component"].contains(&m.as_str()) {
                return None;
            }
            together(args.iter(), system)
        }
        // A helper that is given the system may read anything.
        Node::Var(v) if v == system => None,
        // A name bound here may hide the quantified one: give up rather than look closer.
        Node::Let(..) | Node::LetCond(..) | Node::Match(..) => None,
        _ => together(e.children(), system),
    }
}

fn together<'a>(es: impl IntoIterator<Item = &'a Expr>, system: &str) -> Option<Vec<Read<'a>>> {
    let mut all = vec![];
    for e in es {
        all.extend(of_now(e, system)?);
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use heardof_core::ir::text::parse_functions;
    use heardof_core::ir::{Kind, Speaks};

    fn shapes(body: &str) -> Vec<String> {
        let function = parse_functions(&format!("(fn f (s) {body})")).unwrap().remove(0);
        let text =
            SpecText { name: "f".into(), kind: Kind::Termination, speaks: Speaks::State, problem: None, doc: String::new(), function };
        conjuncts(&text).iter().map(|c| format!("{:?}", c.reads)).collect()
    }

    #[test]
    fn what_a_conjunct_reads() {
        let x = |i: &str| format!("(field (index s {i}) x)");
        let cases = [
            (format!("(method forall s (lam (i) (op && (op == {} 1) (op == {} 2))))", x("i"), x("i")), vec!["One(\"i\")", "One(\"i\")"]),
            (format!("(method forall s (lam (i) (op == {} {})))", x("i"), x("(method coordinator s)")), vec!["Leader(\"i\")"]),
            (format!("(method forall_pairs s (lam (i j) (op == {} {})))", x("i"), x("j")), vec!["Two(\"i\", \"j\")"]),
            (format!("(method forall s (lam (i) (method exists s (lam (j) (op == {} {})))))", x("i"), x("j")), vec!["Whole"]),
            (
                format!("(method forall s (lam (i) (method exists s (lam (j) (op == {} (field (method initially s j) x))))))", x("i")),
                vec!["One(\"i\")"],
            ),
            (
                format!("(op && (method forall s (lam (i) (op == {} 1))) (method exists s (lam (i) (op == {} 1))))", x("i"), x("i")),
                vec!["One(\"i\")", "Whole"],
            ),
            ("(method forall s (lam (i) (call helper s i)))".into(), vec!["Whole"]),
            (format!("(method forall s (lam (i) (op > (method len (method kernel s)) {})))", x("i")), vec!["Whole"]),
        ];
        for (body, expected) in cases {
            assert_eq!(shapes(&body), expected, "{body}");
        }
    }

    #[test]
    fn whoever_is_in_which_state() {
        let nameless = |body: &str| anonymous(&parse_functions(&format!("(fn f (s) {body})")).unwrap().remove(0));
        let x = |i: &str| format!("(field (index s {i}) x)");
        let yes = [
            format!("(method forall s (lam (i) (op == {} 1)))", x("i")),
            format!("(op > (op * 2 (method count s (lam (i) (op == {} 1)))) (method n s))", x("i")),
            "(method exists_value s (lam (v) (method forall s (lam (i) (method is (field (index s i) decision) v)))))".into(),
            format!("(method forall s (lam (i) (call implies (op == {} 1) (method exists_phase s (lam (t) true)))))", x("i")),
        ];
        let no = [
            format!("(op == {} 1)", x("(method coordinator s)")),
            "(method forall s (lam (i) (op == i (method coordinator s))))".into(),
            format!("(op == {} 1)", x("(field (method parameters s) manager)")),
            "(op > (method len (method kernel s)) 1)".into(),
            "(method forall s (lam (i) (call helper s i)))".into(),
            "(method forall s (lam (i) (call helper i)))".into(),
        ];
        yes.iter().for_each(|body| assert!(nameless(body), "{body}"));
        no.iter().for_each(|body| assert!(!nameless(body), "{body}"));
    }
}
