//! The marks: what a function of a `#[spec]` or `#[problem]` block is.
//!
//! Worked example: `#[progress(stage = 1, before(Acknowledge))]` is
//! `Kind::Progress { stage: 1, before: [Acknowledge] }`.

use crate::errors::Errors;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitInt, Meta, Path, Token, parenthesized};

/// What a marked function is; rounds are kept as written, so that `rustc` can look them up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `#[initial]`
    Initial,
    /// `#[resilience]`
    Resilience,
    /// `#[safety]`
    Safety,
    /// `#[property]`
    Property,
    /// `#[lemma(rounds(A, B))]`; no rounds: all
    Lemma(Vec<Path>),
    /// `#[termination]`
    Termination,
    /// `#[invariant]`: before the first round of each phase
    Invariant,
    /// `#[invariant(always)]`
    Always,
    /// `#[invariant(before(A, B))]`
    Before(Vec<Path>),
    /// `#[liveness(rounds(A, B), stage = k)]`
    Liveness(Vec<Path>, Option<usize>),
    /// `#[progress(stage = k, before(A, B))]`
    Progress(usize, Vec<Path>),
}

impl Kind {
    /// The rounds that the mark names.
    pub fn rounds(&self) -> &[Path] {
        match self {
            Kind::Before(rounds) | Kind::Lemma(rounds) | Kind::Liveness(rounds, _) | Kind::Progress(_, rounds) => rounds,
            _ => &[],
        }
    }
}

/// A mark on a function.
pub struct Mark {
    /// Its name.
    pub name: Ident,
    /// What it says.
    pub kind: Kind,
}

const MARKS: [&str; 9] = ["property", "invariant", "lemma", "progress", "safety", "liveness", "initial", "resilience", "termination"];

/// Attributes that may stand on a function of a block and are none of ours.
const OTHERS: [&str; 13] =
    ["doc", "allow", "warn", "deny", "forbid", "expect", "inline", "must_use", "deprecated", "cfg", "cfg_attr", "cold", "track_caller"];

/// Takes the marks off a function. More than one, an unknown one or a malformed one is an error, and then there is none.
pub fn take_mark(attrs: &mut Vec<Attribute>, errors: &mut Errors) -> Result<Option<Mark>, ()> {
    let mut marks = vec![];
    let mut failed = false;
    attrs.retain(|attr| {
        let Some(name) = attr.path().get_ident().cloned() else { return true };
        let text = name.to_string();
        if MARKS.contains(&text.as_str()) {
            match parse_mark(&name, attr) {
                Ok(kind) => marks.push((attr.clone(), Mark { name, kind })),
                Err(error) => {
                    errors.push(error);
                    failed = true;
                }
            }
            return false;
        }
        if OTHERS.contains(&text.as_str()) {
            return true;
        }
        failed = true;
        errors.add(attr, format!("unknown mark `{text}`"), format!("the marks are {}", MARKS.map(|m| format!("`{m}`")).join(", ")));
        false
    });
    for (attr, _) in marks.iter().skip(1) {
        errors.add(attr, "a second mark on one function", "write a function for each mark; shared formulas go to an unmarked function");
        failed = true;
    }
    if failed { Err(()) } else { Ok(marks.into_iter().next().map(|(_, mark)| mark)) }
}

/// One item between the parentheses of a mark.
enum Word {
    Always(Ident),
    Rounds(Ident, Vec<Path>),
    Stage(Ident, usize),
}

impl Word {
    fn name(&self) -> &Ident {
        match self {
            Word::Always(name) | Word::Rounds(name, _) | Word::Stage(name, _) => name,
        }
    }
}

impl Parse for Word {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: Ident = input.parse()?;
        match name.to_string().as_str() {
            "always" => Ok(Word::Always(name)),
            "before" | "rounds" => {
                if !input.peek(syn::token::Paren) {
                    return Err(syn::Error::new_spanned(&name, format!("`{name}` names rounds\nhelp: write `{name}(Collect, Propose)`")));
                }
                let inner;
                parenthesized!(inner in input);
                let rounds = Punctuated::<Path, Token![,]>::parse_terminated(&inner)?;
                if rounds.is_empty() {
                    return Err(syn::Error::new_spanned(
                        &name,
                        format!("`{name}` without a round\nhelp: write `{name}(Collect, Propose)`"),
                    ));
                }
                Ok(Word::Rounds(name, rounds.into_iter().collect()))
            }
            "stage" => {
                let wrong = |tokens: &dyn ToTokens| {
                    syn::Error::new_spanned(tokens.to_token_stream(), "a stage is a number from 1\nhelp: write `stage = 1`")
                };
                input.parse::<Token![=]>().map_err(|_| wrong(&name))?;
                let literal: LitInt = input.parse().map_err(|_| wrong(&name))?;
                let stage = literal.base10_parse::<usize>().map_err(|_| wrong(&literal))?;
                if stage == 0 { Err(wrong(&literal)) } else { Ok(Word::Stage(name, stage)) }
            }
            _ => Err(syn::Error::new_spanned(&name, format!("unknown word `{name}` in a mark\nhelp: {USE}"))),
        }
    }
}

const USE: &str = "the forms are `invariant(always)`, `invariant(before(A, B))`, `lemma(rounds(A))`, `liveness(rounds(A), stage = 1)` and `progress(stage = 1, before(A))`";

