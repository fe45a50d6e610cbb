//! Packets as our server knows them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use lessor_conformance::subject::{EVERYBODY, LINKS};
use lessor_conformance::{Packet, Reply};
use lessor_types::{Datagram, Destination, Link, LinkId, Links, Transmit};

/// The links of every scenario, as the server sees them.
pub(crate) fn links() -> Links {
    let link = |(index, (name, addr, len)): (u32, (&str, Ipv4Addr, u8))| Link {
        id: LinkId(index),
        name: name.into(),
        addrs: vec![(addr, len)],
    };
    Links((1..).zip(LINKS).map(link).collect())
}

pub(crate) fn datagram(packet: &Packet) -> Datagram {
    let link = u32::try_from(packet.link).unwrap_or(0) + 1;
    Datagram {
        link: LinkId(link),
        source: SocketAddr::V4(packet.source),
        dest: IpAddr::V4(packet.dest),
        payload: packet.octets.clone(),
    }
}

pub(crate) fn reply(transmit: &Transmit) -> Reply {
    let v4 = |addr: SocketAddr| match addr {
        SocketAddr::V4(addr) => addr,
        SocketAddr::V6(addr) => SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, addr.port()),
    };
    let (hw, dest) = match transmit.to {
        Destination::Routed(addr) => (None, v4(addr)),
        Destination::Station { addr, hw } => (hw.octets().try_into().ok(), v4(addr)),
        Destination::Broadcast { port } => {
            (Some(EVERYBODY), SocketAddrV4::new(Ipv4Addr::BROADCAST, port))
        }
    };
    Reply {
        link: usize::try_from(transmit.link.0).unwrap_or(0).saturating_sub(1),
        hw,
        source: SocketAddrV4::new(transmit.source, 67),
        dest,
        octets: transmit.payload.clone(),
    }
}
