//! From registered texts to one [`Algorithm`].

use crate::datum::Sort;
use crate::ir::sorts::SortError;
use crate::ir::text::{TextError, parse_functions};
use crate::ir::{self, Algorithm, Function, Node, Pos, SpecText};
use crate::process::{Process, Round, short_name};
use crate::spec::Specified;
use crate::value::Value;
use std::collections::BTreeSet;
use std::fmt;

/// The text of an item, as an attribute wrote it, and the `#[pure]` helpers it names.
#[derive(Clone, Debug)]
pub struct Source {
    /// Functions in the form of [`ir::text`].
    pub text: &'static str,
    /// The helpers it calls.
    pub helpers: Vec<fn() -> Source>,
}

/// The text of `impl Process`; `#[process]` implements it.
#[diagnostic::on_unimplemented(message = "the text of `impl Process for {Self}` is not known", note = "write `#[process]` above it")]
pub trait ProcessText {
    /// `init`, `coordinator`, `halted`, `faults`, as far as they are written.
    fn source() -> Source;
    /// Generic parameters: name, bounds as written, sort.
    fn generics() -> Vec<(&'static str, &'static str, Sort)>;
}

/// The text of `impl Round<P>`; `#[round]` implements it.
#[diagnostic::on_unimplemented(
    message = "the text of `impl Round<{P}> for {Self}` is not known",
    note = "write `#[round]` above it, and `#[native(\"why\")]` as well if it is outside the subset"
)]
pub trait RoundText<P> {
    /// `send`, `update` and, if written, `ready`.
    fn source() -> Source;
    /// The documentation of the `impl`.
    fn doc() -> &'static str;
}

/// The texts of a tuple of rounds.
pub trait RoundTexts<P> {
    /// One for each round.
    fn texts() -> Vec<RoundSource>;
}

/// A round: name, message sort, text.
#[derive(Clone, Debug)]
pub struct RoundSource {
    name: &'static str,
    message: Sort,
    source: Source,
    doc: &'static str,
}

impl RoundSource {
    pub(crate) fn of<P: Process, R: Round<P> + RoundText<P>>() -> RoundSource {
        RoundSource { name: short_name(std::any::type_name::<R>()), message: R::Message::sort(), source: R::source(), doc: R::doc() }
    }
}

/// The texts of the methods a problem asks for (`proposal`, `decision`); `#[pure] impl Problem for ..` implements it.
#[diagnostic::on_unimplemented(
    message = "the text of a problem's methods is not known",
    note = "write `#[pure]` above the `impl` of the problem for `{Self}`"
)]
pub trait MethodsOf<Problem> {
    /// The methods.
    fn source() -> Source;
}

/// Everything the tools need of an algorithm. A missing attribute is an error of rustc at the first use.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an algorithm with a text",
    note = "an algorithm has `#[derive(State)]` on the state, `#[process]`, `#[round]` on each of its rounds, and `#[spec]`"
)]
pub trait Described: Process<Rounds: RoundTexts<Self>> + Specified + ProcessText {}
impl<P: Process<Rounds: RoundTexts<P>> + Specified + ProcessText> Described for P {}

/// Why an algorithm has no description.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DescribeError {
    /// A text does not parse: an error of the attributes, not of the user.
    Text {
        /// The item.
        of: String,
        /// What is wrong.
        error: TextError,
    },
    /// A function that the traits demand is not in the text.
    Missing {
        /// The item.
        of: String,
        /// The function.
        function: &'static str,
    },
    /// Two helpers or methods have one name, and calls name no more than that.
    Ambiguous {
        /// The name.
        function: String,
        /// Where the body of the one begins.
        first: Pos,
        /// Where the body of the other begins; the file may be another.
        second: Pos,
    },
    /// Helpers or methods that call each other in a circle.
    Cycle {
        /// Who calls the next, the last of them the first.
        functions: Vec<String>,
        /// Where the body of the first begins.
        at: Pos,
    },
    /// The sorts do not fit.
    Sort(SortError),
}

