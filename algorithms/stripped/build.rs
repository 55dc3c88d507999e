//! Writes the stripped algorithms, each as a module, into one file for `src/lib.rs`.

#[path = "src/strip.rs"]
mod strip;

use std::path::Path;
use std::{env, fs};

/// The files of the catalogue.
const FILES: [&str; 6] = ["ben_or", "flood_min", "last_voting", "one_third_rule", "two_phase_commit", "uniform_voting"];

fn main() {
    let mut modules = String::new();
    for name in FILES {
        let file = format!("../src/{name}.rs");
        println!("cargo:rerun-if-changed={file}");
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        let stripped = strip::strip(&text).unwrap_or_else(|line| panic!("{file}:{line}: an attribute without an end"));
        // Where an attribute stood alone, its line is empty now; behind documentation that would be a lint.
        let lines: Vec<&str> = stripped.lines().filter(|line| !line.trim().is_empty()).collect();
        modules += &format!("pub mod {name} {{\n{}\n}}\n", lines.join("\n"));
    }
    let folder = env::var_os("OUT_DIR").expect("cargo tells build scripts where to write");
    fs::write(Path::new(&folder).join("stripped.rs"), modules).expect("cargo's folder can be written to");
}
