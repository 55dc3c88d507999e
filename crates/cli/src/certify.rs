//! `certify`: proofs checked by somebody who did not make them, against the conditions that the algorithms' texts demand.

use crate::args;
use crate::check::threads;
use crate::registry::Registry;
use crate::show::{json, now};
use crate::{Failure, Verdict};
use heardof_certify::{SolverProgram, check_condition};
use heardof_prove::certificate;
use heardof_prove::condition::{Condition, Problem};
use heardof_prove::prove::Proof;
use heardof_prove::solver::{self, Choice};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most seconds that the solver may take for one certificate.
const LIMIT: u64 = 60;

pub fn certify(registry: &Registry, args: &args::Certify) -> Result<Verdict, Failure> {
    let start = now();
    let program = match solver::locate(&Choice::Z3).map_err(|e| Failure::usage(e.to_string()))? {
        Choice::At(path) => path,
        _ => PathBuf::from("z3"),
    };
    let failed = |path: &Path, e: std::io::Error| Failure::usage(format!("{}: {e}", path.display()));
    let entries = std::fs::read_dir(&args.folder).map_err(|e| failed(&args.folder, e))?;
    let mut texts = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|e| failed(&args.folder, e))?.path();
        if path.extension().is_some_and(|e| e == "cert") {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            texts.insert(name, std::fs::read_to_string(&path).map_err(|e| failed(&path, e))?);
        }
    }
    if texts.is_empty() {
        return Err(Failure::usage(format!("{}: no certificate (*.cert); `prove --certificates` writes them", args.folder.display())));
    }
    let demanded = Demanded::of(registry, &texts);
    let rejected = rejected(&texts, &demanded, &program);
    let missing: Vec<&String> = demanded
        .conditions
        .iter()
        .filter(|(_, files)| !files.iter().any(|f| f.iter().all(|f| texts.contains_key(f))))
        .map(|(name, _)| name)
        .collect();
    let verdict = Verdict::of(rejected.is_empty());
    let seconds = start.elapsed().as_secs_f64();
    if args.json {
        println!("{}", json(verdict, seconds, json!({ "certificates": texts.len(), "rejected": rejected, "missing": missing })));
        return Ok(verdict);
    }
    rejected.iter().for_each(|line| println!("REJECTED {line}"));
    missing.iter().for_each(|name| println!("no certificate: {name}"));
    println!("{} certificates: {} accepted, {} rejected ({seconds:.2} s)", texts.len(), texts.len() - rejected.len(), rejected.len());
    Ok(verdict)
}

/// What the texts of the algorithms demand.
struct Demanded {
    /// For each file name, the condition that a certificate in this file is of.
    texts: BTreeMap<String, String>,
    /// For each condition of an algorithm the sets of files each of which proves it: one, or one for each of its steps.
    conditions: BTreeMap<String, Vec<Vec<String>>>,
}

impl Demanded {
    /// Of the algorithms to which some of the files belong.
    fn of(registry: &Registry, files: &BTreeMap<String, String>) -> Demanded {
        let algorithms: BTreeSet<&str> = files.keys().filter_map(|name| name.split('.').next()).collect();
        let mut demanded = Demanded { texts: BTreeMap::new(), conditions: BTreeMap::new() };
        for entry in algorithms.iter().filter_map(|name| registry.find(name).ok()) {
            let problem = heardof_prove::lower::lower(entry.machine.algorithm());
            for condition in &problem.conditions {
                let mut ways = vec![vec![file_name(&entry.name, &condition.name)]];
                if !condition.steps.is_empty() {
                    ways.push(condition.steps.iter().map(|step| file_name(&entry.name, &step.name)).collect());
                }
                demanded.conditions.insert(format!("{} {}", entry.name, condition.name), ways);
                for one in std::iter::once(condition).chain(&condition.steps) {
                    demanded.enter(&entry.name, &problem, one);
                }
            }
        }
        demanded
    }
    fn enter(&mut self, algorithm: &str, problem: &Problem, condition: &Condition) {
        self.texts.insert(file_name(algorithm, &condition.name), certificate::condition(&problem.terms, condition));
    }
}

/// The files that are not certificates of what they should be, in the order of their names, and why. Each thread keeps a solver.
fn rejected(files: &BTreeMap<String, String>, demanded: &Demanded, program: &Path) -> Vec<String> {
    let jobs: Vec<(&String, &String)> = files.iter().collect();
    let next = AtomicUsize::new(0);
    let worker = || {
        let solver = SolverProgram::z3(program, LIMIT);
        let mut found = BTreeMap::new();
        while let Some((name, text)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = match demanded.texts.get(*name) {
                Some(condition) => check_condition(text, condition, &solver).map_err(|why| why.to_string()),
                None => Err("no algorithm here has a condition to which a file of this name belongs".into()),
            };
            if let Err(why) = result {
                found.insert((*name).clone(), why);
            }
        }
        found
    };
    let found: BTreeMap<String, String> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads(None)).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|w| w.join().expect("a panic is passed on")).collect()
    });
    found.into_iter().map(|(name, why)| format!("{name}: {why}")).collect()
}

/// The file that a certificate is in.
fn file_name(algorithm: &str, condition: &str) -> String {
    format!("{algorithm}.{}.cert", condition.replace(['/', ':', '@', ' '], "_"))
}

/// One file for each condition that was proved by ground formulas.
pub fn write(algorithm: &str, folder: &Path, problem: &Problem, proofs: &[Proof]) -> Result<(), Failure> {
    let failed = |path: &Path, e: std::io::Error| Failure::usage(format!("{}: {e}", path.display()));
    std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
    for (condition, proof) in problem.conditions.iter().zip(proofs) {
        for (name, text) in proof.certificates(condition) {
            let path = folder.join(file_name(algorithm, &name));
            std::fs::write(&path, text).map_err(|e| failed(&path, e))?;
        }
    }
    Ok(())
}