impl fmt::Display for DescribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DescribeError::Text { of, error } => write!(f, "the text of {of} does not parse: {error}"),
            DescribeError::Missing { of, function } => write!(f, "{of} has no `{function}`"),
            DescribeError::Ambiguous { function, first, second } => {
                write!(f, "two functions are called `{function}`, {first} and {second}: give one of them another name")
            }
            DescribeError::Cycle { functions, at } => {
                let calls: Vec<String> = functions.iter().chain(functions.first()).map(|name| format!("`{name}`")).collect();
                write!(f, "recursion, {at}: {}; write `#[native(\"why\")]` on one of them, or do without", calls.join(" calls "))
            }
            DescribeError::Sort(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for DescribeError {}

/// `LastVoting` → `last_voting`
pub fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for (k, c) in name.chars().enumerate() {
        if c.is_uppercase() && k > 0 {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

/// The algorithm `P` as data, with every sort inferred.
pub fn describe<P: Described>() -> Result<Algorithm, DescribeError> {
    let type_name = short_name(std::any::type_name::<P>());
    let mut reader = TextReader { of: type_name.to_string(), functions: vec![], seen: BTreeSet::new() };
    let mut process = reader.read(&P::source())?;
    let mut take = |name: &str| process.iter().position(|f| f.name == name).map(|k| process.remove(k));
    let init = take("init").ok_or(DescribeError::Missing { of: type_name.to_string(), function: "init" })?;
    let (halted, coordinator, faults) = (take("halted"), take("coordinator"), take("faults"));
    let rounds = P::Rounds::texts().into_iter().map(|r| round(&mut reader, r)).collect::<Result<Vec<_>, _>>()?;
    for source in P::sources() {
        let functions = reader.read(&source)?;
        reader.add(functions)?;
    }
    let mut specs = vec![];
    for spec in P::specs() {
        let function = reader.read(&spec.source)?.pop();
        let function = function.ok_or(DescribeError::Missing { of: spec.name.to_string(), function: "body" })?;
        let (name, problem) = (spec.name.to_string(), spec.problem.map(str::to_string));
        specs.push(SpecText { name, kind: spec.kind, speaks: spec.run.speaks(), problem, doc: spec.doc.to_string(), function });
    }
    no_cycles(&reader.functions)?;
    let mut algorithm = Algorithm {
        name: snake_case(type_name),
        type_name: type_name.to_string(),
        doc: P::doc().to_string(),
        generics: P::generics().into_iter().map(|(name, bounds, sort)| (name.to_string(), bounds.to_string(), sort)).collect(),
        state: P::sort(),
        fields: P::fields(),
        parameters: P::Parameters::sort(),
        request: P::Request::sort(),
        input: P::Input::sort(),
        init,
        halted,
        coordinator,
        faults,
        rounds,
        functions: reader.functions,
        specs,
        problems: P::problems().into_iter().map(str::to_string).collect(),
    };
    ir::sorts::infer(&mut algorithm).map_err(DescribeError::Sort)?;
    Ok(algorithm)
}

struct TextReader {
    of: String,
    functions: Vec<Function>,
    seen: BTreeSet<&'static str>,
}

impl TextReader {
    /// The functions of `source`; its helpers go to the common pool, each once.
    fn read(&mut self, source: &Source) -> Result<Vec<Function>, DescribeError> {
        for helper in &source.helpers {
            let helper = helper();
            if self.seen.insert(helper.text) {
                let functions = self.read(&helper)?;
                self.add(functions)?;
            }
        }
        parse_functions(source.text).map_err(|error| DescribeError::Text { of: self.of.clone(), error })
    }

    /// Puts functions into the common pool, each once. A call names a function and nothing else, so one name has one meaning.
    fn add(&mut self, functions: Vec<Function>) -> Result<(), DescribeError> {
        for f in functions {
            match self.functions.iter().find(|known| known.name == f.name) {
                None => self.functions.push(f),
                Some(known) if anywhere(known) == anywhere(&f) => {}
                Some(known) => return Err(DescribeError::Ambiguous { function: f.name.clone(), first: place(known), second: place(&f) }),
            }
        }
        Ok(())
    }
}

/// Where the body of a function begins.
fn place(f: &Function) -> Pos {
    f.body.as_ref().map_or(Pos::default(), |body| body.at)
}

/// The function without the places of its parts.
fn anywhere(f: &Function) -> Function {
    let mut f = f.clone();
    if let Ok(body) = &mut f.body {
        body.walk_mut(&mut |e| e.at = Pos::default());
    }
    f
}

/// The functions of the pool that `f` calls, as functions or as methods.
fn callees<'a>(f: &Function, pool: &'a [Function]) -> Vec<&'a Function> {
    let mut names = BTreeSet::new();
    if let Ok(body) = &f.body {
        body.walk(&mut |e| {
            if let Node::Call(name, _) | Node::Method(name, ..) = &e.node {
                names.insert(name.clone());
            }
        });
    }
    pool.iter().filter(|g| names.contains(&g.name)).collect()
}

/// Refuses recursion: the interpreter would not return, and the logic has no meaning for it. The attributes see one item at a time and
/// so only the recursion within it.
fn no_cycles(pool: &[Function]) -> Result<(), DescribeError> {
    /// Follows the calls of the last function of `path`; what is in `done` leads to no cycle.
    fn follow<'a>(path: &mut Vec<&'a Function>, pool: &'a [Function], done: &mut BTreeSet<&'a str>) -> Result<(), DescribeError> {
        let Some(last) = path.last() else { return Ok(()) };
        for callee in callees(last, pool) {
            if let Some(start) = path.iter().position(|f| f.name == callee.name) {
                let functions = path[start..].iter().map(|f| f.name.clone()).collect();
                return Err(DescribeError::Cycle { functions, at: place(callee) });
            }
            if !done.contains(callee.name.as_str()) {
                path.push(callee);
                follow(path, pool, done)?;
                path.pop();
            }
        }
        done.extend(path.last().map(|f| f.name.as_str()));
        Ok(())
    }
    let mut done = BTreeSet::new();
    pool.iter().try_for_each(|f| follow(&mut vec![f], pool, &mut done))
}

