use super::{Node, Role, Sort, Terms};

#[test]
fn constructors_simplify() {
    let mut t = Terms::new();
    let [a, b] = ["a", "b"].map(|name| {
        let fun = t.declare(name, &[], Sort::Bool, Role::Given);
        t.constant(fun)
    });
    let (yes, no) = (t.bool(true), t.bool(false));
    let ab = t.and([a, b]);
    let not_a = t.not(a);
    for (built, expected) in [
        (t.and([a, yes, ab]), ab),
        (t.and([a, no]), no),
        (t.or([a, not_a]), yes),
        (t.and([a, not_a]), no),
        (t.or([]), no),
        (t.not(not_a), a),
        (t.eq(a, yes), a),
        (t.ite(not_a, a, b), t.ite(a, b, a)),
    ] {
        assert_eq!(t.show(built), t.show(expected));
    }
}

#[test]
fn sets_become_membership() {
    let mut t = Terms::new();
    let [big, small] = ["A", "B"].map(|name| {
        let fun = t.declare(name, &[], Sort::ProcessSet, Role::Given);
        t.constant(fun)
    });
    let p = t.declare("p", &[], Sort::Process, Role::Given);
    let p = t.constant(p);
    let both = t.intersection(big, small);
    let member = t.member(p, both);
    assert_eq!(t.show(member), "p ∈ A ∧ p ∈ B");
    let same = t.eq(big, small);
    assert_eq!(t.show(same), "(∀e1. (e1 ∈ A) = (e1 ∈ B)) ∧ |A| = |B|");
    let universe = t.universe();
    let size = t.card(universe);
    assert_eq!(size, t.n());
    let again = t.intersection(big, big);
    assert_eq!(again, big, "{{e | e ∈ A ∧ e ∈ A}} is A");
}

#[test]
fn substitution_goes_under_binders() {
    let mut t = Terms::new();
    let r = t.declare("R", &[Sort::Process, Sort::Process], Sort::Bool, Role::Given);
    let c = t.declare("c", &[], Sort::Process, Role::Given);
    let c = t.constant(c);
    let (i, j) = (t.variable("i", Sort::Process), t.variable("j", Sort::Process));
    let (vi, vj) = (t.var(i), t.var(j));
    let atom = t.app(r, &[vi, vj]);
    let all = t.forall(&[j], atom);
    assert_eq!(t.free(all), [i]);
    let closed = t.substitute(all, &[(i, c)]);
    assert_eq!(t.show(closed), "∀j1. R(c, j1)");
    assert!(!t.facts(closed).open && t.facts(closed).quantified);
    assert!(matches!(t.node(closed), Node::Forall(..)));
}

#[test]
fn names_are_made_unique_and_plain() {
    let mut t = Terms::new();
    let a = t.declare("x'", &[], Sort::Int, Role::Primed);
    let b = t.declare("x'", &[], Sort::Int, Role::Primed);
    assert_eq!((t.symbol(a).name.as_str(), t.symbol(b).name.as_str()), ("x_", "x__2"));
}
