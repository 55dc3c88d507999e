//! Constructors: they simplify as they build, and every term is built through them.
//!
//! Worked example: `and([a, true, and([b, a])])` is `a ∧ b`; `member(e, {j | x(j) = v})` is `x(e) = v`.

use super::{Facts, Fun, Node, Sort, Term, Terms, Var};

/// A wrapped sum would be a wrong formula.
const SMALL: &str = "whoever reads formulas keeps their numbers far below 2^63";

impl Terms {
    /// A truth value.
    pub fn bool(&mut self, value: bool) -> Term {
        self.intern(Node::Bool(value))
    }
    /// An integer.
    pub fn int(&mut self, value: i64) -> Term {
        self.intern(Node::Int(value))
    }
    /// A bound variable as a term.
    pub fn var(&mut self, var: Var) -> Term {
        self.intern(Node::Var(var))
    }
    /// A function applied.
    ///
    /// # Panics
    /// When the number or the sorts of the arguments are not the declared ones: the caller's error.
    pub fn app(&mut self, fun: Fun, arguments: &[Term]) -> Term {
        let symbol = self.symbol(fun);
        let fits =
            symbol.arguments.len() == arguments.len() && symbol.arguments.iter().zip(arguments).all(|(&sort, &a)| self.fits(a, sort));
        assert!(fits, "{} takes {:?}", symbol.name, symbol.arguments);
        self.intern(Node::App(fun, arguments.into()))
    }
    /// A constant.
    pub fn constant(&mut self, fun: Fun) -> Term {
        self.app(fun, &[])
    }
    /// The number of processes.
    pub fn n(&mut self) -> Term {
        let n = self.find("n").expect("declared with the terms");
        self.constant(n)
    }
    /// Whether `term` may stand where `sort` is asked for: literals fit every number sort.
    pub fn fits(&self, term: Term, sort: Sort) -> bool {
        self.sort(term) == sort || (sort.is_number() && matches!(self.node(term), Node::Int(_)))
    }

