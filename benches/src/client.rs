//! Messages of a client with a number.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use lessor_types::{Datagram, HwAddr, LinkId, Xid};
use lessor_wire::v4::{Message, MessageType, Op, RelayAgent, code};

/// The address of the server that the fixtures talk to.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// The link-layer address of client number `number`.
#[must_use]
pub fn hw(number: u32) -> HwAddr {
    let [a, b, c, d] = number.to_be_bytes();
    HwAddr::ethernet([2, 0, a, b, c, d])
}

/// A message with what a usual client puts in.
#[must_use]
pub fn message(number: u32, kind: MessageType) -> Message {
    let mut message = Message::new(Op::Request, Xid(number), hw(number));
    message.set_message_type(kind);
    let wishes = [1, 3, 6, 15, 28, 42, 51, 54, 58, 59, 119, 121];
    message.options.insert(code::PARAMETER_LIST, wishes);
    message.options.insert(code::HOST_NAME, format!("host-{number}").into_bytes());
    message.options.insert(code::CLASS_ID, *b"a usual client 4.2");
    message
}

/// A message that came through a relay, as it stands on the wire.
#[must_use]
pub fn relayed(number: u32) -> Message {
    let mut message = message(number, MessageType::Discover);
    message.giaddr = Ipv4Addr::new(10, 0, 0, 2);
    if let Ok(agent) = RelayAgent::from_subs(&[(1, b"eth0:17"), (2, b"\x02\x00\x00\x00\x00\x01")]) {
        message.set_relay_agent(&agent);
    }
    message
}

/// A REQUEST in SELECTING.
#[must_use]
pub fn request(number: u32, server: Ipv4Addr, addr: Ipv4Addr) -> Message {
    let mut message = message(number, MessageType::Request);
    message.options.insert(code::SERVER_ID, server.octets());
    message.options.insert(code::REQUESTED_ADDRESS, addr.octets());
    message
}

/// As the socket would hand it over.
#[must_use]
pub fn datagram(message: &Message) -> Datagram {
    Datagram {
        link: LinkId(1),
        source: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 68)),
        dest: IpAddr::V4(Ipv4Addr::BROADCAST),
        payload: message.encode(1500).octets,
    }
}
