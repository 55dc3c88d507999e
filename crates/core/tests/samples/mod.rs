//! The six algorithms of the library as the attributes write them, for tests of crates that stand below the attributes.
//!
//! The functions are IR text in the files beside this one; what Rust types say (fields, messages, marks) is said here.

use heardof_core::Sort;
use heardof_core::ir::sorts::infer;
use heardof_core::ir::text::parse_functions;
use heardof_core::ir::{Algorithm, Boundary, Field, Function, Kind, Round, SpecText};

/// The functions of a sample that are not claimed yet, by name.
struct Pool(Vec<Function>);

impl Pool {
    fn read(text: &str) -> Pool {
        Pool(parse_functions(text).expect("the samples parse"))
    }
    fn take(&mut self, name: &str) -> Option<Function> {
        let place = self.0.iter().position(|f| f.name == name)?;
        let mut function = self.0.remove(place);
        function.name = name.rsplit('.').next().unwrap_or(name).to_string();
        Some(function)
    }
    fn need(&mut self, name: &str) -> Function {
        self.take(name).unwrap_or_else(|| panic!("the sample has no `{name}`"))
    }
}

/// What a sample's types say.
struct Sample {
    name: &'static str,
    type_name: &'static str,
    doc: &'static str,
    generics: &'static str,
    fields: Vec<(&'static str, Sort)>,
    parameters: Sort,
    rounds: Vec<(&'static str, Sort)>,
    marks: Vec<(&'static str, Kind, &'static str)>,
    problem: &'static str,
    text: &'static str,
}

fn option(sort: Sort) -> Sort {
    Sort::Option(Box::new(sort))
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| n.to_string()).collect()
}

fn before(rounds: &[&str]) -> Kind {
    Kind::Invariant(Boundary::Before(names(rounds)))
}

fn waypoint(stage: usize, rounds: &[&str]) -> Kind {
    Kind::Progress { stage, before: names(rounds) }
}

fn stage(stage: usize) -> Kind {
    Kind::Progress { stage, before: vec![] }
}

fn good(rounds: &[&str]) -> Kind {
    Kind::Liveness { rounds: names(rounds), stage: None }
}

/// The sort that stands for the generic value.
const VALUE: Sort = Sort::Word("u8");
const ALWAYS: Kind = Kind::Invariant(Boundary::Always);
const PHASE: Kind = Kind::Invariant(Boundary::Phase);

impl Sample {
    fn build(self) -> Algorithm {
        let mut pool = Pool::read(self.text);
        let (init, halted) = (pool.need("init"), pool.take("halted"));
        let (coordinator, faults) = (pool.take("coordinator"), pool.take("faults"));
        let rounds = self.rounds.into_iter().map(|(name, message)| Round {
            name: name.to_string(),
            message,
            send: pool.need(&format!("{name}.send")),
            update: pool.need(&format!("{name}.update")),
            ready: pool.take(&format!("{name}.ready")),
            doc: String::new(),
        });
        let rounds: Vec<Round> = rounds.collect();
        let mut problem = Pool::read(match self.problem {
            "Consensus" => include_str!("consensus.ir"),
            _ => include_str!("atomic_commit.ir"),
        });
        let properties = ["agreement", "validity", "irrevocability"].map(|name| (name, Kind::Property));
        let mut specs = vec![];
        for (name, kind) in properties.into_iter().chain([("termination", Kind::Termination)]) {
            let of = Some(self.problem.to_string());
            specs.push(SpecText { name: name.to_string(), kind, problem: of, doc: String::new(), function: problem.need(name) });
        }
        for (name, kind, doc) in self.marks {
            specs.push(SpecText { name: name.to_string(), kind, problem: None, doc: doc.to_string(), function: pool.need(name) });
        }
        let output = |name: &str| name == "decision";
        let fields = self.fields.iter().map(|(name, sort)| Field { name, sort: sort.clone(), output: output(name), ghost: false });
        let generics = if self.generics.is_empty() { vec![] } else { vec![("V".to_string(), self.generics.to_string(), VALUE)] };
        let functions = ["proposal", "vote", "decision"].iter().filter_map(|name| pool.take(name)).collect();
        let mut algorithm = Algorithm {
            name: self.name.to_string(),
            type_name: self.type_name.to_string(),
            doc: self.doc.to_string(),
            input: if generics.is_empty() { Sort::Bool } else { VALUE },
            generics,
            fields: fields.collect(),
            state: Sort::Struct(self.type_name, self.fields),
            parameters: self.parameters,
            request: Sort::Unit,
            init,
            halted,
            coordinator,
            faults,
            rounds,
            functions,
            specs,
            problems: vec![self.problem.to_string()],
        };
        assert!(pool.0.is_empty(), "{}: unclaimed functions", self.name);
        infer(&mut algorithm).expect("the samples are well-sorted");
        algorithm
    }
}

/// One-Third Rule.
pub fn one_third_rule() -> Algorithm {
    let sample = Sample {
        name: "one_third_rule",
        type_name: "OneThirdRule",
        doc: "One-Third Rule [CBS09, Algorithm 1]: consensus with fewer than n/3 benign faults, one round a phase.",
        generics: "Value + Ord",
        fields: vec![("x", VALUE), ("decision", option(VALUE))],
        parameters: Sort::Unit,
        rounds: vec![("Exchange", VALUE)],
        marks: vec![
            ("locked", PHASE, "Once anybody decided, more than 2n/3 hold the decision."),
            ("from_inputs", PHASE, "Estimates and decisions are inputs."),
            ("good_round", good(&[]), "A space-uniform round with more than 2n/3 processes."),
            ("all_equal", stage(1), ""),
            ("all_decided", stage(2), ""),
        ],
        problem: "Consensus",
        text: include_str!("one_third_rule.ir"),
    };
    sample.build()
}

/// LastVoting.
pub fn last_voting() -> Algorithm {
    let sample = Sample {
        name: "last_voting",
        type_name: "LastVoting",
        doc: "LastVoting [CBS09, Algorithm 4], Paxos in rounds: consensus with fewer than n/2 benign faults, four rounds a phase.",
        generics: "Value",
        fields: vec![
            ("x", VALUE),
            ("ts", option(Sort::Phase)),
            ("vote", option(VALUE)),
            ("ready", Sort::Bool),
            ("decision", option(VALUE)),
        ],
        parameters: Sort::Struct("Leader", vec![("first", Sort::Pid), ("shortcut", Sort::Bool)]),
        rounds: vec![
            ("Collect", Sort::Tuple(vec![VALUE, option(Sort::Phase)])),
            ("Propose", VALUE),
            ("Acknowledge", Sort::Unit),
            ("Decide", VALUE),
        ],
        marks: vec![
            ("anchored", ALWAYS, "A decided value is held by a majority since some phase t, and nobody votes for another since."),
            ("from_inputs", ALWAYS, "Estimates, votes and decisions are inputs."),
            ("no_vote", before(&["Collect"]), ""),
            ("in_the_past", before(&["Collect", "Propose"]), ""),
            ("not_ready", before(&["Collect", "Propose", "Acknowledge"]), ""),
            ("one_voter", before(&["Propose", "Acknowledge", "Decide"]), ""),
            ("adopted", before(&["Acknowledge", "Decide"]), "Who voted in this phase voted for what the coordinator proposes."),
            ("acknowledged", before(&["Decide"]), ""),
            ("coordinator_hears_majority", good(&["Collect", "Acknowledge"]), ""),
            ("coordinator_is_heard", good(&["Propose", "Decide"]), ""),
            ("proposed", waypoint(1, &["Propose"]), ""),
            ("all_adopted", waypoint(1, &["Acknowledge"]), ""),
            ("is_ready", waypoint(1, &["Decide"]), ""),
            ("all_decided", stage(1), ""),
        ],
        problem: "Consensus",
        text: include_str!("last_voting.ir"),
    };
    sample.build()
}

/// Uniform Voting.
pub fn uniform_voting() -> Algorithm {
    let sample = Sample {
        name: "uniform_voting",
        type_name: "UniformVoting",
        doc: "UniformVoting [CBS09, Algorithm 3]: consensus in which any two processes hear a common one, two rounds a phase.",
        generics: "Value + Ord",
        fields: vec![("x", VALUE), ("vote", option(VALUE)), ("decision", option(VALUE))],
        parameters: Sort::Unit,
        rounds: vec![("Agree", VALUE), ("Vote", Sort::Tuple(vec![VALUE, option(VALUE)]))],
        marks: vec![
            ("no_split", Kind::Safety, "No split: any two processes hear a common one (and so everybody hears somebody)."),
            ("locked", ALWAYS, ""),
            ("from_inputs", ALWAYS, ""),
            ("no_vote", before(&["Agree"]), ""),
            ("one_vote", before(&["Vote"]), ""),
            ("all_vote", before(&["Vote"]), ""),
            ("uniform", good(&["Agree"]), ""),
            ("same_estimate", waypoint(1, &["Vote"]), ""),
            ("all_equal", stage(1), ""),
            ("all_voted", waypoint(2, &["Vote"]), ""),
            ("all_decided", stage(2), ""),
        ],
        problem: "Consensus",
        text: include_str!("uniform_voting.ir"),
    };
    sample.build()
}

/// Ben-Or.
pub fn ben_or() -> Algorithm {
    let sample = Sample {
        name: "ben_or",
        type_name: "BenOr",
        doc: "Ben-Or's randomised binary consensus [Ben-Or, PODC 1983], benign faults, n > 2f, two rounds a phase.",
        generics: "",
        fields: vec![("x", Sort::Bool), ("can_decide", Sort::Bool), ("vote", option(Sort::Bool)), ("decision", option(Sort::Bool))],
        parameters: Sort::Unit,
        rounds: vec![("Report", Sort::Tuple(vec![Sort::Bool, Sort::Bool])), ("Vote", option(Sort::Bool))],
        marks: vec![
            ("majority", Kind::Safety, "Everybody hears a majority, counting only processes that have not halted."),
            ("anchored", PHASE, ""),
            ("voted", before(&["Vote"]), ""),
            ("from_inputs", ALWAYS, ""),
            ("votes_from_inputs", before(&["Vote"]), ""),
            ("lucky", good(&["Vote"]), ""),
            ("all_equal", stage(1), ""),
            ("all_sure", stage(2), ""),
            ("all_decided", stage(3), ""),
        ],
        problem: "Consensus",
        text: include_str!("ben_or.ir"),
    };
    sample.build()
}

/// FloodMin.
pub fn flood_min() -> Algorithm {
    let sample = Sample {
        name: "flood_min",
        type_name: "FloodMin",
        doc: "FloodMin [Lynch, Distributed Algorithms, ch. 6]: consensus in f + 1 synchronous rounds with at most f crashes.",
        generics: "Value + Ord",
        fields: vec![("x", VALUE), ("decision", option(VALUE))],
        parameters: Sort::Struct("Crashes", vec![("f", Sort::Nat)]),
        rounds: vec![("Flood", VALUE)],
        marks: vec![
            ("a_survivor", Kind::Resilience, ""),
            (
                "crashes",
                Kind::Safety,
                "Synchronous crashes [CBS09, Table 1]: whom somebody missed nobody hears again; at most f are missed.",
            ),
            ("equal_or_crashed", PHASE, ""),
            ("survivors", PHASE, ""),
            ("decided_late", PHASE, ""),
            ("decided_in_time", PHASE, ""),
            ("from_inputs", PHASE, ""),
            ("last_round", good(&[]), "Round f: every run has one, whatever the network does."),
            ("all_decided", stage(1), ""),
        ],
        problem: "Consensus",
        text: include_str!("flood_min.ir"),
    };
    sample.build()
}

/// Two-phase commit.
pub fn two_phase_commit() -> Algorithm {
    let sample = Sample {
        name: "two_phase_commit",
        type_name: "TwoPhaseCommit",
        doc: "Two-phase commit [Gray 1978] with a fixed manager: prepare, votes, outcome.",
        generics: "",
        fields: vec![("vote", Sort::Bool), ("decision", option(Sort::Bool))],
        parameters: Sort::Struct("Manager", vec![("manager", Sort::Pid)]),
        rounds: vec![("Prepare", Sort::Unit), ("Votes", Sort::Bool), ("Outcome", Sort::Bool)],
        marks: vec![
            ("only_unanimous", ALWAYS, "A commit is unanimous."),
            ("from_the_manager", ALWAYS, "Every decision is the manager's."),
            ("same_vote", ALWAYS, "Votes do not change."),
            ("settled", before(&["Outcome"]), ""),
            ("manager_is_heard", good(&["Outcome"]), ""),
            ("manager_decided", waypoint(1, &["Outcome"]), ""),
            ("all_decided", stage(1), ""),
        ],
        problem: "AtomicCommit",
        text: include_str!("two_phase_commit.ir"),
    };
    sample.build()
}

/// All six.
pub fn all() -> Vec<Algorithm> {
    vec![one_third_rule(), last_voting(), uniform_voting(), ben_or(), flood_min(), two_phase_commit()]
}