fn round(reader: &mut TextReader, round: RoundSource) -> Result<ir::Round, DescribeError> {
    let mut functions = reader.read(&round.source)?;
    let mut take = |name: &'static str| functions.iter().position(|f| f.name == name).map(|k| functions.remove(k));
    let missing = |function| DescribeError::Missing { of: round.name.to_string(), function };
    Ok(ir::Round {
        name: round.name.to_string(),
        message: round.message,
        send: take("send").ok_or(missing("send"))?,
        update: take("update").ok_or(missing("update"))?,
        ready: take("ready"),
        doc: round.doc.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(texts: &[&'static str]) -> Result<Vec<String>, DescribeError> {
        let mut reader = TextReader { of: "A".into(), functions: vec![], seen: BTreeSet::new() };
        for text in texts {
            let functions = reader.read(&Source { text, helpers: vec![] })?;
            reader.add(functions)?;
        }
        no_cycles(&reader.functions)?;
        Ok(reader.functions.into_iter().map(|f| f.name).collect())
    }

    fn at(line: u32, column: u32) -> Pos {
        Pos { line, column }
    }

    #[test]
    fn one_name_has_one_text() {
        let half = "(fn half (n) (op@3:5 / n 2))";
        assert_eq!(pool(&[half, "(fn half (n) (op@9:1 / n 2))", "(fn third (n) (op / n 3))"]), Ok(vec!["half".into(), "third".into()]));
        let error = pool(&[half, "(fn half (n) (op@9:1 / n 3))"]).unwrap_err();
        assert_eq!(error, DescribeError::Ambiguous { function: "half".into(), first: at(3, 5), second: at(9, 1) });
        let shown = "two functions are called `half`, line 3, column 5 and line 9, column 1: give one of them another name";
        assert_eq!(error.to_string(), shown);
        assert!(pool(&[half, "(native half (n) \"a table\")"]).is_err());
    }

    #[test]
    fn helpers_do_not_recur() {
        let twice = ["(fn a (n) (op + (call b n) (call c n)))", "(fn b (n) (call c n))", "(fn c (n) n)"];
        assert!(pool(&twice).is_ok(), "a helper that is reached by two ways is no cycle");
        let table: [(&[&'static str], &[&str], Pos); 4] = [
            (&["(fn a (n) (call@2:1 a n))"], &["a"], at(2, 1)),
            (&["(fn a (n) (call@2:1 b n))", "(fn b (n) (not@5:1 (call a n)))"], &["a", "b"], at(2, 1)),
            (&["(fn first (n) (call@1:1 a n))", "(fn a (n) (call@2:1 b n))", "(fn b (n) (call@3:1 a n))"], &["a", "b"], at(2, 1)),
            (&["(fn own (self) (method@4:2 other self))", "(fn other (self) (method own self))"], &["own", "other"], at(4, 2)),
        ];
        for (texts, functions, at) in table {
            let functions = functions.iter().map(|f| f.to_string()).collect();
            assert_eq!(pool(texts), Err(DescribeError::Cycle { functions, at }), "{texts:?}");
        }
        let error = pool(table[1].0).unwrap_err();
        assert!(error.to_string().starts_with("recursion, line 2, column 1: `a` calls `b` calls `a`; write"), "{error}");
    }
}
