//! `solver`: makes sure that there is an SMT solver for the prover.

use std::path::Path;
use std::process::{Command, Stdio};

/// What pip is asked for when the machine has no z3 of its own.
const PACKAGE: &str = "z3-solver==4.13.4.0";
/// The oldest z3 that the prover works with.
const OLDEST: [u32; 3] = [4, 8, 12];

/// Says which z3 will be used, after fetching one into `target/solver` if need be.
pub fn run(root: &Path) -> Result<String, String> {
    if let Some(version) = version("z3").filter(|v| *v >= OLDEST) {
        return Ok(format!("z3 {} of the PATH", text(version)));
    }
    let folder = root.join("target").join("solver");
    let own = folder.join("bin").join("z3");
    if version(&own.to_string_lossy()).is_none() {
        fetch(&folder)?;
    }
    match version(&own.to_string_lossy()) {
        Some(version) => Ok(format!("z3 {} in target/solver", text(version))),
        None => Err(format!("{} does not run after `pip install {PACKAGE}`", own.display())),
    }
}

fn fetch(folder: &Path) -> Result<(), String> {
    let by_hand = "install z3 4.8.12 or newer:\n  apt-get install z3\n  pip install z3-solver";
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"])
        .arg(folder)
        .arg(PACKAGE)
        .status()
        .map_err(|error| format!("no z3 on the PATH, and no python3 to fetch one ({error}); {by_hand}"))?;
    if status.success() { Ok(()) } else { Err(format!("no z3 on the PATH, and pip could not fetch {PACKAGE}; {by_hand}")) }
}

/// `Z3 version 4.8.12 - 64 bit` as three numbers.
fn version(program: &str) -> Option<[u32; 3]> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.split_whitespace().find_map(|word| {
        let mut numbers = word.split('.').map(str::parse::<u32>);
        Some([numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?])
    })
}

fn text(version: [u32; 3]) -> String {
    version.map(|k| k.to_string()).join(".")
}
