//! Whether somebody else has the server's port.
//!
//! Our own socket shares the port, so that a program which serves other interfaces is not in its
//! way, and would never find out.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use lessor_types::Link;
use socket2::{Domain, Protocol, Socket, Type};

/// Whether another socket of this host has UDP `port` on this interface, or on all. Must be asked
/// before the own one is opened.
#[must_use]
pub fn is_taken(port: u16, link: &Link) -> bool {
    // Any other failure says nothing about the port.
    claim_alone(port, link).is_err_and(|why| why.kind() == io::ErrorKind::AddrInUse)
}

/// Binds to the port alone, for a moment.
fn claim_alone(port: u16, link: &Link) -> io::Result<()> {
    let kind = Type::DGRAM.nonblocking().cloexec();
    let socket = Socket::new(Domain::IPV4, kind, Some(Protocol::UDP))?;
    socket.bind_device(Some(link.name.as_bytes()))?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())
}
