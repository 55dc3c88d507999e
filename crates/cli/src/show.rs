//! Tables, JSON and progress bars, the same for every command.

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The time: here is one of the two places of the project that read a clock.
#[expect(clippy::disallowed_methods, reason = "a command measures how long it takes")]
pub fn now() -> Instant {
    Instant::now()
}

/// Rows of cells as aligned columns; the first row is the head, underlined.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |k: usize| rows.iter().filter_map(|r| r.get(k)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for (k, row) in rows.iter().enumerate() {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, w)| format!("{cell}{}", " ".repeat(w - cell.chars().count()))).collect();
        out.push_str(cells.join("  ").trim_end());
        out.push('\n');
        if k == 0 && rows.len() > 1 {
            let rule: Vec<String> = widths.iter().map(|w| "─".repeat(*w)).collect();
            out.push_str(&rule.join("  "));
            out.push('\n');
        }
    }
    out
}

/// The name of this program, for commands to repeat: `heardof`, or that of a user's own crate.
pub fn program() -> String {
    let first = std::env::args_os().next().map(std::path::PathBuf::from);
    first.and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).unwrap_or_else(|| "heardof".into())
}

/// An empty cell says that it is empty.
pub fn dash(cell: String) -> String {
    if cell.is_empty() { "–".into() } else { cell }
}

/// 1234567 → `1 234 567`
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (k, c) in digits.chars().enumerate() {
        if k > 0 && (digits.len() - k).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// What `--json` prints: the verdict and the seconds first, then the figures of the command.
pub fn json(verdict: crate::Verdict, seconds: f64, figures: Value) -> String {
    let mut out = json!({ "verdict": verdict.word(), "seconds": (seconds * 1000.0).round() / 1000.0 });
    if let (Value::Object(out), Value::Object(figures)) = (&mut out, figures) {
        out.extend(figures);
    }
    serde_json::to_string_pretty(&out).expect("JSON values print")
}

/// A spinner with a message on a terminal; silent where output is piped or `quiet`.
pub fn spinner(quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed_precise} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_tables() {
        assert_eq!([grouped(0), grouped(999), grouped(1000), grouped(1_234_567)], ["0", "999", "1 000", "1 234 567"]);
        let rows = [vec!["a".to_string(), "bb".into()], vec!["ccc".into(), "d".into()]];
        assert_eq!(table(&rows), "a    bb\n───  ──\nccc  d\n");
    }
}
