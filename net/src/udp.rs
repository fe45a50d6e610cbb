//! The UDP socket of all interfaces.
//!
//! One socket, bound to the port on every address, with `IP_PKTINFO` in both directions: it says
//! which interface and address a packet came to, and lets each answer choose its interface and
//! source, or leave the interface to the routing table. A socket bound to one interface could not
//! answer a relay that is reached through another, and one bound to one address would not see
//! broadcasts. It also owns the port, so that the kernel does not answer "port unreachable" to
//! packets that a raw socket delivers.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsFd, BorrowedFd};

use lessor_types::{Datagram, Destination, LinkId, Transmit};
use socket2::{Domain, Protocol, Socket, Type};

use crate::claim::Served;
use crate::counters::Counters;
use crate::filter;
use crate::frame::Malformed;
use crate::layout;
use crate::raw;
use crate::report::SendError;
use crate::route::Routes;
use crate::sockets::Outbound;
use crate::sys::mmsg::{Inbox, Outgoing};
use crate::sys::option;

/// A UDP socket that serves many interfaces.
#[derive(Debug)]
pub struct UdpSocket {
    socket: Socket,
    port: u16,
    served: Vec<Served>,
    outbound: Outbound,
    routes: Routes,
}

impl UdpSocket {
    /// Opens one on `port` for the interfaces in `served`; it receives what no raw socket claims.
    ///
    /// # Errors
    /// What the kernel answered: that the port is in use, or not allowed to this user.
    pub fn open(port: u16, served: Vec<Served>, outbound: Outbound) -> io::Result<Self> {
        let kind = Type::DGRAM.nonblocking().cloexec();
        let socket = Socket::new(Domain::IPV4, kind, Some(Protocol::UDP))?;
        // Others, such as the DHCP server of a virtual machine's bridge, may hold the port on
        // interfaces that are not ours.
        socket.set_reuse_address(true)?;
        socket.set_broadcast(true)?;
        raw::widen(&socket)?;
        option::set(socket.as_fd(), libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
        // Relays must get long answers, in fragments if need be, without a first one lost to path
        // MTU discovery.
        let omit = libc::IP_PMTUDISC_OMIT;
        option::set(socket.as_fd(), libc::IPPROTO_IP, libc::IP_MTU_DISCOVER, omit)?;
        // The filter saves wake-ups and nothing else: `receive` applies the same rule, so hosts
        // with more addresses than a filter can name do without.
        let _ = raw::attach(&socket, &filter::datagrams(&served));
        socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
        Ok(Self { socket, port, served, outbound, routes: Routes::new() })
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Serves these interfaces from now on. What it has received is to be read before.
    pub fn serve(&mut self, served: Vec<Served>, outbound: Outbound) {
        self.routes.forget();
        self.outbound = outbound;
        if served == self.served {
            return;
        }
        if raw::attach(&self.socket, &filter::datagrams(&served)).is_err() {
            // The old one would keep out what is wanted now.
            let _ = self.socket.detach_filter();
        }
        self.served = served;
    }

    /// Reads one batch; `into` gets the datagrams in it, and `counters` all else.
    ///
    /// The number returned is that of packets read, good or bad: less than
    /// [`BATCH`](crate::BATCH) means that no more are there.
    ///
    /// # Errors
    /// What the kernel answered.
    pub fn receive(
        &self,
        inbox: &mut Inbox,
        into: &mut Vec<Datagram>,
        counters: &mut Counters,
    ) -> io::Result<usize> {
        let read = inbox.fill(self.socket.as_fd())?;
        for arrival in inbox.arrivals() {
            if arrival.truncated {
                counters.malformed.count(Malformed::Truncated);
                continue;
            }
            let from = layout::read_inet_name(arrival.name);
            let (Some(source), Some((link, dest))) = (from, layout::packet_info(arrival.control))
            else {
                counters.malformed.count(Malformed::Header);
                continue;
            };
            if !Served::udp_delivers(&self.served, link, *source.ip(), dest) {
                counters.unclaimed += 1;
                continue;
            }
            into.push(Datagram {
                link,
                source: SocketAddr::V4(source),
                dest: IpAddr::V4(dest),
                payload: arrival.packet.to_vec(),
            });
        }
        Ok(read)
    }

    /// Lays out a packet for this socket. One for a station goes to all: UDP would have the
    /// kernel ask for an address that the client does not have yet.
    pub(crate) fn outgoing<'a>(&self, packet: &'a Transmit) -> Result<Outgoing<'a>, SendError> {
        let (dest, link) = match packet.to {
            Destination::Routed(SocketAddr::V4(addr)) => (addr, self.way_to(&addr, packet.link)),
            Destination::Station { addr, .. } => (broadcast(addr.port()), packet.link),
            Destination::Broadcast { port } => (broadcast(port), packet.link),
            Destination::Routed(SocketAddr::V6(_)) => return Err(SendError::NotIpv4),
        };
        Ok(Outgoing {
            name: layout::inet_name(dest),
            control: Some(layout::send_packet_info(link, packet.source)),
            headers: None,
            packet,
        })
    }

    /// The interface that a packet for `dest` must leave on; zero if routing is to decide.
    fn way_to(&self, dest: &SocketAddrV4, link: LinkId) -> LinkId {
        let dest = *dest.ip();
        let inbound = match self.outbound {
            Outbound::UseRouting => None,
            Outbound::SameAsInbound => self.served.iter().find(|served| served.link.id == link),
        };
        inbound
            .filter(|served| served.is_on_link(dest) || self.routes.leads(link, dest))
            .map_or(LinkId(0), |served| served.link.id)
    }
}

impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

const fn broadcast(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::BROADCAST, port)
}
