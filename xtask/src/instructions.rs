//! What a decided instance costs, in instructions: the engine of the node under callgrind, which counts the same on every machine.
//!
//! The difference of two runs of different length, so that neither the start nor the filling of memory counts. The bar is kept in
//! continuous integration; raising it needs a sentence that says why.

use std::path::Path;
use std::process::Command;

/// The most instructions for an instance of LastVoting that all three processes decide, all three together, 1 000 in flight.
const BAR: u64 = 8_000;
const IN_FLIGHT: &str = "1000";
/// How many instances the two runs decide. The first is long enough for every place to have been used.
const RUNS: [u64; 2] = [8_000, 18_000];

/// What was measured.
pub enum Measured {
    /// So many instructions an instance, at most the bar.
    Kept(u64),
    /// So many, and the bar.
    Broken(u64, u64),
    /// Valgrind is not installed.
    NoValgrind,
}

/// Builds and measures.
pub fn run(root: &Path) -> Result<Measured, String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Ok(Measured::NoValgrind);
    }
    let built = Command::new("cargo")
        .args(["build", "--release", "-p", "heardof-node", "--example", "engine"])
        .current_dir(root)
        .status()
        .map_err(|e| format!("cargo build: {e}"))?;
    if !built.success() {
        return Err("the example `engine` of heardof-node does not build".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    let engine = target.join("release").join("examples").join("engine");
    let [short, long] = RUNS;
    let each = (count(&engine, &target, long)? - count(&engine, &target, short)?) / (long - short);
    Ok(if each <= BAR { Measured::Kept(each) } else { Measured::Broken(each, BAR) })
}

fn count(engine: &Path, target: &Path, instances: u64) -> Result<u64, String> {
    let out = format!("--callgrind-out-file={}", target.join("callgrind.engine.out").display());
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", &out])
        .arg(engine)
        .args(["last_voting", "3", IN_FLIGHT, &instances.to_string()])
        .output()
        .map_err(|e| format!("valgrind: {e}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = said.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    collected.filter(|_| output.status.success()).ok_or_else(|| format!("expected `Collected : NUMBER` of callgrind, found:\n{said}"))
}
