//! `prove --html`: one page of all conditions with their formulas, verdicts and proofs in words. It needs nothing but itself.

use crate::explain_proof::{BY_QUANTIFIERS, CONTRADICTION, FOLLOW, SUPPOSE};
use crate::prove::Judged;
use heardof_prove::condition::{Condition, Problem};
use heardof_prove::explain::Explanation;
use heardof_prove::prove::{Method, Verdict};
use std::fmt::Write;

/// The page as far as it is written.
#[derive(Default)]
pub struct Page {
    sections: String,
}

const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222;background:#fff}\
code,pre,.f{font-family:monospace;white-space:pre-wrap}summary{cursor:pointer;padding:.3em 0}\
details{border-bottom:1px solid #ddd;padding:0 .5em}details>:not(summary){margin-left:1.5em}\
.proved{color:#167a2e}.refuted,.vacuous{color:#b00020}.unknown{color:#a05a00}.why{color:#666}li{margin:.4em 0}\
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}.why{color:#999}}";

impl Page {
    /// Adds an algorithm. `explanations` go with the proofs.
    pub fn algorithm(&mut self, name: &str, problem: &Problem, judged: &[Judged<'_>], explanations: &[Vec<Explanation>], seconds: f64) {
        let proved = judged.iter().filter(|j| j.is_proved()).count();
        let head = format!("{} conditions, {proved} proved for every n ({seconds:.2} s)", judged.len());
        self.add(format_args!("<h2>{}</h2>\n<p>{head}</p>\n", escaped(name)));
        for p in &problem.assumed {
            self.add(format_args!("<p>assumed of the network: {}</p>\n", escaped(p)));
        }
        for u in &problem.uncovered {
            self.add(format_args!("<p class=unknown>not covered: {}</p>\n", escaped(u)));
        }
        for ((condition, judged), found) in problem.conditions.iter().zip(judged).zip(explanations) {
            self.condition(problem, condition, judged, found);
        }
    }

    fn condition(&mut self, problem: &Problem, condition: &Condition, judged: &Judged<'_>, explanations: &[Explanation]) {
        let verdict = judged.word.to_lowercase();
        // What was not proved is what the reader looks for.
        let open = if judged.is_proved() { "" } else { " open" };
        self.add(format_args!(
            "<details{open}><summary><code>{}</code> <b class={verdict}>{verdict}</b> <span class=why>{:.2} s, {}</span></summary>\n",
            escaped(&condition.name),
            judged.proof.time.as_secs_f64(),
            escaped(&judged.means),
        ));
        self.add(format_args!("<details><summary>hypotheses and goal</summary>\n<ul>\n"));
        for hypothesis in &condition.hypotheses {
            let (label, formula) = (escaped(&hypothesis.label), escaped(&problem.terms.show(hypothesis.formula)));
            self.add(format_args!("<li><span class=why>{label}:</span> <span class=f>{formula}</span></li>\n"));
        }
        let goal = escaped(&problem.terms.show(condition.goal));
        self.add(format_args!("</ul>\n<p><b>goal:</b> <span class=f>{goal}</span></p>\n</details>\n"));
        match (&judged.proof.verdict, judged.refuted) {
            (_, Some(refuted)) => self.add(format_args!("<pre>{}</pre>\n", escaped(&refuted.text()))),
            _ if judged.is_vacuous() => {}
            (Verdict::Proved(Method::Quantified), _) => self.add(format_args!("<p>{BY_QUANTIFIERS}</p>\n")),
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
    use heardof_prove::prove::Proof;
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
        let conditions = ["one", "two", "three", "four"].map(|name| condition(&format!("property/{name}"))).to_vec();
        let problem = Problem { terms, conditions, assumed: vec!["majority".into()], uncovered: vec!["a <thing>".into()] };
        let rounds = Verdict::Proved(Method::Rounds(vec![]));
        let verdicts = [rounds.clone(), Verdict::Unknown("out of time".into()), Verdict::Proved(Method::Quantified), rounds];
        let time = Duration::from_millis(1500);
        let proofs =
            problem.conditions.iter().zip(verdicts).map(|(c, verdict)| Proof { name: c.name.clone(), kind: c.kind, verdict, time });
        let proofs: Vec<Proof> = proofs.collect();
        let step = Step { why: "invariant a & b".into(), says: "n ≤ 0".into() };
        let words = [("proved", "by rounds"), ("UNKNOWN", "out of time"), ("proved", "quantifiers"), ("VACUOUS", "of nothing")];
        let judged = |(proof, (word, means)): (_, (&'static str, &str))| Judged {
            proof,
            verdict: crate::Verdict::Holds,
            word,
            means: means.into(),
            refuted: None,
            second: None,
        };
        let judged: Vec<Judged<'_>> = proofs.iter().zip(words).map(judged).collect();
        let explanation = Explanation { condition: "property/one".into(), names: vec!["p1: some process".into()], steps: vec![step] };
        let mut page = Page::default();
        page.algorithm("mine", &problem, &judged, &[vec![explanation.clone()], vec![], vec![], vec![explanation]], 2.0);
        let text = page.text();
        for part in [
            "<h2>mine</h2>\n<p>4 conditions, 2 proved for every n (2.00 s)</p>",
            "<details><summary><code>property/one</code> <b class=proved>proved</b> <span class=why>1.50 s, ",
            "<details open><summary><code>property/two</code> <b class=unknown>unknown</b> <span class=why>1.50 s, out of time</span>",
            "<details open><summary><code>property/four</code> <b class=vacuous>vacuous</b> <span class=why>1.50 s, of nothing</span>",
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
        // What is vacuous has no proof.
        assert_eq!(text.matches(CONTRADICTION).count(), 1);
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }
}