fn parse_mark(name: &Ident, attr: &Attribute) -> syn::Result<Kind> {
    let words = match &attr.meta {
        Meta::Path(_) => vec![],
        Meta::List(list) => list.parse_args_with(Punctuated::<Word, Token![,]>::parse_terminated)?.into_iter().collect(),
        Meta::NameValue(meta) => return Err(syn::Error::new_spanned(meta, format!("a mark takes its words in parentheses\nhelp: {USE}"))),
    };
    let allowed: &[&str] = match name.to_string().as_str() {
        "invariant" => &["always", "before"],
        "lemma" => &["rounds"],
        "liveness" => &["rounds", "stage"],
        "progress" => &["stage", "before"],
        _ => &[],
    };
    for (k, word) in words.iter().enumerate() {
        let word_name = word.name().to_string();
        if !allowed.contains(&word_name.as_str()) {
            return Err(syn::Error::new_spanned(word.name(), format!("`{name}` takes no `{word_name}`\nhelp: {USE}")));
        }
        if words[..k].iter().any(|w| w.name() == word.name()) {
            return Err(syn::Error::new_spanned(
                word.name(),
                format!("`{word_name}` twice in one mark\nhelp: write all rounds in one list"),
            ));
        }
    }
    assemble(name, attr, words)
}

fn assemble(name: &Ident, attr: &Attribute, words: Vec<Word>) -> syn::Result<Kind> {
    let (mut always, mut rounds, mut stage) = (None, vec![], None);
    for word in words {
        match word {
            Word::Always(name) => always = Some(name),
            Word::Rounds(_, paths) => rounds = paths,
            Word::Stage(_, k) => stage = Some(k),
        }
    }
    Ok(match (name.to_string().as_str(), always, stage) {
        ("invariant", Some(word), _) if !rounds.is_empty() => {
            return Err(syn::Error::new_spanned(
                word,
                "`always` and `before` in one mark\nhelp: `always` is before every round: delete the other",
            ));
        }
        ("invariant", Some(_), _) => Kind::Always,
        ("invariant", None, _) if rounds.is_empty() => Kind::Invariant,
        ("invariant", None, _) => Kind::Before(rounds),
        ("liveness", _, stage) => Kind::Liveness(rounds, stage),
        ("progress", _, Some(stage)) => Kind::Progress(stage, rounds),
        ("progress", _, None) => {
            return Err(syn::Error::new_spanned(attr, "`progress` without a stage\nhelp: write `#[progress(stage = 1)]`"));
        }
        ("property", ..) => Kind::Property,
        ("lemma", ..) => Kind::Lemma(rounds),
        ("safety", ..) => Kind::Safety,
        ("initial", ..) => Kind::Initial,
        ("resilience", ..) => Kind::Resilience,
        _ => Kind::Termination,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    fn mark(attr: Attribute) -> Result<Kind, String> {
        let mut errors = Errors::default();
        match take_mark(&mut vec![attr], &mut errors) {
            Ok(mark) => Ok(mark.expect("it is a mark").kind),
            Err(()) => Err(errors.messages().join(";").lines().next().unwrap_or_default().to_string()),
        }
    }

    #[test]
    fn every_form_is_read() {
        let rounds = |names: &[&str]| names.iter().map(|n| syn::parse_str(n).expect("a path")).collect::<Vec<Path>>();
        assert_eq!(mark(parse_quote!(#[property])), Ok(Kind::Property));
        assert_eq!(mark(parse_quote!(#[lemma])), Ok(Kind::Lemma(vec![])));
        assert_eq!(mark(parse_quote!(#[lemma(rounds(A, B))])), Ok(Kind::Lemma(rounds(&["A", "B"]))));
        assert_eq!(mark(parse_quote!(#[invariant])), Ok(Kind::Invariant));
        assert_eq!(mark(parse_quote!(#[invariant(always)])), Ok(Kind::Always));
        assert_eq!(mark(parse_quote!(#[invariant(before(A, B<V>))])), Ok(Kind::Before(rounds(&["A", "B<V>"]))));
        assert_eq!(mark(parse_quote!(#[progress(stage = 2)])), Ok(Kind::Progress(2, vec![])));
        assert_eq!(mark(parse_quote!(#[progress(before(A), stage = 1)])), Ok(Kind::Progress(1, rounds(&["A"]))));
        assert_eq!(mark(parse_quote!(#[liveness])), Ok(Kind::Liveness(vec![], None)));
        assert_eq!(mark(parse_quote!(#[liveness(rounds(A), stage = 1)])), Ok(Kind::Liveness(rounds(&["A"]), Some(1))));
        assert_eq!(mark(parse_quote!(#[termination])), Ok(Kind::Termination));
    }

    #[test]
    fn every_other_form_is_refused() {
        let check = |attr: Attribute, message: &str| assert_eq!(mark(attr), Err(message.to_string()));
        check(parse_quote!(#[invariants]), "unknown mark `invariants`");
        check(parse_quote!(#[property(always)]), "`property` takes no `always`");
        check(parse_quote!(#[invariant(sometimes)]), "unknown word `sometimes` in a mark");
        check(parse_quote!(#[invariant(always, before(A))]), "`always` and `before` in one mark");
        check(parse_quote!(#[invariant(before(A), before(B))]), "`before` twice in one mark");
        check(parse_quote!(#[invariant(before())]), "`before` without a round");
        check(parse_quote!(#[invariant(before)]), "`before` names rounds");
        check(parse_quote!(#[progress]), "`progress` without a stage");
        check(parse_quote!(#[progress(stage = 0)]), "a stage is a number from 1");
        check(parse_quote!(#[progress(stage = "1")]), "a stage is a number from 1");
        check(parse_quote!(#[liveness = "x"]), "a mark takes its words in parentheses");
    }
}
