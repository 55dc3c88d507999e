//! Frames as UDP datagrams. Who sends is told by the source address: a process sends from the socket it listens at.

use crate::transport::{Inbox, STOP_CHECK, Sender, count};
use heardof_core::Pid;
use heardof_node::limits::MAX_FRAME;
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};

pub(crate) struct Udp {
    socket: UdpSocket,
    addresses: Vec<SocketAddr>,
}

/// Binds the own address and starts the receiving thread.
pub(crate) fn open(addresses: &[SocketAddr], me: Pid, inbox: Inbox) -> io::Result<Udp> {
    let socket = UdpSocket::bind(addresses[me.index()])?;
    let receiving = socket.try_clone()?;
    receiving.set_read_timeout(Some(STOP_CHECK))?;
    let known: BTreeMap<SocketAddr, Pid> = Pid::all(addresses.len()).map(|q| (addresses[q.index()], q)).collect();
    std::thread::Builder::new().name(format!("{me} udp")).spawn(move || receive(&receiving, &known, &inbox))?;
    Ok(Udp { socket, addresses: addresses.to_vec() })
}

fn receive(socket: &UdpSocket, known: &BTreeMap<SocketAddr, Pid>, inbox: &Inbox) {
    // One byte more than the longest frame, so that a longer datagram is seen to be too long.
    let mut buffer = vec![0; MAX_FRAME + 1];
    while !inbox.shared.stopped() {
        // Errors are time-outs, interruptions, and ICMP's word that a peer is not there (yet): all of them silence.
        let Ok((length, source)) = socket.recv_from(&mut buffer) else { continue };
        match known.get(&source) {
            Some(from) => inbox.put(*from, buffer[..length].to_vec()),
            None => count(&inbox.shared.strangers),
        }
    }
}

impl Sender for Udp {
    fn send(&mut self, to: Pid, frame: &[u8]) {
        // A datagram that cannot be sent is a lost one; the rounds know what to do.
        let _ = self.socket.send_to(frame, self.addresses[to.index()]);
    }
}
