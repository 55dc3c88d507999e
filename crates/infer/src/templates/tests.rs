use super::*;
use crate::surface::line;

fn words() -> Vocabulary {
    let own = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    Vocabulary {
        value: "V".into(),
        binary: false,
        values: own(&["x"]),
        input: Some("x".into()),
        options: own(&["vote", "decision"]),
        outputs: own(&["decision"]),
        flags: own(&["ready"]),
        stamps: own(&["ts"]),
        thresholds: vec![(2, 1)],
        coordinator: true,
    }
}

#[test]
fn instances_are_named_and_printed() {
    let table = [
        ("nobody", "no_vote", "s.forall(|i| s[i].vote.is_none())"),
        ("nobody", "no_ready", "s.forall(|i| !s[i].ready)"),
        ("stamped", "ts_past", "s.forall(|i| s[i].ts < Some(s.phase()))"),
        ("only", "only_coordinator_ready", "s.forall(|i| implies(s[i].ready, i == s.coordinator()))"),
        ("also", "ready_is_vote", "s.forall(|i| implies(s[i].ready, s[i].vote.is_some()))"),
        ("own", "vote_is_own_x", "s.forall(|i| implies(s[i].vote.is_some(), s[i].vote.is(&s[i].x)))"),
        (
            "own",
            "x_at_ts_now_is_coordinators_vote",
            "s.forall(|i| implies(s[i].ts == Some(s.phase()), s[s.coordinator()].vote.is(&s[i].x)))",
        ),
        ("quorum", "ready_after_majority_ts_now", "s.forall(|i| implies(s[i].ready, 2 * s.count(|j| s[j].ts == Some(s.phase())) > s.n()))"),
        ("quorum", "vote_held_by_majority", "s.forall(|i| s[i].vote.as_ref().is_none_or(|w| 2 * s.count(|j| s[j].x == *w) > s.n()))"),
        ("same", "one_vote", "s.forall_pairs(|i, j| implies(s[i].vote.is_some() && s[j].vote.is_some(), s[i].vote == s[j].vote))"),
        ("together", "all_vote_once_decision", "implies(s.exists(|i| s[i].decision.is_some()), s.forall(|i| s[i].vote.is_some()))"),
        ("inputs", "x_from_inputs", "s.forall(|i| s.exists(|j| s[i].x == s.initially(j).x))"),
        (
            "locked",
            "decision_locks_majority",
            "s.forall(|i| s[i].decision.is_none()) || s.exists_value(|v: &V| 2 * s.count(|i| s[i].x == *v) > s.n() && s.forall(|i| implies(s[i].decision.is_some(), s[i].decision.is(v))))",
        ),
        (
            "locked",
            "decision_locks_majority_since_and_vote",
            "s.forall(|i| s[i].decision.is_none()) || s.exists_value(|v: &V| s.exists_phase(|t| 2 * s.count(|i| s[i].ts >= Some(t)) > s.n() && s.forall(|i| implies(s[i].ts >= Some(t), s[i].x == *v) && implies(s[i].decision.is_some(), s[i].decision.is(v)) && implies(s[i].vote.is_some(), s[i].vote.is(v)))))",
        ),
    ];
    for (template, name, expected) in table {
        let template = TEMPLATES.iter().find(|t| t.name == template).unwrap();
        let filled = template.fill(&words());
        let found = filled.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name} is not in {:?}", names(&filled)));
        assert_eq!(line(&found.1), expected);
    }
}

#[test]
fn with_two_values_inputs_are_unanimous_or_anything() {
    let words = Vocabulary { value: "bool".into(), binary: true, ..words() };
    let both = "s.exists(|i| s.initially(i).x) && s.exists(|i| !s.initially(i).x)";
    let filled: Vec<(String, String)> = inputs(&words).into_iter().map(|(name, formula)| (name, line(&formula))).collect();
    let expected = format!("{both} || s.exists_value(|v: &bool| s.forall(|i| s.initially(i).x == *v && s[i].x == *v))");
    assert_eq!(filled[0], ("unanimous_x".to_string(), expected));
}

fn names(filled: &[Filled]) -> Vec<&String> {
    filled.iter().map(|(name, _)| name).collect()
}

#[test]
fn names_are_unique() {
    let filled: Vec<Filled> = TEMPLATES.iter().flat_map(|t| t.fill(&words())).collect();
    let mut names = names(&filled);
    names.sort();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn without_words_there_is_nothing_to_say() {
    for template in TEMPLATES {
        assert!(template.fill(&Vocabulary::default()).is_empty(), "{}", template.name);
    }
}
