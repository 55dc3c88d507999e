//! Whether the survivors of a run can be asked to decide.

use heardof_core::heard_of::HeardOfData;
use heardof_core::ir::Kind;
use heardof_core::process::Rounds;
use heardof_core::spec::{Spec, SpecFn, Specified};
use heardof_core::{HeardOf, Pid, Set, Value};

/// Whether everybody hears the survivors and nobody else, in each round of some phase, satisfies the safety predicates and those of the good
/// phases, whatever the coins. Then the proved bound applies, and the survivors have to decide.
///
/// # Errors
/// Why they need not.
pub fn obliged<P: Specified>(alive: &[bool], parameters: &P::Parameters) -> Result<(), String> {
    let n = alive.len();
    let survivors: Set<Pid> = Pid::all(n).filter(|p| alive[p.index()]).collect();
    if survivors.is_empty() {
        return Err("nobody survives".into());
    }
    let names = P::Rounds::names();
    let specs = P::specs();
    // Coordinators rotate: a phase of each.
    let mut reason = String::new();
    for phase in 0..n {
        match good(&specs, phase, &names, &survivors, n, parameters) {
            Ok(()) => return Ok(()),
            Err(why) => reason = why,
        }
    }
    Err(format!("{} of {n} survive, which does not satisfy `{reason}`", survivors.len()))
}

/// Whether a phase in which everybody hears the survivors is good; if not, the predicate that says so.
fn good<P: Specified>(
    specs: &[Spec<P>],
    phase: usize,
    names: &[&str],
    survivors: &Set<Pid>,
    n: usize,
    parameters: &P::Parameters,
) -> Result<(), String> {
    for (k, name) in names.iter().enumerate() {
        for coin in [false, true] {
            let heard = vec![survivors.clone(); n];
            let data = HeardOfData {
                safe: heard.clone(),
                heard,
                coins: vec![coin; n],
                active: Pid::all(n).collect(),
                byzantine: Set::new(),
                round: phase * P::Rounds::LEN + k,
                kernel_before: survivors.clone(),
                parameters: parameters.to_datum(),
            };
            let ho = HeardOf::<P>::from_data(data).expect("parameters written by `to_datum` are read by `from_datum`");
            for spec in specs {
                let speaks = match &spec.kind {
                    Kind::Safety => true,
                    Kind::Liveness { rounds, .. } => rounds.is_empty() || rounds.iter().any(|round| round == name),
                    _ => false,
                };
                let holds = match &spec.run {
                    SpecFn::Heard(f) => f(&ho),
                    SpecFn::HeardTwice(f) => f(&ho, &ho),
                    // It speaks of the states, of which one knows nothing here.
                    SpecFn::StateHeard(_) => false,
                    _ => true,
                };
                if speaks && !holds {
                    return Err(spec.name.to_string());
                }
            }
        }
    }
    Ok(())
}
