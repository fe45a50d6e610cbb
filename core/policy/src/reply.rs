//! The answer's fields, options and times, and where it goes (RFC 2131 §4.1, §4.3 and table 3).

use std::net::{Ipv4Addr, SocketAddr};

use lessor_config::class_names::SKIP_DDNS;
use lessor_config::{Config, Host, Lifetime, Subnet};
use lessor_types::{Destination, Secs, Unit};
use lessor_wire::v4::{CLIENT_PORT, Message, MessageType, Op, SERVER_PORT, code};

use crate::decide::identity::Identity;
use crate::given::Scopes;
use crate::names::{Names, Sources};
use crate::{Answer, Ask, Assembled, Classes, Query, flex_option};

/// IP and UDP headers, in octets.
const HEADERS: usize = 20 + 8;
/// The bit by which a client asks for broadcast replies (RFC 2131 §2).
const BROADCAST_BIT: u16 = 0x8000;

/// The lifetime a client gets: its wish within the bounds (V4-040).
#[must_use]
pub fn lifetime(bounds: Lifetime, wanted: Option<Secs>) -> Secs {
    wanted.map_or(bounds.default, |wanted| wanted.clamp(bounds.min, bounds.max))
}

/// Where an answer's content comes from.
#[derive(Clone, Copy)]
pub(crate) struct Reply<'a> {
    pub(crate) query: &'a Query,
    pub(crate) config: &'a Config,
    pub(crate) classes: &'a Classes<'a>,
    /// The client's reservation.
    pub(crate) host: Option<&'a Host>,
    pub(crate) subnet: &'a Subnet,
    pub(crate) identity: Identity,
    /// The client's own address, if answers may go there.
    pub(crate) client: Option<Ipv4Addr>,
    /// What others were given before.
    pub(crate) assembled: Option<&'a Assembled>,
}

