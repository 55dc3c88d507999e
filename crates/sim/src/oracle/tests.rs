use super::*;
use heardof_algorithms::OneThirdRule;
use heardof_core::lockstep::{Choice, observe};

type P = OneThirdRule<u64>;

/// Three processes, inputs 0, 1, 1; what each hears, round by round. Recorded as the model would have it.
fn recorded(heard: &[[&[usize]; 3]]) -> Vec<Recording> {
    let mut system = System::start([0_u64, 1, 1].map(|x| OneThirdRule { x, decision: None }).to_vec(), ());
    let mut recordings = vec![Recording::default(); 3];
    for (round, sets) in heard.iter().enumerate() {
        let set = |set: &[usize]| set.iter().map(|q| Pid::new(*q)).collect();
        let (next, observed) = observe(&system, &Choice::new(sets.iter().map(|s| set(s)).collect()));
        for p in Pid::all(3) {
            let heard = observed[p.index()].messages.clone();
            recordings[p.index()].rounds.push(RoundRecord { round, state: digest(&next[p]), coin: None, heard, request: None });
        }
        system = next;
    }
    recordings
}

fn good() -> Vec<Recording> {
    recorded(&[[&[0, 1, 2], &[0, 1, 2], &[0, 1, 2]], [&[0, 1, 2], &[0, 1], &[]], [&[0, 1, 2], &[2], &[0, 1, 2]]])
}

fn judge(recordings: &[Recording]) -> Findings {
    Oracle::<P>::default().judge(&[0, 1, 1], &(), recordings, &[true; 3])
}

#[test]
fn what_the_model_does_is_accepted() {
    assert_eq!(judge(&good()), Findings { process_rounds: 9, ..Findings::default() });
    let mut crashed = good();
    crashed[1].rounds.truncate(1);
    crashed[0].rounds.truncate(2);
    crashed[2].rounds.truncate(2);
    assert_eq!(judge(&crashed), Findings { process_rounds: 5, ..Findings::default() }, "p1 is heard in the round after its last");
}

/// Each change is noticed, where it is.
#[test]
fn what_differs_is_named() {
    type Change = fn(&mut Vec<Recording>);
    let changes: [(Change, usize, usize, &str); 6] = [
        (|r| r[0].rounds[1].state ^= 1, 0, 1, "the state"),
        (|r| r[0].rounds[1].heard[2].1 ^= 1, 0, 1, "the message from p2"),
        (|r| r[0].rounds[1].heard.truncate(2), 0, 1, "the state"),
        (|r| r[1].rounds.truncate(1), 0, 2, "the message from p1"),
        (|r| r[2].rounds.swap(0, 1), 2, 1, "the message from p0"),
        (|r| r[2].forwarded.push(("decision".into(), "Some(7)".into())), 2, 3, "the forwarded `decision`"),
    ];
    for (change, process, round, what) in changes {
        let mut recordings = good();
        change(&mut recordings);
        let found = judge(&recordings).mismatch;
        let found = found.map(|m| (m.process.index(), m.round, m.what.to_string()));
        assert_eq!(found, Some((process, round, what.to_string())));
    }
}
