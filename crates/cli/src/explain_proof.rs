//! `prove --explain`: proofs in words.

use crate::prove::Judged;
use heardof_prove::explain::Explanation;
use heardof_prove::prove::{Method, Verdict};

/// Prints the proofs, each with its explanations; from hypotheses that contradict each other there is none.
pub fn print(judged: &[Judged<'_>], explanations: &[Vec<Explanation>]) {
    for (j, found) in judged.iter().zip(explanations).filter(|(j, _)| j.is_proved()) {
        match &j.proof.verdict {
            Verdict::Proved(Method::Quantified) => println!("{}\n  {BY_QUANTIFIERS}\n", j.proof.name),
            _ => found.iter().for_each(|explanation| print!("{}", text(explanation))),
        }
    }
}

/// Where there is nothing to explain.
pub const BY_QUANTIFIERS: &str = "The solver found it with its own quantifiers, and does not say how.";
/// What a proof begins with.
pub const SUPPOSE: &str = "Suppose the hypotheses hold and the goal does not. With";
/// What stands before the steps.
pub const FOLLOW: &str = "there follow, each together with those before it:";
/// What it ends with.
pub const CONTRADICTION: &str = "These contradict each other, for every n.";

fn text(explanation: &Explanation) -> String {
    let mut out = format!("{}\n", explanation.condition);
    match &explanation.names[..] {
        [] => out += "  Suppose the hypotheses hold and the goal does not:\n",
        names => {
            out += &format!("  {SUPPOSE}\n");
            names.iter().for_each(|name| out += &format!("    {name}\n"));
            out += &format!("  {FOLLOW}\n");
        }
    }
    for (k, step) in (1..).zip(&explanation.steps) {
        out += &format!("    {k}. {}\n         [{}]\n", step.says, step.why);
    }
    out + &format!("  {CONTRADICTION}\n\n")
}
