//! Waiting for peers before the first round.

use crate::Timing;
use heardof_core::Pid;

#[derive(Debug)]
pub(crate) struct Gathering {
    /// Whom a valid frame came from.
    present: Vec<bool>,
    /// It has not ended.
    lasts: bool,
    until: u64,
    hello_at: u64,
    hello_every: u64,
}

impl Gathering {
    pub(crate) fn new(me: Pid, n: usize) -> Gathering {
        let present = Pid::all(n).map(|p| p == me).collect();
        // Until it is started there is no time to wait for.
        Gathering { present, lasts: true, until: u64::MAX, hello_at: u64::MAX, hello_every: 0 }
    }

    pub(crate) fn start(&mut self, now: u64, timing: &Timing) {
        (self.until, self.hello_at, self.hello_every) = (now.saturating_add(timing.gather), now, timing.round_timeout);
    }

    pub(crate) fn lasts(&self) -> bool {
        self.lasts
    }

    pub(crate) fn heard(&mut self, sender: Pid) {
        self.present[sender.index()] = true;
    }

    pub(crate) fn heard_anybody(&self) -> bool {
        self.present.iter().filter(|p| **p).count() > 1
    }

    fn everybody(&self) -> bool {
        self.present.iter().all(|p| *p)
    }

    pub(crate) fn next(&self, now: u64) -> u64 {
        if self.until > now { self.until.min(self.hello_at) } else { self.hello_at }
    }

    /// Whether hellos are due; the next ones are set.
    pub(crate) fn says_hello(&mut self, now: u64) -> bool {
        let due = self.lasts && self.hello_every > 0 && (now >= self.hello_at || self.everybody());
        if due {
            self.hello_at = now.saturating_add(self.hello_every);
        }
        due
    }

    /// Whether it ends now. Before [`start`](Gathering::start) it does not.
    pub(crate) fn ends(&mut self, now: u64, others_have_started: bool, alone: bool) -> bool {
        let over = now >= self.until && (self.heard_anybody() || alone);
        let ends = self.lasts && self.hello_every > 0 && (self.everybody() || others_have_started || over);
        self.lasts &= !ends;
        ends
    }
}
