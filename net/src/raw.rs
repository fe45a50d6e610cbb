//! One interface's AF_PACKET socket.
//!
//! Of type `SOCK_DGRAM`: the kernel strips and builds the link-layer header. So frames leave with
//! the interface's address of that moment, whatever its kind of link layer, and nobody here has
//! to know either. The IPv4 and UDP headers are ours, since the client has no address that the
//! kernel would resolve (RFC 2131 §4.1).

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsFd, BorrowedFd};

use lessor_types::{Datagram, Destination, HwAddr, LinkId, Transmit};
use socket2::{Domain, SockFilter, Socket, Type};

use crate::claim::Claim;
use crate::counters::Counters;
use crate::filter::{self, Program};
use crate::frame::{self, Malformed, Trust, Udp};
use crate::layout;
use crate::report::SendError;
use crate::sys::mmsg::{Arrival, Inbox, Outgoing};
use crate::sys::option;

/// The receive buffer asked for, in octets: thousands of packets that come at once.
pub(crate) const RECEIVE_BUFFER: usize = 4 << 20;

const BROADCAST: [u8; 6] = [0xff; 6];

/// A socket that sees and sends whole IPv4 packets on one interface.
#[derive(Debug)]
pub struct PacketSocket {
    socket: Socket,
    link: LinkId,
    port: u16,
    claim: Claim,
}

impl PacketSocket {
    /// Opens one on `link` for the server's `port`; it receives what is in the claim.
    ///
    /// # Errors
    /// What the kernel answered: usually that `CAP_NET_RAW` is missing.
    pub fn open(link: LinkId, port: u16, claim: Claim) -> io::Result<Self> {
        // Without protocol and unbound, it receives nothing until the filter is in place.
        let socket = Socket::new(Domain::PACKET, Type::DGRAM.nonblocking().cloexec(), None)?;
        attach(&socket, &filter::packets(link.0, port, &claim))?;
        widen(&socket)?;
        option::set(socket.as_fd(), libc::SOL_PACKET, libc::PACKET_AUXDATA, 1)?;
        option::bind(socket.as_fd(), &layout::link_name(link, BROADCAST))?;
        Ok(Self { socket, link, port, claim })
    }

    /// The interface.
    #[must_use]
    pub const fn link(&self) -> LinkId {
        self.link
    }

    /// Whether this is the socket for that: it was opened for it, and the interface has not been
    /// away since, which ends a socket even if one with the same index takes its place.
    #[must_use]
    pub fn serves(&self, link: LinkId, port: u16, claim: &Claim) -> bool {
        self.link == link
            && self.port == port
            && self.claim == *claim
            && option::name(self.socket.as_fd())
                .is_ok_and(|name| layout::link_of(&name) == Some(link))
    }

    /// Reads one batch; `into` gets the datagrams in it, and `counters` all else.
    ///
    /// The number returned is that of packets read, good or bad: less than
    /// [`BATCH`](crate::BATCH) means that no more are there.
    ///
    /// # Errors
    /// What the kernel answered, `NetworkDown` once when the interface goes down.
    pub fn receive(
        &self,
        inbox: &mut Inbox,
        into: &mut Vec<Datagram>,
        counters: &mut Counters,
    ) -> io::Result<usize> {
        let read = inbox.fill(self.socket.as_fd())?;
        for arrival in inbox.arrivals() {
            match datagram(&arrival) {
                Ok(udp) => into.push(Datagram {
                    link: self.link,
                    source: SocketAddr::V4(udp.source),
                    dest: IpAddr::V4(*udp.dest.ip()),
                    payload: udp.payload.to_vec(),
                }),
                Err(fault) => counters.malformed.count(fault),
            }
        }
        Ok(read)
    }

    /// Lays out a packet for this socket.
    pub(crate) fn outgoing<'a>(&self, packet: &'a Transmit) -> Result<Outgoing<'a>, SendError> {
        let (dest, hw) = match packet.to {
            Destination::Station { addr: SocketAddr::V4(addr), hw } => match ethernet(&hw) {
                Some(hw) => (addr, hw),
                // RFC 2131 §4.1: a client that cannot be addressed is answered by broadcast.
                None => (SocketAddrV4::new(Ipv4Addr::BROADCAST, addr.port()), BROADCAST),
            },
            Destination::Broadcast { port } => {
                (SocketAddrV4::new(Ipv4Addr::BROADCAST, port), BROADCAST)
            }
            // Routed packets are not sent here; see `Sockets`.
            Destination::Station { .. } | Destination::Routed(_) => return Err(SendError::NotIpv4),
        };
        let datagram = Udp {
            source: SocketAddrV4::new(packet.source, self.port),
            dest,
            payload: &packet.payload,
        };
        let headers =
            frame::headers(&datagram).ok_or(SendError::TooLong { octets: packet.payload.len() })?;
        Ok(Outgoing {
            name: layout::link_name(self.link, hw),
            control: None,
            headers: Some(headers),
            packet,
        })
    }

    /// How many packets the kernel dropped, for want of room, since this was last asked.
    pub(crate) fn take_drops(&self) -> u64 {
        option::take_packet_drops(self.socket.as_fd()).map_or(0, u64::from)
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn datagram<'a>(arrival: &Arrival<'a>) -> Result<Udp<'a>, Malformed> {
    if arrival.truncated {
        return Err(Malformed::Truncated);
    }
    let vouched = libc::TP_STATUS_CSUMNOTREADY | libc::TP_STATUS_CSUM_VALID;
    let trust = match layout::packet_status(arrival.control) {
        Some(status) if status & vouched != 0 => Trust::Kernel,
        _ => Trust::Nobody,
    };
    frame::parse(arrival.packet, trust)
}

fn ethernet(hw: &HwAddr) -> Option<[u8; 6]> {
    let octets: [u8; 6] = hw.octets().try_into().ok()?;
    // A client without address of its own would otherwise have us address nobody.
    (octets != [0; 6]).then_some(octets)
}

/// Attaches a filter, which must be no longer than the kernel allows.
pub(crate) fn attach(socket: &Socket, program: &Program) -> io::Result<()> {
    if program.0.len() > INSTRUCTIONS_MAX {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let instructions: Vec<_> =
        program.0.iter().map(|i| SockFilter::new(i.code, i.jt, i.jf, i.k)).collect();
    socket.attach_filter(&instructions)
}

const INSTRUCTIONS_MAX: usize = 4096;

/// Makes the receive buffer large: beyond the host's limit if we may, else up to it.
pub(crate) fn widen(socket: &Socket) -> io::Result<()> {
    rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, RECEIVE_BUFFER)
        .or_else(|_| socket.set_recv_buffer_size(RECEIVE_BUFFER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_ethernet_addresses_are_used() {
        let hw = |octets: &[u8]| ethernet(&HwAddr::new(1, octets).expect("short enough"));
        assert_eq!(hw(&[2, 0, 0, 0, 0, 1]), Some([2, 0, 0, 0, 0, 1]));
        assert_eq!(hw(&[0; 6]), None);
        assert_eq!(hw(&[]), None);
        assert_eq!(hw(&[1; 20]), None);
    }
}
