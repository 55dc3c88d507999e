//! The documents of the project as fenced blocks.

use std::fs;
use std::path::{Path, PathBuf};

/// A fenced block of a document.
pub struct Block {
    /// The line of its first fence.
    pub line: usize,
    info: Vec<String>,
    text: Vec<String>,
}

impl Block {
    /// Whether the fence says this word.
    pub fn says(&self, word: &str) -> bool {
        self.info.iter().any(|w| w == word)
    }

    /// The words after the fence.
    pub fn info(&self) -> &[String] {
        &self.info
    }

    /// Its lines.
    pub fn text(&self) -> &[String] {
        &self.text
    }

    /// The commands, each with its line and what is shown below it.
    pub fn commands(&self) -> Vec<(usize, &str, &[String])> {
        let starts: Vec<usize> = (0..self.text.len()).filter(|k| self.text[*k].starts_with("$ ")).collect();
        let ends = starts.iter().skip(1).copied().chain([self.text.len()]);
        starts.iter().zip(ends).map(|(k, end)| (self.line + 1 + k, &self.text[*k][2..], &self.text[k + 1..end])).collect()
    }

    /// The code that the last command ends with.
    pub fn exit(&self) -> i32 {
        self.info.iter().find_map(|w| w.strip_prefix("exit-")?.parse().ok()).unwrap_or(0)
    }
}

/// The project's own folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The README and the chapters of the book, by their paths in the project.
pub fn documents() -> Vec<String> {
    let chapters = fs::read_dir(root().join("docs/book/src")).expect("the book is there");
    let names = chapters.map(|entry| entry.expect("the folder can be read").file_name().to_string_lossy().into_owned());
    let mut all: Vec<String> = names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/book/src/{name}")).collect();
    all.push("README.md".into());
    all.sort();
    all
}

/// The fenced blocks of a document.
pub fn blocks(document: &str) -> Vec<Block> {
    let text = fs::read_to_string(root().join(document)).unwrap_or_else(|e| panic!("{document}: {e}"));
    let mut blocks: Vec<Block> = vec![];
    let mut open = false;
    for (k, line) in text.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(info) => {
                open = true;
                blocks.push(Block { line: k + 1, info: info.split_whitespace().map(String::from).collect(), text: vec![] });
            }
            None if open => blocks.last_mut().expect("a block is open").text.push(line.into()),
            None => {}
        }
    }
    assert!(!open, "{document}: the last block is not closed");
    blocks
}
