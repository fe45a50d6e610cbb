//! A client's message, once it is known to be lawful.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use lessor_types::{ClientId, Datagram, Holder, LinkId, Secs};
use lessor_wire::v4::{Message, MessageType, Op, View, code};

use crate::DropReason;

/// What a client asks for. A REQUEST is told apart by its fields (RFC 2131 §4.3.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ask {
    /// Which servers are there?
    Discover,
    /// I take this server's offer.
    Selecting {
        /// The server chosen.
        server: Ipv4Addr,
        /// The address offered.
        addr: Ipv4Addr,
    },
    /// I had this address before I restarted.
    InitReboot {
        /// The address remembered.
        addr: Ipv4Addr,
    },
    /// I have this address and want to keep it (RENEWING when unicast, REBINDING when broadcast).
    Extend {
        /// The address in use.
        addr: Ipv4Addr,
    },
    /// Somebody else uses this address.
    Decline {
        /// The address found in use.
        addr: Ipv4Addr,
        /// The server that gave it.
        server: Ipv4Addr,
    },
    /// I give this address back.
    Release {
        /// The address given back.
        addr: Ipv4Addr,
        /// The server that gave it.
        server: Ipv4Addr,
    },
    /// I have an address of my own and want options.
    Inform {
        /// The address in use.
        addr: Ipv4Addr,
    },
}

impl Ask {
    /// The address in question, where there is one.
    #[must_use]
    pub const fn addr(self) -> Option<Ipv4Addr> {
        match self {
            Self::Discover => None,
            Self::Selecting { addr, .. }
            | Self::InitReboot { addr }
            | Self::Extend { addr }
            | Self::Decline { addr, .. }
            | Self::Release { addr, .. }
            | Self::Inform { addr } => Some(addr),
        }
    }
}

/// A lawful query: after this type, nobody checks the message again.
#[derive(Clone, PartialEq, Debug)]
pub struct Query {
    /// What is asked.
    pub ask: Ask,
    /// Who asks, as the message says; a subnet may be told not to count the client identifier.
    pub holder: Holder,
    /// The interface it came in on.
    pub link: LinkId,
    /// Who sent it: the client, or its relay.
    pub source: SocketAddrV4,
    /// The address it was sent to.
    pub dest: Ipv4Addr,
    /// The address wished for in a DISCOVER (option 50).
    pub wish: Option<Ipv4Addr>,
    /// The lifetime wished for (option 51).
    pub wanted: Option<Secs>,
    /// The length of the message as it came, in octets.
    pub length: usize,
    /// The message itself.
    pub message: Message,
}

impl Query {
    /// Reads a datagram.
    ///
    /// # Errors
    /// The reason for which it gets no answer.
    pub fn read(datagram: &Datagram) -> Result<Self, DropReason> {
        let (SocketAddr::V4(source), IpAddr::V4(dest)) = (datagram.source, datagram.dest) else {
            return Err(DropReason::NotDhcp);
        };
        let view = View::parse(&datagram.payload).map_err(|_| DropReason::NotDhcp)?;
        let message = view.to_message().map_err(|_| DropReason::Malformed)?;
        if message.op != Op::Request {
            return Err(DropReason::FromServer);
        }
        let ask = ask(&message)?;
        let holder = Holder {
            hw: message.hw,
            // RFC 2132 §9.14: at least two octets; a shorter one identifies nobody.
            client_id: message
                .options
                .get(code::CLIENT_ID)
                .filter(|id| id.len() >= 2)
                .and_then(|id| ClientId::new(id).ok()),
        };
        if holder.is_nobody() {
            return Err(DropReason::NoIdentity);
        }
        Ok(Self {
            ask,
            holder,
            link: datagram.link,
            source,
            dest,
            wish: address(&message, code::REQUESTED_ADDRESS),
            wanted: message.options.u32(code::LEASE_TIME).map(Secs),
            length: datagram.payload.len(),
            message,
        })
    }

    /// Whether it came through a relay.
    #[must_use]
    pub const fn is_relayed(&self) -> bool {
        !self.message.giaddr.is_unspecified()
    }
}

fn ask(message: &Message) -> Result<Ask, DropReason> {
    let server = address(message, code::SERVER_ID);
    let requested = address(message, code::REQUESTED_ADDRESS);
    let ciaddr = Some(message.ciaddr).filter(|addr| !addr.is_unspecified());
    let asked = match message.message_type().ok_or(DropReason::MessageType)? {
        MessageType::Discover => Some(Ask::Discover),
        // RFC 2131 §4.3.2 and table 4: SELECTING has 54 and 50, INIT-REBOOT only 50, RENEWING and
        // REBINDING only ciaddr. Some clients fill ciaddr in SELECTING too; 54 decides.
        MessageType::Request => match (server, requested, ciaddr) {
            (Some(server), Some(addr), _) | (Some(server), None, Some(addr)) => {
                Some(Ask::Selecting { server, addr })
            }
            (None, Some(addr), None) => Some(Ask::InitReboot { addr }),
            (None, _, Some(addr)) => Some(Ask::Extend { addr }),
            (_, None, None) => None,
        },
        MessageType::Decline => {
            requested.zip(server).map(|(addr, server)| Ask::Decline { addr, server })
        }
        MessageType::Release => {
            ciaddr.zip(server).map(|(addr, server)| Ask::Release { addr, server })
        }
        MessageType::Inform => ciaddr.map(|addr| Ask::Inform { addr }),
        _ => return Err(DropReason::MessageType),
    };
    asked.ok_or(DropReason::Malformed)
}

/// An address option; the unspecified address counts as none.
fn address(message: &Message, code: u8) -> Option<Ipv4Addr> {
    message.options.ipv4(code).filter(|addr| !addr.is_unspecified())
}
