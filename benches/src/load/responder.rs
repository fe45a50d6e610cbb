//! Answers without a server behind them: what the sockets alone can do.
//!
//! Nothing is decided, remembered or stored: the address is a function of the client's link-layer
//! address, and every message that asks is answered yes. The relay agent option is not echoed, as
//! the generator sends none.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

use lessor_types::{Datagram, Destination, HwAddr, Xid};
use lessor_wire::v4::{CLIENT_PORT, Message, MessageType, Op, SERVER_PORT, View, code};

use crate::identity;
use crate::message::{place_of, put};
use crate::wire::Wire;

const LEASE_SECS: u32 = 3600;
/// Addresses at the beginning of the network that no client gets, if there is room for that.
const KEPT: u32 = 256;

/// Where clients' addresses are from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Network {
    base: u32,
    prefix_len: u8,
}

impl Network {
    /// The address for a client; clients of neighbouring numbers have neighbouring ones.
    fn addr(self, number: u32) -> Ipv4Addr {
        let hosts = u32::MAX.checked_shr(self.prefix_len.into()).unwrap_or(0);
        let kept = if hosts > 2 * KEPT { KEPT } else { 1 };
        // All ones is the network's broadcast.
        let room = hosts.saturating_sub(kept).max(1);
        Ipv4Addr::from_bits(self.base | (kept + number % room))
    }

    const fn mask(self) -> u32 {
        !(match self.prefix_len {
            32.. => 0,
            len => u32::MAX >> len,
        })
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (base, len) = text.split_once('/')?;
            let base: Ipv4Addr = base.parse().ok()?;
            let prefix_len = len.parse().ok().filter(|len| (1..=30).contains(len))?;
            let network = Self { base: base.to_bits(), prefix_len };
            (network.base & !network.mask() == 0).then_some(network)
        };
        read().ok_or_else(|| format!("`{text}` is no network such as 10.0.0.0/8"))
    }
}

/// One reply, into which a client is written.
#[derive(Debug)]
struct Canned {
    octets: Vec<u8>,
    kind_at: usize,
}

impl Canned {
    fn new(server: Ipv4Addr, network: Network) -> Result<Self, String> {
        let mut message = Message::new(Op::Reply, Xid(0), HwAddr::ethernet([0; 6]));
        message.set_message_type(MessageType::Offer);
        let mut insert = |code, value: u32| message.options.insert(code, value.to_be_bytes());
        insert(code::SERVER_ID, server.to_bits());
        insert(code::LEASE_TIME, LEASE_SECS);
        insert(code::SUBNET_MASK, network.mask());
        let octets = message.encode(0).octets;
        let kind_at = place_of(&octets, code::MESSAGE_TYPE).ok_or("the reply has no type")?;
        Ok(Self { octets, kind_at })
    }

    fn write(&self, kind: MessageType, addr: Ipv4Addr, query: &[u8], into: &mut Vec<u8>) {
        into.clear();
        into.extend_from_slice(&self.octets);
        put(into, self.kind_at, &[kind.octet()]);
        put(into, 16, &addr.octets());
        // Hardware type and length; xid; flags and ciaddr; giaddr and chaddr.
        for (from, len) in [(1, 2), (4, 4), (10, 6), (24, 20)] {
            if let Some(field) = query.get(from..from + len) {
                put(into, from, field);
            }
        }
    }
}

/// What is answered to a message, if anything is.
fn answer(query: &View<'_>) -> Option<MessageType> {
    match query.message_type()? {
        MessageType::Discover => Some(MessageType::Offer),
        MessageType::Request => Some(MessageType::Ack),
        _ => None,
    }
}

/// RFC 2131 §4.1.
fn way_back(query: &View<'_>, addr: Ipv4Addr, hw: [u8; 6]) -> Destination {
    if !query.giaddr().is_unspecified() {
        Destination::Routed(SocketAddr::from((query.giaddr(), SERVER_PORT)))
    } else if !query.ciaddr().is_unspecified() {
        Destination::Routed(SocketAddr::from((query.ciaddr(), CLIENT_PORT)))
    } else if query.broadcast() {
        Destination::Broadcast { port: CLIENT_PORT }
    } else {
        let addr = SocketAddr::from((addr, CLIENT_PORT));
        Destination::Station { addr, hw: HwAddr::ethernet(hw) }
    }
}

