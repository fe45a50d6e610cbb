//! Messages of clients, laid out once and filled in for each.

use std::net::Ipv4Addr;

use lessor_types::{HwAddr, Xid};
use lessor_wire::v4::{Message, MessageType, Op, View, code};

use crate::crowd::Held;
use crate::identity;

/// The messages that are sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Discover,
    /// The REQUEST that takes an offer.
    Select,
    /// The REQUEST that extends a lease.
    Renew,
    Release,
}

/// What differs between two messages of a kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fill {
    pub(crate) xid: u32,
    /// The client's number.
    pub(crate) number: u32,
    pub(crate) held: Held,
    /// The relay's address; unspecified where there is none.
    pub(crate) giaddr: Ipv4Addr,
    pub(crate) broadcast: bool,
}

const HOPS: usize = 3;
const XID: usize = 4;
const FLAGS: usize = 10;
const CIADDR: usize = 12;
const GIADDR: usize = 24;
const CHADDR: usize = 28;

/// A message without a client.
#[derive(Debug)]
struct Draft {
    octets: Vec<u8>,
    has_address: bool,
    client_id: Option<usize>,
    requested: Option<usize>,
    server: Option<usize>,
}

impl Draft {
    fn new(kind: Kind, with_client_id: bool) -> Self {
        let mut message = Message::new(Op::Request, Xid(0), HwAddr::ethernet([0; 6]));
        let (named, has_address) = match kind {
            Kind::Discover => (MessageType::Discover, false),
            Kind::Select => (MessageType::Request, false),
            Kind::Renew => (MessageType::Request, true),
            Kind::Release => (MessageType::Release, true),
        };
        message.set_message_type(named);
        if with_client_id {
            message.options.insert(code::CLIENT_ID, identity::client_id(0));
        }
        if kind == Kind::Select {
            message.options.insert(code::REQUESTED_ADDRESS, [0; 4]);
        }
        // RFC 2131 §4.3.2 and table 5: a renewal names no server, the other two do.
        if matches!(kind, Kind::Select | Kind::Release) {
            message.options.insert(code::SERVER_ID, [0; 4]);
        }
        if kind != Kind::Release {
            let wishes = [
                code::SUBNET_MASK,
                code::ROUTERS,
                code::DOMAIN_NAME_SERVERS,
                code::DOMAIN_NAME,
                code::BROADCAST_ADDRESS,
                code::RENEWAL_TIME,
                code::REBINDING_TIME,
            ];
            message.options.insert(code::PARAMETER_LIST, wishes);
        }
        let octets = message.encode(0).octets;
        let place = |code| place_of(&octets, code);
        Self {
            has_address,
            client_id: place(code::CLIENT_ID),
            requested: place(code::REQUESTED_ADDRESS),
            server: place(code::SERVER_ID),
            octets,
        }
    }

    fn write(&self, fill: &Fill, into: &mut Vec<u8>) {
        into.clear();
        into.extend_from_slice(&self.octets);
        put(into, XID, &fill.xid.to_be_bytes());
        put(into, CHADDR, &identity::hardware(fill.number));
        if fill.broadcast {
            put(into, FLAGS, &[0x80]);
        }
        if self.has_address {
            put(into, CIADDR, &fill.held.addr.octets());
        }
        if !fill.giaddr.is_unspecified() {
            put(into, HOPS, &[1]);
            put(into, GIADDR, &fill.giaddr.octets());
        }
        for (place, value) in [
            (self.client_id, &identity::client_id(fill.number)[..]),
            (self.requested, &fill.held.addr.octets()),
            (self.server, &fill.held.server.octets()),
        ] {
            if let Some(at) = place {
                put(into, at, value);
            }
        }
    }
}

/// One draft of each kind.
#[derive(Debug)]
pub(crate) struct Drafts {
    discover: Draft,
    select: Draft,
    renew: Draft,
    release: Draft,
}

impl Drafts {
    /// For clients with or without identifiers.
    pub(crate) fn new(with_client_id: bool) -> Self {
        let draft = |kind| Draft::new(kind, with_client_id);
        Self {
            discover: draft(Kind::Discover),
            select: draft(Kind::Select),
            renew: draft(Kind::Renew),
            release: draft(Kind::Release),
        }
    }

    /// Writes a client's message.
    pub(crate) fn write(&self, kind: Kind, fill: &Fill, into: &mut Vec<u8>) {
        let draft = match kind {
            Kind::Discover => &self.discover,
            Kind::Select => &self.select,
            Kind::Renew => &self.renew,
            Kind::Release => &self.release,
        };
        draft.write(fill, into);
    }
}

/// Where an option's value begins.
pub(crate) fn place_of(octets: &[u8], code: u8) -> Option<usize> {
    let view = View::parse(octets).ok()?;
    view.options().find(|option| option.code == code).map(|option| option.at + 2)
}

/// Puts octets in their place, which drafts have.
pub(crate) fn put(octets: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = octets.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDR: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);
    const SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
    const RELAY: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 2);

    fn written(kind: Kind, giaddr: Ipv4Addr, with_client_id: bool) -> Message {
        let mut octets = vec![7; 9];
        let held = Held { addr: ADDR, server: SERVER };
        let broadcast = giaddr.is_unspecified();
        let fill = Fill { xid: 0x0102_0304, number: 77, held, giaddr, broadcast };
        Drafts::new(with_client_id).write(kind, &fill, &mut octets);
        Message::decode(&octets).expect("a message")
    }

    #[test]
    fn each_kind_says_what_its_client_must() {
        let none = Ipv4Addr::UNSPECIFIED;
        for (kind, named, ciaddr, requested, server) in [
            (Kind::Discover, MessageType::Discover, none, None, None),
            (Kind::Select, MessageType::Request, none, Some(ADDR), Some(SERVER)),
            (Kind::Renew, MessageType::Request, ADDR, None, None),
            (Kind::Release, MessageType::Release, ADDR, None, Some(SERVER)),
        ] {
            let message = written(kind, RELAY, true);
            assert_eq!(message.message_type(), Some(named));
            assert_eq!(message.xid, Xid(0x0102_0304));
            assert_eq!(message.hw, HwAddr::ethernet(identity::hardware(77)));
            assert_eq!((message.ciaddr, message.giaddr, message.hops), (ciaddr, RELAY, 1));
            assert_eq!((message.requested_address(), message.server_id()), (requested, server));
            assert_eq!(message.options.get(code::CLIENT_ID), Some(&identity::client_id(77)[..]));
            assert!(!message.broadcast());
        }
    }

    #[test]
    fn on_the_link_there_is_no_relay_and_answers_are_for_all() {
        let message = written(Kind::Discover, Ipv4Addr::UNSPECIFIED, false);
        assert_eq!((message.giaddr, message.hops), (Ipv4Addr::UNSPECIFIED, 0));
        assert!(message.broadcast());
        assert_eq!(message.options.get(code::CLIENT_ID), None);
    }
}