impl Reply<'_> {
    /// An OFFER or an ACK of an address, with which the client has these names.
    pub(crate) fn lease(
        self,
        kind: MessageType,
        unit: Unit,
        lifetime: Secs,
        names: &Names,
    ) -> Option<Box<Answer>> {
        if self.query.ask == Ask::Bootp {
            return self.boot(unit);
        }
        let mut message = self.begin(kind);
        message.yiaddr = unit.v4()?;
        if kind == MessageType::Ack {
            // RFC 2131 table 3: copied in an ACK, zero in an OFFER and a NAK (V4-014).
            message.ciaddr = self.query.message.ciaddr;
        }
        lease_times(&mut message, self.subnet, lifetime);
        // All in the order of sending, so that nothing is turned round later.
        self.echo_client_id(&mut message);
        if let Some((code, octets)) = names.answer() {
            message.options.insert(code, octets);
        }
        self.configure(&mut message, unit.v4());
        if kind == MessageType::Ack && self.query.ask == Ask::Discover {
            // RFC 4039 §4: by this the client knows that it need not ask again.
            message.options.insert(code::RAPID_COMMIT, []);
        }
        Some(self.finish(message))
    }

    /// What the client is called with an address.
    pub(crate) fn names(self, addr: Ipv4Addr) -> Names {
        let pool = self.subnet.pool_of(addr);
        let naming = pool.map_or(&self.subnet.naming, |pool| &pool.naming);
        let reserved = self.host.and_then(|host| host.hostname.as_deref());
        // What is told of updates is what will become of them.
        let updates = self.config.ddns_updates && naming.send_updates;
        let updates = updates && !self.classes.contains(SKIP_DDNS);
        Sources { naming, updates, reserved, addr }.names(&self.query.message)
    }

    /// The reply to a BOOTP client, which knows nothing of types, servers and times (RFC 1534 §2).
    fn boot(self, unit: Unit) -> Option<Box<Answer>> {
        let mut message = self.begin(MessageType::Ack);
        message.yiaddr = unit.v4()?;
        message.ciaddr = self.query.message.ciaddr;
        self.configure(&mut message, unit.v4());
        for code in [code::MESSAGE_TYPE, code::SERVER_ID, code::CLIENT_ID] {
            message.options.remove(code);
        }
        // RFC 1542 §2.1: what the client sent is what it takes, and 300 octets at least.
        let limit = self.query.length.saturating_add(HEADERS);
        Some(Box::new(Answer { limit, ..*self.finish(message) }))
    }

    /// An OFFER of no address, with the options that would come with `chosen`.
    pub(crate) fn without_address(self, chosen: Option<Unit>) -> Box<Answer> {
        let mut message = self.begin(MessageType::Offer);
        self.echo_client_id(&mut message);
        self.configure(&mut message, chosen.and_then(Unit::v4));
        self.finish(message)
    }

    /// An ACK to an INFORM: options, but no address and no times (V4-015).
    pub(crate) fn information(self, addr: Ipv4Addr) -> Box<Answer> {
        let mut message = self.begin(MessageType::Ack);
        message.ciaddr = self.query.message.ciaddr;
        self.echo_client_id(&mut message);
        self.configure(&mut message, None);
        let mut answer = self.finish(message);
        // RFC 2131 §4.3.5: to the client itself, even where it came through a relay. Where the
        // client does not say who it is, its relay must know.
        if !(self.query.is_relayed() && addr == self.query.message.giaddr) {
            answer.to = routed(addr, CLIENT_PORT);
        }
        answer
    }

    /// A NAK.
    pub(crate) fn refusal(self) -> Box<Answer> {
        let query = self.query;
        let mut message = self.begin(MessageType::Nak);
        if query.is_relayed() {
            // RFC 2131 §4.3.2: the relay must broadcast it: the client has no valid address.
            message.flags |= BROADCAST_BIT;
        }
        self.echo_client_id(&mut message);
        let mut answer = self.finish(message);
        if !query.is_relayed() {
            answer.to = Destination::Broadcast { port: CLIENT_PORT };
        }
        answer
    }

    /// What the configuration gives the client, with an address or without, and what expressions do
    /// to it.
    fn configure(self, message: &mut Message, addr: Option<Ipv4Addr>) {
        let Self { query, config, host, subnet, .. } = self;
        let pool = addr.and_then(|addr| subnet.pool_of(addr));
        let classes = self.classes.with_additional(pool, subnet);
        // RFC 3011 §2: whoever sends it must get it back.
        if let Some(subnet) = query.selection() {
            message.options.insert(code::SUBNET_SELECTION, subnet.octets());
        }
        let scopes = Scopes { host, pool, subnet, classes: &classes };
        match self.assembled {
            Some(assembled) => assembled.put(scopes, &query.message, message),
            None => scopes.give(&query.message).put(message),
        }
        // What is added to the reply hereafter is nothing that may be changed.
        let changes = config.hooks.flex_options();
        if !changes.is_empty() {
            flex_option::amend(message, changes, &classes, &scopes.definitions());
        }
    }

    /// RFC 6842.
    fn echo_client_id(self, message: &mut Message) {
        if self.config.echo_client_id
            && let Some(id) = self.query.message.options.get(code::CLIENT_ID)
        {
            message.options.insert(code::CLIENT_ID, id);
        }
    }

    /// The fields that every reply copies (V4-013), and the options that it must have.
    fn begin(self, kind: MessageType) -> Message {
        let query = self.query;
        let mut message = Message::new(Op::Reply, query.message.xid, query.message.hw);
        message.flags = query.message.flags;
        message.giaddr = query.message.giaddr;
        message.set_message_type(kind);
        message.options.insert(code::SERVER_ID, self.identity.server.octets());
        message
    }

    /// The relay's option back to the relay, and the way there (RFC 2131 §4.1).
    fn finish(self, mut message: Message) -> Box<Answer> {
        let query = self.query;
        // RFC 3046 §2.2: echoed unchanged; also to a switch that put it in without being a relay,
        // and takes it out again. What was put in here is not for the client to see.
        if let Some(agent) = query.message.options.get(code::RELAY_AGENT)
            && !query.stashed
        {
            message.options.insert(code::RELAY_AGENT, agent);
        }
        let to = if query.is_relayed() {
            // RFC 8357 §5: a relay on a port of its own says so in its option.
            let own_port = query.message.relay_agent().is_some_and(|agent| agent.relay_port());
            let port = if own_port { query.source.port() } else { SERVER_PORT };
            routed(query.message.giaddr, port)
        } else if let Some(client) = self.client {
            routed(client, CLIENT_PORT)
        } else if query.message.broadcast()
            || query.message.hw.is_empty()
            || message.yiaddr.is_unspecified()
        {
            Destination::Broadcast { port: CLIENT_PORT }
        } else {
            let addr = SocketAddr::from((message.yiaddr, CLIENT_PORT));
            Destination::Station { addr, hw: query.message.hw }
        };
        let limit = query.message.datagram_max();
        Box::new(Answer { message, limit, link: query.link, source: self.identity.source, to })
    }
}

/// Option 51, and T1 and T2 where they are wanted (V4-041).
fn lease_times(message: &mut Message, subnet: &Subnet, lifetime: Secs) {
    message.options.insert(code::LEASE_TIME, lifetime.0.to_be_bytes());
    let tee = subnet.tee;
    let share = |ppm: u32| {
        let secs = u64::from(lifetime.0) * u64::from(ppm) / 1_000_000;
        (tee.calculate && !lifetime.is_infinite()).then(|| u32::try_from(secs).unwrap_or(u32::MAX))
    };
    let rebind = tee.rebind.map(|secs| secs.0).or_else(|| share(tee.t2_ppm));
    let rebind = rebind.filter(|rebind| *rebind < lifetime.0);
    let renew = tee.renew.map(|secs| secs.0).or_else(|| share(tee.t1_ppm));
    let renew = renew.filter(|renew| *renew < rebind.unwrap_or(lifetime.0));
    if let Some(renew) = renew {
        message.options.insert(code::RENEWAL_TIME, renew.to_be_bytes());
    }
    if let Some(rebind) = rebind {
        message.options.insert(code::REBINDING_TIME, rebind.to_be_bytes());
    }
}

fn routed(addr: Ipv4Addr, port: u16) -> Destination {
    Destination::Routed(SocketAddr::from((addr, port)))
}
