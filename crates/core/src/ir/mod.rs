//! The intermediate representation (IR): an algorithm as data.
//!
//! The attributes `#[process]`, `#[round]`, `#[spec]`, `#[problem]` and `#[pure]` write, next to the untouched Rust item, the same
//! item as text in the form of [`text`]. [`describe`](crate::describe()) parses these texts, infers sorts ([`sorts`]) and returns one
//! [`Algorithm`]. Its readers are the interpreter ([`interp`]), the mutation generator, the checker's analysis of the text, the
//! printer in the papers' notation ([`explain`]) and the prover.
//!
//! The IR is plain data: `Eq`, `Hash`, and what [`text::print`] prints parses back to the same tree.
//!
//! Worked example. The Rust line
//!
//! ```text
//! if 2 * mailbox.len() > ctx.n() { p.vote = Some(v.clone()); }
//! ```
//!
//! is the tree (positions, `@line:column`, are kept on every list)
//!
//! ```text
//! (if@7:9 (op > (op * 2 (method len mailbox)) (method n ctx)) (set (field p vote) (variant Some v)) (unit))
//! ```

pub mod explain;
pub mod interp;
#[cfg(test)]
mod sample;
pub mod sorts;
pub mod text;
pub mod transfer;
mod walk;

pub use crate::datum::{Datum, Sort};
use std::fmt;

/// Where a construct stands in the user's file. `line` is 1-based, `column` 1-based, both 0 when unknown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Pos {
    /// 1-based line.
    pub line: u32,
    /// 1-based column.
    pub column: u32,
}

impl fmt::Display for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// An expression with its place.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Where it stands.
    pub at: Pos,
}

/// Binary operators; comparison and equality are on values of one sort, arithmetic on natural numbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Op {
    /// `+`
    Add,
    /// `-`, defined only where the left side is at least the right side
    Sub,
    /// `*`
    Mul,
    /// `/`, floor
    Div,
    /// `%`
    Rem,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `&&`, left to right
    And,
    /// `||`, left to right
    Or,
}

impl Op {
    /// All operators with their spelling.
    pub const ALL: [(Op, &'static str); 13] = [
        (Op::Add, "+"),
        (Op::Sub, "-"),
        (Op::Mul, "*"),
        (Op::Div, "/"),
        (Op::Rem, "%"),
        (Op::Eq, "=="),
        (Op::Ne, "!="),
        (Op::Lt, "<"),
        (Op::Le, "<="),
        (Op::Gt, ">"),
        (Op::Ge, ">="),
        (Op::And, "&&"),
        (Op::Or, "||"),
    ];
    /// The Rust spelling.
    pub fn symbol(self) -> &'static str {
        Op::ALL.iter().find(|(op, _)| *op == self).expect("every operator is in ALL").1
    }
    /// How strongly Rust binds it, weakest first.
    pub fn strength(self) -> u8 {
        match self {
            Op::Or => 1,
            Op::And => 2,
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => 3,
            Op::Add | Op::Sub => 4,
            Op::Mul | Op::Div | Op::Rem => 5,
        }
    }
    /// The operator spelled `symbol`.
    pub fn from_symbol(symbol: &str) -> Option<Op> {
        Op::ALL.iter().find(|(_, s)| *s == symbol).map(|(op, _)| *op)
    }
}

