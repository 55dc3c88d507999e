//! README.md and the book show what is so.
//!
//! * `commands.rs`: their commands are run and print what is shown
//! * `example.rs`: the example crate is built, and its commands likewise
//! * `book.rs`: chapters, links, messages of the compiler and texts shown in full
//!
//! Their Rust examples are doc tests of `heardof-cli` (`crates/cli/src/book.rs`).
//!
//! # How a document is written
//!
//! A block `` ```console `` holds commands, each on a line that starts with `$ `, and below each what it prints (nothing: then only its exit
//! code counts; one that ends with ` &` goes on while the next ones run). Words after `console` say more:
//!
//! * `exit-1`: the last command of the block ends with this code; all others end with 0
//! * `varies`: real processes ran, and next time it will look different: numbers stand for any number, the row of a process in a table
//!   counts by the process and by whether it was killed, and whether a process decided in a round or was told does not matter
//! * `token`: the commands are those of the example crate
//!
//! In every block, a line `...` stands for any number of lines; widths of columns, empty lines, and times in a last parenthesis
//! (`(0.02 s, ..)`) do not count. A block such as `` ```toml cluster.toml `` is a file that the commands after it may read; the ports in it
//! are replaced by free ones. All commands of one document run in one folder, in their order.

mod book;
mod commands;
mod example;
mod markdown;
#[path = "../../../crates/prove/tests/support/not_tested.rs"]
mod not_tested;
mod session;
