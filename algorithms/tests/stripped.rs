//! Attributes add and do not change: with all of them deleted except the derives, the algorithms compile (in `heardof-stripped`) and
//! take the same steps as the originals.

use heardof_core::datum::Bounds;
use heardof_core::lockstep::{Choice, step};
use heardof_core::{Context, Phase, Pid, Process, Set, System, Value};
use proptest::prelude::*;

/// Rounds of a run: at least three phases of every algorithm.
const ROUNDS: usize = 12;

/// A run, as far as the adversary and the inputs make it: numbers from which both versions draw the same values.
#[derive(Clone, Debug)]
struct Plan {
    n: usize,
    inputs: Vec<usize>,
    parameters: usize,
    /// HO(p) and the coin of p, for each round and process; the sixth bit is the coin.
    rounds: Vec<Vec<u8>>,
}

fn plans() -> impl Strategy<Value = Plan> {
    (1usize..=5).prop_flat_map(|n| {
        let inputs = prop::collection::vec(0usize..60, n);
        // Half the sets are full: rounds in which nothing gets through decide nothing.
        let heard = prop_oneof![0u8..64, 0u8..2].prop_map(|bits| if bits < 2 { 31 | bits << 5 } else { bits });
        let rounds = prop::collection::vec(prop::collection::vec(heard, n), ROUNDS);
        (inputs, 0usize..60, rounds).prop_map(move |(inputs, parameters, rounds)| Plan { n, inputs, parameters, rounds })
    })
}

/// Value number `k`, round and round, of a type.
fn drawn<T: Value>(k: usize, n: usize) -> T {
    let values = T::sort().enumerate(&Bounds { n, values: 3, phases: 1, nat: n });
    T::from_datum(&values[k % values.len()]).expect("an enumerated value is a value of its type")
}

/// The states after each round, as text: the two versions have no type in common.
fn run<P: Process>(plan: &Plan) -> Vec<String> {
    let parameters: P::Parameters = drawn(plan.parameters, plan.n);
    let start = Phase::new(0);
    let first = plan.inputs.iter().enumerate().map(|(k, input)| {
        let coordinator = P::coordinator(start, plan.n, &parameters);
        P::init(drawn(*input, plan.n), &Context::new(Pid::new(k), plan.n, 0, start, coordinator, parameters.clone()))
    });
    let mut system = System::<P>::start(first.collect(), parameters.clone());
    let mut states = vec![format!("{:?}", system.states())];
    for round in &plan.rounds {
        let heard = round.iter().map(|bits| Pid::all(plan.n).filter(|q| bits >> q.index() & 1 == 1).collect::<Set<Pid>>());
        let choice = Choice::new(heard.collect()).with_coins(round.iter().map(|bits| bits >> 5 == 1).collect());
        system = step(&system, &choice);
        states.push(format!("{:?}", system.states()));
    }
    states
}

fn same<P: Process, Stripped: Process>(plan: &Plan) -> Result<(), TestCaseError> {
    prop_assert_eq!(run::<P>(plan), run::<Stripped>(plan));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn originals_and_stripped_take_the_same_steps(plan in plans()) {
        use heardof_algorithms as with;
        use heardof_stripped as without;
        same::<with::OneThirdRule<u64>, without::one_third_rule::OneThirdRule<u64>>(&plan)?;
        same::<with::LastVoting<u64>, without::last_voting::LastVoting<u64>>(&plan)?;
        same::<with::UniformVoting<u64>, without::uniform_voting::UniformVoting<u64>>(&plan)?;
        same::<with::BenOr, without::ben_or::BenOr>(&plan)?;
        same::<with::FloodMin<u64>, without::flood_min::FloodMin<u64>>(&plan)?;
        same::<with::TwoPhaseCommit, without::two_phase_commit::TwoPhaseCommit>(&plan)?;
    }
}

/// Runs in which nothing happens would agree as well.
#[test]
fn runs_decide() {
    let everybody = Plan { n: 3, inputs: vec![0, 1, 1], parameters: 0, rounds: vec![vec![63; 3]; ROUNDS] };
    let last = |states: Vec<String>| states.last().cloned().unwrap_or_default();
    use heardof_stripped as s;
    let ends = [
        last(run::<s::one_third_rule::OneThirdRule<u64>>(&everybody)),
        last(run::<s::last_voting::LastVoting<u64>>(&everybody)),
        last(run::<s::uniform_voting::UniformVoting<u64>>(&everybody)),
        last(run::<s::ben_or::BenOr>(&everybody)),
        last(run::<s::flood_min::FloodMin<u64>>(&everybody)),
        last(run::<s::two_phase_commit::TwoPhaseCommit>(&everybody)),
    ];
    for end in ends {
        assert!(!end.contains("decision: None"), "{end}");
    }
}
