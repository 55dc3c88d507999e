//! What transfers to the asynchronous system: one line for each claim of every algorithm, wrong variants included.
//!
//! `BLESS=1 cargo test -p heardof-algorithms --test transfer` writes the golden list anew.

use heardof_core::ir::transfer::{Transfer, transfers};
use std::fmt::Write;
use std::path::Path;

#[test]
fn every_claim_is_classified() {
    let registry = heardof_algorithms::registry();
    let mut page = String::new();
    for entry in registry.entries() {
        let algorithm = entry.machine.algorithm();
        for (spec, transfer) in transfers(algorithm) {
            let _ = writeln!(page, "{} {}: {transfer}", entry.name, spec.name);
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/transfer.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &page).expect("the golden list can be written");
    }
    let expected = std::fs::read_to_string(&path).expect("there is a golden list");
    assert_eq!(page, expected, "BLESS=1 cargo test -p heardof-algorithms --test transfer");
}

/// What the problems ask for is what a user of the running system relies on.
#[test]
fn what_consensus_and_atomic_commit_ask_for_transfers() {
    let registry = heardof_algorithms::registry();
    let mut claims = 0;
    for entry in registry.entries() {
        for (spec, transfer) in transfers(entry.machine.algorithm()) {
            let Some(problem) = &spec.problem else { continue };
            let expected = match spec.name.as_str() {
                "agreement" | "comparability" | "unanimity" | "termination" => matches!(transfer, Transfer::Outputs { .. }),
                _ => transfer == Transfer::Local,
            };
            assert!(expected, "{}: {} of {problem}: {transfer}", entry.name, spec.name);
            claims += 1;
        }
    }
    assert!(claims >= 24, "only {claims} claims");
}
