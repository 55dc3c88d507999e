//! Corruptions of real certificates: a slice of what `cargo run --release -p heardof-certify --example corruptions` does at length.
//!
//! The certificates in `proofs/` are some of those that `heardof prove --all --certificates` writes.

#[path = "../examples/corruptions/corrupt.rs"]
mod corrupt;
#[path = "support/solvers.rs"]
mod solvers;
mod support;

use corrupt::{Chance, KINDS, Outcome, judge};
use solvers::solvers;
use std::path::Path;
use support::{Sexp, read, write};

fn proofs() -> Vec<(String, Vec<Sexp>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("proofs");
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut found: Vec<(String, Vec<Sexp>)> = entries
        .map(|entry| entry.expect("it can be read").path())
        .map(|path| (path.display().to_string(), read(&std::fs::read_to_string(&path).expect("a text"))))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn no_random_corruption_is_accepted_unless_it_is_another_proof() {
    let Some([z3, cvc5]) = solvers(20) else { return };
    let mut chance = Chance(1);
    let (mut rejected, mut still) = (0, 0);
    for (name, right) in proofs() {
        for kind in KINDS.iter().chain(&KINDS) {
            let Some((corrupted, line)) = kind.corrupt(&right, &mut chance) else { continue };
            match judge(&right, &corrupted, [&z3, &cvc5]) {
                Outcome::Rejected(why) => rejected += u32::from(!why.why.is_empty()),
                Outcome::StillAProof => still += 1,
                Outcome::Wrong(why) => panic!("{name}, {}, {}: {why}\n{}", kind.name, right[line], write(&corrupted)),
            }
        }
    }
    assert!(rejected > 60 && still < 5, "{rejected} rejected, {still} are other proofs");
}

/// Proofs are cut down to what they need: see `heardof_prove::minimal`.
#[test]
fn no_step_of_a_proof_can_be_left_out() {
    let Some([z3, _]) = solvers(20) else { return };
    for (name, lines) in proofs() {
        assert!(heardof_certify::check(&write(&lines), &z3).is_ok(), "{name}");
        for k in (0..lines.len()).filter(|&k| lines[k].is_step()) {
            let without = [&lines[..k], &lines[k + 1..]].concat();
            assert!(heardof_certify::check(&write(&without), &z3).is_err(), "{name} without {}", lines[k]);
        }
    }
}

/// What differs in a place of which nobody asked is accepted: the judge has to notice.
#[test]
fn the_judge_notices_other_assumptions() {
    let Some([z3, cvc5]) = solvers(20) else { return };
    let right = read("(certificate 1) (condition \"c\") (declare p () Bool) (assume \"a\" (and p (not p))) (instance 0 ())");
    let (other, same) = (
        read("(certificate 1) (condition \"c\") (declare p () Bool) (assume \"a\" (and p (not (and p p)))) (instance 0 ())"),
        read("(certificate 1) (condition \"c\") (declare p () Bool) (assume \"a\" (and p (not p))) (instance 0 ()) (instance 0 ())"),
    );
    assert!(matches!(judge(&right, &other, [&z3, &cvc5]), Outcome::Wrong(_)));
    assert!(matches!(judge(&right, &same, [&z3, &cvc5]), Outcome::StillAProof));
}
