//! From registered texts to one [`Algorithm`].

use crate::datum::Sort;
use crate::ir::sorts::SortError;
use crate::ir::text::{TextError, parse_functions};
use crate::ir::{self, Algorithm, Function, SpecText};
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
pub trait ProcessText: Process {
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
    /// The sorts do not fit.
    Sort(SortError),
}

impl fmt::Display for DescribeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DescribeError::Text { of, error } => write!(f, "the text of {of} does not parse: {error}"),
            DescribeError::Missing { of, function } => write!(f, "{of} has no `{function}`"),
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
        reader.functions.extend(functions);
    }
    let mut specs = vec![];
    for spec in P::specs() {
        let function = reader.read(&spec.source)?.pop();
        let function = function.ok_or(DescribeError::Missing { of: spec.name.to_string(), function: "body" })?;
        let (name, problem) = (spec.name.to_string(), spec.problem.map(str::to_string));
        specs.push(SpecText { name, kind: spec.kind, problem, doc: spec.doc.to_string(), function });
    }
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
                self.functions.extend(functions);
            }
        }
        parse_functions(source.text).map_err(|error| DescribeError::Text { of: self.of.clone(), error })
    }
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
