//! A child process at the end of two pipes, none of which can make us wait longer than we want to.
//!
//! Three small threads do the waiting: one writes, one reads what is answered, one collects complaints. The owner only ever waits for
//! a channel, and that with a limit.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// How much of what the process complains is kept, in bytes.
const COMPLAINT: u64 = 4096;
/// How long the end of a process that has closed its output may take.
const ENDING: Duration = Duration::from_secs(1);

/// A running process; it is killed when this is dropped.
pub(super) struct Process {
    child: Child,
    input: Option<Sender<String>>,
    output: Receiver<Vec<u8>>,
    complaints: Receiver<String>,
}

/// Why nothing came.
pub(super) enum Silence {
    /// The time is up.
    Late,
    /// The process has closed its output.
    Ended,
}

impl Process {
    pub(super) fn start(program: &str, arguments: &[&str]) -> io::Result<Process> {
        let mut child =
            Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        let mut stdin = child.stdin.take().ok_or_else(missing)?;
        let mut stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let (input, lines) = channel::<String>();
        let (chunks, output) = channel();
        let (sayings, complaints) = channel();
        // A process that no longer reads has ended or is about to: the reader notices.
        thread::spawn(move || lines.iter().try_for_each(|text| stdin.write_all(text.as_bytes()).and_then(|()| stdin.flush())));
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read) = stdout.read(&mut buffer)
                && read > 0
                && chunks.send(buffer[..read].to_vec()).is_ok()
            {}
        });
        thread::spawn(move || {
            let (mut stderr, mut said) = (stderr, Vec::new());
            let read = stderr.by_ref().take(COMPLAINT).read_to_end(&mut said).and_then(|_| io::copy(&mut stderr, &mut io::sink()));
            // The receiver is gone when nobody cares any more.
            let _ = sayings.send(String::from_utf8_lossy(&said).trim().to_string());
            read
        });
        Ok(Process { child, input: Some(input), output, complaints })
    }

    /// Hands text over; it is written as fast as the process reads.
    pub(super) fn write(&self, text: String) {
        if let Some(input) = &self.input {
            // A writer that has ended is noticed by whoever waits for an answer.
            let _ = input.send(text);
        }
    }
    /// Closes the process's input.
    pub(super) fn close(&mut self) {
        self.input = None;
    }
    /// What the process writes next, waiting for it at most `limit`.
    pub(super) fn read(&self, limit: Duration) -> Result<Vec<u8>, Silence> {
        self.output.recv_timeout(limit).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silence::Late,
            RecvTimeoutError::Disconnected => Silence::Ended,
        })
    }
    pub(super) fn kill(&mut self) {
        // Fails only when the process has ended, which is what we want; `wait` takes it off the system's table.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
    /// How a process that has ended did so, and what it said about it besides `answered`.
    pub(super) fn obituary(&mut self, answered: String) -> String {
        let complained = self.complaints.recv_timeout(ENDING).unwrap_or_default();
        self.kill();
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let said = [answered, complained].join(" ");
        if said.trim().is_empty() { status } else { format!("{status}; it said: {}", said.trim()) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
