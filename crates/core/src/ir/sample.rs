//! An algorithm whose sorts cover the language, for the tests of inference and interpreter.

use super::text::parse_functions;
use super::{Algorithm, Field, Round, Sort};

/// State `P { x: V, vote: Option<V>, seen: Set<Pid>, log: Map<Phase, V>, kind: Kind }` with `V = u64`, messages `(V, Option<Phase>)`,
/// parameters `Q { f: usize, first: Pid }`, requests `bool`; a method `vote_of(self)` and a helper `half(n)`.
pub(super) fn algorithm() -> Algorithm {
    let v = Sort::Word("u64");
    let kind = Sort::Enum("Kind", vec![("Idle", vec![]), ("Busy", vec![("0", v.clone())]), ("Late", vec![("since", Sort::Phase)])]);
    let fields = [
        ("x", v.clone()),
        ("vote", Sort::Option(Box::new(v.clone()))),
        ("seen", Sort::Set(Box::new(Sort::Pid))),
        ("log", Sort::Map(Box::new(Sort::Phase), Box::new(v.clone()))),
        ("kind", kind),
    ];
    let function = |text: &str| parse_functions(text).expect("a function").remove(0);
    let round = Round {
        name: "R".into(),
        message: Sort::Tuple(vec![v.clone(), Sort::Option(Box::new(Sort::Phase))]),
        send: function("(fn send (p ctx) (call silent))"),
        update: function("(fn update (p mailbox ctx) (unit))"),
        ready: None,
        doc: String::new(),
    };
    Algorithm {
        name: "p".into(),
        type_name: "P".into(),
        doc: String::new(),
        generics: vec![("V".into(), "Value + Ord".into(), v.clone())],
        fields: fields.iter().map(|(name, sort)| Field { name, sort: sort.clone(), output: false, ghost: false }).collect(),
        state: Sort::Struct("P", fields.to_vec()),
        parameters: Sort::Struct("Q", vec![("f", Sort::Nat), ("first", Sort::Pid)]),
        request: Sort::Bool,
        input: v,
        init: function("(native init (input ctx) \"not part of these tests\")"),
        halted: None,
        coordinator: None,
        faults: None,
        rounds: vec![round],
        functions: parse_functions("(fn vote_of (self) (field self vote)) (fn half (n) (op / n 2))").expect("functions"),
        specs: vec![],
        problems: vec![],
    }
}
