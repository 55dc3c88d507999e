use super::*;
use crate::clause::Clauses;

#[test]
fn scratch() {
    let files: Vec<String> = std::env::var("VC").unwrap_or_default().split_whitespace().map(String::from).collect();
    let seed: u32 = std::env::var("SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let budget: u64 = std::env::var("BUDGET").ok().and_then(|s| s.parse().ok()).unwrap_or(20);
    let choice = if std::env::var("CVC5").is_ok() { crate::solver::Choice::Cvc5 } else { crate::solver::Choice::Z3 };
    let so = crate::solver::Options {
        seed,
        cores: true,
        limit: Duration::from_secs(5),
        logic: std::env::var("LOGIC").ok().map(|_| "QF_UFLIA".into()),
        ..Default::default()
    };
    let mut a = Solver::start(&choice, &so).unwrap();
    let mut b = Solver::start(&choice, &so).unwrap();
    if let Ok(p) = std::env::var("SMTLOG") {
        a.record(Box::new(std::fs::File::create(p).unwrap()));
    }
    let total = crate::clock::Stopwatch::start();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let (mut terms, assertions) = crate::scratch::read(&text);
        let start = crate::clock::Stopwatch::start();
        let mut clauses = Clauses::new(&mut terms, &assertions);
        if std::env::var("SHOW").is_ok() {
            for c in &clauses.list {
                println!("{:?} {}", c.variables.len(), terms.show(c.matrix));
            }
            for (f, d) in &clauses.definitions {
                println!("{} = {}", terms.symbol(*f).name, terms.show(d.body));
            }
        }
        a.reset(&so);
        b.reset(&so);
        let mut engine = Engine::new(
            &mut terms,
            &mut clauses,
            (&mut a, &mut b),
            Options { budget: Duration::from_secs(budget), strict_witnesses: std::env::var("STRICT").is_ok(), ..Options::default() },
        )
        .unwrap();
        let outcome = engine.run().unwrap();
        let figures = engine.figures;
        drop(engine);
        let outcome = match outcome {
            Outcome::Proved(f) => format!("PROVED {}", f.len()),
            o => format!("{o:?}"),
        };
        println!("{:50} {:14} {:6.2}s {:?}", file.rsplit('/').next().unwrap(), outcome, start.elapsed().as_secs_f64(), figures);
    }
    println!("total {:.2}", total.elapsed().as_secs_f64());
}
