//! `list` and `explain`: what an algorithm is, from its text.

use crate::args;
use crate::registry::{Entry, Registry};
use crate::show::{dash, json, now, table};
use crate::{Failure, Verdict};
use heardof_core::Sort;
use heardof_core::ir::explain::{Place, explain as in_papers_notation, explain_expr};
use heardof_core::ir::text::print_function;
use heardof_core::ir::transfer::{Transfer, transfers};
use heardof_core::ir::{Algorithm, Kind, Node};
use serde_json::json;

/// The facts that `list` shows.
struct Facts {
    problems: String,
    faults: String,
    rounds: usize,
    parameters: String,
    constraint: String,
    enforced: Vec<String>,
    assumed: Vec<String>,
    native: Vec<String>,
    claims: Vec<Claim>,
}

/// A property, termination or an invariant, and whether it holds of the asynchronous system.
struct Claim {
    name: String,
    kind: &'static str,
    transfer: Transfer,
}

fn claims(a: &Algorithm) -> Vec<Claim> {
    let kind = |kind: &Kind| match kind {
        Kind::Property => "property",
        Kind::Termination => "termination",
        _ => "invariant",
    };
    transfers(a).into_iter().map(|(spec, transfer)| Claim { name: spec.name.clone(), kind: kind(&spec.kind), transfer }).collect()
}

fn facts(a: &Algorithm) -> Facts {
    let named = |kind: &dyn Fn(&Kind) -> bool| a.specs.iter().filter(|s| kind(&s.kind)).collect::<Vec<_>>();
    let safety: Vec<String> = named(&|k| *k == Kind::Safety).iter().map(|s| s.name.clone()).collect();
    let (enforced, assumed) = if blocks(a) { (safety, vec![]) } else { (vec![], safety) };
    let faults = match a.faults.as_ref().map(|f| &f.body) {
        None => "benign".to_string(),
        Some(Ok(body)) if body.any(&|e| matches!(&e.node, Node::Variant(name, _) if name == "Faults::Byzantine")) => "Byzantine".into(),
        Some(Ok(body)) if body.any(&|e| matches!(&e.node, Node::Variant(name, _) if name == "Faults::Value")) => "value".into(),
        Some(_) => "benign".into(),
    };
    let parameters = match &a.parameters {
        Sort::Struct(_, fields) => fields.iter().map(|(name, sort)| format!("{name}: {sort}")).collect::<Vec<_>>().join(", "),
        Sort::Unit => String::new(),
        other => other.to_string(),
    };
    Facts {
        problems: a.problems.join(", "),
        faults,
        rounds: a.rounds.len(),
        parameters,
        constraint: constraint(a),
        enforced,
        assumed,
        claims: claims(a),
        native: a.all_functions().filter_map(|f| f.body.as_ref().err().map(|why| format!("{}: {why}", f.name))).collect(),
    }
}

/// What the parameters must satisfy, in the papers' notation; empty if they may be anything.
pub(crate) fn constraint(a: &Algorithm) -> String {
    let formula = |s: &heardof_core::ir::SpecText| match &s.function.body {
        Ok(body) => explain_expr(a, Place::Spec(s), body),
        Err(native) => format!("{}, which is native: {native}", s.name),
    };
    a.specs.iter().filter(|s| s.kind == Kind::Resilience).map(formula).collect::<Vec<_>>().join(" and ")
}

/// Whether the algorithm blocks in every round until it has heard enough. Then its safety predicates are enforced by waiting; otherwise
/// they are assumed of the network.
pub(crate) fn blocks(a: &Algorithm) -> bool {
    a.rounds.iter().all(|r| {
        let body = r.ready.as_ref().and_then(|f| f.body.as_ref().ok());
        body.is_some_and(|b| b.any(&|e| matches!(&e.node, Node::Variant(name, _) if name == "Progress::Block")))
    })
}