/// Answers whatever comes, until the process is ended.
///
/// # Errors
/// Why it cannot go on, in words.
pub(crate) fn respond(wire: &mut Wire, network: Network) -> Result<(), String> {
    let canned = Canned::new(wire.addr(), network)?;
    let mut arrived = Vec::new();
    loop {
        wire.wait(None).map_err(|why| format!("cannot wait: {why}"))?;
        // An error of one socket, such as a neighbour's "port unreachable", ends nothing.
        let _ = wire.receive_seen(&mut arrived);
        for datagram in &arrived {
            reply(wire, network, &canned, datagram);
        }
        wire.send();
    }
}

fn reply(wire: &mut Wire, network: Network, canned: &Canned, datagram: &Datagram) {
    let Ok(query) = View::parse(&datagram.payload) else { return };
    let Some(kind) = answer(&query) else { return };
    let Ok(hw) = <[u8; 6]>::try_from(query.chaddr()) else { return };
    let addr = network.addr(identity::number(hw));
    // As a server does: from the address that was asked, where it is one.
    let source = match datagram.dest {
        IpAddr::V4(dest) if !dest.is_broadcast() => dest,
        _ => wire.addr(),
    };
    let to = way_back(&query, addr, hw);
    canned.write(kind, addr, &datagram.payload, wire.push(source, to));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::crowd::Held;
    use crate::message::{Drafts, Fill, Kind};

    #[test]
    fn networks_are_read_and_others_refused() {
        let network: Network = "10.0.0.0/8".parse().expect("a network");
        assert_eq!(network.addr(0), Ipv4Addr::new(10, 0, 1, 0));
        assert_eq!(network.mask(), 0xff00_0000);
        for text in ["10.0.0.0", "10.0.0.1/8", "10.0.0.0/31", "10.0.0.0/0", "x/8"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn clients_share_no_address_while_there_is_room(
            prefix_len in 8..=30_u8,
            first in 0..u32::MAX - 300,
        ) {
            let network = Network { base: 0x0a00_0000, prefix_len };
            let hosts = (1 << (32 - prefix_len)) - 2;
            // Numbers in a row, over the end of the room as well.
            let clients = if hosts > 510 { 254 } else { hosts.min(250) };
            let addrs: BTreeSet<_> = (first..first + clients).map(|it| network.addr(it)).collect();
            prop_assert_eq!(addrs.len(), usize::try_from(clients)?);
            for addr in addrs {
                let bits = addr.to_bits();
                prop_assert_eq!(bits & network.mask(), network.base);
                prop_assert!(bits != network.base && bits != network.base | !network.mask());
            }
        }
    }

    #[test]
    fn the_reply_is_the_clients_own() {
        let server = Ipv4Addr::new(10, 0, 0, 1);
        let giaddr = Ipv4Addr::new(10, 0, 0, 2);
        let network: Network = "10.0.0.0/8".parse().expect("a network");
        let fill = Fill { xid: 9, number: 77, held: Held::NOTHING, giaddr, broadcast: false };
        let (mut asked, mut answered) = (Vec::new(), Vec::new());
        Drafts::new(true).write(Kind::Discover, &fill, &mut asked);
        let query = View::parse(&asked).expect("a message");
        let kind = answer(&query).expect("an answer");
        let hw = identity::hardware(77);
        let to = way_back(&query, network.addr(77), hw);
        assert_eq!(to, Destination::Routed(SocketAddr::from((giaddr, 67))));
        let canned = Canned::new(server, network).expect("a reply");
        canned.write(kind, network.addr(77), &asked, &mut answered);
        let reply = Message::decode(&answered).expect("a message");
        assert_eq!(reply.message_type(), Some(MessageType::Offer));
        assert_eq!((reply.xid, reply.hw), (Xid(9), HwAddr::ethernet(hw)));
        assert_eq!((reply.yiaddr, reply.giaddr), (network.addr(77), giaddr));
        assert_eq!(reply.server_id(), Some(server));
        assert_eq!(reply.options.u32(code::LEASE_TIME), Some(LEASE_SECS));
    }
}