    /// `¬a`.
    pub fn not(&mut self, a: Term) -> Term {
        match *self.node(a) {
            Node::Bool(value) => self.bool(!value),
            Node::Not(inner) => inner,
            _ => self.intern(Node::Not(a)),
        }
    }
    /// The conjunction.
    pub fn and(&mut self, parts: impl IntoIterator<Item = Term>) -> Term {
        self.junction(parts, true)
    }
    /// The disjunction.
    pub fn or(&mut self, parts: impl IntoIterator<Item = Term>) -> Term {
        self.junction(parts, false)
    }
    /// `a ⇒ b`.
    pub fn implies(&mut self, a: Term, b: Term) -> Term {
        let not_a = self.not(a);
        self.or([not_a, b])
    }
    fn junction(&mut self, parts: impl IntoIterator<Item = Term>, conjunction: bool) -> Term {
        let mut flat: Vec<Term> = Vec::new();
        for part in parts {
            match self.node(part) {
                Node::Bool(value) if *value == conjunction => {}
                Node::Bool(_) => return part,
                Node::And(list) if conjunction => flat.extend(list.iter()),
                Node::Or(list) if !conjunction => flat.extend(list.iter()),
                _ => flat.push(part),
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        flat.retain(|&part| seen.insert(part));
        for &part in &flat {
            if let Node::Not(inner) = *self.node(part)
                && seen.contains(&inner)
            {
                return self.bool(!conjunction);
            }
        }
        if !conjunction {
            self.absorb(&mut flat);
        }
        match (flat.len(), conjunction) {
            (0, _) => self.bool(conjunction),
            (1, _) => flat[0],
            (_, true) => self.intern(Node::And(flat.into())),
            (_, false) => self.intern(Node::Or(flat.into())),
        }
    }
    /// `¬a ∨ (a ∧ b)` is `¬a ∨ b`: of a conjunction beside its own premise's negation the premise says nothing new.
    fn absorb(&mut self, parts: &mut [Term]) {
        for k in 0..parts.len() {
            let Node::And(list) = self.node(parts[k]).clone() else { continue };
            let mut kept = list.to_vec();
            for (other, &sibling) in parts.iter().enumerate() {
                if other != k {
                    let premise = self.not(sibling);
                    kept.retain(|&c| c != premise);
                }
            }
            if !kept.is_empty() && kept.len() < list.len() {
                parts[k] = self.and(kept);
            }
        }
    }
    /// `if c then a else b`, of any sort but sets.
    pub fn ite(&mut self, c: Term, a: Term, b: Term) -> Term {
        match *self.node(c) {
            Node::Bool(true) => return a,
            Node::Bool(false) => return b,
            Node::Not(inner) => return self.ite(inner, b, a),
            _ if a == b => return a,
            _ => {}
        }
        match (self.node(a).clone(), self.node(b).clone()) {
            (Node::Bool(true), _) => self.or([c, b]),
            (Node::Bool(false), _) => {
                let not_c = self.not(c);
                self.and([not_c, b])
            }
            (_, Node::Bool(true)) => self.implies(c, a),
            (_, Node::Bool(false)) => self.and([c, a]),
            // One condition for one alternative: if c then (if d then x else y) else y.
            (Node::Ite(d, x, y), _) if y == b => {
                let both = self.and([c, d]);
                self.ite(both, x, b)
            }
            _ => self.intern(Node::Ite(c, a, b)),
        }
    }
    /// `a = b`; `⇔` between formulas, extensional between sets.
    pub fn eq(&mut self, a: Term, b: Term) -> Term {
        if a == b {
            return self.bool(true);
        }
        if self.sort(a).element().is_some() {
            return self.same_set(a, b);
        }
        match (self.node(a).clone(), self.node(b).clone()) {
            (Node::Int(_), Node::Int(_)) => self.bool(false),
            (Node::Bool(true), _) => b,
            (_, Node::Bool(true)) => a,
            (Node::Bool(false), _) => self.not(b),
            (_, Node::Bool(false)) => self.not(a),
            _ => self.intern(Node::Eq(a.min(b), a.max(b))),
        }
    }
    /// `a ≤ b`.
    pub fn le(&mut self, a: Term, b: Term) -> Term {
        match (self.node(a), self.node(b)) {
            (Node::Int(x), Node::Int(y)) => {
                let holds = x <= y;
                self.bool(holds)
            }
            _ if a == b => self.bool(true),
            _ => self.intern(Node::Le(a, b)),
        }
    }
    /// `a < b`.
    pub fn lt(&mut self, a: Term, b: Term) -> Term {
        match (self.node(a), self.node(b)) {
            (Node::Int(x), Node::Int(y)) => {
                let holds = x < y;
                self.bool(holds)
            }
            _ if a == b => self.bool(false),
            _ => self.intern(Node::Lt(a, b)),
        }
    }
    /// The sum.
    pub fn add(&mut self, parts: impl IntoIterator<Item = Term>) -> Term {
        let mut constant = 0i64;
        let mut flat = Vec::new();
        let mut pending: Vec<Term> = parts.into_iter().collect();
        pending.reverse();
        while let Some(part) = pending.pop() {
            match self.node(part) {
                Node::Int(k) => constant = constant.checked_add(*k).expect(SMALL),
                Node::Add(list) => pending.extend(list.iter().rev()),
                _ => flat.push(part),
            }
        }
        if constant != 0 || flat.is_empty() {
            let k = self.int(constant);
            flat.push(k);
        }
        if flat.len() == 1 { flat[0] } else { self.intern(Node::Add(flat.into())) }
    }
    /// `k · a`.
    pub fn times(&mut self, k: i64, a: Term) -> Term {
        match *self.node(a) {
            _ if k == 0 => self.int(0),
            _ if k == 1 => a,
            Node::Int(x) => self.int(k.checked_mul(x).expect(SMALL)),
            Node::Mul(j, inner) => self.times(k.checked_mul(j).expect(SMALL), inner),
            _ => self.intern(Node::Mul(k, a)),
        }
    }
    /// `a - b`.
    pub fn minus(&mut self, a: Term, b: Term) -> Term {
        let negative = self.times(-1, b);
        self.add([a, negative])
    }

    /// `∀ variables. body`.
    pub fn forall(&mut self, variables: &[Var], body: Term) -> Term {
        self.quantify(variables, body, true)
    }
    /// `∃ variables. body`.
    pub fn exists(&mut self, variables: &[Var], body: Term) -> Term {
        self.quantify(variables, body, false)
    }
    fn quantify(&mut self, variables: &[Var], body: Term, universal: bool) -> Term {
        let used: Vec<Var> = variables.iter().copied().filter(|v| self.free(body).contains(v)).collect();
        // No universe is empty, so that a variable that does not occur binds nothing.
        if used.is_empty() {
            return body;
        }
        match (self.node(body).clone(), universal) {
            (Node::Forall(inner, body), true) | (Node::Exists(inner, body), false) => {
                let all: Vec<Var> = used.into_iter().chain(inner.iter().copied()).collect();
                self.intern(if universal { Node::Forall(all.into(), body) } else { Node::Exists(all.into(), body) })
            }
            (_, true) => self.intern(Node::Forall(used.into(), body)),
            (_, false) => self.intern(Node::Exists(used.into(), body)),
        }
    }

    /// `{ variable | body }`.
    pub fn comprehension(&mut self, variable: Var, body: Term) -> Term {
        // η: {e | e ∈ S} is S.
        if let Node::Member(e, set) = *self.node(body)
            && *self.node(e) == Node::Var(variable)
            && !self.free(set).contains(&variable)
        {
            return set;
        }
        self.intern(Node::Comprehension(variable, body))
    }
    /// `element ∈ set`; a comprehension's body is put in its place.
    pub fn member(&mut self, element: Term, set: Term) -> Term {
        match *self.node(set) {
            Node::Comprehension(variable, body) => self.substitute(body, &[(variable, element)]),
            _ => self.intern(Node::Member(element, set)),
        }
    }
    /// `|set|`.
    pub fn card(&mut self, set: Term) -> Term {
        if let Node::Comprehension(variable, body) = *self.node(set)
            && let Node::Bool(all) = *self.node(body)
            && (self.variable_sort(variable) == Sort::Process || !all)
        {
            return if all { self.n() } else { self.int(0) };
        }
        self.intern(Node::Card(set))
    }
    fn pointwise(&mut self, sets: &[Term], of: impl Fn(&mut Terms, Vec<Term>) -> Term) -> Term {
        let element = self.sort(sets[0]).element().expect("a set");
        let variable = self.variable("e", element);
        let e = self.var(variable);
        let members = sets.iter().map(|&set| self.member(e, set)).collect();
        let body = of(self, members);
        self.comprehension(variable, body)
    }
    /// `a ∪ b`.
    pub fn union(&mut self, a: Term, b: Term) -> Term {
        self.pointwise(&[a, b], |t, m| t.or(m))
    }
    /// `a ∩ b`.
    pub fn intersection(&mut self, a: Term, b: Term) -> Term {
        self.pointwise(&[a, b], |t, m| t.and(m))
    }
    /// `a ∖ b`.
    pub fn difference(&mut self, a: Term, b: Term) -> Term {
        self.pointwise(&[a, b], |t, m| {
            let not_b = t.not(m[1]);
            t.and([m[0], not_b])
        })
    }
    /// `∅`, of elements of `sort`.
    pub fn empty_set(&mut self, sort: Sort) -> Term {
        let variable = self.variable("e", sort);
        let no = self.bool(false);
        self.comprehension(variable, no)
    }
    /// The set of all processes.
    pub fn universe(&mut self) -> Term {
        let variable = self.variable("e", Sort::Process);
        let yes = self.bool(true);
        self.comprehension(variable, yes)
    }
    /// `{ element }`.
    pub fn singleton(&mut self, element: Term, sort: Sort) -> Term {
        let variable = self.variable("e", sort);
        let e = self.var(variable);
        let same = self.eq(e, element);
        self.comprehension(variable, same)
    }
    /// `a ⊆ b`.
    pub fn subset(&mut self, a: Term, b: Term) -> Term {
        let element = self.sort(a).element().expect("a set");
        let variable = self.variable("e", element);
        let e = self.var(variable);
        let (in_a, in_b) = (self.member(e, a), self.member(e, b));
        let body = self.implies(in_a, in_b);
        self.forall(&[variable], body)
    }
    fn same_set(&mut self, a: Term, b: Term) -> Term {
        let element = self.sort(a).element().expect("a set");
        let variable = self.variable("e", element);
        let e = self.var(variable);
        let (in_a, in_b) = (self.member(e, a), self.member(e, b));
        let same = self.eq(in_a, in_b);
        let members = self.forall(&[variable], same);
        let (card_a, card_b) = (self.card(a), self.card(b));
        let sizes = self.eq(card_a, card_b);
        self.and([members, sizes])
    }

    /// Puts terms in the place of free variables. The terms' own variables are never caught: binders are unique, and the terms that
    /// are put in may only have variables bound outside.
    pub fn substitute(&mut self, term: Term, map: &[(Var, Term)]) -> Term {
        let mut memo = std::collections::BTreeMap::new();
        self.substitute_within(term, map, &mut memo)
    }
    fn substitute_within(&mut self, term: Term, map: &[(Var, Term)], memo: &mut std::collections::BTreeMap<Term, Term>) -> Term {
        if !map.iter().any(|(v, _)| self.free(term).contains(v)) {
            return term;
        }
        if let Node::Var(v) = *self.node(term) {
            return map.iter().find(|(from, _)| *from == v).map_or(term, |&(_, to)| to);
        }
        if let Some(&done) = memo.get(&term) {
            return done;
        }
        let node = self.node(term).clone();
        if let Node::Forall(bound, _) | Node::Exists(bound, _) = &node {
            let caught = map.iter().any(|&(_, to)| bound.iter().any(|v| self.free(to).contains(v)));
            assert!(!caught, "binders are unique: {}", self.show(term));
        }
        let children: Vec<Term> = self.children(term).into_iter().map(|c| self.substitute_within(c, map, memo)).collect();
        let result = self.rebuild(&node, &children);
        memo.insert(term, result);
        result
    }
    /// Rebuilds `term` bottom-up; where `rule` answers, its answer stands for the node (and is not rebuilt).
    pub fn replace(
        &mut self,
        term: Term,
        memo: &mut std::collections::BTreeMap<Term, Term>,
        rule: &dyn Fn(&mut Terms, &Node) -> Option<Term>,
    ) -> Term {
        if let Some(&done) = memo.get(&term) {
            return done;
        }
        let node = self.node(term).clone();
        let result = match rule(self, &node) {
            Some(answer) => answer,
            None => {
                let children: Vec<Term> = self.children(term).into_iter().map(|c| self.replace(c, memo, rule)).collect();
                self.rebuild(&node, &children)
            }
        };
        memo.insert(term, result);
        result
    }
    /// The term with other function symbols of the same sorts.
    pub fn replace_symbols(
        &mut self,
        term: Term,
        map: &std::collections::BTreeMap<super::Fun, super::Fun>,
        memo: &mut std::collections::BTreeMap<Term, Term>,
    ) -> Term {
        if let Some(&done) = memo.get(&term) {
            return done;
        }
        let node = self.node(term).clone();
        let children: Vec<Term> = self.children(term).into_iter().map(|c| self.replace_symbols(c, map, memo)).collect();
        let result = match node {
            Node::App(fun, _) => self.app(map.get(&fun).copied().unwrap_or(fun), &children),
            _ => self.rebuild(&node, &children),
        };
        memo.insert(term, result);
        result
    }
    /// `node` with other children, in the order of [`Terms::children`].
    pub fn rebuild(&mut self, node: &Node, c: &[Term]) -> Term {
        match node {
            Node::Bool(_) | Node::Int(_) | Node::Var(_) => self.intern(node.clone()),
            Node::App(fun, _) => self.app(*fun, c),
            Node::And(_) => self.and(c.iter().copied()),
            Node::Or(_) => self.or(c.iter().copied()),
            Node::Add(_) => self.add(c.iter().copied()),
            Node::Not(_) => self.not(c[0]),
            Node::Mul(k, _) => self.times(*k, c[0]),
            Node::Forall(vars, _) => self.forall(vars, c[0]),
            Node::Exists(vars, _) => self.exists(vars, c[0]),
            Node::Card(_) => self.card(c[0]),
            Node::Comprehension(var, _) => self.comprehension(*var, c[0]),
            Node::Eq(..) => self.eq(c[0], c[1]),
            Node::Le(..) => self.le(c[0], c[1]),
            Node::Lt(..) => self.lt(c[0], c[1]),
            Node::Member(..) => self.member(c[0], c[1]),
            Node::Ite(..) => self.ite(c[0], c[1], c[2]),
        }
    }

    fn intern(&mut self, node: Node) -> Term {
        if let Some(&term) = self.index.get(&node) {
            return term;
        }
        let term = Term(u32::try_from(self.nodes.len()).expect("fewer than 2^32 terms"));
        let facts = self.facts_of(&node);
        let free = self.free_variables(&node);
        self.nodes.push(node.clone());
        self.facts.push(Facts { open: !free.is_empty(), ..facts });
        self.free.push(free);
        self.index.insert(node, term);
        term
    }
    fn facts_of(&self, node: &Node) -> Facts {
        let mut facts = Facts { sort: Sort::Bool, quantified: false, counts: false, open: false };
        let mut join = |terms: &[Term]| {
            for &t in terms {
                facts.quantified |= self.facts(t).quantified;
                facts.counts |= self.facts(t).counts;
            }
        };
        let sort = match node {
            Node::Bool(_) => Sort::Bool,
            Node::Int(_) => Sort::Int,
            Node::Var(v) => self.variable_sort(*v),
            Node::App(fun, list) => {
                join(list);
                self.symbol(*fun).result
            }
            Node::And(list) | Node::Or(list) => {
                join(list);
                Sort::Bool
            }
            Node::Add(list) => {
                join(list);
                list.iter().map(|&t| self.sort(t)).find(|&s| s != Sort::Int).unwrap_or(Sort::Int)
            }
            Node::Not(a) => {
                join(&[*a]);
                Sort::Bool
            }
            Node::Mul(_, a) => {
                join(&[*a]);
                self.sort(*a)
            }
            Node::Eq(a, b) | Node::Le(a, b) | Node::Lt(a, b) | Node::Member(a, b) => {
                join(&[*a, *b]);
                Sort::Bool
            }
            Node::Ite(c, a, b) => {
                join(&[*c, *a, *b]);
                if matches!(self.node(*a), Node::Int(_)) { self.sort(*b) } else { self.sort(*a) }
            }
            Node::Forall(_, a) | Node::Exists(_, a) => {
                join(&[*a]);
                facts.quantified = true;
                Sort::Bool
            }
            Node::Card(a) => {
                join(&[*a]);
                facts.counts = true;
                Sort::Int
            }
            Node::Comprehension(v, _) => {
                // What is inside a comprehension is its definition's business.
                self.variable_sort(*v).set().expect("there are no sets of truth values or of sets")
            }
        };
        Facts { sort, ..facts }
    }
    fn free_variables(&self, node: &Node) -> Box<[Var]> {
        let mut free = std::collections::BTreeSet::new();
        let bound: &[Var] = match node {
            Node::Var(v) => return [*v].into(),
            Node::Forall(vars, _) | Node::Exists(vars, _) => vars,
            Node::Comprehension(v, _) => std::slice::from_ref(v),
            _ => &[],
        };
        for child in Terms::children_of(node) {
            free.extend(self.free(child).iter().copied().filter(|v| !bound.contains(v)));
        }
        free.into_iter().collect()
    }
}