pub fn list(registry: &Registry, args: &args::List) -> Result<Verdict, Failure> {
    let start = now();
    let shown: Vec<&Entry> = registry.entries().iter().filter(|e| args.wrong || e.wrong.is_none()).collect();
    if args.json {
        let one = |e: &&Entry| {
            let f = facts(e.machine.algorithm());
            json!({
                "name": e.name, "problem": f.problems, "faults": f.faults, "rounds_per_phase": f.rounds, "parameters": f.parameters,
                "constraint": f.constraint, "enforced": f.enforced, "assumed": f.assumed, "native": f.native, "wrong": e.wrong,
                "claims": f.claims.iter().map(claim_json).collect::<Vec<_>>(),
                "fingerprint": format!("{:016x}", e.fingerprint),
            })
        };
        let algorithms: Vec<_> = shown.iter().map(one).collect();
        println!("{}", json(Verdict::Holds, start.elapsed().as_secs_f64(), json!({ "algorithms": algorithms })));
        return Ok(Verdict::Holds);
    }
    let head = ["algorithm", "problem", "faults", "rounds", "parameters", "predicates of every round", "native"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for e in &shown {
        let f = facts(e.machine.algorithm());
        let enforced = f.enforced.iter().map(|p| format!("{p} (enforced by waiting)"));
        let assumed = f.assumed.iter().map(|p| format!("{p} (assumed)"));
        let predicates: Vec<String> = enforced.chain(assumed).collect();
        let parameters = if f.constraint.is_empty() { f.parameters } else { format!("{} with {}", f.parameters, f.constraint) };
        rows.push(vec![
            e.name.clone(),
            dash(f.problems),
            f.faults,
            f.rounds.to_string(),
            dash(parameters),
            dash(predicates.join(", ")),
            dash(f.native.join(", ")),
        ]);
    }
    print!("{}", table(&rows));
    print!("\n{}", table(&transferred(&shown)));
    println!(
        "\nWhat transfers holds of the running system whenever it holds in lock-step and the predicates of every round hold; `explain` says why."
    );
    println!("Checked for small n by `check`, proved for all n by `prove`.");
    for e in shown.iter().filter(|e| e.wrong.is_some()) {
        println!("{}: {}", e.name, e.wrong.unwrap_or_default());
    }
    Ok(Verdict::Holds)
}

fn claim_json(claim: &Claim) -> serde_json::Value {
    json!({ "name": claim.name, "kind": claim.kind, "transfers": claim.transfer.holds(), "why": claim.transfer.to_string() })
}

/// What transfers to the asynchronous system, and what is so in lock-step only: properties before invariants.
fn transferred(shown: &[&Entry]) -> Vec<Vec<String>> {
    let head = ["algorithm", "transfers: each process by itself", "transfers: outputs that stay", "in lock-step only"];
    let mut rows = vec![head.map(String::from).to_vec()];
    for e in shown {
        let claims = claims(e.machine.algorithm());
        let those = |wanted: &dyn Fn(&Transfer) -> bool| {
            let names: Vec<&str> = claims.iter().filter(|c| wanted(&c.transfer)).map(|c| c.name.as_str()).collect();
            dash(names.join(", "))
        };
        rows.push(vec![
            e.name.clone(),
            those(&|t| matches!(t, Transfer::Local)),
            those(&|t| matches!(t, Transfer::Outputs { .. })),
            those(&|t| !t.holds()),
        ]);
    }
    rows
}

pub fn explain(registry: &Registry, args: &args::Explain) -> Result<Verdict, Failure> {
    let start = now();
    let a = registry.find(&args.algorithm)?.machine.algorithm();
    let text = if args.ir { a.all_functions().map(print_function).collect::<Vec<_>>().join("\n") } else { in_papers_notation(a) };
    if args.json {
        let claims: Vec<_> = claims(a).iter().map(claim_json).collect();
        println!("{}", json(Verdict::Holds, start.elapsed().as_secs_f64(), json!({ "algorithm": a.name, "text": text, "claims": claims })));
    } else {
        println!("{}", text.trim_end());
        if !args.ir {
            println!("\nIn the asynchronous system");
            claims(a).iter().for_each(|c| println!("    {}: {}", c.name, c.transfer));
        }
    }
    Ok(Verdict::Holds)
}