/// The kinds of expression. References, dereferences, `clone` and `as_ref` are already erased: values are values.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Node {
    /// A natural number.
    Nat(u64),
    /// `true`, `false`.
    Bool(bool),
    /// `()`.
    Unit,
    /// A variable: a parameter of the function, or bound by `let`, a pattern or a closure.
    Var(String),
    /// `e.name`, or `e.0` for tuples.
    Field(Box<Expr>, String),
    /// `s[i]`: the local state of process `i`.
    Index(Box<Expr>, Box<Expr>),
    /// A call of a free function: `broadcast`, `implies`, `Set::new`, or a `#[pure]` helper.
    Call(String, Vec<Expr>),
    /// A method call: receiver first.
    Method(String, Box<Expr>, Vec<Expr>),
    /// A binary operator.
    Op(Op, Box<Expr>, Box<Expr>),
    /// `!e`.
    Not(Box<Expr>),
    /// A closure.
    Lambda(Lambda),
    /// `Name { f: e, ..base }`; `Self` stays `Self`.
    Struct(String, Vec<(String, Expr)>, Option<Box<Expr>>),
    /// An enum value: `Some(e)`, `None`, `Progress::Block`, `Kind::A(e)`; struct-like variants name their fields.
    Variant(String, Vec<(String, Expr)>),
    /// `(a, b)`.
    Tuple(Vec<Expr>),
    /// `if c { a } else { b }`; inside `c`, `Node::LetCond` may be a conjunct.
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `let pat = e` as a condition: true when it matches, and then binds.
    LetCond(Pat, Box<Expr>),
    /// `match e { .. }`.
    Match(Box<Expr>, Vec<Arm>),
    /// Statements, then the value of the last.
    Block(Vec<Expr>),
    /// `let pat = e;` visible to the rest of the block.
    Let(Pat, Box<Expr>),
    /// `place = e`: the place is a variable or a chain of fields.
    Set(Box<Expr>, Box<Expr>),
}

/// `|p1, p2| body`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Lambda {
    /// The parameters with the type written on them, if any.
    pub params: Vec<(Pat, Option<String>)>,
    /// The body.
    pub body: Box<Expr>,
    /// The sorts of the parameters, filled in by [`sorts`]; empty in freshly parsed text, not printed.
    pub sorts: Vec<Sort>,
}

/// `pat if guard => body`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Arm {
    /// The pattern.
    pub pat: Pat,
    /// The guard.
    pub guard: Option<Expr>,
    /// The body.
    pub body: Expr,
}

/// A pattern.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Pat {
    /// `_`, `..`
    Wild,
    /// A name.
    Bind(String),
    /// `name @ pat`
    At(String, Box<Pat>),
    /// A number.
    Nat(u64),
    /// `true`, `false`.
    Bool(bool),
    /// `(a, b)`.
    Tuple(Vec<Pat>),
    /// `Some(p)`, `None`, `Kind::A(p)`, with field names for struct-like variants (positional fields are "0", "1", ..).
    Variant(String, Vec<(String, Pat)>),
    /// `Name { f: p, .. }`.
    Struct(String, Vec<(String, Pat)>),
    /// `p | q`.
    Or(Vec<Pat>),
}

/// A function of the text.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The names of its parameters; `_` where unnamed. Mutable ones (`p` in `update`) need no mark: the interpreter returns them.
    pub params: Vec<String>,
    /// Its body, or the reason why it is outside the subset (`#[native("reason")]`).
    pub body: Result<Expr, String>,
}

/// A field of the process state.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its sort.
    pub sort: Sort,
    /// Marked `#[output]`.
    pub output: bool,
    /// Marked `#[ghost]`.
    pub ghost: bool,
}

/// A round of the phase.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Round {
    /// The name of the round type.
    pub name: String,
    /// What is sent.
    pub message: Sort,
    /// `send(p, ctx)`.
    pub send: Function,
    /// `update(p, mailbox, ctx)`.
    pub update: Function,
    /// `ready(p, mailbox, ctx)`; `None`: the default.
    pub ready: Option<Function>,
    /// Its documentation.
    pub doc: String,
}

