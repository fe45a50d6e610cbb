//! Packets with what the socket knew about them, and the links they travel on.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::HwAddr;

/// An interface's index in the kernel's (or the simulated host's) numbering.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LinkId(pub u32);

/// A packet as it arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Datagram {
    /// The interface it came in on.
    pub link: LinkId,
    /// Address and port of the sender; `0.0.0.0` for a client without an address.
    pub source: SocketAddr,
    /// The address it was sent to: broadcast, multicast or one of ours.
    pub dest: IpAddr,
    /// The DHCP message.
    pub payload: Vec<u8>,
}

/// Where a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Destination {
    /// Through the host's routing and neighbour resolution.
    Routed(SocketAddr),
    /// Straight to a station on the link, which need not answer ARP for the address yet
    /// (RFC 2131 §4.1).
    Station {
        /// The address that the client is about to have.
        addr: SocketAddr,
        /// Its link-layer address.
        hw: HwAddr,
    },
    /// To every station on the link (`255.255.255.255`).
    Broadcast {
        /// The UDP port.
        port: u16,
    },
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Routed(addr) => write!(f, "{addr}"),
            Self::Station { addr, hw } => write!(f, "{addr} at {hw}"),
            Self::Broadcast { port } => write!(f, "broadcast:{port}"),
        }
    }
}

/// A packet to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transmit {
    /// The interface it leaves on.
    pub link: LinkId,
    /// The source address; the port is the server's.
    pub source: Ipv4Addr,
    /// Where it goes.
    pub to: Destination,
    /// The DHCP message.
    pub payload: Vec<u8>,
}

/// One interface that the server serves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its index.
    pub id: LinkId,
    /// Its name.
    pub name: Arc<str>,
    /// Its IPv4 addresses with prefix lengths, the one to send from first.
    pub addrs: Vec<(Ipv4Addr, u8)>,
}

/// The interfaces at one moment, by ascending index.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Links(pub Vec<Link>);

impl Links {
    /// The interface with this index.
    #[must_use]
    pub fn by_id(&self, id: LinkId) -> Option<&Link> {
        self.0.iter().find(|link| link.id == id)
    }
}
