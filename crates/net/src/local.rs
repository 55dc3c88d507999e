//! Addresses for clusters on one machine.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// How often a port that is free for UDP may be taken for TCP before the search is given up.
const TRIES: usize = 100;

/// So many loopback addresses whose ports are free, for UDP and TCP alike. They were bound and given back, so nobody else is handed the
/// same ones at once; who binds them soon gets them.
pub fn free_addresses(count: usize) -> io::Result<Vec<SocketAddr>> {
    let mut held = vec![];
    for _ in 0..count {
        held.push(free_port()?);
    }
    held.iter().map(|(udp, _)| udp.local_addr()).collect()
}

fn free_port() -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = None;
    for _ in 0..TRIES {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        match TcpListener::bind(udp.local_addr()?) {
            Ok(tcp) => return Ok((udp, tcp)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::AddrInUse)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_differ_and_can_be_bound() {
        let addresses = free_addresses(5).unwrap();
        let sockets: Vec<_> = addresses.iter().map(|a| (UdpSocket::bind(a).unwrap(), TcpListener::bind(a).unwrap())).collect();
        assert_eq!(sockets.len(), 5);
    }
}
