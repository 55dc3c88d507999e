//! `prove --explain`: proofs in words.

use heardof_prove::explain::Explanation;
use heardof_prove::prove::{Method, Proof, Verdict};

/// Prints the proofs, each with its explanations.
pub fn print(proofs: &[Proof], explanations: &[Vec<Explanation>]) {
    for (proof, found) in proofs.iter().zip(explanations) {
        match &proof.verdict {
            Verdict::Proved(Method::Quantified) => println!("{}\n  {BY_QUANTIFIERS}\n", proof.name),
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
