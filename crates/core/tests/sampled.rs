//! The samples are algorithms: they parse, are well-sorted and print back.

mod samples;

use heardof_core::ir::text::{parse_functions, print_function};

#[test]
fn the_samples_are_algorithms() {
    for algorithm in samples::all() {
        for function in algorithm.all_functions() {
            let printed = print_function(function);
            let read = parse_functions(&printed).expect("what is printed parses");
            assert_eq!(read.iter().map(print_function).collect::<String>(), printed, "{}", algorithm.name);
        }
    }
}
