//! What check and prover say of a mutant together.
//!
//! Worked example: One-Third Rule with `>=` for the first `>` survives n = 1..9, and all its conditions are proved: it meets the
//! specification at every n, and nobody has to write down why. Were it killed at some n as well, one of the two would be wrong.

use super::prover::Proved;
use heardof_check::mutants::{Matrix, Reasons, Row};

/// The mutants by what became of them; ids in the order of the text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outcome {
    /// Killed by the check and proved by the prover: one of the two is wrong. With what killed it.
    pub contradictions: Vec<(String, String)>,
    /// Not killed, and proved for every n: as right as the original, as far as the specification goes; with the reason, if one is written.
    pub proved: Vec<(String, Option<String>)>,
    /// Not killed and not proved, with the written reason.
    pub explained: Vec<(String, String)>,
    /// Not killed and not proved, without a reason.
    pub unexplained: Vec<String>,
    /// Reasons for what is killed or does not exist.
    pub stale: Vec<String>,
    /// Without a verdict of the check at some n, not killed and not proved; with the reason.
    pub undecided: Vec<(String, String)>,
}

impl Outcome {
    /// Of a matrix of all mutants, and of what the prover says of each row, if it was asked.
    pub fn new(matrix: &Matrix, proved: Option<&[Proved]>, reasons: &Reasons) -> Outcome {
        let survivors = reasons.pair(matrix);
        let in_full = |row: &Row| {
            let number = matrix.rows.iter().position(|r| r.id == row.id);
            number.zip(proved).is_some_and(|(k, proved)| proved.get(k) == Some(&Proved::InFull))
        };
        let of = |id: &String| matrix.rows.iter().find(|r| r.id == *id).is_some_and(in_full);
        let mut outcome = Outcome { stale: survivors.stale, ..Outcome::default() };
        for row in &matrix.rows {
            match (row.smallest(), in_full(row)) {
                (Some(kill), true) => outcome.contradictions.push((row.id.clone(), format!("{} at n = {}", kill.by, kill.n))),
                (None, true) => outcome.proved.push((row.id.clone(), reasons.get(&row.id).map(String::from))),
                (None, false) => {
                    outcome.undecided.extend(row.undecided.first().map(|(n, why)| (row.id.clone(), format!("at n = {n}: {why}"))));
                }
                (Some(_), false) => {}
            }
        }
        outcome.explained = survivors.explained.into_iter().filter(|(id, _)| !of(id)).collect();
        outcome.unexplained = survivors.unexplained.into_iter().filter(|id| !of(id)).collect();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use heardof_check::mutants::{Kill, KillKind};

    /// Each mutant: killed at 3 (`k`), surviving (`s`) or undecided (`u`); proved (`p`), refuted (`r`) or unknown (`u`).
    fn outcome(mutants: &[&str], reasons: &str) -> Outcome {
        let row = |id: &&str| Row {
            id: id.to_string(),
            description: String::new(),
            kills: if id.starts_with('k') { vec![Kill { n: 3, by: "agreement".into(), kind: KillKind::Safety }] } else { vec![] },
            survived: vec![1, 2],
            undecided: if id.starts_with('u') { vec![(3, "too large".into())] } else { vec![] },
        };
        let proved = |id: &&str| match id.chars().nth(1) {
            Some('p') => Proved::InFull,
            Some('r') => Proved::Refuted { condition: "initial/locked".into(), n: 2 },
            _ => Proved::Unknown { what: "initial/locked".into() },
        };
        let matrix = Matrix { algorithm: "a".into(), n: 1..=3, rows: mutants.iter().map(row).collect() };
        let proved: Vec<Proved> = mutants.iter().map(proved).collect();
        Outcome::new(&matrix, Some(&proved), &Reasons::parse(reasons).expect("reasons"))
    }

    #[test]
    fn killed_and_proved_is_a_contradiction() {
        let found = outcome(&["kp", "kr", "ku"], "");
        assert_eq!(found, Outcome { contradictions: vec![("kp".into(), "agreement at n = 3".into())], ..Outcome::default() });
    }

    #[test]
    fn what_is_neither_killed_nor_proved_needs_a_reason() {
        let found = outcome(&["sp", "sr", "su", "up", "uu", "kr"], "sp = known\nsr = why\nkr = no survivor\n");
        let expected = Outcome {
            proved: vec![("sp".into(), Some("known".into())), ("up".into(), None)],
            explained: vec![("sr".into(), "why".into())],
            unexplained: vec!["su".into()],
            stale: vec!["kr".into()],
            undecided: vec![("uu".into(), "at n = 3: too large".into())],
            ..Outcome::default()
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn without_the_prover_nothing_is_proved() {
        let matrix = Matrix { algorithm: "a".into(), n: 1..=3, rows: vec![] };
        assert_eq!(Outcome::new(&matrix, None, &Reasons::default()), Outcome::default());
    }
}