/// What a marked specification function is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `#[initial] fn(s)`: constrains all inputs together.
    Initial,
    /// `#[resilience] fn(n, &Q)`: constrains the parameters.
    Resilience,
    /// `#[safety]`: a communication predicate of every round.
    Safety,
    /// `#[property]`: over one state or over (old, new).
    Property,
    /// `#[lemma(..)]`: over (old, new), proved of these rounds (empty: of every round) and then known to what is proved of them.
    Lemma {
        /// The rounds it speaks of.
        rounds: Vec<String>,
    },
    /// `#[invariant(..)]`: a conjunct of the inductive invariant, before the first round of a phase unless it says otherwise.
    Invariant(Boundary),
    /// `#[liveness(..)]`: a communication predicate of the good phase; `rounds` empty: every round; `stage` `None`: every stage.
    Liveness {
        /// The rounds it speaks of.
        rounds: Vec<String>,
        /// The stage of the ladder whose good phase it belongs to.
        stage: Option<usize>,
    },
    /// `#[progress(stage = k)]`, or a waypoint inside the good phase with `before(..)`.
    Progress {
        /// The stage, from 1.
        stage: usize,
        /// The rounds before which it holds; empty: at the end of the phase.
        before: Vec<String>,
    },
    /// `#[termination]`: what the last stage must imply.
    Termination,
    /// No mark: a helper of the specification.
    Helper,
}

/// What a specification function speaks of: its signature, which the text does not show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Speaks {
    /// `(s)`: one state.
    State,
    /// `(old, new)`: a state and the state one round later.
    Step,
    /// `(ho)`: the heard-of sets of a round.
    Heard,
    /// `(s, ho)`: the state before a round and its heard-of sets.
    StateHeard,
    /// `(before, now)`: the heard-of sets of a round and of the next.
    HeardTwice,
    /// `(n, parameters)`: the number of processes and the parameters.
    Size,
}

/// The round boundaries at which an invariant holds.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Boundary {
    /// Before the first round of each phase.
    Phase,
    /// Before every round.
    Always,
    /// Before the named rounds.
    Before(Vec<String>),
}

/// A function of the specification.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SpecText {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// What it speaks of.
    pub speaks: Speaks,
    /// The problem it comes from (`Consensus`), if not the algorithm's own.
    pub problem: Option<String>,
    /// Its documentation.
    pub doc: String,
    /// Its text.
    pub function: Function,
}

/// A whole algorithm as data.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Algorithm {
    /// The name in snake case: `last_voting`.
    pub name: String,
    /// The name of the state type: `LastVoting`.
    pub type_name: String,
    /// The documentation of the state type.
    pub doc: String,
    /// Generic parameters: name, bounds as written, the sort they were instantiated with.
    pub generics: Vec<(String, String, Sort)>,
    /// The sort of the state.
    pub state: Sort,
    /// Its fields.
    pub fields: Vec<Field>,
    /// The sort of the parameters (`Unit` for none).
    pub parameters: Sort,
    /// The sort of requests (`Unit` for none).
    pub request: Sort,
    /// The sort of the input.
    pub input: Sort,
    /// `init(input, ctx)`.
    pub init: Function,
    /// `halted(self)`.
    pub halted: Option<Function>,
    /// `coordinator(phase, n, parameters)`.
    pub coordinator: Option<Function>,
    /// `faults(parameters)`.
    pub faults: Option<Function>,
    /// The rounds of a phase.
    pub rounds: Vec<Round>,
    /// Methods of the state named in the text (`proposal`, `decision`), and `#[pure]` helpers, by name.
    pub functions: Vec<Function>,
    /// The specification.
    pub specs: Vec<SpecText>,
    /// The problems it claims to solve.
    pub problems: Vec<String>,
}

impl Algorithm {
    /// The helper or method called `name`.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|f| f.name == name)
    }
    /// The specification function called `name`.
    pub fn spec(&self, name: &str) -> Option<&SpecText> {
        self.specs.iter().find(|s| s.name == name)
    }
    /// Every function of the text: process, rounds, helpers, specification.
    pub fn all_functions(&self) -> impl Iterator<Item = &Function> {
        std::iter::once(&self.init)
            .chain(&self.halted)
            .chain(&self.coordinator)
            .chain(&self.faults)
            .chain(self.rounds.iter().flat_map(|r| [&r.send, &r.update].into_iter().chain(&r.ready)))
            .chain(&self.functions)
            .chain(self.specs.iter().map(|s| &s.function))
    }
}

impl Expr {
    /// An expression at no particular place.
    pub fn new(node: Node) -> Expr {
        Expr { node, at: Pos::default() }
    }
}
