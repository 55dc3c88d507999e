//! Words of the command line as values. What is refused says what was expected, and how it looks.

use super::Values;
use heardof_net::TransportKind;
use std::ops::RangeInclusive;
use std::time::Duration;

/// `3`, or `n` for as many as processes.
pub fn values(text: &str) -> Result<Values, String> {
    match text.parse() {
        _ if text == "n" => Ok(Values::N),
        Ok(count) if count > 0 => Ok(Values::Fixed(count)),
        _ => Err("expected a number of at least 1, or `n` for as many as processes".into()),
    }
}

/// `4`, `1..5`, `1..=5`: both ends included.
pub fn range(text: &str) -> Result<RangeInclusive<usize>, String> {
    let expected = || "expected a number such as 4, or a range such as 1..5 (both ends included)".to_string();
    let number = |text: &str| text.parse::<usize>().map_err(|_| expected());
    let (low, high) = match text.split_once("..") {
        Some((low, high)) => (number(low)?, number(high.strip_prefix('=').unwrap_or(high))?),
        None => (number(text)?, number(text)?),
    };
    match (low, high) {
        (0, _) => Err("expected sizes from 1 on: a system has at least one process".into()),
        (low, high) if low > high => Err(format!("expected the smaller number first: {high}..{low}")),
        (low, high) => Ok(low..=high),
    }
}

/// A number of at least 1.
pub fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "expected a number of at least 1".into())
}

/// The number of a process, with or without its `p`.
pub fn process(text: &str) -> Result<usize, String> {
    text.strip_prefix('p').unwrap_or(text).parse().map_err(|_| "expected the number of a process, such as 0".into())
}

/// A seed.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("expected a number from 0 to {}", u64::MAX))
}

/// A probability below 1: at 1 nothing ever arrives.
pub fn probability(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|p| (0.0..1.0).contains(p));
    number.ok_or_else(|| "expected a probability from 0 to below 1, such as 0.2 for a fifth of all messages".into())
}

/// `udp` or `tcp`.
pub fn transport(text: &str) -> Result<TransportKind, String> {
    TransportKind::from_name(text).ok_or_else(|| "expected udp or tcp".into())
}

/// `50ms`, `2s`, `1m`; not 0.
pub fn duration(text: &str) -> Result<Duration, String> {
    time(text).filter(|d| !d.is_zero()).ok_or_else(|| "expected a time above 0 with its unit, such as 50ms, 2s or 1m".into())
}

fn time(text: &str) -> Option<Duration> {
    let (count, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let count: u64 = count.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(count)),
        "s" => Some(Duration::from_secs(count)),
        "m" => count.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

/// `2@50ms`: whom to kill, and how long after the start.
pub fn kill(text: &str) -> Result<(usize, Duration), String> {
    let parsed = text.split_once('@').and_then(|(id, at)| Some((process(id).ok()?, time(at)?)));
    parsed.ok_or_else(|| "expected PROCESS@TIME, such as 2@50ms".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Debug;

    #[track_caller]
    fn refused<T: Debug>(parse: impl Fn(&str) -> Result<T, String>, words: &[&str]) {
        for word in words {
            let error = parse(word).expect_err(word);
            assert!(error.starts_with("expected ") && !error.contains('\n'), "{word}: {error}");
        }
    }

    #[test]
    fn what_is_read() {
        assert_eq!([range("4"), range("1..5"), range("1..=5")], [Ok(4..=4), Ok(1..=5), Ok(1..=5)]);
        assert_eq!([values("n"), values("3")], [Ok(Values::N), Ok(Values::Fixed(3))]);
        assert_eq!([process("p2"), process("2")], [Ok(2), Ok(2)]);
        assert_eq!([duration("50ms"), duration("1m")], [Ok(Duration::from_millis(50)), Ok(Duration::from_secs(60))]);
        assert_eq!([kill("p2@1s"), kill("0@0ms")], [Ok((2, Duration::from_secs(1))), Ok((0, Duration::ZERO))]);
        assert_eq!((count("7"), seed("0"), probability("0.5"), transport("tcp")), (Ok(7), Ok(0), Ok(0.5), Ok(TransportKind::Tcp)));
    }

    #[test]
    fn what_is_refused_says_what_was_expected() {
        refused(range, &["", "0", "0..3", "5..1", "a..b", "1-3", "1..", "1..==5"]);
        refused(values, &["", "0", "many", "-1"]);
        refused(count, &["", "0", "x", "-1"]);
        refused(process, &["", "p", "x", "-1"]);
        refused(seed, &["", "x", "-1"]);
        refused(probability, &["", "x", "1", "-0.1", "nan"]);
        refused(transport, &["", "UDP", "smoke"]);
        refused(duration, &["", "50", "ms", "5h", "-1s", "0ms"]);
        refused(kill, &["", "2", "x@1s", "2@", "2@50"]);
    }
}
