//! The lawful value of a message.

use std::net::Ipv4Addr;

use lessor_types::{ClientId, HwAddr, Xid};

use super::print::Pretty;
use super::view::View;
use super::{BROADCAST, DATAGRAM_MIN, DecodeError, MessageType, Op, Options, RelayAgent, code};

/// A DHCPv4 message (RFC 2131 §2).
///
/// Message type, server identifier and relay information live in `options` like any other; the
/// accessors read them from there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Who speaks.
    pub op: Op,
    /// The client's hardware type and address (`htype`, `hlen`, `chaddr`).
    ///
    /// The header has room for a type up to 255 and 16 octets; an address that does not fit is
    /// sent as none (RFC 4390 §2.1 does so for InfiniBand).
    pub hw: HwAddr,
    /// How many relays passed the message on.
    pub hops: u8,
    /// The transaction.
    pub xid: Xid,
    /// Seconds since the client began, as it counts them.
    pub secs: u16,
    /// All sixteen flags; see [`Message::broadcast`].
    pub flags: u16,
    /// The client's address, if it can answer ARP for it.
    pub ciaddr: Ipv4Addr,
    /// "Your" address: what the server gives.
    pub yiaddr: Ipv4Addr,
    /// The next server in bootstrap.
    pub siaddr: Ipv4Addr,
    /// The first relay's address on the client's link.
    pub giaddr: Ipv4Addr,
    /// The server's name: up to 64 octets, without trailing zeros; what is more is cut off.
    pub sname: Vec<u8>,
    /// The boot file: up to 128 octets, without trailing zeros; what is more is cut off.
    pub file: Vec<u8>,
    /// Everything else.
    pub options: Options,
}

impl Message {
    /// A message with all else zero and no options.
    #[must_use]
    pub fn new(op: Op, xid: Xid, hw: HwAddr) -> Self {
        Self {
            op,
            hw,
            hops: 0,
            xid,
            secs: 0,
            flags: 0,
            ciaddr: Ipv4Addr::UNSPECIFIED,
            yiaddr: Ipv4Addr::UNSPECIFIED,
            siaddr: Ipv4Addr::UNSPECIFIED,
            giaddr: Ipv4Addr::UNSPECIFIED,
            sname: Vec::new(),
            file: Vec::new(),
            options: Options::with_room(256),
        }
    }

    /// Reads a message in one step.
    ///
    /// # Errors
    /// Those of [`View::parse`] and [`View::to_message`].
    pub fn decode(octets: &[u8]) -> Result<Self, DecodeError> {
        View::parse(octets)?.to_message()
    }

    /// What the message is; none for BOOTP, or if option 53 is not one octet.
    #[must_use]
    pub fn message_type(&self) -> Option<MessageType> {
        self.options.u8(code::MESSAGE_TYPE).map(MessageType::from_octet)
    }

    /// Sets option 53.
    pub fn set_message_type(&mut self, kind: MessageType) {
        self.options.insert(code::MESSAGE_TYPE, [kind.octet()]);
    }

    /// Whether the client asks for broadcast replies.
    #[must_use]
    pub const fn broadcast(&self) -> bool {
        self.flags & BROADCAST != 0
    }

    /// Sets or clears the broadcast flag and leaves the others.
    pub const fn set_broadcast(&mut self, on: bool) {
        self.flags = if on { self.flags | BROADCAST } else { self.flags & !BROADCAST };
    }

    /// What a relay added (option 82).
    #[must_use]
    pub fn relay_agent(&self) -> Option<RelayAgent<'_>> {
        self.options.get(code::RELAY_AGENT).map(RelayAgent::parse)
    }

    /// Sets option 82.
    pub fn set_relay_agent(&mut self, agent: &RelayAgent<'_>) {
        self.options.insert(code::RELAY_AGENT, agent.octets());
    }

    /// The server that the message comes from or is meant for (option 54).
    #[must_use]
    pub fn server_id(&self) -> Option<Ipv4Addr> {
        self.options.ipv4(code::SERVER_ID)
    }

    /// The address that the client asks for (option 50).
    #[must_use]
    pub fn requested_address(&self) -> Option<Ipv4Addr> {
        self.options.ipv4(code::REQUESTED_ADDRESS)
    }

    /// The client identifier (option 61), if it has a lawful length.
    #[must_use]
    pub fn client_id(&self) -> Option<ClientId> {
        ClientId::new(self.options.get(code::CLIENT_ID)?).ok()
    }

    /// The options that the client asks for, the dearest first (option 55).
    #[must_use]
    pub fn parameter_list(&self) -> &[u8] {
        self.options.get(code::PARAMETER_LIST).unwrap_or_default()
    }

    /// The largest datagram that the sender takes, in octets with IP and UDP headers.
    ///
    /// RFC 2132 §9.10: the least lawful value of option 57 is 576, which everyone takes anyway.
    #[must_use]
    pub fn datagram_max(&self) -> usize {
        self.options.u16(code::MAX_SIZE).map_or(DATAGRAM_MIN, |max| DATAGRAM_MIN.max(max.into()))
    }

    /// Prints on several lines, one fact a line.
    #[must_use]
    pub const fn pretty(&self) -> Pretty<'_> {
        Pretty(self)
    }
}
