//! scratch reader
use crate::term::*;
use std::collections::HashMap;
#[derive(Debug, Clone)]
enum S {
    A(String),
    L(Vec<S>),
}
fn parse(t: &str) -> Vec<S> {
    let t: String = t.lines().map(|l| l.split(';').next().unwrap()).collect::<Vec<_>>().join("\n");
    let t = t.replace('(', " ( ").replace(')', " ) ");
    let mut stack = vec![Vec::new()];
    for w in t.split_whitespace() {
        match w {
            "(" => stack.push(Vec::new()),
            ")" => {
                let l = stack.pop().unwrap();
                stack.last_mut().unwrap().push(S::L(l));
            }
            _ => stack.last_mut().unwrap().push(S::A(w.into())),
        }
    }
    stack.pop().unwrap()
}
fn a(s: &S) -> &str {
    match s {
        S::A(x) => x,
        _ => panic!("{s:?}"),
    }
}
fn l(s: &S) -> &[S] {
    match s {
        S::L(x) => x,
        _ => panic!("{s:?}"),
    }
}
fn sort(s: &S) -> Sort {
    match s {
        S::A(x) => match x.as_str() {
            "Pid" => Sort::Process,
            "Int" => Sort::Int,
            "Value" => Sort::Value,
            "Time" => Sort::Time,
            "Bool" => Sort::Bool,
            o => panic!("{o}"),
        },
        S::L(_) => Sort::ProcessSet,
    }
}
pub fn read(text: &str) -> (Terms, Vec<Term>) {
    let mut t = Terms::new();
    let mut f = HashMap::new();
    let mut out = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for c in parse(text) {
        let c = l(&c).to_vec();
        match a(&c[0]) {
            "declare-fun" => {
                let name = a(&c[1]).to_string();
                names.push(name.clone());
                let args: Vec<Sort> = l(&c[2]).iter().map(sort).collect();
                let primed = name.ends_with("_p");
                let n = name.trim_end_matches("_p");
                let aux = ["maxv", "maxt", "mmor", "minx", "minw", "anyv", "coin", "mn", "jn", "anyw"].contains(&n);
                let has_p = text.contains(&format!("(declare-fun {n}_p "));
                let role = if primed {
                    Role::Primed
                } else if aux {
                    Role::Aggregate
                } else if has_p {
                    Role::State
                } else {
                    Role::Given
                };
                let nn = if primed { format!("{n}'") } else { name.clone() };
                f.insert(name, t.declare(&nn, &args, sort(&c[3]), role));
            }
            "assert" => {
                let x = term(&mut t, &f, &mut Vec::new(), &c[1]);
                out.push(x)
            }
            _ => {}
        }
    }
    (t, out)
}
fn term(t: &mut Terms, f: &HashMap<String, Fun>, env: &mut Vec<(String, Var)>, s: &S) -> Term {
    match s {
        S::A(x) => {
            if let Some((_, v)) = env.iter().rev().find(|(n, _)| n == x) {
                return t.var(*v);
            }
            match x.as_str() {
                "true" => t.bool(true),
                "false" => t.bool(false),
                "n" => t.n(),
                _ => {
                    if let Ok(k) = x.parse() {
                        t.int(k)
                    } else {
                        let g = f[x];
                        t.constant(g)
                    }
                }
            }
        }
        S::L(c) => {
            if let S::L(_) = &c[0] {
                panic!()
            }
            match a(&c[0]) {
                "forall" | "exists" => {
                    let n = env.len();
                    let vs: Vec<Var> = l(&c[1])
                        .iter()
                        .map(|b| {
                            let b = l(b);
                            let v = t.variable(a(&b[0]), sort(&b[1]));
                            env.push((a(&b[0]).into(), v));
                            v
                        })
                        .collect();
                    let b = term(t, f, env, &c[2]);
                    env.truncate(n);
                    if a(&c[0]) == "forall" { t.forall(&vs, b) } else { t.exists(&vs, b) }
                }
                "set.comprehension" => {
                    let n = env.len();
                    let b = l(&l(&c[1])[0]);
                    let v = t.variable(a(&b[0]), sort(&b[1]));
                    env.push((a(&b[0]).into(), v));
                    let b = term(t, f, env, &c[2]);
                    env.truncate(n);
                    t.comprehension(v, b)
                }
                h => {
                    let h = h.to_string();
                    let k: Vec<Term> = c[1..].iter().map(|x| term(t, f, env, x)).collect();
                    match h.as_str() {
                        "and" => t.and(k),
                        "or" => t.or(k),
                        "not" => t.not(k[0]),
                        "=>" => {
                            let mut r = k[k.len() - 1];
                            for &x in k[..k.len() - 1].iter().rev() {
                                r = t.implies(x, r)
                            }
                            r
                        }
                        "=" => t.eq(k[0], k[1]),
                        "ite" => t.ite(k[0], k[1], k[2]),
                        "<" => t.lt(k[0], k[1]),
                        "<=" => t.le(k[0], k[1]),
                        ">" => t.lt(k[1], k[0]),
                        ">=" => t.le(k[1], k[0]),
                        "+" => t.add(k),
                        "-" => {
                            if k.len() == 1 {
                                t.times(-1, k[0])
                            } else {
                                t.minus(k[0], k[1])
                            }
                        }
                        "*" => {
                            let Node::Int(i) = *t.node(k[0]) else { panic!() };
                            t.times(i, k[1])
                        }
                        "set.member" => t.member(k[0], k[1]),
                        "set.card" => t.card(k[0]),
                        "set.inter" => t.intersection(k[0], k[1]),
                        "set.union" => t.union(k[0], k[1]),
                        "set.minus" => t.difference(k[0], k[1]),
                        "set.subset" => t.subset(k[0], k[1]),
                        _ => {
                            let g = f[&h];
                            t.app(g, &k)
                        }
                    }
                }
            }
        }
    }
}
