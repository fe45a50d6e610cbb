//! A client's message, once it is known to be lawful.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use lessor_config::Config;
use lessor_types::{
    ClientId, Datagram, Holder, Identifier, IdentifierKind, LinkId, Secs, stable_hash,
};
use lessor_wire::v4::{Message, MessageType, Op, RelayAgent, View, code};

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
        /// The address in use; that of the sender, if the message does not say.
        addr: Ipv4Addr,
    },
    /// I know nothing of leases: I keep for good what I am told (BOOTP, RFC 951).
    Bootp,
}

/// What is lawful besides what everybody takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rules {
    /// An option that is not well formed is passed over, rather than the message that has it.
    pub lenient: bool,
    /// Messages without a type are those of BOOTP clients.
    pub bootp: bool,
}

impl From<&Config> for Rules {
    fn from(config: &Config) -> Self {
        Self { lenient: config.compatibility.lenient_options, bootp: config.hooks.bootp() }
    }
}

impl Ask {
    /// The address in question, where there is one.
    #[must_use]
    pub const fn addr(self) -> Option<Ipv4Addr> {
        match self {
            Self::Discover | Self::Bootp => None,
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
    /// Who asks, as the message says, unless another client identifier was put in the place of its
    /// own ([`Query::renamed`]); a subnet may be told not to count the client identifier.
    pub holder: Holder,
    /// What the configuration's expression makes of the message for an identifier.
    pub flex_id: Option<Identifier>,
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
    /// A hash of what the relay says of the client's circuit; 0 where no relay says anything.
    pub circuit: u64,
    /// Whether its relay agent information is that of the client's lease, and not its own.
    pub stashed: bool,
    /// The message itself.
    pub message: Message,
}

impl Query {
    /// Reads a datagram by the rules that hold without any configuration.
    ///
    /// # Errors
    /// The reason for which it gets no answer.
    pub fn read(datagram: &Datagram) -> Result<Self, DropReason> {
        Self::read_by(Rules::default(), datagram)
    }

    /// Reads a datagram.
    ///
    /// # Errors
    /// The reason for which it gets no answer.
    pub fn read_by(rules: Rules, datagram: &Datagram) -> Result<Self, DropReason> {
        let (SocketAddr::V4(source), IpAddr::V4(dest)) = (datagram.source, datagram.dest) else {
            return Err(DropReason::NotDhcp);
        };
        let parse = if rules.bootp { View::parse_bootp } else { View::parse };
        let view = parse(&datagram.payload).map_err(|_| DropReason::NotDhcp)?;
        let mut message = view.to_message().map_err(|_| DropReason::Malformed)?;
        if message.op != Op::Request {
            return Err(DropReason::FromServer);
        }
        for code in ill_formed(&message) {
            if !rules.lenient {
                return Err(DropReason::MalformedOption);
            }
            message.options.remove(code);
        }
        let ask = match message.options.contains(code::MESSAGE_TYPE) {
            true => ask(&message, *source.ip())?,
            false if rules.bootp => Ask::Bootp,
            false => return Err(DropReason::Bootp),
        };
        let holder = Holder { hw: message.hw, client_id: Self::own_client_id(&message) };
        if holder.is_nobody() {
            return Err(DropReason::NoIdentity);
        }
        let is_relayed = !message.giaddr.is_unspecified();
        let agent = message.relay_agent().filter(|_| is_relayed);
        let circuit = agent.as_ref().and_then(RelayAgent::circuit_id).map_or(0, stable_hash);
        Ok(Self {
            ask,
            holder,
            flex_id: None,
            link: datagram.link,
            source,
            dest,
            wish: match ask {
                // RFC 951 §3: a client that knows its address says so here.
                Ask::Bootp => Some(message.ciaddr).filter(|addr| !addr.is_unspecified()),
                _ => address(&message, code::REQUESTED_ADDRESS),
            },
            wanted: message.options.u32(code::LEASE_TIME).map(Secs),
            length: datagram.payload.len(),
            circuit,
            stashed: false,
            message,
        })
    }

    /// The client identifier that a message says.
    pub(crate) fn own_client_id(message: &Message) -> Option<ClientId> {
        ClientId::new(Self::client_id_octets(message)?).ok()
    }

    /// The octets of the client identifier that a message says.
    pub(crate) fn client_id_octets(message: &Message) -> Option<&[u8]> {
        // RFC 2132 §9.14: at least two octets; a shorter one identifies nobody.
        let octets = message.options.get(code::CLIENT_ID)?;
        (2..=ClientId::MAX).contains(&octets.len()).then_some(octets)
    }

    /// What names the client in reservations, for each of these kinds that the message has, in
    /// their order.
    #[must_use]
    pub fn identifiers(&self, kinds: &[IdentifierKind]) -> Vec<Identifier> {
        let client_id = self.holder.client_id.as_ref().map(ClientId::octets);
        let agent = self.message.relay_agent();
        let octets = |kind| match kind {
            IdentifierKind::HwAddress => Some(self.message.hw.octets()),
            // RFC 4361 §6.1: type 255, an IAID of four octets, and the DUID.
            IdentifierKind::Duid => client_id?.strip_prefix(&[255])?.get(4..),
            IdentifierKind::CircuitId => agent.as_ref()?.circuit_id(),
            IdentifierKind::ClientId => client_id,
            IdentifierKind::FlexId => Some(self.flex_id.as_ref()?.octets()),
        };
        kinds.iter().filter_map(|kind| Identifier::new(*kind, octets(*kind)?)).collect()
    }

    /// This query with the relay agent information that its client's lease remembers.
    #[must_use]
    pub fn with_stashed(&self, agent: &RelayAgent<'_>) -> Self {
        let mut stashed = Self { stashed: true, ..self.clone() };
        stashed.message.set_relay_agent(agent);
        stashed
    }

    /// What a relay says of it, or said when the client last came through it. What comes with a
    /// message that no relay passed on is a switch's word, or the client's own: it names ports, but
    /// chooses nothing (V4-081).
    #[must_use]
    pub fn relays_word(&self) -> Option<RelayAgent<'_>> {
        (self.is_relayed() || self.stashed).then(|| self.message.relay_agent()).flatten()
    }

    /// The subnet that the client wants its address in (option 118).
    ///
    /// DEVIATION RFC 3011 §6: heeded without being told to, as Kea does; but only with `giaddr`, which
    /// those who use it must set (§2), so that no client reaches beyond its own link unless a relay
    /// or a device in its place passes its words on.
    #[must_use]
    pub fn selection(&self) -> Option<Ipv4Addr> {
        let subnet = self.is_relayed().then(|| address(&self.message, code::SUBNET_SELECTION));
        subnet.flatten()
    }

    /// Whether it came through a relay.
    #[must_use]
    pub const fn is_relayed(&self) -> bool {
        !self.message.giaddr.is_unspecified()
    }
}

/// The options that the server would read and cannot: their values do not have their form.
///
/// Others are left to those who configured their use. A client identifier or a host name that is too
/// short to mean anything counts as none (V4-030), and so does option 81 if no name can be read from
/// it: nobody goes without an address for an odd name (V4-031).
fn ill_formed(message: &Message) -> impl Iterator<Item = u8> + use<> {
    let is_ill = |(code, len): &(u8, usize)| {
        message.options.get(*code).is_some_and(|value| value.len() != *len)
    };
    let ill = LENGTHS.map(|it| is_ill(&it).then_some(it.0));
    ill.into_iter().flatten()
}

/// The options with values of one length that the server would read, and these lengths.
const LENGTHS: [(u8, usize); 6] = [
    (code::REQUESTED_ADDRESS, 4),
    (code::SERVER_ID, 4),
    (code::LEASE_TIME, 4),
    (code::SUBNET_SELECTION, 4),
    (code::MAX_SIZE, 2),
    (code::AUTO_CONFIG, 1),
];

fn ask(message: &Message, source: Ipv4Addr) -> Result<Ask, DropReason> {
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
        // RFC 2131 §4.4.3 wants ciaddr filled in. Without it, the sender itself is who is answered,
        // unless that is a relay, which passes the answer on (V4-074).
        MessageType::Inform => {
            let sender = Some(source).filter(|addr| !addr.is_unspecified());
            let relay = Some(message.giaddr).filter(|addr| !addr.is_unspecified());
            ciaddr.or(relay).or(sender).map(|addr| Ask::Inform { addr })
        }
        _ => return Err(DropReason::MessageType),
    };
    asked.ok_or(DropReason::Malformed)
}

/// An address option; the unspecified address counts as none.
fn address(message: &Message, code: u8) -> Option<Ipv4Addr> {
    message.options.ipv4(code).filter(|addr| !addr.is_unspecified())
}
