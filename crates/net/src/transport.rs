//! What a driver needs of a network: send a frame to a process, wait for one.

use crate::{Cluster, NetError, tcp, udp};
use heardof_core::Pid;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// How many frames may wait to be handled. More are dropped and counted: lost messages.
pub const INBOX_FRAMES: usize = 1024;

/// How often threads that wait for the network look whether they are to end.
pub const STOP_CHECK: Duration = Duration::from_millis(50);

/// How frames travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TransportKind {
    /// One datagram a frame.
    Udp,
    /// A connection each way, frames with their length before them.
    Tcp,
}

impl TransportKind {
    /// By its name in cluster files and on the command line.
    pub fn from_name(name: &str) -> Option<TransportKind> {
        [TransportKind::Udp, TransportKind::Tcp].into_iter().find(|kind| kind.to_string() == name)
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TransportKind::Udp => "udp",
            TransportKind::Tcp => "tcp",
        })
    }
}

/// What threads of a transport share: where frames go, and when to end.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    frames: SyncSender<(Pid, Vec<u8>)>,
    pub(crate) shared: Arc<Shared>,
}

/// Counters and the sign to end.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    stop: AtomicBool,
    /// Frames dropped because too many wait, here or at a connection.
    pub(crate) overflow: AtomicU64,
    /// Datagrams and connections of nobody in the cluster.
    pub(crate) strangers: AtomicU64,
}

impl Shared {
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Inbox {
    /// Hands a frame to the loop; never waits.
    pub(crate) fn put(&self, from: Pid, frame: Vec<u8>) {
        // A loop that has ended needs no frames.
        if let Err(TrySendError::Full(_)) = self.frames.try_send((from, frame)) {
            count(&self.shared.overflow);
        }
    }
}

/// Sends without waiting.
pub(crate) trait Sender {
    /// Sends or drops: the network may lose what it likes.
    fn send(&mut self, to: Pid, frame: &[u8]);
}

/// The network as one process sees it. Its threads end with it.
pub(crate) struct Transport {
    sender: Box<dyn Sender>,
    frames: Receiver<(Pid, Vec<u8>)>,
    /// Kept so that the queue stays open whatever becomes of the threads.
    _inbox: Inbox,
    pub(crate) shared: Arc<Shared>,
}

impl Transport {
    /// Listens at the own address. `hello` is the frame that a connection starts with.
    pub(crate) fn open(cluster: &Cluster, me: Pid, hello: Vec<u8>) -> Result<Transport, NetError> {
        let (frames, inbox) = sync_channel(INBOX_FRAMES);
        let shared = Arc::new(Shared::default());
        let inbox_of_threads = Inbox { frames, shared: shared.clone() };
        let _inbox = inbox_of_threads.clone();
        let listen = |error| NetError::Listen { me, address: cluster.addresses[me.index()], error };
        let sender: Box<dyn Sender> = match cluster.transport {
            TransportKind::Udp => Box::new(udp::open(&cluster.addresses, me, inbox_of_threads).map_err(listen)?),
            TransportKind::Tcp => Box::new(tcp::open(&cluster.addresses, me, hello, inbox_of_threads).map_err(listen)?),
        };
        Ok(Transport { sender, frames: inbox, _inbox, shared })
    }

    pub(crate) fn send(&mut self, to: Pid, frame: &[u8]) {
        self.sender.send(to, frame);
    }

    /// The next frame, waiting at most so long.
    pub(crate) fn receive(&mut self, at_most: Duration) -> Option<(Pid, Vec<u8>)> {
        self.frames.recv_timeout(at_most).ok()
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.shared.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_inbox_drops_and_counts() {
        let (frames, waiting) = sync_channel(INBOX_FRAMES);
        let inbox = Inbox { frames, shared: Arc::default() };
        (0..INBOX_FRAMES + 5).for_each(|k| inbox.put(Pid::new(1), vec![k as u8]));
        assert_eq!((waiting.try_iter().count(), inbox.shared.overflow.load(Ordering::Relaxed)), (INBOX_FRAMES, 5));
    }
}
