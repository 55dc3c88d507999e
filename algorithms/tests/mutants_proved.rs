//! Mutants put to the checker and the prover: what is killed is not proved, and what is proved needs no reason.
//!
//! Only a few of them; `heardof mutants --all --with both` takes minutes.

use not_tested::not_tested;
use std::process::Command;

#[path = "../../crates/prove/tests/support/not_tested.rs"]
mod not_tested;

/// Words of `heardof mutants`, the exit code, and lines among what it prints (without their blanks).
const CASES: [(&str, i32, &[&str]); 3] = [
    (
        "two_phase_commit --only Votes.update/compare -n 1..3 --with both",
        0,
        &[
            "Votes.update/compare#1: == to >= survives proved",
            "Votes.update/compare#1: == to <= 1,2,3 unanimity (safety) refuted: inductive/Votes/only_unanimous (n = 1)",
            "3 killed, 2 survive, 0 undecided",
        ],
    ),
    // A proof is as good as a reason.
    (
        "two_phase_commit --only Outcome.send/guard -n 1..2 --with both --reasons /dev/null",
        0,
        &["meets the specification for every n: Outcome.send/guard#1: drop 1"],
    ),
    (
        "two_phase_commit --only Outcome.send/guard -n 1..2 --reasons /dev/null",
        1,
        &["survives WITHOUT A REASON: Outcome.send/guard#1: drop 1"],
    ),
];

#[test]
fn check_and_prover_agree() {
    for (words, code, lines) in CASES {
        let output = Command::new(env!("CARGO_BIN_EXE_heardof")).arg("mutants").args(words.split_whitespace()).output().expect("it runs");
        let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if said.contains("is not on the PATH") {
            return not_tested("there is no z3");
        }
        println!("heardof mutants {words}\n{printed}{said}");
        assert_eq!(output.status.code(), Some(code), "heardof mutants {words}\n{printed}{said}");
        let plain: Vec<String> = printed.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for line in lines {
            assert!(plain.iter().any(|p| p == line), "`{line}` is missing: heardof mutants {words}\n{printed}");
        }
    }
}
