//! `prove --html`: one page of all conditions with their formulas, verdicts and proofs in words. It needs nothing but itself.

use crate::explain_proof::{BY_QUANTIFIERS, CONTRADICTION, FOLLOW, SUPPOSE};
use crate::prove::{means, word};
use heardof_prove::condition::{Condition, Problem};
use heardof_prove::explain::Explanation;
use heardof_prove::prove::{Method, Proof, Verdict};
use std::fmt::Write;

/// The page as far as it is written.
#[derive(Default)]
pub struct Page {
    sections: String,
}

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
code,pre,.f{font-family:monospace;white-space:pre-wrap}summary{cursor:pointer;padding:.3em 0}\
details{border-bottom:1px solid #ddd;padding:0 .5em}details>:not(summary){margin-left:1.5em}\
.proved{color:#167a2e}.refuted{color:#b00020}.unknown{color:#a05a00}.why{color:#666}li{margin:.4em 0}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.why{color:#999}}";

impl Page {
    /// Adds an algorithm. `explanations` go with the proofs.
    pub fn algorithm(&mut self, name: &str, problem: &Problem, proofs: &[Proof], explanations: &[Vec<Explanation>], seconds: f64) {
        let proved = proofs.iter().filter(|p| matches!(p.verdict, Verdict::Proved(_))).count();
        let head = format!("{} conditions, {proved} proved for every n ({seconds:.2} s)", proofs.len());
        self.add(format_args!("<h2>{}</h2>\n<p>{head}</p>\n", escaped(name)));
        for p in &problem.assumed {
            self.add(format_args!("<p>assumed of the network: {}</p>\n", escaped(p)));
        }
        for u in &problem.uncovered {
            self.add(format_args!("<p class=unknown>not covered: {}</p>\n", escaped(u)));
        }
        for ((condition, proof), found) in problem.conditions.iter().zip(proofs).zip(explanations) {
            self.condition(problem, condition, proof, found);
        }
    }

    fn condition(&mut self, problem: &Problem, condition: &Condition, proof: &Proof, explanations: &[Explanation]) {
        let verdict = word(proof).to_lowercase();
        // What was not proved is what the reader looks for.
        let open = if matches!(proof.verdict, Verdict::Proved(_)) { "" } else { " open" };
        self.add(format_args!(
            "<details{open}><summary><code>{}</code> <b class={verdict}>{verdict}</b> <span class=why>{:.2} s, {}</span></summary>\n",
            escaped(&condition.name),
            proof.time.as_secs_f64(),
            escaped(&means(proof)),
        ));
        self.add(format_args!("<details><summary>hypotheses and goal</summary>\n<ul>\n"));
        for hypothesis in &condition.hypotheses {
            let (label, formula) = (escaped(&hypothesis.label), escaped(&problem.terms.show(hypothesis.formula)));
            self.add(format_args!("<li><span class=why>{label}:</span> <span class=f>{formula}</span></li>\n"));
        }
        let goal = escaped(&problem.terms.show(condition.goal));
        self.add(format_args!("</ul>\n<p><b>goal:</b> <span class=f>{goal}</span></p>\n</details>\n"));
        match &proof.verdict {
            Verdict::Refuted(model) => self.add(format_args!("<pre>{}</pre>\n", escaped(&model.show(&problem.terms)))),
            Verdict::Proved(Method::Quantified) => self.add(format_args!("<p>{BY_QUANTIFIERS}</p>\n")),
            _ => explanations.iter().for_each(|explanation| self.explanation(explanation)),
        }
        self.add(format_args!("</details>\n"));
    }

    fn explanation(&mut self, explanation: &Explanation) {
        self.add(format_args!("<h4>{}</h4>\n<p>{SUPPOSE}</p>\n<ul>\n", escaped(&explanation.condition)));
        for name in &explanation.names {
            self.add(format_args!("<li class=f>{}</li>\n", escaped(name)));
        }
        self.add(format_args!("</ul>\n<p>{FOLLOW}</p>\n<ol>\n"));
        for step in &explanation.steps {
            let (says, why) = (escaped(&step.says), escaped(&step.why));
            self.add(format_args!("<li><span class=f>{says}</span><br><span class=why>{why}</span></li>\n"));
        }
        self.add(format_args!("</ol>\n<p>{CONTRADICTION}</p>\n"));
    }

    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        self.sections.write_fmt(text).expect("a string takes all text");
    }

    /// The whole page.
    pub fn text(&self) -> String {
        format!(
            "<!doctype html>\n<html lang=en><head><meta charset=utf-8><title>Proofs</title><style>{STYLE}</style></head><body>\n\
             <h1>Proofs</h1>\n{}</body></html>\n",
            self.sections
        )
    }
}

/// Text that is no markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use heardof_prove::condition::{Hypothesis, Kind};
    use heardof_prove::explain::Step;
    use heardof_prove::term::Terms;
    use std::time::Duration;

    #[test]
    fn a_page_has_every_condition_with_its_formulas_and_its_proof_and_needs_nothing_else() {
        let mut terms = Terms::new();
        let (n, zero) = (terms.n(), terms.int(0));
        let (some, none) = (terms.lt(zero, n), terms.le(n, zero));
        let condition = |name: &str| Condition {
            name: name.into(),
            kind: Kind::Property,
            hypotheses: vec![Hypothesis { label: "invariant a & b".into(), formula: none }],
            goal: some,
            steps: vec![],
        };
        let conditions = vec![condition("property/one"), condition("property/two"), condition("property/three")];
        let problem = Problem { terms, conditions, assumed: vec!["majority".into()], uncovered: vec!["a <thing>".into()] };
        let rounds = Verdict::Proved(Method::Rounds(vec![]));
        let verdicts = [rounds, Verdict::Unknown("out of time".into()), Verdict::Proved(Method::Quantified)];
        let time = Duration::from_millis(1500);
        let proofs =
            problem.conditions.iter().zip(verdicts).map(|(c, verdict)| Proof { name: c.name.clone(), kind: c.kind, verdict, time });
        let proofs: Vec<Proof> = proofs.collect();
        let step = Step { why: "invariant a & b".into(), says: "n ≤ 0".into() };
        let explanation = Explanation { condition: "property/one".into(), names: vec!["p1: some process".into()], steps: vec![step] };
        let mut page = Page::default();
        page.algorithm("mine", &problem, &proofs, &[vec![explanation], vec![], vec![]], 2.0);
        let text = page.text();
        for part in [
            "<h2>mine</h2>\n<p>3 conditions, 2 proved for every n (2.00 s)</p>",
            "<details><summary><code>property/one</code> <b class=proved>proved</b> <span class=why>1.50 s, ",
            "<details open><summary><code>property/two</code> <b class=unknown>unknown</b> <span class=why>1.50 s, out of time</span>",
            "<li><span class=why>invariant a &amp; b:</span> <span class=f>n ≤ 0</span></li>",
            "<b>goal:</b> <span class=f>0 &lt; n</span>",
            "<li class=f>p1: some process</li>",
            "<li><span class=f>n ≤ 0</span><br><span class=why>invariant a &amp; b</span></li>",
            "assumed of the network: majority",
            "not covered: a &lt;thing&gt;",
            BY_QUANTIFIERS,
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("http") && !text.contains("<script") && !text.contains("src="), "{text}");
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }
}
