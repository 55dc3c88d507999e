//! Frames over TCP: for each ordered pair of processes one connection, opened by the sender.
//!
//! A frame is preceded by its length, four bytes, little-endian. The first frame on a connection is a hello; its sender is whom all
//! frames of the connection come from. A connection that breaks, or breaks a rule, is closed and opened again with back-off; what is
//! sent meanwhile is lost, as the model allows: kept, it would be late. Who connects is believed to be who it says: that is what TLS
//! will be for.

use crate::clock::now;
use crate::transport::{Inbox, STOP_CHECK, Sender, count};
use heardof_core::Pid;
use heardof_node::limits::MAX_FRAME;
use heardof_node::wire;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

/// How many frames may wait for one peer.
pub const OUTBOX_FRAMES: usize = 64;
/// The shortest and the longest pause before a connection is tried again; the first is also that after a failed accept.
pub const BACK_OFF: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));
/// How long a connection may take to come about, and a frame to be accepted by the system.
pub const STALL: Duration = Duration::from_secs(1);
/// How many incoming connections are served at once, for each process of the cluster.
pub const CONNECTIONS_PER_PEER: usize = 4;

pub(crate) struct Tcp {
    me: SocketAddr,
    outboxes: Vec<Option<SyncSender<Arc<[u8]>>>>,
    inbox: Inbox,
}

/// Listens at the own address, and starts a thread for each peer.
pub(crate) fn open(addresses: &[SocketAddr], me: Pid, hello: Vec<u8>, inbox: Inbox) -> io::Result<Tcp> {
    let listener = TcpListener::bind(addresses[me.index()])?;
    let n = addresses.len();
    let accepting = inbox.clone();
    std::thread::Builder::new().name(format!("{me} accept")).spawn(move || accept(&listener, me, n, &accepting))?;
    let mut outboxes = vec![];
    for q in Pid::all(n) {
        if q == me {
            outboxes.push(None);
            continue;
        }
        let (sender, frames) = sync_channel(OUTBOX_FRAMES);
        let (address, hello, inbox) = (addresses[q.index()], hello.clone(), inbox.clone());
        std::thread::Builder::new().name(format!("{me} to {q}")).spawn(move || write(address, &hello, &frames, &inbox))?;
        outboxes.push(Some(sender));
    }
    Ok(Tcp { me: addresses[me.index()], outboxes, inbox })
}

impl Sender for Tcp {
    fn send(&mut self, to: Pid, frame: &[u8]) {
        let Some(outbox) = &self.outboxes[to.index()] else { return };
        if let Err(TrySendError::Full(_)) = outbox.try_send(frame.into()) {
            count(&self.inbox.shared.overflow);
        }
    }
}

impl Drop for Tcp {
    /// Wakes the thread that accepts, so that it sees that it is to end and closes the port.
    fn drop(&mut self) {
        self.inbox.shared.stop();
        // If this does not come about, nobody listens any more.
        let _ = TcpStream::connect_timeout(&self.me, STALL);
    }
}

/// Sends what comes out of `frames` to `address`, connecting as often as it takes. Ends with the transport, after what was queued.
fn write(address: SocketAddr, hello: &[u8], frames: &Receiver<Arc<[u8]>>, inbox: &Inbox) {
    let mut connection: Option<TcpStream> = None;
    let (mut pause, mut try_at) = (BACK_OFF.0, now());
    loop {
        let frame = match frames.recv_timeout(STOP_CHECK) {
            Ok(frame) => frame,
            Err(RecvTimeoutError::Timeout) if !inbox.shared.stopped() => continue,
            Err(_) => return,
        };
        if connection.is_none() && !inbox.shared.stopped() && now() >= try_at {
            connection = connect(address, hello).ok();
            pause = if connection.is_some() { BACK_OFF.0 } else { (pause * 2).min(BACK_OFF.1) };
            try_at = now() + pause;
        }
        // One try a frame: what cannot be sent now is late soon.
        if connection.as_mut().is_some_and(|c| put(c, &frame).is_err()) {
            connection = None;
        }
    }
}

fn connect(address: SocketAddr, hello: &[u8]) -> io::Result<TcpStream> {
    let mut connection = TcpStream::connect_timeout(&address, STALL)?;
    connection.set_nodelay(true)?;
    connection.set_write_timeout(Some(STALL))?;
    put(&mut connection, hello)?;
    Ok(connection)
}

fn put(connection: &mut TcpStream, frame: &[u8]) -> io::Result<()> {
    let length = u32::try_from(frame.len()).map_err(|_| io::Error::from(ErrorKind::InvalidInput))?;
    let mut bytes = Vec::with_capacity(4 + frame.len());
    bytes.extend(length.to_le_bytes());
    bytes.extend(frame);
    connection.write_all(&bytes)
}

fn accept(listener: &TcpListener, me: Pid, n: usize, inbox: &Inbox) {
    let open = Arc::new(AtomicUsize::new(0));
    while !inbox.shared.stopped() {
        let Ok((connection, _)) = listener.accept() else {
            // Too many open files, perhaps. Not at once again.
            std::thread::park_timeout(BACK_OFF.0);
            continue;
        };
        if open.load(Ordering::Relaxed) >= CONNECTIONS_PER_PEER * n {
            count(&inbox.shared.strangers);
            continue;
        }
        open.fetch_add(1, Ordering::Relaxed);
        let (inbox_of_thread, open_of_thread) = (inbox.clone(), open.clone());
        let serve = move || {
            // However the connection ends, the peer opens another.
            let _ = read(connection, &inbox_of_thread);
            open_of_thread.fetch_sub(1, Ordering::Relaxed);
        };
        if std::thread::Builder::new().name(format!("{me} read")).spawn(serve).is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Serves an incoming connection until it breaks or breaks a rule.
fn read(mut connection: TcpStream, inbox: &Inbox) -> io::Result<()> {
    connection.set_read_timeout(Some(STOP_CHECK))?;
    let mut sender: Option<Pid> = None;
    let opened = now();
    loop {
        let mut length = [0; 4];
        fill(&mut connection, &mut length, inbox, || sender.is_some() || opened.elapsed() < STALL)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_FRAME {
            count(&inbox.shared.strangers);
            return Err(ErrorKind::InvalidData.into());
        }
        let mut frame = vec![0; length];
        let begun = now();
        fill(&mut connection, &mut frame, inbox, || begun.elapsed() < STALL)?;
        match sender {
            Some(from) => inbox.put(from, frame),
            None => match wire::decode(&frame) {
                Ok(hello) => {
                    inbox.put(hello.header.sender, frame.clone());
                    sender = Some(hello.header.sender);
                }
                Err(_) => {
                    count(&inbox.shared.strangers);
                    return Err(ErrorKind::InvalidData.into());
                }
            },
        }
    }
}

/// `read_exact` that looks up now and then whether to go on.
fn fill(connection: &mut TcpStream, mut buffer: &mut [u8], inbox: &Inbox, go_on: impl Fn() -> bool) -> io::Result<()> {
    while !buffer.is_empty() {
        match connection.read(buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => buffer = &mut buffer[count..],
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                if inbox.shared.stopped() || !go_on() {
                    return Err(ErrorKind::TimedOut.into());
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
