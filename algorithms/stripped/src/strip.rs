//! Deletes attributes from Rust text.
//!
//! A pass over the characters that knows comments and strings; what it deletes, it replaces by nothing, so lines stay where they are.
//!
//! Worked example: `#[output] pub decision: Option<V>, // #[output]` becomes ` pub decision: Option<V>, // #[output]`.

/// The attributes that stay: the derives, and what says a type to them.
const STAY: [&str; 3] = ["derive", "parameters", "requests"];

/// `text` without its attributes; the line of one that does not end is an error.
pub fn strip(text: &str) -> Result<String, usize> {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        let kept = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '"' => string(rest),
            '#' if rest.starts_with("#[") => {
                let line = text[..text.len() - rest.len()].lines().count().max(1);
                let length = attribute(rest).ok_or(line)?;
                if !STAY.contains(&name(rest)) {
                    rest = &rest[length..];
                    continue;
                }
                length
            }
            c => c.len_utf8(),
        };
        out.push_str(&rest[..kept]);
        rest = &rest[kept..];
    }
    Ok(out)
}

/// The length of the string that `text` begins with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (k, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return k + 1,
            _ => {}
        }
    }
    text.len()
}

/// The name of the attribute that `text` begins with.
fn name(text: &str) -> &str {
    let inside = text.trim_start_matches("#[").trim_start();
    inside.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The length of the attribute that `text` begins with, up to the bracket that closes it.
fn attribute(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0, 1);
    loop {
        let rest = &text[at..];
        match rest.chars().next()? {
            '[' => depth += 1,
            ']' if depth == 1 => return Some(at + 1),
            ']' => depth -= 1,
            '"' => at += string(rest) - 1,
            _ => {}
        }
        at += text[at..].chars().next()?.len_utf8();
    }
}

#[cfg(test)]
mod tests {
    use super::strip;

    #[test]
    fn attributes_go_and_nothing_else() {
        let table = [
            ("#[output] pub x: V, // #[output]", " pub x: V, // #[output]"),
            ("#[derive(State)] #[parameters(Q)] struct S;", "#[derive(State)] #[parameters(Q)] struct S;"),
            ("#[spec(Consensus)]\nimpl S {}", "\nimpl S {}"),
            ("#[native(\"a ] in \\\" it\")] fn f() {}", " fn f() {}"),
            ("#[progress(stage = 1, before(A))] fn f() { g(\"#[kept]\") }", " fn f() { g(\"#[kept]\") }"),
            ("#[cfg([a])] x # [b] é", " x # [b] é"),
        ];
        for (text, expected) in table {
            assert_eq!(strip(text).as_deref(), Ok(expected));
        }
        assert_eq!(strip("a\nb #[open"), Err(2));
    }
}
