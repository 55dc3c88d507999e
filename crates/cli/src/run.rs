//! `run`: one process of a real cluster.

use crate::args;
use crate::registry::{Entry, Registry};
use crate::show::spinner;
use crate::typed::default_input;
use crate::{Failure, Verdict};
use heardof_core::ir::Kind;
use heardof_net::{Cluster, Ending, Options};
use heardof_node::Output;
use serde_json::json;

/// The safety predicates that the algorithm does not enforce by waiting: the network must keep them.
pub fn assumed(entry: &Entry) -> Vec<String> {
    let a = entry.machine.algorithm();
    if crate::list::blocks(a) {
        return vec![];
    }
    a.specs.iter().filter(|s| s.kind == Kind::Safety).map(|s| s.name.clone()).collect()
}

pub fn run(registry: &Registry, args: &args::Run) -> Result<Verdict, Failure> {
    let entry = registry.find(&args.algorithm)?;
    let cluster = Cluster::read(&args.cluster)?;
    if let Some(other) = cluster.algorithm.as_ref().filter(|a| **a != entry.name) {
        return Err(Failure::usage(format!("{}: the cluster runs {other}, not {}", args.cluster.display(), entry.name)));
    }
    if args.id >= cluster.n() {
        let message = format!("{}: expected an --id of 0 to {}, found {}", args.cluster.display(), cluster.n() - 1, args.id);
        return Err(Failure::usage(message));
    }
    let assumed = assumed(entry);
    if let Some(missing) = assumed.iter().find(|a| !cluster.assume.contains(a)) {
        let message =
            format!("{}: {} assumes `{missing}` of the network; accept it with assume = [{missing:?}]", args.cluster.display(), entry.name);
        return Err(Failure::usage(message));
    }
    let a = entry.machine.algorithm();
    let input = match &args.input {
        Some(input) => input.clone(),
        None => {
            let input = default_input(&a.input, args.id, cluster.n());
            input.ok_or_else(|| Failure::usage(format!("--input is needed: a {}", a.input)))?.to_string()
        }
    };
    let mut options = Options::new(entry.fingerprint);
    (options.trace, options.wait, options.linger) = (args.trace.clone(), args.wait, args.linger);
    options.seed = args.seed.unwrap_or_else(|| u64::from(std::process::id()));
    if !assumed.is_empty() {
        // Synchrony is assumed: nobody runs ahead of the clock.
        options.grace = Some(cluster.round_timeout);
    }
    // The first line comes with the first output: a process that fails to start says only why.
    let mut banner = (!args.json).then(|| {
        let predicates = if assumed.is_empty() { String::new() } else { format!(", assuming {}", assumed.join(", ")) };
        format!("p{} of {}: {} with input {input}{predicates}", args.id, cluster.n(), entry.name)
    });
    let bar = spinner(args.json);
    bar.set_message(format!("p{} waits for the others", args.id));
    let mut tell = |output: &Output| {
        if let Some(banner) = banner.take() {
            bar.finish_and_clear();
            eprintln!("{banner}");
        }
        say(output, args.json);
    };
    let outcome = entry.typed.run(&cluster, args.id, &input, &options, &mut tell);
    bar.finish_and_clear();
    let outcome = outcome?;
    if args.json {
        let counters: serde_json::Map<String, serde_json::Value> =
            outcome.counters.iter().map(|(name, value)| (name.into(), value.into())).collect();
        let event = json!({
            "event": "end", "ending": format!("{:?}", outcome.ending), "rounds": outcome.rounds, "counters": counters, "overflow": outcome.overflow,
            "strangers": outcome.strangers, "injected_loss": outcome.injected_loss, "milliseconds": outcome.decided_after.as_millis() as u64,
            "forwarded": outcome.forwarded_by.map(|p| p.index()),
        });
        println!("{event}");
    }
    Ok(match outcome.ending {
        Ending::Retired => Verdict::Holds,
        Ending::Stopped(_) => Verdict::Violated,
        Ending::TimeLimit => Verdict::Undecided,
    })
}

/// What the process says as it happens.
fn say(output: &Output, as_json: bool) {
    match output {
        Output::Changed { round, field, value } if as_json => {
            println!("{}", json!({ "event": "output", "field": field, "value": value.to_string(), "round": round }))
        }
        Output::Changed { round, field, value } => println!("{field} = {value} in round {round}"),
        Output::Forwarded { from, outputs, .. } if as_json => {
            let outputs: Vec<_> = outputs.iter().map(|(f, v)| json!({ "field": f, "value": v.to_string() })).collect();
            println!("{}", json!({ "event": "forwarded", "from": from.index(), "outputs": outputs }));
        }
        Output::Forwarded { from, outputs, .. } => outputs.iter().for_each(|(f, v)| println!("{f} = {v}, told by {from}")),
        Output::Alarm(alarm) => eprintln!("alarm: {alarm}"),
        _ => {}
    }
}
